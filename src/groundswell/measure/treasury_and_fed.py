"""Who moves private liquidity, the Treasury or the Fed (C22): shares of the variance of reserves, of the
duration in private hands and of prices.

Reserves and duration are identities: a change is the sum of what the Treasury did, what the Fed did and the
rest. With c_g the contribution of a side over a horizon and y the change, its share is

    share_g = cov(c_g, y) / var(y),   shares sum to one,

which is the Shapley value of the variance of a sum. A side that only undoes what the other did has a
share below zero. Prices are no identity: the share of a side is the Shapley value of the R-squared of the
regression of returns on the contributions, and what is left is shown as unexplained. Shares of a
regression are never below zero, so they stand beside what chance alone brings.

Treasury: its account at the Fed; issuance by class, buybacks included. Fed: its assets and its reverse repo
facility, whose rate and limit it sets; what is taken up is up to money funds. Before anything else each
contribution loses its season: the mean of the same week (or month) of earlier years, less the mean of all
earlier rows; nothing later enters, and the sum still holds.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from groundswell.data.errors import DataError
from groundswell.data.units import Measured, factor
from groundswell.measure import liquidity
from groundswell.measure.variance_shares import LEAST_WINDOWS, LEVEL, identity_shares, price_shares

WHERE = "Treasury and Fed"

HORIZONS: Mapping[str, pd.Timedelta] = {
    "week": pd.Timedelta(weeks=1),
    "quarter": pd.Timedelta(weeks=13),
    "three years": pd.Timedelta(weeks=156),
}

LEAST_SEASONS = 2
"""Earlier rows of the same week before a row counts as adjusted."""

SEASON = "dummies by week or month of the year, expanding mean of earlier years, two at least"


def reserve_contributions(weekly: Mapping[str, Measured]) -> pd.DataFrame:
    """Return what each side added to reserves from week to week, USD bn: treasury, fed, other, total.

    treasury = - change of TGA; fed = change of assets - change of ON RRP; other = foreign RRP, currency and
    what the identity leaves. From `liquidity.attribution`; total is the change of reserves.

    Args:
        weekly: `fed_assets`, `tga`, `on_rrp` and `reserves`, `foreign_rrp` and `currency` where known,
            on the same weeks (`liquidity_calendar.weeks`).

    Raises:
        UnitError: amounts of different units, or without one.
        DataError: a series is missing, or on other dates.
    """
    missing = [name for name in ("fed_assets", "tga", "on_rrp", "reserves") if name not in weekly]
    if missing:
        raise DataError(
            f"{', '.join(missing)} is not given",
            where=WHERE,
            expected="assets, cash, reverse repo and reserves by week",
            remedy=f"`groundswell update --series {','.join(missing)}`",
        )
    nothing = weekly["fed_assets"] * 0.0
    table = liquidity.attribution(
        weekly["fed_assets"],
        weekly["tga"],
        weekly["on_rrp"],
        weekly.get("foreign_rrp", nothing),
        weekly.get("currency", nothing),
        weekly["reserves"],
    )
    table = table.mul(factor(weekly["fed_assets"].unit, "USD bn"))
    return pd.DataFrame(
        {
            "treasury": table["tga"],
            "fed": table["fed_assets"] + table["on_rrp"],
            "other": table["foreign_rrp"] + table["currency"] + table["other"],
            "total": table["reserves"],
        }
    )


def duration_contributions(supply: pd.DataFrame) -> pd.DataFrame:
    """Return what each side added to the duration in private hands: treasury, fed, other (0), total.

    Args:
        supply: from `treasury_supply.duration_supplied` with `periods=1` and the Fed's holdings.

    Raises:
        DataError: changes over more than a row, or without the Fed's holdings.
    """
    if supply.attrs.get("periods") != 1 or not supply.attrs.get("is_net_of_fed"):
        raise DataError(
            "the supply is not row by row and net of the Fed",
            where=WHERE,
            expected="`duration_supplied(..., fed=..., periods=1)`",
        )
    return pd.DataFrame(
        {"treasury": supply["treasury"], "fed": supply["fed"], "other": 0.0, "total": supply["supplied"]}
    )


def without_season(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the changes less the season known before each row; rows without two earlier years are left out.

    x_t - (mean of x_s, s < t in the same week of the year - mean of x_s, s < t). Weeks count from 1 January
    by seven days; rows more than 20 days apart go by month. Linear, so what added up still does.

    Args:
        changes: by date, in order.
    """
    days = pd.DatetimeIndex(changes.index)
    is_monthly = len(days) > 1 and np.median(np.diff(days.to_numpy()) / np.timedelta64(1, "D")) > 20
    key = days.month.to_numpy() if is_monthly else np.minimum((days.day_of_year.to_numpy() - 1) // 7, 51)
    known = changes.dropna()
    key = key[changes.notna().all(axis=1).to_numpy()]
    groups = known.groupby(key)
    earlier = groups.cumcount()
    same = (groups.cumsum() - known).div(earlier.where(earlier > 0), axis=0)
    every = (known.cumsum() - known).div(np.maximum(np.arange(len(known)), 1), axis=0)
    return (known - (same - every))[earlier >= LEAST_SEASONS]


def compare(
    weekly: Mapping[str, Measured],
    *,
    supply: pd.DataFrame | None = None,
    prices: pd.Series[float] | None = None,
    horizons: Mapping[str, pd.Timedelta] = HORIZONS,
    draws: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the shares of the Treasury and of the Fed for reserves, duration and prices at each horizon.

    Columns:
        horizon, target: `reserves`, `duration` or `prices`.
        treasury, fed, other, unexplained, lead: shares of the variance, fractions, and the Treasury's less
            the Fed's; each with `_low` and `_high` (90%). Over `treasury`, `fed`, `other` and
            `unexplained` they sum to one.
        treasury_chance, fed_chance: of `prices` alone, see `price_shares`.
        windows: independent windows, rows / rows of the horizon.
        since, through: first and last date used, after the season was taken out.
        reason: why a row has no shares; empty where it has.

    Args:
        weekly: as `reserve_contributions`.
        supply: as `duration_contributions`, by month; without it duration has its reason.
        prices: daily closes of an index; without them prices have their reason.
        horizons: by name.
        draws: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        UnitError: see `reserve_contributions`, as for DataError.
        DataError: see there.
    """
    reserves = without_season(reserve_contributions(weekly))
    duration = None if supply is None else without_season(duration_contributions(supply))
    returns = (
        None if prices is None else _returns(prices, weekly["fed_assets"], pd.DatetimeIndex(reserves.index))
    )
    rows = []
    for horizon, span in horizons.items():
        weeks = max(round(span / pd.Timedelta(weeks=1)), 1)
        months = round(span / pd.Timedelta(days=365.25 / 12))
        rows.append(
            _row(horizon, "reserves", reserves, identity_shares(reserves, weeks, draws=draws, seed=seed))
        )
        if duration is None:
            rows.append(
                _absent(horizon, "duration", "debt outstanding by class and the Fed's part are not given")
            )
        elif months < 1:
            rows.append(_absent(horizon, "duration", "the debt is published by month"))
        else:
            shares = identity_shares(duration, months, draws=draws, seed=seed)
            rows.append(_row(horizon, "duration", duration, shares))
        if returns is None:
            rows.append(_absent(horizon, "prices", "prices are not given"))
        else:
            shares = price_shares(reserves, returns, weeks, draws=draws, seed=seed)
            rows.append(_row(horizon, "prices", reserves.loc[returns.dropna().index], shares))
    table = pd.DataFrame(rows)
    table.attrs = {"season": SEASON, "level": LEVEL, "least_windows": LEAST_WINDOWS}
    return table


def _returns(prices: pd.Series[float], weekly: Measured, days: pd.DatetimeIndex) -> pd.Series[float]:
    """Return log returns from week to week, without their season, on the given weeks."""
    if not (prices.index.is_monotonic_increasing and (prices > 0).all()):
        raise DataError("prices are out of order or not above zero", where=WHERE, expected="daily closes")
    weeks = pd.DatetimeIndex(weekly.series.index)
    closes = prices.reindex(weeks, method="ffill", tolerance=pd.Timedelta(days=6))
    logs = pd.Series(np.log(closes.to_numpy(dtype=np.float64)), weeks)
    adjusted = without_season(logs.diff().to_frame("return"))["return"]
    return adjusted.reindex(days)


def _row(horizon: str, target: str, table: pd.DataFrame, shares: pd.Series[float]) -> dict[str, object]:
    reason = ""
    if not np.isfinite(shares["treasury"]):
        reason = f"{np.floor(10 * shares['windows']) / 10:g} independent windows, {LEAST_WINDOWS:g} needed"
    dates = (table.index[0], table.index[-1]) if len(table) else (pd.NaT, pd.NaT)
    return {
        "horizon": horizon,
        "target": target,
        **{str(name): value for name, value in shares.items()},
        "since": dates[0],
        "through": dates[1],
        "reason": reason,
    }


def _absent(horizon: str, target: str, reason: str) -> dict[str, object]:
    return {"horizon": horizon, "target": target, "windows": 0.0, "reason": reason}
