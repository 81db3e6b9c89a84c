"""Leveraged funds: the published rebalancing arithmetic, and its sign."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.actors.leveraged_fund import rebalance_order


@pytest.mark.parametrize(("aum", "leverage", "move", "trade"), [(100, 3, -0.05, -30), (100, -2, 0.04, 24)])
def test_worked_examples(aum: float, leverage: float, move: float, trade: float) -> None:
    assert float(rebalance_order(aum, leverage, move)) == pytest.approx(trade, abs=1e-12)


def test_two_inverse_volatility_products_had_to_buy_6_15bn_in_february_2018() -> None:
    index = (0.35 * 33.225 + 0.65 * 27.975) / (0.35 * 15.625 + 0.65 * 14.975) - 1
    assert round(100 * index, 2) == 96.10
    assert round(float(rebalance_order(3.2, -1, index)), 2) == 6.15


@given(st.floats(-4, 4).filter(lambda x: x < -0.01 or x > 1.01), st.floats(-0.2, 0.2))
def test_the_order_restores_the_promised_exposure_and_goes_with_the_move(
    leverage: float, move: float
) -> None:
    exposure = leverage * 100 * (1 + move)
    wanted = leverage * 100 * (1 + leverage * move)
    order = float(rebalance_order(100, leverage, move))
    assert order == pytest.approx(wanted - exposure, abs=1e-9)
    assert order * move >= 0
