"""The words that say what a number means, and the refusal to mix them.

A unit is one of a closed list or follows one of a few patterns: `index <base>` ("index 2017=100"),
`chained <year> <money>` ("chained 2017 USD bn") and `<money> a <year, quarter or month>` ("USD bn a year").
Units of one dimension turn into each other by a factor; all others never meet in a sum.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from groundswell.data.errors import UnitError

if TYPE_CHECKING:
    from groundswell.data.book import Series

MONEY: Mapping[str, float] = MappingProxyType(
    {"USD": 1.0, "USD thousand": 1e3, "USD million": 1e6, "USD bn": 1e9, "USD tn": 1e12}
)

DIMENSIONS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "money": MONEY,
        "price": {"price": 1.0},
        "level of an index": {"index points": 1.0},
        "share": {"fraction": 1.0, "ratio": 1.0, "percent": 1e-2},
        "rate": {"fraction a year": 1.0, "percent a year": 1e-2},
        "difference of rates": {"percentage points": 1e-2, "basis points": 1e-4},
        "number": {"count": 1.0, "thousand": 1e3, "million": 1e6},
        "people": {"persons": 1.0, "thousand persons": 1e3, "million persons": 1e6},
        "households": {"households": 1.0, "thousand households": 1e3},
        "dwellings": {"dwellings": 1.0, "thousand dwellings": 1e3},
        "customers": {"customers": 1.0, "thousand customers": 1e3},
        "contracts": {"contracts": 1.0},
        "shares of stock": {"shares": 1.0, "thousand shares": 1e3, "million shares": 1e6},
        "coins": {"coins": 1.0},
        "power": {"kW": 1e-3, "MW": 1.0, "GW": 1e3},
        "energy": {
            "kWh": 1e-3,
            "MWh": 1.0,
            "thousand MWh": 1e3,
            "GWh": 1e3,
            "million kWh": 1e3,
            "TWh": 1e6,
        },
        "price of energy": {"USD per MWh": 1.0, "cents per kWh": 10.0, "USD per kWh": 1e3},
        "pay by the hour": {"dollars an hour": 1.0},
        "income by the year": {"dollars a year": 1.0},
        "hours": {"hours": 1.0, "million hours": 1e6, "billion hours": 1e9},
        "days": {"days": 1.0, "weeks": 7.0},
        "years": {"years": 1.0},
    }
)
"""Every unit by dimension, with its size in the dimension's own measure."""

_CHAINED = re.compile(r"chained (\d{4}) (USD(?: \w+)?)")
_FLOW = re.compile(r"(USD(?: \w+)?) a (year|quarter|month)")
_INDEX = re.compile(r"index \S.*")


@dataclass(frozen=True, eq=False)
class Measured:
    """Values that know their unit, so that millions minus billions is an error and not a number.

    Sums and differences want the same unit on both sides; `to` converts. A plain number scales. The
    ratio of two amounts of one dimension is a ratio, whatever their units. Dates that only one side
    has are missing in the result.

    Attributes:
        series: floats, indexed as they come; the name of the series is told in errors.
        unit: what a value of one means.
    """

    series: pd.Series[float]
    unit: str

    def __post_init__(self) -> None:
        _located(self.unit)

    @classmethod
    def of(cls, series: Series) -> Measured:
        """Return the last released values of a series of a book."""
        return cls(series.latest(), series.unit)

    @property
    def name(self) -> str:
        """Return the name of the values, for errors."""
        return "the values" if self.series.name is None else f"'{self.series.name}'"

    def to(self, unit: str) -> Measured:
        """Return the same amounts in another unit of their dimension.

        Raises:
            UnitError: the unit measures something else.
        """
        return Measured(self.series * factor(self.unit, unit), unit)

    def __add__(self, other: Measured) -> Measured:
        """Return the sum; both in one unit."""
        self._meets(other, "added to", "to")
        return Measured(self._named(self.series + other.series, "+", other), self.unit)

    def __sub__(self, other: Measured) -> Measured:
        """Return the difference; both in one unit."""
        self._meets(other, "subtracted from", "from")
        return Measured(self._named(self.series - other.series, "-", other), self.unit)

    def __neg__(self) -> Measured:
        """Return the amounts with the other sign."""
        return Measured(-self.series, self.unit)

    def __mul__(self, number: float) -> Measured:
        """Return the amounts times a plain number."""
        self._plain(number)
        return Measured(self.series * number, self.unit)

    __rmul__ = __mul__

    def __truediv__(self, other: Measured | float) -> Measured:
        """Return a share of the amounts, or their ratio to others of the same dimension."""
        if isinstance(other, Measured):
            scale = factor(self.unit, other.unit)
            return Measured(self.series * scale / other.series, "ratio")
        self._plain(other)
        return Measured(self.series / other, self.unit)

    def _named(self, result: pd.Series[float], sign: str, other: Measured) -> pd.Series[float]:
        """Return the result under the name of what was done, so that a later error can tell."""
        return result.rename(f"{self.series.name or '?'} {sign} {other.series.name or '?'}")

    def _meets(self, other: object, verb: str, preposition: str) -> None:
        if not isinstance(other, Measured):
            raise UnitError(
                f"{other!r}, which has no unit, was {verb} {self.name} in {self.unit}",
                where="units",
                expected="amounts of one unit",
                remedy=f"wrap it with its unit: Measured(series, '{self.unit}')",
            )
        if self.unit == other.unit:
            return
        convertible = _located(self.unit)[0] == _located(other.unit)[0]
        raise UnitError(
            f"{other.name} in {other.unit} was {verb} {self.name} in {self.unit}",
            where="units",
            expected="amounts of one unit",
            remedy=f'convert {other.name} first: .to("{self.unit}")'
            if convertible
            else f"the two measure different things and cannot be put together; {preposition} {self.name} "
            f"only amounts in {self.unit} go",
        )

    def _plain(self, number: object) -> None:
        if not isinstance(number, (int, float, np.integer, np.floating)):
            raise UnitError(
                f"{self.name} in {self.unit} was scaled by {type(number).__name__}",
                where="units",
                expected="a plain number",
                remedy="take the ratio of two amounts with `/`, or multiply plain pandas series",
            )


def factor(source: str, target: str) -> float:
    """Return the number that turns a value in `source` into one in `target`.

    Raises:
        UnitError: a unit is unknown, or the two measure different things.
    """
    from_dimension, from_size = _located(source)
    to_dimension, to_size = _located(target)
    if from_dimension != to_dimension:
        raise UnitError(
            f"{source} cannot be turned into {target}",
            where="units",
            expected=f"two units of one dimension ({from_dimension} is not {to_dimension})",
            remedy="correct the unit of the series in the catalog",
        )
    # One division, so that thousands, millions and billions are exact powers of ten either way.
    return from_size / to_size


def known(unit: str) -> bool:
    """Return whether a unit belongs to the vocabulary."""
    return _find(unit) is not None


def dimension(unit: str) -> str:
    """Return what a unit measures ("money", "energy").

    Raises:
        UnitError: the unit is unknown.
    """
    return _located(unit)[0]


def _located(unit: str) -> tuple[str, float]:
    found = _find(unit)
    if found is None:
        words = get_close_matches(unit, [each for units in DIMENSIONS.values() for each in units], n=1)
        raise UnitError(
            f"the unit '{unit}' is unknown" + "".join(f"; did you mean '{word}'?" for word in words),
            where="units",
            expected="a unit of `groundswell.data.units`",
            remedy="correct it, or add it to the list with its dimension and size",
        )
    return found


@cache
def _find(unit: str) -> tuple[str, float] | None:
    """Return dimension and size of a unit, or `None` for an unknown one."""
    for measures, units in DIMENSIONS.items():
        if unit in units:
            return measures, units[unit]
    if (chained := _CHAINED.fullmatch(unit)) and chained[2] in MONEY:
        return f"money in prices of {chained[1]}", MONEY[chained[2]]
    if (flow := _FLOW.fullmatch(unit)) and flow[1] in MONEY:
        return f"money a {flow[2]}", MONEY[flow[1]]
    return (unit, 1.0) if _INDEX.fullmatch(unit) and unit != "index points" else None
