"""Why the volatility curve is inverted.

- Made worlds: inversions made by demand read as hedging, by realised volatility as realised, with credit and
  gold breaking as panic, by nothing observed as undecided; demand that is not observed is not hedging.
- The equation gives back the coefficients it was made with; its intervals cover them; parts sum to the whole.
- A lambda against theory is no demand; doubled levels and returns quadruple variances and leave readings.
- Cutting the book changes no row that was known, with hindsight or without; fewer days read are the same.
- The bundle cannot be read, and says what would settle it; nor can a book that lacks any one thing.
- Positions count from their release, with hindsight from the week they describe; the calendar of hedges.
- What followed, by hand; the real files of 2018-2022 (long).
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_curve import DAYS, EVENTS, LENGTH, WEEKLY, made_series, made_world

from groundswell.data import calendar
from groundswell.data.book import PRICE, Book, Series
from groundswell.data.bundle import bundled_book
from groundswell.data.errors import DataError
from groundswell.measure import curve_aftermath, curve_equation, curve_reading, vol_demand
from groundswell.measure.curve_equation import Ingredients


@cache
def reading(cause: str) -> curve_reading.CurveReading:
    return curve_reading.read(made_world(cause), models=["har"], draws=200)


def in_events(days: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the later part of each event, when what is published late is known."""
    places = np.concatenate([np.arange(start + 5, start + LENGTH) for start in EVENTS])
    return days.loc[days.index.isin(DAYS[places])]


@pytest.mark.parametrize(
    ("cause", "kind"),
    [("demand", "hedging"), ("realised", "realised"), ("panic", "panic"), ("noise", "undecided")],
)
def test_the_cause_is_read(cause: str, kind: str) -> None:
    found = in_events(reading(cause).days)
    assert len(found) >= 5
    assert (found["why"] == "").all()
    assert found[kind].mean() > 0.7, found[[*curve_reading.KINDS]].mean()
    assert (found["reading"] == kind).mean() > 0.6
    np.testing.assert_allclose(found[list(curve_reading.KINDS)].sum(axis=1), 1, rtol=1e-12)
    shares = found.filter(like="share_").sum(axis=1)
    np.testing.assert_allclose(shares, 1, rtol=1e-9)
    np.testing.assert_allclose(found["slope"], found["reference"] + found["change"], rtol=1e-9)


def test_demand_that_is_not_observed_is_not_hedging() -> None:
    found = in_events(reading("hidden demand").days)
    assert len(found) >= 6
    assert found["hedging"].max() < 0.05
    assert found["undecided"].mean() > 0.7
    assert found["most_hedging"].max() < 0.5
    assert "no evidence against demand that is not observed" in reading("hidden demand").sentence


@pytest.mark.bars
def test_panic_needs_both_signs() -> None:
    calm = made_world("noise")
    broken = made_world("panic")
    only_credit = Book(
        dict(broken.series) | {"gold_future": calm.series["gold_future"]},
        DAYS[-1],
        "made",
        traded=frozenset(),
    )
    found = in_events(curve_reading.read(only_credit, models=["har"], draws=50).days)
    assert found["sign_credit"].mean() > 0.9
    assert found["panic"].mean() < 0.2


def test_with_hindsight_the_week_s_positions_and_what_followed_count() -> None:
    found = in_events(reading("sudden demand").days)
    assert len(found) >= 5
    assert found["hedging"].mean() < 0.3  # the report of the week is not out yet
    assert found["later_hedging"].mean() > 0.9
    assert (found["later_reading"] == "hedging").mean() > 0.9
    panic = in_events(reading("panic").days)
    assert (panic["later_reading"] == "panic").mean() >= 0.5
    over = reading("noise").days.loc[: DAYS[-22]]
    assert (over.loc[over["why"] == "", "later_reading"] != "not testable").all()


def made_rows(random: np.random.Generator, count: int = 900) -> tuple[Ingredients, pd.Series]:
    """Return ingredients that obey the equation with known coefficients, the error autocorrelated."""
    days = DAYS[:count]

    def slow(scale: float, keeps: float = 0.9) -> np.ndarray:
        steps = random.standard_normal(count) * np.sqrt(1 - keeps**2)
        return scale * pd.Series(steps).ewm(alpha=1 - keeps, adjust=False).mean().to_numpy() / (1 - keeps)

    expected = pd.Series(0.03 * np.exp(slow(0.4)), days)
    credit = pd.Series(0.04 + slow(0.005), days)
    demand = pd.DataFrame({"positions": slow(0.2), "month_end": (np.arange(count) % 21 < 3) * 1.0}, days)
    width = pd.Series(np.abs(slow(0.002)), days)
    truth = pd.Series(
        {"expected_vix": 0.25, "credit": 0.4, "demand_positions": 0.5, "demand_month_end": 0.1, "width": 1.0}
    )
    implied = (
        expected * (1 + truth["expected_vix"])
        + truth["credit"] * credit
        + expected * (demand @ truth[["demand_positions", "demand_month_end"]].to_numpy())
        + width
        + expected * slow(0.1)
    )
    implied_frame, model = pd.DataFrame({"vix": implied}), {"made": pd.DataFrame({"vix": expected})}
    return Ingredients(implied_frame, model, demand, credit, width), truth


def test_the_equation_gives_its_coefficients_back_and_intervals_cover_them() -> None:
    random = np.random.default_rng(5)
    covered, values = [], []
    for _ in range(30):
        given, truth = made_rows(random)
        found = curve_equation.fit(curve_equation.table(given, ("vix",))).intervals(0.90).loc[truth.index]
        covered.append(((found["low"] <= truth) & (truth <= found["high"])).to_numpy())
        values.append(found["value"].to_numpy())
    assert 0.80 <= np.mean(covered) <= 0.97
    mean, error = np.mean(values, axis=0), np.std(values, axis=0) / np.sqrt(len(values))
    assert (np.abs(mean - truth.to_numpy()) < 4 * error + 0.02).all(), (mean, truth)


def test_parts_sum_to_the_whole_and_bands_hold_the_value() -> None:
    given, _ = made_rows(np.random.default_rng(6))
    day = given.implied.index[-1]
    found = curve_equation.decompose(given, "vix", day)
    assert found.index.tolist() == [*curve_equation.PARTS, "implied"]
    assert found.loc[list(curve_equation.PARTS), "value"].sum() == pytest.approx(
        found.loc["implied", "value"]
    )
    assert found.loc["implied", "value"] == pytest.approx(given.implied.loc[day, "vix"])
    assert found.loc["expected", "value"] == pytest.approx(given.expected["made"].loc[day, "vix"])
    assert ((found["low"] <= found["value"] + 1e-12) & (found["value"] <= found["high"] + 1e-12)).all()
    assert found.loc["demand", "high"] > found.loc["demand", "low"]


def test_the_weighted_regression_is_a_plain_one() -> None:
    given, _ = made_rows(np.random.default_rng(7))
    rows = curve_equation.table(given, ("vix",)).dropna()
    found = curve_equation.fit(rows)
    design = rows[found.coefficients.index].to_numpy() / rows[["_scale"]].to_numpy()
    plain = np.linalg.lstsq(design, rows["_left"] / rows["_scale"], rcond=None)[0]
    np.testing.assert_allclose(found.coefficients, plain, rtol=1e-8)
    raw = given.implied["vix"] - given.expected["made"]["vix"]
    assert rows["_usual"].iloc[-1] == pytest.approx(raw.iloc[-64:-1].mean())
    assert rows["credit"].iloc[-1] == pytest.approx(given.credit.iloc[-1] - given.credit.iloc[-64:-1].mean())


def test_the_reference_leaves_inverted_days_out_and_the_premium_holds_the_usual() -> None:
    given, _ = made_rows(np.random.default_rng(7))
    upside_down = np.arange(900) % 5 == 0
    far = given.implied["vix"] * np.where(upside_down, 0.8, 1.2)
    both = {"made": given.expected["made"].assign(vix3m=0.03)}
    curve = Ingredients(given.implied.assign(vix3m=far), both, given.demand, given.credit, given.width)
    rows = curve_equation.table(curve, ("vix",))
    raw = (given.implied["vix"] - given.expected["made"]["vix"]).to_numpy()
    calm = [place for place in range(899) if not upside_down[place]][-63:]
    assert rows["_usual"].iloc[-1] == pytest.approx(raw[calm].mean())
    found = curve_equation.fit(rows)
    told = curve_equation.decompose(curve, "vix", rows.index[-1])["value"]
    moved = (
        found.coefficients["constant"] + found.coefficients["expected_vix"] * rows["expected_vix"].iloc[-1]
    )
    assert told["premium"] == pytest.approx(raw[calm].mean() + moved)
    assert told["credit"] == pytest.approx(found.coefficients["credit"] * rows["credit"].iloc[-1])


def test_a_lambda_against_theory_is_no_demand() -> None:
    given, _ = made_rows(np.random.default_rng(8))
    rows = curve_equation.table(given, ("vix",))
    found = curve_equation.fit(rows)
    against = found.coefficients.copy()
    against["demand_positions"] = -1.0
    drawn = against.to_numpy()[None, :]
    plain = curve_equation.parts(found, rows.iloc[[-1]], drawn)
    strict = curve_equation.parts(found, rows.iloc[[-1]], drawn, theory=True)
    only_calendar = against["demand_month_end"] * rows["demand_month_end"].iloc[-1]
    assert strict["demand"][0, 0] == pytest.approx(only_calendar)
    assert plain["demand"][0, 0] == pytest.approx(only_calendar - rows["demand_positions"].iloc[-1])
    assert strict["implied"][0, 0] == plain["implied"][0, 0]


def test_a_day_s_parts_by_theory_leave_demand_against_it_unexplained() -> None:
    given, _ = made_rows(np.random.default_rng(8))
    turned = Ingredients(
        given.implied, given.expected, given.demand * [-1, 1], given.credit, given.width
    )  # demand where customers are short
    day = given.implied.index[-1]
    plain = curve_equation.decompose(turned, "vix", day)
    strict = curve_equation.decompose(turned, "vix", day, theory=True)
    assert strict.attrs["against_theory"] == ("positions",)
    assert curve_equation.decompose(given, "vix", day).attrs["against_theory"] == ()
    month_end = curve_equation.fit(curve_equation.table(turned, ("vix",))).coefficients["demand_month_end"]
    moved = curve_equation.table(turned, ("vix",))["demand_month_end"].iloc[-1]
    assert strict["value"]["demand"] == pytest.approx(month_end * moved)
    assert plain["value"]["demand"] != pytest.approx(month_end * moved)
    assert strict["value"].iloc[:-1].sum() == pytest.approx(strict["value"]["implied"])
    pd.testing.assert_series_equal(
        strict["value"].drop(["demand", "unexplained"]), plain["value"].drop(["demand", "unexplained"])
    )


def test_scaled_variances_scale_the_parts() -> None:
    given, _ = made_rows(np.random.default_rng(9))
    four = Ingredients(
        4 * given.implied, {"made": 4 * given.expected["made"]}, given.demand, given.credit, 4 * given.width
    )
    day = given.implied.index[-1]
    once, more = (curve_equation.decompose(one, "vix", day) for one in (given, four))
    np.testing.assert_allclose(more, 4 * once, rtol=1e-8)


def test_reading_only_the_last_days_reads_them_alike() -> None:
    book, whole = made_world("demand"), reading("demand")
    expected = curve_reading.forecast(book, ["har"])
    some = curve_reading.read(book, models=["har"], draws=200, last=4, expected=expected)
    assert len(some.days) == 4
    pd.testing.assert_frame_equal(some.days, whole.days.tail(4))
    assert some.episodes["end"].tolist() == whole.episodes["end"].tail(len(some.episodes)).tolist()
    assert some.episodes["end"].iloc[0] >= some.days.index[0]


@pytest.mark.parametrize(
    "day", [pytest.param(EVENTS[1] + 3, marks=pytest.mark.bars), EVENTS[1] + LENGTH + 40]
)
def test_cutting_the_book_changes_no_row_that_was_known(day: int) -> None:
    whole = reading("demand")
    cut = curve_reading.read(made_world("demand").cut(DAYS[day]), models=["har"], draws=200)
    known = whole.days.loc[: DAYS[day]]
    assert len(known) > 10
    on_the_day = [name for name in known.columns if not name.startswith("later_")]
    pd.testing.assert_frame_equal(cut.days[on_the_day], known[on_the_day], rtol=1e-9)
    late = known.loc[: DAYS[day - 21]].filter(like="later_")
    assert len(late) > 5
    pd.testing.assert_frame_equal(cut.days.loc[late.index, late.columns], late, rtol=1e-9)
    assert (cut.days.loc[DAYS[day - 20] :, "later_reading"] == "not testable").all()
    over = cut.episodes[~cut.episodes["open"]]
    followed = over["start"] <= DAYS[day - 21]
    same = whole.episodes.iloc[: len(over)]
    pd.testing.assert_frame_equal(over[followed], same[followed], rtol=1e-9)


def test_the_bundle_is_not_testable_and_says_what_would_settle_it() -> None:
    found = curve_reading.read(bundled_book())
    assert not found.testable
    assert found.sentence.startswith("Whether inversions are hedging or panic is not testable with this data")
    for word in ("vix3m", "credit_spread_high_yield", "cot.vix.dealer.long", "gold", "VIX3M", "CFTC", "FRED"):
        assert word in found.sentence, word
    assert found.days.empty
    assert len(found.missing) == len(found.settled_by) == 4


@pytest.mark.parametrize(
    "lost", ["vix3m", "vix", "credit_spread_high_yield", "cot.vix.open_interest", "gold_future"]
)
def test_without_any_one_thing_nothing_is_read(lost: str) -> None:
    series = {name: one for name, one in made_world("noise").series.items() if name != lost}
    found = curve_reading.read(Book(series, DAYS[-1], "made", traded=frozenset()))
    assert not found.testable
    assert lost in found.missing[0]
    short = made_world("noise").cut(DAYS[1_400])
    assert "history of the index" in curve_reading.read(short).sentence


def test_a_book_without_inversions_is_read_as_such() -> None:
    series = dict(made_world("noise").series)
    series["vix3m"] = made_series("vix3m", pd.Series(90.0, DAYS), "period +0 days at 16:15")
    found = curve_reading.read(Book(series, DAYS[-1], "made", traded=frozenset()), models=["har"])
    assert found.testable
    assert found.episodes.empty
    assert found.sentence.startswith("Of 0 inverted days")


def test_early_days_say_why_they_are_not_read() -> None:
    days = reading("noise").days
    early = days[days["reading"] == "not testable"]
    assert early["why"].str.len().min() > 0
    assert early[list(curve_reading.KINDS)].isna().all().all()
    since = curve_reading.read(made_world("noise"), models=["har"], draws=200, since=DAYS[EVENTS[1] - 5])
    same = days.loc[since.days.index]
    pd.testing.assert_frame_equal(since.days, same)
    assert (since.days["episode"] >= DAYS[EVENTS[1] - 5]).all()


def test_positions_count_from_release_and_with_hindsight_for_their_week() -> None:
    week = calendar.sessions("2018-02-02", "2018-02-14")
    reports = pd.DatetimeIndex(["2018-01-30", "2018-02-06", "2018-02-13"])
    columns = {
        "dealer.long": [200.0, 150.0, 160.0],
        "dealer.short": [180.0, 180.0, 190.0],
        "open_interest": 600.0,
    }
    series = {
        f"cot.vix.{name}": made_series(f"cot.vix.{name}", pd.Series(values, reports), WEEKLY)
        for name, values in columns.items()
    }
    book = Book({**bundled_book().series, **series}, pd.Timestamp("2018-12-31"), "made")
    known = vol_demand.positions(book, week)
    assert known["2018-02-02"] == pytest.approx(-20 / 600)  # out that Friday
    assert known["2018-02-08"] == pytest.approx(-20 / 600)
    assert known["2018-02-09"] == pytest.approx(30 / 600)
    lasting = vol_demand.positions(book, calendar.sessions("2018-02-20", "2018-03-02"))
    assert lasting[:"2018-02-27"].notna().all()
    assert lasting["2018-02-28":].isna().all(), "15 days after its Tuesday a report stands for nobody"
    hindsight = vol_demand.positions(book, calendar.sessions("2018-01-29", "2018-03-30"), "reported")
    assert hindsight["2018-02-05"] == hindsight["2018-02-06"] == pytest.approx(30 / 600)
    assert hindsight["2018-01-30"] == pytest.approx(-20 / 600)
    assert hindsight["2018-02-07":"2018-02-13"].round(9).eq(round(30 / 600, 9)).all()
    assert hindsight["2018-02-14":].isna().all()
    assert vol_demand.positions(bundled_book(), week).isna().all()
    for name, one in series.items():  # held up by a shutdown: the week of 6 February comes out in April
        late = one.frame.copy()
        late.loc[late["observed"] == "2018-02-06", "released"] = pd.Timestamp("2018-04-02", tz="UTC")
        series[name] = Series(name, "made", "made", name, late.sort_values(["observed", "released"]))
    delayed = Book({**bundled_book().series, **series}, pd.Timestamp("2018-12-31"), "made")
    gone = vol_demand.positions(delayed, calendar.sessions("2018-01-29", "2018-04-30"), "reported")
    assert gone["2018-01-31":"2018-02-06"].isna().all()
    assert gone["2018-02-13"] == hindsight["2018-02-13"]


def test_the_calendar_of_hedges() -> None:
    found = vol_demand.calendar_demand(calendar.sessions("2025-11-10", "2025-12-01"))
    expiry = found.index[found["expiry_week"] > 0]
    assert [str(day.date()) for day in expiry] == [f"2025-11-{day}" for day in (17, 18, 19, 20, 21)]
    ends = found.index[found["month_end"] > 0]
    assert [str(day.date()) for day in ends] == ["2025-11-25", "2025-11-26", "2025-11-28"]
    some = vol_demand.calendar_demand(found.index[3:7])
    pd.testing.assert_frame_equal(some, found.iloc[3:7], check_freq=False)
    assert vol_demand.calendar_demand(found.index[:0]).empty


def test_demand_in_a_chain_is_short_dated_puts_over_open_interest() -> None:
    chain = pd.DataFrame(
        {
            "kind": ["put", "put", "call", "put", "put", "put"],
            "expiry": pd.to_datetime(
                ["2025-11-20", "2025-11-28", "2025-11-21", "2025-12-19", "2025-11-29", "2025-11-18"]
            ),
            "volume": [10.0, 5.0, 100.0, 7.0, 40.0, 80.0],
            "open_interest": [100.0, 100.0, 100.0, 100.0, 50.0, 50.0],
        }
    )
    taken = pd.Timestamp("2025-11-19 21:00", tz="UTC").to_pydatetime()
    assert vol_demand.option_demand(chain, taken) == pytest.approx(15 / 500)
    with pytest.raises(DataError, match="no open interest"):
        vol_demand.option_demand(chain.assign(open_interest=0.0), taken)


def test_what_followed_by_hand() -> None:
    book = made_world("noise")
    found = curve_aftermath.aftermath(book, DAYS[[100, 1_990]])
    prices, vix = book.prices(), book.values("vix")
    assert found["index_5"].iloc[0] == pytest.approx(np.log(prices.iloc[105] / prices.iloc[100]))
    assert found["vix_21"].iloc[0] == pytest.approx(vix.iloc[121] - vix.iloc[100])
    squares = np.diff(np.log(prices.iloc[100:122])) ** 2
    assert found["realised_21"].iloc[0] == pytest.approx(np.sqrt(252 * squares.mean()))
    assert found.iloc[1].isna().tolist() == [name.endswith("_21") for name in found.columns]
    episodes = pd.DataFrame({"index_1": np.arange(40.0), "ratio_5": 1.0 + np.arange(40.0)})
    told = curve_aftermath.summary(episodes, draws=500)
    assert told.loc["index_1", "mean"] == 19.5
    assert told.loc["ratio_5", "mean"] == 20.5
    half = 1.645 * np.arange(40.0).std() / np.sqrt(40)
    assert (told["high"] - told["low"]).iloc[0] == pytest.approx(2 * half, rel=0.15)
    with pytest.raises(DataError, match="4 episodes"):
        curve_aftermath.summary(episodes.iloc[:4])


def test_the_equation_refuses_in_words() -> None:
    given, _ = made_rows(np.random.default_rng(3), 400)
    with pytest.raises(DataError, match="days have all it takes"):
        curve_equation.fit(curve_equation.table(given, ("vix",)))
    with pytest.raises(DataError, match="there is no tenor 'vix9d'"):
        curve_equation.table(given, ("vix9d",))
    given, _ = made_rows(np.random.default_rng(3))
    twice = Ingredients(given.implied, given.expected, given.demand.assign(options=given.demand["positions"]))
    with pytest.raises(DataError, match="cannot be told apart"):
        curve_equation.fit(curve_equation.table(twice, ("vix",)))
    with pytest.raises(DataError, match="2001-01-01 lacks a session"):
        curve_equation.decompose(given, "vix", pd.Timestamp("2001-01-01"))


@pytest.mark.bars
def test_the_inversions_of_2018_to_2022(real_data: Callable[[str], Path]) -> None:
    def column(file: str, name: str) -> pd.Series:
        return pd.read_csv(real_data(file), index_col=0, parse_dates=True)[name].dropna()

    reports = pd.read_csv(real_data("cot/tff_financial_futures.csv.gz"), low_memory=False)
    reports = reports[reports["CFTC_Contract_Market_Code"].astype(str) == "1170E1"]
    reports.index = pd.DatetimeIndex(pd.to_datetime(reports["Report_Date_as_YYYY-MM-DD"]))
    reports = reports.sort_index()
    close, next_day = "period +0 days at 16:15", "period +1 business days at 16:30"
    series = [
        made_series("index", column("equity/sp500_daily.csv", "close")["2004":], close, PRICE),
        made_series("credit_spread_high_yield", column("rates/bamlh0a0hym2.csv", "value"), next_day),
        made_series("yield_10y", column("rates/dgs10.csv", "dgs10")["1990":], next_day),
        made_series("dollar_broad", column("rates/dtwexbgs.csv", "dtwexbgs"), "period +7 days at 16:30"),
        made_series("cot.vix.dealer.long", reports["Dealer_Positions_Long_All"], WEEKLY),
        made_series("cot.vix.dealer.short", reports["Dealer_Positions_Short_All"], WEEKLY),
        made_series("cot.vix.open_interest", reports["Open_Interest_All"], WEEKLY),
        *(made_series(name, column(f"vol/{name}_daily.csv", "close"), close) for name in ("vix", "vix3m")),
    ]
    book = Book({one.name: one for one in series}, pd.Timestamp("2022-12-30"), "files", traded=frozenset())
    found = curve_reading.read(book, since="2018-01-01").days
    # this file of positions lacks all of 2016: too few days have all it takes until March 2018
    assert found.loc["2018-02-05", "reading"] == "not testable"
    spring = found.loc["2020-02-24":"2020-03-20"]
    assert (spring["later_reading"] == "panic").mean() > 0.9
    assert found.loc["2020-03-23", "reading"] == "panic"
    autumn = found.loc["2020-10-26":"2020-11-03"]
    assert (autumn["reading"] == "undecided").all()
    year = found.loc["2022":]
    assert year["hedging"].max() < 0.1
    assert year.index[year["panic"] > 0.5].tolist() == [pd.Timestamp("2022-09-29")]  # gilts
    assert (year["later_reading"] != "panic").all()
