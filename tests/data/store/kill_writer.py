"""A writer that is killed: it stores batch after batch and says so after each."""

from __future__ import annotations

from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
from told_store import at, said

from groundswell.data.store.layout import Batch
from groundswell.data.store.store import Store

SERIES = 4


def batch(number: int) -> list[Batch]:
    """Return what the sources say in round `number`: a new period, and a revision of all before."""
    fetched: datetime = at("2024-01-02") + timedelta(days=number)
    periods = pd.date_range("2024-01-01", periods=1 + number % 40).strftime("%Y-%m-%d")
    return [
        said(f"{fetched:%Y-%m-%d %H:%M}", f"s{each}", dict.fromkeys(periods, number + each / 10))
        for each in range(SERIES)
    ]


def write_on(path: str, start: int, told: Connection) -> None:
    """Store batches from `start` on for ever; send each number when it is stored."""
    number = start
    while True:
        Store(Path(path)).write(batch(number))
        told.send(number)
        number += 1
