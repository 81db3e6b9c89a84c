"""Liquidity: what the Fed's balance sheet leaves to banks and markets, and who changed it.

Reserves are what remains of the Fed's assets after its other liabilities, an identity of the H.4.1 table:

    reserves = Fed assets - TGA - ON RRP - foreign RRP - currency - other

Net liquidity, which desks quote, stops after the first three: Fed assets - TGA - ON RRP. Money the Treasury
raises drains both only while it sits in the Treasury General Account (TGA).

All amounts know their unit (`Measured`): the Fed publishes assets in millions and the overnight reverse
repo (ON RRP) in billions, and the difference of the two is a number that has been printed as net
liquidity. Weekly and daily series are never put together by themselves; `on_days` takes, for each day, what
was known by its end.

References:
    Board of Governors of the Federal Reserve System, H.4.1, Factors Affecting Reserve Balances, table 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from groundswell.data import alignment
from groundswell.data.errors import DataError, UnitError
from groundswell.data.units import Measured
from groundswell.measure import figures

if TYPE_CHECKING:
    from groundswell.data.book import Series

WHERE = "liquidity"

DRAINS = ("tga", "on_rrp", "foreign_rrp", "currency")
"""Liabilities of the Fed that take from reserves when they rise."""


def net_liquidity(fed_assets: Measured, tga: Measured, rrp: Measured) -> Measured:
    """Return Fed assets - TGA - ON RRP, in their common unit, on their common dates.

    A date on which one is missing is missing in the result.

    Args:
        fed_assets: total assets of the Fed (Wednesday level).
        tga: Treasury General Account, of the same days; an average of the week is another series.
        rrp: overnight reverse repo, domestic.

    Raises:
        UnitError: amounts of different units, or without one.
        DataError: series on different dates, such as weekly against daily.
    """
    series = {"fed_assets": fed_assets, "tga": tga, "rrp": rrp}
    check_together(series)
    result = fed_assets - tga - rrp
    return Measured(result.series.rename("net_liquidity"), result.unit)


def reserves(
    fed_assets: Measured,
    tga: Measured,
    on_rrp: Measured,
    foreign_rrp: Measured,
    currency: Measured,
    other: Measured,
) -> Measured:
    """Return the reserves of banks that the identity leaves, in the common unit.

    Args:
        fed_assets: total assets of the Fed.
        tga: Treasury General Account.
        on_rrp: overnight reverse repo, domestic.
        foreign_rrp: reverse repo of foreign official accounts.
        currency: in circulation.
        other: deposits other than reserves and TGA, capital and other liabilities, less what supplies
            reserves outside the Fed's assets (Treasury currency).

    Raises:
        UnitError: amounts of different units.
        DataError: series on different dates.
    """
    drains = {"tga": tga, "on_rrp": on_rrp, "foreign_rrp": foreign_rrp, "currency": currency, "other": other}
    check_together({"fed_assets": fed_assets} | drains)
    left = fed_assets
    for drain in drains.values():
        left = left - drain
    return Measured(left.series.rename("reserves"), left.unit)


def other_factors(
    fed_assets: Measured,
    tga: Measured,
    on_rrp: Measured,
    foreign_rrp: Measured,
    currency: Measured,
    reserves_held: Measured,
) -> Measured:
    """Return what the identity needs beside the named series: the residual, shown and not hidden.

    Args:
        fed_assets: as `reserves`, and so all others.
        tga: see `reserves`.
        on_rrp: see `reserves`.
        foreign_rrp: see `reserves`.
        currency: see `reserves`.
        reserves_held: reserve balances as published, of the same days.

    Raises:
        UnitError: amounts of different units.
        DataError: series on different dates.
    """
    result = reserves(fed_assets, tga, on_rrp, foreign_rrp, currency, reserves_held)
    return Measured(result.series.rename("other"), result.unit)


def attribution(
    fed_assets: Measured,
    tga: Measured,
    on_rrp: Measured,
    foreign_rrp: Measured,
    currency: Measured,
    reserves_held: Measured,
    *,
    bills: Measured | None = None,
    coupons: Measured | None = None,
    periods: int = 1,
) -> pd.DataFrame:
    """Return what changed reserves and net liquidity over each stretch, source by source; + adds.

    d reserves = d Fed assets - d TGA - d ON RRP - d foreign RRP - d currency - d other, row by row. A row
    uses nothing later than its own date.

    With the Treasury debt outstanding beside them, the TGA is taken apart by its own budget,
    d TGA = d bills + d coupons - spending: selling securities drains, spending the cash adds.

    Columns, each the contribution in the unit of the series:
        fed_assets, tga, on_rrp, foreign_rrp, currency, other: add up to `reserves`. `other` holds what
            no series here explains.
        bills, coupons, spending: add up to `tga`; only where `bills` and `coupons` are given. `spending`
            is net of taxes and interest, and takes up what the debt series do not cover.
        reserves: change of the reserves.
        net_liquidity: fed_assets + tga + on_rrp.

    Args:
        fed_assets: as `reserves`, and so the next four.
        tga: see `reserves`.
        on_rrp: see `reserves`.
        foreign_rrp: see `reserves`.
        currency: see `reserves`.
        reserves_held: reserve balances as published, of the same days.
        bills: Treasury bills outstanding, on the same days.
        coupons: notes, bonds, inflation-indexed and floating-rate notes outstanding.
        periods: rows that a change spans (4 for the 4-week change of weekly series).

    Returns:
        One row per date from the `periods`-th on; the unit in `attrs`.

    Raises:
        UnitError: amounts of different units.
        DataError: series on different dates, too few rows, or only one of `bills` and `coupons`.
    """
    if (bills is None) != (coupons is None):
        raise DataError(
            "one of 'bills' and 'coupons' is missing",
            where=WHERE,
            expected="both, or neither: the issuance mix needs the two",
        )
    held = {"tga": tga, "on_rrp": on_rrp, "foreign_rrp": foreign_rrp, "currency": currency}
    debt = {} if bills is None or coupons is None else {"bills": bills, "coupons": coupons}
    check_together({"fed_assets": fed_assets} | held | {"reserves": reserves_held} | debt)
    count = len(fed_assets.series)
    if not 1 <= periods < count:
        raise DataError(
            f"a change over {periods} rows is asked of {count}",
            where=WHERE,
            expected="from 1 to one less than there are",
        )

    def change(measured: Measured) -> pd.Series[float]:
        return measured.series.diff(periods).iloc[periods:]

    table = pd.DataFrame({"fed_assets": change(fed_assets)} | {name: -change(held[name]) for name in DRAINS})
    moved = change(reserves_held)
    table["other"] = moved - table.sum(axis=1, skipna=False)
    if debt:
        table["bills"], table["coupons"] = -change(debt["bills"]), -change(debt["coupons"])
        table["spending"] = table["tga"] - table["bills"] - table["coupons"]
    table["reserves"] = moved
    table["net_liquidity"] = table[["fed_assets", "tga", "on_rrp"]].sum(axis=1, skipna=False)
    table.attrs = {"unit": fed_assets.unit, "periods": periods}
    return table


def on_days(series: Series, days: pd.DatetimeIndex, at: alignment.At = "end") -> Measured:
    """Return for each day the value known by then, with its unit: from its release on, carried forward.

    The documented way to put weekly and daily series on one calendar; nothing is interpolated, and a day
    before the first release is missing.

    Args:
        series: with the release time of every value.
        days: trading days, in order.
        at: the end of the day in New York, or its "close".
    """
    return Measured(alignment.aligned(series, days, at), series.unit)


def check_together(series: Mapping[str, Measured]) -> None:
    """Refuse series that do not stand on the same dates in the same unit.

    Raises:
        UnitError: amounts of different units, or without one.
        DataError: other dates, dates out of order, or an infinite value.
    """
    for name, measured in series.items():
        if not isinstance(measured, Measured):
            raise UnitError(
                f"'{name}' has no unit",
                where=WHERE,
                expected="amounts that know their unit",
                remedy=f"take its last values: Measured.of({name})"
                if hasattr(measured, "latest")
                else 'wrap it with its unit: Measured(series, "USD million")',
            )
        _check_dates(name, measured.series)
    first_name, first = next(iter(series.items()))
    for name, measured in series.items():
        if measured.unit != first.unit:
            raise UnitError(
                f"'{name}' is in {measured.unit} and '{first_name}' in {first.unit}",
                where=WHERE,
                expected="amounts of one unit",
                remedy=f'convert it first: {name}.to("{first.unit}")',
            )
        ours, theirs = first.series.index, measured.series.index
        if not ours.equals(theirs):
            only = ours.symmetric_difference(theirs)
            raise DataError(
                f"'{name}' has {len(theirs)} dates and '{first_name}' {len(ours)}; "
                f"{len(only)} stand in one alone, {_day(only[0])} the first",
                where=WHERE,
                expected="series on the same dates",
                remedy="put both on one calendar with `liquidity.on_days` (or `Book.aligned`), which takes "
                "what was known on each day",
            )


def _check_dates(name: str, values: pd.Series[float]) -> None:
    if not (values.index.is_monotonic_increasing and values.index.is_unique):
        raise DataError(
            f"the dates of '{name}' do not rise",
            where=WHERE,
            expected="each date once, in order",
            remedy="sort it and keep one value a date",
        )
    if np.isinf(figures.numbers(name, values, WHERE)).any():
        raise DataError(f"'{name}' has an infinite value", where=WHERE, expected="amounts or missing values")


def _day(label: object) -> str:
    return f"{label:%Y-%m-%d}" if isinstance(label, pd.Timestamp) else str(label)
