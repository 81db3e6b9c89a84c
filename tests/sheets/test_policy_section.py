"""The policy section of the sheet.

- The finding says what is priced, with its range over conventions, as the frames have it.
- Each frame agrees with the futures it was made from; rates are decimals, odds fractions.
- Nothing later than the evening counts: neither quotes, nor decisions, nor the effective rate.
- What is missing is said: no futures, no spot rate, stale futures, too few decisions, the end of the table.
- Real evenings of 2022.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_futures import DECEMBER, START, Told, autumn_2025, quotes_of, real_quotes, with_futures

from groundswell.data import calendar
from groundswell.data.book import Book, Series
from groundswell.measure import decision_odds, futures_strip
from groundswell.measure.fed_meetings import ILL_DETERMINED
from groundswell.sheets import policy_section, policy_words, words
from groundswell.sheets.moment import moment
from groundswell.sheets.policy_section import PolicySection

DAYS = calendar.sessions("2025-07-01", "2025-11-26")
QUOTES = quotes_of(list(DAYS), START, autumn_2025)


@pytest.fixture(scope="module")
def effr() -> Series:
    days = calendar.sessions("2025-07-01", "2025-11-28")
    rate = pd.Series(4.33, days).where(days <= "2025-09-17", 4.08).where(days <= "2025-10-29", 3.83)
    frame = pd.DataFrame(
        {"observed": days, "released": days.tz_localize("America/New_York") + pd.Timedelta(hours=33)}
    )
    frame["value"] = rate.to_numpy()
    return Series("effr", "percent a year", "New York Fed", "Effective federal funds rate", frame)


@pytest.fixture
def book(made_book: Callable[..., Book]) -> Book:
    return with_futures(made_book(500, start="2024-01-02"), QUOTES)


def with_spot(book: Book, effr: Series) -> Book:
    return replace(book, series={**book.series, "effr": effr})


def section_of(book: Book, day: str = "2025-11-26") -> PolicySection:
    cut = book.cut(day)
    return policy_section.build(cut, moment(cut, True))


def test_the_finding_is_what_the_frames_say(book: Book) -> None:
    found = section_of(book)
    used = found.conventions[found.conventions["used"]]
    band = words.percent_range(used["likeliest"].min(), used["likeliest"].max())
    assert found.finding.startswith(
        f"10 Dec 2025: cut of 25 bp priced at 82% {band[:-1]} over conventions], no change at 18%; "
    )
    table = found.meetings
    assert table["total"].iloc[-1] == pytest.approx(-0.25 * 0.82 / 100 - 0.0015, abs=1e-9)
    assert "36 bp of cuts by" in found.finding
    # a week before, 50 instead of 82: the rate after December is 8 bp lower since
    assert table["week"].iloc[0] == pytest.approx(-0.0025 * (0.82 - 0.30), abs=1e-9)
    assert found.strip[0].value == f"10 Dec 2025: cut of 25 bp 82% {band}"
    assert found.strip[0].date == pd.Timestamp("2025-11-26")
    assert found.data.startswith("fed-funds futures of 26 Nov 2025, 105 evenings since 1 Jul 2025")


def test_frames_agree_with_one_another(book: Book) -> None:
    found = section_of(book)
    path = found.meetings.set_index("meeting")
    mean = (found.moves["move_bp"] * found.moves["probability"]).groupby(found.moves["meeting"]).sum()
    np.testing.assert_allclose(mean, 1e4 * path["change"], atol=1e-6)
    assert found.moves.groupby("meeting")["probability"].sum().tolist() == pytest.approx([1.0] * len(path))
    reached = found.distribution.groupby("meeting")["probability"].sum()
    assert reached.between(0.97, 1 + 1e-9).all()  # levels under half a percent are left out
    total = (found.distribution["total_bp"] * found.distribution["probability"]).groupby(
        found.distribution["meeting"]
    )
    np.testing.assert_allclose(total.sum(), 1e4 * path["total"], atol=1.5)
    assert (path["total_low"] <= path["total"]).all()
    assert (path["total"] <= path["total_high"]).all()
    first = found.distribution.iloc[0]
    assert (first["range_low"], first["range_high"]) == pytest.approx((0.0350, 0.0375))
    assert first["level"] == pytest.approx(path["start"].iloc[0] + first["total_bp"] / 1e4, abs=1e-9)
    assert path["start"].iloc[0] == pytest.approx(0.0383, abs=1e-9)
    now = found.odds.iloc[-1]
    assert (now["cut"], now["unchanged"], now["rise"]) == pytest.approx((0.82, 0.18, 0.0))
    assert now["event"] == pytest.approx(0.82)
    assert found.event == "a cut of 25 bp or more"


def test_the_range_over_conventions_is_the_band(book: Book, effr: Series) -> None:
    found = section_of(with_spot(book, effr))
    table = found.conventions
    assert len(table) == 12
    assert table["house"].sum() == 1
    assert (table.loc[table["used"], "conditioning"] < ILL_DETERMINED).all()
    for row in table.itertuples():
        assert row.cut + row.unchanged + row.rise == pytest.approx(1)
    counts = table[table["anchor"].eq("auto") & table["start_from"].eq("futures")].set_index("day_count")
    assert counts.loc["cme", "likeliest"] == pytest.approx(0.82)
    # nine days at the old rate of 31, or ten: the same average asks for a larger cut
    assert counts.loc["effective", "likeliest"] > counts.loc["cme", "likeliest"]
    spot = table[table["start_from"].eq("spot") & table["day_count"].eq("cme")]
    assert spot["likeliest"].tolist() == pytest.approx([0.82] * 3)
    assert "effective rate 3.83%" in found.data


def path_of(*totals: float, week: float = 0.0) -> str:
    """Words for a path of these totals since now, basis points, a band of one each way."""
    decided = pd.date_range("2023-01-15", periods=len(totals), freq="60D")
    total = np.array(totals) / 1e4
    table = pd.DataFrame({"meeting": decided, "total": total, "week": week / 1e4, "ill_determined": False})
    table["total_low"], table["total_high"] = total - 1e-4, total + 1e-4
    return policy_words.path(table, pd.Timestamp("2023-01-01"))


def test_a_path_that_turns_is_told_with_its_turn() -> None:
    turned = "56 bp of rises by May 2023 [55, 57] after 100 bp of rises by Mar 2023"
    assert path_of(40, 100, 56, week=-16.3) == f"{turned}, that rate 16.3 bp down in a week"
    assert path_of(30, 60, -20).startswith(
        "20 bp of cuts by May 2023 [19, 21] after 60 bp of rises by Mar 2023"
    )
    assert "after" not in path_of(40, 70, 56)


def test_a_path_without_a_change_names_neither_cuts_nor_rises() -> None:
    assert path_of(-0.3, 0.2, -0.04) == "no change by May 2023 [−1, +1], that rate unmoved in a week"
    assert (
        path_of(-0.3, -0.9, week=0.9) == "0.9 bp of cuts by Mar 2023 [−2, 0], that rate 0.9 bp up in a week"
    )


def test_the_swing_is_told_in_points_and_basis_points(book: Book) -> None:
    swing = section_of(book).swing.set_index("over")
    assert swing.loc["1d", "odds"] == pytest.approx(0.629 - 0.95)  # the published odds begin two weeks before
    np.testing.assert_allclose(swing["rate"], -0.0025 * swing["odds"], atol=1e-12)
    week = swing.loc["1w"]
    assert week["date"] == pytest.approx(week["since"], abs=pd.Timedelta(days=10))
    late = section_of(book, "2025-11-21")
    assert "largest day −32 points (12 Nov, 8.0 bp of the expected rate)" in late.swung


def test_movement_is_that_of_the_odds_since_the_last_decision(book: Book) -> None:
    found = section_of(book)
    row = found.movement.iloc[0]
    since = found.odds[found.odds["date"] >= "2025-10-29"]["event"].to_numpy()
    assert row["movement"] == pytest.approx((np.diff(since) ** 2).sum())
    assert row["excess"] == pytest.approx(row["movement"] - row["uncertainty_reduction"])
    assert (row["since"], row["event_bp"]) == (pd.Timestamp("2025-10-29"), -25)
    assert row["reference_high"] < row["excess"]
    assert row["rarity_high"] < 0.05
    assert f"more than news explains: at most {row['rarity_high']:.0%} of Bayesians" in found.swung


@pytest.mark.parametrize("day", ["2025-08-20", "2025-09-17", "2025-10-30", "2025-11-19"])
def test_nothing_later_than_the_evening_counts(book: Book, effr: Series, day: str) -> None:
    whole = with_spot(book, effr)
    random = np.random.default_rng(1)
    end = pd.Timestamp(day, tz="America/New_York") + pd.Timedelta(days=1)
    later = QUOTES["taken"] >= end
    changed = QUOTES.assign(settle=QUOTES["settle"] + later * random.normal(0, 0.2, len(QUOTES)))
    moved = effr.frame.assign(value=effr.frame["value"].where(effr.frame["released"] < end, 3.0))
    other = with_spot(replace(whole, quotes=Told(changed)), replace(effr, frame=moved))
    short = with_spot(replace(whole, quotes=Told(QUOTES[~later])), effr)
    found = section_of(whole, day)
    for book_told in (other, short):
        told = section_of(book_told, day)
        assert told.finding == found.finding
        for name in PolicySection.frames:
            pd.testing.assert_frame_equal(told.frame(name), found.frame(name))


def test_a_book_that_reaches_beyond_the_evening_says_the_same(book: Book, effr: Series) -> None:
    whole = with_spot(book, effr)
    for day in ("2025-10-30", "2025-11-14"):
        found = section_of(whole, day)
        beyond = policy_section.build(whole, moment(whole.cut(day), True))
        assert (beyond.finding, beyond.data) == (found.finding, found.data)
        pd.testing.assert_frame_equal(beyond.conventions, found.conventions)
        pd.testing.assert_frame_equal(beyond.odds, found.odds)


def test_a_path_of_a_fortnight_ago_is_no_week_ago(book: Book) -> None:
    taken = QUOTES["taken"].dt.tz_convert("America/New_York").dt.tz_localize(None)
    kept = QUOTES[(taken < "2025-11-14") | (taken > "2025-11-21")]
    found = section_of(replace(book, quotes=Told(kept)))
    assert found.meetings["week"].isna().all()
    assert "in a week" not in found.finding


def test_an_earlier_evening_s_odds_stand_in_the_later_sheet(book: Book) -> None:
    early, late = (section_of(book, day).odds.set_index("date") for day in ("2025-11-14", "2025-11-26"))
    pd.testing.assert_frame_equal(early, late[: early.index[-1]], check_freq=False)


def test_the_spot_rate_counts_from_its_release_and_after_the_decision_only(book: Book, effr: Series) -> None:
    whole = with_spot(book, effr)
    for day, rate in (("2025-10-28", "4.08"), ("2025-10-31", "3.83")):
        assert f"effective rate {rate}%" in section_of(whole, day).data
    for day in ("2025-10-29", "2025-10-30"):  # the rate of the 30th is out on the 31st
        found = section_of(whole, day)
        assert "effective rate" not in found.data
        assert any("groundswell update --series effr" in said for said in found.caveats)
        assert (found.conventions["start_from"] == "futures").all()


def test_without_futures_the_section_says_how_to_get_them(made_book: Callable[..., Book]) -> None:
    found = section_of(made_book(), "2016-01-04")
    assert found.finding == "Policy path: no fed-funds futures in this data"
    assert found.is_empty
    assert "groundswell update --series futures.fed_funds" in found.missing[0]
    assert "45 days" in found.missing[0]
    for name in PolicySection.frames:
        assert list(found.frame(name).columns)


def test_stale_futures_and_a_decision_since_are_told(book: Book) -> None:
    old = section_of(replace(book, quotes=Told(QUOTES[QUOTES["taken"] < "2025-10-25"])), "2025-11-05")
    assert old.meetings["meeting"].iloc[0] == pd.Timestamp("2025-10-29")
    assert any(said.startswith("The futures are 1") and said.endswith("days old.") for said in old.caveats)
    assert "The decision of 29 Oct 2025 has been taken since these futures were quoted." in old.caveats
    assert not old.strip, "that decision is no longer the next"
    assert old.finding.endswith("; futures of 24 Oct 2025")
    before = section_of(replace(book, quotes=Told(QUOTES[QUOTES["taken"] < "2025-10-20"])), "2025-10-28")
    assert before.strip[0].stale
    assert before.finding.endswith("; futures of 17 Oct 2025")
    assert old.swung == "Odds of a cut of 25 bp or more on 29 Oct: 100%; unmoved since the last decision"


def test_an_evening_that_lacks_the_contract_gives_way_to_the_one_before(book: Book) -> None:
    last = QUOTES["taken"] == QUOTES["taken"].max()
    thin = QUOTES[~(last & (QUOTES["expiry"] < "2026-03-01"))]
    found = section_of(replace(book, quotes=Told(thin)))
    assert found.strip[0].date == pd.Timestamp("2025-11-25")
    bare = QUOTES[QUOTES["expiry"] > "2026-03-01"]
    lost = section_of(replace(book, quotes=Told(bare)))
    assert lost.is_empty
    assert lost.finding == "Policy path: not determined by the futures of 26 Nov 2025"
    assert "no contract of 2025-12" in lost.missing[0]


def test_conventions_that_lack_their_contract_are_counted(book: Book) -> None:
    assert not any("other anchor" in said for said in section_of(book).caveats)
    thin = QUOTES[QUOTES["expiry"] < "2026-02-01"]  # no month without a meeting after December's
    found = section_of(replace(book, quotes=Told(thin)))
    assert any(said.startswith("For want of a contract 2 conventions of the band") for said in found.caveats)


def test_ill_determined_meetings_are_flagged_and_end_no_distribution(made_book: Callable[..., Book]) -> None:
    """The meeting of 31 January 2024 is the last one known in 2023, on the last day of its month."""
    days = calendar.sessions("2023-05-08", "2023-06-30")
    quotes = quotes_of(list(days), 5.08, lambda _: {date(2023, 7, 26): 0.20, date(2023, 12, 13): -0.10})
    found = section_of(with_futures(made_book(500, start="2022-01-03"), quotes), "2023-06-30")
    flagged = found.meetings[found.meetings["ill_determined"]]
    assert flagged["meeting"].tolist() == [pd.Timestamp("2024-01-31")]
    assert found.distribution["meeting"].max() == pd.Timestamp("2023-12-13")
    assert any(said.startswith("Ill determined: 31 Jan 2024") for said in found.caveats)
    assert any(said.startswith("Contracts from 2024-02 on are left out") for said in found.caveats)


def test_a_decision_between_meetings_moves_the_window(made_book: Callable[..., Book]) -> None:
    days = calendar.sessions("2020-01-02", "2020-03-13")
    march = date(2020, 3, 18)

    def priced(day: pd.Timestamp) -> dict[date, float]:
        return {date(2020, 3, 3): -0.5, march: -0.4} if day >= pd.Timestamp("2020-03-03") else {march: -0.1}

    book = with_futures(made_book(500, start="2018-06-01"), quotes_of(list(days), 1.58, priced))
    before, after = section_of(book, "2020-03-02"), section_of(book, "2020-03-13")
    assert before.meetings["meeting"].iloc[0] == after.meetings["meeting"].iloc[0] == pd.Timestamp(march)
    assert before.movement.empty or before.movement["since"].iloc[0] == pd.Timestamp("2020-01-29")
    assert after.odds["date"].iloc[-1] == pd.Timestamp("2020-03-13")


def test_a_sensitivity_needs_twenty_decisions(made_book: Callable[..., Book]) -> None:
    short = section_of(with_futures(made_book(500, start="2024-01-02"), QUOTES))
    assert "not testable with this data, which holds futures for 3 decisions" in short.missing[0]
    assert short.sensitivity["low"].isna().all()
    assert len(short.sensitivity) == 4
    days = calendar.sessions("2018-06-01", "2021-06-30")
    levels = pd.Series(2 + 0.05 * np.random.default_rng(3).standard_normal(len(days)).cumsum(), days)
    grid = pd.MultiIndex.from_product([days, pd.date_range("2018-06-30", "2022-06-30", freq="ME")])
    taken = (grid.get_level_values(0) + pd.Timedelta(hours=18)).tz_localize("America/New_York")
    quotes = pd.DataFrame({"taken": taken.tz_convert("UTC"), "expiry": grid.get_level_values(1)})
    quotes["settle"] = 100 - levels[grid.get_level_values(0)].to_numpy()
    table = made_book(800, start="2018-06-01")
    index = table.values("index")
    shocks = -0.004 * 10 * levels.diff().reindex(index.index).fillna(0.0)
    made = Series.of_closes(
        index * np.exp(shocks.cumsum()), name="index", unit="price", source="made", title="made"
    )
    found = section_of(with_futures(replace(table, series={"index": made}), quotes), "2021-06-30")
    studies = found.sensitivity.set_index("study")
    assert not found.missing
    assert studies.index[:2].tolist() == ["here", "here, unscheduled too"]
    assert studies["sample"][:2].tolist() == ["24 decisions, 2018-2021", "26 decisions, 2018-2021"]
    assert studies["per_bp"][:2].between(studies["low"][:2], studies["high"][:2]).all()
    assert (studies["low"][:2] < -0.0004).all()
    assert (studies["high"][:2] > -0.0004).all()


def test_real_evenings_of_2022(real_data: Callable[[str], Path], made_book: Callable[..., Book]) -> None:
    quotes = real_quotes(real_data("rates/fed_funds_futures_contracts.csv.gz"), "2021-01")
    book = with_futures(made_book(800, start="2020-01-02"), quotes)
    september = section_of(book, "2022-09-12")
    assert september.finding.startswith(
        "21 Sep 2022: rise of 75 bp priced at 95% [67, 97 over conventions], rise of 100 bp at 5%"
    )
    june = section_of(book, "2022-06-14")
    day = june.swing.set_index("over").loc["1d"]
    assert (day["since"], day["date"]) == (pd.Timestamp("2022-06-13"), pd.Timestamp("2022-06-14"))
    assert day["odds"] == pytest.approx(0.62, abs=0.005)
    assert day["rate"] == pytest.approx(0.00155, abs=2e-5)
    assert june.movement["rarity_high"].iloc[0] < 0.10
    december = section_of(book, "2022-12-30")
    assert december.meetings["meeting"].iloc[-1] == pd.Timestamp("2024-01-31")
    assert "16 decisions" in december.missing[0]


def test_odds_are_those_of_the_measure(book: Book) -> None:
    prices = futures_strip.table(QUOTES)
    odds = decision_odds.odds(prices, DECEMBER)
    found = section_of(book).odds
    np.testing.assert_allclose(found["change"], odds["change"] / 100)
    assert found["date"].tolist() == odds.index.tolist()
