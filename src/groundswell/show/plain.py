"""The sheet without a layout: JSON for programs, CSV for spreadsheets, Markdown for a message.

JSON and CSV hold the numbers themselves, in full; Markdown holds the worded tables of the page.
What is not defined is `null` in JSON, an empty value in CSV and a dash in Markdown.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from groundswell.sheets import words
from groundswell.show import tables
from groundswell.show.sections import LOOKS

if TYPE_CHECKING:
    from groundswell.sheets.desk_sheet import Desk
    from groundswell.sheets.section import Section


def to_json(desk: Desk) -> str:
    """The whole desk as strict JSON text (dates ISO 8601, undefined numbers `null`)."""
    return json.dumps(_strict(desk.to_dict()), indent=1, allow_nan=False, ensure_ascii=False)


def to_csv(desk: Desk) -> str:
    """The whole desk as one tidy table: `table, row, field, value`, one line per number.

    `row` is the identifier the page gives the same row without the table's name in front:
    `flows,vol_target-1w-down2,low,-31.2`. Numbers are written in full (they read back equal),
    dates as ISO 8601; what is not defined is an empty value.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("table", "row", "field", "value"))
    for field in ("as_of", "through", "made_on", "source", "bundled", "stale_days", "stale", "spot"):
        writer.writerow(("sheet", "", field, _plain(getattr(desk, field))))
    writer.writerow(("sheet", "", "headline", desk.headline))
    for field, date in zip(("moved_first", "moved_last"), desk.moved_window, strict=True):
        writer.writerow(("sheet", "", field, _plain(date)))
    for number, note in enumerate(desk.notes, start=1):
        writer.writerow(("notes", number, "note", note))
    for name, keys in tables.KEYS.items():
        writer.writerows(_numbers(name, getattr(desk, name), keys))
    for section in desk.sections:
        for field in ("finding", "data"):
            writer.writerow((section.key, "", field, getattr(section, field)))
        for field in ("missing", "caveats"):
            for number, sentence in enumerate(getattr(section, field), start=1):
                writer.writerow((section.key, number, field, sentence))
        for name, keys in section.frames.items():
            writer.writerows(_numbers(f"{section.key}_{name}", section.frame(name), keys))
    return buffer.getvalue()


def _numbers(name: str, frame: pd.DataFrame, keys: tuple[str, ...]) -> Iterator[tuple[str, str, str, str]]:
    """Yield table, row, field and value of every number of a frame."""
    fields = [str(field) for field in frame.columns]
    for address, values in zip(tables.addresses(name, frame, keys), tables.records(frame), strict=True):
        row = address.removeprefix(words.address(name) + "-")
        for field, value in zip(fields, values, strict=True):
            yield name, row, field, _plain(value)


def to_markdown(desk: Desk) -> str:
    """The sheet as Markdown: headline, then the worded tables of the page."""
    parts = [
        f"# Groundswell desk, {words.day(desk.as_of)}",
        f"**{_escape(desk.headline)}**",
        f"Data: {_escape(desk.source)}, through {words.day(desk.through)}, "
        f"{words.age(desk.stale_days)}; made "
        f"{words.day(desk.made_on)}. USD bn; + buys, {words.MINUS} sells; ranges in brackets.",
    ]
    for build in (
        tables.strip,
        tables.positions,
        tables.flows,
        tables.scenarios,
        tables.triggers,
        tables.crowding,
        tables.moved,
        tables.calendar,
        tables.assumptions,
    ):
        parts.append(_section(build(desk)))
    parts += [part for section in desk.sections for part in _part_of_sheet(section)]
    if desk.notes:
        parts.append("## Notes\n\n" + "\n".join(f"- {_escape(note)}" for note in desk.notes))
    return "\n\n".join(parts) + "\n"


def _part_of_sheet(section: Section) -> Iterator[str]:
    """Yield a section's heading with its finding, its tables, and what must be known of it."""
    yield f"## {section.title}\n\n**{_escape(section.finding)}**"
    if section.data:
        yield f"Data: {_escape(section.data)}."
    for table in LOOKS[section.key].written(section):
        yield _section(table, level=3)
    said = [*section.missing, *section.caveats]
    if said:
        yield "\n".join(f"- {_escape(sentence)}" for sentence in said)


def _section(table: tables.Table, level: int = 2) -> str:
    if not table.rows:
        return f"{'#' * level} {table.title}\n\nNone on this sheet."
    lines = [
        "| " + " | ".join(_escape(cell) for cell in table.header) + " |",
        "|" + "|".join("---:" if numeric else "---" for numeric in table.numeric) + "|",
    ]
    lines += ["| " + " | ".join(_escape(cell) for cell in row.cells) + " |" for row in table.rows]
    return f"{'#' * level} {table.title}\n\n" + "\n".join(lines)


def _escape(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _plain(value: object) -> str:
    if value is None or value is pd.NaT:
        return ""
    if isinstance(value, pd.Timestamp):
        return value.isoformat() if value.tz or value != value.normalize() else f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else ""
    return str(value)


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
