"""Demand for protection that can be *observed*, and the signs of panic that are kept apart from it.

Demand: the calendar of expiries and month ends, positions in volatility futures, the trading of
short-dated puts. Panic: credit spreads and the volatility of other assets. Nothing here is taken from
implied volatility of equities or from what an equation leaves unexplained.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from groundswell.data import calendar
from groundswell.data.alignment import aligned, staleness
from groundswell.data.book import NEW_YORK, Book
from groundswell.data.errors import DataError
from groundswell.measure.vol_curve import MINIMUM_HISTORY, percentile

POSITIONS = ("cot.vix.dealer.long", "cot.vix.dealer.short", "cot.vix.open_interest")
"""Series of the CFTC's report on traders in VIX futures."""

CREDIT = "credit_spread_high_yield"

OTHER_ASSETS: Mapping[str, Literal["log", "difference"]] = MappingProxyType(
    {
        "yield_10y": "difference",
        "dollar_broad": "log",
        "gold_future": "log",
        "euro_future": "log",
        "yen_future": "log",
    }
)
"""Series whose volatility is that of other assets, and how a day's move of each is measured."""

EXPIRY_WEEK = 5
"""Sessions of the week that ends with the monthly expiry, that day included."""

MONTH_END = 3
"""Last sessions of a month in which funds roll their hedges."""

SHORT_DATED_DAYS = 9
"""Calendar days up to which a put counts as short-dated."""

REPORT_REACH = pd.Timedelta(days=8)
"""A position counts for the week that ends with its report; later reports describe another week."""

REPORT_AGE = 14.0
"""Calendar days from a report's Tuesday up to which it stands for what traders hold: it comes out on the
Friday and the next one a week later, so that an older one means that reports are missing."""

FOLLOWED = 21
"""Sessions after which a day is read again."""

When: TypeAlias = Literal["known", "reported"]


def calendar_demand(days: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the days on which hedges are rolled by the calendar, 1 or 0; past or future.

    Columns:
        expiry_week: the five sessions up to the monthly expiry.
        month_end: the last three sessions of a month.

    Raises:
        DataError: a day lies outside the calendar.
    """
    table = calendar.calendar_table(days)
    if not len(days):
        return pd.DataFrame({"expiry_week": [], "month_end": []}, index=days, dtype=np.float64)
    horizon = calendar.sessions(days[0], pd.Timestamp(days[-1]) + pd.Timedelta(days=14))
    expiries = np.flatnonzero(calendar.calendar_table(horizon)["option_expiry"].to_numpy())
    place = np.searchsorted(horizon.to_numpy(), days.to_numpy())
    next_one = np.searchsorted(expiries, place)
    there = next_one < len(expiries)
    ahead = np.where(there, expiries[np.minimum(next_one, len(expiries) - 1)] - place, EXPIRY_WEEK)
    flags = {
        "expiry_week": ahead < EXPIRY_WEEK,
        "month_end": table["sessions_to_month_end"].to_numpy() < MONTH_END,
    }
    return pd.DataFrame({name: flag.astype(np.float64) for name, flag in flags.items()}, index=days)


def positions(book: Book, days: pd.DatetimeIndex, when: When = "known") -> pd.Series[float]:
    """Return what customers hold net in VIX futures, as a share of open interest, on each day.

    (dealers' short - dealers' long) / open interest: what the dealers had to sell, over the size of the
    market that carries it. + is demand for volatility. The report describes a Tuesday and comes out on
    the Friday.

    Args:
        book: with the series of `POSITIONS`; without them every day is missing.
        days: sessions.
        when: "known": the last report that was out at the end of the day, missing where it is older than
            `REPORT_AGE`; "reported": the report of the
            week the day belongs to, that is the first one dated on or after it, in its first version,
            missing where it was not out 21 sessions later. The second is for readings with hindsight.
    """
    if any(name not in book.series for name in POSITIONS):
        return pd.Series(np.nan, days, name="positions")
    if when == "known":
        long, short, size = (aligned(book.series[name], days) for name in POSITIONS)
        size = size.where(staleness(book.series[POSITIONS[2]], days) <= REPORT_AGE)
    else:
        long, short, size = (_reported(book, name, days) for name in POSITIONS)
    return ((short - long) / size.where(size > 0)).rename("positions")


def option_demand(chain: pd.DataFrame, taken: datetime) -> float:
    """Return the day's volume in short-dated puts over the open interest of the whole chain.

    Args:
        chain: one row per contract; columns `kind`, `expiry`, `volume`, `open_interest` (those of the
            stored snapshots), contracts.
        taken: moment of the quotes.

    Raises:
        DataError: the chain has no open interest, as in a download without that column.
    """
    size = float(chain["open_interest"].sum())
    if not size > 0:
        raise DataError(
            "the chain has no open interest", where=f"chain of {taken:%Y-%m-%d}", expected="contracts"
        )
    left = pd.DatetimeIndex(chain["expiry"]).normalize() - pd.Timestamp(taken).tz_localize(None).normalize()
    near = (left >= pd.Timedelta(0)) & (left <= pd.Timedelta(days=SHORT_DATED_DAYS))
    puts = near & (chain["kind"] == "put").to_numpy()
    return float(chain["volume"].to_numpy()[puts].sum()) / size


def demand(
    book: Book, days: pd.DatetimeIndex, when: When = "known", options: pd.Series[float] | None = None
) -> pd.DataFrame:
    """Return every observed proxy of demand on each day; a column that is nowhere known is left out.

    Columns:
        expiry_week, month_end: `calendar_demand`.
        positions: `positions`.
        options: `option_demand`, where it was kept.

    Args:
        book: with the positions.
        days: sessions.
        when: of the positions.
        options: `option_demand` by day, of the snapshots kept so far.
    """
    table = calendar_demand(days)
    table["positions"] = positions(book, days, when)
    if options is not None:
        table["options"] = options.reindex(days)
    return table.dropna(axis=1, how="all")


def stress(book: Book, days: pd.DatetimeIndex, span: int = 5) -> pd.DataFrame:
    """Return the signs of panic outside equity options: percentiles of their own history so far, 0 to 1.

    What was public at the end of each day counts: a spread of the day before.

    Columns:
        credit: of the change of the high-yield spread over `span` sessions.
        other_assets: of the mean, over the series of `OTHER_ASSETS` the book has, of the logarithm of
            each one's mean squared move over `span` sessions over the median of that so far.

    A column that cannot be had is missing throughout.
    """
    columns = {"credit": pd.Series(np.nan, days), "other_assets": pd.Series(np.nan, days)}
    if CREDIT in book.series:
        columns["credit"] = percentile(aligned(book.series[CREDIT], days).diff(span))
    excess = []
    for name, kind in OTHER_ASSETS.items():
        if name not in book.series:
            continue
        level = aligned(book.series[name], days)
        move = (
            level.diff() if kind == "difference" else pd.Series(np.log(level.where(level > 0)), days).diff()
        )
        squared = (move**2).rolling(span).mean()
        squared = squared.where(squared > 0)
        usual = squared.expanding(MINIMUM_HISTORY).median()
        excess.append(pd.Series(np.log(squared / usual), days))
    if excess:
        columns["other_assets"] = percentile(pd.concat(excess, axis=1).mean(axis=1))
    return pd.DataFrame(columns)


def _reported(book: Book, name: str, days: pd.DatetimeIndex) -> pd.Series[float]:
    """Return the first report dated on or after each day, where it was out 21 sessions later."""
    first = book.series[name].frame.drop_duplicates("observed", keep="first")
    dated = pd.DatetimeIndex(first["observed"])
    place = np.searchsorted(dated.to_numpy(), days.to_numpy(), side="left")
    there = place < len(dated)
    chosen = np.minimum(place, len(dated) - 1)
    known_by = np.minimum(np.arange(len(days)) + FOLLOWED, len(days) - 1)
    released = pd.DatetimeIndex(first["released"])[chosen]
    ends = (days + pd.Timedelta(days=1)).tz_localize(NEW_YORK)[known_by].tz_convert("UTC")
    good = there & (dated[chosen] - days <= REPORT_REACH) & (released < ends)
    return pd.Series(np.where(good, first["value"].to_numpy(dtype=np.float64)[chosen], np.nan), days)
