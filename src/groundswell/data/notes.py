"""What was repaired or assumed in a book, each with the days on which that could be said.

A repair made later in a file is as much later knowledge as a later price: the book of an earlier
evening must not tell of it, nor count it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Note:
    """One sentence for the sheet and the evenings on which it holds.

    Attributes:
        text: the sentence.
        since: the first day at whose end it holds; `None` from the beginning.
        until: the first day at whose end it no longer holds; `None` for good.
    """

    text: str
    since: pd.Timestamp | None = None
    until: pd.Timestamp | None = None

    def holds(self, day: pd.Timestamp) -> bool:
        """Return whether the sentence can be said at the end of `day`."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


def counted(days: Iterable[pd.Timestamp], wording: Callable[[int], str]) -> list[Note]:
    """Return the notes of something that happens again and again, each replacing the one before.

    Args:
        days: the day on which each occurrence was known, ascending.
        wording: the sentence for the number of occurrences so far.
    """
    known = [pd.Timestamp(day) for day in days]
    ends = [*known[1:], None]
    return [
        Note(wording(number), since, until)
        for number, (since, until) in enumerate(zip(known, ends, strict=True), start=1)
        if since != until
    ]
