"""Charts of what is ahead: the flow of a month by scenario, and the dates in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from groundswell.sheets import words
from groundswell.show import tables
from groundswell.show.charts.style import (
    BAND_OPACITY,
    INK,
    MUTED,
    RULE,
    SIGNED,
    WIDTH,
    colour_of,
    data,
    finish,
    layered,
    reach,
)

if TYPE_CHECKING:
    from groundswell.sheets.desk_sheet import Desk

SESSIONS_AHEAD = 25


def scenario_fan(desk: Desk) -> alt.FacetChart:
    """One panel per scenario on a shared scale: cumulative total flow of 21 sessions, with band."""
    frame = desk.fan.sort_values("session")
    names = words.scenario_order(list(frame["scenario"]))
    numbers = [number for column in ("flow", "low", "high") for number in frame[column]]
    x = alt.X(
        "session:Q",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(title="sessions", values=[0, 5, 10, 15, 21], format="d"),
    )
    y = alt.Y(
        "flow:Q",
        scale=alt.Scale(domain=reach(numbers, room=0.16), nice=False),
        axis=alt.Axis(title="cumulative flow, $bn", labelExpr=SIGNED, tickCount=5),
    )
    base = alt.Chart().encode(x=x, color=alt.Color("colour:N", scale=None))
    rises = base.transform_filter("datum.last && datum.flow >= 0")
    falls = base.transform_filter("datum.last && datum.flow < 0")
    zero = alt.Chart().transform_filter("datum.last")
    layers = [
        base.mark_area(opacity=BAND_OPACITY).encode(y=alt.Y("low:Q"), y2="high:Q"),
        zero.mark_rule(color=INK, strokeWidth=1).encode(y=alt.Y("zero:Q")),
        base.mark_line(strokeWidth=2).encode(y=y),
        rises.mark_text(align="right", baseline="bottom", dy=-6).encode(y=alt.Y("high:Q"), text="text:N"),
        falls.mark_text(align="right", baseline="top", dy=6).encode(y=alt.Y("low:Q"), text="text:N"),
    ]
    width = (WIDTH - 50) / max(1, len(names)) - 12
    chart = layered(layers, width, 190).facet(
        facet=alt.Facet("name:N", sort=[words.scenario_name(name) for name in names]),
        columns=max(1, len(names)),
        spacing=12,
        data=data(_fan_rows(frame)),
    )
    description = (
        "One panel per scenario, from the deepest fall to the largest rise: cumulative total flow "
        "in USD bn over the next 21 sessions, with its range and the last value."
    )
    return finish(chart, _fan_title(frame, names), description)


def calendar_strip(desk: Desk) -> alt.LayerChart:
    """The next 25 sessions as a strip: one row per kind of date, the day written at its mark."""
    kinds = _kinds(desk.calendar)
    rows = [
        {
            "date": f"{row.date:%Y-%m-%d}",
            "kind": kinds[row.event],
            "text": words.short_day(row.date),
        }
        for row in tables.records(desk.calendar.sort_values("date"))
    ]
    first = pd.Timestamp(desk.as_of)
    ahead = pd.bdate_range(first, periods=SESSIONS_AHEAD + 1)
    last = max([ahead[-1], *desk.calendar["date"]])
    span = [f"{first:%Y-%m-%d}", f"{last + pd.Timedelta(days=3):%Y-%m-%d}"]
    mondays = [1000 * int(day.timestamp()) for day in pd.date_range(first, last, freq="W-MON")]
    x = alt.X(
        "date:T",
        scale=alt.Scale(type="utc", domain=span, nice=False),
        axis=alt.Axis(title=None, format="%-d %b", values=mondays),
    )
    y = alt.Y(
        "kind:N",
        sort=list(dict.fromkeys(row["kind"] for row in rows)),
        axis=alt.Axis(
            title=None,
            domain=False,
            ticks=False,
            labelColor=INK,
            labelLimit=240,
            grid=True,
            gridColor=RULE,
            offset=10,
        ),
    )
    base = alt.Chart(data(rows)).encode(x=x, y=y)
    today = alt.Chart(data([{"date": span[0], "text": f"today {words.short_day(first)}"}]))
    layers = [
        base.mark_circle(color=INK, size=36, opacity=1),
        base.mark_text(align="left", dx=5, dy=-8).encode(text="text:N"),
        today.mark_rule(color=MUTED, strokeDash=[3, 3]).encode(x=x),
        today.mark_text(align="left", dx=4, baseline="bottom", color=MUTED).encode(
            x=x, y=alt.value(-2), text="text:N"
        ),
    ]
    chart = layered(layers, WIDTH - 170, alt.Step(26) if rows else 26)
    description = "Dates of the next 25 sessions that carry flows, one row per kind of date."
    return finish(chart, _calendar_title(desk), description)


def _fan_rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    ends = {row.scenario: row for row in tables.records(frame)}
    edges = frame.groupby("scenario").agg({"low": "min", "high": "max"})
    for row in tables.records(frame):
        end = ends[row.scenario]
        yield {
            "name": words.scenario_name(row.scenario),
            "session": row.session,
            "flow": row.flow,
            "low": row.low,
            "high": row.high,
            "colour": colour_of(end.flow),
            "zero": 0,
            "last": row.session == end.session,
            "edge": float(edges.loc[row.scenario, "low" if end.flow < 0 else "high"]),
            "text": words.flow(end.flow),
        }


def _fan_title(frame: pd.DataFrame, names: list[str]) -> str:
    if frame.empty:
        return "No scenario on this sheet"
    final = frame.sort_values("session").groupby("scenario")["flow"].last()
    shown = [name for name in ("down2", "flat", "up2") if name in names] or names[:3]
    parts = [f"{words.flow_phrase(final[name])} if {words.scenario_name(name)}" for name in shown]
    return "Over a month: " + ", ".join(parts)


def _kinds(calendar: pd.DataFrame) -> dict[str, str]:
    """The name of each kind of date: its label, or the event itself where labels differ."""
    names = {}
    for event, part in calendar.groupby("event", sort=False):
        labels = set(part["label"])
        name = str(labels.pop() if len(labels) == 1 else event).replace("_", " ")
        names[str(event)] = name[:1].upper() + name[1:]
    return names


def _calendar_title(desk: Desk) -> str:
    rows: list[Any] = list(tables.records(desk.calendar.sort_values("date")))
    number = f"{words.count(len(rows), 'date')} in {SESSIONS_AHEAD} sessions"
    ahead = [row for row in rows if row.date > pd.Timestamp(desk.as_of)]
    if not ahead:
        return number
    return f"{number}; next: {ahead[0].label}, {words.day(ahead[0].date)}"
