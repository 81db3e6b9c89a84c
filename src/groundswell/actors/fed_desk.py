"""The Fed's desk (M19, M20): it buys when reserves grow scarce, lets holdings run off while they are
abundant, and stands still between. Rate risk is withdrawn or returned on the day the pace changes, by the
stock that is then expected; bills, which it now buys, withdraw none.

In a closed loop: `flows` is added to `View.balance`; `announced` goes to `TreasuryDesk.yield_effect`, where
what the Fed holds is netted once.
"""

from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Int

from groundswell.core.day import SESSIONS_PER_YEAR, Bystander, View
from groundswell.core.engine import jnp
from groundswell.core.fed_balance import FedBalance
from groundswell.core.parameter import parameter, structural


class FedDeskState(eqx.Module):
    """Carried from close to close.

    Attributes:
        pace: of assets, USD bn a month, + purchases, - run-off.
        announced: ten-year equivalents more (+) or less in the public's hands a year on, by what was
            announced today; USD bn.
        session: sessions so far.
    """

    pace: Float[Array, ""]
    announced: Float[Array, ""]
    session: Int[Array, ""]


class FedDeskPlan(eqx.Module):
    """Fixed at the previous close: today's purchases, notes issued, and the pace from tomorrow on."""

    purchases: Float[Array, ""]
    notes: Float[Array, ""]
    pace: Float[Array, ""]
    announced: Float[Array, ""]


class FedDesk(Bystander):
    """Purchases and run-off of the Federal Reserve under ample reserves."""

    key: ClassVar[str] = "fed_desk"
    since_year: ClassVar[int] = 2009

    ample: Array = parameter(
        2900.0,
        2700.0,
        3200.0,
        "USD bn of reserves below which the desk buys",
        "About USD 2.83tn when purchases were announced on 10 Dec 2025 (secondary)",
        fitted_through="2025-12-10",
    )
    demand_growth: Array = parameter(
        0.04,
        0.02,
        0.06,
        "growth of ample reserves and of currency, a year",
        "Judgement: nominal growth of the economy",
    )
    margin: Array = parameter(
        0.10,
        0.05,
        0.2,
        "reserves beyond ample, / ample, above which holdings run off",
        "Judgement: run-off ended on 30 Nov 2025 with reserves near USD 2.9tn",
        at_least=0.001,
    )
    purchases: Array = parameter(
        40.0,
        20.0,
        80.0,
        "USD bn a month bought at the most beyond growth",
        "Statement of 10 Dec 2025: about USD 40bn in the first month (read)",
        fitted_through="2026-02-12",
    )
    run_off: Array = parameter(
        57.0,
        20.0,
        95.0,
        "USD bn a month run off at the most",
        "USD 2.4tn from June 2022 to November 2025 (read; per month derived)",
        fitted_through="2025-11-30",
    )
    risk_bought: Array = parameter(
        0.05,
        0.0,
        0.6,
        "ten-year equivalents per USD bought",
        "Bills, and coupons up to three years if needed (read); 0.6 for purchases as in 2020 (judgement)",
    )
    risk_run_off: Array = parameter(
        0.5,
        0.3,
        0.8,
        "ten-year equivalents per USD run off",
        "Judgement: what matures is replaced by sales of the average maturity",
    )
    currency: Array = parameter(
        2400.0,
        2300.0,
        2500.0,
        "USD bn of notes when a run begins",
        "End of 2025 (recalled)",
        fitted_through="2025-12-31",
    )
    review: int = structural(
        21, "sessions between reviews of the pace", "Amounts are announced monthly (read)"
    )

    def init(self, view: View) -> FedDeskState:
        """The pace that suits the balance as it is; nothing announced."""
        start = jnp.zeros((), dtype=jnp.int32)
        return FedDeskState(pace=self._pace(view, start), announced=jnp.zeros(()), session=start)

    def _pace(self, view: View, session: Array) -> Array:
        """USD bn a month that reserves call for; with no balance in view, none."""
        if view.balance is None:
            return jnp.zeros(())
        ample = self.ample * (1.0 + self.demand_growth * session / SESSIONS_PER_YEAR)
        short = (ample - view.balance.reserves) / (self.margin * ample)
        growth = self.demand_growth * (ample + view.balance.currency) / 12.0
        buys = jnp.where(short > 0.0, growth + self.purchases * jnp.minimum(short, 1.0), 0.0)
        return jnp.where(short < -1.0, -self.run_off * jnp.minimum(-short - 1.0, 1.0), buys)

    def risk(self, pace: Array) -> Array:
        """Ten-year equivalents withdrawn from the public in a year at this pace, USD bn."""
        return 12.0 * pace * jnp.where(pace > 0.0, self.risk_bought, self.risk_run_off)

    def plan(self, state: FedDeskState, view: View) -> FedDeskPlan:
        """Today's purchases at the pace announced before, and on a day of review the next one."""
        reviewed = (state.session % self.review == 0) & (state.session > 0)
        pace = jnp.where(reviewed, self._pace(view, state.session), state.pace)
        notes = self.currency if view.balance is None else view.balance.currency
        return FedDeskPlan(
            purchases=state.pace / (SESSIONS_PER_YEAR / 12),
            notes=jnp.asarray(self.demand_growth * notes / SESSIONS_PER_YEAR),
            pace=pace,
            announced=self.risk(state.pace) - self.risk(pace),
        )

    def flows(self, plan: FedDeskPlan, balance: FedBalance) -> FedBalance:
        """What the session does to the Fed's balance sheet; reserves are the other side of it."""
        return FedBalance.of(fed_assets=plan.purchases, currency=plan.notes)

    def update(
        self, state: FedDeskState, plan: FedDeskPlan, view: View, r: Array, filled: Array
    ) -> FedDeskState:
        """The pace after the close."""
        return FedDeskState(plan.pace, plan.announced, state.session + 1)
