"""FRED and ALFRED through the API: every vintage of a series that is revised, the figures of others.

A series that is revised is asked for as spans: one row per value and the days during which it stood. A
span that begins on a day says that the value came out on that day; days have no clock, so a figure whose
release rule says 08:30 (the agencies' hour) is dated 08:30 New York of that day, any other 23:59 of it,
which is never early, and never later than the moment it was fetched. What a series held when ALFRED first
took it in keeps that day, though the figures were often older: the archive vouches for nothing before.
A "." in a span means that the value was withdrawn; elsewhere it means that there is none.

Figures of different vintages may stand in different base years; amounts in different multiples of a
dollar are brought to today's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

import numpy as np
import pandas as pd

from groundswell.data.catalog import Entry
from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Caller, Key, Parameters, Service
from groundswell.data.sources import fred_answers, fred_download
from groundswell.data.sources.decoding import refusal
from groundswell.data.sources.fred_answers import FIRST_DAY, LAST_DAY, PAGE, Span
from groundswell.data.sources.source import Delivery, Wanted, observations

SERVICE = Service(
    key="fred",
    title="FRED and ALFRED, Federal Reserve Bank of St. Louis",
    address="https://api.stlouisfed.org/fred",
    credential=Key(
        variable="FRED_API_KEY",
        place="query",
        name="api_key",
        required=False,
        unlocks="every vintage of GDP, jobs, prices and other revised figures; without it only the latest",
        page="https://fred.stlouisfed.org/docs/api/api_key.html",
    ),
    # The service counts by the second: what fits a minute but comes at once is answered with status 429.
    rate=(2, 1.1),
    busy_seconds=21.0,
    deadline=120.0,
    largest_body=128 * 2**20,
    documentation="https://fred.stlouisfed.org/docs/api/fred/",
)

NEW_YORK = "America/New_York"
MOST_VINTAGES = 2_000
"""Vintage days that one answer may span, by the service's rule."""
NOT_ARCHIVED = "does not exist in ALFRED"
"""What the service says of a series whose owner lets it keep the latest figures only."""

ESTIMATED_ANEW = frozenset({"NFCI", "STLFSI4", "IHLIDXUS", "IHLIDXUSTPSOFTDEVE", "USEPUINDXD"})
"""Indices whose whole history is estimated anew every week or day: their vintages run to millions of rows,
so the latest are asked for, and every later one is kept as it is seen."""

_EVERY = {"realtime_start": FIRST_DAY, "realtime_end": LAST_DAY}


def asked(caller: Caller, wanted: Wanted, today: date) -> Delivery:
    """Return what the API has of one series through today beyond what is stored.

    Raises:
        SourceError: the answer is not what was asked for, or its unit is not the catalog's.
    """
    has_vintages = wanted.entry.revised and wanted.entry.source_id not in ESTIMATED_ANEW
    try:
        return _asked(caller, wanted, today, has_vintages)
    except SourceError as problem:
        if has_vintages and NOT_ARCHIVED in str(problem):
            return _asked(caller, wanted, today, vintages=False)
        raise


def _asked(caller: Caller, wanted: Wanted, today: date, vintages: bool) -> Delivery:
    entry = wanted.entry
    parameters = {"series_id": entry.source_id, "file_type": "json", **(_EVERY if vintages else {})}
    described = caller.get(SERVICE, "/series", parameters, expect="json")
    units = fred_answers.checked_description(described, entry)
    released = None
    if vintages:
        rows, bodies = _vintages(caller, wanted, today)
        rows["value"] = fred_answers.to_current_scale(rows, units)
        released = pd.DatetimeIndex(_released(rows, wanted, max(each.fetched for each in bodies)))
    else:
        rows, bodies = _figures(caller, wanted, today)
        rows = rows[rows["value"].notna()]
    found = observations(entry.id, pd.DatetimeIndex(rows["period"]), rows["value"], rows["row"], released)
    return Delivery(found, bodies=(described, *bodies))


def windows(dates: list[str], first: str) -> list[Span]:
    """Return spans that together cover all vintages from `first` on, none with more than allowed.

    Every span after the first begins on the day before its first vintage, so that a value that was
    already standing then is told from one that came out.
    """
    later = [day for day in dates if day >= first]
    starts = [later[number] for number in range(0, len(later), MOST_VINTAGES - 1)][1:]
    edges = [date.fromisoformat(day) for day in starts]
    begins = [first, *((day - timedelta(days=1)).isoformat() for day in edges)]
    ends = [*((day - timedelta(days=1)).isoformat() for day in edges), LAST_DAY]
    return [Span(begin, end) for begin, end in zip(begins, ends, strict=True)]


def _vintages(caller: Caller, wanted: Wanted, today: date) -> tuple[pd.DataFrame, list[Body]]:
    """Return the spans that are new since the last stored vintage, that vintage included."""
    entry = wanted.entry
    if wanted.vintage is not None:
        stored = pd.Timestamp(wanted.vintage).tz_convert(NEW_YORK).date()
        rows, bodies = _spans(caller, entry, (stored - timedelta(days=1)).isoformat(), today)
        rows = rows[rows["start"] >= np.datetime64(stored)]
        if (rows["start"] == np.datetime64(stored)).any():
            return rows, bodies
        # The stored one is not among the archive's: it was not told by it, so all is asked for.
    return _spans(caller, entry, FIRST_DAY, today)


def _spans(caller: Caller, entry: Entry, first: str, today: date) -> tuple[pd.DataFrame, list[Body]]:
    """Return all spans that touch the days from `first` on."""
    windows_asked, bodies, frames = [Span(first)], [], []
    if entry.frequency in ("daily", "weekly"):
        parameters: Parameters = {
            "series_id": entry.source_id,
            "file_type": "json",
            **_EVERY,
            "limit": 10_000,
        }
        bodies.append(caller.get(SERVICE, "/series/vintagedates", parameters, expect="json"))
        windows_asked = windows(fred_answers.read_vintage_dates(bodies[0], entry), first)
    for number, span in enumerate(windows_asked):
        chosen: Parameters = {
            "realtime_start": span.first,
            "realtime_end": span.last,
            "output_type": 1,
            "observation_end": today.isoformat(),
        }
        frame, pages = _paged(caller, entry, chosen, partial(_read_spans, entry, span))
        bodies += pages
        frames.append(frame if number == 0 else frame[frame["start"] > np.datetime64(span.first)])
    rows = pd.concat(frames, ignore_index=True)
    if rows.empty:
        raise _empty(entry, bodies[-1])
    if first == FIRST_DAY:  # a value that never stood before cannot be withdrawn
        ordered = rows.sort_values(["period", "start"], kind="stable")
        opening = ~ordered["period"].duplicated() & ordered["value"].isna()
        rows = rows.drop(index=ordered.index[opening])
    return rows, bodies


def _read_spans(entry: Entry, span: Span, body: Body, offset: int) -> tuple[pd.DataFrame, int]:
    return fred_answers.read_spans(body, entry, span, offset)


def _paged(
    caller: Caller, entry: Entry, chosen: Parameters, read: Callable[[Body, int], tuple[pd.DataFrame, int]]
) -> tuple[pd.DataFrame, list[Body]]:
    """Return all pages of one question."""
    common: Parameters = {
        "series_id": entry.source_id,
        "file_type": "json",
        "sort_order": "asc",
        "limit": PAGE,
    }
    frames: list[pd.DataFrame] = []
    bodies: list[Body] = []
    count, offset = 1, 0
    while offset < count:
        parameters = {**common, **chosen, "offset": offset}
        body = caller.get(SERVICE, "/series/observations", parameters, expect="json")
        frame, total = read(body, offset)
        if (offset and total != count) or len(frame) != min(PAGE, total - offset):
            raise refusal(
                body,
                f"{len(frame)} rows from row {offset + 1} of {total}",
                series=entry.id,
                expected="pages that add up",
                remedy="try again: the series was being updated, or the answer was cut",
            )
        frames.append(frame)
        bodies.append(body)
        count, offset = total, offset + PAGE
    return pd.concat(frames, ignore_index=True), bodies


def _figures(caller: Caller, wanted: Wanted, today: date) -> tuple[pd.DataFrame, list[Body]]:
    entry = wanted.entry
    start = fred_download.since(wanted)
    begin = {} if start is None else {"observation_start": start.isoformat()}
    chosen = {**begin, "observation_end": today.isoformat()}
    rows, bodies = _paged(caller, entry, chosen, partial(_read_figures, entry, start))
    if not rows["value"].notna().any():
        raise _empty(entry, bodies[-1])
    return rows, bodies


def _read_figures(entry: Entry, start: date | None, body: Body, offset: int) -> tuple[pd.DataFrame, int]:
    return fred_answers.read_figures(body, entry, start, offset)


def _empty(entry: Entry, body: Body) -> SourceError:
    return refusal(
        body,
        f"there is no value of {entry.source_id} in the answer",
        series=entry.id,
        expected="the figures of a series that exists",
        remedy="check its id at the service; it may have been discontinued",
    )


def _released(rows: pd.DataFrame, wanted: Wanted, fetched: datetime) -> pd.Series[pd.Timestamp]:
    """Return when the vintages came out, UTC; the vintage stored last keeps the time it has."""
    clock = pd.Timedelta("08:30:00" if wanted.entry.release.endswith(" at 08:30") else "23:59:00")
    starts = pd.Series(rows["start"].to_numpy().astype("datetime64[us]"), index=rows.index)
    stamps = (starts + clock).dt.tz_localize(NEW_YORK).dt.tz_convert("UTC")
    stamps = stamps.where(stamps <= pd.Timestamp(fetched), pd.Timestamp(fetched))
    if wanted.vintage is not None:
        stored = pd.Timestamp(wanted.vintage)
        day = np.datetime64(stored.tz_convert(NEW_YORK).date())
        stamps = stamps.mask((rows["start"] == day).to_numpy(), stored)
    return stamps
