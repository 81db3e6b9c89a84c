"""The calendar of the New York Stock Exchange and what falls on it.

Option expiries, VIX settlements, month and quarter ends, the earnings season and the share of firms
in a buyback blackout: everything about a date follows from the date alone, past or future.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError

FIRST_YEAR, LAST_YEAR = 1900, 2099

BLACKOUT_DAYS = (-18.0, -14.0, -7.0, 0.0, 12.0, 25.0, 32.0, 45.0)
BLACKOUT_SHARE = (0.05, 0.50, 0.90, 0.95, 0.95, 0.55, 0.25, 0.05)
"""Share of S&P 500 firms in blackout by calendar days from quarter end, linear in between: our fit
to the figures of Goldman Sachs desk notes, 2022-2025, as republished."""

EARNINGS_SEASON = (12, 45)
"""First and last calendar day after a quarter end at which most firms report."""

Days: TypeAlias = npt.NDArray[np.datetime64]


def sessions(start: str | pd.Timestamp, end: str | pd.Timestamp) -> pd.DatetimeIndex:
    """Return the sessions of the New York Stock Exchange from `start` to `end`, both included.

    Days without time or zone, Monday to Friday, from 1900 to 2099; holidays and unscheduled
    closures by exchange-calendars, today's rules carried into the future. The Saturday sessions
    held until 1952 are not among them, as price histories leave them out (`is_session` accepts
    them).

    Raises:
        DataError: the span reaches outside 1900-2099.
    """
    first, last = pd.Timestamp(start).normalize(), pd.Timestamp(end).normalize()
    _within_reach(first)
    _within_reach(last)
    days = _all_sessions()
    return _index(days[(days >= _day(first)) & (days <= _day(last))])


def sessions_after(day: str | pd.Timestamp, count: int) -> pd.DatetimeIndex:
    """Return the next `count` sessions strictly after `day`.

    Raises:
        DataError: they reach outside 1900-2099.
    """
    _within_reach(pd.Timestamp(day))
    days = _all_sessions()
    start = int(np.searchsorted(days, _day(pd.Timestamp(day)), side="right"))
    if start + count > len(days):
        _within_reach(pd.Timestamp(LAST_YEAR + 1, 1, 1))
    return _index(days[start : start + count])


def is_session(days: pd.DatetimeIndex) -> npt.NDArray[np.bool_]:
    """Return for each day whether the exchange traded; Saturdays before 29 September 1952 count."""
    values = _days(days)
    saturday = (days.day_of_week == 5) & (values < np.datetime64("1952-09-29"))
    return np.isin(values, _all_sessions()) | np.asarray(saturday)


def calendar_table(sessions: pd.DatetimeIndex) -> pd.DataFrame:
    """Return what the calendar says about each of the given days, past or future.

    A row depends on its own date only, never on which other dates are asked for. On a day that is
    not one of `sessions()` (a Saturday before 1952) the flags of single days are False.

    Columns:
        sessions_to_month_end: sessions of the month still to come (int, 0 on the last one).
        month_end, quarter_end: last session of the month, of the quarter (bool).
        option_expiry: third Friday, or the session before it when the exchange is closed (bool);
            the rule of standard options, applied to all years.
        vix_settlement: the Wednesday 30 days before the third Friday of the following month, or
            the session before that Wednesday when either day is a holiday (bool); the rule of VIX
            futures (Cboe Futures Exchange, contract specifications), applied to all years.
        days_from_quarter_end: calendar days to the nearest quarter end, from -45 to 46, negative
            before it (int).
        blackout_share: share of firms in a buyback blackout (fraction).
        earnings_season: 12 to 45 calendar days after a quarter end (bool).

    Raises:
        DataError: a day lies outside 1900-2099.
    """
    for edge in (sessions.min(), sessions.max()) if len(sessions) else ():
        _within_reach(edge)
    days = _days(sessions)
    month_ends = _month_ends()
    next_month_end = month_ends[_months(days) - _months(month_ends[:1])]
    trading = _all_sessions()
    remaining = np.searchsorted(trading, next_month_end, side="right") - np.searchsorted(
        trading, days, side="right"
    )
    from_quarter_end = _days_from_quarter_end(days)
    month_end = np.isin(days, month_ends)
    return pd.DataFrame(
        {
            "sessions_to_month_end": np.maximum(remaining, 0).astype(np.int64),
            "month_end": month_end,
            "quarter_end": month_end & (sessions.month.to_numpy() % 3 == 0),
            "option_expiry": np.isin(days, _option_expiries()),
            "vix_settlement": np.isin(days, _vix_settlements()),
            "days_from_quarter_end": from_quarter_end,
            "blackout_share": _blackout_share(from_quarter_end),
            "earnings_season": (from_quarter_end >= EARNINGS_SEASON[0])
            & (from_quarter_end <= EARNINGS_SEASON[1]),
        },
        index=sessions,
    )


def events(sessions: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the dated events among the given sessions: columns `date`, `event`, `label`.

    `event` is one of `option_expiry`, `vix_settlement`, `month_end`, `quarter_end`,
    `blackout_begins`, `blackout_ends` (the share of firms in blackout rises to, or falls below, one
    half since the session before); `label` says it in words. Sorted by date.
    """
    table = calendar_table(sessions)
    days = _days(sessions)
    trading = _all_sessions()
    before = trading[np.maximum(np.searchsorted(trading, days, side="left") - 1, 0)]
    closed = table["blackout_share"].to_numpy() >= 0.5
    closed_before = _blackout_share(_days_from_quarter_end(before)) >= 0.5
    quarterly = sessions.month.to_numpy() % 3 == 0
    expiry = table["option_expiry"].to_numpy()
    quarter_end = table["quarter_end"].to_numpy()
    found = [
        (expiry & ~quarterly, "option_expiry", "Monthly option expiry"),
        (expiry & quarterly, "option_expiry", "Quarterly option and futures expiry"),
        (table["vix_settlement"].to_numpy(), "vix_settlement", "VIX settlement"),
        (table["month_end"].to_numpy() & ~quarter_end, "month_end", "Month end"),
        (quarter_end, "quarter_end", "Quarter end"),
        (closed & ~closed_before, "blackout_begins", "Half of firms in buyback blackout"),
        (~closed & closed_before, "blackout_ends", "Half of firms out of buyback blackout"),
    ]
    rows = [(day, event, label) for flags, event, label in found for day in sessions[flags].to_list()]
    rows.sort(key=lambda row: row[0])
    dates, names, labels = zip(*rows, strict=True) if rows else ((), (), ())
    return pd.DataFrame({"date": pd.DatetimeIndex(list(dates)), "event": list(names), "label": list(labels)})


@cache
def _all_sessions() -> Days:
    """Return every session of 1900-2099 (Monday to Friday), once per process.

    Only the exchange's rules are taken from exchange-calendars. A constructed calendar would leave
    out the regular holidays before 1970, and takes longer to build than all that is done here.
    """
    from exchange_calendars.exchange_calendar_xnys import XNYSExchangeCalendar

    first, last = pd.Timestamp(FIRST_YEAR, 1, 1), pd.Timestamp(LAST_YEAR, 12, 31)
    exchange = XNYSExchangeCalendar.__new__(XNYSExchangeCalendar)
    regular = exchange.regular_holidays.holidays(first, last)
    closed = np.concatenate([_days(regular), _days(pd.DatetimeIndex(exchange.adhoc_holidays))])
    weekdays = _days(pd.bdate_range(first, last))
    return cast(Days, np.setdiff1d(weekdays, closed))


@cache
def _all_months() -> Days:
    """Return the first day of every month of 1900-2099."""
    return np.arange(f"{FIRST_YEAR}-01", f"{LAST_YEAR + 1}-01", dtype="datetime64[M]").astype("datetime64[D]")


@cache
def _month_ends() -> Days:
    """Return the last session of every month."""
    next_months = (_all_months().astype("datetime64[M]") + 1).astype("datetime64[D]")
    return _session_before(next_months)


@cache
def _third_fridays() -> Days:
    first = _all_months()
    to_friday = (4 - _weekday(first)) % 7
    return first + to_friday + np.timedelta64(14, "D")


@cache
def _option_expiries() -> Days:
    fridays = _third_fridays()
    return np.where(np.isin(fridays, _all_sessions()), fridays, _session_before(fridays))


@cache
def _vix_settlements() -> Days:
    fridays = _third_fridays()
    wednesdays = fridays - np.timedelta64(30, "D")
    trading = _all_sessions()
    regular = np.isin(fridays, trading) & np.isin(wednesdays, trading)
    return np.where(regular, wednesdays, _session_before(wednesdays))


def _session_before(days: Days) -> Days:
    trading = _all_sessions()
    return trading[np.maximum(np.searchsorted(trading, days, side="left") - 1, 0)]


def _days_from_quarter_end(days: Days) -> npt.NDArray[np.int64]:
    """Return calendar days from the nearest quarter end; halfway counts from the one passed."""
    months = _months(days)
    quarter = months - months % 3
    numbers = days.astype(np.int64)
    since = numbers - (_month_starts(quarter) - 1)
    until = (_month_starts(quarter + 3) - 1) - numbers
    return np.where(since <= until, since, -until)


def _blackout_share(from_quarter_end: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.interp(from_quarter_end, BLACKOUT_DAYS, BLACKOUT_SHARE), dtype=np.float64)


def _months(days: Days) -> npt.NDArray[np.int64]:
    return days.astype("datetime64[M]").astype(np.int64)


def _month_starts(months: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the first day of each month as a number of days, months counted from 1970-01."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _weekday(days: Days) -> npt.NDArray[np.int64]:
    """Return 0 for Monday to 6 for Sunday (1970-01-01 was a Thursday)."""
    return (days.astype(np.int64) + 3) % 7


def _day(moment: pd.Timestamp) -> np.datetime64:
    return np.datetime64(moment.strftime("%Y-%m-%d"), "D")


def _days(index: pd.DatetimeIndex) -> Days:
    return index.to_numpy().astype("datetime64[D]")


def _index(days: Days) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(days.astype("datetime64[us]"), name="date")


def _within_reach(day: pd.Timestamp) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise DataError(
            f"{day:%Y-%m-%d} is outside the calendar",
            where="calendar",
            expected=f"days from {FIRST_YEAR} to {LAST_YEAR}",
            remedy="check the date",
        )
