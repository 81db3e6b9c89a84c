"""A book never knows what was released later: releases, cuts, returns, names, market scale."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date, time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_data import made_table

from groundswell.data.book import PRICE, Book, Series
from groundswell.data.errors import DataError
from groundswell.data.notes import Note, counted


def a_series(values: list[float], *, name: str = "index", unit: str = PRICE) -> Series:
    days = pd.DatetimeIndex(pd.to_datetime(made_table(len(values))["date"]))
    return Series.of_closes(pd.Series(values, days), name=name, unit=unit, source="made", title="made")


def a_book(
    seed: int = 0, sessions: int = 700, *, own_market_value: bool = False, own_volume: bool = False
) -> Book:
    rng = np.random.default_rng(seed)
    table = made_table(sessions, start="2017-06-01", seed=seed, assets=("index", "bond"))
    days = pd.DatetimeIndex(pd.to_datetime(table["date"]))
    columns = {"index": table["index"], "bond": table["bond"]}
    if own_market_value:
        gaps = rng.random(sessions) < 0.6
        columns["market_value"] = (table["index"] * 8.5).where(~gaps)
    if own_volume:
        columns["volume"] = pd.Series(rng.uniform(200.0, 600.0, sessions)).where(rng.random(sessions) < 0.8)
    series = {
        name: Series.of_closes(
            pd.Series(values.to_numpy(), days),
            name=name,
            unit=PRICE if name in ("index", "bond") else "USD bn",
            source="made",
            title=name,
        )
        for name, values in columns.items()
    }
    return Book(series=series, as_of=days[-1], label="made prices")


def test_a_close_is_released_at_four_in_new_york_in_winter_and_summer() -> None:
    days = pd.DatetimeIndex(["2018-01-02", "2018-07-02"])
    series = Series.of_closes(pd.Series([1.0, 2.0], days), name="index", unit=PRICE, source="", title="")
    assert series.frame["released"].to_list() == [
        pd.Timestamp("2018-01-02 21:00", tz="UTC"),
        pd.Timestamp("2018-07-02 20:00", tz="UTC"),
    ]


def test_what_is_released_after_midnight_in_new_york_is_not_known_that_evening() -> None:
    days = pd.DatetimeIndex(["2018-02-05", "2018-02-06"])
    index = Series.of_closes(pd.Series([10.0, 11.0], days), name="index", unit=PRICE, source="", title="")
    late = Series(
        name="late",
        unit="percent",
        source="",
        title="",
        frame=pd.DataFrame(
            {
                "observed": days,
                "released": pd.to_datetime(
                    ["2018-02-06 04:59:59+00:00", "2018-02-07 05:00:00+00:00"], utc=True
                ),
                "value": [1.0, 2.0],
            }
        ),
    )
    book = Book(series={"index": index, "late": late}, as_of=days[-1], label="made")
    assert book.cut("2018-02-05").values("late").to_list() == [1.0]
    assert book.cut("2018-02-06").values("late").to_list() == [1.0]
    assert book.cut("2018-02-07").values("late").to_list() == [1.0, 2.0]


def test_a_revision_replaces_the_first_figure_only_once_it_is_out() -> None:
    day = pd.Timestamp("2018-01-31")
    frame = pd.DataFrame(
        {
            "observed": [day, day],
            "released": pd.to_datetime(["2018-02-10", "2018-03-10"], utc=True),
            "value": [200.0, 176.0],
        }
    )
    payrolls = Series(name="payrolls", unit="thousand", source="", title="", frame=frame)
    index = a_series([1.0, 2.0], name="index")
    book = Book(series={"index": index, "payrolls": payrolls}, as_of=day, label="made")
    assert book.cut("2018-03-01").values("payrolls").to_list() == [200.0]
    assert book.cut("2018-03-11").values("payrolls").to_list() == [176.0]


def test_returns_are_log_returns_without_the_first_day() -> None:
    book = Book({"index": a_series([100.0, 110.0, 99.0])}, pd.Timestamp("2015-01-06"), "made")
    assert book.returns("index").to_numpy() == pytest.approx([np.log(1.1), np.log(0.9)], rel=1e-15)
    assert book.returns("index").index.equals(book.prices("index").index[1:])


def test_assets_are_the_prices_and_the_index_comes_first() -> None:
    book = a_book(own_market_value=True)
    shuffled = Book(dict(reversed(list(book.series.items()))), book.as_of, "made")
    assert shuffled.assets == ("index", "bond")


def test_a_name_the_book_does_not_have_is_refused_with_the_nearest_one() -> None:
    book = a_book()
    with pytest.raises(DataError, match=r"no asset 'bnod'; did you mean 'bond'\?.*index, bond"):
        book.prices("bnod")
    with pytest.raises(DataError, match="no series 'vix'"):
        book.values("vix")


def test_a_cut_before_the_data_says_where_they_begin() -> None:
    with pytest.raises(DataError, match=r"the index begins on 2017-06-01.*2017-06-01 on"):
        a_book().cut("2017-05-31")


@pytest.mark.parametrize("day", ["2018-02-05", date(2018, 2, 5), pd.Timestamp("2018-02-05 09:30")])
def test_as_of_is_a_day_however_it_is_written(day: str | date) -> None:
    assert a_book().cut(day).through == pd.Timestamp("2018-02-05")


@pytest.mark.parametrize("nonsense", ["yesterday", "2018-02-30", "", pd.NaT, 5])
def test_an_as_of_that_is_no_date_is_refused(nonsense: str) -> None:
    with pytest.raises(DataError, match="is not a date"):
        a_book().cut(nonsense)


def test_an_as_of_after_the_data_changes_nothing_but_the_day() -> None:
    book = a_book()
    later = book.cut("2030-01-01")
    assert later.as_of == pd.Timestamp("2030-01-01")
    assert later.through == book.through
    assert book.cut(None) is book


def test_a_series_that_had_not_begun_is_not_in_the_book() -> None:
    young = Series.of_closes(
        pd.Series([9.0], [pd.Timestamp("2018-06-01")]),
        name="young",
        unit=PRICE,
        source="",
        title="",
        released_at=time(16, 15),
    )
    book = a_book()
    grown = Book({**book.series, "young": young}, book.as_of, "made")
    assert "young" in grown.assets
    assert grown.cut("2018-05-31").assets == ("index", "bond")


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    position=st.integers(1, 699),
    own_market_value=st.booleans(),
    own_volume=st.booleans(),
)
def test_cutting_the_book_changes_nothing_at_or_before_the_cut(
    seed: int, position: int, own_market_value: bool, own_volume: bool
) -> None:
    book = a_book(seed, own_market_value=own_market_value, own_volume=own_volume)
    day = book.prices("index").index[position]
    cut = book.cut(day)
    assert cut.through == day
    for asset in ("index", "bond"):
        pd.testing.assert_series_equal(cut.prices(asset), book.prices(asset).loc[:day])
        pd.testing.assert_series_equal(cut.returns(asset), book.returns(asset).loc[:day])
    pd.testing.assert_frame_equal(cut.market_value(), book.market_value().loc[:day])
    pd.testing.assert_frame_equal(cut.daily_volume(), book.daily_volume().loc[:day])
    assert not cut.market_value().isna().any(axis=None)
    assert not cut.daily_volume().isna().any(axis=None)


def test_a_note_is_told_only_on_the_evenings_on_which_it_holds() -> None:
    first, second = pd.Timestamp("2018-02-05"), pd.Timestamp("2018-03-01")
    remarks = (
        "always",
        *counted([first, second, second], lambda n: f"{n} rows dropped"),
        Note("estimated", until=second),
    )
    whole = a_book()
    book = Book(whole.series, whole.as_of, "made", False, remarks)
    assert book.notes == ("always", "3 rows dropped")
    assert book.cut("2018-03-01").notes == ("always", "3 rows dropped")
    assert book.cut("2018-02-28").notes == ("always", "1 rows dropped", "estimated")
    assert book.cut("2018-02-05").notes == ("always", "1 rows dropped", "estimated")
    assert book.cut("2018-02-04").notes == ("always", "estimated")


def test_the_books_own_market_value_is_carried_with_the_index() -> None:
    prices = [100.0, 110.0, 121.0, 60.5]
    own = a_series([np.nan, 1_100.0, np.nan, np.nan], name="market_value", unit="USD bn")
    book = Book({"index": a_series(prices), "market_value": own}, pd.Timestamp("2015-02-01"), "m")
    value = book.market_value()
    assert value["value"].to_numpy()[1:] == pytest.approx([1_100.0, 1_210.0, 605.0], rel=1e-14)
    assert (value["low"] == value["high"]).to_list() == [False, True, True, True]


def test_the_books_own_volume_is_averaged_over_a_trailing_month() -> None:
    volume = [float(number) for number in range(100, 160)]
    own = a_series(volume, name="volume", unit="USD bn a day")
    book = Book({"index": a_series([1.0] * 60), "volume": own}, pd.Timestamp("2015-06-01"), "m")
    average = book.daily_volume()["value"].to_numpy()
    assert average[0] == 100.0
    assert average[59] == pytest.approx(np.mean(volume[-21:]), rel=1e-14)


def test_a_book_cannot_be_changed(made_book: Callable[..., Book]) -> None:
    book = made_book()
    with pytest.raises(TypeError):
        book.series["index"] = None  # type: ignore[index]
    prices = book.prices("index")
    prices.iloc[0] = -1.0
    assert book.prices("index").iloc[0] == 1_000.0


def test_an_error_keeps_its_parts_across_processes() -> None:
    error = DataError("the close is 0", where="a.csv, row 3", expected="more", remedy="correct it")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == "a.csv, row 3: the close is 0. Expected more. To do: correct it."
    assert (copy.what, copy.where, copy.expected, copy.remedy) == (
        "the close is 0",
        "a.csv, row 3",
        "more",
        "correct it",
    )
