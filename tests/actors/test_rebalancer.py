"""Balanced funds: the exact month-end order, and bands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.actors.rebalancer import rebalance_order


def test_the_worked_month_end() -> None:
    assert float(rebalance_order(100, 0.6, 0.05, -0.01)) == pytest.approx(-1.44, abs=1e-12)


@given(st.floats(0.05, 0.95), st.floats(-0.3, 0.3), st.floats(-0.2, 0.2))
def test_the_order_brings_the_fund_back_to_its_policy_weight(w: float, re: float, rb: float) -> None:
    equity, bonds = w * (1 + re), (1 - w) * (1 + rb)
    order = float(rebalance_order(1.0, w, re, rb))
    assert (equity + order) / (equity + bonds) == pytest.approx(w, abs=1e-12)


def test_inside_its_band_a_fund_does_not_trade_and_outside_it_trades_in_full() -> None:
    drift = 0.6 * 1.05 / (0.6 * 1.05 + 0.4 * 0.99) - 0.6
    assert float(rebalance_order(100, 0.6, 0.05, -0.01, band=drift + 1e-6)) == 0.0
    assert float(rebalance_order(100, 0.6, 0.05, -0.01, band=drift - 1e-6)) == pytest.approx(-1.44)
