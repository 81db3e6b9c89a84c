"""Volatility-target funds: the published tables to their digits, the reference path on real prices,
and what such a fund does when the market changes.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from groundswell.actors import VolTarget
from groundswell.data.book import Book
from groundswell.data.errors import GroundswellError
from groundswell.runs.history import lay_out
from groundswell.runs.replay import replay

STEADY = 0.10**2 / 252


def test_the_ten_day_table_is_reproduced_to_its_printed_digits() -> None:
    returns = np.array([0.2, -0.3, 0.5, -0.1, 0.4, -2.5, 1.2, -3.0, 2.0, 0.3]) / 100
    printed = [
        1.013767, 1.025634, 1.030863, 1.046250, 1.055129, 0.765749, 0.741085, 0.570511, 0.535072, 0.550744,
    ]  # fmt: skip
    fund = VolTarget(target=0.10, decay_short=0.94, decay_long=0.97, cap=1.5, lag=0, seed_variance=STEADY)
    np.testing.assert_array_equal(np.round(fund.weights(returns), 6), printed)


@pytest.mark.parametrize(
    ("shock", "exposure"), [(0.01, 0.95730), (0.02, 0.80457), (0.03, 0.65927), (0.04, 0.54561)]
)
def test_one_large_day_cuts_exposure_by_the_printed_amount(shock: float, exposure: float) -> None:
    fund = VolTarget(target=0.10, lag=0, seed_variance=STEADY)
    assert round(float(fund.weights([shock])[0]), 5) == exposure
    assert fund.weights([-shock])[0] == fund.weights([shock])[0]


def test_large_days_leaving_the_three_month_window_double_the_desk_funds_exposure() -> None:
    """Nomura's June 2025 arithmetic: 12% funds go from 37.5% to 93.8% invested at 50 bp a day."""

    def swings(size: float) -> np.ndarray:
        return size * np.where(np.arange(21) % 2, -1.0, 1.0)

    def annual(returns: np.ndarray) -> float:
        return float(np.std(returns, ddof=1) * np.sqrt(252))

    def solve(make: Callable[[float], np.ndarray], aim: float) -> float:
        low, high = 0.0, 0.2
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if annual(make(middle)) < aim else (low, middle)
        return low

    recent = swings(solve(swings, 0.1241))
    calm = swings(0.005)
    middle = swings(solve(lambda s: np.concatenate([swings(s), recent, calm]), 0.1279))
    tariff = swings(solve(lambda s: np.concatenate([swings(s), middle, recent]), 0.3198))
    returns = np.concatenate([tariff, middle, recent, calm])
    assert round(annual(calm), 4) == 0.0812

    for target, cap, before, after, base in [
        (0.10, 1.5, 31.3, 78.2, 243),
        (0.12, 1.5, 37.5, 93.8, 203),
        (0.15, 1.5, 46.9, 117.3, 162),
        (0.15, 1.0, 46.9, 100.0, 215),
    ]:
        weights = VolTarget(target=target, cap=cap, lag=0, rule="window").weights(returns)
        assert weights[62] * 100 == pytest.approx(before, abs=0.06)
        assert weights[-1] * 100 == pytest.approx(after, abs=0.06)
        assert 114.2 / (weights[-1] - weights[62]) == pytest.approx(base, abs=0.7)


@pytest.mark.parametrize(
    ("day", "exposure"),
    [("2018-01-26", 1.211), ("2018-02-05", 0.494), ("2020-02-19", 0.906), ("2020-03-23", 0.130)],
)
def test_the_reference_path_on_real_spy_closes(
    day: str, exposure: float, real_data: Callable[[str], Path]
) -> None:
    prices = pd.read_csv(real_data("etf/spy.csv"), parse_dates=["date"]).set_index("date")["close"]
    returns = np.log(prices).diff().dropna()
    fund = VolTarget(target=0.10, lag=0, seed_days=252, seed="mean")
    weights = pd.Series(fund.weights(returns), index=returns.index)
    assert weights.loc[day] == pytest.approx(exposure, rel=0.02)


def test_the_reference_path_arithmetic_on_made_returns() -> None:
    returns = np.random.default_rng(3).normal(0, 0.01, 400)
    variance = {0.94: np.mean(returns[:252] ** 2), 0.97: np.mean(returns[:252] ** 2)}
    for r in returns[252:]:
        variance = {decay: decay * v + (1 - decay) * r**2 for decay, v in variance.items()}
    expected = min(1.5, 0.10 / np.sqrt(252 * max(variance.values())))
    fund = VolTarget(target=0.10, lag=0, seed_days=252, seed="mean")
    assert fund.weights(returns)[-1] == pytest.approx(expected, rel=1e-12)


def test_the_weighted_seed_is_the_normalised_exponential_mean_of_its_returns() -> None:
    returns = np.random.default_rng(4).normal(0, 0.01, 30)
    weights = VolTarget(target=0.10, lag=0, seed_days=20).weights(returns)
    assert np.isnan(weights[:19]).all()
    decayed = [
        np.average(returns[:20] ** 2, weights=(1 - d) * d ** np.arange(19, -1, -1)) for d in (0.94, 0.97)
    ]
    assert weights[19] == pytest.approx(min(1.5, 0.10 / np.sqrt(252 * max(decayed))), rel=1e-12)


def test_a_lag_moves_the_weight_in_force_and_nothing_else() -> None:
    returns = np.random.default_rng(5).normal(0, 0.01, 120)
    at_once = VolTarget(target=0.10, lag=0).weights(returns)
    late = VolTarget(target=0.10, lag=2).weights(returns)
    np.testing.assert_array_equal(late[2:], at_once[:-2])
    assert np.isnan(late[:2]).all()


def test_a_fund_sells_fast_when_volatility_doubles_and_buys_back_slowly() -> None:
    calm, rough = 0.10 / np.sqrt(252), 0.20 / np.sqrt(252)
    sign = np.where(np.arange(60) % 2, -1.0, 1.0)
    weights = VolTarget(target=0.10, cap=1.5, lag=0, seed_variance=calm**2).weights(
        np.concatenate([rough * sign, calm * sign])
    )
    down, up = weights[:60], weights[60:]
    halfway = 0.75
    assert weights[59] == pytest.approx(0.5, abs=0.02)
    assert np.argmax(down < halfway) < 0.4 * np.argmax(up > halfway)


def test_exposure_never_exceeds_the_cap_nor_turns_negative() -> None:
    returns = np.random.default_rng(6).normal(0, 0.0005, 200)
    weights = VolTarget(target=0.15, cap=1.25, lag=0).weights(returns)[63:]
    assert (weights <= 1.25).all()
    assert (weights > 0).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"lag": -1},
        {"lag": 1.7},
        {"decay_short": 1.5},
        {"speed": 5},
        {"seed": "foo"},
        {"rule": "x"},
        {"seed_days": 1},
        {"seed_variance": 0.0},
        {"target": [0.1, 0.12]},
    ],
    ids=str,
)
def test_a_setting_outside_its_meaning_is_refused_by_name(settings: dict) -> None:
    with pytest.raises(GroundswellError, match=next(iter(settings))):
        VolTarget(**settings)


@pytest.mark.parametrize("settings", [{"speed": 0.5}, {"band": 0.05}, {"seed": "mean"}], ids=str)
def test_any_setting_makes_a_single_fund(settings: dict) -> None:
    assert VolTarget(**settings).weights(np.full(80, 0.01)).shape == (80,)
    assert VolTarget().weights(np.full(80, 0.01)).shape == (80, 6)


@pytest.mark.parametrize("lag", [1, 2, 3])
def test_a_fund_in_the_market_holds_the_published_weight_after_every_close(
    lag: int, made_book: Callable[..., Book]
) -> None:
    history = lay_out(made_book(200))
    fund = VolTarget(target=0.10, lag=lag, seed_days=40)
    run = replay(history, {"vol_target": fund})
    held = run.holding[:, 0, 0] / (0.00385 * history.market_value[:200])
    published = fund.weights(history.returns[1:200, 0])
    np.testing.assert_allclose(held[60:], published[59:], rtol=1e-10)


def test_dropping_later_returns_changes_no_weight() -> None:
    returns = np.random.default_rng(7).normal(0, 0.01, 200)
    whole = VolTarget(target=0.10).weights(returns)
    np.testing.assert_array_equal(whole[:120], VolTarget(target=0.10).weights(returns[:120]))


def test_missing_returns_are_refused_with_their_place() -> None:
    with pytest.raises(GroundswellError, match="number 1 is nan"):
        VolTarget(target=0.10).weights([0.01, np.nan, 0.02])
