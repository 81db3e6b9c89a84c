"""Balanced funds and pensions (M5): back to policy weights, at month end or when the drift leaves a
band. They sell what has risen and buy what has fallen: the counterweight of everyone else here.
"""

from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from groundswell.core.day import INDEX, Actor, View
from groundswell.core.engine import jnp
from groundswell.core.parameter import parameter, structural

_HMM = "Harvey, Mazzoleni & Melone 2025, The Unintended Consequences of Rebalancing (read)"


def rebalance_order(
    aum: ArrayLike,
    weight: ArrayLike,
    equity_return: ArrayLike,
    bond_return: ArrayLike,
    band: float | None = None,
) -> np.ndarray:
    """USD bn of equities to trade to get back to the policy weight: -A w (1-w) (re - rb), exactly.

    Args:
        aum: assets before the period, USD bn.
        weight: policy weight of equities, fraction.
        equity_return: simple return of equities over the period, decimal.
        bond_return: simple return of bonds.
        band: trade only if the equity weight has drifted by more than this (fraction); None always trades.

    References:
        Derived from the two legs before cash flows; bands as in Harvey, Mazzoleni & Melone (2025).
    """
    a, w, re, rb = (np.asarray(x, dtype=np.float64) for x in (aum, weight, equity_return, bond_return))
    order = -a * w * (1 - w) * (re - rb)
    if band is None:
        return order
    drift = w * (1 + re) / (1 + w * re + (1 - w) * rb) - w
    return np.where(np.abs(drift) > band, order, 0.0)


class RebalancerState(eqx.Module):
    """Carried from close to close.

    Attributes:
        weight: equity weight of the calendar cohort and of the band cohort.
        returning: whether the band cohort is on its way back to policy.
    """

    weight: Float[Array, "2"]
    returning: Bool[Array, ""]


class RebalancerPlan(eqx.Module):
    """Fixed at the previous close."""

    assets: Float[Array, "2"]
    weight: Float[Array, "2"]
    fraction: Float[Array, "2"]
    returning: Bool[Array, ""]
    bond: int | None = eqx.field(static=True)


class Rebalancer(Actor):
    """Two cohorts of stock-bond funds: one trades into month end, one when its band is left.

    On a book without bonds the other leg is taken to return nothing, and the sheet says so.
    """

    key: ClassVar[str] = "rebalancer"
    anticipated: ClassVar[bool] = True

    aum_share: Array = parameter(
        (0.03, 0.03),
        (0.01, 0.01),
        (0.10, 0.10),
        "assets / market value of the index: calendar, band cohort",
        "Judgement between a desk's USD 6bn for one month end (Nov 2025, secondary) and USD 20tn that follow "
        "fixed-target rules in all: " + _HMM,
    )
    policy: Array = parameter(
        (0.60, 0.60),
        (0.50, 0.50),
        (0.65, 0.65),
        "policy weight of equities, by cohort",
        "The 60/40 convention",
        at_most=1.0,
    )
    band: Array = parameter(
        0.03,
        0.02,
        0.05,
        "drift of the equity weight that makes the band cohort trade",
        _HMM + ": 2% and 5%",
    )
    band_speed: Array = parameter(
        0.25,
        0.15,
        0.5,
        "share of the drift traded per session on the way back to policy",
        "Judgement: about a week to trade",
        at_most=1.0,
    )
    arrival: Array = parameter(
        0.25,
        0.10,
        0.50,
        "drift / band at which a fund that left its band is home again",
        "Judgement: the last slices are not worth a trade",
        at_most=1.0,
    )
    month_end_sessions: int = structural(
        3,
        "sessions over which the calendar cohort trades, the last one included",
        "Judgement: the days desks watch",
    )

    def init(self, view: View) -> RebalancerState:
        """At policy weights."""
        return RebalancerState(weight=jnp.asarray(self.policy), returning=jnp.asarray(False))

    def plan(self, state: RebalancerState, view: View) -> RebalancerPlan:
        """Which cohort trades today, and how much of its drift."""
        left = view.day.sessions_to_month_end
        calendar = jnp.where(left < self.month_end_sessions, 1.0 / (left + 1.0), 0.0)
        drift = jnp.abs(state.weight[1] - self.policy[1])
        # once outside its band a fund goes all the way home, in slices
        returning = (drift > self.band) | (state.returning & (drift > self.arrival * self.band))
        return RebalancerPlan(
            assets=self.aum_share * view.market_value,
            weight=state.weight,
            fraction=jnp.stack([calendar, jnp.where(returning, self.band_speed, 0.0)]),
            returning=returning,
            bond=view.assets.index("bond") if "bond" in view.assets else None,
        )

    def _drifted(self, plan: RebalancerPlan, r: Array) -> tuple[Array, Array]:
        """Equity holding and assets of each cohort before today's trade, USD bn."""
        bond = jnp.zeros(()) if plan.bond is None else r[plan.bond]
        equity = plan.weight * plan.assets * jnp.exp(r[INDEX])
        return equity, equity + (1 - plan.weight) * plan.assets * jnp.exp(bond)

    def _orders(self, plan: RebalancerPlan, r: Array) -> Array:
        equity, assets = self._drifted(plan, r)
        return plan.fraction * (self.policy * assets - equity)

    def order(self, plan: RebalancerPlan, r: Array) -> Array:
        """USD bn per asset: what stocks lose, bonds get."""
        total = jnp.sum(self._orders(plan, r))
        orders = jnp.zeros_like(r).at[INDEX].set(total)
        return orders if plan.bond is None else orders.at[plan.bond].set(-total)

    def update(
        self, state: RebalancerState, plan: RebalancerPlan, view: View, r: Array, filled: Array
    ) -> RebalancerState:
        """Equity weights after the close."""
        orders = self._orders(plan, r)
        total = jnp.sum(orders)
        share = jnp.where(total == 0.0, 1.0, filled[INDEX] / jnp.where(total == 0.0, 1.0, total))
        equity, assets = self._drifted(plan, r)
        weight = (equity + share * orders) / jnp.where(assets == 0.0, 1.0, assets)
        return RebalancerState(weight=weight, returning=plan.returning)

    def holding(self, state: RebalancerState, market_value: Array) -> Array:
        """USD bn of the index held by both cohorts."""
        return jnp.sum(state.weight * self.aum_share) * market_value

    def limit(self, market_value: Array) -> Array:
        """USD bn if both cohorts held nothing but stocks."""
        return jnp.sum(self.aum_share) * market_value
