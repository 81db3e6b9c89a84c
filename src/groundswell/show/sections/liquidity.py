"""How the liquidity section looks: the balance sheet over three years, what changed it, what is ahead."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from groundswell.sheets import liquidity_words, words
from groundswell.show import tables
from groundswell.show.charts.bars import named_bars
from groundswell.show.charts.style import (
    BAND_OPACITY,
    BUY,
    INK,
    MUTED,
    NEUTRAL,
    SELL,
    SIGNED,
    WIDTH,
    colour_of,
    data,
    finish,
    layered,
    reach,
    spread_labels,
    zero_line,
)
from groundswell.show.look import Figure, Look
from groundswell.show.sections.liquidity_tables import (
    cash_table,
    change_table,
    duration_table,
    forward_table,
    mix_table,
    plans_table,
    recent_table,
    shown,
    sides_table,
    stack_table,
    wave_table,
)

if TYPE_CHECKING:
    from groundswell.sheets.liquidity_section import LiquiditySection

WEEKS_BEFORE = 26
"""Weeks of the past beside the path ahead."""

HEIGHT = 220
LABEL_ROOM = 150
DATES = {"tax_date": "tax", "refunding": "refunding"}
"""Dates on the way that are marked, and their short names."""

TRILLIONS = "datum.value == 0 ? '0' : '$' + format(datum.value / 1000, ',~f') + 'tn'"


def stack_chart(section: LiquiditySection) -> alt.LayerChart:
    """Net liquidity over three years as a line; above it what the Treasury and reverse repo hold back."""
    frame = shown(section)
    rows = [
        {
            "week": f"{row.week:%Y-%m-%d}",
            "zero": 0.0,
            "net": row.net_liquidity,
            "cash": row.net_liquidity + row.tga,
            "assets": row.fed_assets,
        }
        for row in tables.records(frame)
    ]
    last = rows[-1]
    domain = [0.0, 1.04 * max(row["assets"] for row in rows)]
    span = [rows[0]["week"], last["week"]]
    x = alt.X(
        "week:T",
        scale=alt.Scale(type="utc", domain=span, nice=False),
        axis=alt.Axis(title=None, format="%b %Y", tickCount=6),
    )
    y = alt.Y(
        "net:Q",
        scale=alt.Scale(domain=domain, nice=False),
        axis=alt.Axis(title=None, labelExpr=TRILLIONS, tickCount=5),
    )
    base = alt.Chart(data(rows)).encode(x=x)
    width = WIDTH - LABEL_ROOM
    layers: list[Any] = [
        base.mark_area(color=NEUTRAL, opacity=0.18).encode(y=y, y2="zero:Q"),
        base.mark_area(color=SELL, opacity=0.35).encode(y=alt.Y("net:Q"), y2="cash:Q"),
        base.mark_area(color=NEUTRAL, opacity=0.5).encode(y=alt.Y("cash:Q"), y2="assets:Q"),
        base.mark_line(color=MUTED, strokeWidth=1.1).encode(y=alt.Y("assets:Q")),
        base.mark_line(color=INK, strokeWidth=1.8).encode(y=alt.Y("net:Q")),
        zero_line(),
        *_end_labels(frame, last, domain, width),
    ]
    chart = layered(layers, width, HEIGHT)
    description = (
        "Line: net liquidity in USD trillion, week by week. Bands above it: the Treasury's cash at the Fed, "
        "then overnight reverse repo; the upper edge is the Fed's total assets. Dashed: the last week."
    )
    return finish(chart, section.finding, description)


def change_chart(section: LiquiditySection) -> alt.LayerChart:
    """What changed reserves and net liquidity over four weeks: a bar a part, the residual among them."""
    part = section.change[section.change["weeks"] == liquidity_words.MONTH]
    rows = [
        {
            "name": liquidity_words.part_name(row.part),
            "start": 0.0,
            "end": row.contribution,
            "low": row.low,
            "high": row.high,
            "colour": _bar_colour(row.part, row.contribution),
            "opacity": 0.3 if row.part in _PARTS_OF_PARTS else 0.6,
            "text": _bar_text(row),
        }
        for row in tables.records(part)
    ]
    chart = named_bars(rows, "4-week change, $bn; + adds to liquidity", SIGNED, 130)
    description = (
        "One bar per part of the balance sheet: what it added to bank reserves or took from them over four "
        "weeks in USD bn, the residual included; then the change of reserves and of net liquidity. Beside "
        "each bar its percentile among all 4-week changes."
    )
    return finish(chart, _change_title(section.change), description)


def forward_chart(section: LiquiditySection) -> alt.LayerChart:
    """The path of net liquidity against the last week known, with the band of past errors and its parts."""
    now = section.stack.iloc[-1]
    today, level = pd.Timestamp(now["week"]), float(now["net_liquidity"])
    past = [
        {"week": f"{row.week:%Y-%m-%d}", "net": row.net_liquidity - level}
        for row in tables.records(section.stack.iloc[-WEEKS_BEFORE - 1 :])
    ]
    start = {
        "week": f"{today:%Y-%m-%d}",
        "net": 0.0,
        "low": 0.0,
        "high": 0.0,
        "announced": 0.0,
        "assumed": 0.0,
    }
    ahead = [start] + [
        {
            "week": f"{row.week:%Y-%m-%d}",
            "net": row.net_liquidity - level,
            "low": row.net_liquidity_low - level,
            "high": row.net_liquidity_high - level,
            "announced": row.announced,
            "assumed": row.assumed,
        }
        for row in tables.records(section.forward)
    ]
    domain = reach([row["net"] for row in past] + [row[key] for row in ahead for key in ("low", "high")])
    span = [past[0]["week"], ahead[-1]["week"]]
    against = f"net liquidity against {words.short_day(today)}, $bn"
    x = alt.X(
        "week:T",
        scale=alt.Scale(type="utc", domain=span, nice=False),
        axis=alt.Axis(title=None, format="%b %Y", tickCount=6),
    )
    y = alt.Y(
        "net:Q",
        scale=alt.Scale(domain=domain, nice=False),
        axis=alt.Axis(title=against, labelExpr=SIGNED, tickCount=6),
    )
    path = alt.Chart(data(ahead)).encode(x=x)
    layers: list[Any] = [
        path.mark_area(color=NEUTRAL, opacity=BAND_OPACITY).encode(y=alt.Y("low:Q"), y2="high:Q"),
        alt.Chart(data(past)).mark_line(color=INK, strokeWidth=1.8).encode(x=x, y=y),
        path.mark_line(color=INK, strokeWidth=1.8, strokeDash=[5, 3]).encode(y=y),
        path.mark_line(color=BUY, strokeWidth=1.1).encode(y=alt.Y("announced:Q")),
        path.mark_line(color=MUTED, strokeWidth=1.1).encode(y=alt.Y("assumed:Q")),
        zero_line(),
        *_path_labels(ahead, domain),
        *_date_marks(section.dates, span),
    ]
    mark = alt.Chart(data([{"week": start["week"], "text": f"known through {words.short_day(today)}"}]))
    layers += [
        mark.mark_rule(color=INK, strokeDash=[3, 3]).encode(x="week:T"),
        mark.mark_text(align="left", dx=4, baseline="bottom", color=MUTED).encode(
            x="week:T", y=alt.value(HEIGHT - 4), text="text:N"
        ),
    ]
    chart = layered(layers, WIDTH - LABEL_ROOM, HEIGHT)
    description = (
        "Net liquidity less its last level in USD bn: the past half year, then the path with the band of the "
        "errors that such paths made, and the parts of it that are announced and assumed. Ticks at the top: "
        "tax dates, refunding announcements and quarter ends."
    )
    return finish(chart, liquidity_words.path(section.forward, section.errors), description)


def _path_labels(ahead: list[dict[str, Any]], domain: list[float]) -> list[alt.Chart]:
    last = ahead[-1]
    named = (
        ("path", last["net"], INK),
        ("announced", last["announced"], BUY),
        ("assumed", last["assumed"], MUTED),
    )
    places = spread_labels([at for _, at, _ in named], 14 * (domain[1] - domain[0]) / HEIGHT)
    rows = [
        {"week": last["week"], "at": place, "text": f"{name} {words.amount(amount)}", "colour": colour}
        for place, (name, amount, colour) in zip(places, named, strict=True)
    ]
    marks = alt.Chart(data(rows)).mark_text(align="left", dx=6, clip=False)
    return [marks.encode(x="week:T", y=alt.Y("at:Q"), text="text:N", color=alt.Color("colour:N", scale=None))]


def _date_marks(dates: pd.DataFrame, span: list[str]) -> list[alt.Chart]:
    """Ticks above the path, each event named on a line of its own so that near dates do not collide."""
    lines = {event: -4 - 11 * number for number, event in enumerate(DATES)}
    rows = [
        {"week": f"{row.date:%Y-%m-%d}", "text": DATES[row.event], "line": lines[row.event]}
        for row in tables.records(dates)
        if row.event in DATES and span[0] <= f"{row.date:%Y-%m-%d}" <= span[1]
    ]
    if not rows:
        return []
    marks = alt.Chart(data(rows))
    return [
        marks.mark_rule(color=MUTED, strokeWidth=1.5, clip=False).encode(
            x="week:T", y=alt.value(-3), y2=alt.value(4)
        ),
        marks.mark_text(color=MUTED, baseline="bottom", clip=False, fontSize=10).encode(
            x="week:T", y=alt.Y("line:Q", scale=None, axis=None), text="text:N"
        ),
    ]


def _end_labels(
    frame: pd.DataFrame, last: dict[str, Any], domain: list[float], width: float
) -> list[alt.Chart]:
    """The names of the bands at their right end, moved apart, and the mark of the last week."""
    row = frame.iloc[-1]
    named = (  # from below, so that bands without height keep their order
        ("net liquidity", last["net"], row["net_liquidity"], INK),
        ("Treasury cash", (last["net"] + last["cash"]) / 2, row["tga"], SELL),
        ("reverse repo", (last["cash"] + last["assets"]) / 2, row["on_rrp"], MUTED),
        ("Fed assets", last["assets"], row["fed_assets"], MUTED),
    )
    places = spread_labels([at for _, at, _, _ in named], 14 * domain[1] / HEIGHT)
    labels = [
        {
            "week": last["week"],
            "at": place,
            "text": f"{name} {liquidity_words.level(float(amount))}",
            "colour": colour,
        }
        for place, (name, _, amount, colour) in zip(places, named, strict=True)
    ]
    today = alt.Chart(data([{"week": last["week"], "text": f"known through {words.short_day(row['week'])}"}]))
    return [
        alt.Chart(data(labels))
        .mark_text(align="left", dx=6, clip=False)
        .encode(x="week:T", y=alt.Y("at:Q"), text="text:N", color=alt.Color("colour:N", scale=None)),
        today.mark_rule(color=INK, strokeDash=[3, 3]).encode(x="week:T"),
        today.mark_text(align="right", dx=-4, baseline="bottom", color=MUTED).encode(
            x="week:T", y=alt.value(HEIGHT - 4), text="text:N"
        ),
    ]


def _bar_colour(part: str, value: float) -> str:
    if part in ("reserves", "net_liquidity"):
        return INK
    return NEUTRAL if part == "other" else colour_of(value)


def _bar_text(row: Any) -> str:
    said = words.amount(row.contribution) + liquidity_words.range_of(row.contribution, row.low, row.high)
    return f"{said}, {words.percentile(row.percentile)} pct" if math.isfinite(row.percentile) else said


def _change_title(change: pd.DataFrame) -> str:
    month = liquidity_words.parts_of(change, liquidity_words.MONTH)
    total = "reserves" if "reserves" in month.index else "net_liquidity"
    if total not in month.index:
        return "Too short a history for a 4-week change"
    value = month["contribution"].astype(float)
    parts = value[[part for part in value.index if part in _ADD_UP]]
    largest = str(parts.abs().idxmax())
    rank = liquidity_words.rank(float(month["percentile"][total]), month["since"][total])
    said = (
        f"{liquidity_words.part_name(total)} {words.money(value[total])} in 4 weeks{rank}: largest "
        f"{liquidity_words.part_name(largest)} {words.amount(parts[largest])}"
    )
    return said if "other" not in parts else f"{said}, residual {words.amount(parts['other'])}"


_PARTS_OF_PARTS = ("securities", "lending", "borrowing", "spending")
_ADD_UP = ("fed_assets", "tga", "on_rrp", "foreign_rrp", "currency", "other")


def _has_stack(section: LiquiditySection) -> bool:
    return len(section.stack) > 1


def _has_month(section: LiquiditySection) -> bool:
    return bool((section.change["weeks"] == liquidity_words.MONTH).any())


def _has_path(section: LiquiditySection) -> bool:
    return len(section.forward) > 0


LOOK: Look[LiquiditySection] = Look(
    figures=(
        Figure("liquidity_stack", stack_chart, stack_table, _has_stack),
        Figure("liquidity_change", change_chart, change_table, _has_month),
        Figure("liquidity_forward", forward_chart, forward_table, _has_path),
    ),
    tables=(
        recent_table,
        mix_table,
        cash_table,
        duration_table,
        wave_table,
        plans_table,
        sides_table,
    ),
    beside=wave_table,
    first=(change_table, mix_table),
)
