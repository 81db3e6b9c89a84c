"""Replay: no look-ahead, the same central case with and without draws, conservation day by day; what options
imply is heard from its release on, and no longer than a week after it fell silent.
"""

import dataclasses
from collections.abc import Callable
from datetime import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundswell.actors.option_dealer import OptionDealer
from groundswell.data.book import Book, Series
from groundswell.data.errors import DataError
from groundswell.runs.history import lay_out, recent
from groundswell.runs.project import project
from groundswell.runs.replay import Replay, replay
from groundswell.world.roster import actors_for

BOTH = ("index", "bond")


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1000), cut=st.integers(140, 399))
def test_dropping_later_days_changes_nothing_before_them(
    seed: int, cut: int, made_book: Callable[..., Book], followed: Callable[[Book], Replay]
) -> None:
    book = made_book(400, seed=seed, assets=BOTH)
    whole = followed(book)
    known = followed(book.cut(book.prices("index").index[cut - 1]))
    assert known.history.length == cut
    for part in ("initiating", "reflexive", "holding"):
        np.testing.assert_array_equal(getattr(whole, part)[:cut], getattr(known, part), err_msg=part)


def test_the_central_case_is_the_same_alone_and_among_draws(
    made_book: Callable[..., Book], followed: Callable[[Book], Replay]
) -> None:
    history = lay_out(made_book(300, assets=BOTH))
    alone = replay(history, actors_for(history.assets)[0])
    among = followed(made_book(300, assets=BOTH))
    assert among.members == 8
    np.testing.assert_allclose(alone.orders[..., 0], among.orders[..., 0], rtol=1e-9, atol=1e-12)


def test_all_six_actors_take_part_and_every_number_is_finite(
    made_book: Callable[..., Book], followed: Callable[[Book], Replay]
) -> None:
    run = followed(made_book(400, assets=BOTH))
    assert set(run.actors) == {
        "vol_target", "risk_parity", "trend_follower", "buyback_desk", "leveraged_fund", "rebalancer",
    }  # fmt: skip
    assert np.isfinite(run.orders).all()
    assert (np.abs(run.orders[300:]).sum(axis=0) > 0).all()
    assert len(np.unique(run.orders[350, :, 1:], axis=1).T) == 7, "every draw trades its own way"


def test_a_holding_changes_by_its_drift_and_its_order_alone(
    made_book: Callable[..., Book], followed: Callable[[Book], Replay]
) -> None:
    """On an index that stands still the weight moves by the bonds' growth and by the orders, no other way."""
    book = made_book(300, assets=BOTH)
    still = dataclasses.replace(book.series["index"], frame=book.series["index"].frame.assign(value=100.0))
    value = dataclasses.replace(still, name="market_value", unit="USD bn")
    run = followed(Book({**book.series, "index": still, "market_value": value}, book.as_of, book.label))
    column = run.actors.index("rebalancer")
    bond = run.history.returns[1:300, 1]
    assert np.abs(run.orders[1:, column, 0]).max() > 0
    # assets grow by the bond leg and are then restored in kind: weights alone move
    weight = run.holding[:, column, 0] / (0.06 * 100.0)
    order = run.orders[1:, column, 0] / (0.06 * 100.0)
    grown = 1 + (1 - weight[:-1]) * np.expm1(bond)
    np.testing.assert_allclose((weight[1:] * grown)[1:], (weight[:-1] + order)[1:], atol=2e-4)


def test_a_book_too_short_for_the_rules_is_refused(made_book: Callable[..., Book]) -> None:
    with pytest.raises(DataError, match="at least 128 sessions"):
        lay_out(made_book(100))


def test_an_asset_that_begins_later_than_the_index_is_left_out_with_a_note(
    made_book: Callable[..., Book],
) -> None:
    book = made_book(300, assets=BOTH)
    frame = book.series["bond"].frame
    late = type(book.series["bond"])(
        name="bond", unit="price", source="made", title="late", frame=frame.iloc[50:]
    )
    history = lay_out(Book({**book.series, "bond": late}, book.as_of, book.label))
    assert history.assets == ("index",)
    assert "bond is left out" in history.notes[0]


def test_calendar_of_the_history_is_the_calendar_of_its_dates(made_book: Callable[..., Book]) -> None:
    history = lay_out(made_book(300))
    last_of_month = pd.Series(history.dates).groupby(history.dates.to_period("M")).last()
    ends = np.asarray(history.days.sessions_to_month_end)[: history.length] == 0
    assert set(last_of_month[:-1]) <= set(history.dates[ends])


def with_vix(book: Book, points: pd.Series, released_at: time = time(16, 15)) -> Book:
    """The book with closes of implied volatility, in points."""
    series = Series.of_closes(
        points, name="vix", unit="% a year", source="made", title="made", released_at=released_at
    )
    return dataclasses.replace(book, series={**book.series, "vix": series})


def quoted(book: Book, first: int, last: int) -> pd.Series:
    """Implied volatility of these sessions, rising from 15 by a hundredth of a point."""
    days = book.prices("index").index[first:last]
    return pd.Series(15 + 0.01 * np.arange(first, last), days)


def test_implied_volatility_is_known_from_its_release_to_a_week_after_the_last(
    made_book: Callable[..., Book],
) -> None:
    book = made_book(300)
    heard = lay_out(with_vix(book, quoted(book, 150, 250))).implied_volatility[:300]
    np.testing.assert_allclose(heard[150:250], 0.15 + 0.0001 * np.arange(150, 250))
    assert np.isnan(heard[:150]).all()
    silent = (book.prices("index").index[250:] - book.prices("index").index[249]).days.to_numpy()
    np.testing.assert_array_equal(np.isnan(heard[250:]), silent > 7)
    assert np.isnan(lay_out(book).implied_volatility).all()


def test_what_options_imply_later_changes_no_earlier_order_of_dealers(
    made_book: Callable[..., Book],
) -> None:
    book = made_book(200)
    runs = [
        replay(lay_out(each), {"option_dealer": OptionDealer()})
        for each in (book, with_vix(book, quoted(book, 150, 200)), with_vix(book, quoted(book, 150, 180)))
    ]
    plain, heard, cut = (run.orders[:, 0, 0] for run in runs)
    np.testing.assert_array_equal(plain[:151], heard[:151])
    assert plain[151] != heard[151], "the close of session 150 is known when session 151 opens"
    np.testing.assert_array_equal(heard[:181], cut[:181])


def test_a_projection_hears_what_was_implied_at_the_last_close(made_book: Callable[..., Book]) -> None:
    book = made_book(200)
    whole = replay(lay_out(with_vix(book, quoted(book, 150, 200))), {"option_dealer": OptionDealer()})
    day = book.prices("index").index[198]
    run = replay(lay_out(with_vix(book, quoted(book, 150, 200)).cut(day)), {"option_dealer": OptionDealer()})
    ahead = project(run, np.array([[whole.history.returns[199, 0]]]))
    np.testing.assert_allclose(ahead[0, 0, 0, 0], whole.orders[199, 0, 0], rtol=1e-9)


def test_dealers_remember_no_more_than_a_quarter(made_book: Callable[..., Book]) -> None:
    """The book is written anew at each quarterly expiry; volatility beyond a year is forgotten."""
    history = lay_out(made_book(700))
    dealers = {"option_dealer": OptionDealer()}
    whole, late = replay(history, dealers), replay(recent(history, 252), dealers)
    assert late.history.length == 252
    scale = np.abs(whole.orders[-63:]).max()
    np.testing.assert_allclose(late.orders[-63:], whole.orders[-63:], atol=1e-3 * scale)
