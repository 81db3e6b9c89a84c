"""The New York Fed's Markets API: reference rates, reverse repo operations, the holdings of the Fed.

A source id is a path and a field, in one of three forms:

- `rates/secured/sofr#percentRate`: a field of a reference rate;
- `rp/reverserepo#totalAmtAccepted`: of the overnight reverse repo operations, one a day;
- `soma#bills`: of the weekly summary of holdings.

Amounts of operations and holdings come in dollars. Operations of small value, run to test the machinery
and told by their note, and term operations are left out. What an operation accepted stands once on the
operation and again on its details; only the former is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources import columns
from groundswell.data.sources.decoding import answer_of, refusal
from groundswell.data.sources.source import (
    Delivery,
    Job,
    Wanted,
    delivered,
    jobs_by,
    joined,
    named,
    observations,
)

SERVICE = Service(
    key="nyfed",
    title="Federal Reserve Bank of New York, Markets Data",
    address="https://markets.newyorkfed.org/api",
    rate=(2, 1.0),
    documentation="https://markets.newyorkfed.org/static/docs/markets-api.html",
)

FIRST_RATE = date(2000, 7, 3)
FIRST_OPERATION = date(2013, 9, 23)
"""The first overnight reverse repo of the facility."""
REACH_BACK = timedelta(days=30)
TOLERATED = 50
"""One day in so many may have two overnight operations that cannot be told apart."""
OPERATIONS, HOLDINGS = "rp/reverserepo", "soma"


class Answer(BaseModel):
    """A part of an answer; its members are written as in `effectiveDate`."""

    model_config = ConfigDict(alias_generator=to_camel)


class Rate(Answer):
    """A reference rate of a day; the figures are among what else it holds."""

    model_config = ConfigDict(extra="allow")

    effective_date: str
    type: str


class Rates(Answer):
    """An answer of a search for rates, newest first."""

    ref_rates: list[Rate]


class Operation(Answer):
    """A reverse repo operation."""

    operation_id: str
    operation_date: str
    operation_type: str
    term: str
    note: str | None = None
    total_amt_accepted: float | None = Field(allow_inf_nan=False)


class Repo(Answer):
    """The operations of an answer."""

    operations: list[Operation]


class Operations(Answer):
    """An answer of a search for operations."""

    repo: Repo


class Summary(Answer):
    """The weekly summaries of holdings; every figure is a text, empty where there is none."""

    summary: list[dict[str, str | None]]


class Holdings(Answer):
    """An answer of the summary of holdings."""

    soma: Summary


class NewYorkFed:
    """The New York Fed as the update sees it."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per path, since several series are fields of one answer."""

        def asking(path: str, group: tuple[Wanted, ...]) -> Callable[[Caller], Delivery]:
            ask = {OPERATIONS: _operations, HOLDINGS: _holdings}.get(path, partial(_rates, path))
            return partial(ask, group=group, today=today)

        return jobs_by(_path, SERVICE, wanted, asking)


def read_rates(body: Body, path: str, group: Sequence[Wanted]) -> Delivery:
    """Return the fields of a reference rate that the group wants.

    Raises:
        SourceError: the answer is of another rate, or not of the documented shape.
    """
    series = named(group)
    rows = answer_of(Rates, body, series=series).ref_rates
    name = path.rpartition("/")[2].upper()
    for number, row in enumerate(rows, start=1):
        if row.type != name:
            raise refusal(
                body, f"it is a rate of type '{row.type}'", series=series, row=number, expected=name
            )
    texts = [row.effective_date for row in rows]
    cells = [{key: _text(value) for key, value in (row.model_extra or {}).items()} for row in rows]
    return _fields(body, texts, cells, group)


def read_operations(body: Body, group: Sequence[Wanted]) -> Delivery:
    """Return what the overnight operations of an answer accepted, in dollars; may be none.

    A day with two of them, as in the years of trial, is left out with a remark.

    Raises:
        SourceError: more than one day in fifty has two operations, or no other day is there, or the
            answer is not of the documented shape.
    """
    series = named(group)
    listed = answer_of(Operations, body, series=series).repo.operations
    kept: dict[str, int] = {}
    twice: dict[str, SourceError] = {}
    small = 0
    for number, each in enumerate(listed, start=1):
        overnight = each.operation_type == "Reverse Repo" and each.term == "Overnight"
        if not overnight or each.total_amt_accepted is None:
            continue
        if "small value" in (each.note or "").lower():
            small += 1
        elif each.operation_date in kept:
            twice[each.operation_date] = refusal(
                body,
                f"{each.operation_date} has two overnight operations, "
                f"{listed[kept[each.operation_date] - 1].operation_id} and {each.operation_id}",
                series=series,
                row=number,
                expected="one operation a day beside those of small value",
            )
        else:
            kept[each.operation_date] = number
    if twice and len(twice) > min(max(1, len(kept) // TOLERATED), len(kept) - 1):
        raise next(iter(twice.values()))
    kept = {day: number for day, number in kept.items() if day not in twice}
    days = columns.days(list(kept), body, series=series, rows=list(kept.values()))
    values = [listed[number - 1].total_amt_accepted or 0.0 for number in kept.values()]
    frames = [observations(each.entry.id, pd.DatetimeIndex(days), values, kept.values()) for each in group]
    remarks = [f"New York Fed: {small} reverse repo operations of small value left out."] if small else []
    if twice:
        remarks.append(f"New York Fed: {', '.join(twice)} left out, with two overnight operations each.")
    return Delivery(pd.concat(frames, ignore_index=True), bodies=(body,), remarks=tuple(remarks))


def read_holdings(body: Body, group: Sequence[Wanted]) -> Delivery:
    """Return the fields of the weekly summaries that the group wants, in dollars.

    Raises:
        SourceError: the answer is not of the documented shape.
    """
    rows = answer_of(Holdings, body, series=named(group)).soma.summary
    texts = [row.get("asOfDate") or "" for row in rows]
    return _fields(body, texts, [{key: value or "" for key, value in row.items()} for row in rows], group)


def _fields(body: Body, days: list[str], cells: list[dict[str, str]], group: Sequence[Wanted]) -> Delivery:
    """Return one field per series; a field that is absent or malformed fails its series alone."""
    rows = range(1, len(days) + 1)
    periods = pd.DatetimeIndex(columns.days(days, body, series=named(group), rows=rows))

    def of_series(series: str, field: str) -> pd.DataFrame:
        if not any(row.get(field) for row in cells):
            raise refusal(
                body, f"the field '{field}' is nowhere in the answer", series=series, expected="figures"
            )
        texts = [row.get(field, "") for row in cells]
        values = columns.numbers(texts, body, series=series, rows=rows, column=field)
        frame = observations(series, periods, values, rows)
        return frame[frame["value"].notna()]

    read = {
        each.entry.id: partial(of_series, each.entry.id, each.entry.source_id.partition("#")[2])
        for each in group
    }
    return delivered(read, [body])


def _rates(path: str, caller: Caller, group: Sequence[Wanted], today: date) -> Delivery:
    start = _since(group, FIRST_RATE)
    parameters = {"startDate": start.isoformat(), "endDate": today.isoformat()}
    return read_rates(caller.get(SERVICE, f"/{path}/search.json", parameters, expect="json"), path, group)


def _holdings(caller: Caller, group: Sequence[Wanted], today: date) -> Delivery:
    return read_holdings(caller.get(SERVICE, "/soma/summary.json", {}, expect="json"), group)


def _operations(caller: Caller, group: Sequence[Wanted], today: date) -> Delivery:
    """Ask year by year, as every operation comes with its details."""
    start = _since(group, FIRST_OPERATION)
    deliveries = []
    for year in range(start.year, today.year + 1):
        first, last = max(start, date(year, 1, 1)), min(today, date(year, 12, 31))
        parameters = {
            "startDate": first.isoformat(),
            "endDate": last.isoformat(),
            "operationTypes": "Reverse Repo",
        }
        body = caller.get(SERVICE, "/rp/results/search.json", parameters, expect="json")
        deliveries.append(read_operations(body, group))
    whole = joined(deliveries)
    if whole.observations.empty:
        raise refusal(
            whole.bodies[-1],
            f"there is no overnight operation from {start} to {today}",
            series=named(group),
            expected="one on every business day",
        )
    return whole


def _since(group: Sequence[Wanted], first: date) -> date:
    """Return the day to ask from: a month before what every series of the group has."""
    through = [each.through for each in group if each.through is not None]
    return first if len(through) < len(group) else max(first, min(through) - REACH_BACK)


def _path(wanted: Wanted) -> str:
    return wanted.entry.source_id.partition("#")[0]


def _text(value: object) -> str:
    return "" if value is None else str(value)


SOURCE = NewYorkFed()
