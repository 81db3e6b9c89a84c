"""Volatility-target funds (M2): exposure = min(cap, target / volatility), so they sell when the
market becomes rougher and buy when it calms, whatever anybody thinks. Two published rules, several
cohorts: the S&P risk-control index (the larger of a fast and a slow exponential volatility) and the
version that dealers' desks model (the larger of one-month and three-month realised volatility).
"""

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from groundswell.core.day import INDEX, SESSIONS_PER_YEAR, Actor, View
from groundswell.core.engine import jax, jnp
from groundswell.core.holdings import change_of_holding, weights_after
from groundswell.core.parameter import checked_value, declarations, parameter, structural
from groundswell.core.tape import Tape, Watch
from groundswell.data.errors import GroundswellError

_SP = "S&P Dow Jones Indices, Index Mathematics Methodology, risk control chapters"
_DESK = "Dealer-desk convention, e.g. Nomura notes 2019-2025 (secondary)"
_PUBLISHED: dict[str, Any] = {
    "target": 0.10, "decay_short": 0.94, "decay_long": 0.97, "cap": 1.5, "lag": 2, "band": 0.0, "speed": 1.0,
    "rule": "exponential", "seed": "weighted",
}  # fmt: skip
"""The standard S&P daily risk-control index: what a single fund is unless told otherwise."""

_SETTINGS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "lag": ("a whole number of sessions, 0 or more", lambda x: float(x).is_integer() and x >= 0),
    "seed_days": ("a whole number of returns, 2 or more", lambda x: float(x).is_integer() and x >= 2),
    "seed_variance": ("a daily variance above 0 and below 1", lambda x: 0 < float(x) < 1),
    "rule": ("'exponential' or 'window'", lambda x: x in ("exponential", "window")),
    "seed": ("'weighted' or 'mean'", lambda x: x in ("weighted", "mean")),
}
"""What the settings of a single fund that are no drawn parameters may be."""


class VolTargetState(eqx.Module):
    """Carried from close to close; `cohorts` is the length of every array.

    Attributes:
        variance_short: daily variance under the fast decay (a weighted sum while seeding).
        variance_long: the same under the slow decay.
        seen: returns seen so far.
        past_targets: exposures the rule asked for at earlier closes, newest first.
        weight: exposure held, as a multiple of assets.
        invested: whether the cohort has taken its first position.
    """

    variance_short: Float[Array, " cohorts"]
    variance_long: Float[Array, " cohorts"]
    seen: Int[Array, ""]
    past_targets: Float[Array, "lags cohorts"]
    weight: Float[Array, " cohorts"]
    invested: Bool[Array, " cohorts"]


class VolTargetPlan(eqx.Module):
    """Fixed at the previous close: what each cohort holds and wants to hold at today's close."""

    assets: Float[Array, " cohorts"]
    weight: Float[Array, " cohorts"]
    desired: Float[Array, " cohorts"]
    trades: Bool[Array, " cohorts"]
    newest: Float[Array, " cohorts"]
    invested: Bool[Array, " cohorts"]


class VolTarget(Actor):
    """Volatility-target funds in cohorts; with any rule argument, one fund of the published index rule.

    `VolTarget()` is the population of funds that the desk uses. `VolTarget(target=0.10, lag=0)` is
    a single S&P risk-control fund with those settings and the published ones elsewhere.
    """

    key: ClassVar[str] = "vol_target"

    aum_share: Array = parameter(
        0.00385,
        0.0031,
        0.0077,
        "assets of all cohorts / market value of the index",
        "USD 200bn at a 12% target in June 2025, from Nomura's USD 114.2bn projection of 25 Jun 2025 "
        "(derived; USD 162-243bn over targets, against USD 52tn); high end: the street's USD 400bn (2016, "
        "secondary). Nomura's notes of 2021-22 imply about three times the central share",
        fitted_through="2025-06-25",
    )
    target: Array = parameter(
        (0.05, 0.10, 0.15, 0.10, 0.12, 0.15),
        (0.05, 0.08, 0.12, 0.08, 0.10, 0.12),
        (0.08, 0.12, 0.18, 0.12, 0.15, 0.18),
        "annual volatility, decimal, by cohort",
        "Targets sold on the S&P 500: 5, 10, 12, 15, 18% (read, S&P index page); desk cohorts 10-15% "
        "(derived from the same projection)",
        at_least=0.01,
        fitted_through="2025-06-25",
    )
    decay_short: Array = parameter(
        (0.94,) * 6,
        (0.92,) * 6,
        (0.95,) * 6,
        "decay per session, by cohort",
        _SP + " (recalled); also RiskMetrics 1996 daily",
        at_most=0.9999,
    )
    decay_long: Array = parameter(
        (0.97,) * 6,
        (0.96,) * 6,
        (0.98,) * 6,
        "decay per session, by cohort",
        _SP + " (recalled); also RiskMetrics 1996 monthly",
        at_most=0.9999,
    )
    cap: Array = parameter(
        (1.5, 1.5, 1.5, 1.0, 1.5, 1.0),
        (1.0, 1.0, 1.25, 1.0, 1.0, 1.0),
        (1.5, 1.5, 1.75, 1.25, 1.75, 1.5),
        "exposure / assets, by cohort",
        "150% standard series (recalled), 100% Risk Control 2.0 sheet of July 2015 (read)",
    )
    band: Array = parameter(
        (0.0, 0.0, 0.0, 0.02, 0.02, 0.02),
        (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        (0.05, 0.05, 0.05, 0.05, 0.05, 0.05),
        "smallest change of exposure traded, / assets, by cohort",
        "Dynamic-rebalancing variant exists (read); tolerance is a judgement",
    )
    speed: Array = parameter(
        (1.0, 1.0, 1.0, 0.5, 0.5, 0.5),
        (0.5, 0.5, 0.5, 0.3, 0.3, 0.3),
        (1.0,) * 6,
        "share of the gap closed per session, by cohort",
        "Index rule rebalances in one session; desks assume one to three (judgement)",
        at_most=1.0,
    )
    mix: tuple[float, ...] = structural(
        (0.05, 0.15, 0.10, 0.20, 0.35, 0.15),
        "share of the assets of all cohorts",
        "Judgement: centred on 12%, where the June 2025 projection puts it",
    )
    rule: tuple[str, ...] = structural(
        ("exponential", "exponential", "exponential", "window", "window", "window"),
        "volatility estimate, by cohort",
        _SP + "; " + _DESK,
    )
    lag: tuple[int, ...] = structural(
        (2, 2, 2, 1, 1, 1),
        "sessions from the close measured to the exposure in force, by cohort",
        _SP + " (2, recalled); desk cohorts act the day after (judgement)",
    )
    windows: tuple[int, int] = structural((21, 63), "log returns in the window rule", _DESK)
    seed_days: int = structural(
        63,
        "returns that seed the exponential variances",
        "three months, as the slow window (judgement)",
    )
    seed: str = structural(
        "weighted", "how the seed weighs its returns", _SP + " (recalled): exponential weights"
    )
    seed_variance: float | None = eqx.field(static=True, default=None)

    def __init__(
        self,
        target: float | None = None,
        decay_short: float | None = None,
        decay_long: float | None = None,
        cap: float | None = None,
        lag: int | None = None,
        *,
        band: float | None = None,
        speed: float | None = None,
        rule: Literal["exponential", "window"] | None = None,
        seed_days: int | None = None,
        seed_variance: float | None = None,
        seed: Literal["weighted", "mean"] | None = None,
    ) -> None:
        """The desk's population without arguments; with any, one fund, the published rule elsewhere.

        Args:
            target: annual volatility, decimal.
            decay_short: decay of the fast exponential variance per session, in (0, 1).
            decay_long: decay of the slow one.
            cap: largest exposure as a multiple of assets.
            lag: sessions between the close measured and the close from which the exposure is in force;
                0 is index arithmetic, which a fund can only follow a day later.
            band: smallest change of exposure that is traded.
            speed: share of the gap to the target closed per session, in (0, 1].
            rule: "exponential" (S&P) or "window" (larger of 21- and 63-session volatility).
            seed_days: returns used to start the variances; default 63.
            seed_variance: daily variance to start from instead (no seeding period).
            seed: "weighted" (exponential weights over the seed) or "mean".

        Raises:
            GroundswellError: for a setting outside its meaning, naming it.
        """
        settings = {
            "target": target, "decay_short": decay_short, "decay_long": decay_long, "cap": cap,
            "band": band, "speed": speed, "lag": lag, "rule": rule, "seed_days": seed_days,
            "seed_variance": seed_variance, "seed": seed,
        }  # fmt: skip
        given = {name: value for name, value in settings.items() if value is not None}
        self.seed_variance = None
        for d in declarations(type(self)):
            setattr(self, d.address.split(".")[1], d.value if d.structural else np.asarray(d.value))
        if not given:
            return
        for name, (meaning, fine) in _SETTINGS.items():
            if name in given and not fine(given[name]):
                raise GroundswellError(
                    f"{name} is {given[name]!r}",
                    where=f"VolTarget({name}=...)",
                    expected=meaning,
                    remedy="leave it out for the published rule",
                )
        one = {**_PUBLISHED, **given}
        for declared in declarations(type(self)):
            name = declared.address.split(".")[1]
            if name in one and not declared.structural:
                setattr(self, name, checked_value(declared, one[name], ())[None])
        self.mix, self.rule, self.lag = (1.0,), (str(one["rule"]),), (int(one["lag"]),)
        self.seed_days, self.seed = int(one.get("seed_days", self.seed_days)), str(one["seed"])
        self.seed_variance = None if seed_variance is None else float(seed_variance)

    def watch(self) -> Watch:
        """Realised volatility over the two windows."""
        return Watch(return_windows=self.windows)

    def init(self, view: View) -> VolTargetState:
        """No position; variances empty, or at `seed_variance` where one was given."""
        return self._start()

    def _start(self) -> VolTargetState:
        cohorts = len(self.mix)
        start = 0.0 if self.seed_variance is None else self.seed_variance
        return VolTargetState(
            variance_short=jnp.full(cohorts, start),
            variance_long=jnp.full(cohorts, start),
            seen=jnp.asarray(0 if self.seed_variance is None else self.seed_days, dtype=jnp.int32),
            past_targets=jnp.zeros((max(*self.lag, 2) - 1, cohorts)),
            weight=jnp.zeros(cohorts),
            invested=jnp.zeros(cohorts, dtype=bool),
        )

    def _observe(self, state: VolTargetState, r: Array) -> VolTargetState:
        """Variances after one more log return of the index.

        While seeding, a "weighted" variance is the plain recursion from zero, which divided by
        1 - decay^n is the average under exponential weights; a "mean" is a running mean.
        """
        n = state.seen
        seeding = n < self.seed_days

        def after(variance: Array, decay: Array) -> Array:
            moved = decay * variance + (1 - decay) * r**2
            if self.seed == "mean":
                return jnp.where(seeding, variance + (r**2 - variance) / (n + 1), moved)
            return jnp.where(n + 1 == self.seed_days, moved / (1 - decay**self.seed_days), moved)

        return eqx.tree_at(
            lambda s: (s.variance_short, s.variance_long, s.seen),
            state,
            (
                after(state.variance_short, self.decay_short),
                after(state.variance_long, self.decay_long),
                n + 1,
            ),
        )

    def _asked(self, state: VolTargetState, tape: Tape) -> Array:
        """Exposure the rule asks for at the latest close; not a number before its estimate exists."""
        exponential = jnp.sqrt(SESSIONS_PER_YEAR * jnp.maximum(state.variance_short, state.variance_long))
        short, long = (tape.realised_volatility(window)[INDEX] for window in self.windows)
        by_window = jnp.asarray([rule == "window" for rule in self.rule])
        realised = jnp.where(by_window, jnp.maximum(short, long), exponential)
        ready = jnp.where(by_window, tape.ready(max(self.windows) + 1), state.seen >= self.seed_days)
        asked = jnp.minimum(self.cap, self.target / jnp.maximum(realised, 1e-12))
        return jnp.where(ready, asked, jnp.nan)

    def plan(self, state: VolTargetState, view: View) -> VolTargetPlan:
        """The exposure in force today, from the close `lag` sessions back, approached at `speed`."""
        newest = self._asked(state, view.tape)
        rows = jnp.concatenate([newest[None], state.past_targets])
        back = np.maximum(np.asarray(self.lag), 1) - 1
        target = rows[back, np.arange(len(self.mix))]
        known = ~jnp.isnan(target) & (view.tape.count > back + 1)
        first = known & ~state.invested
        # the first position is a starting point, not a trade: funds did not all begin on one day
        weight = jnp.where(first, jnp.nan_to_num(target), state.weight)
        gap = jnp.where(known, jnp.nan_to_num(target) - weight, 0.0)
        return VolTargetPlan(
            assets=self.aum_share * view.market_value * jnp.asarray(self.mix),
            weight=weight,
            desired=weight + self.speed * gap,
            trades=known & (jnp.abs(gap) >= self.band),
            newest=newest,
            invested=state.invested | known,
        )

    def _orders(self, plan: VolTargetPlan, r: Array) -> Array:
        """Change of each cohort's holding of the index, cohorts by one."""
        change = change_of_holding(plan.assets, plan.weight[:, None], plan.desired[:, None], r[INDEX, None])
        return jnp.where(plan.trades[:, None], change, 0.0)

    def order(self, plan: VolTargetPlan, r: Array) -> Array:
        """USD bn of the index to trade if its log return today is r."""
        return jnp.zeros_like(r).at[INDEX].set(jnp.sum(self._orders(plan, r)))

    def update(
        self, state: VolTargetState, plan: VolTargetPlan, view: View, r: Array, filled: Array
    ) -> VolTargetState:
        """Holdings after the close; an order filled in part is filled in part in every cohort."""
        weight = weights_after(
            plan.assets,
            plan.weight[:, None],
            self._orders(plan, r),
            r[INDEX, None],
            filled[INDEX, None],
        )[:, 0]
        return eqx.tree_at(
            lambda s: (s.past_targets, s.weight, s.invested),
            self._observe(state, r[INDEX]),
            (
                jnp.concatenate([plan.newest[None], state.past_targets[:-1]]),
                weight,
                plan.invested,
            ),
        )

    def holding(self, state: VolTargetState, market_value: Array) -> Array:
        """USD bn of the index held by all cohorts."""
        return jnp.sum(state.weight * jnp.asarray(self.mix)) * self.aum_share * market_value

    def limit(self, market_value: Array) -> Array:
        """USD bn held when every cohort is at its cap."""
        return jnp.sum(self.cap * jnp.asarray(self.mix)) * self.aum_share * market_value

    def trade_after(self, state: VolTargetState, tape: Tape, r: Array) -> tuple[Array, Array]:
        """What a day of index return r (log) leads to, once lags and gradual execution have run out.

        `tape` must hold today's close already. Returns the trade and the holding before it at that
        close, both in USD bn per USD bn of market value at the previous
        close.
        """
        asked = jnp.nan_to_num(self._asked(self._observe(state, r), tape))
        assets = self.aum_share * jnp.asarray(self.mix)
        change = change_of_holding(assets, state.weight[:, None], asked[:, None], r[None])
        return jnp.sum(change), jnp.sum(assets * state.weight) * jnp.exp(r)

    def weights(self, returns: Any) -> np.ndarray:
        """Weight in force after each close under the rule, for a history of daily log returns.

        Args:
            returns: log returns, decimal, oldest first (Series or array; no missing values).

        Returns:
            Same length as `returns` (one column per cohort if there are several). The weight after
            close t is min(cap, target / volatility(t - lag)); missing until the seed is complete.

        Raises:
            GroundswellError: if a return is missing or not a number.

        Source:
            S&P Dow Jones Indices, Index Mathematics Methodology, risk control (formulas recalled).
        """
        r = np.asarray(returns, dtype=np.float64)
        if r.ndim != 1 or not np.all(np.isfinite(r)):
            bad = int(np.flatnonzero(~np.isfinite(r))[0]) if r.ndim == 1 else -1
            raise GroundswellError(
                what="the returns are not one series of finite numbers"
                + ("" if bad < 0 else f": number {bad} is {r[bad]}"),
                where="VolTarget.weights(returns)",
                expected="daily log returns, decimal, none missing",
                remedy="drop the first, missing return: np.log(prices).diff().dropna()",
            )
        asked = np.asarray(_asked_history(self, jnp.asarray(r)))
        before = np.full((1, asked.shape[1]), np.nan)
        if self.seed_variance is not None and self.rule[0] == "exponential":
            volatility = np.sqrt(SESSIONS_PER_YEAR * self.seed_variance)
            before = np.minimum(self.cap, self.target / volatility)[None]
        columns = [
            np.concatenate([np.full(lag, before[0, i]), asked[:, i]])[: len(r)]
            for i, lag in enumerate(self.lag)
        ]
        return columns[0] if len(columns) == 1 else np.stack(columns, axis=1)


@eqx.filter_jit
def _asked_history(fund: VolTarget, returns: Array) -> Array:
    """What the rule asked for at each close of a history, by the same steps as on any day."""

    def step(carry: tuple[VolTargetState, Tape, Array], r: Array) -> tuple[Any, Array]:
        state, tape, level = carry
        level = level + r
        state, tape = fund._observe(state, r), tape.push(jnp.exp(level)[None])
        return (state, tape, level), fund._asked(state, tape)

    tape = Tape.blank(fund.watch(), 1).push(jnp.ones(1))
    return jax.lax.scan(step, (fund._start(), tape, jnp.zeros(())), jnp.asarray(returns))[1]
