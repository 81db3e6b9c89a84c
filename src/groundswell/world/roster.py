"""Who is in the market: one line per actor. An actor whose rule needs an asset that the book does not
have stays out, and the sheet says so.
"""

from collections.abc import Iterable
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
from groundswell.core.parameter import checked_value, declarations
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
    if "bond" not in assets:
        notes.append("Rebalancers' bonds are taken to return nothing: the book has no bond prices.")
    for address, value in (changes or {}).items():
        actors = with_parameter(actors, address, value)
    return actors, tuple(notes)


def with_parameter(actors: dict[str, Actor], address: str, value: Any) -> dict[str, Actor]:
    """The actors with one drawn parameter set to `value` (a number, or one per cohort)."""
    known = {d.address: d for kind in ROSTER for d in declarations(kind) if not d.structural}
    if address not in known:
        raise unknown_address(address, known)
    key, name = address.split(".")
    if key not in actors:
        raise GroundswellError(
            f"{key} is not in this market, so {address} changes nothing",
            where="set",
            expected="a parameter of an actor that takes part",
            remedy="load the prices that its rule needs, or leave the change out",
        )
    leaf = checked_value(known[address], value, np.shape(known[address].value))
    return {**actors, key: eqx.tree_at(lambda actor: getattr(actor, name), actors[key], leaf)}


def unknown_address(address: str, known: Iterable[str]) -> GroundswellError:
    """The refusal of an address that cannot be set."""
    return GroundswellError(
        f"there is no parameter {address!r} to set{closest(address, known)}",
        where="set",
        expected="an address of `groundswell params` whose kind is 'drawn'",
        remedy="list the addresses with `groundswell params`",
    )
