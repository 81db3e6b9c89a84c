"""A user's own prices as a book.

The file has `date` and `close`, or `date` and one column per asset (`index`, `bond`, any other
name); `volume` and `market_value` in USD bn are optional. What is wrong with it is repaired with a
note or refused with the row (see `price_checks`).
"""

from __future__ import annotations

from difflib import get_close_matches
from os import PathLike
from pathlib import Path

import pandas as pd

from groundswell.data import market_scale, price_checks
from groundswell.data.book import MINIMUM_SESSIONS, PRICE, Book, Series
from groundswell.data.errors import DataError
from groundswell.data.notes import Note, counted
from groundswell.data.table_file import TextTable, read_table

SHARE_COUNT = 10_000.0
"""Volume above which a value counts shares: no index trades 10,000 USD bn a day."""

BESIDE_CLOSE = (
    *("open", "high", "low", "adj_close", "adjclose", "adjusted_close"),
    *("dividends", "stock_splits", "capital_gains"),
)
UNITS = {"vix": "percent a year", "volume": "USD bn a day", "market_value": "USD bn"}
KNOWN = ("close", "index", "bond", *UNITS)


def price_book(path: str | PathLike[str], *, accept_jumps: bool = False) -> Book:
    """Return the book of a price file.

    `volume` is dollars (USD bn a day); a value above 10,000 can only count shares and goes to
    `share_volume`, each row by itself. A column `vix` is an index level in percent, not an asset.
    Values are taken as known at 16:00 New York time of their own day. The book is as of the last day
    in the file, with or without a price.

    Args:
        path: a .csv or .parquet file.
        accept_jumps: lets one-day moves above 40% through, with a note.

    Raises:
        DataError: the file cannot be used; the message names file, row, column and remedy.
    """
    file = Path(path).expanduser()
    table = read_table(file)
    columns, notes = _columns(table)
    days = price_checks.read_dates(table, "date")
    numbers = {name: price_checks.read_numbers(table, column) for name, column in columns.items()}
    frame, more = price_checks.ordered(table, days, pd.DataFrame(numbers))
    notes += more
    last_day = frame.index[-1]
    frame, more = price_checks.without_closed_days(table, frame)
    notes += more
    row = frame["row"]

    series: dict[str, Series] = {}
    for name in (name for name in columns if name not in UNITS):
        prices, more = price_checks.check_prices(
            table, frame[name], row, column=columns[name], accept_jumps=accept_jumps
        )
        notes += more
        _long_enough(table, prices, columns[name])
        if name == "index":
            notes += price_checks.check_gaps(table, prices, row)
        elif prices.index[0] > frame.index[0]:
            begins = prices.index[0]
            notes.append(Note(f"{table.name}: '{name}' begins on {begins:%Y-%m-%d}.", since=begins))
        series[name] = _series(table, name, prices, PRICE)
    for name in (name for name in columns if name in UNITS):
        values = price_checks.check_quantity(table, frame[name], row, zero_is_unknown=name == "volume")
        if name == "volume":
            shares, values = values[values > SHARE_COUNT], values[values <= SHARE_COUNT]
            if len(shares):
                series["share_volume"] = _series(table, "share_volume", shares, "shares")
            notes += _share_notes(table, shares)
        if len(values):
            series[name] = _series(table, name, values, UNITS[name])
    notes += _estimated(frame.index[0], series)
    return Book(series=series, as_of=last_day, label=table.name, remarks=tuple(notes))


def _share_notes(table: TextTable, shares: pd.Series[float]) -> list[Note]:
    """Return the notes on the values of `volume` that count shares."""
    if shares.empty:
        return []
    kept = (
        f"above {SHARE_COUNT:,.0f}, which count shares: kept as share_volume, not used as dollars "
        f"(first {shares.index[0]:%Y-%m-%d})"
    )
    return counted(
        shares.index,
        lambda n: f"{table.name}: 'volume' has {price_checks.times(n, 'value')} {kept}.",
    )


def _estimated(first_day: pd.Timestamp, series: dict[str, Series]) -> list[Note]:
    """Return the notes on what the tables give, each until the file's own figures begin."""
    begins = {name: found.frame["observed"].iloc[0] for name, found in series.items()}
    value = market_scale.assumptions(first_day, volume=False)
    volume = market_scale.assumptions(first_day, value=False)
    return [Note(text, until=begins.get("market_value")) for text in value] + [
        Note(text, until=begins.get("volume")) for text in volume
    ]


def _columns(table: TextTable) -> tuple[dict[str, str], list[Note]]:
    """Return which series stands in which column of the file, `index` first, and the notes."""
    names = [name for name in table.header if name]
    place = f"{table.name}, row 1"
    if "date" not in names:
        unnamed = "; the first column has no name" if not table.header[0] else ""
        raise DataError(
            f"there is no column 'date' among {_listed(names)}{unnamed or _nearest('date', names)}",
            where=place,
            expected="a column 'date' with days such as 2018-02-05",
            remedy="name the column with the days 'date'",
        )
    if "close" in names and "index" in names:
        raise DataError(
            "there is a column 'close' and a column 'index'",
            where=place,
            expected="one of them: 'close', or 'index' beside other assets",
            remedy="keep the index under one of the two names",
        )
    if "close" not in names and "index" not in names:
        raise DataError(
            f"there is no column 'close' or 'index' among {_listed(names)}"
            f"{_nearest('close', names) or _nearest('index', names)}",
            where=place,
            expected="the prices of the equity index under 'close' or 'index'",
            remedy="rename the column with the prices of the index",
        )
    source = "close" if "close" in names else "index"
    columns = {"index": source}
    unused = [] if "" not in table.header else ["a column without a name"]
    for name in names:
        if name in BESIDE_CLOSE:
            unused.append(f"'{name}'")
        elif name not in ("date", source):
            misspelt = get_close_matches(name, KNOWN, n=1, cutoff=0.8)
            if misspelt and name not in KNOWN:
                raise DataError(
                    f"the column '{name}' looks like '{misspelt[0]}'",
                    where=place,
                    expected=f"'{misspelt[0]}', or a name that cannot be mistaken for it",
                    remedy="rename the column",
                )
            columns[name] = name
    if unused:
        return columns, [Note(f"{table.name}: prices from '{source}'; {', '.join(unused)} not used.")]
    return columns, []


def _nearest(wanted: str, names: list[str]) -> str:
    match = get_close_matches(wanted, names, n=1, cutoff=0.6)
    return f"; is '{match[0]}' the column '{wanted}'?" if match else ""


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "the columns"


def _long_enough(table: TextTable, prices: pd.Series[float], column: str) -> None:
    if len(prices) < MINIMUM_SESSIONS:
        raise DataError(
            f"there are {len(prices)} sessions with a price",
            where=f"{table.name}, column '{column}'",
            expected=f"at least {MINIMUM_SESSIONS}: with fewer no position can be told from its start",
            remedy="load a longer history",
        )


def _series(table: TextTable, name: str, values: pd.Series[float], unit: str) -> Series:
    title = f"{name.replace('_', ' ')} from {table.name}"
    return Series.of_closes(values, name=name, unit=unit, source=table.name, title=title)
