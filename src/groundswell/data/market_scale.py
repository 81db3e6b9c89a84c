"""How big the market is where a book does not say: market value, dollar volume.

Flows are told in dollars, price files are not. The tables of this room (each figure with a range
and a source) give the scale at year ends, and the index carries it from day to day.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

TABLES = Path(__file__).parent / "tables"

GROWTH = 0.08
"""Growth of market value a year assumed between the table and a book that begins elsewhere."""

RANGE = 0.15
"""Relative half-width of a recalled figure."""

DRIFT = 0.02
"""What each year between the table and the book's first day adds to that range, compounded."""

TURNOVER = (0.015, 0.009, 0.024)
"""Value, low, high of the share of market value traded on an average day where no year is known."""

YEAR = pd.Timedelta(days=365.25)


def market_value(prices: pd.Series[float]) -> pd.DataFrame:
    """Return the estimated market value of the index: `value`, `low`, `high` in USD bn.

    From the first day of a year on, the previous year end's value per index point is carried with
    the index. Until the first year end that the book contains, the scale comes from the table
    alone: the last year end before the book begins, grown at 8% a year to the book's first day, or,
    for a book that begins before the table, the table's first year end discounted at 8% a year; the
    range widens by 2% for every year in between.

    Args:
        prices: closes of the index by session, any level.

    Returns:
        One row per session; a row uses no price after its date.

    Source: S&P Dow Jones Indices, float-adjusted market value at year ends, see the table.
    """
    index = pd.DatetimeIndex(prices.index)
    level = prices.to_numpy(dtype=float)
    table = _yearly("market_value")
    ends = pd.to_datetime(table.index.astype(str) + "-12-31")

    per_point = np.empty((len(index), 3))
    per_point[:] = _opening_value(table, ends, index[0]) / level[0]
    for end, anchor in zip(ends, table.to_numpy(), strict=True):
        start = int(index.searchsorted(end, side="right"))
        if start > 0 and end - index[start - 1] <= pd.Timedelta(days=10):
            per_point[start:] = anchor / level[start - 1]
    return pd.DataFrame(per_point * level[:, None], index=index, columns=["value", "low", "high"])


def daily_volume(market_value: pd.DataFrame, prices: pd.Series[float]) -> pd.DataFrame:
    """Return the estimated dollar volume of an average day: `value`, `low`, `high` in USD bn.

    Market value times the share of it that changed hands on an average day of the last year in the
    table that had ended; 1.5% [0.9%, 2.4%] before the first.

    Args:
        market_value: columns `value`, `low`, `high` in USD bn, one row per session.
        prices: closes of the index, whose sessions the result has.

    Source: US share trading on all venues by year, see the table.
    """
    volume = _yearly("dollar_volume")
    value = _yearly("market_value")["value"]
    years = volume.index.to_numpy()
    average_value = (value.reindex(years - 1).to_numpy() + value.reindex(years).to_numpy()) / 2.0
    shares = np.vstack([TURNOVER, volume.to_numpy() / average_value[:, None]])

    index = pd.DatetimeIndex(prices.index)
    known = np.searchsorted(years, index.year.to_numpy(), side="left")
    traded = market_value["value"].to_numpy()[:, None] * shares[known]
    return pd.DataFrame(traded, index=index, columns=["value", "low", "high"])


def carried(observed: pd.Series[float], prices: pd.Series[float]) -> pd.Series[float]:
    """Return observed market values carried with the index between and after their dates.

    Shape: sessions of `prices`; missing before the first observation. Unit: that of `observed`.
    """
    ratio = (observed / prices).reindex(prices.index)
    return ratio.ffill() * prices


def assumptions(first_day: pd.Timestamp, *, value: bool = True, volume: bool = True) -> list[str]:
    """Return the sentences a sheet shows for a book without market value or dollar volume.

    Args:
        first_day: first session of the book's index.
        value: whether market value is taken from the tables.
        volume: whether dollar volume is taken from the tables.
    """
    first = int(_yearly("market_value").index[0])
    notes = []
    if value:
        text = "Market value is estimated: year-end values (±15%) carried with the index"
        if first_day <= pd.Timestamp(first, 12, 31):
            text += f"; before {first + 1} the {first} value discounted at 8% a year to the first day"
        notes.append(text + ".")
    if volume:
        notes.append(
            "Dollar volume is estimated: the share of market value traded on an average day of the "
            "last known year; 1.5% [0.9%, 2.4%] where no year is known."
        )
    return notes


@cache
def _yearly(name: str) -> pd.DataFrame:
    table = pd.read_csv(TABLES / f"{name}.csv", index_col="year")
    return table[["value", "low", "high"]].astype(float)


def _opening_value(
    table: pd.DataFrame, ends: pd.DatetimeIndex, first_day: pd.Timestamp
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return value, low, high on the book's first day, before any year end of its own."""
    past = int(ends.searchsorted(first_day, side="left"))
    row = max(past - 1, 0)
    years = (first_day - ends[row]) / YEAR
    drift = (1.0 + DRIFT) ** abs(years)
    value = float(table["value"].iloc[row]) * (1.0 + GROWTH) ** years
    return np.array([value, value * (1.0 - RANGE) / drift, value * (1.0 + RANGE) * drift])
