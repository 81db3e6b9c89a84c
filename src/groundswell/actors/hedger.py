"""Hedgers (M5): end users who insure what they own, for days rather than months. They want more protection
after losses, at the start of an option's week and into month end; dealers carry the other side, and what
they cannot hedge is paid for in implied volatility, most of all at the short end of the curve.

In a closed loop: `protection` of yesterday's state becomes `View.protection` of today, by which
`OptionDealer` is short of that many more puts and hedges them; `pressure` is added to implied variance
by tenor. The size of the puts is declared once, there (`option_dealer.put_gamma`); here is only the multiple.
"""

from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int

from groundswell.core.day import INDEX, SESSIONS_PER_YEAR, Bystander, View
from groundswell.core.engine import jnp
from groundswell.core.parameter import parameter, structural
from groundswell.core.tape import Watch

_AVERAGE_LOSS = 1 / np.sqrt(2 * np.pi)
"""Mean of a session's loss in standard deviations when returns are normal."""

_WEEK = 5
_LARGEST_LOSS = 4.0
"""Standard deviations at which a loss stops adding."""


class HedgerState(eqx.Module):
    """Carried from close to close.

    Attributes:
        fear: log of the protection wanted because of past losses / normal.
        protection: held at the close / what is normal.
        to_expiry: sessions to the weekly expiry, counted here where the calendar does not say.
    """

    fear: Float[Array, ""]
    protection: Float[Array, ""]
    to_expiry: Int[Array, ""]


class HedgerPlan(eqx.Module):
    """Fixed at the previous close: what the calendar asks for today, and a day's standard deviation."""

    calendar: Float[Array, ""]
    deviation: Float[Array, ""]
    to_expiry: Int[Array, ""]


class Hedger(Bystander):
    """End users' demand for short-dated protection: exp(fear + calendar), 1 in normal times."""

    key: ClassVar[str] = "hedger"
    since_year: ClassVar[int] = 2005

    reaction: Array = parameter(
        0.08,
        -0.05,
        0.25,
        "log rise of protection after a loss of one standard deviation",
        "Judgement; its sign is open: Chen, Joslin & Ni 2019, RFS 32(1), find the public buying less crash "
        "insurance when dealers are constrained (recalled)",
        at_least=-1.0,
    )
    memory: Array = parameter(
        0.8,
        0.6,
        0.95,
        "part of yesterday's fear that is left today",
        "Judgement: protection lasts days, not months",
        at_most=0.999,
    )
    weekly: Array = parameter(
        0.06,
        0.0,
        0.2,
        "log demand on the first session of an option's week, and as much less on the expiry",
        "Judgement; no cycle is possible",
    )
    month_end: Array = parameter(
        0.1,
        0.0,
        0.3,
        "log demand in the last sessions of a month",
        "Judgement: funds roll hedges into month end; no effect is possible",
    )
    price_pressure: Array = parameter(
        (0.25, 0.15, 0.06, 0.03),
        (0.0, 0.0, 0.0, 0.0),
        (0.6, 0.4, 0.2, 0.1),
        "rise of implied variance / variance when protection doubles, by tenor (lambda)",
        "Judgement; its form, in proportion to the variance that cannot be hedged: Garleanu, Pedersen & "
        "Poteshman 2009, RFS 22(10) (read). The estimate on data is in `measure.curve_equation`",
    )
    tenors: tuple[int, ...] = structural((9, 30, 93, 180), "calendar days", "VIX9D, VIX, VIX3M, VIX6M")
    month_end_sessions: int = structural(3, "last sessions of a month", "As the demand that is observed")
    span: int = structural(21, "centre of mass of the realised volatility, sessions", "A month (judgement)")

    def watch(self) -> Watch:
        """Realised volatility, by which a loss is measured."""
        return Watch(return_centres=(self.span,))

    def init(self, view: View) -> HedgerState:
        """No fear, at the start of a week."""
        return HedgerState(jnp.zeros(()), jnp.ones(()), jnp.asarray(_WEEK - 1, dtype=jnp.int32))

    def plan(self, state: HedgerState, view: View) -> HedgerPlan:
        """What the calendar asks for today."""
        listed = view.day.sessions_to_expiry
        to_expiry = state.to_expiry if listed is None else listed[0].astype(jnp.int32)
        phase = jnp.clip(2.0 * to_expiry / (_WEEK - 1) - 1.0, -1.0, 1.0)
        last = view.day.sessions_to_month_end < self.month_end_sessions
        annual = view.tape.exponential_volatility(self.span)[INDEX]
        annual = jnp.where(view.tape.ready(self.span), annual, jnp.inf)
        if view.implied_volatility is not None:
            annual = jnp.where(jnp.isnan(view.implied_volatility), annual, view.implied_volatility)
        return HedgerPlan(
            calendar=self.weekly * phase + jnp.where(last, self.month_end, 0.0),
            deviation=jnp.maximum(annual, 1e-4) / np.sqrt(SESSIONS_PER_YEAR),
            to_expiry=to_expiry,
        )

    def protection(self, state: HedgerState, plan: HedgerPlan, r: Array) -> tuple[Array, Array]:
        """Fear and protection / normal at today's close, if the index's log return is r."""
        loss = jnp.maximum(-r[INDEX] / plan.deviation, 0.0)
        loss = _LARGEST_LOSS * jnp.tanh(loss / _LARGEST_LOSS)
        counted = jnp.where(jnp.isfinite(plan.deviation), loss - _AVERAGE_LOSS, 0.0)
        fear = self.memory * state.fear + self.reaction * counted
        return fear, jnp.exp(fear + plan.calendar)

    def update(
        self, state: HedgerState, plan: HedgerPlan, view: View, r: Array, filled: Array
    ) -> HedgerState:
        """Protection held after the close."""
        fear, protection = self.protection(state, plan, r)
        following = jnp.where(plan.to_expiry == 0, _WEEK - 1, plan.to_expiry - 1).astype(jnp.int32)
        return HedgerState(fear, protection, following)

    def pressure(self, protection: Array, variance: Array, capacity: Array | float = 1.0) -> Array:
        """What demand adds to implied variance, by tenor: lambda (protection - 1) / capacity x variance.

        Args:
            protection: held / normal.
            variance: expected realised, annual, decimal, by tenor or one for all.
            capacity: of dealers to carry it / normal.
        """
        return self.price_pressure * (protection - 1.0) / capacity * variance
