"""The sentences of the policy section: what is priced, how the odds swung, what a reader must know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from groundswell.measure.fed_meetings import month_of
from groundswell.sheets import words

if TYPE_CHECKING:
    from groundswell.measure.decision_odds import Event
    from groundswell.measure.futures_strip import Strip
    from groundswell.sheets.policy_frames import Next

UNSCHEDULED_TOO = "here, unscheduled too"
"""Name of the study of all decisions, those between meetings included."""

NO_FUTURES = "Policy path: no fed-funds futures in this data"

UPDATE = (
    "`groundswell update --series futures.fed_funds` fetches the fed-funds futures of today and of about the "
    "last 45 days, for as long as the venue keeps ended contracts; earlier ones cannot be had."
)

LEAST_MOVE = 0.005
"""Change of odds that prints as no point at all."""

RARE = 0.1
"""Share of Bayesians up to which a movement counts as more than news explains."""

YEAR_AHEAD = pd.Timedelta(days=366)
"""How far the finding looks."""

NO_CHANGE = 0.5e-4
"""Change of the rate that prints as no basis point at all, decimal."""

TURN = 25e-4
"""How far from its end a path must have been for the finding to tell, decimal: one step."""


def basis_points(rate: float) -> str:
    """Return a difference of rates as a size: "43 bp", "12.5 bp" below 20."""
    size = abs(rate) * 1e4
    return f"{size:.0f} bp" if size >= 19.95 else f"{size:.1f} bp"


def move(bp: int) -> str:
    """Return a move in words: "cut of 25 bp", "no change", "rise of 75 bp"."""
    return "no change" if bp == 0 else f"{'rise' if bp > 0 else 'cut'} of {abs(bp)} bp"


def event_name(event: Event) -> str:
    """Return what odds are about: "a rise of 75 bp or more"."""
    return f"a {move(event.bp)} or more"


def odds(probability: float) -> str:
    """Return a probability in percent, never rounded to certainty: "71%", "over 99%"."""
    if 0.995 <= probability < 1:
        return "over 99%"
    return "under 1%" if 0 < probability < 0.005 else words.percent(probability)


def points(change: float) -> str:
    """Return a change of odds in percentage points, signed: "+62"."""
    return words.percent(change, signed=True).removesuffix("%")


def priced(ahead: Next) -> str:
    """Return the likeliest move with its odds and range, then the next likeliest, for the strip."""
    first = ahead.likeliest
    said = f"{words.day(ahead.meeting)}: {move(first)} {odds(float(ahead.moves[first]))}"
    said += f" {words.percent_range(ahead.low, ahead.high)}"
    return said


def finding(ahead: Next, path: str) -> str:
    """Return what is priced for the next meeting and further out, in one sentence."""
    first = ahead.likeliest
    band = words.percent_range(ahead.low, ahead.high)
    said = f"{words.day(ahead.meeting)}: {move(first)} priced at {odds(float(ahead.moves[first]))}"
    said += f" {band[:-1]} over conventions]"
    others = ahead.moves.drop(first).sort_values(ascending=False)
    if len(others) and others.iloc[0] >= 0.01:
        said += f", {move(int(others.index[0]))} at {odds(float(others.iloc[0]))}"
    return f"{said}; {path}" if path else said


def path(table: pd.DataFrame, day: pd.Timestamp) -> str:
    """Return the change priced by the last meeting within a year: "43 bp of cuts by Sep 2026 [41, 44]".

    A path that turns is told with where it turns: "56 bp of rises by Dec 2023 [53, 57] after 104 bp of rises
    by May 2023".
    """
    rows = table[(table["meeting"] <= day + YEAR_AHEAD) & ~table["ill_determined"]]
    if len(rows) < 2:
        return ""
    last, farthest = rows.iloc[-1], rows.iloc[int(rows["total"].abs().to_numpy().argmax())]
    total = float(last["total"])
    low, high = float(last["total_low"]), float(last["total_high"])
    ends = sorted(abs(round(1e4 * end)) for end in (low, high))
    signed = low * high < 0 or abs(total) < NO_CHANGE
    band = f"[{_signed(low)}, {_signed(high)}]" if signed else f"[{ends[0]}, {ends[1]}]"
    said = f"{_net(total)} by {last['meeting']:%b %Y} {band}"
    if abs(float(farthest["total"]) - total) >= TURN:
        said += f" after {_net(float(farthest['total']))} by {farthest['meeting']:%b %Y}"
    week = float(last["week"])
    if week != week:
        return said
    if abs(week) < NO_CHANGE:
        return f"{said}, that rate unmoved in a week"
    return f"{said}, that rate {basis_points(week)} {'up' if week > 0 else 'down'} in a week"


def _net(change: float) -> str:
    """Return a change of the rate: "43 bp of cuts", "no change"."""
    if abs(change) < NO_CHANGE:
        return "no change"
    return f"{basis_points(change)} of {'rises' if change > 0 else 'cuts'}"


def _signed(change: float) -> str:
    """Return a change in basis points, signed, 0 without a sign."""
    size = round(1e4 * change)
    return f"{size:+d}".replace("-", words.MINUS) if size else "0"


def swung(
    meeting: pd.Timestamp, event: Event | None, moved: pd.DataFrame, swing: pd.DataFrame, now: pd.DataFrame
) -> str:
    """Return how the odds of the next meeting moved since the last decision, against a Bayesian's."""
    if event is None or swing.empty:
        return ""
    day = swing.iloc[0]
    said = f"Odds of {event_name(event)} on {words.short_day(meeting)}: {odds(float(now['event'].iloc[-1]))}"
    if abs(day["odds"]) < LEAST_MOVE:
        return f"{said}; unmoved since the last decision"
    said += f"; largest day {points(float(day['odds']))} points ({words.short_day(day['date'])}, "
    said += f"{basis_points(float(day['rate']))} of the expected rate)"
    if moved.empty:
        return said
    share = float(moved.iloc[0]["rarity_high"])
    if share <= RARE:
        return f"{said}; more than news explains: at most {odds(share)} of Bayesians move as far"
    return f"{said}; no more than news may explain: up to {odds(share)} of Bayesians move as far"


def data(day: pd.Timestamp, evenings: int, first: pd.Timestamp, spot: float | None) -> str:
    """Return which data the section stands on."""
    said = (
        f"fed-funds futures of {words.day(day)}, {words.count(evenings, 'evening')} since {words.day(first)}"
    )
    return said if spot is None else f"{said}; effective rate {spot:.2f}%"


def caveats(
    table: pd.DataFrame,
    strip: Strip,
    *,
    book_day: pd.Timestamp,
    stale_days: int | None,
    unused: int,
    fallen_back: int,
) -> tuple[str, ...]:
    """Return what a reader must know before using the odds."""
    said = [
        "Odds are risk-neutral: a term premium reads as odds. The band is the range over day counts, anchors "
        "and, where known, the spot rate; it holds no other error. A step is 25 bp: 50 points of odds are "
        "12.5 bp of the expected rate."
    ]
    if stale_days is not None:
        said.append(f"The futures are {words.age(stale_days)}.")
    since = [one for one in strip.ahead if pd.Timestamp(one) <= book_day]
    if since:
        said.append(f"The decision of {words.day(since[0])} has been taken since these futures were quoted.")
    ill = table[table["ill_determined"]]
    if len(ill):
        days = ", ".join(words.day(meeting) for meeting in ill["meeting"])
        worst = float(ill["conditioning"].max())
        said.append(
            f"Ill determined: {days}; one basis point in a contract moves the change there by up to "
            f"{worst:.0f}. A last one is left out of the distribution."
        )
    if unused:
        said.append(f"{words.count(unused, 'convention')} left out of the band as ill determined.")
    if fallen_back:
        said.append(
            f"For want of a contract {words.count(fallen_back, 'convention')} of the band read the next "
            "meeting by the other anchor: the band may be too narrow."
        )
    if strip.spot is None:
        said.append(
            "No effective rate since the last decision (`groundswell update --series effr`): no convention "
            "starts from the spot rate."
        )
    listed = {month_of(one) for one in strip.known}
    beyond = sorted(month for month in strip.prices if month > max(listed))
    if beyond:
        said.append(
            f"Contracts from {beyond[0]} on are left out: the calendar known that evening ends on "
            f"{words.day(strip.known[-1])}."
        )
    return tuple(said)
