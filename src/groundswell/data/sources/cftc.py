"""CFTC, Commitments of Traders: who holds how many contracts, by kind of trader, each Tuesday.

`source_id` in the catalog: report, contract code, category, side, as in `tff:13874A:lev_money:long`,
or `tff:13874A:open_interest`. Reports are `tff` (traders in financial futures, futures only) and
`legacy_combined` (the old categories, with options). Categories and sides are those of `REPORTS`.

The public reporting service is asked; where it fails, the yearly files of the CFTC's site serve
(`cftc_files`). Positions stand as of a Tuesday, or the Monday before a holiday, and come out three
business days later: the catalog's rule says so, because the answers do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial

import pandas as pd

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Caller, Key, Service
from groundswell.data.sources.cftc_files import from_files
from groundswell.data.sources.cftc_reports import (
    REPORTS,
    Figures,
    Position,
    Report,
    figures_of,
    grouped,
    read_json,
)
from groundswell.data.sources.decoding import refusal
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
    key="cftc",
    title="CFTC public reporting",
    address="https://publicreporting.cftc.gov",
    credential=Key(
        variable="CFTC_APP_TOKEN",
        place="header",
        name="X-App-Token",
        required=False,
        unlocks="positions without the throttling of callers that give no name",
        page="https://publicreporting.cftc.gov/profile/edit/developer_settings",
    ),
    rate=(1, 1.0),
    cache_seconds=3600.0,
    documentation="https://www.cftc.gov/MarketReports/CommitmentsofTraders/index.htm",
)

PAGE = 5000
"""Rows of one page (the service gives 1000 where none is asked for)."""

MOST_PAGES = 60
FIRST_REPORT = date(2006, 6, 1)

LOOK_BACK = timedelta(days=182)
"""How far before the last stored report figures are asked for again: corrections come late."""


class Cftc:
    """Plans the requests to the CFTC."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per report for series with nothing stored, and one for those that have some."""

        def report(each: Wanted) -> tuple[str, bool]:
            return each.entry.source_id.partition(":")[0], each.through is None

        return jobs_by(report, SERVICE, wanted, lambda key, group: partial(_run, key[0], group, today))


SOURCE = Cftc()


def _run(name: str, wanted: Sequence[Wanted], today: date, caller: Caller) -> Delivery:
    if name not in REPORTS:
        raise not_understood(wanted[0].entry, f"a source_id that begins with one of {', '.join(REPORTS)}")
    report = REPORTS[name]
    codes = sorted({each.entry.source_id.split(":")[1] for each in wanted if ":" in each.entry.source_id})
    stored = [each.through for each in wanted if each.through is not None]
    since = min(stored) - LOOK_BACK if stored else FIRST_REPORT
    label = wanted[0].entry.id
    remarks: tuple[str, ...] = ()
    try:
        positions, bodies = _ask(report, codes, since, caller, label)
    except SourceError as problem:
        if report.files is None:
            raise
        try:
            positions, bodies = from_files(report, codes, since, today, caller, label)
        except SourceError as second:
            raise SourceError(
                f"{problem.what}; and the yearly files: {second.what}",
                where=problem.where,
                expected=problem.expected,
                remedy=problem.remedy,
            ) from problem
        remarks = (f"cftc: the yearly files served in place of the reporting service ({problem.what})",)
    by_code, known = grouped(positions), dict[str, list[Figures]]()
    read = {each.entry.id: partial(_series, report, each, by_code, known) for each in wanted}
    return delivered(read, bodies, remarks)


def _ask(
    report: Report, codes: Sequence[str], since: date, caller: Caller, label: str
) -> tuple[list[Position], list[Body]]:
    """Return all rows of the contracts since a day, page by page."""
    listed = ",".join(f"'{code}'" for code in codes)
    asked: dict[str, str | int] = {
        "$where": f"cftc_contract_market_code in({listed}) "
        f"AND report_date_as_yyyy_mm_dd >= '{since.isoformat()}T00:00:00.000'",
        "$order": "report_date_as_yyyy_mm_dd,cftc_contract_market_code",
        "$limit": PAGE,
    }
    positions: list[Position] = []
    bodies: list[Body] = []
    seen: set[tuple[str, date]] = set()
    for page in range(MOST_PAGES):
        body = caller.get(
            SERVICE, f"/resource/{report.dataset}.json", asked | {"$offset": page * PAGE}, expect="json"
        )
        rows = read_json(report, body, label)
        for each in rows:
            if each.code not in codes or each.day < since or (each.code, each.day) in seen:
                raise refusal(
                    body,
                    f"a report on {each.code} of {each.day} came that was not asked for, or came before",
                    series=label,
                    row=each.row,
                    expected=f"each report on {', '.join(codes)[:80]} since {since} once: the service seems "
                    "to ignore the request",
                )
            seen.add((each.code, each.day))
        positions += rows
        bodies.append(body)
        if len(rows) < PAGE:
            return positions, bodies
    raise refusal(
        bodies[-1], f"there are more than {MOST_PAGES} pages", series=label, expected="an end to the pages"
    )


def _series(
    report: Report,
    wanted: Wanted,
    by_code: Mapping[str, Sequence[Position]],
    known: dict[str, list[Figures]],
) -> pd.DataFrame:
    """Return the observations of a series; the figures of a contract are read once, and then `known`."""
    series = wanted.entry.id
    code, field = _named(wanted, report)
    if code not in known:
        known[code] = figures_of(report, by_code.get(code, ()), code, series)
    rows = known[code]
    values = [row.held[field] for row in rows]
    return observations(series, [row.day for row in rows], values, [row.row for row in rows])


def _named(wanted: Wanted, report: Report) -> tuple[str, str]:
    """Return contract and field of a source_id."""
    _, code, field = (*wanted.entry.source_id.split(":", 2), "", "")[:3]
    if field not in report.fields:
        fields = ", ".join(report.fields)
        raise not_understood(wanted.entry, f"report:contract:what, with one of {fields} at the end")
    return code, field
