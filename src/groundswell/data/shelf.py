"""The shelf a book is taken from: the user's store, the bundled history, or a price file."""

from __future__ import annotations

from datetime import date
from os import PathLike
from typing import Literal, TypeAlias, get_args

import pandas as pd

from groundswell.data.book import MINIMUM_SESSIONS, Book, as_day, end_of
from groundswell.data.bundle import bundled_book
from groundswell.data.errors import DataError, closest
from groundswell.data.price_file import price_book

Origin: TypeAlias = Literal["auto", "store", "bundle"]


def load(
    path: str | PathLike[str] | None = None,
    as_of: str | date | None = None,
    accept_jumps: bool = False,
    source: Origin = "auto",
) -> Book:
    """Return the book of a price file, of the store or of the bundled history, as known on a day.

    Args:
        path: a .csv or .parquet file with `date` and `close`, or `date` and one column per asset
            (`index`, `bond`, any other name), and optionally `volume` and `market_value` in USD bn.
        as_of: the day in New York at whose end the book is cut; `None` keeps everything.
        accept_jumps: lets one-day moves above 40% through, with a note.
        source: where the book comes from without a file. `auto` takes everything that the store in
            the data folder holds and the bundled history (S&P 500 1999-2018, VIX 2014-2018) for the
            days before; without a store it is the bundle alone. `store` takes the store alone,
            `bundle` the bundle alone.

    Raises:
        DataError: the file or the store cannot be used as it is (the message names file and row, what
            was expected and what to do), or fewer than 128 sessions were known by `as_of`.
    """
    day = None if as_of is None else as_day(as_of)
    book = _whole(path, accept_jumps, source, day).cut(day)
    sessions = book.series["index"].frame["observed"].nunique()
    if sessions < MINIMUM_SESSIONS:
        raise DataError(
            f"only {sessions} sessions of the index were known by {book.as_of:%Y-%m-%d}",
            where=book.label,
            expected=f"at least {MINIMUM_SESSIONS}: with fewer no position can be told from its start",
            remedy=_enough(_whole(path, accept_jumps, source, None)),
        )
    return book


def _enough(whole: Book) -> str:
    days = whole.prices("index").index
    if len(days) < MINIMUM_SESSIONS:
        return "load a longer history"
    return f"choose an as-of date from {days[MINIMUM_SESSIONS - 1]:%Y-%m-%d} on, or load a longer file"


def _whole(
    path: str | PathLike[str] | None, accept_jumps: bool, source: Origin, day: pd.Timestamp | None
) -> Book:
    """Return the book before its cut; of a store, without what was released after the day."""
    if source not in get_args(Origin):
        raise DataError(
            f"{source!r} is no place to load from{closest(str(source), get_args(Origin))}",
            where="source",
            expected=f"one of {', '.join(get_args(Origin))}",
            remedy="a file of your own goes into `path`",
        )
    if path is not None:
        return price_book(path, accept_jumps=accept_jumps)
    if source == "bundle":
        return bundled_book()
    from groundswell.data import settings
    from groundswell.data.stored_book import place, stored_book

    user = settings.read()
    if source == "auto" and not place(user).exists:
        return bundled_book()
    return stored_book(
        user, bundled_book() if source == "auto" else None, None if day is None else end_of(day)
    )
