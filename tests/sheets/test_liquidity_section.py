"""The liquidity section.

- The published weeks of April 2026 come out to the billion, although assets come in millions.
- Contributions add up to the change; what the book lacks is in the residual, and said.
- The Wednesday level of the Treasury's account before the daily balance before the week's average, named.
- A row counts from its release; what comes later changes no earlier row.
- Without a balance sheet every frame is empty, and the sentence says how to get one.
- Debt, duration, path, wave and shares stand where the book can tell them; what is old carries its age.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_liquidity import made_liquidity, made_series, series_of, wednesday_levels
from real_book import FILES

from groundswell.data import alignment
from groundswell.data.book import Book, Series
from groundswell.data.bundle import bundled_book
from groundswell.data.catalog import catalog
from groundswell.sheets import liquidity_drivers, liquidity_frames, liquidity_words, words
from groundswell.sheets.liquidity_section import LiquiditySection, build
from groundswell.sheets.moment import moment

PARTS = ["fed_assets", "tga", "on_rrp", "foreign_rrp", "currency", "other"]


def section(book: Book) -> LiquiditySection:
    return build(book, moment(book, as_of=True))


@pytest.fixture(scope="module")
def made() -> LiquiditySection:
    return section(made_liquidity())


@pytest.fixture(scope="module")
def with_levels() -> LiquiditySection:
    return section(made_liquidity(more=wednesday_levels()))


def contributions(of: LiquiditySection, weeks: int) -> pd.Series:
    change = of.change[of.change["weeks"] == weeks]
    return change.set_index("part")["contribution"]


def test_the_published_weeks_come_out_to_the_billion(made: LiquiditySection) -> None:
    level = made.stack.set_index("week")["net_liquidity"]
    published = {"2026-01-07": 5_736.296, "2026-04-15": 5_957.320, "2026-04-29": 5_693.982}
    for week, amount in published.items():
        assert level[week] == pytest.approx(amount, abs=1e-6)
    month = contributions(made, 4)
    assert round(month["net_liquidity"]) == -263
    assert month["fed_assets"] == pytest.approx(-5.746)
    assert month["tga"] == pytest.approx(-257.592)
    assert month["on_rrp"] == 0
    assert made.finding.startswith(
        "Net liquidity $5.69tn on 29 Apr 2026, −$263bn in 4 weeks: Treasury cash −258, Fed −5.7, RRP 0.0 ("
    )
    assert made.strip[0].value == "$5.69tn (−$263bn)"
    fortnight = liquidity_frames.changes(made.stack, [2]).set_index("part")["contribution"]
    assert round(fortnight["net_liquidity"]) == -263


@pytest.mark.parametrize("weeks", liquidity_frames.SPANS)
def test_contributions_add_up(made: LiquiditySection, weeks: int) -> None:
    found = contributions(made, weeks)
    assert found[PARTS].sum() == pytest.approx(found["reserves"], abs=1e-9)
    assert found[["fed_assets", "tga", "on_rrp"]].sum() == pytest.approx(found["net_liquidity"], abs=1e-9)
    assert found[["borrowing", "spending"]].sum() == pytest.approx(found["tga"], abs=1e-9)
    assert found[["securities", "lending"]].sum() == pytest.approx(found["fed_assets"], abs=1e-9)
    stack = made.stack.set_index("week")
    moved = stack["reserves"].iloc[-1] - stack["reserves"].iloc[-1 - weeks]
    assert found["reserves"] == pytest.approx(moved)


def test_a_percentile_counts_every_change_of_its_span_so_far(made: LiquiditySection) -> None:
    level = made.stack.set_index("week")["net_liquidity"]
    moved = level.diff(13).dropna()
    row = made.change[made.change["weeks"] == 13].set_index("part").loc["net_liquidity"]
    assert row["percentile"] == pytest.approx((moved < moved.iloc[-1]).mean(), abs=1 / len(moved))
    assert row["z"] == pytest.approx((moved.iloc[-1] - moved.mean()) / moved.std(ddof=0))
    assert row["since"] == moved.index[0]
    short = liquidity_frames.changes(made.stack.tail(40), [4])
    assert short["percentile"].isna().all()
    assert short["contribution"].notna().all()


def test_what_the_book_lacks_is_in_the_residual_and_said(made: LiquiditySection) -> None:
    less = section(made_liquidity(without=("foreign_rrp", "currency")))
    assert not {"foreign_rrp", "currency"} & set(less.change["part"])
    whole, month = contributions(made, 4), contributions(less, 4)
    inside = whole["other"] + whole["foreign_rrp"] + whole["currency"]
    assert month["other"] == pytest.approx(inside)
    assert less.stack[["foreign_rrp", "currency"]].isna().all(axis=None)
    assert any("contains foreign reverse repo and currency" in said for said in less.caveats)
    assert any("--series foreign_rrp --series currency" in said for said in less.missing)
    bare = section(made_liquidity(without=("reserves",)))
    assert not {"reserves", "other"} & set(bare.change["part"])
    assert contributions(bare, 4)["net_liquidity"] == whole["net_liquidity"]
    assert bare.forward.empty


def test_the_wednesday_level_comes_before_the_day_and_the_day_before_the_average(
    made: LiquiditySection, with_levels: LiquiditySection
) -> None:
    levels = wednesday_levels()
    daily = section(made_liquidity(more={"tga": levels["tga"]}))
    bases = [each.stack["tga_basis"].iloc[-1] for each in (made, daily, with_levels)]
    assert bases == ["tga_weekly", "tga", "tga_wednesday"]
    said = [each.caveats[1] for each in (made, daily, with_levels)]
    assert "average of the week" in said[0]
    assert "--series tga_wednesday" in said[0]
    assert "closing balance of the Wednesday" in said[1]
    assert "Wednesday level." in said[2]
    # The two datings span a range; with one of them there is none.
    row = with_levels.change[with_levels.change["weeks"] == 4].set_index("part").loc["net_liquidity"]
    average = contributions(made, 4)["net_liquidity"]
    assert sorted((row["low"], row["high"])) == pytest.approx(sorted((row["contribution"], average)))
    assert made.change[["low", "high"]].isna().all(axis=None)


def test_levels_with_levels_leave_no_residual(with_levels: LiquiditySection) -> None:
    assert with_levels.stack["reserves_basis"].iloc[-1] == "reserves_wednesday"
    assert contributions(with_levels, 4)["other"] == pytest.approx(0, abs=1e-6)
    levels = wednesday_levels()
    mixed = section(made_liquidity(more={"tga_wednesday": levels["tga_wednesday"]}))
    assert abs(contributions(mixed, 4)["other"]) > 50
    assert any("averages of the week; what that differs by is in 'other'" in said for said in mixed.caveats)


def test_weeks_that_shift_by_a_day_are_still_weeks() -> None:
    book = made_liquidity()
    average = book.series["tga_weekly"].latest()
    stack = liquidity_frames.stack(book)
    later = stack["week"] > "2025-06-01"
    shifted = stack.assign(week=stack["week"].where(~later, stack["week"] + pd.Timedelta(days=1)))
    year = liquidity_frames.changes(shifted, [52]).set_index("part")["contribution"]
    assert year["tga"] == pytest.approx(average.iloc[-53] - average.iloc[-1])


def test_on_a_wednesday_without_a_figure_the_day_before_stands() -> None:
    holidays = pd.to_datetime(["2018-07-04", "2024-12-25", "2025-01-01"])
    stack = liquidity_frames.stack(made_liquidity(more={"tga": wednesday_levels()["tga"]})).set_index("week")
    assert (stack.loc[holidays, "tga_basis"] == "tga").all()
    assert stack.loc[holidays, "on_rrp"].eq(0).all()


def test_a_figure_of_last_week_does_not_stand_for_this_one() -> None:
    series = made_series()["on_rrp"].latest()
    late = series_of("on_rrp", series[:"2026-04-21"])  # the Tuesday before the last two Wednesdays
    weeks = liquidity_frames.stack(made_liquidity(more={"on_rrp": late}))["week"]
    assert weeks.iloc[-1] == pd.Timestamp("2026-04-22")


def test_day_by_day_only_what_was_known_stands(with_levels: LiquiditySection) -> None:
    book = made_liquidity(more=wednesday_levels())
    recent = with_levels.recent.set_index("date")
    assets = alignment.aligned(book.series["fed_assets"], pd.DatetimeIndex(recent.index)) / 1_000
    pd.testing.assert_series_equal(recent["fed_assets"], assets, check_names=False, check_freq=False)
    assert recent["fed_assets"]["2026-04-29"] != recent["fed_assets"]["2026-04-30"]  # out on Thursday
    parts = recent["fed_assets"] - recent["tga"] - recent["on_rrp"]
    np.testing.assert_allclose(recent["net_liquidity"], parts)


@pytest.mark.parametrize("evening", ["2022-06-15", "2024-12-26", "2025-01-03", "2026-04-29"])
def test_what_comes_later_changes_no_earlier_row(evening: str) -> None:
    more = wednesday_levels()
    early, late = (made_liquidity(more=more, as_of=day) for day in (evening, "2026-04-30"))
    then, now = liquidity_frames.stack(early), liquidity_frames.stack(late)
    assert then["known"].max() <= pd.Timestamp(evening)
    known = now[now["known"] <= pd.Timestamp(evening)].reset_index(drop=True)
    pd.testing.assert_frame_equal(then, known, check_dtype=False)
    pd.testing.assert_frame_equal(
        liquidity_frames.changes(then), liquidity_frames.changes(known), check_dtype=False
    )
    mix, later = liquidity_drivers.mix(early), liquidity_drivers.mix(late)
    pd.testing.assert_frame_equal(mix, later.head(len(mix)))
    assert len(mix) < len(later) or evening > "2026-04-07"
    risk, later = (liquidity_drivers.duration(liquidity_drivers.debt(book)) for book in (early, late))
    pd.testing.assert_frame_equal(risk, later.head(len(risk)))


def test_a_path_of_a_past_evening_knows_no_later_week_and_no_later_plan() -> None:
    evening = "2026-02-03"
    book = made_liquidity(as_of=evening)
    found = section(book)
    later = {name: _doubled_after(each, evening) for name, each in made_series().items()}
    again = section(Book(series=later, as_of=pd.Timestamp("2026-04-30"), label="made").cut(evening))
    pd.testing.assert_frame_equal(found.forward, again.forward)
    assert "announced" not in set(found.plans["kind"]), "the plans of 4 February were not out"
    after = section(made_liquidity(as_of="2026-02-05"))
    assert "announced" in set(after.plans["kind"])


def _doubled_after(series: Series, evening: str) -> Series:
    frame = series.frame.copy()
    late = frame["released"] > pd.Timestamp(evening, tz="America/New_York") + pd.Timedelta(days=1)
    frame.loc[late, "value"] *= 2
    return Series(series.name, series.unit, series.source, series.title, frame)


def test_without_a_balance_sheet_nothing_is_claimed() -> None:
    bundled = section(bundled_book())
    assert bundled.is_empty
    assert bundled.finding == "Liquidity: no balance-sheet data in this book"
    assert bundled.data == ""
    assert not bundled.strip
    assert len(bundled.missing) == 1
    assert "`groundswell update --needed-by desk`" in bundled.missing[0]
    for lacking in ("Fed assets", "the Treasury's account (TGA)", "the Treasury's debt"):
        assert lacking in bundled.missing[0]
    for name in bundled.frames:
        assert set(bundled.frames[name]) <= set(bundled.frame(name).columns)


def test_a_book_with_part_of_the_balance_sheet_is_not_said_to_have_none() -> None:
    found = section(made_liquidity(without=["on_rrp"]))
    assert found.finding == "Net liquidity cannot be told: without overnight reverse repo (RRP)"
    assert "`groundswell update --series on_rrp" in found.missing[0]
    weeks = pd.date_range("2012-01-04", "2013-01-02", freq="7D")
    early = made_liquidity(
        more={
            "index": series_of("index", pd.Series(1_400.0, pd.bdate_range("2012-01-04", "2013-01-02"))),
            **{name: series_of(name, pd.Series(100.0, weeks)) for name in ("fed_assets", "tga_weekly")},
            "on_rrp": series_of("on_rrp", pd.Series(1.0, weeks)),
        },
        as_of="2013-01-10",
    )
    assert section(early).finding.endswith("no week since 23 Sep 2013 has Fed assets, the TGA and RRP")


def test_what_the_command_fetches_is_what_the_section_reads() -> None:
    wanted = {name for name, each in catalog().items() if "desk" in each.needed_by}
    for names in (*liquidity_frames.SOURCES.values(), *liquidity_words.DEBT.values()):
        assert names[0] in wanted


def test_the_frames_of_the_debt(with_levels: LiquiditySection) -> None:
    last = with_levels.mix.iloc[-1]
    assert last["month"] == pd.Timestamp("2026-03-31")
    assert last["share"] == pytest.approx(last["bills"] / last["marketable"])
    assert last["low"] <= last["share"] <= last["high"]
    assert last["beyond"] == pytest.approx(last["bills"] - 0.20 * last["marketable"])
    assert last["public_share"] == pytest.approx(
        (last["bills"] - 230) / (last["marketable"] - 230 - 3_600 - 280 - 10), abs=1e-3
    )
    cash = with_levels.cash
    np.testing.assert_allclose(cash[["bills", "coupons", "spending"]].sum(axis=1), cash["tga"])
    owed = made_series()
    sold = owed["bills_outstanding"].latest().diff().iloc[-1]
    assert cash["bills"].iloc[-1] == pytest.approx(-sold), "bills that are sold drain cash"
    other = owed["marketable_outstanding"].latest().diff().iloc[-1] - sold
    assert cash["coupons"].iloc[-1] == pytest.approx(-other)
    risk = with_levels.duration.iloc[-1]
    assert risk["supplied"] == pytest.approx(risk["treasury"] + risk["fed"])
    assert risk["supplied_low"] < risk["supplied"] < risk["supplied_high"]
    assert risk["effect_bp_low"] < risk["effect_bp"] < risk["effect_bp_high"]
    assert risk["bought_back"] == pytest.approx(2.0 * 13, abs=2.0)


@pytest.mark.parametrize(
    ("bills", "told"),
    [
        (2_400.0, "$400bn of bills above TBAC's 15-20%"),
        (1_000.0, "$500bn of bills below TBAC's 15-20%"),
        (1_700.0, "within TBAC's 15-20%"),
    ],
)
def test_the_bill_share_beside_what_was_recommended(bills: float, told: str) -> None:
    month = pd.date_range("2026-03-01", periods=1, freq="MS")
    owed = {"bills_outstanding": bills, "marketable_outstanding": 10_000.0}
    more = {name: series_of(name, pd.Series(value, month)) for name, value in owed.items()}
    assert liquidity_words.mix(section(made_liquidity(more=more)).mix).endswith(told)


def test_the_title_of_the_shares_is_of_the_longest_horizon_told(made: LiquiditySection) -> None:
    told = made.treasury_against_fed.dropna(subset=["treasury_share"])
    longest = told[told["target"] == "reserves"]["horizon"].iloc[-1]
    assert longest != told["horizon"].iloc[0]
    assert f"over a {longest} since" in liquidity_words.sides(made.treasury_against_fed)


def test_path_wave_and_shares_carry_their_bands(made: LiquiditySection) -> None:
    ahead = made.forward
    assert ahead["week"].iloc[0] == pd.Timestamp("2026-05-06")
    assert (ahead["net_liquidity_low"] <= ahead["net_liquidity"]).all()
    assert (ahead["net_liquidity"] <= ahead["net_liquidity_high"]).all()
    quarter = ahead.set_index("week").loc["2026-07-29"]
    said = liquidity_words.path(ahead, made.errors)
    assert f"in 13 weeks {liquidity_words.level(quarter['net_liquidity'])} [" in said
    assert f"assumed {words.amount(quarter['assumed'])};" in said
    today = made.stack["net_liquidity"].iloc[-1]
    np.testing.assert_allclose(ahead["announced"] + ahead["assumed"], ahead["net_liquidity"] - today)
    wave = made.wave.set_index("target")
    year = contributions(made, 52)
    assert wave["change"]["reserves"] == pytest.approx(year["reserves"])
    assert wave["low"]["net_liquidity"] < wave["percentile"]["net_liquidity"] < wave["high"]["net_liquidity"]
    shares = made.treasury_against_fed.set_index(["horizon", "target"])
    assert len(shares) == 9
    told = shares[shares["reason"] == ""]
    sums = told[[f"{name}_share" for name in ("treasury", "fed", "other", "unexplained")]].sum(axis=1)
    np.testing.assert_allclose(sums, 1.0)
    assert (told["treasury_share_low"] <= told["treasury_share"]).all()
    assert (told["treasury_share"] <= told["treasury_share_high"]).all()
    week = shares.loc[("week", "reserves")]
    assert week["treasury_share_low"] > week["fed_share_high"], "the Treasury moves four times as much here"
    untold = shares[shares["reason"] != ""]
    assert untold["treasury_share"].isna().all()


def test_every_frame_can_be_told_as_json(with_levels: LiquiditySection) -> None:
    for name, keys in with_levels.frames.items():
        frame = with_levels.frame(name)
        assert len(frame), name
        assert not frame.duplicated(list(keys)).any()
        assert pd.NaT not in [value for row in frame.to_dict("records") for value in row.values()]


def test_what_is_old_carries_its_age() -> None:
    on_time = section(made_liquidity())
    assert not [said for said in on_time.caveats if said.startswith("Old")]
    late = section(made_liquidity(as_of="2026-05-20"))
    old = next(said for said in late.caveats if said.startswith("Old"))
    assert "Fed assets (21 days old)" in old
    assert "overnight reverse repo (RRP) (20 days old)" in old
    assert late.strip[0].stale


def test_before_the_facility_there_is_no_net_liquidity() -> None:
    weeks = pd.date_range("2012-01-04", "2014-12-31", freq="7D")
    days = pd.bdate_range("2012-01-04", "2014-12-31")
    book = made_liquidity(
        more={
            "index": series_of("index", pd.Series(1_500.0, days)),
            "fed_assets": series_of("fed_assets", pd.Series(4_000.0, weeks)),
            "tga_weekly": series_of("tga_weekly", pd.Series(80.0, weeks)),
            "on_rrp": series_of("on_rrp", pd.Series(100.0, days)),
        },
        as_of="2015-01-05",
    )
    assert liquidity_frames.stack(book)["week"].iloc[0] == pd.Timestamp("2013-09-25")


def test_the_real_ends_of_2020_and_2022(real_data: Callable[[str], Path]) -> None:
    series = {}
    for name in ("index", "fed_assets", "tga_weekly", "on_rrp", "reserves"):
        file, divisor = FILES[name]
        table = pd.read_csv(real_data(file), index_col=0, parse_dates=True)
        values = (table["close"] if "close" in table else table.iloc[:, 0]).dropna() / divisor
        series[name] = series_of(name, values["2010":])
    whole = Book(series=series, as_of=pd.Timestamp("2022-12-30"), label="real files")
    found = {day: section(whole.cut(day)) for day in ("2020-06-30", "2022-12-30")}
    assert found["2022-12-30"].finding.startswith(
        "Net liquidity $5.83tn on 28 Dec 2022, −$127bn in 4 weeks: Treasury cash +84, Fed −33, RRP −177"
    )
    summer = contributions(found["2020-06-30"], 13)
    assert summer["fed_assets"] > 1_800
    assert summer["tga"] < -1_200
    for each in found.values():
        month = contributions(each, 4)
        assert month[["fed_assets", "tga", "on_rrp", "other"]].sum() == pytest.approx(month["reserves"])
        assert abs(month["other"]) < 0.5 * abs(month["reserves"])
        assert each.forward["net_liquidity_low"].notna().all()
