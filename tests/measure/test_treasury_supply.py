"""Debt in the hands of the public.

- The share of bills, and what lies beyond the range once recommended.
- Ten-year equivalents against sums by hand; the Fed's purchases offset issuance once; debt bought back is not
  taken off a second time; the published effect of bills for coupons.
- Bands: maturities at both ends, exact; symmetric under the other sign, in proportion to the amounts.
- Sales by quarter and class, their mix, a quarter that has not ended.
- Nothing later than a date enters its row; units and dates that do not go together are refused.
- The stated maturities come out of the real auctions of 2014 to 2022.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from groundswell.data.errors import DataError, UnitError
from groundswell.data.units import Measured
from groundswell.measure import treasury_supply
from groundswell.measure.duration_supply import par_duration

MONTHS = pd.date_range("2022-01-31", periods=24, freq="ME")


def amounts(values: Any, unit: str = "USD bn", days: Any = MONTHS) -> Measured:
    return Measured(pd.Series(np.asarray(values, dtype=float), pd.DatetimeIndex(days)), unit)


def flat(level: float, **steps: float) -> Measured:
    """A level that rises by a step at a month ("m12": 100) and stays."""
    values = np.full(len(MONTHS), float(level))
    for month, step in steps.items():
        values[int(month[1:]) :] += step
    return amounts(values)


def made(seed: int = 0) -> dict[str, Measured]:
    rng = np.random.default_rng(seed)
    starts = {"bills": 4_000, "notes": 13_700, "bonds": 3_900, "tips": 1_900, "frn": 600}
    return {
        name: amounts(start + np.cumsum(rng.normal(20, 60, len(MONTHS)))) for name, start in starts.items()
    }


def held(seed: int = 1) -> dict[str, Measured]:
    rng = np.random.default_rng(seed)
    starts = {"bills": 300, "notes_bonds": 4_700, "tips": 380, "frn": 30}
    return {
        name: amounts(start + np.cumsum(rng.normal(-20, 20, len(MONTHS)))) for name, start in starts.items()
    }


def test_the_share_of_bills_and_what_lies_beyond_the_range() -> None:
    days = pd.to_datetime(["2014-06-30", "2019-06-30", "2024-12-31"])
    debt = amounts([12_000, 16_000, 28_000], days=days)
    bills = amounts([1_440, 2_880, 6_160], days=days)
    table = treasury_supply.bill_share(bills, debt)
    np.testing.assert_allclose(table["share"], [0.12, 0.18, 0.22])
    np.testing.assert_allclose(table["beyond"], [-360, 0, 560], atol=1e-9)
    same = treasury_supply.bill_share(bills.to("USD million"), debt.to("USD million"))
    np.testing.assert_allclose(same, table)
    with pytest.raises(DataError, match="12000 of bills in 1440"):
        treasury_supply.bill_share(debt, bills)


def test_bonds_for_the_public_by_hand() -> None:
    bonds = {"bonds": flat(3_900, m12=100)}
    table = treasury_supply.duration_supplied(bonds, 0.04, periods=1)
    ten = float(par_duration(10, 0.04))
    ends = [100 * float(par_duration(each, 0.04)) / ten for each in treasury_supply.OUTSTANDING["bonds"]]
    row = table.loc[MONTHS[12]]
    assert [row["supplied_low"], row["supplied"], row["supplied_high"]] == pytest.approx(ends)
    slopes = (14 / 800, 25 / 800, 40 / 800)
    effects = [end * slope for end, slope in zip(ends, slopes, strict=True)]
    assert [row["effect_bp_low"], row["effect_bp"], row["effect_bp_high"]] == pytest.approx(effects)
    assert not table.drop(MONTHS[12])[["supplied", "effect_bp_low", "effect_bp_high"]].any(axis=None)
    assert table.attrs["left_out"] == ["bills", "notes", "tips", "frn"]


def test_what_the_fed_buys_is_taken_off_once() -> None:
    debt = {"notes": flat(13_700, m12=300), "bills": flat(4_000)}
    alone = treasury_supply.duration_supplied(debt, 0.04, periods=1).loc[MONTHS[12]]
    fed = {"bills": flat(200, m12=300)}
    with_bills = treasury_supply.duration_supplied(debt, 0.04, fed=fed, periods=1).loc[MONTHS[12]]
    # Bills carry next to no risk: the public holds nearly as much as before.
    assert alone["supplied"] * 0.97 > with_bills["supplied"] > alone["supplied"] * 0.9
    assert with_bills["treasury"] == alone["treasury"]
    assert with_bills["fed"] == pytest.approx(with_bills["supplied"] - with_bills["treasury"])
    bought = {"notes_bonds": flat(4_700, m12=300)}
    with_notes = treasury_supply.duration_supplied(debt, 0.04, fed=bought, periods=1).loc[MONTHS[12]]
    assert with_notes["supplied_low"] < 0 < with_notes["supplied_high"]
    assert with_notes["effect_bp_low"] < 0 < with_notes["effect_bp_high"]


def test_debt_bought_back_has_left_the_stock_already() -> None:
    debt = made()
    alone = treasury_supply.duration_supplied(debt, 0.04)
    told = treasury_supply.duration_supplied(debt, 0.04, buybacks=flat(5))
    assert told["bought_back"].tolist() == [15.0] * len(told)
    pd.testing.assert_frame_equal(told.drop(columns="bought_back"), alone, check_like=True)


def test_eight_hundred_billion_of_coupons_for_bills() -> None:
    swap = {"notes": flat(13_700, m12=-800), "bills": flat(4_000, m12=800)}
    row = treasury_supply.duration_supplied(swap, 0.04, periods=1).loc[MONTHS[12]]
    # The published 25 bp hold for ten-year paper; the mix of notes outstanding is a third of that.
    assert -25 < row["effect_bp"] < 0
    assert row["effect_bp_low"] < row["effect_bp"] < row["effect_bp_high"] < 0


@pytest.mark.parametrize("factor", [-1.0, 3.0])
def test_bands_follow_the_amounts(factor: float) -> None:
    debt, fed = made(), held()
    table = treasury_supply.duration_supplied(debt, 0.03, fed=fed)
    other = treasury_supply.duration_supplied(
        {name: each * factor for name, each in debt.items()},
        0.03,
        fed={name: each * factor for name, each in fed.items()},
    )
    low, high = ("_low", "_high") if factor > 0 else ("_high", "_low")
    for name in ("treasury", "fed", "supplied", "effect_bp"):
        assert (table[f"{name}_low"] <= table[name]).all()
        assert (table[name] <= table[f"{name}_high"]).all()
        np.testing.assert_allclose(other[name], factor * table[name])
        np.testing.assert_allclose(other[f"{name}_low"], factor * table[f"{name}{low}"])
        np.testing.assert_allclose(other[f"{name}_high"], factor * table[f"{name}{high}"])


def test_nothing_later_than_a_date_enters_its_row() -> None:
    rng = np.random.default_rng(2)
    yields = pd.Series(rng.uniform(0.01, 0.05, len(MONTHS)), MONTHS)
    whole = treasury_supply.duration_supplied(made(), yields, fed=held(), buybacks=flat(3))
    cut = {
        kind: {name: Measured(each.series[:15], each.unit) for name, each in given.items()}
        for kind, given in (("debt", made()), ("fed", held()))
    }
    back = Measured(flat(3).series[:15], "USD bn")
    again = treasury_supply.duration_supplied(cut["debt"], yields, fed=cut["fed"], buybacks=back)
    pd.testing.assert_frame_equal(again, whole.iloc[:12])


def test_a_missing_figure_or_yield_is_missing_and_not_zero() -> None:
    debt = made()
    debt["notes"].series.iloc[10] = np.nan
    yields = pd.Series(0.04, MONTHS)
    yields.iloc[20] = np.nan
    table = treasury_supply.duration_supplied(debt, yields, periods=1)
    gone = MONTHS[[10, 11, 20]]
    figures = ["supplied", "supplied_low", "supplied_high", "effect_bp", "effect_bp_low", "effect_bp_high"]
    assert table.loc[gone, figures].isna().all(axis=None)
    assert table.drop(gone)[figures].notna().all(axis=None)


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"outstanding": made() | {"notes": made()["notes"].to("USD million")}}, UnitError, "USD million"),
        ({"outstanding": made() | {"notes": made()["notes"].series}}, UnitError, "no unit"),
        ({"outstanding": {"coupons": flat(1)}}, DataError, "no class 'coupons'"),
        ({"fed": {"notes": flat(1)}}, DataError, "no class 'notes'"),
        ({"fed": {"tips": amounts(np.ones(23), days=MONTHS[1:])}}, DataError, "1 stand in one alone"),
        ({"yields": 4.0}, DataError, "0.04 for 4%"),
        ({"periods": 24}, DataError, "over 24 rows is asked of 24"),
    ],
)
def test_debt_that_does_not_go_together_is_refused(
    changed: dict[str, Any], error: type[Exception], words: str
) -> None:
    arguments: dict[str, Any] = {"outstanding": made(), "yields": 0.04} | changed
    with pytest.raises(error, match=words):
        treasury_supply.duration_supplied(**arguments)


def auctions() -> dict[str, Measured]:
    days = pd.to_datetime(["2022-01-10", "2022-03-14", "2022-05-02"])
    return {
        "bills": amounts([100, 50, 200], days=days),
        "notes": amounts([50, 0, 100], days=days),
        "bonds": amounts([20], days=days[2:]),
    }


def test_sales_by_quarter_and_their_mix() -> None:
    table = treasury_supply.issuance(auctions(), 0.04)
    assert list(table.index) == list(pd.to_datetime(["2022-03-31", "2022-06-30"]))
    assert table["total"].tolist() == [200, 320]
    assert table["bill_share"].tolist() == [0.75, 0.625]
    assert table["is_complete"].tolist() == [True, False]
    assert table["tips"].tolist() == [0, 0]
    spans = {name: float(par_duration(treasury_supply.ISSUED[name].central, 0.04)) for name in auctions()}
    second = (200 * spans["bills"] + 100 * spans["notes"] + 20 * spans["bonds"]) / 320
    assert table["years"].iloc[1] == pytest.approx(second)
    ten = float(par_duration(10, 0.04))
    assert table["ten_year"].iloc[1] == pytest.approx(320 * second / ten)
    back = amounts([10], days=pd.to_datetime(["2022-05-20"]))
    less = treasury_supply.issuance(auctions(), 0.04, buybacks=back)
    seasoned = float(par_duration(treasury_supply.OUTSTANDING["notes_bonds"].central, 0.04))
    assert less["ten_year"].iloc[1] == pytest.approx((320 * second - 10 * seasoned) / ten)
    assert less["years"].iloc[1] == pytest.approx(second)
    assert less["ten_year_low"].iloc[1] < less["ten_year"].iloc[1] < less["ten_year_high"].iloc[1]


def test_later_auctions_leave_whole_quarters_alone() -> None:
    whole = treasury_supply.issuance(auctions(), 0.04)
    cut = {name: Measured(each.series[:"2022-03-31"], each.unit) for name, each in auctions().items()}  # type: ignore[misc]
    again = treasury_supply.issuance(cut, 0.04, through=pd.Timestamp("2022-04-01"))
    pd.testing.assert_frame_equal(again, whole.iloc[:1], check_freq=False)
    with pytest.raises(DataError, match="no auction"):
        treasury_supply.issuance({"notes": amounts([], days=[])}, 0.04)


def test_the_stated_maturities_are_those_of_the_real_auctions(real_data: Callable[[str], Path]) -> None:
    rows = pd.read_csv(
        real_data("treasury/auctions.csv.gz"),
        usecols=[
            *("SecurityType", "AuctionDate", "IssueDate", "MaturityDate", "OfferingAmount"),
            *("InflationIndexSecurity", "FloatingRate"),
        ],
        parse_dates=["AuctionDate", "IssueDate", "MaturityDate"],
    )
    plain = rows["SecurityType"].map({"BILL": "bills", "NOTE": "notes", "BOND": "bonds"})
    kind = plain.mask(rows["InflationIndexSecurity"] == "Y", "tips").mask(rows["FloatingRate"] == "Y", "frn")
    years = (rows["MaturityDate"] - rows["IssueDate"]).dt.days / 365.25
    steps = np.linspace(0.005, 0.995, 100)
    for name in ("bills", "notes", "bonds", "tips"):
        n, sold = years[kind == name].to_numpy(), rows["OfferingAmount"][kind == name].to_numpy()
        stated = treasury_supply.ISSUED[name]
        duration = np.average(np.asarray(par_duration(n, 0.03)), weights=sold)
        assert par_duration(stated.low, 0.03) < duration < par_duration(stated.high, 0.03)
        # Of what the same sales leave outstanding: each security from its sale to its end.
        lives = np.asarray(par_duration(n[:, None] * steps, 0.03)).mean(axis=1)
        left = np.average(lives, weights=sold * n)
        stated = treasury_supply.OUTSTANDING[name]
        assert par_duration(stated.low, 0.03) < left < par_duration(stated.high, 0.03)
    by_class = {
        str(name): amounts(part.to_numpy(), days=pd.DatetimeIndex(part.index))
        for name, part in (
            (name, rows[kind == name].groupby("AuctionDate")["OfferingAmount"].sum())
            for name in kind.unique()
        )
    }
    table = treasury_supply.issuance(by_class, 0.02)
    assert table["total"].sum() == pytest.approx(rows["OfferingAmount"].sum())
    assert table.loc["2020-06-30", "bill_share"] == table["bill_share"].max()
    assert table["bill_share"].between(0.6, 0.92).all()
