"""Volatility products: the arithmetic of February 2018, and what they may not touch."""

from collections.abc import Callable

import equinox as eqx
import numpy as np
import pytest

from groundswell.actors.volatility_fund import FUTURE, VolatilityFund, rebalance_or_close
from groundswell.core.day import View
from groundswell.core.engine import jnp
from groundswell.measure.vix_futures import short_term_index_return
from groundswell.world.roster import actors_for

ASSETS = ("index", FUTURE)


def day_of_february() -> float:
    """Return of the short-term index on 5 February 2018, from the four settlements."""
    return float(short_term_index_return(15.625, 14.975, 33.225, 27.975, 0.35))


@pytest.fixture(scope="module")
def before(after_closes: Callable[..., View]) -> View:
    return after_closes(VolatilityFund(), np.ones((3, 2)), ASSETS)


def test_two_inverse_products_had_to_buy_6_15bn_and_206_thousand_contracts() -> None:
    ret = day_of_february()
    assert round(100 * ret, 2) == 96.10
    bought = float(rebalance_or_close(jnp.asarray(3.2), jnp.asarray(-1.0), jnp.asarray(ret)))
    assert round(bought, 2) == 6.15
    level = 0.35 * 33.225 + 0.65 * 27.975
    assert round(level, 2) == 29.81
    assert round(bought * 1e9 / (level * 1000) / 1000) == 206


def test_the_actor_does_the_same_with_the_assets_of_that_day(before: View) -> None:
    cap = float(before.market_value)
    fund = VolatilityFund()
    fund = eqx.tree_at(lambda f: f.aum_share, fund, np.asarray(3.2 / fund.mix[3] / cap))
    plan = fund.plan(fund.init(before), before)
    r = jnp.asarray([-0.04, np.log1p(day_of_february())])
    others = float(
        jnp.sum(rebalance_or_close(plan.assets[:3], jnp.asarray(fund.leverage[:3]), jnp.expm1(r[1])))
    )
    order = np.asarray(fund.order(plan, r))
    assert order[0] == 0.0
    assert round(order[1] - others, 2) == 6.15


@pytest.mark.parametrize(("leverage", "multiple"), [(-1, 2), (2, 2), (-2, 6), (3, 6), (-3, 12), (1, 0)])
def test_the_multiple_of_assets_by_leverage(leverage: float, multiple: float) -> None:
    found = rebalance_or_close(jnp.asarray(1.0), jnp.asarray(float(leverage)), jnp.asarray(0.1))
    assert float(found) == pytest.approx(0.1 * multiple)


def test_all_products_buy_when_volatility_rises_and_sell_when_it_falls(before: View) -> None:
    fund = VolatilityFund()
    plan = fund.plan(fund.init(before), before)
    for move in (-0.2, -0.01, 0.01, 0.3, 0.9):
        assert move * float(fund.order(plan, jnp.asarray([0.0, move]))[1]) > 0
    assert not np.asarray(fund.order(plan, jnp.zeros(2))).any()


def test_a_product_that_lost_everything_closes_its_position_without_a_jump() -> None:
    assets, inverse = jnp.asarray(1.0), jnp.asarray(-1.0)
    just, over = (float(rebalance_or_close(assets, inverse, jnp.asarray(r))) for r in (0.999999, 1.000001))
    assert just == pytest.approx(over, abs=1e-5)
    assert float(rebalance_or_close(assets, inverse, jnp.asarray(1.5))) == pytest.approx(2.5)


def test_the_order_scales_with_the_market(before: View) -> None:
    fund, r = VolatilityFund(), jnp.asarray([0.0, 0.2])
    double = eqx.tree_at(lambda v: v.market_value, before, 2 * before.market_value)
    once, twice = (fund.order(fund.plan(fund.init(v), v), r)[1] for v in (before, double))
    assert float(twice) == pytest.approx(2 * float(once))


def test_a_book_without_the_future_has_no_such_funds() -> None:
    assert "volatility_fund" not in actors_for(("index",))[0]
    assert FUTURE in VolatilityFund.needs
