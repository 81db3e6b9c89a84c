"""Yahoo Finance: prices of funds, indices and futures, and the strip of fed-funds futures. Unofficial.

`source_id` in the catalog: a symbol, as in `TLT` (the close, adjusted for splits), `TLT:adjusted` (for
dividends as well), or `contracts:ZQ:CBT` (the single monthly contracts of a future, here `ZQZ26.CBT` and
its neighbours, as snapshots). With `yfinance:` before it the library of that name is asked instead of our
own client. Front-month futures such as `ES=F` are not adjusted: at a roll the price jumps by the spread
of two contracts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd

from groundswell.data.calendar import sessions
from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Caller
from groundswell.data.sources.quotes import contract_of, quotes_of
from groundswell.data.sources.source import Delivery, Job, Snapshot, Wanted, not_understood, observations
from groundswell.data.sources.yahoo_bars import SERVICE, THROUGH_LIBRARY, Bars, ask

FIRST_DAY = date(1970, 1, 1)
LOOK_BACK = timedelta(days=30)
"""How far before the last stored day is asked again, for closes that were corrected."""

SPLIT_MARGIN = timedelta(days=5)
"""A split this long before the last stored day may not yet have been in what is stored."""

ADJUSTED = "adjusted"
MONTHS_AHEAD = 18
CERTAIN = 12
"""Of the monthly contracts from this month on, those that must be there; Yahoo has 12 to 24."""

HISTORY_DAYS = 45
"""How far back the contracts of an empty store reach: those that have ended disappear from Yahoo."""

KNOWN_FROM = time(18, 0)
"""Time in New York from which the price of a day counts as known."""

_NEW_YORK = ZoneInfo("America/New_York")


class Yahoo:
    """Plans the requests to Yahoo."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per series."""
        return [Job(SERVICE, (each.entry.id,), partial(_run, each, today)) for each in wanted]


SOURCE = Yahoo()


def _run(wanted: Wanted, today: date, caller: Caller) -> Delivery:
    source_id = wanted.entry.source_id
    client = THROUGH_LIBRARY if source_id.startswith(THROUGH_LIBRARY) else ""
    match source_id.removeprefix(client).split(":"):
        case ["contracts", root, venue]:
            return _contracts(wanted, client, root, venue, today, caller)
        case [symbol]:
            return _closes(wanted, client + symbol, today, caller)
        case [symbol, kind] if kind == ADJUSTED:
            bars = ask(client + symbol, FIRST_DAY, today, caller, wanted.entry.id)
            return _delivery(wanted.entry.id, bars, bars.adjusted, [bars.body])
    raise not_understood(wanted.entry, "a symbol, a symbol with ':adjusted', or contracts:<ROOT>:<VENUE>")


def _closes(wanted: Wanted, symbol: str, today: date, caller: Caller) -> Delivery:
    """Return the closes since the last one stored; after a split all of them, as their past has changed."""
    series = wanted.entry.id
    start = wanted.through - LOOK_BACK if wanted.through else FIRST_DAY
    bars = ask(symbol, start, today, caller, series)
    bodies = [bars.body]
    if wanted.through and any(day > wanted.through - SPLIT_MARGIN for day in bars.splits):
        bars = ask(symbol, FIRST_DAY, today, caller, series)
        bodies.append(bars.body)
    return _delivery(series, bars, bars.closes, bodies)


def _delivery(series: str, bars: Bars, values: Sequence[float], bodies: Sequence[Body]) -> Delivery:
    return Delivery(observations(series, bars.days, values, bars.rows), bodies=tuple(bodies))


def _contracts(wanted: Wanted, client: str, root: str, venue: str, today: date, caller: Caller) -> Delivery:
    """Return the strip of monthly contracts on each completed day that is not stored."""
    series = wanted.entry.id
    oldest = today - timedelta(days=HISTORY_DAYS)
    after = max(wanted.through, oldest) if wanted.through else oldest
    earlier = (today.year - after.year) * 12 + today.month - after.month
    strip: dict[date, Bars] = {}
    remarks = []
    for ahead in range(-earlier, MONTHS_AHEAD):
        month = date(today.year + (today.month - 1 + ahead) // 12, (today.month - 1 + ahead) % 12 + 1, 1)
        symbol = f"{client}{contract_of(root, month)}.{venue}"
        try:
            strip[month] = ask(symbol, after, today, caller, series)
        except SourceError as problem:
            if 0 <= ahead < CERTAIN:
                raise
            remarks.append(f"{series}: Yahoo has no {contract_of(root, month)} ({problem.what})")
    snapshots = _strips(strip, root, after, series)
    bodies = tuple(bars.body for bars in strip.values())
    return Delivery(snapshots=tuple(snapshots), bodies=bodies, remarks=tuple(remarks))


def _strips(strip: Mapping[date, Bars], root: str, after: date, series: str) -> list[Snapshot]:
    """Return a snapshot for each day later than `after`, of the contracts with a price on that day."""
    by_day: dict[date, list[tuple[date, float, float, int, Body]]] = {}
    for month, bars in strip.items():
        for day, close, volume, row in zip(bars.days, bars.closes, bars.volumes, bars.rows, strict=True):
            if day > after and close == close:  # NaN is no price
                by_day.setdefault(day, []).append((month, close, volume, row, bars.body))
    expiries = {month: _last_session(month) for month in strip}
    snapshots = []
    for day, quoted in sorted(by_day.items()):
        months, closes, volumes, rows, bodies = zip(*quoted, strict=True)
        taken = datetime.combine(day, KNOWN_FROM, _NEW_YORK).astimezone(UTC)
        if taken > bodies[0].fetched:
            continue
        columns = {
            "contract": [contract_of(root, month) for month in months],
            "root": root,
            "kind": "future",
            "expiry": [expiries[month] for month in months],
            "settle": list(closes),
            "volume": list(volumes),
        }
        snapshots.append(Snapshot(series, taken, quotes_of(columns, rows, bodies[0], series=series)))
    return snapshots


def _last_session(month: date) -> pd.Timestamp:
    end = pd.Timestamp(month) + pd.offsets.MonthEnd(0)
    return sessions(pd.Timestamp(month), end)[-1]
