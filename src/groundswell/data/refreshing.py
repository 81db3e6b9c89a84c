"""Today's data for a sheet, if they can be had in a few seconds; otherwise what there is."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit
from urllib.request import getproxies

import pandas as pd

from groundswell.data import calendar, staleness
from groundswell.data.book import NEW_YORK
from groundswell.data.catalog import Entry, catalog
from groundswell.data.errors import GroundswellError
from groundswell.data.gathering import Progress
from groundswell.data.settings import Settings
from groundswell.data.sources.roster import SOURCES, known
from groundswell.data.stored_book import place
from groundswell.data.update import Updated, absent, chosen, update

SECONDS = 12.0
"""Time for asking; with what comes before and after, a refresh takes no more than 15 seconds."""

CONNECTING = 3.0
"""Seconds in which at least one service must take a connection."""

NOT_AGAIN = pd.Timedelta(hours=1)
"""A series that was asked for, well or in vain, is not asked for again within this time."""

CLOSE = pd.Timedelta(hours=16)
QUOTES_OUT = pd.Timedelta(hours=2.5)
"""Time after a session's close in which settlements of the day come out; quotes are not asked for before."""

LISTED = 6
"""Series that the remark names before it counts the rest."""


@dataclass(frozen=True)
class Refreshed:
    """What came of a refresh: the update if there was one, and a remark for the sheet if it matters."""

    updated: Updated | None = None
    remark: str = ""


def refresh(
    settings: Settings, sheet: str, *, always: bool = False, progress: Progress = lambda step: None
) -> Refreshed:
    """Fetch what a sheet needs and the store lacks, or everything it needs.

    Services are asked as by somebody without a key: with one, FRED is asked series by series, which takes
    longer than a sheet waits; `update` uses the keys. Without `always` only series that are missing or
    stale are asked for, nothing is raised, and without a network it is over at once. Quotes, which nobody can
    have later, are taken once after each session.

    Args:
        settings: folders, keys and addresses.
        sheet: its name in the catalog ("desk").
        always: whether series that are up to date are asked for as well.
        progress: told of every step.

    Raises:
        DataError: with `always`, what `update` raises.
    """
    settings = settings.keyless()
    if always:
        updated = update(settings, needed_by=sheet, within=SECONDS, progress=progress)
        return Refreshed(updated, _remark(updated))
    try:
        wanted = [
            each
            for each in chosen(catalog(settings.catalog), needed_by=sheet)
            if not absent(settings, SOURCES[known(each.source)].service)
        ]
        lacking = _lacking(settings, wanted)
        if not lacking:
            return Refreshed()
        if not _network(settings, {each.source for each in lacking}):
            return Refreshed(remark="Not refreshed: no service could be reached; the data are those at hand.")
        names = [each.id for each in lacking]
        updated = update(settings, series=names, within=SECONDS, progress=progress)
        return Refreshed(updated, _remark(updated))
    except GroundswellError as problem:
        return Refreshed(remark=f"Not refreshed: {problem}")


def _lacking(settings: Settings, wanted: Iterable[Entry]) -> list[Entry]:
    """Return the series that are missing or stale and were not asked for a short time ago."""
    standing = place(settings).standing().set_index("series")
    now = pd.Timestamp.now("UTC")
    lacking = []
    for each in wanted:
        if each.id in standing.index:
            row = standing.loc[each.id]
            if any(
                pd.notna(at) and now - pd.Timestamp(str(at)) < NOT_AGAIN for at in row[["asked", "failed"]]
            ):
                continue
            since = row["vintage" if each.frequency == "snapshot" else "through"]
            if pd.notna(since) and not _is_old(each, pd.Timestamp(str(since)), now):
                continue
        lacking.append(each)
    return lacking


def _is_old(each: Entry, since: pd.Timestamp, now: pd.Timestamp) -> bool:
    """Return whether a newer figure was due; of quotes, whether a session has ended since they were taken.

    Args:
        each: the series.
        since: its last period; of quotes, the moment (with a zone).
        now: a time with a zone.
    """
    if each.frequency != "snapshot":
        return staleness.is_stale(each, since, now)
    wall = now.tz_convert(NEW_YORK).tz_localize(None) - QUOTES_OUT
    closes = calendar.sessions(wall - pd.Timedelta(days=10), wall) + CLOSE
    return since < closes[closes <= wall][-1].tz_localize(NEW_YORK)


def _network(settings: Settings, sources: Iterable[str]) -> bool:
    """Return whether any of the services takes a connection; behind a proxy it is taken for granted."""
    if getproxies():
        return True
    taken: SimpleQueue[bool] = SimpleQueue()

    def connect(host: str, port: int) -> None:
        try:
            socket.create_connection((host, port), timeout=CONNECTING).close()
            taken.put(True)
        except OSError:
            taken.put(False)

    addresses = {settings.address(SOURCES[source].service) for source in sources}
    for address in addresses:
        target = urlsplit(address)
        port = target.port or (443 if target.scheme == "https" else 80)
        threading.Thread(target=connect, args=(target.hostname or "", port), daemon=True).start()
    until = time.monotonic() + CONNECTING
    try:
        return any(taken.get(timeout=max(0.0, until - time.monotonic())) for _ in addresses)
    except Empty:
        return False


def _remark(updated: Updated) -> str:
    """Return the sentence for the sheet on what could not be fetched, empty where all was."""
    names = list(updated.failures)
    if not names:
        return ""
    why = updated.failures[names[0]].what
    if updated.frame["failed"].ne("").all():
        return f"Not refreshed: nothing could be fetched ({why}); the data are those at hand."
    listed = ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
    return f"Refreshed in part: {listed} could not be fetched ({why})."
