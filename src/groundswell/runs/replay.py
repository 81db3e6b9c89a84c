"""Replay: history sets the price, the actors follow their rules, day by day, in one compiled scan.
The outcome is where everybody stood after every close, what they had to trade on every day, and the
state from which projections start.
"""

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int

from groundswell.core.day import Actor, Day, View
from groundswell.core.draws import ensemble
from groundswell.core.engine import jax, jnp
from groundswell.core.tape import Tape
from groundswell.runs.history import History
from groundswell.world.session import initial_states, run_session, watched

MEMBERS = 128
"""Ensemble members in a block; two blocks hold 200 draws and keep two cores busy."""

THREADS = 2


class Carried(eqx.Module):
    """What a run carries from close to close; a projection starts here.

    Attributes:
        tape: the public tape, one for all members.
        states: state of each actor, members on the last axis.
        actors: the actors themselves, members on the last axis of every parameter.
    """

    tape: Tape
    states: dict[str, Any]
    actors: dict[str, Actor]


@dataclasses.dataclass(frozen=True)
class Replay:
    """Positions and orders of every actor on every day.

    Attributes:
        history: the sessions replayed.
        actors: keys, in the order of the axes over actors.
        members: 1 + draws; member 0 holds the declared values.
        initiating: USD bn of the index fixed at the previous close: sessions, actors, members.
        reflexive: USD bn of the index in answer to the day: same shape.
        holding: USD bn of the index held after the close: same shape.
        limits: USD bn of the index that each actor could hold, per USD bn of market value: actors, members.
        carried: the state after the last close, by block of members.
    """

    history: History
    actors: tuple[str, ...]
    members: int
    initiating: Float[np.ndarray, "sessions actors members"]
    reflexive: Float[np.ndarray, "sessions actors members"]
    holding: Float[np.ndarray, "sessions actors members"]
    limits: Float[np.ndarray, "actors members"]
    carried: tuple[Carried, ...]

    @property
    def orders(self) -> Float[np.ndarray, "sessions actors members"]:
        """USD bn of the index traded, + bought."""
        return np.asarray(self.initiating + self.reflexive)


@eqx.filter_jit
def _replay_block(
    actors: dict[str, Actor],
    assets: tuple[str, ...],
    closes: Float[Array, "sessions assets"],
    returns: Float[Array, "sessions assets"],
    market_value: Float[Array, " sessions"],
    daily_volume: Float[Array, " sessions"],
    implied_volatility: Float[Array, " sessions"],
    days: Day,
    length: Int[Array, ""],
) -> tuple[Tape, dict[str, Any], Float[Array, "sessions parts actors members"], Array]:
    """Tape and states after `length` sessions, and what was done in each of them."""

    def view(tape: Tape, t: Array) -> View:
        day = jax.tree.map(lambda column: column[t], days)
        return View(assets, tape, market_value[t - 1], daily_volume[t - 1], day, implied_volatility[t - 1])

    tape = Tape.blank(watched(actors), len(assets)).push(closes[0])
    start = jnp.asarray(1, dtype=jnp.int32)
    states = jax.vmap(lambda a: initial_states(a, view(tape, start)), in_axes=-1, out_axes=-1)(actors)
    members = jax.tree.leaves(actors)[0].shape[-1]
    done = jnp.zeros((closes.shape[0], 3, len(actors), members))

    def session(t: Array, carry: tuple[Tape, dict[str, Any], Array]) -> tuple[Any, ...]:
        tape, states, done = carry
        seen = view(tape, t)

        def member(actors: dict[str, Actor], states: dict[str, Any]) -> tuple[Any, Array]:
            after, result = run_session(actors, states, seen, returns[t], market_value[t])
            return after, jnp.stack([result.initiating, result.reflexive, result.holding])

        states, row = jax.vmap(member, in_axes=-1, out_axes=-1)(actors, states)
        done = done.at[t].set(row)
        return tape.push(closes[t]), states, done

    tape, states, done = jax.lax.fori_loop(start, length, session, (tape, states, done))
    unit = jnp.ones(())
    limits = jax.vmap(
        lambda a: jnp.stack([actor.limit(unit) for actor in a.values()]), in_axes=-1, out_axes=-1
    )(actors)
    return tape, states, done, limits


def replay(history: History, actors: dict[str, Actor], draws: int = 0, seed: int = 0) -> Replay:
    """History -> positions and orders of every actor on every day.

    Args:
        history: the sessions, laid out.
        actors: by key, holding their central parameter values.
        draws: ensemble members beside the central one, drawn from the declared ranges.
        seed: of the draws.

    Returns:
        Member 0 is the central case. Nothing on a day depends on later data: the scan has not seen it.
    """
    members = 1 + draws
    size = 1 if draws == 0 else MEMBERS
    # jax sorts dictionary keys; the order of actors is fixed here, once
    ordered = {key: actors[key] for key in sorted(actors)}

    def block(number: int) -> tuple[Carried, np.ndarray, np.ndarray]:
        drawn = ensemble(ordered, seed, number * size, size, draws)
        tape, states, done, limits = _replay_block(
            drawn,
            history.assets,
            jnp.asarray(history.closes),
            jnp.asarray(history.returns),
            jnp.asarray(history.market_value),
            jnp.asarray(history.daily_volume),
            jnp.asarray(history.implied_volatility),
            history.days,
            jnp.asarray(history.length, dtype=jnp.int32),
        )
        return Carried(tape, states, drawn), np.asarray(done), np.asarray(limits)

    with ThreadPoolExecutor(THREADS) as threads:
        blocks = list(threads.map(block, range(math.ceil(members / size))))
    kept = [done[: history.length] for _, done, _ in blocks]
    done = (kept[0] if len(kept) == 1 else np.concatenate(kept, axis=-1))[..., :members]
    limits = np.concatenate([limits for *_, limits in blocks], axis=-1)[..., :members]
    return Replay(
        history=history,
        actors=tuple(ordered),
        members=members,
        initiating=done[:, 0],
        reflexive=done[:, 1],
        holding=done[:, 2],
        limits=limits,
        carried=tuple(carried for carried, *_ in blocks),
    )
