"""Risk parity (M2): stocks and bonds in inverse proportion to their volatility, levered to a target.
It reacts to the correlation of the two as well: when bonds stop hedging stocks, leverage falls though
neither has become rougher. Without bonds in the book the rule means nothing and the actor stays out.
"""

from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int

from groundswell.core.day import INDEX, SESSIONS_PER_YEAR, Actor, View
from groundswell.core.engine import jnp
from groundswell.core.holdings import change_of_holding, weights_after
from groundswell.core.parameter import parameter, structural

_SOURCE = "Inverse-volatility method, levered to a target (derived)"


class RiskParityState(eqx.Module):
    """Carried from close to close.

    Attributes:
        covariance: exponential second moments of daily log returns, stocks and bonds.
        seen: returns seen so far.
        weight: holdings / assets, by asset.
    """

    covariance: Float[Array, "2 2"]
    seen: Int[Array, ""]
    weight: Float[Array, " assets"]


class RiskParityPlan(eqx.Module):
    """Fixed at the previous close."""

    assets: Float[Array, ""]
    weight: Float[Array, " assets"]
    desired: Float[Array, " assets"]


class RiskParity(Actor):
    """Risk-parity funds on two assets, the index and bonds."""

    key: ClassVar[str] = "risk_parity"
    needs: ClassVar[tuple[str, ...]] = ("index", "bond")

    aum_share: Array = parameter(
        0.0044,
        0.0015,
        0.0088,
        "assets that trade US stocks / market value of the index",
        "BofA models USD 200bn in February 2018 against USD 22.8tn, of which about half trades US stocks "
        "(judgement); low: AQR 7 Feb 2018, all risk parity holds USD 70bn of global equities (read); high: "
        "USD 400bn, AllianceBernstein 2015 (secondary)",
        fitted_through="2018-02-07",
    )
    target: Array = parameter(0.10, 0.08, 0.12, "annual volatility, decimal", _SOURCE)
    leverage_cap: Array = parameter(
        3.0,
        2.0,
        3.5,
        "sum of weights",
        "Notional 2 to 3.5 times assets, AllianceBernstein 2015 (secondary)",
    )
    decay: Array = parameter(
        0.98, 0.97, 0.99, "decay of second moments per session", "Judgement: one to four months"
    )
    speed: Array = parameter(
        0.10,
        0.05,
        0.25,
        "share of the gap closed per session",
        "Judgement: between weekly and monthly rebalancing",
    )
    seed_days: int = structural(63, "returns seen before the first position", "Judgement: three months")

    def init(self, view: View) -> RiskParityState:
        """No position, nothing seen."""
        return RiskParityState(
            covariance=jnp.zeros((2, 2)),
            seen=jnp.asarray(0, dtype=jnp.int32),
            weight=jnp.zeros(len(view.assets)),
        )

    def balance(self, covariance: Float[Array, "2 2"]) -> Float[Array, "2"]:
        """Weights in inverse proportion to volatility, levered to the target, capped.

        `covariance` is annual. w = (1/s) / sum(1/s), L = min(L_max, target / sqrt(w' C w)).
        """
        inverse = 1 / jnp.sqrt(jnp.maximum(jnp.diagonal(covariance), 1e-12))
        weights = inverse / jnp.sum(inverse)
        risk = jnp.sqrt(jnp.maximum(weights @ covariance @ weights, 1e-12))
        return weights * jnp.minimum(self.leverage_cap, self.target / risk)

    def plan(self, state: RiskParityState, view: View) -> RiskParityPlan:
        """Balanced weights at the previous close, approached at `speed`."""
        both = np.asarray([INDEX, view.assets.index("bond")])
        unbiased = state.covariance / jnp.maximum(1 - self.decay**state.seen, 1e-12)
        wanted = jnp.zeros(len(view.assets)).at[both].set(self.balance(SESSIONS_PER_YEAR * unbiased))
        ready = state.seen >= self.seed_days
        first = state.seen == self.seed_days
        # the first position is a starting point, not a trade
        weight = jnp.where(first, wanted, state.weight)
        return RiskParityPlan(
            assets=self.aum_share * view.market_value,
            weight=weight,
            desired=jnp.where(ready, weight + self.speed * (wanted - weight), weight),
        )

    def order(self, plan: RiskParityPlan, r: Array) -> Array:
        """USD bn per asset to trade if today's log returns are r."""
        return change_of_holding(plan.assets, plan.weight, plan.desired, r)

    def update(
        self, state: RiskParityState, plan: RiskParityPlan, view: View, r: Array, filled: Array
    ) -> RiskParityState:
        """Holdings and second moments after the close."""
        pair = jnp.stack([r[INDEX], r[view.assets.index("bond")]])
        orders = change_of_holding(plan.assets, plan.weight, plan.desired, r)
        return RiskParityState(
            covariance=self.decay * state.covariance + (1 - self.decay) * jnp.outer(pair, pair),
            seen=state.seen + 1,
            weight=weights_after(plan.assets, plan.weight, orders, r, filled),
        )

    def holding(self, state: RiskParityState, market_value: Array) -> Array:
        """USD bn of the index held."""
        return state.weight[INDEX] * self.aum_share * market_value

    def limit(self, market_value: Array) -> Array:
        """USD bn of the index if all of the largest leverage stood in stocks."""
        return self.leverage_cap * self.aum_share * market_value
