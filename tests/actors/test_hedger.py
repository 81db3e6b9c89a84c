"""Hedgers: when protection is wanted, and what wanting it does to the curve.

- More after losses, at the start of an option's week and into month end; forgotten within weeks.
- In a market of normal returns demand is normal on average; gains alone never frighten.
- Pressure is proportional to demand, to variance and to the lack of capacity, and inverts the short end.
- What hedgers buy is what dealers are short of, option for option.
"""

from collections.abc import Callable
from dataclasses import replace

import equinox as eqx
import numpy as np
import pytest

from groundswell.actors.hedger import Hedger, HedgerState
from groundswell.actors.option_dealer import OptionDealer
from groundswell.core.day import View
from groundswell.core.engine import jax, jnp

DEVIATION = 0.16 / np.sqrt(252)


@pytest.fixture(scope="module")
def before(after_closes: Callable[..., View]) -> View:
    seen = after_closes(OptionDealer(), np.exp(0.008 * np.cumsum(np.where(np.arange(60) % 2, 1.0, -1.0))))
    return replace(seen, implied_volatility=jnp.asarray(0.16))


@eqx.filter_jit
def along(hedger: Hedger, seen: View, moves: jax.Array) -> tuple[HedgerState, jax.Array]:
    """Return the last state, and the protection held at each close."""

    def day(state: HedgerState, move: jax.Array) -> tuple[HedgerState, jax.Array]:
        plan = hedger.plan(state, seen)
        state = hedger.update(state, plan, seen, move[None], jnp.zeros(1))
        return state, state.protection

    return jax.lax.scan(day, hedger.init(seen), moves)


def held(seen: View, moves: np.ndarray) -> np.ndarray:
    return np.asarray(along(Hedger(), seen, jnp.asarray(moves))[1])


def test_protection_is_wanted_after_losses_and_forgotten_within_weeks(before: View) -> None:
    quiet, fall = np.zeros(40), np.zeros(40)
    fall[2] = -3 * DEVIATION
    ratio = held(before, fall) / held(before, quiet)
    assert (ratio[:2] == 1).all()
    assert ratio[2] == pytest.approx(np.exp(0.08 * 4 * np.tanh(0.75)))
    assert (np.diff(ratio[2:]) < 0).all()
    assert ratio[-1] == pytest.approx(1.0, abs=1e-3)


def test_a_gain_frightens_nobody(before: View) -> None:
    np.testing.assert_array_equal(held(before, np.full(40, 0.02)), held(before, np.zeros(40)))


def test_in_a_normal_market_demand_is_normal_on_average(before: View) -> None:
    moves = np.random.default_rng(3).normal(0, DEVIATION, 4000)
    assert np.log(held(before, moves)).mean() == pytest.approx(0.0, abs=0.03)


def test_the_week_begins_with_demand_and_month_end_adds_to_it(before: View) -> None:
    quiet = np.log(held(before, np.zeros(200))[-5:])
    assert quiet.argmax() == 0
    assert (np.diff(quiet) < 0).all()
    assert np.ptp(quiet) == pytest.approx(2 * 0.06, abs=1e-9)
    last = replace(before, day=replace(before.day, sessions_to_month_end=jnp.asarray(1, dtype=jnp.int32)))
    assert np.log(held(last, np.zeros(200))[-5:]) - quiet == pytest.approx(0.1)


def test_later_returns_change_no_earlier_demand(before: View) -> None:
    moves = np.random.default_rng(4).normal(0, DEVIATION, 200)
    other = np.concatenate([moves[:100], 5 * moves[100:]])
    np.testing.assert_array_equal(held(before, moves)[:100], held(before, other)[:100])


def test_pressure_bends_the_short_end_most_and_vanishes_at_normal_demand() -> None:
    hedger = Hedger()
    variance = np.array([0.15, 0.16, 0.18, 0.19]) ** 2
    assert not np.asarray(hedger.pressure(jnp.ones(()), variance)).any()
    twice = np.asarray(hedger.pressure(jnp.asarray(2.0), variance))
    assert (np.diff(twice / variance) < 0).all()
    np.testing.assert_allclose(np.asarray(hedger.pressure(jnp.asarray(3.0), variance)), 2 * twice)
    np.testing.assert_allclose(np.asarray(hedger.pressure(jnp.asarray(2.0), variance, 0.5)), 2 * twice)
    curve = np.sqrt(variance + np.asarray(hedger.pressure(jnp.asarray(3.0), variance)))
    assert curve[0] > curve[1] > variance[1] ** 0.5


def test_hedgers_trade_no_index_themselves(before: View) -> None:
    hedger = Hedger()
    plan = hedger.plan(hedger.init(before), before)
    assert float(hedger.order(plan, jnp.asarray([-0.05]))[0]) == 0.0


def test_what_hedgers_buy_is_what_dealers_are_short_of(before: View) -> None:
    dealer = OptionDealer()
    state, protections = dealer.init(before), held(before, np.array([-0.01, -0.02, 0.01]))
    sizes = []
    for protection in (1.0, *protections):
        seen = replace(before, protection=jnp.asarray(protection))
        plan = dealer.plan(state, seen)
        state = dealer.update(state, plan, seen, jnp.zeros(1), dealer.order(plan, jnp.zeros(1)))
        sizes.append(np.asarray(state.book.size)[: dealer.puts].sum())
    np.testing.assert_allclose(np.array(sizes[1:]) / sizes[0], protections, rtol=1e-12)
    assert sizes[0] < 0
