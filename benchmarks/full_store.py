"""A store that holds everything the desk asks for, twenty years of it, made up: on it the sheet with all its
parts is timed on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from groundswell.data import calendar, release
from groundswell.data.catalog import Entry, catalog
from groundswell.data.sources.cboe_futures import monthly_expiries, settled_at
from groundswell.data.sources.quotes import contract_of
from groundswell.data.sources.source import Snapshot
from groundswell.data.store.layout import QUOTES, Batch
from groundswell.data.store.store import Store
from groundswell.measure import options

FIRST, LAST = "2004-01-02", "2024-06-28"
LEVELS = {
    **{"index": 1500.0, "vix": 18.0, "vix9d": 17.0, "vix3m": 19.5, "vix6m": 21.0, "vvix": 90.0},
    **{"fed_assets": 7200.0, "tga": 750.0, "tga_weekly": 750.0, "tga_wednesday": 750.0, "on_rrp": 400.0},
    **{"reserves": 3300.0, "reserves_wednesday": 3300.0, "foreign_rrp": 350.0, "currency": 2350.0},
    **{"debt_public": 27000.0, "marketable_outstanding": 26500.0, "bills_outstanding": 5800.0},
    **{"notes_outstanding": 14000.0, "bonds_outstanding": 4500.0, "tips_outstanding": 1700.0},
    **{"frn_outstanding": 500.0, "debt_buybacks": 2.0, "fed_securities": 6600.0, "soma_bills": 200.0},
    **{"soma_notes_bonds": 3800.0, "soma_tips": 350.0, "soma_floating": 20.0, "dollar_broad": 120.0},
    **{"credit_spread_high_yield": 4.0, "cot.vix.open_interest": 350_000.0},
    **{"cot.vix.dealer.long": 60_000.0, "cot.vix.dealer.short": 120_000.0},
}
"""Levels around which the made series move; all others move around 4."""

EVENINGS = 500
"""Evenings for which futures are kept."""

EXPIRIES, STRIKES = 50, 200
"""Of the chain: calls and puts make 20,000 contracts."""


def fill(folder: Path) -> str:
    """Write the store into a data folder; return the evening to ask for."""
    entries = [entry for entry in catalog().values() if "desk" in entry.needed_by]
    random = np.random.default_rng(0)
    days = calendar.sessions(FIRST, LAST)
    plain = [entry for entry in entries if entry.frequency != "snapshot"]
    frames = [_observations(entry, days, random) for entry in plain]
    spot = float(frames[[entry.id for entry in plain].index("index")]["value"].iloc[-1])
    snapshots = [
        *_fed_funds(days[-EVENINGS:], random),
        *_vix(days[-EVENINGS:], random),
        _chain(days[-1], spot),
    ]
    batch = Batch(
        fetched=datetime(2024, 7, 1, tzinfo=UTC),
        source="made",
        observations=pd.concat(frames, ignore_index=True),
        asked=tuple(entry.id for entry in entries),
        entries=tuple(entries),
        snapshots=tuple(snapshots),
    )
    Store(folder / "store.duckdb").write([batch])
    return LAST


def _observations(entry: Entry, days: pd.DatetimeIndex, random: np.random.Generator) -> pd.DataFrame:
    weekday = {"weekly": 1 if entry.id.startswith("cot") else 2}.get(entry.frequency)
    chosen = days if weekday is None else days[days.day_of_week == weekday]
    if entry.frequency == "monthly":
        chosen = pd.date_range(days[0], days[-1], freq="MS")
    level = LEVELS.get(entry.id, 4.0)
    if entry.id == "index":
        values = level * np.exp(np.cumsum(random.normal(0.0003, 0.011, len(chosen))))
    else:
        gap = np.zeros(len(chosen))
        for at in range(1, len(gap)):  # an autoregression around the level
            gap[at] = 0.97 * gap[at - 1] + random.normal(0.0, 0.05)
        values = level * np.exp(np.clip(gap, -0.6, 0.6))
    dates = chosen.as_unit("us")
    return pd.DataFrame(
        {
            "series": entry.id,
            "period": dates,
            "value": values,
            "stated": pd.DatetimeIndex([pd.NaT] * len(dates), tz="UTC").as_unit("us"),
            "ruled": release.released(entry.release, dates, entry.frequency).as_unit("us"),
        }
    )


def _quotes(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(dict.fromkeys(QUOTES, np.nan) | columns)[list(QUOTES)]


def _fed_funds(days: Iterable[pd.Timestamp], random: np.random.Generator) -> list[Snapshot]:
    found = []
    for day in days:
        ends = pd.date_range(day, periods=18, freq="ME")
        rates = 5.33 - 0.06 * np.arange(len(ends)) + random.normal(0.0, 0.02)
        taken = (day + pd.Timedelta(hours=18)).tz_localize("America/New_York").tz_convert("UTC")
        contracts = [contract_of("ZQ", end.date()) for end in ends]
        quotes = _quotes(contract=contracts, root="ZQ", kind="future", expiry=ends, settle=100 - rates)
        found.append(Snapshot("futures.fed_funds", taken.to_pydatetime(), quotes))
    return found


def _vix(days: Iterable[pd.Timestamp], random: np.random.Generator) -> list[Snapshot]:
    found = []
    for day in days:
        ends = monthly_expiries(day.date(), (day + pd.Timedelta(days=280)).date())
        ends = [end for end in ends if end > day.date()]
        settles = 18.0 + 0.4 * np.arange(len(ends)) + random.normal(0.0, 0.5)
        contracts = [contract_of("VX", end) for end in ends]
        quotes = _quotes(
            contract=contracts, root="VX", kind="future", expiry=pd.to_datetime(ends), settle=settles
        )
        found.append(Snapshot("futures.vix", settled_at(day.date()), quotes))
    return found


def _chain(day: pd.Timestamp, spot: float) -> Snapshot:
    fridays = pd.date_range(day + pd.Timedelta(days=1), periods=EXPIRIES, freq="W-FRI")
    strikes = np.unique(np.round(spot * np.linspace(0.6, 1.3, STRIKES), 0))
    parts = []
    for expiry in fridays:
        years = (expiry - day).days / 365
        vol = np.clip(0.16 - 0.25 * np.log(strikes / spot), 0.08, 0.6)
        for kind, letter in (("call", "C"), ("put", "P")):
            mids = np.asarray(options.price(spot, strikes, years, vol, 0.05, 0.015, letter))
            names = [f"SPXW{expiry:%y%m%d}{letter}{1000 * strike:08.0f}" for strike in strikes]
            held = np.round(5_000 * np.exp(-(((strikes / spot - 0.98) / 0.08) ** 2)))
            priced = {"bid": 0.995 * mids, "ask": 1.005 * mids + 0.05, "volume": held / 10}
            told = {"contract": names, "root": "SPXW", "kind": kind, "expiry": expiry, "strike": strikes}
            parts.append(
                _quotes(**told, **priced, open_interest=held, underlying=spot, implied_volatility=vol)
            )
    taken = (day + pd.Timedelta(hours=16, minutes=30)).tz_localize("America/New_York").tz_convert("UTC")
    return Snapshot("chain.spx", taken.to_pydatetime(), pd.concat(parts, ignore_index=True))
