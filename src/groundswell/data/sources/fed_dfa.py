"""The Distributional Financial Accounts of the Federal Reserve: who holds what, by quarter.

All tables come in one archive, `dfa.zip`. A source id names a table without its prefix, a category and a
column: `networth-levels/Bottom50/Net worth`, `generation-shares/BabyBoom/Net worth`,
`networth-levels-detail/TopPt1/Household count`. Levels are in millions of dollars, shares in percent.

Every quarter the whole history is revised, so all of it is read each time, and a table with another set
of categories, or with a quarter missing, is refused: a share of a changed group is another figure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.catalog import Entry
from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources import zips
from groundswell.data.sources.columns import Table, table
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
    key="fed_dfa",
    title="Federal Reserve, Distributional Financial Accounts",
    address="https://www.federalreserve.gov/releases/z1/dataviz/download/zips",
    rate=(1, 1.0),
    deadline=120.0,
    cache_seconds=6 * 3600.0,
    documentation="https://www.federalreserve.gov/releases/z1/dataviz/dfa/",
)

CATEGORIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "networth": frozenset({"TopPt1", "RemainingTop1", "Next9", "Next40", "Bottom50"}),
        "generation": frozenset({"Silent", "BabyBoom", "GenX", "Millennial"}),
        "age": frozenset({"ageunder40", "age40to54", "age55to69", "age70plus"}),
        "income": frozenset({"pct00to20", "pct20to40", "pct40to60", "pct60to80", "pct80to99", "pct99to100"}),
    }
)
"""The groups of each table."""

RENAMED: Mapping[str, str] = MappingProxyType(
    {"Corporate equities and mutual fund shares": "Corporate equities"}
)
"""Columns by their name of today, with the one they had before."""

FIRST_QUARTER = np.datetime64("1989-07")
LARGEST_MEMBER = 8 * 2**20
"""Bytes a table may have unpacked; the largest of today has a twentieth of it."""


QUARTER = re.compile(r"([0-9]{4}):Q([1-4])")


@dataclass(frozen=True)
class Accounts:
    """A table of the archive, and the first month of the quarter of each of its rows."""

    table: Table
    quarters: npt.NDArray[np.datetime64]


class DistributionalAccounts:
    """The accounts as the update sees them."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job, since everything stands in one archive."""
        return jobs_by(lambda _: SERVICE.key, SERVICE, wanted, lambda _, group: partial(_asked, group=group))


def read(body: Body, group: Sequence[Wanted]) -> Delivery:
    """Return the series of an archive; one that cannot be read fails alone."""
    known: dict[str, Accounts] = {}
    return delivered({each.entry.id: partial(_series, body, each.entry, known) for each in group}, [body])


def _asked(caller: Caller, group: Sequence[Wanted]) -> Delivery:
    return read(caller.get(SERVICE, "/dfa.zip", {}, expect="zip"), group)


def _series(body: Body, entry: Entry, known: dict[str, Accounts]) -> pd.DataFrame:
    """Return one category of one column; a table is read once, and is then `known`."""
    name, _, place = entry.source_id.partition("/")
    category, _, column = place.partition("/")
    kind = name.partition("-")[0]
    if category not in CATEGORIES.get(kind, ()):
        raise not_understood(entry, "<table>/<category>/<column>, such as networth-levels/Bottom50/Assets")
    if name not in known:
        known[name] = _accounts(body, name, CATEGORIES[kind], entry.id)
    accounts = known[name]
    own = [row for row, each in enumerate(accounts.table.column("Category")) if each == category]
    of_category = accounts.table.of(entry.id).rows(own)
    before = RENAMED.get(column, column)
    older = column not in of_category.header and before in of_category.header
    values = of_category.numbers(before if older else column)
    periods = pd.DatetimeIndex(accounts.quarters[own].astype("datetime64[D]"))
    return observations(entry.id, periods, values, of_category.lines)


def _accounts(body: Body, name: str, categories: frozenset[str], series: str) -> Accounts:
    """Return a table of the archive with the categories and quarters it must have."""
    member = zips.member(
        body,
        lambda path: path.rpartition("/")[2] == f"dfa-{name}.csv",
        series=series,
        largest=LARGEST_MEMBER,
        expected=f"a zip with dfa-{name}.csv",
    )
    found = table(member, series)
    of_row = found.column("Category")
    for category, line in zip(of_row, found.lines, strict=True):
        if category not in categories:
            raise refusal(
                member,
                f"the category '{category[:40]}' is not known",
                series=series,
                row=line,
                expected=f"one of {', '.join(sorted(categories))}",
                remedy="the groups have changed: compare with the service's page before using the figures",
            )
    quarters = _quarters(found)
    wanted = FIRST_QUARTER + 3 * np.arange(len(quarters) // len(categories))
    for category in categories:
        own = np.sort(quarters[np.array(of_row) == category])
        if len(own) != len(wanted) or (own != wanted).any():
            raise refusal(
                member,
                f"the quarters of '{category}' are not complete ({len(own)} of {len(wanted)})",
                series=series,
                expected=f"every quarter from {FIRST_QUARTER} for each of {len(categories)} groups",
            )
    return Accounts(found, quarters)


def _quarters(found: Table) -> npt.NDArray[np.datetime64]:
    """Return the first months of quarters written as 1989:Q3."""
    months = []
    for text, line in zip(found.column("Date"), found.lines, strict=True):
        written = QUARTER.fullmatch(text)
        if written is None:
            raise refusal(
                found.body,
                f"'{text[:40]}' is not a quarter",
                series=found.series,
                row=line,
                expected="a quarter such as 1989:Q3",
            )
        months.append(f"{written[1]}-{3 * int(written[2]) - 2:02d}")
    return np.array(months, dtype="datetime64[M]")


SOURCE = DistributionalAccounts()
