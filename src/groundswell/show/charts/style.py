"""What the charts share: the palette that the page re-colours, the quiet axes, small layout sums.

Colours are placeholders for the page's own: `page` replaces each hexadecimal below by a CSS
variable, so that one drawing serves the light theme, the dark theme and print.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import altair as alt
from altair.utils.schemapi import debug_mode

INK = "#201f1d"
MUTED = "#6a6863"
RULE = "#d8d5cf"
NEUTRAL = "#97938c"
BUY = "#1c5d9f"
SELL = "#b5510e"
PALETTE: dict[str, str] = {
    INK: "ink",
    MUTED: "muted",
    RULE: "rule",
    NEUTRAL: "neutral",
    BUY: "buy",
    SELL: "sell",
}
"""Placeholder colour -> name of the CSS variable that replaces it on the page."""

FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
WIDTH = 560
BAND_OPACITY = 0.2

SIGNED = "datum.value == 0 ? '0' : format(datum.value, '+,~f')"
PLAIN = "format(datum.value, ',~f')"
SIGNED_PERCENT = "datum.value == 0 ? '0' : format(datum.value, '+~%')"
"""Axis labels as expressions: a zero without a sign, no exponents, no idle decimals."""

AnyChart = TypeVar("AnyChart", bound=alt.TopLevelMixin)


def finish(chart: AnyChart, title: str, description: str) -> AnyChart:
    """The chart with its finding as title, its description, and the house style."""
    named: Any = chart.properties(title=title, description=description, background="transparent")
    styled: AnyChart = named.configure(
        font=FONT,
        aria=False,
        padding=4,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            grid=False,
            domainColor=RULE,
            tickColor=RULE,
            tickSize=4,
            labelColor=MUTED,
            titleColor=MUTED,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
        ),
        header=alt.HeaderConfig(
            title=None, labelFontSize=11, labelColor=MUTED, labelAnchor="start", labelPadding=4
        ),
        title=alt.TitleConfig(
            anchor="start", color=INK, fontSize=12, fontWeight="normal", frame="bounds", offset=6
        ),
        text=alt.MarkConfig(fontSize=11, color=INK),
    )
    return styled


class _Rows(alt.InlineData):
    """Chart data that layers share: a chart is copied whenever something is added to it, its rows never."""

    def __deepcopy__(self, memo: object = None) -> _Rows:
        return self


def data(rows: Iterable[dict[str, Any]]) -> alt.InlineData:
    """Inline chart data; numbers that are not finite become null, which draws nothing."""
    values = [{key: _drawable(value) for key, value in row.items()} for row in rows]
    inline: Any = _Rows
    made: alt.InlineData = inline(values=values)
    return made


@contextmanager
def unchecked() -> Iterator[None]:
    """Build charts without holding every part of them against the schema: tests do, once, for the whole."""
    with debug_mode(False):
        yield


def colour_of(flow: float) -> str:
    """Buy blue, sell orange, grey for nothing."""
    if not math.isfinite(flow) or flow == 0:
        return NEUTRAL
    return BUY if flow > 0 else SELL


def reach(values: Iterable[float], room: float = 0.04) -> list[float]:
    """A domain that holds every finite value and zero, with a little room; never empty."""
    finite = [float(value) for value in values if math.isfinite(value)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    if low == high:
        return [-1.0, 1.0]
    margin = room * (high - low)
    return [low - margin if low < 0 else 0.0, high + margin if high > 0 else 0.0]


def zero_line(axis: str = "y") -> alt.Chart:
    """The line at zero that every chart of flows carries."""
    datum: Any = alt.YDatum(0) if axis == "y" else alt.XDatum(0)
    mark = alt.Chart(data([{}])).mark_rule(color=INK, strokeWidth=1)
    line: alt.Chart = mark.encode(**{axis: datum})
    return line


def layered(layers: Sequence[Any], width: float, height: Any) -> alt.LayerChart:
    """The layers on one plot of the size given in pixels (`height` may be an `alt.Step`)."""
    return alt.LayerChart(layer=list(layers)).properties(width=width, height=height)


def spread_labels(positions: Sequence[float], gap: float) -> list[float]:
    """Label positions moved apart to at least `gap`, in order, as near to where they were.

    Overlapping neighbours are pooled and centred on their mean until nothing overlaps.
    """
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    groups: list[list[int]] = []
    for index in order:
        groups.append([index])
        while len(groups) > 1:
            below, above = groups[-2], groups[-1]
            if _centre(above, positions) - _centre(below, positions) >= gap * (len(below) + len(above)) / 2:
                break
            groups[-2:] = [below + above]
    placed = [0.0] * len(positions)
    for group in groups:
        start = _centre(group, positions) - gap * (len(group) - 1) / 2
        for rank, index in enumerate(group):
            placed[index] = start + gap * rank
    return placed


def _centre(group: Sequence[int], positions: Sequence[float]) -> float:
    return sum(positions[i] for i in group) / len(group)


def _drawable(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
