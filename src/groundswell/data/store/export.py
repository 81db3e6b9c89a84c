"""How the store leaves DuckDB: one Parquet or CSV file per table, names instead of keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import duckdb

Form: TypeAlias = Literal["parquet", "csv"]

TABLES = {
    "observations": "SELECT * FROM vintages ORDER BY series, period, released, fetched",
    "series": "SELECT * EXCLUDE (key) FROM series ORDER BY series",
    "quotes": """
        SELECT s.series, q.* EXCLUDE (series) FROM quotes q JOIN series s ON s.key = q.series
        ORDER BY s.series, q.taken, q.contract""",
    "fetches": "SELECT * FROM fetches ORDER BY fetched, service, address",
}

_OPTIONS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER"}


def export(connection: duckdb.DuckDBPyConnection, folder: Path, form: Form) -> tuple[Path, ...]:
    """Write every table of the store to a file of the folder and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, query in TABLES.items():
        file = folder / f"{name}.{form}"
        unfinished = file.with_name(f"{file.name}.new")
        quoted = str(unfinished).replace("'", "''")
        connection.execute(f"COPY ({query}) TO '{quoted}' ({_OPTIONS[form]})")
        unfinished.replace(file)
        files.append(file)
    return tuple(files)
