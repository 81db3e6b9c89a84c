"""Daily bars of Yahoo Finance, by its chart service or through the library yfinance.

Both are unofficial: for personal use, not for redistribution, changed without notice. `close` is adjusted
for splits only, `adjclose` for dividends as well, so that its past changes with every dividend. Stamps
are the opening of a session: the day is told in the zone of the exchange. The bar of a running session
is live and left out. An empty range has `quote: [{}]` and no stamps at all.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from importlib import import_module
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources.decoding import answer_of, refusal

SERVICE = Service(
    key="yahoo",
    title="Yahoo Finance (unofficial)",
    address="https://query1.finance.yahoo.com",
    rate=(2, 1.0),
    # not 429: there it means that the client is not wanted, and asking again prolongs it
    retry_statuses=frozenset({408, 425, 500, 502, 503, 504}),
    documentation="https://finance.yahoo.com/",
)

PATH = "/v8/finance/chart/{symbol}"
EXTRA = "pip install 'groundswell[clients]'"
THROUGH_LIBRARY = "yfinance:"
_LAST_STAMP = 4_102_444_800  # 2100-01-01


@dataclass(frozen=True)
class Bars:
    """Completed daily bars of one symbol.

    Attributes:
        days: in the zone of the exchange.
        closes: adjusted for splits; NaN where Yahoo has none.
        adjusted: adjusted for splits and dividends; NaN where Yahoo has none.
        volumes: shares or contracts; NaN where Yahoo has none.
        rows: place of each in the answer, from 1.
        splits: days on which a split came into force.
        body: the answer.
    """

    days: Sequence[date]
    closes: Sequence[float]
    adjusted: Sequence[float]
    volumes: Sequence[float]
    rows: Sequence[int]
    splits: Sequence[date]
    body: Body


class _Session(BaseModel):
    """Opening and close of a session, seconds."""

    start: int = Field(ge=0, le=_LAST_STAMP)
    end: int = Field(ge=0, le=_LAST_STAMP)


class _Sessions(BaseModel):
    """The regular session now, or the next one."""

    regular: _Session


class _Meta(BaseModel):
    """What the bars are of."""

    symbol: str
    exchangeTimezoneName: str  # noqa: N815
    dataGranularity: str  # noqa: N815
    currentTradingPeriod: _Sessions  # noqa: N815


class _Quote(BaseModel):
    """Columns of bars; absent in an empty range."""

    close: list[float | None] = []
    volume: list[float | None] = []


class _Adjusted(BaseModel):
    """The column of adjusted closes."""

    adjclose: list[float | None] = []


class _Indicators(BaseModel):
    """The columns."""

    quote: list[_Quote] = Field(min_length=1)
    adjclose: list[_Adjusted] = []


class _Split(BaseModel):
    """A split, at the opening of its first session."""

    date: int = Field(ge=0, le=_LAST_STAMP)


class _Events(BaseModel):
    """What happened to the shares."""

    splits: dict[str, _Split] = {}


class _Result(BaseModel):
    """The answer for one symbol."""

    meta: _Meta
    timestamp: list[int] = []
    events: _Events = _Events()
    indicators: _Indicators


class _Error(BaseModel):
    """Why there is no result."""

    code: str = ""
    description: str = ""


class _Chart(BaseModel):
    """One result, or an error."""

    result: list[_Result] | None = None
    error: _Error | None = None


class _Answer(BaseModel):
    """The whole."""

    chart: _Chart


def ask(symbol: str, start: date, end: date, caller: Caller, series: str) -> Bars:
    """Return the bars of a symbol from `start` to `end`, both included.

    A symbol that begins with `yfinance:` is asked through that library instead of our own client.

    Raises:
        SourceError: Yahoo turns the client away, does not know the symbol, or answers in another form.
    """
    if symbol.startswith(THROUGH_LIBRARY):
        return _through_library(symbol.removeprefix(THROUGH_LIBRARY), start, end, caller, series)
    asked: dict[str, str | int] = {
        "period1": _seconds(start, time.min),
        "period2": _seconds(end, time.max),
        "interval": "1d",
        "events": "div|split",
        "includePrePost": "false",
    }
    path = PATH.format(symbol=quote(symbol, safe="="))
    try:
        body = caller.get(SERVICE, path, asked, expect="json")
    except SourceError as problem:
        if "429" not in problem.what and "Too Many Requests" not in problem.what:
            raise
        raise SourceError(
            "Yahoo turns plain clients away ('Too Many Requests'); the number of requests is not the reason",
            where=f"yahoo, series '{series}', {problem.where}",
            expected="bars, as Yahoo gives them to browsers",
            remedy=f"{EXTRA}, and give the entry the source_id '{THROUGH_LIBRARY}{symbol}' in a catalog file "
            "of your own; or load prices from a file",
        ) from problem
    return read_chart(body, symbol, series)


def read_chart(body: Body, symbol: str, series: str) -> Bars:
    """Return the completed bars of an answer of the chart service, none for an empty range.

    Raises:
        SourceError: the answer is an error, of another symbol, not of days, or of another form.
    """
    chart = answer_of(_Answer, body, series=series).chart
    if chart.error is not None or not chart.result:
        error = chart.error or _Error(description="there is no result")
        raise refusal(
            body,
            f"Yahoo answers: {error.code} {error.description[:120]}".strip(),
            series=series,
            expected="bars",
            remedy="check the symbol in source_id; contracts and delisted shares disappear",
        )
    result = chart.result[0]
    meta, columns = result.meta, result.indicators.quote[0]
    if meta.symbol.upper() != symbol.upper():
        raise refusal(body, f"the answer is of '{meta.symbol}'", series=series, expected=f"'{symbol}'")
    stamps, closes = result.timestamp, columns.close
    if stamps and meta.dataGranularity != "1d":
        raise refusal(
            body, f"the bars are of '{meta.dataGranularity}'", series=series, expected="bars of days"
        )
    adjusted = result.indicators.adjclose[0].adjclose if result.indicators.adjclose else []
    for name, column in (("close", closes), ("volume", columns.volume), ("adjclose", adjusted)):
        if len(column) != len(stamps) and not (name != "close" and not column):
            raise refusal(
                body,
                f"there are {len(stamps)} stamps and {len(column)} values of '{name}'",
                series=series,
                row=min(len(stamps), len(column)) + 1,
                expected="as many values as stamps",
            )
    zone = _zone(meta.exchangeTimezoneName, body, series)
    kept: list[int] = []
    days: list[date] = []
    for at, stamp in enumerate(stamps):
        if not -_LAST_STAMP <= stamp <= _LAST_STAMP:
            raise refusal(
                body, f"the stamp is {stamp}", series=series, row=at + 1, expected="seconds since 1970"
            )
        day = datetime.fromtimestamp(stamp, zone).date()
        if not _is_live(day, meta.currentTradingPeriod.regular, zone, body.fetched):
            kept.append(at)
            days.append(day)
    if len(days) > 1 and days[-1] == days[-2]:  # the last quote, beside the bar of its day
        kept.pop()
        days.pop()
    return Bars(
        days=days,
        closes=[_figure(closes, at) for at in kept],
        adjusted=[_figure(adjusted, at) for at in kept],
        volumes=[_figure(columns.volume, at) for at in kept],
        rows=[at + 1 for at in kept],
        splits=[datetime.fromtimestamp(each.date, zone).date() for each in result.events.splits.values()],
        body=body,
    )


def _through_library(symbol: str, start: date, end: date, caller: Caller, series: str) -> Bars:
    """Return the bars that yfinance brings; what it returned is kept as a table of text."""
    where = f"yahoo, series '{series}', through yfinance"
    try:
        yfinance = import_module("yfinance")  # optional, and heavy
    except ImportError as problem:
        raise SourceError(
            "the library yfinance is not installed", where=where, expected="the extra 'clients'", remedy=EXTRA
        ) from problem
    now = datetime.now(UTC)
    try:
        frame = yfinance.Ticker(symbol).history(
            start=start.isoformat(),
            end=date.fromordinal(end.toordinal() + 1).isoformat(),
            interval="1d",
            auto_adjust=False,
            actions=True,
        )
        content = frame.to_csv().encode()
        address = f"yfinance:{symbol}"
        body = Body("yahoo", address, content, "text/csv", now, hashlib.sha256(content).hexdigest())
        stamps = list(frame.index)
        columns = {name: [float(value) for value in frame[name]] for name in ("Close", "Adj Close", "Volume")}
        split = [float(value) != 0 for value in frame["Stock Splits"]]
        running = [now.astimezone(stamp.tzinfo).date() for stamp in stamps]
    except Exception as problem:  # the library raises what it likes
        raise SourceError(
            f"yfinance failed: {type(problem).__name__}: {str(problem)[:120]}",
            where=where,
            expected="daily bars with Close, Adj Close, Volume and Stock Splits",
            remedy="update yfinance, which follows Yahoo's changes; or load prices from a file",
        ) from problem
    caller.keep(body)
    kept = [at for at, stamp in enumerate(stamps) if stamp.date() < running[at]]
    return Bars(
        days=[stamps[at].date() for at in kept],
        closes=[columns["Close"][at] for at in kept],
        adjusted=[columns["Adj Close"][at] for at in kept],
        volumes=[columns["Volume"][at] for at in kept],
        rows=[at + 1 for at in kept],
        splits=[stamp.date() for stamp, is_split in zip(stamps, split, strict=True) if is_split],
        body=body,
    )


def _is_live(day: date, regular: _Session, zone: ZoneInfo, fetched: datetime) -> bool:
    """Return whether a day is that of the current session, and the session still runs."""
    next_opens = datetime.fromtimestamp(regular.start, zone).date()
    return day >= next_opens and regular.end > fetched.timestamp()


def _zone(name: str, body: Body, series: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise refusal(
            body, f"the zone of the exchange is '{name[:40]}'", series=series, expected="America/New_York"
        ) from problem


def _figure(column: Sequence[float | None], at: int) -> float:
    value = column[at] if column else None
    return math.nan if value is None else value


def _seconds(day: date, clock: time) -> int:
    return int(datetime.combine(day, clock, UTC).timestamp())
