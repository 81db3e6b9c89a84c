"""The answers of the FRED API, read: descriptions, vintage dates, spans of vintages and latest figures.

Every answer is held against the request it must echo. A service, or a cache on the way, that ignores the
vintages asked for and sends the latest figures is found out here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from groundswell.data.catalog import Entry
from groundswell.data.http.service import Body
from groundswell.data.sources import fred_units
from groundswell.data.sources.columns import days, numbers
from groundswell.data.sources.decoding import answer_of, refusal

FIRST_DAY, LAST_DAY = "1776-07-04", "9999-12-31"
PAGE = 100_000
MISSING = "."
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
    found = sorted(answer_of(Description, body, series=entry.id).seriess, key=lambda each: each.realtime_end)
    if not found or any(each.id != entry.source_id for each in found):
        raise refusal(
            body,
            f"the description is of {', '.join(each.id for each in found) or 'nothing'}",
            series=entry.id,
            expected=f"that of {entry.source_id}",
        )
    now = found[-1]
    if FREQUENCIES.get(now.frequency_short) != entry.frequency:
        raise refusal(
            body,
            f"the frequency is now '{now.frequency_short}'",
            series=entry.id,
            expected=f"{entry.frequency} figures, as in the catalog",
            remedy="correct `frequency` of the series in the catalog",
        )
    allowed = entry.source_unit.split("|")
    verdicts = [fred_units.agree(now.units, unit) for unit in allowed]
    if False in verdicts and True not in verdicts:
        raise refusal(
            body,
            f"FRED now gives it in '{now.units}'",
            series=entry.id,
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
    page = answer_of(Page, body, series=entry.id)
    _check_echo(page, entry, body, realtime_start=span.first, realtime_end=span.last, offset=offset)
    frame = _rows(page, entry, body)
    inside = (frame["start"] >= np.datetime64(span.first)) & (frame["end"] <= np.datetime64(span.last))
    _refuse(
        frame,
        ~inside | (frame["start"] > frame["end"]),
        entry,
        body,
        f"days from {span.first} to {span.last}",
    )
    late = frame["start"] > np.datetime64(body.fetched.date() + timedelta(days=1))
    _refuse(frame, late, entry, body, f"vintages no later than the day of fetching, {body.fetched:%Y-%m-%d}")
    ordered = frame.sort_values(["period", "start"], kind="stable")
    again = ordered["period"].eq(ordered["period"].shift())
    _refuse(
        ordered,
        again & (ordered["start"] <= ordered["end"].shift()),
        entry,
        body,
        "spans that do not overlap",
    )
    if len(frame) and page.count == len(frame) and not (frame["end"] == np.datetime64(span.last)).any():
        raise refusal(
            body,
            f"no value stands on {span.last}; the latest span ends on {frame['end'].max():%Y-%m-%d}",
            series=entry.id,
            expected="every vintage: the service has ignored the days asked for",
        )
    return frame, page.count


def read_figures(
    body: Body, entry: Entry, start: date | None = None, offset: int = 0
) -> tuple[pd.DataFrame, int]:
    """Return a page of latest figures (`period`, `value`, `row`) and how many rows all pages have.

    Raises:
        SourceError: the answer does not echo the request, or shows an old vintage.
    """
    page = answer_of(Page, body, series=entry.id)
    _check_echo(
        page,
        entry,
        body,
        observation_start=start.isoformat() if start else page.observation_start,
        offset=offset,
    )
    fetched = np.datetime64(body.fetched.date())
    shown = days([page.realtime_start, page.realtime_end], body, series=entry.id, rows=[0, 0])
    if shown[0] != shown[1] or abs((shown[0] - fetched).astype(int)) > 3:
        raise refusal(
            body,
            f"the answer is of {page.realtime_start} to {page.realtime_end}",
            series=entry.id,
            expected=f"the figures of {fetched}",
        )
    return _rows(page, entry, body), page.count


def read_vintage_dates(body: Body, entry: Entry) -> list[str]:
    """Return the days on which a series was published or revised, ascending.

    Raises:
        SourceError: they are not all there.
    """
    answer = answer_of(VintageDates, body, series=entry.id)
    if answer.count != len(answer.vintage_dates) or answer.offset or not answer.vintage_dates:
        raise refusal(
            body,
            f"{len(answer.vintage_dates)} vintage dates of {answer.count}",
            series=entry.id,
            expected="all of them in one answer",
        )
    days(answer.vintage_dates, body, series=entry.id, rows=range(1, answer.count + 1))
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


def _rows(page: Page, entry: Entry, body: Body) -> pd.DataFrame:
    rows = page.observations
    places = range(page.offset + 1, page.offset + len(rows) + 1)
    of_rows = partial(days, body=body, series=entry.id, rows=places)
    values = [row.value for row in rows]
    return pd.DataFrame(
        {
            "period": of_rows([row.date for row in rows]),
            "value": numbers(values, body, series=entry.id, rows=places, column="value", missing=[MISSING]),
            "start": of_rows([row.realtime_start for row in rows]),
            "end": of_rows([row.realtime_end for row in rows]),
            "row": np.asarray(places, dtype="int64"),
        }
    )


def _check_echo(page: Page, entry: Entry, body: Body, **asked_for: object) -> None:
    """Refuse an answer to another question than the one asked."""
    wanted = {"units": "lin", "output_type": 1, "sort_order": "asc", "limit": PAGE, **asked_for}
    for name, value in wanted.items():
        if (answered := getattr(page, name)) != value:
            raise refusal(
                body,
                f"the answer says {name}={answered}",
                series=entry.id,
                expected=f"{name}={value}, as asked: the service has ignored it",
            )


def _refuse(frame: pd.DataFrame, wrong: pd.Series[bool], entry: Entry, body: Body, expected: str) -> None:
    if wrong.any():
        row = frame.iloc[int(np.argmax(wrong))]
        raise refusal(
            body,
            f"{row['period']:%Y-%m-%d} has a value of {row['start']:%Y-%m-%d} to {row['end']:%Y-%m-%d}",
            series=entry.id,
            row=int(row["row"]),
            expected=expected,
        )
