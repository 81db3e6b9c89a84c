"""The wave of liquidity, and whether prices moved when it was announced or when it came (M20).

The wave is the change of reserves, or of net liquidity, over twelve months, against its own past. Changes
over overlapping years tell little more than once a year: the percentile has the band of that many
independent years, not of the weeks counted.

Priced is the part of a price response that comes at announcement: with y the return around an event for
each dollar,

    share priced = b_a / (b_a + b_s),   y_a = b_a x + e_a,   y_s = b_s x + e_s

over events of size x. What comes at settlement, when everyone has known for days, was not priced. The share
means something only where prices respond at all; else the answer is that these data cannot tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError
from groundswell.data.units import Measured

Floats: TypeAlias = npt.NDArray[np.float64]

WHERE = "liquidity wave"

YEAR = pd.Timedelta(weeks=52)

LEAST_YEARS = 2.0
"""Independent years of changes before a place among them is told."""

LEAST_EVENTS = 20
"""Events a share needs; with fewer, one of them decides."""

LEVEL = 0.90


@dataclass(frozen=True, eq=False)
class Wave:
    """The last twelve-month change of a level, and its place in its own past.

    Attributes:
        name: of the level.
        day: of the last value.
        change: USD bn over 52 weeks; an identity of published figures, without a band.
        relative: change / level a year before, fraction.
        percentile: share of the changes so far that are at most this one, fraction.
        low: lower end of the band of the percentile, 90%.
        high: upper end.
        z: (change - mean) / standard deviation of the changes so far; the window is all since `since`.
        since: date of the first change.
        years: independent years among the changes.
        history: by date: `change`, `relative`, `percentile`, `low`, `high`, `z`, `years`.
    """

    name: str
    day: pd.Timestamp
    change: float
    relative: float
    percentile: float
    low: float
    high: float
    z: float
    since: pd.Timestamp
    years: float
    history: pd.DataFrame

    @property
    def is_placed(self) -> bool:
        """Return whether there is past enough for a percentile."""
        return bool(np.isfinite(self.percentile))


def wave(level: Measured, *, since: str | pd.Timestamp | None = None) -> Wave:
    """Return the twelve-month change of a level, its percentile and z among the changes so far.

    Each date counts against the changes up to it, so that nothing later enters. The band of the percentile
    is Wilson's for a share among as many draws as there are independent years.

    Args:
        level: reserves or net liquidity, by week or by day, an amount of money; a date needs one 52 weeks
            before it (or up to six days earlier).
        since: first date of a change that counts.

    Raises:
        UnitError: the level is no amount of money.
        DataError: dates out of order, or not one change.

    References:
        Wilson, E. (1927), Probable Inference, Journal of the American Statistical Association 22, 209-212.
    """
    values = level.to("USD bn").series.dropna()
    days = pd.DatetimeIndex(values.index)
    if not (days.is_monotonic_increasing and days.is_unique):
        raise DataError(f"the dates of {level.name} do not rise", where=WHERE, expected="each once, in order")
    before = values.reindex(days - YEAR, method="ffill", tolerance=pd.Timedelta(days=6)).to_numpy()
    table = pd.DataFrame({"change": values - before, "relative": values / before - 1}, index=days).dropna()
    if since is not None:
        table = table[since:]
    if table.empty:
        raise DataError(
            f"{level.name} has no two values a year apart", where=WHERE, expected="more than 52 weeks"
        )
    _place(table)
    last = table.iloc[-1]
    return Wave(
        name=str(level.series.name),
        day=table.index[-1],
        change=float(last["change"]),
        relative=float(last["relative"]),
        percentile=float(last["percentile"]),
        low=float(last["low"]),
        high=float(last["high"]),
        z=float(last["z"]),
        since=table.index[0],
        years=float(last["years"]),
        history=table,
    )


def _place(table: pd.DataFrame) -> None:
    """Add the place of each change among those up to it."""
    from scipy.special import ndtri

    change = table["change"]
    years = 1 + (table.index - table.index[0]) / YEAR
    told = years >= LEAST_YEARS
    rank = change.expanding().rank(method="max") / np.arange(1, len(table) + 1)
    z = float(ndtri(0.5 + LEVEL / 2))
    middle = (rank + z**2 / (2 * years)) / (1 + z**2 / years)
    half = z / (1 + z**2 / years) * np.sqrt(rank * (1 - rank) / years + z**2 / (4 * years**2))
    spread = change.expanding().std()
    table["percentile"] = rank.where(told)
    table["low"], table["high"] = (
        (middle - half).clip(0, 1).where(told),
        (middle + half).clip(0, 1).where(told),
    )
    table["z"] = ((change - change.expanding().mean()) / spread.where(spread > 0)).where(told)
    table["years"] = years


@dataclass(frozen=True, eq=False)
class Priced:
    """When prices answered: at announcement, or at settlement.

    Attributes:
        share: part of the response at announcement, fraction; missing where it is not told. Above 1 the
            settlement takes some back, below 0 the announcement moved prices the other way.
        low: lower end of its band.
        high: upper end.
        at_announcement: response for USD 100 bn, decimal return, with its band (low, central, high).
        at_settlement: the same around settlement.
        events: announced amounts used: `announced`, `settled`, `amount`, `at_announcement`,
            `at_settlement` (returns beyond the mean, decimal).
        left_out: events whose days overlap or run past the prices.
        reason: why the share is not told; empty where it is.
    """

    share: float
    low: float
    high: float
    at_announcement: tuple[float, float, float]
    at_settlement: tuple[float, float, float]
    events: pd.DataFrame
    left_out: int
    reason: str

    @property
    def is_told(self) -> bool:
        """Return whether the data can tell the share."""
        return not self.reason

    @property
    def not_priced(self) -> tuple[float, float, float]:
        """Return the share that comes at settlement: low, central, high."""
        return 1 - self.high, 1 - self.share, 1 - self.low


def priced(
    prices: pd.Series[float],
    announced: pd.DatetimeIndex,
    settled: pd.DatetimeIndex,
    amounts: Measured,
    *,
    sessions: int = 1,
    draws: int = 2_000,
    seed: int = 0,
) -> Priced:
    """Return the share of the price response that came at announcement, with a bootstrap band.

    A response is the log return from the close before the day to the close `sessions` - 1 after it, less
    the mean daily return outside all events. Slopes go through the origin; the band is the percentile
    interval over events drawn with replacement, both responses of an event together. The share is told if
    the sum of the responses differs from zero in that band. What else happened on those days, other
    events among it, is noise here.

    Args:
        prices: daily closes; the last one ends what is known.
        announced: day of each announcement; a day without a session counts for the next one.
        settled: day on which the money moves, after it, as many.
        amounts: by event, + adds liquidity: what was news in it, in money; indexed as it comes.
        sessions: length of a response.
        draws: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        UnitError: amounts that are not money.
        DataError: as many announcements, settlements and amounts are not given, a settlement before its
            announcement, or prices out of order or not above zero.

    References:
        MacKinlay, A. (1997), Event Studies in Economics and Finance, Journal of Economic Literature 35,
        13-39. Efron, B. & Tibshirani, R. (1993), An Introduction to the Bootstrap, section 9.5 (pairs).
    """
    events, left_out = _events(prices, announced, settled, amounts, sessions)
    nothing = (np.nan, np.nan, np.nan)
    if len(events) < LEAST_EVENTS:
        reason = f"not testable with this data: {len(events)} events, {LEAST_EVENTS} needed"
        return Priced(np.nan, np.nan, np.nan, nothing, nothing, events, left_out, reason)
    x = events["amount"].to_numpy() / 100
    y = events[["at_announcement", "at_settlement"]].to_numpy()
    slopes = _slopes(x, y)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(x), (draws, len(x)))
    samples = np.stack([_slopes(x[one], y[one]) for one in drawn])
    tails = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    ends = np.quantile(samples, tails, axis=0)
    bands = [(float(ends[0, at]), float(slopes[at]), float(ends[1, at])) for at in (0, 1)]
    total = samples.sum(axis=1)
    total_low, total_high = np.quantile(total, tails)
    if not (total_low > 0 or total_high < 0):
        reason = (
            f"not testable with this data: the response for USD 100 bn is {100 * slopes.sum():+.2f}% "
            f"[{100 * total_low:+.2f}, {100 * total_high:+.2f}], not told from zero"
        )
        return Priced(np.nan, np.nan, np.nan, bands[0], bands[1], events, left_out, reason)
    shares = samples[:, 0] / np.where(total == 0, np.nan, total)
    low, high = (float(end) for end in np.nanquantile(shares, tails))
    share = float(slopes[0] / slopes.sum())
    return Priced(share, low, high, bands[0], bands[1], events, left_out, "")


def _slopes(x: Floats, y: Floats) -> Floats:
    total = float(x @ x)
    return np.asarray(x @ y / total if total > 0 else np.zeros(y.shape[1]))


def _events(
    prices: pd.Series[float],
    announced: pd.DatetimeIndex,
    settled: pd.DatetimeIndex,
    amounts: Measured,
    sessions: int,
) -> tuple[pd.DataFrame, int]:
    """Return the events whose returns are known and apart from each other, and how many are not."""
    size = amounts.to("USD bn").series.to_numpy(dtype=np.float64)
    days = pd.DatetimeIndex(prices.index)
    closes = prices.to_numpy(dtype=np.float64)
    if not len(announced) == len(settled) == len(size):
        raise DataError(
            f"{len(announced)} announcements, {len(settled)} settlements and {len(size)} amounts",
            where=WHERE,
            expected="one of each for every event",
        )
    if (settled < announced).any():
        raise DataError("a settlement comes before its announcement", where=WHERE)
    if not (days.is_monotonic_increasing and days.is_unique and np.all(closes > 0)):
        raise DataError("prices are out of order or not above zero", where=WHERE, expected="daily closes")
    if sessions < 1:
        raise DataError(f"a response of {sessions} sessions", where=WHERE, expected="one at least")
    logs = np.log(closes)
    first, second = (np.searchsorted(days.to_numpy(), each.to_numpy()) for each in (announced, settled))
    is_known = (first >= 1) & (second + sessions <= len(days)) & np.isfinite(size)
    is_kept = is_known & (second >= first + sessions)
    quiet = np.ones(len(days), dtype=bool)
    quiet[0] = False
    for place in np.concatenate([first[is_known], second[is_known]]):
        quiet[place : place + sessions] = False
    usual = float(np.diff(logs, prepend=logs[0])[quiet].mean()) if quiet.any() else 0.0

    def response(places: npt.NDArray[np.int_]) -> Floats:
        return np.asarray(logs[places + sessions - 1] - logs[places - 1] - sessions * usual)

    table = pd.DataFrame(
        {
            "announced": announced[is_kept],
            "settled": settled[is_kept],
            "amount": size[is_kept],
            "at_announcement": response(first[is_kept]),
            "at_settlement": response(second[is_kept]),
        }
    )
    return table, int(len(size) - is_kept.sum())
