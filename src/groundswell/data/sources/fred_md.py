"""FRED-MD: a monthly table of some 120 US series, kept as published every month since 2015.

It gives vintages without a key. A source id is a column of the table ("UNRATE", "S&P PE ratio").

The file of a month holds data through the month before and comes out about its end; it is taken as
released at the end of the tenth day after the month, New York time, which is never early. The files of
the two years past are read at first, later the new ones. What a file changes is a vintage; what it
repeats is not told again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

import numpy as np
import pandas as pd

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources.columns import Table, table
from groundswell.data.sources.decoding import refusal
from groundswell.data.sources.source import Delivery, Job, Wanted, delivered, jobs_by, named, observations

SERVICE = Service(
    key="fred_md",
    title="FRED-MD, Federal Reserve Bank of St. Louis",
    address="https://www.stlouisfed.org/-/media/project/frbstl/stlouisfed/research/fred-md",
    rate=(1, 1.0),
    cache_seconds=24 * 3600.0,
    documentation="https://www.stlouisfed.org/research/economists/mccracken/fred-databases",
)

FIRST_FILES = 24
"""Files read where nothing is stored."""
DAYS_LATE = 10
"""Days after the end of its month by which a file is out."""
TRANSFORMATIONS = frozenset("1234567")


@dataclass(frozen=True)
class File:
    """The table as published for one month.

    Attributes:
        month: the month it is named after.
        table: cells, without the row of transformations and the blank rows at the end.
        periods: first days of the months of its rows.
    """

    month: pd.Period
    table: Table
    periods: pd.DatetimeIndex

    @property
    def released(self) -> pd.Timestamp:
        """Return the moment by which the file was out, UTC."""
        return released(self.month)


class FredMd:
    """FRED-MD as the update sees it."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job for the series that have nothing yet, and one for those that go on."""

        def goes_on(each: Wanted) -> bool:
            return each.vintage is not None

        return jobs_by(goes_on, SERVICE, wanted, lambda _, group: partial(_asked, group=group, today=today))


def released(month: pd.Period) -> pd.Timestamp:
    """Return the moment by which the file of a month is out, UTC."""
    day = month.end_time.normalize() + pd.Timedelta(days=DAYS_LATE)
    return (day + pd.Timedelta("23:59:00")).tz_localize("America/New_York").tz_convert("UTC")


def read(body: Body, month: pd.Period, series: str) -> File:
    """Return the file of a month.

    Args:
        body: the answer.
        month: the month it should be of.
        series: whom it is read for, for refusals.

    Raises:
        SourceError: its dates or its row of transformations are not as documented, or it is the file
            of another month.
    """
    found = table(body, series)
    codes = found.cells[0] if found.cells else [""]
    if found.header[0] != "sasdate" or not codes[0].startswith("Transform"):
        raise refusal(
            body,
            f"it begins with '{found.header[0][:40]}' and '{codes[0][:40]}'",
            series=series,
            row=found.header_row,
            expected="'sasdate' and below it 'Transform:'",
        )
    strange = [code for code in codes[1:] if code not in TRANSFORMATIONS]
    if strange:
        raise refusal(
            body,
            f"'{strange[0][:40]}' is not a transformation",
            series=series,
            row=found.lines[0],
            expected="a number from 1 to 7",
        )
    found = found.rows(range(1, len(found.lines)))
    periods = _months(found)
    if not len(periods) or periods[-1].to_period("M") != month - 1:
        last = f"{periods[-1]:%Y-%m}" if len(periods) else "nothing"
        raise refusal(
            body,
            f"its data end with {last}",
            series=series,
            expected=f"{month - 1}: the service has sent the file of another month",
        )
    return File(month, found, periods)


def vintages(files: Sequence[File], wanted: Wanted) -> pd.DataFrame:
    """Return what each file in turn says that the one before it did not.

    Of the first file everything counts, unless it is the one stored last: then only its newest month is
    told again.

    Raises:
        SourceError: a file has no such column, or it holds something else than numbers.
    """
    entry = wanted.entry
    frames = []
    before: pd.Series[float] | None = None
    for file in files:
        values = file.table.of(entry.id).numbers(entry.source_id)
        now = pd.Series(values, index=file.periods)
        lines = pd.Series(file.table.lines, index=file.periods)
        if before is None:
            told = now[now.notna()]
            if wanted.vintage is not None and _month_of(wanted.vintage) >= file.month:
                told = told.iloc[-1:]
        else:
            known = before.reindex(now.index)
            told = now[(now != known) & ~(now.isna() & known.isna())]
        rows = lines.loc[told.index].to_list()
        frames.append(observations(entry.id, told.index, told, rows, [file.released] * len(told)))
        before = now
    return pd.concat(frames, ignore_index=True)


def _asked(caller: Caller, group: Sequence[Wanted], today: date) -> Delivery:
    """Read the files that are there: old ones move into an archive, and a new one may be late.

    What a missing file changed is told by the one after it, so later than it was known, and never earlier.
    """
    bodies, files = [], []
    missing: dict[pd.Period, SourceError] = {}
    for month in _files(group, today):
        try:
            body = caller.get(SERVICE, f"/monthly/{month}-md.csv", {}, expect="csv")
        except SourceError as problem:
            if not problem.what.startswith("status 404"):
                raise
            missing[month] = problem
            continue
        bodies.append(body)
        files.append(read(body, month, named(group)))
    if not files:
        raise next(iter(missing.values()))
    remarks = [f"FRED-MD: there is no file of {', '.join(map(str, missing))}."] if missing else []
    return delivered({each.entry.id: partial(vintages, files, each) for each in group}, bodies, remarks)


def _files(group: Sequence[Wanted], today: date) -> list[pd.Period]:
    """Return the months of the files to read: those that are out, from the last one stored on."""
    newest = pd.Timestamp(today).to_period("M")
    while released(newest) >= pd.Timestamp(today, tz="America/New_York"):
        newest -= 1
    stored = [_month_of(each.vintage) for each in group if each.vintage is not None]
    first = max(min(stored), newest - FIRST_FILES) if stored else newest - FIRST_FILES + 1
    return list(pd.period_range(min(first, newest), newest, freq="M"))


def _month_of(vintage: datetime) -> pd.Period:
    """Return the month of the file that was taken as released at a moment."""
    day = pd.Timestamp(vintage).tz_convert("America/New_York").tz_localize(None)
    return (day - pd.Timedelta(days=DAYS_LATE + 1)).to_period("M")


def _months(found: Table) -> pd.DatetimeIndex:
    """Return the first days of months written as 1/1/1959, one after the other."""
    texts = found.column("sasdate")
    days = pd.to_datetime(pd.Series(texts, dtype="str"), format="%m/%d/%Y", errors="coerce")
    steps = (12 * days.dt.year + days.dt.month).diff().fillna(1)
    wrong = (days.isna() | (steps != 1) | (days.dt.day != 1)).to_numpy()
    if wrong.any():
        first = int(np.argmax(wrong))
        raise refusal(
            found.body,
            f"'{texts[first][:40]}' is out of turn",
            series=found.series,
            row=found.lines[first],
            expected="months one after the other, written as 1/1/1959",
        )
    return pd.DatetimeIndex(days).as_unit("us")


SOURCE = FredMd()
