"""What fed-funds futures say about the coming decisions: the rate before and after each meeting, the
probability of each move, their joint distribution, and how the odds moved over time.

Rates are in percent a year, as the futures quote them (100 minus the price); moves in basis points, in
steps of 25; probabilities are fractions. They are risk-neutral: a term premium would be read as odds.

References:
    CME Group, Understanding the CME FedWatch tool methodology (probability tree; sheet of 12 September
    2022; article of 2024 on the aggregated view), whose printed figures the tests reproduce.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError
from groundswell.measure import fed_meetings, figures
from groundswell.measure.fed_meetings import ILL_DETERMINED, SPOT, WHERE, DayCount, Meeting, month_of
from groundswell.measure.meeting_days import MeetingIndex, day_of, days_of

STEP_BP = 25
"""Size of a move (all scheduled decisions since 1995 were multiples of it)."""

LOWEST_PRICE, HIGHEST_PRICE = 70.0, 102.0
"""Prices outside stand for another unit: rates of 30% or of -2%."""

FARTHEST_SPOT = 1.5
"""Percentage points between the spot rate and the first meeting's month, beyond which one of the two is in
another unit: six steps at one meeting."""

MOST_CHANGE = 1_000.0
"""Percentage points: a change beyond is no price of a decision."""

Floats: TypeAlias = npt.NDArray[np.float64]
_MEND = "give the contracts on both sides of its month and anchor='auto'"
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


class IllDeterminedWarning(UserWarning):
    """A meeting whose odds hang on a few days of one contract."""


def meeting_rates(
    prices: Mapping[str, float],
    meetings: Sequence[date],
    *,
    anchor: str = "auto",
    day_count: DayCount = "cme",
    start_rate: float | None = None,
) -> pd.DataFrame:
    """Return the path meeting by meeting and what it hangs on; index `meeting`, the dates of the decisions.

    A row is found by its date, a Timestamp or a text: `table.loc["2022-09-21"]`.

    Where the direction changes between two meetings, the rate after the one and before the other may
    differ: by that much the contracts in between disagree.

    Columns:
        start, end, change: percent a year; change = end - start.
        anchor: month whose average ties the chain down, or `start_rate`.
        direction: "forward" or "backward" from there.
        conditioning: basis points of change for one in the contract it hangs on most (1 is best; from
            4 on the meeting is ill determined and a warning says so).

    Args:
        prices: of the monthly contracts by "YYYY-MM": 96.94 is an average of 3.06% in that month. A
            contract that has expired at its last settlement. A Series by month will do.
        meetings: days of decisions (dates, Timestamps or texts), in order. Months without a listed meeting
            count as having none, so list them all from the first to the last month given.
        anchor: "auto", "forward", "backward", or a month without a meeting ("YYYY-MM"), as
            `fed_meetings.solve` explains.
        day_count: "cme": the day of the decision has the new rate; "effective": the old one.
        start_rate: spot rate before the first meeting, percent a year, instead of a month's average; within
            `FARTHEST_SPOT` of the contract of the first meeting's month.

    Raises:
        DataError: a price or start rate that is none; meetings out of order or two in a month; a
            missing contract; nothing that ties the chain down.
    """
    held = _priced(prices)
    months = list(held)
    days = days_of(meetings, WHERE)
    fed_meetings.check(months, days, anchor=anchor, day_count=day_count)
    averages = _averages(held, days, start_rate)
    solved = _determined(months, days, anchor, day_count, start_rate is not None)
    rows = [(one.start @ averages, one.end @ averages, (one.end - one.start) @ averages) for one in solved]
    table = pd.DataFrame(rows, columns=["start", "end", "change"], index=MeetingIndex.of(days))
    table["anchor"] = [one.anchor for one in solved]
    table["direction"] = [one.direction for one in solved]
    table["conditioning"] = [one.conditioning for one in solved]
    table.attrs = {"unit": "percent a year", "day_count": day_count, "anchor": anchor}
    return table


def meeting_probabilities(
    prices: Mapping[str, float],
    meetings: Sequence[date],
    *,
    anchor: str = "auto",
    day_count: DayCount = "cme",
    start_rate: float | None = None,
) -> pd.DataFrame:
    """Return, for each meeting, the change priced and the probability of each move; index `meeting`.

    With the change in steps m = change / 25 bp, the two moves on either side of m share the
    probability so that their mean is m: the next one further from zero has |m| - trunc |m|.

    Columns:
        start, end, change: percent a year.
        then one for each move in basis points (integers, rising, 0 among them): probability of that
            move at this meeting alone (marginal), fraction.

    `attrs` holds the anchor, direction and conditioning of each meeting, by its day.

    Args:
        prices: as `meeting_rates`.
        meetings: as `meeting_rates`.
        anchor: as `meeting_rates`.
        day_count: as `meeting_rates`.
        start_rate: as `meeting_rates`.

    Raises:
        DataError: as `meeting_rates`.

    References:
        CME Group, FedWatch methodology.
    """
    rates = meeting_rates(prices, meetings, anchor=anchor, day_count=day_count, start_rate=start_rate)
    table = rates[["start", "end", "change"]].join(distribution(rates["change"]))
    hangs: dict[Hashable, object] = {
        name: dict(zip([day.isoformat() for day in rates.index], rates[name].tolist(), strict=True))
        for name in ("anchor", "direction", "conditioning")
    }
    table.attrs = rates.attrs | hangs
    return table


def joint(
    prices: Mapping[str, float],
    meetings: Sequence[date],
    *,
    anchor: str = "auto",
    day_count: DayCount = "cme",
    start_rate: float | None = None,
) -> pd.DataFrame:
    """Return the distribution of the cumulative change after each meeting; index `meeting`.

    The moves of the meetings are taken as independent and their distributions convolved (the
    "conditional" view). The mean of a row is the sum of the changes so far.

    Columns:
        one for each cumulative change in basis points (integers, rising): probability, fraction.

    Args:
        prices: as `meeting_rates`.
        meetings: as `meeting_rates`.
        anchor: as `meeting_rates`.
        day_count: as `meeting_rates`.
        start_rate: as `meeting_rates`.

    Raises:
        DataError: as `meeting_rates`.

    References:
        CME Group, FedWatch methodology, "probability tree".
    """
    rates = meeting_rates(prices, meetings, anchor=anchor, day_count=day_count, start_rate=start_rate)
    reached = np.ones(1)
    lowest = 0
    rows = []
    for change in rates["change"]:
        alone = distribution(pd.Series([change]))
        reached = np.convolve(reached, alone.to_numpy()[0])
        lowest += int(alone.columns[0])
        rows.append(pd.Series(reached, index=lowest + STEP_BP * np.arange(len(reached))))
    table = pd.DataFrame(rows).sort_index(axis=1).fillna(0.0)
    table = table.loc[:, (table > 0).any()]
    table.index = rates.index
    table.columns = table.columns.astype(int)
    table.attrs = rates.attrs
    return table


def aggregated(
    prices: Mapping[str, float],
    meetings: Sequence[date],
    *,
    anchor: str = "auto",
    day_count: DayCount = "cme",
    start_rate: float | None = None,
) -> pd.DataFrame:
    """Return the distribution of the rate after each meeting against the rate now, in basis points.

    The change since before the first meeting is split between its two neighbouring moves, as at one
    meeting (the "aggregated" view): the narrowest distribution with that mean, where `joint` gives the
    one of independent meetings.

    Args:
        prices: as `meeting_rates`.
        meetings: as `meeting_rates`.
        anchor: as `meeting_rates`.
        day_count: as `meeting_rates`.
        start_rate: as `meeting_rates`.

    Raises:
        DataError: as `meeting_rates`.

    References:
        CME Group (2024), The CME FedWatch Tool aggregated enhancement explained.
    """
    rates = meeting_rates(prices, meetings, anchor=anchor, day_count=day_count, start_rate=start_rate)
    table = distribution(rates["end"] - rates["start"].iloc[0])
    table.attrs = rates.attrs
    return table


def odds_over_time(
    prices: pd.DataFrame,
    meeting: date,
    meetings: Sequence[date],
    *,
    anchor: str = "auto",
    day_count: DayCount = "cme",
    max_conditioning: float = ILL_DETERMINED,
) -> pd.DataFrame:
    """Return the odds of one meeting day by day: columns as `meeting_probabilities`, index that of prices.

    A row uses the prices of its own day only. Where a day's contracts do not determine the meeting, or
    determine it ill, the row is missing: noise would pass for movement. Days after the meeting are left
    out.

    Args:
        prices: one row per day, columns "YYYY-MM"; missing where a contract does not trade. Carry an
            expired contract's last settlement forward: it is the average that came true.
        meeting: the one asked about.
        meetings: all meetings of the months that are priced, in order, that one among them.
        anchor: as `meeting_rates`; a named month must be priced on the day.
        day_count: as `meeting_rates`.
        max_conditioning: conditioning number from which a row is missing.

    Raises:
        DataError: the meeting is not listed, no day determines it, or as `meeting_rates`.
    """
    days, day = days_of(meetings, WHERE), day_of(meeting, WHERE)
    if day not in days:
        raise DataError(f"the meeting of {day} is not among those listed", where=WHERE)
    place = days.index(day)
    max_conditioning = figures.number("max_conditioning", max_conditioning, WHERE)
    if not max_conditioning > 0:
        raise DataError(
            f"max_conditioning is {max_conditioning:g}", where=WHERE, expected="a number above zero"
        )
    table = figures.checked_table(prices, [], WHERE)
    months = sorted(_month(name) for name in table.columns)
    columns = figures.columns(table.set_axis([_month(name) for name in table.columns], axis=1), months, WHERE)
    fed_meetings.check(months, days, anchor=anchor, day_count=day_count, priced=False)
    in_time = np.array([day_of(one, WHERE) <= day for one in table.index], dtype=bool)
    values = np.column_stack([np.empty((len(table), 0)), *columns.values()])[in_time]
    _check_prices(values, months, np.isnan(values))
    result = np.full((len(values), 3), np.nan)
    patterns, kinds = np.unique(~np.isnan(values), axis=0, return_inverse=True)
    refusal: DataError | None = None
    for number, pattern in enumerate(patterns):
        priced = [month for month, there in zip(months, pattern, strict=True) if there]
        if anchor in months and anchor not in priced:
            continue
        one = fed_meetings.solve(priced, days, anchor=anchor, day_count=day_count)[place]
        if not isinstance(one, Meeting):
            refusal = one
            continue
        if one.conditioning >= max_conditioning:
            refusal = DataError(_ill(one), where=WHERE, remedy=_MEND)
            continue
        rows = kinds.ravel() == number
        averages = 100 - values[rows][:, pattern]
        result[rows, 0], result[rows, 1] = averages @ one.start[:-1], averages @ one.end[:-1]
        result[rows, 2] = averages @ (one.end - one.start)[:-1]
    table = pd.DataFrame(result, columns=["start", "end", "change"], index=prices.index[in_time])
    if table["change"].isna().all():
        raise refusal or DataError(
            "no day has a price for what the meeting needs",
            where=f"{WHERE}, meeting of {day:%Y-%m-%d}",
            expected="days up to the meeting on which its contracts trade",
        )
    return table.join(distribution(table["change"]))


def distribution(changes: pd.Series) -> pd.DataFrame:
    """Return the probability of each move for each change: two neighbouring moves with that mean.

    Args:
        changes: percent a year; a missing one gives a missing row.

    Returns:
        One column per move in basis points (integers, rising, 0 among them), fractions.

    Raises:
        DataError: a change is not a number, or beyond `MOST_CHANGE`.
    """
    values = figures.numbers("change", changes, WHERE)
    if not isinstance(changes, pd.Series) or (np.abs(values) > MOST_CHANGE).any():
        largest = np.max(np.abs(values), initial=0.0, where=~np.isnan(values))
        raise DataError(
            f"a {type(changes).__name__} of changes up to {largest:g} was given",
            where=WHERE,
            expected="a Series of changes in percent a year, such as -0.25",
        )
    steps = values * 100 / STEP_BP
    whole = np.round(steps)
    steps = np.where(np.abs(steps - whole) < 1e-9, whole, steps)  # 0.25 / 0.25 in binary
    low = np.floor(steps)
    share = steps - low
    there = np.isfinite(steps)
    first = int(min(low[there].min(initial=0), 0))
    last = int(max(np.ceil(steps[there]).max(initial=0), 0))
    moves = np.arange(first, last + 1)
    rows = (moves == low[:, None]) * (1 - share[:, None]) + (moves == low[:, None] + 1) * share[:, None]
    rows[~there] = np.nan
    return pd.DataFrame(rows, index=changes.index, columns=[int(move) * STEP_BP for move in moves])


def _determined(
    months: Sequence[str], days: Sequence[date], anchor: str, day_count: DayCount, spot: bool
) -> list[Meeting]:
    solved = []
    for one in fed_meetings.solve(months, days, anchor=anchor, day_count=day_count, spot=spot):
        if not isinstance(one, Meeting):
            raise one
        if one.conditioning >= ILL_DETERMINED:
            warnings.warn(f"{WHERE}: {_ill(one)}. To do: {_MEND}", IllDeterminedWarning, stacklevel=4)
        solved.append(one)
    return solved


def _ill(one: Meeting) -> str:
    return (
        f"the meeting of {one.day:%Y-%m-%d} is ill determined, conditioning number "
        f"{one.conditioning:.1f} ({one.direction} from {one.anchor}): half a basis point in one contract "
        f"moves the odds of a step by {one.conditioning * 50 / STEP_BP:.0f} points"
    )


def _priced(prices: Mapping[str, float]) -> dict[str, float]:
    """Return the price of each month, by rising month."""
    given = figures.mapping(prices, WHERE, "prices by month, such as {'2022-10': 96.94}")
    held = {_month(name): price for name, price in given.items()}
    return {month: figures.number(month, held[month], WHERE) for month in sorted(held)}


def _month(name: object) -> str:
    """Return the month that names a contract."""
    text = str(name) if isinstance(name, pd.Period) else name
    if not (isinstance(text, str) and _MONTH.fullmatch(text)):
        raise DataError(f"a contract is named '{name}'", where=WHERE, expected="its month, as '2022-10'")
    return text


def _averages(held: Mapping[str, float], days: Sequence[date], start_rate: float | None) -> Floats:
    """Return the average rate of each month, then the spot rate (0 where none is given), percent."""
    values = np.array(list(held.values()))
    _check_prices(values[None, :], list(held), np.zeros((1, len(held)), dtype=bool))
    if start_rate is None:
        return np.append(100 - values, 0.0)
    spot = figures.number(SPOT, start_rate, WHERE)
    if not -2 < spot < 30:
        raise DataError(f"the {SPOT} is {spot:g}", where=WHERE, expected="percent a year, such as 3.89")
    first = 100 - held[month_of(days[0])]
    if abs(spot - first) > FARTHEST_SPOT:
        raise DataError(
            f"the {SPOT} is {spot:g} and the contract of {month_of(days[0])} says {first:g}",
            where=WHERE,
            expected="percent a year, such as 3.89 (not 0.0389), of the time before the first meeting",
        )
    return np.append(100 - values, spot)


def _check_prices(values: Floats, months: Sequence[str], absent: npt.NDArray[np.bool_]) -> None:
    wrong = ~((values > LOWEST_PRICE) & (values < HIGHEST_PRICE)) & ~absent
    if wrong.any():
        row, column = (int(place[0]) for place in np.nonzero(wrong))
        raise DataError(
            f"the price is {values[row, column]:g}",
            where=f"{WHERE}, contract of {months[column]}",
            expected=f"100 minus the average rate in percent, between {LOWEST_PRICE:g} and {HIGHEST_PRICE:g}",
            remedy="correct the price or leave the contract out",
        )
