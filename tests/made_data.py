"""Prices made by the tests themselves, on real sessions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from groundswell.data import calendar


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
