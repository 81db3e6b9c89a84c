"""Bringing the store up to date: which series, from whom, what came of it.

Services are asked side by side, every answer is checked, and what is good goes into the store in one
piece. Nothing is told as stored before it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from groundswell.data import gathering, staleness
from groundswell.data.book import NEW_YORK
from groundswell.data.catalog import Catalog, Entry, catalog, entry
from groundswell.data.errors import DataError, SourceError, StoreError
from groundswell.data.gathering import Progress
from groundswell.data.http.client import Client
from groundswell.data.http.service import Service
from groundswell.data.settings import Settings
from groundswell.data.sources.roster import SOURCES, known
from groundswell.data.sources.source import Wanted
from groundswell.data.store.layout import Batch
from groundswell.data.store.store import Store
from groundswell.data.stored_book import place

SECONDS = 900.0
"""Time an update may take: the slowest service answers a few requests a minute without a key."""

COLUMNS = ["source", "series", "new", "revised", "unchanged", "failed", "stale", "through"]


@dataclass(frozen=True)
class Updated:
    """What an update did.

    Attributes:
        frame: one row per series that was asked for: `source`, `series`; `new`, `revised`,
            `unchanged` (observations); `failed` (why, empty where it did not); `stale` (whether its
            last period is older than its rule allows); `through` (last period stored).
        failures: the errors behind `failed`, by series.
        skipped: why a source was not asked, by key.
        remarks: what the sources had to say.
        seconds: time it took.
        store: the file written to.
    """

    frame: pd.DataFrame
    failures: Mapping[str, SourceError]
    skipped: Mapping[str, str]
    remarks: tuple[str, ...]
    seconds: float
    store: Path

    @property
    def status(self) -> int:
        """Return 0 where all went well, 3 where some series failed, 4 where nothing could be fetched."""
        failed = self.frame["failed"] != ""
        if failed.all():
            return 4
        return 3 if failed.any() else 0


def update(
    settings: Settings,
    *,
    series: Sequence[str] = (),
    sources: Sequence[str] = (),
    needed_by: str | None = None,
    within: float = SECONDS,
    progress: Progress = lambda step: None,
) -> Updated:
    """Bring series up to date and return what came of it.

    Args:
        settings: folders, keys and addresses.
        series: ids of the catalog; none means all.
        sources: keys of sources; none means all.
        needed_by: only what this sheet needs ("desk").
        within: seconds after which what has not answered has failed.
        progress: told of every step of every source.

    Raises:
        DataError: a series or a source is unknown, or nothing is left to ask for.
        StoreBusyError: another update is running.
        StoreError: the store cannot be read or written.
    """
    start = time.monotonic()
    entries = chosen(catalog(settings.catalog), series, sources, needed_by)
    store = place(settings)
    plan: dict[str, list[Wanted]] = {}
    skipped, refused = {}, {}
    with store.claimed(), Client(settings, until=start + within) as client:
        stored = store.standing().set_index("series")
        for each in entries:
            reason = absent(settings, SOURCES[known(each.source)].service)
            if reason:
                skipped[each.source] = reason
            elif problem := _changed_unit(each, stored):
                refused[each] = problem
            else:
                plan.setdefault(each.source, []).append(_wanted(each, stored))
        today = pd.Timestamp.now(NEW_YORK).date()
        gathered = gathering.gather(plan, client, today, start + within, progress)
        failures = dict(gathered.failures)
        written = _write(store, gathered.batches, failures)
    failures |= {each.id: problem for each, problem in refused.items()}
    asked = [*(each.entry for wanted in plan.values() for each in wanted), *refused]
    frame = _told(asked, written, failures, store)
    seconds = time.monotonic() - start
    return Updated(frame, failures, skipped, gathered.remarks, seconds, store.path)


def chosen(
    every: Catalog, series: Sequence[str] = (), sources: Sequence[str] = (), needed_by: str | None = None
) -> list[Entry]:
    """Return the entries of the catalog that are meant, in its order.

    Raises:
        DataError: a name is unknown, or none is left.
    """
    named = {entry(name, every).id for name in series}
    keys = {known(key) for key in sources}
    found = [
        each
        for each in every.values()
        if (not named or each.id in named)
        and (not keys or each.source in keys)
        and (needed_by is None or needed_by in each.needed_by)
    ]
    if not found:
        raise DataError(
            "no series of the catalog is meant",
            where="groundswell update",
            expected="series, sources and a sheet that go together",
            remedy="`groundswell catalog` shows the source and the sheets of each series",
        )
    return found


def absent(settings: Settings, service: Service) -> str:
    """Return what a service needs from the user before it can be asked, empty where nothing."""
    key = service.credential
    if key is not None and key.required and not settings.secret(key):
        return f"needs a key: {key.variable}, from {key.page}"
    if service.needs_contact and settings.contact is None:
        return "asks whom it serves: set GROUNDSWELL_CONTACT to your e-mail address"
    return ""


def _wanted(each: Entry, stored: pd.DataFrame) -> Wanted:
    if each.id not in stored.index or pd.isna(stored["through"][each.id]):
        return Wanted(each)
    through, vintage = (pd.Timestamp(stored[name][each.id]) for name in ("through", "last_stated"))
    return Wanted(each, through.date(), None if pd.isna(vintage) else vintage.to_pydatetime())


def _changed_unit(each: Entry, stored: pd.DataFrame) -> SourceError | None:
    """Return why a series cannot go on: its catalog has another unit than its store.

    The store would refuse it too, and with it everything that came from the same source.
    """
    if each.id not in stored.index or not stored["rows"][each.id] or each.frequency == "snapshot":
        return None
    unit = str(stored["unit"][each.id])
    if unit in ("", each.unit):
        return None
    return SourceError(
        f"the catalog now says '{each.unit}', and what is stored is in '{unit}'",
        where=f"{each.source}, series '{each.id}'",
        expected="one unit for all vintages of a series",
        remedy="correct the unit in the catalog, or give the series of the new unit a name of its own",
    )


def _write(store: Store, batches: Sequence[Batch], failures: dict[str, SourceError]) -> pd.DataFrame:
    """Write everything in one piece; where the store refuses it, source by source.

    A source whose answers contradict what is stored fails alone: its series are added to the failures.
    """
    if not (store.exists or any(batch.asked for batch in batches)):
        return pd.DataFrame(columns=["series", "new", "revised", "unchanged"])
    try:
        return store.write(batches)
    except StoreError:
        if len(batches) == 1:
            raise
    written = []
    for batch in batches:
        try:
            written.append(store.write([batch]))
        except StoreError as problem:
            error = SourceError(
                problem.what, where=problem.where, expected=problem.expected, remedy=problem.remedy
            )
            failures.update(dict.fromkeys(batch.asked, error))
            last = problem
    if not written:
        raise last
    return pd.concat(written, ignore_index=True)


def _told(
    asked: Iterable[Entry],
    written: pd.DataFrame,
    failures: Mapping[str, SourceError],
    store: Store,
) -> pd.DataFrame:
    """Return the frame of the result from what the store says it has, after it was written."""
    counts = written.set_index("series").to_dict("index")
    through_of = store.standing().set_index("series")["through"].dropna()
    now = pd.Timestamp.now("UTC")
    rows = []
    for each in asked:
        count = counts.get(each.id, {})
        through = pd.Timestamp(through_of[each.id]) if each.id in through_of else None
        failure = failures.get(each.id)
        rows.append(
            {
                "source": each.source,
                "series": each.id,
                **{name: int(count.get(name, 0)) for name in ("new", "revised", "unchanged")},
                "failed": "" if failure is None else str(failure),
                "stale": through is None or staleness.is_stale(each, through, now),
                "through": through,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)
