"""Tables of comma-separated values, and columns of text that become numbers and days at once.

A download may have hundreds of thousands of cells: a column is taken as a whole, and only where that
fails is the row looked for.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.http.service import Body
from groundswell.data.sources.decoding import NUMBER, no_number, refusal, text_of


@dataclass(frozen=True)
class Table:
    """A CSV answer.

    Attributes:
        header: names of the columns, in order.
        header_row: the line of the answer on which they stand, from 1.
        cells: one list per data row, as wide as the header, text without surrounding blanks.
        lines: the line on which each data row stands.
        body: the answer, for refusals.
        series: whom it is read for, for refusals.
    """

    header: tuple[str, ...]
    header_row: int
    cells: list[list[str]]
    lines: list[int]
    body: Body = field(repr=False)
    series: str

    def of(self, series: str) -> Table:
        """Return the table as read for one series."""
        return replace(self, series=series)

    def rows(self, places: Sequence[int]) -> Table:
        """Return the table with some of its rows, given by their places from 0."""
        cells = [self.cells[place] for place in places]
        return replace(self, cells=cells, lines=[self.lines[place] for place in places])

    def column(self, name: str) -> list[str]:
        """Return the cells of a column.

        Raises:
            SourceError: there is none, or more than one, of that name.
        """
        if self.header.count(name) != 1:
            raise refusal(
                self.body,
                f"the column '{name}' stands {self.header.count(name)} times in the answer",
                series=self.series,
                row=self.header_row,
                expected=f"it once; the columns are {', '.join(self.header)[:200]}",
            )
        place = self.header.index(name)
        return [row[place] for row in self.cells]

    def numbers(self, name: str, missing: Sequence[str] = ("",)) -> npt.NDArray[np.float64]:
        """Return the numbers of a column; NaN where the cell is one of `missing`.

        Raises:
            SourceError: there is no such column, or a cell is neither.
        """
        texts = self.column(name)
        return numbers(texts, self.body, series=self.series, rows=self.lines, column=name, missing=missing)

    def days(self, name: str) -> npt.NDArray[np.datetime64]:
        """Return the days of a column, written as 2018-02-05.

        Raises:
            SourceError: there is no such column, or a cell is written otherwise.
        """
        return days(self.column(name), self.body, series=self.series, rows=self.lines)


def lines_of(body: Body, series: str) -> list[tuple[int, list[str]]]:
    """Return the lines of a CSV answer that are not blank, as stripped cells, with their number from 1.

    Raises:
        SourceError: it is not CSV in UTF-8, or empty.
    """
    reader = csv.reader(text_of(body, series).splitlines(), strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as problem:
        raise refusal(
            body,
            f"the text is no table ({problem})",
            series=series,
            row=reader.line_num,
            expected="comma-separated values",
        ) from problem
    full = [(line, cells) for line, cells in lines if any(cells)]
    if not full:
        raise refusal(body, "the table is empty", series=series, expected="a header and rows")
    return full


def table(body: Body, series: str) -> Table:
    """Return a CSV answer as cells; its first line is the header.

    Raises:
        SourceError: it is not CSV in UTF-8, is empty, or a row is wider or narrower than the header.
    """
    return table_of(lines_of(body, series), body, series)


def table_of(lines: Sequence[tuple[int, list[str]]], body: Body, series: str) -> Table:
    """Return lines as a table, for answers in which something stands above the header.

    Raises:
        SourceError: a row is wider or narrower than the header.
    """
    (header_row, header), *rest = lines
    for line, cells in rest:
        if len(cells) != len(header):
            raise refusal(
                body,
                f"the row has {len(cells)} cells",
                series=series,
                row=line,
                expected=f"{len(header)} cells, as in the header",
            )
    return Table(
        tuple(header), header_row, [cells for _, cells in rest], [line for line, _ in rest], body, series
    )


def days(texts: Sequence[str], body: Body, *, series: str, rows: Sequence[int]) -> npt.NDArray[np.datetime64]:
    """Return days written as 2018-02-05.

    Args:
        texts: one per row.
        body: the answer, for refusals.
        series: for refusals.
        rows: their places in the answer, from 1.

    Raises:
        SourceError: one is written otherwise or does not exist.
    """
    written = all(len(text) == 10 and text[4] == text[7] == "-" and text[0] in "129" for text in texts)
    try:
        if written:
            return np.array(texts, dtype="datetime64[D]")
    except ValueError:
        pass
    row, text = next((row, text) for row, text in zip(rows, texts, strict=True) if not _is_day(text))
    raise refusal(
        body,
        f"'{text[:40]}' is not a date that can be read",
        series=series,
        row=row,
        expected="a day such as 2018-02-05",
    )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text and text[0] in "129"
    except ValueError:
        return False


def numbers(
    texts: Sequence[str],
    body: Body,
    *,
    series: str,
    rows: Sequence[int],
    column: str,
    missing: Sequence[str] = ("",),
) -> npt.NDArray[np.float64]:
    """Return plain decimal numbers; NaN where the text is one of `missing`.

    Args:
        texts: one per row.
        body: the answer, for refusals.
        series: for refusals.
        rows: their places in the answer, from 1.
        column: what the answer calls them, for refusals.
        missing: how the service writes that there is none.

    Raises:
        SourceError: a text is neither; infinities and `nan` are not numbers here.
    """
    text = pd.Series(list(texts), dtype="str")
    absent = text.isin(list(missing)).to_numpy()
    right = text.str.fullmatch(NUMBER.pattern).to_numpy(dtype=bool)
    values = np.full(len(text), np.nan)
    values[right] = text[right].to_numpy(dtype="float64")
    wrong = ~absent & ~np.isfinite(values)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise no_number(texts[first], body, series=series, row=rows[first], column=column)
    values[absent] = np.nan
    return values
