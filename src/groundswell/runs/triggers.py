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
def _trend_positions(
    carried: Carried, crossed: Float[Array, "steps rules"], degrees: Float[Array, " rules"]
) -> tuple[Float[Array, " rules"], Float[Array, "steps members"]]:
    """Signals at the last close, and the position wanted when some rules have crossed their levels.

    `crossed` marks with ones which rules have; a crossed rule says the opposite of what it says now, or
    nothing where it speaks in `degrees`. Positions per unit of market value, by the actor's own rule.
    """

    def member(actor: Any, state: TrendState) -> tuple[Array, Array]:
        signals, _ = actor.signals(carried.tape, state.breakout)
        said = signals[:, INDEX]
        beyond = jnp.where(degrees > 0, 0.0, jnp.where(said == 0.0, 1.0, -said))

        def wanted(marks: Array) -> Array:
            changed = signals.at[:, INDEX].set(jnp.where(marks > 0, beyond, said))
            return actor.wanted(changed, carried.tape)[INDEX] * actor.aum_share

        return said, jax.vmap(wanted)(crossed)

    said, positions = jax.vmap(member, in_axes=-1, out_axes=-1)(
        carried.actors["trend_follower"], carried.states["trend_follower"]
    )
    return said[:, 0], positions


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
def _volatility_after(
    carried: Carried, r: Array
) -> tuple[Float[Array, " members"], Float[Array, " members"]]:
    """Trade of volatility funds that a day of return r leads to, and what they hold before it."""
    tape = carried.tape.push(carried.tape.close.at[INDEX].multiply(jnp.exp(r)))

    def member(actor: Any, state: VolTargetState) -> tuple[Array, Array]:
        return actor.trade_after(state, tape, r)

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

    The flow at a level is the change of the wanted position when its rule crosses, those nearer to spot
    having crossed before it: with the book at its cap the first flips cost nothing.
    """
    if "trend_follower" not in replayed.actors:
        return [], None
    first, history = replayed.carried[0], replayed.history
    spot = float(first.tape.close[INDEX])
    low, high = spot * np.exp(-SEARCH), spot * np.exp(SEARCH)
    actor = TrendFollower()

    levels: dict[int, float] = {}
    for i in range(len(actor.rules)):

        def margin(close: float, i: int = i) -> float:
            return float(_trend_margins(first, jnp.asarray(close))[i])

        level = solve(margin, low, high)
        if level is not None:
            levels[i] = level
    below = sorted((i for i in levels if levels[i] < spot), key=lambda i: -levels[i])
    above = sorted((i for i in levels if levels[i] >= spot), key=lambda i: levels[i])

    # row 0: nothing crossed; then one more rule at a time, on each side of spot
    crossed = np.zeros((1 + len(levels), len(actor.rules)))
    pairs: list[tuple[int, int, int]] = []
    for side in (below, above):
        for place, i in enumerate(side):
            row = len(pairs) + 1
            crossed[row, side[: place + 1]] = 1.0
            pairs.append((i, row, row - 1 if place else 0))
    degrees = np.asarray([rule.startswith("exponential") for rule in actor.rules], dtype=float)
    padded = np.zeros((1 + len(actor.rules), len(actor.rules)))
    padded[: len(crossed)] = crossed
    wanted = _positions(replayed, padded, degrees)
    cap = float(history.market_value[history.length - 1])
    found = [
        Trigger("trend_follower", actor.rules[i], levels[i], (wanted[row] - wanted[before]) * cap)
        for i, row, before in pairs
    ]
    missing = [rule for i, rule in enumerate(actor.rules) if i not in levels]
    return found, (missing, f"between {low:,.0f} and {high:,.0f}") if missing else None


def _positions(
    replayed: Replay, crossed: Float[np.ndarray, "steps rules"], degrees: Float[np.ndarray, " rules"]
) -> Float[np.ndarray, "steps members"]:
    """Wanted positions per unit of market value over all members."""
    blocks = [
        np.asarray(_trend_positions(carried, jnp.asarray(crossed), jnp.asarray(degrees))[1])
        for carried in replayed.carried
    ]
    return np.concatenate(blocks, axis=-1)[:, : replayed.members]


def volatility_triggers(replayed: Replay) -> tuple[list[Trigger], tuple[str, ...]]:
    """The day, down or up, after which volatility funds must sell each share of `CUTS` of their holding.

    The two differ: a cohort that measures deviations from the mean reacts less to a day that goes with
    the drift.
    """
    if "vol_target" not in replayed.actors:
        return [], ()
    first, history = replayed.carried[0], replayed.history
    spot, last = float(first.tape.close[INDEX]), history.length - 1
    cap = float(history.market_value[last])
    if replayed.holding[last, replayed.actors.index("vol_target"), 0] <= 0:
        return [], ("Volatility-target funds hold nothing to cut.",)
    found, missing = [], []
    for cut in CUTS:
        for side in (-1.0, 1.0):

            def shortfall(move: float, cut: float = cut, side: float = side) -> float:
                trade, held = _volatility_after(first, jnp.asarray(side * move))
                return float(trade[0] + cut * held[0])

            move = solve(shortfall, 0.0, SEARCH)
            if move is None:
                if side < 0:
                    due = shortfall(0.0) < 0
                    ending = "is due already, whatever the next close." if due else "needs more than a crash."
                    missing.append(f"Volatility-target funds: a cut of {cut:.0%} {ending}")
                continue
            trades = [_volatility_after(c, jnp.asarray(side * move))[0] for c in replayed.carried]
            flows = np.concatenate([np.asarray(trade) for trade in trades])[: replayed.members]
            found.append(
                Trigger(
                    "vol_target",
                    f"cut {cut:.0%} after a day of {np.expm1(side * move):+.1%}".replace("-", "−"),
                    spot * float(np.exp(side * move)),
                    flows * cap,
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
