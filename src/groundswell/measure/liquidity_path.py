"""Where reserves and net liquidity go over the next half year, from what was announced and what is assumed.

The Treasury says what cash it wants at the end of a quarter and what it will sell; the Fed says what it buys.
Between, the cash follows the tax calendar. Week by week,

    TGA     = now + season, bent so that it meets each announced balance on its day
    ON RRP  = now - what money funds take out of it for announced bills, down to a floor
    assets  = now + what the Fed announced
    net liquidity = assets - TGA - ON RRP;   reserves move with it

The season is the median weekly change of the same weeks of earlier years less the median of all weeks. An
announced balance includes the sales that pay for it: bills and coupons announced beside it change the reverse
repo and what the Treasury must spend, not the balance. Currency and other factors stay as they are.

The band is the 90% quantile of the errors, by size, which the same rule without announcements made from every
earlier week as far ahead, stretched as a forecast's interval is for so few independent stretches of time,

    t_(m-1) / z x sqrt(1 + 1/m),   m: weeks of errors / weeks ahead, two at least.

There is no path without it. It says how far such paths have missed, not how far an announcement will be kept.
From the weeks of November 2017 to June 2022, bands drawn with what was known then held the reserves of 1, 4,
13 and 26 weeks later in 82-87% of cases, the cash in 74-84%; the years hold one pandemic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError
from groundswell.data.units import Measured
from groundswell.measure.liquidity import check_together
from groundswell.measure.liquidity_plans import ANNOUNCED, Announcement, flow, known_events

Floats: TypeAlias = npt.NDArray[np.float64]

WHERE = "liquidity path"

WEEKS = 26

LEAST_YEARS = 2
"""Years of weeks before a season and its errors can be told."""

LEVEL = 0.90

SPAN = pd.Timedelta(weeks=52)


@dataclass(frozen=True, eq=False)
class LiquidityPath:
    """A projection of the Fed's liabilities with its band, and what it rests on.

    Attributes:
        weeks: by date: `fed_assets`, `tga`, `on_rrp`, `net_liquidity`, `reserves`, the last two and `tga`
            with `_low` and `_high`; `announced` and `assumed`, the parts of the change of net liquidity
            from today; `spending`, what the Treasury must pay out on balance for its cash to come out
            (missing where no sale is announced). All USD bn.
        start: the last week known, same columns for levels.
        statements: what the path rests on: `what`, `kind` (announced or assumed), `amount`, `day`,
            `announced`, `source`.
        events: dated events on the way: `date`, `event`, `label`.
        errors: by weeks ahead: `net_liquidity`, `reserves` and `tga` (root mean square error of the rule,
            USD bn), `unchanged` (of net liquidity left as it is), `independent` (independent windows).
    """

    weeks: pd.DataFrame
    start: pd.Series[float]
    statements: pd.DataFrame
    events: pd.DataFrame
    errors: pd.DataFrame


def project(
    fed_assets: Measured,
    tga: Measured,
    on_rrp: Measured,
    reserves: Measured,
    *,
    announced: Sequence[Announcement] = ANNOUNCED,
    as_of: pd.Timestamp | None = None,
    weeks: int = WEEKS,
    from_rrp: float = 0.7,
    rrp_floor: float = 0.0,
) -> LiquidityPath:
    """Return the path of reserves and net liquidity over the next weeks, with the band of past errors.

    Args:
        fed_assets: by week, more than two years, the last one is today (`liquidity_calendar.weeks`).
        tga: cash of the Treasury, same weeks.
        on_rrp: overnight reverse repo, same weeks.
        reserves: of banks, same weeks.
        announced: plans; one announced after `as_of`, or for days past, does not count.
        as_of: evening on which the path is drawn; the last week by default.
        weeks: ahead.
        from_rrp: part of announced bills that money funds pay out of the reverse repo, 0 to 1; judgement,
            from its fall in 2023-2025.
        rrp_floor: USD bn that stay in the reverse repo whatever is sold.

    Raises:
        UnitError: amounts of different units, or without one.
        DataError: other dates, weeks that are not seven days apart on the whole, less than two years and
            the weeks ahead of history, a missing figure, or an argument out of its range.
    """
    given = {"fed_assets": fed_assets, "tga": tga, "on_rrp": on_rrp, "reserves": reserves}
    check_together(given)
    history = pd.DataFrame({name: each.to("USD bn").series for name, each in given.items()})
    _check(history, weeks, from_rrp, rrp_floor)
    history["net_liquidity"] = history["fed_assets"] - history["tga"] - history["on_rrp"]
    today = history.index[-1]
    evening = today if as_of is None else as_of
    ahead = pd.date_range(today + pd.Timedelta(weeks=1), periods=weeks, freq="7D", name="date")
    known = [each for each in announced if each.announced <= evening and today < each.day]
    start = history.iloc[-1].rename("start")
    season = np.cumsum(_seasons(history["tga"])[-1][_week(ahead)])
    usual = np.maximum(start["tga"] + season, 0.0)
    bills = flow(known, "bills", ahead, today)
    out_of_rrp = np.minimum(from_rrp * bills, max(float(start["on_rrp"]) - rrp_floor, 0.0))
    table = pd.DataFrame(
        {
            "fed_assets": start["fed_assets"] + flow(known, "fed_assets", ahead, today),
            "tga": np.maximum(start["tga"] + _bent(season, float(start["tga"]), ahead, today, known), 0.0),
            "on_rrp": start["on_rrp"] - out_of_rrp,
        },
        index=ahead,
    )
    table["net_liquidity"] = table["fed_assets"] - table["tga"] - table["on_rrp"]
    moved = table["net_liquidity"] - start["net_liquidity"]
    table["reserves"] = start["reserves"] + moved
    table["assumed"] = start["tga"] - usual
    table["announced"] = moved - table["assumed"]
    errors, reach = _past_errors(history, weeks)
    for name in ("net_liquidity", "reserves", "tga"):
        table[f"{name}_low"] = (table[name] - reach[name]).clip(lower=0.0)
        table[f"{name}_high"] = table[name] + reach[name]
    sales = [each for each in known if each.what in ("bills", "coupons")]
    sold = bills + flow(known, "coupons", ahead, today)
    table["spending"] = sold - (table["tga"] - start["tga"]) if sales else np.nan
    return LiquidityPath(
        weeks=table,
        start=start,
        statements=_statements(known, today, ahead[-1], from_rrp, rrp_floor),
        events=known_events(today, ahead[-1]),
        errors=errors,
    )


def _seasons(tga: pd.Series[float]) -> Floats:
    """Return, for each date, the seasonal change of each week of the year as known by then, USD bn.

    Shape (dates, 52): median change of the week so far less that of all weeks, over the year without sum.
    """
    changes = tga.diff().to_numpy(dtype=np.float64)
    week = _week(pd.DatetimeIndex(tga.index))
    own = np.full(52, np.nan)
    found = np.zeros((len(changes), 52))
    for place in range(1, len(changes)):
        so_far = changes[1 : place + 1]
        own[week[place]] = np.median(so_far[week[1 : place + 1] == week[place]])
        beyond = np.where(np.isnan(own), 0.0, own - np.median(so_far))
        found[place] = beyond - beyond.mean()
    return found


def _week(days: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
    """Return the week of the year, 0 to 51, by days since 1 January; the last has eight days or nine."""
    return np.minimum((days.day_of_year.to_numpy() - 1) // 7, 51).astype(np.int64)


def _bent(
    season: Floats, now: float, ahead: pd.DatetimeIndex, today: pd.Timestamp, known: Sequence[Announcement]
) -> Floats:
    """Return the change of the cash: the season, with straight lines added so that it meets the balances."""
    targets = sorted((each for each in known if each.what == "tga"), key=lambda each: each.day)
    span = (ahead - today) / pd.Timedelta(days=1)
    steps = np.asarray(span, dtype=np.float64)
    days = [0.0, *((each.day - today) / pd.Timedelta(days=1) for each in targets)]
    at = np.interp(days, [0.0, *steps], [0.0, *season])
    gaps = [0.0, *(each.amount - now - at[place] for place, each in enumerate(targets, start=1))]
    # beyond the last balance its line stays where it is
    return season + np.interp(steps, days, gaps)


def _past_errors(history: pd.DataFrame, weeks: int) -> tuple[pd.DataFrame, dict[str, Floats]]:
    """Return root mean square errors by weeks ahead, and how far the band reaches to either side.

    From each week with two years before it, the rule without announcements is set against what came.
    """
    from scipy.special import ndtri, stdtrit

    first = int(np.searchsorted(history.index.to_numpy(), (history.index[0] + LEAST_YEARS * SPAN).to_numpy()))
    names = ("net_liquidity", "reserves", "tga")
    levels = {name: history[name].to_numpy() for name in names}
    known_seasons = _seasons(history["tga"])
    week = _week(pd.DatetimeIndex(history.index))
    count = len(history)
    missed = {name: np.full((count, weeks), np.nan) for name in names}
    still = np.full((count, weeks), np.nan)
    for origin in range(first, count - 1):
        reach = min(weeks, count - 1 - origin)
        season = np.cumsum(known_seasons[origin][week[origin + 1 : origin + 1 + reach]])
        now = levels["tga"][origin]
        expected = np.maximum(now + season, 0.0) - now
        for name in names:
            came = levels[name][origin + 1 : origin + 1 + reach] - levels[name][origin]
            missed[name][origin, :reach] = came - (expected if name == "tga" else -expected)
            if name == "net_liquidity":
                still[origin, :reach] = came
    ahead = np.arange(1, weeks + 1)
    known = np.isfinite(still).sum(axis=0)
    errors = pd.DataFrame(
        {name: np.sqrt(np.nanmean(missed[name] ** 2, axis=0)) for name in names}
        | {"unchanged": np.sqrt(np.nanmean(still**2, axis=0)), "independent": known / ahead},
        index=pd.Index(ahead, name="weeks_ahead"),
    )
    windows = np.maximum(known / ahead, 2.0)
    tail = (1 + LEVEL) / 2
    stretch = stdtrit(windows - 1, tail) / ndtri(tail) * np.sqrt(1 + 1 / windows)
    return errors, {name: stretch * np.nanquantile(np.abs(missed[name]), LEVEL, axis=0) for name in names}


def _statements(
    known: Sequence[Announcement],
    today: pd.Timestamp,
    last: pd.Timestamp,
    from_rrp: float,
    rrp_floor: float,
) -> pd.DataFrame:
    rows: list[tuple[str, str, float, pd.Timestamp, object, str]]
    rows = [(each.what, "announced", each.amount, each.day, each.announced, each.source) for each in known]
    said = {each.what for each in known}
    nothing = pd.NaT
    if "fed_assets" not in said:
        rows.append(("fed_assets", "assumed", 0.0, last, nothing, "assets stay as they are"))
    if "tga" not in said:
        rows.append(("tga", "assumed", 0.0, last, nothing, "cash moves with the season alone"))
    if "bills" not in said:
        rows.append(
            ("on_rrp", "assumed", 0.0, last, nothing, "no bills announced: the facility is unchanged")
        )
    else:
        words = f"funds pay {from_rrp:.0%} of bills out of the facility, down to USD {rrp_floor:g} bn"
        rows.append(("on_rrp", "assumed", from_rrp, last, nothing, words))
    rows.append(("season", "assumed", np.nan, today, nothing, "median of the same weeks of earlier years"))
    rows.append(("other", "assumed", 0.0, last, nothing, "currency and other factors stay as they are"))
    return pd.DataFrame(rows, columns=["what", "kind", "amount", "day", "announced", "source"])


def _check(history: pd.DataFrame, weeks: int, from_rrp: float, rrp_floor: float) -> None:
    if weeks < 1:
        raise DataError(f"a path of {weeks} weeks", where=WHERE, expected="one at least")
    if not (0 <= from_rrp <= 1 and rrp_floor >= 0):
        raise DataError(
            f"the share is {from_rrp:g} and the floor {rrp_floor:g}",
            where=WHERE,
            expected="a fraction from 0 to 1, and USD bn from zero",
        )
    if history.isna().any(axis=None):
        raise DataError("a week lacks a figure", where=WHERE, expected="weeks that have all four series")
    days = pd.DatetimeIndex(history.index)
    if len(days) < 2 or np.median(np.diff(days.to_numpy()) / np.timedelta64(1, "D")) != 7:
        raise DataError("the dates are not weeks", where=WHERE, expected="one date every seven days")
    if days[-1] - days[0] < LEAST_YEARS * SPAN + pd.Timedelta(weeks=weeks + LEAST_YEARS):
        raise DataError(
            f"{len(days)} weeks from {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}",
            where=WHERE,
            expected=f"more than {LEAST_YEARS} years and {weeks} weeks, to know how far such paths miss",
            remedy="`groundswell update --series fed_assets,tga_weekly,on_rrp,reserves`",
        )
