"""`groundswell update`, killed at any moment by a signal no program can catch.

The real command runs against services on this machine whose data change from one run to the next, and is
killed after a delay drawn by chance: while it starts, asks, writes, swaps, or has done so. Each time:

- the store opens, and is the one before or the one after, whole, every vintage of all services
- what the command had told as stored is there
- the next update is not held up, clears away what lies about, and brings everything

200 kills, a long check.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
from loopback import Asked, Reply, Server, serving

from groundswell.data import calendar
from groundswell.data.settings import Settings
from groundswell.data.sources import cboe
from groundswell.data.store.store import Store
from groundswell.data.stored_book import place
from groundswell.data.update import update

SERIES = {
    "vix": cboe.INDEX_PATH.format(name="VIX"),
    "vix3m": cboe.INDEX_PATH.format(name="VIX3M"),
    "vvix": cboe.INDEX_PATH.format(name="VVIX"),
    "debt_public": "/v2/accounting/od/debt_to_penny",
    "yield_10y": "/fredgraph.csv",
}
LEVELS = {"vix": 18.0, "vix3m": 19.0, "vvix": 95.0, "debt_public": 29e12, "yield_10y": 4.0}
FACTORS = {"debt_public": 1e-9}
"""From the service's unit to the stored one."""

MOST = 220
"""Generations there may be; each has one day more than the one before, and corrects a day."""

TODAY = pd.Timestamp.now("America/New_York").tz_localize(None).normalize()
DAYS = list(calendar.sessions("2016-01-04", TODAY - pd.Timedelta(days=6)))
PAUSE = 0.04
"""Seconds a service takes for an answer, so that asking is not over at once."""

MOMENTS = ("start", "first request", "unfinished file", "end of writing", "swap")
"""From which on a delay by chance runs until the kill."""

Vintages = dict[tuple[str, str], list[float]]


def figures(series: str, generation: int) -> list[tuple[pd.Timestamp, float]]:
    """Return what a service has of a series at a generation, in its own unit."""
    level = LEVELS[series]
    days = DAYS[: len(DAYS) - MOST + generation]
    corrected = {len(DAYS) - MOST + each - 5: each for each in range(1, generation + 1)}
    return [
        (day, round(level * (1 + (n % 97) / 1000 + corrected.get(n, 0) / 10_000), 4))
        for n, day in enumerate(days)
    ]


@dataclass
class Services:
    """The services, at the generation they have come to; they take a little time for an answer."""

    generation: int = 0
    payloads: dict[str, Reply] = field(default_factory=dict)

    def move_on(self, generation: int) -> None:
        self.generation = generation
        self.payloads = {route: self._write(series) for series, route in SERIES.items()}

    def answer(self, asked: Asked) -> Reply:
        time.sleep(PAUSE)
        return self.payloads[asked.path]

    def _write(self, series: str) -> Reply:
        rows = figures(series, self.generation)
        if series == "debt_public":
            names = ("record_date", "debt_held_public_amt", "tot_pub_debt_out_amt")
            data = [dict(zip(names, (f"{day:%Y-%m-%d}", str(v), str(v)), strict=True)) for day, v in rows]
            meta = {"count": len(rows), "total-count": len(rows), "total-pages": 1}
            return Reply(json.dumps({"data": data, "meta": meta}).encode())
        if series == "yield_10y":
            lines = ["observation_date,DGS10", *(f"{day:%Y-%m-%d},{value}" for day, value in rows)]
        else:
            lines = ["DATE,OPEN,HIGH,LOW,CLOSE", *(f"{d:%m/%d/%Y},{v},{v},{v},{v}" for d, v in rows)]
        return Reply("\n".join([*lines, ""]).encode(), media_type="text/csv")


def told(known: Vintages, generation: int) -> Vintages:
    """Return the vintages that a store has that knew some and was told a generation."""
    after = {key: list(values) for key, values in known.items()}
    for series in SERIES:
        for day, value in figures(series, generation):
            values = after.setdefault((series, f"{day:%Y-%m-%d}"), [])
            if not values or values[-1] != value:
                values.append(value)
    return after


def hash_of(vintages: Vintages) -> str:
    """Return the hash of vintages, in the order of series, day and release."""
    lines = [
        f"{series} {day} {value * FACTORS.get(series, 1.0):.6f}"
        for (series, day), values in sorted(vintages.items())
        for value in values
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def content(store: Store) -> str:
    """Return the hash of what a store has, opened as its readers do; that of nothing where there is none."""
    if not store.exists:
        return hash_of({})
    found = store.observations()
    days = found["observed"].dt.strftime("%Y-%m-%d")
    rows = zip(found["series"].astype(str), days, found["value"], strict=True)
    return hashlib.sha256(
        "\n".join(f"{name} {day} {value:.6f}" for name, day, value in rows).encode()
    ).hexdigest()


@dataclass
class Run:
    """One run of the command, watched from outside."""

    process: subprocess.Popen[bytes]
    folder: Path
    server: Server
    printed: Path
    inode: int | None

    def unfinished(self) -> bool:
        return any(file.name.endswith(".new") for file in self.folder.glob("store.*"))

    def swapped(self) -> bool:
        return inode_of(self.folder) != self.inode

    def reached(self, moment: str) -> bool:
        if moment == "first request":
            return bool(self.server.requests)
        if moment in ("unfinished file", "end of writing"):
            return self.unfinished() or self.swapped()
        return moment == "start" or self.swapped()

    def where(self) -> str:
        """Return how far it has come."""
        if self.printed.stat().st_size:
            return "told"
        if self.swapped():
            return "swapped"
        if self.unfinished():
            return "writing"
        asked = len(self.server.requests)
        return "starting" if not asked else "asking" if asked < len(SERIES) else "checking"


def inode_of(folder: Path) -> int | None:
    try:
        return (folder / "store.duckdb").stat().st_ino
    except FileNotFoundError:
        return None


def command(user: Settings, server: Server, printed: Path) -> Run:
    """Start `groundswell update` in a process of its own."""
    given = [word for series in SERIES for word in ("--series", series)]
    environment = dict(os.environ, PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1")
    environment |= {"GROUNDSWELL_DATA": str(user.data), "GROUNDSWELL_CACHE": str(user.cache)}
    environment |= {f"GROUNDSWELL_{key.upper()}_ADDRESS": server.address for key in user.addresses}
    server.requests.clear()
    user.data.mkdir(parents=True, exist_ok=True)
    with printed.open("wb") as out, printed.with_suffix(".said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "groundswell.cli", "update", *given],
            stdout=out,
            stderr=said,
            env=environment,
        )
    return Run(process, user.data, server, printed, inode_of(user.data))


@dataclass
class Pace:
    """Seconds from each moment to the next, as the runs so far went."""

    seconds: dict[str, float] = field(
        default_factory=lambda: {
            "start": 1.5,
            "first request": 0.4,
            "unfinished file": 0.3,
            "end of writing": 0.3,
            "swap": 0.3,
        }
    )

    def measure(self, run: Run) -> None:
        """Let a run come to its end and take its times."""
        times = {"start": time.perf_counter()}
        for moment in ("first request", "unfinished file", "swap"):
            while run.process.poll() is None and not run.reached(moment):
                time.sleep(0.001)
            times[moment] = time.perf_counter()
        run.process.wait()
        times["end"] = time.perf_counter()
        assert run.process.returncode == 0, run.printed.with_suffix(".said").read_text()
        self.seconds["start"] = times["first request"] - times["start"]
        self.seconds["first request"] = times["unfinished file"] - times["first request"]
        self.seconds["unfinished file"] = times["swap"] - times["unfinished file"]
        self.seconds["end of writing"] = self.seconds["unfinished file"]
        self.seconds["swap"] = times["end"] - times["swap"]

    def delay(self, moment: str, chance: random.Random) -> float:
        low, high = (0.7, 1.3) if moment == "end of writing" else (0.0, 1.2)
        return chance.uniform(low, high) * self.seconds[moment]


def killed(run: Run, moment: str, delay: float) -> str:
    """Kill a run some time after a moment and return how far it had come."""
    while run.process.poll() is None and not run.reached(moment):
        time.sleep(0.0005)
    until = time.perf_counter() + delay
    while run.process.poll() is None and time.perf_counter() < until:
        time.sleep(0.0005)
    run.process.send_signal(signal.SIGKILL)
    run.process.wait()
    return run.where() if run.process.returncode == -signal.SIGKILL else "ended"


@pytest.fixture
def services() -> Iterator[tuple[Services, Server]]:
    made = Services()
    with serving(dict.fromkeys(SERIES.values(), made.answer)) as server:
        yield made, server


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.bars
def test_killed_at_any_moment_the_store_is_the_one_before_or_the_one_after(
    services: tuple[Services, Server], tmp_path: Path
) -> None:
    count = 200
    made, server = services
    chance, pace, fell = random.Random(count), Pace(), Counter[str]()

    def settings(name: str, number: int) -> Settings:
        addresses = dict.fromkeys(("cboe", "fiscal_data", "fred_graph"), server.address)
        return Settings(data=tmp_path / name, cache=tmp_path / f"cache{number}", addresses=addresses)

    made.move_on(0)
    user = settings("data", 0)
    pace.measure(command(user, server, tmp_path / "printed"))
    known = told({}, 0)
    assert content(place(user)) == hash_of(known)
    for number in range(1, count + 1):
        # Now and then it is a user's first update: before it there is no store at all.
        is_first = number % 12 == 0
        user = settings(f"data{number}" if is_first else "data", number)
        before = {} if is_first else known
        made.move_on(number)
        after = told(before, number)
        moment = MOMENTS[(number + 1) % len(MOMENTS)]
        where = killed(command(user, server, tmp_path / "printed"), moment, pace.delay(moment, chance))
        fell[where] += 1
        store = place(user)
        found = content(store)
        assert found in (hash_of(before), hash_of(after)), f"between two states, killed while {where}"
        if where in ("swapped", "told", "ended"):
            assert found == hash_of(after), f"killed when it was {where}"
        if where in ("starting", "asking", "checking"):
            assert found == hash_of(before)
        again = update(user, series=list(SERIES))
        assert again.status == 0, f"after a kill while {where}: {again.failures}"
        assert content(store) == hash_of(after)
        assert {file.name for file in user.data.iterdir()} <= {"store.duckdb", "store.duckdb.lock", "bodies"}
        if not is_first:
            known = after
    print(f"\n{count} kills fell: {dict(fell)}; pace {pace.seconds}")
    assert count < 100 or min(fell[each] for each in ("starting", "asking", "writing", "swapped")) >= 5
