"""The sections of the desk sheet in the order of the page. What stops one of them, a damaged chain or a
contract that is missing, is said in its place and costs the reader nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from groundswell.data import staleness
from groundswell.data.book import Book
from groundswell.data.errors import GroundswellError
from groundswell.runs.history import History
from groundswell.sheets import curve_section, gamma_section, liquidity_section, policy_section
from groundswell.sheets.curve_section import CurveSection
from groundswell.sheets.data_strip import COLUMNS, Moment
from groundswell.sheets.gamma_section import GammaSection
from groundswell.sheets.liquidity_section import LiquiditySection
from groundswell.sheets.policy_section import PolicySection
from groundswell.sheets.section import Section
from groundswell.world.impact_law import ImpactLaw


def sections_of(
    book: Book, at: Moment, history: History, law: ImpactLaw, draws: int, seed: int
) -> tuple[Section, ...]:
    """Return every section of an evening's sheet.

    Args:
        book: cut at the end of what may be known.
        at: the moment of the sheet, against which data are old.
        history: the book laid out.
        law: of impact.
        draws: of parameters behind the bands.
        seed: of the draws.
    """
    builders: tuple[tuple[type[Section], Callable[[], Section]], ...] = (
        (CurveSection, lambda: curve_section.build(book, at)),
        (GammaSection, lambda: gamma_section.build(book, at, history, draws, seed, law)),
        (PolicySection, lambda: policy_section.build(book, at)),
        (LiquiditySection, lambda: liquidity_section.build(book, at)),
    )
    return tuple(_made(kind, build) for kind, build in builders)


def _made(kind: type[Section], build: Callable[[], Section]) -> Section:
    try:
        return build()
    except GroundswellError as refusal:
        empty: dict[str, Any] = {name: pd.DataFrame(columns=list(keys)) for name, keys in kind.frames.items()}
        return kind(finding=f"{kind.title}: not on this sheet", missing=(str(refusal),), **empty)


def strip_of(sections: tuple[Section, ...], at: Moment) -> pd.DataFrame:
    """Return what the sections put into the strip; columns as `data_strip.strip`."""
    rows = [
        (*item[:5], staleness.age(item.date, at.now), item.stale)
        for section in sections
        for item in section.strip
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
