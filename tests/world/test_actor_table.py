"""The table of actors: every actor is in it once, by the key of its parameters."""

import inspect
import pkgutil
from importlib import import_module

import numpy as np

import groundswell.actors
from groundswell.core.day import Actor, Bystander, View
from groundswell.core.engine import jnp
from groundswell.core.parameter import declarations
from groundswell.world.actor_table import ACTORS, MECHANISMS, OUTSIDE
from groundswell.world.roster import ROSTER


def test_every_actor_that_is_written_is_in_the_table() -> None:
    rooms = [
        import_module(m.name)
        for m in pkgutil.iter_modules(groundswell.actors.__path__, "groundswell.actors.")
    ]
    written = {
        kind
        for room in rooms
        for _, kind in inspect.getmembers(room, inspect.isclass)
        if issubclass(kind, Actor) and kind not in (Actor, Bystander)
    }
    assert written == set(ACTORS.values())
    assert all(key == kind.key for key, kind in ACTORS.items())


def test_no_actor_is_both_in_the_totals_and_outside() -> None:
    assert not set(ROSTER) & set(OUTSIDE)
    assert all(OUTSIDE.values())


def test_mechanisms_name_actors_that_exist_and_leave_none_out() -> None:
    named = {key for keys in MECHANISMS.values() for key in keys}
    assert named == set(ACTORS)


def test_every_number_of_an_actor_outside_the_totals_has_a_range_and_a_source() -> None:
    for kind in OUTSIDE:
        declared = list(declarations(kind))
        assert declared
        for d in declared:
            assert d.unit
            assert len(d.source) > 10, d.address
            if not d.structural:
                assert (np.asarray(d.low) < np.asarray(d.high)).all(), d.address


def test_a_bystander_moves_no_price() -> None:
    kinds = [kind for kind in OUTSIDE if issubclass(kind, Bystander)]
    assert {kind.key for kind in kinds} == {"hedger", "fed_speaker", "treasury_desk", "fed_desk"}
    for kind in kinds:
        assert not np.asarray(kind().order(None, jnp.asarray([-0.2]))).any()
        assert float(kind().limit(jnp.asarray(1.0))) == 0.0


def test_what_a_view_does_not_say_has_no_leaf() -> None:
    """Runs that fill in nothing new compile and compute what they did before."""
    added = ("implied_volatility", "protection", "policy", "balance", "key")
    assert all(View.__dataclass_fields__[name].default is None for name in added)
