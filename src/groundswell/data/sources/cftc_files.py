"""The yearly files of the Commitments of Traders on the CFTC's site, each a text file in a zip.

Files of a year are rewritten each week; one file holds the years from 2006 to 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources import columns, zips
from groundswell.data.sources.cftc_reports import Position, Report, read_table

SERVICE = Service(
    key="cftc",
    title="CFTC, yearly files",
    address="https://www.cftc.gov",
    rate=(1, 1.0),
    deadline=180.0,
    cache_seconds=3600.0,
    documentation="https://www.cftc.gov/MarketReports/CommitmentsofTraders/HistoricalCompressed/index.htm",
)

PATH = "/files/dea/history/"
LAST_OF_EARLY_YEARS = 2016
LARGEST_MEMBER = 128 * 2**20


def from_files(
    report: Report, codes: Sequence[str], since: date, today: date, caller: Caller, label: str
) -> tuple[list[Position], list[Body]]:
    """Return the rows of the contracts since a day, from the files of the years.

    Raises:
        SourceError: one cannot be had or read.
    """
    positions: list[Position] = []
    bodies: list[Body] = []
    for name in _names(report, since, today):
        body = caller.get(SERVICE, PATH + name, {}, expect="zip")
        rows = read_file(report, unpacked(body, label), label)
        positions += [each for each in rows if each.code in codes and each.day >= since]
        bodies.append(body)
    return positions, bodies


def unpacked(body: Body, label: str) -> Body:
    """Return the text file in a zip as an answer of its own.

    Raises:
        SourceError: it is no zip of one text file, is damaged, or unpacks to more than 128 MiB.
    """
    return zips.member(
        body,
        lambda name: name.lower().endswith(".txt"),
        series=label,
        largest=LARGEST_MEMBER,
        expected="a zip of one text file",
    )


def read_file(report: Report, body: Body, label: str) -> list[Position]:
    """Return the rows of the text of a yearly file.

    Raises:
        SourceError: it is another file, or a row cannot be read.
    """
    return read_table(report, columns.table(body, label))


def _names(report: Report, since: date, today: date) -> list[str]:
    if report.files is None:
        return []
    early, yearly = report.files
    first = max(since.year, LAST_OF_EARLY_YEARS + 1)
    names = [early] if since.year <= LAST_OF_EARLY_YEARS else []
    return names + [yearly.format(year=year) for year in range(first, today.year + 1)]
