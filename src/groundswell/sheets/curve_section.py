"""The volatility curve on the desk: where it stands against its own past, what implied variance is made of,
why it is inverted when it is, and what followed such days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pandas as pd

from groundswell.data import staleness
from groundswell.data.book import Book
from groundswell.data.errors import DataError
from groundswell.measure import curve_reading, vol_curve
from groundswell.measure.vol_forecast import MODELS, Model
from groundswell.sheets import curve_frames, curve_words, words
from groundswell.sheets.moment import Moment, is_stale
from groundswell.sheets.section import Section, StripItem


@dataclass(frozen=True, kw_only=True)
class CurveSection(Section):
    """The volatility curve of one evening. Volatilities are annual decimals.

    Attributes:
        levels: the curve now, a week and a month ago, see `curve_frames.levels`.
        state: its shape with percentiles, see `curve_frames.state`.
        persistence: how long inversions last, see `curve_frames.persistence`.
        equation: the parts of implied variance, see `curve_frames.equation`.
        readings: the last inverted days, the latest first, see `curve_frames.readings`.
        aftermath: what followed inversions, see `curve_frames.aftermath`.
        days: the dates of the three curves by name ("now", "week ago", "month ago").
        inverted: whether the VIX closed above VIX3M; `None` where one of them is not there.
    """

    key: ClassVar[str] = "curve"
    title: ClassVar[str] = "Volatility curve"
    frames: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "levels": ("tenor",),
        "state": ("measure",),
        "persistence": ("measure",),
        "equation": ("part",),
        "readings": ("day",),
        "aftermath": ("measure", "sessions"),
    }
    units: ClassVar[Mapping[str, str]] = curve_words.UNITS

    levels: pd.DataFrame
    state: pd.DataFrame
    persistence: pd.DataFrame
    equation: pd.DataFrame
    readings: pd.DataFrame
    aftermath: pd.DataFrame
    days: Mapping[str, pd.Timestamp] = field(default_factory=dict)
    inverted: bool | None = None


def build(book: Book, at: Moment, models: Sequence[Model] = MODELS) -> CurveSection:
    """Return the section of an evening; frames that the book does not carry are empty.

    Args:
        book: cut at the end of what may be known.
        at: the moment of the sheet, against which data are old.
        models: of expected variance.
    """
    try:
        closes = vol_curve.closes(book)
    except DataError as refusal:
        return _nothing(str(refusal))
    full = closes.dropna(subset=[name for name in curve_reading.SLOPE if name in closes])
    if full.empty:
        return _nothing("No day has both the VIX and VIX3M: `groundswell update --series vix,vix3m`.")
    day = pd.Timestamp(full.index[-1])
    closes = closes.loc[:day]
    known = vol_curve.state(closes)
    front = curve_frames.front_future(book)
    found = curve_frames.read(book, day, models)
    levels = curve_frames.levels(closes)
    state = curve_frames.state(known, day, front)
    persistence = curve_frames.persistence(known)
    equation = curve_frames.equation(found.parts, found.options is not None and found.options.enough)
    readings = curve_frames.readings(found.reading, closes)
    aftermath = curve_frames.aftermath(book, closes)
    old = is_stale("vix", day, at) if "vix" in book.series else False
    age = words.age(staleness.age(day, at.now)) if old else ""
    ratio = state.set_index("measure")["value"].get("VIX / VIX3M")
    shown = readings if ratio is None or ratio <= 1 or _is_of(readings, day) else readings.iloc[:0]
    has_front = bool(state["measure"].eq(curve_frames.BASIS).any())
    return CurveSection(
        finding=curve_words.finding(state, persistence, shown, equation),
        data=curve_words.data(book, day, found),
        missing=curve_words.missing(book, found, has_front, persistence, aftermath),
        caveats=curve_words.caveats(found, day, age, persistence, readings, aftermath),
        strip=_strip(book, state, day, old),
        levels=levels,
        state=state,
        persistence=persistence,
        equation=equation,
        readings=readings,
        aftermath=aftermath,
        days=levels.attrs.get("days", {}),
        inverted=None if ratio is None else bool(ratio > 1),
    )


def _is_of(readings: pd.DataFrame, day: pd.Timestamp) -> bool:
    return bool(len(readings)) and readings["day"].iloc[0] == day


def _strip(book: Book, state: pd.DataFrame, day: pd.Timestamp, old: bool) -> tuple[StripItem, ...]:
    rows = state.set_index("measure")
    if "VIX / VIX3M" not in rows.index:
        return ()
    ratio = float(rows["value"]["VIX / VIX3M"])
    told = curve_words.place(float(rows["percentile"]["VIX / VIX3M"]), int(rows["since"]["VIX / VIX3M"]))
    shape = "inverted" if ratio > 1 else "upright"
    series = book.series["vix3m"]
    source = series.parts[-1].name if series.parts else book.label
    note = f"{shape}, {told}" if told else shape
    return (StripItem("VIX / VIX3M", f"{ratio:.3f}", day, note, source, old),)


def _nothing(why: str) -> CurveSection:
    return CurveSection(
        finding=f"There is no volatility curve: hedging or panic is {curve_words.UNTESTABLE}",
        missing=(why,),
        levels=pd.DataFrame(columns=curve_frames.LEVELS),
        state=pd.DataFrame(columns=curve_frames.STATE),
        persistence=pd.DataFrame(columns=curve_frames.PERSISTENCE),
        equation=pd.DataFrame(columns=curve_frames.EQUATION),
        readings=pd.DataFrame(columns=curve_frames.READINGS),
        aftermath=pd.DataFrame(columns=curve_frames.AFTERMATH),
    )
