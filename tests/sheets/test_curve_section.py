"""The volatility curve on the desk.

- The bundle: one tenor, its percentile, "not testable with this data", what would settle it, nothing else.
- Levels, ratios, slope and percentiles are those of the closes; the basis that of the front future.
- The reading shown is `curve_reading.read`'s for the day; the parts are `decompose`'s, and sum to the VIX in
  variance and in points; what is unexplained is never put elsewhere.
- Nothing released after the evening changes anything; every number has its unit.
- No VIX, a malformed one, tenors that end early, old futures: said in words. Real evenings (long).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_curve import DAYS, EVENTS, Chains, Futures, made_series, made_world
from real_book import real_book

from groundswell.data.book import Book, end_of
from groundswell.data.bundle import bundled_book
from groundswell.measure import curve_aftermath, curve_equation, curve_reading, vol_curve
from groundswell.sheets import curve_frames, curve_words, words
from groundswell.sheets.curve_section import CurveSection, build
from groundswell.sheets.moment import moment

INVERTED, UPRIGHT = DAYS[EVENTS[1] + 7], DAYS[EVENTS[1] + 60]
"""Evenings of the made world: in its second inversion, and after it."""


def section_of(book: Book) -> CurveSection:
    return build(book, moment(book, True), ["har"])


@cache
def made_section(day: pd.Timestamp) -> CurveSection:
    return section_of(made_world("demand").cut(day))


def test_the_bundle_has_one_tenor_and_no_reading() -> None:
    book = bundled_book()
    found = build(book, moment(book, False))
    vix = book.values("vix")
    assert found.levels["tenor"].tolist() == ["1m"]
    assert found.levels["now"].iloc[0] == vix.iloc[-1] / 100
    assert found.state["measure"].tolist() == ["VIX"]
    assert found.state["percentile"].iloc[0] == pytest.approx((vix <= vix.iloc[-1]).mean())
    assert found.state["since"].iloc[0] == 2014
    assert (
        found.finding
        == "VIX 25.4, 97th percentile since 2014: hedging or panic is not testable with this data"
    )
    for name in ("persistence", "equation", "readings", "aftermath"):
        assert found.frame(name).empty, name
        assert len(found.frame(name).columns) > 0
    assert found.inverted is None
    reading = next(sentence for sentence in found.missing if "not testable with this data" in sentence)
    for word in (
        "VIX3M",
        "BAMLH0A0HYM2",
        "CFTC",
        "`groundswell update --needed-by desk` takes them",
    ):
        assert word in reading, word
    assert any("days old" in caveat for caveat in found.caveats)


def test_levels_and_state_are_those_of_the_closes() -> None:
    found, closes = made_section(INVERTED), vol_curve.closes(made_world("demand").cut(INVERTED))
    levels = found.levels.set_index("tenor")
    for column, back in (("now", 1), ("week_ago", 6), ("month_ago", 22)):
        assert levels.loc["3m", column] == closes["vix3m"].iloc[-back] / 100
    assert found.days["week ago"] == closes.index[-6]
    state = found.state.set_index("measure")
    vix, vix3m = closes["vix"], closes["vix3m"]
    ratio = vix / vix3m
    assert state.loc["VIX / VIX3M", "value"] == ratio.iloc[-1]
    assert state.loc["VIX / VIX3M", "percentile"] == pytest.approx((ratio.dropna() <= ratio.iloc[-1]).mean())
    slope = (vix3m.iloc[-1] ** 2 - vix.iloc[-1] ** 2) / 1e4
    assert state.loc["Slope 1m to 3m", "value"] == pytest.approx(slope)
    forward = (93 * vix3m.iloc[-1] ** 2 - 30 * vix.iloc[-1] ** 2) / 63 / 1e4
    assert state.loc["Forward 1m to 3m", "value"] == pytest.approx(forward**0.5)
    assert state.loc["VIX / VIX3M", "note"].startswith("inverted for ")
    assert found.inverted
    assert found.strip[0].value == f"{ratio.iloc[-1]:.3f}"


def test_the_reading_shown_is_that_of_the_measure() -> None:
    found = made_section(INVERTED)
    told = curve_reading.read(made_world("demand").cut(INVERTED), models=["har"]).days
    shown = found.readings.set_index("day").iloc[::-1]
    assert shown.index[-1] == INVERTED
    assert len(shown) == min(curve_frames.SHOWN, len(told))
    same = [*curve_reading.KINDS, "reading", "later_reading", "most_hedging", "why", "episode"]
    pd.testing.assert_frame_equal(shown[same], told[same].tail(len(shown)), check_names=False)
    last = told.iloc[-1]
    assert last["reading"] == "hedging"
    assert f"reading: hedging ({last['hedging']:.0%})" in found.finding
    assert found.finding.count(" above VIX3M: curve inverted") == 1
    stay = vol_curve.persistence(shown["ratio"].combine_first(_ratio(INVERTED)))
    assert f"{stay.stay:.0%} [{100 * stay.stay_low:.0f}, {100 * stay.stay_high:.0f}]" in found.finding


def _ratio(day: pd.Timestamp) -> "pd.Series[float]":
    closes = vol_curve.closes(made_world("demand").cut(day))
    return closes["vix"] / closes["vix3m"]


@pytest.mark.parametrize("day", [INVERTED, UPRIGHT])
def test_the_parts_are_those_of_the_equation_and_sum_to_the_vix(day: pd.Timestamp) -> None:
    found, book = made_section(day), made_world("demand").cut(day)
    parts = found.equation.set_index("part")
    assert parts.index.tolist() == ["expected", "premium", "credit", "demand", "unexplained", "implied"]
    given = curve_reading.ingredients(book, models=["har"])
    told = curve_equation.decompose(given, "vix", day, draws=curve_frames.DRAWS, theory=True)
    for column, name in (("variance", "value"), ("low", "low"), ("high", "high")):
        np.testing.assert_allclose(parts[column], told.loc[parts.index, name], rtol=1e-12)
    vix = book.values("vix").iloc[-1] / 100
    assert parts["variance"].iloc[:-1].sum() == pytest.approx(vix**2)
    assert parts["volatility"].iloc[:-1].sum() == pytest.approx(vix)
    assert parts.loc["implied", "volatility"] == pytest.approx(vix)
    assert parts.loc["expected", "volatility"] == pytest.approx(told.loc["expected", "value"] ** 0.5)
    before = told.loc[["expected", "premium", "credit"], "value"].sum()
    step = (before + told.loc["demand", "high"]) ** 0.5 - before**0.5
    assert parts.loc["demand", "volatility_high"] == pytest.approx(step)
    assert (parts["volatility_low"] <= parts["volatility"] + 1e-12).all()
    assert (parts["volatility"] <= parts["volatility_high"] + 1e-12).all()
    if not found.inverted:
        demand = parts.loc["demand"] * 100
        assert f"observed demand makes up {demand['volatility']:+.1f}".replace("-", "−") in found.finding


def test_kept_chains_enter_the_equation_once_there_are_enough() -> None:
    book = made_world("demand").cut(UPRIGHT)
    known = DAYS[DAYS.to_series().le(UPRIGHT).to_numpy()]
    full = section_of(replace(book, quotes=Chains(known[-700:])))
    assert full.equation["part"].tolist() == [*curve_equation.PARTS, "implied"]
    parts = full.equation.set_index("part")
    assert parts.loc["width", "low"] < parts.loc["width", "high"]
    assert parts["volatility"].iloc[:-1].sum() == pytest.approx(parts.loc["implied", "volatility"])
    assert not any("chain.spx" in sentence for sentence in full.missing)
    assert not any("went the other way" in caveat for caveat in made_section(UPRIGHT).caveats)
    few = section_of(replace(book, quotes=Chains(known[-100:])))
    pd.testing.assert_frame_equal(few.equation, made_section(UPRIGHT).equation)
    assert any("532 are needed" in sentence for sentence in few.missing)


@cache
def often_inverted() -> Book:
    """Return the made world with the VIX half as high again for two sessions of every hundred."""
    book = made_world("demand")
    vix = book.values("vix")
    higher = vix * np.where(np.arange(len(vix)) % 100 < 2, 1.5, 1.0)
    changed = {**book.series, "vix": made_series("vix", higher, "period +0 days at 16:15")}
    return Book(changed, book.as_of, "made", traded=frozenset())


def test_what_followed_is_the_measure_s_beside_any_day_s() -> None:
    book = often_inverted()
    found = section_of(book)
    closes = vol_curve.closes(book)
    firsts = vol_curve.episodes(closes["vix"] / closes["vix3m"])["start"]
    told = curve_aftermath.summary(curve_aftermath.aftermath(book, pd.DatetimeIndex(firsts)))
    rows = found.aftermath.set_index(["measure", "sessions"])
    assert rows.loc[("index", 5), "mean"] == pytest.approx(told.loc["index_5", "mean"])
    assert rows.loc[("vix", 21), "low"] == pytest.approx(told.loc["vix_21", "low"] / 100)
    assert rows.loc[("ratio", 1), "episodes"] == told.loc["ratio_1", "episodes"]
    days = closes.dropna().index
    moves = np.log(book.prices()).diff(5).shift(-5)
    assert rows.loc[("index", 5), "usual"] == pytest.approx(moves.reindex(days).mean())
    points = closes["vix"].diff(5).shift(-5)
    assert rows.loc[("vix", 5), "usual"] == pytest.approx(points.reindex(days).mean() / 100)
    few = made_section(INVERTED)
    assert few.aftermath.empty
    assert any(sentence.startswith("What followed inversions is not told: ") for sentence in few.missing)


def tampered(book: Book, day: pd.Timestamp) -> Book:
    """Return the book with everything released after a day made absurd, whatever day it describes."""
    end, series = end_of(day), {}
    for name, one in book.series.items():
        late = (one.frame["released"] >= end).to_numpy()
        frame = one.frame.assign(value=np.where(late, 3 * one.frame["value"], one.frame["value"]))
        series[name] = replace(one, frame=frame)
    return Book(series, book.as_of, book.label, traded=book.traded)


def test_nothing_released_later_changes_the_sheet() -> None:
    book = made_world("demand")
    other = section_of(tampered(book, INVERTED).cut(INVERTED))
    found = made_section(INVERTED)
    assert other.finding == found.finding
    assert other.caveats == found.caveats
    for name in found.frames:
        pd.testing.assert_frame_equal(other.frame(name), found.frame(name))


def test_every_number_has_its_unit() -> None:
    found = section_of(often_inverted())
    for name, keys in found.frames.items():
        frame = found.frame(name)
        assert not frame.empty, name
        assert not frame.duplicated(list(keys)).any()
        numbers = [column for column in frame if frame[column].dtype.kind == "f"]
        lacking = {str(column) for column in numbers} - set(frame.attrs["units"])
        assert lacking == ({"value"} if name == "state" else set()), name
    assert set(found.state["unit"]) <= {
        curve_frames.RATIO,
        curve_frames.DECIMAL,
        curve_frames.VARIANCE,
        curve_frames.DIFFERENCE,
    }


def with_futures(last: pd.Timestamp, count: int) -> Book:
    book = made_world("demand").cut(UPRIGHT)
    days = DAYS[: DAYS.searchsorted(last, side="right")][-count:]
    return replace(book, quotes=Futures(days, 30.0))


def test_the_front_future_less_the_vix() -> None:
    found = section_of(with_futures(UPRIGHT, 300))
    row = found.state.set_index("measure").loc[curve_frames.BASIS]
    vix = made_world("demand").values("vix")
    basis = (30.0 - vix.reindex(DAYS[DAYS <= UPRIGHT][-300:])) / 100
    assert row["value"] == pytest.approx(basis.iloc[-1])
    assert row["percentile"] == pytest.approx((basis <= basis.iloc[-1]).mean())
    assert not any("futures.vix" in sentence for sentence in found.missing)
    few = section_of(with_futures(UPRIGHT, 100)).state.set_index("measure").loc[curve_frames.BASIS]
    assert np.isnan(few["percentile"])  # a hundred days are no history
    old = section_of(with_futures(UPRIGHT - pd.Timedelta(days=20), 300))
    assert curve_frames.BASIS not in old.state["measure"].tolist()
    assert any("groundswell update --series futures.vix" in sentence for sentence in old.missing)


def without(book: Book, *names: str) -> Book:
    return Book(
        {name: one for name, one in book.series.items() if name not in names},
        book.as_of,
        book.label,
        traded=book.traded,
    )


def test_without_positions_the_curve_is_shown_and_not_read() -> None:
    found = section_of(without(made_world("demand").cut(INVERTED), "cot.vix.open_interest"))
    assert found.readings.empty
    assert found.equation.empty
    assert not found.levels.empty
    assert not found.persistence.empty
    assert "curve inverted" in found.finding
    assert "hedging or panic is not testable with this data" in found.finding
    assert any("--series cot.vix.open_interest`" in sentence for sentence in found.missing)


def test_a_book_without_a_vix_says_so(made_book: Callable[..., Book]) -> None:
    book = made_book(300)
    found = section_of(book)
    assert found.is_empty
    assert "not testable with this data" in found.finding
    assert "groundswell update --series vix,vix3m" in found.missing[0]
    fractions = pd.Series(0.17, book.prices().index)
    wrong = {**book.series, "vix": made_series("vix", fractions, "period +0 days at 16:15")}
    broken = section_of(Book(wrong, book.as_of, "made", traded=frozenset()))
    assert broken.is_empty
    assert "vix is 0.17" in broken.missing[0]


def test_a_tenor_that_ends_early_is_dated() -> None:
    book, last = made_world("demand"), DAYS[EVENTS[1] + 50]
    close = "period +0 days at 16:15"
    short = {
        **book.series,
        "vix9d": made_series("vix9d", book.values("vix") * 1.01, close),
        "vix3m": made_series("vix3m", book.values("vix3m").loc[:last], close),
    }
    found = section_of(Book(short, book.as_of, "made", traded=frozenset()).cut(UPRIGHT))
    assert found.days["now"] == last
    assert found.levels["now"].notna().all()
    assert found.state["value"].iloc[0] == book.values("vix")[last] / 100
    assert any(caveat.startswith("The curve is of ") for caveat in found.caveats)
    assert found.strip[0].stale


def test_a_day_the_index_has_not_reached_is_not_read() -> None:
    book = made_world("demand").cut(INVERTED)
    known = replace(book.series["index"], frame=book.series["index"].frame.iloc[:-1])
    found = section_of(Book({**book.series, "index": known}, book.as_of, "made", traded=frozenset()))
    assert found.inverted
    assert found.readings["day"].iloc[0] < INVERTED
    assert "hedging or panic is not testable with this data" in found.finding
    before = words.day(DAYS[EVENTS[1] + 6])
    assert any(f"of {before}, the last with all it takes" in caveat for caveat in found.caveats)
    far = replace(book.series["index"], frame=book.series["index"].frame.iloc[:-9])
    old = section_of(Book({**book.series, "index": far}, book.as_of, "made", traded=frozenset()))
    assert old.equation.empty
    assert any("the last day with every ingredient is" in sentence for sentence in old.missing)


def test_few_days_have_no_percentile_and_no_band() -> None:
    book = made_world("demand").cut(DAYS[100])
    found = section_of(book)
    assert found.state["percentile"].isna().all()
    assert "percentile" not in found.finding
    assert "nan" not in found.finding
    assert found.equation.empty
    assert found.readings.empty


def test_ordinals() -> None:
    assert curve_words.place(1.0, 2009) == "highest since 2009"
    assert curve_words.place(0.9958, 2009) == "99.6th percentile since 2009"
    assert curve_words.place(0.99996, 2009) == "99.9th percentile since 2009"
    assert curve_words.place(0.001, 2009) == "below 1st percentile since 2009"
    assert curve_words.place(float("nan"), 2009) == ""


@pytest.mark.bars
def test_the_evening_of_5_february_2018(real_data: Callable[[str], Path]) -> None:
    book = real_book(real_data, "2018-02-05")
    found = build(book, moment(book, True))
    now = found.levels.set_index("index")["now"]
    assert (100 * now[["VIX9D", "VIX", "VIX3M"]]).round(2).tolist() == [59.34, 37.32, 28.13]
    state = found.state.set_index("measure")
    assert round(state.loc["VIX / VIX3M", "value"], 3) == 1.327
    assert state.loc["VIX / VIX3M", "percentile"] == 1.0
    shown = found.readings.set_index("day")
    assert shown.index[0] == pd.Timestamp("2018-02-05")
    assert round(shown["ratio"]["2018-02-02"], 3) == 1.016
    # this file of positions lacks all of 2016: too few days have all it takes
    assert shown["reading"]["2018-02-05"] == "not testable"
    assert "33% above VIX3M: curve inverted, highest since 2009" in found.finding
    assert "not testable" in found.finding


@pytest.mark.bars
def test_the_evening_of_16_march_2020(real_data: Callable[[str], Path]) -> None:
    book = real_book(real_data, "2020-03-16")
    found = build(book, moment(book, True))
    now = found.levels.set_index("index")["now"]
    assert (100 * now[["VIX9D", "VIX", "VIX3M"]]).round(2).tolist() == [106.66, 82.69, 67.70]
    state = found.state.set_index("measure")
    assert round(state.loc["VIX / VIX3M", "value"], 3) == 1.221
    assert state.loc["VIX", "percentile"] == 1.0  # the record close
    assert found.readings["reading"].iloc[0] == "panic"
    assert any("positions in VIX futures went the other way" in caveat for caveat in found.caveats)
    parts = found.equation.set_index("part")
    assert parts.loc["expected", "volatility"] > now["VIX"]  # options priced less than models expected
    assert parts["volatility"].iloc[:-1].sum() == pytest.approx(now["VIX"])


@pytest.mark.bars
def test_the_futures_and_chains_of_2022(real_data: Callable[[str], Path]) -> None:
    book = real_book(real_data, "2022-06-13")
    found = build(book, moment(book, True))
    row = found.state.set_index("measure").loc[curve_frames.BASIS]
    assert -0.03 < row["value"] < 0  # the front future closed below the index: stress
    assert row["percentile"] < 0.15
    assert not found.inverted
    assert any("Chains are kept for 1 session since" in sentence for sentence in found.missing)
