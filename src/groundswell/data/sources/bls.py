"""Bureau of Labor Statistics: employment, pay, prices and productivity, by its public API.

`source_id` in the catalog: the series id of the agency ("LNS14000036").

With a key (version 2) a query covers 50 series and 20 years, without one (version 1) 25 series, 10
years and 25 queries a day, so the history loaded without a key is shorter. A used-up quota is told at
HTTP 200. Annual and half-year averages stand among the months (M13, S01-S03, Q05) and are left out; a
value the agency did not publish is `-`. The newest period comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Annotated

import pandas as pd
from pydantic import BaseModel, BeforeValidator, Field

from groundswell.data.catalog import Entry
from groundswell.data.http.service import Body, Caller, Key, Service
from groundswell.data.sources.decoding import json_of, number_of, record_of, refusal
from groundswell.data.sources.source import Delivery, Job, Wanted, delivered, not_understood, observations

SERVICE = Service(
    key="bls",
    title="Bureau of Labor Statistics",
    address="https://api.bls.gov",
    credential=Key(
        variable="BLS_API_KEY",
        place="body",
        name="registrationkey",
        required=False,
        unlocks="history from 1947 instead of 1987, and 500 queries a day instead of 25",
        page="https://data.bls.gov/registrationEngine/",
    ),
    rate=(40, 10.0),
    documentation="https://www.bls.gov/developers/api_signature_v2.htm",
)

PATH = "/publicAPI/v{version}/timeseries/data/"
WITH_KEY = {"version": 2, "series": 50, "years": 20, "first_year": 1947}
WITHOUT_KEY = {"version": 1, "series": 25, "years": 10, "first_year": 1987}

YEARS_REVISED = 5
"""Seasonal factors are estimated anew over five years; a series that is stored is asked again for as many."""

MONTHS_PER_PERIOD = {"M": 1, "Q": 3, "A": 12}
LETTERS = {"monthly": "M", "quarterly": "Q", "annual": "A"}
NOT_PUBLISHED = "-"
A_KEY = re.compile(r"[0-9a-fA-F]{16,}")


def _only_one(results: object) -> object:
    """Return the results; some answers wrap them in a list of one."""
    return results[0] if isinstance(results, list) and len(results) == 1 else results


class _Point(BaseModel):
    year: Annotated[str, Field(pattern=r"^(1[89]|2[01])[0-9]{2}$")]
    period: Annotated[str, Field(pattern=r"^[MQSA][0-9]{2}$")]
    value: str


class _Series(BaseModel):
    id: Annotated[str, Field(alias="seriesID")]
    data: list[_Point]


class _Results(BaseModel):
    series: list[_Series]


class _Answer(BaseModel):
    status: str
    message: list[str] = []
    results: Annotated[object, Field(alias="Results")] = None


class _Succeeded(BaseModel):
    results: Annotated[_Results, BeforeValidator(_only_one), Field(alias="Results")]


class BureauOfLaborStatistics:
    """Plans the requests to the Bureau of Labor Statistics."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per batch of series; those stored already are asked for their last years only."""
        limits = WITH_KEY if caller.has_key(SERVICE) else WITHOUT_KEY
        new = [each for each in wanted if each.through is None]
        stored = sorted((each for each in wanted if each.through), key=lambda each: str(each.through))
        jobs = []
        for group in (new, stored):
            for start in range(0, len(group), limits["series"]):
                batch = group[start : start + limits["series"]]
                jobs.append(
                    Job(
                        SERVICE,
                        tuple(each.entry.id for each in batch),
                        partial(_ask, tuple(each.entry for each in batch), _first_year(batch, limits), today),
                    )
                )
        return jobs


SOURCE = BureauOfLaborStatistics()


def _first_year(batch: Sequence[Wanted], limits: dict[str, int]) -> int:
    years = [each.through.year - YEARS_REVISED for each in batch if each.through]
    return max(min(years), limits["first_year"]) if years else limits["first_year"]


def _ask(entries: tuple[Entry, ...], first_year: int, today: date, caller: Caller) -> Delivery:
    limits = WITH_KEY if caller.has_key(SERVICE) else WITHOUT_KEY
    bodies = []
    for start in range(first_year, today.year + 1, limits["years"]):
        content = {
            "seriesid": [entry.source_id for entry in entries],
            "startyear": str(start),
            "endyear": str(min(start + limits["years"] - 1, today.year)),
        }
        path = PATH.format(version=limits["version"])
        bodies.append(caller.post(SERVICE, path, content, expect="json"))
    return read_answers(bodies, entries)


def read_answers(bodies: Sequence[Body], entries: Sequence[Entry]) -> Delivery:
    """Return the observations of several series from the answers for successive years.

    A series that is unknown to the agency, or whose rows cannot be read, fails by itself.

    Raises:
        SourceError: an answer is not one, or the agency did not process the request.
    """
    named = ", ".join(entry.id for entry in entries)
    answers = [_read_answer(body, named) for body in bodies]
    return delivered({entry.id: partial(_of_series, entry, bodies, answers) for entry in entries}, bodies)


def _read_answer(body: Body, named: str) -> tuple[dict[str, _Series], list[str]]:
    """Return the series of one answer by their id at the agency, and what it said beside."""
    raw = json_of(body, named)
    answer = record_of(_Answer, raw, body, series=named)
    messages = [A_KEY.sub("...", text) for text in answer.message]
    said = "; ".join(messages)[:300] or "nothing more"
    if answer.status != "REQUEST_SUCCEEDED":
        raise refusal(
            body,
            f"the request was not processed (status {answer.status[:60]}): {said}",
            series=named,
            expected="status REQUEST_SUCCEEDED",
            remedy="where a daily limit is named, go on tomorrow or set BLS_API_KEY, which raises it",
        )
    if any("reduced" in text.lower() for text in messages):
        raise refusal(
            body,
            f"the years asked were cut: {said}",
            series=named,
            expected="all the years asked",
            remedy="set BLS_API_KEY, or report it: the limits of the service have changed",
        )
    results = record_of(_Succeeded, raw, body, series=named).results
    return {each.id: each for each in results.series}, messages


def _of_series(
    entry: Entry, bodies: Sequence[Body], answers: Sequence[tuple[dict[str, _Series], list[str]]]
) -> pd.DataFrame:
    frames, rows_seen = [], 0
    for body, (by_id, messages) in zip(bodies, answers, strict=True):
        if entry.source_id not in by_id:
            said = "; ".join(text for text in messages if entry.source_id in text) or "nothing about it"
            raise refusal(
                body,
                f"{entry.source_id} is not in the answer, which says {said[:200]}",
                series=entry.id,
                expected="every series asked",
            )
        rows = list(_rows(entry, by_id[entry.source_id].data, body))
        rows_seen += len(by_id[entry.source_id].data)
        periods, values, numbers = zip(*rows, strict=True) if rows else ((), (), ())
        frames.append(observations(entry.id, periods, values, numbers))
    table = pd.concat(frames, ignore_index=True)
    if table.empty:
        said = "; ".join(text for _, texts in answers for text in texts if entry.source_id in text)
        found = (
            f"{rows_seen} rows of other periods"
            if rows_seen
            else f"no row ({said[:200] or 'no reason given'})"
        )
        raise refusal(
            bodies[-1],
            f"{entry.source_id} came with {found}",
            series=entry.id,
            expected=f"{entry.frequency} values",
            remedy="check the series id in the catalog; the agency gives up ids when it reclassifies",
        )
    return table


def _rows(entry: Entry, points: Sequence[_Point], body: Body) -> Iterator[tuple[date, float, int]]:
    """Yield first day, value and row of every published period of the entry's frequency."""
    letter = LETTERS.get(entry.frequency)
    if letter is None:
        raise not_understood(entry, f"a series of the agency, {', '.join(LETTERS)}")
    per_year = 12 // MONTHS_PER_PERIOD[letter]
    for row, point in enumerate(points, start=1):
        number = int(point.period[1:])
        if point.period[0] != letter or number > per_year or point.value.strip() == NOT_PUBLISHED:
            continue
        value = number_of(point.value.strip(), body, series=entry.id, row=row, column="value")
        if number == 0 or value != value:
            raise refusal(
                body,
                f"period '{point.period}' of {point.year} has the value '{point.value}'",
                series=entry.id,
                row=row,
                expected="a number, or '-' where none was published",
            )
        yield date(int(point.year), 1 + (number - 1) * MONTHS_PER_PERIOD[letter], 1), value, row
