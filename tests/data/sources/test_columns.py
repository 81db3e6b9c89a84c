"""Tables, and columns of them, are read as a whole or refused by their row.

- cells keep their lines, blank lines counted; a row of another width, or no table, is refused
- a column reads like its cells one by one
- a column must be there once
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from answering import body
from hypothesis import given
from hypothesis import strategies as st

from groundswell.data.errors import SourceError
from groundswell.data.sources import columns
from groundswell.data.sources.columns import Table
from groundswell.data.sources.decoding import number_of

ANSWER = body("x", "made")


def read(text: str) -> Table:
    return columns.table(body(text, "made", expect="csv"), "tide")


def test_rows_are_told_by_their_line_in_the_answer() -> None:
    found = read('\n day, height \n2018-02-05,"1.5"\n,\n2018-02-06, \n')
    assert (found.header, found.header_row, found.lines) == (("day", "height"), 2, [3, 5])
    np.testing.assert_array_equal(found.numbers("height"), [1.5, np.nan])
    assert found.days("day").astype(str).tolist() == ["2018-02-05", "2018-02-06"]
    later = found.rows([1]).of("ebb")
    with pytest.raises(SourceError, match=r"made, series 'ebb', row 5, answer of .*'day' holds '2018-02-06'"):
        later.numbers("day")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("day,height\n2018-02-05,1,5\n", "row 2, .*the row has 3 cells"),
        ("day,height\n2018-02-05\n", "row 2, .*the row has 1 cells"),
        ('day,height\n2018-02-05,"1.5\n', "row 2, .*no table"),
        (",\n,\n", "is empty"),
        ("\n", "is empty"),
    ],
)
def test_what_is_no_table_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(SourceError, match=f"series 'tide',.*{complaint}"):
        read(text)


@pytest.mark.parametrize(("name", "times"), [("depth", 0), ("height", 2)])
def test_a_column_stands_once(name: str, times: int) -> None:
    with pytest.raises(SourceError, match=f"row 1, .*'{name}' stands {times} times"):
        read("day,height,height\n2018-02-05,1,2\n").column(name)


@given(st.lists(st.sampled_from(["1", "-2.5", ".5", "3e4", "1e999", "nan", "1,5", "٣", "--1", "+7.", ""])))
def test_a_column_reads_like_its_cells(cells: list[str]) -> None:
    rows = range(1, len(cells) + 1)

    def alone() -> list[float]:
        numbered = zip(rows, cells, strict=True)
        return [number_of(cell, ANSWER, series="tide", row=row, column="height") for row, cell in numbered]

    def whole() -> list[float]:
        return columns.numbers(cells, ANSWER, series="tide", rows=rows, column="height").tolist()

    def told(read: Callable[[], list[float]]) -> str:
        try:
            return str(read())
        except SourceError as problem:
            return str(problem)

    assert told(whole) == told(alone)


@pytest.mark.parametrize("cell", ["2018-02-30", "2018-2-05", "02/05/2018", "", "0018-02-05", "2018-02-05T00"])
def test_a_cell_that_is_no_day_is_found(cell: str) -> None:
    texts = ["1776-07-04", "9999-12-31", cell]
    with pytest.raises(SourceError, match=r"row 13, .*is not a date"):
        columns.days(texts, ANSWER, series="tide", rows=[11, 12, 13])
    assert columns.days(texts[:2], ANSWER, series="tide", rows=[11, 12]).astype(str).tolist() == texts[:2]
