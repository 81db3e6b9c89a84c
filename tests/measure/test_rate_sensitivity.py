"""What a basis point of the expected path is worth to the index.

- Surprises by hand, late in the month too; the famous ones of 2001 and 2008 from real futures.
- A known slope comes back, the band covers it as often as it says; standard errors against statsmodels.
- Doubled returns double the slope; basis points in other units are refused.
- Dropping later days changes no surprise; later decisions change no earlier study.
- The published studies as printed, and ours on real data beside them.
- Missing contracts, gaps, weekends, bad input in words.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from groundswell.data import calendar
from groundswell.data.errors import DataError
from groundswell.measure import rate_sensitivity

DAYS = calendar.sessions("2014-01-02", "2015-12-31")
MEETINGS = [date(2014, month, 19) for month in range(1, 13)] + [
    date(2015, month, 18) for month in range(1, 13)
]
MONTHS = [f"{year}-{month:02d}" for year in (2014, 2015, 2016) for month in range(1, 13)]


def made_prices() -> pd.DataFrame:
    """Return contracts that wander, each on every day until its month is over."""
    random = np.random.default_rng(4)
    rates = 1.5 + 0.01 * random.standard_normal((len(DAYS), len(MONTHS))).cumsum(axis=0)
    prices = pd.DataFrame(100 - rates, DAYS, MONTHS)
    return prices.where(DAYS.strftime("%Y-%m").to_numpy()[:, None] <= np.array(MONTHS)[None, :])


def made_events(count: int = 120, seed: int = 0) -> tuple[pd.Series, pd.Series]:
    """Return returns and surprises with -0.45% per 10 bp, the spread of returns larger in wild times."""
    random = np.random.default_rng(seed)
    days = DAYS[np.sort(random.choice(len(DAYS), count, replace=False))]
    changes = pd.Series(6 * random.standard_t(4, count), days)
    noise = 0.006 * (1 + np.abs(changes) / 20) * random.standard_normal(count)
    returns = pd.Series(0.001, DAYS)
    returns[days] = 0.001 - 0.00045 * changes + noise
    return returns, changes


def test_surprises_by_hand() -> None:
    prices = made_prices()
    found = rate_sensitivity.surprises(prices, MEETINGS)
    day, before = pd.Timestamp("2014-02-19"), pd.Timestamp("2014-02-18")
    move = 100 * (prices.loc[before] - prices.loc[day])
    assert found.loc[day, "target_bp"] == pytest.approx(move["2014-02"] * 28 / (28 - 19))
    assert found.loc[day, "path_bp"] == pytest.approx(move["2014-03":"2014-08"].mean())
    assert found.loc[day, "meeting"] == day
    december = pd.Timestamp("2014-12-19")
    ahead = ["2015-01", "2015-02", "2015-03", "2015-04", "2015-05", "2015-06"]
    change = 100 * (prices.loc["2014-12-18"] - prices.loc[december])
    assert found.loc[december, "path_bp"] == pytest.approx(change[ahead].mean())


@pytest.mark.parametrize(("day", "late"), [(24, False), (25, True), (31, True)])
def test_late_in_the_month_the_next_contract_is_read(day: int, late: bool) -> None:
    meeting = date(2014, 3, day)
    prices = made_prices()
    found = rate_sensitivity.surprises(prices, [meeting])
    place = DAYS.get_loc(pd.Timestamp(meeting))
    move = 100 * (prices.iloc[place - 1] - prices.iloc[place])
    plain = move["2014-04"] if late else move["2014-03"] * 31 / (31 - day)
    assert found["target_bp"].iloc[0] == pytest.approx(plain)


def test_a_cut_certain_in_size_is_found_whole() -> None:
    """A month at 2% until a surprise cut of 25 bp on the 12th (effective on the 13th)."""
    month, meeting = 30, date(2014, 6, 12)
    after = 2 - 0.25 * (month - 12) / month
    months = ["2014-06", *(f"2014-{number:02d}" for number in range(7, 13))]
    prices = pd.DataFrame(98.0, DAYS, months)
    prices.loc[pd.Timestamp(meeting) :, "2014-06"] = 100 - after
    prices.loc[pd.Timestamp(meeting) :, months[1:]] = 98.25
    found = rate_sensitivity.surprises(prices, [meeting])
    assert found["target_bp"].iloc[0] == pytest.approx(-25)
    assert found["path_bp"].iloc[0] == pytest.approx(-25)
    assert monthrange(2014, 6)[1] == month


def test_weekends_gaps_and_missing_contracts() -> None:
    prices = made_prices()
    sunday = rate_sensitivity.surprises(prices, [date(2014, 3, 16)])
    assert sunday.index.tolist() == [pd.Timestamp("2014-03-17")]
    assert sunday["meeting"].tolist() == [pd.Timestamp("2014-03-16")]
    gap = prices.drop(pd.Timestamp("2014-02-18"))
    assert rate_sensitivity.surprises(gap, [date(2014, 2, 19)]).empty
    gone = prices.drop(pd.Timestamp("2014-02-19"))
    assert rate_sensitivity.surprises(gone, [date(2014, 2, 19)]).empty
    thin = prices.drop(columns="2014-05")
    found = rate_sensitivity.surprises(thin, [date(2014, 2, 19)])
    assert np.isnan(found["path_bp"].iloc[0])
    assert np.isfinite(found["target_bp"].iloc[0])
    outside = rate_sensitivity.surprises(prices, [date(2014, 1, 2), date(2014, 2, 19), date(2030, 1, 9)])
    assert outside.index.tolist() == [pd.Timestamp("2014-02-19")]


@pytest.mark.parametrize("kept", [120, 250, 400])
def test_later_days_change_no_surprise(kept: int) -> None:
    whole = rate_sensitivity.surprises(made_prices(), MEETINGS)
    cut = rate_sensitivity.surprises(made_prices().iloc[:kept], MEETINGS)
    assert len(cut) > 2
    pd.testing.assert_frame_equal(cut, whole.loc[: DAYS[kept - 1]])


def test_later_decisions_change_no_earlier_study() -> None:
    returns, changes = made_events()
    until = changes.index[60]
    early = rate_sensitivity.sensitivity(returns[:until], changes[:until], draws=200)
    assert len(early.events) == 61
    moved = changes.copy()
    moved[moved.index > until] = 99.0
    again = rate_sensitivity.sensitivity(returns, moved[:until], draws=200)
    assert (early.per_bp, early.low, early.high) == (again.per_bp, again.low, again.high)


def test_a_known_slope_comes_back_in_its_band() -> None:
    found = rate_sensitivity.sensitivity(*made_events())
    assert found.low < -0.00045 < found.high < 0
    assert found.is_settled
    assert found.without_one[0] <= found.per_bp <= found.without_one[1]
    assert found.sentence.startswith("A surprise of +10 bp went with -0.")
    returns, changes = made_events()
    left = changes.index != found.heaviest
    again = rate_sensitivity.sensitivity(returns, changes[left], draws=50).per_bp
    assert any(again == pytest.approx(end) for end in found.without_one)


def test_the_band_covers_as_often_as_it_says() -> None:
    inside = []
    for seed in range(40):
        found = rate_sensitivity.sensitivity(*made_events(80, seed), draws=150, seed=seed)
        inside.append(found.low <= -0.00045 <= found.high)
    assert 0.78 <= np.mean(inside) <= 0.99


def test_slope_and_error_are_a_plain_regression() -> None:
    returns, changes = made_events()
    found = rate_sensitivity.sensitivity(returns, changes, draws=50)
    x, y = changes.to_numpy(), returns[changes.index].to_numpy()
    design = np.column_stack([np.ones(len(x)), x])
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ design.T @ y
    leverage = np.einsum("ij,jk,ik->i", design, bread, design)
    meat = design.T @ (design * ((y - design @ beta) / (1 - leverage))[:, None] ** 2)
    assert found.per_bp == pytest.approx(beta[1])
    assert found.standard_error == pytest.approx(np.sqrt((bread @ meat @ bread)[1, 1]))
    assert found.r_squared == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)


def test_doubled_returns_double_the_slope() -> None:
    returns, changes = made_events()
    once, twice = (rate_sensitivity.sensitivity(scale * returns, changes, draws=100) for scale in (1, 2))
    assert (twice.per_bp, twice.low, twice.high) == pytest.approx(
        (2 * once.per_bp, 2 * once.low, 2 * once.high)
    )
    halves = rate_sensitivity.sensitivity(returns, changes / 2, draws=100)
    assert halves.per_bp == pytest.approx(2 * once.per_bp)


def test_noise_is_not_settled() -> None:
    returns, changes = made_events()
    shuffled = pd.Series(
        np.random.default_rng(1).permutation(returns[changes.index].to_numpy()), changes.index
    )
    found = rate_sensitivity.sensitivity(shuffled, changes, draws=300)
    assert not found.is_settled
    assert "its sign is not settled" in found.sentence


def test_the_published_studies_as_printed() -> None:
    table = rate_sensitivity.sensitivity(*made_events(), draws=50).beside_published()
    assert table["percent_per_10bp"].drop("here").round(3).tolist() == [-0.4, -0.52, -0.6, -0.27]
    assert table["source"].str.len().min() > 7
    for study in rate_sensitivity.PUBLISHED:
        assert table.loc[study.authors, "inside"] == (
            table.loc["here", "low"] <= 1000 * study.per_bp <= table.loc["here", "high"]
        )


def test_bad_input_is_refused_in_words() -> None:
    returns, changes = made_events()
    with pytest.raises(DataError, match="19 decisions have"):
        rate_sensitivity.sensitivity(returns, changes.iloc[:19])
    with pytest.raises(DataError, match="all surprises are alike"):
        rate_sensitivity.sensitivity(returns, 0 * changes)
    with pytest.raises(DataError, match="basis points within 200"):
        rate_sensitivity.sensitivity(returns, 100 * changes)
    with pytest.raises(DataError, match="no decisions or no prices"):
        rate_sensitivity.surprises(made_prices(), [])
    with pytest.raises(DataError, match="not in order"):
        rate_sensitivity.surprises(made_prices().iloc[::-1], MEETINGS)
    broken = made_prices()
    broken.iloc[30, 5] = 0.0
    with pytest.raises(DataError, match="contract of 2014-06"):
        rate_sensitivity.surprises(broken, MEETINGS)


def test_real_decisions(real_data: Callable[[str], Path]) -> None:
    raw = pd.read_csv(real_data("rates/fed_funds_futures_contracts.csv.gz"), parse_dates=["date"])
    codes = {letter: number for number, letter in enumerate("FGHJKMNQUVXZ", 1)}
    years = raw["symbol"].str[-2:].astype(int)
    raw["month"] = (years + np.where(years > 50, 1900, 2000)).astype(str) + raw["symbol"].str[2].map(
        codes
    ).map("-{:02d}".format)
    raw = raw[(raw["close"] > 70) & (raw["close"] < 102) & (raw["date"] >= "1990")]
    prices = raw.pivot_table(index="date", columns="month", values="close", aggfunc="last")
    prices = prices[calendar.is_session(pd.DatetimeIndex(prices.index))]
    meetings = pd.read_csv(real_data("rates/fomc_meetings.csv"), parse_dates=["date"])["date"]
    found = rate_sensitivity.surprises(prices, [day.date() for day in meetings if day.year >= 1990])
    # Kuttner's series, as reprinted in Bernanke & Kuttner (2005): -38 and -43 bp in 2001.
    assert round(found.loc["2001-01-03", "target_bp"]) == -38
    assert found.loc["2001-04-18", "target_bp"] == pytest.approx(-42.5, abs=0.5)
    index = pd.read_csv(real_data("equity/sp500_daily.csv"), index_col=0, parse_dates=True)["close"]["1990":]
    returns = pd.Series(np.diff(np.log(index)), index.index[1:])
    early = rate_sensitivity.sensitivity(returns, found.loc[:"2002-12-31", "path_bp"], draws=500)
    assert early.is_settled
    beside = early.beside_published()
    assert beside.loc[["Bernanke & Kuttner (2005)", "Bernanke & Kuttner (2003)"], "inside"].all()
    with_shock = rate_sensitivity.sensitivity(
        returns, found.loc[:"2002-12-31", "path_bp"], without=(), draws=500
    )
    assert with_shock.heaviest == pd.Timestamp("2001-09-17")
    assert not with_shock.is_settled
    late = rate_sensitivity.sensitivity(returns, found.loc["2009":, "path_bp"], draws=500)
    assert not late.is_settled
    # the cuts between meetings of March 2020 came with the news that they answered
    unplanned = found["meeting"].isin(pd.to_datetime(["2020-03-03", "2020-03-15"]))
    scheduled = rate_sensitivity.sensitivity(returns, found.loc[~unplanned, "path_bp"]["2009":], draws=500)
    assert scheduled.is_settled
    assert scheduled.high < 0
    assert len(late.events) - len(scheduled.events) == 2
