"""The state of the volatility curve: ratios and slopes between its tenors, where it is inverted, how that
compares with its own past, and how long inversions last.

A row uses the closes of its own day and, for percentiles, those before it. Days without both tenors of a
pair are missing, never filled; days on which the exchange was closed are dropped (publishers' files repeat
or invent values on some).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data import calendar
from groundswell.data.book import NEW_YORK, Book
from groundswell.data.errors import DataError

Floats: TypeAlias = npt.NDArray[np.float64]

TENORS: Mapping[str, int] = MappingProxyType({"vix9d": 9, "vix": 30, "vix3m": 93, "vix6m": 184})
"""Calendar days each index looks ahead (Cboe, Volatility Index Methodology)."""

PAIRS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"fast": ("vix9d", "vix"), "middle": ("vix", "vix3m"), "slow": ("vix3m", "vix6m")}
)
"""Neighbouring tenors, the nearer first; "middle" is the ratio the desks call IVTS."""

MINIMUM_HISTORY = 252
"""Days a percentile needs behind it."""

LOOKS_BACK: Mapping[str, int] = MappingProxyType({"now": 0, "week ago": 5, "month ago": 21})
"""Sessions back of the three curves on a chart."""

HIGHEST, LOWEST = 300.0, 1.0
"""Levels outside, in percent a year, stand for another unit (0.17 is a fraction, 1,700 basis points)."""

_WHERE = "volatility curve"


@dataclass(frozen=True)
class Persistence:
    """How long inversions last.

    Attributes:
        episodes: how many there were.
        days: inverted days in all.
        share: of all days, fraction.
        median_sessions: length of an episode, those still open left out; NaN where there is none.
        stay: chance that an inverted day is followed by one, fraction; NaN where none is followed.
        stay_low: lower end of its 95% interval.
        stay_high: upper end.
        since: first day of the history.
    """

    episodes: int
    days: int
    share: float
    median_sessions: float
    stay: float
    stay_low: float
    stay_high: float
    since: pd.Timestamp


def closes(book: Book) -> pd.DataFrame:
    """Return the levels of the curve, percent a year, one column per tenor the book has.

    Raises:
        DataError: the book has none of `vix9d`, `vix`, `vix3m`, `vix6m`, or as `checked`.
    """
    names = [name for name in TENORS if name in book.series]
    if not names:
        raise DataError(
            "there is no volatility index",
            where=f"{book.label}, as of {book.as_of:%Y-%m-%d}",
            expected="one at least of " + ", ".join(TENORS),
            remedy="`groundswell update --series vix,vix3m` takes them from Cboe",
        )
    return checked(pd.DataFrame({name: book.values(name) for name in names}))


def checked(levels: pd.DataFrame) -> pd.DataFrame:
    """Return the levels on the sessions of the exchange, in order, tenors from near to far.

    Raises:
        DataError: an unknown tenor, a day that stands twice, or a level that is no percentage a year.
    """
    unknown = [str(name) for name in levels.columns if name not in TENORS]
    if unknown:
        raise DataError(
            f"there is no tenor '{unknown[0]}'", where=_WHERE, expected="one of " + ", ".join(TENORS)
        )
    days = pd.DatetimeIndex(levels.index)
    if days.has_duplicates:
        twice = days[days.duplicated()][0]
        raise DataError(f"{twice:%Y-%m-%d} stands twice", where=_WHERE, remedy="keep one close per day")
    kept = levels.sort_index()
    kept = kept.loc[calendar.is_session(pd.DatetimeIndex(kept.index))]
    values = kept.to_numpy(dtype=np.float64)
    wrong = ~np.isnan(values) & ~((values > LOWEST) & (values < HIGHEST))
    if wrong.any():
        row, column = (int(place[0]) for place in np.nonzero(wrong))
        raise DataError(
            f"{kept.columns[column]} is {values[row, column]:g}",
            where=f"{_WHERE}, {kept.index[row]:%Y-%m-%d}",
            expected=f"percent a year between {LOWEST:g} and {HIGHEST:g}",
            remedy="correct the close or leave the day out",
        )
    return kept[[name for name in TENORS if name in kept.columns]].astype(np.float64)


def state(levels: pd.DataFrame) -> pd.DataFrame:
    """Return the curve day by day, one row per session.

    With V the level as a decimal and T the tenor in days, for each pair of neighbours (near 1, far 2):

        ratio    = V1 / V2                        above 1: inverted
        slope    = V2^2 - V1^2                    variance, annual; below 0: inverted
        forward  = (T2 V2^2 - T1 V1^2) / (T2 - T1)   variance, annual, priced between the two tenors

    Columns:
        the levels, percent a year; then for each pair of `PAIRS` that is there `ratio_*`, `slope_*`,
        `forward_*`, `inverted_*` (0 or 1, missing where the ratio is) and `percentile_*` (share of the
        days so far with a ratio at most as high, fraction, missing for the first 252 days).
        `percentile_vix`: the same of the level of the VIX.

    `attrs["since"]` has the first year of each percentile, by column.

    Args:
        levels: percent a year, index days, columns among `TENORS`.

    Raises:
        DataError: as `checked`.

    References:
        Cboe, Volatility Index Methodology (variance is linear in time between two expiries).
    """
    kept = checked(levels)
    columns: dict[str, pd.Series[float]] = {str(name): kept[name] for name in kept.columns}
    since: dict[str, int] = {}
    for pair, (near, far) in PAIRS.items():
        if not {near, far} <= set(kept.columns):
            continue
        ratio = kept[near] / kept[far]
        variances = [(kept[name] / 100) ** 2 for name in (near, far)]
        days = TENORS[near], TENORS[far]
        columns[f"ratio_{pair}"] = ratio
        columns[f"slope_{pair}"] = variances[1] - variances[0]
        columns[f"forward_{pair}"] = (days[1] * variances[1] - days[0] * variances[0]) / (days[1] - days[0])
        columns[f"inverted_{pair}"] = (ratio > 1).astype(np.float64).where(ratio.notna())
        columns[f"percentile_{pair}"] = percentile(ratio)
        since[f"percentile_{pair}"] = _first_year(ratio)
    if "vix" in kept.columns:
        columns["percentile_vix"] = percentile(kept["vix"])
        since["percentile_vix"] = _first_year(kept["vix"])
    table = pd.DataFrame(columns)
    table.attrs["since"] = since
    return table


def percentile(values: pd.Series[float], least: int = MINIMUM_HISTORY) -> pd.Series[float]:
    """Return for each day the share of days up to it with a value at most as high, fraction.

    Args:
        values: any unit; missing days stay missing and do not count.
        least: days needed, this one included.
    """
    known = values.dropna()
    if known.empty:
        return values * np.nan
    ranks = known.expanding(min_periods=least).rank(method="max", pct=True)
    return ranks.reindex(values.index)


def basis(front: pd.Series[float], spot: pd.Series[float]) -> pd.Series[float]:
    """Return the front volatility future less the index, points; below zero is the sign of stress.

    Args:
        front: settlement of the contract next to settle, points.
        spot: the VIX, points, on the same days; days that are not in both are missing.
    """
    return (front - spot).rename("basis")


def front_settlements(quotes: pd.DataFrame) -> pd.Series[float]:
    """Return the settlement of the VIX future next to expire, by day in New York.

    A contract that expires on the day itself has settled in the morning and does not count. Of several
    moments of a day the last counts; days without a settlement are left out.

    Args:
        quotes: of monthly contracts through time; columns `taken` (UTC), `expiry`, `settle`, points.
    """
    taken = pd.DatetimeIndex(quotes["taken"]).tz_convert(NEW_YORK).tz_localize(None)
    table = pd.DataFrame(
        {
            "taken": taken,
            "day": taken.normalize(),
            "expiry": pd.DatetimeIndex(quotes["expiry"]).normalize(),
            "settle": quotes["settle"].to_numpy(dtype=np.float64),
        }
    )
    table = table.loc[(table["expiry"] > table["day"]) & (table["settle"] > 0)]
    first = (
        table.sort_values(["taken", "expiry"]).drop_duplicates("taken").drop_duplicates("day", keep="last")
    )
    return pd.Series(first["settle"].to_numpy(), pd.DatetimeIndex(first["day"], name="date"), name="front")


def episodes(ratio: pd.Series[float], level: float = 1.0) -> pd.DataFrame:
    """Return every run of days with a ratio above a level, one row per run, in order.

    A day without a ratio neither ends nor lengthens a run.

    Columns:
        start, end: first and last day above; `end` is the last day known where the run is open.
        sessions: days in the run.
        peak, peak_day: highest ratio and the day of it (the first in a tie).
        open: the last day known belongs to the run (bool).
    """
    known = ratio.dropna()
    above = (known > level).to_numpy()
    edges = np.diff(np.concatenate([[0], above.astype(np.int64), [0]]))
    rows = []
    for first, last in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1, strict=True):
        run = known.iloc[first : last + 1]
        rows.append(
            (run.index[0], run.index[-1], len(run), float(run.max()), run.idxmax(), last == len(known) - 1)
        )
    columns = ["start", "end", "sessions", "peak", "peak_day", "open"]
    table = pd.DataFrame(rows, columns=columns)
    kinds = dict.fromkeys(("start", "end", "peak_day"), "datetime64[us]")
    return table.astype(kinds | {"sessions": "int64", "peak": "float64", "open": "bool"})


def persistence(ratio: pd.Series[float], level: float = 1.0) -> Persistence:
    """Return how long inversions lasted so far.

    The interval of the chance to stay is Wilson's, 95%; it takes days as a Markov chain, and is too
    narrow where calm and nervous years alternate.

    Args:
        ratio: near over far, index days.
        level: above it a day counts as inverted.

    Raises:
        DataError: no day has a ratio.

    References:
        Wilson, E. B. (1927), Probable Inference, the Law of Succession, and Statistical Inference.
    """
    from scipy.stats import binomtest

    known = ratio.dropna()
    if known.empty:
        raise DataError("no day has both tenors", where=_WHERE, expected="two indices of the curve")
    above = (known > level).to_numpy()
    found = episodes(ratio, level)
    followed, stayed = int(above[:-1].sum()), int((above[:-1] & above[1:]).sum())
    stay = low = high = float("nan")
    if followed:
        interval = binomtest(stayed, followed).proportion_ci(0.95, method="wilson")
        stay, low, high = stayed / followed, float(interval.low), float(interval.high)
    closed = found.loc[~found["open"], "sessions"]
    return Persistence(
        episodes=len(found),
        days=int(above.sum()),
        share=float(above.mean()),
        median_sessions=float(closed.median()) if len(closed) else float("nan"),
        stay=stay,
        stay_low=low,
        stay_high=high,
        since=pd.Timestamp(known.index[0]),
    )


def three_curves(levels: pd.DataFrame) -> pd.DataFrame:
    """Return the curve now, a week and a month ago: index tenor, percent a year; `attrs["days"]` says when.

    Counted in sessions back (0, 5, 21) from the last day on which the VIX and one more tenor are known,
    or the VIX where it is alone. A tenor that is not known on such a day is missing.

    Raises:
        DataError: as `checked`, or fewer than 22 such days.
    """
    kept = checked(levels)
    full = kept.loc[kept.notna().sum(axis=1) >= min(2, kept.shape[1])]
    if len(full) <= max(LOOKS_BACK.values()):
        raise DataError(
            f"there are {len(full)} days with a curve", where=_WHERE, expected="22 at least for a month ago"
        )
    chosen = {name: full.iloc[-1 - back] for name, back in LOOKS_BACK.items()}
    table = pd.DataFrame(chosen)
    table.index.name = "tenor"
    table.attrs["days"] = {name: pd.Timestamp(full.index[-1 - back]) for name, back in LOOKS_BACK.items()}
    return table


def _first_year(values: pd.Series[float]) -> int:
    known = values.dropna()
    return int(pd.Timestamp(known.index[0]).year) if len(known) else 0
