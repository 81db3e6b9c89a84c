"""Which rows of an answer are new vintages, and when each became visible: decided in SQL, all at once.

The source's own word (`stated`) stands where there is one. A period seen for the first time is taken
as released when the catalog's rule says (`rule`), provided nobody looked between that time and now
without finding it. Everything else, a changed figure above all, became visible when it was seen
(`seen`). Nothing stored is overwritten; two kinds of rows are set aside by `superseded`, kept but no
longer read: what a rule had guessed once the source states its vintages, and a stated vintage that
was changed afterwards although a newer one of the same period stands.

What is decided for an answer fetched at F rests on rows fetched up to F only, so that an older answer
told again, or late, changes nothing of what came after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from groundswell.data.errors import StoreError

if TYPE_CHECKING:
    import duckdb

ANSWERS = pa.schema(
    [("series", pa.string()), ("fetched", pa.timestamp("us", "UTC")), ("source", pa.string())]
)
"""One row per series: when it was asked this time, and of whom."""

INCOMING = pa.schema(
    [
        ("series", pa.string()),
        ("period", pa.timestamp("us")),
        ("value", pa.float64()),
        ("stated", pa.timestamp("us", "UTC")),
        ("ruled", pa.timestamp("us", "UTC")),
    ]
)

_PREPARE = """
CREATE OR REPLACE TEMP TABLE answer AS
    SELECT k.key AS series, a.fetched, a.source, k.asked AS before
    FROM answers a JOIN series k USING (series);
CREATE OR REPLACE TEMP TABLE told AS
    SELECT DISTINCT k.key AS series, i.period::DATE AS period,
           CASE WHEN NOT isnan(i.value) THEN i.value END AS value, i.stated,
           CASE WHEN i.stated IS NULL THEN i.ruled END AS ruled
    FROM incoming i JOIN series k USING (series)
    WHERE i.stated IS NOT NULL OR NOT isnan(i.value);
"""

_CONTRADICTION = """
SELECT s.series, t.period FROM told t JOIN series s ON s.key = t.series
GROUP BY s.series, t.period, t.stated HAVING count(*) > 1 ORDER BY ALL LIMIT 1
"""

_HELD = """
SELECT o.* FROM observations o
JOIN answer a ON a.series = o.series AND o.fetched <= a.fetched
SEMI JOIN (SELECT series, period FROM told WHERE stated IS {null}) t
    ON t.series = o.series AND t.period = o.period
"""

# `version` is what a stated vintage says by the source's last word on it.
_STATED = f"""
CREATE OR REPLACE TEMP TABLE added AS
WITH held AS ({_HELD.format(null="NOT NULL")}),
version AS (
    SELECT series, period, coalesce(restates, released) AS stated, arg_max_null(value, fetched) AS value
    FROM held WHERE basis = 'stated' OR restates IS NOT NULL GROUP BY ALL),
newest AS (
    SELECT series, period, max(stated) AS stated
    FROM (SELECT series, period, stated FROM version
          UNION ALL SELECT series, period, stated FROM told WHERE stated IS NOT NULL)
    GROUP BY ALL)
SELECT t.series, t.period,
       CASE WHEN v.series IS NULL THEN t.stated ELSE a.fetched END AS released,
       t.value, a.fetched, a.source,
       CASE WHEN v.series IS NULL THEN 'stated' ELSE 'seen' END AS basis,
       v.series IS NOT NULL AND t.stated < n.stated AS superseded,
       CASE WHEN v.series IS NOT NULL THEN t.stated END AS restates,
       h.series IS NOT NULL AS is_known
FROM told t JOIN answer a USING (series) JOIN newest n USING (series, period)
LEFT JOIN version v ON v.series = t.series AND v.period = t.period AND v.stated = t.stated
LEFT JOIN (SELECT DISTINCT series, period FROM held) h
    ON h.series = t.series AND h.period = t.period
WHERE t.stated IS NOT NULL AND (v.series IS NULL OR v.value IS DISTINCT FROM t.value)
"""

_SUPERSEDE = """
UPDATE observations o SET superseded = true FROM told t
WHERE o.series = t.series AND o.period = t.period AND t.stated IS NOT NULL AND NOT o.superseded
  AND (o.basis = 'rule' OR (o.restates < t.stated AND t.stated <= o.released))
"""

# What was set aside is worked out again from what was known at the time of the answer: `superseded`
# may rest on something learned later.
_UNSTATED = f"""
CREATE OR REPLACE TEMP TABLE added AS
WITH held AS ({_HELD.format(null="NULL")}),
own AS (SELECT DISTINCT series, period, released FROM held WHERE basis = 'stated'),
latest AS (
    SELECT h.series, h.period, arg_max_null(h.value, (h.released, h.fetched, h.basis)) AS value
    FROM held h ANTI JOIN own o ON o.series = h.series AND o.period = h.period
        AND (h.basis = 'rule' OR (h.restates < o.released AND o.released <= h.released))
    GROUP BY ALL),
beginning AS (
    SELECT o.series, min(o.period) AS period
    FROM observations o JOIN answer a ON a.series = o.series AND o.fetched <= a.fetched
    GROUP BY ALL),
judged AS (
    SELECT t.*, a.fetched, a.source, l.series IS NOT NULL AS is_known,
           l.series IS NULL AND t.ruled <= a.fetched
           AND (a.before IS NULL OR t.period < b.period OR t.ruled > a.before) AS by_rule
    FROM told t JOIN answer a USING (series)
    LEFT JOIN latest l ON l.series = t.series AND l.period = t.period
    LEFT JOIN beginning b ON b.series = t.series
    WHERE t.stated IS NULL AND (l.series IS NULL OR l.value IS DISTINCT FROM t.value))
SELECT series, period, CASE WHEN by_rule THEN ruled ELSE fetched END AS released, value, fetched, source,
       CASE WHEN by_rule THEN 'rule' ELSE 'seen' END AS basis, false AS superseded,
       NULL::TIMESTAMPTZ AS restates, is_known
FROM judged
"""

_KEEP = """
INSERT INTO observations
SELECT * EXCLUDE (is_known) FROM added ORDER BY series, period, released
"""

_COUNT = """
SELECT s.series, count(DISTINCT period) FILTER (NOT is_known) AS new, count(*) - new AS revised
FROM added a JOIN series s ON s.key = a.series GROUP BY ALL
"""

_TOLD = "SELECT s.series, count(*) FROM told t JOIN series s ON s.key = t.series GROUP BY ALL"


def take(
    connection: duckdb.DuckDBPyConnection, answers: pa.Table, incoming: pa.Table
) -> dict[str, tuple[int, int, int]]:
    """Store what is new in one answer per series; return new, revised and unchanged rows by series.

    A first vintage of a period counts as new, every other as revised.

    Args:
        connection: to the store, in a transaction; every series is in its table of series.
        answers: as `ANSWERS`.
        incoming: as `INCOMING`, of these series.

    Raises:
        StoreError: an answer gives one vintage of a period two values.
    """
    connection.register("answers", answers)
    connection.register("incoming", incoming)
    connection.execute(_PREPARE)
    for name, period in connection.execute(_CONTRADICTION).fetchall():
        raise StoreError(
            f"the answer gives the period {period:%Y-%m-%d} two values",
            where=f"series '{name}'",
            expected="one value for a period and a release time",
            remedy="this is an error of the source's reader: report it; nothing of the batch was stored",
        )
    counts = {name: [0, 0, told] for name, told in connection.execute(_TOLD).fetchall()}
    for decide in (_STATED, _UNSTATED):
        connection.execute(decide)
        connection.execute(_KEEP)
        for name, new, revised in connection.execute(_COUNT).fetchall():
            counts[name][0] += new
            counts[name][1] += revised
            counts[name][2] -= new + revised
        if decide is _STATED:
            connection.execute(_SUPERSEDE)
    return {name: (new, revised, unchanged) for name, (new, revised, unchanged) in counts.items()}
