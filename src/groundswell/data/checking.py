"""What every answer of every source must satisfy before it may be stored; the one place for it.

A refusal is a `SourceError` that names source, series and row, what was expected and what to do. It
concerns one series; the others of the same answer stand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data import release, units
from groundswell.data.catalog import Entry
from groundswell.data.errors import SourceError, UnitError

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

FIRST_DAY = np.datetime64("1800-01-01")
TYPICAL_VALUES = 60
"""Values, the last ones, whose median tells the unit."""

_RUNNING = np.timedelta64(2, "D")
"""How long a day may still be running, or its last figure be a flash; an older value that is out before
a slow rule is simply out."""

SLIP = 0.02
"""A revision by a factor of a thousand, give or take this share of it, is a unit mistaken."""

_LATER = "run the update again later; if it stays so, the service has changed: report it"
_WIDEN = "nothing was stored; if the figure is true, widen the bounds of the entry in the catalog"

Mask: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Times: TypeAlias = npt.NDArray[np.datetime64]


def checked(observations: pd.DataFrame, entry: Entry, fetched: datetime) -> pd.DataFrame:
    """Return the observations of one series as they may be stored.

    Columns `series`, `period` (day), `value` (in the entry's unit; NaN for one the source withdrew),
    `stated` (UTC, when the source says it became public; NaT where it does not say) and `ruled` (UTC,
    when the entry's rule says so); sorted by period, then `stated`.

    Left out without a word are missing values, rows that say the same again, and values of a daily
    series for yesterday or today whose time has not come (the bar of a running day); nothing may remain.

    Args:
        observations: columns as in `sources.source.Delivery`, of this one series, in any order.
        entry: the series.
        fetched: when the answer was received, with a zone.

    Raises:
        SourceError: no row at all; a malformed column; a period before 1800 or after the day of the
            fetch; a time of release after the fetch; a value that is infinite or outside what can be
            true; two values for one period and release; or figures in another unit than the entry's.
    """
    if observations.empty:
        raise _refused(entry, "the answer holds no row", "at least one value", _LATER)
    _formed(observations, entry)
    rows = observations["row"].to_numpy()
    periods: Times = observations["period"].to_numpy().astype("datetime64[us]")
    stated = _naive(observations["released"])
    values = observations["value"].to_numpy(dtype=np.float64)
    now = np.datetime64(pd.Timestamp(fetched).tz_convert("UTC").tz_localize(None), "us")
    _check_times(periods, stated, rows, entry, now)
    _first(
        np.isinf(values),
        rows,
        entry,
        lambda place: f"the value of {_day(periods[place])} is infinite",
        "a number",
    )

    known = ~np.isnan(values) | ~np.isnat(stated)
    order = np.lexsort((stated, periods))
    order = order[known[order]]
    periods, stated, values, rows = periods[order], stated[order], values[order], rows[order]

    with np.errstate(over="ignore"):  # what overflows is refused as out of bounds
        values = values * _factor(values, rows, entry)
    _check_bounds(periods, values, rows, entry)
    fresh = _without_repeats(periods, stated, values, rows, entry)
    periods, stated, values, rows = periods[fresh], stated[fresh], values[fresh], rows[fresh]
    _check_revisions(periods, values, rows, entry)

    ruled = release.released(entry.release, pd.DatetimeIndex(periods), entry.frequency, entry.id)
    result = pd.DataFrame(
        {
            "series": pd.Series([entry.id] * len(periods), dtype="object"),
            "period": periods,
            "value": values,
            "stated": pd.DatetimeIndex(stated).tz_localize("UTC"),
            "ruled": ruled.as_unit("us"),
        }
    )
    running = (
        (entry.frequency == "daily")
        & np.isnat(stated)
        & (ruled.tz_localize(None).to_numpy() > now)
        & (periods > now - _RUNNING)
    )
    return result.loc[~running].reset_index(drop=True) if running.any() else result


_OPENING = threading.Lock()


def _schema() -> DataFrameSchema:
    """Return the columns of a delivery.

    Services are checked side by side, and pandera cannot be imported by two threads at once: its modules
    import each other, and each thread would wait for the other.
    """
    with _OPENING:
        return _made_schema()


@cache
def _made_schema() -> DataFrameSchema:
    """Return the columns of a delivery; pandera is imported here, as it costs half a second."""
    from pandera.pandas import Check, Column, DataFrameSchema

    return DataFrameSchema(
        {
            "series": Column(),
            "period": Column("datetime64[us]"),
            "value": Column("float64", nullable=True),
            "released": Column("datetime64[us, UTC]", nullable=True),
            "row": Column("int64", Check.ge(0)),
        },
        strict=True,
    )


def _formed(observations: pd.DataFrame, entry: Entry) -> None:
    schema = _schema()
    from pandera.errors import SchemaError, SchemaErrors

    try:
        schema.validate(observations)
    except (SchemaError, SchemaErrors) as problem:
        first = problem if isinstance(problem, SchemaError) else problem.schema_errors[0]
        row = None
        if isinstance(first.failure_cases, pd.DataFrame) and "row" in observations:
            row = observations["row"].get(first.failure_cases["index"].iloc[0])
        words = " ".join(str(first).split())[:200]
        raise _refused(entry, words, "columns as every source delivers them", _LATER, row) from problem
    others = (observations["series"] != entry.id).to_numpy()
    names = observations["series"].to_numpy()
    _first(
        others,
        observations["row"].to_numpy(),
        entry,
        lambda place: f"a row belongs to '{names[place]}'",
        "rows of this series alone",
    )


def _check_times(
    periods: Times, stated: Times, rows: npt.NDArray[np.int64], entry: Entry, now: np.datetime64
) -> None:
    # The day of the fetch is taken in UTC, where it begins first: the bar of a day that runs in
    # London or in a crypto market is no slip, and goes out below with the other running bars.
    today = now.astype("datetime64[D]")
    _first(
        periods < FIRST_DAY,
        rows,
        entry,
        lambda place: f"the period {_day(periods[place])} lies before {FIRST_DAY}",
        "a date of modern times",
    )
    _first(
        periods.astype("datetime64[D]") > today,
        rows,
        entry,
        lambda place: f"the period {_day(periods[place])} lies in the future",
        f"no date after that of the answer, {today}",
    )
    _first(
        stated > now,
        rows,
        entry,
        lambda place: (
            f"the value of {_day(periods[place])} is said to be released at {stated[place]} UTC, "
            "which is still to come"
        ),
        f"times before that of the answer, {now} UTC",
        "check the clock of this machine; otherwise run the update again later",
    )


def _factor(values: Floats, rows: npt.NDArray[np.int64], entry: Entry) -> float:
    """Return what turns the values into the entry's unit; the typical range tells in which they came.

    Refused with the row of the last value, as the size is told from the last ones.
    """
    names = [name.strip() for name in entry.source_unit.split("|")]
    try:
        factors = {name: units.factor(name, entry.unit) for name in names}
    except UnitError as problem:
        raise _refused(
            entry, problem.what, problem.expected, "correct 'source_unit' or 'unit' of the entry"
        ) from problem
    finite = values[~np.isnan(values)]
    if not len(finite):
        return factors[names[0]]
    row = int(rows[~np.isnan(values)][-1])
    median = float(np.median(finite[-TYPICAL_VALUES:]))
    fitting = [
        name for name, scale in factors.items() if entry.typical_low <= median * scale <= entry.typical_high
    ]
    if len(fitting) == 1:
        return factors[fitting[0]]
    typical = f"{entry.typical_low:g} to {entry.typical_high:g} {entry.unit}"
    if fitting:
        raise _refused(
            entry,
            f"the last values (median {median:g}) could be {' or '.join(fitting)}",
            f"figures whose size tells the unit, within {typical}",
            "narrow 'typical_low' and 'typical_high' of the entry, or name one unit",
            row,
        )
    said = ", ".join(f"{median * scale:g} {entry.unit} if {name}" for name, scale in factors.items())
    raise _refused(
        entry,
        f"the median of the last values, {said}, is not of the usual size; the unit may have changed",
        f"a median within {typical}",
        "compare with the service's page; then correct 'source_unit' or the typical range of the entry",
        row,
    )


def _check_bounds(periods: Times, values: Floats, rows: npt.NDArray[np.int64], entry: Entry) -> None:
    _first(
        (values < entry.low) | (values > entry.high),
        rows,
        entry,
        lambda place: f"the value of {_day(periods[place])} is {values[place]:g} {entry.unit}",
        f"values from {entry.low:g} to {entry.high:g} {entry.unit}",
        _WIDEN,
    )


def _without_repeats(
    periods: Times, stated: Times, values: Floats, rows: npt.NDArray[np.int64], entry: Entry
) -> Mask:
    """Return which sorted rows to keep, the first of those that say the same."""
    keep = np.ones(len(periods), dtype=bool)
    if len(periods) < 2:
        return keep
    both_unsaid = np.isnat(stated[1:]) & np.isnat(stated[:-1])
    again = (periods[1:] == periods[:-1]) & ((stated[1:] == stated[:-1]) | both_unsaid)
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    _first(
        again & ~same,
        rows[1:],
        entry,
        lambda place: (
            f"{_day(periods[place])} has the value {values[place + 1]:g} here and "
            f"{values[place]:g} in row {rows[place]}"
        ),
        "one value for a period",
        _LATER,
    )
    keep[1:] = ~again
    return keep


def _check_revisions(periods: Times, values: Floats, rows: npt.NDArray[np.int64], entry: Entry) -> None:
    """Refuse a period revised by a factor of a thousand: vintages in two units."""
    if len(periods) < 2:
        return
    revised = periods[1:] == periods[:-1]
    with np.errstate(all="ignore"):
        steps = np.abs(np.log10(np.abs(values[1:] / values[:-1])))
        slips = revised & (np.abs(steps - 3.0) < np.log10(1.0 + SLIP))
    _first(
        slips,
        rows[1:],
        entry,
        lambda place: (
            f"the value of {_day(periods[place])} is revised from {values[place]:g} to "
            f"{values[place + 1]:g} {entry.unit}, a factor of a thousand"
        ),
        "all releases of a series in one unit",
        "the service changed the unit between releases; ask for the newest release only",
    )


def _first(
    wrong: Mask,
    rows: npt.NDArray[np.int64],
    entry: Entry,
    what: Callable[[int], str],
    expected: str,
    remedy: str = _LATER,
) -> None:
    """Refuse the wrong row that comes first in the answer, if there is one."""
    if wrong.any():
        places = np.flatnonzero(wrong)
        place = int(places[np.argmin(rows[places])])
        raise _refused(entry, what(place), expected, remedy, int(rows[place]))


def _refused(entry: Entry, what: str, expected: str, remedy: str, row: int | None = None) -> SourceError:
    place = "" if row is None else f", row {row} of the answer"
    where = f"{entry.source}, series '{entry.id}' ({entry.source_id}){place}"
    return SourceError(what, where=where, expected=expected, remedy=remedy)


def _naive(times: pd.Series[pd.Timestamp]) -> Times:
    """Return times in UTC without their zone."""
    return pd.DatetimeIndex(times).tz_localize(None).to_numpy().astype("datetime64[us]")


def _day(moment: np.datetime64) -> str:
    return str(moment.astype("datetime64[D]"))
