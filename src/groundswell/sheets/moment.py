"""When a sheet is read: what it may know, and against which time its data are old."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from groundswell.data import staleness
from groundswell.data.book import NEW_YORK, Book, end_of
from groundswell.data.catalog import catalog

_INSTANT = pd.Timedelta(seconds=1)
"""An evening ends at midnight, which is the next day's already: ages count to the moment before."""


@dataclass(frozen=True)
class Moment:
    """When a sheet is read: the end of what it may know, and the time against which data are old."""

    end: pd.Timestamp
    now: pd.Timestamp


def moment(book: Book, as_of: bool) -> Moment:
    """Return the moment of a sheet: the end of the evening asked for, or the evening of the last close.

    Args:
        book: cut at the evening if one was asked for.
        as_of: whether one was; without, data are old against the clock.
    """
    if as_of:
        end = end_of(book.as_of)
        return Moment(end, end - _INSTANT)
    released = pd.Timestamp(book.series["index"].frame["released"].iloc[-1]).tz_convert(NEW_YORK)
    return Moment(end_of(released.tz_localize(None).normalize()), pd.Timestamp.now("UTC"))


def is_stale(name: str, date: pd.Timestamp, at: Moment) -> bool:
    """Return whether a series with this last date is old, by the rule of the catalog."""
    return staleness.is_stale(catalog()[name], date, at.now)
