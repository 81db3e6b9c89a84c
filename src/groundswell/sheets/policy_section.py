"""The policy path on the desk sheet (M1): what fed-funds futures price for each coming decision, how the odds
of the next one swung, and whether they moved more than a Bayesian's would have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from groundswell.data import meetings, staleness
from groundswell.data.book import NEW_YORK, Book
from groundswell.data.catalog import catalog
from groundswell.data.errors import DataError
from groundswell.data.sources.roster import NAMES
from groundswell.measure import decision_odds, futures_strip
from groundswell.measure.futures_strip import HOUSE, Convention, Strip
from groundswell.sheets import policy_frames as frames
from groundswell.sheets import policy_words as phrases
from groundswell.sheets import words
from groundswell.sheets.moment import Moment, is_stale
from groundswell.sheets.section import Section, StripItem

FUTURES, SPOT = "futures.fed_funds", "effr"

EVENINGS = 5
"""Evenings looked back for one whose contracts are complete."""


@dataclass(frozen=True, kw_only=True)
class PolicySection(Section):
    """What is priced for the Fed's coming decisions.

    Frames, the house convention where nothing else is said (`futures_strip.HOUSE`):
        meetings: the rate before and after each meeting, the change there, the total since now with its
            range over conventions, how the rate after it moved in a week, and what it hangs on;
            `ill_determined` from a conditioning of 4 on.
        moves: probability of each move at each meeting alone.
        distribution: of the rate after each meeting, by total change since now, levels under 0.5% left
            out; `range_low` and `range_high` are the target range, inferred from the rate.
        conventions: the next meeting under each convention; `likeliest` is the probability of the move
            that the house convention finds likeliest. Those not `used` are ill determined. The range over
            the others is the band.
        odds: of the next meeting, evening by evening; `event` is the probability of a move at least as
            large as `movement.event_bp`.
        movement: of those odds since the decision before, against a Bayesian's (Augenblick & Rabin 2021).
        swing: their largest moves since the decision before, over a day and a week, also in the expected
            rate.
        sensitivity: return of the index per basis point of surprise on scheduled decisions ("here") and on
            all, and published estimates.

    Attributes:
        path: what is priced further out, in words; empty where there is one meeting alone.
        event: what `odds.event` is about, in words ("a cut of 25 bp or more"); empty without odds.
        swung: the finding about the odds of the next meeting; empty where there are fewer than two.
    """

    key: ClassVar[str] = "policy"
    title: ClassVar[str] = "Policy path"
    frames: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "meetings": ("meeting",),
        "moves": ("meeting", "move_bp"),
        "distribution": ("meeting", "total_bp"),
        "conventions": ("day_count", "anchor", "start_from"),
        "odds": ("date",),
        "movement": ("meeting",),
        "swing": ("over",),
        "sensitivity": ("study",),
    }
    units: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("start", "end", "change", "total", "total_low", "total_high"), "annual, decimal"),
        **dict.fromkeys(
            ("level", "range_low", "range_high", "rate_before", "rate", "week"), "annual, decimal"
        ),
        **dict.fromkeys(("move_bp", "total_bp", "event_bp"), "basis points"),
        **dict.fromkeys(("probability", "cut", "unchanged", "rise", "likeliest"), "fraction"),
        **dict.fromkeys(("event", "before", "after", "odds", "prior", "last", "bound"), "fraction"),
        **dict.fromkeys(("rarity_low", "rarity_high"), "share of simulated Bayesians, fraction"),
        "movement": "sum of squared changes of a probability",
        "conditioning": "basis points of change for one in a contract",
        "per_bp": "log return of the index per basis point of surprise",
    }

    meetings: pd.DataFrame
    moves: pd.DataFrame
    distribution: pd.DataFrame
    conventions: pd.DataFrame
    odds: pd.DataFrame
    movement: pd.DataFrame
    swing: pd.DataFrame
    sensitivity: pd.DataFrame
    path: str = ""
    event: str = ""
    swung: str = ""


def build(book: Book, at: Moment) -> PolicySection:
    """Return the policy section of a book, as known at the end of an evening.

    Args:
        book: cut at that evening.
        at: the moment of the sheet.
    """
    quotes = book.quotes_over_time(FUTURES, ["expiry", "settle"])
    quotes = quotes[quotes["taken"] < at.end] if len(quotes) else quotes
    if quotes.empty:
        return _without(phrases.NO_FUTURES, phrases.UPDATE)
    prices = futures_strip.table(quotes)
    try:
        strip, found = _last_determined(book, prices, at)
    except DataError as problem:
        day = pd.Timestamp(prices.index[-1])
        return _without(f"Policy path: not determined by the futures of {words.day(day)}", f"{problem}")
    day = strip.day
    ahead = frames.next_meeting(found)
    meeting = ahead.meeting.date()
    last = decision_odds.previous_decision(meeting, day)
    whole = decision_odds.odds(prices, meeting)
    recent, event = decision_odds.since(whole, last)
    now = frames.odds(recent, event)
    moved, swing = frames.empty("movement"), frames.empty("swing")
    if event is not None:
        moved = frames.movement(now, event, meeting, float(found[HOUSE]["conditioning"].iloc[0]))
        swing = frames.swing(now)
    sensitivity, lacking = frames.sensitivity(book, prices)
    table = frames.meeting_table(found, _week_before(prices, day))
    path = phrases.path(table, day)
    stale = is_stale(FUTURES, day, at)
    source = NAMES.get(catalog()[FUTURES].source, book.label)
    evening = at.end.tz_convert(NEW_YORK).tz_localize(None) - pd.Timedelta(days=1)
    told = StripItem(
        "Next FOMC", phrases.priced(ahead), day, "futures; range over conventions", source, stale
    )
    return PolicySection(
        finding=phrases.finding(ahead, path) + (f"; futures of {words.day(day)}" if stale else ""),
        data=phrases.data(day, len(prices), pd.Timestamp(prices.index[0]), strip.spot),
        missing=tuple(sentence for sentence in (lacking,) if sentence),
        caveats=phrases.caveats(
            table,
            strip,
            book_day=evening,
            stale_days=staleness.age(day, at.now) if stale else None,
            unused=len(found) - len(frames.used(found)),
            fallen_back=frames.fallen_back(found),
        ),
        strip=(told,) if ahead.meeting > evening else (),
        meetings=table,
        moves=frames.moves(found[HOUSE]),
        distribution=frames.distribution(found[HOUSE], day),
        conventions=frames.conventions(found),
        odds=frames.odds(whole, event),
        movement=moved,
        swing=swing,
        sensitivity=sensitivity,
        path=path,
        event="" if event is None else phrases.event_name(event),
        swung=phrases.swung(ahead.meeting, event, moved, swing, now),
    )


def _last_determined(
    book: Book, prices: pd.DataFrame, at: Moment
) -> tuple[Strip, dict[Convention, pd.DataFrame]]:
    """Return the last evening whose contracts determine the next meeting, and its paths.

    Raises:
        DataError: none of the last evenings does.
    """
    refusal: DataError | None = None
    for day in pd.DatetimeIndex(prices.index)[: -EVENINGS - 1 : -1]:
        strip = Strip.on(prices, day, _spot(book, at, day))
        try:
            return strip, frames.paths(strip)
        except DataError as problem:
            refusal = refusal or problem
    assert refusal is not None
    raise refusal


def _week_before(prices: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame | None:
    """Return the house's path of the last evening at least a week before a day, if that is near enough."""
    week = prices[pd.DatetimeIndex(prices.index) <= day - pd.Timedelta(days=7)]
    if week.empty or week.index[-1] < day - pd.Timedelta(days=10):
        return None
    try:
        return Strip.on(week, pd.Timestamp(week.index[-1])).path()
    except DataError:
        return None


def _spot(book: Book, at: Moment, day: pd.Timestamp) -> float | None:
    """Return the last effective rate of the time since the last decision, percent a year; else `None`."""
    if SPOT not in book.series:
        return None
    known = book.series[SPOT].released_before(at.end).latest()
    known = known[known.index <= day]
    decided = [one for one in meetings.days(day) if pd.Timestamp(one) <= day]
    if known.empty or (decided and known.index[-1] <= pd.Timestamp(decided[-1])):
        return None
    return float(known.iloc[-1])


def _without(finding: str, missing: str) -> PolicySection:
    empty = {name: frames.empty(name) for name in frames.COLUMNS}
    return PolicySection(finding=finding, missing=(missing,), **empty)  # type: ignore[arg-type]
