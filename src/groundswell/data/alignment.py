"""Series of any frequency on trading days: what a reader knew on each, and how old it was.

A value counts from its release on, never from the day it describes, and is carried forward until a
newer period is released. Nothing is interpolated; before the first release there is nothing. What
comes out on a weekend or a holiday is seen on the next session.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.book import NEW_YORK, Series
from groundswell.data.calendar import FIRST_YEAR, LAST_YEAR

At: TypeAlias = Literal["end", "close"]
"""The moment of a session: the end of its day in New York, or its close (earlier on short days)."""

Times: TypeAlias = npt.NDArray[np.datetime64]
Floats: TypeAlias = npt.NDArray[np.float64]

DAY = np.timedelta64(1, "D")
CLOSE = np.timedelta64(16, "h")


def aligned(series: Series, sessions: pd.DatetimeIndex, at: At = "end") -> pd.Series[float]:
    """Return for each session the value known at its end, or just before its close.

    That is, of what was released strictly before, the newest vintage of the newest period; a period
    that was withdrawn counts no more, the one before it does. NaN before the first release.

    Args:
        series: with the release time of every value.
        sessions: trading days, in order.
        at: the moment of the session; "end" is the rule of `Book.cut`.
    """
    moments, _, values = _standing(series)
    return pd.Series(_seen(values, np.nan, moments, sessions, at), sessions, name=series.name)


def staleness(series: Series, sessions: pd.DatetimeIndex, at: At = "end") -> pd.Series[float]:
    """Return for each session how many days ago the period of its value began; NaN where there is none.

    A month's figure counts from the first of the month, as its period does. See `aligned` for the rest.
    """
    moments, observed, _ = _standing(series)
    described = _seen(observed, np.datetime64("NaT"), moments, sessions, at)
    days = _days(sessions)
    age = (days - described.astype("datetime64[D]")) / DAY
    return pd.Series(age.astype(np.float64), sessions, name=series.name)


def _standing(series: Series) -> tuple[Times, Times, Floats]:
    """Return the changes of the value that stands: when, of which period, to what."""
    frame = series.frame
    released = pd.DatetimeIndex(frame["released"]).tz_convert("UTC").tz_localize(None)
    moments = released.to_numpy().astype("datetime64[us]")
    observed = frame["observed"].to_numpy().astype("datetime64[us]")
    values = frame["value"].to_numpy(dtype=np.float64)
    # Of vintages released at one moment the last row of the newest period stands.
    order = np.lexsort((np.arange(len(frame)), observed, moments))
    moments, observed, values = moments[order], observed[order], values[order]
    if np.isnan(values).any():
        return _standing_with_withdrawals(moments, observed, values)
    newest = observed == np.maximum.accumulate(observed) if len(observed) else np.zeros(0, dtype=bool)
    return moments[newest], observed[newest], values[newest]


def _standing_with_withdrawals(
    moments: Times, observed: Times, values: Floats
) -> tuple[Times, Times, Floats]:
    """Return the changes where a missing value takes a period back; one by one, as these are rare."""
    known: dict[np.datetime64, float] = {}
    periods: list[np.datetime64] = []
    standing: list[float] = []
    for period, value in zip(observed, values, strict=True):
        known.pop(period, None)
        if not np.isnan(value):
            known[period] = float(value)
        top = max(known, default=np.datetime64("NaT"))
        periods.append(top)
        standing.append(known.get(top, np.nan))
    return moments, np.array(periods, dtype="datetime64[us]"), np.array(standing)


def _seen(
    changes: npt.NDArray[np.generic], nothing: object, moments: Times, sessions: pd.DatetimeIndex, at: At
) -> npt.NDArray[np.generic]:
    """Return what the last change before each session's moment had brought."""
    with_nothing = np.concatenate([np.array([nothing], dtype=changes.dtype), changes])
    return with_nothing[np.searchsorted(moments, _cutoffs(sessions, at), side="left")]


def _cutoffs(sessions: pd.DatetimeIndex, at: At) -> Times:
    """Return the moment of each session, UTC."""
    days = _days(sessions)
    clock = days + DAY if at == "end" else days + CLOSE - _hours_short(days)
    local = pd.DatetimeIndex(clock.astype("datetime64[us]")).tz_localize(NEW_YORK)
    return local.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")


def _hours_short(days: Times) -> npt.NDArray[np.timedelta64]:
    """Return how much before 16:00 the exchange closed."""
    short = np.zeros(len(days), dtype="timedelta64[h]")
    for hours, dates in _short_days():
        short[np.isin(days, dates)] = np.timedelta64(hours, "h")
    return short


@cache
def _short_days() -> tuple[tuple[int, Times], ...]:
    """Return the short sessions by hours missing; only the rules of the calendar are taken."""
    from exchange_calendars.exchange_calendar_xnys import XNYSExchangeCalendar

    first, last = pd.Timestamp(FIRST_YEAR, 1, 1), pd.Timestamp(LAST_YEAR, 12, 31)
    exchange = XNYSExchangeCalendar.__new__(XNYSExchangeCalendar)
    regular = [(time, rule.holidays(first, last)) for time, rule in exchange.special_closes]
    return tuple(
        (16 - time.hour, _days(pd.DatetimeIndex(dates)))
        for time, dates in regular + exchange.special_closes_adhoc
    )


def _days(index: pd.DatetimeIndex) -> Times:
    return index.to_numpy().astype("datetime64[D]")
