"""The further frames of the liquidity section: the Treasury's debt and the interest-rate risk in it, the
year's wave, the path ahead, and who moved liquidity, the Treasury or the Fed. Each is empty where the book
cannot tell it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from groundswell.data.book import NEW_YORK, Book
from groundswell.data.errors import DataError
from groundswell.data.units import Measured
from groundswell.measure import (
    liquidity_calendar,
    liquidity_path,
    liquidity_wave,
    treasury_and_fed,
    treasury_supply,
)
from groundswell.runs.band import against_history
from groundswell.sheets.liquidity_frames import CARRIED, FACILITY_BEGAN, UNIT, empty
from groundswell.sheets.moment import Moment

MIX = ("month", "bills", "marketable", "share", "low", "high", "percentile", "beyond", "public_share")
CASH = ("month", "bills", "coupons", "spending", "tga")
DURATION = (
    "month",
    "treasury",
    "treasury_low",
    "treasury_high",
    "fed",
    "fed_low",
    "fed_high",
    "supplied",
    "supplied_low",
    "supplied_high",
    "effect_bp",
    "effect_bp_low",
    "effect_bp_high",
    "bought_back",
)
_BANDED = ("net_liquidity", "reserves", "tga")
FORWARD = (
    "week",
    "fed_assets",
    "on_rrp",
    *(f"{name}{end}" for name in _BANDED for end in ("", "_low", "_high")),
    "announced",
    "assumed",
)
PLANS = ("what", "kind", "amount", "day", "announced", "source")
DATES = ("date", "event", "label")
ERRORS = ("weeks_ahead", "net_liquidity", "unchanged", "reserves", "tga", "independent")
WAVE = ("target", "week", "change", "relative", "percentile", "low", "high", "z", "since", "years")
_SHARES = ("treasury", "fed", "other", "unexplained", "lead")
SIDES = (
    "horizon",
    "target",
    *(f"{name}_share{end}" for name in _SHARES for end in ("", "_low", "_high")),
    "treasury_chance",
    "fed_chance",
    "windows",
    "since",
    "through",
    "reason",
)

LINES = ("fed_assets", "tga", "on_rrp", "reserves")
QUARTER = 3
MONTHS_OF_CASH = 24
DRAWS = 200
"""Draws of the bootstrap behind the shares of the Treasury and the Fed: a 90% interval to about 2 points."""


def mix(book: Book) -> pd.DataFrame:
    """Return the share of bills in marketable debt by month; empty without the two series.

    Columns: `month` (its last day); `bills` and `marketable`, USD bn; `share`, a fraction, `low` and `high`,
    the least and the most it was so far, `percentile` among the months so far; `beyond`, bills beyond the
    range once recommended, USD bn; `public_share`, of what the Fed does not hold, where that is known.
    """
    names = ("bills_outstanding", "marketable_outstanding")
    if any(name not in book.series for name in names):
        return empty(MIX)
    amounts = pd.DataFrame({name: _by_month(book, name) for name in names}).dropna()
    if amounts.empty:
        return empty(MIX)
    bills, marketable = (Measured(amounts[name], UNIT) for name in names)
    table = treasury_supply.bill_share(bills, marketable)
    share = table["share"]
    table["low"], table["high"] = share.cummin(), share.cummax()
    table["percentile"] = [
        against_history(float(share.iloc[at]), share.to_numpy()[: at + 1])[0] for at in range(len(share))
    ]
    fed = {
        name: next((each for each in wanted if each in book.series), "")
        for name, wanted in liquidity_calendar.FED_HOLDINGS.items()
    }
    table["public_share"] = np.nan
    if fed["bills"] and fed["notes_bonds"]:
        days = pd.DatetimeIndex(table.index)
        held = {
            name: book.measured(series).to(UNIT).series.reindex(days, method="ffill", tolerance=CARRIED)
            for name, series in fed.items()
            if series
        }
        total = sum(held.values(), start=table["bills"] * 0.0)
        table["public_share"] = (table["bills"] - held["bills"]) / (table["marketable"] - total)
    return table.rename_axis("month").reset_index().reindex(columns=list(MIX))


def cash(book: Book) -> pd.DataFrame:
    """Return what moved the Treasury's account month by month, USD bn; + adds to liquidity.

    `bills` and `coupons` (all other marketable debt) sold drain, `spending` adds; the three make up `tga`.
    Spending is net of taxes and interest and takes up debt that is not marketable. Empty without the daily
    account and the two series of debt.
    """
    names = ("bills_outstanding", "marketable_outstanding")
    if any(name not in book.series for name in (*names, "tga")):
        return empty(CASH)
    amounts = pd.DataFrame({name: _by_month(book, name) for name in names}).dropna()
    account = book.measured("tga").to(UNIT).series
    held = account.reindex(pd.DatetimeIndex(amounts.index), method="ffill", tolerance=CARRIED)
    table = pd.DataFrame(
        {
            "bills": -amounts["bills_outstanding"].diff(),
            "coupons": -(amounts["marketable_outstanding"] - amounts["bills_outstanding"]).diff(),
            "tga": -held.diff(),
        }
    ).dropna()
    table["spending"] = table["tga"] - table["bills"] - table["coupons"]
    return table.iloc[-MONTHS_OF_CASH:].rename_axis("month").reset_index()[list(CASH)]


def debt(book: Book) -> liquidity_calendar.Debt | None:
    """Return the debt by class and the Fed's part of it, or nothing where the book lacks a class."""
    try:
        return liquidity_calendar.debt(book)
    except DataError:
        return None


def duration(owed: liquidity_calendar.Debt | None) -> pd.DataFrame:
    """Return the interest-rate risk supplied to the public over each quarter of months, with its band.

    Columns as `treasury_supply.duration_supplied`, `month` for the last day of the quarter's last month.
    """
    supply = _supply(owed, QUARTER)
    if supply is None:
        return empty(DURATION)
    return supply.rename_axis("month").reset_index().reindex(columns=list(DURATION))


def wave(stack: pd.DataFrame) -> pd.DataFrame:
    """Return the twelve-month change of net liquidity and of reserves and its place in its own past.

    Columns: `target`, `week`, `change` (USD bn), `relative` (to the level a year before), `percentile` with
    `low` and `high` (90%, for as many years as are independent), `z`, `since`, `years`.
    """
    rows = []
    for target in ("net_liquidity", "reserves"):
        level = stack.set_index("week")[target].astype(float).dropna()
        try:
            found = liquidity_wave.wave(Measured(level.rename(target), UNIT))
        except DataError:
            continue
        place = (found.percentile, found.low, found.high, found.z, found.since, found.years)
        rows.append((target, found.day, found.change, found.relative, *place))
    return pd.DataFrame(rows, columns=list(WAVE))


class Ahead(NamedTuple):
    """A path of the next weeks, and what it rests on.

    Attributes:
        path: `week`; levels with the band of past errors (90%); the parts of the change of net liquidity
            that are `announced` and `assumed`. USD bn.
        plans: the statements it rests on, see `liquidity_path.LiquidityPath`.
        dates: known dates on the way.
        errors: how far such paths have missed, by `weeks_ahead`.
        reason: why there is no path; empty where there is one, or nothing to make it from.
    """

    path: pd.DataFrame
    plans: pd.DataFrame
    dates: pd.DataFrame
    errors: pd.DataFrame
    reason: str


def forward(stack: pd.DataFrame, at: Moment) -> Ahead:
    """Return the path of reserves and net liquidity over the next weeks, as known on the evening."""
    nothing = empty(FORWARD), empty(PLANS), empty(DATES), empty(ERRORS)
    if stack.empty or not stack["reserves"].notna().any():
        return Ahead(*nothing, "")
    lines = measured(stack)
    evening = (at.end.tz_convert(NEW_YORK) - pd.Timedelta(hours=12)).tz_localize(None).normalize()
    try:
        path = liquidity_path.project(*(lines[name] for name in LINES), as_of=evening)
    except DataError as problem:
        return Ahead(*nothing, f"There is no path ahead: {problem.what}; needed: {problem.expected}.")
    ahead = path.weeks.rename_axis("week").reset_index().reindex(columns=list(FORWARD))
    errors = path.errors.reset_index().reindex(columns=list(ERRORS))
    return Ahead(ahead, _dated(path.statements), path.events, errors, "")


def sides(book: Book, stack: pd.DataFrame, owed: liquidity_calendar.Debt | None) -> pd.DataFrame:
    """Return the shares of the Treasury and of the Fed in what moved reserves, duration and prices.

    Columns of `treasury_and_fed.compare`, the shares with `_share` in their names (`treasury_share`,
    `treasury_share_low`), fractions of the variance.
    """
    if stack.empty or not stack["reserves"].notna().any():
        return empty(SIDES)
    try:  # levels with levels, or averages with averages
        lines = liquidity_calendar.weeks(book)
    except DataError:
        lines = dict(measured(stack))
    since = lines["fed_assets"].series.index >= FACILITY_BEGAN
    lines = {name: Measured(each.series[since], each.unit) for name, each in lines.items()}
    supply = None if owed is None or not owed.fed else _supply(owed, 1)
    found = treasury_and_fed.compare(lines, supply=supply, prices=book.prices("index"), draws=DRAWS)
    named = {f"{name}{end}": f"{name}_share{end}" for name in _SHARES for end in ("", "_low", "_high")}
    return _dated(found.rename(columns=named).reindex(columns=list(SIDES)))


def measured(stack: pd.DataFrame) -> Mapping[str, Measured]:
    """Return the lines of the weeks in which all that the book holds are known."""
    by_week = stack.set_index("week")
    names = [*LINES, *(name for name in ("foreign_rrp", "currency") if by_week[name].notna().any())]
    whole = by_week[names].astype(float).dropna()
    return {name: Measured(whole[name], UNIT) for name in names}


def _supply(owed: liquidity_calendar.Debt | None, months: int) -> pd.DataFrame | None:
    if owed is None:
        return None
    try:
        return treasury_supply.duration_supplied(
            owed.outstanding, owed.yields, fed=owed.fed or None, buybacks=owed.buybacks, periods=months
        )
    except DataError:
        return None


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame in which a date that is absent is nothing, as every form can say it."""
    dates = frame.select_dtypes("datetime").columns
    return frame.assign(
        **{name: frame[name].astype(object).where(frame[name].notna(), None) for name in dates}
    )


def _by_month(book: Book, name: str) -> pd.Series[float]:
    """Return amounts at the end of each month, which the period names by its first day."""
    values = book.measured(name).to(UNIT).series
    ends = pd.DatetimeIndex(values.index).to_period("M").to_timestamp(how="end").normalize()
    return pd.Series(values.to_numpy(), ends)
