"""Every frame of a desk worded once as a table, for the page, the Markdown twin and the terminal.

A `Table` holds finished text only: its rows carry the address under which a reader, a link or a
script finds them again, and the forms decide nothing but where the text goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from groundswell.sheets import words

if TYPE_CHECKING:
    from groundswell.sheets.desk_sheet import Desk

KEYS: dict[str, tuple[str, ...]] = {
    "strip": ("item",),
    "positions": ("actor",),
    "flows": ("actor", "horizon", "scenario"),
    "scenarios": ("scenario", "horizon"),
    "triggers": ("actor", "rule"),
    "crowding": ("distance",),
    "moved": ("component",),
    "history": ("actor", "date"),
    "fan": ("scenario", "session"),
    "ladder": ("level", "actor"),
    "calendar": ("date", "event"),
    "assumptions": ("address",),
}
"""The columns that identify a row of each frame; the others are its numbers and remarks."""


@dataclass(frozen=True)
class Row:
    """One row of finished text: its `address` and its `cells`, in the table's order."""

    address: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A worded frame: `key`, `title`, `header`, which columns are `numeric`, and the `rows`."""

    key: str
    title: str
    header: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[Row, ...]


def records(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a frame as named tuples (typed loosely: their fields are the columns)."""
    return iter(frame.itertuples(index=False))


def addresses(name: str, frame: pd.DataFrame, keys: tuple[str, ...] = ()) -> tuple[str, ...]:
    """One unique identifier per row of the frame `name`: its keys, numbered where they repeat.

    `keys` are the columns that identify a row; without, those of the sheet's own frames.
    """
    seen: dict[str, int] = {}
    result = []
    columns = [frame[column] for column in keys or KEYS[name]]
    for values in zip(*columns, strict=True):
        plain = words.address(name, *(_key(value) for value in values))
        seen[plain] = seen.get(plain, 0) + 1
        result.append(plain if seen[plain] == 1 else f"{plain}-{seen[plain]}")
    return tuple(result)


def strip(desk: Desk) -> Table:
    """The as-of strip: item, value, its date and a note, where it is from, and its age if it is old."""
    cells = (
        (
            row.item,
            row.value,
            words.day(row.date),
            row.note,
            row.source,
            words.age(row.age_days) if row.stale else "",
        )
        for row in records(desk.strip)
    )
    return worded("strip", "As of", "Item|Value >|Date >|Note|Source|Stale", desk.strip, cells)


def positions(desk: Desk) -> Table:
    """Positions per actor, USD bn, with their place in the actor's own history.

    One that never varied has no place: percentile and z are dashes.
    """
    cells = (
        (
            words.position_name(row.actor),
            words.amount(row.exposure),
            words.band(row.low, row.high, row.exposure),
            words.percent(row.pct_of_max),
            words.MISSING if never_varied(row.percentile, row.z) else words.percentile(row.percentile),
            words.MISSING if never_varied(row.percentile, row.z) else words.sigma(row.z),
            words.year(row.since),
        )
        for row in records(desk.positions)
    )
    header = "Actor|Exposure, $bn >|Range >|Of own maximum >|Percentile >|z >|Since >"
    return worded("positions", "Where they are", header, desk.positions, cells)


def flows(desk: Desk) -> Table:
    """Every flow of the sheet, one row per actor, horizon and scenario, in USD bn."""
    cells = (
        (
            words.actor_name(row.actor),
            words.horizon_name(row.horizon),
            words.scenario_name(row.scenario),
            words.flow(row.flow),
            words.band(row.low, row.high, row.flow),
            words.percent(row.pct_adv, 1, signed=True),
            words.sigma(row.z),
        )
        for row in records(desk.flows)
    )
    header = "Actor|Horizon|Scenario|Flow, $bn >|Range >|Of an average day's volume >|z >"
    return worded("flows", "What they must do, in full", header, desk.flows, cells)


def scenarios(desk: Desk) -> Table:
    """The scenarios as drift and daily movement."""
    cells = (
        (
            words.scenario_name(row.scenario),
            words.horizon_name(row.horizon),
            words.log_percent(row.end_move),
            words.percent(row.daily_move, 2),
            words.percent(row.realised_volatility, 1),
            row.words,
        )
        for row in records(desk.scenarios)
    )
    header = "Scenario|Horizon|Index ends >|Daily move >|Volatility, annual >|In words"
    return worded("scenarios", "The scenarios", header, desk.scenarios, cells)


def triggers(desk: Desk) -> Table:
    """The index levels at which something is forced, nearest first."""
    cells = (
        (
            words.actor_name(row.actor),
            row.rule,
            words.level(row.level),
            words.percent(row.distance, 1, signed=True),
            words.flow(row.flow),
            words.band(row.low, row.high, row.flow),
        )
        for row in records(desk.triggers)
    )
    header = "Actor|Rule|Level >|From spot >|Flow, $bn >|Range >"
    return worded("triggers", "Trigger levels", header, desk.triggers, cells)


def crowding(desk: Desk) -> Table:
    """The share of the trend book that flips within a distance of spot."""
    cells = (
        (
            words.percent(row.distance, 1, signed=True),
            words.percent(row.share),
            words.flow(row.flow),
        )
        for row in records(desk.crowding)
    )
    header = "Index move >|Trend book flipped >|Flow, $bn >"
    return worded("crowding", "Crowding of the trend book", header, desk.crowding, cells)


def moved(desk: Desk) -> Table:
    """The parts of the move: orders split into initiating and reflexive, effect in log percent.

    What is no actor has no order, and the index return, which is observed, has no range.
    """
    cells = (
        (
            words.component_name(row.component),
            *(
                words.flow(order) if row.component in words.ACTORS else words.MISSING
                for order in (row.initiating, row.reflexive)
            ),
            words.log_points(row.effect),
            words.MISSING if row.component == "index return" else words.percent_range(row.low, row.high, 2),
        )
        for row in records(desk.moved)
    )
    header = "Part|Initiating, $bn >|Reflexive, $bn >|Effect, log >|Range >"
    return worded("moved", f"What moved it, {window(desk)}", header, desk.moved, cells)


def calendar(desk: Desk) -> Table:
    """The dates of the next 25 sessions."""
    cells = ((words.day(row.date), row.label) for row in records(desk.calendar))
    return worded("calendar", "Dates ahead", "Date >|What", desk.calendar, cells)


def assumptions(desk: Desk) -> Table:
    """The declared parameters behind the numbers, with range ("fixed": none), unit and source."""
    cells = (
        (
            row.address,
            words.quantity(row.value),
            parameter_range(row.low, row.high),
            row.unit,
            row.source,
        )
        for row in records(desk.assumptions)
    )
    header = "Address|Value|Range|Unit|Source"
    return worded("assumptions", "Assumptions", header, desk.assumptions, cells)


def ladder(desk: Desk) -> Table:
    """Next week's flow per actor (columns) at each closing level of tomorrow (rows), USD bn."""
    frame = desk.ladder
    names = list(dict.fromkeys(frame["actor"]))
    rows = []
    for _, part in frame.groupby("level", sort=True):
        at, move = part["level"].iloc[0], part["move"].iloc[0]
        cells = {row.actor: words.flow_estimate(row.flow, row.low, row.high) for row in records(part)}
        rows.append(
            Row(
                words.address("ladder", _key(at)),
                (
                    words.level(at),
                    words.percent(move, 1, signed=True),
                    *(cells.get(name, words.MISSING) for name in names),
                ),
            )
        )
    header = ("Close at", "Move", *(words.actor_name(name) for name in names))
    return Table("ladder", "Flow of the next week, $bn", header, (True,) * len(header), tuple(rows))


def fan(desk: Desk) -> Table:
    """Cumulative total flow per session (rows) and scenario (columns), USD bn."""
    frame = desk.fan
    names = words.scenario_order(list(frame["scenario"]))
    rows = []
    for session, part in frame.groupby("session", sort=True):
        cells = {row.scenario: words.flow_estimate(row.flow, row.low, row.high) for row in records(part)}
        rows.append(
            Row(
                words.address("fan", session),
                (str(session), *(cells.get(name, words.MISSING) for name in names)),
            )
        )
    header = ("Session", *(words.scenario_name(name) for name in names))
    return Table("fan", "Cumulative flow, $bn", header, (True,) * len(header), tuple(rows))


def history(desk: Desk) -> Table:
    """Exposure per actor (columns) on the dates the chart draws (rows), % of own maximum."""
    frame = thinned(desk.history)
    names = list(dict.fromkeys(frame["actor"]))
    rows = []
    for date, part in frame.groupby("date", sort=True):
        cells = {
            row.actor: f"{words.percent(row.exposure)} {words.percent_range(row.low, row.high)}"
            for row in records(part)
        }
        rows.append(
            Row(
                words.address("history", _key(date)),
                (words.day(date), *(cells.get(name, words.MISSING) for name in names)),
            )
        )
    header = ("Date", *(words.actor_name(name) for name in names))
    title = "Exposure, % of own maximum [10th, 90th percentile of draws]"
    return Table("history", title, header, (True,) * len(header), tuple(rows))


def never_varied(percentile: float, z: float) -> bool:
    """Whether a position has stood still through its history: exactly the middle, exactly no deviation."""
    return percentile == 0.5 and z == 0.0


def flow_history(desk: Desk) -> str:
    """What the z of a flow is measured against, with the year in which the earliest history begins."""
    since = words.year(desk.positions["since"].min())
    beginning = "" if since == words.MISSING else f" since {since}"
    return f"z: against flows over as many sessions{beginning}"


def parameter_range(low: object, high: object) -> str:
    """A declared range, "3 to 8", or "fixed" where low and high are the same."""
    return "fixed" if low == high else f"{words.quantity(low)} to {words.quantity(high)}"


def thinned(frame: pd.DataFrame, most: int = 160) -> pd.DataFrame:
    """A history of at most `most` dates, evenly counted back from the last, which is kept."""
    dates = pd.Index(frame["date"].unique()).sort_values()
    every = -(-len(dates) // most) or 1
    return frame[frame["date"].isin(dates[::-1][::every])]


def window(desk: Desk) -> str:
    """The days of the move in words: "24 Dec to 31 Dec 2018", or one day."""
    first, last = desk.moved_window
    if first == last:
        return words.day(last)
    start = words.short_day(first) if first.year == last.year else words.day(first)
    return f"{start} to {words.day(last)}"


def worded(
    key: str,
    title: str,
    header: str,
    frame: pd.DataFrame,
    cells: Iterable[tuple[str, ...]],
    keys: tuple[str, ...] = (),
) -> Table:
    """The frame as a table of finished text.

    Args:
        key: name of the frame ("flows", "curve_levels").
        title: for readers.
        header: column titles, separated by "|"; " >" at the end marks a column of numbers.
        frame: gives each row its address.
        cells: the texts of each row, in the order of the frame.
        keys: see `addresses`.
    """
    columns = tuple(header.split("|"))
    rows = (
        Row(address, tuple(str(cell) for cell in row))
        for address, row in zip(addresses(key, frame, keys), cells, strict=True)
    )
    return Table(
        key,
        title,
        tuple(column.removesuffix(" >") for column in columns),
        tuple(column.endswith(" >") for column in columns),
        tuple(rows),
    )


def _key(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:+.6g}".replace("-", "m").replace("+", "")
    return str(value)
