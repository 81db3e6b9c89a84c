"""Bars that stand one below the other, each with its name, its range and its number: the parts of a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from groundswell.show.charts.style import INK, WIDTH, data, layered, reach, zero_line

STEP = 22


def named_bars(rows: Sequence[dict[str, Any]], title: str, labels: str, room: int) -> alt.LayerChart:
    """One horizontal bar a row, in the order of the rows, on a scale that holds zero.

    Args:
        rows: `name`, `start` and `end` of the bar, `low` and `high` of its range, `text` to its right,
            `colour` and `opacity`.
        title: of the axis.
        labels: expression of the axis labels (`style.SIGNED` and its like).
        room: pixels for the texts at the right.
    """
    base = alt.Chart(data(rows)).encode(
        y=alt.Y(
            "name:N",
            sort=[row["name"] for row in rows],
            axis=alt.Axis(title=None, domain=False, ticks=False, labelColor=INK, labelLimit=220),
        )
    )
    domain = reach([float(row[key]) for row in rows for key in ("start", "end", "low", "high")])
    x = alt.X(
        "start:Q",
        scale=alt.Scale(domain=domain, nice=False),
        axis=alt.Axis(title=title, labelExpr=labels, tickCount=6),
    )
    colour, opacity = alt.Color("colour:N", scale=None), alt.Opacity("opacity:Q", scale=None)
    width = WIDTH - 140 - room
    layers = [
        base.mark_bar(size=11).encode(x=x, x2="end:Q", color=colour, opacity=opacity),
        base.mark_rule(strokeWidth=1.2).encode(x=alt.X("low:Q"), x2="high:Q", color=colour),
        base.mark_text(align="right").encode(x=alt.value(width + room), text="text:N"),
        zero_line("x"),
    ]
    return layered(layers, width, alt.Step(STEP))
