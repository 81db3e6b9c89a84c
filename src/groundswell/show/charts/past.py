"""Charts of what has been: each actor against its own past, and the parts of a move."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from groundswell.sheets import words
from groundswell.show import tables
from groundswell.show.charts.bars import named_bars
from groundswell.show.charts.style import (
    INK,
    NEUTRAL,
    SIGNED_PERCENT,
    WIDTH,
    colour_of,
    data,
    finish,
    layered,
    reach,
)

if TYPE_CHECKING:
    from groundswell.sheets.desk_sheet import Desk

PANELS_PER_ROW = 3


def exposure_history(desk: Desk) -> alt.FacetChart:
    """One small panel per actor: exposure as a share of its own maximum, with its band."""
    frame = tables.thinned(desk.history)
    frame = frame[frame["actor"] != "total"]
    numbers = [number for column in ("exposure", "low", "high") for number in frame[column]]
    names = [words.actor_name(str(actor)) for actor in dict.fromkeys(frame["actor"])]
    columns = min(PANELS_PER_ROW, max(1, len(names)))
    x = alt.X(
        "date:T",
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(title=None, format="%Y", tickCount={"interval": "year", "step": 1}),
    )
    y = alt.Y(
        "exposure:Q",
        scale=alt.Scale(domain=reach([*numbers, 1.0], room=0.02), nice=False),
        axis=alt.Axis(title=None, format=".0%", tickCount=3),
    )
    base = alt.Chart().encode(x=x)
    last = base.transform_filter("datum.last")
    zero = alt.Chart().transform_filter("datum.last")
    layers = [
        base.mark_area(color=NEUTRAL, opacity=0.3).encode(y=alt.Y("low:Q"), y2="high:Q"),
        zero.mark_rule(color=INK, strokeWidth=1).encode(y=alt.Y("zero:Q")),
        base.mark_line(color=INK, strokeWidth=1.1).encode(y=y),
        last.mark_circle(color=INK, size=22, opacity=1).encode(y=y),
        last.mark_text(align="left", dx=5).encode(y=y, text="text:N"),
    ]
    chart = layered(layers, WIDTH / columns - 52, 84).facet(
        facet=alt.Facet("name:N", sort=names),
        columns=columns,
        spacing={"row": 10, "column": 12},
        data=data(_history_rows(frame)),
    )
    description = (
        "One panel per actor: exposure as a share of the actor's own maximum, with the "
        "10th to 90th percentile of the parameter draws, and the last value."
    )
    return finish(chart, _history_title(frame), description)


def contributions(desk: Desk) -> alt.LayerChart:
    """Bars for the parts of the move, the residual and the index return among them, with ranges."""
    parts = list(tables.records(desk.moved))
    rows = [
        {
            "name": words.component_name(row.component),
            "start": 0.0,
            "end": row.effect,
            "low": row.low,
            "high": row.high,
            "colour": _part_colour(row),
            "opacity": 0.55,
            "text": _part_text(row),
        }
        for row in parts
    ]
    chart = named_bars(rows, "effect on the index, log return", SIGNED_PERCENT, 132)
    description = (
        "Parts of the index return over the window in log percent with their ranges: one bar per "
        "actor, the decay of earlier impact, the residual that the rules do not explain, and the "
        "index return, which is their sum."
    )
    return finish(chart, _contributions_title(desk, parts), description)


def _history_rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    last: dict[Any, Any] = frame.groupby("actor")["date"].max().to_dict()
    for row in tables.records(frame):
        yield {
            "name": words.actor_name(row.actor),
            "date": f"{row.date:%Y-%m-%d}",
            "exposure": row.exposure,
            "low": row.low,
            "high": row.high,
            "zero": 0,
            "last": bool(row.date == last[row.actor]),
            "text": words.percent(row.exposure),
        }


def _part_colour(row: Any) -> str:
    if row.component == "index return":
        return INK
    if row.component in words.ACTORS:
        return colour_of(row.effect)
    return NEUTRAL


def _part_text(row: Any) -> str:
    if row.low == row.high:
        return words.log_points(row.effect)
    return f"{words.log_points(row.effect)} {words.percent_range(row.low, row.high, 2)}"


def _history_title(frame: pd.DataFrame) -> str:
    drawn = frame[frame["exposure"].notna()]
    if drawn.empty:
        return "No exposure on record"
    last = drawn.sort_values("date").groupby("actor", sort=False)["exposure"].last()
    fullest, emptiest = str(last.idxmax()), str(last.idxmin())
    full = f"{words.actor_name(fullest)} at {words.percent(last[fullest])} of own maximum"
    if fullest == emptiest:
        return full
    empty = f"{words.actor_name(emptiest)} at {words.percent(last[emptiest])}"
    return f"Fullest: {full}; emptiest: {empty}"


def _contributions_title(desk: Desk, parts: list[Any]) -> str:
    by_name = {row.component: row.effect for row in parts}
    named = [row for row in parts if row.component in words.ACTORS and math.isfinite(row.effect)]
    pieces = [f"{tables.window(desk)}: index {words.log_points(by_name.get('index return', 0.0))}"]
    if named:
        largest = max(named, key=lambda row: abs(row.effect))
        name = words.actor_name(largest.component)
        pieces.append(f"{name} {words.log_points(largest.effect)}")
    if "residual" in by_name:
        pieces.append(f"residual {words.log_points(by_name['residual'])}")
    return ", ".join(pieces)
