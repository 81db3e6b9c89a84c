"""Leveraged and inverse volatility products (M5, M6): notes and funds that promise a multiple of the day's
return of the constant-maturity VIX future. They must trade A L(L-1) times that return before the future
settles, in the direction of the move: on 5 February 2018 two inverse products had to buy about as many
futures as there were.
"""

from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float

from groundswell.actors.leveraged_fund import rebalance_or_close
from groundswell.core.day import Actor, View
from groundswell.core.engine import jnp
from groundswell.core.parameter import parameter, structural

FUTURE = "vix_future"
"""The asset: the constant-maturity VIX future of one month, by its daily return."""


class VolatilityFundState(eqx.Module):
    """Nothing is carried: assets are a share of the index's market value."""


class VolatilityFundPlan(eqx.Module):
    """Assets of each product at the previous close, USD bn, and the column of the future."""

    assets: Float[Array, " products"]
    column: int = eqx.field(static=True)


class VolatilityFund(Actor):
    """Daily-reset products on the short-term VIX future; they trade the future, never the index."""

    key: ClassVar[str] = "volatility_fund"
    needs: ClassVar[tuple[str, ...]] = ("index", FUTURE)
    since_year: ClassVar[int] = 2010

    aum_share: Array = parameter(
        2.5e-5,
        0.8e-5,
        1.7e-4,
        "assets of all products / market value of the index",
        "High end: USD 3.2bn in the two inverse products (secondary) and USD 1bn in leveraged ones "
        "(recalled) on 2 Feb 2018 against USD 25tn; today's a judgement",
        fitted_through="2018-02-02",
    )
    leverage: tuple[float, ...] = structural(
        (2.0, 1.5, -0.5, -1.0),
        "multiple of the day's return, by product",
        "Products listed in the US; the multiples of two were cut in February 2018 (recalled)",
    )
    mix: tuple[float, ...] = structural(
        (0.25, 0.30, 0.25, 0.20), "share of assets, by product", "Judgement (recalled order of sizes)"
    )

    def init(self, view: View) -> VolatilityFundState:
        """Nothing to carry."""
        return VolatilityFundState()

    def plan(self, state: VolatilityFundState, view: View) -> VolatilityFundPlan:
        """Assets at the previous close."""
        return VolatilityFundPlan(
            assets=self.aum_share * view.market_value * jnp.asarray(self.mix),
            column=view.assets.index(FUTURE),
        )

    def order(self, plan: VolatilityFundPlan, r: Array) -> Array:
        """USD bn of the future to trade if its log return is r."""
        trades = rebalance_or_close(plan.assets, jnp.asarray(self.leverage), jnp.expm1(r[plan.column]))
        return jnp.zeros_like(r).at[plan.column].set(jnp.sum(trades))

    def update(
        self, state: VolatilityFundState, plan: VolatilityFundPlan, view: View, r: Array, filled: Array
    ) -> VolatilityFundState:
        """Nothing to carry."""
        return state

    def holding(self, state: VolatilityFundState, market_value: Array) -> Array:
        """None of the index."""
        return jnp.zeros_like(market_value)

    def limit(self, market_value: Array) -> Array:
        """None of the index."""
        return jnp.zeros_like(market_value)
