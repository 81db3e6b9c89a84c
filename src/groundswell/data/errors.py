"""The errors people meet: what was found, where, what was expected and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class GroundswellError(Exception):
    """A refusal written for the person at the keyboard.

    The message is one sentence per part, in the order where, what, expected, remedy; each part
    stays readable as an attribute.

    Args:
        what: what was found, as one clause ("the close is -3.5").
        where: the place, as exactly as it is known ("prices.csv, row 7, column 'close'").
        expected: what would have been right ("a price above zero").
        remedy: what to do next ("correct the row or remove it").
    """

    def __init__(self, what: str, *, where: str = "", expected: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.remedy = remedy
        parts = [f"{where}: {what}" if where else what]
        if expected:
            parts.append(f"Expected {expected}")
        if remedy:
            parts.append(f"To do: {remedy}")
        super().__init__(". ".join(part.rstrip(".") for part in parts) + ".")

    def __reduce__(self) -> tuple[object, ...]:
        """Return what pickle needs, so that the error crosses processes with all its parts."""
        return (_rebuilt, (type(self), self.what, self.where, self.expected, self.remedy))


class DataError(GroundswellError):
    """Data that is missing, malformed or contradicts itself."""


class SourceError(DataError):
    """A service that could not be asked, or an answer of it that cannot be used; nothing was stored."""


class UnitError(DataError):
    """Amounts of different units that were put together as if they were alike."""


class StoreError(DataError):
    """A store that cannot be opened, read or written."""


class StoreBusyError(StoreError):
    """A store that another process is writing to at this moment."""


def _rebuilt(
    kind: type[GroundswellError], what: str, where: str, expected: str, remedy: str
) -> GroundswellError:
    return kind(what, where=where, expected=expected, remedy=remedy)


def closest(name: str, candidates: Iterable[str]) -> str:
    """Return `"; did you mean 'x'?"` for the candidate nearest to `name`, or an empty string."""
    match = get_close_matches(name.lower(), list(candidates), n=1, cutoff=0.6)
    return f"; did you mean '{match[0]}'?" if match else ""
