"""How a store file is opened: in a database of its own in memory, briefly, every refusal explained."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from groundswell.data.errors import StoreBusyError, StoreError
from groundswell.data.store import layout

if TYPE_CHECKING:
    import duckdb


@contextmanager
def opened(
    file: Path, *, read_only: bool, known_as: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a store file as the current database of a new connection, and close it afterwards.

    A file that is to be written and is not there is made, with empty tables.

    The file is attached to a database in memory: DuckDB would otherwise hand out, within one process,
    the database it already has open under that path, which after a swap is the one before.

    Args:
        file: the store, or a copy of it.
        read_only: whether nothing will be written.
        known_as: the store that `file` is a copy of, for the messages.

    Raises:
        StoreError: the file is damaged, is no store, or was written by a newer version.
        StoreBusyError: another program has opened the store itself for writing.
    """
    import duckdb

    spill = Path(tempfile.gettempdir()) / "groundswell-spill"
    connection = duckdb.connect(
        config={
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    name = known_as or file
    is_new = not read_only and not file.exists()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        _attach(connection, file, read_only)
        if is_new:
            connection.execute(layout.SCHEMA)
            connection.execute("INSERT INTO about VALUES (?, ?)", [layout.VERSION, datetime.now(UTC)])
        _check_version(connection, name)
        yield connection
        connection.execute("USE memory")
        connection.execute("DETACH store")
    except duckdb.Error as problem:
        raise _explained(str(problem).replace(str(file), str(name)), name) from problem
    finally:
        connection.close()


def _explained(problem: str, file: Path) -> StoreError:
    """Return the error for people: what DuckDB found, and what to do about the file."""
    found = problem.splitlines()[0].strip().rstrip(".!")
    if "Could not set lock" in found:
        return StoreBusyError(
            f"another program has opened the store for writing ({found})",
            where=str(file),
            expected="a store that only Groundswell writes",
            remedy="close that program and run the command again",
        )
    return StoreError(
        f"the store cannot be used: {found}",
        where=str(file),
        expected="a whole store, written by Groundswell",
        remedy=(
            "nothing was changed or deleted. If the disk is full, make room; otherwise restore the file "
            "from a backup, or move it aside, keeping it, and run `groundswell update`"
        ),
    )


def _attach(connection: duckdb.DuckDBPyConnection, file: Path, read_only: bool) -> None:
    import duckdb

    quoted = str(file).replace("'", "''")
    statement = f"ATTACH '{quoted}' AS store (TYPE duckdb{', READ_ONLY' if read_only else ''})"
    try:
        connection.execute(statement)
    except duckdb.IOException:
        # Where replacing a file is not one step for the file system, it is absent for a moment.
        connection.execute(statement)
    connection.execute("USE store")


def _check_version(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    names = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    versions = connection.execute("SELECT version FROM about").fetchall() if "about" in names else []
    if not versions:
        raise StoreError(
            "this is a DuckDB file, but no store of Groundswell",
            where=str(file),
            expected="a file that `groundswell update` has written",
            remedy="move it aside, or choose another data folder (GROUNDSWELL_DATA)",
        )
    [(version,)] = versions
    if version > layout.VERSION:
        raise StoreError(
            f"the store has version {version} of the tables",
            where=str(file),
            expected=f"version {layout.VERSION}, the newest that this Groundswell knows",
            remedy="update Groundswell, or choose another data folder (GROUNDSWELL_DATA)",
        )
