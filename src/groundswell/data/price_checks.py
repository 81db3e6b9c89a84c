"""What may be repaired in a price file and what must be refused.

Every repair is reported in a note with the file, how many rows and the first date; every refusal
names the row, what was expected and what to do.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from groundswell.data import calendar
from groundswell.data.errors import DataError
from groundswell.data.notes import Note, counted
from groundswell.data.table_file import TextTable

EMPTY = frozenset({"", "nan", "na", "n/a", "#n/a", "null", "none", "nat", "<na>", "-", "."})
MOST_EMPTY = 10
LONGEST_GAP = 5
MOST_ABSENT = 0.10
JUMP = 0.40


def read_dates(table: TextTable, column: str) -> pd.Series[pd.Timestamp]:
    """Return the days of a text column, by row of the file.

    Accepted: 2018-02-05 and 20180205; a time or zone after the day is ignored.

    Raises:
        DataError: a date is written otherwise or does not exist.
    """
    text = table.cells[column].astype(str)
    written = text.str.fullmatch(r"\d{4}-\d{2}-\d{2}([ T].*)?|\d{8}")
    days = pd.to_datetime(text.str.replace("-", "").str[:8].where(written), format="%Y%m%d", errors="coerce")
    years = days.dt.year
    days = days.where((years >= calendar.FIRST_YEAR) & (years <= calendar.LAST_YEAR))
    if days.isna().any():
        row = days.index[days.isna().to_numpy()][0]
        raise DataError(
            f"'{text[row]}' is not a date that can be read",
            where=table.place(row, column),
            expected=f"year-month-day, as in 2018-02-05, from {calendar.FIRST_YEAR} to {calendar.LAST_YEAR}",
            remedy="write the dates as year-month-day; day and month alone cannot be told apart",
        )
    return days


def read_numbers(table: TextTable, column: str) -> pd.Series[float]:
    """Return the numbers of a text column, by row of the file; empty cells are missing.

    Raises:
        DataError: a cell is neither a finite number nor empty.
    """
    text = table.cells[column].astype(str)
    empty = text.str.lower().isin(EMPTY)
    numbers = pd.to_numeric(text.where(~empty), errors="coerce").astype(float)
    wrong = (~empty & ~np.isfinite(numbers)).to_numpy()
    if wrong.any():
        row = numbers.index[wrong][0]
        raise DataError(
            f"'{text[row]}' is not a number",
            where=table.place(row, column),
            expected="a number such as 2762.13, without signs of currency or thousands separators",
            remedy="correct the cell, or leave it empty if the value is unknown",
        )
    return numbers


def ordered(
    table: TextTable, days: pd.Series[pd.Timestamp], values: pd.DataFrame
) -> tuple[pd.DataFrame, list[Note]]:
    """Return the values by day, ascending and each once, with a column `row`; and the notes.

    Raises:
        DataError: one day appears twice with different values.
    """
    notes: list[Note] = []
    frame = values.assign(row=values.index.to_numpy()).set_index(pd.DatetimeIndex(days, name="date"))
    if not frame.index.is_monotonic_increasing:
        stand = frame.index.to_numpy()
        displaced = stand > np.minimum.accumulate(stand[::-1])[::-1]  # an earlier day stands below
        first = pd.Timestamp(stand[displaced].min())
        text = f"{table.name}: rows were not in order of date; sorted (first at {first:%Y-%m-%d})."
        notes.append(Note(text, since=first))
        frame = frame.sort_index(kind="stable")
    if frame.index.has_duplicates:
        repeated = frame.index.duplicated()
        same = frame.drop(columns="row").fillna(-np.inf).groupby(level=0).nunique().le(1).all(axis=1)
        if not same.all():
            day = same.index[~same.to_numpy()][0]
            rows = frame.loc[[day], "row"].to_list()
            raise DataError(
                f"{day:%Y-%m-%d} appears in rows {', '.join(map(str, rows))} with different values",
                where=table.place(rows[1]),
                expected="one row per day",
                remedy="remove the wrong row",
            )
        again = frame.index[repeated]
        dropped = f"repeated exactly; dropped (first {again[0]:%Y-%m-%d})"
        notes += counted(again, lambda n: f"{table.name}: {times(n, 'row')} {dropped}.")
        frame = frame.loc[~repeated]
    return frame, notes


def without_closed_days(table: TextTable, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """Return the rows of days on which the exchange traded, and the notes.

    A row of a weekend or holiday goes when the index is empty or repeats the previous price.

    Raises:
        DataError: such a row carries a price of its own.
    """
    days = pd.DatetimeIndex(frame.index)
    closed = ~calendar.is_session(days)
    if not closed.any():
        return frame, []
    price = frame["index"]
    idle = (price.isna() | (price == price.ffill().shift())).to_numpy()
    if (closed & ~idle).any():
        position = int(np.argmax(closed & ~idle))
        day = days[position]
        raise DataError(
            f"{day:%Y-%m-%d} is a {day:%A} on which the New York Stock Exchange was closed, "
            f"yet it has a price of its own ({price.iloc[position]:g})",
            where=table.place(frame["row"].iloc[position]),
            expected="sessions of the New York Stock Exchange only",
            remedy="remove the rows of weekends and holidays, or correct the date",
        )
    what = f"of weekends or holidays without a new price; dropped (first {days[closed][0]:%Y-%m-%d})"
    return frame.loc[~closed], counted(days[closed], lambda n: f"{table.name}: {times(n, 'row')} {what}.")


def check_prices(
    table: TextTable,
    price: pd.Series[float],
    row: pd.Series[int],
    *,
    column: str,
    accept_jumps: bool,
) -> tuple[pd.Series[float], list[Note]]:
    """Return one asset's prices without empty days, and the notes.

    Empty cells before an asset's first price are its time before listing. After it, up to ten are
    dropped.

    Args:
        table: the file, for messages.
        price: prices by session, named after the asset.
        row: the row in the file of every session.
        column: the column they stand in.
        accept_jumps: lets one-day moves above 40% through with a note.

    Raises:
        DataError: more empty cells, a price at or below zero, or a move above 40% in a day.
    """
    notes: list[Note] = []
    low = (price <= 0.0).to_numpy()
    if low.any():
        position = int(np.argmax(low))
        found = "zero" if price.iloc[position] == 0.0 else f"negative ({price.iloc[position]:g})"
        raise DataError(
            f"the price of {price.index[position]:%Y-%m-%d} is {found}",
            where=table.place(row.iloc[position], column),
            expected="prices above zero",
            remedy="correct the price, or leave the cell empty if it is unknown",
        )
    listed = (price.notna().cumsum() > 0) | (price.name == "index")
    empty = (price.isna() & listed).to_numpy()
    if empty.any():
        first, count = price.index[empty][0], int(empty.sum())
        if count > MOST_EMPTY:
            raise DataError(
                f"{count} sessions have no price, the first is {first:%Y-%m-%d}",
                where=table.place(row[empty].iloc[0], column),
                expected=f"a price on every session; up to {MOST_EMPTY} empty ones are dropped",
                remedy="fill in the prices, or remove the column or the rows",
            )
        dropped = f"in column '{column}'; dropped (first {first:%Y-%m-%d})"
        notes += counted(price.index[empty], lambda n: f"{table.name}: {times(n, 'empty price')} {dropped}.")
    known = price.dropna()
    moves = np.expm1(np.abs(np.diff(np.log(known.to_numpy()))))
    jumps = moves > JUMP
    if jumps.any():
        position = int(np.argmax(jumps)) + 1
        day = known.index[position]
        step = f"{known.iloc[position - 1]:g} to {known.iloc[position]:g}"
        if not accept_jumps:
            raise DataError(
                f"the price goes from {step} on {day:%Y-%m-%d}, a one-day move above {JUMP:.0%}",
                where=table.place(row[day], column),
                expected=f"daily moves below {JUMP:.0%}, adjusted for splits",
                remedy="correct the price; if the move is real, load with accept_jumps=True (--accept-jumps)",
            )
        accepted = f"above {JUMP:.0%} in column '{column}' accepted (first {day:%Y-%m-%d}, {step})"
        notes += counted(
            known.index[1:][jumps], lambda n: f"{table.name}: {times(n, 'one-day move')} {accepted}."
        )
    return known, notes


def check_quantity(
    table: TextTable, values: pd.Series[float], row: pd.Series[int], *, zero_is_unknown: bool
) -> pd.Series[float]:
    """Return the known values of a column that is no asset price.

    Raises:
        DataError: a value is negative, or zero where zero cannot stand for unknown.
    """
    wrong = ((values < 0.0) | ((values == 0.0) & (not zero_is_unknown))).to_numpy()
    if wrong.any():
        position = int(np.argmax(wrong))
        raise DataError(
            f"the value of {values.index[position]:%Y-%m-%d} is {values.iloc[position]:g}",
            where=table.place(row.iloc[position], str(values.name)),
            expected="values above zero",
            remedy="correct the value, or leave the cell empty if it is unknown",
        )
    return values[values > 0.0]


def check_gaps(table: TextTable, prices: pd.Series[float], row: pd.Series[int]) -> list[Note]:
    """Return notes on the sessions that the file leaves out, if any, each told from the next price on.

    Raises:
        DataError: more than five sessions in a row, or more than a tenth of all, are missing.
    """
    days = pd.DatetimeIndex(prices.index)
    expected = calendar.sessions(days[0], days[-1])
    missing = expected.difference(pd.DatetimeIndex(row.index))
    if missing.empty:
        return []
    places = np.searchsorted(missing.to_numpy(), days.to_numpy())
    gaps = np.diff(places)
    longest = int(np.argmax(gaps))
    if gaps[longest] > LONGEST_GAP or len(missing) > MOST_ABSENT * len(expected):
        share = f" ({len(missing)} of {len(expected)} in the whole file)"
        raise DataError(
            f"{gaps[longest]} sessions are missing between {days[longest]:%Y-%m-%d} and "
            f"{days[longest + 1]:%Y-%m-%d}{share}",
            where=table.place(row[days[longest + 1]]),
            expected=f"one row per session, with gaps of at most {LONGEST_GAP} sessions",
            remedy="add the missing rows, or keep the rows on one side of the gap; weekly or "
            "monthly prices cannot be used",
        )
    told = days[np.searchsorted(days.to_numpy(), missing.to_numpy())]
    first = f"(first {missing[0]:%Y-%m-%d})"
    return counted(told, lambda n: f"{table.name}: {times(n, 'session')} without a row {first}.")


def times(count: int, noun: str) -> str:
    """Return a counted noun: "1 row", "7 rows"."""
    return f"{count} {noun}{'s' if count > 1 else ''}"
