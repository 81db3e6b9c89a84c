"""What a basis point of the expected policy path is worth to the index: an event study of decision days,
its band, and what others found.

A decision moves the index by what was not expected of it. The surprise is read from fed-funds futures
between two closes: in the coming target, and in the path of the months ahead. One number then says the
return per basis point; it holds on days of decisions, when the news is about policy, and is no statement
about other days, on which rates and shares answer to the same news.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data import calendar
from groundswell.data.errors import DataError

Floats: TypeAlias = npt.NDArray[np.float64]

PATH_MONTHS = 6
"""Whole months after the decision over which the expected path is averaged: four meetings."""

LATE_IN_MONTH = 7
"""Last days of a month on which the next contract is read instead (Kuttner 2001): n/(n - d) explodes."""

LEAST_EVENTS = 20
"""Decisions a study needs; with fewer, one of them decides."""

LARGEST_BP = 200.0
"""Surprises beyond stand for another unit: none was above 75."""

DISTURBED = (date(2001, 9, 17),)
"""Decisions left out: the first session after the attacks of September 2001 fell for another reason
(Bernanke & Kuttner 2005 leave it out too)."""

_WHERE = "rate sensitivity"


@dataclass(frozen=True)
class Study:
    """A published estimate.

    Attributes:
        authors: with the year.
        where: journal, volume and pages.
        sample: what it covers.
        per_bp: return of the index per basis point of surprise tightening, decimal.
        said: the sentence it comes from, in figures.
    """

    authors: str
    where: str
    sample: str
    per_bp: float
    said: str


PUBLISHED = (
    Study(
        "Bernanke & Kuttner (2005)",
        "Journal of Finance 60(3), 1221-1257, abstract",
        "broad US indexes, days of decisions, 1989-2002, surprise in the target",
        -0.01 / 25,
        "an unexpected cut of 25 bp: about +1%",
    ),
    Study(
        "Bernanke & Kuttner (2003)",
        "Federal Reserve Bank of San Francisco, Proceedings, March, abstract",
        "S&P 500, days of decisions, May 1989 to December 2001, surprise in the target",
        -0.013 / 25,
        "an unexpected cut of 25 bp: +1.3%",
    ),
    Study(
        "Ehrmann & Fratzscher (2004)",
        "ECB Working Paper 354, abstract",
        "US shares, days of decisions",
        -0.03 / 50,
        "a tightening of 50 bp: about -3%",
    ),
    Study(
        "Ehrmann & Fratzscher (2009)",
        "Oxford Bulletin of Economics and Statistics 71(6), 739-759, abstract",
        "mean of 50 equity markets, US decisions",
        -0.027 / 100,
        "a tightening of 100 bp: about -2.7%",
    ),
)
"""Figures read in the abstracts, those of 25 and 50 bp as whole numbers there: half a unit is 5-50%."""


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The return of the index per basis point of surprise.

    Attributes:
        per_bp: slope of the regression of returns on surprises, decimal per basis point.
        low: lower end of the band.
        high: upper end.
        level: of the band, fraction.
        standard_error: heteroskedasticity-consistent (HC3), decimal per basis point.
        r_squared: share of the returns' variance on these days, fraction.
        without_one: lowest and highest slope with any one decision left out.
        heaviest: the decision whose absence changes the slope most.
        events: the decisions used: index session, columns `change_bp` and `return`.
    """

    per_bp: float
    low: float
    high: float
    level: float
    standard_error: float
    r_squared: float
    without_one: tuple[float, float]
    heaviest: pd.Timestamp
    events: pd.DataFrame

    @property
    def is_settled(self) -> bool:
        """Return whether the band, and every slope with one decision left out, have the same sign."""
        return min(self.low, *self.without_one) > 0 or max(self.high, *self.without_one) < 0

    @property
    def sentence(self) -> str:
        """Return the finding in a sentence."""
        first, last = self.events.index[0], self.events.index[-1]
        sign = "" if self.is_settled else "; its sign is not settled"
        return (
            f"A surprise of +10 bp went with {1000 * self.per_bp:+.2f}% in the index "
            f"[{1000 * self.low:+.2f}, {1000 * self.high:+.2f}] on {len(self.events)} decisions from "
            f"{first:%Y-%m-%d} to {last:%Y-%m-%d}{sign}."
        )

    def beside_published(self) -> pd.DataFrame:
        """Return this estimate and the published ones: percent of the index for +10 bp.

        Columns: `percent_per_10bp`, `low`, `high` (missing where not published), `sample`, `source`,
        `inside` (whether the published figure lies in our band).
        """
        first, last = self.events.index[0], self.events.index[-1]
        own = (1000 * self.per_bp, 1000 * self.low, 1000 * self.high)
        rows = [("here", *own, f"{len(self.events)} decisions, {first:%Y}-{last:%Y}", "computed", True)]
        for study in PUBLISHED:
            inside = bool(self.low <= study.per_bp <= self.high)
            figures = (1000 * study.per_bp, np.nan, np.nan)
            rows.append((study.authors, *figures, study.sample, study.where, inside))
        columns = ["study", "percent_per_10bp", "low", "high", "sample", "source", "inside"]
        return pd.DataFrame(rows, columns=columns).set_index("study")


def surprises(
    prices: pd.DataFrame, meetings: Sequence[date], *, path_months: int = PATH_MONTHS
) -> pd.DataFrame:
    """Return the surprise of each decision between the close before it and that of its day; index session.

    With f the rate a contract implies (100 - price), d the day of the month and n its days,

        target = [f_t - f_(t-1)] n / (n - d)   of the month of the decision; in its last seven days the
                                               plain change of the next month's contract
        path   = mean over the next `path_months` contracts of f_t - f_(t-1)

    A decision on a day without a session counts for the next one. A figure is missing where a contract it
    needs has no price on both days, or where the close before is not of the session before.

    Columns:
        target_bp, path_bp: basis points, + is tighter than expected.
        meeting: day of the decision.

    Args:
        prices: of monthly contracts, columns "YYYY-MM", index sessions in order, 96.94 for 3.06%.
        meetings: days of decisions; unscheduled ones too if wanted.
        path_months: contracts averaged.

    Raises:
        DataError: no meeting, no prices, days out of order, or a price that is none.

    References:
        Kuttner, K. (2001), Monetary Policy Surprises and Interest Rates, Journal of Monetary Economics
        47(3), 523-544, equations 5-7.
    """
    days = pd.DatetimeIndex(prices.index)
    if not len(meetings) or not len(days):
        raise DataError("there are no decisions or no prices", where=_WHERE, expected="some of both")
    if not (days.is_monotonic_increasing and days.is_unique):
        raise DataError("the days are not in order, each once", where=_WHERE, remedy="sort the prices")
    values = prices.to_numpy(dtype=np.float64)
    wrong = ~np.isnan(values) & ~((values > 70) & (values < 102))
    if wrong.any():
        row, column = (int(place[0]) for place in np.nonzero(wrong))
        raise DataError(
            f"the price is {values[row, column]:g}",
            where=f"{_WHERE}, contract of {prices.columns[column]}, {days[row]:%Y-%m-%d}",
            expected="100 minus a rate in percent",
            remedy="correct the price or leave the contract out",
        )
    rows = []
    for meeting in sorted({pd.Timestamp(day) for day in meetings}):
        place = int(np.searchsorted(days.to_numpy(), meeting.to_numpy(), side="left"))
        if not 0 < place < len(days):
            continue
        session, before = days[place], days[place - 1]
        if len(calendar.sessions(before, session)) != 2 or len(calendar.sessions(meeting, session)) != 1:
            continue
        moves = 100 * (prices.iloc[place - 1] - prices.iloc[place])
        target = _target(moves, session)
        ahead = [float(moves.get(_month(session, step), np.nan)) for step in range(1, path_months + 1)]
        rows.append((session, target, float(np.mean(ahead)), meeting))
    table = pd.DataFrame(rows, columns=["session", "target_bp", "path_bp", "meeting"]).set_index("session")
    return table.loc[~table.index.duplicated(keep="last")]


def sensitivity(
    returns: pd.Series[float],
    changes: pd.Series[float],
    *,
    without: Sequence[date] = DISTURBED,
    level: float = 0.90,
    draws: int = 2_000,
    seed: int = 0,
) -> Sensitivity:
    """Return what a basis point was worth: least squares over the decisions, with a bootstrap band.

    r_t = a + b x_t + e_t over days of decisions only. The band is the percentile interval over decisions
    drawn with replacement (pairs), which lets a few large surprises weigh as much as they do.

    Args:
        returns: daily log returns of the index, decimal; other days may be among them.
        changes: surprise by session, basis points (a column of `surprises`, or any other measure of the
            expected path); missing ones are left out.
        without: days left out, for reasons known beforehand.
        level: of the band, fraction.
        draws: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        DataError: fewer than 20 decisions with both, surprises all alike, or in another unit.

    References:
        Bernanke, B. & Kuttner, K. (2005), Journal of Finance 60(3), section I. Efron, B. & Tibshirani, R.
        (1993), An Introduction to the Bootstrap, section 9.5 (pairs). Bootstrap by `arch`.
    """
    import statsmodels.api as sm  # type: ignore[import-untyped, unused-ignore]
    from arch.bootstrap import IIDBootstrap

    events = pd.DataFrame({"change_bp": changes, "return": returns.reindex(changes.index)}).dropna()
    events = events.loc[~pd.DatetimeIndex(events.index).isin([pd.Timestamp(day) for day in without])]
    if len(events) < LEAST_EVENTS:
        raise DataError(
            f"{len(events)} decisions have a surprise and a return",
            where=_WHERE,
            expected=f"{LEAST_EVENTS} at least",
            remedy="longer histories of the futures and of the index",
        )
    x, y = events["change_bp"].to_numpy(), events["return"].to_numpy()
    if np.abs(x).max() > LARGEST_BP:
        day = events.index[int(np.abs(x).argmax())]
        raise DataError(
            f"the surprise is {x[np.abs(x).argmax()]:g} bp",
            where=f"{_WHERE}, {day:%Y-%m-%d}",
            expected=f"basis points within {LARGEST_BP:g}",
        )
    if not np.ptp(x) > 0:
        raise DataError("all surprises are alike", where=_WHERE, expected="decisions that differ")
    fit = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HC3")
    share = IIDBootstrap(x, y, seed=seed).conf_int(_slope, draws, method="percentile", size=level)
    low, high = (float(end) for end in share.ravel())
    left_out = np.array([_slope(np.delete(x, one), np.delete(y, one))[0] for one in range(len(x))])
    slope = float(fit.params[1])
    return Sensitivity(
        per_bp=slope,
        low=low,
        high=high,
        level=level,
        standard_error=float(fit.bse[1]),
        r_squared=float(fit.rsquared),
        without_one=(float(left_out.min()), float(left_out.max())),
        heaviest=pd.Timestamp(events.index[int(np.abs(left_out - slope).argmax())]),
        events=events,
    )


def _slope(x: Floats, y: Floats) -> Floats:
    """Return the slope of the line through the points, 0 where all x are alike (a draw in a million)."""
    spread = x - x.mean()
    total = float(spread @ spread)
    return np.atleast_1d(spread @ y / total if total > 0 else 0.0)


def _target(moves: pd.Series[float], session: pd.Timestamp) -> float:
    length = monthrange(session.year, session.month)[1]
    if session.day > length - LATE_IN_MONTH:
        return float(moves.get(_month(session, 1), np.nan))
    return float(moves.get(_month(session, 0), np.nan)) * length / (length - session.day)


def _month(day: pd.Timestamp, ahead: int) -> str:
    whole = day.year * 12 + day.month - 1 + ahead
    return f"{whole // 12:04d}-{whole % 12 + 1:02d}"
