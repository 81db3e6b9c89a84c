"""From monthly averages to the rate before and after each meeting: which contracts say it, with which
weights, and how far the answer can be trusted.

A month's average is nb/n of the rate before the decision and (n - nb)/n of the rate after it. A month
without a meeting has one rate all month and ties a chain down (an anchor): forward, it is the rate
before the next meeting; backward, the rate after the last one. Everything is linear in the averages, so
the work is done once on weights and holds for every day's prices.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from groundswell.data.errors import DataError, closest
from groundswell.measure import figures

Floats: TypeAlias = npt.NDArray[np.float64]
DayCount: TypeAlias = Literal["cme", "effective"]

ILL_DETERMINED = 4.0
"""Conditioning from which a meeting counts as ill determined. At 4, one tick of half a basis point in
one contract moves the odds of a step of 25 by 8 points; a meeting after the 23rd, forward, is beyond."""

SPOT = "start_rate"
"""Name of the spot rate where it anchors a chain."""

WHERE = "fed-funds futures"


@dataclass(frozen=True, eq=False)
class Meeting:
    """The rate before and after one decision, as weights over the months' averages.

    Attributes:
        day: of the decision.
        start: weights of the rate before, over the months given, then the spot rate; shape (months + 1,).
        end: weights of the rate after, likewise.
        anchor: month (or `start_rate`) that ties the chain down.
        direction: "forward" (the rate before is known first) or "backward".
    """

    day: date
    start: Floats
    end: Floats
    anchor: str
    direction: Literal["forward", "backward"]

    @property
    def conditioning(self) -> float:
        """Return by how many basis points the change moves for one in the contract it hangs on most.

        1 is as good as it gets; it grows without bound as the days after the decision run out.
        """
        return float(np.abs(self.end - self.start).max())


@dataclass(frozen=True)
class _Side:
    """A known rate, as weights, and what it hangs on."""

    weights: Floats
    anchor: str


def month_of(day: date) -> str:
    """Return the month of a day as "YYYY-MM"."""
    return f"{day.year:04d}-{day.month:02d}"


def days_at_old_rate(day: date, day_count: DayCount) -> tuple[int, int]:
    """Return how many days of the decision's month have the old rate, and how many days it has.

    By "cme" the day of the decision has the new rate already; by "effective" it is the last one of the
    old (a decision of the afternoon takes effect on the morning after).

    References:
        CME Group, Understanding the CME FedWatch tool (nb of n days); the Fed's implementation notes,
        which name the day after the decision.
    """
    return day.day - (day_count == "cme"), monthrange(day.year, day.month)[1]


def check(
    months: Sequence[str],
    meetings: Sequence[date],
    *,
    anchor: str = "auto",
    day_count: str = "cme",
    priced: bool = True,
) -> None:
    """Refuse what no path can be computed from.

    Args:
        months: those with a contract, "YYYY-MM".
        meetings: days of decisions.
        anchor: as `solve`.
        day_count: as `solve`.
        priced: every meeting's month must have a contract.

    Raises:
        DataError: no meeting; meetings out of order, or two in a month; a month without a contract; an
            anchor or day count that is none.
    """
    if not len(meetings):
        raise DataError("there is no meeting", where=WHERE, expected="one at least")
    for earlier, later in pairwise(meetings):
        if later <= earlier:
            raise DataError(
                f"the meeting of {later:%Y-%m-%d} follows that of {earlier:%Y-%m-%d}",
                where=WHERE,
                expected="meetings in order, each once",
                remedy="sort them",
            )
        if month_of(earlier) == month_of(later):
            raise DataError(
                f"{earlier:%Y-%m-%d} and {later:%Y-%m-%d} share a month",
                where=WHERE,
                expected="one meeting in a month, as one contract cannot part two changes",
                remedy="keep the one asked about, and give the rate before it as start_rate",
            )
    figures.word("day count", day_count, ("cme", "effective"), WHERE)
    if not isinstance(anchor, str):
        raise DataError(
            f"the anchor is {type(anchor).__name__} '{anchor}'",
            where=WHERE,
            expected="'auto', 'forward', 'backward' or a month, such as '2022-10'",
        )
    held = {month_of(day): day for day in meetings}
    absent = [month for month in held if month not in months]
    if priced and absent:
        raise DataError(
            f"the contract of {absent[0]} is missing",
            where=f"{WHERE}, meeting of {held[absent[0]]:%Y-%m-%d}",
            expected="a price for the month of every meeting",
            remedy=f"add '{absent[0]}', or leave its meeting out with all that follow",
        )
    if anchor in ("auto", "forward", "backward"):
        return
    if anchor in held:
        raise DataError(
            f"the anchor {anchor} has a meeting, on {held[anchor]:%Y-%m-%d}",
            where=WHERE,
            expected="a month without one, as its rate must be the same all month",
        )
    if anchor not in months:
        raise DataError(
            f"the anchor is '{anchor}'{closest(anchor, ['auto', 'forward', 'backward', *months])}",
            where=WHERE,
            expected="'auto', 'forward', 'backward' or a month that has a price",
        )


def solve(
    months: Sequence[str],
    meetings: Sequence[date],
    *,
    anchor: str = "auto",
    day_count: DayCount = "cme",
    spot: bool = False,
) -> list[Meeting | DataError]:
    """Return for each meeting the weights of its rates, or the refusal that says why there are none.

    Forward, the rate before is that of the latest month without a meeting since the meeting before, or
    else the rate after that meeting; the meeting's own contract then gives the rate after:
    end = (n avg - nb start)/(n - nb). Backward, the rate after is known first, and
    start = (n avg - (n - nb) end)/nb. Outside the list only the months next to it are looked at.

    The rule of "auto": of the two, whichever has the smaller conditioning. After the last meeting of the
    list, where the next month may hold a meeting that is not listed, and for the first one when the
    spot rate is given: forward, unless that is ill determined.

    Args:
        months: with a contract, "YYYY-MM", rising.
        meetings: days of decisions, in order.
        anchor: "auto"; "forward" or "backward", that way wherever it can be done; or a month without a
            meeting whose rate ends the meeting before it and starts the one after it, the others as
            "auto".
        day_count: as `days_at_old_rate`.
        spot: the rate before the first meeting is given.
    """
    units = dict(zip(months, np.eye(len(months), len(months) + 1), strict=True))
    forward = _forward(units, meetings, anchor, day_count, spot)
    backward = _backward(units, meetings, anchor, day_count, spot)
    after = [month_of(day) > anchor for day in meetings]
    solved: list[Meeting | DataError] = []
    for place, (ahead, back) in enumerate(zip(forward, backward, strict=True)):
        last_before = not after[place] and (place + 1 == len(meetings) or after[place + 1])
        first_after = after[place] and (place == 0 or not after[place - 1])
        named = anchor in units
        wanted: Meeting | None
        if anchor == "forward" or (named and first_after):
            wanted = ahead or back
        elif anchor == "backward" or (named and last_before):
            wanted = back or ahead
        elif ahead is None or back is None:
            wanted = ahead or back
        else:
            doubtful = place == len(meetings) - 1 or (spot and place == 0)
            keep = doubtful and ahead.conditioning < ILL_DETERMINED
            wanted = ahead if keep or ahead.conditioning <= back.conditioning else back
        solved.append(wanted or _undetermined(meetings[place], units, day_count))
    return solved


def _forward(
    units: dict[str, Floats], meetings: Sequence[date], anchor: str, day_count: DayCount, spot: bool
) -> list[Meeting | None]:
    found: list[Meeting | None] = []
    known: _Side | None = None
    for place, day in enumerate(meetings):
        earlier = meetings[place - 1] if place else None
        flat = _flat(units, earlier, day, anchor, latest=True)
        if place == 0 and spot:
            known = _Side(np.eye(len(units) + 1)[-1], SPOT)
        elif flat:
            known = _Side(units[flat], flat)
        own = units.get(month_of(day))
        old, whole = days_at_old_rate(day, day_count)
        if known is None or own is None or old == whole:
            found.append(None)
            known = None
            continue
        end = (whole * own - old * known.weights) / (whole - old)
        found.append(Meeting(day, known.weights, end, known.anchor, "forward"))
        known = _Side(end, known.anchor)
    return found


def _backward(
    units: dict[str, Floats], meetings: Sequence[date], anchor: str, day_count: DayCount, spot: bool
) -> list[Meeting | None]:
    found: list[Meeting | None] = []
    known: _Side | None = None
    for place in range(len(meetings) - 1, -1, -1):
        day = meetings[place]
        later = meetings[place + 1] if place + 1 < len(meetings) else None
        flat = _flat(units, day, later, anchor, latest=False)
        if flat:
            known = _Side(units[flat], flat)
        own = units.get(month_of(day))
        old, whole = days_at_old_rate(day, day_count)
        first = place == 0 and spot
        if known is None or not (first or (own is not None and old)):
            found.append(None)
            known = None
            continue
        if first or own is None:
            start = np.eye(len(units) + 1)[-1]
        else:
            start = (whole * own - (whole - old) * known.weights) / old
        found.append(Meeting(day, start, known.weights, known.anchor, "backward"))
        known = _Side(start, known.anchor)
    return found[::-1]


def _flat(
    units: dict[str, Floats], earlier: date | None, later: date | None, anchor: str, *, latest: bool
) -> str | None:
    """Return a month between two meetings: the one named as anchor, or the one nearest to the meeting.

    Beyond the first and the last meeting of the list only the neighbouring month is taken for granted.
    """
    low = month_of(earlier) if earlier else _shifted(month_of(later), -2) if later else ""
    high = month_of(later) if later else _shifted(month_of(earlier), 2) if earlier else ""
    between = sorted(month for month in units if low < month < high)
    if (
        anchor in units
        and (earlier is None or month_of(earlier) < anchor)
        and (later is None or anchor < month_of(later))
    ):
        return anchor
    if not between:
        return None
    return between[-1] if latest else between[0]


def _undetermined(day: date, units: dict[str, Floats], day_count: DayCount) -> DataError:
    own = month_of(day)
    where = f"{WHERE}, meeting of {day:%Y-%m-%d}"
    if own not in units:
        return DataError(f"the contract of {own} is missing", where=where, expected="a price for its month")
    old, whole = days_at_old_rate(day, day_count)
    neighbours = f"'{_shifted(own, -1)}' or '{_shifted(own, 1)}'"
    if old in (0, whole):
        side, month = ("after", _shifted(own, 1)) if old else ("before", _shifted(own, -1))
        return DataError(
            f"none of the {whole} days of its month lies {side} the decision (day count '{day_count}'), "
            f"so that the conditioning number is infinite",
            where=where,
            expected="days on both sides of the decision, or a month without a meeting next to it",
            remedy=f"add the contract of '{month}'",
        )
    return DataError(
        "no month without a meeting ties it down",
        where=where,
        expected=f"a price for {neighbours} where that month has no meeting, or the rate before the "
        f"first meeting",
        remedy="add that contract (an expired one at its last settlement), or give start_rate",
    )


def _shifted(month: str, by: int) -> str:
    number = int(month[:4]) * 12 + int(month[5:]) - 1 + by
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
