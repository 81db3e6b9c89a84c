"""SEC EDGAR: what companies spent and earned by quarter, and when they reported, from their filings.

`source_id` in the catalog is one of
- `facts:320193:us-gaap:TagOne|TagTwo`: a flow of the company of that CIK by quarter, under the tag that
  reaches furthest (`sec_facts`); a value is public at the end of the day of its filing,
- `earnings:320193`: 1 on each day of a report of results (form 8-K, item 2.02); where a company goes on
  under another CIK, both stand joined by `+`, the later one last,
- `frames:us-gaap:Tag`: the sum over all companies by calendar year. It holds one figure per company,
  the one filed last, so it is not point in time: nothing in it says when a figure became known.

The service wants a User-Agent with an e-mail address and answers HTML without one. `fy` and `fp` of a fact
belong to the filing and are not read. Acceptance times are marked UTC; for some companies they are New
York time nevertheless, which the hours at which the system is closed give away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import pandas as pd
from pydantic import BaseModel, Field

from groundswell.data.catalog import Entry
from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources.decoding import Day, ZonedMoment, answer_of, json_of, record_of, refusal
from groundswell.data.sources.sec_facts import Fact, quarters
from groundswell.data.sources.source import (
    Delivery,
    Job,
    Wanted,
    delivered,
    jobs_by,
    named,
    not_understood,
    observations,
)

SERVICE = Service(
    key="sec_edgar",
    title="SEC EDGAR",
    address="https://data.sec.gov",
    rate=(5, 1.0),
    # The facts of a large company are tens of megabytes, and who is too fast is shut out for ten minutes.
    attempts=3,
    deadline=180.0,
    largest_body=256 * 2**20,
    needs_contact=True,
    documentation="https://www.sec.gov/search-filings/edgar-application-programming-interfaces",
)

FACTS_PATH = "/api/xbrl/companyfacts/CIK{cik:010d}.json"
FILINGS_PATH = "/submissions/CIK{cik:010d}.json"
PAGE_PATH = "/submissions/{name}"
FRAME_PATH = "/api/xbrl/frames/{taxonomy}/{tag}/{unit}/CY{year}.json"

NEW_YORK = ZoneInfo("America/New_York")
END_OF_DAY = time(23, 59)
DISSEMINATION = time(6, 0)
"""What is accepted in the evening counts as filed, and is handed out, the next business day from here on."""

RESULTS_FORM, RESULTS_ITEM = "8-K", "2.02"
ITEM_SINCE = date(2004, 8, 23)
"""The items of form 8-K have their present numbers since this day."""

FIRST_FRAME = 2009
FRAME_SETTLES = timedelta(days=120)
"""A year is asked for once most of its annual reports are in."""

CLOSED_IN_NEW_YORK = frozenset({23, 0, 1, 2, 3})
OPEN_IN_NEW_YORK_CLOSED_IN_UTC = frozenset({6, 7, 8, 9})
"""Filings are accepted from 6:00 to 22:00 New York time, which is 10:00 or 11:00 to 2:00 or 3:00 UTC."""

_ID = re.compile(
    r"(?:(?P<kind>facts|earnings):(?P<cik>\d{1,10}(?:\+\d{1,10})*)|frames)(?::(?P<taxonomy>[a-z-]+):(?P<tags>\w+(?:\|\w+)*))?"
)


class _Figure(BaseModel):
    start: Day | None = None
    end: Day
    val: Annotated[float, Field(strict=True)]
    filed: Day


class _Concept(BaseModel):
    units: dict[str, list[_Figure]]


class CompanyFacts(BaseModel):
    """All facts of one company: `facts[taxonomy][tag]` is a concept, looked into once it is wanted.

    Among the hundreds of concepts of a company are some with years such as 0217 that concern nobody here.
    """

    cik: int
    name: Annotated[str, Field(alias="entityName")]
    facts: dict[str, dict[str, object]]

    def figures(self, taxonomy: str, tag: str, unit: str, body: Body, series: str) -> list[_Figure]:
        """Return the figures under a tag in a unit, in the order of the answer.

        Raises:
            SourceError: they are of another form.
        """
        if tag not in self.facts.get(taxonomy, {}):
            return []
        concept = record_of(_Concept, self.facts[taxonomy][tag], body, series=f"{series}, {tag}")
        return concept.units.get(unit, [])


class _Columns(BaseModel):
    form: list[str]
    items: list[str]
    filed: Annotated[list[Day], Field(alias="filingDate")]
    reported: Annotated[list[Day | Literal[""]], Field(alias="reportDate")]
    accepted: Annotated[list[ZonedMoment], Field(alias="acceptanceDateTime")]


class _Page(BaseModel):
    name: Annotated[str, Field(pattern=r"^CIK[0-9]{10}-submissions-[0-9]{3}\.json$")]
    last: Annotated[date, Field(alias="filingTo")]


class _Filings(BaseModel):
    recent: _Columns
    files: list[_Page]


class _Submissions(BaseModel):
    cik: int
    filings: _Filings


class _Share(BaseModel):
    cik: Annotated[int, Field(strict=True)]
    val: Annotated[float, Field(strict=True)]


class _Frame(BaseModel):
    tag: str
    period: Annotated[str, Field(alias="ccp")]
    unit: Annotated[str, Field(alias="uom")]
    companies: Annotated[int, Field(alias="pts")]
    data: list[_Share]


class SecEdgar:
    """Plans the requests to EDGAR."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per company for its facts, one for its reports, and one per frame."""

        def company(each: Wanted) -> str:
            kind = each.entry.source_id
            return kind if kind.startswith("frames") else ":".join(kind.split(":")[:2])

        def asking(key: str, group: tuple[Wanted, ...]) -> Callable[[Caller], Delivery]:
            return partial(_ask_frames if key.startswith("frames") else _ask_company, group, today)

        return jobs_by(company, SERVICE, wanted, asking)


SOURCE = SecEdgar()


def _ask_company(wanted: tuple[Wanted, ...], today: date, caller: Caller) -> Delivery:
    series = named(wanted)
    ciks = [int(cik) for cik in _parts(wanted[0].entry)["cik"].split("+")]
    if wanted[0].entry.source_id.startswith("facts"):
        bodies = [caller.get(SERVICE, FACTS_PATH.format(cik=cik), {}, expect="json") for cik in ciks]
        filed = [(read_facts(body, cik, series), body) for body, cik in zip(bodies, ciks, strict=True)]
        read = {each.entry.id: partial(flow_by_quarter, each.entry, filed) for each in wanted}
        return delivered(read, bodies)
    filings = [_ask_filings(wanted, cik, series, caller) for cik in ciks]
    read = {each.entry.id: partial(_reports, filings, each.entry) for each in wanted}
    return delivered(read, [body for bodies in filings for body in bodies])


def _reports(filings: Sequence[Sequence[Body]], entry: Entry) -> pd.DataFrame:
    """Return the reports under all numbers of a company; one filed under two counts from the first."""
    tables = [read_reports(bodies, entry) for bodies in filings]
    together = pd.concat(tables, ignore_index=True).sort_values(["period", "released"], kind="stable")
    return together.drop_duplicates("period", ignore_index=True)


def _ask_filings(wanted: tuple[Wanted, ...], cik: int, series: str, caller: Caller) -> list[Body]:
    """Return the newest filings, and as many older pages as reach back to what is stored."""
    body = caller.get(SERVICE, FILINGS_PATH.format(cik=cik), {}, expect="json")
    answer = answer_of(_Submissions, body, series=series)
    _same_company(answer.cik, cik, body, series)
    since = min(each.through or ITEM_SINCE for each in wanted)
    pages = [page.name for page in answer.filings.files if page.last >= since]
    return [
        body,
        *(caller.get(SERVICE, PAGE_PATH.format(name=name), {}, expect="json") for name in pages),
    ]


def read_facts(body: Body, cik: int, series: str) -> CompanyFacts:
    """Return the facts of a company.

    Args:
        body: the answer to a request for company facts.
        cik: the company asked for.
        series: those it is for, for errors.

    Raises:
        SourceError: the answer is of another shape or of another company.
    """
    company = answer_of(CompanyFacts, body, series=series)
    _same_company(company.cik, cik, body, series)
    return company


def flow_by_quarter(entry: Entry, filed: Sequence[tuple[CompanyFacts, Body]]) -> pd.DataFrame:
    """Return every vintage of every quarter of a flow, in the unit of the entry's source.

    The period is the first day of the fiscal quarter. A filing of the day of the request counts only
    from the end of that day on, so it is left for the next request.

    Args:
        entry: the flow.
        filed: what the company filed under each of its numbers, with the answer it stands in.

    Raises:
        SourceError: the company never used the tags in that unit, or no quarter follows from them.
    """
    tags = _parts(entry)["tags"].split("|")
    facts = [fact for company, body in filed for fact in _facts(entry, tags, company, body)]
    company, body = filed[-1]
    backwards = next((fact for fact in facts if not fact.start <= fact.end <= fact.filed), None)
    if backwards is not None:
        raise refusal(
            body,
            f"{backwards.tag} from {backwards.start} to {backwards.end} was filed on {backwards.filed}",
            series=entry.id,
            row=backwards.row,
            expected="days in order, filed after the last of them",
        )
    vintages = quarters(facts, tags)
    released = [_end_of_day(quarter.filed) for quarter in vintages]
    rows = [
        (quarter.start, quarter.value, quarter.row, moment)
        for quarter, moment in zip(vintages, released, strict=True)
        if moment <= body.fetched
    ]
    if not rows:
        raise refusal(
            body,
            f"{company.name} has no quarter of {', '.join(tags)} in {entry.source_unit}",
            series=entry.id,
            expected="facts by quarter or by year to date",
            remedy="the company may use another tag: look at its facts and correct the entry in your catalog",
        )
    return observations(entry.id, *zip(*rows, strict=True))


def _facts(entry: Entry, tags: Sequence[str], company: CompanyFacts, body: Body) -> list[Fact]:
    taxonomy, unit = _parts(entry)["taxonomy"], entry.source_unit
    return [
        Fact(tag, figure.start, figure.end, figure.val, figure.filed, row)
        for tag in tags
        for row, figure in enumerate(company.figures(taxonomy, tag, unit, body, entry.id), start=1)
        if figure.start is not None
    ]


def read_reports(bodies: Sequence[Body], entry: Entry) -> pd.DataFrame:
    """Return 1 on each day on which the company reported results, released when the report came.

    Raises:
        SourceError: an answer is of another shape, or tells of no report.
    """
    first: dict[date, tuple[datetime, int]] = {}
    for number, body in enumerate(bodies):
        raw = json_of(body, entry.id)
        if number == 0:
            columns = record_of(_Submissions, raw, body, series=entry.id).filings.recent
        else:
            columns = record_of(_Columns, raw, body, series=entry.id)
        lengths = {len(getattr(columns, name)) for name in _Columns.model_fields}
        if len(lengths) != 1:
            raise refusal(
                body,
                f"the columns have {sorted(lengths)} rows",
                series=entry.id,
                expected="columns of one length",
            )
        zone = _zone(columns.accepted)
        for place, (form, items) in enumerate(zip(columns.form, columns.items, strict=True)):
            if form == RESULTS_FORM and RESULTS_ITEM in items.split(","):
                filed = columns.filed[place]
                day = columns.reported[place] or filed
                released = _public(columns.accepted[place], zone, filed)
                first[day] = min(first.get(day, (released, place + 1)), (released, place + 1))
    known = {day: seen for day, seen in first.items() if seen[0] <= bodies[0].fetched}
    if not known:
        raise refusal(
            bodies[0],
            "no filing has form 8-K with item 2.02",
            series=entry.id,
            expected="reports of results",
            remedy="foreign companies report on form 6-K, which has no items: take the entry out",
        )
    moments, rows = zip(*known.values(), strict=True)
    return observations(entry.id, known, [1.0] * len(known), rows, moments)


def _ask_frames(wanted: tuple[Wanted, ...], today: date, caller: Caller) -> Delivery:
    (each,) = wanted
    entry, parts = each.entry, _parts(each.entry)
    first = max(each.through.year - 1, FIRST_FRAME) if each.through else FIRST_FRAME
    last = (today - FRAME_SETTLES).year - 1
    place = {"taxonomy": parts["taxonomy"], "tag": parts["tags"], "unit": entry.source_unit}
    bodies = [
        caller.get(SERVICE, FRAME_PATH.format(year=year, **place), {}, expect="json")
        for year in range(first, last + 1)
    ]
    years = range(first, last + 1)
    sums = [read_frame(body, entry, year) for body, year in zip(bodies, years, strict=True)]
    table = observations(entry.id, (date(year, 1, 1) for year in years), sums, [1] * len(sums))
    remark = f"{entry.id}: summed over the figures filed last, which are not those known at the time."
    return Delivery(table, bodies=tuple(bodies), remarks=(remark,))


def read_frame(body: Body, entry: Entry, year: int) -> float:
    """Return the sum over all companies of one calendar year.

    Raises:
        SourceError: the frame is another than asked, is cut short, or has a company twice.
    """
    frame = answer_of(_Frame, body, series=entry.id)
    found = (frame.tag, frame.unit, frame.period)
    asked = (_parts(entry)["tags"], entry.source_unit, f"CY{year}")
    companies = {share.cik for share in frame.data}
    if found != asked or not companies or not len(companies) == len(frame.data) == frame.companies:
        raise refusal(
            body,
            f"the frame {' '.join(found)} has {len(frame.data)} rows of {len(companies)} companies",
            series=entry.id,
            expected=f"the frame {' '.join(asked)} with one row for each of its {frame.companies} companies",
        )
    return sum(share.val for share in frame.data)


def _parts(entry: Entry) -> dict[str, str]:
    """Return the parts of a `source_id`.

    Raises:
        SourceError: it does not follow the grammar.
    """
    match = _ID.fullmatch(entry.source_id)
    wants_tags = not entry.source_id.startswith("earnings")
    if match is None or bool(match["tags"]) != wants_tags:
        raise not_understood(
            entry, "facts:<CIK>:us-gaap:<tags joined by |>, earnings:<CIK> or frames:us-gaap:<tag>"
        )
    return match.groupdict(default="")


def _same_company(found: int, asked: int, body: Body, series: str) -> None:
    if found != asked:
        raise refusal(body, f"the answer is of CIK {found}", series=series, expected=f"CIK {asked}")


def _zone(stamps: Sequence[datetime]) -> ZoneInfo | None:
    """Return the zone the stamps of one answer are in, `None` for UTC; in doubt the later, New York."""
    hours = {stamp.hour for stamp in stamps}
    in_utc = bool(hours & CLOSED_IN_NEW_YORK) and not hours & OPEN_IN_NEW_YORK_CLOSED_IN_UTC
    return None if in_utc else NEW_YORK


def _public(accepted: datetime, zone: ZoneInfo | None, filed: date) -> datetime:
    """Return when a filing could be read, UTC; never before the day it counts as filed."""
    moment = accepted.replace(tzinfo=zone or UTC).astimezone(NEW_YORK)
    if filed > moment.date():
        moment = datetime.combine(filed, DISSEMINATION, NEW_YORK)
    return moment.astimezone(UTC)


def _end_of_day(day: date) -> datetime:
    return datetime.combine(day, END_OF_DAY, NEW_YORK).astimezone(UTC)
