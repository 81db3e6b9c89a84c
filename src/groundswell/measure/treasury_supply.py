"""What the Treasury puts into the hands of the public: bills against the rest, and interest-rate risk.

The debt outstanding by class, less what the Fed holds, is what others must hold. Each class counts by the
duration of a par bond that stands for it (`OUTSTANDING`, `ISSUED`); nobody publishes the duration of a class,
so the maturity is a range and every figure in 10-year equivalents has the band that the range leaves:

    supplied = sum_c D_c(maturity) x change of amount_c / D_10,   c: classes of debt, less those of the Fed

With the maturity of a stock held fixed, what ages is replaced: a change of the stock is then a change of the
risk in it. Securities bought back are retired and have left the amounts outstanding, so they are told beside
the change and not subtracted again; sales at auction are gross, and there they are.

References:
    US Treasury, Monthly Statement of the Public Debt, table 1; auction results and buyback operations.
    Borrowing Advisory Committee (TBAC), recommended share of bills: 15-20%, later about 20% on average.
    Greenwood, R., Hanson, S., Rudolph, J. & Summers, L. (2014), Government Debt Management at the Zero Lower
    Bound, Hutchins Center Working Paper 5, for debt in 10-year equivalents, the Fed's holdings netted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError
from groundswell.data.units import Measured
from groundswell.measure.duration_supply import PUBLISHED_SLOPE, Slope, par_duration
from groundswell.measure.liquidity import check_together

Floats: TypeAlias = npt.NDArray[np.float64]

WHERE = "treasury supply"

CLASSES = ("bills", "notes", "bonds", "tips", "frn")
"""Classes of marketable debt."""

FED_CLASSES = ("bills", "notes_bonds", "tips", "frn")
"""Classes of the Fed's holdings, which it reports with notes and bonds as one."""

TBAC_RANGE = (0.15, 0.20)
"""Share of bills in marketable debt that the Borrowing Advisory Committee recommended for years (secondary);
newer statements say about 20% on average (recalled)."""


class Years(NamedTuple):
    """Maturity of the par bond that has the mean duration of a class: low, central, high."""

    low: float
    central: float
    high: float


OUTSTANDING: Mapping[str, Years] = {
    "bills": Years(0.15, 0.22, 0.30),
    "notes": Years(2.5, 3.2, 4.0),
    "bonds": Years(12.6, 17.0, 22.0),
    "tips": Years(5.0, 7.0, 9.0),
    "frn": Years(0.0, 0.02, 0.25),
    "notes_bonds": Years(3.2, 5.5, 8.0),
}
"""Debt outstanding, by remaining maturity. Derived from the auctions of 2014-2022 as the stock that the same
issuance leaves in the long run (bills 0.22, notes 3.1-3.2, bonds 12.6-13.3, TIPS 6.9-7.3 years at 4% and 2%);
the ends are judgement: bonds are younger than that, as most were sold since 2008, and floating-rate notes
count from one reset to the next. `notes_bonds` is the Fed's: notes alone to a mix with a third of bonds."""

ISSUED: Mapping[str, Years] = {
    "bills": Years(0.20, 0.28, 0.40),
    "notes": Years(4.5, 5.0, 5.5),
    "bonds": Years(24.0, 27.0, 30.0),
    "tips": Years(9.0, 9.5, 11.0),
    "frn": Years(0.0, 0.02, 0.25),
}
"""Debt on the day it is sold. Derived from the auctions of 2014-2022, weighted by amount; the ends from the
years apart (notes 4.95-5.3, bonds 24.9-29.9, TIPS 9.6-11.1)."""


def bill_share(bills: Measured, marketable: Measured) -> pd.DataFrame:
    """Return the share of bills in marketable debt, beside the range once recommended.

    Columns: `bills` and `marketable`, USD bn; `share`, a fraction; `beyond`, USD bn of bills above the
    range (+) or below it (-), 0 within. Counted, not estimated: there is no band.

    Args:
        bills: outstanding (`bills_outstanding`).
        marketable: all marketable debt outstanding, on the same dates (`marketable_outstanding`).

    Raises:
        UnitError: amounts of different units, or without one.
        DataError: other dates, no debt, or more bills than debt.
    """
    amounts = _in_billions({"bills": bills, "marketable": marketable})
    table = pd.DataFrame(amounts)
    share = table["bills"] / table["marketable"].where(table["marketable"] > 0)
    wrong = table.notna().all(axis=1) & ~share.between(0, 1)
    if wrong.any():
        first = table[wrong].iloc[0]
        raise DataError(
            f"{first['bills']:g} of bills in {first['marketable']:g} of debt",
            where=f"{WHERE}, {wrong.idxmax():%Y-%m-%d}",
            expected="bills as a part of marketable debt",
        )
    low, high = TBAC_RANGE
    table["share"] = share
    table["beyond"] = (share - share.clip(low, high)) * table["marketable"]
    return table


def duration_supplied(
    outstanding: Mapping[str, Measured],
    yields: pd.Series[float] | float,
    *,
    fed: Mapping[str, Measured] | None = None,
    buybacks: Measured | None = None,
    periods: int = 3,
    slope: Slope = PUBLISHED_SLOPE,
) -> pd.DataFrame:
    """Return the interest-rate risk supplied to the public over each stretch, and what it does to yields.

    Row by row, with the maturities of `OUTSTANDING` and durations at the yield of the row's date:

        treasury = sum_c D_c / D_10 x change of outstanding_c
        fed      = - sum_c D_c / D_10 x change of the Fed's holdings_c
        supplied = treasury + fed

    A band is the lowest and highest value over all maturities in their ranges, exact as the sum is linear
    in the durations; that of the effect runs over the slopes too. A row uses nothing later than its date.

    Columns, USD bn but for the effect:
        bills, notes, bonds, tips, frn: change of the amount outstanding.
        fed_bills, fed_notes_bonds, fed_tips, fed_frn: change of the Fed's holdings, where given.
        bought_back: securities retired by buybacks, already inside the changes; where given.
        treasury, fed, supplied: 10-year equivalents, + more for the public to hold; each with `_low` and
            `_high`.
        effect_bp, effect_bp_low, effect_bp_high: on the 10-year term premium, basis points.

    Args:
        outstanding: amounts by class of `CLASSES`, on the same dates; a class left out counts as unchanged
            (`attrs["left_out"]` names it).
        yields: 10-year yield, decimal, one or by date.
        fed: the Fed's holdings by class of `FED_CLASSES`, on the same dates; netted once, here.
        buybacks: debt bought back within each row's own period, on the same dates.
        periods: rows that a change spans (3: a quarter of months).
        slope: basis points per USD bn of 10-year equivalents, with its ends.

    Raises:
        UnitError: amounts of different units, or without one.
        DataError: other dates, an unknown class, a yield in percent, or too few rows.
    """
    held = {} if fed is None else dict(fed)
    _known_classes(outstanding, CLASSES)
    _known_classes(held, FED_CLASSES)
    named = {**outstanding, **{f"fed_{name}": each for name, each in held.items()}}
    amounts = pd.DataFrame(_in_billions(named | ({} if buybacks is None else {"bought_back": buybacks})))
    if not 1 <= periods < len(amounts):
        raise DataError(
            f"a change over {periods} rows is asked of {len(amounts)}",
            where=WHERE,
            expected="from 1 to one less than there are",
        )
    retired = amounts.pop("bought_back") if buybacks is not None else None
    table = amounts.diff(periods)
    at = _yields(yields, pd.DatetimeIndex(table.index))
    ratios = {name: _ratios(OUTSTANDING[name.removeprefix("fed_")], at) for name in table.columns}
    if retired is not None:
        table["bought_back"] = retired.rolling(periods).sum()
    _add_equivalents(table, "treasury", {name: (1, ratios[name]) for name in outstanding})
    _add_equivalents(table, "fed", {f"fed_{name}": (-1, ratios[f"fed_{name}"]) for name in held})
    for end in ("", "_low", "_high"):
        table[f"supplied{end}"] = table[f"treasury{end}"] + table[f"fed{end}"]
    _add_effect(table, "supplied", slope)
    found = table.iloc[periods:].copy()
    found.attrs = {
        "unit": "USD bn",
        "periods": periods,
        "left_out": [name for name in CLASSES if name not in outstanding],
        "is_net_of_fed": bool(held),
        "slope": tuple(slope),
    }
    return found


def issuance(
    sold: Mapping[str, Measured],
    yield_: float,
    *,
    buybacks: Measured | None = None,
    through: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Return what was sold at auction by quarter and class, its duration mix and 10-year equivalents.

    Sales are gross: most replace what matures. Durations are those of the day of sale (`ISSUED`), buybacks
    are taken off as seasoned notes and bonds (`OUTSTANDING["notes_bonds"]`). Amounts offered are what the
    public may buy; amounts accepted hold what the Fed rolled over as well.

    Columns, USD bn unless said:
        bills, notes, bonds, tips, frn: sold, 0 where a class had no auction in the quarter.
        bought_back: debt bought back; 0 where none is given.
        total: sold, all classes.
        bill_share: bills / total, a fraction.
        years, years_low, years_high: duration of what was sold, mean by amount.
        ten_year, ten_year_low, ten_year_high: 10-year equivalents sold less those bought back.
        is_complete: whether the quarter had ended by `through`.

    Args:
        sold: by class of `CLASSES`, by day of auction (`auction.<class>.offered` or `.accepted`).
        yield_: 10-year yield, decimal.
        buybacks: by day of operation (`debt_buybacks`).
        through: the last day known; the last auction by default.

    Returns:
        One row per quarter, by its last day.

    Raises:
        UnitError: amounts of different units, or without one.
        DataError: no auction, an unknown class, a negative amount, or a yield in percent.
    """
    _known_classes(sold, CLASSES)
    given = dict(sold) | ({} if buybacks is None else {"bought_back": buybacks})
    for name, each in given.items():
        check_together({name: each})
    by_day = {name: each.to("USD bn").series.dropna() for name, each in given.items()}
    if not any(len(by_day[name]) for name in sold):
        raise DataError(
            "there is no auction",
            where=WHERE,
            expected="amounts by day for one class at least",
            remedy="`groundswell update --series auction.notes.offered` and so on for each class",
        )
    for name, values in by_day.items():
        if (values < 0).any():
            raise DataError(f"an amount of '{name}' is negative", where=WHERE, expected="zero or more")
    table = pd.DataFrame(
        {name: values.groupby(_quarter_ends(values)).sum() for name, values in by_day.items()}
    )
    first, last = table.index[0], table.index[-1]
    quarters = pd.date_range(first, last, freq="QE")
    table = table.reindex(index=quarters, columns=[*CLASSES, "bought_back"]).fillna(0.0)
    table.index.name = "quarter"
    known = max(values.index[-1] for values in by_day.values() if len(values)) if through is None else through
    table["total"] = table[list(CLASSES)].sum(axis=1)
    table["bill_share"] = table["bills"] / table["total"].where(table["total"] > 0)
    at = _yields(yield_, quarters)
    parts = {name: (1, _ratios(ISSUED[name], at)) for name in CLASSES}
    _add_equivalents(table, "gross", parts)
    ten = float(par_duration(10, yield_))
    for end in ("", "_low", "_high"):
        table[f"years{end}"] = table.pop(f"gross{end}") * ten / table["total"].where(table["total"] > 0)
    retired = {"bought_back": (-1, _ratios(OUTSTANDING["notes_bonds"], at))}
    _add_equivalents(table, "ten_year", parts | retired)
    table["is_complete"] = table.index <= known
    table.attrs = {"unit": "USD bn", "left_out": [name for name in CLASSES if name not in sold]}
    return table


def _add_equivalents(
    table: pd.DataFrame, name: str, parts: Mapping[str, tuple[int, tuple[Floats, Floats, Floats]]]
) -> None:
    """Add the sum of amounts x ratios with its ends: each maturity as bad, or as good, as it can be."""
    low, central, high = (np.zeros(len(table)) for _ in range(3))
    for column, (sign, (least, middle, most)) in parts.items():
        amount = sign * table[column].to_numpy(dtype=np.float64)
        ends = amount * least, amount * most
        low, high = low + np.minimum(*ends), high + np.maximum(*ends)
        central = central + amount * middle
    table[name], table[f"{name}_low"], table[f"{name}_high"] = central, low, high


def _add_effect(table: pd.DataFrame, supplied: str, slope: Slope) -> None:
    if not slope.low <= slope.central <= slope.high:
        raise DataError(f"the slope is {tuple(slope)}", where=WHERE, expected="low <= central <= high")
    ends = [table[f"{supplied}{end}"] * each for end in ("_low", "_high") for each in (slope.low, slope.high)]
    table["effect_bp"] = table[supplied] * slope.central
    corners = pd.concat(ends, axis=1)
    table["effect_bp_low"] = corners.min(axis=1, skipna=False)
    table["effect_bp_high"] = corners.max(axis=1, skipna=False)


def _ratios(years: Years, yields: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the duration of each end of the range over that of the 10-year note, by date."""
    known = np.where(np.isnan(yields), 0.0, yields)
    ten = np.where(np.isnan(yields), np.nan, par_duration(10.0, known))
    low, central, high = (np.asarray(par_duration(each, known) / ten) for each in years)
    return low, central, high


def _yields(yields: pd.Series[float] | float, dates: pd.DatetimeIndex) -> Floats:
    """Return the yield of each date; a missing one makes its row missing."""
    if not isinstance(yields, pd.Series):
        return np.full(len(dates), float(yields))
    return np.asarray(yields.reindex(dates), dtype=np.float64)


def _quarter_ends(values: pd.Series[float]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(values.index).to_period("Q").to_timestamp(how="end").normalize()


def _known_classes(given: Mapping[str, Measured], classes: tuple[str, ...]) -> None:
    unknown = [name for name in given if name not in classes]
    if unknown:
        raise DataError(
            f"there is no class '{unknown[0]}'", where=WHERE, expected=f"one of {', '.join(classes)}"
        )


def _in_billions(given: Mapping[str, Measured]) -> dict[str, pd.Series[float]]:
    """Return amounts that stand on the same dates in one unit, in USD bn."""
    check_together(given)
    return {name: each.to("USD bn").series for name, each in given.items()}
