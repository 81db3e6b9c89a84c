"""A writer killed at any moment leaves the store before or after, never between; what it said stays."""

from __future__ import annotations

import multiprocessing
import random
import sys
import time
from pathlib import Path

import kill_writer
import pandas as pd
import pytest

from groundswell.data.store.store import Store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")


def content(store: Store) -> int:
    """Return a number that stands for all that is read from the store, its state included."""
    frames = [store.observations().astype({"series": "str", "basis": "str"}), store.standing()]
    return hash(tuple(int(pd.util.hash_pandas_object(frame).sum()) for frame in frames))


def kill_writers(folder: Path, kills: int, seed: int) -> None:
    """Start writers one after the other, kill each at a random moment, and check what is left."""
    rng = random.Random(seed)
    started = multiprocessing.get_context("forkserver")
    started.set_forkserver_preload(["kill_writer", "groundswell.data.store.writing", "duckdb", "filelock"])
    store, unharmed = Store(folder / "store.duckdb"), Store(folder / "unharmed" / "store.duckdb")
    expected: list[int] = []
    survived = -1
    for _ in range(kills):
        heard, told = started.Pipe(duplex=False)
        arguments = (str(store.path), survived + 1, told)
        writer = started.Process(target=kill_writer.write_on, args=arguments, daemon=True)
        writer.start()
        told.close()
        if rng.random() < 0.5:
            heard.poll(20)  # from the first swap on, the moment falls anywhere in a write
        time.sleep(rng.uniform(0.0, 0.25))
        writer.kill()
        writer.join()
        said = survived
        try:
            while heard.poll():
                said = heard.recv()
        except EOFError:
            pass
        if not store.exists:
            assert said == -1, "what was said to be stored is gone"
            continue
        found = content(store)
        while len(expected) <= said + 1:
            unharmed.write(kill_writer.batch(len(expected)))
            expected.append(content(unharmed))
        allowed = [number for number in (said, said + 1) if number >= 0]
        assert found in [expected[number] for number in allowed], "neither before nor after"
        survived = next(number for number in allowed if expected[number] == found)
        assert not store.path.with_name("store.duckdb.wal").exists()
    store.write(kill_writer.batch(survived + 1))
    assert sorted(each.name for each in folder.iterdir() if each.is_file()) == [
        "store.duckdb",
        "store.duckdb.lock",
    ], "what killed writers left behind is cleared away by the next"


@pytest.mark.bars
def test_two_hundred_kills(tmp_path: Path) -> None:
    kill_writers(tmp_path, kills=200, seed=2)
