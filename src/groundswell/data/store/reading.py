"""How the store is asked: what was known at a moment, what is there, what a venue quoted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from groundswell.data.errors import StoreError, closest
from groundswell.data.sources.source import Snapshot
from groundswell.data.store import layout

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

STANDING = (
    *("series", "title", "unit", "frequency", "source", "rows", "first", "through", "vintage"),
    *("asked", "failed", "failure", "stated", "ruled", "seen", "last_stated"),
)

# An enumeration in alphabetical order sorts like the names and travels to Arrow as a dictionary.
_CHOOSE = """
CREATE TEMP TYPE name AS ENUM (SELECT series FROM series ORDER BY series);
CREATE TEMP TABLE chosen AS SELECT key, series::name AS series FROM series
WHERE $wanted IS NULL OR list_contains($wanted, series::VARCHAR);
"""

_KNOWN = """
SELECT c.series, o.period::TIMESTAMP AS observed, o.released, o.value, o.basis
FROM observations o JOIN chosen c ON c.key = o.series
WHERE NOT o.superseded AND ($before IS NULL OR o.released < $before)
ORDER BY c.series, o.period, o.released, o.fetched, o.basis
"""

_STANDING = """
WITH kept AS (
    SELECT series AS key, count(*) AS rows,
           min(period)::TIMESTAMP AS first, max(period)::TIMESTAMP AS through,
           max(released) AS vintage, max(released) FILTER (basis = 'stated') AS last_stated,
           count(*) FILTER (basis = 'stated') AS stated,
           count(*) FILTER (basis = 'rule') AS ruled, count(*) FILTER (basis = 'seen') AS seen
    FROM observations WHERE NOT superseded GROUP BY ALL
    UNION ALL
    SELECT series, count(*), min(taken)::TIMESTAMP, max(taken)::TIMESTAMP, max(taken), NULL, 0, 0, 0
    FROM quotes GROUP BY ALL)
SELECT s.series, coalesce(title, '') AS title, coalesce(unit, '') AS unit,
       coalesce(frequency, '') AS frequency, coalesce(source, '') AS source, coalesce(rows, 0) AS rows,
       first, through, vintage, asked, failed, coalesce(failure, '') AS failure,
       coalesce(stated, 0) AS stated, coalesce(ruled, 0) AS ruled, coalesce(seen, 0) AS seen, last_stated
FROM series s LEFT JOIN kept USING (key) ORDER BY s.series
"""


def standing(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return one row per series, as `Store.standing` tells."""
    return connection.sql(_STANDING).to_arrow_table().to_pandas()


def nothing_standing() -> pd.DataFrame:
    """Return the standing of a store that is not there yet: no row."""
    return pd.DataFrame(columns=list(STANDING))


def table(
    connection: duckdb.DuckDBPyConnection, series: str | Sequence[str] | None, as_of: datetime | None
) -> pa.Table:
    """Return what was known before a moment, every vintage a row, as `Store.table` tells."""
    _choose(connection, series)
    return connection.sql(_KNOWN, params={"before": _moment(as_of)}).to_arrow_table()


def latest(connection: duckdb.DuckDBPyConnection, series: str, as_of: datetime | None) -> pd.Series[float]:
    """Return the last vintage of every period of one series, as `Store.latest` tells."""
    _known_name(connection, series)
    frame = table(connection, series, as_of).to_pandas()
    last = frame.drop_duplicates("observed", keep="last").dropna(subset="value")
    index = pd.DatetimeIndex(last["observed"], name="date")
    return pd.Series(last["value"].to_numpy(dtype=float, copy=True), index, name=series)


def snapshot(connection: duckdb.DuckDBPyConnection, series: str, as_of: datetime | None) -> Snapshot | None:
    """Return the last snapshot taken before a moment, as `Store.snapshot` tells."""
    chosen = """
        FROM quotes q JOIN series s ON s.key = q.series
        WHERE s.series = $series AND ($before IS NULL OR q.taken < $before)
    """
    given = {"series": series, "before": _moment(as_of)}
    found = connection.sql(f"SELECT max(q.taken) AS taken {chosen}", params=given).to_arrow_table()
    taken = found["taken"][0].as_py()
    if taken is None:
        return None
    columns = ", ".join(f'q."{name}"' for name in layout.QUOTES)
    quotes = connection.sql(
        f"SELECT {columns} {chosen} AND q.taken = $taken ORDER BY root, expiry, kind, strike, contract",
        params={**given, "taken": taken},
    ).to_arrow_table()
    return Snapshot(series=series, taken=taken, quotes=quotes.to_pandas())


def quotes_over_time(
    connection: duckdb.DuckDBPyConnection,
    series: str,
    columns: Sequence[str],
    as_of: datetime | None,
    since: datetime | None,
) -> pd.DataFrame:
    """Return some columns of all quotes of a series, as `Store.quotes_over_time` tells."""
    for name in columns:
        if name not in layout.QUOTES:
            raise StoreError(
                f"quotes have no column '{name}'{closest(name, layout.QUOTES)}",
                where=series,
                expected=f"one of {', '.join(layout.QUOTES)}",
                remedy="ask for those",
            )
    found = connection.sql(
        f"""
        SELECT q.taken, {", ".join(f'q."{name}"' for name in columns)}
        FROM quotes q JOIN series s ON s.key = q.series
        WHERE s.series = $series AND ($before IS NULL OR q.taken < $before)
            AND ($since IS NULL OR q.taken >= $since)
        ORDER BY q.taken, q.root, q.expiry, q.kind, q.strike, q.contract
        """,
        params={"series": series, "before": _moment(as_of), "since": _moment(since)},
    )
    return found.to_arrow_table().to_pandas()


def _choose(connection: duckdb.DuckDBPyConnection, series: str | Sequence[str] | None) -> None:
    wanted = [series] if isinstance(series, str) else None if series is None else list(series)
    create, choose = _CHOOSE.strip().split(";\n")
    connection.execute(create)
    connection.execute(choose.rstrip(";"), {"wanted": wanted})


def _known_name(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    names = [known for (known,) in connection.execute("SELECT series FROM series").fetchall()]
    if name not in names:
        raise StoreError(
            f"there is no series '{name}'{closest(name, names)}",
            where="the store",
            expected="a series that has been fetched",
            remedy="`groundswell update` fetches what the catalog has; `standing()` lists what is stored",
        )


def _moment(as_of: datetime | None) -> datetime | None:
    if as_of is not None and (as_of.tzinfo is None):
        raise StoreError(
            f"the time {as_of} has no zone",
            where="as_of",
            expected="a time with its zone, such as 2018-02-05 23:59 UTC",
            remedy="add the zone; the evening of a day in New York is what `gs.load(as_of=...)` takes",
        )
    return as_of
