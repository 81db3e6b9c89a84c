"""What the sheet takes from the book alone: three sections, and the option chain behind the fourth. It owes
nothing to the actors and can be made in a process of its own while they run. That process is to start before
this one has loaded anything: what is heavy is imported where it is used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from groundswell.runs.next_door import NextDoor

if TYPE_CHECKING:
    from groundswell.data.book import Book
    from groundswell.data.errors import DataError
    from groundswell.sheets.gamma_quotes import Held
    from groundswell.sheets.moment import Moment
    from groundswell.sheets.section import Section

MODULES = (
    *(f"groundswell.sheets.{name}" for name in ("gamma_quotes", "curve_section", "liquidity_section")),
    *("arch.univariate", "arch.bootstrap", "statsmodels.regression.linear_model"),
)
"""What the process imports before it is asked for anything."""

_next_door: NextDoor | None = None


def prepare() -> None:
    """Start the process in which this is done for the sheets to come; without, it is done here."""
    global _next_door
    if _next_door is None:
        _next_door = NextDoor(*MODULES)


@dataclass(frozen=True, eq=False)
class OfTheBook:
    """What the book alone says of an evening.

    Attributes:
        chain: the option chain, or why there is none.
        curve, policy, liquidity: the sections.
    """

    chain: Held | DataError
    curve: Section
    policy: Section
    liquidity: Section


def begun(book: Book, at: Moment) -> Callable[[], OfTheBook]:
    """Return what gives the chain and the sections of an evening, once they are made.

    Args:
        book: cut at the end of what may be known.
        at: the moment of the sheet, against which data are old.
    """
    if _next_door is None:
        return cache(lambda: _of_the_book(book, at))
    fields = {field.name: getattr(book, field.name) for field in dataclasses.fields(book)}
    return _next_door.submit(_made_there, fields | {"series": dict(book.series)}, at).result


def _made_there(fields: dict[str, Any], at: Moment) -> OfTheBook:
    from groundswell.data.book import Book

    return _of_the_book(Book(**fields), at)


def _of_the_book(book: Book, at: Moment) -> OfTheBook:
    from groundswell.sheets import curve_section, gamma_quotes, liquidity_section, policy_section
    from groundswell.sheets.section import made

    return OfTheBook(
        chain=gamma_quotes.held_or_refused(book, at),
        curve=made(curve_section.CurveSection, lambda: curve_section.build(book, at)),
        policy=made(policy_section.PolicySection, lambda: policy_section.build(book, at)),
        liquidity=made(liquidity_section.LiquiditySection, lambda: liquidity_section.build(book, at)),
    )
