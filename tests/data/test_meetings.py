"""Days of decision of the FOMC, point in time.

- Every year has its eight scheduled meetings, on sessions, none within four weeks of another.
- A meeting is known from its calendar on, a decision between meetings from its own evening on; the meeting
  of March 2020 until it was cancelled.
- What is known only grows, but for that one; the end of the table is the end of what is known.
- Real decisions to 2022: no date is missing from the table, none is in it that was not held.
"""

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from groundswell.data import calendar, meetings
from groundswell.data.book import NEW_YORK

ALL = meetings.decisions(pd.Timestamp("2030-01-01"))
CANCELLED = pd.Timestamp("2020-03-18")


def test_every_year_has_its_meetings_on_sessions() -> None:
    scheduled = ALL[ALL["kind"] == "scheduled"]["date"]
    a_year = scheduled.groupby(scheduled.dt.year).count()
    assert a_year.index.tolist() == list(range(1994, 2028))
    assert set(a_year.drop(2020)) == {8}
    assert a_year[2020] == 7
    assert calendar.is_session(pd.DatetimeIndex(ALL["date"])).sum() == len(ALL) - 1  # 15 March 2020
    assert scheduled.diff().min() >= pd.Timedelta(days=28)
    assert ALL["date"].is_monotonic_increasing
    assert ALL["date"].is_unique


def test_a_meeting_is_known_from_its_calendar_on() -> None:
    june = date(2027, 6, 9)
    assert june not in meetings.days(pd.Timestamp("2025-09-04"))
    assert june in meetings.days(pd.Timestamp("2025-09-05"))
    first_of_2023 = date(2023, 2, 1)  # named in the calendar of 2022
    assert first_of_2023 in meetings.days(pd.Timestamp("2022-06-13"))
    assert date(2023, 3, 22) not in meetings.days(pd.Timestamp("2022-06-13"))
    assert meetings.days(pd.Timestamp("2022-06-13"))[-1] == first_of_2023
    ahead = (ALL["date"] - ALL["known_from"])[ALL["kind"] == "scheduled"]
    assert ahead.min() > pd.Timedelta(days=100)
    assert ALL["source"].str.startswith("Federal Reserve Board").all()


@pytest.mark.parametrize("day", ["1998-10-15", "2001-01-03", "2008-01-22", "2020-03-03", "2020-03-15"])
def test_a_decision_between_meetings_is_known_on_its_evening(day: str) -> None:
    decided = pd.Timestamp(day)
    assert decided.date() not in meetings.days(decided - pd.Timedelta(days=1))
    assert decided.date() in meetings.days(decided)
    morning = (decided + pd.Timedelta(hours=8)).tz_localize(NEW_YORK)
    assert decided.date() not in meetings.days(morning)


def test_the_meeting_of_march_2020_was_expected_until_it_was_cancelled() -> None:
    assert CANCELLED.date() in meetings.days(pd.Timestamp("2020-03-13"))
    assert CANCELLED.date() not in meetings.days(pd.Timestamp("2020-03-15"))


def test_what_is_known_only_grows() -> None:
    moments = pd.date_range("1993-12-31", "2026-12-31", freq="21D")
    known = [set(meetings.days(moment)) - {CANCELLED.date()} for moment in moments]
    assert all(earlier <= later for earlier, later in pairwise(known))


def test_a_moment_and_the_day_it_ends_know_the_same() -> None:
    midnight = pd.Timestamp("2025-09-06", tz=NEW_YORK)
    assert meetings.days(midnight) == meetings.days(pd.Timestamp("2025-09-05"))
    assert meetings.days(midnight - pd.Timedelta(seconds=1)) == meetings.days(pd.Timestamp("2025-09-04"))
    assert meetings.days(midnight.tz_convert("UTC")) == meetings.days(midnight)


def test_before_the_first_calendar_nothing_is_known() -> None:
    assert meetings.days(pd.Timestamp("1990-01-01")) == []


def test_of_two_decisions_in_a_month_the_later_is_kept() -> None:
    days = [date(2020, 1, 29), date(2020, 3, 3), date(2020, 3, 15)]
    assert meetings.one_a_month(days) == [date(2020, 1, 29), date(2020, 3, 15)]


def test_real_decisions_to_2022(real_data: Callable[[str], Path]) -> None:
    listed = pd.read_csv(real_data("rates/fomc_meetings.csv"), parse_dates=["date"])["date"]
    listed = listed[listed.between("1994-01-01", "2022-12-31")]
    ours = ALL[ALL["date"] <= "2022-12-31"]["date"]
    assert set(listed) <= set(ours)
    since_2008 = ours[ours >= "2008-01-01"]  # the list has every decision from then on, before that changes
    assert set(since_2008) == set(listed[listed >= "2008-01-01"])
