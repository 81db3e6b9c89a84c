"""Liquidity.

- The published examples of net liquidity to the million, and the published slip of millions less billions.
- The accounting example of a bill sale, and the identity under any sequence of operations.
- Contributions add up to the change of reserves, of net liquidity and of the Treasury's account; nothing
  later than a date enters its row; a missing figure is missing and not zero.
- Mixed units, figures without one, weekly against daily, dates out of order: refused.
- Weekly and daily series on one calendar: from the release on, never before.
- Durations and 10-year equivalents against cash flows; the published effect and its band.
- The real series of 2018 to 2022: units told apart, the changes of reserves mostly explained.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundswell.data.book import Series
from groundswell.data.errors import DataError, UnitError
from groundswell.data.units import Measured
from groundswell.measure import duration_supply, liquidity
from groundswell.measure.liquidity_moves import Moves, bill_purchase, bill_sale, spending

WEDNESDAYS = pd.to_datetime(["2026-01-07", "2026-04-15", "2026-04-29"])


def measured(values: Any, unit: str = "USD million", days: Any = WEDNESDAYS) -> Measured:
    return Measured(pd.Series(np.asarray(values, dtype=float), pd.DatetimeIndex(days)), unit)


ASSETS = measured([6_573_602, 6_705_696, 6_699_950])
TGA = measured([837_306, 748_376, 1_005_968])
NOTHING = measured([0, 0, 0])


def test_net_liquidity_to_the_printed_million() -> None:
    found = liquidity.net_liquidity(ASSETS, TGA, NOTHING)
    assert found.series.tolist() == [5_736_296, 5_957_320, 5_693_982]
    assert found.unit == "USD million"
    assert found.name == "'net_liquidity'"
    change = found.to("USD bn").series.diff().iloc[-1]
    assert round(change) == -263
    assert round(ASSETS.to("USD bn").series.diff().iloc[-1], 1) == -5.7


def test_millions_less_billions_is_an_error_and_not_a_number() -> None:
    day = pd.to_datetime(["2026-05-06"])
    assets, tga = measured([6_709_505], days=day), measured([877_761], days=day)
    rrp = measured([0.79], "USD bn", day)
    with pytest.raises(UnitError, match=r"'rrp' is in USD bn .* rrp.to\(\"USD million\"\)"):
        liquidity.net_liquidity(assets, tga, rrp)
    right = liquidity.net_liquidity(assets, tga, rrp.to("USD million"))
    assert right.series.tolist() == [5_830_954]
    everything = [each.to("USD bn") for each in (assets, tga, rrp)]
    assert liquidity.net_liquidity(*everything).series.tolist() == [pytest.approx(5_830.954)]


def test_what_is_no_amount_is_refused() -> None:
    words = Measured(pd.Series(["a", "b", "c"], ASSETS.series.index), "USD million")
    with pytest.raises(DataError, match="'fed_assets' has something that is not a number"):
        liquidity.net_liquidity(words, TGA, NOTHING)
    for wrong in (None, 1.0, ASSETS.series):
        with pytest.raises(UnitError, match=r"Measured\(series"):
            liquidity.net_liquidity(wrong, TGA, NOTHING)
    released = ASSETS.series.index.tz_localize("UTC") + pd.Timedelta(days=1)
    frame = pd.DataFrame({"observed": ASSETS.series.index, "released": released, "value": 1.0})
    with pytest.raises(UnitError, match=r"Measured\.of\(fed_assets\)"):
        liquidity.net_liquidity(Series("made", "USD million", "made", "made", frame), TGA, NOTHING)


def test_a_bill_sale_to_money_funds_and_the_spending_after_it() -> None:
    sale = bill_sale(100, on_rrp=60)
    assert (sale.on_rrp, sale.reserves, sale.tga, sale.net_liquidity) == (-60, -40, 100, -40)
    spent = spending(100)
    assert (spent.tga, spent.reserves, spent.fed_assets) == (-100, 100, 0)
    both = sale + spent
    assert (both.tga, both.on_rrp, both.reserves, both.bills, both.net_liquidity) == (0, -60, 60, 100, 60)
    assert bill_sale(100, on_rrp=0).reserves == -100  # the facility is empty: one for one
    assert bill_sale(100, on_rrp=500).reserves == 0
    assert bill_sale(100, on_rrp=500, from_rrp=0.3).reserves == -70
    bought = bill_purchase(40)
    assert (bought.fed_assets, bought.reserves, bought.bills, bought.net_liquidity) == (40, 40, -40, 40)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("sbp"), st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1))))
def test_the_fed_balances_after_any_operations(operations: list[tuple[str, float, float, float]]) -> None:
    total = Moves()
    for kind, amount, on_rrp, share in operations:
        move = {
            "s": lambda: spending(amount),  # noqa: B023
            "b": lambda: bill_sale(amount, on_rrp, from_rrp=share),  # noqa: B023
            "p": lambda: bill_purchase(amount),  # noqa: B023
        }[kind]()
        total = total + move
    # Reserves are net liquidity less what no operation here moves.
    assert total.reserves == pytest.approx(total.net_liquidity, abs=1e-6)


def test_moves_that_do_not_balance_are_refused() -> None:
    with pytest.raises(DataError, match="differ by 10"):
        Moves(tga=10)
    for wrong in (lambda: bill_sale(-1, 0), lambda: bill_sale(1, -1), lambda: spending(np.nan)):
        with pytest.raises(DataError, match="the amount is"):
            wrong()
    with pytest.raises(DataError, match="fraction from 0 to 1"):
        bill_sale(1, 1, from_rrp=2)


WEEKS = pd.date_range("2024-01-03", periods=60, freq="7D")
NAMES = ("fed_assets", "tga", "on_rrp", "foreign_rrp", "currency", "reserves_held")


def made(weeks: pd.DatetimeIndex = WEEKS, seed: int = 0) -> dict[str, Measured]:
    rng = np.random.default_rng(seed)
    starts = [7_500, 800, 500, 350, 2_300, 3_300]
    steps = rng.normal(0, [20, 40, 30, 10, 5, 50], (len(weeks), len(starts)))
    paths = starts + np.cumsum(steps, axis=0)
    return {name: measured(paths[:, at], "USD bn", weeks) for at, name in enumerate(NAMES)}


def debt(weeks: pd.DatetimeIndex = WEEKS) -> dict[str, Measured]:
    rng = np.random.default_rng(1)
    return {
        name: measured(start + np.cumsum(rng.normal(10, 30, len(weeks))), "USD bn", weeks)
        for name, start in (("bills", 6_000), ("coupons", 20_000))
    }


@pytest.mark.parametrize("periods", [1, 4])
def test_contributions_add_up_to_the_change(periods: int) -> None:
    series = made()
    table = liquidity.attribution(**series, **debt(), periods=periods)
    assert table.attrs == {"unit": "USD bn", "periods": periods}
    assert list(table.index) == list(WEEKS[periods:])
    parts = table[["fed_assets", "tga", "on_rrp", "foreign_rrp", "currency", "other"]]
    moved = series["reserves_held"].series.diff(periods).dropna()
    np.testing.assert_allclose(parts.sum(axis=1), moved, atol=1e-9)
    np.testing.assert_allclose(table["reserves"], moved)
    np.testing.assert_allclose(table[["bills", "coupons", "spending"]].sum(axis=1), table["tga"], atol=1e-9)
    level = liquidity.net_liquidity(series["fed_assets"], series["tga"], series["on_rrp"]).series
    np.testing.assert_allclose(table["net_liquidity"], level.diff(periods).dropna(), atol=1e-9)
    # What drains counts with a minus, and nothing explains a change twice.
    np.testing.assert_allclose(table["tga"], -series["tga"].series.diff(periods).dropna(), atol=1e-9)
    residual = liquidity.other_factors(**series).series
    np.testing.assert_allclose(table["other"], -residual.diff(periods).dropna(), atol=1e-9)


def test_the_accounting_example_read_as_series() -> None:
    days = pd.to_datetime(["2026-01-07", "2026-01-14", "2026-01-21"])
    levels = {"fed_assets": [6_500] * 3, "tga": [800, 900, 800], "on_rrp": [60, 0, 0]}
    levels |= {"foreign_rrp": [350] * 3, "currency": [2_400] * 3, "reserves_held": [2_890, 2_850, 2_950]}
    debts = {"bills": [6_000, 6_100, 6_100], "coupons": [20_000] * 3}
    series = {name: measured(values, "USD bn", days) for name, values in (levels | debts).items()}
    table = liquidity.attribution(**series)
    sold, spent = table.iloc[0], table.iloc[1]
    assert (sold["reserves"], sold["bills"], sold["on_rrp"], sold["net_liquidity"]) == (-40, -100, 60, -40)
    assert (spent["reserves"], spent["spending"], spent["tga"], spent["bills"]) == (100, 100, 100, 0)
    assert not table[["other", "fed_assets", "coupons"]].any(axis=None)


def test_the_identity_closes_with_its_residual() -> None:
    series = made()
    other = liquidity.other_factors(**series)
    held = series.pop("reserves_held")
    again = liquidity.reserves(**series, other=other)
    np.testing.assert_allclose(again.series, held.series, rtol=1e-12)
    assert again.unit == "USD bn"


def test_nothing_later_than_a_date_enters_its_row() -> None:
    whole = liquidity.attribution(**made(), **debt(), periods=4)
    cut = {name: Measured(each.series.iloc[:30], each.unit) for name, each in (made() | debt()).items()}
    pd.testing.assert_frame_equal(liquidity.attribution(**cut, periods=4), whole.iloc[:26])


def test_a_missing_figure_is_missing_and_not_zero() -> None:
    series = made()
    series["on_rrp"].series.iloc[10] = np.nan
    table = liquidity.attribution(**series)
    gone = table.index[[9, 10]]
    assert table.loc[gone, ["on_rrp", "other", "net_liquidity"]].isna().all(axis=None)
    assert table.loc[gone, ["tga", "reserves"]].notna().all(axis=None)
    assert table.drop(gone).notna().all(axis=None)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"tga": made()["tga"].to("USD million")}, "'tga' is in USD million and 'fed_assets' in USD bn"),
        ({"tga": measured(np.ones(60), "percent", WEEKS)}, "'tga' is in percent"),
        ({"tga": made()["tga"].series}, "'tga' has no unit"),
        (
            {"on_rrp": measured(np.ones(300), "USD bn", pd.bdate_range("2024-01-03", periods=300))},
            "300 dates",
        ),
        ({"currency": measured(np.ones(59), "USD bn", WEEKS[1:])}, "1 stand in one alone, 2024-01-03"),
        ({"currency": measured(np.ones(60), "USD bn", WEEKS[::-1])}, "dates of 'currency' do not rise"),
        ({"currency": measured(np.full(60, np.inf), "USD bn", WEEKS)}, "infinite"),
        ({"periods": 60}, "over 60 rows is asked of 60"),
        ({"periods": 0}, "over 0 rows"),
        ({"bills": debt()["bills"]}, "'bills' and 'coupons'"),
    ],
)
def test_series_that_do_not_go_together_are_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        liquidity.attribution(**(made() | changed))


def test_weekly_and_daily_meet_on_one_calendar_from_their_release_on() -> None:
    sessions = pd.bdate_range("2024-01-02", "2024-01-19")

    def series(days: pd.DatetimeIndex, lag: int, hour: float, values: np.ndarray) -> Series:
        out = (days + pd.Timedelta(days=lag, hours=hour)).tz_localize("America/New_York").tz_convert("UTC")
        frame = pd.DataFrame({"observed": days, "released": out, "value": values})
        return Series("made", "USD bn", "made", "made", frame)

    weekly = series(WEEKS[:3], 1, 16.5, np.array([100.0, 200.0, 300.0]))  # Thursdays at 16:30
    daily = series(sessions, 0, 13.25, np.arange(len(sessions), dtype=float))
    found = liquidity.on_days(weekly, sessions)
    assert found.unit == "USD bn"
    by_day = found.series
    assert np.isnan(by_day["2024-01-03"])
    assert by_day["2024-01-04"] == 100
    assert by_day["2024-01-10"] == 100  # the figure of that Wednesday is out a day later
    assert by_day["2024-01-11"] == 200
    assert liquidity.on_days(weekly, sessions, "close").series["2024-01-11"] == 100
    rrp = liquidity.on_days(daily, sessions)
    net = liquidity.net_liquidity(found, Measured(by_day * 0, "USD bn"), rrp)
    assert net.series["2024-01-12"] == 200 - 8


def cash_flow_duration(years: float, yield_: float) -> float:
    """Return the modified duration of a par bond from its cash flows and a small shift."""
    times = np.arange(1, round(2 * years) + 1)
    flows = np.full(times.size, yield_ / 2)
    flows[-1] += 1

    def value(y: float) -> float:
        return float(np.sum(flows / (1 + y / 2) ** times))

    return (value(yield_ - 1e-5) - value(yield_ + 1e-5)) / 2e-5


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.floats(0.002, 0.15))
def test_the_duration_of_a_par_bond_is_that_of_its_cash_flows(halves: int, yield_: float) -> None:
    found = duration_supply.par_duration(halves / 2, yield_)
    assert found == pytest.approx(cash_flow_duration(halves / 2, yield_), rel=1e-6)


def test_ten_year_equivalents_and_the_published_effect() -> None:
    assert duration_supply.par_duration(10, 0.04) == pytest.approx(8.1757, abs=5e-5)
    spans = duration_supply.par_duration([0.25, 2, 10, 30], 0.04)
    assert duration_supply.par_duration(7, 0.0) == 7
    ten = float(spans[2])
    assert duration_supply.ten_year_equivalents([0, 0, 100, 0], spans, ten) == pytest.approx(100)
    mixed = duration_supply.ten_year_equivalents([100, 0, -100, 0], spans, ten)
    assert mixed == pytest.approx(-97, abs=0.1)  # coupons replaced by bills
    assert duration_supply.term_premium_effect(-800) == pytest.approx((-40, -25, -14))
    assert duration_supply.term_premium_effect(1) == (0.0175, 0.03125, 0.05)
    assert round(duration_supply.PUBLISHED_SLOPE.central, 3) == 0.031


def test_durations_and_slopes_that_are_none_are_refused() -> None:
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: duration_supply.par_duration(-1, 0.04), "maturity"),
        (lambda: duration_supply.par_duration(10, 4.0), "0.04 for 4%"),
        (lambda: duration_supply.ten_year_equivalents([1, 2], [1], 8), "one duration for each"),
        (lambda: duration_supply.ten_year_equivalents([1], [-1], 8), "duration negative"),
        (lambda: duration_supply.ten_year_equivalents([1], [1], 0), "10-year note is 0"),
        (lambda: duration_supply.term_premium_effect(np.nan), "supply is nan"),
        (
            lambda: duration_supply.term_premium_effect(1, duration_supply.Slope(2, 1, 3)),
            "low <= central <= high",
        ),
    ]
    for call, words in cases:
        with pytest.raises(DataError, match=words):
            call()


def test_the_real_series_are_told_apart_and_explained(real_data: Callable[[str], Path]) -> None:
    def read(name: str, unit: str) -> Measured:
        file = real_data(f"liquidity/{name}.csv")
        values = pd.read_csv(file, index_col="date", parse_dates=True).iloc[:, 0].dropna()
        return Measured(values.rename(name), unit)

    assets = read("walcl_weekly", "USD million")
    tga, rrp = read("tga_weekly", "USD bn"), read("rrp_daily", "USD bn")
    with pytest.raises(UnitError):
        liquidity.net_liquidity(assets, tga, rrp)
    with pytest.raises(DataError, match="dates"):
        liquidity.net_liquidity(assets.to("USD bn"), tga, rrp)
    weeks = assets.series.index.intersection(tga.series.index).intersection(rrp.series.index)
    weeks = weeks[weeks >= "2018-01-01"]
    on = [Measured(each.to("USD bn").series.reindex(weeks), "USD bn") for each in (assets, tga, rrp)]
    net = liquidity.net_liquidity(*on).series
    assert net.between(3_400, 7_300).all()
    assert net["2022-12-28"] == pytest.approx(8_551.169 - 427.926 - 2_293.003)
    held = Measured(read("wresbal_weekly", "USD million").to("USD bn").series.reindex(weeks), "USD bn")
    zero = Measured(on[0].series * 0, "USD bn")
    table = liquidity.attribution(*on, zero, zero, held, periods=4)
    parts = table[["fed_assets", "tga", "on_rrp", "other"]]
    np.testing.assert_allclose(parts.sum(axis=1), table["reserves"], atol=1e-9)
    named = parts[["fed_assets", "tga", "on_rrp"]].sum(axis=1)
    assert np.corrcoef(named, table["reserves"])[0, 1] > 0.9
