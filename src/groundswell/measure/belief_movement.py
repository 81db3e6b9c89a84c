"""Do beliefs move more than information can move them? The odds of an event over time, held against
what a Bayesian's would have done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from groundswell.data.errors import DataError
from groundswell.measure import figures

Floats: TypeAlias = npt.NDArray[np.float64]

REVEALED = (0.25, 0.5, 0.75, 1.0)
"""Shares of all that will ever be known which may have come out along the path: a grid, as no one
knows it."""

MOST_BELIEFS = 2e7
"""Beliefs simulated at once; more would fill the memory."""

_WHERE = "beliefs"


@dataclass(frozen=True)
class Movement:
    """How far a path of beliefs moved, and how far a Bayesian's would have.

    Attributes:
        prior: first belief.
        last: last belief.
        movement: sum of squared changes.
        uncertainty_reduction: p(1 - p) of the first belief minus that of the last.
        bound: no Bayesian moves this far or farther with a higher probability than this, whatever the
            information: p0 (1 - p0) / movement, at most 1.
        rarity: lowest and highest share, over `REVEALED`, of simulated Bayesians with at least this
            excess.
        reference: 5%, 50% and 95% quantile of the simulated excess, all of `REVEALED` pooled.
    """

    prior: float
    last: float
    movement: float
    uncertainty_reduction: float
    bound: float
    rarity: tuple[float, float]
    reference: tuple[float, float, float]

    @property
    def excess(self) -> float:
        """Return movement minus reduction of uncertainty; zero in expectation for a Bayesian."""
        return self.movement - self.uncertainty_reduction


def excess_movement(
    beliefs: npt.ArrayLike,
    *,
    revealed: Sequence[float] = REVEALED,
    draws: int = 4_000,
    seed: int = 0,
    noise: float = 0.0,
) -> Movement:
    """Return how far the beliefs moved against the reduction of uncertainty, with a reference.

    X = sum_t (p_t - p_(t-1))^2 - [p_0 (1 - p_0) - p_T (1 - p_T)] has expectation zero for every
    Bayesian with a correct prior, whatever the signals. One path's X scatters: the reference is the
    distribution of X over Bayesians with the same prior and number of steps (`bayesian_paths`). The
    bound is Markov's inequality, as the expected movement is never above p_0 (1 - p_0).

    Args:
        beliefs: probabilities of one event in order of time, at least two, none missing; shape (T + 1,).
        revealed: shares of the information out by the end, each above 0, at most 1.
        draws: simulated Bayesians for each share.
        seed: of the simulation.
        noise: standard deviation of an error of measurement in each belief (a tick of half a basis
            point is 0.02), put on the simulated ones too: noise alone is movement.

    Raises:
        DataError: a belief outside 0 to 1 or missing, fewer than two, a prior of 0 or 1 (nothing is left
            to learn), a share that is none, or no share.

    References:
        Augenblick, N. & Rabin, M. (2021), Belief Movement, Uncertainty Reduction, and Rational
        Updating, Quarterly Journal of Economics 136(2), 933-985, proposition 1 and section 2.
    """
    path = _checked(beliefs)
    prior = float(path[0])
    if not 0 < prior < 1:
        raise DataError(
            f"the first belief is {prior:g}",
            where=_WHERE,
            expected="a probability between 0 and 1, as a Bayesian who is sure never moves",
            remedy="begin the path where the event was still open",
        )
    found = float(excess_of(path))
    shares = np.atleast_1d(figures.numbers("revealed", revealed, _WHERE)).tolist()
    if not shares:
        raise DataError("there is no share revealed", where=_WHERE, expected="one at least")
    samples = [
        excess_of(bayesian_paths(prior, len(path) - 1, revealed=share, draws=draws, seed=seed, noise=noise))
        for share in shares
    ]
    rare = [float((sample >= found - 1e-12).mean()) for sample in samples]
    low, middle, high = np.quantile(np.concatenate(samples), [0.05, 0.5, 0.95]).tolist()
    movement = float((np.diff(path) ** 2).sum())
    return Movement(
        prior=prior,
        last=float(path[-1]),
        movement=movement,
        uncertainty_reduction=movement - found,
        bound=min(1.0, prior * (1 - prior) / movement) if movement else 1.0,
        rarity=(min(rare), max(rare)),
        reference=(low, middle, high),
    )


def excess_of(paths: npt.ArrayLike) -> Floats:
    """Return movement minus uncertainty reduction of each path; time along the last axis.

    Raises:
        DataError: a belief is missing, or no probability; or there is no path.
    """
    beliefs = figures.numbers("beliefs", paths, _WHERE)
    if not (beliefs.ndim and beliefs.shape[-1]):
        raise DataError(
            f"the beliefs have shape {beliefs.shape}", where=_WHERE, expected="time on the last axis"
        )
    _check_fractions(beliefs)
    uncertainty = beliefs * (1 - beliefs)
    movement = (np.diff(beliefs, axis=-1) ** 2).sum(axis=-1)
    return np.asarray(movement - (uncertainty[..., 0] - uncertainty[..., -1]))[()]


def bayesian_paths(
    prior: float,
    steps: int,
    *,
    revealed: float = 1.0,
    draws: int = 4_000,
    seed: int = 0,
    noise: float = 0.0,
) -> Floats:
    """Return beliefs of simulated Bayesians, shape (draws, steps + 1); each is a martingale.

    The event is x > 0 with x standard normal around its prior; every step brings an equal part of the
    news about x, and p_t = Phi((z + W_t) / sqrt(1 - v_t)), z = Phi^-1(prior), W_t the news so far with
    variance v_t, which ends at `revealed`. At 1 the last belief is 0 or 1.

    Args:
        prior: first belief, between 0 and 1.
        steps: number of changes, at least one.
        revealed: share of the information out by the last step, above 0, at most 1.
        draws: number of paths.
        seed: of the draws.
        noise: standard deviation of an error added to every belief but the first, which stays within 0
            and 1.

    Raises:
        DataError: an argument out of its range.

    References:
        The belief about a policy decision of `FedSpeaker`; any other Bayesian would do, as the mean of
        the excess is the same (Augenblick & Rabin 2021, proposition 1).
    """
    prior, revealed = figures.number("prior", prior, _WHERE), figures.number("revealed", revealed, _WHERE)
    noise = figures.number("noise", noise, _WHERE)
    counts = {
        name: figures.number(name, count, _WHERE)
        for name, count in (("steps", steps), ("draws", draws), ("seed", seed))
    }
    for name, value, good, expected in (
        ("prior", prior, 0 < prior < 1, "between 0 and 1"),
        ("number of steps", counts["steps"], _is_count(counts["steps"], 1), "a whole number, at least one"),
        ("share revealed", revealed, 0 < revealed <= 1, "above 0, at most 1"),
        ("number of draws", counts["draws"], _is_count(counts["draws"], 1), "a whole number, at least one"),
        ("noise", noise, 0 <= noise < 1, "zero or above, below 1"),
        ("seed", counts["seed"], _is_count(counts["seed"], 0), "a whole number, not negative"),
    ):
        if not good:
            raise DataError(f"the {name} is {value:g}", where=_WHERE, expected=expected)
    if counts["steps"] * counts["draws"] > MOST_BELIEFS:
        raise DataError(
            f"{counts['draws']:g} paths of {counts['steps']:g} steps are asked",
            where=_WHERE,
            expected=f"at most {MOST_BELIEFS:g} beliefs",
        )
    steps, draws, seed = (int(counts[name]) for name in ("steps", "draws", "seed"))
    random = np.random.default_rng(seed)
    news = random.standard_normal((draws, steps)).cumsum(axis=1) * np.sqrt(revealed / steps)
    open_still = 1 - revealed * np.arange(1, steps + 1) / steps
    with np.errstate(divide="ignore"):
        later = ndtr((ndtri(prior) + news) / np.sqrt(np.maximum(open_still, 0)))
    if noise:
        later = np.clip(later + noise * random.standard_normal(later.shape), 0, 1)
    return np.concatenate([np.full((draws, 1), float(prior)), later], axis=1)


def _checked(beliefs: npt.ArrayLike) -> Floats:
    path = figures.numbers("beliefs", beliefs, _WHERE)
    if path.ndim != 1 or len(path) < 2:
        raise DataError(
            f"the beliefs have shape {path.shape}", where=_WHERE, expected="one path of at least two"
        )
    _check_fractions(path)
    return path


def _check_fractions(beliefs: Floats) -> None:
    wrong = ~((beliefs >= 0) & (beliefs <= 1))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            f"belief {at + 1} is {beliefs.flat[at]:g}",
            where=_WHERE,
            expected="a probability as a fraction, 0.3 for 30%",
            remedy="drop days without odds; divide percentages by 100",
        )


def _is_count(value: float, least: int) -> bool:
    return least <= value < 2**53 and value == int(value)
