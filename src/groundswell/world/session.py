"""One session of the market, for one path: every actor plans on what was public at the previous
close, trades at today's return and carries its state on. Replay, projection and (later) clearing all
run this one function; they differ only in where today's return comes from.
"""

from functools import reduce
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from groundswell.core.day import INDEX, Actor, View
from groundswell.core.engine import jnp
from groundswell.core.tape import Watch


class SessionResult(eqx.Module):
    """What each actor did, in the order of the actors; USD bn of the index.

    Attributes:
        initiating: the part of the order that was fixed at the previous close.
        reflexive: the answer to the day itself.
        holding: held after the close.
    """

    initiating: Float[Array, " actors"]
    reflexive: Float[Array, " actors"]
    holding: Float[Array, " actors"]


def watched(actors: dict[str, Actor]) -> Watch:
    """Everything that any of the actors reads off the tape."""
    return reduce(lambda seen, actor: seen | actor.watch(), actors.values(), Watch())


def initial_states(actors: dict[str, Actor], view: View) -> dict[str, Any]:
    """State of every actor before the first session."""
    return {key: actor.init(view) for key, actor in actors.items()}


def run_session(
    actors: dict[str, Actor],
    states: dict[str, Any],
    view: View,
    r: Float[Array, " assets"],
    market_value_after: Float[Array, ""],
) -> tuple[dict[str, Any], SessionResult]:
    """States after the session and what was done in it, when every order is filled in full.

    Args:
        actors: by key.
        states: by key, as of the previous close.
        view: what was public at the previous close, and today's calendar.
        r: today's log returns, index first.
        market_value_after: of the index at today's close, USD bn.
    """
    after, initiating, reflexive, holding = {}, [], [], []
    for key, actor in actors.items():
        plan = actor.plan(states[key], view)
        fixed = actor.order(plan, jnp.zeros_like(r))
        order = actor.order(plan, r)
        after[key] = actor.update(states[key], plan, view, r, order)
        initiating.append(fixed[INDEX])
        reflexive.append(order[INDEX] - fixed[INDEX])
        holding.append(actor.holding(after[key], market_value_after))
    return after, SessionResult(jnp.stack(initiating), jnp.stack(reflexive), jnp.stack(holding))
