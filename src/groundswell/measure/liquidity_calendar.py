"""Series of a book on the dates on which they can be put together: the Fed's Wednesdays, and the month ends
of the Treasury's debt.

The Fed's statement describes a Wednesday, some of its lines the average of the week to it; the daily reverse
repo is put beside them as the one or the other. The monthly statement of the debt describes the end of a
month, under the first day of it; the Fed's holdings are those of the last Wednesday by then. What a book
holds was released by its end, so that nothing here is known before its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from groundswell.data.errors import DataError
from groundswell.data.units import Measured
from groundswell.measure.treasury_supply import CLASSES

if TYPE_CHECKING:
    from groundswell.data.book import Book

WHERE = "liquidity"

UNIT = "USD bn"

WEDNESDAY = {"fed_assets": "fed_assets", "tga": "tga_wednesday", "on_rrp": "on_rrp"} | {
    "reserves": "reserves_wednesday"
}
"""Levels of a Wednesday, which belong together; series of the catalog by what they are."""

AVERAGE = {"fed_assets": "fed_assets", "tga": "tga_weekly", "on_rrp": "on_rrp", "reserves": "reserves"}
"""With the averages of the week to Wednesday in place of cash and reserves; they reach further back."""

ALSO = ("foreign_rrp", "currency")
"""What else moves reserves, where a book has it."""

LONGEST_GAP = pd.Timedelta(days=6)
"""Age at which a figure is too old to stand for a Wednesday; the week has seven days."""

FED_HOLDINGS = {
    "bills": ("soma_bills", "fed_bills"),
    "notes_bonds": ("soma_notes_bonds", "fed_notes_bonds"),
    "tips": ("soma_tips",),
    "frn": ("soma_floating",),
}
"""The Fed's holdings by class: the first series that a book has is taken."""


@dataclass(frozen=True, eq=False)
class Debt:
    """The Treasury's debt and the Fed's part of it at month ends, as `treasury_supply` takes them.

    Attributes:
        outstanding: by class, USD bn.
        fed: the Fed's holdings by class, USD bn; empty where the book has none.
        marketable: all classes, USD bn.
        buybacks: debt bought back in each month, USD bn; `None` where the book has none.
        yields: 10-year yield at each month end, decimal.
        missing: series that the book does not have.
    """

    outstanding: dict[str, Measured]
    fed: dict[str, Measured]
    marketable: Measured
    buybacks: Measured | None
    yields: pd.Series[float]
    missing: tuple[str, ...]


def weeks(book: Book) -> dict[str, Measured]:
    """Return assets, cash, reverse repo and reserves on the Wednesdays that all of them have, USD bn.

    Cash and reserves are levels of the Wednesday if the book has both, else averages of the week to it (the
    names of the series tell). The reverse repo is that of the day, or the average of its last seven days;
    assets are a level always, so that among averages they move up to half a week early.

    Args:
        book: cut at the day asked about.

    Returns:
        `fed_assets`, `tga`, `on_rrp` and `reserves`; `foreign_rrp` and `currency` where the book has them.

    Raises:
        DataError: a series is missing, or they share no week.
    """
    names = WEDNESDAY if all(name in book.series for name in WEDNESDAY.values()) else AVERAGE
    wanted = list(names.values())
    _needed(book, wanted)
    days = pd.DatetimeIndex(book.values("fed_assets").index)
    known = names | {name: name for name in ALSO if name in book.series}
    table = pd.DataFrame({name: _on(book, name, days) for name in known.values()})
    if names is AVERAGE:
        by_day = book.measured("on_rrp").to(UNIT).series
        table["on_rrp"] = by_day.rolling("7D").mean().reindex(days, method="ffill", tolerance=LONGEST_GAP)
    table = table.dropna()
    if table.empty:
        raise DataError(
            f"{', '.join(wanted)} share no week",
            where=WHERE,
            expected="weeks in which all were published",
            remedy=f"`groundswell update --series {','.join(wanted)}`",
        )
    return {name: Measured(table[own], UNIT) for name, own in known.items()}


def debt(book: Book) -> Debt:
    """Return the debt outstanding, the Fed's part, buybacks and the yield at month ends.

    Args:
        book: cut at the day asked about.

    Raises:
        DataError: the debt by class or the 10-year yield is missing.
    """
    series = {name: f"{name}_outstanding" for name in CLASSES}
    _needed(book, [*series.values(), "marketable_outstanding", "yield_10y"])
    amounts = pd.DataFrame(
        {name: book.measured(own).to(UNIT).series for name, own in series.items()}
        | {"marketable": book.measured("marketable_outstanding").to(UNIT).series}
    ).dropna()
    months = pd.DatetimeIndex(amounts.index).to_period("M")
    ends = pd.DatetimeIndex(months.to_timestamp(how="end").normalize(), name="date")
    amounts.index = ends
    held = {
        name: next((each for each in wanted if each in book.series), None)
        for name, wanted in FED_HOLDINGS.items()
    }
    missing = [FED_HOLDINGS[name][0] for name, found in held.items() if found is None]
    fed = {name: Measured(_on(book, found, ends), UNIT) for name, found in held.items() if found is not None}
    buybacks = None
    if "debt_buybacks" in book.series:
        bought = book.measured("debt_buybacks").to(UNIT).series
        by_month = bought.groupby(pd.DatetimeIndex(bought.index).to_period("M")).sum()
        buybacks = Measured(pd.Series(by_month.reindex(months, fill_value=0.0).to_numpy(), ends), UNIT)
    else:
        missing.append("debt_buybacks")
    yields = book.values("yield_10y") / 100
    return Debt(
        outstanding={name: Measured(amounts[name], UNIT) for name in CLASSES},
        fed=fed,
        marketable=Measured(amounts["marketable"], UNIT),
        buybacks=buybacks,
        yields=yields.reindex(ends, method="ffill", tolerance=LONGEST_GAP),
        missing=tuple(missing),
    )


def _on(book: Book, name: str, days: pd.DatetimeIndex) -> pd.Series[float]:
    """Return the figure of each day, or of the last day before it that is not too old."""
    values = book.measured(name).to(UNIT).series
    return values.reindex(days, method="ffill", tolerance=LONGEST_GAP)


def _needed(book: Book, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in book.series]
    if missing:
        raise DataError(
            f"the book has no {', '.join(missing)}",
            where=WHERE,
            expected=f"{', '.join(names)}",
            remedy=f"`groundswell update --series {','.join(missing)}`",
        )
