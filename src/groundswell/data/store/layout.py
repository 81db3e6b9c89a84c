"""What the store is made of: its tables, the batch it is told, and the columns of quotes.

An observation is kept with three facts about its time: the period it describes, when it was released,
and when it was fetched. Where the release is not the source's own word, `basis` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

import pandas as pd

from groundswell.data.catalog import Entry
from groundswell.data.http.service import Body
from groundswell.data.sources.source import SeriesFailure, Snapshot

VERSION = 1
"""Version of the tables below; a store of a higher one was written by a newer Groundswell."""

QUOTES = MappingProxyType(
    {
        "contract": "VARCHAR",
        "root": "VARCHAR",
        "kind": "VARCHAR",
        "expiry": "TIMESTAMP",
        "strike": "DOUBLE",
        "bid": "DOUBLE",
        "ask": "DOUBLE",
        "bid_size": "DOUBLE",
        "ask_size": "DOUBLE",
        "last": "DOUBLE",
        "volume": "DOUBLE",
        "open_interest": "DOUBLE",
        "implied_volatility": "DOUBLE",
        "delta": "DOUBLE",
        "gamma": "DOUBLE",
        "vega": "DOUBLE",
        "theta": "DOUBLE",
        "settle": "DOUBLE",
        "underlying": "DOUBLE",
    }
)
"""Columns of a snapshot and their types in the store. `kind` is "call", "put" or "future"; `expiry` is
a day or a time in UTC, without a zone. All but `contract`, `kind` and `expiry` may be missing."""

NEEDED_QUOTES = ("contract", "kind", "expiry")

OBSERVATIONS = MappingProxyType(
    {
        "series": "str",
        "period": "datetime64[us]",
        "value": "float64",
        "stated": "datetime64[us, UTC]",
        "ruled": "datetime64[us, UTC]",
    }
)
"""Columns of the observations of a batch, as `data.checking` returns them."""

_QUOTE_COLUMNS = ", ".join(f'"{name}" {kind}' for name, kind in QUOTES.items())

# `series` is a small integer in the large tables: a name of twenty letters would cost more than the
# value it stands beside. `restates` is set where the source changed a vintage it had already stated;
# it tells which. The view is for people who open the file with DuckDB themselves.
SCHEMA = f"""
CREATE TABLE about (version INTEGER NOT NULL, made TIMESTAMPTZ NOT NULL);
CREATE TYPE basis AS ENUM ('stated', 'rule', 'seen');
CREATE TABLE series (
    key INTEGER NOT NULL, series VARCHAR NOT NULL, title VARCHAR, unit VARCHAR, frequency VARCHAR,
    source VARCHAR, licence VARCHAR, asked TIMESTAMPTZ, failed TIMESTAMPTZ, failure VARCHAR);
CREATE TABLE observations (
    series INTEGER NOT NULL, period DATE NOT NULL, released TIMESTAMPTZ NOT NULL, value DOUBLE,
    fetched TIMESTAMPTZ NOT NULL, source VARCHAR NOT NULL, basis basis NOT NULL,
    superseded BOOLEAN NOT NULL, restates TIMESTAMPTZ);
CREATE TABLE quotes (series INTEGER NOT NULL, taken TIMESTAMPTZ NOT NULL, {_QUOTE_COLUMNS});
CREATE TABLE fetches (
    service VARCHAR NOT NULL, address VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, bytes BIGINT NOT NULL,
    media_type VARCHAR NOT NULL, fetched TIMESTAMPTZ NOT NULL);
CREATE VIEW vintages AS
    SELECT s.series, o.period, o.released, o.value, s.unit, o.fetched, o.source, o.basis, o.superseded,
           o.restates
    FROM observations o JOIN series s ON s.key = o.series;
"""


@dataclass(frozen=True, eq=False)
class Batch:
    """What one source said at one moment.

    Attributes:
        fetched: when it said so, UTC.
        source: key of the source.
        observations: columns as in `OBSERVATIONS`, many series at once; `value` in the unit of the
            entry, NaN where the source withdrew a value (only together with `stated`).
        asked: ids of the series it answered for, with something new or not. A series is answered whole
            in one batch: what a later batch brings for a time before this one counts as seen late.
        snapshots: quotes taken at one moment.
        bodies: the answers read.
        failures: series that could not be brought up to date.
        entries: the catalog's word on the series, kept so that the store explains itself.
    """

    fetched: datetime
    source: str
    observations: pd.DataFrame = field(default_factory=lambda: nothing_observed())
    asked: tuple[str, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    bodies: tuple[Body, ...] = ()
    failures: tuple[SeriesFailure, ...] = ()
    entries: tuple[Entry, ...] = ()

    @cached_property
    def answered(self) -> tuple[str, ...]:
        """Return every series the batch is an answer for, each once."""
        observed = self.observations["series"].unique().tolist()
        return tuple(dict.fromkeys([*self.asked, *observed, *(each.series for each in self.snapshots)]))


def nothing_observed() -> pd.DataFrame:
    """Return the frame of a batch's observations without a row."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in OBSERVATIONS.items()})
