"""The Fed's words (M1): what the market believes about the next decision, and what officials' remarks do to
it. The change that the committee wants, x in basis points, is uncertain; words and data are noisy signals of
it, so the belief is a martingale as long as nobody overreacts; the decision is drawn from it at the
meeting, and the next meeting starts from a policy rule. Words and rule cannot contradict each other.

    P(move <= m) = Phi((half a step above m - E[x]) / sigma)

References:
    Augenblick, N. & Rabin, M. (2021), Belief Movement, Uncertainty Reduction, and Rational Updating,
    Quarterly Journal of Economics 136(2).
    Taylor, J. (1993), Discretion versus Policy Rules in Practice, Carnegie-Rochester Conference Series 39.
"""

from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int

from groundswell.core.day import Bystander, View
from groundswell.core.engine import jax, jnp
from groundswell.core.parameter import parameter, structural

_STREAM = 0x5BEA
"""Separates these draws from those of others on the same path."""


class SpeakerState(eqx.Module):
    """Carried from close to close; basis points where nothing else is said.

    Attributes:
        mean: expected change at the next meeting, all signals weighed rightly.
        deviation: what is still uncertain of it.
        overshoot: how far the market's expectation is beyond that.
        to_meeting: sessions to the next meeting, 0 on its day, as of the session about to open.
        session: number of sessions so far; with the path's key it decides the draws.
        decided: change decided today; 0 on other days.
        surprise: change today of the rate expected after the meeting.
    """

    mean: Float[Array, ""]
    deviation: Float[Array, ""]
    overshoot: Float[Array, ""]
    to_meeting: Int[Array, ""]
    session: Int[Array, ""]
    decided: Float[Array, ""]
    surprise: Float[Array, ""]


class SpeakerPlan(eqx.Module):
    """Known the evening before: sessions to the meeting, whether officials may speak, what the rule asks."""

    to_meeting: Int[Array, ""]
    speaking: Float[Array, ""]
    asked: Float[Array, ""]


class FedSpeaker(Bystander):
    """Belief about the next decision of the Federal Open Market Committee."""

    key: ClassVar[str] = "fed_speaker"
    since_year: ClassVar[int] = 1994

    prior: Array = parameter(
        20.0,
        12.0,
        30.0,
        "standard deviation of the change wanted when a meeting is next, basis points",
        "Judgement: odds of a move well inside 0 and 1 two months ahead",
        at_least=0.1,
    )
    word_noise: Array = parameter(
        60.0,
        30.0,
        150.0,
        "standard deviation of what a session's remarks leave open, basis points",
        "Judgement: odds of a cut then move by 4 points a day and 20 on the largest day of a cycle "
        "(simulated); futures of 2010-2022, 27 meetings that were open at first: 3 points a day, 17 [7, 34] "
        "on the largest day (computed)",
        at_least=1.0,
    )
    data_noise: Array = parameter(
        90.0,
        45.0,
        200.0,
        "the same of a session's economic data, basis points",
        "Judgement: less telling than words for the next decision",
        at_least=1.0,
    )
    overreaction: Array = parameter(
        0.2,
        0.0,
        0.75,
        "overshoot of the market / what words are worth",
        "Excess movement of the odds of meetings that were open at first (decision_odds.movements): -0.02, "
        "error 0.02, in 2010-2022; 0.07, error 0.03, in 1996-2008, when the rate strayed from its target; "
        "simulated: 0 at 0, 0.03 at 0.2, 0.13 at 0.75. November 2025 alone: 0.38 (secondary)",
    )
    fade: Array = parameter(
        0.85,
        0.6,
        0.95,
        "part of yesterday's overshoot left today",
        "Judgement: about a week",
        at_most=0.999,
    )
    equity_effect: Array = parameter(
        4e-4,
        1e-4,
        8e-4,
        "fall of the index (log) per basis point that the expected rate rises by surprise",
        "Bernanke & Kuttner 2005, JF 60(3): about 1% for 25 bp (read, abstract); range a judgement: weaker "
        "for words about later meetings, stronger in some samples",
    )
    neutral: Array = parameter(
        0.01,
        0.0,
        0.02,
        "real rate that neither speeds nor slows, annual, decimal",
        "Range of published estimates (recalled)",
    )
    slack_weight: Array = parameter(
        1.0,
        0.5,
        2.0,
        "fall of the rule's rate per unit of unemployment above its natural rate",
        "Taylor 1993: half the output gap, two per point of unemployment by Okun; twice that in the "
        "balanced-approach rule (recalled)",
    )
    catching_up: Array = parameter(
        0.1,
        0.03,
        0.25,
        "part of the gap to the rule that the committee wants to close at a meeting",
        "Judgement: estimated inertia is 0.8-0.9 a quarter (recalled)",
        at_most=1.0,
    )
    moves: tuple[float, ...] = structural(
        (-50.0, -25.0, 0.0, 25.0, 50.0),
        "basis points that can be decided",
        "Changes of 1994-2025, nearly all",
    )
    target: float = structural(0.02, "inflation aimed at, annual, decimal", "FOMC statement of January 2012")
    cycle: int = structural(31, "sessions from meeting to meeting", "Eight scheduled meetings a year")
    quiet: int = structural(
        8,
        "sessions before a decision without remarks",
        "FOMC rule: from the second Saturday before (recalled)",
    )

    def init(self, view: View) -> SpeakerState:
        """A meeting is over and the next is what the rule says."""
        zero = jnp.zeros(())
        to_meeting = view.day.sessions_to_meeting
        return SpeakerState(
            mean=self._asked(view),
            deviation=jnp.asarray(self.prior, dtype=jnp.float64),
            overshoot=zero,
            to_meeting=jnp.asarray(self.cycle - 1 if to_meeting is None else to_meeting, dtype=jnp.int32),
            session=jnp.zeros((), dtype=jnp.int32),
            decided=zero,
            surprise=zero,
        )

    def _asked(self, view: View) -> Array:
        """Change that the rule makes likely, basis points; 0 where the view says nothing of the economy."""
        if view.policy is None:
            return jnp.zeros(())
        rule = (
            self.neutral
            + view.policy.inflation
            + 0.5 * (view.policy.inflation - self.target)
            - self.slack_weight * view.policy.slack
        )
        return self.catching_up * (rule - view.policy.rate) * 1e4

    def odds(self, mean: Array, deviation: Array) -> Float[Array, " moves"]:
        """Probability of each of `moves`, when the change wanted is normal with that mean and deviation."""
        edges = (np.asarray(self.moves)[1:] + np.asarray(self.moves)[:-1]) / 2
        below = jax.scipy.special.ndtr((edges - mean) / deviation)
        return jnp.diff(jnp.concatenate([jnp.zeros(1), below, jnp.ones(1)]))

    def believed(self, state: SpeakerState) -> Float[Array, " moves"]:
        """The market's odds of each of `moves` after the close."""
        return self.odds(state.mean + state.overshoot, state.deviation)

    def expected_change(self, state: SpeakerState) -> Array:
        """Basis points that the market expects of the next meeting."""
        return jnp.sum(self.believed(state) * jnp.asarray(self.moves))

    def plan(self, state: SpeakerState, view: View) -> SpeakerPlan:
        """Whether officials may speak and whether they decide today."""
        listed = view.day.sessions_to_meeting
        to_meeting = state.to_meeting if listed is None else listed.astype(jnp.int32)
        return SpeakerPlan(to_meeting, (to_meeting >= self.quiet).astype(jnp.float64), self._asked(view))

    def update(
        self, state: SpeakerState, plan: SpeakerPlan, view: View, r: Array, filled: Array
    ) -> SpeakerState:
        """The belief after today's words, data and decision; unmoved where the path has no random numbers."""
        if view.key is None:
            return state
        drawn = jax.random.fold_in(jax.random.wrap_key_data(view.key), _STREAM)
        drawn = jax.random.fold_in(drawn, state.session)
        news, lot = jax.random.split(drawn)
        words, data = jax.random.normal(news, (2,), dtype=jnp.float64)
        heard, open_still = self._heard(state.deviation, self.word_noise, plan.speaking)
        learnt, deviation = self._heard(open_still, self.data_noise, jnp.ones(()))
        mean = state.mean + heard * words + learnt * data
        overshoot = self.fade * state.overshoot + self.overreaction * heard * words
        spoken = eqx.tree_at(
            lambda s: (s.mean, s.deviation, s.overshoot), state, (mean, deviation, overshoot)
        )
        u = jax.random.uniform(lot, dtype=jnp.float64)
        place = jnp.sum(u > jnp.cumsum(self.odds(mean, deviation))[:-1])
        move = jnp.asarray(self.moves)[place]
        meeting = plan.to_meeting == 0
        now_expected = jnp.where(meeting, move, self.expected_change(spoken))
        return SpeakerState(
            mean=jnp.where(meeting, plan.asked, mean),
            deviation=jnp.where(meeting, self.prior, deviation),
            overshoot=jnp.where(meeting, 0.0, overshoot),
            to_meeting=jnp.where(meeting, self.cycle - 1, plan.to_meeting - 1).astype(jnp.int32),
            session=state.session + 1,
            decided=jnp.where(meeting, move, 0.0),
            surprise=now_expected - self.expected_change(state),
        )

    def _heard(self, deviation: Array, noise: Array, there: Array) -> tuple[Array, Array]:
        """How much a signal moves the expectation (standard deviation), and what it leaves uncertain."""
        gain = there * deviation**2 / (deviation**2 + noise**2)
        return deviation * jnp.sqrt(gain), deviation * jnp.sqrt(1.0 - gain)

    def index_return(self, surprise: Array) -> Array:
        """Log return of the index when the expected rate changes by `surprise` basis points."""
        return -self.equity_effect * surprise
