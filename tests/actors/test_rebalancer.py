"""Balanced funds: the exact month-end order, and bands."""

import dataclasses
from collections.abc import Callable

import equinox as eqx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.actors import Rebalancer
from groundswell.actors.rebalancer import rebalance_order
from groundswell.data.book import Book
from groundswell.runs.history import lay_out
from groundswell.runs.replay import replay


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


def test_a_month_end_cohort_is_back_at_policy_on_the_last_session(
    made_book: Callable[..., Book],
) -> None:
    history = lay_out(made_book(300, assets=("index", "bond")))
    nobody = np.array([0.03, 0.0])
    funds = eqx.tree_at(lambda f: f.aum_share, Rebalancer(), nobody)
    run = replay(history, {"rebalancer": funds})
    last_days = np.asarray(history.days.sessions_to_month_end)[:300] == 0
    weight = run.holding[:, 0, 0] / (0.03 * history.market_value[:300])
    np.testing.assert_allclose(weight[last_days][1:], 0.6, atol=1e-12)
    middle = np.asarray(history.days.sessions_to_month_end)[:300] >= 3
    assert (run.orders[middle, 0, 0] == 0).all()


def test_a_fund_that_left_its_band_goes_home_in_slices(made_book: Callable[..., Book]) -> None:
    book = made_book(300)
    moves = np.full(300, 1e-9)
    moves[200:203] = -0.06
    frame = book.series["index"].frame.assign(value=100 * np.exp(np.cumsum(moves)))
    series = dataclasses.replace(book.series["index"], frame=frame)
    history = lay_out(Book({"index": series}, book.as_of, book.label))
    funds = eqx.tree_at(lambda f: f.aum_share, Rebalancer(), np.array([0.0, 0.03]))
    run = replay(history, {"rebalancer": funds})
    drift = run.holding[:, 0, 0] / (0.03 * history.market_value[:300]) - 0.6
    days = np.flatnonzero(np.abs(run.orders[:, 0, 0]) > 1e-9)
    assert days[0] == 203, "the session after the band was left"
    assert 4 <= len(days) <= 8
    assert (np.diff(days) == 1).all()
    assert abs(drift[days[-1]]) <= 0.25 * 0.03
    assert (run.orders[days, 0, 0] > 0).all(), "it buys what has fallen"
