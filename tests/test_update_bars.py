"""An update under load, a long check.

300 series of 5,000 observations from a local service in under 20 seconds, and again with nothing new.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from loopback import Asked, Reply, serving
from made_data import made_entry

from groundswell.data import calendar
from groundswell.data.catalog import Entry
from groundswell.data.settings import Settings
from groundswell.data.update import update

YESTERDAY = pd.Timestamp.now("America/New_York").tz_localize(None).normalize() - pd.Timedelta(days=1)


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
