"""Deribit, keyless: whole chains of crypto options, its volatility index, single instruments.

`source_id` in the catalog: `book:BTC:option` (all options of a currency at this moment), `dvol:BTC` (daily
closes of the volatility index), `ticker:BTC-28MAR25` (one instrument; for entries of the user's own, as
contracts expire).

What is quoted in what: options in coins of their currency, and their open interest in coins; futures
in dollars, and their open interest in dollars. Implied volatility comes in percent and is kept as a
fraction, as on every other chain. `settle` holds the exchange's mark price. Names carry the day without
a leading zero (`6JAN25`); contracts end at 08:00 UTC. Errors come as JSON-RPC, also at status 200.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd
from pydantic import BaseModel, Field

from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources.decoding import answer_of, record_of, refusal
from groundswell.data.sources.quotes import quotes_of
from groundswell.data.sources.source import Delivery, Job, Snapshot, Wanted, not_understood, observations

SERVICE = Service(
    key="deribit",
    title="Deribit",
    address="https://www.deribit.com/api/v2",
    rate=(10, 1.0),
    documentation="https://docs.deribit.com/",
)

FIRST_INDEX = date(2021, 1, 1)
"""The volatility index begins in the spring of 2021."""

LOOK_BACK = timedelta(days=7)
MOST_PAGES = 40
DAY = 86_400_000
"""Milliseconds of a day."""

EXPIRY_HOUR = 8
CLOCK_SLACK = timedelta(minutes=5)
PERCENT = 0.01

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAME = re.compile(r"([A-Z]+(?:_[A-Z]+)?)-(\d{1,2})([A-Z]{3})(\d{2})(?:-(\d+(?:d\d+)?)-([CP]))?", re.ASCII)


class _Error(BaseModel):
    """Why a request was refused."""

    code: int
    message: str


class _Reply(BaseModel):
    """The envelope of every answer; `usOut` is the moment it left, in microseconds."""

    result: object = None
    error: _Error | None = None
    usOut: int = Field(ge=0, le=10**16)  # noqa: N815
    testnet: bool = False


class _Greeks(BaseModel):
    """Sensitivities of an option, as the ticker has them."""

    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None


class _Summary(BaseModel):
    """One instrument of the book summary; the price members may be null."""

    instrument_name: str
    underlying_price: float
    open_interest: float
    bid_price: float | None = None
    ask_price: float | None = None
    mark_price: float | None = None
    mark_iv: float | None = None
    last: float | None = None
    volume: float | None = None


class _Stats(BaseModel):
    """What was traded in the last 24 hours."""

    volume: float | None = None


class _Ticker(BaseModel):
    """One instrument; options have `greeks` and volatilities, futures do not."""

    instrument_name: str
    timestamp: int = Field(ge=0, le=10**13)
    open_interest: float
    mark_price: float
    index_price: float
    underlying_price: float | None = None
    best_bid_price: float | None = None
    best_ask_price: float | None = None
    best_bid_amount: float | None = None
    best_ask_amount: float | None = None
    last_price: float | None = None
    mark_iv: float | None = None
    stats: _Stats = _Stats()
    greeks: _Greeks = _Greeks()


class _Candles(BaseModel):
    """Bars of the volatility index: time in milliseconds, open, high, low, close."""

    data: list[tuple[int, float, float, float, float]]
    continuation: int | None = None


class Deribit:
    """Plans the requests to Deribit."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per series."""
        return [Job(SERVICE, (each.entry.id,), partial(_run, each, today)) for each in wanted]


SOURCE = Deribit()


def _run(wanted: Wanted, today: date, caller: Caller) -> Delivery:
    series = wanted.entry.id
    match wanted.entry.source_id.split(":"):
        case ["book", currency, kind]:
            asked = {"currency": currency, "kind": kind}
            body = caller.get(SERVICE, "/public/get_book_summary_by_currency", asked, expect="json")
            return Delivery(snapshots=(read_book(body, series),), bodies=(body,))
        case ["ticker", instrument]:
            body = caller.get(SERVICE, "/public/ticker", {"instrument_name": instrument}, expect="json")
            return Delivery(snapshots=(read_ticker(body, series),), bodies=(body,))
        case ["dvol", currency]:
            return _volatility_index(wanted, currency, today, caller)
    raise not_understood(wanted.entry, "book:<CURRENCY>:option, dvol:<CURRENCY> or ticker:<INSTRUMENT>")


def _volatility_index(wanted: Wanted, currency: str, today: date, caller: Caller) -> Delivery:
    """Return the daily closes since the last one stored; pages come newest first, each points before it."""
    first = wanted.through - LOOK_BACK if wanted.through else FIRST_INDEX
    start, end = _milliseconds(first), _milliseconds(today + timedelta(days=1))
    frames, bodies = [], []
    for _ in range(MOST_PAGES):
        asked: dict[str, str | int] = {
            "currency": currency,
            "start_timestamp": start,
            "end_timestamp": end,
            "resolution": "1D",
        }
        body = caller.get(SERVICE, "/public/get_volatility_index_data", asked, expect="json")
        frame, continuation = read_index(body, wanted.entry.id, start, end)
        frames.append(frame)
        bodies.append(body)
        if continuation is None or continuation <= start:
            return Delivery(pd.concat(frames, ignore_index=True), bodies=tuple(bodies))
        if continuation >= end:
            break
        end = continuation
    raise refusal(
        bodies[-1],
        f"page {len(bodies)} points on to {continuation}",
        series=wanted.entry.id,
        expected=f"pages that go back in time and end within {MOST_PAGES}",
    )


def read_index(body: Body, series: str, start: int, end: int) -> tuple[pd.DataFrame, int | None]:
    """Return the closes of the volatility index that are complete, and where the page before ends.

    Args:
        body: the answer.
        series: catalog id.
        start: first moment asked for, milliseconds.
        end: last moment asked for, milliseconds.

    Raises:
        SourceError: the answer is an error or of another form, or holds a bar that was not asked for.
    """
    candles = record_of(_Candles, _result(body, series).result, body, series=series)
    days, values, rows = [], [], []
    for row, (stamp, *_, close) in enumerate(candles.data, start=1):
        if stamp % DAY or not start <= stamp <= end:
            raise refusal(
                body,
                f"the bar begins at {stamp}",
                series=series,
                row=row,
                expected=f"the beginning of a day in UTC, from {start} to {end}",
            )
        if stamp + DAY <= body.fetched.timestamp() * 1000:  # the running day has no close yet
            days.append(_moment(stamp).date())
            values.append(close)
            rows.append(row)
    return observations(series, days, values, rows), candles.continuation


def read_book(body: Body, series: str) -> Snapshot:
    """Return all living contracts of a book summary.

    Raises:
        SourceError: the answer is an error or of another form, or a contract cannot be read.
    """
    reply = _result(body, series)
    if not isinstance(reply.result, list):
        raise refusal(
            body, f"the result is {str(reply.result)[:60]}", series=series, expected="a list of instruments"
        )
    taken = _checked_time(_moment(reply.usOut / 1000), body, series)
    contracts: list[dict[str, Any]] = []
    rows: list[int] = []
    for row, member in enumerate(reply.result, start=1):
        summary = record_of(_Summary, member, body, series=series, row=row)
        named = _contract(summary.instrument_name, body, series=series, row=row)
        if named["expiry"].replace(tzinfo=UTC) > taken:
            contracts.append(
                named
                | {
                    "bid": summary.bid_price,
                    "ask": summary.ask_price,
                    "last": summary.last,
                    "settle": summary.mark_price,
                    "volume": summary.volume,
                    "open_interest": summary.open_interest,
                    "implied_volatility": _fraction(summary.mark_iv),
                    "underlying": summary.underlying_price,
                }
            )
            rows.append(row)
    return Snapshot(series, taken, _quotes(contracts, rows, body, series))


def read_ticker(body: Body, series: str) -> Snapshot:
    """Return one instrument, a future or an option, as a snapshot of one row.

    Raises:
        SourceError: the answer is an error or of another form, or the instrument has no expiry.
    """
    ticker = record_of(_Ticker, _result(body, series).result, body, series=series)
    taken = _checked_time(_moment(ticker.timestamp), body, series)
    quoted = _contract(ticker.instrument_name, body, series=series, row=1) | {
        "bid": ticker.best_bid_price,
        "ask": ticker.best_ask_price,
        "bid_size": ticker.best_bid_amount,
        "ask_size": ticker.best_ask_amount,
        "last": ticker.last_price,
        "settle": ticker.mark_price,
        "volume": ticker.stats.volume,
        "open_interest": ticker.open_interest,
        "implied_volatility": _fraction(ticker.mark_iv),
        "underlying": ticker.index_price if ticker.underlying_price is None else ticker.underlying_price,
    }
    return Snapshot(series, taken, _quotes([quoted | ticker.greeks.model_dump()], [1], body, series))


def _result(body: Body, series: str) -> _Reply:
    """Return the envelope of an answer that is no error.

    Raises:
        SourceError: it is one, or comes from the exchange's test site.
    """
    reply = answer_of(_Reply, body, series=series)
    if reply.error is not None:
        busy = reply.error.code == 10028
        raise refusal(
            body,
            f"the service answers with error {reply.error.code}, {reply.error.message[:120]}",
            series=series,
            expected="a result",
            remedy="wait a minute and run the update again" if busy else "check source_id in the catalog",
        )
    if reply.testnet:
        raise refusal(
            body,
            "the answer comes from the test site, whose prices are play",
            series=series,
            expected="www.deribit.com",
            remedy="correct the address of deribit in the settings",
        )
    return reply


def _contract(name: str, body: Body, *, series: str, row: int) -> dict[str, Any]:
    """Return what the name of an instrument tells, in the columns of quotes; the expiry is a time in UTC."""
    match = _NAME.fullmatch(name)
    try:
        if match is None:
            raise ValueError(name)
        root, day, month, year, strike, side = match.groups()
        expiry = datetime(2000 + int(year), MONTHS.index(month) + 1, int(day), EXPIRY_HOUR)
    except ValueError as problem:
        raise refusal(
            body,
            f"'{name[:40]}' is no instrument with an expiry",
            series=series,
            row=row,
            expected="names such as BTC-28MAR25-100000-C or BTC-6JAN25",
        ) from problem
    return {
        "contract": name,
        "root": root,
        "kind": {"C": "call", "P": "put"}.get(side, "future"),
        "expiry": expiry,
        "strike": float(strike.replace("d", ".")) if strike else None,
    }


def _quotes(
    contracts: Sequence[Mapping[str, Any]], rows: Sequence[int], body: Body, series: str
) -> pd.DataFrame:
    names = contracts[0] if contracts else ()
    columns = {name: [contract[name] for contract in contracts] for name in names}
    return quotes_of(columns, rows, body, series=series)


def _checked_time(taken: datetime, body: Body, series: str) -> datetime:
    if taken > body.fetched + CLOCK_SLACK:
        raise refusal(
            body,
            f"the quotes are of {taken:%Y-%m-%d %H:%M} UTC, the answer came at {body.fetched:%Y-%m-%d %H:%M}",
            series=series,
            expected="a time before that of the answer",
            remedy="check the clock of this machine",
        )
    return taken


def _fraction(percent: float | None) -> float | None:
    """Return a volatility as a fraction; 0 stands for one that was not computed."""
    return percent * PERCENT if percent else None


def _milliseconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def _moment(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
