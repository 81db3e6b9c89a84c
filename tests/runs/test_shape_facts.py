"""The shapes that the published desk notes have, on real history: the bundled S&P 500, central values,
on evenings spread over twenty years.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import groundswell as gs
from groundswell.core.day import INDEX
from groundswell.data.book import Book
from groundswell.runs.history import lay_out
from groundswell.runs.project import project
from groundswell.runs.replay import replay
from groundswell.runs.scenarios import Movement, standard_scenarios
from groundswell.world.roster import actors_for

pytestmark = pytest.mark.bars

FEW = ("trend_follower", "vol_target")


@dataclasses.dataclass(frozen=True)
class Evening:
    """Share of its limit that the trend book holds, and flows by actor, scenario and horizon."""

    trend_share: float
    large_day_leaving: bool
    flows: pd.Series


@pytest.fixture(scope="module")
def bundled() -> Book:
    return gs.load()


def evening(book: Book, day: object) -> Evening:
    history = lay_out(book.cut(pd.Timestamp(str(day))))
    actors, _ = actors_for(history.assets)
    run = replay(history, {key: actors[key] for key in FEW})
    returns = history.returns[: history.length, INDEX]
    scenarios = standard_scenarios(Movement().reference(returns))
    orders = project(run, np.stack([s.returns for s in scenarios], axis=1))[:, :, 0]
    flows = {
        (key, s.name, s.horizons[0]): orders[: s.sessions, run.actors.index(key), path].sum()
        for path, s in enumerate(scenarios)
        for key in FEW
    }
    window = np.abs(returns[-63:])
    largest = int(window.argmax())
    others = np.sqrt(np.mean(np.delete(window, largest) ** 2))
    held = run.holding[-1, run.actors.index("trend_follower"), 0]
    limit = history.market_value[history.length - 1] * run.limits[run.actors.index("trend_follower"), 0]
    return Evening(float(held / limit), largest < 20 and window[largest] > 3 * others, pd.Series(flows))


@pytest.fixture(scope="module")
def evenings(bundled: Book) -> list[Evening]:
    """Every 42nd session from 2000 on."""
    return [evening(bundled, day) for day in bundled.prices("index").index[320::42]]


def test_a_well_invested_trend_book_sells_in_a_fall_far_more_than_it_trades_in_a_rise(
    evenings: list[Evening],
) -> None:
    long = [e.flows["trend_follower"] for e in evenings if e.trend_share > 0.5]
    assert len(long) > 25
    assert all(f["down2", "1m"] < 0 for f in long)
    assert all(abs(f["down2", "1m"]) > abs(f["up2", "1m"]) for f in long)


def test_a_well_invested_trend_book_sells_several_times_more_in_a_month_than_in_a_week(
    evenings: list[Evening],
) -> None:
    long = [e.flows["trend_follower"] for e in evenings if e.trend_share > 0.5]
    month, week = (np.array([-f["down2", horizon] for f in long]) for horizon in ("1m", "1w"))
    some = week > 1e-6
    assert 4 < np.median(month[some] / week[some]) < 8, "published notes: five to eight times"
    assert np.mean(month >= 3 * week) > 0.85


def test_volatility_funds_react_to_a_fall_more_than_to_a_rise_when_trends_are_up(
    evenings: list[Evening],
) -> None:
    long = [e.flows["vol_target"] for e in evenings if e.trend_share > 0.5]
    assert np.mean([abs(f["down2", "1m"]) > abs(f["up2", "1m"]) for f in long]) > 0.95
    assert np.median([f["down2", "1m"] / f["down2", "1w"] for f in long]) > 3


def test_a_large_day_about_to_leave_the_window_forces_buying_in_a_flat_market(
    evenings: list[Evening],
) -> None:
    leaving = [e.flows["vol_target"] for e in evenings if e.large_day_leaving]
    assert len(leaving) >= 12
    assert np.mean([f["flat", "1m"] > 0 for f in leaving]) > 0.85


def test_the_day_a_crash_leaves_the_window_is_the_day_of_the_largest_purchase(
    made_book: Callable[..., Book],
) -> None:
    """Nothing happens to the price: half a per cent a day, one fall of 5%, then the same again."""
    book = made_book(400)
    moves = 0.005 * np.where(np.arange(400) % 2, -1.0, 1.0)
    moves[200] = -0.05
    frame = book.series["index"].frame.assign(value=100 * np.exp(np.cumsum(moves)))
    series = dataclasses.replace(book.series["index"], frame=frame)
    history = lay_out(Book({"index": series}, book.as_of, book.label))
    run = replay(history, {"vol_target": actors_for(("index",))[0]["vol_target"]})
    bought = run.orders[201:, 0, 0]
    assert 63 <= int(bought.argmax()) <= 66


@pytest.mark.parametrize("day", ["2001-04-10", "2002-08-12", "2008-10-14", "2008-10-28", "2008-11-04"])
def test_after_a_crash_a_short_trend_book_buys_in_every_scenario(day: str, bundled: Book) -> None:
    after = evening(bundled, day)
    assert after.trend_share < 0
    assert (after.flows["trend_follower"].xs("1m", level=1) > 0).all()


def test_a_short_book_after_a_crash_has_little_left_to_sell(bundled: Book) -> None:
    """Fridays and others of four falls; the worst scenario's sales are small beside the position."""
    prices = bundled.prices("index")
    fallen = (prices / prices.rolling(252).max() < 0.88) & (np.log(prices / prices.shift(42)) < -0.10)
    days = prices.index[fallen.to_numpy()][::10]
    shorts = [e for e in (evening(bundled, day) for day in days) if e.trend_share < -0.3]
    assert len(shorts) >= 6
    held = np.array([e.trend_share for e in shorts])
    worst = np.array([e.flows["trend_follower"].xs("1m", level=1).min() for e in shorts])
    best = np.array([e.flows["trend_follower"].xs("1m", level=1).max() for e in shorts])
    assert (np.abs(np.minimum(worst, 0)) < 0.25 * best).all(), "the payoff is convex when short"
    assert (held < 0).all()
