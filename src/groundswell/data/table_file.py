"""Reading a user's table, csv or parquet, as text with the line of every row.

Whatever turns out to be wrong with a cell later can then be said with its place in the file.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from groundswell.data.errors import DataError

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class TextTable:
    """A table as it stands in a file.

    Attributes:
        name: the file's name, for messages.
        header: column names, lower case, inner blanks as underscores.
        cells: text columns by name, without surrounding blanks; the index is the row in the file:
            the line for csv (the header is line 1), counted from 1 for parquet.
    """

    name: str
    header: tuple[str, ...]
    cells: pd.DataFrame

    def place(self, row: object, column: str = "") -> str:
        """Return the words for a place in the file: "prices.csv, row 7, column 'close'"."""
        return f"{self.name}, row {row}" + (f", column '{column}'" if column else "")


def read_table(path: Path) -> TextTable:
    """Return the table of a .csv or .parquet file as text.

    Raises:
        DataError: no such file, unknown extension, unreadable, empty, or ragged rows.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(
            f"files of kind '{path.suffix or path.name}' are not read",
            where=path.name,
            expected=f"a file ending in {' or '.join(SUFFIXES)}",
            remedy="save the prices as csv with the columns date and close",
        )
    if not path.is_file():
        raise DataError(
            "there is no such file",
            where=str(path),
            expected="a .csv or .parquet file with daily prices",
            remedy="check the path, or leave it out to use the bundled history",
        )
    header, rows, lines = _csv(path) if path.suffix.lower() == ".csv" else _parquet(path)
    names = [_tidy(name) for name in header]
    for position, name in enumerate(names):
        if name and name in names[:position]:
            raise DataError(
                f"two columns are called '{name}'",
                where=f"{path.name}, row 1",
                expected="every column name once (upper and lower case count as the same)",
                remedy="rename or remove one of them",
            )
    cells = pd.DataFrame(rows, index=pd.Index(lines, name="row"), columns=names, dtype=object)
    blank = (cells == "").all(axis="columns")
    cells = cells.loc[~blank]
    if cells.empty:
        raise DataError(
            "the file has no rows" if any(names) else "the file is empty",
            where=path.name,
            expected="a header line and one row per session",
            remedy="check that the file was written completely",
        )
    return TextTable(name=path.name, header=tuple(names), cells=cells)


def _csv(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            for row in reader:
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise DataError(
            f"the file cannot be read as text ({problem})",
            where=f"{path.name}, row {len(rows) + 1}",
            expected="comma-separated text in UTF-8",
            remedy="save it again as csv in UTF-8",
        ) from problem
    header = rows.pop(0) if rows else []
    lines = lines[1:]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        raise DataError(
            f"the header '{header[0]}' is not separated by commas",
            where=f"{path.name}, row 1",
            expected="comma-separated columns, decimals with a point",
            remedy="save the file with commas between columns",
        )
    kept = [(line, row) for line, row in zip(lines, rows, strict=True) if any(row)]
    for line, row in kept:
        if len(row) != len(header):
            raise DataError(
                f"the row has {len(row)} cells",
                where=f"{path.name}, row {line}",
                expected=f"{len(header)} cells, as in the header",
                remedy="complete or remove the row; write numbers without thousands separators",
            )
    return header, [row for _, row in kept], [line for line, _ in kept]


def _parquet(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    try:
        frame = pd.read_parquet(path)
        if not isinstance(frame.index, pd.RangeIndex):
            frame = frame.reset_index(names=frame.index.name or "date")
    except (OSError, ValueError) as problem:
        raise DataError(
            f"the file cannot be read as parquet ({problem})",
            where=path.name,
            expected="a parquet table",
            remedy="write it again, or save it as csv",
        ) from problem
    text = frame.astype(str).where(frame.notna(), "")
    rows = [[str(cell).strip() for cell in row] for row in text.itertuples(index=False, name=None)]
    return [str(name) for name in frame.columns], rows, list(range(1, len(rows) + 1))


def _tidy(name: str) -> str:
    return "_".join(name.strip().lower().split())
