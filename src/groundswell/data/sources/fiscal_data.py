"""The Treasury's Fiscal Data, keyless: cash, debt, auctions, buybacks of debt.

`source_id` in the catalog is `<table>:<what>`: `cash:tga` (Daily Treasury Statement), `debt:<field>`
(debt to the penny), `outstanding:<class>` (monthly statement of the public debt, table 1),
`auctions:<kind>:<amount>` and `buybacks:accepted`. What the rows mean is told in `fiscal_tables`.

A table comes in pages of 10,000 rows. Every value is text, a missing one the word "null". The answer
tells how many rows there are in all; one that brings another number is refused, as is one that
changes between two pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, TypeAlias

import pandas as pd
from pydantic import BaseModel, Field

from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources import fiscal_tables
from groundswell.data.sources.decoding import answer_of, refusal
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
    key="fiscal_data",
    title="US Treasury, Fiscal Data",
    address="https://api.fiscaldata.treasury.gov/services/api/fiscal_service",
    rate=(4, 1.0),
    documentation="https://fiscaldata.treasury.gov/api-documentation/",
)

PAGE = 10_000
MOST_PAGES = 50


class Meta(BaseModel):
    """What an answer says about itself."""

    count: int
    total: int = Field(alias="total-count")
    pages: int = Field(alias="total-pages")


class Answer(BaseModel):
    """One page of a table."""

    data: list[dict[str, str | None]]
    meta: Meta


Reading: TypeAlias = Callable[[Sequence[Any], str, Body, str], fiscal_tables.Found]


@dataclass(frozen=True)
class Table:
    """One table of the service.

    Attributes:
        path: under the address of the service.
        fields: columns asked for, those of `sort` among them; the first is the date the table is filtered by.
        sort: columns it is sorted by, which must tell any two rows apart for pages to be whole.
        again: days before the last stored period that are asked for again, for revisions.
        row: type of its rows.
        read: makes the values of one series from the rows, from what follows the table in `source_id`,
            the answer and the series' id.
    """

    path: str
    fields: tuple[str, ...]
    sort: str
    again: int
    row: type[BaseModel]
    read: Reading


TABLES = {
    "cash": Table(
        "/v1/accounting/dts/operating_cash_balance",
        ("record_date", "src_line_nbr", "account_type", "open_today_bal", "close_today_bal"),
        "record_date,src_line_nbr",
        30,
        fiscal_tables.CashRow,
        fiscal_tables.cash,
    ),
    "debt": Table(
        "/v2/accounting/od/debt_to_penny",
        ("record_date", "debt_held_public_amt", "tot_pub_debt_out_amt"),
        "record_date",
        30,
        fiscal_tables.DebtRow,
        fiscal_tables.debt,
    ),
    "outstanding": Table(
        "/v1/debt/mspd/mspd_table_1",
        ("record_date", "src_line_nbr", "security_type_desc", "security_class_desc", "total_mil_amt"),
        "record_date,src_line_nbr",
        400,
        fiscal_tables.ClassRow,
        fiscal_tables.outstanding,
    ),
    "auctions": Table(
        "/v1/accounting/od/auctions_query",
        (
            "auction_date",
            "announcemt_date",
            "cusip",
            "security_type",
            "inflation_index_security",
            "floating_rate",
            "offering_amt",
            "total_tendered",
            "total_accepted",
            "primary_dealer_accepted",
        ),
        "auction_date,cusip",
        200,
        fiscal_tables.AuctionRow,
        fiscal_tables.auctions,
    ),
    "buybacks": Table(
        "/v1/accounting/od/buybacks_operations",
        ("operation_date", "total_par_amt_accepted"),
        "operation_date",
        400,
        fiscal_tables.BuybackRow,
        fiscal_tables.buybacks,
    ),
}


class FiscalData:
    """Plans the requests to Fiscal Data: one per table, for all series it holds."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per table that holds a wanted series, and one that refuses the unknown."""

        def table(each: Wanted) -> str:
            return each.entry.source_id.partition(":")[0]

        return jobs_by(table, SERVICE, wanted, lambda name, group: partial(_run, name, group))


SOURCE = FiscalData()


def _run(name: str, wanted: Sequence[Wanted], caller: Caller) -> Delivery:
    ids = named(wanted)
    if name not in TABLES:
        raise not_understood(wanted[0].entry, f"one of {', '.join(TABLES)} before the colon")
    table = TABLES[name]
    since = _since(wanted, table)
    raw, bodies = _rows(table, since, ids, caller)
    rows = fiscal_tables.typed(table.row, raw, bodies[0], ids)
    remarks: list[str] = []

    def of_series(series: str, what: str) -> pd.DataFrame:
        found = table.read(rows, what, bodies[0], series)
        # A date before the first one asked for may have lost some of its rows to the filter.
        whole = [place for place, day in enumerate(found.days) if since is None or day >= since]
        if not whole:
            raise refusal(bodies[0], f"no row holds '{what}'", series=series, expected="at least one value")
        remarks.extend(f"{series}: {remark}" for remark in found.remarks)
        return observations(
            series,
            [found.days[place] for place in whole],
            [found.amounts[place] for place in whole],
            [found.rows[place] for place in whole],
        )

    read = {
        each.entry.id: partial(of_series, each.entry.id, each.entry.source_id.partition(":")[2])
        for each in wanted
    }
    return delivered(read, bodies, remarks)


def _since(wanted: Sequence[Wanted], table: Table) -> date | None:
    """Return the first day to ask for: everything, where a series has nothing stored yet."""
    known = [each.through for each in wanted if each.through is not None]
    return min(known) - timedelta(days=table.again) if len(known) == len(wanted) else None


def _rows(
    table: Table, since: date | None, series: str, caller: Caller
) -> tuple[list[dict[str, str | None]], list[Body]]:
    """Return the rows of all pages.

    Raises:
        SourceError: a page is malformed, or the pages do not add up to what the service has.
    """
    rows: list[dict[str, str | None]] = []
    bodies: list[Body] = []
    first: Meta | None = None
    while first is None or len(bodies) < first.pages:
        asked: dict[str, str | int] = {
            "fields": ",".join(table.fields),
            "sort": table.sort,
            "page[number]": len(bodies) + 1,
            "page[size]": PAGE,
        }
        if since is not None:
            asked["filter"] = f"{table.fields[0]}:gte:{since.isoformat()}"
        body = caller.get(SERVICE, table.path, asked, expect="json")
        page = answer_of(Answer, body, series=series)
        first = first or page.meta
        bodies.append(body)
        if page.meta.total != first.total or page.meta.pages != first.pages or first.pages > MOST_PAGES:
            raise refusal(
                body,
                f"page {len(bodies)} tells of {page.meta.total} rows on {page.meta.pages} pages",
                series=series,
                expected=f"{first.total} rows on {first.pages} pages as on the first, at most {MOST_PAGES}",
            )
        rows += page.data
    if len(rows) != first.total or not rows:
        raise refusal(
            bodies[-1],
            f"{len(rows)} rows came, the service has {first.total}",
            series=series,
            row=len(rows),
            expected="every row, and at least one",
        )
    return rows, bodies
