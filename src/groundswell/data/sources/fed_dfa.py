"""The Distributional Financial Accounts of the Federal Reserve: who holds what, by quarter.

All tables come in one archive, `dfa.zip`. A source id names a table without its prefix, a category and a
column: `networth-levels/Bottom50/Net worth`, `generation-shares/BabyBoom/Net worth`,
`networth-levels-detail/TopPt1/Household count`. Levels are in millions of dollars, shares in percent.

Every quarter the whole history is revised, so all of it is read each time, and a table with another set
of categories, or with a quarter missing, is refused: a share of a changed group is another figure.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from io import BytesIO
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources import answers
from groundswell.data.sources.source import (
    Delivery,
    Job,
    SeriesFailure,
    Wanted,
    no_observations,
    observations,
)

SERVICE = Service(
    key="fed_dfa",
    title="Federal Reserve, Distributional Financial Accounts",
    address="https://www.federalreserve.gov/releases/z1/dataviz/download/zips",
    rate=(1, 1.0),
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
MOST_MEMBERS = 200
LARGEST_MEMBER = 8 * 2**20
"""Bytes a table may have unpacked; the largest of today has a twentieth of it."""


class DistributionalAccounts:
    """The accounts as the update sees them."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job, since everything stands in one archive."""
        names = tuple(each.entry.id for each in wanted)
        return [Job(SERVICE, names, partial(_asked, group=list(wanted)))] if wanted else []


def read(body: Body, group: Sequence[Wanted]) -> Delivery:
    """Return the series of an archive; one that cannot be read fails alone.

    Raises:
        SourceError: it is not an archive that may be opened.
    """
    archive = _opened(body)
    tables: dict[str, answers.Table | SourceError] = {}
    frames, failures = [], []
    for wanted in group:
        name = wanted.entry.source_id.partition("/")[0]
        try:
            if name not in tables:
                tables[name] = _table(archive, name)
            frames.append(_series(tables[name], wanted))
        except SourceError as problem:
            tables.setdefault(name, problem)
            failures.append(SeriesFailure(wanted.entry.id, problem))
    found = pd.concat(frames, ignore_index=True) if frames else no_observations()
    return Delivery(found, bodies=(body,), failures=tuple(failures))


def _asked(caller: Caller, group: Sequence[Wanted]) -> Delivery:
    return read(caller.get(SERVICE, "/dfa.zip", {}, expect="zip"), group)


def _opened(body: Body) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(BytesIO(body.content))
    except Exception as problem:  # damage shows as errors of many kinds
        raise SourceError(
            f"the archive cannot be opened: {problem}",
            where=f"Federal Reserve, {body.address}",
            expected="dfa.zip",
            remedy=answers.REMEDY,
        ) from problem
    if len(archive.namelist()) > MOST_MEMBERS:
        raise SourceError(
            f"the archive has {len(archive.namelist())} members",
            where=f"Federal Reserve, {body.address}",
            expected=f"at most {MOST_MEMBERS}",
            remedy=answers.REMEDY,
        )
    return archive


def _table(archive: zipfile.ZipFile, name: str) -> answers.Table:
    """Return a table of the archive with the categories and quarters it must have."""
    member, where = f"dfa-{name}.csv", f"Federal Reserve, dfa.zip, dfa-{name}.csv"
    found = [each for each in archive.namelist() if each.rpartition("/")[2] == member]
    if len(found) != 1:
        raise SourceError(
            f"it stands {len(found)} times in the archive",
            where=where,
            expected="it once",
            remedy=answers.REMEDY,
        )
    try:
        with archive.open(found[0]) as opened:
            content = opened.read(LARGEST_MEMBER + 1)
    except Exception as problem:  # each way of packing raises errors of its own
        raise SourceError(
            f"it cannot be unpacked: {problem}", where=where, expected="a table", remedy=answers.REMEDY
        ) from problem
    if len(content) > LARGEST_MEMBER:
        raise SourceError(
            "it is larger than can be true",
            where=where,
            expected=f"at most {LARGEST_MEMBER:,} bytes unpacked",
            remedy=answers.REMEDY,
        )
    table = answers.table(content, where)
    _check(table, CATEGORIES[name.partition("-")[0]])
    return table


def _check(table: answers.Table, expected: frozenset[str]) -> None:
    categories = table.column("Category")
    for category, line in zip(categories, table.lines, strict=True):
        if category not in expected:
            raise SourceError(
                f"the category '{category[:40]}' is not known",
                where=f"{table.where}, row {line}",
                expected=f"one of {', '.join(sorted(expected))}",
                remedy="the groups have changed: compare with the service's page before using the figures",
            )
    quarters = _quarters(table)
    wanted = FIRST_QUARTER + 3 * np.arange(len(quarters) // len(expected))
    for category in expected:
        own = np.sort(quarters[np.array(categories) == category])
        if len(own) != len(wanted) or (own != wanted).any():
            raise SourceError(
                f"the quarters of '{category}' are not complete ({len(own)} of {len(wanted)})",
                where=table.where,
                expected=f"every quarter from {FIRST_QUARTER} for each of {len(expected)} groups",
                remedy=answers.REMEDY,
            )


def _quarters(table: answers.Table) -> npt.NDArray[np.datetime64]:
    """Return the first months of quarters written as 1989:Q3."""
    months = []
    for text, line in zip(table.column("Date"), table.lines, strict=True):
        year, separator, quarter = text.partition(":Q")
        if not (len(text) == 7 and year.isascii() and year.isdecimal() and separator and quarter in "1234"):
            raise SourceError(
                f"'{text[:40]}' is not a quarter",
                where=f"{table.where}, row {line}",
                expected="a quarter such as 1989:Q3",
                remedy=answers.REMEDY,
            )
        months.append(f"{year}-{3 * int(quarter) - 2:02d}")
    return np.array(months, dtype="datetime64[M]")


def _series(table: answers.Table | SourceError, wanted: Wanted) -> pd.DataFrame:
    """Return one category of one column."""
    if isinstance(table, SourceError):
        raise table
    entry = wanted.entry
    _, category, column = entry.source_id.split("/")
    named = replace(table, where=f"{table.where}, '{category}' ({entry.id})")
    before = RENAMED.get(column, column)
    texts = named.column(before if column not in table.header and before in table.header else column)
    rows = [place for place, each in enumerate(table.column("Category")) if each == category]
    lines = [table.lines[place] for place in rows]
    values = answers.numbers([texts[place] for place in rows], [""], lines, f"{named.where}, '{column}'")
    quarters = _quarters(table)[rows]
    return observations(entry.id, pd.DatetimeIndex(quarters.astype("datetime64[D]")), values, lines)


SOURCE = DistributionalAccounts()
