"""How batches are told to the store: in rounds, each with one answer per series, in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from groundswell.data.catalog import Entry
from groundswell.data.errors import StoreError
from groundswell.data.sources.source import Snapshot
from groundswell.data.store import layout, vintages
from groundswell.data.store.layout import Batch

if TYPE_CHECKING:
    import duckdb

MOMENT = pa.timestamp("us", "UTC")

_REGISTER = """
UPDATE series s SET title = n.title, unit = n.unit, frequency = n.frequency, source = n.source,
                    licence = n.licence
FROM named n WHERE n.series = s.series AND n.title IS NOT NULL;
INSERT INTO series
SELECT (SELECT coalesce(max(key), 0) FROM series) + row_number() OVER (ORDER BY series),
       series, title, unit, frequency, source, licence, NULL, NULL, NULL
FROM named n ANTI JOIN series s ON s.series = n.series;
"""

_CHANGED_UNIT = """
SELECT s.series, s.unit, n.unit FROM series s JOIN named n ON n.series = s.series
WHERE s.unit <> n.unit AND s.key IN (SELECT series FROM observations) LIMIT 1
"""

_ANSWERED = """
UPDATE series s SET asked = greatest(s.asked, a.fetched),
                    failure = CASE WHEN s.failed > a.fetched THEN s.failure END,
                    failed = CASE WHEN s.failed > a.fetched THEN s.failed END
FROM answers a WHERE a.series = s.series
"""

_FAILED = """
UPDATE series s SET failed = f.fetched, failure = f.failure
FROM failures f WHERE f.series = s.series AND f.fetched > coalesce(greatest(s.asked, s.failed), '-infinity')
"""

_FETCHED = """
INSERT INTO fetches
SELECT DISTINCT b.* FROM bodies b ANTI JOIN fetches f
    ON f.service = b.service AND f.address = b.address AND f.sha256 = b.sha256 AND f.fetched = b.fetched
"""


def tell(connection: duckdb.DuckDBPyConnection, batches: Sequence[Batch]) -> pd.DataFrame:
    """Store what is new in the batches.

    Returns:
        One row per series answered, in alphabetical order: `series`, and rows that were `new`,
        `revised` and `unchanged`; contracts, for a snapshot.

    Raises:
        StoreError: a series comes in another unit than it is stored in, or an answer contradicts
            itself.
    """
    ordered = sorted(batches, key=lambda batch: batch.fetched)
    _register(connection, ordered)
    counts: dict[str, tuple[int, int, int]] = {}
    for group in _rounds(ordered):
        _count(counts, dict.fromkeys((name for batch in group for name in batch.answered), (0, 0, 0)))
        answers = _answers(group)
        _count(counts, vintages.take(connection, answers, _incoming(group)))
        for snapshot in (each for batch in group for each in batch.snapshots):
            _count(counts, {snapshot.series: _keep_quotes(connection, snapshot)})
        connection.register("answers", answers)
        connection.execute(_ANSWERED)
    _keep_failures(connection, ordered)
    _keep_fetches(connection, ordered)
    rows = [(name, *counted) for name, counted in sorted(counts.items())]
    return pd.DataFrame(rows, columns=["series", "new", "revised", "unchanged"]).astype(
        {"series": "str", "new": "int64", "revised": "int64", "unchanged": "int64"}
    )


def _rounds(batches: Iterable[Batch]) -> list[list[Batch]]:
    """Return the batches in as few rounds as keep every series once a round and in order of time."""
    rounds: list[list[Batch]] = []
    reached: dict[str, int] = {}
    for batch in batches:
        number = max((reached.get(name, 0) for name in batch.answered), default=0)
        reached.update(dict.fromkeys(batch.answered, number + 1))
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(batch)
    return rounds


def _answers(batches: Iterable[Batch]) -> pa.Table:
    rows = [(name, batch.fetched, batch.source) for batch in batches for name in batch.answered]
    return _table(rows, vintages.ANSWERS)


def _incoming(batches: Iterable[Batch]) -> pa.Table:
    wanted = vintages.INCOMING
    # Hundreds of small frames: threads of its own for each would cost Arrow more than they bring.
    tables = [
        pa.Table.from_pandas(batch.observations[wanted.names], wanted, preserve_index=False, nthreads=1)
        for batch in batches
    ]
    return pa.concat_tables([table.replace_schema_metadata() for table in tables])


def _register(connection: duckdb.DuckDBPyConnection, batches: Sequence[Batch]) -> None:
    """Put every series named into the table of series, with the catalog's last word on it."""
    known: dict[str, Entry | None] = {}
    for batch in batches:
        known.update({name: known.get(name) for name in batch.answered})
        known.update({each.series: known.get(each.series) for each in batch.failures})
        known.update({entry.id: entry for entry in batch.entries})
    columns = ("title", "unit", "frequency", "source", "licence")
    rows = [
        (name, *(None if entry is None else getattr(entry, column) for column in columns))
        for name, entry in sorted(known.items())
    ]
    schema = pa.schema([(column, pa.string()) for column in ("series", *columns)])
    connection.register("named", _table(rows, schema))
    for name, stored, said in connection.execute(_CHANGED_UNIT).fetchall():
        raise StoreError(
            f"the catalog now says '{said}', and what is stored is in '{stored}'",
            where=f"series '{name}'",
            expected="one unit for all vintages of a series",
            remedy="correct the unit in the catalog, or give the series of the new unit a name of its own",
        )
    connection.execute(_REGISTER)


def _keep_quotes(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> tuple[int, int, int]:
    """Store a snapshot unless one of the same moment is there; return contracts new, revised, unchanged."""
    missing = [name for name in layout.NEEDED_QUOTES if name not in snapshot.quotes]
    unknown = [name for name in snapshot.quotes if name not in layout.QUOTES]
    if missing or unknown:
        raise StoreError(
            f"the quotes lack {', '.join(missing)}" if missing else f"the quotes have '{unknown[0]}'",
            where=f"snapshot '{snapshot.series}'",
            expected=f"the columns {', '.join(layout.QUOTES)}",
            remedy="this is an error of the source's reader: report it; nothing of the batch was stored",
        )
    known = connection.execute(
        "SELECT 1 FROM quotes q JOIN series s ON s.key = q.series WHERE s.series = ? AND q.taken = ? LIMIT 1",
        [snapshot.series, snapshot.taken],
    ).fetchall()
    contracts = len(snapshot.quotes)
    if known:
        return 0, 0, contracts
    connection.register("snapshot", pa.Table.from_pandas(snapshot.quotes, preserve_index=False))
    present = ", ".join(f'"{name}"' for name in snapshot.quotes)
    connection.execute(
        f"INSERT INTO quotes (series, taken, {present}) SELECT key, ?, {present} "
        "FROM snapshot, series WHERE series.series = ?",
        [snapshot.taken, snapshot.series],
    )
    return contracts, 0, 0


def _keep_failures(connection: duckdb.DuckDBPyConnection, batches: Iterable[Batch]) -> None:
    last = {
        each.series: (each.series, batch.fetched, str(each.error))
        for batch in batches
        for each in batch.failures
    }
    schema = pa.schema([("series", pa.string()), ("fetched", MOMENT), ("failure", pa.string())])
    connection.register("failures", _table(list(last.values()), schema))
    connection.execute(_FAILED)


def _keep_fetches(connection: duckdb.DuckDBPyConnection, batches: Iterable[Batch]) -> None:
    rows = [
        (body.service, body.address, body.sha256, len(body.content), body.media_type, body.fetched)
        for batch in batches
        for body in batch.bodies
    ]
    schema = pa.schema(
        [
            ("service", pa.string()),
            ("address", pa.string()),
            ("sha256", pa.string()),
            ("bytes", pa.int64()),
            ("media_type", pa.string()),
            ("fetched", MOMENT),
        ]
    )
    connection.register("bodies", _table(rows, schema))
    connection.execute(_FETCHED)


def _count(counts: dict[str, tuple[int, int, int]], more: dict[str, tuple[int, int, int]]) -> None:
    for name, (new, revised, unchanged) in more.items():
        before = counts.get(name, (0, 0, 0))
        counts[name] = (before[0] + new, before[1] + revised, before[2] + unchanged)


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, each.type) for column, each in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
