"""Fed-funds futures as they were quoted, evening by evening: a table of contracts, and the path that an
evening's strip says, under every convention in use.

Which meetings lie ahead is taken as it was known on the evening itself (`data.meetings`): a calendar not
yet published ends the path, and a decision between meetings counts from its own day.

Rates are in percent a year here, as the futures quote them; probabilities are fractions.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data import meetings
from groundswell.data.book import NEW_YORK
from groundswell.data.errors import DataError
from groundswell.measure import policy_path
from groundswell.measure.fed_meetings import WHERE, DayCount, month_of

Floats: TypeAlias = npt.NDArray[np.float64]

EARLIER_MONTHS = 3
"""Ended contracts that a path may begin with: three months in a row may hold meetings."""

SETTLED_WITHIN = pd.Timedelta(days=7)
"""The last quote of an ended contract stands for its settlement when it is this near the month's end."""


def table(quotes: pd.DataFrame) -> pd.DataFrame:
    """Return the prices of each evening: index day, columns "YYYY-MM", missing where nothing was quoted.

    The last quotes of a day in New York count. A contract keeps its last price once its month is over,
    if it was quoted in the last seven days of the month: it is then the average that came true.

    Args:
        quotes: `taken` (UTC), `expiry` (a day in the contract's month) and `settle`.
    """
    held = quotes[quotes["settle"].notna()]
    day = pd.DatetimeIndex(held["taken"]).tz_convert(NEW_YORK).tz_localize(None).normalize()
    month = pd.DatetimeIndex(held["expiry"]).strftime("%Y-%m")
    tidy = pd.DataFrame({"day": day, "month": month, "settle": held["settle"].to_numpy(dtype=np.float64)})
    tidy = tidy.assign(taken=held["taken"].to_numpy())
    last = tidy[tidy["taken"] == tidy.groupby("day")["taken"].transform("max")]
    wide = last.pivot_table(index="day", columns="month", values="settle", aggfunc="last")
    ends = pd.DatetimeIndex(pd.to_datetime(wide.columns) + pd.offsets.MonthEnd(0))
    days = pd.DatetimeIndex(wide.index)
    quoted = wide.apply(lambda prices: prices.last_valid_index())
    settled = (quoted.to_numpy() > (ends - SETTLED_WITHIN).to_numpy())[None, :]
    over = days.to_numpy()[:, None] > ends.to_numpy()[None, :]
    wide = wide.where(~(over & settled), wide.ffill())
    wide.index.name, wide.columns.name = "date", None
    return wide


@dataclass(frozen=True)
class Convention:
    """How rates are read off a strip.

    Attributes:
        day_count: "cme": the day of the decision has the new rate; "effective": the old one.
        anchor: "auto", "forward" or "backward", as `fed_meetings.solve`.
        start: the rate before the first meeting: from the "futures", or the "spot" rate.
    """

    day_count: DayCount = "cme"
    anchor: Literal["auto", "forward", "backward"] = "auto"
    start: Literal["futures", "spot"] = "futures"


HOUSE = Convention()
"""The convention of the sheet: CME's day count, the better determined anchor, no spot rate."""

CONVENTIONS = tuple(
    Convention(day_count, anchor, start)
    for start in ("futures", "spot")
    for day_count in ("cme", "effective")
    for anchor in ("auto", "forward", "backward")
)  # type: ignore[arg-type, unused-ignore]


@dataclass(frozen=True, eq=False)
class Strip:
    """One evening's contracts.

    Attributes:
        day: of the evening.
        prices: by month, "YYYY-MM".
        spot: effective rate since the last decision, percent a year; `None` where none is known.
    """

    day: pd.Timestamp
    prices: dict[str, float]
    spot: float | None = None

    @classmethod
    def on(cls, prices: pd.DataFrame, day: pd.Timestamp, spot: float | None = None) -> Strip:
        """Return the strip of one evening of a table of prices.

        Args:
            prices: as `table` returns them.
            day: among its days.
            spot: see the class.
        """
        row = prices.to_numpy(dtype=np.float64)[prices.index.get_indexer(pd.DatetimeIndex([day]))[0]]
        quoted = zip(prices.columns, row.tolist(), strict=True)
        return cls(day, {str(month): price for month, price in quoted if price == price}, spot)

    @cached_property
    def known(self) -> list[date]:
        """Return the days of decision known that evening, the last one of each month."""
        return meetings.one_a_month(meetings.days(self.day))

    @cached_property
    def ahead(self) -> list[date]:
        """Return the meetings still to come, as known that evening."""
        return [day for day in self.known if day > self.day.date()]

    def path(self, convention: Convention = HOUSE) -> pd.DataFrame:
        """Return `policy_path.meeting_rates` of the meetings ahead, as far as contracts and calendar reach.

        A decision of the months before, whose contracts still hold both rates, helps to find the rate
        now; the spot rate, where the convention wants it, takes that part over.

        Raises:
            DataError: no meeting is ahead, no spot rate where one is wanted, or nothing determines the
                next meeting.
        """
        ahead = self.ahead
        if not ahead:
            raise DataError(
                f"no meeting after {self.day:%Y-%m-%d} is in the table", where="FOMC meetings",
                expected="a later calendar", remedy="a newer version of groundswell has one",
            )  # fmt: skip
        if convention.start == "spot" and self.spot is None:
            raise DataError("there is no spot rate since the last decision", where=WHERE)
        refusal: DataError | None = None
        for months in self._stretches(convention.start == "spot"):
            listed = [day for day in self.known if month_of(day) in months]
            if convention.start == "spot":
                listed = [day for day in listed if day >= ahead[0]]
            while listed and listed[-1] >= ahead[0]:
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore", policy_path.IllDeterminedWarning)
                        found = policy_path.meeting_rates(
                            {month: self.prices[month] for month in months},
                            listed,
                            anchor=convention.anchor,
                            day_count=convention.day_count,
                            start_rate=self.spot if convention.start == "spot" else None,
                        )
                    return found.iloc[[day >= ahead[0] for day in listed]]
                except DataError as problem:
                    refusal = refusal or problem
                    months = [month for month in months if month < month_of(listed[-1])]
                    listed = listed[:-1]
        raise refusal or DataError(
            f"there is no contract of {month_of(ahead[0])}", where=WHERE, expected="the next meeting's month"
        )

    def _stretches(self, spot: bool) -> Iterator[list[str]]:
        """Yield months without a gap, from the most to the fewest ended ones in front."""
        now = pd.Period(self.day, "M")
        nearest = pd.Period(month_of(self.ahead[0]), "M")
        end = pd.Period(month_of(self.known[-1]), "M")
        earliest = [nearest] if spot else [now - back for back in range(EARLIER_MONTHS, -1, -1)] + [now + 1]
        for first in earliest:
            months = []
            while str(first) in self.prices and first <= end:
                months.append(str(first))
                first += 1
            if months and str(nearest) <= months[-1] and months[0] <= str(nearest):
                yield months


def accumulated(changes: npt.ArrayLike) -> list[pd.Series[float]]:
    """Return after each meeting the distribution of the change so far: index basis points, fractions.

    The moves of the meetings are independent, as in `policy_path.joint`; moves of no probability are
    left out.

    Args:
        changes: of each meeting in order, percent a year.
    """
    found = []
    reached, lowest = np.ones(1), 0
    for change in np.asarray(changes, dtype=np.float64):
        alone = policy_path.distribution(pd.Series([change]))
        reached, lowest = np.convolve(reached, alone.to_numpy()[0]), lowest + int(alone.columns[0])
        moves = lowest + policy_path.STEP_BP * np.arange(len(reached))
        found.append(pd.Series(reached, moves)[reached > 1e-12])
    return found
