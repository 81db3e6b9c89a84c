"""Charts over the index level: what is forced at which close, and how crowded the trend book is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt

from groundswell.sheets import words
from groundswell.show import tables
from groundswell.show.charts.style import (
    BAND_OPACITY,
    BUY,
    INK,
    MUTED,
    PLAIN,
    SELL,
    SIGNED,
    SIGNED_PERCENT,
    WIDTH,
    colour_of,
    data,
    finish,
    layered,
    reach,
    spread_labels,
    zero_line,
)

if TYPE_CHECKING:
    from groundswell.sheets.desk_sheet import Desk

HEIGHT = 225
LABEL_ROOM = 140
MAXIMUM_TRIGGER_MARKS = 40


def flow_ladder(desk: Desk) -> alt.LayerChart:
    """The next week's flow against tomorrow's close: bars for the total, a line per actor.

    Spot is marked by a vertical line, trigger levels by ticks along the top edge.
    """
    frame = desk.ladder
    rows = list(tables.records(frame))
    totals = [row for row in rows if row.actor == "total"]
    vertical = reach([number for row in rows for number in (row.flow, row.low, row.high)])
    levels = [row.level for row in rows] or [desk.spot]
    step = (max(levels) - min(levels)) / max(1, len(totals) - 1)
    horizontal = [min(levels) - 0.5 * step, max(levels) + 0.5 * step]
    width = WIDTH - LABEL_ROOM
    x = alt.X(
        "level:Q",
        scale=alt.Scale(domain=horizontal, nice=False),
        axis=alt.Axis(title="tomorrow's close", labelExpr=PLAIN, tickCount=7),
    )
    y = alt.Y(
        "flow:Q",
        scale=alt.Scale(domain=vertical, nice=False),
        axis=alt.Axis(title="next week, $bn; bars: total", labelExpr=SIGNED, tickCount=6),
    )
    total = alt.Chart(
        data(
            {
                "level": row.level,
                "flow": row.flow,
                "low": row.low,
                "high": row.high,
                "colour": colour_of(row.flow),
            }
            for row in totals
        )
    ).encode(x=x, color=alt.Color("colour:N", scale=None))
    bar_width = 0.62 * width / max(1, len(totals))
    layers: list[Any] = [
        total.mark_bar(size=bar_width, opacity=0.45).encode(y=y),
        total.mark_rule(strokeWidth=1.2).encode(y=alt.Y("low:Q"), y2="high:Q"),
        zero_line(),
        *_actor_lines(rows, x, y, vertical, horizontal[1]),
        *_spot_mark(desk.spot, horizontal, vertical),
        *_trigger_marks(desk, horizontal),
    ]
    chart = layered(layers, width, HEIGHT)
    description = (
        "Bars: total flow of the next week in USD bn for each closing level of tomorrow, with "
        "ranges. Lines: the actors. Vertical line: spot. Ticks at the top: trigger levels."
    )
    return finish(chart, _ladder_title(totals), description)


def crowding(desk: Desk) -> alt.LayerChart:
    """The share of the trend book that flips as the index moves up to 10% either way."""
    rows = list(tables.records(desk.crowding.sort_values("distance")))
    distances = [row.distance for row in rows] or [-0.1, 0.1]
    x = alt.X(
        "distance:Q",
        scale=alt.Scale(domain=[min(distances), max(distances)], nice=False),
        axis=alt.Axis(title="index move from spot", labelExpr=SIGNED_PERCENT, tickCount=9),
    )
    y = alt.Y(
        "share:Q",
        scale=alt.Scale(domain=reach([*(row.share for row in rows), 0.1]), nice=False),
        axis=alt.Axis(title="trend book flipped", format=".0%", tickCount=5),
    )
    layers: list[Any] = []
    for side, colour in ((-1, SELL), (1, BUY)):
        part = [row for row in rows if row.distance * side > 0]
        if not part:
            continue
        end = part[0] if side < 0 else part[-1]
        tone = colour_of(end.flow) if end.flow else colour
        points = [{"distance": row.distance, "share": row.share} for row in part]
        points.append({"distance": 0.0, "share": 0.0})  # at spot nothing has flipped yet
        half = alt.Chart(data(points))
        layers.append(half.mark_area(color=tone, opacity=BAND_OPACITY).encode(x=x, y=y))
        layers.append(half.mark_line(color=tone, strokeWidth=2).encode(x=x, y=y))
        layers.append(
            alt.Chart(
                data(
                    {"distance": row.distance, "share": row.share, "text": text}
                    for row, text in _crowding_labels(part, side)
                )
            )
            .mark_text(align="left" if side < 0 else "right", dx=-7 * side, dy=-5, color=tone)
            .encode(x=x, y=y, text="text:N")
        )
    today = alt.Chart(data([{"text": f"today {words.level(desk.spot)}"}]))
    layers += [
        zero_line(),
        today.mark_rule(color=INK, strokeDash=[3, 3]).encode(x=alt.XDatum(0)),
        today.mark_text(align="center", dy=-6, color=MUTED, baseline="bottom").encode(
            x=alt.XDatum(0), y=alt.value(0), text="text:N"
        ),
    ]
    chart = layered(layers, WIDTH - 24, 190)
    description = (
        "Share of the trend followers' book whose sign flips by the time the index has moved by "
        "the distance shown, falls to the left of today, rises to the right."
    )
    return finish(chart, _crowding_title(rows), description)


def _actor_lines(rows: list[Any], x: alt.X, y: alt.Y, vertical: list[float], right: float) -> list[alt.Chart]:
    actors = [name for name in dict.fromkeys(row.actor for row in rows) if name != "total"]
    lines = [row for row in rows if row.actor != "total" and math.isfinite(row.flow)]
    actors = [name for name in actors if any(row.actor == name and row.flow for row in lines)]
    if not actors:
        return []
    lines = [row for row in lines if row.actor in actors]
    ends = {row.actor: row.flow for row in sorted(lines, key=lambda row: row.level)}
    gap = 13 * (vertical[1] - vertical[0]) / HEIGHT
    places = dict(zip(ends, spread_labels(list(ends.values()), gap), strict=True))
    line = (
        alt.Chart(data({"level": row.level, "flow": row.flow, "actor": row.actor} for row in lines))
        .mark_line(color=MUTED, strokeWidth=1.2)
        .encode(x=x, y=y, detail="actor:N")
    )
    label = (
        alt.Chart(
            data(
                {
                    "level": right,
                    "flow": places[name],
                    "text": f"{words.actor_name(name)} {words.amount(ends[name])}",
                }
                for name in ends
            )
        )
        .mark_text(align="left", dx=4, color=MUTED, clip=False)
        .encode(x=x, y=y, text="text:N")
    )
    return [line, label]


def _spot_mark(spot: float, horizontal: list[float], vertical: list[float]) -> list[alt.Chart]:
    if not horizontal[0] <= spot <= horizontal[1]:
        return []
    mark = alt.Chart(data([{"level": spot, "flow": vertical[0], "text": words.level(spot)}]))
    return [
        mark.mark_rule(color=INK, strokeDash=[3, 3]).encode(x="level:Q"),
        mark.mark_text(align="left", dx=4, dy=-6, color=INK)
        .transform_calculate(label="'today ' + datum.text")
        .encode(x="level:Q", y="flow:Q", text="label:N"),
    ]


def _trigger_marks(desk: Desk, horizontal: list[float]) -> list[alt.Chart]:
    inside = [row for row in tables.records(desk.triggers) if horizontal[0] <= row.level <= horizontal[1]][
        :MAXIMUM_TRIGGER_MARKS
    ]
    if not inside:
        return []
    marks = alt.Chart(data({"level": row.level, "colour": colour_of(row.flow)} for row in inside))
    name = alt.Chart(data([{"level": horizontal[1], "text": "trigger levels"}]))
    return [
        marks.mark_rule(strokeWidth=2, clip=False).encode(
            x="level:Q",
            y=alt.value(-12),
            y2=alt.value(-3),
            color=alt.Color("colour:N", scale=None),
        ),
        name.mark_text(align="left", dx=4, baseline="middle", color=MUTED).encode(
            x="level:Q", y=alt.value(-7), text="text:N"
        ),
    ]


def _ladder_title(totals: list[Any]) -> str:
    drawn = sorted((row for row in totals if math.isfinite(row.flow)), key=lambda row: row.level)
    if not drawn:
        return "Next week: no flow depends on the level"
    low, high = drawn[0], drawn[-1]
    return (
        f"Next week: {words.flow_phrase(low.flow)} if tomorrow's close is "
        f"{words.percent(low.move, signed=True)}, {words.flow_phrase(high.flow)} if "
        f"{words.percent(high.move, signed=True)}"
    )


def _crowding_labels(part: list[Any], side: int) -> list[tuple[Any, str]]:
    near = min(part, key=lambda row: abs(row.distance - 0.05 * side))
    if not near.share:
        return []
    return [(near, f"{words.percent(near.share)}, {words.flow_phrase(near.flow)}")]


def _crowding_title(rows: list[Any]) -> str:
    if not any(row.share for row in rows):
        return "0% of the trend book flips within 10% of today"
    parts = []
    for side, word in ((-1, "fall"), (1, "rise")):
        near = min(rows, key=lambda row: abs(row.distance - 0.05 * side))
        size = words.percent(abs(near.distance))
        parts.append(f"a {size} {word} flips {words.percent(near.share)}")
    return f"Of the trend book {parts[0]}, {parts[1]}"
