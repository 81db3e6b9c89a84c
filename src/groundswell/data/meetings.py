"""Days of decision of the Federal Open Market Committee, as they were known on any evening.

The table has the last day of each meeting from 1994, when decisions began to be announced, and the
changes of the target made between meetings. A calendar counts from the day it was published, where that
day is known; from 1 October of the year before where it is not, which is late for all calendars that
could be looked up. A meeting whose date was moved after that stands where it was held; the one that was
cancelled, in March 2020, stands until its cancellation. A decision between meetings counts from its own
day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

from groundswell.data.book import NEW_YORK, end_of

_TABLE = Path(__file__).parent / "tables" / "fomc_meetings.csv"


def decisions(known_at: pd.Timestamp) -> pd.DataFrame:
    """Return the days of decision, past and to come, that were known at a moment; sorted, index 0..n-1.

    Columns:
        date: day of the decision, the last one of a meeting; no time, no zone.
        kind: "scheduled", or "unscheduled" for a change of the target between meetings.
        known_from: day at whose end the row counts.
        source: who published it, for people; "recalled" where the publication was not read.

    Args:
        known_at: a moment with a zone, or a day, which stands for its end in New York.
    """
    table = _table()
    until = _latest_day(known_at)
    known = (table["known_from"] <= until) & ~(table["known_until"] <= until)
    return table.loc[known, ["date", "kind", "known_from", "source"]].reset_index(drop=True)


def days(known_at: pd.Timestamp) -> list[date]:
    """Return the days of decision that were known at a moment, in order, as `decisions` has them."""
    return [day.date() for day in decisions(known_at)["date"]]


def turns() -> pd.DatetimeIndex:
    """Return the days at whose end something more, or something else, is known than the day before."""
    table = _table()
    return pd.DatetimeIndex(
        pd.concat([table["known_from"], table["known_until"]]).dropna().unique()
    ).sort_values()


def one_a_month(decided: Sequence[date]) -> list[date]:
    """Return the days with only the last one of each month: a monthly contract cannot part two."""
    return list({(day.year, day.month): day for day in sorted(decided)}.values())


def _latest_day(known_at: pd.Timestamp) -> pd.Timestamp:
    """Return the last day that had ended at a moment."""
    moment = end_of(known_at.normalize()) if known_at.tzinfo is None else known_at.tz_convert(NEW_YORK)
    return moment.tz_localize(None).normalize() - pd.Timedelta(days=1)


@cache
def _table() -> pd.DataFrame:
    dates = ["date", "known_from", "known_until"]
    return pd.read_csv(_TABLE, parse_dates=dates, dtype={"kind": "str", "source": "str"})
