"""Books with a balance sheet of the Fed made by the tests: every week, a few of them as published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from made_data import random_walk

from groundswell.data import calendar, release
from groundswell.data.book import PRICE, Book, Series
from groundswell.data.catalog import catalog

PUBLISHED = {
    "2026-01-07": (6_573_602, 837_306),
    "2026-04-15": (6_705_696, 748_376),
    "2026-04-29": (6_699_950, 1_005_968),
}
"""Fed assets and the Treasury's account (average of the week), USD million, as FRED has them."""

FOUR_WEEKS_BEFORE = ("2026-04-01", "2026-04-15")
"""The made 1 April holds the published figures of 15 April: so the 4-week change is the published one."""

LEVELS = {"fed_assets": 6_600.0, "tga": 830.0, "on_rrp": 0.0, "foreign_rrp": 340.0, "currency": 2_400.0}
STEPS = {"fed_assets": 12.0, "tga": 45.0, "foreign_rrp": 6.0, "currency": 4.0, "reserves": 20.0}
DEBT = {"bills": 6_300.0, "notes": 15_500.0, "bonds": 5_200.0, "tips": 2_100.0, "frn": 700.0}
HELD = {"soma_bills": 230.0, "soma_notes_bonds": 3_600.0, "soma_tips": 280.0, "soma_floating": 10.0}


def series_of(name: str, values: pd.Series, unit: str = "") -> Series:
    """Return values under a name of the catalog, each released by its rule; of another unit, converted."""
    entry = catalog()[name]
    days = pd.DatetimeIndex(values.index).as_unit("us")
    frame = pd.DataFrame(
        {
            "observed": days,
            "released": release.released(entry.release, days, entry.frequency),
            "value": values.to_numpy(dtype=float),
        }
    )
    unit = unit or (PRICE if name == "index" else entry.unit)
    return Series(name=name, unit=unit, source="made", title=entry.title, frame=frame)


def made_series(seed: int = 0) -> dict[str, Series]:
    """Return every series of the section from 2016 through April 2026; Fed assets in millions of dollars."""
    random = np.random.default_rng(seed)
    weeks = pd.date_range("2016-01-06", "2026-04-29", freq="7D")
    days = calendar.sessions(weeks[0], weeks[-1] + pd.Timedelta(days=1))
    paths = {
        name: pd.Series(LEVELS[name] + _walk(random, len(weeks), STEPS[name]), weeks)
        for name in STEPS
        if name in LEVELS
    }
    for week, (assets, cash) in PUBLISHED.items():
        paths["fed_assets"][week], paths["tga"][week] = assets / 1_000, cash / 1_000
    later, earlier = FOUR_WEEKS_BEFORE
    for name in ("fed_assets", "tga"):
        paths[name][later] = paths[name][earlier]
    drained = sum(paths[name] for name in ("tga", "foreign_rrp", "currency"))
    reserves = paths["fed_assets"] - drained - 250.0 + random.normal(0, 5.0, len(weeks))
    months = pd.date_range("2016-01-01", "2026-03-01", freq="MS")
    debt = {name: pd.Series(DEBT[name] + _walk(random, len(months), 40.0), months) for name in DEBT}
    held = {name: pd.Series(HELD[name] + _walk(random, len(weeks), 0.5), weeks) for name in HELD}
    index = pd.Series(random_walk(len(days), seed=seed), days)
    owed = pd.Series(28_000.0 + _walk(random, len(days), 10.0), days)
    made = {
        "index": series_of("index", index),
        "fed_assets": series_of("fed_assets", paths["fed_assets"] * 1_000, "USD million"),
        "tga_weekly": series_of("tga_weekly", paths["tga"]),
        "fed_securities": series_of(
            "fed_securities", paths["fed_assets"] - _walk(random, len(weeks), 5.0) - 400
        ),
        "on_rrp": series_of("on_rrp", pd.Series(0.0, days)),
        "foreign_rrp": series_of("foreign_rrp", paths["foreign_rrp"]),
        "currency": series_of("currency", paths["currency"]),
        "reserves": series_of("reserves", reserves),
        "debt_public": series_of("debt_public", owed),
        "yield_10y": series_of("yield_10y", pd.Series(4.0, days)),
        "marketable_outstanding": series_of("marketable_outstanding", sum(debt.values())),
        "debt_buybacks": series_of("debt_buybacks", pd.Series(2.0, days[days.day_of_week == 2])),
    }
    made |= {f"{name}_outstanding": series_of(f"{name}_outstanding", values) for name, values in debt.items()}
    return made | {name: series_of(name, values) for name, values in held.items()}


def wednesday_levels(seed: int = 0) -> dict[str, Series]:
    """Return the Treasury's account day by day and the Wednesday levels of account and reserves.

    The level lies halfway from one average to the next; reserves follow by the identity.
    """
    series = made_series(seed)
    average = series["tga_weekly"].latest()
    days = calendar.sessions(average.index[0], average.index[-1] + pd.Timedelta(days=1))
    level = (average + average.shift(-1).fillna(average.iloc[-1])) / 2
    drained = level + series["foreign_rrp"].latest() + series["currency"].latest()
    reserves = series["fed_assets"].latest() / 1_000 - drained - 250.0
    return {
        "tga": series_of("tga", level.reindex(days, method="ffill")),
        "tga_wednesday": series_of("tga_wednesday", level),
        "reserves_wednesday": series_of("reserves_wednesday", reserves),
    }


def made_liquidity(
    without: Iterable[str] = (), more: Mapping[str, Series] | None = None, as_of: str = "2026-04-30"
) -> Book:
    """Return a book of them all, cut on an evening; without some, or with more."""
    gone = set(without)
    series = {name: each for name, each in made_series().items() if name not in gone}
    whole = Book(
        series=series | dict(more or {}),
        as_of=pd.Timestamp(as_of),
        label="made liquidity",
        traded=frozenset({"index"}),
    )
    return whole.cut(as_of)


def _walk(random: np.random.Generator, length: int, step: float) -> np.ndarray:
    """Return a path that ends at zero and stays near it."""
    steps = random.normal(0, step, length)
    path = np.zeros(length)
    for at in range(1, length):
        path[at] = 0.97 * path[at - 1] + steps[at]
    return path - path[-1]
