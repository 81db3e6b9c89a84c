"""VIX futures of the Cboe Futures Exchange: a file per contract, and the settlement prices of a day.

The settlement is read, never the close, which is 0 on a day without trades. Only monthly contracts
count: 30 days before the third Friday of the next month, a session earlier where that Friday or the
day itself is a holiday; weekly contracts stand in the same settlement file. Files of the archive have
prices times ten before 26 March 2007, and some repeat their header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from groundswell.data import calendar
from groundswell.data.http.service import Body
from groundswell.data.sources.columns import lines_of
from groundswell.data.sources.decoding import day_of, number_of, refusal
from groundswell.data.sources.quotes import MONTH_CODES, contract_of, quotes_of
from groundswell.data.sources.source import Snapshot

CONTRACT_PATH = "/data/us/futures/market_statistics/historical_data/VX/VX_{expiry:%Y-%m-%d}.csv"
SETTLEMENT_PATH = "/us/futures/market_statistics/settlement/csv"

ROOT = "VX"
LISTED = 9
"""Monthly contracts that trade at a time."""

KNOWN_FROM = time(17, 0)
"""Time in New York from which the settlement of a day counts as known."""

RESCALED = date(2007, 3, 26)
LARGEST_PRICE = 60.0
"""Before `RESCALED` prices were ten times as high: above this a price is of that kind (the highest
settlement of 2004-2007 was near 30 on today's scale, the lowest near 100 on the old one)."""

OF_CONTRACT = ("Trade Date", "Futures", "Close", "Settle", "Total Volume", "Open Interest")
OF_SETTLEMENT = ("Product", "Expiration Date", "Price")
_CONTRACT_MONTH = re.compile(r"([FGHJKMNQUVXZ]) \(([A-Z][a-z]{2}) (?:20)?(\d{2})\)", re.ASCII)
_NEW_YORK = ZoneInfo("America/New_York")


def monthly_expiries(start: date, end: date) -> list[date]:
    """Return the last days of the monthly contracts from `start` to `end`, both included."""
    days = calendar.sessions(pd.Timestamp(start), pd.Timestamp(end))
    settles = calendar.calendar_table(days)["vix_settlement"].to_numpy()
    return [day.date() for day in days[settles]]


def settled_at(day: date) -> datetime:
    """Return the moment from which the settlements of a day count as known, UTC."""
    return datetime.combine(day, KNOWN_FROM, _NEW_YORK).astimezone(UTC)


def read_contract(body: Body, expiry: date, series: str) -> pd.DataFrame:
    """Return the days of one contract: `settle`, `last`, `volume`, `open_interest`, and `row`, by day.

    Prices are on today's scale. Days without a settlement and the last day itself, whose row holds the
    final settlement, are left out.

    Raises:
        SourceError: it is another file, another contract's, or a figure cannot be read.
    """
    lines = [(row, cells) for row, cells in lines_of(body, series) if cells[0]]
    start = next((at for at, (_, cells) in enumerate(lines[:3]) if cells[0] == OF_CONTRACT[0]), 0)
    header_row, header = lines[start]
    _check_header(header, OF_CONTRACT, body, series=series, row=header_row)
    days: dict[date, dict[str, float]] = {}
    for row, cells in lines[start + 1 :]:
        if cells == header:
            continue
        named = _named(header, cells, body, series=series, row=row)
        month = _CONTRACT_MONTH.fullmatch(named["Futures"])
        if month is None or month.groups() != _written(expiry):
            raise refusal(
                body,
                f"the row is of the contract '{named['Futures'][:40]}'",
                series=series,
                row=row,
                expected="'{} ({} {})'".format(*_written(expiry)),
            )
        day = day_of(named["Trade Date"], body, series=series, row=row)
        close, settle, volume, interest = (
            number_of(named[column], body, series=series, row=row, column=column)
            for column in OF_CONTRACT[2:]
        )
        if not settle > 0 or day >= expiry:
            continue
        scale = 0.1 if day < RESCALED and settle > LARGEST_PRICE else 1.0
        figures = {
            "settle": settle * scale,
            "last": close * scale if close > 0 else np.nan,
            "volume": volume,
            "open_interest": interest,
            "row": float(row),
        }
        if day in days:
            raise refusal(
                body, f"{day} stands twice", series=series, row=row, expected="one row for each day"
            )
        days[day] = figures
    columns = ["settle", "last", "volume", "open_interest", "row"]
    return pd.DataFrame.from_dict(days, orient="index", columns=columns).sort_index()


def read_settlements(body: Body, day: date, series: str) -> Snapshot:
    """Return the monthly contracts of the settlement file of one day.

    Raises:
        SourceError: it is another file, a figure cannot be read, or no monthly contract is in it.
    """
    lines = lines_of(body, series)
    header_row, header = lines[0]
    _check_header(header, OF_SETTLEMENT, body, series=series, row=header_row)
    months = set(monthly_expiries(day, day + timedelta(days=400)))
    expiries, settles, rows = [], [], []
    for row, cells in lines[1:]:
        named = _named(header, cells, body, series=series, row=row)
        if named["Product"] != ROOT:
            continue
        expiry = day_of(named["Expiration Date"], body, series=series, row=row)
        if expiry in months and expiry > day:
            expiries.append(expiry)
            settles.append(number_of(named["Price"], body, series=series, row=row, column="Price"))
            rows.append(row)
    return _snapshot(day, expiries, {"settle": settles}, rows, body, series=series)


def curves(contracts: Mapping[date, tuple[Body, pd.DataFrame]], after: date, series: str) -> list[Snapshot]:
    """Return one snapshot for each day later than `after` on which the nearest contract is present.

    Args:
        contracts: by last day, the answer and what `read_contract` read of it.
        after: the last day not wanted.
        series: catalog id.
    """
    first, last = min(contracts), max(contracts)
    expiries = monthly_expiries(min(first, after), last)
    every = sorted({day for _, frame in contracts.values() for day in frame.index if day > after})
    snapshots = []
    for day in every:
        body = next(body for body, frame in contracts.values() if day in frame.index)
        quoted = {expiry: frame.loc[day] for expiry, (_, frame) in contracts.items() if day in frame.index}
        nearest = next(expiry for expiry in expiries if expiry > day)
        if nearest in quoted and settled_at(day) <= body.fetched:
            figures = {
                name: [row[name] for row in quoted.values()]
                for name in ("settle", "last", "volume", "open_interest")
            }
            rows = [int(row["row"]) for row in quoted.values()]
            snapshots.append(_snapshot(day, list(quoted), figures, rows, body, series=series))
    return snapshots


def _snapshot(
    day: date,
    expiries: Sequence[date],
    figures: Mapping[str, Sequence[float]],
    rows: Sequence[int],
    body: Body,
    *,
    series: str,
) -> Snapshot:
    columns: dict[str, object] = {
        "contract": [contract_of(ROOT, expiry) for expiry in expiries],
        "root": ROOT,
        "kind": "future",
        "expiry": pd.to_datetime(pd.Series(list(expiries), dtype="object")),
    }
    quotes = quotes_of(columns | dict(figures), rows, body, series=series)
    return Snapshot(series, settled_at(day), quotes.sort_values("expiry", ignore_index=True))


def _check_header(found: Sequence[str], wanted: Sequence[str], body: Body, *, series: str, row: int) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise refusal(
            body,
            f"there is no column '{missing[0]}'; the columns are {', '.join(found)[:200]}",
            series=series,
            row=row,
            expected=f"the columns {', '.join(wanted)}",
        )


def _named(
    header: Sequence[str], cells: Sequence[str], body: Body, *, series: str, row: int
) -> dict[str, str]:
    if len(cells) < len(header):
        raise refusal(
            body, f"the row has {len(cells)} cells", series=series, row=row, expected=f"{len(header)} cells"
        )
    return dict(zip(header, cells, strict=False))


def _written(expiry: date) -> tuple[str, str, str]:
    """Return letter, month and year of a contract as its file writes them."""
    return MONTH_CODES[expiry.month - 1], f"{expiry:%b}", f"{expiry:%y}"
