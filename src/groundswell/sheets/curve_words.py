"""The sentences of the volatility curve: its finding, what it stands on, what it lacks, what to know."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from groundswell.data.book import Book
from groundswell.measure import curve_reading, vol_demand
from groundswell.sheets import words
from groundswell.sheets.curve_frames import FUTURES, NAMES, TENORS, Read

UNTESTABLE = "not testable with this data"

UNITS: Mapping[str, str] = {
    "days": "calendar days ahead",
    "now": "volatility, annual, decimal",
    "week_ago": "volatility, annual, decimal, five sessions earlier",
    "month_ago": "volatility, annual, decimal, 21 sessions earlier",
    "percentile": "fraction of the days since `since` with a value at most as high",
    "since": "first year of the history",
    "share": "fraction: of all days (persistence), of implied variance (equation)",
    "median_sessions": "sessions, inversions still open left out",
    "stay": "chance that an inverted day is followed by another, fraction",
    "variance": "variance, annual, decimal; the parts sum to the last row",
    "volatility": "annual, decimal: the step a part makes in the root of the sum; they sum to the last row",
    "volatility_low": "low end of the 90% band of `volatility`",
    "volatility_high": "high end of the 90% band of `volatility`",
    "low": "low end of the band, unit of the estimate beside it",
    "high": "high end of the band, unit of the estimate beside it",
    "ratio": "VIX over VIX3M",
    "hedging": "probability",
    "realised": "probability",
    "panic": "probability",
    "undecided": "probability",
    "most_hedging": "share of the slope's change that observed demand makes up at most (95%), fraction",
    "mean": "index: log return; vix: change, decimal; ratio: VIX over VIX3M; realised: annual, decimal",
    "usual": "mean over all days of the curve, unit of `mean`",
    "sessions": "sessions after the first day of an inversion",
}

PARTS: Mapping[str, str] = {
    "expected": "Expected realised",
    "premium": "Premium",
    "credit": "Credit spread, in the premium",
    "demand": "Observed demand",
    "width": "Quote width",
    "unexplained": "Unexplained",
    "implied": "Implied (VIX)",
}
"""What readers call a part of implied variance."""


AMOUNTS: Mapping[str, str] = {
    "positions": "positions in VIX futures",
    "options": "volumes of short-dated puts",
}


def points(volatility: float, signed: bool = False) -> str:
    """A volatility in points of the VIX: 0.217 is "21.7"."""
    return words.percent(volatility, 1, signed=signed).removesuffix("%")


def place(percentile: float, since: int) -> str:
    """Where a value stands: "96th percentile since 2009", "highest since 2009"; empty where unknown."""
    if not np.isfinite(percentile):
        return ""
    if percentile == 1:
        return f"highest since {since}"
    return f"{rank(percentile)} percentile since {since}"


def rank(percentile: float) -> str:
    """A percentile as an ordinal, 100th or 0th only where nothing is beyond: "99.6th", "below 1st"."""
    if 0.995 <= percentile < 1:
        return f"{min(100 * percentile, 99.9):.1f}th"
    return "below 1st" if 0 < percentile < 0.005 else words.percentile(percentile)


def finding(
    state: pd.DataFrame, persistence: pd.DataFrame, readings: pd.DataFrame, equation: pd.DataFrame
) -> str:
    """The curve in one sentence: its shape, its place in history, how it reads."""
    rows = state.set_index("measure")
    if "VIX" not in rows.index:
        return f"There is no VIX: hedging or panic is {UNTESTABLE}"
    level = points(float(rows["value"]["VIX"]))
    if "VIX / VIX3M" not in rows.index:
        told = place(float(rows["percentile"]["VIX"]), int(rows["since"]["VIX"]))
        return f"VIX {level}" + (f", {told}" if told else "") + f": hedging or panic is {UNTESTABLE}"
    ratio = float(rows["value"]["VIX / VIX3M"])
    away, side = abs(ratio - 1), "above" if ratio > 1 else "below"
    shape = "inverted" if ratio > 1 else "upright"
    told = place(float(rows["percentile"]["VIX / VIX3M"]), int(rows["since"]["VIX / VIX3M"]))
    sentence = f"VIX {level} is {words.percent(away, 0 if away >= 0.01 else 1)} {side} VIX3M: curve {shape}"
    sentence += f", {told}" if told else ""
    return sentence + (_inverted(persistence, readings) if ratio > 1 else _upright(equation, readings))


def reading(row: Mapping[Hashable, Any]) -> str:
    """How an inverted day reads: "undecided (hedging 12%)", "panic (97%)", or why it does not."""
    kind = str(row["reading"])
    if kind not in curve_reading.KINDS:
        return f"{kind} ({row['why']})" if row["why"] else kind
    if kind == "undecided":
        return f"undecided (hedging {words.percent(float(row['hedging']))})"
    return f"{kind} ({words.percent(float(row[kind]))})"


def equation_finding(equation: pd.DataFrame) -> str:
    """The parts of implied variance in one sentence, in points of the VIX with their bands."""
    rows = equation.set_index("part")
    whole = points(float(rows["volatility"]["implied"]))
    named = {"premium": "premium", "demand": "observed demand", "unexplained": "unexplained"}
    steps = ", ".join(f"{name} {_part(rows, part, signed=True)}" for part, name in named.items())
    return f"VIX {whole}: expected realised volatility {_part(rows, 'expected')}, {steps}"


def data(book: Book, day: pd.Timestamp, found: Read) -> str:
    """Which data the section stands on, and through which day."""
    names = [NAMES[name] for name in TENORS if name in book.series]
    told = [f"{', '.join(names)} closes through {words.day(day)}"]
    if found.reading.testable:
        told.append(f"index through {words.day(book.through)}")
        spread = book.series[vol_demand.CREDIT].latest()
        told.append(f"high-yield spread through {words.day(spread.index[-1])}")
        held = book.series[vol_demand.POSITIONS[0]].latest()
        told.append(f"positions in VIX futures of {words.day(held.index[-1])}")
    return "; ".join(told)


def missing(
    book: Book, found: Read, has_front: bool, persistence: pd.DataFrame, aftermath: pd.DataFrame
) -> tuple[str, ...]:
    """What the section lacks, and how to get it."""
    told = []
    absent = [name for name in TENORS if name not in book.series]
    if absent:
        listed = ", ".join(NAMES[name] for name in absent)
        told.append(f"The curve has no {listed}: `groundswell update --series {','.join(absent)}`.")
    if not found.reading.testable:
        told.append(f"{found.reading.sentence} {_remedy(book)}".strip())
    if found.options is not None and not found.options.enough:
        told.append(found.options.sentence)
    if found.refusal:
        told.append(found.refusal)
    if len(persistence) and aftermath.empty:
        told.append("What followed inversions is not told: fewer than five are 21 sessions old.")
    if not has_front and "vix" in book.series:
        told.append(f"No VIX future of these days: `groundswell update --series {FUTURES}` keeps one a day.")
    return tuple(told)


def caveats(
    found: Read,
    day: pd.Timestamp,
    age: str,
    persistence: pd.DataFrame,
    readings: pd.DataFrame,
    aftermath: pd.DataFrame,
) -> tuple[str, ...]:
    """What must be known before the numbers are used.

    Args:
        found: the reading and the parts.
        day: last day of the curve.
        age: how old that is, in words; empty where no newer close was due.
        persistence: the frame, as the two that follow.
        readings: see above.
        aftermath: see above.
    """
    told = [f"The curve is of {words.day(day)}, {age}."] if age else []
    if found.parts is not None and found.day is not None:
        dated = "" if found.day == day else f" of {words.day(found.day)}, the last with all it takes,"
        told.append(
            f"The parts of implied volatility{dated} add up as variances; in points each is a step "
            "in the order of the equation, from the volatility expected to the VIX. Bands are 90%, over the "
            "models and the coefficients; what is unexplained is never counted as demand."
            f"{_against(found.parts)}"
        )
    if found.reading.testable:
        told.append(
            f"A reading is the share of draws, named from {words.percent(curve_reading.DECIDED)}. Demand is "
            "positions in VIX futures and the calendar of expiries and month ends: undecided is no evidence "
            f"against demand that is not observed. {' '.join(found.reading.data)}"
        )
    unread = readings.loc[readings["why"].astype(str) != "", ["day", "why"]]
    for why, part in unread.groupby("why"):
        told.append(f"{', '.join(words.day(day) for day in part['day'])}: not testable, {why}.")
    if len(persistence):
        followed = " So are the 90% bands of what followed." if len(aftermath) else ""
        told.append(
            "The 95% interval of the chance to stay inverted is too narrow: inversions come in clusters."
            f"{followed}"
        )
    return tuple(told)


def _against(parts: pd.DataFrame) -> str:
    names = [AMOUNTS[name] for name in parts.attrs.get("against_theory", ())]
    if not names:
        return ""
    listed = " and ".join(names)
    return f" Demand makes options dearer; {listed} went the other way so far and count as unexplained."


def _inverted(persistence: pd.DataFrame, readings: pd.DataFrame) -> str:
    told = ""
    if len(readings):
        told += f"; reading: {reading(readings.iloc[0].to_dict())}"
    else:
        told += f"; hedging or panic is {UNTESTABLE}"
    rows = persistence.set_index("measure")
    stay, low, high = (float(rows[name]["VIX / VIX3M"]) for name in ("stay", "low", "high"))
    if np.isfinite(stay):
        chance = f"{words.percent(stay)} {words.percent_range(low, high)}"
        told += f"; {chance} of inverted days were followed by another"
    return told


def _upright(equation: pd.DataFrame, readings: pd.DataFrame) -> str:
    told = ""
    if len(equation):
        rows = equation.set_index("part")
        whole = points(float(rows["volatility"]["implied"]))
        told += f"; observed demand makes up {_part(rows, 'demand', signed=True)} of the {whole} points"
    elif readings.empty:
        told += f"; hedging or panic is {UNTESTABLE}"
    return told


def _part(rows: pd.DataFrame, part: str, signed: bool = False) -> str:
    names = ("volatility", "volatility_low", "volatility_high")
    value, low, high = (float(rows[name][part]) for name in names)
    return f"{points(value, signed)} {words.percent_range(low, high, 1)}"


def _remedy(book: Book) -> str:
    """The command that brings the series a reading lacks; empty where it lacks only history."""
    lacking = [name for names, _ in curve_reading.NEEDS.values() for name in names if name not in book.series]
    if not any(name in book.series for name in vol_demand.OTHER_ASSETS):
        lacking.append(next(iter(vol_demand.OTHER_ASSETS)))
    if not lacking:
        return ""
    which = f"--series {','.join(lacking)}" if len(lacking) <= 2 else "--needed-by desk"
    return f"`groundswell update {which}` takes them."
