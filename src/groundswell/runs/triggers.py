"""Trigger levels: at which index level each trend look-back flips, how large a day makes volatility
funds cut, and what either would trade. Levels are roots of the actors' own rules, found to the last
digits; nothing is scanned on a grid.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float
from scipy.optimize import brentq

from groundswell.actors.trend_follower import TrendFollower, TrendState
from groundswell.actors.vol_target import VolTargetState
from groundswell.core.day import INDEX
from groundswell.core.engine import jax, jnp
from groundswell.runs.replay import Carried, Replay

CUTS = (0.10, 0.25, 0.50)
"""Shares of their holding that volatility funds are asked to sell."""

CROWDING = (-0.10, -0.075, -0.05, -0.03, -0.02, -0.01, 0.01, 0.02, 0.03, 0.05, 0.075, 0.10)
"""Distances from spot at which crowding is read."""

SEARCH = 0.6
"""Levels are looked for within exp(+-SEARCH) of spot."""


@dataclasses.dataclass(frozen=True)
class Trigger:
    """A level at the next close, and what crossing it makes an actor trade.

    Attributes:
        actor: key.
        rule: the look-back, or the cut.
        level: index level at the next close.
        flows: USD bn by member; for a look-back, the change of position from today's to the flipped
            side of that rule alone; for volatility funds, the change of holding the day leads to.
    """

    actor: str
    rule: str
    level: float
    flows: Float[np.ndarray, " members"]


@eqx.filter_jit
def _trend_today(carried: Carried) -> tuple[Float[Array, " rules"], Float[Array, "rules members"]]:
    """What each look-back says at the last close, and USD per unit of signal and of market value."""

    def member(actor: Any, state: TrendState) -> tuple[Array, Array]:
        signals, _ = actor.signals(carried.tape, state.breakout)
        return signals[:, INDEX], actor.size(carried.tape)[:, INDEX] * actor.aum_share

    signals, size = jax.vmap(member, in_axes=-1, out_axes=-1)(
        carried.actors["trend_follower"], carried.states["trend_follower"]
    )
    return signals[:, 0], size


@eqx.filter_jit
def _trend_margins(carried: Carried, close: Array) -> Float[Array, " rules"]:
    """Margin of every look-back if the index closes at `close` next; missing where it does not speak."""
    actor, state = jax.tree.map(
        lambda leaf: leaf[..., 0],
        (carried.actors["trend_follower"], carried.states["trend_follower"]),
    )
    _, breakout = actor.signals(carried.tape, state.breakout)
    tape = carried.tape.push(carried.tape.close.at[INDEX].set(close))
    return jnp.where(actor.speaks(tape), actor.margins(tape, breakout)[:, INDEX], jnp.nan)


@eqx.filter_jit
def _volatility_after(carried: Carried, r: Array) -> Float[Array, " members"]:
    """Holding of volatility funds per unit of market value that a day of return r leads to."""
    tape = carried.tape.push(carried.tape.close.at[INDEX].multiply(jnp.exp(r)))

    def member(actor: Any, state: VolTargetState) -> Array:
        return jnp.asarray(actor.asked_after(state, tape, r))

    return jax.vmap(member, in_axes=-1, out_axes=-1)(
        carried.actors["vol_target"], carried.states["vol_target"]
    )


def solve(function: Callable[[float], float], low: float, high: float) -> float | None:
    """The point between low and high where the function changes sign; None where it does not."""
    ends = function(low), function(high)
    if not all(np.isfinite(ends)) or np.sign(ends[0]) == np.sign(ends[1]):
        return None
    return float(brentq(function, low, high, xtol=1e-12, rtol=4 * np.finfo(float).eps))


def trend_triggers(replayed: Replay) -> tuple[list[Trigger], tuple[list[str], str] | None]:
    """The level at which each look-back flips at the next close; the look-backs without one, and the range.

    The flow at a level is that of its rule alone, at today's position size: from what the rule says
    now to the other side (for exponential averages, which speak in degrees, to nothing).
    """
    if "trend_follower" not in replayed.actors:
        return [], None
    first = replayed.carried[0]
    spot = float(first.tape.close[INDEX])
    cap = float(replayed.history.market_value[replayed.history.length - 1])
    actor = TrendFollower()
    today = [_trend_today(carried) for carried in replayed.carried]
    signals = np.asarray(today[0][0])
    size = np.concatenate([np.asarray(s) for _, s in today], axis=-1)[:, : replayed.members]
    low, high = spot * np.exp(-SEARCH), spot * np.exp(SEARCH)

    found, missing = [], []
    degrees = {f"exponential {fast}/{slow}" for fast, slow, _ in actor.exponentials}
    for i, rule in enumerate(actor.rules):

        def margin(close: float, i: int = i) -> float:
            return float(_trend_margins(first, jnp.asarray(close))[i])

        level = solve(margin, low, high)
        if level is None:
            missing.append(rule)
            continue
        # a breakout rule that has not spoken yet takes its first side
        crossing = -2.0 * signals[i] if signals[i] else np.sign(level - spot)
        swing = -signals[i] if rule in degrees else crossing
        found.append(Trigger("trend_follower", rule, level, swing * size[i] * cap))
    return found, (missing, f"between {low:,.0f} and {high:,.0f}") if missing else None


def volatility_triggers(replayed: Replay) -> tuple[list[Trigger], tuple[str, ...]]:
    """The down day after which volatility funds must cut their holding by each share of `CUTS`.

    An up day of the same size asks for the same cut of exposure.
    """
    if "vol_target" not in replayed.actors:
        return [], ()
    first, history = replayed.carried[0], replayed.history
    spot, last = float(first.tape.close[INDEX]), history.length - 1
    cap = float(history.market_value[last])
    column = replayed.actors.index("vol_target")
    held = replayed.holding[last, column] / cap
    if held[0] <= 0:
        return [], ("Volatility-target funds hold nothing to cut.",)
    found, missing = [], []
    for cut in CUTS:

        def shortfall(move: float, cut: float = cut) -> float:
            return float(_volatility_after(first, jnp.asarray(-move))[0]) - (1 - cut) * held[0]

        move = solve(shortfall, 0.0, SEARCH)
        if move is None:
            pending = shortfall(0.0) < 0
            missing.append(
                f"Volatility-target funds: a cut of {cut:.0%} "
                + ("is due already, whatever the next close." if pending else "needs more than a crash.")
            )
            continue
        after = np.concatenate(
            [np.asarray(_volatility_after(c, jnp.asarray(-move))) for c in replayed.carried]
        )[: replayed.members]
        found.append(
            Trigger(
                "vol_target",
                f"cut {cut:.0%} (day of ±{np.expm1(move):.1%})",
                spot * float(np.exp(-move)),
                (after - held) * cap,
            )
        )
    return found, tuple(missing)


def crowding(
    triggers: list[Trigger], spot: float
) -> list[tuple[float, float, Float[np.ndarray, " members"]]]:
    """For each distance: share of the trend book that flips by then, and the flow of those flips.

    The share is by weight of the look-backs; the distance is level / spot - 1.
    """
    weights = dict(zip(TrendFollower().rules, TrendFollower().rule_weights, strict=True))
    trend = [t for t in triggers if t.actor == "trend_follower"]
    rows = []
    for distance in CROWDING:
        reached = [
            t
            for t in trend
            if (distance < 0 and distance <= t.level / spot - 1 < 0)
            or (distance > 0 and 0 <= t.level / spot - 1 <= distance)
        ]
        share = float(sum(weights[t.rule] for t in reached))
        nothing = np.zeros_like(trend[0].flows) if trend else np.zeros(1)
        rows.append((distance, share, sum((t.flows for t in reached), start=nothing)))
    return rows
