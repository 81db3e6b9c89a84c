"""Trigger levels: equal to the closed forms to ten digits, and the rule really flips there."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from groundswell.actors import TrendFollower, VolTarget
from groundswell.core.engine import jax, jnp
from groundswell.data.book import Book
from groundswell.runs.history import lay_out
from groundswell.runs.replay import Replay, replay
from groundswell.runs.triggers import crowding, solve, trend_triggers, volatility_triggers


@pytest.fixture
def run(made_book: Callable[..., Book], followed: Callable[[Book], Replay]) -> Replay:
    return followed(made_book(400, seed=3))


def closed_forms(prices: np.ndarray) -> dict[str, float]:
    """The next close at which each rule's statistic is zero, solved by hand."""
    book = TrendFollower()
    level = {}
    names = iter(book.rules)
    for n in book.averages:
        level[next(names)] = prices[-(n - 1) :].mean()
    for fast, slow in book.crossovers:
        fast_sum, slow_sum = prices[-(fast - 1) :].sum(), prices[-(slow - 1) :].sum()
        level[next(names)] = (slow_sum / slow - fast_sum / fast) / (1 / fast - 1 / slow)
    for n in book.momenta:
        level[next(names)] = prices[-n]
    for fast, slow, _ in book.exponentials:
        means, totals = [], []
        for span in (fast, slow):
            weights = (1 - 2 / (span + 1)) ** np.arange(len(prices), 0, -1)
            means.append(weights @ prices)
            totals.append(weights.sum() + 1)
        # (m1 + p)/t1 = (m2 + p)/t2
        gap = means[1] / totals[1] - means[0] / totals[0]
        level[next(names)] = gap / (1 / totals[0] - 1 / totals[1])
    for n in book.breakouts:
        direction = 0
        for t in range(n, len(prices)):
            window = prices[t - n : t]
            direction = 1 if prices[t] > window.max() else -1 if prices[t] < window.min() else direction
        window = prices[-n:]
        level[next(names)] = window.min() if direction > 0 else window.max()
    return level


def test_every_level_equals_its_closed_form(run: Replay) -> None:
    found, missing = trend_triggers(run)
    prices = run.history.closes[: run.history.length, 0]
    expected = closed_forms(prices)
    names = [] if missing is None else missing[0]
    assert len(found) + len(names) == 20
    assert len(found) >= 15
    for trigger in found:
        assert trigger.level == pytest.approx(expected[trigger.rule], rel=1e-10), trigger.rule
    for rule in names:
        level = expected[rule]
        assert not 0.56 * prices[-1] < level < 1.8 * prices[-1]


def test_in_a_v_shape_the_short_pivot_stands_below_the_medium_one(
    made_book: Callable[..., Book], followed: Callable[[Book], Replay]
) -> None:
    book = made_book(400)
    series = book.series["index"]
    path = np.concatenate([np.linspace(100, 130, 320), np.linspace(130, 95, 60), np.linspace(96, 112, 20)])
    frame = series.frame.assign(value=path)
    shaped = type(series)(series.name, series.unit, series.source, series.title, frame)
    found, _ = trend_triggers(followed(Book({"index": shaped}, book.as_of, book.label)))
    levels = {t.rule: t.level for t in found}
    short, medium, long = (levels[f"average {n}"] for n in
        ("35 (short pivot)", "115 (medium pivot)", "290 (long pivot)"))  # fmt: skip
    assert short < medium < long
    assert short == pytest.approx(path[-34:].mean(), rel=1e-10)


def test_the_flow_at_a_level_is_what_the_book_wants_beyond_it_less_what_it_wants_before(run: Replay) -> None:
    """From far below to far above spot the flows of all levels add up to the whole swing of the book."""
    found, _ = trend_triggers(run)
    book, last = TrendFollower(), run.history.length - 1
    carried = run.carried[0]
    state = jax.tree.map(lambda leaf: leaf[..., 0], carried.states["trend_follower"])
    signals, _ = book.signals(carried.tape, state.breakout)

    def wanted(turned: set[str]) -> float:
        said = np.asarray(signals).copy()
        for row, rule in enumerate(book.rules):
            if rule in turned:
                said[row] = 0.0 if rule.startswith("exponential") else -said[row]
        return float(book.wanted(jnp.asarray(said), carried.tape)[0])

    everything_below = wanted({t.rule for t in found if t.turns_below})
    everything_above = wanted({t.rule for t in found if not t.turns_below})
    swing = sum(t.flows[0] if not t.turns_below else -t.flows[0] for t in found)
    whole = (everything_above - everything_below) * 0.0104 * run.history.market_value[last]
    assert swing == pytest.approx(whole, rel=1e-9)


def test_the_first_flips_of_a_book_at_its_cap_cost_nothing(
    made_book: Callable[..., Book], followed: Callable[[Book], Replay]
) -> None:
    book = made_book(400)
    path = 100 * np.exp(0.0006 * np.arange(400) + 0.0005 * (-1.0) ** np.arange(400))
    frame = book.series["index"].frame.assign(value=path)
    series = dataclasses.replace(book.series["index"], frame=frame)
    run = followed(Book({"index": series}, book.as_of, book.label))
    column = run.actors.index("trend_follower")
    cap = run.history.market_value[399]
    assert run.holding[-1, column, 0] == pytest.approx(0.25 * 0.0104 * cap, rel=0.12)
    found, _ = trend_triggers(run)
    below = sorted((t for t in found if t.level < path[-1]), key=lambda t: -t.level)
    assert below[0].flows[0] == 0.0
    assert sum(t.flows[0] for t in below) < -run.holding[-1, column, 0]


@pytest.mark.parametrize("side", [-1, 1])
def test_a_single_fund_cuts_at_the_move_that_its_variance_says(
    side: int, made_book: Callable[..., Book]
) -> None:
    """One exponential fund below its cap: after a day r it wants K' = target / sqrt(252 var(r))."""
    history = lay_out(made_book(300, seed=5))
    fund = VolTarget(target=0.08, decay_short=0.94, decay_long=0.94, cap=3.0, lag=1)
    run = replay(history, {"vol_target": fund})
    found, _ = volatility_triggers(run)
    returns, spot = history.returns[1:300, 0], history.closes[299, 0]
    now = (
        0.08
        / np.sqrt(252)
        / VolTarget(target=0.08, decay_short=0.94, decay_long=0.94, cap=3.0, lag=0).weights(returns)[-1]
    )
    assets = 0.00385 * history.market_value[299]
    weight = run.holding[-1, 0, 0] / assets
    sided = [t for t in found if np.sign(t.level - spot) == side]
    assert len(sided) == 3
    for trigger, cut in zip(
        sorted(sided, key=lambda t: abs(t.level - spot)), (0.10, 0.25, 0.50), strict=True
    ):
        r = np.log(trigger.level / spot)
        wanted = 0.08 / np.sqrt(252 * (0.94 * now**2 + 0.06 * r**2))
        held = weight * assets * np.exp(r)
        trade = wanted * assets * (1 + weight * np.expm1(r)) - held
        assert trade == pytest.approx(-cut * held, rel=1e-8)
        assert trigger.flows[0] == pytest.approx(trade, rel=1e-8)


def test_crowding_counts_the_look_backs_that_have_turned_at_that_close(run: Replay) -> None:
    """Held against the rules themselves: push the close, ask every rule, compare with what it says now."""
    found, _ = trend_triggers(run)
    book, carried, last = TrendFollower(), run.carried[0], run.history.length - 1
    spot = float(run.history.closes[last, 0])
    state = jax.tree.map(lambda leaf: leaf[..., 0], carried.states["trend_follower"])
    now, breakout = book.signals(carried.tape, state.breakout)
    for distance, share, flow in crowding(run, found):
        tape = carried.tape.push(jnp.asarray([spot * (1 + distance)]))
        then, _ = book.signals(tape, breakout)
        turned = np.sign(np.asarray(then)[:, 0]) != np.sign(np.asarray(now)[:, 0])
        assert share == pytest.approx(book.rule_weights[turned].sum(), abs=1e-12), distance
        said = np.asarray(now).copy()
        exponential = np.array([rule.startswith("exponential") for rule in book.rules])
        said[turned] = np.where(exponential[turned, None], 0.0, -said[turned])
        change = float(book.wanted(jnp.asarray(said), carried.tape)[0] - book.wanted(now, carried.tape)[0])
        assert flow[0] == pytest.approx(change * 0.0104 * run.history.market_value[last], abs=1e-9)


def test_a_function_without_a_sign_change_has_no_root() -> None:
    def both(x: np.ndarray) -> np.ndarray:
        return np.array([x[0] ** 2 + 1, x[1] - 0.25, np.nan])

    none, root, unknown = solve(both, 3, -1.0, 1.0)
    assert root == pytest.approx(0.25, abs=1e-12)
    assert np.isnan([none, unknown]).all()
