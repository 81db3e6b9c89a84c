"""What every answer must satisfy: order, repeats, bounds, dates, release times, units, running bars."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.data.catalog import Entry
from groundswell.data.checking import checked
from groundswell.data.errors import SourceError
from groundswell.data.sources.source import observations

FETCHED = datetime(2025, 7, 11, 18, 0, tzinfo=UTC)
"""A Friday, 14:00 in New York."""


def entry(**changes: object) -> Entry:
    told: dict[str, object] = {
        "id": "tga",
        "title": "Treasury cash",
        "unit": "USD bn",
        "frequency": "daily",
        "source": "fiscal_data",
        "source_id": "operating_cash_balance",
        "source_unit": "USD million",
        "release": "period +1 business days at 16:00",
        "revised": False,
        "low": 0.0,
        "high": 3_000.0,
        "typical_low": 10.0,
        "typical_high": 2_500.0,
        "licence": "public",
        "feeds": "M19",
    }
    return Entry.model_validate(told | changes)


def answer(
    periods: Sequence[object], values: Sequence[float], released: Sequence[object] | None = None
) -> pd.DataFrame:
    return observations("tga", periods, values, range(1, len(periods) + 1), released)


def refusal(frame: pd.DataFrame, *, of: Entry | None = None) -> SourceError:
    with pytest.raises(SourceError) as refused:
        checked(frame, of or entry(), FETCHED)
    error = refused.value
    assert error.where.startswith("fiscal_data, series 'tga'")
    assert error.expected
    assert error.remedy
    return error


def test_an_answer_comes_out_sorted_converted_and_dated() -> None:
    result = checked(answer(["2025-07-08", "2025-07-07"], [343_047.0, 332_482.0]), entry(), FETCHED)
    assert list(result.columns) == ["series", "period", "value", "stated", "ruled"]
    assert list(result["period"].dt.strftime("%m-%d")) == ["07-07", "07-08"]
    assert list(result["value"]) == pytest.approx([332.482, 343.047])
    assert result["stated"].isna().all()
    assert result["ruled"].iloc[0] == pd.Timestamp("2025-07-08 16:00", tz="America/New_York")
    assert str(result["period"].dtype) == "datetime64[us]"
    assert {str(result[name].dtype) for name in ("stated", "ruled")} == {"datetime64[us, UTC]"}


def test_an_empty_answer_is_refused() -> None:
    assert "no row" in str(refusal(answer([], [])))


def test_a_missing_value_is_left_out_and_a_withdrawn_one_kept() -> None:
    said = pd.Timestamp("2025-07-09 20:00", tz="UTC")
    frame = answer(
        ["2025-07-07", "2025-07-08", "2025-07-09"], [math.nan, math.nan, 300_000.0], [pd.NaT, said, pd.NaT]
    )
    frame = frame.iloc[:2]
    result = checked(frame, entry(), FETCHED)
    assert list(result["period"].dt.day) == [8]
    assert result["value"].isna().all()


def test_an_answer_of_missing_values_only_brings_nothing() -> None:
    assert checked(answer(["2025-07-04"], [math.nan]), entry(), FETCHED).empty


@pytest.mark.parametrize(
    ("period", "value", "found"),
    [
        ("2025-07-09", math.inf, "infinite"),
        ("2025-07-09", -math.inf, "infinite"),
        ("2025-07-09", 3.3e20, "3.3e+17 USD bn"),
        ("2025-07-09", 1.7e308, "USD bn"),
        ("2025-07-09", -1.0, "-0.001 USD bn"),
        ("2025-07-12", 300_000.0, "in the future"),
        ("2125-07-09", 300_000.0, "in the future"),
        ("1799-12-31", 300_000.0, "before 1800"),
        ("2025-07-07", 300_000.0, "332.482 in row 1"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused_by_its_number(period: str, value: float, found: str) -> None:
    error = refusal(answer(["2025-07-07", "2025-07-08", period], [332_482.0, 343_047.0, value]))
    assert found in error.what
    assert "row 3" in error.where


def test_a_period_that_is_no_date_is_refused_by_its_number() -> None:
    assert "row 2" in refusal(answer(["2025-07-07", None], [332_482.0, 1.0])).where


def test_the_first_wrong_row_of_the_answer_is_the_one_named() -> None:
    days = ["2025-07-10", "2025-07-09", "2025-07-08", "2025-07-07", "2025-07-03"]
    error = refusal(answer(days, [3e5, 9e12, 3e5, 9e12, 3e5]))
    assert "row 2" in error.where


def test_a_release_after_the_fetch_is_refused() -> None:
    later = pd.Timestamp(FETCHED) + pd.Timedelta(seconds=1)
    assert "still to come" in refusal(answer(["2025-07-07"], [332_482.0], [later])).what
    assert len(checked(answer(["2025-07-07"], [332_482.0], [FETCHED]), entry(), FETCHED)) == 1


def test_a_row_that_says_the_same_again_is_dropped_and_a_new_vintage_is_not() -> None:
    first, second = (pd.Timestamp(day, tz="UTC") for day in ("2025-07-08", "2025-07-09"))
    frame = answer(["2025-07-07"] * 4, [1e5, 1e5, 1.1e5, 1.1e5], [first, first, second, second])
    result = checked(frame, entry(), FETCHED)
    assert list(result["value"]) == [100.0, 110.0]
    assert list(result["stated"]) == [first, second]
    assert len(checked(answer(["2025-07-07"] * 3, [1e5] * 3), entry(), FETCHED)) == 1


def test_figures_that_slip_by_a_thousand_are_refused() -> None:
    days = pd.bdate_range("2025-04-01", periods=70)
    in_billions = np.linspace(300.0, 400.0, 70)
    assert "unit may have changed" in refusal(answer(list(days), list(in_billions))).what
    in_thousands = refusal(answer(list(days), list(in_billions * 1e6)), of=entry(high=1e9))
    assert "row 70" in in_thousands.where


def test_the_unit_is_told_from_the_last_values_as_a_series_may_have_begun_small() -> None:
    days = pd.bdate_range("2024-01-01", periods=200)
    grown = [5_000.0] * 130 + [800_000.0] * 70
    assert len(checked(answer(list(days), grown), entry(), FETCHED)) == 200
    shrunk = grown[::-1]
    assert "unit may have changed" in refusal(answer(list(days), shrunk)).what


def test_of_two_units_the_size_tells_which() -> None:
    either = entry(source_unit="USD million|USD bn")
    for scale in (1.0, 1_000.0):
        result = checked(answer(["2025-07-07"], [332.482 * scale]), either, FETCHED)
        assert result["value"].iloc[0] == pytest.approx(332.482)
    wide = entry(source_unit="USD million|USD bn", typical_low=0.0)
    assert "USD million or USD bn" in refusal(answer(["2025-07-07"], [332.482]), of=wide).what
    assert "not of the usual size" in refusal(answer(["2025-07-07"], [9.0]), of=either).what


def test_vintages_in_two_units_are_refused() -> None:
    first, second = (pd.Timestamp(day, tz="UTC") for day in ("2025-07-08", "2025-07-09"))
    frame = answer(
        ["2025-07-04", "2025-07-07", "2025-07-07"], [3e5, 332.482, 332_482.0], [first, first, second]
    )
    error = refusal(frame)
    assert "a factor of a thousand" in error.what
    assert "row 3" in error.where
    revised_too = frame.assign(value=[3e5, 332.482, 332_482.0 * 1.015])
    assert "a factor of a thousand" in refusal(revised_too).what
    wide = entry(high=1e12)
    assert len(checked(frame.assign(value=[3e5, 332.482, 332_482.0 * 1.05]), wide, FETCHED)) == 3


def test_a_unit_of_another_dimension_is_refused() -> None:
    assert "cannot be turned into" in refusal(answer(["2025-07-07"], [1.0]), of=entry(unit="contracts")).what


def test_the_bar_of_the_running_day_is_left_out_until_its_time() -> None:
    price = entry(
        unit="price",
        source_unit="price",
        release="period +0 days at 16:00",
        typical_low=10.0,
        typical_high=1e4,
    )
    frame = answer(["2025-07-10", "2025-07-11"], [600.0, 601.0])
    at_two, at_four = FETCHED, datetime(2025, 7, 11, 20, 0, tzinfo=UTC)
    assert list(checked(frame, price, at_two)["value"]) == [600.0]
    assert list(checked(frame, price, at_four)["value"]) == [600.0, 601.0]
    assert checked(frame.iloc[1:], price, at_two).empty
    stated = answer(["2025-07-11"], [601.0], [FETCHED])
    assert len(checked(stated, price, at_two)) == 1, "what the source says is out is out"


def test_a_figure_that_is_out_before_its_slow_rule_is_kept() -> None:
    slow = entry(release="period +7 days at 16:30")
    days = ["2025-07-07", "2025-07-10"]
    assert list(checked(answer(days, [332_482.0, 288_395.0]), slow, FETCHED)["period"].dt.day) == [7]
    weekly = entry(frequency="weekly", release="period +9 days at 16:00")
    assert len(checked(answer(["2025-07-09"], [332_482.0]), weekly, FETCHED)) == 1


@pytest.mark.parametrize(
    "malformed",
    [
        lambda frame: frame.drop(columns="value"),
        lambda frame: frame.assign(value=["a", "b"]),
        lambda frame: frame.assign(released=pd.NaT),
        lambda frame: frame.assign(row=[-1, 2]),
        lambda frame: frame.assign(more=1.0),
        lambda frame: frame.assign(period=["2025-07-07", "2025-07-08"]),
    ],
)
def test_a_delivery_of_other_columns_is_refused(malformed: object) -> None:
    assert callable(malformed)
    refusal(malformed(answer(["2025-07-07", "2025-07-08"], [1e5, 1e5])))


def test_a_row_of_another_series_is_refused() -> None:
    frame = pd.concat([answer(["2025-07-07"], [1e5]), observations("debt", ["2025-07-08"], [1e5], [2])])
    assert "'debt'" in refusal(frame.reset_index(drop=True)).what


DAYS = st.dates(date(1790, 1, 1), date(2026, 1, 1))
VALUES = st.floats(allow_nan=True, allow_infinity=True) | st.floats(1e4, 2.5e6)
SAID = st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2025, 7, 12))
ROWS = st.lists(st.tuples(DAYS, VALUES, SAID), max_size=12)
GOOD = st.lists(
    st.tuples(st.dates(date(1900, 1, 1), date(2025, 7, 9)), st.floats(1e4, 2.5e6)),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[0],
)


@given(ROWS)
def test_nothing_outside_the_bounds_ever_comes_out(rows: list[tuple[date, float, datetime | None]]) -> None:
    said = [pd.NaT if time is None else pd.Timestamp(time, tz="UTC") for _, _, time in rows]
    frame = answer([day for day, _, _ in rows], [value for _, value, _ in rows], said)
    try:
        result = checked(frame, entry(), FETCHED)
    except SourceError:
        return
    known = result["value"].dropna()
    assert ((known >= 0.0) & (known <= 3_000.0)).all()
    assert result.loc[result["value"].isna(), "stated"].notna().all()
    assert result["period"].between(pd.Timestamp("1800-01-01"), pd.Timestamp("2025-07-11")).all()
    assert not result.duplicated(["period", "stated"]).any()
    assert result["period"].is_monotonic_increasing


@given(GOOD, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_a_second_check_changes_nothing(
    rows: list[tuple[date, float]], chance: object
) -> None:
    frame = answer([day for day, _ in rows], [value for _, value in rows])
    result = checked(frame, entry(), FETCHED)
    shuffled = frame.sample(frac=1.0, random_state=chance.randrange(2**31))  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(checked(shuffled, entry(), FETCHED), result)
    repeated = pd.concat([frame, frame]).reset_index(drop=True)
    pd.testing.assert_frame_equal(checked(repeated, entry(), FETCHED), result)
    again = observations(
        "tga", result["period"], result["value"], range(1, len(result) + 1), result["stated"]
    )
    pd.testing.assert_frame_equal(checked(again, entry(source_unit="USD bn"), FETCHED), result)


@pytest.mark.bars
def test_five_thousand_rows_take_a_few_milliseconds() -> None:
    days = pd.date_range("2000-01-01", periods=5_000)
    frame = answer(list(days), list(np.linspace(1e4, 1e6, 5_000)))
    checked(frame, entry(), FETCHED)
    seconds = []
    for _ in range(7):
        start = time.perf_counter()
        checked(frame, entry(), FETCHED)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.02  # 3 ms on a quiet machine
