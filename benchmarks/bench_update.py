"""`groundswell update` from a service on this machine, first and again; loading what is stored, and how both
grow.
"""

import contextlib
import dataclasses
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
from bench_store import OBSERVATIONS, SERIES, first_batches
from timing import Timing, machine, measure, report

import groundswell as gs
from groundswell.data.catalog import Entry, catalog
from groundswell.data.settings import Settings
from groundswell.data.sources import fred_download
from groundswell.data.store.layout import Batch
from groundswell.data.store.store import Store
from groundswell.data.stored_book import place
from groundswell.data.update import Updated, update

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from loopback import Asked, Reply, Server, serving

GROWTH = (75, 300, 1_200)
"""Series of the table of growth: 1x, 4x, 16x."""

DAYS = pd.bdate_range(end=pd.Timestamp.now().normalize() - pd.Timedelta(days=4), periods=OBSERVATIONS + 1)
IDS = [f"MADE{number}" for number in range(SERIES)]
TOGETHER = 12
EVENING = "2024-06-28"


class Service:
    """FRED's table of several series in one; `through` is how many days it has."""

    def __init__(self) -> None:
        walk = np.random.default_rng(0).normal(0.0, 0.5, (len(DAYS), SERIES)).cumsum(axis=0)
        self.table = pd.DataFrame(np.round(500.0 + walk, 2), DAYS.strftime("%Y-%m-%d"), IDS)
        self.table.index.name = "observation_date"
        self.through = OBSERVATIONS
        self.written: dict[tuple[str, str, int], bytes] = {}

    def answer(self, asked: Asked) -> Reply:
        """Return the columns asked for, from the first day asked for on."""
        ids, since = asked.all("id")[0], (asked.all("cosd") or [""])[0].split(",")[0]
        return Reply(self.write(ids, since), media_type="application/csv")

    def write(self, ids: str, since: str) -> bytes:
        """Write a table once; a service's own time is not ours."""
        key = ids, since, self.through
        if key not in self.written:
            rows = self.table.iloc[: self.through]
            self.written[key] = rows.loc[rows.index >= since, ids.split(",")].to_csv().encode()
        return self.written[key]


def entries(file: Path) -> None:
    """Write a catalog of the user's own with the made series."""
    rows = [
        {
            **dict.fromkeys(Entry.model_fields, ""),
            "id": f"made.{name.lower()}",
            "title": f"{name}, made",
            "unit": "percent a year",
            "frequency": "daily",
            "source": "fred",
            "source_id": name,
            "source_unit": "percent a year",
            "release": "period +0 days at 17:30",
            "revised": "false",
            "low": -1e4,
            "high": 1e4,
            "typical_low": -1e4,
            "typical_high": 1e4,
            "licence": "made",
        }
        for name in IDS
    ]
    pd.DataFrame(rows).to_csv(file, index=False)


@contextlib.contextmanager
def no_rate() -> Iterator[None]:
    """Lift the two requests a second that the real service is asked at most."""
    policy = fred_download.KEYLESS
    fred_download.KEYLESS = dataclasses.replace(policy, rate=(10_000, 1.0))
    try:
        yield
    finally:
        fred_download.KEYLESS = policy


class User:
    """Who updates; with a new cache each time, so that every answer is fetched."""

    def __init__(self, folder: Path, server: Server) -> None:
        entries(folder / "mine.csv")
        self.folder, self.server, self.number = folder, server, 0

    def update(self, data: Path) -> Updated:
        """Bring all made series up to date."""
        self.number += 1
        settings = Settings(
            data=data,
            cache=self.folder / f"cache{self.number}",
            catalog=self.folder / "mine.csv",
            addresses={"fred_graph": self.server.address},
        )
        updated = update(settings, series=[f"made.{name.lower()}" for name in IDS])
        if updated.status:
            raise RuntimeError(updated.frame["failed"].max())
        return updated


def by_pandas(server: Server, file: Path, since: str) -> None:
    """What one would use instead: the same tables, read by pandas, one Parquet file rewritten."""
    frames = [pd.read_parquet(file)] if file.exists() else []
    with httpx.Client() as client:
        for first in range(0, SERIES, TOGETHER):
            chosen = {"id": ",".join(IDS[first : first + TOGETHER])} | ({"cosd": since} if since else {})
            answer = client.get(f"{server.address}/fredgraph.csv", params=chosen)
            (file.parent / "answer.csv").write_bytes(answer.content)
            table = pd.read_csv(file.parent / "answer.csv", parse_dates=["observation_date"])
            frames.append(table.melt("observation_date", var_name="series"))
    every = pd.concat(frames).drop_duplicates().sort_values(["series", "observation_date"])
    every.to_parquet(file, index=False)


def timed(what: str, run: Any, bar: float | None = None, repeats: int = 3, note: str = "") -> Timing:
    """Time runs that each begin from a state of their own: `run` takes the number of the repeat."""
    seconds = []
    for number in range(repeats):
        time.sleep(0.2)
        seconds.append(run(number))
    return Timing(what, tuple(seconds), bar, note)


def updates(folder: Path) -> list[tuple[Timing, list[Timing]]]:
    """Time a first update and one more day."""
    service = Service()
    with serving({"/fredgraph.csv": service.answer}) as server:
        user = User(folder, server)
        since = f"{DAYS[OBSERVATIONS - 1] - fred_download.REACH_BACK:%Y-%m-%d}"
        for first in range(0, SERIES, TOGETHER):
            for through, start in ((OBSERVATIONS, ""), (OBSERVATIONS + 1, since)):
                service.through = through
                service.write(",".join(IDS[first : first + TOGETHER]), start)

        def first_time(number: int) -> float:
            service.through = OBSERVATIONS
            updated = user.update(folder / f"first{number}")
            assert updated.frame["new"].sum() == SERIES * OBSERVATIONS
            return updated.seconds

        def again(number: int) -> float:
            service.through = OBSERVATIONS + 1
            shutil.copytree(folder / "first0", folder / f"again{number}")
            updated = user.update(folder / f"again{number}")
            assert (updated.frame["new"].sum(), updated.frame["revised"].sum()) == (SERIES, 0)
            return updated.seconds

        def pandas_first(number: int) -> float:
            service.through = OBSERVATIONS
            home = folder / f"pandas{number}"
            home.mkdir()
            start = time.perf_counter()
            by_pandas(server, home / "all.parquet", "")
            return time.perf_counter() - start

        def pandas_again(number: int) -> float:
            service.through = OBSERVATIONS + 1
            start = time.perf_counter()
            by_pandas(server, folder / f"pandas{number}" / "all.parquet", since)
            return time.perf_counter() - start

        polite = timed(
            "update, first time, at the service's two requests a second", first_time, 20.0, 1,
            "25 tables of 12 series; at that rate they take 12 s whatever we do",
        )  # fmt: skip
        with no_rate():
            for number in range(3):
                shutil.rmtree(folder / f"first{number}", ignore_errors=True)
            first = timed("update, first time, as fast as it goes", first_time)
            more = timed("update, one day more, as fast as it goes", again)
        # One file without vintages, units, bounds or an archive of the answers, and no crash safety.
        instead = timed("pandas and one Parquet file", pandas_first)
        instead_again = timed("pandas and one Parquet file, rewritten", pandas_again)
    return [(polite, []), (first, [instead]), (more, [instead_again])]


def desk_store(data: Path) -> None:
    """Write a store of every series that the desk needs, 5,000 days of each."""
    made = catalog()
    names = [name for name, entry in made.items() if "desk" in entry.needed_by and name != "index"]
    batches = [
        Batch(
            batch.fetched,
            made[name].source,
            batch.observations.assign(series=name),
            entries=(made[name],),
        )
        for name, batch in zip(names, first_batches(len(names)), strict=True)
    ]
    Store(data / "store.duckdb").write(batches)


def loads(folder: Path) -> list[tuple[Timing, list[Timing]]]:
    """Time the loading of a book as of an evening."""
    desk_store(folder / "desk")
    os.environ["GROUNDSWELL_DATA"] = str(folder / "desk")
    desk = measure("load of the desk's series as of an evening", lambda: gs.load(as_of=EVENING), 0.5)
    os.environ["GROUNDSWELL_DATA"] = str(folder / "first0")
    every = measure("load of all 300 series as of an evening", lambda: gs.load(as_of=EVENING), 0.5)
    file = folder / "pandas0" / "all.parquet"

    def instead() -> None:
        frame = pd.read_parquet(file)
        known = frame[frame["observation_date"] <= EVENING]
        dict(iter(known.groupby("series")))

    return [(desk, []), (every, [measure("pandas: the Parquet file, cut and split by series", instead)])]


def growth(folder: Path) -> str:
    """Return the table of size and load time."""
    lines = ["series   size      a series   load as of an evening"]
    for series in GROWTH:
        data = folder / f"grown{series}"
        data.mkdir()
        store = Store(data / "store.duckdb")
        store.write(first_batches(series))
        os.environ["GROUNDSWELL_DATA"] = str(data)
        load = measure("", lambda: gs.load(as_of=EVENING), repeats=3).best
        size = place(Settings(data=data)).path.stat().st_size
        lines.append(
            f"{series:>6} {size / 1e6:>6.1f} MB {size / series / 1e3:>7.1f} kB {load * 1e3:>12.0f} ms"
            f" ({load / series * 1e3:.2f} ms a series)"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    start = machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["GROUNDSWELL_CACHE"] = str(folder / "cache")
        rows = updates(folder) + loads(folder)
        table = growth(folder)
    remarks = "The alternative keeps no vintages, checks nothing and archives nothing.\n\n" + table
    report(f"Update and load, {SERIES} series x {OBSERVATIONS:,} observations", rows, start, remarks)


if __name__ == "__main__":
    main()
