"""Cboe, keyless: histories of its volatility indices, VIX futures, delayed option chains.

`source_id` in the catalog: `index:VIX` for the file `VIX_History.csv`, `futures:VX` for the monthly VIX
futures (`cboe_futures`), `chain:_SPX` for the delayed chain `_SPX.json` (`cboe_chain`; indices take the
leading underscore, funds do not).

An index file has a header `DATE,OPEN,HIGH,LOW,CLOSE`, or `DATE` and one column of any name: values are taken
by position, the last column is the close. Days are written month first. The file grows after the
close or only next morning, so its last row may be the day before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

import pandas as pd

from groundswell.data.calendar import sessions
from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources import cboe_chain, cboe_futures
from groundswell.data.sources.columns import table
from groundswell.data.sources.decoding import day_of, refusal
from groundswell.data.sources.quotes import contract_of
from groundswell.data.sources.source import Delivery, Job, Wanted, not_understood, observations

SERVICE = Service(
    key="cboe",
    title="Cboe Global Markets",
    address="https://cdn.cboe.com",
    rate=(4, 1.0),
    # The chain of the S&P 500 has some 25,000 contracts; it comes as one document of tens of megabytes.
    deadline=120.0,
    largest_body=128 * 2**20,
    documentation="https://www.cboe.com/tradable_products/vix/vix_historical_data/",
)
SETTLEMENTS = Service(
    key="cboe",
    title="Cboe Futures Exchange, daily settlements",
    address="https://www.cboe.com",
    rate=(1, 1.0),
    documentation="https://www.cboe.com/us/futures/market_statistics/settlement/",
)

HISTORY_DAYS = 200
"""How far back the futures of an empty store reach, in days; Cboe keeps a file of every contract."""

LATE_DAYS = 5
"""Days back in which sessions that the contract files lack are asked for one by one."""

CERTAIN = 7
"""Of the nine monthly contracts ahead, those whose file must be there; the farthest are listed late."""

INDEX_PATH = "/api/global/us_indices/daily_prices/{name}_History.csv"
OF_DAY = ("OPEN", "HIGH", "LOW", "CLOSE")


class Cboe:
    """Plans the requests to Cboe."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per series; an index history comes whole, so corrections are seen."""
        runs = {"index": _index, "chain": _chain, "futures": _futures}
        planned = []
        for each in wanted:
            kind, _, name = each.entry.source_id.partition(":")
            planned.append(
                Job(SERVICE, (each.entry.id,), partial(runs.get(kind, _unknown), each, name, today))
            )
        return planned


SOURCE = Cboe()


def _index(wanted: Wanted, name: str, today: date, caller: Caller) -> Delivery:
    body = caller.get(SERVICE, INDEX_PATH.format(name=name), {}, expect="csv")
    return Delivery(read_index(body, wanted.entry.id), bodies=(body,))


def _unknown(wanted: Wanted, name: str, today: date, caller: Caller) -> Delivery:
    raise not_understood(wanted.entry, "index:<NAME>, chain:<SYMBOL> or futures:VX")


def _chain(wanted: Wanted, name: str, today: date, caller: Caller) -> Delivery:
    try:
        body = caller.get(SERVICE, cboe_chain.PATH.format(symbol=name), {}, expect="json")
    except SourceError as problem:
        if "403" not in problem.what:
            raise
        raise SourceError(
            f"Cboe has no chain '{name}' (it answers 403, not 404, for a symbol it does not know)",
            where=problem.where,
            expected="a symbol such as _SPX for an index or SPY for a fund",
            remedy="correct source_id in the catalog; if the symbol is right, try again later",
        ) from problem
    return Delivery(snapshots=(cboe_chain.read_chain(body, wanted.entry.id),), bodies=(body,))


def _futures(wanted: Wanted, name: str, today: date, caller: Caller) -> Delivery:
    """Return the curves of the days not yet stored, of the files per contract, then of the last days.

    The files per contract can lack the last session; it is then taken from the settlements of the day.
    """
    series = wanted.entry.id
    oldest = today - timedelta(days=HISTORY_DAYS)
    after = max(wanted.through, oldest) if wanted.through else oldest
    ahead = cboe_futures.monthly_expiries(today + timedelta(days=1), today + timedelta(days=400))
    expiries = cboe_futures.monthly_expiries(after + timedelta(days=1), today) + ahead[: cboe_futures.LISTED]
    contracts, remarks = {}, []
    for expiry in expiries:
        try:
            path = cboe_futures.CONTRACT_PATH.format(expiry=expiry)
            body = caller.get(SERVICE, path, {}, expect="csv")
        except SourceError as problem:
            if expiry not in ahead[CERTAIN:]:
                raise
            remarks.append(
                f"{series}: {contract_of(cboe_futures.ROOT, expiry)} is not served yet ({problem.what})"
            )
            continue
        contracts[expiry] = body, cboe_futures.read_contract(body, expiry, series)
    snapshots = cboe_futures.curves(contracts, after, series)
    bodies = [body for body, _ in contracts.values()]
    known = max((each.taken for each in snapshots), default=cboe_futures.settled_at(after))
    for session in sessions(str(today - timedelta(days=LATE_DAYS)), str(today)):
        day = session.date()
        if known < cboe_futures.settled_at(day) <= bodies[-1].fetched:
            try:
                path, asked = cboe_futures.SETTLEMENT_PATH, {"dt": day.isoformat()}
                body = caller.get(SETTLEMENTS, path, asked, expect="csv")
                snapshots.append(cboe_futures.read_settlements(body, day, series))
                bodies.append(body)
            except SourceError as problem:
                remarks.append(f"{series}: no settlements of {day} yet ({problem.what})")
    return Delivery(snapshots=tuple(snapshots), bodies=tuple(bodies), remarks=tuple(remarks))


def read_index(body: Body, series: str) -> pd.DataFrame:
    """Return the closes of an index history as observations, in the units of the file.

    Raises:
        SourceError: the columns are others, a date or number cannot be read, or there is no row.
    """
    found = table(body, series)
    named = [name.upper() for name in found.header]
    if named[0] != "DATE" or (tuple(named[1:]) != OF_DAY and len(named) != 2):
        raise refusal(
            body,
            f"the columns are {', '.join(found.header)[:200]}",
            series=series,
            row=found.header_row,
            expected="DATE, OPEN, HIGH, LOW, CLOSE, or DATE and one column of values",
        )
    if not found.lines:
        raise refusal(
            body, "the history has no row", series=series, row=found.header_row, expected="rows of days"
        )
    days = [
        day_of(cells[0], body, series=series, row=row)
        for row, cells in zip(found.lines, found.cells, strict=True)
    ]
    return observations(series, days, found.numbers(found.header[-1]), found.lines)
