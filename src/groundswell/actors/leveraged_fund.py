"""Leveraged and inverse equity funds (M5, M6): a fund that promises L times the day's return must
trade A L(L-1) r at the close, in the direction of the move whatever the sign of L. All of it is an
answer to the day itself.
"""

from typing import Any, ClassVar, TypeAlias

import equinox as eqx
from jaxtyping import Array, Float

from groundswell.core.day import INDEX, Actor, View
from groundswell.core.engine import jnp
from groundswell.core.parameter import parameter, structural

Numbers: TypeAlias = Any
"""A number, or anything with numbers in it that multiplies element by element."""


def rebalance_order(aum: Numbers, leverage: Numbers, ret: Numbers) -> Numbers:
    """USD bn to trade at the close: A (L^2 - L) r; numbers, arrays or Series, and the like comes back.

    Args:
        aum: assets before the move, USD bn.
        leverage: promised multiple of the day's return, e.g. 3 or -1.
        ret: simple return of the underlying, decimal.

    References:
        Cheng, M. & Madhavan, A. (2009), The Dynamics of Leveraged and Inverse Exchange-Traded Funds.
    """
    return aum * (leverage**2 - leverage) * ret


def rebalance_or_close(aum: Array, leverage: Array, ret: Array) -> Array:
    """USD bn to trade at the close: A L(L-1) r, or the whole position once no assets are left.

    A fund cannot lose more than its assets: where L r is -1 or below it closes what it holds, -L A (1 + r).

    Args:
        aum: assets before the move, USD bn.
        leverage: promised multiple of the day's return.
        ret: simple return of the underlying, decimal.
    """
    wiped_out = 1.0 + leverage * ret <= 0.0
    return jnp.where(wiped_out, -leverage * aum * (1.0 + ret), rebalance_order(aum, leverage, ret))


class LeveragedState(eqx.Module):
    """Nothing is carried: assets are a share of market value."""


class LeveragedPlan(eqx.Module):
    """Assets of each product at the previous close, USD bn."""

    assets: Float[Array, " products"]


class LeveragedFund(Actor):
    """Daily-reset leveraged and inverse funds on the index."""

    key: ClassVar[str] = "leveraged_fund"
    since_year: ClassVar[int] = 2006

    aum_share: Array = parameter(
        3.05e-4,
        1.5e-4,
        6.0e-4,
        "assets of all products / market value of the index",
        "BofA 27 May 2025: S&P 500 products trade USD 0.83bn per 1% (secondary), against USD 52tn (recalled)",
        fitted_through="2025-05-27",
    )
    leverage: tuple[float, ...] = structural(
        (3.0, 2.0, -1.0, -2.0, -3.0),
        "multiple of the day's return, by product",
        "Products listed in the US since 2006-2009",
    )
    mix: tuple[float, ...] = structural(
        (0.60, 0.20, 0.09, 0.04, 0.07),
        "share of assets, by product",
        "Judgement (recalled order of sizes)",
    )

    def init(self, view: View) -> LeveragedState:
        """Nothing to carry."""
        return LeveragedState()

    def _assets(self, market_value: Array) -> Array:
        return self.aum_share * market_value * jnp.asarray(self.mix)

    def plan(self, state: LeveragedState, view: View) -> LeveragedPlan:
        """Assets at the previous close."""
        return LeveragedPlan(assets=self._assets(view.market_value))

    def order(self, plan: LeveragedPlan, r: Array) -> Array:
        """USD bn of the index to trade at the close if its log return is r."""
        trades = rebalance_or_close(plan.assets, jnp.asarray(self.leverage), jnp.expm1(r[INDEX]))
        return jnp.zeros_like(r).at[INDEX].set(jnp.sum(trades))

    def update(
        self, state: LeveragedState, plan: LeveragedPlan, view: View, r: Array, filled: Array
    ) -> LeveragedState:
        """Nothing to carry."""
        return state

    def holding(self, state: LeveragedState, market_value: Array) -> Array:
        """USD bn of the index held, inverse products netted; a fixed share of market value."""
        return jnp.sum(self._assets(market_value) * jnp.asarray(self.leverage))

    def limit(self, market_value: Array) -> Array:
        """What the products hold by design: they are always fully exposed."""
        return self.holding(LeveragedState(), market_value)
