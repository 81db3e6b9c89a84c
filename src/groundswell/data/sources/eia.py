"""Energy Information Administration: electricity prices, sales, generation, demand and capacity.

`source_id` in the catalog is a route of the API with what to ask of it:
`electricity/retail-sales?data=price&stateid=US&sectorid=RES`. `data` names the column of values, the other
parameters are facets that every row must then carry. With `rows=summed` all rows of a period are added
up, which is for the list of generators; without it a period that comes twice is refused.

An answer has at most 5000 rows and tells the total; it is asked on until the rows are all there. Totals
and values come as strings or numbers, a value may be null. The unit stands in each row. The service
repeats the key in its answer: nothing of `request` is read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from types import MappingProxyType
from typing import Annotated
from urllib.parse import parse_qsl

import pandas as pd
from pydantic import BaseModel, Field

from groundswell.data.catalog import Entry
from groundswell.data.http.service import Body, Caller, Key, Service
from groundswell.data.sources.decoding import json_of, number_of, record_of, refusal
from groundswell.data.sources.source import (
    Delivery,
    Job,
    Wanted,
    delivered,
    jobs_by,
    not_understood,
    observations,
)

SERVICE = Service(
    key="eia",
    title="Energy Information Administration",
    address="https://api.eia.gov",
    credential=Key(
        variable="EIA_API_KEY",
        place="query",
        name="api_key",
        required=True,
        unlocks="electricity prices, sales, generation, demand and capacity",
        page="https://www.eia.gov/opendata/register.php",
    ),
    # Below the 5 requests a second and 9,000 an hour above which a key is suspended for a while.
    rate=(2, 1.0),
    busy_seconds=30.0,
    deadline=120.0,
    documentation="https://www.eia.gov/opendata/documentation.php",
)

LONGEST_ANSWER = 5000
MOST_PAGES = 60
"""More rows than this many answers hold mean that a facet is missing from the question."""

FIRST_PERIOD = date(2001, 1, 1)
YEARS_REVISED = 2
MONTHS_OF_LISTS = 3
"""A list of generators has some 25,000 rows a month: it is loaded for this many months, not for all years."""

UNITS: Mapping[str, str] = MappingProxyType(
    {
        "cents per kilowatt-hour": "cents per kWh",
        "cents per kilowatthour": "cents per kWh",
        "million dollars": "USD million",
        "million kilowatt hours": "million kWh",
        "million kilowatthours": "million kWh",
        "thousand megawatthours": "thousand MWh",
        "megawatthours": "MWh",
        "MW": "MW",
        "megawatts": "MW",
        "number of customers": "customers",
    }
)
"""Units as the service writes them, and as we do."""

_PERIOD = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}))?)?)?", re.ASCII)
_FORMATS: Mapping[str, str] = MappingProxyType({"annual": "%Y", "monthly": "%Y-%m", "daily": "%Y-%m-%d"})


class _Response(BaseModel):
    total: Annotated[str, Field(pattern=r"^[0-9]{1,9}$", coerce_numbers_to_str=True)]
    data: list[dict[str, str | int | float | None]]
    warnings: list[dict[str, str]] = []


class _Answer(BaseModel):
    response: _Response


@dataclass(frozen=True)
class Page:
    """One answer: the rows it has, of how many in all, and what the service warned of."""

    total: int
    rows: list[dict[str, str | int | float | None]]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Question:
    route: str
    column: str
    facets: Mapping[str, str]
    summed: bool


class EnergyInformationAdministration:
    """Plans the requests to the EIA."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per route; each series is asked for by itself, and fails by itself."""

        def route(each: Wanted) -> str:
            return each.entry.source_id.partition("?")[0]

        return jobs_by(route, SERVICE, wanted, lambda _, group: partial(_ask_route, group, today))


SOURCE = EnergyInformationAdministration()


def _ask_route(wanted: tuple[Wanted, ...], today: date, caller: Caller) -> Delivery:
    bodies: list[Body] = []

    def of_series(each: Wanted) -> pd.DataFrame:
        asked = _ask(each, today, caller)
        bodies.extend(asked)
        return read_series(asked, each.entry)

    return delivered({each.entry.id: partial(of_series, each) for each in wanted}, bodies)


def _ask(wanted: Wanted, today: date, caller: Caller) -> list[Body]:
    """Return the answers that hold all rows of a series."""
    entry = wanted.entry
    question = _question(entry)
    parameters: dict[str, str | int] = {
        "frequency": entry.frequency,
        "data[0]": question.column,
        **{f"facets[{name}][]": value for name, value in question.facets.items()},
        "start": _first_period(wanted, question, today).strftime(_FORMATS[entry.frequency]),
        "sort[0][column]": "period",
        "sort[0][direction]": "asc",
        "length": LONGEST_ANSWER,
    }
    bodies: list[Body] = []
    rows = 0
    while True:
        path = f"/v2/{question.route}/data/"
        body = caller.get(SERVICE, path, {**parameters, "offset": rows}, expect="json")
        page = read_page(body, entry.id)
        bodies.append(body)
        rows += len(page.rows)
        if rows >= page.total or not page.rows:
            return bodies
        if len(bodies) == MOST_PAGES:
            raise refusal(
                body,
                f"{page.total} rows are too many",
                series=entry.id,
                expected=f"at most {MOST_PAGES * LONGEST_ANSWER}",
                remedy="name more facets in the source_id of the entry",
            )


def _first_period(wanted: Wanted, question: _Question, today: date) -> date:
    if question.summed:
        month = pd.Timestamp(wanted.through or today) - pd.DateOffset(months=MONTHS_OF_LISTS)
        return date(month.year, month.month, 1)
    if wanted.through is None:
        return FIRST_PERIOD
    return date(wanted.through.year - YEARS_REVISED, wanted.through.month, 1)


def read_page(body: Body, series: str) -> Page:
    """Return the rows of one answer of the API, whatever the route.

    Raises:
        SourceError: the answer tells of an error, or is of another shape.
    """
    raw = json_of(body, series)
    if isinstance(raw, dict) and "error" in raw:
        told = raw["error"].get("message", raw["error"]) if isinstance(raw["error"], dict) else raw["error"]
        raise refusal(
            body,
            f"the service answers with an error: {str(told)[:200]}",
            series=series,
            expected="rows",
            remedy="check the route and facets of the entry, and EIA_API_KEY",
        )
    response = record_of(_Answer, raw, body, series=series).response
    warnings = tuple(": ".join(each.values())[:200] for each in response.warnings)
    return Page(int(response.total), response.data, warnings)


def read_series(bodies: Sequence[Body], entry: Entry) -> pd.DataFrame:
    """Return the observations of a series from the answers that together hold its rows.

    Raises:
        SourceError: rows are missing, of another unit, of another facet than asked, or come twice.
    """
    question = _question(entry)
    pages = [read_page(body, entry.id) for body in bodies]
    read, totals = sum(len(page.rows) for page in pages), {page.total for page in pages}
    if totals != {read}:
        warned = "; ".join(dict.fromkeys(text for page in pages for text in page.warnings))
        raise refusal(
            bodies[-1],
            f"{read} rows came, the answers tell of {sorted(totals)} ({warned or 'no warning'})",
            series=entry.id,
            expected="all rows",
        )
    values: dict[datetime, tuple[float, int]] = {}
    row = 0
    for body, page in zip(bodies, pages, strict=True):
        for cells in page.rows:
            row += 1
            _check_facets(cells, question, entry, body, row)
            period = period_of(cells.get("period"), body, series=entry.id, row=row)
            value = value_of(cells, question.column, entry, body, row)
            if value is None:
                continue
            if period in values and not question.summed:
                raise refusal(
                    body,
                    f"the period {cells['period']} comes again, first in row {values[period][1]}",
                    series=entry.id,
                    row=row,
                    expected="each period once",
                    remedy="name more facets in the source_id of the entry",
                )
            before, first_row = values.get(period, (0.0, row))
            values[period] = (before + value, first_row)
    if not values:
        raise refusal(bodies[-1], f"none of {read} rows has a value", series=entry.id, expected="values")
    return observations(entry.id, values, *zip(*values.values(), strict=True))


def value_of(
    cells: Mapping[str, str | int | float | None], column: str, entry: Entry, body: Body, row: int
) -> float | None:
    """Return a value of a row, `None` where it is null, held against the unit the row names.

    Raises:
        SourceError: there is no such column, no number in it, or the unit is another.
    """
    if column not in cells:
        raise refusal(
            body,
            f"there is no column '{column}' among {', '.join(cells)[:200]}",
            series=entry.id,
            row=row,
            expected=f"the column '{column}'",
        )
    cell = cells[column]
    text = "" if cell is None else str(cell).strip()
    if not text:
        return None
    written = str(cells.get(f"{column}-units"))
    if UNITS.get(written) != entry.source_unit:
        raise refusal(
            body,
            f"'{column}' is in {written}",
            series=entry.id,
            row=row,
            expected=entry.source_unit,
            remedy="correct source_unit in the catalog if the service has changed its unit",
        )
    return number_of(text, body, series=entry.id, row=row, column=column)


def period_of(cell: object, body: Body, *, series: str, row: int) -> datetime:
    """Return the beginning of a period written 2020, 2020-01, 2020-01-06 or 2020-01-06T06 (UTC).

    Raises:
        SourceError: it is written otherwise.
    """
    match = _PERIOD.fullmatch(cell) if isinstance(cell, str) else None
    try:
        if match is None:
            raise ValueError(cell)
        year, month, day, hour = match.groups()
        return datetime(int(year), int(month or 1), int(day or 1), int(hour or 0))
    except ValueError as problem:
        raise refusal(
            body,
            f"the period is {str(cell)[:40]!r}",
            series=series,
            row=row,
            expected="a period such as 2020-01 or 2020-01-06T06",
        ) from problem


def _check_facets(
    cells: Mapping[str, object], question: _Question, entry: Entry, body: Body, row: int
) -> None:
    for name, asked in question.facets.items():
        if str(cells.get(name)) != asked:
            raise refusal(
                body,
                f"'{name}' is {str(cells.get(name, 'not in the row'))[:60]}",
                series=entry.id,
                row=row,
                expected=f"'{asked}' as asked",
                remedy="the service may have renamed the facet: correct the entry in your catalog",
            )


def _question(entry: Entry) -> _Question:
    """Return what a `source_id` asks.

    Raises:
        SourceError: it does not follow the grammar, or the frequency is none of the service's.
    """
    route, _, query = entry.source_id.partition("?")
    asked = dict(parse_qsl(query))
    column, rows = asked.pop("data", ""), asked.pop("rows", "")
    if not re.fullmatch(r"[a-z0-9/-]+", route) or not column or rows not in ("", "summed"):
        raise not_understood(
            entry, "<route>?data=<column>&<facet>=<value>, with rows=summed for a list to add up"
        )
    if entry.frequency not in _FORMATS:
        raise not_understood(entry, f"figures that are {', '.join(_FORMATS)}")
    return _Question(route, column, MappingProxyType(asked), rows == "summed")
