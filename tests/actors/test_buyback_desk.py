"""Companies: they buy by the calendar, less in blackout, whatever the price does."""

from collections.abc import Callable

import numpy as np
import pytest

from groundswell.actors import BuybackDesk
from groundswell.core.day import View
from groundswell.core.engine import jnp


def test_a_full_blackout_thins_gross_purchases_by_a_third(after_closes: Callable[..., View]) -> None:
    desk = BuybackDesk()
    orders = [
        float(desk.order(desk.plan(None, after_closes(desk, np.ones(3), blackout=b)), jnp.zeros(1))[0])
        for b in (0.0, 1.0)
    ]
    issued = float(desk.issuance) / 252 * 20_000
    assert (orders[1] + issued) / (orders[0] + issued) == pytest.approx(1 - 0.33)


def test_quarterly_totals_of_2025_come_out_at_four_billion_a_day(after_closes: Callable[..., View]) -> None:
    """USD 249.0bn in a quarter is USD 4.0bn a day over 62 sessions."""
    import equinox as eqx

    desk = eqx.tree_at(lambda d: d.authorisation, BuybackDesk(), np.asarray(4 * 249.0 / 20_000))
    issued = float(desk.issuance) / 252 * 20_000
    order = desk.order(desk.plan(None, after_closes(desk, np.ones(3))), jnp.zeros(1))
    assert round(float(order[0]) + issued, 1) == 4.0


def test_the_order_is_the_same_in_a_crash(after_closes: Callable[..., View]) -> None:
    desk = BuybackDesk()
    plan = desk.plan(None, after_closes(desk, np.ones(3)))
    assert float(desk.order(plan, jnp.asarray([-0.2]))[0]) == float(desk.order(plan, jnp.zeros(1))[0]) > 0
