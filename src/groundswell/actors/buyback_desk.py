"""Companies buying their own shares (M4): a steady programme, thinned while firms sit in the blackout
before their earnings, net of the shares they issue. The order is known in advance: it follows the
calendar, not the price.
"""

from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float

from groundswell.core.day import INDEX, SESSIONS_PER_YEAR, Actor, View
from groundswell.core.engine import jnp
from groundswell.core.parameter import parameter

_SESSIONS_EXECUTED = 248.0
"""A quarter's purchases are spread over 62 sessions, four quarters a year (derived from S&P totals)."""


class BuybackState(eqx.Module):
    """Share of firms in blackout on the latest session."""

    blackout_share: Float[Array, ""]


class BuybackPlan(eqx.Module):
    """Today's net purchase, USD bn."""

    purchase: Float[Array, ""]


class BuybackDesk(Actor):
    """S&P 500 companies: gross purchases x what the blackout leaves, less issuance."""

    key: ClassVar[str] = "buyback_desk"
    since_year: ClassVar[int] = 1983
    anticipated: ClassVar[bool] = True

    authorisation: Array = parameter(
        0.028,
        0.019,
        0.044,
        "gross purchases per year at the pace outside blackout / market value",
        "S&P Dow Jones Indices quarterly releases, 2016-2025: executed 1.6% (2020) to 3.8% (2018), mean 2.4% "
        "(read; market value recalled), divided by the 0.86 that blackouts leave of a year",
        fitted_through="2025-09-30",
    )
    blackout_cut: Array = parameter(
        0.33,
        0.25,
        0.40,
        "fall of a firm's purchases while it is in blackout",
        "Goldman desk, 15 Sep 2023: volumes fall 30-35% because 10b5-1 plans trade through (secondary)",
        at_most=1.0,
        fitted_through="2023-09-15",
    )
    issuance: Array = parameter(
        0.006,
        0.002,
        0.012,
        "shares issued or paid out and sold per year / market value",
        "Judgement: stock pay and new issues; the flow-of-funds figures were not available",
    )

    def init(self, view: View) -> BuybackState:
        """Nothing bought yet."""
        return BuybackState(blackout_share=view.day.blackout_share)

    def _pace(self, blackout_share: Array, market_value: Array) -> Array:
        """USD bn per session, net."""
        gross = self.authorisation / _SESSIONS_EXECUTED * (1 - self.blackout_cut * blackout_share)
        return (gross - self.issuance / SESSIONS_PER_YEAR) * market_value

    def plan(self, state: BuybackState, view: View) -> BuybackPlan:
        """What the calendar says will be bought today."""
        return BuybackPlan(purchase=self._pace(view.day.blackout_share, view.market_value))

    def order(self, plan: BuybackPlan, r: Array) -> Array:
        """The same whatever today's return."""
        return jnp.zeros_like(r).at[INDEX].set(plan.purchase)

    def update(
        self, state: BuybackState, plan: BuybackPlan, view: View, r: Array, filled: Array
    ) -> BuybackState:
        """The blackout share of the day just over."""
        return BuybackState(blackout_share=view.day.blackout_share)

    def holding(self, state: BuybackState, market_value: Array) -> Array:
        """USD bn per *year* at the pace of the latest session: companies retire what they buy."""
        return self._pace(state.blackout_share, market_value) * SESSIONS_PER_YEAR

    def limit(self, market_value: Array) -> Array:
        """USD bn per year with no firm in blackout."""
        return self._pace(jnp.zeros(()), market_value) * SESSIONS_PER_YEAR
