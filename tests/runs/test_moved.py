"""What moved it: the parts add up to the move, and nothing comes from nothing."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from groundswell.core.engine import jnp
from groundswell.data.book import Book
from groundswell.runs.moved import what_moved
from groundswell.runs.replay import Replay
from groundswell.world.impact_law import ImpactLaw


@pytest.mark.parametrize("window", [(399, 399), (380, 399)])
def test_the_parts_add_up_to_the_move_in_every_draw(
    window: tuple[int, int], made_book: Callable[..., Book], followed: Callable[[Book], Replay]
) -> None:
    run = followed(made_book(400))
    moved = what_moved(run, ImpactLaw(), *window, np.ones(run.members))
    assert moved.total == pytest.approx(run.history.returns[window[0] : window[1] + 1, 0].sum())
    parts = moved.effects.sum(axis=0) + moved.decay + moved.residual
    np.testing.assert_allclose(parts, moved.total, atol=1e-12)
    np.testing.assert_allclose(
        moved.initiating + moved.reflexive, run.orders[window[0] : window[1] + 1].sum(axis=0), atol=1e-9
    )


def test_effects_have_the_sign_of_the_order_and_a_foreseen_order_moves_less() -> None:
    law = ImpactLaw()
    orders = jnp.asarray([5.0, 5.0])
    _, effects, _ = law.session(
        jnp.asarray(0.0), orders, jnp.asarray([0.0, 5.0]), jnp.asarray(2e4), jnp.asarray(300.0),
        jnp.asarray(0.01),
    )  # fmt: skip
    surprise, foreseen = np.asarray(effects)
    assert surprise > foreseen > 0
    lasting = 0.5 * 5.0 * 5.0 / 2e4
    assert surprise - foreseen == pytest.approx(0.6 * lasting)


def test_effects_and_decay_are_the_change_of_impact_exactly() -> None:
    law, before = ImpactLaw(), jnp.asarray(0.004)
    orders = jnp.asarray([-7.0, 2.0])
    after, effects, decay = law.session(
        before, orders, jnp.zeros(2), jnp.asarray(2e4), jnp.asarray(300.0), jnp.asarray(0.01)
    )
    lasting = 0.5 * 5.0 * -5.0 / 2e4
    assert float(effects.sum() + decay) == pytest.approx(float(after - before) + lasting, abs=1e-15)


def test_far_from_zero_the_decaying_part_is_the_square_root_law() -> None:
    from groundswell.measure.impact import square_root

    law = ImpactLaw()
    ours = 100.0 * float(law.slope(jnp.asarray(100.0), jnp.asarray(0.01)))
    assert ours == pytest.approx(float(square_root(100 * 300, 300, 0.01, 0.75)), rel=1e-3)


def test_without_flows_nothing_is_explained() -> None:
    after, effects, decay = ImpactLaw().session(
        jnp.asarray(0.0), jnp.zeros(3), jnp.zeros(3), jnp.asarray(2e4), jnp.asarray(300.0), jnp.asarray(0.01)
    )
    assert float(after) == float(decay) == 0.0
    assert (np.asarray(effects) == 0).all()


def test_a_days_effects_use_sizes_and_volatility_of_the_evening_before(
    made_book: Callable[..., Book], followed: Callable[[Book], Replay]
) -> None:
    """One day by hand: market value, volume and the last month's volatility, all of the previous close."""
    run = followed(made_book(400))
    history, law, day = run.history, ImpactLaw(), 399
    # without memory the day stands alone
    law = dataclasses.replace(law, decay=np.asarray(0.0))
    moved = what_moved(run, law, day, day, np.ones(run.members))
    orders = run.orders[day, :, 0]
    known = np.array([key in ("buyback_desk", "rebalancer") for key in run.actors])
    foreseen = np.where(known, run.initiating[day, :, 0], 0.0)
    volatility = np.sqrt(np.mean(history.returns[day - 21 : day, 0] ** 2))
    q = orders.sum() / history.daily_volume[day - 1]
    passing = 0.75 * volatility * orders / history.daily_volume[day - 1] / np.sqrt(abs(q) + 0.01)
    lasting = 0.5 * 5 / history.market_value[day - 1] * (orders - 0.6 * foreseen)
    np.testing.assert_allclose(moved.effects[:, 0], passing + lasting, rtol=1e-9)
