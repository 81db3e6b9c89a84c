"""Option dealers: what hedging a book of options makes them buy and sell.

- The published chain gives the published gamma at every spot, and the order is its mirror image.
- Short gamma sells into a fall and buys into a rally; long gamma the reverse.
- The order is an exact change of delta: no return and no time, no trade; hedged books earn half of gamma
  times (squared move less implied variance).
- Puts sold short decay into purchases (charm); a rise of volatility makes their seller sell (vanna).
- Expiry: nothing grows without bound, the book is replaced, most of its hedge changes hands.
- A day's order is smooth in the day's return; nothing depends on later prices; the sign is a range.
"""

from collections.abc import Callable
from dataclasses import replace

import equinox as eqx
import numpy as np
import pandas as pd
import pytest

from groundswell.actors.option_dealer import DealerState, OptionDealer
from groundswell.core.day import View
from groundswell.core.engine import jax, jnp
from groundswell.core.option_book import OptionBook, book_from_chain
from groundswell.measure import options

SPOT, CAP = 6700.0, 57_000.0
CHAIN = pd.DataFrame(
    {
        "strike": [6400.0, 6500, 6600, 6700, 6700, 6800, 6900],
        "vol": [0.22, 0.20, 0.18, 0.16, 0.16, 0.145, 0.135],
        "kind": list("PPPPCCC"),
        "open_interest": [60e3, 80e3, 50e3, 30e3, 40e3, 70e3, 60e3],
        "years": 30 / 365,
    }
)
PRINTED = {6300: -5.7633, 6400: -5.4926, 6500: -4.2147, 6600: -2.0739, 6700: 0.4229, 6800: 2.5884, 6900: 3.87}

order = eqx.filter_jit(lambda dealer, plan, r: dealer.order(plan, r))
plan_of = eqx.filter_jit(lambda dealer, state, seen: dealer.plan(state, seen))
after = eqx.filter_jit(lambda dealer, *seen: dealer.update(*seen))
gamma_of = eqx.filter_jit(lambda dealer, state, move: dealer.gamma(state, jnp.asarray(CAP), move))
slope = eqx.filter_jit(lambda dealer, plan, r: jax.grad(lambda x: dealer.order(plan, x)[0])(r))


def dealer(**changes: float) -> OptionDealer:
    """Return dealers with some parameters changed."""
    made = OptionDealer()
    for name, value in changes.items():
        made = eqx.tree_at(lambda d, name=name: getattr(d, name), made, np.asarray(value))
    return made


def still(**changes: float) -> OptionDealer:
    """Return dealers in a market where each option keeps its volatility."""
    return dealer(skew=0.0, vol_response=0.0, **changes)


def view(like: View, level: float = 0.16) -> View:
    """Return the evening at this volatility at the money."""
    index = level / OptionDealer().at_the_money
    return replace(like, market_value=jnp.asarray(CAP), implied_volatility=jnp.asarray(index))


@pytest.fixture(scope="module")
def before(after_closes: Callable[..., View]) -> View:
    """Return the evening before, seen by dealers, at 16% implied volatility."""
    moves = np.where(np.arange(80) % 2, 0.008, -0.008)
    return view(after_closes(OptionDealer(), 100 * np.exp(np.cumsum(moves))))


def with_book(made: OptionDealer, **held: float) -> DealerState:
    book = book_from_chain(CHAIN, SPOT, CAP, level=0.16, skew=float(made.skew), **held)
    return made.holding_book(book, 0.16)


def timeless(made: OptionDealer, state: DealerState, seen: View) -> object:
    """Return the plan of a day on which no time passes and nothing was left over."""
    plan = plan_of(made, state, seen)
    return eqx.tree_at(lambda p: p.years, plan, state.book.years)


@pytest.mark.parametrize(("spot", "printed"), PRINTED.items())
def test_the_published_chain_has_the_published_gamma(spot: float, printed: float) -> None:
    made = still()
    gamma = gamma_of(made, with_book(made), jnp.log(spot / SPOT))
    assert round(float(gamma), 4) == printed


def test_the_order_of_a_small_move_is_the_mirror_of_gamma(before: View) -> None:
    made = still()
    plan = timeless(made, with_book(made), before)
    found = float(slope(made, plan, jnp.zeros(1))[0])
    assert -found / 100 == pytest.approx(0.4229, abs=5e-5)


def test_the_order_is_the_difference_of_deltas_option_by_option(before: View) -> None:
    """Against the house's own greeks, for a move that gamma times the return gets wrong."""
    made, r = still(), -0.04
    plan = timeless(made, with_book(made), before)
    held = np.where(CHAIN["kind"] == "C", 1.0, -1.0) * CHAIN["open_interest"] * 100

    def delta(spot: float) -> np.ndarray:
        greeks = options.greeks(spot, CHAIN["strike"], CHAIN["years"], CHAIN["vol"], kind=CHAIN["kind"])
        return np.asarray(greeks["delta"])

    spot = SPOT * np.exp(r)
    expected = -float((held * (delta(spot) - delta(SPOT))).sum()) * spot / 1e9
    assert float(order(made, plan, jnp.asarray([r]))[0]) == pytest.approx(expected, rel=1e-9)
    assert abs(expected - 4 * 0.4229) > 1.0


@pytest.mark.parametrize(("calls", "puts", "side"), [(-1.0, -1.0, 1.0), (1.0, 1.0, -1.0)])
def test_short_gamma_trades_with_the_move_and_long_gamma_against_it(
    before: View, calls: float, puts: float, side: float
) -> None:
    made = dealer()
    state = with_book(made, calls_held=calls, puts_held=puts)
    plan = timeless(made, state, before)
    for move in (-0.03, -0.005, 0.005, 0.03):
        assert side * move * float(order(made, plan, jnp.asarray([move]))[0]) > 0


def test_without_a_move_and_without_time_nothing_is_traded(before: View) -> None:
    made = dealer()
    assert float(order(made, timeless(made, with_book(made), before), jnp.zeros(1))[0]) == pytest.approx(
        0.0, abs=1e-12
    )


def test_a_hedged_short_book_earns_variance_less_what_was_realised(before: View) -> None:
    """P&L of a day = gamma/2 S^2 (r^2 - vol^2 dt) to second order, by revaluation of every option."""
    made = still()
    state = with_book(made, calls_held=-1.0)
    held, dt = -100.0 * CHAIN["open_interest"].to_numpy(), 1 / 252

    def value(spot: float, years: float) -> float:
        each = options.price(spot, CHAIN["strike"], years, CHAIN["vol"], kind=CHAIN["kind"])
        return float((held * np.asarray(each)).sum()) / 1e9

    greeks = options.greeks(SPOT, CHAIN["strike"], 30 / 365, CHAIN["vol"], kind=CHAIN["kind"])
    dollars = held * np.asarray(greeks["gamma"]) * SPOT**2 / 1e9
    for move in (-0.004, 0.0, 0.004):
        spot = SPOT * (1 + move)
        hedge = float(state.hedge) * CAP * move
        found = value(spot, 30 / 365 - dt) - value(SPOT, 30 / 365) + hedge
        expected = float((dollars * (move**2 - CHAIN["vol"].to_numpy() ** 2 * dt)).sum()) / 2
        assert found == pytest.approx(expected, abs=0.06 * float(np.abs(dollars).sum()) * 0.004**2)


def one_option(distance: float, sessions: float, size: float, put: float) -> OptionBook:
    """Return a book with one option in it, and nothing of six others."""
    first = jnp.arange(7) == 0
    return OptionBook(
        *(jnp.full(7, x) for x in (distance, sessions / 252)),
        first * size,
        *(jnp.full(7, x) for x in (put, 1.0)),
    )


def test_time_makes_the_seller_of_puts_below_the_market_buy(before: View) -> None:
    """Charm: a put out of the money loses delta, and the short hedge against it is bought back."""
    made = still()
    state = made.holding_book(one_option(-0.05, 15, -0.01, 1.0), 0.16)
    assert float(order(made, plan_of(made, state, before), jnp.zeros(1))[0]) > 0


def test_a_rise_of_volatility_makes_the_seller_of_puts_sell(before: View) -> None:
    """Vanna: at an unchanged index, put deltas grow; the volatility of a fall adds to the selling."""
    made = dealer()
    state = made.holding_book(one_option(-0.05, 15, -0.01, 1.0), 0.16)
    calm, rough = (plan_of(made, state, view(before, level)) for level in (0.16, 0.22))
    assert float(order(made, rough, jnp.zeros(1))[0]) < float(order(made, calm, jnp.zeros(1))[0])
    deaf = dealer(vol_response=0.0)
    falls = [float(order(d, plan_of(d, state, before), jnp.asarray([-0.02]))[0]) for d in (made, deaf)]
    assert falls[0] < falls[1] < 0


@pytest.mark.parametrize("distance", [-1e-3, 0.0, 1e-3])
def test_an_expiring_option_at_the_strike_asks_for_no_more_than_one_share(
    before: View, distance: float
) -> None:
    made = dealer()
    state = made.holding_book(one_option(distance, 1, -0.01, 0.0), 0.16)
    plan = plan_of(made, state, before)
    for move in (-0.05, -1e-4, 0.0, 1e-4, 0.05):
        traded = float(order(made, plan, jnp.asarray([move]))[0])
        assert np.isfinite(traded)
        assert abs(traded) <= 0.01 * CAP * np.exp(move)
        assert np.isfinite(float(slope(made, plan, jnp.asarray([move]))[0]))


@pytest.mark.parametrize("traded", [0.0, 1.0])
def test_a_real_option_that_expired_is_gone_and_its_hedge_traded_or_handed_over(
    before: View, traded: float
) -> None:
    made = dealer(traded_at_expiry=traded)
    state = made.holding_book(one_option(-0.05, 1, 0.01, 0.0), 0.16)
    for _ in range(2):
        plan = plan_of(made, state, before)
        trade = order(made, plan, jnp.zeros(1))
        state = after(made, state, plan, before, jnp.zeros(1), trade)
    assert float(trade[0]) == pytest.approx(traded * 0.01 * CAP, rel=1e-4, abs=1e-9)
    assert float(state.hedge) == pytest.approx(0.0, abs=1e-9)


def walk(made: OptionDealer, seen: View, moves: np.ndarray, **day: object) -> list[float]:
    """Return the orders of successive days, and check what is held against them."""
    state, orders = made.init(seen), []
    for t, move in enumerate(moves):
        today = seen
        if day:
            left = [5 - t % 5 - 1, 21 - t % 21 - 1, 63 - t % 63 - 1]
            today = replace(seen, day=replace(seen.day, sessions_to_expiry=jnp.asarray(left)))
        plan = plan_of(made, state, today)
        r = jnp.asarray([move])
        trade = order(made, plan, r)
        state = after(made, state, plan, today, r, trade)
        orders.append(float(trade[0]))
    return orders


def test_the_listing_calendar_and_the_books_own_give_the_same_days(before: View) -> None:
    moves = np.random.default_rng(0).normal(0, 0.01, 12)
    own, listed = (walk(dealer(), before, moves, **day) for day in ({}, {"listed": True}))
    np.testing.assert_allclose(own, listed, atol=1e-9)


def test_later_prices_change_no_earlier_order(before: View) -> None:
    moves = np.random.default_rng(1).normal(0, 0.01, 12)
    other = np.concatenate([moves[:7], -3 * moves[7:]])
    first, second = walk(dealer(), before, moves), walk(dealer(), before, other)
    assert first[:7] == second[:7]
    assert first[7] != second[7]


def test_the_calibrated_book_has_the_published_gamma_and_its_sign_is_a_range(before: View) -> None:
    def gamma(calls: float, days: int) -> float:
        made = dealer(calls_held=calls)
        state = made.init(before)
        for _ in range(days):
            plan = plan_of(made, state, before)
            state = after(made, state, plan, before, jnp.zeros(1), order(made, plan, jnp.zeros(1)))
        return float(gamma_of(made, state, jnp.zeros(())))

    long, short = gamma(1.0, 3), gamma(-1.0, 3)
    assert 2 < long < 7
    assert -13 < short < -7
    assert abs(gamma(0.44, 3)) < 0.5 * long


def test_more_protection_held_by_customers_makes_dealers_shorter(before: View) -> None:
    """Weekly puts follow the protection wanted: at once, option for option, and through the market."""

    def gamma(protection: float) -> float:
        seen = replace(before, protection=jnp.asarray(protection))
        made = dealer()
        plan = plan_of(made, made.init(seen), seen)
        return float(
            gamma_of(
                made, after(made, made.init(seen), plan, seen, jnp.zeros(1), jnp.zeros(1)), jnp.zeros(())
            )
        )

    assert gamma(2.0) < gamma(1.0) - 0.5


def test_protection_bought_in_mid_week_is_sold_short_and_hedged_the_next_day(before: View) -> None:
    made = dealer()
    seen = replace(before, protection=jnp.ones(()))
    plan = plan_of(made, made.init(seen), seen)
    state = after(made, made.init(seen), plan, seen, jnp.zeros(1), order(made, plan, jnp.zeros(1)))
    more = replace(before, protection=jnp.asarray(1.5))
    calm, bought = plan_of(made, state, seen), plan_of(made, state, more)
    ratio = np.asarray(bought.book.size / calm.book.size)
    np.testing.assert_allclose(ratio, np.where(np.arange(30) < 5, 1.5, 1.0))
    assert float(order(made, bought, jnp.zeros(1))[0]) < float(order(made, calm, jnp.zeros(1))[0])


def test_a_days_order_is_smooth_and_its_derivative_is_that_of_finite_differences(before: View) -> None:
    made = dealer()
    plan = plan_of(made, made.init(before), before)
    h = 1e-5
    for move in (-0.1, -0.02, 0.0, 0.013, 0.1):
        up, down = (float(order(made, plan, jnp.asarray([move + d]))[0]) for d in (h, -h))
        assert float(slope(made, plan, jnp.asarray([move]))[0]) == pytest.approx(
            (up - down) / 2 / h, rel=1e-5
        )


def test_without_option_data_realised_volatility_stands_in(after_closes: Callable[..., View]) -> None:
    made = dealer()
    moves = np.where(np.arange(80) % 2, 0.008, -0.008)
    seen = after_closes(made, 100 * np.exp(np.cumsum(moves)))
    plan = plan_of(made, made.init(seen), seen)
    assert float(plan.level) == pytest.approx(0.185 * (0.008 * np.sqrt(252) / 0.16) ** 0.69, rel=1e-3)
    unknown = replace(seen, implied_volatility=jnp.asarray(jnp.nan))
    assert float(plan_of(made, made.init(unknown), unknown).level) == float(plan.level)
    quoted = replace(seen, implied_volatility=jnp.asarray(0.3))
    assert float(plan_of(made, made.init(quoted), quoted).level) == pytest.approx(0.27)
    early = after_closes(made, np.ones(3))
    waiting = plan_of(made, made.init(early), early)
    assert float(order(made, waiting, jnp.asarray([-0.05]))[0]) == 0.0


def test_in_ever_calmer_and_ever_rougher_markets_the_book_stays_finite(
    after_closes: Callable[..., View],
) -> None:
    """A long rally in small steps, then a crash: implied volatility neither dies out nor explodes."""
    made = dealer(vol_response=8.0, vol_return=0.08, skew=0.3)
    seen = after_closes(made, np.exp(0.0005 * np.cumsum(1.0 + np.arange(60) % 2)))
    state = made.init(seen)
    for move in [0.003] * 60 + [-0.2, 0.1, -0.2]:
        plan = plan_of(made, state, seen)
        trade = order(made, plan, jnp.asarray([move]))
        state = after(made, state, plan, seen, jnp.asarray([move]), trade)
        assert np.isfinite(float(trade[0]))
        assert 0.01 < float(plan.level) < 3.0
        assert abs(float(state.hedge)) < float(made.limit(jnp.ones(()))) * 3


def test_linear_feedback_damps_and_amplifies_as_published(before: View) -> None:
    """A return is shock / (1 + kG), with k = 0.0028 / USD 39bn: 0.9653 at +5bn per 1%, 1.0372 at -5bn."""
    k, shock = 0.0028 / 39, 1e-7
    for gamma, printed in ((5.0, 0.9653), (-5.0, 1.0372)):
        made = still()
        state = with_book(made)
        scale = gamma / float(gamma_of(made, state, jnp.zeros(())))
        state = eqx.tree_at(lambda s: (s.book.size, s.hedge), state, replace_fn=lambda x, c=scale: x * c)
        plan = timeless(made, state, before)
        r = shock
        for _ in range(30):
            r = shock + k * float(order(made, plan, jnp.asarray([r]))[0])
        assert round(r / shock, 4) == printed


@pytest.mark.parametrize("column", ["strike", "vol", "years", "open_interest"])
def test_a_chain_with_options_that_are_none_is_refused(column: str) -> None:
    broken = CHAIN.assign(**{column: -1.0})
    for chain in (broken, CHAIN.drop(columns=column), CHAIN[:0]):
        with pytest.raises(Exception, match="chain"):
            book_from_chain(chain, SPOT, CAP, level=0.16, skew=0.2)
