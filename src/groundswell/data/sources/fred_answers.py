"""The answers of the FRED API, read: descriptions, vintage dates, spans of vintages and latest figures.

Every answer is held against the request it must echo. A service, or a cache on the way, that ignores the
vintages asked for and sends the latest figures is found out here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, TypeAdapter

from groundswell.data.catalog import Entry
from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body
from groundswell.data.sources import answers, fred_units

FIRST_DAY, LAST_DAY = "1776-07-04", "9999-12-31"
PAGE = 100_000
FREQUENCIES = {"D": "daily", "W": "weekly", "M": "monthly", "Q": "quarterly", "A": "annual"}


class Observed(BaseModel):
    """One row: a value and the days during which it stood."""

    model_config = ConfigDict(strict=True)

    realtime_start: str
    realtime_end: str
    date: str
    value: str


class Page(BaseModel):
    """An answer of `series/observations`; all but the rows echoes the request."""

    model_config = ConfigDict(strict=True)

    realtime_start: str
    realtime_end: str
    observation_start: str
    units: str
    output_type: int
    sort_order: str
    count: int
    offset: int
    limit: int
    observations: list[Observed]


class Described(BaseModel):
    """What `series` says of a series during a span of days."""

    model_config = ConfigDict(strict=True)

    id: str
    realtime_start: str
    realtime_end: str
    frequency_short: str
    units: str


class Description(BaseModel):
    """An answer of `series`."""

    model_config = ConfigDict(strict=True)

    seriess: list[Described]


class VintageDates(BaseModel):
    """An answer of `series/vintagedates`."""

    model_config = ConfigDict(strict=True)

    realtime_start: str
    realtime_end: str
    count: int
    offset: int
    vintage_dates: list[str]


PAGES, DESCRIPTIONS, DATES = TypeAdapter(Page), TypeAdapter(Description), TypeAdapter(VintageDates)


@dataclass(frozen=True)
class Span:
    """The vintages asked for: those that stood on a day between two, both included."""

    first: str = FIRST_DAY
    last: str = LAST_DAY


def checked_description(body: Body, entry: Entry) -> list[Described]:
    """Return what the series was called over time, the present last; its unit is the catalog's.

    Raises:
        SourceError: it is another series, another frequency, or another unit.
    """
    where = place(entry)
    found = sorted(answers.parsed(DESCRIPTIONS, body, where).seriess, key=lambda each: each.realtime_end)
    if not found or any(each.id != entry.source_id for each in found):
        raise SourceError(
            f"the description is of {', '.join(each.id for each in found) or 'nothing'}",
            where=where,
            expected=f"that of {entry.source_id}",
            remedy=answers.REMEDY,
        )
    now = found[-1]
    if FREQUENCIES.get(now.frequency_short) != entry.frequency:
        raise SourceError(
            f"the frequency is now '{now.frequency_short}'",
            where=where,
            expected=f"{entry.frequency} figures, as in the catalog",
            remedy="correct `frequency` of the series in the catalog",
        )
    allowed = entry.source_unit.split("|")
    verdicts = [fred_units.agree(now.units, unit) for unit in allowed]
    if False in verdicts and True not in verdicts:
        raise SourceError(
            f"FRED now gives it in '{now.units}'",
            where=where,
            expected=f"{' or '.join(allowed)}, as in the catalog",
            remedy="correct `source_unit` of the series in the catalog after looking at its figures",
        )
    return found


def read_spans(body: Body, entry: Entry, span: Span, offset: int = 0) -> tuple[pd.DataFrame, int]:
    """Return a page of spans and how many rows all pages have.

    Columns: `period`, `value` (NaN where withdrawn), `start` and `end` (first and last day on which it
    stood), `row`.

    Raises:
        SourceError: the answer does not echo the request, so its vintages cannot be trusted.
    """
    where = place(entry)
    page = answers.parsed(PAGES, body, where)
    _check_echo(page, where, realtime_start=span.first, realtime_end=span.last, offset=offset)
    frame = _rows(page, where)
    inside = (frame["start"] >= np.datetime64(span.first)) & (frame["end"] <= np.datetime64(span.last))
    _refuse(frame, ~inside | (frame["start"] > frame["end"]), where, f"days from {span.first} to {span.last}")
    late = frame["start"] > np.datetime64(body.fetched.date() + timedelta(days=1))
    _refuse(frame, late, where, f"vintages no later than the day of fetching, {body.fetched:%Y-%m-%d}")
    ordered = frame.sort_values(["period", "start"], kind="stable")
    again = ordered["period"].eq(ordered["period"].shift())
    _refuse(ordered, again & (ordered["start"] <= ordered["end"].shift()), where, "spans that do not overlap")
    if len(frame) and page.count == len(frame) and not (frame["end"] == np.datetime64(span.last)).any():
        raise SourceError(
            f"no value stands on {span.last}; the latest span ends on {frame['end'].max():%Y-%m-%d}",
            where=where,
            expected="every vintage: the service has ignored the days asked for",
            remedy=answers.REMEDY,
        )
    return frame, page.count


def read_figures(
    body: Body, entry: Entry, start: date | None = None, offset: int = 0
) -> tuple[pd.DataFrame, int]:
    """Return a page of latest figures (`period`, `value`, `row`) and how many rows all pages have.

    Raises:
        SourceError: the answer does not echo the request, or shows an old vintage.
    """
    where = place(entry)
    page = answers.parsed(PAGES, body, where)
    _check_echo(
        page, where, observation_start=start.isoformat() if start else page.observation_start, offset=offset
    )
    fetched = np.datetime64(body.fetched.date())
    shown = answers.days([page.realtime_start, page.realtime_end], [0, 0], where)
    if shown[0] != shown[1] or abs((shown[0] - fetched).astype(int)) > 3:
        raise SourceError(
            f"the answer is of {page.realtime_start} to {page.realtime_end}",
            where=where,
            expected=f"the figures of {fetched}",
            remedy=answers.REMEDY,
        )
    return _rows(page, where), page.count


def read_vintage_dates(body: Body, entry: Entry) -> list[str]:
    """Return the days on which a series was published or revised, ascending.

    Raises:
        SourceError: they are not all there.
    """
    where = place(entry)
    answer = answers.parsed(DATES, body, where)
    if answer.count != len(answer.vintage_dates) or answer.offset or not answer.vintage_dates:
        raise SourceError(
            f"{len(answer.vintage_dates)} vintage dates of {answer.count}",
            where=where,
            expected="all of them in one answer",
            remedy=answers.REMEDY,
        )
    answers.days(answer.vintage_dates, range(1, answer.count + 1), where)
    return sorted(answer.vintage_dates)


def to_current_scale(rows: pd.DataFrame, units: list[Described]) -> npt.NDArray[np.float64]:
    """Return the values of all vintages in the multiple of a dollar in which FRED gives them now."""
    values = rows["value"].to_numpy(dtype="float64").copy()
    now = fred_units.SIZES.get(fred_units.money(units[-1].units) or "")
    for each in units[:-1]:
        then = fred_units.SIZES.get(fred_units.money(each.units) or "")
        if now and then and then != now:
            first, last = np.datetime64(each.realtime_start), np.datetime64(each.realtime_end)
            values[((rows["start"] >= first) & (rows["start"] <= last)).to_numpy()] *= then / now
    return values


def place(entry: Entry) -> str:
    """Return source and series, for errors."""
    return f"FRED, series {entry.source_id} ({entry.id})"


def _rows(page: Page, where: str) -> pd.DataFrame:
    rows = page.observations
    numbers = range(page.offset + 1, page.offset + len(rows) + 1)
    return pd.DataFrame(
        {
            "period": answers.days([row.date for row in rows], numbers, where),
            "value": answers.numbers([row.value for row in rows], ["."], numbers, where),
            "start": answers.days([row.realtime_start for row in rows], numbers, where),
            "end": answers.days([row.realtime_end for row in rows], numbers, where),
            "row": np.asarray(numbers, dtype="int64"),
        }
    )


def _check_echo(page: Page, where: str, **asked_for: object) -> None:
    """Refuse an answer to another question than the one asked."""
    wanted = {"units": "lin", "output_type": 1, "sort_order": "asc", "limit": PAGE, **asked_for}
    for name, value in wanted.items():
        if (answered := getattr(page, name)) != value:
            raise SourceError(
                f"the answer says {name}={answered}",
                where=where,
                expected=f"{name}={value}, as asked: the service has ignored it",
                remedy=answers.REMEDY,
            )


def _refuse(frame: pd.DataFrame, wrong: pd.Series[bool], where: str, expected: str) -> None:
    if wrong.any():
        row = frame.iloc[int(np.argmax(wrong))]
        raise SourceError(
            f"{row['period']:%Y-%m-%d} has a value of {row['start']:%Y-%m-%d} to {row['end']:%Y-%m-%d}",
            where=f"{where}, row {row['row']}",
            expected=expected,
            remedy=answers.REMEDY,
        )
