"""The state of the volatility curve.

- The episodes of 2008-2020 from Cboe's files, to the printed digit, and how often the curve was inverted.
- Ratios, slopes and forward variances against each other; doubled levels quadruple variances.
- Percentiles against a plain count, with their first year; episodes and persistence against plain loops.
- Dropping later days changes no row; days without a session are dropped, missing ones stay missing.
- The three curves of the chart; a book with the VIX alone; bad input in words.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundswell.data import calendar
from groundswell.data.book import Book
from groundswell.data.bundle import bundled_book
from groundswell.data.errors import DataError
from groundswell.measure import vol_curve

EPISODES = {
    "2008-11-20": (80.86, None, None, None, None),
    "2018-02-02": (17.31, 18.86, 17.03, 125.5, 1.016),
    "2018-02-05": (37.32, 59.34, 28.13, 177.3, 1.327),
    "2020-03-16": (82.69, 106.66, 67.70, 207.6, 1.221),
    "2024-08-05": (38.57, 42.79, 33.71, 173.3, 1.144),
    "2025-04-04": (45.31, 57.17, 36.71, 147.2, 1.234),
    "2025-04-07": (46.98, 62.58, 36.88, 152.6, 1.274),
    "2025-04-08": (52.33, 67.63, 41.50, 170.9, 1.261),
    "2025-10-16": (25.31, 25.87, 24.87, 134.3, 1.018),
    "2025-11-19": (23.66, 23.10, 23.99, 119.6, 0.986),
    "2025-11-20": (26.42, 26.35, 25.76, 128.7, 1.026),
    "2025-11-21": (23.43, 21.51, 23.96, 118.3, 0.978),
    "2025-11-26": (17.19, 13.33, 20.02, 92.2, 0.859),
    "2026-03-27": (31.05, 30.64, 29.27, 133.2, 1.061),
}
"""Closes of VIX, VIX9D, VIX3M and VVIX, and VIX / VIX3M, as printed (Cboe)."""

COUNT = 700
DAYS = calendar.sessions_after(pd.Timestamp("2012-01-02"), COUNT)


def made_levels(seed: int = 0, count: int = COUNT) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    common = np.exp(0.02 * random.standard_normal(count).cumsum())
    own = np.exp(0.05 * random.standard_normal((count, 4)))
    return pd.DataFrame(
        np.array([14, 16, 17.5, 18.5]) * common[:, None] * own, DAYS[:count], list(vol_curve.TENORS)
    )


@pytest.fixture
def real_levels(real_data: Callable[[str], Path]) -> pd.DataFrame:
    columns = {}
    for name in vol_curve.TENORS:
        table = pd.read_csv(real_data(f"vol/{name}_daily.csv"), index_col=0, parse_dates=True)
        columns[name] = table["close"]
    return pd.concat(columns, axis=1, sort=True)


def test_the_episodes_to_the_printed_digit(
    real_levels: pd.DataFrame, real_data: Callable[[str], Path]
) -> None:
    state = vol_curve.state(real_levels)
    vvix = pd.read_csv(real_data("vol/vvix_daily.csv"), index_col=0, parse_dates=True)["vvix"]
    held = [day for day in EPISODES if pd.Timestamp(day) <= real_levels.index[-1]]
    assert len(held) >= 4
    for day in held:
        vix, nine, three, of_vix, ratio = EPISODES[day]
        row = state.loc[day]
        assert row["vix"] == vix
        if ratio is not None:
            assert (row["vix9d"], row["vix3m"]) == (nine, three)
            assert round(row["ratio_middle"], 3) == ratio
            assert round(vvix[day], 1) == of_vix
            assert row["inverted_middle"] == float(ratio > 1)
    assert round(state.loc["2018-02-05", "vix"] / state.loc["2018-02-02", "vix"] - 1, 3) == 1.156


@pytest.mark.parametrize("day", [day for day, row in EPISODES.items() if row[4]])
def test_the_printed_ratios_follow_from_the_printed_closes(day: str) -> None:
    vix, nine, three, _, ratio = EPISODES[day]
    row = vol_curve.state(pd.DataFrame({"vix": vix, "vix9d": nine, "vix3m": three}, [pd.Timestamp(day)]))
    assert round(row["ratio_middle"].iloc[0], 3) == ratio


def test_how_often_the_curve_was_inverted(real_levels: pd.DataFrame) -> None:
    ratio = vol_curve.state(real_levels)["ratio_middle"][:"2022-12-30"]
    runs, told = vol_curve.episodes(ratio), vol_curve.persistence(ratio)
    assert (ratio.idxmax(), round(ratio.max(), 3)) == (pd.Timestamp("2020-02-28"), 1.344)
    assert (len(runs), told.episodes, told.days) == (88, 88, 276)
    assert round(told.share, 4) == 0.0825
    longest = runs.loc[runs["sessions"].idxmax()]
    assert (str(longest["start"].date()), str(longest["end"].date())) == ("2020-02-24", "2020-04-23")
    assert told.median_sessions == 2
    assert told.stay_low < told.stay < told.stay_high


def test_ratio_slope_and_forward_agree() -> None:
    levels = made_levels()
    state = vol_curve.state(levels)
    variances = (levels / 100) ** 2
    for pair, (near, far) in vol_curve.PAIRS.items():
        assert ((state[f"ratio_{pair}"] > 1) == (state[f"slope_{pair}"] < 0)).all()
        assert ((state[f"ratio_{pair}"] > 1) == (state[f"inverted_{pair}"] == 1)).all()
        days = vol_curve.TENORS[near], vol_curve.TENORS[far]
        rebuilt = days[0] * variances[near] + (days[1] - days[0]) * state[f"forward_{pair}"]
        np.testing.assert_allclose(rebuilt, days[1] * variances[far], rtol=1e-12)
    assert 0.05 < state["inverted_middle"].mean() < 0.95


def test_doubled_levels_quadruple_variances() -> None:
    once, twice = vol_curve.state(made_levels()), vol_curve.state(2 * made_levels())
    for pair in vol_curve.PAIRS:
        np.testing.assert_allclose(twice[f"slope_{pair}"], 4 * once[f"slope_{pair}"], rtol=1e-12)
        np.testing.assert_allclose(twice[f"forward_{pair}"], 4 * once[f"forward_{pair}"], rtol=1e-12)
        np.testing.assert_array_equal(twice[f"percentile_{pair}"], once[f"percentile_{pair}"])


def test_percentiles_are_plain_counts_with_their_year() -> None:
    levels = made_levels()
    state = vol_curve.state(levels)
    ratio = (levels["vix"] / levels["vix3m"]).to_numpy()
    for place in (251, 300, 699):
        assert state["percentile_middle"].iloc[place] == pytest.approx(
            (ratio[: place + 1] <= ratio[place]).mean()
        )
    assert state["percentile_middle"].iloc[:251].isna().all()
    assert state.attrs["since"] == dict.fromkeys(
        ["percentile_fast", "percentile_middle", "percentile_slow", "percentile_vix"], 2012
    )


@given(st.lists(st.sampled_from([0.9, 1.0, 1.1, 1.2, np.nan]), min_size=1, max_size=60))
@settings(max_examples=40, deadline=None)
def test_episodes_and_persistence_are_plain_runs(values: list[float]) -> None:
    ratio = pd.Series(values, DAYS[: len(values)])
    runs: list[list[pd.Timestamp]] = []
    before, pairs, stays = False, 0, 0
    for day, value in ratio.items():
        if np.isnan(value):
            continue
        above = value > 1
        if above and not before:
            runs.append([])
        if above:
            runs[-1].append(day)
        pairs += before
        stays += before and above
        before = above
    found = vol_curve.episodes(ratio)
    assert found["start"].tolist() == [run[0] for run in runs]
    assert found["end"].tolist() == [run[-1] for run in runs]
    assert found["sessions"].tolist() == [len(run) for run in runs]
    assert found["peak"].tolist() == [ratio[run].max() for run in runs]
    assert found["peak_day"].tolist() == [ratio[run].idxmax() for run in runs]
    assert found["open"].tolist() == [before and number == len(runs) - 1 for number in range(len(runs))]
    if ratio.notna().any():
        told = vol_curve.persistence(ratio)
        assert told.days == sum(len(run) for run in runs)
        assert (told.stay == stays / pairs) if pairs else np.isnan(told.stay)


def test_the_chance_to_stay_has_wilsons_interval() -> None:
    told = vol_curve.persistence(pd.Series([1.1, 1.1, 1.1, 0.9] * 10 + [0.9], DAYS[:41]))
    n, p, z = 30, 20 / 30, 1.959964
    middle, half = (p + z**2 / (2 * n)), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert told.stay == pytest.approx(p)
    assert (told.stay_low, told.stay_high) == pytest.approx(
        ((middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)), abs=1e-6
    )


@pytest.mark.parametrize("kept", [253, 400, 699])
def test_dropping_later_days_changes_no_row(kept: int) -> None:
    levels = made_levels()
    whole, cut = vol_curve.state(levels), vol_curve.state(levels.iloc[:kept])
    pd.testing.assert_frame_equal(cut, whole.iloc[:kept], check_exact=True)
    ratio = whole["ratio_middle"]
    some, every = vol_curve.episodes(ratio.iloc[:kept]), vol_curve.episodes(ratio)
    closed = some[~some["open"]]
    pd.testing.assert_frame_equal(closed, every.iloc[: len(closed)], check_exact=True)


def test_days_without_a_session_go_and_missing_levels_stay_missing() -> None:
    levels = made_levels(count=30)
    levels.loc[pd.Timestamp("2012-01-07")] = 20.0  # a Saturday
    levels.loc[DAYS[5], "vix3m"] = np.nan
    state = vol_curve.state(levels)
    assert state.index.tolist() == DAYS[:30].tolist()
    gone = state.loc[DAYS[5], ["ratio_middle", "slope_middle", "inverted_middle", "ratio_slow"]]
    assert gone.isna().all()
    assert np.isfinite(state.loc[DAYS[5], "ratio_fast"])


def test_three_curves_are_sessions_back() -> None:
    levels = made_levels()
    levels.iloc[-1, 1:] = np.nan  # the day is not complete: VIX9D alone
    curves = vol_curve.three_curves(levels)
    assert curves.columns.tolist() == ["now", "week ago", "month ago"]
    assert curves.attrs["days"] == {"now": DAYS[-2], "week ago": DAYS[-7], "month ago": DAYS[-23]}
    assert curves["month ago"].tolist() == levels.iloc[-23].tolist()
    with pytest.raises(DataError, match="21 days with a curve"):
        vol_curve.three_curves(levels.iloc[:21])


def test_the_bundle_has_the_level_alone() -> None:
    state = vol_curve.state(vol_curve.closes(bundled_book()))
    assert state.columns.tolist() == ["vix", "percentile_vix"]
    assert state.attrs["since"] == {"percentile_vix": 2014}
    assert vol_curve.three_curves(vol_curve.closes(bundled_book())).index.tolist() == ["vix"]


def test_the_basis_is_stress_below_zero() -> None:
    front, spot = pd.Series([33.2, 15.6], DAYS[:2]), pd.Series([37.32, 13.5], DAYS[:2])
    assert vol_curve.basis(front, spot).round(2).tolist() == [-4.12, 2.10]


def test_the_front_future_is_the_next_to_expire() -> None:
    quotes = pd.DataFrame(
        [
            ("2025-11-18 22:00", "2025-11-19", 24.0),
            ("2025-11-18 22:00", "2025-12-17", 22.0),
            ("2025-11-19 15:00", "2025-12-17", 22.5),
            ("2025-11-19 22:00", "2025-11-19", 23.5),  # settled this morning
            ("2025-11-19 22:00", "2026-01-21", 21.9),
            ("2025-11-19 22:00", "2025-12-17", 21.4),
            ("2025-11-21 01:00", "2025-12-17", np.nan),  # the evening of the 20th in New York
            ("2025-11-21 01:00", "2026-01-21", 22.3),
        ],
        columns=["taken", "expiry", "settle"],
    )
    quotes["taken"] = pd.to_datetime(quotes["taken"], utc=True)
    quotes["expiry"] = pd.to_datetime(quotes["expiry"])
    front = vol_curve.front_settlements(quotes)
    assert front.index.strftime("%m-%d").tolist() == ["11-18", "11-19", "11-20"]
    assert front.tolist() == [24.0, 21.4, 22.3]
    assert vol_curve.front_settlements(quotes.iloc[:0]).empty


def test_bad_input_is_refused_in_words(made_book: Callable[..., Book]) -> None:
    levels = made_levels(count=30)
    with pytest.raises(DataError, match="there is no volatility index"):
        vol_curve.closes(made_book())
    with pytest.raises(DataError, match="no tenor 'vix2y'"):
        vol_curve.state(levels.rename(columns={"vix": "vix2y"}))
    with pytest.raises(DataError, match="2012-01-04 stands twice"):
        vol_curve.state(pd.concat([levels, levels.iloc[[1]]]))
    for wrong in (0.17, -5.0, 0.0, 1_700.0, np.inf):
        broken = levels.copy()
        broken.iloc[3, 1] = wrong
        with pytest.raises(DataError, match=r"vix is .*2012-01-06|2012-01-06: vix is"):
            vol_curve.state(broken)
    with pytest.raises(DataError, match="no day has both tenors"):
        vol_curve.persistence(pd.Series([np.nan, np.nan], DAYS[:2]))
    assert vol_curve.episodes(pd.Series([0.9, 1.0], DAYS[:2])).empty
    assert vol_curve.percentile(pd.Series([np.nan, np.nan], DAYS[:2])).isna().all()
