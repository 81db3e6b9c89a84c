"""Leveraged funds: the published rebalancing arithmetic, its sign, and where it ends."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.actors import LeveragedFund
from groundswell.actors.leveraged_fund import rebalance_or_close, rebalance_order
from groundswell.core.day import View
from groundswell.core.engine import jnp
from groundswell.world.session import run_session


@pytest.mark.parametrize(("aum", "leverage", "move", "trade"), [(100, 3, -0.05, -30), (100, -2, 0.04, 24)])
def test_worked_examples(aum: float, leverage: float, move: float, trade: float) -> None:
    assert float(rebalance_order(aum, leverage, move)) == pytest.approx(trade, abs=1e-12)


def test_two_inverse_volatility_products_had_to_buy_6_15bn_in_february_2018() -> None:
    index = (0.35 * 33.225 + 0.65 * 27.975) / (0.35 * 15.625 + 0.65 * 14.975) - 1
    assert round(100 * index, 2) == 96.10
    assert round(float(rebalance_order(3.2, -1, index)), 2) == 6.15


@given(st.floats(-4, 4).filter(lambda x: abs(x) > 0.01), st.floats(-0.9, 2))
def test_a_fund_trades_no_more_than_to_close_what_it_holds(leverage: float, move: float) -> None:
    order = float(rebalance_or_close(jnp.asarray(100.0), jnp.asarray(leverage), jnp.asarray(move)))
    after = leverage * 100 * (1 + move) + order
    wanted = leverage * max(100 * (1 + leverage * move), 0.0)
    assert after == pytest.approx(wanted, abs=1e-8)
    if leverage * move > -1:
        assert order == pytest.approx(float(rebalance_order(100, leverage, move)), rel=1e-12)


@given(st.floats(-4, 4).filter(lambda x: x < -0.01 or x > 1.01), st.floats(-0.2, 0.2))
def test_the_order_restores_the_promised_exposure_and_goes_with_the_move(
    leverage: float, move: float
) -> None:
    exposure = leverage * 100 * (1 + move)
    wanted = leverage * 100 * (1 + leverage * move)
    order = float(rebalance_order(100, leverage, move))
    assert order == pytest.approx(wanted - exposure, abs=1e-9)
    assert order * move >= 0


def test_the_funds_trade_with_the_day_and_only_in_answer_to_it(after_closes: Callable[..., View]) -> None:
    funds = LeveragedFund()
    view = after_closes(funds, np.ones(3))
    _, done = run_session(
        {"l": funds}, {"l": funds.init(view)}, view, jnp.asarray([-0.04]), view.market_value
    )
    assets = 3.05e-4 * 20_000 * np.asarray(funds.mix)
    multiples = np.asarray(funds.leverage)
    expected = np.sum(assets * multiples * (multiples - 1)) * np.expm1(-0.04)
    assert float(done.initiating[0]) == 0.0
    assert float(done.reflexive[0]) == pytest.approx(expected, rel=1e-12)
    assert expected < 0


def test_on_a_day_that_wipes_a_product_out_it_sells_what_it_holds(after_closes: Callable[..., View]) -> None:
    funds = LeveragedFund()
    plan = funds.plan(funds.init(view := after_closes(funds, np.ones(3))), view)
    assets, multiples, move = np.asarray(plan.assets), np.asarray(funds.leverage), -0.4
    value = np.maximum(assets * (1 + multiples * move), 0.0)
    assert value[0] == 0.0  # three times long
    expected = np.sum(multiples * value - multiples * assets * (1 + move))
    order = float(funds.order(plan, jnp.asarray([np.log1p(move)]))[0])
    assert order == pytest.approx(expected, rel=1e-9)
    uncapped = np.sum(rebalance_order(assets, multiples, move))
    assert abs(order) < abs(uncapped)
