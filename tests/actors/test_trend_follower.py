"""Trend followers: what each look-back says, how the book adds up, when it turns."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from made_data import random_walk

from groundswell.actors import TrendFollower
from groundswell.core.day import View
from groundswell.core.engine import jnp
from groundswell.data.book import Book
from groundswell.measure import trend
from groundswell.runs.history import lay_out
from groundswell.runs.replay import replay

BOOK = TrendFollower()


def signals(view: View) -> dict[str, float]:
    state = BOOK.init(view)
    said, _ = BOOK.signals(view.tape, state.breakout)
    return dict(zip(BOOK.rules, np.asarray(said)[:, 0], strict=True))


def test_every_rule_is_long_in_a_steady_rise_and_short_in_a_steady_fall(
    after_closes: Callable[..., View],
) -> None:
    rise = 100 * np.exp(0.001 * np.arange(300) + 1e-4 * (-1.0) ** np.arange(300))
    assert all(said > 0 for said in signals(after_closes(BOOK, rise)).values())
    assert all(said < 0 for said in signals(after_closes(BOOK, rise[::-1])).values())


def test_the_rules_say_what_the_published_measures_say(after_closes: Callable[..., View]) -> None:
    prices = pd.Series(np.asarray(random_walk(400, seed=8)))
    said = signals(after_closes(BOOK, prices.to_numpy()))
    assert said["crossover 20/120"] == trend.moving_average_crossover(prices).iloc[-1]
    assert said["momentum 252"] == np.sign(trend.time_series_momentum(prices).iloc[-1])
    forecast = np.clip(3.75 * trend.ewmac(prices, 16, 64).iloc[-1] / 20, -1, 1)
    assert said["exponential 16/64"] == pytest.approx(forecast, rel=1e-9)
    assert said["average 35 (short pivot)"] == np.sign(prices.iloc[-1] - prices.iloc[-35:].mean())


def test_positions_are_the_average_signal_at_a_fixed_risk_and_capped(
    after_closes: Callable[..., View],
) -> None:
    noise = np.random.default_rng(2).normal(0, 0.16 / np.sqrt(252), 300)
    view = after_closes(BOOK, 100 * np.exp(np.cumsum(noise)))
    volatility = float(sum(view.tape.exponential_volatility(c)[0] for c in (17, 60)) / 2)
    said = jnp.asarray(list(signals(view).values()))[:, None]
    expected = float(said[:, 0] @ BOOK.rule_weights) * 0.020 / volatility
    assert float(BOOK.wanted(said, view.tape)[0]) == pytest.approx(expected, rel=1e-12)
    calm = after_closes(BOOK, 100 * np.exp(0.0004 * np.arange(300) + 1e-5 * (-1.0) ** np.arange(300)))
    assert float(BOOK.wanted(jnp.ones((20, 1)), calm.tape)[0]) == 0.25


def test_there_are_twenty_look_backs_and_their_weights_add_to_one() -> None:
    assert len(BOOK.rules) == len(set(BOOK.rules)) == 20
    assert BOOK.rule_weights.sum() == pytest.approx(1.0)


def test_a_short_history_is_followed_by_the_look_backs_that_it_fills(
    after_closes: Callable[..., View],
) -> None:
    view = after_closes(BOOK, np.linspace(100, 110, 70))
    speaks = dict(zip(BOOK.rules, np.asarray(BOOK.speaks(view.tape)), strict=True))
    assert speaks["momentum 63"]
    assert not speaks["average 115 (medium pivot)"]
    size = np.asarray(BOOK.size(view.tape))[:, 0]
    assert size[[not s for s in speaks.values()]].sum() == 0


def test_positions_of_many_assets_are_those_of_each_alone_and_those_of_the_market(
    made_book: Callable[..., Book],
) -> None:
    history = lay_out(made_book(300, assets=("index", "bond")))
    prices = pd.DataFrame(history.closes[:300], index=history.dates, columns=["index", "bond"])
    together = BOOK.positions(prices)
    run = replay(history, {"trend_follower": BOOK})
    in_market = run.holding[:, 0, 0] / (0.0104 * history.market_value[:300])
    np.testing.assert_allclose(together["index"].iloc[1:], in_market[1:], atol=1e-12)
    known = BOOK.positions(prices.iloc[:200])
    pd.testing.assert_frame_equal(together.iloc[:200], known)
    assert (together.iloc[100:] != 0).any().all()
