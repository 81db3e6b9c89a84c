"""Bureau of Economic Analysis: the national accounts by table, quarter and line.

`source_id` in the catalog: `NIPA:T10105:Q:line 1:A191RC:Gross domestic product`, that is data set,
table, frequency, line, series code and the description of the line, which may hold colons. Line, code
and description must agree in the answer: a table that was renumbered is an error and not another
series. A `*` leaves line or code open, the other two are held.

Errors arrive at HTTP 200. Amounts have commas and count 10^UNIT_MULT dollars; `(NA)`, `(D)`, `n.a.` and
dashes are no value. The service has no vintages: what a figure was before is only in our archive of
answers. It repeats the key in its answer: nothing of `Request` is read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Annotated

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
    key="bea",
    title="Bureau of Economic Analysis",
    address="https://apps.bea.gov",
    credential=Key(
        variable="BEA_API_KEY",
        place="query",
        name="UserID",
        required=True,
        unlocks="the national accounts: growth and its contributions, investment by type, profits, imports",
        page="https://apps.bea.gov/API/signup/",
    ),
    # More than 100 requests, 100 MB or 30 errors a minute shut a caller out for an hour.
    rate=(1, 1.0),
    attempts=3,
    deadline=180.0,
    largest_body=96 * 2**20,
    documentation="https://apps.bea.gov/API/docs/index.htm",
)

PATH = "/api/data"
YEARS_REVISED = 6
"""An annual update revises five years; a comprehensive one revises all, and is loaded into an empty store."""

NO_VALUE = frozenset({"(NA)", "(D)", "(L)", "(S)", "n.a.", "---", "--", "-", "....."})
FREQUENCIES: Mapping[str, str] = MappingProxyType({"quarterly": "Q", "monthly": "M", "annual": "A"})
MONTHS: Mapping[str, int] = MappingProxyType({"A": 12, "Q": 3, "M": 1})
POWERS: Mapping[str, int] = MappingProxyType({"": 0, " thousand": 3, " million": 6, " bn": 9})

_ID = re.compile(
    r"(?P<dataset>NIPA|NIUnderlyingDetail):(?P<table>\w+):(?P<frequency>[AQM]):(?!line \*:\*)"
    r"line (?P<line>\d+|\*):(?P<code>\w+|\*):(?P<description>.+)",
    re.ASCII,
)
_PERIOD = re.compile(r"(?P<year>\d{4})(?:(?P<letter>[QM])(?P<number>\d{1,2}))?", re.ASCII)
_CHAINED = re.compile(r"chained \((\d{4})\)", re.IGNORECASE)
_MONEY = re.compile(
    r"(?:chained (?P<base>\d{4}) )?USD(?P<scale>| thousand| million| bn)(?: a year)?", re.ASCII
)
_FOOTNOTES = re.compile(r"\s*\\\d+\\\s*$")


class _Row(BaseModel):
    table: Annotated[str, Field(alias="TableName")]
    code: Annotated[str, Field(alias="SeriesCode")]
    line: Annotated[str, Field(alias="LineNumber")]
    description: Annotated[str, Field(alias="LineDescription")]
    period: Annotated[str, Field(alias="TimePeriod")]
    metric: Annotated[str, Field(alias="METRIC_NAME")]
    unit: Annotated[str, Field(alias="CL_UNIT")]
    power: Annotated[str, Field(alias="UNIT_MULT", pattern=r"^(0|3|6|9)$")]
    value: Annotated[str, Field(alias="DataValue")]


class _Note(BaseModel):
    text: Annotated[str, Field(alias="NoteText")]


class _Results(BaseModel):
    data: Annotated[list[_Row], Field(alias="Data", min_length=1)]
    notes: Annotated[list[_Note], Field(alias="Notes")] = []


@dataclass(frozen=True)
class _Line:
    """A series as the catalog names it."""

    dataset: str
    table: str
    frequency: str
    line: str
    code: str
    description: str


class BureauOfEconomicAnalysis:
    """Plans the requests to the BEA."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per table: an answer holds all its lines."""

        def table(each: Wanted) -> str:
            return ":".join(each.entry.source_id.split(":")[:3])

        return jobs_by(table, SERVICE, wanted, lambda _, group: partial(_ask_table, group, today))


SOURCE = BureauOfEconomicAnalysis()


def _ask_table(wanted: tuple[Wanted, ...], today: date, caller: Caller) -> Delivery:
    asked = _line(wanted[0].entry)
    begun = [each.through.year for each in wanted if each.through]
    stored = len(begun) == len(wanted)
    years = range(min(begun) - YEARS_REVISED, today.year + 1) if stored else ()
    body = caller.get(
        SERVICE,
        PATH,
        {
            "method": "GetData",
            "datasetname": asked.dataset,
            "TableName": asked.table,
            "Frequency": asked.frequency,
            "Year": ",".join(str(year) for year in years) or "ALL",
            "ResultFormat": "JSON",
        },
        expect="json",
    )
    return read_table(body, tuple(each.entry for each in wanted))


def read_table(body: Body, entries: Sequence[Entry]) -> Delivery:
    """Return the observations of several lines of a table.

    A line that cannot be read fails by itself.

    Raises:
        SourceError: the answer tells of an error, or is of another shape.
    """
    results = _results(body, ", ".join(entry.id for entry in entries))
    return delivered({entry.id: partial(_of_series, entry, results, body) for entry in entries}, [body])


def _results(body: Body, named: str) -> _Results:
    raw = json_of(body, named)
    envelope = raw.get("BEAAPI") if isinstance(raw, dict) else None
    answer = envelope if isinstance(envelope, dict) else {}
    results = answer.get("Results")
    if isinstance(results, list) and len(results) == 1:
        results = results[0]
    error = answer.get("Error") or (results.get("Error") if isinstance(results, dict) else None)
    if error:
        parts = error if isinstance(error, dict) else {"APIErrorDescription": error}
        told = parts.get("APIErrorDescription") or parts.get("APIErrorCode") or "without a reason"
        raise refusal(
            body,
            f"the service answers with an error: {str(told)[:200]}",
            series=named,
            expected="a table",
            remedy="check BEA_API_KEY and the table of the entry; after too many requests wait an hour",
        )
    return record_of(_Results, results, body, series=named)


def _of_series(entry: Entry, results: _Results, body: Body) -> pd.DataFrame:
    asked = _line(entry)
    _check_base_year(entry, results, body)
    periods, values, rows = [], [], []
    for row, found in enumerate(results.data, start=1):
        here = found.code == asked.code if asked.line == "*" else found.line == asked.line
        if not here:
            continue
        described = _FOOTNOTES.sub("", found.description).strip()
        code = found.code if asked.code == "*" else asked.code
        said = (found.table, found.code, described.lower())
        if said != (asked.table, code, asked.description.lower()):
            raise refusal(
                body,
                f"line {found.line} of {found.table} is {found.code}, '{described[:80]}'",
                series=entry.id,
                row=row,
                expected=f"{asked.code}, '{asked.description}' in line {asked.line} of {asked.table}",
                remedy="the table was renumbered: look the line up and correct the entry in your catalog",
            )
        scale = _scale(entry, found, body, row)
        text = found.value.strip().replace(",", "")
        if not text or text in NO_VALUE:
            continue
        periods.append(_first_day(found.period, asked, body, entry, row))
        values.append(number_of(text, body, series=entry.id, row=row, column="DataValue") * scale)
        rows.append(row)
    if not rows:
        raise refusal(
            body,
            f"{asked.table} has no value in line {asked.line} ({asked.code})",
            series=entry.id,
            expected=f"'{asked.description}'",
            remedy="look the line up and correct the entry in your catalog",
        )
    return observations(entry.id, periods, values, rows)


def _scale(entry: Entry, row: _Row, body: Body, number: int) -> float:
    """Return what turns a value of a row into the entry's source unit, where the kinds agree.

    Raises:
        SourceError: the row holds dollars where the entry wants percent, or the like.
    """
    percent = row.unit.lower().startswith("percent")
    money = _MONEY.fullmatch(entry.source_unit)
    metric = None if money is None else "Chained Dollars" if money["base"] else "Current Dollars"
    if percent is not (money is None) or metric not in (None, row.metric):
        raise refusal(
            body,
            f"the row holds {row.metric[:60]}, {row.unit[:60]}",
            series=entry.id,
            row=number,
            expected=entry.source_unit,
            remedy="correct source_unit in the catalog, or the table",
        )
    power = 0 if money is None else POWERS[money["scale"]]
    return float(10.0 ** (int(row.power) - power))


def _check_base_year(entry: Entry, results: _Results, body: Body) -> None:
    """Refuse chained dollars of another year than the catalog says, where the notes tell the year."""
    money = _MONEY.fullmatch(entry.source_unit)
    told = {year for note in results.notes for year in _CHAINED.findall(note.text)}
    if money is not None and money["base"] and told and money["base"] not in told:
        raise refusal(
            body,
            f"the table is in dollars of {', '.join(sorted(told))}",
            series=entry.id,
            expected=entry.source_unit,
            remedy="the accounts were rebased: correct the units of the entry and load into an empty store",
        )


def _first_day(text: str, asked: _Line, body: Body, entry: Entry, row: int) -> date:
    """Return the first day of a period written 2024, 2024Q1 or 2024M06, of the frequency asked."""
    match = _PERIOD.fullmatch(text)
    try:
        if match is None or (match["letter"] or "A") != asked.frequency:
            raise ValueError(text)
        return date(int(match["year"]), 1 + (int(match["number"] or 1) - 1) * MONTHS[asked.frequency], 1)
    except ValueError as problem:
        raise refusal(
            body,
            f"the period is '{text[:40]}'",
            series=entry.id,
            row=row,
            expected=f"a period of frequency {asked.frequency}",
        ) from problem


def _line(entry: Entry) -> _Line:
    """Return what a `source_id` names.

    Raises:
        SourceError: it does not follow the grammar, or its frequency is not the entry's.
    """
    match = _ID.fullmatch(entry.source_id)
    if match is None or match["frequency"] != FREQUENCIES.get(entry.frequency):
        raise not_understood(entry, "NIPA:<table>:<Q, M or A>:line <number>:<series code>:<description>")
    return _Line(**match.groupdict())
