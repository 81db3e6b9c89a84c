"""FRED without a key: the table behind a chart, `fredgraph.csv`, several series in one.

Every series has its own first and last day in the address; of one day for all it heeds the first series
alone. Series whose frequencies differ in FRED's eyes (weeks that end on other days) come as tables in a zip.

It holds the latest figures only. Of series that are revised the whole history is asked for every time,
since a new base year changes all of it and a part would not fit the rest; of others what came since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Caller, Parameters, Service
from groundswell.data.sources import zips
from groundswell.data.sources.columns import Table, table
from groundswell.data.sources.decoding import refusal
from groundswell.data.sources.source import (
    Delivery,
    SeriesFailure,
    Wanted,
    delivered,
    joined,
    named,
    observations,
)

KEYLESS = Service(
    key="fred_graph",
    title="FRED downloads without a key",
    address="https://fred.stlouisfed.org/graph",
    rate=(2, 1.0),
    documentation="https://fred.stlouisfed.org/",
)

PATH = "/fredgraph.csv"
LARGEST = 64 * 2**20
"""Bytes the tables of a zip may have together."""
DATE_COLUMNS = ("observation_date", "DATE")
MISSING = ("", ".")
REACH_BACK = timedelta(days=60)
"""How far before the last stored period figures that are not revised are asked for again."""
MOST_REFUSALS = 2
"""Series in a row refused alone after which the rest of their group is not asked for one by one."""


def since(wanted: Wanted) -> date | None:
    """Return the first day to ask for; `None` for the whole history."""
    if wanted.entry.revised or wanted.through is None:
        return None
    return wanted.through - REACH_BACK


def asked(caller: Caller, group: Sequence[Wanted], today: date) -> Delivery:
    """Return the latest figures of series of one frequency through today.

    A group that is refused is asked again series by series: one discontinued id spoils the answer to all.

    Raises:
        SourceError: nothing of the group can be had.
    """
    starts = [since(wanted) for wanted in group]
    known = [start for start in starts if start is not None]

    def for_each(text: str) -> str:
        return ",".join([text] * len(group))

    names = ",".join(wanted.entry.source_id for wanted in group)
    parameters = {"id": names, "coed": for_each(today.isoformat())}
    if len(known) == len(starts):
        parameters["cosd"] = for_each(min(known).isoformat())
    try:
        return _answered(caller, parameters, group)
    except SourceError as problem:
        if len(group) == 1:
            raise
        return _one_by_one(caller, group, today, problem)


def _answered(caller: Caller, parameters: Parameters, group: Sequence[Wanted]) -> Delivery:
    try:
        return read(caller.get(KEYLESS, PATH, parameters, expect="csv"), group)
    except SourceError as problem:
        if len(group) == 1 or not any(word in problem.what for word in ("zip", "binary")):
            raise
    return read_packed(caller.get(KEYLESS, PATH, parameters, expect="zip"), group)


def read(body: Body, group: Sequence[Wanted]) -> Delivery:
    """Return the figures of a download; empty cells and "." are missing.

    A series whose column is absent or holds something else than numbers fails alone.

    Raises:
        SourceError: the answer is not such a table.
    """
    return _read([body], body, group)


def read_packed(body: Body, group: Sequence[Wanted]) -> Delivery:
    """Return the figures of a download of several tables in a zip, as `read` does of one.

    Raises:
        SourceError: there is no such table in it.
    """
    series, expected = named(group), "a zip of tables"
    tables = zips.members(
        body, lambda name: name.lower().endswith(".csv"), series=series, largest=LARGEST, expected=expected
    )
    if not tables:
        raise refusal(body, "there is no table in the zip", series=series, expected=expected)
    return _read(tables, body, group)


def _read(tables: Sequence[Body], body: Body, group: Sequence[Wanted]) -> Delivery:
    dated = [_dated(each, group) for each in tables]

    def column(wanted: Wanted) -> pd.DataFrame:
        found, days = next((each for each in dated if wanted.entry.source_id in each[0].header), dated[0])
        return _column(found, days, wanted)

    return delivered({each.entry.id: partial(column, each) for each in group}, [body])


def _dated(body: Body, group: Sequence[Wanted]) -> tuple[Table, npt.NDArray[np.datetime64]]:
    found = table(body, named(group))
    if found.header[0] not in DATE_COLUMNS:
        raise refusal(
            body,
            f"the first column is called '{found.header[0][:40]}'",
            series=found.series,
            row=found.header_row,
            expected=" or ".join(DATE_COLUMNS),
        )
    return found, found.days(found.header[0])


def _column(found: Table, days: npt.NDArray[np.datetime64], wanted: Wanted) -> pd.DataFrame:
    entry = wanted.entry
    values = found.of(entry.id).numbers(entry.source_id, MISSING)
    frame = observations(entry.id, pd.DatetimeIndex(days), values, found.lines)
    frame = frame[frame["value"].notna()]
    if frame.empty:
        raise refusal(
            found.body,
            f"the column '{entry.source_id}' holds no value",
            series=entry.id,
            expected="figures",
            remedy="check the id at the service; the series may have been discontinued",
        )
    return frame


def _one_by_one(caller: Caller, group: Sequence[Wanted], today: date, problem: SourceError) -> Delivery:
    """Return what of a refused group is answered alone; raises its refusal where nothing is."""
    deliveries: list[Delivery] = []
    failures: list[SeriesFailure] = []
    refused = 0
    for wanted in group:
        if refused == MOST_REFUSALS:
            failures.append(SeriesFailure(wanted.entry.id, problem))
            continue
        try:
            deliveries.append(asked(caller, [wanted], today))
            refused = 0
        except SourceError as alone:
            failures.append(SeriesFailure(wanted.entry.id, alone))
            refused += 1
    if not deliveries:
        raise problem
    whole = joined(deliveries)
    return replace(whole, failures=(*failures, *whole.failures))
