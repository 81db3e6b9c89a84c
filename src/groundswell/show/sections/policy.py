"""How the policy section looks: the path with its distribution, and the odds of the next meeting."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from groundswell.sheets import policy_words as phrases
from groundswell.sheets import words
from groundswell.show.charts.style import (
    BUY,
    INK,
    MUTED,
    NEUTRAL,
    RULE,
    SELL,
    WIDTH,
    data,
    finish,
    layered,
    zero_line,
)
from groundswell.show.look import Figure, Look
from groundswell.show.tables import Row, Table, records, worded

if TYPE_CHECKING:
    from groundswell.sheets.policy_section import PolicySection

SESSIONS_SHOWN = 63
MEETINGS_SHOWN = 8
LABELLED = 0.10
"""Probability from which a level carries its number."""

STEP, ROW = 0.0025, 17
"""A target range, and its height in pixels."""

HERE = {"here": "This data, scheduled decisions", phrases.UNSCHEDULED_TOO: "This data, unscheduled too"}

ODDS_HEIGHT = 190
HALF_FULL = 0.6
"""Odds up to which the upper part of the chart is free for words."""


def path_chart(section: PolicySection) -> alt.LayerChart:
    """Target ranges after each meeting as dots whose area is the probability; a line for the expected rate.

    The rate before the next meeting is a dashed line, labelled now.
    """
    rates = section.meetings.head(MEETINGS_SHOWN)
    shown = list(rates["meeting"])
    levels = section.distribution[section.distribution["meeting"].isin(shown)]
    names = {
        row.meeting: f"{_when(row.meeting, shown[0])}|{words.percent(row.end, 2)}" for row in records(rates)
    }
    now = float(rates["start"].iloc[0])
    reach = [now, *levels["level"], *rates["end"]]
    low, high = min(reach) - 0.7 * STEP, max(reach) + 0.7 * STEP
    width = WIDTH - 80
    x = alt.X(
        "meeting:N",
        sort=list(names.values()),
        axis=alt.Axis(
            title="expected rate after the meeting",
            labelAngle=0,
            domain=False,
            ticks=False,
            labelExpr="split(datum.label, '|')",
        ),
    )
    y = alt.Y(
        "level:Q",
        scale=alt.Scale(domain=[low, high], nice=False, zero=False),
        axis=alt.Axis(title="fed funds rate", format=".2%", tickCount=6),
    )
    dots = [
        {
            "meeting": names[row.meeting],
            "level": row.level,
            "probability": row.probability,
            "text": words.percent(row.probability) if row.probability >= LABELLED else "",
            "colour": NEUTRAL if row.total_bp == 0 else SELL if row.total_bp > 0 else BUY,
        }
        for row in records(levels)
    ]
    expected = [{"meeting": names[row.meeting], "level": row.end} for row in records(rates)]
    base = alt.Chart(data(dots)).encode(x=x, y=y)
    line = alt.Chart(data(expected)).encode(x=x, y=y)
    mark = alt.Chart(data([{"level": now, "text": f"now {words.percent(now, 2)}"}]))
    layers: list[Any] = [
        mark.mark_rule(color=NEUTRAL, strokeDash=[3, 3]).encode(y=y),
        mark.mark_text(align="left", dx=14, color=INK).encode(x=alt.value(width), y=y, text="text:N"),
        line.mark_line(color=RULE, strokeWidth=1.4),
        base.mark_circle(opacity=0.55).encode(
            size=alt.Size("probability:Q", scale=alt.Scale(domain=[0, 1], range=[0, 620]), legend=None),
            color=alt.Color("colour:N", scale=None),
        ),
        line.mark_tick(color=INK, thickness=2, size=24, orient="horizontal", opacity=1),
        base.mark_text(align="left", dx=15).encode(text="text:N"),
    ]
    height = max(170, min(330, round((high - low) / STEP * ROW)))
    chart = layered(layers, width, height)
    path = "; ".join(f"{words.day(row.meeting)} {words.percent(row.end, 2)}" for row in records(rates))
    description = (
        "For each coming meeting of the FOMC the probability of each level of the fed funds rate after it, "
        f"as the area of a dot, and the expected rate as a tick: {path}. Dashed: the rate now, "
        f"{words.percent(now, 2)}."
    )
    return finish(chart, section.finding, description)


def odds_chart(section: PolicySection) -> alt.LayerChart:
    """Odds of the next meeting by evening since some way before the last decision, largest moves marked."""
    frame = section.odds.tail(SESSIONS_SHOWN)
    rows = [{"date": f"{row.date:%Y-%m-%d}", "event": row.event} for row in records(frame)]
    x = alt.X("date:T", scale=alt.Scale(type="utc", nice=False), axis=alt.Axis(title=None, format="%-d %b"))
    y = alt.Y(
        "event:Q",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(title=section.event, format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
    width = WIDTH - 70
    base = alt.Chart(data(rows)).encode(x=x, y=y)
    end = alt.Chart(data([{**rows[-1], "text": phrases.odds(float(rows[-1]["event"]))}])).encode(x=x, y=y)
    layers: list[Any] = [
        zero_line(),
        *_decision_mark(section, frame, x),
        base.mark_line(color=INK, strokeWidth=1.6),
        end.mark_circle(color=INK, size=24, opacity=1),
        end.mark_text(align="left", dx=6).encode(text="text:N"),
        *_swing_mark(section, frame, x, y),
    ]
    chart = layered(layers, width, ODDS_HEIGHT)
    description = (
        f"Odds of {section.event} by evening, from {words.day(frame['date'].iloc[0])} to "
        f"{words.day(frame['date'].iloc[-1])}; the largest day is drawn thick, the last decision is a dashed "
        "line."
    )
    return finish(chart, section.swung or f"Odds of {section.event}", description)


def meetings_table(section: PolicySection) -> Table:
    """The path meeting by meeting."""
    cells = (
        (
            words.day(row.meeting),
            words.percent(row.start, 2),
            words.percent(row.end, 2),
            _signed_bp(row.change),
            _signed_bp(row.total),
            words.MISSING
            if row.ill_determined
            else f"[{_signed_bp(row.total_low)}, {_signed_bp(row.total_high)}]",
            _signed_bp(row.week),
            f"{row.direction}, {_month(row.anchor)}",
            f"{row.conditioning:.1f}" + (" ill" if row.ill_determined else ""),
        )
        for row in records(section.meetings)
    )
    header = "Meeting >|Before >|After >|Change, bp >|Since now >|Range >|Week >|Read|Hangs on >"
    return _worded(section, "meetings", "What is priced for each meeting", header, cells)


def moves_table(section: PolicySection) -> Table:
    """Meetings in rows, moves in columns: the probability of each at that meeting alone."""
    frame = section.moves
    every = sorted(set(frame["move_bp"]))
    rows = []
    for meeting, part in frame.groupby("meeting", sort=True):
        odds = dict(zip(part["move_bp"], part["probability"], strict=True))
        cells = (words.day(meeting), *(phrases.odds(odds[m]) if m in odds else "" for m in every))
        rows.append(Row(words.address("policy_moves", f"{meeting:%Y-%m-%d}"), cells))
    header = ("Meeting", *(_move(int(m)) for m in every))
    title = "Probability of each move at the meeting alone, bp"
    return Table(f"{section.key}_moves", title, header, (True,) * len(header), tuple(rows))


def distribution_table(section: PolicySection) -> Table:
    """The distribution of the rate after each meeting."""
    cells = (
        (
            words.day(row.meeting),
            _move(row.total_bp),
            f"{words.percent(row.range_low, 2)} to {words.percent(row.range_high, 2)}"
            if math.isfinite(row.range_low)
            else words.percent(row.level, 2),
            phrases.odds(row.probability),
        )
        for row in records(section.distribution)
    )
    header = "After >|Since now, bp >|Target range >|Probability >"
    return _worded(section, "distribution", "Where the rate may stand after each meeting", header, cells)


def conventions_table(section: PolicySection) -> Table:
    """The next meeting under each convention."""
    cells = (
        (
            f"{row.day_count}{' (this sheet)' if row.house else ''}",
            row.anchor,
            row.start_from,
            words.percent(row.rate_before, 2),
            _signed_bp(row.change),
            phrases.odds(row.cut),
            phrases.odds(row.unchanged),
            phrases.odds(row.rise),
            phrases.odds(row.likeliest),
            f"{row.conditioning:.1f}",
            "yes" if row.used else "no, ill determined",
        )
        for row in records(section.conventions)
    )
    header = (
        "Day count|Anchor|Rate before from|Rate before >|Change, bp >|Cut >|No change >|Rise >|"
        "Likeliest move >|Hangs on >|In the band"
    )
    return _worded(section, "conventions", "The next meeting under every convention", header, cells)


def odds_table(section: PolicySection) -> Table:
    """The odds of the next meeting on the evenings the chart draws."""
    frame = section.odds.tail(SESSIONS_SHOWN)
    cells = (
        (
            words.day(row.date),
            _signed_bp(row.change),
            phrases.odds(row.cut),
            phrases.odds(row.unchanged),
            phrases.odds(row.rise),
            phrases.odds(row.event),
        )
        for row in records(frame)
    )
    header = f"Evening >|Expected change, bp >|Cut >|No change >|Rise >|{section.event.capitalize()} >"
    keys = section.frames["odds"]
    return worded(f"{section.key}_odds", "Odds of the next meeting by evening", header, frame, cells, keys)


def swing_table(section: PolicySection) -> Table:
    """The largest moves of the odds since the last decision."""
    cells = (
        (
            words.horizon_name(row.over),
            f"{words.day(row.since)} to {words.day(row.date)}",
            f"{phrases.odds(row.before)} to {phrases.odds(row.after)}",
            phrases.points(row.odds),
            f"{1e4 * row.rate:+.1f}".replace("-", words.MINUS),
        )
        for row in records(section.swing)
    )
    title = f"Largest moves of the odds of {section.event} since the last decision"
    return _worded(section, "swing", title, "Over|Between >|Odds >|Points >|Expected rate, bp >", cells)


def movement_table(section: PolicySection) -> Table:
    """The movement of the odds against a Bayesian's."""
    cells = (
        (
            words.day(row.meeting),
            f"{words.day(row.since)} to {words.day(row.through)}, {words.count(row.days, 'evening')}",
            f"{phrases.odds(row.prior)} to {phrases.odds(row.last)}",
            f"{row.movement:.3f}",
            f"{row.uncertainty_reduction:.3f}".replace("-", words.MINUS),
            f"{row.excess:+.3f}".replace("-", words.MINUS),
            f"[{row.reference_low:+.2f}, {row.reference_high:+.2f}]".replace("-", words.MINUS),
            f"{phrases.odds(row.rarity_low)} to {phrases.odds(row.rarity_high)}",
            phrases.odds(row.bound),
        )
        for row in records(section.movement)
    )
    header = (
        "Meeting >|Between >|Odds >|Movement >|Uncertainty resolved >|Excess >|5% to 95% of Bayesians >|"
        "As far or farther >|Bound for any Bayesian >"
    )
    title = f"Did the odds of {section.event} move more than news can move them?"
    return _worded(section, "movement", title, header, cells)


def sensitivity_table(section: PolicySection) -> Table:
    """What a surprise of 10 bp was worth to the index, here and in published studies."""
    cells = (
        (
            HERE.get(row.study, row.study),
            words.percent(10 * row.per_bp, 2, signed=True),
            words.percent_range(10 * row.low, 10 * row.high, 2),
            row.sample,
            row.source,
        )
        for row in records(section.sensitivity)
    )
    header = "Study|Index for +10 bp >|Range >|Sample|Source"
    title = "What a surprise in the expected path is worth to the index"
    return _worded(section, "sensitivity", title, header, cells)


def _worded(
    section: PolicySection, name: str, title: str, header: str, cells: Iterator[tuple[str, ...]]
) -> Table:
    frame, keys = section.frame(name), section.frames[name]
    return worded(f"{section.key}_{name}", title, header, frame, cells, keys)


def _when(meeting: pd.Timestamp, first: pd.Timestamp) -> str:
    """Return a meeting for an axis: with its year where that is not the first one's."""
    return words.short_day(meeting) if meeting.year == first.year else f"{meeting.day} {meeting:%b %y}"


def _month(anchor: str) -> str:
    return "spot" if anchor == "start_rate" else f"{pd.Timestamp(anchor):%b %y}"


def _move(bp: int) -> str:
    return "0" if bp == 0 else f"{bp:+d}".replace("-", words.MINUS)


def _signed_bp(rate: float) -> str:
    if not math.isfinite(rate):
        return words.MISSING
    text = f"{1e4 * rate:+.0f}"
    return "0" if text in ("+0", "-0") else text.replace("-", words.MINUS)


def _decision_mark(section: PolicySection, frame: pd.DataFrame, x: alt.X) -> list[alt.Chart]:
    """Return the line of the last decision, where it lies within the chart."""
    if section.movement.empty or section.movement["since"].iloc[0] <= frame["date"].iloc[0]:
        return []
    day = section.movement["since"].iloc[0]
    mark = alt.Chart(data([{"date": f"{day:%Y-%m-%d}", "text": "last decision"}]))
    return [
        mark.mark_rule(color=RULE, strokeDash=[3, 3]).encode(x=x),
        mark.mark_text(align="right", dx=-4, baseline="top", color=MUTED).encode(
            x=x, y=alt.value(2), text="text:N"
        ),
    ]


def _swing_mark(section: PolicySection, frame: pd.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Return the largest day as a thick stroke with its size."""
    days = [row for row in records(section.swing) if row.over == "1d" and row.since >= frame["date"].iloc[0]]
    if not days or abs(days[0].odds) < phrases.LEAST_MOVE:
        return []
    row = days[0]
    colour = SELL if row.odds < 0 else BUY
    ends = [
        {"date": f"{row.since:%Y-%m-%d}", "event": row.before},
        {"date": f"{row.date:%Y-%m-%d}", "event": row.after},
    ]
    text = f"{words.short_day(row.date)}: {phrases.points(row.odds)} points, {phrases.basis_points(row.rate)}"
    early = row.date < frame["date"].iloc[len(frame) // 2]
    height = 20 if max(row.before, row.after) < HALF_FULL else ODDS_HEIGHT - 12
    label = alt.Chart(data([{**ends[1], "text": text}]))
    return [
        alt.Chart(data(ends)).mark_line(color=colour, strokeWidth=4).encode(x=x, y=y),
        label.mark_text(align="left" if early else "right", color=colour).encode(
            x=x, y=alt.value(height), text="text:N"
        ),
    ]


LOOK: Look[PolicySection] = Look(
    figures=(
        Figure("policy_path", path_chart, meetings_table, lambda s: not s.meetings.empty),
        Figure("policy_odds", odds_chart, odds_table, lambda s: len(s.odds) > 1),
    ),
    tables=(
        moves_table,
        distribution_table,
        conventions_table,
        swing_table,
        movement_table,
        sensitivity_table,
    ),
    first=(meetings_table,),
)
