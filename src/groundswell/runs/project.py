"""Project: from the state that history left behind, along paths that somebody chose. The actors run
by the same session as in replay; the path sets the price, and the carried state is never recomputed.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import numpy as np
import pandas as pd
from jaxtyping import Array, Float

from groundswell.core.day import INDEX, Day, View
from groundswell.core.engine import jax, jnp
from groundswell.core.tape import Tape
from groundswell.data import calendar
from groundswell.runs.history import day_arrays
from groundswell.runs.replay import THREADS, Carried, Replay
from groundswell.runs.scenarios import Movement, sideways
from groundswell.world.session import run_session

_LANES = 8192
"""Paths times members in a block: its rows of the tape fit a core's cache."""

_STEP = 16
"""A block of few paths is a multiple of this: few sizes, few programs."""


def _per_path(tape: Tape) -> Any:
    """The axes of a tape whose statistics differ by path (last axis) but whose count does not."""
    axes = jax.tree.map(lambda _: -1, tape)
    return eqx.tree_at(lambda t: t.count, axes, None, is_leaf=lambda leaf: leaf is None)


@eqx.filter_jit
def along_paths(
    carried: Carried,
    assets: tuple[str, ...],
    market_value: Float[Array, ""],
    daily_volume: Float[Array, ""],
    implied_volatility: Float[Array, " sessions"],
    days: Day,
    returns: Float[Array, "sessions assets paths"],
) -> Float[Array, "sessions actors members paths"]:
    """Orders (USD bn of the index) of every actor and member on every path.

    Args:
        carried: the state to start from.
        assets: names of the columns, the index first.
        market_value: of the index at the last close, USD bn.
        daily_volume: dollar volume of an average day, USD bn.
        implied_volatility: known when each session opens, annual, decimal; NaN where it is not.
        days: calendar of the sessions.
        returns: daily log returns.
    """
    paths = returns.shape[-1]
    axes = _per_path(carried.tape)

    def widen(leaf: Array) -> Array:
        return jnp.broadcast_to(leaf[..., None], (*leaf.shape, paths))

    tape = jax.tree.map(
        lambda axis, leaf: leaf if axis is None else widen(leaf),
        axes,
        carried.tape,
        is_leaf=lambda leaf: leaf is None,
    )

    def session(
        carry: tuple[Tape, Any, Array], inputs: tuple[Day, Array, Array]
    ) -> tuple[tuple[Tape, Any, Array], Array]:
        tape, states, value = carry
        day, implied, r = inputs

        def path(tape: Tape, states: Any, value: Array, r: Array) -> tuple[Any, ...]:
            seen = View(assets, tape, value, daily_volume, day, implied)
            after = value * jnp.exp(r[0])

            def member(actors: Any, states: Any) -> tuple[Any, Array]:
                states, done = run_session(actors, states, seen, r, after)
                return states, done.initiating + done.reflexive

            states, orders = jax.vmap(member, in_axes=-1, out_axes=-1)(carried.actors, states)
            return states, after, orders

        states, value, orders = jax.vmap(path, in_axes=(axes, -1, -1, -1), out_axes=-1)(
            tape, states, value, r
        )
        return (tape.push(tape.close * jnp.exp(r)), states, value), orders

    start = (tape, jax.tree.map(widen, carried.states), jnp.full(paths, market_value))
    return jax.lax.scan(session, start, (days, implied_volatility, returns))[1]


def project(
    replayed: Replay, returns: Float[np.ndarray, "sessions paths"]
) -> Float[np.ndarray, "sessions actors members paths"]:
    """Orders of every actor from today's state along the given paths of the index.

    Args:
        replayed: history, whose last close is the starting point.
        returns: daily log returns of the index by session and path. Other assets move sideways as
            much from day to day as they lately have.

    Returns:
        USD bn of the index, + bought.
    """
    history, last = replayed.history, replayed.history.length - 1
    sessions, paths = returns.shape
    members = replayed.carried[0].actors[replayed.actors[0]]
    wide = jax.tree.leaves(members)[0].shape[-1]
    block = min(_LANES // wide, 256, _STEP * -(-paths // _STEP)) if wide > 1 else 256
    padded = -(-paths // block) * block
    moves = np.zeros((sessions, len(history.assets), padded))
    moves[:, INDEX, :paths] = returns
    lately = history.returns[: history.length, INDEX + 1 :]
    daily = np.array([Movement().reference(column) / np.sqrt(252) for column in lately.T])
    moves[:, INDEX + 1 :] = sideways(sessions, daily)[..., None]
    days = day_arrays(upcoming(history.dates[-1], sessions), sessions)

    # what is implied tomorrow nobody knows: a rule that reads it carries it along by its own response
    implied = np.full(sessions, np.nan)
    implied[0] = history.implied_volatility[last]

    def run(job: tuple[int, Carried]) -> np.ndarray:
        first, carried = job
        done = along_paths(
            carried,
            history.assets,
            jnp.asarray(history.market_value[last]),
            jnp.asarray(history.daily_volume[last]),
            jnp.asarray(implied),
            days,
            jnp.asarray(moves[..., first : first + block]),
        )
        return np.asarray(done)

    jobs = [(first, c) for first in range(0, padded, block) for c in replayed.carried]
    with ThreadPoolExecutor(THREADS) as threads:
        done = list(threads.map(run, jobs))
    per_row = len(replayed.carried)
    rows = [np.concatenate(done[i : i + per_row], axis=2) for i in range(0, len(done), per_row)]
    return np.concatenate(rows, axis=-1)[:, :, : replayed.members, :paths]


def upcoming(last: pd.Timestamp, sessions: int) -> pd.DatetimeIndex:
    """The sessions that follow the last one of the book."""
    return calendar.sessions_after(last, sessions)
