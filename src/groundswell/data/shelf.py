"""The shelf a book is taken from: the bundled history, or a price file of the user's own."""

from __future__ import annotations

from datetime import date
from os import PathLike

from groundswell.data.book import MINIMUM_SESSIONS, Book
from groundswell.data.bundle import bundled_book
from groundswell.data.errors import DataError
from groundswell.data.price_file import price_book


def load(
    path: str | PathLike[str] | None = None,
    as_of: str | date | None = None,
    accept_jumps: bool = False,
) -> Book:
    """Return the book of a price file, or of the bundled history, as known at the end of a day.

    Args:
        path: a .csv or .parquet file with `date` and `close`, or `date` and one column per asset
            (`index`, `bond`, any other name), and optionally `volume` and `market_value` in USD bn.
            `None` takes the bundled history: S&P 500 1999-2018, VIX 2014-2018.
        as_of: the day in New York at whose end the book is cut; `None` keeps everything.
        accept_jumps: lets one-day moves above 40% through, with a note.

    Raises:
        DataError: the file cannot be used as it is (the message names file, row and column, what
            was expected and what to do), or fewer than 128 sessions were known by `as_of`.
    """
    whole = bundled_book() if path is None else price_book(path, accept_jumps=accept_jumps)
    book = whole.cut(as_of)
    sessions = len(book.series["index"].frame)
    if sessions < MINIMUM_SESSIONS:
        enough = whole.prices("index").index[MINIMUM_SESSIONS - 1]
        raise DataError(
            f"only {sessions} sessions of the index were known by {book.as_of:%Y-%m-%d}",
            where=book.label,
            expected=f"at least {MINIMUM_SESSIONS}: with fewer no position can be told from its start",
            remedy=f"choose an as-of date from {enough:%Y-%m-%d} on, or load a longer file",
        )
    return book
