"""Cboe option chains: the delayed quotes as JSON, and the file its website lets people download.

A contract is written root, YYMMDD, C or P, strike times 1000 in eight digits. The root is kept,
because `SPX` (settled on the morning of its day) and `SPXW` (at the close) may share date and strike.
Quotes are about 15 minutes late; open interest is that of the night before. Cboe rounds: an implied
volatility of 0.0 stands for "not computed" and is missing here, a gamma of 0.0 may be a small one.
Contracts that have expired by the moment of the quotes, which the files keep until the evening, are
left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, Field

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body
from groundswell.data.sources.columns import lines_of, table_of
from groundswell.data.sources.decoding import Moment, answer_of, number_of, refusal
from groundswell.data.sources.quotes import quotes_of
from groundswell.data.sources.source import Snapshot

PATH = "/api/global/delayed_quotes/options/{symbol}.json"
NEW_YORK = ZoneInfo("America/New_York")

MORNING_ROOTS = frozenset({"SPX", "NDX", "RUT", "DJX", "VIX", "VIXW"})
"""Roots that settle on the opening prices of their last day; all others settle at the close."""

OPEN, CLOSE = time(9, 30), time(16, 0)
LARGEST = 10**300
"""Whole numbers beyond this do not fit a float."""

CLOCK_SLACK = timedelta(minutes=5)
"""How far the clock of the service may run ahead of ours."""

FIELDS = {
    "bid": "bid",
    "ask": "ask",
    "bid_size": "bid_size",
    "ask_size": "ask_size",
    "last_trade_price": "last",
    "volume": "volume",
    "open_interest": "open_interest",
    "iv": "implied_volatility",
    "delta": "delta",
    "gamma": "gamma",
    "vega": "vega",
    "theta": "theta",
}
"""Our columns by the service's names."""

DOWNLOAD_FIELDS = {
    "Last Sale": "last",
    "Bid": "bid",
    "Ask": "ask",
    "Volume": "volume",
    "IV": "implied_volatility",
    "Delta": "delta",
    "Gamma": "gamma",
    "Open Interest": "open_interest",
}

_SYMBOL = re.compile(r"([A-Z0-9]{1,6})(\d{6})([CP])(\d{8})", re.ASCII)
_DOWNLOAD_TIME = re.compile(
    r"Date: ([A-Z][a-z]+) (\d{1,2}),? (\d{4})(?:,| at) (\d{1,2}):(\d{2}) (AM|PM) (EST|EDT)", re.ASCII
)
_DOWNLOAD_LAST = re.compile(r"Last: ([\d,]*\.?\d+)", re.ASCII)


class _Quoted(BaseModel):
    """What the delayed quotes say about the underlying, beside the list of options."""

    options: list[object]
    current_price: float = Field(gt=0, allow_inf_nan=False)
    last_trade_time: Moment | None = None


class _Delayed(BaseModel):
    """The delayed quotes as a whole."""

    timestamp: Moment
    data: _Quoted


def read_chain(body: Body, series: str) -> Snapshot:
    """Return the living contracts of a delayed chain as they stood at its time stamp.

    Raises:
        SourceError: the answer has another form, a figure or symbol cannot be read, or its time is
            later than the moment it was fetched.
    """
    delayed = answer_of(_Delayed, body, series=series)
    taken = _in_zone(delayed.timestamp, UTC)
    traded = delayed.data.last_trade_time
    if taken > body.fetched + CLOCK_SLACK or (
        traded is not None and _in_zone(traded, NEW_YORK) > taken + CLOCK_SLACK
    ):
        raise refusal(
            body,
            f"the time stamp is {delayed.timestamp}, the last trade of the underlying {traded}, "
            f"and the answer came at {body.fetched:%Y-%m-%d %H:%M} UTC",
            series=series,
            expected="a time stamp in UTC, after the last trade and before the answer",
        )
    options = delayed.data.options
    columns = {ours: _column(options, theirs, body, series=series) for theirs, ours in FIELDS.items()}
    never = np.array([not moment for moment in map(_member("last_trade_time"), options)], dtype=bool)
    columns["last"] = np.where(never, np.nan, columns["last"])
    symbols = list(map(_member("option"), options))
    rows = list(range(1, len(options) + 1))
    return _snapshot(symbols, columns, rows, delayed.data.current_price, taken, body, series=series)


def read_quotedata(text: str, series: str = "chain.spx", name: str = "quotedata.csv") -> Snapshot:
    """Return the living contracts of a file downloaded from Cboe's quote page in a browser.

    The three wordings of its date that have been in use are read.

    Args:
        text: of the file.
        series: catalog id the chain belongs to.
        name: of the file, for refusals.

    Raises:
        SourceError: it is not such a file, or a figure cannot be read.
    """
    content = text.encode()
    sha256 = hashlib.sha256(content).hexdigest()
    body = Body("cboe", name, content, "text/csv", datetime.now(UTC), sha256)
    try:
        return _downloaded(body, series)
    except SourceError as problem:
        raise SourceError(
            problem.what,
            where=problem.where,
            expected=problem.expected,
            remedy="download the file again, with all expirations, and leave it as it is",
        ) from problem


def _downloaded(body: Body, series: str) -> Snapshot:
    lines = lines_of(body, series)
    start = next((at for at, (_, row) in enumerate(lines) if row[0] == "Expiration Date"), 0)
    if start < 2 or "Strike" not in lines[start][1] or "Puts" not in lines[start][1]:
        raise refusal(
            body,
            "there is no header after the name and the date",
            series=series,
            expected="a line 'Expiration Date,Calls,Last Sale,...,Strike,Puts,...' as in Cboe's download",
        )
    taken, underlying = _download_head(lines[:start], body, series=series)
    found = table_of(lines[start:], body, series)
    header = found.header
    middle = header.index("Strike")
    halves = [("Calls", 0, middle), ("Puts", middle + 1, len(header))]
    symbols: list[str] = []
    rows: list[int] = []
    cells: dict[str, list[float]] = {ours: [] for ours in DOWNLOAD_FIELDS.values()}
    for number, row in zip(found.lines, found.cells, strict=True):
        for side, first, last in halves:
            named = dict(zip(header[first:last], row[first:last], strict=True))
            symbols.append(named[side])
            rows.append(number)
            for theirs, ours in DOWNLOAD_FIELDS.items():
                cell = named.get(theirs, "").replace(",", "")
                cells[ours].append(number_of(cell, body, series=series, row=number, column=theirs))
    columns = {ours: np.array(values) for ours, values in cells.items()}
    return _snapshot(symbols, columns, rows, underlying, taken, body, series=series)


def _download_head(
    lines: Sequence[tuple[int, list[str]]], body: Body, *, series: str
) -> tuple[datetime, float]:
    """Return the moment of the quotes and the price of the underlying from the lines above the header."""
    (name_row, name_line), (date_row, date_line) = lines[-2:]
    price = _DOWNLOAD_LAST.search(",".join(name_line[1:]))
    wording = _DOWNLOAD_TIME.fullmatch(date_line[0])
    try:
        if price is None or wording is None:
            raise ValueError
        month, day, year, hour, minute, half, zone = wording.groups()
        wall = datetime.strptime(f"{month} {day} {year} {hour}:{minute} {half}", "%B %d %Y %I:%M %p")
    except ValueError as problem:
        row, line = (name_row, name_line) if price is None else (date_row, date_line)
        raise refusal(
            body,
            f"the line is '{','.join(line)[:80]}'",
            series=series,
            row=row,
            expected="'Last: 4136.48' and then 'Date: February 3, 2023 at 11:24 PM EST', as Cboe writes them",
        ) from problem
    offset = timezone(timedelta(hours=-5 if zone == "EST" else -4))
    return wall.replace(tzinfo=offset).astimezone(UTC), float(price.group(1).replace(",", ""))


def _snapshot(
    symbols: Sequence[object],
    columns: Mapping[str, npt.NDArray[np.float64]],
    rows: Sequence[int],
    underlying: float,
    taken: datetime,
    body: Body,
    *,
    series: str,
) -> Snapshot:
    """Return the snapshot of the contracts that have not expired by `taken`."""
    parts = []
    for symbol, row in zip(symbols, rows, strict=True):
        match = _SYMBOL.fullmatch(symbol) if isinstance(symbol, str) else None
        if match is None:
            raise refusal(
                body,
                f"'{symbol}' is not the symbol of an option",
                series=series,
                row=row,
                expected="root, YYMMDD, C or P, and the strike times 1000, as in SPXW230228C05300000",
            )
        parts.append(match.groups())
    roots, written, sides, strikes = (
        (np.array(part) for part in zip(*parts, strict=True)) if parts else ([],) * 4
    )
    days = pd.to_datetime(pd.Series(written, dtype="object"), format="%y%m%d", errors="coerce")
    if days.isna().any():
        at = int(np.argmax(days.isna().to_numpy()))
        raise refusal(
            body,
            f"'{symbols[at]}' expires on no day",
            series=series,
            row=rows[at],
            expected="YYMMDD in a symbol",
        )
    alive = _alive(days.to_numpy().astype("datetime64[D]"), np.asarray(roots), taken)
    figures = {name: values[alive] for name, values in columns.items()}
    for name in ("implied_volatility", "last"):
        figures[name] = np.where(figures[name] == 0, np.nan, figures[name])
    return Snapshot(
        series,
        taken,
        quotes_of(
            figures
            | {
                "contract": np.array(symbols, dtype="object")[alive],
                "root": np.asarray(roots)[alive],
                "kind": np.where(np.asarray(sides)[alive] == "C", "call", "put"),
                "expiry": days.to_numpy()[alive],
                "strike": np.asarray(strikes)[alive].astype(float) / 1000,
                "underlying": underlying,
            },
            np.array(rows)[alive].tolist(),
            body,
            series=series,
        ),
    )


def _alive(
    days: npt.NDArray[np.datetime64], roots: npt.NDArray[np.str_], taken: datetime
) -> npt.NDArray[np.bool_]:
    """Return for each contract whether it has not yet settled at the moment of the quotes."""
    wall = taken.astimezone(NEW_YORK)
    today = np.datetime64(wall.date(), "D")
    morning = np.isin(roots, list(MORNING_ROOTS))
    settled = np.where(morning, wall.time() >= OPEN, wall.time() >= CLOSE)
    return (days > today) | ((days == today) & ~settled)


def _column(options: Sequence[object], name: str, body: Body, *, series: str) -> npt.NDArray[np.float64]:
    """Return one figure of every option; a null is missing.

    The whole column is taken at once, because a chain has 20,000 rows; only when that fails is the
    row looked for.
    """
    try:
        values = [option[name] for option in options]  # type: ignore[index]
        if {type(value) for value in values} <= {float, int, type(None)}:
            return np.array(values, dtype=np.float64)
    except (KeyError, TypeError, IndexError, OverflowError):
        pass
    row, value = next(
        (row, value)
        for row, value in enumerate(map(_member(name), options), start=1)
        if not _is_figure(value)
    )
    raise refusal(body, f"'{name}' is {str(value)[:40]}", series=series, row=row, expected="a number or null")


def _member(name: str) -> Callable[[object], object]:
    return lambda option: option.get(name, "missing") if isinstance(option, dict) else "missing"


def _is_figure(value: object) -> bool:
    return value is None or type(value) is float or (type(value) is int and abs(value) < LARGEST)


def _in_zone(moment: datetime, zone: ZoneInfo | timezone) -> datetime:
    """Return a moment in UTC; one that names no zone is read in the one given."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
