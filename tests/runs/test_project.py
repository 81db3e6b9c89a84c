"""Projection: the same rule as history, from the carried state, one path beside another."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from groundswell.data.book import PRICE, Book, Series
from groundswell.data.calendar import sessions_after
from groundswell.runs.project import project
from groundswell.runs.replay import Replay


def longer(book: Book, moves: np.ndarray) -> Book:
    """The book as it would be had the index moved so over the next sessions."""
    prices = book.prices("index")
    days = sessions_after(prices.index[-1], len(moves))
    ahead = pd.Series(prices.iloc[-1] * np.exp(np.cumsum(moves)), days)
    whole = pd.concat([prices, ahead])
    series = Series.of_closes(whole, name="index", unit=PRICE, source="made", title="index, made")
    return Book({"index": series}, days[-1], book.label)


def test_a_projection_is_what_replay_would_say_had_the_path_come_true(
    made_book: Callable[..., Book], followed: Callable[[Book], Replay]
) -> None:
    book = made_book(400)
    moves = np.random.default_rng(9).normal(-0.002, 0.015, 21)
    ahead = project(followed(book), moves[:, None])[..., 0]
    happened = followed(longer(book, moves)).orders[-21:]
    np.testing.assert_allclose(ahead, happened, rtol=1e-7, atol=1e-9)


def test_a_path_does_not_feel_the_paths_beside_it(
    made_book: Callable[..., Book], followed: Callable[[Book], Replay]
) -> None:
    run = followed(made_book(300))
    moves = np.random.default_rng(10).normal(0, 0.01, (21, 70))
    together, alone = project(run, moves), project(run, moves[:, 66:67])
    np.testing.assert_array_equal(together[..., 66:67], alone)


def test_orders_ahead_do_not_know_the_rest_of_the_path(
    made_book: Callable[..., Book], followed: Callable[[Book], Replay]
) -> None:
    run = followed(made_book(300))
    moves = np.zeros((21, 2))
    moves[10:, 1] = -0.05
    ahead = project(run, moves)
    np.testing.assert_array_equal(ahead[:10, ..., 0], ahead[:10, ..., 1])
    assert not np.array_equal(ahead[10:, ..., 0], ahead[10:, ..., 1])
