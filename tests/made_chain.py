"""A made chain of index options on a made index: quotes by the formula, open interest that flips once."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
from made_data import random_walk
from real_book import Kept

from groundswell.data import calendar
from groundswell.data.book import PRICE, Book, Series
from groundswell.data.sources.source import Snapshot
from groundswell.data.store.layout import QUOTES
from groundswell.measure import options
from groundswell.measure.vix_chain import MORNING_ROOTS, minutes_to_settlement

RATE = 0.03
FIRST_SESSION, SESSIONS = "2017-01-03", 300


def made_index(sessions: int = SESSIONS) -> pd.Series:
    """Return closes of a made index on real sessions."""
    days = calendar.sessions_after(pd.Timestamp(FIRST_SESSION) - pd.Timedelta(days=1), sessions)
    return pd.Series(4 * random_walk(sessions, seed=3), days)


def evening(day: pd.Timestamp, hour: int = 16, minute: int = 30) -> datetime:
    """Return a time of day in New York, UTC."""
    return (day + pd.Timedelta(hours=hour, minutes=minute)).tz_localize("America/New_York").tz_convert(UTC)


def made_snapshot(taken: datetime, spot: float, *, same_day: bool = False) -> Snapshot:
    """Return a chain of weekly, monthly and quarterly options, quoted at the formula's values.

    Puts are open below the spot and calls above it, so that dealers long calls and short puts are
    short of gamma below and long of it above.
    """
    local = pd.Timestamp(taken).tz_convert("America/New_York").tz_localize(None)
    today = local.normalize()
    ahead = calendar.calendar_table(
        calendar.sessions(today + pd.Timedelta(days=1), today + pd.Timedelta(days=150))
    )
    fridays = ahead.index[ahead["option_expiry"]]
    weekly = ahead.index[ahead.index.day_of_week == 4][0]
    days = [("SPXW", weekly), ("SPX", fridays[0]), ("SPXW", fridays[0]), ("SPX", fridays[3])]
    days = list(dict.fromkeys(days))
    if same_day:
        days.insert(0, ("SPXW", today))
    strikes = np.round(spot * np.arange(0.75, 1.2501, 0.01) / 5) * 5
    parts = []
    for root, day in days:
        years = minutes_to_settlement(taken, day.date(), morning=root in MORNING_ROOTS) / 525_600
        vol = 0.16 - 0.2 * np.log(strikes / spot)
        for kind, letter, middle in (("call", "C", 1.03), ("put", "P", 0.96)):
            mids = options.price(spot, strikes, years, vol, RATE, 0.0, letter)
            row = dict.fromkeys(QUOTES, np.nan) | {"root": root, "kind": kind, "expiry": day}
            row |= {"strike": strikes, "bid": mids * 0.999, "ask": mids * 1.001, "underlying": spot}
            held = 20_000 * np.exp(-(((strikes / spot - middle) / 0.04) ** 2) / 2)
            row |= {"open_interest": np.round(held), "implied_volatility": vol}
            parts.append(pd.DataFrame(row))
    return Snapshot("chain.spx", taken, pd.concat(parts, ignore_index=True))


def made_book(sessions: int = SESSIONS, *snapshots: Snapshot) -> Book:
    """Return the made index with quotes."""
    closes = made_index(sessions)
    index = Series.of_closes(closes, name="index", unit=PRICE, source="made", title="index, made")
    return Book({"index": index}, closes.index[-1], "made prices", quotes=Kept(snapshots))


def with_chain(sessions: int = SESSIONS, at: int = SESSIONS - 1, *, same_day: bool = False) -> Book:
    """Return the book of so many sessions, with a chain taken after the close of session `at`."""
    closes = made_index(sessions)
    hour = 11 if same_day else 16
    taken = evening(closes.index[at], hour)
    return made_book(sessions, made_snapshot(taken, float(closes.iloc[at]), same_day=same_day))
