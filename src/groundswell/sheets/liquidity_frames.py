"""The weeks of the Fed's balance sheet as one book knows them, and what changed between them.

Weekly levels, weekly averages and daily figures meet on the Wednesdays of the H.4.1 release, by the day that
they describe; a row stands from the moment on which the last of its figures was public (`known`). Where a
Wednesday level of the Treasury's account exists it is used, else the daily closing balance of that day, else
the average of the week, which is another thing and is named.

References:
    Board of Governors of the Federal Reserve System, H.4.1, Factors Affecting Reserve Balances, table 1.
    Federal Reserve Bank of New York, Statement Regarding Overnight Fixed-Rate Reverse Repurchase Agreement
    Operational Exercise, 20 September 2013 (operations from 23 September on).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from groundswell.data.book import NEW_YORK, Book
from groundswell.data.units import Measured
from groundswell.measure import liquidity
from groundswell.runs.band import against_history

UNIT = "USD bn"

FACILITY_BEGAN = pd.Timestamp("2013-09-23")
"""Before the overnight reverse repo facility net liquidity was another quantity."""

SOURCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "fed_assets": ("fed_assets",),
        "tga": ("tga_wednesday", "tga", "tga_weekly"),
        "on_rrp": ("on_rrp", "on_rrp_operations"),
        "foreign_rrp": ("foreign_rrp",),
        "currency": ("currency",),
        "reserves": ("reserves_wednesday", "reserves"),
    }
)
"""Series of the catalog for each line of the balance sheet, the better one first."""

BESIDE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tga_average": ("tga_weekly",),
        "fed_securities": ("fed_securities",),
        "debt_public": ("debt_public",),
    }
)
"""What is no line of its own: another dating of the account, and what takes two lines apart."""

NEEDED = ("fed_assets", "tga", "on_rrp")
"""What net liquidity cannot do without."""

DAILY = ("tga", "on_rrp", "on_rrp_operations", "debt_public")
"""Daily series: on a Wednesday without a figure (a holiday) the one before stands."""

WEEK = pd.Timedelta(days=7)
CARRIED = pd.Timedelta(days=6)
"""Age at which a figure is too old to stand for a week."""

STACK = (
    "week",
    "fed_assets",
    "tga",
    "on_rrp",
    "foreign_rrp",
    "currency",
    "other",
    "reserves",
    "net_liquidity",
    "tga_average",
    "fed_securities",
    "debt_public",
    "tga_basis",
    "reserves_basis",
    "known",
)
CHANGE = ("weeks", "part", "contribution", "low", "high", "z", "percentile", "since", "start", "end")
RECENT = ("date", "fed_assets", "tga", "on_rrp", "net_liquidity")

SPANS = (1, 4, 13, 52)
"""Weeks over which changes are told."""

PARTS = (
    "fed_assets",
    "securities",
    "lending",
    "tga",
    "borrowing",
    "spending",
    "on_rrp",
    "foreign_rrp",
    "currency",
    "other",
)
TOTALS = ("reserves", "net_liquidity")

LEAST_HISTORY = 52
"""Changes of a span that a percentile needs, this one included."""

RECENT_SESSIONS = 21


def empty(columns: Sequence[str]) -> pd.DataFrame:
    """Return a frame without rows."""
    return pd.DataFrame(columns=list(columns))


def stack(book: Book) -> pd.DataFrame:
    """Return the balance sheet week by week, USD bn; empty where net liquidity cannot be told.

    Columns: `week` (Wednesday); the lines of `liquidity.reserves`, `reserves` and `net_liquidity`; what the
    book lacks is missing, and `other`, which closes the identity, then contains it; `tga_average` (the
    Treasury's account, average of the week); `fed_securities` (held outright); `debt_public` (federal debt
    held by the public);
    `tga_basis` and `reserves_basis` (the series used); `known` (day in New York on which the row was whole).
    """
    if not all(any(name in book.series for name in SOURCES[line]) for line in NEEDED):
        return empty(STACK)
    weeks = _weeks(book)
    lines = {line: _on_weeks(book, names, weeks) for line, names in SOURCES.items()}
    table = pd.DataFrame({line: found["value"] for line, found in lines.items()}, index=weeks)
    held = [line for line in lines if table[line].notna().any()]
    table["net_liquidity"] = liquidity.net_liquidity(*(_measured(table[name]) for name in NEEDED)).series
    table["other"] = np.nan
    if "reserves" in held:
        rest = {name: table[name] if name in held else table["fed_assets"] * 0.0 for name in liquidity.DRAINS}
        table["other"] = liquidity.other_factors(
            _measured(table["fed_assets"]),
            **{name: _measured(values) for name, values in rest.items()},
            reserves_held=_measured(table["reserves"]),
        ).series
    beside = {name: _on_weeks(book, names, weeks) for name, names in BESIDE.items()}
    for name, found in beside.items():
        table[name] = found["value"]
    table["tga_basis"], table["reserves_basis"] = lines["tga"]["basis"], lines["reserves"]["basis"]
    every = [found["released"] for found in (*lines.values(), *beside.values())]
    released = pd.concat(every, axis=1).max(axis=1)
    table["known"] = released.dt.tz_convert(NEW_YORK).dt.tz_localize(None).dt.normalize()
    whole = table.dropna(subset=list(NEEDED)).rename_axis("week").reset_index()
    return whole.reindex(columns=list(STACK))


def changes(levels: pd.DataFrame, spans: Sequence[int] = SPANS) -> pd.DataFrame:
    """Return what changed reserves and net liquidity over the weeks to the last one, part by part; + adds.

    Parts `fed_assets`, `tga`, `on_rrp`, `foreign_rrp`, `currency` and `other` add up to `reserves`, the
    first three to `net_liquidity`; `borrowing` and `spending`, where the debt is known, add up to `tga`;
    `securities` and `lending` (loans, repo, swaps and the rest of the assets) to `fed_assets`.
    Parts that the book lacks have no row; `other` contains them.

    Columns: `weeks`, `part`, `contribution` (USD bn), `low` and `high` (over the datings of the
    Treasury's account, Wednesday level and average of the week, where the book has both), `z` and
    `percentile` (among all changes of that span since `since`, this one included), `start`, `end`.

    Args:
        levels: of `stack`.
        spans: weeks.
    """
    if levels.empty:
        return empty(CHANGE)
    by_week = levels.set_index("week")
    first, last = by_week.index[0], by_week.index[-1]
    grid = pd.date_range(last - (last - first) // WEEK * WEEK, last, freq=WEEK)
    amounts = by_week[[name for name in STACK if name in by_week and name not in _WORDS]]
    table = amounts.reindex(grid, method="ffill", tolerance=CARRIED)
    rows: list[tuple[object, ...]] = []
    for span in (one for one in spans if one < len(grid)):
        contributions = _attributed(table, span)
        average = -table["tga_average"].diff(span)
        end = contributions.index[-1]
        for part in (name for name in (*PARTS, *TOTALS) if name in contributions):
            history = contributions[part].dropna()
            if history.empty or history.index[-1] != end:
                continue
            value = float(history.iloc[-1])
            low, high = np.nan, np.nan
            shift = float(average[end] - contributions["tga"].iloc[-1])
            if part in ("tga", "net_liquidity") and np.isfinite(shift) and not _averaged(by_week):
                low, high = min(value, value + shift), max(value, value + shift)
            enough = len(history) >= LEAST_HISTORY
            place, z = against_history(value, history.to_numpy()) if enough else (np.nan, np.nan)
            began, start = history.index[0], end - pd.Timedelta(weeks=span)
            rows.append((span, part, value, low, high, z, place, began, start, end))
    return pd.DataFrame(rows, columns=list(CHANGE))


def recent(book: Book) -> pd.DataFrame:
    """Return what was known of net liquidity at the end of each of the last sessions, USD bn.

    Fed assets stand from one release to the next while the Treasury's cash and the reverse repo move; empty
    without a daily Treasury account. Columns: `date`, `fed_assets`, `tga`, `on_rrp`, `net_liquidity`.
    """
    repo = next((name for name in SOURCES["on_rrp"] if name in book.series), None)
    if repo is None or "tga" not in book.series or "fed_assets" not in book.series:
        return empty(RECENT)
    days = pd.DatetimeIndex(book.prices("index").index[-RECENT_SESSIONS:])
    known = {
        line: liquidity.on_days(book.series[name], days).to(UNIT)
        for line, name in (("fed_assets", "fed_assets"), ("tga", "tga"), ("on_rrp", repo))
    }
    net = liquidity.net_liquidity(known["fed_assets"], known["tga"], known["on_rrp"])
    table = pd.DataFrame({line: each.series for line, each in known.items()} | {"net_liquidity": net.series})
    return table.dropna().rename_axis("date").reset_index()


_WORDS = ("week", "tga_basis", "reserves_basis", "known")


def _weeks(book: Book) -> pd.DatetimeIndex:
    days = pd.DatetimeIndex(book.values("fed_assets").index)
    return days[days >= FACILITY_BEGAN]


def _on_weeks(book: Book, names: Sequence[str], weeks: pd.DatetimeIndex) -> pd.DataFrame:
    """Return for each week `value` (USD bn), `released` and `basis` of the first series that has it."""
    found = pd.DataFrame(
        {
            "value": np.nan,
            "released": pd.Series(pd.NaT, weeks, dtype="datetime64[us, UTC]"),
            "basis": pd.Series("", weeks, dtype=object),
        },
        index=weeks,
    )
    for name in (each for each in names if each in book.series):
        series = book.series[name]
        values = Measured.of(series).to(UNIT).series
        out = series.frame.drop_duplicates("observed", keep="last").set_index("observed")["released"]
        if name in DAILY:
            near = values.index.get_indexer(weeks, method="ffill", tolerance=CARRIED)
        else:
            near = values.index.get_indexer(weeks)
        here = (near >= 0) & found["value"].isna().to_numpy()
        days = values.index[near[here]]
        found.loc[here, "value"] = values.loc[days].to_numpy()
        found.loc[here, "released"] = out.loc[days].dt.as_unit("us").to_numpy()
        found.loc[here, "basis"] = name
    return found


def _measured(values: pd.Series[float]) -> Measured:
    return Measured(values, UNIT)


def _averaged(by_week: pd.DataFrame) -> bool:
    """Return whether the account of the last week is the week's average already."""
    return bool(by_week["tga_basis"].iloc[-1] == "tga_weekly")


def _attributed(table: pd.DataFrame, span: int) -> pd.DataFrame:
    """Return the contributions of `liquidity.attribution` for what the table holds."""
    held = {name: table[name].notna().any() for name in table}
    zero = table["fed_assets"] * 0.0
    drains = {name: _measured(table[name] if held[name] else zero) for name in liquidity.DRAINS}
    assets = _measured(table["fed_assets"])
    kept = table["reserves"] if held["reserves"] else table["net_liquidity"]
    debt = {}
    if held["debt_public"]:
        debt = {"bills": _measured(table["debt_public"]), "coupons": _measured(zero)}
    found = liquidity.attribution(assets, **drains, reserves_held=_measured(kept), **debt, periods=span)
    found = found.rename(columns={"bills": "borrowing"}).drop(columns="coupons", errors="ignore")
    if held["fed_securities"]:
        found["securities"] = table["fed_securities"].diff(span)
        found["lending"] = found["fed_assets"] - found["securities"]
    gone = [name for name in ("foreign_rrp", "currency") if not held[name]]
    return found.drop(columns=gone if held["reserves"] else [*gone, "reserves", "other"])
