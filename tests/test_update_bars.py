"""An update under load and under fire (long checks).

- 300 series of 5,000 observations from a local service in under 20 seconds, and again with nothing new
- `groundswell update` killed at a random moment, 200 times: the store opens each time, holds whole
  updates only, and whatever the command reported as stored is in it
"""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from loopback import Asked, Reply, serving
from made_data import made_entry

from groundswell.data import calendar
from groundswell.data.catalog import Entry
from groundswell.data.settings import Settings
from groundswell.data.store.store import Store
from groundswell.data.update import update

YESTERDAY = pd.Timestamp.now("America/New_York").tz_localize(None).normalize() - pd.Timedelta(days=1)
KILLS = int(os.environ.get("GROUNDSWELL_KILLS", "200"))


def catalog_of(count: int, file: Path) -> Path:
    """Write a catalog of made series that FRED has."""
    entries = [
        made_entry(f"made_{number}", source="fred", source_id=f"MADE{number}", source_unit="percent a year")
        for number in range(count)
    ]
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, Entry.model_fields)
        writer.writeheader()
        for entry in entries:
            row = entry.model_dump()
            writer.writerow(row | {name: " ".join(row[name]) for name in ("feeds", "needed_by")})
    return file


class Growing:
    """FRED's download of made series; every series has one more day with each turn."""

    def __init__(self, sessions: int) -> None:
        days = calendar.sessions("2000-01-03", YESTERDAY)[-sessions:].strftime("%Y-%m-%d")
        values = np.random.default_rng(1).uniform(1, 5, sessions).round(2)
        self.rows = [(day, f",{value}") for day, value in zip(days, values, strict=True)]
        self.shown = sessions

    def __call__(self, asked: Asked) -> Reply:
        names = asked.all("id")[0].split(",")
        rows = [f"{day}{value * len(names)}" for day, value in self.rows[: self.shown]]
        header = ",".join(["observation_date", *names])
        return Reply("\n".join([header, *rows, ""]).encode(), media_type="application/csv")


@pytest.mark.bars
def test_three_hundred_series_in_twenty_seconds(tmp_path: Path) -> None:
    with serving({"/fredgraph.csv": Growing(5_000)}) as server:
        user = Settings(
            data=tmp_path / "data",
            cache=tmp_path / "cache",
            catalog=catalog_of(300, tmp_path / "made.csv"),
            addresses={"fred_graph": server.address},
        )
        names = [f"made_{number}" for number in range(300)]
        for new in (5_000, 0):
            start = time.perf_counter()
            updated = update(user, series=names)
            taken = time.perf_counter() - start
            assert updated.frame["new"].tolist() == [new] * 300
            assert taken < 20.0


@pytest.mark.bars
def test_killed_at_any_moment_the_store_is_one_of_two_states(tmp_path: Path) -> None:
    service = Growing(400)
    service.shown = 100
    chance = random.Random(8)
    names = [f"made_{number}" for number in range(24)]
    command = [sys.executable, "-m", "groundswell.cli", "update"]
    command += [word for name in names for word in ("--series", name)]
    with serving({"/fredgraph.csv": service}) as server:
        environment = os.environ | {
            "GROUNDSWELL_DATA": str(tmp_path / "data"),
            "GROUNDSWELL_CATALOG": str(catalog_of(24, tmp_path / "made.csv")),
            "GROUNDSWELL_FRED_GRAPH_ADDRESS": server.address,
        }
        store, longest, told = Store(tmp_path / "data" / "store.duckdb"), 4.0, 0
        outcomes = {"killed": 0, "ended": 0}
        for turn in range(KILLS):
            before = _lengths(store)
            environment["GROUNDSWELL_CACHE"] = str(tmp_path / f"cache{turn % 2}-{turn}")
            start = time.monotonic()
            running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            try:
                said, _ = running.communicate(timeout=chance.uniform(0.2, 1.0) * longest)
                longest = max(0.5, 1.1 * (time.monotonic() - start))
                outcomes["ended"] += 1
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                said, _ = running.communicate()
                outcomes["killed"] += 1
            after = _lengths(store)
            assert after in (before, dict.fromkeys(names, service.shown)), "neither before nor after"
            if "Update" in said:
                told = service.shown
            assert min(after.values(), default=0) >= told, "what was told as stored is missing"
            if after:
                service.shown = min(400, min(after.values()) + 1)
    assert outcomes["killed"] > KILLS / 3


def _lengths(store: Store) -> Mapping[str, int]:
    if not store.exists:
        return {}
    standing = store.standing()
    return dict(zip(standing["series"], standing["rows"], strict=True))
