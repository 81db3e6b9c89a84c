"""Reading the body of an answer: JSON against a declared shape, CSV as cells with their line numbers.

Whatever does not fit is refused with the place in the answer; nothing is guessed.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body

T = TypeVar("T")
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?"
REMEDY = "try again later; if it stays so, the service has changed its format: please report it"


@dataclass(frozen=True)
class Table:
    """A CSV answer.

    Attributes:
        header: names of the columns, in order.
        cells: one list per data row, as wide as the header, text without surrounding blanks.
        lines: the line of the answer on which each data row stands, from 1.
        where: the place for errors ("FRED, fredgraph.csv").
    """

    header: tuple[str, ...]
    cells: list[list[str]]
    lines: list[int]
    where: str

    def column(self, name: str) -> list[str]:
        """Return the cells of a column.

        Raises:
            SourceError: there is none, or more than one, of that name.
        """
        if self.header.count(name) != 1:
            listed = ", ".join(self.header[:12]) + (", ..." if len(self.header) > 12 else "")
            raise SourceError(
                f"the column '{name}' stands {self.header.count(name)} times in the answer",
                where=f"{self.where}, row 1",
                expected=f"it once; the columns are {listed}",
                remedy=REMEDY,
            )
        place = self.header.index(name)
        return [row[place] for row in self.cells]


def parsed(adapter: TypeAdapter[T], body: Body, where: str) -> T:
    """Return a JSON answer in its declared shape.

    Raises:
        SourceError: it is not JSON, or a member is missing or of another kind; the message names it.
    """
    try:
        return adapter.validate_json(body.content)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        raise SourceError(
            f"{first['msg']}, got {repr(first['input'])[:80]}",
            where=f"{where}, {body.address}" + (f", at {place} (rows from 1)" if place else ""),
            expected="an answer in the documented shape",
            remedy=REMEDY,
        ) from problem


def table(content: bytes, where: str) -> Table:
    """Return a CSV answer as cells; empty lines are skipped.

    Raises:
        SourceError: it is not text in UTF-8, has no header, or a row is wider or narrower than it.
    """
    try:
        text = content.decode("utf-8-sig")
        reader = csv.reader(text.splitlines(), strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except (UnicodeDecodeError, csv.Error) as problem:
        raise SourceError(
            f"the answer cannot be read as CSV: {problem}", where=where, expected="UTF-8", remedy=REMEDY
        ) from problem
    full = [(line, row) for line, row in rows if any(row)]
    if not full:
        raise SourceError("the answer is empty", where=where, expected="a table", remedy=REMEDY)
    header = tuple(full[0][1])
    for line, row in full[1:]:
        if len(row) != len(header):
            raise SourceError(
                f"{len(row)} cells",
                where=f"{where}, row {line}",
                expected=f"{len(header)} as in the header",
                remedy=REMEDY,
            )
    return Table(header, [row for _, row in full[1:]], [line for line, _ in full[1:]], where)


def days(texts: Sequence[str], rows: Sequence[int], where: str) -> npt.NDArray[np.datetime64]:
    """Return days written as 2018-02-05.

    Args:
        texts: one per row.
        rows: their places in the answer, for the error.
        where: source and series, for the error.

    Raises:
        SourceError: one is written otherwise or does not exist.
    """
    try:
        written = all(len(text) == 10 and text[4] == text[7] == "-" and text[0] in "129" for text in texts)
        if written:
            return np.array(texts, dtype="datetime64[D]")
    except ValueError:
        pass
    for text, row in zip(texts, rows, strict=True):
        if not _is_day(text):
            raise SourceError(
                f"'{text[:40]}' is not a date",
                where=f"{where}, row {row}",
                expected="a day such as 2018-02-05",
                remedy=REMEDY,
            )
    raise AssertionError("every text is a day, yet together they are not")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text and text[0] in "129"
    except ValueError:
        return False


def numbers(
    texts: Sequence[str], missing: Sequence[str], rows: Sequence[int], where: str
) -> npt.NDArray[np.float64]:
    """Return plain decimal numbers; NaN where the text is one of `missing`.

    Raises:
        SourceError: a text is neither; infinities and `nan` are not numbers here.
    """
    text = pd.Series(list(texts), dtype="str")
    absent = text.isin(list(missing)).to_numpy()
    right = text.str.fullmatch(NUMBER).to_numpy(dtype=bool)
    values = np.full(len(text), np.nan)
    values[right] = text[right].to_numpy(dtype="float64")
    wrong = ~absent & ~np.isfinite(values)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise SourceError(
            f"'{texts[first][:40]}' is not a number",
            where=f"{where}, row {rows[first]}",
            expected="a number such as 2762.13",
            remedy=REMEDY,
        )
    values[absent] = np.nan
    return values
