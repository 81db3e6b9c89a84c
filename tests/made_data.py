"""Prices made by the tests themselves, on real sessions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from groundswell.data import calendar, release
from groundswell.data.catalog import Entry
from groundswell.data.store.layout import Batch
from groundswell.data.store.store import Store


def random_walk(sessions: int, seed: int, daily: float = 0.01) -> np.ndarray:
    """Return a made price path that starts at 1,000, with a daily volatility in decimals."""
    steps = np.random.default_rng(seed).normal(0.0002, daily, sessions)
    return 1_000.0 * np.exp(np.cumsum(steps) - steps[0])


def made_table(
    sessions: int = 300, *, start: str = "2015-01-02", seed: int = 0, assets: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return a table as a price file holds it: `date`, `close` (or one column per asset)."""
    days = calendar.sessions_after(pd.Timestamp(start) - pd.Timedelta(days=1), sessions)
    columns = {
        name: random_walk(sessions, seed + number).round(4)
        for number, name in enumerate(assets or ("close",))
    }
    return pd.DataFrame({"date": days.strftime("%Y-%m-%d"), **columns})


def made_entry(name: str, **changes: object) -> Entry:
    """Return an entry of the catalog: a daily index, public at the close, unless told otherwise."""
    fields: dict[str, object] = {
        "id": name,
        "title": f"{name}, made",
        "unit": "price" if name == "index" else "percent a year",
        "frequency": "daily",
        "source": "fred" if name == "index" else "cboe",
        "source_id": name.upper(),
        "source_unit": "price" if name == "index" else "percent a year",
        "release": "period +0 days at 16:15",
        "revised": False,
        "low": 0,
        "high": 1e6,
        "typical_low": 0,
        "typical_high": 1e6,
        "licence": "made by a test",
        "feeds": "",
    }
    return Entry.model_validate(fields | changes)


def tell(
    folder: Path, values: Mapping[str, pd.Series], *, at: str, entries: Mapping[str, Entry] | None = None
) -> Store:
    """Tell the store in a data folder what was fetched at a time (UTC); return the store."""
    store = Store(folder / "store.duckdb")
    fetched = pd.Timestamp(at, tz="UTC")
    frames, known = [], []
    for name, series in values.items():
        entry = (entries or {}).get(name) or made_entry(name)
        days = pd.DatetimeIndex(series.index).as_unit("us")
        frames.append(
            pd.DataFrame(
                {
                    "series": name,
                    "period": days,
                    "value": series.to_numpy(dtype=float),
                    "stated": pd.DatetimeIndex([pd.NaT] * len(days), tz="UTC").as_unit("us"),
                    "ruled": release.released(entry.release, days, entry.frequency).as_unit("us"),
                }
            )
        )
        known.append(entry)
    moment: datetime = fetched.to_pydatetime()
    batch = Batch(
        fetched=moment,
        source="made",
        observations=pd.concat(frames, ignore_index=True),
        asked=tuple(values),
        entries=tuple(known),
    )
    store.write([batch])
    return store
