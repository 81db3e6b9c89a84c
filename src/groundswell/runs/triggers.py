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
        turns_below: whether the rule has turned at closes below the level (a look-back that is long now,
            a cut after a fall) or at closes above it.
        flows: USD bn by member; for a look-back the change of the wanted position as its rule turns, all
            others being as they are at that close; for volatility funds the trade the day leads to.
    """

    actor: str
    rule: str
    level: float
    turns_below: bool
    flows: Float[np.ndarray, " members"]

    def turned_at(self, close: float) -> bool:
        """Whether the rule has turned if the index closes there next."""
        return close < self.level if self.turns_below else close > self.level


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
def _trend_margins(carried: Carried, closes: Float[Array, " rules"]) -> Float[Array, " rules"]:
    """Margin of every look-back if the index closes next at that look-back's own level of `closes`.

    Missing where the look-back does not speak.
    """
    actor, state = jax.tree.map(
        lambda leaf: leaf[..., 0],
        (carried.actors["trend_follower"], carried.states["trend_follower"]),
    )
    _, breakout = actor.signals(carried.tape, state.breakout)

    def margin(close: Array, rule: Array) -> Array:
        tape = carried.tape.push(carried.tape.close.at[INDEX].set(close))
        return jnp.where(actor.speaks(tape), actor.margins(tape, breakout)[:, INDEX], jnp.nan)[rule]

    return jax.vmap(margin)(closes, jnp.arange(len(closes)))


@eqx.filter_jit
def _volatility_after(carried: Carried, r: Array) -> Float[Array, " members"]:
    """Trade of volatility funds that a day of return r leads to."""
    tape = carried.tape.push(carried.tape.close.at[INDEX].multiply(jnp.exp(r)))

    def member(actor: Any, state: VolTargetState) -> Array:
        trade: Array = actor.trade_after(state, tape, r)[0]
        return trade

    return jax.vmap(member, in_axes=-1, out_axes=-1)(
        carried.actors["vol_target"], carried.states["vol_target"]
    )


@eqx.filter_jit
def _shortfalls(
    carried: Carried, moves: Float[Array, " days"], cuts: Float[Array, " days"]
) -> Float[Array, " days"]:
    """Trade of central volatility funds after each move, plus the cut of their holding it is held against."""
    actor, state = jax.tree.map(
        lambda leaf: leaf[..., 0], (carried.actors["vol_target"], carried.states["vol_target"])
    )

    def shortfall(r: Array, cut: Array) -> Array:
        trade, held = actor.trade_after(
            state, carried.tape.push(carried.tape.close.at[INDEX].multiply(jnp.exp(r))), r
        )
        return trade + cut * held

    return jax.vmap(shortfall)(moves, cuts)


def solve(
    functions: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]],
    count: int,
    low: float,
    high: float,
) -> Float[np.ndarray, " n"]:
    """The points between low and high where `count` functions change sign; missing where one does not.

    `functions` evaluates all of them at once, each at a point of its own, and they are searched together.
    """
    from scipy.optimize import elementwise

    def asked(points: np.ndarray, places: np.ndarray) -> np.ndarray:
        every = np.full(count, low)
        every[places] = points
        return np.asarray(functions(every))[places]

    found = elementwise.find_root(
        asked,
        (np.full(count, low), np.full(count, high)),
        args=(np.arange(count),),
        tolerances={"xatol": 1e-12, "xrtol": 4 * np.finfo(float).eps, "fatol": 0.0, "frtol": 0.0},
    )
    return np.where(found.success, found.x, np.nan)


def trend_triggers(replayed: Replay) -> tuple[list[Trigger], tuple[list[str], str] | None]:
    """The level at which each look-back flips at the next close; the look-backs without one, and the range.

    The flow at a level is the change of the wanted position as that rule turns, with every other rule as
    it is at that close: with the book at its cap the first flips cost nothing.
    """
    if "trend_follower" not in replayed.actors:
        return [], None
    first, history = replayed.carried[0], replayed.history
    spot = float(first.tape.close[INDEX])
    low, high = spot * np.exp(-SEARCH), spot * np.exp(SEARCH)
    rules = TrendFollower().rules
    said = np.asarray(_positions(replayed, np.zeros((0, len(rules))))[0])

    def margins(closes: Float[np.ndarray, " rules"]) -> Float[np.ndarray, " rules"]:
        return np.asarray(_trend_margins(first, jnp.asarray(closes)))

    roots = solve(margins, len(rules), low, high)
    levels = {i: float(level) for i, level in enumerate(roots) if np.isfinite(level)}
    bare = {
        i: Trigger("trend_follower", rules[i], level, bool(said[i] > 0), np.zeros(0))
        for i, level in levels.items()
    }
    crossed = np.zeros((2 * len(levels), len(rules)))
    for place, (i, level) in enumerate(levels.items()):
        turned = [k for k, other in bare.items() if k != i and other.turned_at(level)]
        crossed[2 * place : 2 * place + 2, turned] = 1.0
        crossed[2 * place + 1, i] = 1.0
    wanted = _positions(replayed, crossed)[1]
    cap = float(history.market_value[history.length - 1])
    found = [
        dataclasses.replace(bare[i], flows=(wanted[2 * place + 1] - wanted[2 * place]) * cap)
        for place, i in enumerate(levels)
    ]
    missing = [rule for i, rule in enumerate(rules) if i not in levels]
    return found, (missing, f"between {low:,.0f} and {high:,.0f}") if missing else None


def _positions(
    replayed: Replay, crossed: Float[np.ndarray, "steps rules"]
) -> tuple[Float[np.ndarray, " rules"], Float[np.ndarray, "steps members"]]:
    """What each rule says now, and wanted positions per unit of market value over all members."""
    rules = TrendFollower().rules
    degrees = jnp.asarray([float(rule.startswith("exponential")) for rule in rules])
    padded = np.zeros((2 * len(rules), len(rules)))
    padded[: len(crossed)] = crossed
    blocks = [_trend_positions(c, jnp.asarray(padded), degrees) for c in replayed.carried]
    wanted = np.concatenate([np.asarray(positions) for _, positions in blocks], axis=-1)
    return np.asarray(blocks[0][0]), wanted[: len(crossed), : replayed.members]


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
    cuts, sides = np.repeat(CUTS, 2), np.tile([-1.0, 1.0], len(CUTS))

    def shortfalls(moves: Float[np.ndarray, " days"]) -> Float[np.ndarray, " days"]:
        return np.asarray(_shortfalls(first, jnp.asarray(sides * moves), jnp.asarray(cuts)))

    due = shortfalls(np.zeros(len(cuts))) < 0
    found, missing = [], []
    for cut, side, move, overdue in zip(
        cuts, sides, solve(shortfalls, len(cuts), 0.0, SEARCH), due, strict=True
    ):
        if np.isnan(move):
            if side < 0:
                ending = "is due already, whatever the next close." if overdue else "needs more than a crash."
                missing.append(f"Volatility-target funds: a cut of {cut:.0%} {ending}")
            continue
        trades = [_volatility_after(c, jnp.asarray(side * move)) for c in replayed.carried]
        flows = np.concatenate([np.asarray(trade) for trade in trades])[: replayed.members]
        found.append(
            Trigger(
                "vol_target",
                f"cut {cut:.0%} after a day of {np.expm1(side * move):+.1%}".replace("-", "−"),
                spot * float(np.exp(side * move)),
                bool(side < 0),
                flows * cap,
            )
        )
    return found, tuple(missing)


def crowding(
    replayed: Replay, triggers: list[Trigger]
) -> list[tuple[float, float, Float[np.ndarray, " members"]]]:
    """For each distance: share of the trend book that has turned at that close, and the flow of it.

    The share is by weight of the look-backs that speak; the distance is level / spot - 1; the flow is the
    change of the wanted position when all of them have turned.
    """
    trend = {t.rule: t for t in triggers if t.actor == "trend_follower"}
    if not trend:
        return []
    first, history = replayed.carried[0], replayed.history
    spot = float(first.tape.close[INDEX])
    book = TrendFollower()
    here = jnp.full(len(book.rules), first.tape.close[INDEX])
    speaks = np.isfinite(np.asarray(_trend_margins(first, here)))
    weights = np.where(speaks, book.rule_weights, 0.0) / np.sum(book.rule_weights[speaks])
    turned = np.array(
        [
            [rule in trend and trend[rule].turned_at(spot * (1 + distance)) for rule in book.rules]
            for distance in CROWDING
        ],
        dtype=float,
    )
    _, wanted = _positions(replayed, np.vstack([np.zeros(len(book.rules)), turned]))
    cap = float(history.market_value[history.length - 1])
    return [
        (distance, float(turned[row] @ weights), (wanted[row + 1] - wanted[0]) * cap)
        for row, distance in enumerate(CROWDING)
    ]
