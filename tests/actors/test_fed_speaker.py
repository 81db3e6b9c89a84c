"""The Fed's words: a belief that moves, and what it may not do.

- Odds are probabilities; without overreaction each of them is a martingale up to and through the decision,
  and belief movement equals the reduction of uncertainty; with overreaction it exceeds it.
- What was decided comes as often as was believed; silence before the meeting; the rule moves the next one.
- Surprises sum to what was decided less what was expected; a swing of the odds is few basis points.
- Draws depend on the path alone; without random numbers nothing moves.
"""

from collections.abc import Callable
from dataclasses import replace

import equinox as eqx
import numpy as np
import pytest

from groundswell.actors.fed_speaker import FedSpeaker, SpeakerState
from groundswell.core.day import Policy, View
from groundswell.core.engine import jax, jnp
from groundswell.measure.belief_movement import excess_of

PATHS, SESSIONS = 4000, 31
CUTS = np.array([1.0, 1.0, 0.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def before(after_closes: Callable[..., View]) -> View:
    seen = after_closes(FedSpeaker(), np.ones(3))
    policy = Policy(jnp.asarray(0.04), jnp.asarray(0.027), jnp.asarray(0.001))
    return replace(seen, policy=policy)


@eqx.filter_jit
def meetings(
    speaker: FedSpeaker, seen: View, keys: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array, SpeakerState]:
    """Return by path and session: market's odds at the close before, decision, surprise; and last states."""

    def path(key: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array, SpeakerState]:
        own = replace(seen, key=key)

        def session(state: SpeakerState, _: None) -> tuple[SpeakerState, tuple[jax.Array, ...]]:
            plan = speaker.plan(state, own)
            after = speaker.update(state, plan, own, jnp.zeros(1), jnp.zeros(1))
            return after, (speaker.believed(state), after.decided, after.surprise)

        last, (odds, decided, surprise) = jax.lax.scan(session, speaker.init(own), length=SESSIONS)
        return odds, decided, surprise, last

    return jax.vmap(path)(keys)


def keys(paths: int = PATHS, seed: int = 0) -> jax.Array:
    numbers = jnp.arange(paths)
    return jax.vmap(lambda i: jax.random.key_data(jax.random.fold_in(jax.random.key(seed), i)))(numbers)


def speaker(overreaction: float) -> FedSpeaker:
    return eqx.tree_at(lambda s: s.overreaction, FedSpeaker(), np.asarray(overreaction))


Run = tuple[np.ndarray, np.ndarray, np.ndarray, SpeakerState]


@pytest.fixture(scope="module")
def calm(before: View) -> Run:
    """Return a cycle of many paths in which nobody overreacts."""
    odds, decided, surprise, last = meetings(speaker(0.0), before, keys())
    return np.asarray(odds), np.asarray(decided), np.asarray(surprise), last


@pytest.fixture(scope="module")
def nervous(before: View) -> Run:
    odds, decided, surprise, last = meetings(speaker(1.0), before, keys())
    return np.asarray(odds), np.asarray(decided), np.asarray(surprise), last


def beliefs(run: Run) -> np.ndarray:
    """Return the odds of a cut by path and session, and whether it came."""
    odds, decided, *_ = run
    return np.concatenate([odds @ CUTS, (decided[:, -1:] < 0).astype(float)], axis=1)


def test_odds_are_probabilities_and_never_certain_before_the_meeting(calm: Run) -> None:
    odds = calm[0]
    np.testing.assert_allclose(odds.sum(axis=-1), 1.0, rtol=1e-12)
    assert odds.min() >= 0
    assert (odds @ CUTS).max() < 1


def test_without_overreaction_each_of_the_odds_is_a_martingale(calm: Run) -> None:
    """The mean stays at the prior, session by session and through the decision, within four errors."""
    odds, decided, *_ = calm
    moves = np.asarray(FedSpeaker().moves)
    ends = (decided[:, -1, None] == moves).astype(float)
    for path in np.moveaxis(np.concatenate([odds, ends[:, None]], axis=1), -1, 0):
        error = path.std(axis=0) / np.sqrt(PATHS)
        assert (np.abs(path.mean(axis=0) - path[0, 0]) <= 4 * error + 1e-12).all()


def test_belief_movement_is_the_reduction_of_uncertainty_unless_somebody_overreacts(
    calm: Run, nervous: Run
) -> None:
    found = {}
    for name, run in (("calm", calm), ("nervous", nervous)):
        excess = excess_of(beliefs(run))
        found[name] = (excess.mean(), excess.std() / np.sqrt(PATHS))
    assert abs(found["calm"][0]) < 4 * found["calm"][1]
    assert found["nervous"][0] > 10 * found["nervous"][1]


def test_the_default_overreaction_moves_odds_as_its_source_says(before: View) -> None:
    """Simulated excess of 0.03 a meeting at 0.2 and of 0.13 at 0.75, the ends of what real odds allow."""
    default = float(np.asarray(FedSpeaker().overreaction))
    for overreaction, wanted in ((default, 0.03), (0.75, 0.13)):
        odds, decided, surprise, last = meetings(speaker(overreaction), before, keys())
        excess = excess_of(beliefs((np.asarray(odds), np.asarray(decided), np.asarray(surprise), last)))
        assert excess.mean() == pytest.approx(wanted, abs=0.01)


def test_what_was_believed_on_the_eve_comes_that_often(calm: Run) -> None:
    path = beliefs(calm)
    eve, came = path[:, -2], path[:, -1]
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        these = (eve >= low) & (eve < high)
        assert these.sum() > 100
        error = np.sqrt(eve[these].mean() * (1 - eve[these].mean()) / these.sum())
        assert abs(came[these].mean() - eve[these].mean()) < 4 * error + 0.005


def test_overshooting_leaves_what_is_decided_untouched(calm: Run, nervous: Run) -> None:
    np.testing.assert_array_equal(calm[1], nervous[1])


def test_officials_who_are_silent_before_the_meeting_move_nothing(before: View) -> None:
    """With data that tell nothing, odds move while officials speak and stand still once they may not."""
    made = eqx.tree_at(lambda s: s.data_noise, speaker(0.0), np.asarray(1e12))
    cut = np.asarray(meetings(made, before, keys())[0]) @ CUTS
    spoken = made.cycle - made.quiet
    assert (np.diff(cut[:, : spoken + 1], axis=1) != 0).mean() > 0.99
    np.testing.assert_allclose(cut[:, spoken:], cut[:, spoken, None] * np.ones(made.quiet), atol=1e-9)


def test_a_change_halfway_between_two_moves_makes_them_equally_likely() -> None:
    odds = np.asarray(FedSpeaker().odds(jnp.asarray(-12.5), jnp.asarray(2.0)))
    np.testing.assert_allclose(odds, [0.0, 0.5, 0.5, 0.0, 0.0], atol=1e-9)


def test_surprises_add_up_to_what_was_decided_less_what_was_expected(calm: Run, nervous: Run) -> None:
    moves = np.asarray(FedSpeaker().moves)
    for odds, decided, surprise, _ in (calm, nervous):
        expected = odds[:, 0] @ moves
        np.testing.assert_allclose(surprise.sum(axis=1), decided[:, -1] - expected, atol=1e-9)


def test_fifty_points_of_odds_are_twelve_and_a_half_basis_points_and_half_a_percent() -> None:
    change = 0.5 * 25
    assert float(FedSpeaker().index_return(jnp.asarray(change))) == pytest.approx(-0.005)


def test_the_rule_moves_the_next_meeting(before: View) -> None:
    """An economy with slack and little inflation asks for cuts; a hot one for rises."""
    asked = []
    for inflation, slack in ((0.015, 0.02), (0.05, -0.01)):
        policy = Policy(jnp.asarray(0.04), jnp.asarray(inflation), jnp.asarray(slack))
        asked.append(float(FedSpeaker().init(replace(before, policy=policy)).mean))
    assert asked[0] < 0 < asked[1]
    # 1% real + 2.7% + half of 0.7% - 0.1% of slack = 3.95%: five points below 4%, a tenth of it a meeting
    assert float(FedSpeaker().init(before).mean) == pytest.approx(-0.5)
    assert float(FedSpeaker().init(replace(before, policy=None)).mean) == 0.0


def test_after_a_meeting_everything_is_open_again(calm: Run) -> None:
    last = calm[3]
    np.testing.assert_allclose(np.asarray(last.mean), -0.5)
    assert (np.asarray(last.deviation) == 20.0).all()
    assert (np.asarray(last.to_meeting) == FedSpeaker().cycle - 1).all()


def test_a_path_has_the_same_draws_whoever_runs_beside_it(before: View, calm: Run) -> None:
    few = keys().at[7:].set(keys(seed=5)[7:])
    odds, *_ = meetings(speaker(0.0), before, few)
    np.testing.assert_array_equal(np.asarray(odds)[:7], calm[0][:7])
    assert (np.asarray(odds)[7:, -1] != calm[0][7:, -1]).any()


def test_in_a_replay_nobody_draws_and_nobody_trades(before: View) -> None:
    made = FedSpeaker()
    state = made.init(before)
    plan = made.plan(state, before)
    assert made.update(state, plan, before, jnp.zeros(1), jnp.zeros(1)) is state
    assert float(made.order(plan, jnp.asarray([0.1]))[0]) == 0.0
