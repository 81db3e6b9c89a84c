"""Fed-funds futures made from a path of the policy rate, for tests that know what is priced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from groundswell.data.book import NEW_YORK, Book
from groundswell.data.sources.quotes import MONTH_CODES

MONTHS_AHEAD = 13


def averages(day: pd.Timestamp, start: float, moves: Mapping[date, float], months: int = MONTHS_AHEAD) -> Any:
    """Return the average rate of each month from that of `day` on: `start` until the first of the moves.

    A decision holds from its own day, as CME counts.
    """
    first = day.replace(day=1)
    every = pd.date_range(first, first + pd.offsets.MonthEnd(months))
    rate = pd.Series(start, every)
    for meeting, move in moves.items():
        rate[every >= pd.Timestamp(meeting)] += move
    return rate.groupby(every.strftime("%Y-%m")).mean()


def quotes_of(
    days: Sequence[pd.Timestamp], start: float, moves: Callable[[pd.Timestamp], Mapping[date, float]]
) -> pd.DataFrame:
    """Return the quotes of each evening, at 18:00 in New York: `taken`, `expiry`, `settle`.

    `moves` says by evening what has been and will be decided, percent, from `start` on.
    """
    parts = []
    for day in days:
        rates = averages(day, start, moves(day))
        parts.append(
            pd.DataFrame(
                {
                    "taken": (day + pd.Timedelta(hours=18)).tz_localize(NEW_YORK).tz_convert("UTC"),
                    "expiry": pd.to_datetime(rates.index) + pd.offsets.MonthEnd(0),
                    "settle": 100 - rates.to_numpy(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def real_quotes(file: Path, since: str, until: str = "2022-12-30") -> pd.DataFrame:
    """Return real settlements of a file of contracts as quotes, from 2000 on."""
    rows = pd.read_csv(file, usecols=["date", "symbol", "close"])
    rows = rows[rows["date"].between(since, until) & rows["symbol"].str[3:].astype(int).between(0, 30)]
    month = rows["symbol"].str[2].map({code: at + 1 for at, code in enumerate(MONTH_CODES)})
    year = 2000 + rows["symbol"].str[3:].astype(int)
    taken = pd.to_datetime(rows["date"]).dt.tz_localize(NEW_YORK) + pd.Timedelta(hours=18)
    return pd.DataFrame(
        {
            "taken": taken.dt.tz_convert("UTC"),
            "expiry": pd.to_datetime({"year": year, "month": month, "day": 1}),
            "settle": rows["close"],
        }
    )


@dataclass(frozen=True)
class Told:
    """Keeps the quotes of one series through time."""

    rows: pd.DataFrame

    def last(self, name: str, before: pd.Timestamp) -> None:
        return None

    def over_time(
        self, name: str, columns: Sequence[str], before: pd.Timestamp, since: pd.Timestamp | None
    ) -> pd.DataFrame:
        if name != "futures.fed_funds":
            return pd.DataFrame(columns=["taken", *columns])
        return self.rows.loc[self.rows["taken"] < before, ["taken", *columns]].reset_index(drop=True)


def with_futures(book: Book, quotes: pd.DataFrame) -> Book:
    """Return a book that also keeps these quotes."""
    return replace(book, quotes=Told(quotes))


NOVEMBER_2025 = {
    "2025-10-29": 0.95, "2025-11-12": 0.629, "2025-11-13": 0.494, "2025-11-18": 0.50, "2025-11-19": 0.30,
    "2025-11-20": 0.391, "2025-11-21": 0.709, "2025-11-26": 0.82,
}  # fmt: skip
"""Odds of a cut of 25 bp on 10 December 2025 as published, compiled from secondary sources."""

SEPTEMBER, OCTOBER, DECEMBER = date(2025, 9, 17), date(2025, 10, 29), date(2025, 12, 10)
START = 4.33


def autumn_2025(day: pd.Timestamp) -> dict[date, float]:
    """Return the decisions of the autumn of 2025 as priced: two cuts that came, then the published odds."""
    published = pd.Series(NOVEMBER_2025)
    published.index = pd.to_datetime(published.index)
    known = published[published.index <= day]
    odds = float(known.iloc[-1]) if len(known) else 0.80
    early = {SEPTEMBER: -0.25, OCTOBER: -0.25}
    return {**early, DECEMBER: -0.25 * odds, date(2026, 1, 28): -0.05, date(2026, 3, 18): -0.10}
