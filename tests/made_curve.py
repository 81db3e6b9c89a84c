"""A world whose volatility curve follows the equation of implied variance, for tests of the curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cache

import numpy as np
import pandas as pd

from groundswell.data import calendar, release
from groundswell.data.book import PRICE, Book, Series
from groundswell.data.sources.source import Snapshot
from groundswell.measure import vol_demand, vol_forecast

COUNT = 2_000
DAYS = calendar.sessions_after(pd.Timestamp("2010-01-03"), COUNT)
EVENTS = (1_720, 1_850)
LENGTH = 10
WEEKLY = "period +3 business days at 15:30"


def made_series(name: str, values: pd.Series, rule: str, unit: str = "made") -> Series:
    days = pd.DatetimeIndex(values.index).as_unit("us")
    frequency = "weekly" if rule == WEEKLY else "daily"
    frame = pd.DataFrame(
        {
            "observed": days,
            "released": release.released(rule, days, frequency),
            "value": values.to_numpy(dtype=float),
        }
    )
    return Series(name=name, unit=unit, source="made", title=name, frame=frame)


@cache
def made_world(cause: str, seed: int = 1) -> Book:
    """Return a book whose curve follows the equation; in `EVENTS` it inverts for the cause named."""
    random = np.random.default_rng(seed)
    event = np.zeros(COUNT)
    for start in EVENTS:
        event[start : start + LENGTH] = 1
    level = np.exp(0.15 * pd.Series(random.standard_normal(COUNT)).ewm(halflife=20).mean().to_numpy() * 6)
    shocks = random.standard_normal(COUNT)
    if cause == "realised":
        level *= 1 + 3.5 * event
        shocks = np.where(event > 0, np.sign(shocks) * np.maximum(np.abs(shocks), 0.8), shocks)
    returns = pd.Series(0.007 * level * shocks, DAYS)
    prices = 1_000 * np.exp(returns.cumsum())
    tuesdays = DAYS[DAYS.day_of_week == 1]
    held = pd.Series(random.standard_normal(len(tuesdays))).ewm(halflife=3).mean().to_numpy() * 0.1
    in_event = event[DAYS.get_indexer(tuesdays)]
    held = held + (1.2 * in_event if "demand" in cause else 0)
    size, long = pd.Series(400_000.0, tuesdays), pd.Series(100_000.0, tuesdays)
    short = long + 400_000 * held
    credit = pd.Series(4 + 0.02 * random.standard_normal(COUNT).cumsum(), DAYS).clip(lower=2)
    gold_step = 0.008 * random.standard_normal(COUNT)
    if cause == "panic":
        credit += 0.8 * np.cumsum(event) - pd.Series(0.8 * np.cumsum(event), DAYS).shift(40, fill_value=0)
        gold_step *= 1 + 9 * event
    gold = pd.Series(1_500 * np.exp(gold_step.cumsum()), DAYS)
    series = [
        made_series("index", prices, "period +0 days at 16:00", PRICE),
        made_series("credit_spread_high_yield", credit, "period +1 business days at 10:00"),
        made_series("gold_future", gold, "period +0 days at 18:00"),
        made_series("cot.vix.dealer.long", long, WEEKLY),
        made_series("cot.vix.dealer.short", short, WEEKLY),
        made_series("cot.vix.open_interest", size, WEEKLY),
    ]
    book = Book({one.name: one for one in series}, DAYS[-1], "made", traded=frozenset())
    expected = vol_forecast.expected_variance(book.returns(), models=["har"]).central.reindex(DAYS).bfill()
    when: vol_demand.When = "reported" if cause == "sudden demand" else "known"
    known = vol_demand.positions(book, DAYS, when).fillna(0)
    near, far = expected["vix"], expected["vix3m"]
    noise = 0.03 * random.standard_normal((2, COUNT))
    demand = 0.8 * known if cause != "hidden demand" else 0.8 * known.where(event > 0, 0)
    vix = near * (1.2 + demand + noise[0]) + 0.02 * credit / 100
    vix3m = 1.2 * far + 0.004 + 0.05 * far * noise[1] + 0.02 * credit / 100
    if cause in ("noise", "panic", "hidden demand"):
        vix += 0.9 * near * event
    levels = {"vix": vix, "vix3m": vix3m}
    for name, variance in levels.items():
        series.append(made_series(name, 100 * variance.clip(lower=1e-3) ** 0.5, "period +0 days at 16:15"))
    if cause == "hidden demand":
        series = [one for one in series if one.name != "cot.vix.dealer.short"]
        series.append(made_series("cot.vix.dealer.short", long, WEEKLY))
    return Book({one.name: one for one in series}, DAYS[-1], "made", traded=frozenset())


@dataclass(frozen=True)
class Chains:
    """A small chain for each day, its quotes and volumes drawn at random."""

    days: pd.DatetimeIndex

    def last(self, name: str, before: pd.Timestamp) -> Snapshot | None:
        first = self.days[0].tz_localize("America/New_York") + pd.Timedelta(hours=17)
        known = name == "chain.spx" and first < before
        return Snapshot(name, first.to_pydatetime(), pd.DataFrame()) if known else None

    def over_time(
        self, name: str, columns: Sequence[str], before: pd.Timestamp, since: pd.Timestamp | None
    ) -> pd.DataFrame:
        if name != "chain.spx":
            return pd.DataFrame(columns=["taken", *columns])
        random = np.random.default_rng(1)
        days = self.days[self.days.tz_localize("America/New_York") + pd.Timedelta(hours=17) < before]
        every = days.repeat(4)
        gap = np.repeat(random.uniform(0.1, 2.0, len(days)), 4)
        table = pd.DataFrame(
            {
                "taken": (every.tz_localize("America/New_York") + pd.Timedelta(hours=17)).tz_convert(UTC),
                "root": "SPXW",
                "kind": ["put", "put", "call", "put"] * len(days),
                "expiry": every + pd.to_timedelta([30, 30, 30, 4] * len(days), unit="D"),
                "strike": [90.0, 95.0, 100.0, 95.0] * len(days),
                "bid": 5.0,
                "ask": 5.0 + gap,
                "volume": random.uniform(0, 100, len(every)),
                "open_interest": 500.0,
                "underlying": 99.0,
            }
        )
        return table.loc[(table["taken"] >= since) if since is not None else slice(None), ["taken", *columns]]


@dataclass(frozen=True)
class Futures:
    """The settlements of two VIX futures on some days."""

    days: pd.DatetimeIndex
    front: float

    def last(self, name: str, before: pd.Timestamp) -> Snapshot | None:
        return None

    def over_time(
        self, name: str, columns: Sequence[str], before: pd.Timestamp, since: pd.Timestamp | None
    ) -> pd.DataFrame:
        if name != "futures.vix":
            return pd.DataFrame(columns=["taken", *columns])
        rows = [
            (moment.tz_localize("America/New_York").tz_convert(UTC), day + pd.Timedelta(days=left), settle)
            for day in self.days
            for left, settle in ((20, self.front), (48, self.front + 1))
            if (moment := day + pd.Timedelta(hours=17)).tz_localize("America/New_York") < before
        ]
        return pd.DataFrame(rows, columns=["taken", "expiry", "settle"])
