"""The catalog: one entry per series, with its unit, its source, when it is public, and what it feeds.

The entries stand in `tables/catalog`, one CSV file per source, so that a reader can look a series up
and a user can add one: a file of the same columns in the settings folder extends or replaces them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from groundswell.data.errors import DataError, closest

Frequency: TypeAlias = Literal["daily", "weekly", "monthly", "quarterly", "annual", "snapshot"]


def _listed(text: object) -> object:
    return tuple(text.split()) if isinstance(text, str) else text


class Entry(BaseModel):
    """One series.

    Attributes:
        id: its name in a book and in the store: lower-case words joined by `_`, families by `.`
            ("on_rrp", "capex.msft").
        title: the series in words.
        unit: what a stored value of one means, in the words of `data.units` ("USD bn").
        frequency: of its periods; `snapshot` for quotes taken at a moment.
        source: key of the service that has it.
        source_id: how that service calls it; the grammar is told in the source's file.
        source_unit: the unit it comes in; two, joined by "|", where the service has used both and the
            size of the figures tells which.
        release: the rule that says when a period is public, in the words of `data.release`.
        revised: whether figures change after their first release.
        low: the smallest value that can be true, in `unit`.
        high: the largest value that can be true, in `unit`.
        typical_low: the median of the last 60 values lies above this, in `unit`.
        typical_high: and below this; what lies outside came in another unit.
        licence: the terms it may be used under.
        feeds: mechanisms it serves ("M19").
        needed_by: sheets that want it without being asked ("desk", "xray").
        note: what a user should know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$")]
    title: Annotated[str, Field(min_length=3)]
    unit: str
    frequency: Frequency
    source: str
    source_id: str
    source_unit: str
    release: str
    revised: bool
    low: float
    high: float
    typical_low: float
    typical_high: float
    licence: str
    feeds: Annotated[tuple[str, ...], BeforeValidator(_listed)]
    needed_by: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    note: str = ""


Catalog: TypeAlias = Mapping[str, Entry]


@cache
def catalog(extension: Path | None = None) -> Catalog:
    """Return every entry by id, in the order of the files.

    Args:
        extension: a CSV file of the user's own with the same columns; its entries are added, or
            stand in for those of the same id.

    Raises:
        DataError: a file is malformed; the message names file, row and column.
    """
    folder = files("groundswell.data").joinpath("tables", "catalog")
    entries: dict[str, Entry] = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".csv"):
            for entry in read(file.read_text("utf-8"), file.name):
                if entry.id in entries:
                    raise DataError(f"the series '{entry.id}' stands twice", where=file.name)
                entries[entry.id] = entry
    if extension is not None:
        entries |= {entry.id: entry for entry in read(_text(extension), str(extension))}
    return MappingProxyType(entries)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(
            f"the catalog of your own cannot be read: {problem}",
            where=str(file),
            expected="a CSV file in UTF-8",
            remedy="correct the setting GROUNDSWELL_CATALOG, or the file",
        ) from problem


def read(text: str, name: str) -> list[Entry]:
    """Return the entries of a catalog file.

    Raises:
        DataError: naming file, row and column.
    """
    entries = []
    for number, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        try:
            entries.append(Entry.model_validate(row))
        except ValidationError as problem:
            first = problem.errors()[0]
            column = ".".join(str(part) for part in first["loc"])
            raise DataError(
                f"{first['msg']}, got {first['input']!r}",
                where=f"{name}, row {number}, column '{column}'",
                expected="an entry as in the catalog of the handbook",
                remedy="correct the row; `groundswell catalog` shows how others are written",
            ) from problem
    return entries


def entry(name: str, known: Catalog) -> Entry:
    """Return one entry.

    Raises:
        DataError: there is none of that name.
    """
    if name not in known:
        raise DataError(
            f"there is no series '{name}'{closest(name, known)}",
            where="the catalog",
            remedy="`groundswell catalog` lists them",
        )
    return known[name]


def of_source(source: str, known: Iterable[Entry]) -> list[Entry]:
    """Return the entries of one source, in their order."""
    return [each for each in known if each.source == source]


def search(known: Catalog, word: str) -> list[Entry]:
    """Return the entries in whose id, title, source, source's id or mechanisms a word stands.

    Raises:
        DataError: there is none.
    """
    sought = word.lower()
    found = [
        each
        for each in known.values()
        if sought in " ".join((each.id, each.title, each.source, each.source_id, *each.feeds)).lower()
    ]
    if not found:
        raise DataError(
            f"no series has the word '{word}'{closest(word, known)}",
            where="groundswell catalog",
            expected="part of a name, a title or a source",
            remedy="run `groundswell catalog` without a word to see them all",
        )
    return found
