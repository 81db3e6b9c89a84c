"""The sheet as one self-contained HTML page: it opens offline, without scripts, and prints on A4.

The first screen (1280 x 900) holds the strip, the headline, positions, trigger levels and the
matrix of flows; charts, tables in full and assumptions follow. Every number of the matrix links to
its row in the full table, and from there to the actor's rule and declared parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from groundswell.sheets import words
from groundswell.show import charts, tables
from groundswell.show.charts.style import unchecked
from groundswell.show.drawing import Drawing, draw, sparkline
from groundswell.show.look import Figure, Look, S
from groundswell.show.sections import LOOKS

if TYPE_CHECKING:
    from groundswell.sheets.desk_sheet import Desk
    from groundswell.sheets.section import Section

SCENARIOS_SIDE_BY_SIDE = 6
TRIGGERS_ON_FIRST_SCREEN = 9

_FLOWS: tuple[Figure[Desk], ...] = (
    Figure("flow_ladder", charts.flow_ladder, tables.ladder),
    Figure("scenario_fan", charts.scenario_fan, tables.fan),
    Figure("exposure_history", charts.exposure_history, tables.history),
    Figure("crowding", charts.crowding, tables.crowding),
)
_BEHIND: tuple[Figure[Desk], ...] = (
    Figure("contributions", charts.contributions, tables.moved),
    Figure("calendar_strip", charts.calendar_strip, tables.calendar),
)


@dataclass(frozen=True)
class Cell:
    """One number of the flow matrix: its words, its range and where its row stands."""

    word: str
    amount: str
    band: str
    target: str


@dataclass(frozen=True)
class Line:
    """One actor's line of the flow matrix, with the volume and z line that follows a total."""

    actor: str
    name: str
    cells: tuple[Cell, ...]
    volume: tuple[str, ...]
    z: tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """The flow matrix, or one part of it: horizons, scenarios below each, and the lines."""

    horizons: tuple[tuple[str, int], ...]
    scenarios: tuple[tuple[str, str, bool], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Drawn:
    """A chart ready for the page, and the table of its numbers."""

    drawing: Drawing
    svg: Markup
    twin: tables.Table


@dataclass(frozen=True)
class Part:
    """A section of the sheet: what it found, its charts and its further tables.

    One of the tables, `beside`, may stand open among the charts; it is not among `tables`.
    """

    section: Section
    figures: tuple[Drawn, ...]
    beside: tables.Table | None
    tables: tuple[tables.Table, ...]


@dataclass(frozen=True)
class Method:
    """What stands behind an actor's numbers: its rule and its declared parameters."""

    actor: str
    name: str
    rule: str
    parameters: tables.Table


def to_html(desk: Desk) -> str:
    """The whole sheet as one HTML document: style and SVG charts inline, nothing to fetch."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("groundswell.show", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["address"] = words.address
    with ThreadPoolExecutor(max_workers=1) as drawing:  # drawn while the next chart is described
        flows = _drawn(_FLOWS, desk, drawing)
        looks = [(section, LOOKS[section.key]) for section in desk.sections]
        figures = [_drawn(look.figures, section, drawing) for section, look in looks]
        behind = _drawn(_BEHIND, desk, drawing)
    parts = [
        _part_of_sheet(section, look, done()) for (section, look), done in zip(looks, figures, strict=True)
    ]
    triggers = tables.triggers(desk)
    return environment.get_template("sheet.html").render(
        title=f"Groundswell desk, {words.day(desk.as_of)}",
        desk=desk,
        headline=_unbroken(desk.headline),
        as_of=words.day(desk.as_of),
        through=words.day(desk.through),
        made_on=words.day(desk.made_on),
        badge=badge(desk),
        strip=_dated_strip(desk),
        positions=tables.positions(desk),
        sparklines=_sparklines(desk),
        triggers=triggers,
        nearest=triggers.rows[:TRIGGERS_ON_FIRST_SCREEN],
        matrices=matrices(desk),
        flow_figures=flows(),
        parts=parts,
        behind=behind(),
        scenarios=tables.scenarios(desk),
        flows=tables.flows(desk),
        flow_actors=list(desk.flows["actor"]),
        methods=methods(desk),
        flow_history=tables.flow_history(desk),
        total_leaves_out=words.TOTAL_LEAVES_OUT,
        unless=words.UNLESS,
        missing=words.MISSING,
        count=words.count,
    )


def _part_of_sheet(section: Section, look: Look[Any], drawn: tuple[Drawn, ...]) -> Part:
    beside = look.filling(section, len(drawn))
    key = "" if beside is None else beside.key
    return Part(section, drawn, beside, tuple(each for each in look.written(section) if each.key != key))


def _drawn(
    figures: tuple[Figure[S], ...], shown: S, drawing: ThreadPoolExecutor
) -> Callable[[], tuple[Drawn, ...]]:
    """Hand the charts over to be drawn; the result waits for them."""
    kept = [figure for figure in figures if figure.has(shown)]
    with unchecked():
        started = [drawing.submit(draw, figure.name, figure.chart(shown)) for figure in kept]
    twins = [figure.twin(shown) for figure in kept]

    def done() -> tuple[Drawn, ...]:
        drawn = [future.result() for future in started]
        return tuple(Drawn(one, Markup(one.svg), twin) for one, twin in zip(drawn, twins, strict=True))

    return done


def badge(desk: Desk) -> str:
    """The warning that the index is old, empty while no newer close was due."""
    return f"data {words.age(desk.stale_days)}" if desk.stale else ""


def matrices(desk: Desk) -> tuple[Matrix, ...]:
    """The flow matrix, horizons side by side, or one below the other with many scenarios."""
    frame = desk.flows
    scenarios = words.scenario_order(list(frame["scenario"]))
    horizons = list(dict.fromkeys(frame["horizon"]))
    if len(scenarios) <= SCENARIOS_SIDE_BY_SIDE:
        return (_matrix(desk, horizons, scenarios),)
    return tuple(_matrix(desk, [horizon], scenarios) for horizon in horizons)


def methods(desk: Desk) -> tuple[Method, ...]:
    """Rule and parameters of every actor on the sheet, then the parameters they share."""
    full = tables.assumptions(desk)
    actors = [key for key in dict.fromkeys(desk.flows["actor"]) if key != "total"]
    groups = {key: [row for row in full.rows if _owner(row) == key] for key in actors}
    shared = [row for row in full.rows if _owner(row) not in groups]
    result = [
        Method(key, words.actor_name(key), words.actor_rule(key), _part(full, rows))
        for key, rows in groups.items()
    ]
    rule = "the sum over the actors; impact, market value and volume are common to all"
    result.append(Method("total", "Shared by all", rule, _part(full, shared)))
    return tuple(result)


def _matrix(desk: Desk, horizons: list[str], scenarios: list[str]) -> Matrix:
    frame = desk.flows
    addresses = tables.addresses("flows", frame)
    by_key: dict[tuple[str, str, str], tuple[Any, str]] = {
        (row.actor, row.horizon, row.scenario): (row, address)
        for row, address in zip(tables.records(frame), addresses, strict=True)
    }
    moves = {(row.horizon, row.scenario): row.end_move for row in tables.records(desk.scenarios)}
    known = {(horizon, scenario) for _, horizon, scenario in by_key}
    per_horizon = {h: [s for s in scenarios if (h, s) in known] for h in horizons}
    columns = [(horizon, name) for horizon, names in per_horizon.items() for name in names]
    lines = []
    for actor in dict.fromkeys(frame["actor"]):
        found = [by_key.get((actor, *column)) for column in columns]
        total = actor == "total"
        lines.append(
            Line(
                actor,
                words.actor_name(actor),
                tuple(_cell(entry) for entry in found),
                tuple(_worded(entry, "pct_adv") for entry in found) if total else (),
                tuple(_worded(entry, "z") for entry in found) if total else (),
            )
        )
    return Matrix(
        tuple((words.horizon_name(horizon), len(names)) for horizon, names in per_horizon.items()),
        tuple(
            (
                words.scenario_name(scenario),
                words.log_percent(moves.get((horizon, scenario), float("nan"))),
                scenario == per_horizon[horizon][0],
            )
            for horizon, scenario in columns
        ),
        tuple(lines),
    )


def _cell(entry: tuple[Any, str] | None) -> Cell:
    if entry is None:
        return Cell("", words.MISSING, "", "")
    row, address = entry
    return Cell(
        words.direction(row.flow),
        words.amount(row.flow),
        words.band(row.low, row.high, row.flow),
        address,
    )


def _worded(entry: tuple[Any, str] | None, field: str) -> str:
    if entry is None:
        return words.MISSING
    number = getattr(entry[0], field)
    return words.sigma(number) if field == "z" else words.percent(number, 0, signed=True)


def _dated_strip(desk: Desk) -> list[tuple[str, str, str, str]]:
    """Item, value, remark and badge; the date is said only where it is not the day of the data."""
    result = []
    for row in tables.records(desk.strip):
        own_date = words.day(row.date)
        dated = [] if own_date in (words.MISSING, words.day(desk.through)) else [own_date]
        said = [*dated, *(text for text in (row.note, row.source) if isinstance(text, str) and text)]
        result.append((row.item, row.value, ", ".join(said), words.age(row.age_days) if row.stale else ""))
    return result


def _unbroken(sentence: str) -> str:
    """The sentence with no-break spaces inside its ranges, so that no line ends within one."""
    return re.sub(r"\[[^\]]*\]", lambda span: span[0].replace(" ", "\N{NO-BREAK SPACE}"), sentence)


def _sparklines(desk: Desk) -> dict[str, Markup]:
    history = tables.thinned(desk.history)
    return {
        str(actor): Markup(sparkline([float(value) for value in part["exposure"]]))
        for actor, part in history.groupby("actor", sort=False)
    }


def _owner(row: tables.Row) -> str:
    return row.cells[0].split(".", 1)[0]


def _part(table: tables.Table, rows: list[tables.Row]) -> tables.Table:
    return tables.Table(table.key, table.title, table.header, table.numeric, tuple(rows))
