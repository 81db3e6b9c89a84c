"""What is missing, old or out of reach: the state of the store, of the services and of the keys."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from groundswell.data import gathering, staleness
from groundswell.data.book import NEW_YORK
from groundswell.data.catalog import Catalog, Entry, catalog
from groundswell.data.errors import SourceError
from groundswell.data.gathering import Progress
from groundswell.data.http.client import Client
from groundswell.data.settings import Settings, settings_file
from groundswell.data.sources.roster import NAMES, SOURCES
from groundswell.data.sources.source import Wanted
from groundswell.data.store.layout import VERSION
from groundswell.data.stored_book import place
from groundswell.data.update import absent

SECONDS = 20.0
"""Time that all services together have to answer one small question each."""


@dataclass(frozen=True)
class Diagnosis:
    """The state of the data.

    Attributes:
        services: one row per source: `source`, `title`, `address`; `state` ("answers", "fails", "not
            asked"), `reason`; `key` (variable, empty where none is taken), `key_state` ("present",
            "absent", "none wanted"), `unlocks` and `page`; `series` (in the catalog), `stored`,
            `stale`, `failing`, `missing` (counts).
        series: one row per series that is `missing`, `stale` or `failing`: `source`, `series`,
            `state`, `through`, `age_days`, `reason`.
        facts: what is known of the store and its surroundings, by name.
    """

    services: pd.DataFrame
    series: pd.DataFrame
    facts: Mapping[str, object]


def examine(settings: Settings, reach: bool = True, progress: Progress = lambda step: None) -> Diagnosis:
    """Return the state of the store and the services; nothing is changed.

    Args:
        settings: folders, keys and addresses.
        reach: whether to ask every service for something small.
        progress: told of every step of the asking.

    Raises:
        StoreError: the store cannot be read.
    """
    known = catalog(settings.catalog)
    store = place(settings)
    standing = store.standing().set_index("series")
    troubles = _troubles(known, standing, settings)
    reached = _reached(settings, known, progress) if reach else {}
    by_state = troubles.groupby(["source", "state"]).size()
    services = []
    for key in NAMES:
        service = SOURCES[key].service
        reason = absent(settings, service) or reached.get(key, "not asked, as was wished")
        credential = service.credential
        mine = [each.id for each in known.values() if each.source == key]
        services.append(
            {
                "source": key,
                "title": service.title,
                "address": settings.address(service),
                "state": "answers" if not reason else "fails" if key in reached else "not asked",
                "reason": reason,
                "key": credential.variable if credential else "",
                "key_state": _key_state(settings, key),
                "unlocks": credential.unlocks if credential else "",
                "page": credential.page if credential else "",
                "series": len(mine),
                "stored": sum(name in standing.index and standing["rows"][name] > 0 for name in mine),
                **{state: int(by_state.get((key, state), 0)) for state in ("missing", "stale", "failing")},
            }
        )
    return Diagnosis(pd.DataFrame(services), troubles, _facts(settings, standing))


def _key_state(settings: Settings, source: str) -> str:
    credential = SOURCES[source].service.credential
    if credential is None:
        return "none wanted"
    return "present" if settings.secret(credential) else "absent"


def _troubles(known: Catalog, standing: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Return the series that are missing, old or failing, and why."""
    now = pd.Timestamp.now("UTC")
    rows = []
    for each in known.values():
        stored = each.id in standing.index and pd.notna(standing["through"][each.id])
        through = pd.Timestamp(standing["through"][each.id]) if stored else None
        failure = str(standing["failure"][each.id]) if each.id in standing.index else ""
        if failure:
            state, reason = "failing", failure
        elif through is None:
            asked = absent(settings, SOURCES[each.source].service) if each.source in SOURCES else ""
            state, reason = "missing", asked or "never fetched"
        elif staleness.is_stale(each, through, now):
            due = staleness.due(each, through).tz_convert(NEW_YORK)
            state, reason = "stale", f"the next period was due on {due:%Y-%m-%d}"
        else:
            continue
        age = None if through is None else staleness.age(through, now)
        rows.append((each.source, each.id, state, through, age, reason))
    return pd.DataFrame(rows, columns=["source", "series", "state", "through", "age_days", "reason"])


def _reached(settings: Settings, known: Catalog, progress: Progress) -> dict[str, str]:
    """Return by source why it did not answer, empty where it did; what it answers is thrown away."""
    now = pd.Timestamp.now(NEW_YORK)
    # As one who is nearly up to date: a source with a file for each vintage is not asked for years of them.
    through, vintage = (now - pd.Timedelta(days=5)).date(), (now - pd.Timedelta(days=45)).to_pydatetime()
    plan = {
        key: [Wanted(entry, through, vintage)]
        for key in NAMES
        if (entry := _small(key, known)) is not None and not absent(settings, SOURCES[key].service)
    }
    with tempfile.TemporaryDirectory(prefix="groundswell-doctor-", ignore_cleanup_errors=True) as folder:
        aside = settings.model_copy(update={"data": Path(folder), "cache": Path(folder)})
        until = time.monotonic() + SECONDS
        with Client(aside, until=until) as client:
            today = pd.Timestamp.now(NEW_YORK).date()
            gathered = gathering.gather(plan, client, today, until, progress)
    failures = {key: gathered.failures.get(wanted[0].entry.id) for key, wanted in plan.items()}
    return {key: "" if error is None else _words(error) for key, error in failures.items()}


def _words(error: SourceError) -> str:
    """Return an error without its address, which the table of services has."""
    return f"{error.what}. To do: {error.remedy}" if error.remedy else error.what


def _small(source: str, known: Catalog) -> Entry | None:
    """Return the series of a source to ask for: no whole option chain where there is a series."""

    def size(each: Entry) -> tuple[bool, bool]:
        return each.frequency == "snapshot", "desk" not in each.needed_by

    mine = [each for each in known.values() if each.source == source]
    return min(mine, key=size, default=None)


def _facts(settings: Settings, standing: pd.DataFrame) -> dict[str, object]:
    store = place(settings)
    file = settings_file()
    bodies = [path.stat().st_size for path in (settings.data / "bodies").rglob("*") if path.is_file()]
    asked = standing["asked"].dropna()
    return {
        "store": str(store.path),
        "store_bytes": store.path.stat().st_size if store.exists else 0,
        "store_version": VERSION if store.exists else None,
        "series": int((standing["rows"] > 0).sum()) if store.exists else 0,
        "observations": int(standing["rows"].sum()) if store.exists else 0,
        "last_update": asked.max() if len(asked) else None,
        "archive": str(settings.data / "bodies"),
        "archive_files": len(bodies),
        "archive_bytes": sum(bodies),
        "settings_file": str(file),
        "settings_file_exists": file.exists(),
    }
