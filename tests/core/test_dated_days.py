"""What the calendar says of a day, as actors see it: by hand for known weeks, and of one date alone."""

import datetime

import numpy as np
import pandas as pd
import pytest

from groundswell.core.dated_days import dated_days
from groundswell.data import calendar
from groundswell.data.errors import DataError

MEETINGS = [datetime.date(2026, 1, 28), datetime.date(2026, 3, 18), datetime.date(2026, 4, 29)]


def days(start: str, end: str, meetings: list[datetime.date] | None = None) -> tuple[pd.DatetimeIndex, dict]:
    sessions = calendar.sessions(start, end)
    day = dated_days(sessions, meetings)
    names = ("sessions_to_expiry", "sessions_to_meeting", "sessions_to_refunding", "tax_due")
    return sessions, {name: getattr(day, name) for name in names}


def test_expiries_of_a_week_with_a_holiday_on_friday() -> None:
    """Good Friday, 3 April 2026: that week expires on Thursday; the third Friday is the 17th.

    In June the third Friday is a holiday: the quarter's options expire on Thursday the 18th, 58 weekdays less
    two holidays later.
    """
    sessions, found = days("2026-03-30", "2026-04-17")
    table = pd.DataFrame(np.asarray(found["sessions_to_expiry"]), index=sessions)
    assert table.loc["2026-03-30"].tolist() == [3, 13, 56]
    assert table.loc["2026-04-02", 0] == 0
    assert table.loc["2026-04-06", 0] == 4
    assert table.loc["2026-04-17", [0, 1]].tolist() == [0, 0]


def test_quarterly_expiry_meeting_and_refunding_are_zero_on_their_day() -> None:
    sessions, found = days("2026-01-02", "2026-04-29", MEETINGS)
    quarterly = np.asarray(found["sessions_to_expiry"])[:, 2]
    assert [str(d.date()) for d in sessions[quarterly == 0]] == ["2026-03-20"]
    assert [d.date() for d in sessions[np.asarray(found["sessions_to_meeting"]) == 0]] == MEETINGS
    refunding = sessions[np.asarray(found["sessions_to_refunding"]) == 0]
    assert [str(d.date()) for d in refunding] == ["2026-02-04"]


def test_tax_falls_due_on_the_fifteenth_or_the_session_after() -> None:
    sessions, found = days("2025-01-02", "2025-12-31")
    due = pd.Series(np.asarray(found["tax_due"]), index=sessions)
    dated = {str(day.date()): units for day, units in due[due > 0].items()}
    assert dated == {"2025-01-15": 1, "2025-04-15": 3, "2025-06-16": 1, "2025-09-15": 1, "2025-12-15": 1}


def test_a_day_depends_on_its_own_date_alone() -> None:
    long, every = days("2025-01-02", "2026-04-29", MEETINGS)
    short, some = days("2025-06-02", "2025-09-30", MEETINGS)
    at = long.get_indexer(short)
    for name, row in some.items():
        np.testing.assert_array_equal(np.asarray(row), np.asarray(every[name])[at])


def test_without_meetings_nobody_knows_them_and_too_few_are_refused() -> None:
    assert days("2026-01-02", "2026-01-30")[1]["sessions_to_meeting"] is None
    with pytest.raises(DataError, match="meetings end before"):
        days("2026-01-02", "2026-06-30", MEETINGS)
    with pytest.raises(DataError, match="no sessions"):
        dated_days(pd.DatetimeIndex([]))
