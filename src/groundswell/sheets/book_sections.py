"""The sections that need nothing but the book. They owe nothing to the actors, so that they can be made in a
process of their own while the actors run. That process is to start before this one has loaded anything: what
is heavy is imported where it is used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from groundswell.runs.next_door import NextDoor

if TYPE_CHECKING:
    from groundswell.data.book import Book
    from groundswell.sheets.moment import Moment
    from groundswell.sheets.section import Section

MODULES = (
    *(f"groundswell.sheets.{name}_section" for name in ("curve", "policy", "liquidity")),
    *("arch.univariate", "arch.bootstrap", "statsmodels.regression.linear_model"),
)
"""What the process imports before it is asked for anything."""

_next_door: NextDoor | None = None


def prepare() -> None:
    """Start the process in which the sections of the sheets to come are made; without, they are made here."""
    global _next_door
    if _next_door is None:
        _next_door = NextDoor(*MODULES)


def begun(book: Book, at: Moment) -> Callable[[], tuple[Section, ...]]:
    """Return what gives the sections of an evening: curve, policy, liquidity.

    Args:
        book: cut at the end of what may be known.
        at: the moment of the sheet, against which data are old.
    """
    if _next_door is None:
        return lambda: _sections(book, at)
    fields = {field.name: getattr(book, field.name) for field in dataclasses.fields(book)}
    return _next_door.submit(_sections_of, fields | {"series": dict(book.series)}, at).result


def _sections_of(fields: dict[str, Any], at: Moment) -> tuple[Section, ...]:
    from groundswell.data.book import Book

    return _sections(Book(**fields), at)


def _sections(book: Book, at: Moment) -> tuple[Section, ...]:
    from groundswell.sheets import curve_section, liquidity_section, policy_section
    from groundswell.sheets.section import made

    return (
        made(curve_section.CurveSection, lambda: curve_section.build(book, at)),
        made(policy_section.PolicySection, lambda: policy_section.build(book, at)),
        made(liquidity_section.LiquiditySection, lambda: liquidity_section.build(book, at)),
    )
