"""Liquidity on the desk: how much the Fed's balance sheet leaves to banks and markets, what changed it, who
changed it, and what the announced plans do to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from groundswell.data.book import Book
from groundswell.sheets import liquidity_drivers, liquidity_frames, liquidity_words, words
from groundswell.sheets.moment import Moment, is_stale
from groundswell.sheets.section import Section, StripItem


@dataclass(frozen=True, kw_only=True)
class LiquiditySection(Section):
    """The liquidity part of the sheet. Money USD bn; + adds to liquidity.

    Attributes:
        stack: the balance sheet week by week, see `liquidity_frames.stack`.
        change: what changed reserves and net liquidity, see `liquidity_frames.changes`.
        recent: what was known day by day, see `liquidity_frames.recent`.
        mix: share of bills in the debt, see `liquidity_drivers.mix`; the next ones likewise.
        cash: what moved the Treasury's account by month.
        duration: interest-rate risk supplied to the public, and its effect on the 10-year term premium.
        wave: the twelve-month change against its past.
        forward: the path ahead, its `plans`, the `dates` on the way and the `errors` of such paths.
        treasury_against_fed: shares of the two in the variance of reserves, duration and prices.
    """

    key: ClassVar[str] = "liquidity"
    title: ClassVar[str] = "Liquidity"
    frames: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "stack": ("week",),
        "change": ("weeks", "part"),
        "recent": ("date",),
        "mix": ("month",),
        "cash": ("month",),
        "duration": ("month",),
        "wave": ("target",),
        "forward": ("week",),
        "plans": ("what", "day"),
        "dates": ("date", "event"),
        "errors": ("weeks_ahead",),
        "treasury_against_fed": ("horizon", "target"),
    }
    units: ClassVar[Mapping[str, str]] = liquidity_words.UNITS

    stack: pd.DataFrame
    change: pd.DataFrame
    recent: pd.DataFrame
    mix: pd.DataFrame
    cash: pd.DataFrame
    duration: pd.DataFrame
    wave: pd.DataFrame
    forward: pd.DataFrame
    plans: pd.DataFrame
    dates: pd.DataFrame
    errors: pd.DataFrame
    treasury_against_fed: pd.DataFrame


def build(book: Book, at: Moment) -> LiquiditySection:
    """Return the section for one evening; its frames are empty where the book has no balance sheet.

    Args:
        book: cut at the end of what may be known.
        at: the moment of the sheet, against which data are old.
    """
    stack = liquidity_frames.stack(book)
    change = liquidity_frames.changes(stack)
    owed = liquidity_drivers.debt(book)
    ahead = liquidity_drivers.forward(stack, at)
    wave = liquidity_drivers.wave(stack)
    untold = [ahead.reason, "" if wave.empty else liquidity_words.NOT_PRICED]
    missing = (*liquidity_words.missing(book), *(said for said in untold if said))
    return LiquiditySection(
        finding=liquidity_words.finding(book, stack, change),
        data="" if stack.empty else liquidity_words.data(book),
        missing=missing,
        caveats=liquidity_words.caveats(book, at, stack, change),
        strip=_strip(book, at, stack, change),
        stack=stack,
        change=change,
        recent=liquidity_frames.recent(book),
        mix=liquidity_drivers.mix(book),
        cash=liquidity_drivers.cash(book),
        duration=liquidity_drivers.duration(owed),
        wave=wave,
        forward=ahead.path,
        plans=ahead.plans,
        dates=ahead.dates,
        errors=ahead.errors,
        treasury_against_fed=liquidity_drivers.sides(book, stack, owed),
    )


def _strip(book: Book, at: Moment, stack: pd.DataFrame, change: pd.DataFrame) -> tuple[StripItem, ...]:
    if stack.empty:
        return ()
    last = stack.iloc[-1]
    value = liquidity_words.level(float(last["net_liquidity"]))
    month = liquidity_words.parts_of(change, liquidity_words.MONTH)
    if "net_liquidity" in month.index:
        value += f" ({words.money(float(month['contribution']['net_liquidity']))})"
    series = book.series["fed_assets"]
    source = series.parts[-1].name if series.parts else book.label
    week = pd.Timestamp(last["week"])
    note = "Fed assets less TGA less RRP, 4-week change"
    return (StripItem("Net liquidity", value, week, note, source, is_stale("fed_assets", week, at)),)
