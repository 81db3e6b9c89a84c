"""Option dealers (M5): whoever makes markets in index options hedges what he is left with. Short of gamma
he sells what falls and buys what rises; long of it he does the reverse. Nobody outside sees the book: its
size is taken from published estimates and its sign from a range of conventions that spans zero.
"""

from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Float

from groundswell.core.day import INDEX, SESSIONS_PER_YEAR, Actor, View
from groundswell.core.engine import jax, jnp
from groundswell.core.option_book import (
    OptionBook,
    deltas,
    gamma_of_one_percent,
    level_after,
    smile,
    smile_at,
)
from groundswell.core.parameter import parameter, structural
from groundswell.core.tape import Watch

_deltas = jax.jit(deltas)
"""One trace for every place that asks for deltas: a program of dealers is ready a third sooner."""

_SESSION = 1 / SESSIONS_PER_YEAR
_HOURS = 6.5
"""Hours of a session."""

_USUAL = 0.16
"""Realised volatility for which `vol_usual` is stated."""

_PUBLISHED = (
    "Dealers' desks, 2023-2026: long USD 4, 7, 9.5, 8.5, 6.5bn per 1%, twice flat to short (secondary)"
)


class DealerState(eqx.Module):
    """Carried from close to close.

    Attributes:
        book: what dealers hold.
        deltas: of its options when they were last hedged.
        hedge: index held against it / market value of the index; - short.
        level: implied volatility at the money, annual, decimal.
        protection: short-dated protection sold to end users / what they normally hold.
        invested: whether the first hedge is in place.
        replaced: whether options are replaced as they expire; those of a real chain are not.
    """

    book: OptionBook
    deltas: Float[Array, " contracts"]
    hedge: Float[Array, ""]
    level: Float[Array, ""]
    protection: Float[Array, ""]
    invested: Bool[Array, ""]
    replaced: bool = eqx.field(static=True, default=True)


class DealerPlan(eqx.Module):
    """Fixed at the previous close.

    Attributes:
        book: as of the previous close, expired options replaced.
        years: to expiry at today's close, as hedged.
        left: to expiry at today's close, zero or below on the last day.
        hedge: held at the previous close / market value.
        level: implied volatility at the previous close.
        skew: of the smile.
        response: relative fall of the level per unit of log return.
        protection: short-dated protection sold by the previous close / what is normal.
        market_value: at the previous close, USD bn.
        known: whether volatility is known yet; without it there is no book.
    """

    book: OptionBook
    years: Float[Array, " contracts"]
    left: Float[Array, " contracts"]
    hedge: Float[Array, ""]
    level: Float[Array, ""]
    skew: Float[Array, ""]
    response: Float[Array, ""]
    protection: Float[Array, ""]
    market_value: Float[Array, ""]
    known: Bool[Array, ""]

    def deltas(self, r: Array) -> Float[Array, " contracts"]:
        """Delta of each option at today's close, if the index's log return is r."""
        level = level_after(self.level, r, self.response)
        return _deltas(self.book, self.book.distance - r, self.years, level, self.skew)

    def target(self, r: Array) -> Array:
        """Hedge wanted at today's close / market value, if the index's log return is r."""
        return -jnp.sum(self.book.size * self.deltas(r))


class OptionDealer(Actor):
    """Dealers in index options; their order is the exact change of the delta of their book.

    `OptionDealer()` holds a calibrated book of weekly, monthly and quarterly options, written anew at
    each expiry around the spot of that day; end users' short-dated puts grow and shrink with
    `View.protection`, which `Hedger` sets: what they buy is what dealers are short of. A book from a
    real chain (`core.option_book.book_from_chain`) is taken up by `holding_book` and not replaced as it
    expires. Options written and settled within the day are left out: they are said to net to little.
    """

    key: ClassVar[str] = "option_dealer"
    since_year: ClassVar[int] = 1983

    call_gamma: Array = parameter(
        1.25e-4,
        0.5e-4,
        2.6e-4,
        "gamma of the calls that end users trade, USD bn per 1% / market value (USD bn)",
        _PUBLISHED + "; with `put_gamma` they span -10 to 15 over the conventions at USD 57tn (derived)",
        fitted_through="2026-02-28",
    )
    put_gamma: Array = parameter(
        0.55e-4,
        0.3e-4,
        1.1e-4,
        "gamma of the puts that end users own in normal times, same unit",
        _PUBLISHED + "; Garleanu, Pedersen & Poteshman 2009: end users are net long index puts (read)",
        fitted_through="2026-02-28",
    )
    calls_held: Array = parameter(
        0.8,
        -1.0,
        1.0,
        "part of the traded calls that dealers own: 1 customers sell them all, -1 customers buy them all",
        "The conventions in use: calls long and puts short (SqueezeMetrics, read), mixed, all short",
        at_least=-1.0,
        at_most=1.0,
    )
    skew: Array = parameter(
        0.2,
        0.1,
        0.3,
        "relative fall of implied volatility per standard deviation that the strike is higher",
        "Judgement: 7 points between a month's strikes 10% apart, at a level of 16%",
    )
    vol_response: Array = parameter(
        4.5,
        2.5,
        8.0,
        "relative rise of implied volatility at the money per unit of log return down",
        "VIX on S&P 500, 1990-2022 (derived): 4.1, within days of 1% 5.5, by decade 3.2-6.7; an option's own "
        "volatility moves by what `skew` leaves of it",
        fitted_through="2022-12-31",
    )
    vol_usual: Array = parameter(
        0.185,
        0.165,
        0.21,
        "implied volatility at the money while 16% are realised, annual, decimal",
        "VIX on exponential volatility of the S&P 500, 1990-2022 (derived): 0.20, by quarter of the sample "
        "0.187-0.214; less a tenth for the wings (judgement)",
        fitted_through="2022-12-31",
        at_least=0.01,
    )
    vol_elasticity: Array = parameter(
        0.69,
        0.54,
        0.77,
        "relative rise of implied volatility per relative rise of realised",
        "The same regression, and by quarter of the sample (derived)",
        fitted_through="2022-12-31",
    )
    at_the_money: Array = parameter(
        0.9,
        0.85,
        0.98,
        "implied volatility at the money / index of implied volatility over all strikes (VIX)",
        "S&P 500 options of a month and VIX, 4 February, 10 June and 12 December 2022 (derived): 0.85, 0.95, "
        "0.98; the tenth for the wings in `vol_usual`",
        fitted_through="2022-12-12",
    )
    vol_return: Array = parameter(
        0.15,
        0.08,
        0.3,
        "share of its log gap to what realised volatility implies that the level closes in a session",
        "Where the level carried along is nearest to the VIX, 1990-2022 (derived): log error 0.15",
        fitted_through="2022-12-31",
        at_most=1.0,
    )
    traded_at_expiry: Array = parameter(
        0.1,
        0.0,
        0.5,
        "part of the hedge of expired and of new options that goes through the market",
        "Judgement: the rest changes hands with the options, as most are rolled",
        at_most=1.0,
    )
    last_hedge: Array = parameter(
        1.0,
        0.3,
        2.0,
        "hours before expiry at which the last hedge is made; keeps delta finite",
        "Judgement: an hour of a session of six and a half",
        at_least=0.05,
    )
    lives: tuple[int, ...] = structural(
        (5, 21, 63),
        "sessions from one expiry to the next: weekly, monthly, quarterly",
        "The listing calendar of index options",
    )
    mix: tuple[float, ...] = structural(
        (0.35, 0.40, 0.25),
        "part of the gamma, by expiry",
        "Judgement between half and 90% of gamma that went with a monthly expiry in 2024-2025 (secondary)",
    )
    strikes: tuple[float, ...] = structural(
        (-2.0, -1.5, -1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 1.5, 2.0),
        "strikes as written, in standard deviations to expiry; puts first",
        "Judgement: protection below the spot, overwriting above",
    )
    interest: tuple[float, ...] = structural(
        (0.15, 0.25, 0.25, 0.2, 0.15, 0.25, 0.3, 0.25, 0.15, 0.05),
        "part of the options written, by strike; puts and calls each add up to one",
        "Judgement: the published profiles peak a little above the spot and turn negative some percent below",
    )
    puts: int = structural(5, "how many of the strikes are puts", "The first five of `strikes`")
    span: int = structural(21, "centre of mass of the realised volatility, sessions", "A month (judgement)")

    def watch(self) -> Watch:
        """Realised volatility, which stands in for implied where there is none."""
        return Watch(return_centres=(self.span,))

    def init(self, view: View) -> DealerState:
        """No book yet: the first one is written once volatility is known."""
        n = len(self.lives) * len(self.strikes)
        blank = jnp.zeros(n)
        put = jnp.asarray(np.tile(self._puts(), len(self.lives)).astype(np.float64))
        book = OptionBook(distance=blank, years=blank, size=blank, put=put, excess=blank + 1.0)
        return DealerState(book, blank, jnp.zeros(()), jnp.full((), 0.15), jnp.ones(()), jnp.asarray(False))

    def holding_book(self, book: OptionBook, level: float | Array) -> DealerState:
        """The state of dealers who hold a known book, hedged, at this level of implied volatility."""
        level = jnp.asarray(level, dtype=jnp.float64)
        held = _deltas(book, book.distance, book.years, level, self.skew)
        hedge = -jnp.sum(book.size * held)
        return DealerState(book, held, hedge, level, jnp.ones(()), jnp.asarray(True), replaced=False)

    def _written(self, level: Array, sessions: Array, protection: Array) -> OptionBook:
        """Options as written at a close, `sessions` before they expire.

        The amounts are those whose gamma, once half of the time has passed at an unchanged spot, is
        what was published.
        """
        # expiries by strikes; what the declarations fix is numpy, so that nothing is traced for it
        grid, put, interest = np.asarray(self.strikes), self._puts(), np.asarray(self.interest)
        mix = np.asarray(self.mix)[:, None]
        years = (sessions * _SESSION)[:, None]
        distance = level * jnp.sqrt(years) * grid
        vol = level * smile_at(jnp.asarray(grid * np.sqrt(2.0)), self.skew)
        per_unit = interest * gamma_of_one_percent(distance, years / 2, vol)
        normal = jnp.where(
            put,
            jnp.sum(per_unit[:, : self.puts], axis=1, keepdims=True),
            jnp.sum(per_unit[:, self.puts :], axis=1, keepdims=True),
        )
        wanted = jnp.where(put, -self.put_gamma, self.calls_held * self.call_gamma)
        size = jnp.where(self._short_dated(), protection, 1.0) * wanted * mix * interest / normal
        return OptionBook(
            distance=distance.reshape(-1),
            years=jnp.broadcast_to(years, distance.shape).reshape(-1),
            size=size.reshape(-1),
            put=jnp.asarray(np.tile(put, len(self.lives)).astype(np.float64)),
            excess=jnp.ones(distance.size),
        )

    def _puts(self) -> np.ndarray:
        """Which of the strikes are puts."""
        return np.arange(len(self.strikes)) < self.puts

    def _level(self, state: DealerState, view: View) -> tuple[Array, Array]:
        """Implied volatility at the money at the previous close, and whether it is known.

        Where none is quoted it is what realised volatility implies; an earlier level returns to that.
        """
        realised = jnp.maximum(view.tape.exponential_volatility(self.span)[INDEX], 0.01)
        implied = self.vol_usual * (realised / _USUAL) ** self.vol_elasticity
        carried = state.level * (implied / state.level) ** self.vol_return
        level, known = jnp.where(state.invested, carried, implied), view.tape.ready(self.span)
        if view.implied_volatility is None:
            return level, known
        quoted = ~jnp.isnan(view.implied_volatility)
        return jnp.where(quoted, self.at_the_money * view.implied_volatility, level), quoted | known

    def plan(self, state: DealerState, view: View) -> DealerPlan:
        """The book as it stands, expired options replaced, and the hedge that is in place for it."""
        level, known = self._level(state, view)
        book, left = self._renewed(state, view, level, known)
        plan = DealerPlan(
            book=book,
            years=jnp.maximum(left, self._soonest()),
            left=left,
            hedge=state.hedge,
            level=level,
            skew=jnp.asarray(self.skew),
            response=jnp.asarray(self.vol_response),
            protection=self._protection(view),
            market_value=view.market_value,
            known=known | state.invested,
        )
        # the hedge of new options for that of the expired; on the first day it is no trade at all
        new, old = -book.size * plan.deltas(jnp.zeros(())), -state.book.size * state.deltas
        handed = jnp.sum(jnp.where(self._expired(state, known), new - old, 0.0))
        handed = jnp.where(state.invested, (1.0 - self.traded_at_expiry) * handed, jnp.sum(new))
        return eqx.tree_at(lambda p: p.hedge, plan, state.hedge + handed)

    def _protection(self, view: View) -> Array:
        return jnp.ones(()) if view.protection is None else view.protection

    def _short_dated(self) -> np.ndarray:
        """Which of the options written are puts of the nearest expiry: expiries by strikes."""
        return self._puts() & (np.arange(len(self.lives)) == 0)[:, None]

    def _soonest(self) -> Array:
        """Years before expiry at which the last hedge is made."""
        return self.last_hedge / _HOURS * _SESSION

    def _expired(self, state: DealerState, known: Array) -> Array:
        return (state.book.years < _SESSION / 2) & (known | state.invested)

    def _renewed(
        self, state: DealerState, view: View, level: Array, known: Array
    ) -> tuple[OptionBook, Array]:
        """The book without what has expired, and the years left to each option at today's close."""
        old, gone = state.book, self._expired(state, known)
        if not state.replaced:
            kept = eqx.tree_at(lambda book: book.size, old, jnp.where(gone, 0.0, old.size))
            return kept, old.years - _SESSION
        to_expiry = view.day.sessions_to_expiry
        lives = jnp.asarray(self.lives, dtype=jnp.float64)
        sessions = lives if to_expiry is None else to_expiry.astype(jnp.float64) + 1.0
        wanted = self._protection(view)
        fresh = self._written(level, sessions, wanted)
        # what end users add to or take off their short-dated puts is the dealers' at the same moment
        more = jnp.where(self._short_dated().reshape(-1), wanted / state.protection, 1.0)
        book = OptionBook(
            distance=jnp.where(gone, fresh.distance, old.distance),
            years=jnp.where(gone, fresh.years, old.years),
            size=jnp.where(gone, fresh.size, old.size * more),
            put=old.put,
            excess=old.excess,
        )
        if to_expiry is None:
            return book, book.years - _SESSION
        return book, jnp.repeat(to_expiry.astype(jnp.float64) * _SESSION, len(self.strikes))

    def order(self, plan: DealerPlan, r: Array) -> Array:
        """USD bn of the index to trade if its log return is r: the change of the hedge at today's price."""
        trade = (plan.target(r[INDEX]) - plan.hedge) * plan.market_value * jnp.exp(r[INDEX])
        return jnp.zeros_like(r).at[INDEX].set(jnp.where(plan.known, trade, 0.0))

    def update(
        self, state: DealerState, plan: DealerPlan, view: View, r: Array, filled: Array
    ) -> DealerState:
        """Strikes as far away as they now are, less time, and the hedge that was done."""
        book = eqx.tree_at(
            lambda book: (book.distance, book.years),
            plan.book,
            (plan.book.distance - r[INDEX], jnp.maximum(plan.left, 0.0)),
        )
        done = filled[INDEX] / (plan.market_value * jnp.exp(r[INDEX]))
        return DealerState(
            book=book,
            deltas=plan.deltas(r[INDEX]),
            hedge=plan.hedge + done,
            level=level_after(plan.level, r[INDEX], plan.response),
            protection=plan.protection,
            invested=plan.known,
            replaced=state.replaced,
        )

    def gamma(self, state: DealerState, market_value: Array, move: Array | float = 0.0) -> Array:
        """Dealers' gamma in USD bn per 1% were the index `move` (log) away, each option's volatility kept.

        + long: they trade that much against a further move of one percent.
        """
        book = state.book
        years = jnp.maximum(book.years, self._soonest())
        vol = smile(book.distance, years, state.level, self.skew) * book.excess
        each = book.size * gamma_of_one_percent(book.distance - move, years, vol)
        return jnp.sum(each) * market_value * jnp.exp(jnp.asarray(move))

    def holding(self, state: DealerState, market_value: Array) -> Array:
        """USD bn of the index held as a hedge."""
        return state.hedge * market_value

    def limit(self, market_value: Array) -> Array:
        """USD bn of the hedge were every put in the money, as written in a market of 15% volatility."""
        month = self._written(jnp.full((), 0.15), jnp.asarray(self.lives, dtype=jnp.float64), jnp.ones(()))
        return jnp.sum(jnp.abs(month.size)) * market_value
