"""What every actor promises: an order fixed at the previous close plus a continuous answer to the
day, sizes proportional to the market, holdings that change by what was filled.
"""

from collections.abc import Callable

import numpy as np
import pytest

from groundswell.core.day import Actor, View
from groundswell.core.engine import jnp
from groundswell.data.errors import GroundswellError
from groundswell.world.roster import ROSTER, actors_for
from groundswell.world.session import run_session

ASSETS = ("index", "bond")


@pytest.fixture(params=ROSTER, ids=lambda kind: kind.key)
def met(request: pytest.FixtureRequest, after_closes: Callable[..., View]) -> tuple[Actor, object, View]:
    """An actor, its state and the view, in the middle of a random market."""
    actor = request.param()
    moves = np.random.default_rng(1).normal(0, [0.01, 0.004], (90, 2))
    view = after_closes(actor, 100 * np.exp(np.cumsum(moves, axis=0)), ASSETS, left_in_month=1, blackout=0.5)
    state = actor.init(view)
    for r in moves[-80:]:
        plan = actor.plan(state, view)
        state = actor.update(state, plan, view, jnp.asarray(r), actor.order(plan, jnp.asarray(r)))
    return actor, state, view


def test_the_answer_to_a_day_vanishes_with_the_day(met: tuple[Actor, object, View]) -> None:
    actor, state, view = met
    plan = actor.plan(state, view)
    still = np.asarray(actor.order(plan, jnp.zeros(2)))
    tiny = np.asarray(actor.order(plan, jnp.full(2, 1e-9)))
    assert np.isfinite(still).all()
    np.testing.assert_allclose(tiny, still, atol=1e-6)


def test_an_order_scales_with_the_market(met: tuple[Actor, object, View]) -> None:
    actor, state, view = met
    double = View(view.assets, view.tape, 2 * view.market_value, view.daily_volume, view.day)
    r = jnp.asarray([-0.02, 0.003])
    once, twice = (np.asarray(actor.order(actor.plan(state, v), r)) for v in (view, double))
    np.testing.assert_allclose(twice, 2 * once, atol=1e-12)


def test_what_was_not_filled_is_still_wanted(met: tuple[Actor, object, View]) -> None:
    """A fund whose order was refused holds what it held; companies and daily-reset funds hold nothing."""
    actor, state, view = met
    if actor.key in ("buyback_desk", "leveraged_fund"):
        pytest.skip("its order is made anew each day")
    plan, r = actor.plan(state, view), jnp.zeros(2)
    order = np.asarray(actor.order(plan, r))
    filled, refused = (
        float(actor.holding(actor.update(state, plan, view, r, jnp.asarray(f)), view.market_value))
        for f in (order, np.zeros(2))
    )
    assert filled - refused == pytest.approx(order[0], abs=1e-9)


def test_an_actor_without_its_asset_stays_out_and_the_roster_says_so() -> None:
    actors, notes = actors_for(("index",))
    assert "risk_parity" not in actors
    assert any("Risk parity" in note and "bond" in note for note in notes)
    assert "risk_parity" in actors_for(ASSETS)[0]


def test_a_parameter_is_set_by_address_and_a_wrong_address_names_the_nearest() -> None:
    actors, _ = actors_for(("index",), {"trend_follower.speed": 0.5, "vol_target.target": 0.2})
    assert float(actors["trend_follower"].speed) == 0.5
    assert (np.asarray(actors["vol_target"].target) == 0.2).all()
    with pytest.raises(GroundswellError, match=r"did you mean 'vol_target\.target'"):
        actors_for(("index",), {"vol_target.targt": 0.2})


@pytest.mark.parametrize(
    ("address", "value", "said"),
    [
        ("vol_target.target", -1.0, "at least 0.01"),
        ("vol_target.target", float("nan"), "cannot be nan"),
        ("vol_target.speed", [0.5] * 3, "6 of them, one per cohort"),
        ("trend_follower.speed", 5.0, "at most 1"),
        ("trend_follower.speed", "fast", "cannot be 'fast'"),
        ("risk_parity.target", 0.1, "not in this market"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_in_words(address: str, value: object, said: str) -> None:
    with pytest.raises(GroundswellError, match=said):
        actors_for(("index",), {address: value})


def test_what_was_fixed_the_evening_before_and_the_answer_make_up_the_order(
    met: tuple[Actor, object, View],
) -> None:
    actor, state, view = met
    r = jnp.asarray([-0.03, 0.004])
    _, done = run_session({actor.key: actor}, {actor.key: state}, view, r, view.market_value)
    plan = actor.plan(state, view)
    assert float(done.initiating[0]) == pytest.approx(float(actor.order(plan, jnp.zeros(2))[0]), abs=1e-12)
    whole = float(done.initiating[0] + done.reflexive[0])
    assert whole == pytest.approx(float(actor.order(plan, r)[0]), abs=1e-12)
