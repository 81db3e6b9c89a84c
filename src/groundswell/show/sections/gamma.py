"""How option hedging looks: dealers' gamma over the level of the index with its flips, what they hold, what
expires, what they must trade, and what their hedging does to a move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from groundswell.sheets import gamma_words, words
from groundswell.sheets.gamma_words import CENTRAL
from groundswell.show import tables
from groundswell.show.charts.style import (
    BAND_OPACITY,
    INK,
    MUTED,
    NEUTRAL,
    PLAIN,
    SIGNED,
    WIDTH,
    data,
    finish,
    layered,
    reach,
    spread_labels,
    zero_line,
)
from groundswell.show.look import Figure, Look
from groundswell.show.tables import Table, worded

if TYPE_CHECKING:
    from groundswell.sheets.gamma_section import GammaSection

HEIGHT = 240
LABEL_ROOM = 150
LABEL_GAP = 13.0
FLIP_ROOM = 38.0
"""Pixels beside a flip that its label takes."""

LINES = (CENTRAL, "mixed", "all_short")
STROKES: dict[str, tuple[str, float, list[int]]] = {
    CENTRAL: (INK, 2.2, [1, 0]),
    "mixed": (NEUTRAL, 1.2, [1, 0]),
    "all_short": (NEUTRAL, 1.2, [1, 0]),
}


def gamma_profile(section: GammaSection) -> alt.LayerChart:
    """Dealers' gamma at each level: the band over sign conventions, the central one with and without what
    expires next, the flips with their levels, and today's level.
    """
    whole = _of(section, "all")
    rest = _of(section, "without_next")
    values = pd.concat([whole["low"], whole["high"]])
    vertical = reach(list(values), room=0.08)
    horizontal = [float(whole["level"].min()), float(whole["level"].max())]
    x = alt.X(
        "level:Q",
        scale=alt.Scale(domain=horizontal, nice=False),
        axis=alt.Axis(title="level of the index", labelExpr=PLAIN, tickCount=7),
    )
    y = alt.Y(
        "gamma:Q",
        scale=alt.Scale(domain=vertical, nice=False),
        axis=alt.Axis(title="dealers' gamma, $bn per 1%; above 0 they damp", labelExpr=SIGNED, tickCount=6),
    )
    band = alt.Chart(
        data({"level": row.level, "low": row.low, "high": row.high} for row in tables.records(whole))
    )
    layers: list[Any] = [
        band.mark_area(color=NEUTRAL, opacity=BAND_OPACITY).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        zero_line(),
    ]
    for name in reversed(LINES):
        layers.append(_line(whole, name, *STROKES[name]).encode(x=x, y=y))
    layers.append(_line(rest, CENTRAL, MUTED, 1.6, [5, 3]).encode(x=x, y=y))
    layers += _end_labels(whole, rest, vertical, horizontal, x, y)
    layers += _spot(section.spot, vertical, x, y)
    layers += _flips(section, horizontal, x, y)
    chart = layered(layers, WIDTH - LABEL_ROOM, HEIGHT)
    description = (
        "Gamma of option dealers in USD bn per 1% over the level of the index. Band: range over sign "
        "conventions. Thick line: dealers long calls, short puts; dashed: the same without the next day of "
        "expiry. Points: levels where it changes sign. Vertical line: today's level."
    )
    return finish(chart, section.finding, description)


def _of(section: GammaSection, expiries: str) -> pd.DataFrame:
    return section.profile[section.profile["expiries"] == expiries]


def _line(frame: pd.DataFrame, name: str, colour: str, width: float, dash: list[int]) -> alt.Chart:
    points = zip(frame["level"], frame[name], strict=True)
    return alt.Chart(data({"level": float(at), "gamma": float(value)} for at, value in points)).mark_line(
        color=colour, strokeWidth=width, strokeDash=dash
    )


def _end_labels(
    whole: pd.DataFrame,
    rest: pd.DataFrame,
    vertical: list[float],
    horizontal: list[float],
    x: alt.X,
    y: alt.Y,
) -> list[alt.Chart]:
    """The name of each line beside its right end."""
    ends = [(gamma_words.CONVENTIONS[name], float(whole[name].iloc[-1]), STROKES[name][0]) for name in LINES]
    ends.append((gamma_words.EXPIRIES["without_next"], float(rest[CENTRAL].iloc[-1]), MUTED))
    gap = LABEL_GAP * (vertical[1] - vertical[0]) / HEIGHT
    places = spread_labels([value for _, value, _ in ends], gap)
    labels = alt.Chart(
        data(
            {
                "level": horizontal[1],
                "gamma": place,
                "text": text,
                "colour": MUTED if tone == NEUTRAL else tone,
            }
            for (text, _, tone), place in zip(ends, places, strict=True)
        )
    )
    return [
        labels.mark_text(align="left", dx=5, clip=False).encode(
            x=x, y=y, text="text:N", color=alt.Color("colour:N", scale=None)
        )
    ]


def _spot(spot: float, vertical: list[float], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    mark = alt.Chart(data([{"level": spot, "gamma": vertical[0], "text": f"today {words.level(spot)}"}]))
    return [
        mark.mark_rule(color=INK, strokeDash=[3, 3]).encode(x=x),
        mark.mark_text(align="left", baseline="bottom", dx=4, dy=-3, color=INK).encode(
            x=x, y=y, text="text:N"
        ),
    ]


def _flips(section: GammaSection, horizontal: list[float], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """A point on the zero line for every flip, with its level; hollow where the next expiry is left out."""
    found = section.flips[(section.flips["number"] > 0) & (section.flips["expiries"] != "without_same_day")]
    if found.empty:
        return []
    rows = [
        {"level": float(row.level), "gamma": 0.0, "fill": INK if row.expiries == "all" else "transparent"}
        for row in tables.records(found)
    ]
    points = alt.Chart(data(rows)).mark_point(size=38, strokeWidth=1.4, stroke=INK, opacity=1)
    layers = [points.encode(x=x, y=y, fill=alt.Fill("fill:N", scale=None))]
    room = FLIP_ROOM * (horizontal[1] - horizontal[0]) / (WIDTH - LABEL_ROOM)
    whole = _of(section, "all")
    labelled: list[float] = []
    for row in tables.records(found.sort_values("expiries", kind="stable")):  # "all" comes first
        if any(abs(row.level - level) < room for level in labelled):
            continue
        labelled.append(row.level)
        text = alt.Chart(data([{"level": row.level, "gamma": 0.0, "text": gamma_words.level(row.level)}]))
        near = np.interp([row.level - room, row.level + room], whole["level"], whole[row.convention])
        layers.append(_beside(text, bool(near[1] > near[0]), section.spot - row.level, room).encode(x=x, y=y))
    return layers


def _beside(text: alt.Chart, rising: bool, to_spot: float, room: float) -> alt.Chart:
    """The label of a flip where neither the profile nor the line that marks today runs through it."""
    side = -1 if rising else 1
    above = not 0 <= side * to_spot < room
    right = (side > 0) == above
    return text.mark_text(
        align="left" if right else "right",
        baseline="bottom" if above else "top",
        dx=5 if right else -5,
        dy=-5 if above else 6,
        fontWeight="bold",
    ).encode(text="text:N")


def profile(section: GammaSection) -> Table:
    """The profile, level by level, USD bn per 1%."""
    frame = section.profile
    cells = (
        (
            gamma_words.EXPIRIES[row.expiries],
            gamma_words.level(row.level),
            words.percent(row.distance, 1, signed=True),
            *(words.amount(getattr(row, name)) for name in LINES),
            words.band(row.low, row.high),
        )
        for row in tables.records(frame)
    )
    names = "|".join(f"{gamma_words.CONVENTIONS[name].capitalize()} >" for name in LINES)
    header = f"Expiries|Level >|From today >|{names}|Range >"
    return worded("gamma_profile", "Dealers' gamma, $bn per 1%", header, frame, cells, ("expiries", "level"))


def flips(section: GammaSection) -> Table:
    """Where dealers' gamma changes sign, or between which levels it does not."""
    frame = section.flips
    cells = (
        (
            gamma_words.CONVENTIONS[row.convention].capitalize(),
            gamma_words.EXPIRIES[row.expiries],
            gamma_words.level(row.level)
            if row.number
            else gamma_words.none_between(row.searched_from, row.searched_to),
            words.percent(row.distance, 1, signed=True) if row.number else "",
        )
        for row in tables.records(frame)
    )
    keys = ("convention", "expiries", "number")
    return worded(
        "gamma_flips", "Where gamma changes sign", "Dealers|Expiries|Level >|From today >", frame, cells, keys
    )


def exposures(section: GammaSection) -> Table:
    """What dealers hold at today's level."""
    frame = section.exposures
    cells = (
        (
            gamma_words.MEASURES[row.measure],
            gamma_words.BASES[row.basis],
            words.amount(row.central),
            words.band(row.low, row.high, row.central),
        )
        for row in tables.records(frame)
    )
    title = "What dealers hold, $bn of delta"
    return worded(
        "gamma_exposures", title, "Measure|From|Central >|Range >", frame, cells, ("measure", "basis")
    )


def expiring(section: GammaSection) -> Table:
    """The gamma that goes with the next expiries."""
    frame = section.expiring
    cells = (
        (
            words.day(row.expiry),
            gamma_words.CONVENTIONS[row.convention].capitalize(),
            str(row.days),
            words.amount(row.gamma),
            words.amount(row.without),
            words.percent(row.share),
        )
        for row in tables.records(frame)
    )
    header = "Expiry >|Dealers|Days >|Gamma, $bn per 1% >|Without it >|Of all open gamma >"
    return worded("gamma_expiring", "Gamma that expires", header, frame, cells, ("expiry", "convention"))


def flows(section: GammaSection) -> Table:
    """What dealers must trade by horizon and scenario: the central flow with its range, and by convention."""
    frame = section.flows
    whole = frame[frame["convention"] == "range"]
    others = [name for name in LINES[1:] if (frame["convention"] == name).any()]
    by_convention = frame.set_index(["scenario", "horizon", "convention"])["flow"]
    order = {name: place for place, name in enumerate(words.SCENARIOS)}
    whole = whole.sort_values(
        ["horizon", "scenario"], key=lambda c: c.map({"1d": 0, "1w": 1, "1m": 2} | order), kind="stable"
    )
    cells = (
        (
            words.horizon_name(row.horizon),
            words.scenario_name(row.scenario),
            words.flow(row.flow),
            words.band(row.low, row.high, row.flow),
            words.percent(abs(row.share_of_volume)),
            *(words.flow(by_convention[row.scenario, row.horizon, name]) for name in others),
        )
        for row in tables.records(whole)
    )
    names = "".join(f"|{gamma_words.CONVENTIONS[name].capitalize()} >" for name in others)
    basis = gamma_words.BASES[whole["basis"].iloc[0]] if len(whole) else ""
    return worded(
        "gamma_flows",
        f"What dealers must trade, $bn ({basis})",
        f"Horizon|Scenario|Flow >|Range >|Of a day's volume >{names}",
        whole,
        cells,
        ("scenario", "horizon"),
    )


def impact(section: GammaSection) -> Table:
    """What a move of 1% becomes once dealers have hedged it."""
    frame = section.impact
    cells = (
        (
            gamma_words.CONVENTIONS[row.convention].capitalize(),
            words.amount(row.gamma),
            *gamma_words.becomes(row.factor, row.low, row.high),
            f"{words.percent(row.gain)} {words.percent_range(row.gain_low, row.gain_high)}",
        )
        for row in tables.records(frame)
    )
    header = "Dealers|Gamma, $bn per 1% >|A 1% move becomes >|Range >|Feedback k G >"
    title = "What hedging does to a move of 1%"
    return worded("gamma_impact", title, header, frame, cells, ("convention",))


LOOK: Look[GammaSection] = Look(
    figures=(Figure("gamma_profile", gamma_profile, profile, lambda section: not section.profile.empty),),
    tables=(exposures, flips, flows, impact, expiring),
    first=(exposures, flips, flows, impact),
    beside=flows,
)
