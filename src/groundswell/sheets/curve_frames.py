"""The frames of the volatility curve on the desk: the curve at three dates, its state, how long inversions
last, what implied variance is made of, how inversions read, and what followed them.

Volatilities are annual decimals (0.217 is a VIX of 21.7), variances their squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from groundswell.data import calendar
from groundswell.data.book import Book
from groundswell.data.errors import DataError
from groundswell.measure import curve_aftermath, curve_equation, curve_reading, option_history, vol_curve
from groundswell.measure.curve_reading import CurveReading
from groundswell.measure.option_history import OptionHistory
from groundswell.measure.vol_forecast import MODELS, Model
from groundswell.sheets import words

TENORS = {"vix9d": "9d", "vix": "1m", "vix3m": "3m", "vix6m": "6m"}
NAMES = {"vix9d": "VIX9D", "vix": "VIX", "vix3m": "VIX3M", "vix6m": "VIX6M"}
PAIRS = {"fast": "VIX9D / VIX", "middle": "VIX / VIX3M", "slow": "VIX3M / VIX6M"}

FUTURES = "futures.vix"

SHOWN = 8
"""Inverted days that are read, the last ones: a day takes some 20 ms, and each month an estimate."""

DRAWS = 400
"""Of the coefficients, for each model."""

REACH = 5
"""Sessions back to which the day of the equation, or of the front future, may lie behind the curve's."""

LEVELS = ["tenor", "index", "days", "now", "week_ago", "month_ago"]
STATE = ["measure", "value", "unit", "percentile", "since", "note"]
PERSISTENCE = ["measure", "episodes", "days", "share", "median_sessions", "stay", "low", "high", "since"]
EQUATION = ["part", "variance", "low", "high", "volatility", "volatility_low", "volatility_high", "share"]
READINGS = [
    "day",
    "episode",
    "ratio",
    *curve_reading.KINDS,
    "reading",
    "later_reading",
    "most_hedging",
    "why",
]
AFTERMATH = ["measure", "sessions", "mean", "low", "high", "usual", "episodes"]

BASIS = "Front future less VIX"
RATIO, DECIMAL = "ratio", "annual, decimal"
VARIANCE, DIFFERENCE = "variance, annual", "difference, annual, decimal"
"""Units of the values of the state."""


@dataclass(frozen=True, eq=False)
class Read:
    """The reading of the last inverted days and the equation of the last day, on the same forecasts.

    Attributes:
        reading: as `curve_reading.read` returns it.
        parts: as `curve_equation.decompose` returns it; `None` where there is none.
        day: of the parts.
        refusal: why there are no parts, a sentence; empty where there are.
        options: what kept chains say.
    """

    reading: CurveReading
    parts: pd.DataFrame | None = None
    day: pd.Timestamp | None = None
    refusal: str = ""
    options: OptionHistory | None = None


def levels(closes: pd.DataFrame) -> pd.DataFrame:
    """Return the curve now, a week and a month ago, one row per tenor; empty below a month of days.

    `attrs["days"]` has the three dates.
    """
    try:
        found = vol_curve.three_curves(closes)
    except DataError:
        return pd.DataFrame(columns=LEVELS)
    rows = [
        (TENORS[name], NAMES[name], vol_curve.TENORS[name], *(found.loc[name] / 100))
        for name in found.index.astype(str)
    ]
    table = pd.DataFrame(rows, columns=LEVELS)
    table.attrs["days"] = found.attrs["days"]
    return table


def state(known: pd.DataFrame, day: pd.Timestamp, front: pd.Series[float] | None) -> pd.DataFrame:
    """Return what the curve's shape is on a day, each measure with its place among all days so far.

    The percentile is the share of days so far with a value at most as high, since the year in `since`; it
    takes 252 days.

    Args:
        known: of `vol_curve.state`.
        day: the last day of the curve.
        front: settlements of the front VIX future by day; `None` where there are none.
    """
    rows: list[tuple[object, ...]] = []

    def add(measure: str, values: pd.Series[float], unit: str, note: str, at: pd.Timestamp = day) -> None:
        if at not in values.index or np.isnan(values[at]):
            return
        place = vol_curve.percentile(values)[at]
        rows.append((measure, float(values[at]), unit, float(place), values.dropna().index[0].year, note))

    if "vix" in known:
        add("VIX", known["vix"] / 100, DECIMAL, "30 days, close")
    for pair, name in PAIRS.items():
        if f"ratio_{pair}" in known:
            ratio = known[f"ratio_{pair}"]
            add(name, ratio, RATIO, _standing(ratio.loc[:day]))
    if "slope_middle" in known:
        note = "VIX3M² less VIX²; below 0 inverted"
        add("Slope 1m to 3m", known["slope_middle"], VARIANCE, note)
        forward = known["forward_middle"]
        priced = pd.Series(np.sqrt(forward.where(forward > 0)), forward.index)
        add("Forward 1m to 3m", priced, DECIMAL, "volatility priced for days 31 to 93")
    if front is not None and "vix" in known:
        basis = vol_curve.basis(front, known["vix"].reindex(front.index)).dropna() / 100
        last = basis.loc[:day].tail(1).index
        if len(last) and len(calendar.sessions(last[0], day)) - 1 <= REACH:
            dated = "" if last[0] == day else f", {words.day(last[0])}"
            note = f"future {front[last[0]]:.1f}; below 0 stress{dated}"
            add(BASIS, basis, DIFFERENCE, note, last[0])
    return pd.DataFrame(rows, columns=STATE)


def persistence(known: pd.DataFrame) -> pd.DataFrame:
    """Return how many inversions there were, how long they lasted, and the chance that one stays a day more.

    `low` and `high` are the 95% interval of `stay`.

    Args:
        known: of `vol_curve.state`.
    """
    rows = []
    for pair, name in PAIRS.items():
        ratio = known.get(f"ratio_{pair}")
        if ratio is None or ratio.dropna().empty:
            continue
        found = vol_curve.persistence(ratio)
        rows.append(
            (
                name,
                *(found.episodes, found.days, found.share, found.median_sessions),
                *(found.stay, found.stay_low, found.stay_high, found.since.year),
            )
        )
    return pd.DataFrame(rows, columns=PERSISTENCE)


def front_future(book: Book) -> pd.Series[float] | None:
    """Return the settlements of the front VIX future that the book keeps, by day; `None` without any."""
    quotes = book.quotes_over_time(FUTURES, ["expiry", "settle"])
    found = None if quotes.empty else vol_curve.front_settlements(quotes)
    return None if found is None or found.empty else found


def read(book: Book, day: pd.Timestamp, models: Sequence[Model] = MODELS) -> Read:
    """Return the reading of the last inverted days and the parts of implied variance.

    In both, demand whose lambda has the wrong sign counts as unexplained. The parts are those of the last
    session up to `day` that has every ingredient, five back at most.

    Args:
        book: of the evening.
        day: last day of the curve.
        models: of expected variance.
    """
    if curve_reading.missing(book)[0]:
        return Read(curve_reading.read(book))
    expected = curve_reading.forecast(book, models)
    kept = option_history.for_equation(book)
    options, width = kept.options, kept.width
    reading = curve_reading.read(
        book, options=options, width=width, draws=DRAWS, last=SHOWN, expected=expected
    )
    seen = curve_reading.ingredients(book, expected=expected.by_model, options=options, width=width)
    whole = curve_equation.table(seen, ("vix",)).dropna()
    near = whole.index[whole.index <= day]
    if not len(near) or len(calendar.sessions(near[-1], day)) - 1 > REACH:
        last = words.day(near[-1]) if len(near) else "none"
        refusal = f"No parts of implied variance: the last day with every ingredient is {last}."
        return Read(reading, refusal=refusal, options=kept)
    at = pd.Timestamp(near[-1])
    try:
        parts = curve_equation.decompose(seen, "vix", at, draws=DRAWS, theory=True)
    except DataError as refused:
        refusal = f"No parts of implied variance: {refused.what}; needed: {refused.expected}."
        return Read(reading, refusal=refusal, options=kept)
    return Read(reading, parts, at, options=kept)


def equation(parts: pd.DataFrame | None, has_width: bool) -> pd.DataFrame:
    """Return the parts of implied variance, in variance and in volatility; the parts sum to the last row.

    With v_1, v_2, ... the parts in the order of the equation, a part in volatility is the step it makes,

        sqrt(v_1 + ... + v_i) - sqrt(v_1 + ... + v_(i-1)),

    so that the first is the volatility expected and the sum is the VIX. A band is that of the step with the
    parts before it at their values.

    Args:
        parts: of `curve_equation.decompose`.
        has_width: whether quote width is in the equation; without, it is in what is unexplained.
    """
    if parts is None:
        return pd.DataFrame(columns=EQUATION)
    told = parts if has_width else parts.drop(index="width")
    values = told["value"].to_numpy(dtype=np.float64)
    before = np.append(np.concatenate([[0.0], values[:-2].cumsum()]), 0.0)
    roots = np.sqrt(np.maximum(before[:, None] + told[["value", "low", "high"]].to_numpy(), 0))
    steps = roots - np.sqrt(np.maximum(before, 0))[:, None]
    names = ("volatility", "volatility_low", "volatility_high")
    table = told.rename(columns={"value": "variance"}).assign(share=values / values[-1])
    table[list(names)] = steps
    return table.rename_axis("part").reset_index()[EQUATION]


def readings(found: CurveReading, closes: pd.DataFrame) -> pd.DataFrame:
    """Return the last inverted days with the probability of each reading, the latest first."""
    if found.days.empty:
        return pd.DataFrame(columns=READINGS)
    table = found.days.rename_axis("day").reset_index().iloc[::-1]
    ratio = closes["vix"] / closes["vix3m"]
    table["ratio"] = ratio.reindex(pd.DatetimeIndex(table["day"])).to_numpy()
    for name in (*curve_reading.KINDS, "most_hedging", "why"):
        if name not in table:
            table[name] = "" if name == "why" else np.nan
    return table[READINGS].reset_index(drop=True)


def aftermath(book: Book, closes: pd.DataFrame) -> pd.DataFrame:
    """Return what followed the first days of inversions after 1, 5 and 21 sessions, beside any day's.

    `low` and `high` are a 90% bootstrap over the inversions; `usual` is the mean over all days of the
    curve. Measures: `index` (log return), `vix` (change, decimal), `ratio` (VIX / VIX3M then), `realised`
    (volatility over those sessions, annual, decimal). Empty below five inversions.
    """
    if not {"vix", "vix3m"} <= set(closes.columns):
        return pd.DataFrame(columns=AFTERMATH)
    ratio = (closes["vix"] / closes["vix3m"]).dropna()
    sessions = pd.DatetimeIndex(book.prices("index").index)
    every = curve_aftermath.aftermath(book, sessions[sessions.isin(ratio.index)])
    firsts = pd.DatetimeIndex(vol_curve.episodes(ratio)["start"])
    try:
        told = curve_aftermath.summary(every.loc[every.index.isin(firsts)])
    except DataError:
        return pd.DataFrame(columns=AFTERMATH)
    told["usual"] = every.mean()
    of_vix = told.index.str.startswith("vix_")
    told.loc[of_vix, ["mean", "low", "high", "usual"]] /= 100
    named = told.index.str.split("_", expand=True).to_frame(index=False, name=["measure", "sessions"])
    table = pd.concat([named, told.reset_index(drop=True)], axis=1).astype({"sessions": "int64"})
    order = table["measure"].map({"index": 0, "vix": 1, "ratio": 2, "realised": 3})
    table = table.assign(order=order).sort_values(["order", "sessions"], ignore_index=True)
    return table[AFTERMATH]


def _standing(ratio: pd.Series[float]) -> str:
    """Return in words since when a pair is inverted, or when it last was."""
    found = vol_curve.episodes(ratio)
    if found.empty:
        return "never inverted"
    last = found.iloc[-1]
    if last["open"]:
        count = int(last["sessions"])
        return f"inverted for {count} session{'s' * (count > 1)}"
    return f"upright; last inverted {words.day(last['end'])}"
