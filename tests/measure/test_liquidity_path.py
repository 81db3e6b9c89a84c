"""The path of liquidity.

- Cash meets each announced balance on its day; a season that is there is followed; without plans nothing is
  announced.
- Bills that money funds pay out of the reverse repo drain nothing until it is at its floor; the Fed's
  purchases add one for one, a flow that began before counts for what is left of it.
- What was announced and what is assumed add up to the change; a plan of tomorrow is not known today.
- The band is that of past errors: it holds what comes about as often as it says, grows with the weeks, and is
  there always; a history too short is refused.
- The errors are those of paths drawn at the time, with what was known then; units.
- The calendar: tax dates, refundings, quarter ends.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from groundswell.data.errors import DataError, UnitError
from groundswell.data.units import Measured
from groundswell.measure.liquidity_path import LiquidityPath, project
from groundswell.measure.liquidity_plans import ANNOUNCED, Announcement, known_events

WEEKS = pd.date_range("2018-01-03", periods=420, freq="7D")
TODAY = WEEKS[-1]
NAMES = ("fed_assets", "tga", "on_rrp", "reserves")


def season(days: pd.DatetimeIndex) -> np.ndarray:
    return 150 * np.sin(2 * np.pi * days.day_of_year.to_numpy() / 365.25)


def history(
    seed: int = 0, *, tide: bool = True, rrp: float = 300.0, size: float = 1.0
) -> dict[str, Measured]:
    rng = np.random.default_rng(seed)
    steps = {
        name: np.cumsum(rng.normal(0, size * step, len(WEEKS)))
        for name, step in (("fed_assets", 5.0), ("tga", 8.0), ("on_rrp", 3.0))
    }
    levels = {
        "fed_assets": 6_500 + steps["fed_assets"],
        "tga": 900 + steps["tga"] - steps["tga"][-1] + (season(WEEKS) if tide else 0.0),
        "on_rrp": rrp + steps["on_rrp"] - steps["on_rrp"][-1],
    }
    levels["reserves"] = levels["fed_assets"] - levels["tga"] - levels["on_rrp"] - 2_500
    return {name: Measured(pd.Series(values, WEEKS), "USD bn") for name, values in levels.items()}


def path(given: dict[str, Measured] | None = None, **more: Any) -> LiquidityPath:
    series = history() if given is None else given
    return project(**series, **({"announced": ()} | more))


def plan(what: Any, weeks: int, amount: float, **more: Any) -> Announcement:
    return Announcement(what, TODAY + pd.Timedelta(weeks=weeks), amount, TODAY, "made", **more)


def test_cash_meets_each_announced_balance_on_its_day() -> None:
    plans = (plan("tga", 6, 850.0), plan("tga", 13, 1_025.0))
    weeks = path(announced=plans).weeks
    assert weeks["tga"].iloc[[5, 12]].tolist() == pytest.approx([850, 1_025])
    # Beyond the last balance and between two the season goes on.
    alone = path().weeks["tga"]
    np.testing.assert_allclose(weeks["tga"].diff().iloc[13:], alone.diff().iloc[13:], atol=1e-9)
    bend = (weeks["tga"] - alone).diff().iloc[6:13]
    np.testing.assert_allclose(bend, bend.iloc[0], atol=1e-9)
    assert (weeks["reserves"] - path().weeks["reserves"]).iloc[12] == pytest.approx(alone.iloc[12] - 1_025)


def test_a_season_that_is_there_is_followed() -> None:
    found = path(history(size=0.1))
    ahead = pd.DatetimeIndex(found.weeks.index)
    moved = found.weeks["tga"] - found.start["tga"]
    came = season(ahead) - season(WEEKS[-1:])
    assert np.abs(moved - came).max() < 25
    assert found.errors["net_liquidity"].iloc[12] < 0.35 * found.errors["unchanged"].iloc[12]
    np.testing.assert_allclose(found.weeks["assumed"], -moved)
    assert not np.abs(found.weeks["announced"]).max() > 1e-9


def test_bills_drain_nothing_until_the_facility_is_at_its_floor() -> None:
    sold = (plan("bills", 10, 400.0), plan("tga", 10, 1_300.0))
    full = path(history(rrp=2_000), announced=sold, from_rrp=1.0)
    start, then = full.start, full.weeks.iloc[9]
    assert then["on_rrp"] - start["on_rrp"] == pytest.approx(-400)
    assert then["reserves"] - start["reserves"] == pytest.approx(400 - (1_300 - start["tga"]))
    scarce = path(history(rrp=300), announced=sold, from_rrp=1.0, rrp_floor=100.0)
    assert scarce.weeks["on_rrp"].iloc[9:].tolist() == pytest.approx([100.0] * 17)
    assert scarce.weeks["on_rrp"].iloc[4] == pytest.approx(100)  # after 200 of the 400
    assert path(announced=sold, from_rrp=0.0).weeks["on_rrp"].iloc[-1] == pytest.approx(300)
    back = path(announced=(plan("bills", 10, -100.0),), from_rrp=0.7)
    assert back.weeks["on_rrp"].iloc[-1] == pytest.approx(370)  # funds that get their cash back
    # Sold and kept or spent: the budget of the account.
    spent = full.weeks["spending"]
    np.testing.assert_allclose(spent.iloc[9], 400 - (1_300 - start["tga"]))
    assert path().weeks["spending"].isna().all()


def test_purchases_add_one_for_one() -> None:
    before = path().weeks
    running = Announcement(
        *("fed_assets", TODAY + pd.Timedelta(weeks=3), 40.0, TODAY - pd.Timedelta(weeks=2), "made"),
        since=TODAY - pd.Timedelta(weeks=1),
    )
    added = path(announced=(running,)).weeks - before
    # A quarter of it is in today's assets.
    assert added["fed_assets"].iloc[[0, 2, 25]].tolist() == pytest.approx([10, 30, 30])
    for name in ("net_liquidity", "reserves", "announced"):
        np.testing.assert_allclose(added[name], added["fed_assets"], atol=1e-9)


def test_what_was_announced_and_what_is_assumed_add_up_and_are_told_apart() -> None:
    plans = (plan("tga", 13, 700.0), plan("bills", 9, 100.0), plan("fed_assets", 20, 80.0))
    found = path(announced=plans)
    moved = found.weeks["net_liquidity"] - found.start["net_liquidity"]
    np.testing.assert_allclose(found.weeks["announced"] + found.weeks["assumed"], moved, atol=1e-9)
    kinds = found.statements.set_index("what")["kind"]
    assert kinds[["tga", "bills", "fed_assets"]].tolist() == ["announced"] * 3
    assert kinds[["on_rrp", "season", "other"]].tolist() == ["assumed"] * 3
    nothing = path().statements
    assert set(nothing["kind"]) == {"assumed"}
    assert {"tga", "fed_assets", "on_rrp"} <= set(nothing["what"])


def test_a_plan_of_tomorrow_is_not_known_today() -> None:
    later = Announcement("tga", TODAY + pd.Timedelta(weeks=8), 500.0, TODAY + pd.Timedelta(days=1), "made")
    pd.testing.assert_frame_equal(path(announced=(later,)).weeks, path().weeks)
    tomorrow = path(announced=(later,), as_of=TODAY + pd.Timedelta(days=1)).weeks
    assert tomorrow["tga"].iloc[7] == pytest.approx(500)
    past = Announcement("tga", TODAY - pd.Timedelta(weeks=1), 500.0, TODAY - pd.Timedelta(weeks=8), "made")
    pd.testing.assert_frame_equal(path(announced=(past,)).weeks, path().weeks)
    # Of the published plans the first is over on 14 January 2026, the next ones come in February.
    assert f"{TODAY:%Y-%m-%d}" == "2026-01-14"
    known = project(**history(), announced=ANNOUNCED, as_of=TODAY).statements
    assert not (known["kind"] == "announced").any()
    in_february = project(**history(), announced=ANNOUNCED, as_of=pd.Timestamp("2026-02-04"))
    assert in_february.statements["kind"].tolist().count("announced") == 4


def test_there_is_no_path_without_its_band() -> None:
    found = path(announced=(plan("tga", 13, 850.0),))
    for name in ("net_liquidity", "reserves", "tga"):
        assert (found.weeks[f"{name}_low"] <= found.weeks[name]).all()
        assert (found.weeks[name] <= found.weeks[f"{name}_high"]).all()
    width = found.weeks["net_liquidity_high"] - found.weeks["net_liquidity_low"]
    assert width.iloc[25] > 2 * width.iloc[0] > 0
    assert found.errors["independent"].iloc[0] == pytest.approx(420 - 105, abs=2)
    assert found.errors["independent"].iloc[25] == pytest.approx((420 - 105 - 25) / 26, abs=0.1)
    short = {name: Measured(each.series[:130], "USD bn") for name, each in history().items()}
    with pytest.raises(DataError, match="more than 2 years and 26 weeks"):
        path(short)


def test_a_band_reaches_as_far_as_paths_missed_and_farther_where_that_was_seldom_tried() -> None:
    from scipy import stats

    constant = {"tga": 900.0, "on_rrp": 300.0}
    levels = {name: np.full(len(WEEKS), value) for name, value in constant.items()}
    levels["fed_assets"] = 6_500 + 10.0 * (np.arange(len(WEEKS)) % 2)  # every odd week ahead misses by ten
    levels["reserves"] = levels["fed_assets"] - 3_700
    found = path({name: Measured(pd.Series(levels[name], WEEKS), "USD bn") for name in NAMES})
    for ahead in (1, 13, 25):
        row, m = found.weeks.iloc[ahead - 1], found.errors.loc[ahead, "independent"]
        reach = 10 * stats.t.ppf(0.95, m - 1) / stats.norm.ppf(0.95) * np.sqrt(1 + 1 / m)
        assert row["reserves_high"] - row["reserves"] == pytest.approx(reach)
        assert row["reserves"] - row["reserves_low"] == pytest.approx(reach)
    assert found.weeks["tga_high"].iloc[24] == 900


def test_no_band_reaches_below_nothing() -> None:
    empty = history(size=2.0)
    empty["tga"] = Measured((empty["tga"].series - 850.0).clip(lower=5.0), "USD bn")
    weeks = path(empty).weeks
    assert weeks["tga_low"].min() == 0  # the band alone would reach lower
    assert (weeks["tga"] >= 0).all()


def test_bands_hold_what_comes_about_as_often_as_they_say() -> None:
    held = []
    for seed in range(8):
        series = history(seed)
        for end in (300, 340, 380):
            known = {name: Measured(each.series[:end], "USD bn") for name, each in series.items()}
            row = path(known, weeks=8).weeks.iloc[7]
            held.append(
                row["reserves_low"] <= series["reserves"].series.iloc[end + 7] <= row["reserves_high"]
            )
    assert 0.72 <= np.mean(held) <= 1.0  # 90%, of 24


@pytest.mark.parametrize("ahead", [1, 5, 26])
def test_errors_are_those_of_paths_drawn_with_what_was_known(ahead: int) -> None:
    series, count = history(), 400

    def until(end: int) -> LiquidityPath:
        return path({name: Measured(each.series[:end], "USD bn") for name, each in series.items()})

    def squared(end: int) -> float:
        row = until(end).errors.loc[ahead]
        return float(row["net_liquidity"] ** 2 * row["independent"] * ahead)

    # What one more week adds is the miss of the path drawn so many weeks before it, and nothing else.
    drawn = until(count - ahead + 1).weeks["net_liquidity"].iloc[ahead - 1]
    came = series["fed_assets"].series - series["tga"].series - series["on_rrp"].series
    assert squared(count + 1) - squared(count) == pytest.approx((came.iloc[count] - drawn) ** 2)


def test_units() -> None:
    found, millions = path(), path({name: each.to("USD million") for name, each in history().items()})
    np.testing.assert_allclose(millions.weeks, found.weeks, atol=1e-9)
    with pytest.raises(UnitError):
        path(history() | {"tga": history()["tga"].to("USD million")})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"from_rrp": 1.5}, "fraction from 0 to 1"),
        ({"rrp_floor": -1.0}, "USD bn from zero"),
        ({"weeks": 0}, "path of 0 weeks"),
    ],
)
def test_arguments_out_of_their_range_are_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        path(**changed)


def test_series_that_are_no_weeks_are_refused() -> None:
    days = pd.bdate_range("2015-01-02", periods=420)
    daily = {name: Measured(each.series.set_axis(days), "USD bn") for name, each in history().items()}
    with pytest.raises(DataError, match="not weeks"):
        path(daily)
    gap = history()
    gap["tga"].series.iloc[7] = np.nan
    with pytest.raises(DataError, match="lacks a figure"):
        path(gap)


def test_the_calendar_of_the_treasury() -> None:
    found = known_events(pd.Timestamp("2026-01-14"), pd.Timestamp("2026-06-30"))
    listed = [(f"{row.date:%m-%d}", row.event) for row in found.itertuples()]
    assert listed == [
        ("01-15", "tax_date"),
        ("02-04", "refunding"),
        ("03-31", "quarter_end"),
        ("04-15", "tax_date"),
        ("05-06", "refunding"),
        ("06-15", "tax_date"),
        ("06-30", "quarter_end"),
    ]
    weekend = known_events(pd.Timestamp("2024-06-13"), pd.Timestamp("2024-06-28"))
    assert [f"{day:%a %m-%d}" for day in weekend["date"]] == ["Mon 06-17", "Fri 06-28"]
    assert known_events(pd.Timestamp("2026-02-04"), pd.Timestamp("2026-02-20")).empty


def test_the_real_path_from_the_summer_of_2021(real_data: Callable[[str], Path]) -> None:
    def read(file: str, divisor: float = 1) -> pd.Series:
        return pd.read_csv(real_data(file), index_col=0, parse_dates=True).iloc[:, 0].dropna() / divisor

    assets = read("liquidity/walcl_weekly.csv", 1_000)
    table = pd.DataFrame(
        {"fed_assets": assets, "tga": read("liquidity/tga_weekly.csv")}
        | {"on_rrp": read("liquidity/rrp_daily.csv").reindex(assets.index, method="ffill")}
        | {"reserves": read("liquidity/wresbal_weekly.csv", 1_000)}
    ).dropna()
    known = {name: Measured(table.loc[:"2021-06-30", name], "USD bn") for name in NAMES}  # type: ignore[misc]
    said = Announcement(
        *("tga", pd.Timestamp("2021-09-30"), 750.0, pd.Timestamp("2021-05-03")),
        source="Treasury, financing estimates of 3 May 2021 (recalled)",
    )
    found = project(**known, announced=(said,))
    came = table.loc[found.weeks.index]
    inside = came["reserves"].between(found.weeks["reserves_low"], found.weeks["reserves_high"])
    assert inside.mean() > 0.8
    assert found.weeks["tga"].iloc[12] == pytest.approx(750, abs=15)  # the day after the quarter's end
