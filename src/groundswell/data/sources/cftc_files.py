"""The yearly files of the Commitments of Traders on the CFTC's site, each a text file in a zip.

Files of a year are rewritten each week; one file holds the years from 2006 to 2016.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources.cftc_reports import Position, Report, read_table
from groundswell.data.sources.decoding import refusal, text_of

SERVICE = Service(
    key="cftc",
    title="CFTC, yearly files",
    address="https://www.cftc.gov",
    rate=(1, 1.0),
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
    try:
        with zipfile.ZipFile(io.BytesIO(body.content)) as archive:
            members = [name for name in archive.namelist() if name.lower().endswith(".txt")]
            if len(members) != 1:
                raise ValueError(f"{len(members)} text files in it")
            with archive.open(members[0]) as member:
                content = member.read(LARGEST_MEMBER + 1)
            if len(content) > LARGEST_MEMBER:
                raise ValueError("it unpacks to more than 128 MiB")
    except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, EOFError, OSError) as problem:
        raise refusal(
            body, f"the zip cannot be read ({problem})", series=label, expected="a zip of one text file"
        ) from problem
    return replace(body, address=f"{body.address}#{members[0]}", content=content, media_type="text/plain")


def read_file(report: Report, body: Body, label: str) -> list[Position]:
    """Return the rows of the text of a yearly file.

    Raises:
        SourceError: it is another file, or a row cannot be read.
    """
    reader = csv.reader(io.StringIO(text_of(body, label)))
    try:
        header = next(reader)
        lines = [(row, cells) for row, cells in enumerate(reader, start=2) if cells]
    except csv.Error as problem:
        raise refusal(
            body, f"the text is no table ({problem})", series=label, row=reader.line_num
        ) from problem
    return read_table(report, header, lines, body, label)


def _names(report: Report, since: date, today: date) -> list[str]:
    if report.files is None:
        return []
    early, yearly = report.files
    first = max(since.year, LAST_OF_EARLY_YEARS + 1)
    names = [early] if since.year <= LAST_OF_EARLY_YEARS else []
    return names + [yearly.format(year=year) for year in range(first, today.year + 1)]
