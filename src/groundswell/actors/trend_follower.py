"""Trend followers (M3): no opinion, a book of look-backs. Each rule says long or short from past
prices alone; the position is the book's average signal at a fixed risk, so it is cut in tranches as
short, medium and long look-backs flip, and it changes sign when enough of them have.
"""

from typing import ClassVar

import equinox as eqx
import numpy as np
import pandas as pd
from jaxtyping import Array, Bool, Float

from groundswell.core.day import INDEX, Actor, Day, View
from groundswell.core.engine import jax, jnp
from groundswell.core.holdings import weights_after
from groundswell.core.parameter import parameter, structural
from groundswell.core.tape import Tape, Watch

_TSMOM = "Moskowitz, Ooi & Pedersen 2012, Journal of Financial Economics 104(2)"
_CARVER = "Carver 2015, Systematic Trading, appendix B (secondary)"
_FORECAST_CAP = 20.0
"""Where Carver caps a forecast whose average size is 10."""


class TrendState(eqx.Module):
    """Carried from close to close.

    Attributes:
        breakout: +1 or -1 (0 before the first breakout) by look-back and asset.
        weight: position / assets under management, by asset.
        invested: whether the book has taken its first position.
    """

    breakout: Float[Array, "breakouts assets"]
    weight: Float[Array, " assets"]
    invested: Bool[Array, ""]


class TrendPlan(eqx.Module):
    """Fixed at the previous close: position held, and its change in contracts (/ assets at that close)."""

    assets: Float[Array, ""]
    weight: Float[Array, " assets"]
    change: Float[Array, " assets"]
    breakout: Float[Array, "breakouts assets"]
    invested: Bool[Array, ""]


class TrendFollower(Actor):
    """Trend followers as one book of 20 look-backs in five families of equal weight.

    Position in an asset / assets under management = signal x risk budget / volatility, capped;
    signal = weighted average of the rules whose window is full, each in [-1, 1]. Positions are futures:
    a number of contracts, moved towards the wanted one once the gap leaves the buffer.
    """

    key: ClassVar[str] = "trend_follower"

    aum_share: Array = parameter(
        0.0104,
        0.0065,
        0.0155,
        "assets under management / market value of the index",
        "USD 375bn in October 2023: UBS short of USD 60bn = 16% of assets (derived); low BofA's USD 250bn "
        "model of 2018, high BarclayHedge USD 350bn of 2018 against USD 22.8tn (secondary)",
        fitted_through="2023-10-20",
    )
    risk_budget: Array = parameter(
        0.020,
        0.012,
        0.028,
        "annual volatility that a full signal in one asset adds, / assets",
        "Portfolio volatility 10-12% over four asset classes and many markets (Moskowitz et al. 2012; "
        "Hurst, Ooi & Pedersen 2017, recalled) leaves about 2% for US equities (judgement)",
    )
    cap: Array = parameter(
        0.25,
        0.18,
        0.35,
        "largest position in one asset, / assets",
        "Judgement: Goldman's largest published US length, USD 66-70bn, is 18-20% of USD 350-375bn",
        fitted_through="2025-09-29",
    )
    speed: Array = parameter(
        0.33,
        0.15,
        0.60,
        "share of the gap to the wanted position closed per session",
        "Judgement: positions are moved over about three sessions; Goldman's one-week flows are a "
        "fraction of its one-month flows (secondary)",
        at_most=1.0,
        fitted_through="2025-10-06",
    )
    buffer: Array = parameter(
        0.10,
        0.0,
        0.20,
        "gap to the wanted position below which nothing is traded, / a full position",
        "Carver 2015, Systematic Trading: position inertia of 10% (recalled)",
    )
    averages: tuple[int, ...] = structural(
        (35, 115, 290),
        "sessions: short, medium, long pivot (close against its simple average)",
        "Fitted by us to Goldman's published pivots 2024-2025: lengths 26-40, 77-123, 203-355 (derived)",
        fitted_through="2025-09-29",
    )
    crossovers: tuple[tuple[int, int], ...] = structural(
        ((20, 120), (50, 200)),
        "sessions: fast and slow simple average",
        "SG Trend Indicator 20/120 (recalled); 50/200 is the chartists' standard",
    )
    momenta: tuple[int, ...] = structural(
        (21, 63, 126, 252),
        "sessions over which the sign of the return is taken",
        _TSMOM + " (12 months); Hurst, Ooi & Pedersen 2017 (1, 3, 12 months, recalled)",
    )
    exponentials: tuple[tuple[int, int, float], ...] = structural(
        ((4, 16, 7.5), (8, 32, 5.3), (16, 64, 3.75), (32, 128, 2.65), (64, 256, 1.87)),
        "fast span, slow span, forecast scalar",
        _CARVER,
    )
    breakouts: tuple[int, ...] = structural(
        (20, 40, 80, 120, 160, 250),
        "sessions: a close beyond the channel of the closes before it",
        "Donchian channels; lengths span Carver's 10-320 (secondary)",
    )
    difference_span: int = structural(35, "span of price-difference volatility, sessions", _CARVER)
    volatility_centres: tuple[int, ...] = structural(
        (17, 60),
        "centres of mass, sessions, of the two volatilities whose average sizes positions",
        "17: a span of 35, " + _CARVER + "; 60: " + _TSMOM,
    )

    def watch(self) -> Watch:
        """Everything the five families and the sizing look at."""
        pairs = {n for pair in self.crossovers for n in pair}
        return Watch(
            means=(*self.averages, *pairs),
            lags=self.momenta,
            extremes=self.breakouts,
            price_spans=tuple({n for f, s, _ in self.exponentials for n in (f, s)}),
            difference_spans=(self.difference_span,),
            return_centres=self.volatility_centres,
        )

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the look-backs, in the order of every array over rules."""
        pivots = dict(zip(self.averages, ("short", "medium", "long"), strict=False))
        return (
            *(f"average {n}" + (f" ({pivots[n]} pivot)" if n in pivots else "") for n in self.averages),
            *(f"crossover {fast}/{slow}" for fast, slow in self.crossovers),
            *(f"momentum {n}" for n in self.momenta),
            *(f"exponential {fast}/{slow}" for fast, slow, _ in self.exponentials),
            *(f"breakout {n}" for n in self.breakouts),
        )

    @property
    def windows(self) -> np.ndarray:
        """Closes that each rule needs before it speaks."""
        return np.asarray(
            [
                *self.averages,
                *(slow for _, slow in self.crossovers),
                *(n + 1 for n in self.momenta),
                *(slow for _, slow, _ in self.exponentials),
                *(n + 1 for n in self.breakouts),
            ]
        )

    @property
    def rule_weights(self) -> np.ndarray:
        """Weight of each look-back when all are ready: families equal, members of a family equal."""
        families = (
            self.averages, self.crossovers, self.momenta, self.exponentials, self.breakouts,
        )  # fmt: skip
        used = [len(family) for family in families if family]
        return np.concatenate([np.full(n, 1 / (len(used) * n)) for n in used])

    def init(self, view: View) -> TrendState:
        """No position, no breakout seen."""
        assets = len(view.assets)
        return TrendState(
            breakout=jnp.zeros((len(self.breakouts), assets)),
            weight=jnp.zeros(assets),
            invested=jnp.asarray(False),
        )

    def margins(self, tape: Tape, breakout: Array) -> Float[Array, "rules assets"]:
        """How far the latest close stands above (+) or below (-) the level at which each rule flips.

        In price units for rules on averages, lags and channels; for exponentials the difference of
        the two averages. Affine in the latest close. A breakout rule that is long flips at the low
        of its channel, otherwise at the high.
        """
        p = tape.close
        rows = [p - tape.mean(n) for n in self.averages]
        rows += [tape.mean(fast) - tape.mean(slow) for fast, slow in self.crossovers]
        rows += [p - tape.lagged(n) for n in self.momenta]
        rows += [tape.price_average(fast) - tape.price_average(slow) for fast, slow, _ in self.exponentials]
        rows += [
            p - jnp.where(breakout[i] > 0, tape.prior_lowest(n), tape.prior_highest(n))
            for i, n in enumerate(self.breakouts)
        ]
        return jnp.stack(rows)

    def signals(
        self, tape: Tape, breakout: Array
    ) -> tuple[Float[Array, "rules assets"], Float[Array, "breakouts assets"]]:
        """What each rule says at the latest close, in [-1, 1], and the breakout directions after it.

        Exponential rules speak in degrees (forecast / its cap), all others in signs.
        """
        margins = self.margins(tape, breakout)
        signs = jnp.sign(margins)
        n_exponential, n_breakout = len(self.exponentials), len(self.breakouts)
        cut = len(self.rules) - n_breakout - n_exponential
        deviation = jnp.maximum(tape.difference_deviation(self.difference_span), 1e-300)
        scalars = jnp.asarray([scalar for *_, scalar in self.exponentials])[:, None]
        forecasts = margins[cut : cut + n_exponential] / deviation * scalars / _FORECAST_CAP
        highs = [tape.prior_highest(n) for n in self.breakouts]
        lows = [tape.prior_lowest(n) for n in self.breakouts]
        after = [
            jnp.where(tape.close > highs[i], 1.0, jnp.where(tape.close < lows[i], -1.0, breakout[i]))
            for i in range(n_breakout)
        ]
        ready = jnp.asarray(self.windows[len(self.rules) - n_breakout :])[:, None] <= tape.count
        directions = jnp.where(ready, jnp.stack(after), 0.0) if after else breakout
        return jnp.concatenate([signs[:cut], jnp.clip(forecasts, -1.0, 1.0), directions]), directions

    def speaks(self, tape: Tape) -> Bool[Array, " rules"]:
        """Which rules have a full window."""
        return jnp.asarray(self.windows) <= tape.count

    def full_position(self, tape: Tape) -> Float[Array, " assets"]:
        """Position / assets under management when every rule agrees, before the cap binds."""
        estimates = [tape.exponential_volatility(centre) for centre in self.volatility_centres]
        return self.risk_budget / jnp.maximum(sum(estimates) / len(estimates), 1e-6)

    def size(self, tape: Tape) -> Float[Array, "rules assets"]:
        """Position / assets under management per unit of each rule's signal, before the cap binds."""
        weights = jnp.where(self.speaks(tape), jnp.asarray(self.rule_weights), 0.0)
        return (weights / jnp.maximum(jnp.sum(weights), 1e-12))[:, None] * self.full_position(tape)

    def wanted(self, signals: Float[Array, "rules assets"], tape: Tape) -> Float[Array, " assets"]:
        """Position / assets under management for these signals, by asset."""
        position = jnp.sum(self.size(tape) * signals, axis=0)
        return jnp.clip(position, -self.cap, self.cap)

    def plan(self, state: TrendState, view: View) -> TrendPlan:
        """The nearest position inside the buffer around the wanted one, approached at `speed`."""
        signals, breakout = self.signals(view.tape, state.breakout)
        wanted = self.wanted(signals, view.tape)
        ready = view.tape.ready(max(self.volatility_centres) + 1)
        # the first position is a starting point, not a trade
        weight = jnp.where(ready & ~state.invested, wanted, state.weight)
        slack = self.buffer * jnp.minimum(self.full_position(view.tape), self.cap)
        gap = jnp.clip(weight, wanted - slack, wanted + slack) - weight
        return TrendPlan(
            assets=self.aum_share * view.market_value,
            weight=weight,
            change=jnp.where(ready, self.speed * gap, 0.0),
            breakout=breakout,
            invested=state.invested | ready,
        )

    def order(self, plan: TrendPlan, r: Array) -> Array:
        """USD bn per asset to trade if today's log returns are r.

        The number of contracts is fixed at the previous close; only its value moves with the day.
        """
        return plan.change * plan.assets * jnp.exp(r)

    def update(self, state: TrendState, plan: TrendPlan, view: View, r: Array, filled: Array) -> TrendState:
        """Position after the close: what was held drifts with the market."""
        return TrendState(
            breakout=plan.breakout,
            weight=weights_after(plan.assets, plan.weight, self.order(plan, r), r, filled),
            invested=plan.invested,
        )

    def holding(self, state: TrendState, market_value: Array) -> Array:
        """USD bn of the index held; negative when short."""
        return state.weight[INDEX] * self.aum_share * market_value

    def limit(self, market_value: Array) -> Array:
        """USD bn of the index at the cap."""
        return self.cap * self.aum_share * market_value

    def positions(self, prices: pd.DataFrame) -> pd.DataFrame:
        """Position / assets under management held in each asset after each close of a history.

        Args:
            prices: closes by session (rows) and asset (columns), no missing values.

        Returns:
            The shape of `prices`; zero until the volatilities are seeded. By the same steps, buffer and
            speed included, as on any day of the market.
        """
        held = _held(self, jnp.asarray(prices.to_numpy(dtype=np.float64)))
        return pd.DataFrame(np.asarray(held), index=prices.index, columns=prices.columns)


@eqx.filter_jit
def _held(book: TrendFollower, closes: Float[Array, "sessions assets"]) -> Float[Array, "sessions assets"]:
    assets = tuple(str(column) for column in range(closes.shape[1]))
    day = Day(sessions_to_month_end=jnp.asarray(1, dtype=jnp.int32), blackout_share=jnp.zeros(()))

    def step(carry: tuple[Tape, TrendState], close: Array) -> tuple[tuple[Tape, TrendState], Array]:
        tape, state = carry
        view = View(assets, tape, jnp.ones(()), jnp.ones(()), day)
        r = jnp.log(close / tape.close)
        plan = book.plan(state, view)
        state = book.update(state, plan, view, r, book.order(plan, r))
        return (tape.push(close), state), state.weight

    tape = Tape.blank(book.watch(), closes.shape[1]).push(closes[0])
    start = (tape, book.init(View(assets, tape, jnp.ones(()), jnp.ones(()), day)))
    held = jax.lax.scan(step, start, closes[1:])[1]
    return jnp.concatenate([jnp.zeros((1, closes.shape[1])), held])
