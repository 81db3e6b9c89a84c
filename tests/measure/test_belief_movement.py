"""Movement of beliefs against the reduction of uncertainty.

- The odds of the cut of December 2025 as published: movement, reduction, excess by hand.
- Every simulated Bayesian path is a martingale and has an excess of zero on average, whatever its prior,
  length and share revealed; one that reaches 0 or 1 has moved p(1-p) on average.
- Noise and overreaction show as excess; the bound holds for Bayesians; one seed, one answer.
- What is no belief is refused.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundswell.data.errors import DataError
from groundswell.measure import belief_movement

NOVEMBER_2025 = [0.95, 0.629, 0.494, 0.50, 0.30, 0.391, 0.709, 0.82]
"""End of October, then 12, 13, 18, 19, 20, 21 and 26 November, as published."""


def test_the_odds_of_november_2025_moved_far_more_than_a_bayesian_s() -> None:
    found = belief_movement.excess_movement(NOVEMBER_2025)
    by_hand = 0.321**2 + 0.135**2 + 0.006**2 + 0.2**2 + 0.091**2 + 0.318**2 + 0.111**2
    assert found.movement == pytest.approx(by_hand, abs=1e-12)
    assert found.uncertainty_reduction == pytest.approx(0.95 * 0.05 - 0.82 * 0.18, abs=1e-12)
    assert found.excess == pytest.approx(by_hand + 0.1001, abs=1e-12)
    assert found.bound == pytest.approx(0.0475 / by_hand, abs=1e-12)
    assert found.rarity[1] < 0.05
    assert found.reference[2] < found.excess


@settings(max_examples=20, deadline=None)
@given(st.floats(0.03, 0.97), st.integers(1, 40), st.floats(0.05, 1), st.integers(0, 1000))
def test_bayesians_are_martingales_without_excess(
    prior: float, steps: int, revealed: float, seed: int
) -> None:
    paths = belief_movement.bayesian_paths(prior, steps, revealed=revealed, draws=4000, seed=seed)
    assert paths.shape == (4000, steps + 1)
    assert ((paths >= 0) & (paths <= 1)).all()
    error = paths.std(axis=0) / np.sqrt(4000)
    assert (np.abs(paths.mean(axis=0) - prior) <= 5.5 * error + 1e-12).all()
    excess = belief_movement.excess_of(paths)
    assert abs(excess.mean()) <= 5.5 * excess.std() / np.sqrt(4000) + 1e-9


def test_a_resolved_belief_has_moved_by_its_first_uncertainty_on_average() -> None:
    paths = belief_movement.bayesian_paths(0.3, 25, draws=40_000)
    assert set(np.unique(paths[:, -1])) == {0.0, 1.0}
    movement = (np.diff(paths, axis=1) ** 2).sum(axis=1)
    assert movement.mean() == pytest.approx(0.21, abs=0.003)
    far = np.quantile(movement, 0.99)
    assert (movement >= far).mean() <= 0.21 / far


def test_a_sure_step_has_no_excess_and_a_round_trip_is_all_excess() -> None:
    assert float(belief_movement.excess_of([0.3, 1.0])) == pytest.approx(0.49 - 0.21)
    assert float(belief_movement.excess_of([0.3, 0.0])) == pytest.approx(0.09 - 0.21)
    assert abs(0.3 * 0.28 + 0.7 * -0.12) < 1e-12  # weighted by their odds: nothing
    assert float(belief_movement.excess_of([0.5, 0.9, 0.5])) == pytest.approx(0.32)
    there = belief_movement.excess_movement([0.5, 0.9, 0.1, 0.9, 0.5])
    assert there.rarity[1] < 0.01


def test_a_bayesian_s_own_paths_are_not_called_rare_more_often_than_their_share() -> None:
    paths = belief_movement.bayesian_paths(0.6, 20, revealed=0.5, draws=200, seed=7)
    rare = [
        belief_movement.excess_movement(path, revealed=[0.5], draws=500, seed=1).rarity[0] for path in paths
    ]
    assert 0.01 <= np.mean(np.array(rare) < 0.05) <= 0.10
    assert np.mean(rare) == pytest.approx(0.5, abs=0.07)


def test_noise_is_movement_and_is_allowed_for_when_it_is_named() -> None:
    noisy = belief_movement.bayesian_paths(0.5, 40, revealed=0.2, draws=500, noise=0.05)
    assert belief_movement.excess_of(noisy).mean() == pytest.approx(0.05**2 * (2 * 40 - 2), rel=0.15)
    path = noisy[0]
    plain = belief_movement.excess_movement(path, revealed=[0.2], draws=1000)
    named = belief_movement.excess_movement(path, revealed=[0.2], draws=1000, noise=0.05)
    assert plain.rarity[1] < 0.05 < named.rarity[0]


def test_one_seed_gives_one_answer() -> None:
    one, again = (belief_movement.excess_movement(NOVEMBER_2025, seed=3) for _ in range(2))
    assert one == again
    assert one.rarity != belief_movement.excess_movement(NOVEMBER_2025, seed=4, draws=300).rarity


@pytest.mark.parametrize(
    ("beliefs", "words"),
    [
        ([0.5], "shape"),
        ([0.5, 30.0], "belief 2 is 30"),
        ([0.5, np.nan], "belief 2 is nan"),
        ([1.0, 0.5], "first belief is 1"),
    ],
)
def test_what_is_no_belief_is_refused(beliefs: list[float], words: str) -> None:
    with pytest.raises(DataError, match=words):
        belief_movement.excess_movement(beliefs)


def test_what_is_no_simulation_is_refused() -> None:
    calls = [
        lambda: belief_movement.excess_movement([0.3, 0.4], revealed=[]),
        lambda: belief_movement.excess_movement([0.3, 0.4], revealed=["x"]),
        lambda: belief_movement.excess_movement([0.3, 0.4], draws=10.5),
        lambda: belief_movement.excess_movement([0.3, 0.4], noise=np.inf),
        lambda: belief_movement.excess_movement([0.3, 0.4], seed=-1),
        lambda: belief_movement.excess_movement(["x", 0.4]),
        lambda: belief_movement.excess_movement(None),
        lambda: belief_movement.bayesian_paths(np.nan, 2),
        lambda: belief_movement.bayesian_paths(0.3, 2.5),
        lambda: belief_movement.bayesian_paths(0.3, 10**6, draws=10**6),
        lambda: belief_movement.excess_of([0.3, np.nan]),
        lambda: belief_movement.excess_of([30, 40]),
        lambda: belief_movement.excess_of(0.3),
        lambda: belief_movement.excess_of([]),
    ]
    for call in calls:
        with pytest.raises(DataError):
            call()


def test_a_path_that_stands_still_has_no_movement() -> None:
    still = belief_movement.excess_movement([0.4, 0.4, 0.4])
    assert (still.movement, still.excess, still.bound) == (0.0, 0.0, 1.0)
    with pytest.raises(DataError, match="share revealed is 0"):
        belief_movement.bayesian_paths(0.4, 3, revealed=0)
