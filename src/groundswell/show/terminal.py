"""The sheet in a terminal of 100 columns: the same words, colour only on top of sign and word.

Flows stand in one block per scenario, horizons side by side, so that every number keeps its word,
its sign and its range on one line. Columns that do not fit the console move to a block below;
nothing is wrapped inside a number and nothing is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console

from groundswell.sheets import words
from groundswell.show import lines, tables
from groundswell.show.sections import LOOKS

if TYPE_CHECKING:
    from groundswell.sheets.desk_sheet import Desk
    from groundswell.sheets.section import Section

TRIGGERS_SHOWN = 9
PERCENTILE_WIDTH = 11


def render(desk: Desk, console: Console) -> None:
    """Prints the sheet to `console`; needs 80 columns for whole lines, reads best at 100."""
    _head(desk, console)
    _positions(desk, console)
    _flows(desk, console)
    _triggers(desk, console)
    for section in desk.sections:
        _section(section, console)
    _moved(desk, console)
    _crowding(desk, console)
    _calendar(desk, console)
    _notes(desk, console)


def render_parameters(table: pd.DataFrame, console: Console) -> None:
    """Prints declared parameters (address, value, low, high, unit, source), grouped by owner."""
    owner = ""
    for row in tables.records(table):
        first, _, name = row.address.partition(".")
        if first != owner:
            lines.heading(console, words.component_name(first), f"{first}.*")
            owner = first
        ends = tables.parameter_range(row.low, row.high)
        lines.paragraph(console, f"{name}  {words.quantity(row.value)}  ({ends})", "bold", "  ")
        for remark in (row.unit, row.source):
            lines.paragraph(console, remark, "dim", "    ", first="  ")


def _head(desk: Desk, console: Console) -> None:
    made = f"made {words.day(desk.made_on)}"
    age = f", data {words.age(desk.stale_days)}" if desk.stale else ""
    lines.heading(console, f"Groundswell desk, {words.day(desk.as_of)} close")
    lines.flow_of_items(console, [f"{desk.source}, through {words.day(desk.through)}", f"{made}{age}"], "dim")
    lines.flow_of_items(console, [_item(desk, row) for row in tables.records(desk.strip)])
    lines.say(console)
    lines.paragraph(console, desk.headline, "bold")


def _item(desk: Desk, row: Any) -> str:
    """One figure; its source, its date and its age are said where they are not those of the index."""
    index = next(tables.records(desk.strip))
    own_date = words.day(row.date)
    said = (index.source, words.TABLE, words.CALENDAR)
    aside = [] if row.source in said else [str(row.source)]
    if own_date not in (words.MISSING, words.day(desk.through)):
        aside.append(own_date)
    if row.stale and not desk.stale:
        aside.append(words.age(row.age_days))
    return f"{row.item} {row.value}" + (f" ({', '.join(aside)})" if aside else "")


def _positions(desk: Desk, console: Console) -> None:
    lines.heading(console, "Where they are", "exposure, $bn [range]")
    table = tables.positions(desk)
    percentiles = list(desk.positions["percentile"])
    rows = []
    for row, percentile in zip(table.rows, percentiles, strict=True):
        name, exposure, band, share, place, z, since = row.cells
        scale = _scale(float("nan") if place == words.MISSING else percentile)
        rows.append((name, exposure, band, share, place, scale, z, since))
    header = ("", "exposure", "range", "of max", "percentile", "0 to 100", "z", "since")
    lines.grid(console, header, rows, "<><>><>>")


def _flows(desk: Desk, console: Console) -> None:
    remark = f"$bn, + buys, {words.MINUS} sells [range]; ADV: an average day's volume"
    lines.heading(console, "What they must do", f"{remark}; {tables.flow_history(desk)}")
    frame = desk.flows
    found = {(row.scenario, row.actor, row.horizon): row for row in tables.records(frame)}
    moves = {(row.scenario, row.horizon): row for row in tables.records(desk.scenarios)}
    horizons = list(dict.fromkeys(frame["horizon"]))
    actors = list(dict.fromkeys(frame["actor"]))
    amounts, bands = _widths(frame)
    blocks: list[tuple[Sequence[str], list[Sequence[str]]]] = []
    for scenario in words.scenario_order(list(frame["scenario"])):
        header: list[str] = [words.scenario_name(scenario)]
        for horizon in horizons:
            move = moves.get((scenario, horizon))
            end = "" if move is None else f", index {words.log_percent(move.end_move)}"
            header.append(words.horizon_name(horizon) + end)
        rows: list[Sequence[str]] = []
        for actor in actors:
            entries = [found.get((scenario, actor, horizon)) for horizon in horizons]
            numbers = [_estimate(entry, amounts, bands) for entry in entries]
            rows.append([words.actor_name(actor), *numbers])
            if actor == "total":
                rows.append(["", *(_beside(entry) for entry in entries)])
        blocks.append((header, rows))
    every_row = [line for head, body in blocks for line in (head, *body)]
    widths = [max((len(row[i]) for row in every_row), default=0) for i in range(len(horizons) + 1)]
    for number, (head, body) in enumerate(blocks):
        if number:
            lines.say(console)
        lines.grid(console, head, body, "<" + ">" * len(horizons), widths)


def _triggers(desk: Desk, console: Console) -> None:
    table = tables.triggers(desk)
    lines.heading(console, "Trigger levels", f"nearest first; flow, $bn [range]; {words.UNLESS}")
    if not table.rows:
        lines.say(console, "No level within reach forces a trade.")
        return
    shown = [row.cells for row in table.rows[:TRIGGERS_SHOWN]]
    lines.grid(console, ("", "rule", "level", "from spot", "flow", "range"), shown, "<<>>><", text=1)
    if len(table.rows) > len(shown):
        lines.say(console, f"{len(table.rows) - len(shown)} more in the page and the JSON", "dim")


def _section(section: Section, console: Console) -> None:
    """Prints what a section found, its first tables under their titles, and what it lacks."""
    lines.heading(console, section.title, section.data)
    lines.paragraph(console, section.finding, "bold")
    for number, table in enumerate(LOOKS[section.key].printed(section)):
        if number:
            lines.say(console)
        if table.title != section.finding:
            lines.paragraph(console, table.title)
        sides = "".join(">" if numeric else "<" for numeric in table.numeric)
        lines.grid(console, table.header, [row.cells for row in table.rows], sides)
    for sentence in (*section.missing, *section.caveats):
        lines.paragraph(console, f"- {sentence}", "dim", indent="  ")


def _moved(desk: Desk, console: Console) -> None:
    lines.heading(console, f"What moved it, {tables.window(desk)}", "orders in $bn, effect in log %")
    rows = [row.cells for row in tables.moved(desk).rows]
    lines.grid(console, ("", "initiating", "reflexive", "effect", "range"), rows, "<>>><")


def _crowding(desk: Desk, console: Console) -> None:
    frame = desk.crowding
    if frame.empty or not (frame["share"] > 0).any():
        return
    lines.heading(console, "Crowding", "share of the trend book that flips by then, and its flow in $bn")
    steps = list(tables.records(frame))
    rows = []
    for target in (-0.10, -0.05, -0.02, 0.02, 0.05, 0.10):
        step = steps[int((frame["distance"] - target).abs().argmin())]
        distance = words.percent(step.distance, 1, signed=True)
        rows.append((distance, words.percent(step.share), words.flow(step.flow)))
    cells = list(dict.fromkeys(rows))
    lines.grid(
        console,
        ("index move", *(cell[0] for cell in cells)),
        [("share", *(cell[1] for cell in cells)), ("flow", *(cell[2] for cell in cells))],
        "<" + ">" * len(cells),
    )


def _calendar(desk: Desk, console: Console) -> None:
    lines.heading(console, "Dates ahead")
    dates = [f"{words.short_day(row.date)} {row.label}" for row in tables.records(desk.calendar)]
    lines.flow_of_items(console, dates or ["none in the next 25 sessions"])


def _notes(desk: Desk, console: Console) -> None:
    lines.heading(console, "Notes")
    number = words.count(len(desk.assumptions), "declared parameter")
    ranges = f"Ranges come from draws over {number}: `groundswell params`."
    estimates = "Estimates from public rules, not reported holdings."
    for note in (*desk.notes, words.TOTAL_LEAVES_OUT, ranges, estimates):
        lines.paragraph(console, f"- {note}", indent="  ")


def _widths(flows: pd.DataFrame) -> tuple[int, int]:
    """The widest flow and the widest range, so that they align as two columns in one."""
    amounts = [len(words.flow(row.flow)) for row in tables.records(flows)]
    bands = [len(words.band(row.low, row.high, row.flow)) for row in tables.records(flows)]
    return max(amounts, default=0), max(bands, default=0)


def _estimate(row: Any, amounts: int, bands: int) -> str:
    if row is None:
        return words.MISSING
    band = words.band(row.low, row.high, row.flow)
    return f"{words.flow(row.flow):>{amounts}} {band:<{bands}}"


def _beside(row: Any) -> str:
    if row is None:
        return words.MISSING
    return f"{words.percent(row.pct_adv, 1, signed=True)} ADV, z {words.sigma(row.z)}"


def _scale(percentile: float) -> str:
    """A percentile as a dot on a line from 0 to 100; the line alone where it is not defined."""
    marks = ["·"] * PERCENTILE_WIDTH
    if percentile == percentile:
        place = round(min(1.0, max(0.0, percentile)) * (PERCENTILE_WIDTH - 1))
        marks[place] = "●"
    return "".join(marks)
