"""Reading of answers that services share: text, JSON, numbers and days, each refusal with its place.

Whatever does not fit is refused; nothing is guessed. Tables and whole columns are read in `columns`.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ValidationError
from pydantic_core import from_json

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body

Record = TypeVar("Record", bound=BaseModel)
Time = TypeVar("Time", bound=date)

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
"""How services write numbers; words for infinity and for what is no number are none."""

_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_US_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)

FIRST_YEAR, LAST_YEAR = 1800, 2199
"""Years a date of an answer may lie in; outside them it is a slip, and no time stamp could hold it."""


def _within_years(time: Time) -> Time:
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise ValueError(f"a time from {FIRST_YEAR} to {LAST_YEAR} is expected")
    return time


Day: TypeAlias = Annotated[date, AfterValidator(_within_years)]
Moment: TypeAlias = Annotated[datetime, AfterValidator(_within_years)]
ZonedMoment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_within_years)]
"""Days and times in an answer, in a year they can be of."""

_MARK = b"\xef\xbb\xbf"
"""A byte order mark, which is no part of a JSON document."""

_TRY_AGAIN = "run the update again later; if it stays so, the service has changed its form: report it"


def refusal(
    body: Body,
    what: str,
    *,
    series: str,
    row: int | None = None,
    expected: str = "",
    remedy: str = _TRY_AGAIN,
) -> SourceError:
    """Return the refusal of an answer, or of a row of it, that names source, series, row and address."""
    row_words = "" if row is None else f", row {row}"
    where = f"{body.service}, series '{series}'{row_words}, answer of {body.address}"
    return SourceError(what, where=where, expected=expected, remedy=remedy)


def text_of(body: Body, series: str) -> str:
    """Return the text of an answer; a byte order mark is taken off.

    Raises:
        SourceError: it is not UTF-8, or empty.
    """
    try:
        text = body.content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        row = body.content[: problem.start].count(b"\n") + 1
        raise refusal(
            body, "the text is not UTF-8", series=series, row=row, expected="text in UTF-8"
        ) from problem
    if not text.strip():
        raise refusal(body, "the answer is empty", series=series, expected="rows of data")
    return text


def json_of(body: Body, series: str) -> object:
    """Return the JSON value of an answer.

    Raises:
        SourceError: it is not JSON, or has a number that is not finite.
    """
    try:
        return from_json(body.content.removeprefix(_MARK), allow_inf_nan=False)
    except (ValueError, RecursionError) as problem:
        raise refusal(
            body, f"the answer is not JSON ({problem})", series=series, expected="a JSON document"
        ) from problem


def answer_of(kind: type[Record], body: Body, *, series: str) -> Record:
    """Return a JSON answer in its type.

    Raises:
        SourceError: it is not JSON, or a member is missing or of another kind; the message names it.
    """
    return record_of(kind, json_of(body, series), body, series=series)


def record_of(
    kind: type[Record], value: object, body: Body, *, series: str, row: int | None = None
) -> Record:
    """Return a record of the answer in its type.

    Raises:
        SourceError: a member is missing or of another kind; the message names it, and its row, which is
            its place in the list that holds it where none is given.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        parts = first["loc"]
        places = [part + 1 for part in parts if isinstance(part, int)]
        member = ".".join(part for part in parts if isinstance(part, str)) or "the whole"
        got = repr(first["input"])
        shown = got if len(got) <= 80 else f"{got[:77]}..."
        raise refusal(
            body,
            f"'{member}' is {shown} ({first['msg'].lower()})",
            series=series,
            row=places[-1] if row is None and places else row,
            expected=f"'{member}' as the service documents it",
        ) from problem


def number_of(cell: str, body: Body, *, series: str, row: int, column: str) -> float:
    """Return a finite number, NaN for an empty cell.

    Raises:
        SourceError: the cell holds something else.
    """
    if not cell:
        return math.nan
    value = float(cell) if NUMBER.fullmatch(cell) else math.inf
    if not math.isfinite(value):
        raise no_number(cell, body, series=series, row=row, column=column)
    return value


def no_number(cell: str, body: Body, *, series: str, row: int, column: str) -> SourceError:
    """Return the refusal of a cell that should hold a number."""
    return refusal(
        body,
        f"column '{column}' holds '{cell[:40]}'",
        series=series,
        row=row,
        expected="a finite number",
    )


def day_of(cell: str, body: Body, *, series: str, row: int) -> date:
    """Return a day written 2018-02-05 (a time after it is ignored) or 02/05/2018 (month first).

    Raises:
        SourceError: the cell is not such a day, or lies outside 1800-2199.
    """
    iso, us = _ISO_DAY.match(cell), _US_DAY.fullmatch(cell)
    try:
        if iso and cell[10:11] in ("", "T", " "):
            day = date(*(int(part) for part in iso.groups()))
        elif us:
            month, of_month, year = (int(part) for part in us.groups())
            day = date(year, month, of_month)
        else:
            raise ValueError(cell)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError(cell)
    except ValueError as problem:
        raise refusal(
            body,
            f"'{cell[:40]}' is not a date that can be read",
            series=series,
            row=row,
            expected=f"year-month-day or month/day/year, from {FIRST_YEAR} to {LAST_YEAR}",
        ) from problem
    return day
