"""Published trend measures: worked figures, plain recomputation, alignment, and no look-ahead."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_data import random_walk

from groundswell.measure import trend

MEASURES = {
    "ewmac": lambda p: trend.ewmac(p, 8, 32),
    "momentum": lambda p: trend.time_series_momentum(p, 63),
    "crossover": lambda p: trend.moving_average_crossover(p, 20, 120),
}


def series(sessions: int, seed: int = 0) -> pd.Series:
    days = pd.bdate_range("2015-01-02", periods=sessions)
    return pd.Series(np.asarray(random_walk(sessions, seed=seed)), index=days)


def test_momentum_at_sixteen_percent_volatility_holds_two_and_a_half_times_the_notional() -> None:
    daily = 0.16 / np.sqrt(261)
    moves = daily * np.where(np.arange(2000) % 2, -1, 1)
    prices = pd.Series(np.cumprod(1 + np.concatenate([[0.0], moves + 1e-6])))
    position = trend.time_series_momentum(prices, lookback=252)
    assert abs(position.iloc[-1]) == pytest.approx(2.5, rel=1e-3)


def test_momentum_weighs_returns_by_their_printed_formula() -> None:
    prices = series(700)
    returns = prices.pct_change().to_numpy()[1:]
    delta = 60 / 61
    weights = (1 - delta) * delta ** np.arange(len(returns))
    weights /= weights.sum()
    newest_first = returns[::-1]
    mean = weights @ newest_first
    variance = 261 * weights @ (newest_first - mean) ** 2
    expected = np.sign(prices.iloc[-1] / prices.iloc[-253] - 1) * 0.4 / np.sqrt(variance)
    assert trend.time_series_momentum(prices).iloc[-1] == pytest.approx(expected, rel=1e-12)


def test_ewmac_is_the_gap_of_two_weighted_averages_in_units_of_price_volatility() -> None:
    prices = series(400)

    def average(values: np.ndarray, span: int) -> tuple[float, np.ndarray]:
        weights = (1 - 2 / (span + 1)) ** np.arange(len(values))[::-1]
        return float(weights @ values / weights.sum()), weights

    values = prices.to_numpy()
    changes = np.diff(values)
    mean, weights = average(changes, 35)
    biased = weights @ (changes - mean) ** 2 / weights.sum()
    correction = weights.sum() ** 2 / (weights.sum() ** 2 - (weights**2).sum())
    expected = (average(values, 16)[0] - average(values, 64)[0]) / np.sqrt(biased * correction)
    assert trend.ewmac(prices, 16, 64).iloc[-1] == pytest.approx(expected, rel=1e-10)


def test_a_crossover_is_long_in_a_rise_and_short_in_a_fall_and_silent_before_its_window() -> None:
    rise = pd.Series(np.linspace(100, 200, 300))
    crossover = trend.moving_average_crossover(rise)
    assert crossover.iloc[:119].isna().all()
    assert (crossover.iloc[119:] == 1).all()
    assert trend.moving_average_crossover(rise.iloc[::-1].reset_index(drop=True)).iloc[-1] == -1


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(150, 299))
def test_dropping_later_prices_changes_no_measure(name: str, seed: int, cut: int) -> None:
    prices = series(300, seed)
    whole, known = MEASURES[name](prices), MEASURES[name](prices.iloc[:cut])
    pd.testing.assert_series_equal(whole.iloc[:cut], known, check_exact=True)
