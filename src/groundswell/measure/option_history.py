"""What the chains of options kept in a store say through time: how much short-dated protection was traded,
and how wide the quotes behind the volatility index were.

A chain counts for the session on whose evening it was known: that of its own day or, taken on a day without
trading, the next. One taken while the market is open has only part of the day's volume and is left out. Of
several for one session the last counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from groundswell.data import calendar
from groundswell.data.book import NEW_YORK, Book, end_of
from groundswell.measure.curve_equation import LEAST_ROWS, REFERENCE
from groundswell.measure.vol_demand import SHORT_DATED_DAYS

CHAIN = "chain.spx"

COLUMNS = ("root", "kind", "expiry", "strike", "bid", "ask", "volume", "open_interest", "underlying")
"""Of the quotes: what is read of each contract."""

OPEN, COMPLETE = pd.Timedelta(hours=9.5), pd.Timedelta(hours=16)
"""Times in New York between which a chain's volume is not yet that of a day."""

TARGET_DAYS, NEAREST, FARTHEST = 30, 23, 37
"""Calendar days of the expiry whose quotes are measured, and the range in which it must lie (those of the
volatility index)."""

NEEDED = LEAST_ROWS + REFERENCE // 2 + 1
"""Sessions with a chain from which the equation of implied variance can use them: two years, and the
reference before the first."""

_REACH = pd.Timedelta(days=int(NEEDED * 365 / 252) + 14)
"""Span within which that many sessions lie."""

RECENT = pd.Timedelta(days=35)
"""How far back chains are read that are too few for the equation: a month."""

_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, eq=False)
class OptionHistory:
    """What the kept chains say, session by session.

    Attributes:
        days: one row per session with a chain. `taken` (UTC); `options`: volume in puts of up to nine
            days over the open interest of the whole chain, fraction; `relative_width`: median of
            (ask - bid) / mid of the out-of-the-money options of the expiry nearest to 30 days;
            `width`: half the width of those quotes in variance, annual, decimal. Missing where the
            chain does not say.
        partial: chains left out because they were taken while the market was open.
    """

    days: pd.DataFrame
    partial: int = 0

    @property
    def enough(self) -> bool:
        """Return whether there are days enough for the equation of implied variance."""
        return len(self.days.dropna(subset=["options", "width"])) >= NEEDED

    @property
    def options(self) -> pd.Series[float] | None:
        """Return the demand in options by day for the equation; `None` while there are too few days."""
        return self.days["options"] if self.enough else None

    @property
    def width(self) -> pd.Series[float] | None:
        """Return the half-width in variance by day for the equation; `None` while there are too few days."""
        return self.days["width"] if self.enough else None

    @property
    def sentence(self) -> str:
        """Return how many chains there are, and what they are enough for."""
        count, remedy = len(self.days), f"`groundswell update --series {CHAIN}` keeps one a day"
        if not count:
            left = f"; {self.partial} taken while the market was open are left out" if self.partial else ""
            return f"No chain of options is kept{left}: {remedy}."
        first = pd.Timestamp(self.days["taken"].iloc[0]).tz_convert(NEW_YORK)
        told = f"Chains are kept for {count} session{'s' * (count > 1)} since {first.day} {first:%b %Y}"
        if self.enough:
            return f"{told}: option volume and quote width are in the equation."
        return (
            f"{told}; {NEEDED} are needed before option volume and quote width can enter the equation, and "
            f"until then both are in what it leaves unexplained: {remedy}."
        )


def over_time(book: Book, since: pd.Timestamp | None = None) -> OptionHistory:
    """Return what the chains of the book say, session by session.

    Reading takes about a third of a second for a month of full chains.

    Args:
        book: its chains of the S&P 500.
        since: leave out chains taken earlier (a time with a zone).
    """
    return of_chains(book.quotes_over_time(CHAIN, list(COLUMNS), since))


def for_equation(book: Book) -> OptionHistory:
    """Return all the chains, or those of the last weeks where they do not reach back as far as it takes.

    Years of chains are tens of millions of contracts: they are read only where the first of them lies as
    far back as the equation needs.

    Args:
        book: its chains of the S&P 500.
    """
    end = end_of(book.as_of)
    reaches = book.quotes is not None and book.quotes.last(CHAIN, end - _REACH) is not None
    return over_time(book, None if reaches else end - RECENT)


def of_chains(quotes: pd.DataFrame) -> OptionHistory:
    """Return what chains say, session by session.

    With the strip of the volatility index, puts below and calls from the underlying on, each with a bid,

        width = (2 / T) sum_i dK_i / K_i^2 (ask_i - bid_i) / 2

    is how far the index's variance moves when every quote of the strip moves from its middle to an end.

    Args:
        quotes: `taken` and `COLUMNS`, one row per contract and moment.

    References:
        Cboe, Volatility Index Methodology (the strip). Todorov, K. & Vilkov, G. (2024), BIS Bulletin 95
        (why width moves an index of mid quotes).
    """
    if quotes.empty:
        return OptionHistory(_nothing())
    moments = pd.DatetimeIndex(quotes["taken"].unique()).sort_values()
    local = moments.tz_convert(NEW_YORK).tz_localize(None)
    dates, times = local.normalize(), local - local.normalize()
    trading = calendar.is_session(dates)
    partial = trading & (times >= OPEN) & (times < COMPLETE)
    every = pd.Series(_sessions(dates[~partial]), moments[~partial])
    counts = every.drop_duplicates(keep="last").rename_axis("taken")
    kept = quotes.loc[quotes["taken"].isin(counts.index)]
    if kept.empty:
        return OptionHistory(_nothing(), int(partial.sum()))
    kept = kept.assign(left=_days_left(kept))
    found = pd.concat([_demand(kept), _widths(kept)], axis=1).reindex(counts.index)
    found = found.reset_index(names="taken").set_index(pd.DatetimeIndex(counts.to_numpy(), name="session"))
    return OptionHistory(found, int(partial.sum()))


def _sessions(dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return for each date the first session not before it."""
    if not len(dates):
        return dates
    known = calendar.sessions(dates[0], dates[-1] + 14 * _DAY)
    return known[np.searchsorted(known.to_numpy(), dates.to_numpy(), side="left")]


def _days_left(quotes: pd.DataFrame) -> pd.Series[float]:
    taken = pd.DatetimeIndex(quotes["taken"]).tz_convert(NEW_YORK).tz_localize(None).normalize()
    left = pd.DatetimeIndex(quotes["expiry"]).normalize() - taken
    return pd.Series(left / _DAY, quotes.index)


def _demand(quotes: pd.DataFrame) -> pd.Series[float]:
    """Return `vol_demand.option_demand` of each moment; missing where no open interest is told."""
    near = (quotes["kind"] == "put") & quotes["left"].between(0, SHORT_DATED_DAYS)
    traded = quotes["volume"].where(near).groupby(quotes["taken"]).sum()
    size = quotes["open_interest"].groupby(quotes["taken"]).sum()
    return (traded / size.where(size > 0)).rename("options")


def _widths(quotes: pd.DataFrame) -> pd.DataFrame:
    """Return `relative_width` and `width` of each moment that has an expiry near enough."""
    good = quotes["left"].between(NEAREST, FARTHEST) & (quotes["bid"] > 0) & (quotes["ask"] >= quotes["bid"])
    spot = quotes["underlying"]
    out = np.where(quotes["kind"] == "put", quotes["strike"] < spot, quotes["strike"] >= spot)
    strip = quotes.loc[good & out].sort_values(["taken", "root", "expiry", "strike"])
    keys = ["taken", "root", "expiry"]
    groups = strip.groupby(keys, sort=False)
    strike = strip["strike"]
    above, below = groups["strike"].shift(-1) - strike, strike - groups["strike"].shift(1)
    step = (above.fillna(below) + below.fillna(above)) / 2
    gap = strip["ask"] - strip["bid"]
    strip = strip.assign(
        relative_width=gap / ((strip["ask"] + strip["bid"]) / 2),
        width=2 / (strip["left"] / 365) * step / strike**2 * gap / 2,
    )
    each = strip.groupby(keys, sort=False)
    every = pd.DataFrame(
        {
            "relative_width": each["relative_width"].median(),
            "width": each["width"].sum(min_count=2),
            "left": each["left"].first(),
            "count": each.size(),
        }
    )
    every = every.assign(off=(every["left"] - TARGET_DAYS).abs())
    chosen = every.sort_values(["off", "count"], ascending=[True, False]).groupby("taken", sort=True).head(1)
    return chosen.droplevel(["root", "expiry"])[["relative_width", "width"]].sort_index()


def _nothing() -> pd.DataFrame:
    columns = {"taken": pd.DatetimeIndex([], tz="UTC"), "options": [], "relative_width": [], "width": []}
    table = pd.DataFrame(columns, index=pd.DatetimeIndex([], name="session"))
    return table.astype({"options": "float64", "relative_width": "float64", "width": "float64"})
