"""The state of the data in a terminal: progress and result of an update, the doctor's findings, the
catalog, and where files were exported to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from groundswell.data.sources.roster import NAMES
from groundswell.sheets import words
from groundswell.show import lines

if TYPE_CHECKING:
    from groundswell.data.catalog import Entry
    from groundswell.data.doctor import Diagnosis
    from groundswell.data.gathering import Progress as Told
    from groundswell.data.gathering import Step
    from groundswell.data.update import Updated

LISTED, EXAMPLES = 12, 3
"""Series that are named one by one where something is wrong with them, and where they only are missing."""


@contextmanager
def bars(console: Console) -> Iterator[Told]:
    """Show a bar per service while the block runs; yield who is to be told of the steps."""
    columns = (
        TextColumn("{task.description:<20}"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[remark]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks: dict[str, TaskID] = {}

        def told(step: Step) -> None:
            name = NAMES.get(step.source, step.source)
            if step.source not in tasks:
                tasks[step.source] = progress.add_task(name, total=None, remark="")
            remark = f"{step.failed} failed" if step.failed else "done" if step.ended else ""
            # A service whose plan failed has no jobs: its bar is full all the same.
            total = max(step.total, step.done, int(step.ended))
            done = total if step.ended else step.done
            progress.update(tasks[step.source], completed=done, total=total or None, remark=remark)

        yield told


def render_updated(updated: Updated, console: Console) -> None:
    """Print what an update did: a line per source, then what failed, is stale or was left out."""
    frame = updated.frame
    lines.heading(console, "Update", f"{updated.seconds:.1f} s, into {updated.store}")
    if not frame.empty:
        header = ("", "series", "new", "revised", "unchanged", "failed", "stale", "through")
        rows = [_row(source, part) for source, part in frame.groupby("source", sort=False)]
        if len(rows) > 1:
            rows.append(_row("total", frame))
        lines.grid(console, header, rows, "<>>>>>>>")
    failed = frame[frame["failed"] != ""]
    if not failed.empty:
        lines.heading(console, "Failed", "what was stored of these series stays as it is")
        what = failed["series"].map({name: error.what for name, error in updated.failures.items()})
        for (source, _), part in failed.groupby(["source", what], sort=False):
            # Of series that fail for the same reason the first one's error stands for all.
            name = NAMES.get(str(source), str(source))
            lines.paragraph(console, f"- {name}: {_named(part['series'])}", indent="  ")
            lines.paragraph(console, part["failed"].iloc[0], "dim", "  ", first="  ")
    if updated.skipped:
        lines.heading(console, "Not asked")
        for source, reason in updated.skipped.items():
            lines.paragraph(console, f"- {NAMES.get(source, source)}: {reason}", indent="  ")
    stale = frame[frame["stale"] & (frame["failed"] == "")]
    if not stale.empty:
        lines.heading(console, "Stale", "the source had nothing newer, though its rule says it is due")
        lines.paragraph(console, _named(stale["series"]))
    if updated.remarks:
        lines.heading(console, "Remarks")
        for remark in dict.fromkeys(updated.remarks):
            lines.paragraph(console, f"- {remark}", indent="  ")


def render_diagnosis(found: Diagnosis, console: Console) -> None:
    """Print the doctor's findings: the store, the services, the keys, the series in trouble."""
    facts = found.facts
    lines.heading(console, "Store")
    if facts["store_bytes"]:
        lines.flow_of_items(
            console,
            [
                f"{facts['series']:,} series",
                f"{facts['observations']:,} observations",
                _size(facts["store_bytes"]),
                f"tables of version {facts['store_version']}",
                f"last update {_moment(facts['last_update'])}",
            ],
        )
        lines.say(console, str(facts["store"]), "dim")
    else:
        lines.paragraph(console, f"none yet at {facts['store']}: `groundswell update` makes it")
    archive = f"{facts['archive_files']:,} answers kept, {_size(facts['archive_bytes'])}"
    lines.flow_of_items(console, [archive, str(facts["archive"])])
    there = "settings" if facts["settings_file_exists"] else "settings: none at"
    lines.flow_of_items(console, [f"{there} {facts['settings_file']}"])
    _services(found.services, console)
    _keys(found.services, console)
    for state, remark in (
        ("failing", "the last try failed; what was stored before stays"),
        ("stale", "the next period is overdue by the series' rule"),
        ("missing", "in the catalog, not in the store"),
    ):
        _troubles(found.series[found.series["state"] == state], state, remark, console)


def render_catalog(entries: Iterable[Entry], console: Console) -> None:
    """Print series of the catalog: name, unit, title, source and when a period is public."""
    rows = [
        (each.id, each.unit, f"{each.title} ({NAMES.get(each.source, each.source)}, {each.source_id})")
        for each in entries
    ]
    lines.grid(console, ("series", "unit", "what it is"), rows, "<<<", text=2)
    lines.say(console, words.count(len(rows), "series"), "dim")


def render_files(files: Sequence[Path], console: Console) -> None:
    """Print the files written and their sizes."""
    for file in files:
        lines.say(console, f"{file}  {_size(file.stat().st_size)}")


def _row(source: object, part: pd.DataFrame) -> tuple[str, ...]:
    name = words.actor_name("total") if source == "total" else NAMES.get(str(source), str(source))
    numbers = [len(part), *(int(part[column].sum()) for column in ("new", "revised", "unchanged"))]
    numbers += [int((part["failed"] != "").sum()), int(part["stale"].sum())]
    through = part["through"].dropna()
    last = words.day(pd.Timestamp(through.max())) if len(through) else words.MISSING
    return (name, *(f"{number:,}" for number in numbers), last)


def _services(services: pd.DataFrame, console: Console) -> None:
    lines.heading(console, "Services")
    header = ("", "state", "series", "stored", "stale", "failing", "key")
    rows = []
    for row in services.to_dict("records"):
        counts = [f"{row[name]:,}" for name in ("series", "stored", "stale", "failing")]
        key = "" if row["key_state"] == "none wanted" else f"{row['key']} {row['key_state']}"
        rows.append((NAMES.get(row["source"], row["source"]), row["state"], *counts, key))
    lines.grid(console, header, rows, "<<>>>><")
    for reason, group in services[services["state"] == "fails"].groupby("reason", sort=False):
        names = ", ".join(NAMES.get(key, key) for key in group["source"])
        lines.paragraph(console, f"- {names}: {reason}", indent="  ")


def _keys(services: pd.DataFrame, console: Console) -> None:
    absent = services[services["key_state"] == "absent"]
    needy = services[(services["state"] == "not asked") & services["reason"].str.contains("CONTACT")]
    if absent.empty and needy.empty:
        return
    lines.heading(console, "Keys you could add", "in the environment or the settings file; all are free")
    for row in absent.to_dict("records"):
        lines.paragraph(console, f"- {row['key']} unlocks {row['unlocks']}: {row['page']}", indent="  ")
    for row in needy.to_dict("records"):
        name = NAMES.get(row["source"], row["source"])
        lines.paragraph(console, f"- GROUNDSWELL_CONTACT unlocks {name}: it {row['reason']}", indent="  ")


def _troubles(part: pd.DataFrame, state: str, remark: str, console: Console) -> None:
    if part.empty:
        return
    lines.heading(console, state.capitalize(), remark)
    for (source, reason), group in part.groupby(["source", "reason"], sort=False):
        name = NAMES.get(str(source), str(source))
        named = _named(group["series"], EXAMPLES if state == "missing" else LISTED)
        lines.paragraph(console, f"- {name}: {named}: {reason}", indent="  ")


def _named(series: pd.Series, most: int = LISTED) -> str:
    names = series.tolist()
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _size(size: object) -> str:
    number = float(str(size))
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:,.0f} {unit}"
        number /= 1000
    return f"{number:,.1f} GB"


def _moment(at: object) -> str:
    if at is None:
        return "never"
    moment = pd.Timestamp(str(at)).tz_convert("America/New_York")
    return f"{words.day(moment)} {moment:%H:%M} New York"
