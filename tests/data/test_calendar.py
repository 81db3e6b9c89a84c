"""The calendar: sessions, expiries, VIX settlements, ends of months, the blackout, independence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundswell.data import calendar
from groundswell.data.errors import DataError


def flagged(column: str, start: str, end: str) -> list[str]:
    table = calendar.calendar_table(calendar.sessions(start, end))
    return list(table.index[table[column]].strftime("%Y-%m-%d"))


def on(day: str) -> pd.Series:
    return calendar.calendar_table(pd.DatetimeIndex([day])).iloc[0]


def test_the_exchange_closes_on_its_holidays_in_every_era() -> None:
    closed = [
        "1929-11-29",  # backlog relief
        "1933-03-10",  # bank holiday
        "1936-02-12",  # Lincoln's birthday
        "1949-10-12",  # Columbus day
        "1963-11-25",  # Kennedy
        "1968-06-12",  # paperwork
        "1987-04-17",  # Good Friday
        "2001-09-14",
        "2012-10-29",
        "2018-12-05",  # Bush
        "2022-06-20",  # Juneteenth, observed
        "2025-01-09",  # Carter
        "2027-03-26",  # Good Friday to come
    ]
    assert not calendar.is_session(pd.DatetimeIndex(closed)).any()
    opened = ["1929-10-29", "1987-10-19", "1997-01-20", "2001-09-17", "2018-02-05", "2021-06-18"]
    assert calendar.is_session(pd.DatetimeIndex(opened)).all()


def test_a_year_has_its_known_number_of_sessions() -> None:
    counts = {
        year: len(calendar.sessions(f"{year}-01-01", f"{year}-12-31"))
        for year in (1999, 2001, 2008, 2018, 2020, 2024)
    }
    assert counts == {1999: 252, 2001: 248, 2008: 253, 2018: 251, 2020: 253, 2024: 252}


def test_sessions_after_a_day_leave_the_day_out() -> None:
    after = calendar.sessions_after("2018-12-03", 3)
    assert list(after.strftime("%Y-%m-%d")) == ["2018-12-04", "2018-12-06", "2018-12-07"]
    assert after.tz is None


def test_saturdays_were_sessions_until_1952() -> None:
    days = pd.DatetimeIndex(["1929-10-26", "1952-10-04"])
    assert calendar.is_session(days).tolist() == [True, False]


def test_options_expire_on_the_third_friday_or_the_day_before_a_holiday() -> None:
    assert flagged("option_expiry", "2019-03-01", "2019-06-30") == [
        "2019-03-15",
        "2019-04-18",  # Good Friday on the 19th
        "2019-05-17",
        "2019-06-21",
    ]
    assert flagged("option_expiry", "2026-06-01", "2026-06-30") == ["2026-06-18"]  # Juneteenth


def test_vix_settles_on_the_wednesday_thirty_days_before_the_next_expiry() -> None:
    assert flagged("vix_settlement", "2018-01-01", "2018-03-31") == [
        "2018-01-17",
        "2018-02-14",
        "2018-03-21",
    ]


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2014-03-18", "Good Friday, 18 April 2014"),
        ("2019-03-19", "Good Friday, 19 April 2019"),
        ("2022-03-15", "Good Friday, 15 April 2022"),
        ("2025-03-18", "Good Friday, 18 April 2025"),
        ("2024-06-18", "Juneteenth, Wednesday 19 June 2024"),
    ],
)
def test_vix_settles_a_day_early_when_its_wednesday_or_friday_is_a_holiday(day: str, reason: str) -> None:
    month = pd.Timestamp(day).replace(day=1)
    assert flagged("vix_settlement", str(month), str(month + pd.offsets.MonthEnd())) == [day]


def test_months_and_quarters_end_on_their_last_session() -> None:
    assert flagged("month_end", "2018-01-01", "2018-06-30") == [
        "2018-01-31",
        "2018-02-28",
        "2018-03-29",  # Good Friday on the 30th
        "2018-04-30",
        "2018-05-31",
        "2018-06-29",
    ]
    assert flagged("quarter_end", "2018-01-01", "2018-06-30") == ["2018-03-29", "2018-06-29"]
    assert on("2018-03-29")["sessions_to_month_end"] == 0
    assert on("2018-03-26")["sessions_to_month_end"] == 3
    assert on("2018-12-03")["sessions_to_month_end"] == 18  # closed on the 5th and the 25th


@pytest.mark.parametrize(
    ("day", "days", "share"),
    [
        ("2024-09-12", -18, 0.05),
        ("2024-09-16", -14, 0.50),
        ("2024-09-23", -7, 0.90),
        ("2024-09-30", 0, 0.95),
        ("2024-10-11", 11, 0.95),
        ("2024-10-25", 25, 0.55),
        ("2024-11-01", 32, 0.25),
        ("2024-11-14", 45, 0.05),
        ("2024-11-15", 46, 0.05),
        ("2024-11-18", -43, 0.05),
        ("2024-09-18", -12, 0.50 + 2 * 0.40 / 7),
    ],
)
def test_the_blackout_follows_its_shape(day: str, days: int, share: float) -> None:
    row = on(day)
    assert row["days_from_quarter_end"] == days
    assert row["blackout_share"] == pytest.approx(share, abs=1e-12)
    assert row["earnings_season"] == (12 <= days <= 45)


def test_the_nearest_quarter_end_is_never_more_than_46_days_away() -> None:
    days = calendar.calendar_table(calendar.sessions("1927-12-30", "2040-12-31"))
    distance = days["days_from_quarter_end"]
    assert (distance.min(), distance.max()) == (-45, 46)


@settings(max_examples=30, deadline=None)
@given(days=st.sets(st.dates(date(1927, 1, 1), date(2060, 1, 1)), min_size=1))
def test_what_is_said_about_a_day_does_not_depend_on_the_other_days(days: set) -> None:
    together = calendar.calendar_table(pd.DatetimeIndex(sorted(days)))
    for day in days:
        alone = calendar.calendar_table(pd.DatetimeIndex([day]))
        pd.testing.assert_frame_equal(together.loc[[pd.Timestamp(day)]], alone)


def test_events_name_what_happens_in_order() -> None:
    found = calendar.events(calendar.sessions("2019-03-01", "2019-04-30"))
    assert list(zip(found["date"].dt.strftime("%m-%d"), found["event"], strict=True)) == [
        ("03-15", "option_expiry"),
        ("03-18", "blackout_begins"),
        ("03-19", "vix_settlement"),
        ("03-29", "quarter_end"),
        ("04-17", "vix_settlement"),
        ("04-18", "option_expiry"),
        ("04-29", "blackout_ends"),
        ("04-30", "month_end"),
    ]


def test_no_events_make_an_empty_table() -> None:
    found = calendar.events(pd.DatetimeIndex(["2019-03-04"]))
    assert found.empty
    assert list(found.columns) == ["date", "event", "label"]


def test_a_day_out_of_reach_is_refused() -> None:
    with pytest.raises(DataError, match="days from 1900 to 2099"):
        calendar.sessions_after("2099-12-20", 21)
    with pytest.raises(DataError, match="1850-01-02 is outside"):
        calendar.calendar_table(pd.DatetimeIndex(["1850-01-02"]))


def test_real_history_holds_exactly_the_sessions(real_data: Callable[[str], Path]) -> None:
    dates = pd.read_csv(real_data("equity/sp500_daily.csv"), parse_dates=["date"])["date"]
    expected = calendar.sessions(dates.iloc[0], dates.iloc[-1])
    assert np.array_equal(expected.to_numpy(), dates.to_numpy())


def test_vix_futures_rolled_on_our_settlement_days(real_data: Callable[[str], Path]) -> None:
    curve = pd.read_csv(real_data("vol/vix_futures_m1m2.csv"), parse_dates=["date"])
    front = curve.set_index("date")["m1_weight"]
    rolled = front.index[front.diff() > 0.3].strftime("%Y-%m-%d").to_list()
    ours = flagged("vix_settlement", str(front.index[0]), "2022-04-01")
    assert len(ours) == 73
    assert rolled == ours
