"""The odds of a decision over time, evening by evening: what may be asked of them, their largest moves, and
whether they moved more than information could move them.

Which meetings lay ahead is taken as it was known on each evening (`data.meetings`). Probabilities are
fractions; rates percent a year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data import calendar, meetings
from groundswell.data.errors import DataError
from groundswell.measure import policy_path
from groundswell.measure.belief_movement import Movement, excess_movement
from groundswell.measure.fed_meetings import month_of

AROUND = 4
"""Months on either side of a meeting that its odds may hang on."""

TICK_BP = 0.5
"""Tick of a contract that is not the nearest, basis points (CME rulebook, chapter 22; recalled)."""


def odds(prices: pd.DataFrame, meeting: date) -> pd.DataFrame:
    """Return `policy_path.odds_over_time` of a meeting, each evening with the calendar known by then.

    Days are left out before the meeting was known, after it, and where nothing determines it well.

    Args:
        prices: as `table` returns them.
        meeting: day of the decision.
    """
    days = pd.DatetimeIndex(prices.index)
    turns = meetings.turns()
    place = np.searchsorted(turns.to_numpy(), days.to_numpy(), side="right")
    centre = pd.Period(meeting, "M")
    parts = []
    for group in np.unique(place[days <= pd.Timestamp(meeting)]):
        part = prices[(place == group) & (days <= pd.Timestamp(meeting))]
        known = meetings.one_a_month(meetings.days(pd.Timestamp(part.index[-1])))
        if meeting not in known:
            continue
        last = min(str(centre + AROUND), month_of(known[-1]))
        months = [name for name in prices.columns if str(centre - AROUND) <= name <= last]
        listed = [day for day in known if str(centre - AROUND) <= month_of(day) <= last]
        try:
            parts.append(policy_path.odds_over_time(part[months], meeting, listed))
        except DataError:
            continue
    if not parts:
        return pd.DataFrame(columns=["start", "end", "change"], index=days[:0], dtype=np.float64)
    whole = pd.concat(parts)
    whole = whole[whole["change"].notna()].fillna(0.0)
    return whole[["start", "end", "change", *sorted(moves_of(whole))]]


def moves_of(odds: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the moves that odds have a column for, basis points."""
    return np.array([name for name in odds.columns if not isinstance(name, str)], dtype=np.int64)


@dataclass(frozen=True)
class Event:
    """What odds are about: a move beyond the middle between two neighbouring ones.

    Attributes:
        bp: the smaller of the moves that count, basis points: 75 is a rise of 75 or more, -25 a cut of 25
            or more.
    """

    bp: int

    @classmethod
    def open_at(cls, change: float) -> Event:
        """Return the event that is undecided where this change is expected, percent a year.

        Of the two moves on either side of the change, the one further from zero or beyond.
        """
        low = int(np.floor(change * 100 / policy_path.STEP_BP + 1e-9)) * policy_path.STEP_BP
        return cls(low if low < 0 else low + policy_path.STEP_BP)

    def probability(self, odds: pd.DataFrame) -> pd.Series[float]:
        """Return its probability for each row of odds (columns of moves in basis points)."""
        moves = moves_of(odds)
        count = moves[moves >= self.bp] if self.bp > 0 else moves[moves <= self.bp]
        return odds[count.tolist()].sum(axis=1).clip(0.0, 1.0).rename("event")


def previous_decision(meeting: date, known_at: pd.Timestamp) -> date:
    """Return the last day of decision before a meeting, as known on an evening."""
    return max(day for day in meetings.days(known_at) if day < meeting)


def since(odds: pd.DataFrame, last: date) -> tuple[pd.DataFrame, Event | None]:
    """Return the odds from the evening of the last decision on, and the event that was open at first.

    The event is chosen by the first evening alone, so that no later one decides what is asked; `None`
    where there is none yet.

    Args:
        odds: of one meeting, by evening.
        last: day of the decision before it.
    """
    found = odds[pd.DatetimeIndex(odds.index) >= pd.Timestamp(last)]
    return found, Event.open_at(float(found["change"].iloc[0])) if len(found) else None


def largest_move(beliefs: pd.Series[float], sessions: int) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return between which two evenings, at most so many sessions apart, a belief moved most.

    The nearest evening to `sessions` ago counts; the first of equal moves. `None` where no two are near.

    Args:
        beliefs: by evening.
        sessions: 1 for a day, 5 for a week.
    """
    days = pd.DatetimeIndex(beliefs.index)
    if len(days) < 2:
        return None
    every = calendar.sessions(days[0] - pd.Timedelta(days=7), days[-1])
    number = np.searchsorted(every.to_numpy(), days.to_numpy(), side="right")
    before = np.searchsorted(number, number - sessions, side="left")
    near = before < np.arange(len(days))
    if not near.any():
        return None
    values = beliefs.to_numpy()
    at = int(np.argmax(np.where(near, np.abs(values - values[before]).round(9), -1.0)))
    return days[before[at]], days[at]


def movement(beliefs: pd.Series[float], conditioning: float, *, draws: int = 2_000) -> Movement | None:
    """Return how far a belief moved against a Bayesian's; `None` where it was never open or seen once.

    The path begins on the first evening with odds strictly between 0 and 1. The simulated Bayesians are
    read off a strip that is rounded to a tick, as ours is.

    Args:
        beliefs: odds of one event by evening.
        conditioning: basis points of change for one in the contract it hangs on most.
        draws: simulated Bayesians for each share of the information.
    """
    values = beliefs.to_numpy(dtype=np.float64)
    still_open = np.flatnonzero((values > 0) & (values < 1))
    if not len(still_open) or still_open[0] > len(values) - 2:
        return None
    rounding = TICK_BP / np.sqrt(12) * conditioning / policy_path.STEP_BP
    return excess_movement(values[still_open[0] :], draws=draws, noise=float(rounding))


def movements(prices: pd.DataFrame, *, draws: int = 1_000) -> pd.DataFrame:
    """Return the movement of the odds of every scheduled decision that was held; index its day.

    Each path runs from the evening of the decision before to the evening of its own day.

    Columns:
        event_bp: what the odds are about, as `Event`.
        days: evenings with odds.
        prior, last, movement, uncertainty_reduction, excess, bound: as `Movement`.
        rarity_low, rarity_high: share of Bayesians with at least this excess, over what may have come out.

    Args:
        prices: as `futures_strip.table`.
        draws: as `movement`.
    """
    days = pd.DatetimeIndex(prices.index)
    held = meetings.decisions(days[-1])
    held = held[(held["kind"] == "scheduled") & held["date"].between(days[0], days[-1])]
    rows = {}
    for day in held["date"].iloc[1:]:
        meeting = day.date()
        last = previous_decision(meeting, day)
        if pd.Timestamp(last) < days[0]:
            continue
        found, event = since(odds(prices[(days >= pd.Timestamp(last)) & (days <= day)], meeting), last)
        if event is None:
            continue
        moved = movement(event.probability(found), 1.0, draws=draws)
        if moved is not None:
            rows[day] = {
                "event_bp": event.bp,
                "days": len(found),
                "prior": moved.prior,
                "last": moved.last,
                "movement": moved.movement,
                "uncertainty_reduction": moved.uncertainty_reduction,
                "excess": moved.excess,
                "bound": moved.bound,
                "rarity_low": moved.rarity[0],
                "rarity_high": moved.rarity[1],
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("meeting")
