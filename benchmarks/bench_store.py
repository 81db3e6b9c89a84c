"""The store: first write, update and point-in-time read of 300 series x 5,000 observations; its growth."""

import itertools
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from timing import machine, measure, report

from groundswell.data.store.layout import Batch
from groundswell.data.store.store import Store

SERIES, OBSERVATIONS = 300, 5_000
GROWTH = (75, 300, 1_200)
"""Series of the table of growth: 1x, 4x, 16x."""

FIRST_LOOK = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = pd.bdate_range(end="2025-12-31", periods=OBSERVATIONS).as_unit("us")
AS_OF = pd.Timestamp("2020-01-01", tz="UTC")


def observed(name: str, days: pd.DatetimeIndex, values: np.ndarray) -> pd.DataFrame:
    """One series as a source delivers it, public on the evening of its day."""
    return pd.DataFrame(
        {
            "series": pd.Series([name] * len(days), dtype="str"),
            "period": days,
            "value": values,
            "stated": pd.DatetimeIndex([pd.NaT] * len(days), tz="UTC").as_unit("us"),
            "ruled": (days + pd.Timedelta(hours=21)).tz_localize("UTC"),
        }
    )


def first_batches(series: int) -> list[Batch]:
    """The whole history of every series, one batch each."""
    walk = np.random.default_rng(0).normal(0.0, 1.0, (series, OBSERVATIONS)).cumsum(axis=1)
    return [
        Batch(FIRST_LOOK + timedelta(seconds=number), "made", observed(f"made.series_{number}", DAYS, values))
        for number, values in enumerate(np.round(100.0 + walk, 2))
    ]


def next_batches(series: int, step: int) -> list[Batch]:
    """One new day of every series, `step` days on."""
    day = DAYS[-1:] + pd.Timedelta(days=step)
    look = FIRST_LOOK + timedelta(days=step)
    return [
        Batch(look, "made", observed(f"made.series_{number}", day, np.array([float(step)])))
        for number in range(series)
    ]


class ParquetFolder:
    """What one would use instead: a Parquet file per series, read, extended and rewritten by pandas."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, batches: list[Batch]) -> None:
        """Add what is new to the file of each series."""
        self.folder.mkdir(exist_ok=True)
        for batch in batches:
            told = batch.observations.rename(columns={"ruled": "released"}).drop(columns="stated")
            file = self.folder / f"{told['series'].iloc[0]}.parquet"
            if file.exists():
                told = pd.concat([pd.read_parquet(file), told]).drop_duplicates(["period", "value"])
            told.sort_values(["period", "released"]).to_parquet(file, index=False)

    def observations(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """Everything released before a moment."""
        frame = pd.read_parquet(self.folder)
        return frame[frame["released"] < as_of].sort_values(["series", "period", "released"])


def main() -> None:
    """Print the tables."""
    start = machine()
    folder = Path(tempfile.mkdtemp())
    number = itertools.count()
    try:
        first = first_batches(SERIES)
        ours, theirs = Store(folder / "store.duckdb"), ParquetFolder(folder / "parquet")
        ours.write(first)
        theirs.write(first)
        # The days of an update are made beforehand: only the writing counts.
        days, their_days = (iter([next_batches(SERIES, step) for step in range(1, 9)]) for _ in range(2))
        rows = [
            (
                measure(
                    f"first write of {SERIES} series x {OBSERVATIONS:,} observations",
                    lambda: Store(folder / f"{next(number)}" / "store.duckdb").write(first),
                    10.0,
                    repeats=3,
                    warm_up=0,
                ),
                [
                    measure(
                        "a Parquet file per series, pandas",
                        lambda: ParquetFolder(folder / f"parquet{next(number)}").write(first),
                        repeats=3,
                        warm_up=0,
                        note="without vintages decided, a lock, a transaction or fsync",
                    )
                ],
            ),
            (
                measure("update, one new row each", lambda: ours.write(next(days)), 2.0, repeats=5),
                [
                    measure(
                        "read, extend and rewrite the files",
                        lambda: theirs.write(next(their_days)),
                        repeats=5,
                    )
                ],
            ),
            (
                measure("update, the whole history told again", lambda: ours.write(first), 10.0, repeats=3),
                [],
            ),
            (
                measure("all that was known at a moment", lambda: ours.observations(as_of=AS_OF), 0.5),
                [measure("read all files, filter and sort", lambda: theirs.observations(AS_OF))],
            ),
        ]
        report("Store", rows, start)
        sys.stdout.write(growth(folder / "growth"))
    finally:
        shutil.rmtree(folder)


def growth(folder: Path) -> str:
    """The table of size and time by number of series."""
    lines = [
        f"{'series':>8}{'observations':>14}{'size':>10}{'bytes each':>12}{'write':>9}{'as of':>10}{'one':>10}"
    ]
    for series in GROWTH:
        store = Store(folder / f"{series}" / "store.duckdb")
        batches = first_batches(series)
        begun = time.perf_counter()
        store.write(batches)
        written = time.perf_counter() - begun
        size, count = store.path.stat().st_size, series * OBSERVATIONS
        whole = measure("", lambda store=store: store.observations(as_of=AS_OF), repeats=3).best
        one = measure("", lambda store=store: store.latest("made.series_7"), repeats=3).best
        lines.append(
            f"{series:>8,}{count:>14,}{size / 2**20:>7.1f} MB{size / count:>12.1f}"
            f"{written:>7.2f} s{whole * 1e3:>7.0f} ms{one * 1e3:>7.0f} ms"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
