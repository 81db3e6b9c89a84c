"""How the store is replaced whole or not at all: one writer, a copy beside it, one transaction, a swap.

Killed at any moment, the store is the one before or the one after. Readers keep the file they opened
and never hold up a writer.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from groundswell.data.errors import StoreBusyError, StoreError
from groundswell.data.store.connection import opened

if TYPE_CHECKING:
    import duckdb

UNFINISHED = ".new"


@contextmanager
def rewriting(store: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a copy of the store to write to; where the block ends well, the copy takes its place.

    Raises:
        StoreBusyError: another process is writing to the store.
        StoreError: the store is damaged, or its folder cannot be written; it is left as it was.
    """
    try:
        with only_writer(store):
            _clear(store, f"{store.name}.{'[0-9a-f]' * 8}{UNFINISHED}*")
            _refuse_foreign_log(store)
            copy = store.with_name(f"{store.name}.{secrets.token_hex(4)}{UNFINISHED}")
            try:
                if store.exists():
                    shutil.copy(store, copy)
                with opened(copy, read_only=False, known_as=store) as connection:
                    connection.begin()
                    yield connection
                    connection.commit()
                    connection.execute("CHECKPOINT store")
                _to_disk(copy)
                copy.replace(store)
                _to_disk(store.parent)
            finally:
                _clear(store, f"{copy.name}*")
    except OSError as problem:
        raise _unwritable(store, problem) from problem


@contextmanager
def only_writer(store: Path) -> Iterator[None]:
    """Keep every other writer out while the block runs; a thread that holds the store may ask again.

    Raises:
        StoreBusyError: another process, or another thread of this one, is writing to the store.
        StoreError: the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    place = store.with_name(f"{store.name}.lock")
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place, timeout=0, on_acquired=_sign, is_singleton=True)
        lock.acquire()
    except Timeout as problem:
        raise StoreBusyError(
            f"another process is writing to the store{_holder(place)}",
            where=str(store),
            remedy="wait until it has finished and run the command again",
        ) from problem
    except OSError as problem:
        raise _unwritable(store, problem) from problem
    try:
        yield
    finally:
        lock.release()


def _unwritable(store: Path, problem: OSError) -> StoreError:
    return StoreError(
        f"the store cannot be written: {problem}",
        where=str(store),
        expected="a folder that you may write to, with room for a second copy of the store",
        remedy="make room or correct the permissions; the store is as it was",
    )


def _sign(descriptor: int) -> None:
    """Write into the lock file who holds it, for the message to the next one."""
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC".encode())


def _holder(place: Path) -> str:
    try:
        text = place.read_text("utf-8").strip()
    except OSError:
        return ""
    return f" ({text})" if text else ""


def _refuse_foreign_log(store: Path) -> None:
    """Refuse a store with a write-ahead log: the swap would put a new file beside an old log."""
    log = store.with_name(f"{store.name}.wal")
    if log.exists():
        raise StoreError(
            f"beside the store lies {log.name}: another program has changed the store and not finished",
            where=str(store),
            expected="a store that only Groundswell writes",
            remedy=f'close that program, or finish its work with `duckdb "{store}" CHECKPOINT`',
        )


def _clear(store: Path, pattern: str) -> None:
    for leftover in store.parent.glob(pattern):
        leftover.unlink(missing_ok=True)


def _to_disk(place: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    if place.is_dir() and os.name == "nt":
        return  # Windows keeps folders itself and cannot be asked to.
    descriptor = os.open(place, os.O_RDONLY if place.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
