"""The days of decisions, however they are written, and tables in which each is found by its day."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from groundswell.data.errors import DataError


def day_of(given: object, where: str) -> date:
    """Return the day that a date, Timestamp or text ("2022-09-21") stands for.

    Args:
        given: the day; a time of day is dropped.
        where: for errors.

    Raises:
        DataError: it is none of these, or missing.
    """
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    found = None
    if isinstance(given, (str, datetime, np.datetime64)):
        try:
            found = pd.Timestamp(given)
        except (ValueError, OverflowError):
            found = None
    if found is None or pd.isna(found):
        raise DataError(f"the day is '{given}'", where=where, expected="a day, such as '2022-09-21'")
    return found.date()


def days_of(meetings: object, where: str) -> list[date]:
    """Return the days of meetings, in the order given.

    Args:
        meetings: dates, Timestamps or texts.
        where: for errors.

    Raises:
        DataError: they are no list, or as `day_of`.
    """
    if isinstance(meetings, str) or not isinstance(meetings, Iterable):
        raise DataError(
            f"the meetings are {meetings!r}", where=where, expected="a list of days, even where it holds one"
        )
    return [day_of(meeting, where) for meeting in meetings]


class MeetingIndex(pd.Index):
    """Index of dates in which a meeting is found by its date, a Timestamp or a text of its day.

    `table.loc[date(2022, 9, 21)]` and `table.loc["2022-09-21"]` are the same row. What pandas derives
    by selecting rows keeps the index; a saved one comes back as a plain index of dates.
    """

    @classmethod
    def of(cls, days: Sequence[date]) -> MeetingIndex:
        """Return the index, named `meeting`."""
        labels = np.empty(len(days), dtype=object)
        labels[:] = days
        made: MeetingIndex = cls._simple_new(labels, "meeting")  # type: ignore[attr-defined]
        return made

    def get_loc(self, key: Any) -> Any:
        """Return the place of a meeting.

        Raises:
            KeyError: there is none on that day.
        """
        try:
            return super().get_loc(day_of(key, "index"))
        except DataError:
            raise KeyError(key) from None

    def __contains__(self, key: Hashable) -> bool:
        try:
            self.get_loc(key)
        except KeyError:
            return False
        return True
