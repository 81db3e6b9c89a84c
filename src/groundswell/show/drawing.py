"""A chart as an SVG that belongs to the page: its colours, its font, its title and description.

The drawing is made without a browser. What is adapted afterwards is only what a page needs: the
placeholder colours become CSS variables (one drawing for light, dark and print), text stays text
in the page's own font, coordinates are rounded, identifiers are made unique.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from groundswell.show import converter
from groundswell.show.charts.style import PALETTE

if TYPE_CHECKING:
    import altair as alt

_HEAD = re.compile(r"<svg [^>]*?width=\"([\d.]+)\" height=\"([\d.]+)\"[^>]*>")
_PLACED = re.compile(r' (?:d|transform|[xy][12]?|width|height)="[^"]*"')
_COORDINATE = re.compile(r"-?\d+\.\d{2,}(?:e-?\d+)?")
_ATTRIBUTE = re.compile(
    r" (?:font-family|aria-[a-z]+|role|pointer-events|xml:space|class)=\"[^\"]*\"| opacity=\"1\""
)
_BACKGROUND = re.compile(r"<path class=\"(?:background|foreground)\"[^>]*/>")


@dataclass(frozen=True)
class Drawing:
    """An SVG element ready to stand in a page, with the `title` and `description` it carries."""

    name: str
    title: str
    description: str
    svg: str


def draw(name: str, chart: alt.TopLevelMixin) -> Drawing:
    """The chart as inline SVG with `<title>` and `<desc>`; the page prints the title above it."""
    specification: dict[str, Any] = chart.to_dict(validate=False)  # valid by test; 0.3 s saved
    title = str(specification.pop("title"))
    description = str(specification.pop("description"))
    return Drawing(name, title, description, _adapt(converter.svg(specification), name, title, description))


def sparkline(values: list[float], width: int = 92, height: int = 16) -> str:
    """A word-sized line of fractions, on a scale of its own of at least 0.05, the last one dotted."""
    finite = [(i, value) for i, value in enumerate(values) if value == value]
    if len(finite) < 2:
        return ""
    low, high = (pick(value for _, value in finite) for pick in _EXTREMES)
    scale = (height - 5) / max(high - low, 0.05)
    step = (width - 6) / (len(values) - 1)
    points = [(2 + i * step, height - 2.5 - (value - low) * scale) for i, value in finite]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<svg class="spark" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'aria-hidden="true"><polyline points="{path}" fill="none" stroke="var(--muted)"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="var(--ink)"/></svg>'
    )


_EXTREMES: tuple[Callable[..., float], Callable[..., float]] = (min, max)


def _adapt(raw: str, name: str, title: str, description: str) -> str:
    svg = _BACKGROUND.sub("", raw)
    svg = _HEAD.sub(
        lambda head: (
            f'<svg role="img" aria-labelledby="{name}-title {name}-desc" width="{head[1]}" '
            f'height="{head[2]}" viewBox="0 0 {head[1]} {head[2]}">'
            f'<title id="{name}-title">{html.escape(title)}</title>'
            f'<desc id="{name}-desc">{html.escape(description)}</desc>'
        ),
        svg,
        count=1,
    )
    head, body = svg.split("</desc>", 1)
    body = _ATTRIBUTE.sub("", body)
    body = _PLACED.sub(lambda attribute: _COORDINATE.sub(_rounded, attribute[0]), body)
    body = re.sub(r'(id="|url\(#)', rf"\g<1>{name}-", body)
    for colour, variable in PALETTE.items():
        body = body.replace(f'"{colour}"', f'"var(--{variable})"')
    return f"{head}</desc>{body}"


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")
