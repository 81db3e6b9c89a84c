"""Text, JSON, numbers and days of an answer, read alike for every source.

- what is not UTF-8, not JSON, or no finite number is refused; a byte order mark is not part of it
- a refusal names service, series, row, address, and what to do
- a member of another kind is named with its row
- days: both ways of writing them, and no others
"""

from __future__ import annotations

import math
from datetime import date

import pytest
from answering import body
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from groundswell.data.errors import SourceError
from groundswell.data.sources.decoding import answer_of, day_of, json_of, number_of, text_of

ANSWER = body("x", "made", "https://made.example/x")


class Figure(BaseModel):
    """A row of a made answer."""

    value: float


class Figures(BaseModel):
    """A made answer."""

    figures: list[Figure]


def test_text_that_is_not_utf_8_is_refused_in_its_row() -> None:
    assert text_of(body("\ufeffday,value\n", "made"), "tide") == "day,value\n"
    with pytest.raises(SourceError, match=r"made, series 'tide', row 2, answer of https://made.*not UTF-8"):
        text_of(body(b"day,value\nab\xe9", "made"), "tide")


@pytest.mark.parametrize("content", [b'{"a": NaN}', b'{"a": 1', b"[" * 100_000, b'{"a": "\xe9"}', b""])
def test_json_that_is_not_whole_is_refused(content: bytes) -> None:
    with pytest.raises(SourceError, match=r"series 'tide', answer of .*the answer is not JSON"):
        json_of(body(content, "made"), "tide")


def test_a_byte_order_mark_does_not_make_json_unreadable() -> None:
    assert json_of(body('\ufeff{"a": 1}', "made"), "tide") == {"a": 1}


def test_a_member_of_another_kind_is_named_with_its_row() -> None:
    answer = body({"figures": [{"value": 1.5}, {"value": None}]}, "made")
    with pytest.raises(SourceError, match=r"row 2, .*'figures\.value' is None.*To do: run the update again"):
        answer_of(Figures, answer, series="tide")
    with pytest.raises(SourceError, match="'figures' is"):
        answer_of(Figures, body({"rows": []}, "made"), series="tide")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_as_it_was_written(value: float) -> None:
    assert number_of(repr(value), ANSWER, series="tide", row=1, column="value") == value


@pytest.mark.parametrize("cell", ["nan", "inf", "1e999", "1,5", "0x10", "1_000", "٣", "-"])
def test_what_is_no_finite_number_is_refused(cell: str) -> None:
    with pytest.raises(SourceError, match=r"series 'tide', row 7, .*column 'value' holds"):
        number_of(cell, ANSWER, series="tide", row=7, column="value")


def test_an_empty_cell_is_no_number_and_no_fault() -> None:
    assert math.isnan(number_of("", ANSWER, series="tide", row=1, column="value"))


@pytest.mark.parametrize("cell", ["2018-02-05", "2018-02-05T21:00:00", "02/05/2018", "2/5/2018"])
def test_a_day_is_read_however_it_is_written(cell: str) -> None:
    assert day_of(cell, ANSWER, series="tide", row=1) == date(2018, 2, 5)


@pytest.mark.parametrize("cell", ["2018-02-30", "13/05/2018", "05.02.2018", "0018-02-05", "2018-02-05x", ""])
def test_what_is_no_day_is_refused(cell: str) -> None:
    with pytest.raises(SourceError, match=r"series 'tide', row 7, .*is not a date"):
        day_of(cell, ANSWER, series="tide", row=7)
