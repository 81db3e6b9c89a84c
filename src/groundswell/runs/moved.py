"""What moved it: the estimated orders of a past window turned into price effects by the impact law,
with a band over everything that is uncertain in either, and the rest of the move as a residual. The
residual is what the rules do not explain; it is not called news.
"""

import dataclasses

import numpy as np
from jaxtyping import Float

from groundswell.core.draws import ensemble
from groundswell.core.engine import jnp
from groundswell.runs.replay import Replay
from groundswell.world.impact_law import ImpactLaw, effects_through_time
from groundswell.world.roster import ROSTER

_WARM_UP = 252
"""Sessions run before the window so that the impact of older flows has decayed into it."""

_VOLATILITY_SESSIONS = 21


@dataclasses.dataclass(frozen=True)
class Moved:
    """A window's move taken apart; log returns, summed over the window.

    Attributes:
        actors: keys.
        initiating: USD bn fixed at the previous closes: actors, members.
        reflexive: USD bn in answer to the days themselves: actors, members.
        effects: log return attributed to each actor: actors, members.
        decay: log return as earlier impact wore off: members.
        residual: what is left: members.
        total: the index's log return.
    """

    actors: tuple[str, ...]
    initiating: Float[np.ndarray, "actors members"]
    reflexive: Float[np.ndarray, "actors members"]
    effects: Float[np.ndarray, "actors members"]
    decay: Float[np.ndarray, " members"]
    residual: Float[np.ndarray, " members"]
    total: float


def what_moved(
    replayed: Replay,
    law: ImpactLaw,
    first: int,
    last: int,
    turnover: Float[np.ndarray, " members"],
    seed: int = 0,
) -> Moved:
    """The move of sessions `first` to `last` (both included) taken apart, member by member.

    Args:
        replayed: history with its ensemble.
        law: the impact law, holding its central values.
        first: position of the first session in the history, at least 1.
        last: position of the last session.
        turnover: factor on the book's dollar volume, by member.
        seed: of the draws of the impact law; use the seed of the replay.
    """
    history = replayed.history
    sessions = last - first + 1
    span = _WARM_UP * -(-(sessions + _WARM_UP) // _WARM_UP)
    start = max(last + 1 - span, 1)
    window = slice(start, last + 1)
    before = slice(start - 1, last)
    known = {kind.key for kind in ROSTER if kind.anticipated}
    members = replayed.members
    drawn = ensemble({"impact": law}, seed, 0, members, members - 1)["impact"]
    daily = _daily_volatility(history.returns[: history.length, 0])
    effects, decay = (
        np.asarray(array)
        for array in effects_through_time(
            drawn,
            jnp.asarray(replayed.initiating[window]),
            jnp.asarray(replayed.reflexive[window]),
            jnp.asarray([key in known for key in replayed.actors]),
            jnp.asarray(history.market_value[before]),
            jnp.asarray(history.daily_volume[before, None] * turnover),
            jnp.asarray(daily[before]),
        )
    )
    effect, worn_off = effects[first - start :].sum(axis=0), decay[first - start :].sum(axis=0)
    total = float(history.returns[first : last + 1, 0].sum())
    return Moved(
        actors=replayed.actors,
        initiating=replayed.initiating[first : last + 1].sum(axis=0),
        reflexive=replayed.reflexive[first : last + 1].sum(axis=0),
        effects=effect,
        decay=worn_off,
        residual=total - effect.sum(axis=0) - worn_off,
        total=total,
    )


def _daily_volatility(returns: Float[np.ndarray, " sessions"]) -> Float[np.ndarray, " sessions"]:
    """Root mean square of the last month's log returns at each close (fewer at the start)."""
    squares = np.concatenate([[0.0], np.cumsum(returns**2)])
    ends = np.arange(1, len(returns) + 1)
    starts = np.maximum(ends - _VOLATILITY_SESSIONS, 0)
    return np.asarray(np.sqrt(np.maximum((squares[ends] - squares[starts]) / (ends - starts), 1e-12)))
