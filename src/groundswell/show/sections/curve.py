"""How the volatility curve looks: the curve at three dates, what implied volatility is made of, its state
with percentiles, how inverted days read, and what followed them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from groundswell.sheets import curve_frames, curve_words, words
from groundswell.show import tables
from groundswell.show.charts.bars import named_bars
from groundswell.show.charts.style import (
    INK,
    MUTED,
    NEUTRAL,
    PLAIN,
    WIDTH,
    data,
    finish,
    layered,
    reach,
    spread_labels,
    zero_line,
)
from groundswell.show.look import Figure, Look
from groundswell.show.tables import Row, Table, worded

if TYPE_CHECKING:
    from groundswell.sheets.curve_section import CurveSection

HEIGHT = 210
LABEL_ROOM = 150
LABEL_GAP = 13.0
FIRST_DAY, LAST_DAY = 7.5, 200.0
"""Ends of the axis of tenors, calendar days; it is logarithmic."""

CURVES = (("month_ago", "month ago"), ("week_ago", "week ago"), ("now", "now"))
STROKES = {"month_ago": (NEUTRAL, 1.4, [2, 3]), "week_ago": (MUTED, 1.4, [6, 3]), "now": (INK, 2.2, [1, 0])}

UNREAD = "not testable"

MEASURES = {
    "index": "Index",
    "vix": "VIX, points",
    "ratio": "VIX / VIX3M then",
    "realised": "Volatility that came",
}


def curve_chart(section: CurveSection) -> alt.LayerChart:
    """The volatility curve now, a week and a month ago over its tenors."""
    frame = section.levels
    rows = [
        {"days": int(row.days), "level": 100 * getattr(row, column), "curve": name}
        for row in tables.records(frame)
        for column, name in CURVES
        if math.isfinite(getattr(row, column))
    ]
    domain = reach([row["level"] for row in rows], room=0.12)
    ticks = [int(days) for days in frame["days"]]
    names = {int(row.days): row.tenor for row in tables.records(frame)}
    x = alt.X(
        "days:Q",
        scale=alt.Scale(type="log", domain=[FIRST_DAY, LAST_DAY], nice=False),
        axis=alt.Axis(title="tenor", values=ticks, labelExpr=f"({names})[datum.value]", labelOverlap=False),
    )
    y = alt.Y(
        "level:Q",
        scale=alt.Scale(domain=domain, nice=False),
        axis=alt.Axis(title="volatility, % a year", labelExpr=PLAIN, tickCount=5),
    )
    layers: list[Any] = [zero_line()]
    for column, name in CURVES:
        colour, stroke, dash = STROKES[column]
        drawn = alt.Chart(data(row for row in rows if row["curve"] == name)).encode(x=x, y=y)
        layers.append(drawn.mark_line(color=colour, strokeWidth=stroke, strokeDash=dash))
        layers.append(drawn.mark_circle(color=colour, size=34 if column == "now" else 18, opacity=1))
    now = [row | {"text": f"{row['level']:.1f}"} for row in rows if row["curve"] == "now"]
    above = alt.Chart(data(now)).encode(x=x, y=y, text="text:N")
    layers.append(above.mark_text(dy=-10, color=INK, fontWeight="bold"))
    layers.extend(_curve_labels(section, rows, domain, x, y))
    chart = layered(layers, WIDTH - LABEL_ROOM, HEIGHT)
    description = (
        "Lines: implied volatility of the S&P 500 by tenor, 9 days to 6 months, on the last day, five and "
        "21 sessions earlier. A line that falls from left to right is inverted."
    )
    return finish(chart, section.finding, description)


def equation_chart(section: CurveSection) -> alt.LayerChart:
    """The parts of implied volatility as steps that lead to the VIX, each with its band."""
    frame = section.equation
    rows, reached = [], 0.0
    for row in tables.records(frame):
        start = 0.0 if row.part == "implied" else reached
        reached = start + row.volatility
        rows.append(
            {
                "name": curve_words.PARTS[row.part],
                "start": 100 * start,
                "end": 100 * reached,
                "low": 100 * (start + row.volatility_low),
                "high": 100 * (start + row.volatility_high),
                "colour": {"implied": INK, "unexplained": NEUTRAL}.get(row.part, MUTED),
                "opacity": 0.55,
                "text": _estimate(row),
            }
        )
    chart = named_bars(rows, "points of the VIX; thin lines: 90% bands", PLAIN, 120)
    description = (
        "Steps from zero to the VIX in points: expected realised volatility, the premium with its part that "
        "moves with the credit spread, observed demand for protection, and what is unexplained, each with "
        "its 90% band; each bar begins where the one before it ends."
    )
    return finish(chart, curve_words.equation_finding(frame), description)


def levels(section: CurveSection) -> Table:
    """The curve at three dates, % a year."""
    cells = (
        (
            f"{row.index_name} ({row.tenor})",
            *(words.percent(v, 1) for v in (row.now, row.week_ago, row.month_ago)),
        )
        for row in tables.records(section.levels.rename(columns={"index": "index_name"}))
    )
    dates = [
        words.day(section.days[name]) for name in ("now", "week ago", "month ago") if name in section.days
    ]
    header = (
        "Tenor|" + "|".join(f"{date} >" for date in dates) if dates else "Tenor|Now >|Week ago >|Month ago >"
    )
    return _worded(section, "levels", "The curve now, a week and a month ago", header, cells)


def state(section: CurveSection) -> Table:
    """The shape of the curve with its place in history."""
    cells = (
        (
            row.measure,
            _value(row.value, row.unit),
            curve_words.rank(row.percentile),
            words.year(row.since),
            row.note,
        )
        for row in tables.records(section.state)
    )
    header = "Measure|Value >|Percentile >|Since >|Note"
    return _worded(section, "state", "State of the curve", header, cells)


def persistence(section: CurveSection) -> Table:
    """How many inversions there were and how long they lasted."""
    cells = (
        (
            row.measure,
            str(row.episodes),
            words.percent(row.share, 1),
            words.MISSING if math.isnan(row.median_sessions) else f"{row.median_sessions:g}",
            f"{words.percent(row.stay)} {words.percent_range(row.low, row.high)}",
            words.year(row.since),
        )
        for row in tables.records(section.persistence)
    )
    header = "Pair|Inversions >|Days inverted >|Median, sessions >|Stays another day [95%] >|Since >"
    return _worded(section, "persistence", "How long inversions last", header, cells)


def equation(section: CurveSection) -> Table:
    """The parts of implied variance, in points of the VIX and in variance."""
    cells = (
        (
            curve_words.PARTS[row.part],
            curve_words.points(row.volatility),
            words.percent_range(row.volatility_low, row.volatility_high, 1),
            words.percent(row.share),
            f"{row.variance:.4f}".replace("-", words.MINUS),
            f"[{row.low:.4f}, {row.high:.4f}]".replace("-", words.MINUS),
        )
        for row in tables.records(section.equation)
    )
    header = "Part|Points of the VIX >|Range, 90% >|Of the variance >|Variance, annual >|Range, 90% >"
    return _worded(section, "equation", "What implied volatility is made of", header, cells)


def readings(section: CurveSection) -> Table:
    """How the last inverted days read, with the probability of each reading."""
    cells = (
        (
            words.day(row.day),
            f"{row.ratio:.3f}",
            *(words.percent(p) for p in (row.hedging, row.realised, row.panic, row.undecided)),
            row.reading,
            words.MISSING if row.later_reading == UNREAD else row.later_reading,
        )
        for row in tables.records(section.readings)
    )
    header = "Day|VIX / VIX3M >|Hedging >|Realised >|Panic >|Undecided >|Reading|21 sessions on"
    return _worded(
        section, "readings", "Last inverted days: hedging, realised volatility or panic", header, cells
    )


def present_readings(section: CurveSection) -> Table:
    """The readings while the curve is inverted; no row otherwise."""
    full = readings(section)
    rows = full.rows if section.inverted else ()
    return Table(full.key, full.title, full.header, full.numeric, rows)


def aftermath(section: CurveSection) -> Table:
    """What followed the first day of an inversion after 1, 5 and 21 sessions, beside any day."""
    frame = section.aftermath
    horizons = sorted({int(sessions) for sessions in frame["sessions"]})
    rows = []
    for measure in dict.fromkeys(frame["measure"]):
        part = {row.sessions: row for row in tables.records(frame[frame["measure"] == measure])}
        cells = tuple(_followed(measure, part[h]) if h in part else words.MISSING for h in horizons)
        rows.append(Row(words.address("curve_aftermath", measure), (MEASURES[measure], *cells)))
    header = ("After the first day", *(f"{h} session{'s' * (h > 1)}" for h in horizons))
    counts = f", mean of {int(frame['episodes'].max())} [90%]; in brackets any day's" if len(frame) else ""
    title = f"What followed inversions{counts}"
    return Table("curve_aftermath", title, header, (False,) + (True,) * (len(header) - 1), tuple(rows))


def _worded(section: CurveSection, name: str, title: str, header: str, cells: Any) -> Table:
    frame: pd.DataFrame = section.frame(name)
    return worded(f"curve_{name}", title, header, frame, cells, section.frames[name])


def _curve_labels(
    section: CurveSection, rows: list[dict[str, Any]], domain: list[float], x: alt.X, y: alt.Y
) -> list[alt.Chart]:
    ends = [
        max((row for row in rows if row["curve"] == name), key=lambda row: row["days"], default=None)
        for _, name in CURVES
    ]
    drawn = [row for row in ends if row is not None]
    gap = LABEL_GAP * (domain[1] - domain[0]) / HEIGHT
    places = spread_labels([row["level"] for row in drawn], gap)
    labels = []
    for row, at in zip(drawn, places, strict=True):
        column = next(column for column, name in CURVES if name == row["curve"])
        day = section.days.get(str(row["curve"]))
        dated = f", {words.short_day(day)}" if day is not None else ""
        text = f"{row['curve']}{dated}"
        told = {"days": LAST_DAY, "level": at, "text": text}
        mark = alt.Chart(data([told])).mark_text(
            align="left", dx=6, color=STROKES[column][0] if column == "now" else MUTED, clip=False
        )
        labels.append(mark.encode(x=x, y=y, text="text:N"))
    return labels


def _estimate(row: Any) -> str:
    if row.part == "implied":
        return curve_words.points(row.volatility)
    band = words.percent_range(row.volatility_low, row.volatility_high, 1)
    return f"{curve_words.points(row.volatility, signed=row.part != 'expected')} {band}"


def _value(value: float, unit: str) -> str:
    if unit == curve_frames.RATIO:
        return f"{value:.3f}"
    if unit == curve_frames.DIFFERENCE:
        return f"{curve_words.points(value, signed=True)} points"
    if unit == curve_frames.VARIANCE:
        return f"{value:+.4f}".replace("-", words.MINUS)
    return words.percent(value, 1)


def _after(measure: str, value: float) -> str:
    if not math.isfinite(value):
        return words.MISSING
    if measure == "ratio":
        return f"{value:.3f}"
    if measure == "index":
        return words.log_percent(value, 2)
    return curve_words.points(value, signed=True) if measure == "vix" else words.percent(value, 1)


def _followed(measure: str, row: Any) -> str:
    low, high = (_after(measure, end).removesuffix("%") for end in (row.low, row.high))
    return f"{_after(measure, row.mean)} [{low}, {high}] ({_after(measure, row.usual)})"


LOOK: Look[CurveSection] = Look(
    figures=(
        Figure("vol_curve", curve_chart, levels, lambda section: len(section.levels) > 1),
        Figure("curve_equation", equation_chart, equation, lambda section: len(section.equation) > 0),
    ),
    tables=(state, readings, persistence, aftermath),
    first=(state, present_readings),
    beside=state,
)
