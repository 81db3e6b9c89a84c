"""What option dealers must trade along scenarios, by the rule of `OptionDealer` alone: from a real chain,
where the contracts are known and the signs a convention, or from the calibrated book, where neither is.

Both stay outside the totals of the desk: nobody can check the sign of the book on prices of the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import numpy as np
import pandas as pd
from jaxtyping import Array, Float
from scipy.special import ndtr

from groundswell.actors.option_dealer import DealerState, OptionDealer
from groundswell.core.day import INDEX, SESSIONS_PER_YEAR, Day, View
from groundswell.core.draws import ensemble
from groundswell.core.engine import jax, jnp
from groundswell.core.option_book import OptionBook, book_from_chain, smile
from groundswell.core.tape import Tape
from groundswell.data import calendar
from groundswell.data.book import CLOSE, NEW_YORK
from groundswell.measure.gamma_chain import CONVENTIONS, dealer_share
from groundswell.measure.vix_chain import MORNING_ROOTS
from groundswell.runs.band import estimate
from groundswell.runs.history import History, day_arrays, recent
from groundswell.runs.project import along_paths, project, upcoming
from groundswell.runs.replay import THREADS, Carried, Replay, replay
from groundswell.runs.scenarios import HORIZONS, Scenario

CHAIN_HORIZONS = ("1d", "1w")
"""Horizons over which a chain says something: within a month most of its gamma expires and other options
are written."""

BIN = 0.1
"""Standard deviations of the index, to an expiry as seen from the end of the paths, that strikes which are
followed as one span; what hedging them differs by is a thousandth of what it is."""

TOLERANCE = 0.002
"""Part of what all deltas can change over the horizon that the contracts left out may make up."""

CHAIN_DRAWS = 15
"""Draws of the dealers' parameters for a chain; its signs are conventions and not drawn."""

SESSIONS_BACK = 189
"""Sessions before today from which the calibrated book is made: every option in it was written since the last
quarterly expiry, 66 sessions ago at most, and 123 sessions tell 99.6% of what was then known of
volatility."""

_CONTRACTS = 256
"""Contracts in a block: its deltas, members and paths fit a core's cache."""

_OVERNIGHT = 0.1
"""Sessions that an option settled in the morning lives beyond the last close before: little enough that its
hedge of that close is the last."""

_SWING = (0.75, 1.5)
"""Factors on implied volatility between which a contract is looked at before it is left out."""

_MONTH = 30 / 365

_KEY = OptionDealer.key


@dataclass(frozen=True)
class ChainFlows:
    """What dealers trade who hold a chain.

    Attributes:
        frame: one row per scenario, horizon and convention: `flow`, `low`, `high` in USD bn, + bought; low
            and high are the 10th and 90th percentile over draws of the dealers' parameters.
        contracts: how many were followed.
        left_out: part of what all deltas can change that those left out make up, at most `TOLERANCE`.
        level: implied volatility at the money at the start, annual, decimal.
    """

    frame: pd.DataFrame
    contracts: int
    left_out: float
    level: float


def calibrated_state(history: History, draws: int = 200, seed: int = 0) -> Replay:
    """The calibrated book of every draw as it stands after the last close; see `SESSIONS_BACK`.

    Args:
        history: the sessions, laid out.
        draws: ensemble members beside the central one.
        seed: of the draws.
    """
    return replay(recent(history, SESSIONS_BACK), {_KEY: OptionDealer()}, draws=draws, seed=seed)


def calibrated_gamma(replayed: Replay) -> Float[np.ndarray, " members"]:
    """Gamma of the calibrated book after the last close, USD bn per 1%, + long, member by member.

    What expired at that close is replaced, as it is before the next session trades.
    """
    history = replayed.history
    cap, volume, implied = (
        jnp.asarray(values[-1])
        for values in (history.market_value, history.daily_volume, history.implied_volatility)
    )
    day = jax.tree.map(lambda column: column[0], day_arrays(upcoming(history.dates[-1], 1), 1))
    found = [
        np.asarray(_gamma(c.actors, c.states, View(history.assets, c.tape, cap, volume, day, implied)))
        for c in replayed.carried
    ]
    return np.concatenate(found)[: replayed.members]


@eqx.filter_jit
def _gamma(dealers: dict[str, Any], states: dict[str, Any], view: View) -> Array:
    def member(dealer: OptionDealer, state: DealerState) -> Array:
        plan = dealer.plan(state, view)
        renewed = eqx.tree_at(lambda s: (s.book, s.level), state, (plan.book, plan.level))
        return dealer.gamma(renewed, view.market_value)

    return jax.vmap(member, in_axes=-1, out_axes=-1)(dealers[_KEY], states[_KEY])


def calibrated_flows(
    replayed: Replay, scenarios: Sequence[Scenario], size: Float[np.ndarray, " members"] | float = 1.0
) -> pd.DataFrame:
    """What the calibrated book must trade along each scenario, to each of its horizons.

    Args:
        replayed: as `calibrated_state` returns it.
        scenarios: paths of the index.
        size: factor on all amounts by member, for a market value that is not known exactly.

    Returns:
        Columns `scenario`, `horizon`, `flow`, `low`, `high` (USD bn, + bought); the band is over draws of
        the parameters, the share of the calls that dealers own (-1 to 1) among them.
    """
    paths = np.stack([scenario.returns for scenario in scenarios], axis=1)
    orders = project(replayed, paths)[:, 0] * np.reshape(size, (-1, 1))
    rows = []
    for place, scenario in enumerate(scenarios):
        for horizon in scenario.horizons:
            total = orders[: HORIZONS[horizon], :, place].sum(axis=0)
            rows.append((scenario.name, horizon, *(float(part) for part in estimate(total))))
    return pd.DataFrame(rows, columns=["scenario", "horizon", "flow", "low", "high"])


def chain_flows(
    chain: pd.DataFrame,
    spot: float,
    moment: pd.Timestamp,
    replayed: Replay,
    scenarios: Sequence[Scenario],
    *,
    customer_share: float = 0.5,
    seed: int = 0,
) -> ChainFlows:
    """What dealers must trade who hold every open contract of a chain, under each sign convention.

    A convention says which part of the open calls and puts is theirs; as orders add up over contracts, calls
    and puts are followed once, held long, and combined. Time is counted in sessions, each contract's variance
    kept. Nothing replaces what expires, and its hedge goes with it: a chain does not tell which of the
    expiring options offset each other.

    Args:
        chain: `strike`, `vol`, `kind`, `open_interest`, `years`, `root`, `expiry` of contracts that have
            not settled at `moment`, as `measure.chains.option_chain` returns them.
        spot: of the underlying at that moment.
        moment: a time with a zone; the first session of a path is the first one that closes after it.
        replayed: as `calibrated_state` returns it, for the volatility that was realised.
        scenarios: paths of the index.
        customer_share: see `measure.gamma.profile`, under "mixed".
        seed: of the draws.
    """
    wanted = [s for s in scenarios if set(s.horizons) & set(CHAIN_HORIZONS)]
    longest = max(HORIZONS[horizon] for horizon in CHAIN_HORIZONS)
    returns = np.stack([scenario.returns[:longest] for scenario in wanted], axis=1)
    held = in_sessions(chain, moment)
    farthest = float(np.abs(np.cumsum(returns, axis=0)).max())
    kept, left_out = condensed(held, spot, farthest, longest)
    level = at_the_money(chain, spot)
    runner = _Runner.over(replayed, level, sessions_from(moment, longest), returns, seed)
    orders = {kind: runner.orders(kept[kept["kind"] == kind], spot) for kind in ("C", "P")}
    rows = []
    for convention in CONVENTIONS:
        calls, puts = dealer_share(np.array([1.0, -1.0]), convention, customer_share)
        combined = calls * orders["C"] + puts * orders["P"]
        for place, scenario in enumerate(wanted):
            for horizon in (h for h in scenario.horizons if h in CHAIN_HORIZONS):
                total = combined[: HORIZONS[horizon], :, place].sum(axis=0)
                rows.append((scenario.name, horizon, convention, *(float(part) for part in estimate(total))))
    frame = pd.DataFrame(rows, columns=["scenario", "horizon", "convention", "flow", "low", "high"])
    return ChainFlows(frame, len(kept), left_out, level)


def at_the_money(chain: pd.DataFrame, spot: float) -> float:
    """Implied volatility at the money: median over the strikes around the spot a month from expiry."""
    years = chain["years"].to_numpy(dtype=np.float64)
    nearest = chain[years == years[np.argmin(np.abs(years - _MONTH))]]
    away = np.abs(np.log(nearest["strike"].to_numpy(dtype=np.float64) / spot))
    return float(np.median(nearest["vol"].to_numpy(dtype=np.float64)[np.argsort(away, kind="stable")[:8]]))


def sessions_from(moment: pd.Timestamp, count: int) -> pd.DatetimeIndex:
    """The next sessions that close after a moment (a time with a zone)."""
    local = moment.tz_convert(NEW_YORK)
    day = local.tz_localize(None).normalize()
    return upcoming(day if local.time() >= CLOSE else day - pd.Timedelta(days=1), count)


def in_sessions(chain: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """The contracts with `years` in sessions of 1/252 year from `moment`, `vol` such that variance is kept.

    One that settles in the morning lives to the close before and a tenth of a session more.
    """
    days = pd.DatetimeIndex(chain["expiry"]).normalize()
    ahead = calendar.sessions(sessions_from(moment, 1)[0], days.max())
    closes = np.searchsorted(ahead, days, side="right").astype(np.float64)
    morning = chain["root"].isin(MORNING_ROOTS).to_numpy()
    left = np.where(morning, closes - 1 + _OVERNIGHT, np.maximum(closes, _OVERNIGHT))
    years = np.maximum(left, _OVERNIGHT) / SESSIONS_PER_YEAR
    vol = chain["vol"].to_numpy(dtype=np.float64)
    vol = vol * np.sqrt(chain["years"].to_numpy(dtype=np.float64) / years)
    return chain.assign(years=years, vol=vol)


def condensed(chain: pd.DataFrame, spot: float, farthest: float, sessions: int) -> tuple[pd.DataFrame, float]:
    """Fewer contracts with the same hedge along the paths, and what those left out make up.

    Neighbouring strikes of one kind and expiry become one where they lie closer than `BIN` of what the index
    moves by then: its strike and variance are their means by open interest. What the delta of each
    can change is taken between `farthest` below and above the spot, now and at the end, at three quarters and
    one and a half of its volatility; the smallest are left out as long as together they make up no
    more than `TOLERANCE` of all.

    Args:
        chain: contracts in sessions, see `in_sessions`; some of them open.
        spot: of the underlying.
        farthest: log distance from the spot that the paths reach.
        sessions: of the horizon.
    """
    chain = chain[chain["open_interest"] > 0]
    distance = np.log(chain["strike"].to_numpy(dtype=np.float64) / spot)
    years, vol, held = (chain[name].to_numpy(dtype=np.float64) for name in ("years", "vol", "open_interest"))
    later = np.maximum(years - sessions / SESSIONS_PER_YEAR, _OVERNIGHT / SESSIONS_PER_YEAR)
    put = (chain["kind"] == "P").to_numpy(dtype=np.float64)
    first = np.unique(years, return_inverse=True)[1]
    typical = np.bincount(first, weights=vol * held) / np.bincount(first, weights=held)
    bins = np.round(distance / (BIN * typical[first] * np.sqrt(later)))
    _, group = np.unique(np.stack([put, first, bins]), axis=1, return_inverse=True)
    total = np.bincount(group, weights=held)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, weights=values * held) / total

    distance, years, later, put, vol = (
        mean(distance), mean(years), mean(later), mean(put), np.sqrt(mean(vol * vol))
    )  # fmt: skip
    corners = []
    for time in (years, later):
        for factor in _SWING:
            deviation = factor * vol * np.sqrt(time)
            corners += [ndtr((move - distance) / deviation + deviation / 2) for move in (-farthest, farthest)]
    weight = total * np.ptp(np.stack(corners), axis=0)
    order = np.argsort(weight, kind="stable")
    adding = np.cumsum(weight[order])
    dropped = int(np.searchsorted(adding, TOLERANCE * adding[-1], side="right"))
    left_out = float(adding[dropped - 1] / adding[-1]) if dropped else 0.0
    kept = np.sort(order[dropped:])
    frame = pd.DataFrame(
        {
            "strike": spot * np.exp(distance[kept]),
            "vol": vol[kept],
            "kind": np.where(put[kept] > 0.5, "P", "C"),
            "open_interest": total[kept],
            "years": years[kept],
        }
    )
    return frame, left_out


@dataclass(frozen=True)
class _Runner:
    """Dealers of every draw, and the paths on which they hedge."""

    dealers: OptionDealer
    replayed: Replay
    level: float
    days: Day
    implied: np.ndarray
    returns: Float[np.ndarray, "sessions paths"]

    @classmethod
    def over(
        cls, replayed: Replay, level: float, ahead: pd.DatetimeIndex, returns: np.ndarray, seed: int
    ) -> _Runner:
        drawn = ensemble({_KEY: OptionDealer()}, seed, 0, 1 + CHAIN_DRAWS, CHAIN_DRAWS)[_KEY]
        # the level at the start is the chain's own, no index of implied volatility; which of the expiring
        # options offset each other no chain says, so their hedges are taken to go with them
        members = 1 + CHAIN_DRAWS
        drawn = eqx.tree_at(
            lambda dealer: (dealer.at_the_money, dealer.traded_at_expiry),
            drawn,
            (np.ones(members), np.zeros(members)),
        )
        implied = np.full(len(ahead), np.nan)
        implied[0] = level
        return cls(drawn, replayed, level, day_arrays(ahead, len(ahead)), implied, returns)

    def orders(self, contracts: pd.DataFrame, spot: float) -> Float[np.ndarray, "sessions members paths"]:
        """USD bn to trade for whoever is long all these contracts."""
        history = self.replayed.history
        shape = (len(self.returns), 1 + CHAIN_DRAWS, self.returns.shape[1])
        if contracts.empty:
            return np.zeros(shape)
        cap, skew = float(history.market_value[-1]), float(np.asarray(self.dealers.skew)[0])
        book = book_from_chain(
            contracts, spot, cap, level=self.level, skew=skew, calls_held=1.0, puts_held=1.0
        )
        columns = [
            np.asarray(column) for column in (book.distance, book.years, book.size, book.put, book.excess)
        ]
        blocks = -(-len(contracts) // _CONTRACTS)
        filler = (0.0, 1.0, 0.0, 0.0, 1.0)
        padded = [
            np.concatenate([column, np.full(blocks * _CONTRACTS - len(column), fill)])
            for column, fill in zip(columns, filler, strict=True)
        ]
        moves = np.zeros((len(self.returns), len(history.assets), self.returns.shape[1]))
        moves[:, INDEX] = self.returns

        def run(block: int) -> np.ndarray:
            part = slice(block * _CONTRACTS, (block + 1) * _CONTRACTS)
            held = OptionBook(*(jnp.asarray(column[part]) for column in padded))
            done = _hedged(
                self.dealers,
                held,
                jnp.asarray(self.level),
                jnp.asarray(skew),
                self.replayed.carried[0].tape,
                history.assets,
                jnp.asarray(cap),
                jnp.asarray(history.daily_volume[-1]),
                jnp.asarray(self.implied),
                self.days,
                jnp.asarray(moves),
            )
            return np.asarray(done)[:, 0]

        with ThreadPoolExecutor(THREADS) as threads:
            return np.sum(list(threads.map(run, range(blocks))), axis=0)


@eqx.filter_jit
def _hedged(
    dealers: OptionDealer,
    book: OptionBook,
    level: Array,
    skew: Array,
    tape: Tape,
    assets: tuple[str, ...],
    market_value: Array,
    daily_volume: Array,
    implied_volatility: Array,
    days: Day,
    returns: Float[Array, "sessions assets paths"],
) -> Float[Array, "sessions actors members paths"]:
    """Orders of dealers who hold these contracts, whose volatilities every draw explains by its own skew."""
    usual = smile(book.distance, book.years, level, skew)

    def taken_up(dealer: OptionDealer) -> DealerState:
        own = smile(book.distance, book.years, level, dealer.skew)
        excess = book.excess * usual / own
        return dealer.holding_book(eqx.tree_at(lambda b: b.excess, book, excess), level)

    states = jax.vmap(taken_up, in_axes=-1, out_axes=-1)(dealers)
    carried = Carried(tape, {_KEY: states}, {_KEY: dealers})
    return along_paths(carried, assets, market_value, daily_volume, implied_volatility, days, returns)
