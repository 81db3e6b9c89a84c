"""Who is in the market: one line per actor. An actor whose rule needs an asset that the book does not
have stays out, and the sheet says so.
"""

from typing import Any

import equinox as eqx
import numpy as np

from groundswell.actors.buyback_desk import BuybackDesk
from groundswell.actors.leveraged_fund import LeveragedFund
from groundswell.actors.rebalancer import Rebalancer
from groundswell.actors.risk_parity import RiskParity
from groundswell.actors.trend_follower import TrendFollower
from groundswell.actors.vol_target import VolTarget
from groundswell.core.day import Actor
from groundswell.core.parameter import declarations
from groundswell.data.errors import GroundswellError, closest

ROSTER: tuple[type[Actor], ...] = (
    VolTarget,
    RiskParity,
    TrendFollower,
    BuybackDesk,
    LeveragedFund,
    Rebalancer,
)


def actors_for(
    assets: tuple[str, ...], changes: dict[str, Any] | None = None
) -> tuple[dict[str, Actor], tuple[str, ...]]:
    """The actors that can run on these assets, by key, and a note for each that stays out.

    Args:
        assets: names of the price columns, "index" first.
        changes: parameters to change by address, e.g. {"trend_follower.speed": 0.5}.

    Raises:
        GroundswellError: for an address that does not exist, naming the nearest one.
    """
    actors: dict[str, Actor] = {}
    notes: list[str] = []
    for kind in ROSTER:
        missing = [name for name in kind.needs if name not in assets]
        if missing:
            name = kind.key.replace("_", " ").capitalize()
            notes.append(f"{name} stays out: its rule needs {', '.join(missing)} prices.")
        else:
            actors[kind.key] = kind()
    for address, value in (changes or {}).items():
        actors = with_parameter(actors, address, value)
    return actors, tuple(notes)


def with_parameter(actors: dict[str, Actor], address: str, value: Any) -> dict[str, Actor]:
    """The actors with one drawn parameter set to `value` (a number, or one per cohort)."""
    known = {d.address: d for kind in ROSTER for d in declarations(kind) if not d.structural}
    if address not in known:
        raise GroundswellError(
            f"there is no parameter {address!r}{closest(address, known)}",
            where="set",
            expected="an address of `groundswell params` whose kind is 'drawn'",
            remedy="list the addresses with `groundswell params`",
        )
    key, name = address.split(".")
    if key not in actors:
        return actors
    leaf = np.broadcast_to(np.asarray(value, dtype=np.float64), np.shape(known[address].value))
    changed = eqx.tree_at(lambda actor: getattr(actor, name), actors[key], np.array(leaf))
    return {**actors, key: changed}
