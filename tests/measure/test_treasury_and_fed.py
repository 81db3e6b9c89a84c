"""Treasury against Fed.

- Shares that are known: an exact sum by hand, independent sides in proportion to their variances, a side that
  undoes another below zero, returns built on one side.
- Shares add up to one; scale and unit change nothing; sides exchanged exchange their shares.
- The season is taken out with what was known before, and what added up still does; nothing later enters.
- Bands hold the true share about as often as they say; too few windows are a reason and not a number.
- Chance brings a regression a share, and a price that has nothing to do with either side stays below it.
- Weeks and month ends out of a book, from the release on.
- The real series to 2022: the sides add up to the change of reserves at a week and at a quarter; three years
  are too long for nine.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from groundswell.data.book import Book, Series
from groundswell.data.errors import DataError, UnitError
from groundswell.data.units import Measured
from groundswell.measure import (
    liquidity_calendar,
    treasury_and_fed,
    treasury_supply,
    variance_shares,
)

WEEKS = pd.date_range("2010-01-06", periods=520, freq="7D")
STEPS = {"fed_assets": 8.0, "tga": 6.0, "on_rrp": 0.001, "foreign_rrp": 1.0, "currency": 0.5}


def weekly(seed: int = 0, **changes: np.ndarray) -> dict[str, Measured]:
    """Levels that walk with the steps above, and the reserves that the identity leaves."""
    rng = np.random.default_rng(seed)
    starts = {"fed_assets": 4_000, "tga": 900, "on_rrp": 500, "foreign_rrp": 250, "currency": 1_600}
    moves = {name: rng.normal(0, step, len(WEEKS)) for name, step in STEPS.items()} | changes
    levels = {name: starts[name] + np.cumsum(move) for name, move in moves.items()}
    levels["reserves"] = levels["fed_assets"] - sum(levels[name] for name in levels if name != "fed_assets")
    return {name: Measured(pd.Series(values, WEEKS), "USD bn") for name, values in levels.items()}


def table(treasury: object, fed: object, other: object) -> pd.DataFrame:
    sides = pd.DataFrame({"treasury": treasury, "fed": fed, "other": other}, index=WEEKS[: len(treasury)])  # type: ignore[arg-type]
    return sides.assign(total=sides.sum(axis=1))


def noise(*sizes: float, seed: int = 0, count: int = 520) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return table(*(rng.normal(0, size, count) for size in sizes))


def test_shares_by_hand() -> None:
    # Two sides that never move together: variances 1 and 4, so a fifth and four fifths.
    quarter = np.tile([1.0, -1.0, 0.0, 0.0], 5)
    shares = variance_shares.identity_shares(table(quarter, 2 * np.roll(quarter, 2), np.zeros(20)), 1)
    assert shares[["treasury", "fed", "other", "unexplained"]].tolist() == pytest.approx([0.2, 0.8, 0, 0])
    assert shares["lead"] == pytest.approx(-0.6)
    assert shares["windows"] == 20


@pytest.mark.parametrize("rows", [1, 13])
def test_independent_sides_have_their_part_of_the_variance(rows: int) -> None:
    shares = variance_shares.identity_shares(noise(3, 4, 1, seed=rows), rows)
    for side, true in (("treasury", 9 / 26), ("fed", 16 / 26), ("other", 1 / 26), ("lead", -7 / 26)):
        width = shares[f"{side}_high"] - shares[f"{side}_low"]
        assert abs(shares[side] - true) < width
        assert shares[f"{side}_low"] <= shares[side] <= shares[f"{side}_high"]
    assert shares["treasury_high"] - shares["treasury_low"] < (0.2 if rows == 1 else 0.6)


def test_a_side_that_only_undoes_the_other_has_a_negative_share() -> None:
    fed = np.random.default_rng(0).normal(0, 10, 520)
    shares = variance_shares.identity_shares(table(-0.4 * fed, fed, np.zeros(520)), 1)
    assert shares["treasury"] == pytest.approx(-0.4 / 0.6)
    assert shares["fed"] == pytest.approx(1 / 0.6)
    assert shares["treasury_high"] == pytest.approx(shares["treasury_low"])  # no noise, no width


def test_shares_add_up_and_know_neither_scale_nor_name() -> None:
    sides = noise(3, 4, 2)
    shares = variance_shares.identity_shares(sides, 4)
    assert shares[["treasury", "fed", "other"]].sum() == pytest.approx(1)
    pd.testing.assert_series_equal(variance_shares.identity_shares(-1_000 * sides, 4), shares)
    turned = sides.rename(columns={"treasury": "fed", "fed": "treasury"})
    again = variance_shares.identity_shares(turned, 4)
    assert [again["fed"], again["fed_low"]] == pytest.approx([shares["treasury"], shares["treasury_low"]])
    assert again["lead"] == pytest.approx(-shares["lead"])


def test_bands_hold_the_true_share_about_as_often_as_they_say() -> None:
    held = []
    for seed in range(60):
        shares = variance_shares.identity_shares(noise(3, 4, 1.5, seed=seed, count=130), 13, draws=80)
        held.append(shares["treasury_low"] <= 9 / 27.25 <= shares["treasury_high"])
    assert 0.78 <= np.mean(held) <= 0.99  # 90%, over 60 trials and ten windows


def test_too_few_windows_are_a_reason_and_not_a_number() -> None:
    sides = weekly()
    found = treasury_and_fed.compare(sides, draws=50).set_index(["target", "horizon"])
    row = found.loc[("reserves", "three years")]
    assert row["reason"] == "2.6 independent windows, 6 needed"
    assert row[["treasury", "treasury_low", "fed_high", "lead"]].isna().all()
    assert found.loc[("reserves", "quarter"), "reason"] == ""
    assert found.loc[("prices", "week"), "reason"] == "prices are not given"
    assert found.loc[("duration", "quarter"), "reason"].endswith("are not given")


def test_reserves_go_to_the_side_that_moves_them() -> None:
    found = treasury_and_fed.compare(weekly(), draws=200).set_index(["target", "horizon"])
    shares = {"treasury": 36, "fed": 64, "other": 1.25}
    for horizon in ("week", "quarter"):
        row = found.loc[("reserves", horizon)]
        for side, part in shares.items():
            assert abs(row[side] - part / 101.25) < row[f"{side}_high"] - row[f"{side}_low"]
    assert found.attrs["season"].startswith("dummies by week")
    in_millions = {name: each.to("USD million") for name, each in weekly().items()}
    again = treasury_and_fed.compare(in_millions, draws=200).set_index(["target", "horizon"])
    assert again.loc[("reserves", "week"), "fed"] == pytest.approx(found.loc[("reserves", "week"), "fed"])
    contributions = treasury_and_fed.reserve_contributions(in_millions)
    np.testing.assert_allclose(contributions, treasury_and_fed.reserve_contributions(weekly()), atol=1e-8)
    with pytest.raises(UnitError):
        treasury_and_fed.compare(weekly() | {"tga": weekly()["tga"].to("USD million")})
    with pytest.raises(DataError, match=r"reserves is not given.*update --series reserves"):
        treasury_and_fed.compare({name: each for name, each in weekly().items() if name != "reserves"})
    with pytest.raises(DataError, match="do not add up"):
        variance_shares.identity_shares(noise(1, 1, 1).assign(total=1.0), 1)


def test_the_season_of_the_treasury_is_no_news() -> None:
    tax = 80 * np.sin(2 * np.pi * WEEKS.day_of_year.to_numpy() / 365.25)
    rng = np.random.default_rng(3)
    series = weekly(tga=tax + rng.normal(0, 6, len(WEEKS)))
    contributions = treasury_and_fed.reserve_contributions(series)
    raw = variance_shares.identity_shares(contributions, 1, draws=50)
    adjusted = treasury_and_fed.without_season(contributions)
    net = variance_shares.identity_shares(adjusted, 1, draws=50)
    assert raw["treasury"] > 0.95
    assert net["treasury"] == pytest.approx(36 / 101.25, abs=0.1)
    sides = adjusted[["treasury", "fed", "other"]]
    np.testing.assert_allclose(sides.sum(axis=1), adjusted["total"], atol=1e-9)


@pytest.mark.parametrize("freq", ["7D", "ME"])
def test_nothing_later_enters_the_season(freq: str) -> None:
    days = pd.date_range("2010-01-06", periods=300, freq=freq)
    rng = np.random.default_rng(0)
    changes = pd.DataFrame(rng.normal(size=(300, 2)), days, ["treasury", "fed"])
    whole = treasury_and_fed.without_season(changes)
    pd.testing.assert_frame_equal(treasury_and_fed.without_season(changes[:200]), whole[: days[199]])  # type: ignore[misc]
    assert whole.index[0] >= days[0] + pd.Timedelta(days=725)  # two earlier years at least
    # The plain rule, at one date.
    place = 250
    key = days.month if freq == "ME" else np.minimum((days.day_of_year - 1) // 7, 51)
    before = changes[:place]
    season = before[np.asarray(key[:place] == key[place])].mean() - before.mean()
    np.testing.assert_allclose(whole.loc[days[place]], changes.iloc[place] - season)


def test_prices_that_follow_one_side_are_explained_by_it() -> None:
    sides = noise(3, 4, 2)
    rng = np.random.default_rng(5)
    returns = 0.002 * sides["treasury"] + pd.Series(rng.normal(0, 0.006, 520), WEEKS)
    shares = variance_shares.price_shares(sides, returns, 1, draws=100)
    assert shares["treasury"] == pytest.approx(0.5, abs=0.1)
    assert shares["treasury_low"] > shares["treasury_chance"]
    assert shares["fed"] <= shares["fed_chance"] * 2
    assert shares[["treasury", "fed", "other", "unexplained"]].sum() == pytest.approx(1)
    millions = variance_shares.price_shares(sides * 1_000, 100 * returns, 1, draws=100)
    np.testing.assert_allclose(millions, shares, rtol=1e-6)


def test_prices_that_follow_neither_stay_within_chance() -> None:
    inside = 0
    for seed in range(20):
        returns = pd.Series(np.random.default_rng(100 + seed).normal(0, 0.02, 520), WEEKS)
        shares = variance_shares.price_shares(noise(3, 4, 2, seed=seed), returns, 13, draws=20)
        inside += shares["treasury"] <= shares["treasury_chance"]
        assert shares["unexplained"] > 0.6
    assert inside >= 15  # 95% each


def test_duration_goes_to_who_supplies_it_and_who_takes_it() -> None:
    months = pd.date_range("2000-01-31", periods=240, freq="ME")
    rng = np.random.default_rng(0)

    def walk(start: float, step: float) -> Measured:
        return Measured(pd.Series(start + np.cumsum(rng.normal(0, step, 240)), months), "USD bn")

    debt = {"bonds": walk(4_000, 5.0), "bills": walk(4_000, 300.0)}
    fed = {"notes_bonds": walk(3_000, 30.0)}
    supply = treasury_supply.duration_supplied(debt, 0.04, fed=fed, periods=1)
    found = treasury_and_fed.compare(weekly(), supply=supply, draws=100).set_index(["target", "horizon"])
    row = found.loc[("duration", "quarter")]
    assert row["fed_low"] > row["treasury_high"]
    assert row["treasury"] + row["fed"] == pytest.approx(1)
    assert row["windows"] == pytest.approx((239 - 24) / 3)
    assert found.loc[("duration", "week"), "reason"] == "the debt is published by month"
    assert found.loc[("duration", "three years"), "reason"] == "5.9 independent windows, 6 needed"
    with pytest.raises(DataError, match="net of the Fed"):
        treasury_and_fed.duration_contributions(treasury_supply.duration_supplied(debt, 0.04, periods=1))


def series(name: str, days: pd.DatetimeIndex, values: object, lag: int, unit: str = "USD bn") -> Series:
    out = (days + pd.Timedelta(days=lag, hours=16.5)).tz_localize("America/New_York").tz_convert("UTC")
    frame = pd.DataFrame({"observed": days, "released": out, "value": np.asarray(values, dtype=float)})
    return Series(name, unit, "made", name, frame)


def made_book(wednesday: bool) -> Book:
    weeks = pd.date_range("2024-01-03", periods=12, freq="7D")
    days = pd.bdate_range("2023-12-26", "2024-03-25")
    months = pd.date_range("2023-10-01", periods=5, freq="MS")
    cash, held = ("tga_wednesday", "reserves_wednesday") if wednesday else ("tga_weekly", "reserves")
    made = [series(name, weeks, np.arange(12) + 100.0, 1) for name in ("fed_assets", cash, held)]
    made += [series("on_rrp", days, np.arange(len(days)), 0), series("index", days, np.ones(len(days)), 0)]
    for name in ("bills", "notes", "bonds", "tips", "frn", "marketable"):
        made.append(series(f"{name}_outstanding", months, 1_000 + np.arange(5), 36))
    made += [
        series("soma_bills", weeks, np.arange(12), 1),
        series("debt_buybacks", days, np.ones(len(days)), 0),
    ]
    made += [series("yield_10y", days, np.full(len(days), 4.0), 1, "percent a year")]
    return Book({each.name: each for each in made}, pd.Timestamp("2024-03-25"), "made")


def test_weeks_out_of_a_book() -> None:
    found = liquidity_calendar.weeks(made_book(wednesday=True))
    assert set(found) == {"fed_assets", "tga", "on_rrp", "reserves"}
    assert found["tga"].name == "'tga_wednesday'"
    days = pd.bdate_range("2023-12-26", "2024-03-25")
    assert found["on_rrp"].series["2024-01-10"] == days.get_loc("2024-01-10")
    average = liquidity_calendar.weeks(made_book(wednesday=False))
    assert average["tga"].name == "'tga_weekly'"
    assert average["on_rrp"].series["2024-01-10"] == days.get_loc("2024-01-10") - 2  # Thursday to Wednesday
    cut = made_book(wednesday=True).cut("2024-01-17")  # its figures are out on Thursday
    assert liquidity_calendar.weeks(cut)["tga"].series.index[-1] == pd.Timestamp("2024-01-10")
    pd.testing.assert_series_equal(
        liquidity_calendar.weeks(cut)["on_rrp"].series,
        found["on_rrp"].series[:"2024-01-10"],  # type: ignore[misc]
    )
    poor = Book({"index": made_book(True).series["index"]}, pd.Timestamp("2024-03-25"), "made")
    with pytest.raises(DataError, match="update --series fed_assets,tga_weekly,on_rrp,reserves"):
        liquidity_calendar.weeks(poor)


def test_month_ends_out_of_a_book() -> None:
    debt = liquidity_calendar.debt(made_book(wednesday=True))
    ends = pd.to_datetime(["2023-10-31", "2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29"])
    assert list(debt.marketable.series.index) == list(ends)
    # The first of the month stands for its end, where the Fed's last Wednesday is 28 February.
    assert debt.fed["bills"].series["2024-02-29"] == 8
    assert np.isnan(debt.fed["bills"].series["2023-12-31"])  # no Wednesday of the book by then
    assert debt.yields["2024-02-29"] == 0.04
    assert debt.buybacks is not None
    assert debt.buybacks.series["2024-01-31"] == 23
    assert debt.missing == ("soma_notes_bonds", "soma_tips", "soma_floating")
    supply = treasury_supply.duration_supplied(
        debt.outstanding, debt.yields, fed=debt.fed, buybacks=debt.buybacks, periods=1
    )
    assert supply.loc["2024-02-29", ["bills", "fed_bills", "bought_back"]].tolist() == [1, 4, 21]
    assert treasury_supply.bill_share(debt.outstanding["bills"], debt.marketable)["share"].tolist() == [1] * 5
    known = liquidity_calendar.debt(made_book(wednesday=True).cut("2024-03-08"))  # out on that afternoon
    assert known.marketable.series.index[-1] == ends[-1]
    before = liquidity_calendar.debt(made_book(wednesday=True).cut("2024-03-07"))
    assert before.marketable.series.index[-1] == ends[-2]
    pd.testing.assert_series_equal(before.fed["bills"].series, debt.fed["bills"].series[:-1])


def test_the_real_series_to_2022(real_data: Callable[[str], Path]) -> None:
    def read(file: str, divisor: float = 1) -> pd.Series:
        table = pd.read_csv(real_data(file), index_col=0, parse_dates=True)
        return (table["close"] if "close" in table else table.iloc[:, 0]).dropna() / divisor

    assets, repo = read("liquidity/walcl_weekly.csv", 1_000), read("liquidity/rrp_daily.csv")
    given = {"fed_assets": assets, "tga": read("liquidity/tga_weekly.csv")}
    given |= {"reserves": read("liquidity/wresbal_weekly.csv", 1_000)}
    given |= {"on_rrp": repo.rolling("7D").mean().reindex(assets.index, method="ffill")}
    weeks = pd.DataFrame(given).dropna()
    measured = {name: Measured(weeks[name], "USD bn") for name in given}
    prices = read("equity/sp500_daily.csv")
    shares = treasury_and_fed.compare(measured, prices=prices, draws=100).set_index(["target", "horizon"])
    for horizon in ("week", "quarter"):
        row = shares.loc[("reserves", horizon)]
        assert row[["treasury", "fed", "other"]].sum() == pytest.approx(1)
        assert row["fed_low"] > 0
        assert shares.loc[("prices", horizon), "unexplained"] > 0.7
    assert shares.loc[("reserves", "three years"), "reason"] == "2.3 independent windows, 6 needed"
