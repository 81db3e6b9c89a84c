"""The frames of the policy section, each made from one evening's strip of fed-funds futures or from the
strips before it. Rates are annual decimals here, moves in basis points, probabilities fractions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from groundswell.data import meetings
from groundswell.data.book import Book
from groundswell.data.errors import DataError
from groundswell.measure import decision_odds, policy_path, rate_sensitivity
from groundswell.measure.decision_odds import Event
from groundswell.measure.fed_meetings import ILL_DETERMINED
from groundswell.measure.futures_strip import CONVENTIONS, HOUSE, Convention, Strip, accumulated
from groundswell.sheets import words
from groundswell.sheets.policy_words import UNSCHEDULED_TOO

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "meetings": (
        "meeting", "start", "end", "change", "total", "total_low", "total_high", "week", "anchor",
        "direction", "conditioning", "ill_determined",
    ),
    "moves": ("meeting", "move_bp", "probability"),
    "distribution": ("meeting", "total_bp", "level", "range_low", "range_high", "probability"),
    "conventions": (
        "day_count", "anchor", "start_from", "rate_before", "change", "cut", "unchanged", "rise", "likeliest",
        "conditioning", "used", "house",
    ),
    "odds": ("date", "change", "cut", "unchanged", "rise", "event"),
    "movement": (
        "meeting", "event_bp", "since", "through", "days", "prior", "last", "movement",
        "uncertainty_reduction", "excess", "reference_low", "reference_median", "reference_high",
        "rarity_low", "rarity_high", "bound",
    ),
    "swing": ("over", "since", "date", "before", "after", "odds", "rate"),
    "sensitivity": ("study", "per_bp", "low", "high", "sample", "source", "inside"),
}  # fmt: skip
"""The columns of each frame; `PolicySection` says what they mean."""

STEP = policy_path.STEP_BP / 1e4
"""Width of a target range, decimal."""

RANGES_SINCE = pd.Timestamp("2008-12-16")
"""Day from which the target is a range of 25 bp, whose lower end is a multiple of 25 bp."""

LEAST = 0.005
"""Probability below which a level is left out of the distribution."""

WEEK = 5
"""Sessions of a week."""


@dataclass(frozen=True, eq=False)
class Next:
    """What is priced for the next meeting.

    Attributes:
        meeting: day of the decision.
        moves: probability of each move in basis points, by the house convention.
        low: lowest probability of the likeliest move over the conventions in use.
        high: highest.
    """

    meeting: pd.Timestamp
    moves: pd.Series[float]
    low: float
    high: float

    @property
    def likeliest(self) -> int:
        """Return the move with the highest probability, basis points."""
        return _likeliest(self.moves)


def empty(name: str) -> pd.DataFrame:
    """Return a frame without rows."""
    return pd.DataFrame(columns=list(COLUMNS[name]))


def paths(strip: Strip) -> dict[Convention, pd.DataFrame]:
    """Return the path of every convention that the strip allows, in percent a year; the house's first.

    Raises:
        DataError: the house convention does not determine the next meeting.
    """
    found = {HOUSE: strip.path(HOUSE)}
    for convention in CONVENTIONS:
        try:
            found.setdefault(convention, strip.path(convention))
        except DataError:
            continue
    return found


def used(found: Mapping[Convention, pd.DataFrame]) -> dict[Convention, pd.DataFrame]:
    """Return the conventions that determine the next meeting well; the house's where none does."""
    well = {one: path for one, path in found.items() if path["conditioning"].iloc[0] < ILL_DETERMINED}
    return well or {HOUSE: found[HOUSE]}


def fallen_back(found: Mapping[Convention, pd.DataFrame]) -> int:
    """Return how many conventions read the next meeting from the other side, for want of a contract."""
    return sum(
        one.anchor in ("forward", "backward") and path["direction"].iloc[0] != one.anchor
        for one, path in found.items()
    )


def meeting_table(
    found: Mapping[Convention, pd.DataFrame], earlier: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the path meeting by meeting.

    The total is the rate after a meeting less the rate now; its range is over the conventions in use that
    determine the meeting well, missing where none does. The week is the change of the rate after it since
    an earlier path.

    Args:
        found: path of each convention.
        earlier: the house's path of a week before; missing where there is none.
    """
    house = found[HOUSE]
    totals = pd.DataFrame(
        {one: _total(path).where(path["conditioning"] < ILL_DETERMINED) for one, path in used(found).items()}
    )
    total = _total(house)
    totals = totals.reindex(house.index)
    before = None if earlier is None else dict(zip(earlier.index, earlier["end"], strict=True))
    week = [np.nan if before is None else now - before.get(day, np.nan) for day, now in house["end"].items()]
    table = pd.DataFrame(
        {
            "meeting": pd.to_datetime(list(house.index)),
            "start": house["start"].to_numpy() / 100,
            "end": house["end"].to_numpy() / 100,
            "change": house["change"].to_numpy() / 100,
            "total": total.to_numpy() / 100,
            "total_low": totals.min(axis=1).to_numpy() / 100,
            "total_high": totals.max(axis=1).to_numpy() / 100,
            "week": np.array(week) / 100,
            "anchor": house["anchor"].to_numpy(),
            "direction": house["direction"].to_numpy(),
            "conditioning": house["conditioning"].to_numpy(),
            "ill_determined": house["conditioning"].to_numpy() >= ILL_DETERMINED,
        }
    )
    return table[list(COLUMNS["meetings"])]


def moves(path: pd.DataFrame) -> pd.DataFrame:
    """Return the probability of each move at each meeting alone, moves of no probability left out."""
    alone = policy_path.distribution(path["change"])
    rows = [
        (pd.Timestamp(meeting), int(move), float(probability))
        for meeting, row in zip(path.index, alone.to_numpy(), strict=True)
        for move, probability in zip(alone.columns.to_numpy(dtype=np.int64), row, strict=True)
        if probability > 0
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["moves"]))


def determined(path: pd.DataFrame) -> pd.DataFrame:
    """Return the path up to the last meeting that is well determined: after it only noise is added."""
    well = np.flatnonzero(path["conditioning"].to_numpy() < ILL_DETERMINED)
    return path.iloc[: well[-1] + 1] if len(well) else path.iloc[:1]


def distribution(path: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return the distribution of the rate after each meeting, by the change since now.

    A level is the rate before the next meeting plus the change. Its target range is the one of 25 bp that
    holds it, missing before target ranges came in.
    """
    path = determined(path)
    now = float(path["start"].iloc[0]) / 100
    floor = np.floor(now / STEP + 1e-9) * STEP if day >= RANGES_SINCE else np.nan
    rows = [
        (
            pd.Timestamp(meeting),
            int(total),
            now + total / 1e4,
            floor + total / 1e4,
            floor + STEP + total / 1e4,
            float(probability),
        )
        for meeting, reached in zip(path.index, accumulated(path["change"]), strict=True)
        for total, probability in zip(reached.index.to_numpy(dtype=np.int64), reached, strict=True)
        if probability >= LEAST
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["distribution"]))


def conventions(found: Mapping[Convention, pd.DataFrame]) -> pd.DataFrame:
    """Return the odds of the next meeting under each convention."""
    likeliest = _likeliest(_alone(found[HOUSE]))
    in_use = used(found)
    rows = []
    for one, path in found.items():
        alone = _alone(path)
        rows.append(
            (
                one.day_count,
                one.anchor,
                one.start,
                float(path["start"].iloc[0]) / 100,
                float(path["change"].iloc[0]) / 100,
                *_directions(alone),
                float(alone.get(likeliest, 0.0)),
                float(path["conditioning"].iloc[0]),
                one in in_use,
                one == HOUSE,
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS["conventions"]))


def next_meeting(found: Mapping[Convention, pd.DataFrame]) -> Next:
    """Return what is priced for the next meeting, with the range over the conventions in use."""
    alone = _alone(found[HOUSE])
    likeliest = _likeliest(alone)
    every = [float(_alone(path).get(likeliest, 0.0)) for path in used(found).values()]
    every.append(float(alone[likeliest]))
    return Next(pd.Timestamp(found[HOUSE].index[0]), alone[alone > 0], min(every), max(every))


def odds(found: pd.DataFrame, event: Event | None) -> pd.DataFrame:
    """Return the odds of the next meeting evening by evening, as `decision_odds.odds` has them."""
    if event is None or found.empty:
        return empty("odds")
    named = decision_odds.moves_of(found)
    table = pd.DataFrame(
        {
            "date": pd.DatetimeIndex(found.index),
            "change": found["change"].to_numpy() / 100,
            "cut": found[named[named < 0].tolist()].sum(axis=1).to_numpy(),
            "unchanged": found[named[named == 0].tolist()].sum(axis=1).to_numpy(),
            "rise": found[named[named > 0].tolist()].sum(axis=1).to_numpy(),
            "event": event.probability(found).to_numpy(),
        }
    )
    return table[list(COLUMNS["odds"])]


def movement(odds: pd.DataFrame, event: Event, meeting: date, conditioning: float) -> pd.DataFrame:
    """Return how far the odds moved against a Bayesian's, in one row; none where they never were open."""
    beliefs = pd.Series(odds["event"].to_numpy(), pd.DatetimeIndex(odds["date"]))
    found = decision_odds.movement(beliefs, conditioning)
    if found is None:
        return empty("movement")
    row = (
        pd.Timestamp(meeting), event.bp, beliefs.index[0], beliefs.index[-1], len(beliefs), found.prior,
        found.last, found.movement, found.uncertainty_reduction, found.excess, *found.reference,
        *found.rarity, found.bound,
    )  # fmt: skip
    return pd.DataFrame([row], columns=list(COLUMNS["movement"]))


def swing(odds: pd.DataFrame) -> pd.DataFrame:
    """Return the largest moves of the odds over a day and over a week."""
    days = pd.DatetimeIndex(odds["date"])
    belief, change = odds["event"].to_numpy(dtype=np.float64), odds["change"].to_numpy(dtype=np.float64)
    rows = []
    for over, sessions in (("1d", 1), ("1w", WEEK)):
        found = decision_odds.largest_move(pd.Series(belief, days), sessions)
        if found is None:
            continue
        low, high = days.get_indexer(pd.DatetimeIndex(found)).tolist()
        moved = belief[high] - belief[low], change[high] - change[low]
        rows.append((over, *found, belief[low], belief[high], *moved))
    return pd.DataFrame(rows, columns=list(COLUMNS["swing"]))


def sensitivity(book: Book, prices: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return what a basis point of surprise was worth to the index beside the published studies.

    Scheduled decisions first: one between meetings answers to news that moves the index by itself, as in
    March 2020. All decisions stand below. Where the book's history is too short, the published studies
    alone, and the sentence that says why.
    """
    days = pd.DatetimeIndex(prices.index)
    held = meetings.decisions(days[-1])
    held = held[(held["date"] > days[0]) & (held["date"] <= days[-1])]
    lacking = (
        f"Sensitivity of the index to the policy path: not testable with this data, which holds futures for "
        f"{words.count(len(held), 'decision')} since {days[0]:%Y-%m-%d}; {rate_sensitivity.LEAST_EVENTS} are "
        f"needed. The store keeps what each update brings."
    )
    if len(held) < rate_sensitivity.LEAST_EVENTS:
        return _published(), lacking
    every = [day.date() for day in held["date"]]
    scheduled = held["date"][held["kind"] == "scheduled"]
    try:
        surprises = rate_sensitivity.surprises(prices, every)
        returns = book.returns("index")
        path = surprises["path_bp"]
        alone = path[surprises["meeting"].isin(scheduled)]
        tables = [rate_sensitivity.sensitivity(returns, alone).beside_published()]
        if len(path) > len(alone):
            whole = rate_sensitivity.sensitivity(returns, path).beside_published()
            tables.insert(1, whole.loc[["here"]].rename(index={"here": UNSCHEDULED_TOO}))
    except DataError as problem:
        return _published(), f"{lacking[: lacking.index(',')]}: {problem.what}."
    table = pd.concat([tables[0].iloc[:1], *tables[1:], tables[0].iloc[1:]]).reset_index()
    table["per_bp"] = table["percent_per_10bp"] / 1000
    table[["low", "high"]] /= 1000
    return table[list(COLUMNS["sensitivity"])], ""


def _published() -> pd.DataFrame:
    rows = [
        (study.authors, study.per_bp, np.nan, np.nan, study.sample, study.where, None)
        for study in rate_sensitivity.PUBLISHED
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["sensitivity"]))


def _total(path: pd.DataFrame) -> pd.Series[float]:
    """Return the rate after each meeting less the rate before the first."""
    return path["end"] - path["start"].iloc[0]


def _alone(path: pd.DataFrame) -> pd.Series[float]:
    """Return the probability of each move at the first meeting of a path."""
    return policy_path.distribution(path["change"].iloc[:1]).iloc[0]


def _likeliest(alone: pd.Series[float]) -> int:
    """Return the move of the highest probability, basis points; the lower of two."""
    return int(alone.index.to_numpy(dtype=np.int64)[int(np.argmax(alone.to_numpy()))])


def _directions(alone: pd.Series[float]) -> tuple[float, float, float]:
    """Return the probabilities of a cut, of no change and of a rise."""
    move = alone.index.to_numpy(dtype=int)
    values = alone.to_numpy()
    return float(values[move < 0].sum()), float(values[move == 0].sum()), float(values[move > 0].sum())
