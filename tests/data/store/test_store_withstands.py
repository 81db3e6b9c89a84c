"""What the store withstands: other writers, readers, leftovers, damage, newer and foreign files.

Covers: a second writer is told who holds the store; a reader during a write; leftovers of killed
writers; a truncated, a scribbled and a foreign file; a store of a newer version; a log of another
program; a folder that cannot be written; a store that is not there.
"""

from __future__ import annotations

import os
import random
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from told_store import said

from groundswell.data.errors import StoreBusyError, StoreError
from groundswell.data.store.store import Store
from groundswell.data.store.swapping import rewriting


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store of one figure."""
    made = Store(tmp_path / "store.duckdb")
    made.write([said("2024-01-10", values={"2024-01-01": 1.0})])
    return made


NEXT = said("2024-01-20", values={"2024-01-08": 2.0})


def test_a_second_writer_is_told_who_holds_the_store_and_readers_are_not_held_up(store: Store) -> None:
    with rewriting(store.path), ThreadPoolExecutor(1) as another:
        with pytest.raises(
            StoreBusyError, match=rf"another process is writing .*process {os.getpid()}, since"
        ):
            another.submit(store.write, [NEXT]).result()
        assert store.latest("jobs").to_list() == [1.0]
    store.write([NEXT])
    assert store.latest("jobs").to_list() == [1.0, 2.0]


def test_who_has_claimed_the_store_writes_to_it_and_nobody_else(store: Store) -> None:
    with store.claimed(), ThreadPoolExecutor(1) as another:
        with pytest.raises(StoreBusyError):
            another.submit(store.write, [NEXT]).result()
        store.write([NEXT])
        with pytest.raises(StoreBusyError):
            another.submit(store.write, [NEXT]).result()
    assert store.latest("jobs").to_list() == [1.0, 2.0]


def test_the_new_store_is_on_the_disk_before_it_takes_the_place_of_the_old(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    to_disk, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "copy")
        to_disk(descriptor)

    def replaced(copy: Path, target: Path) -> Path:
        done.append("swap")
        return replace(copy, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    store.write([NEXT])
    assert done == ["copy", "swap", "folder"]


def test_a_reader_keeps_the_store_it_opened_while_a_writer_swaps_it(store: Store) -> None:
    with duckdb.connect() as reader:
        reader.execute(f"ATTACH '{store.path}' AS held (READ_ONLY)")
        store.write([NEXT])
        assert reader.sql("SELECT count(*) FROM held.observations").fetchall() == [(1,)]
        assert len(store.observations()) == 2


def test_many_readers_and_a_writer_never_disturb_each_other(store: Store) -> None:
    lengths: list[int] = []
    problems: list[Exception] = []
    finished = threading.Event()

    def read() -> None:
        while not finished.is_set():
            try:
                lengths.append(len(store.observations()))
            except Exception as problem:
                problems.append(problem)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for day in range(2, 6):
        store.write([said(f"2024-01-{day + 10}", values={f"2024-01-0{day}": float(day)})])
    finished.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert len(store.observations()) == 5
    assert set(lengths) <= set(range(1, 6))


def test_what_killed_writers_left_is_cleared_and_other_files_stay(store: Store) -> None:
    leftovers = [store.path.with_name(f"store.duckdb.0a1b2c3d.new{end}") for end in ("", ".wal")]
    backup = store.path.with_name("store.duckdb.backup.new")
    for each in (*leftovers, backup):
        each.write_bytes(b"half a store")
    store.write([NEXT])
    assert [each.exists() for each in (*leftovers, backup)] == [False, False, True]


def test_a_failed_write_leaves_the_store_as_it_was_and_nothing_beside_it(store: Store) -> None:
    before = store.path.read_bytes()
    with pytest.raises(StoreError):
        store.write([NEXT, said("2024-01-20", stated=[("2024-01-01", "2024-01-05", v) for v in (1.0, 2.0)])])
    assert store.path.read_bytes() == before
    assert sorted(each.name for each in store.path.parent.iterdir()) == ["store.duckdb", "store.duckdb.lock"]


@pytest.mark.parametrize("length", [0, 5000, 300_000])
def test_a_truncated_store_is_refused_and_never_deleted(store: Store, length: int) -> None:
    damaged = store.path.read_bytes()[:length]
    store.path.write_bytes(damaged)
    for use in (store.observations, store.standing, lambda: store.write([NEXT])):
        with pytest.raises(StoreError, match=r"store\.duckdb: .*To do: .*move it aside"):
            use()
    assert store.path.read_bytes() == damaged


def test_a_scribbled_store_is_refused_or_read_as_it_was(store: Store) -> None:
    whole, rng = store.path.read_bytes(), random.Random(0)
    refused = 0
    for _ in range(12):
        scribbled = bytearray(whole)
        for _ in range(200):
            scribbled[rng.randrange(len(scribbled))] ^= rng.randrange(1, 256)
        store.path.write_bytes(scribbled)
        try:
            assert store.latest("jobs").to_list() == [1.0]
        except StoreError:
            refused += 1
    assert refused


def test_a_store_of_a_newer_version_is_left_alone(store: Store) -> None:
    with duckdb.connect(str(store.path)) as other:
        other.execute("UPDATE about SET version = 99")
    for use in (store.observations, lambda: store.write([NEXT])):
        with pytest.raises(StoreError, match=r"version 99 of the tables.*To do: update Groundswell"):
            use()


def test_a_file_of_another_program_is_no_store(tmp_path: Path) -> None:
    foreign = Store(tmp_path / "prices.duckdb")
    with duckdb.connect(str(foreign.path)) as other:
        other.execute("CREATE TABLE prices (close DOUBLE)")
    for use in (foreign.observations, lambda: foreign.write([NEXT])):
        with pytest.raises(StoreError, match="no store of Groundswell"):
            use()


def test_a_log_of_another_program_beside_the_store_is_not_lost(store: Store) -> None:
    log = store.path.with_name("store.duckdb.wal")
    log.write_bytes(b"unfinished")
    with pytest.raises(StoreError, match=r"store\.duckdb\.wal: another program .* not finished"):
        store.write([NEXT])
    assert log.exists()


def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot be written.*To do: make room or correct the permissions"):
        Store(tmp_path / "file" / "store.duckdb").write([NEXT])


def test_a_store_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    absent = Store(tmp_path / "store.duckdb")
    assert not absent.exists
    assert absent.standing().empty
    with pytest.raises(StoreError, match=r"there is no store yet.*`groundswell update`"):
        absent.observations()
