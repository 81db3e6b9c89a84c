"""Whether a series is old: whether the period after its last one should have been known by now."""

from __future__ import annotations

import pandas as pd

from groundswell.data import calendar, release
from groundswell.data.book import NEW_YORK
from groundswell.data.catalog import Entry, Frequency

GRACE: dict[Frequency, pd.Timedelta] = {
    "daily": pd.Timedelta(days=1),
    "weekly": pd.Timedelta(days=2),
    "monthly": pd.Timedelta(days=7),
    "quarterly": pd.Timedelta(days=15),
    "annual": pd.Timedelta(days=60),
    "snapshot": pd.Timedelta(days=1),
}
"""How long after its release rule a period may still be on its way: services publish late."""

_SNAPSHOT_RULE = "period +0 days at 16:15"
_MONTHS: dict[Frequency, int] = {"monthly": 1, "quarterly": 3, "annual": 12}


def is_stale(entry: Entry, through: pd.Timestamp, now: pd.Timestamp) -> bool:
    """Return whether the period after `through` was due before `now`, with some grace.

    Args:
        entry: the series.
        through: its last period, without zone; of quotes, the day they were taken.
        now: a time with a zone.
    """
    return due(entry, through) + GRACE[entry.frequency] < now


def due(entry: Entry, through: pd.Timestamp) -> pd.Timestamp:
    """Return when the period after `through` becomes public by the series' rule, UTC.

    The period after a day is the next session of the New York Stock Exchange, for series of every
    weekday and of every calendar day too: none is called old over a weekend or a holiday.
    """
    following = pd.DatetimeIndex([_next(entry.frequency, through.normalize())])
    if entry.frequency == "snapshot":
        return release.released(_SNAPSHOT_RULE, following, "daily")[0]
    return release.released(entry.release, following, entry.frequency, entry.id)[0]


def age(through: pd.Timestamp, now: pd.Timestamp) -> int:
    """Return the calendar days from the last period to `now`, as a wall in New York shows it."""
    return int((now.tz_convert(NEW_YORK).tz_localize(None).normalize() - through.normalize()).days)


def _next(frequency: Frequency, through: pd.Timestamp) -> pd.Timestamp:
    if frequency in ("daily", "snapshot"):
        return calendar.sessions_after(through, 1)[0]
    if frequency == "weekly":
        return through + pd.Timedelta(days=7)
    return through + pd.DateOffset(months=_MONTHS[frequency])
