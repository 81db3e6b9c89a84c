"""The Treasury's desk (M19, M20): it spends more than it takes in, keeps a week of outflows in cash, and
chooses how much of what it borrows is bills. Coupons follow an announced plan; bills take up the rest, so
tax dates swell the cash balance and drain reserves until bills are paid down. Rate risk moves yields on
the day the plan changes, not when bonds are sold.

In a closed loop: `flows` is added to `View.balance`; `yield_effect` nets what this desk and `FedDesk`
announced today.
"""

from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Int

from groundswell.core.day import SESSIONS_PER_YEAR, Bystander, View
from groundswell.core.engine import jnp
from groundswell.core.fed_balance import FedBalance, bills_sold
from groundswell.core.parameter import parameter, structural
from groundswell.core.term_premium import TermPremium


class TreasuryState(eqx.Module):
    """Carried from close to close; USD bn.

    Attributes:
        cash: Treasury General Account.
        bills: outstanding.
        coupons: outstanding, held by the public and the Fed.
        bill_share: part of net borrowing that is bills, as last announced.
        announced: ten-year equivalents more (+) or less to be supplied over the coming year, by what was
            announced today.
        to_refunding: sessions to the next announcement.
        to_tax: sessions to the next tax date, counted here where the calendar does not say.
    """

    cash: Float[Array, ""]
    bills: Float[Array, ""]
    coupons: Float[Array, ""]
    bill_share: Float[Array, ""]
    announced: Float[Array, ""]
    to_refunding: Int[Array, ""]
    to_tax: Int[Array, ""]


class TreasuryPlan(eqx.Module):
    """Fixed at the previous close; USD bn of the session, sales net of what matures."""

    cash: Float[Array, ""]
    receipts: Float[Array, ""]
    outlays: Float[Array, ""]
    coupons: Float[Array, ""]
    bills: Float[Array, ""]
    bought_back: Float[Array, ""]
    bill_share: Float[Array, ""]
    announced: Float[Array, ""]
    to_refunding: Int[Array, ""]
    to_tax: Int[Array, ""]

    @property
    def cash_after(self) -> Float[Array, ""]:
        """Treasury General Account at today's close."""
        raised = self.coupons + self.bills - self.bought_back
        return self.cash + self.receipts - self.outlays + raised


class TreasuryDesk(Bystander):
    """Cash, bills, coupons and debt buybacks of the US Treasury."""

    key: ClassVar[str] = "treasury_desk"
    since_year: ClassVar[int] = 2015

    receipts: Array = parameter(
        5200.0,
        4900.0,
        5700.0,
        "USD bn a year",
        "Fiscal year 2025, rounded (recalled)",
        fitted_through="2025-09-30",
    )
    outlays: Array = parameter(
        7000.0,
        6800.0,
        7500.0,
        "USD bn a year",
        "Fiscal year 2025, rounded (recalled)",
        fitted_through="2025-09-30",
    )
    quarterly_tax: Array = parameter(
        90.0,
        60.0,
        130.0,
        "USD bn received on an ordinary tax date beyond a session's usual receipts",
        "Judgement; three times as much in mid-April: cash rose by USD 258bn in late April 2026 (derived)",
        fitted_through="2026-04-29",
    )
    cash_days: Array = parameter(
        5.0,
        4.0,
        7.0,
        "sessions of outflows kept in cash",
        "Treasury refunding statement of 6 May 2015: one week of outflows, at least USD 150bn (read)",
    )
    daily_outflow: Array = parameter(
        170.0,
        150.0,
        190.0,
        "USD bn of net spending and maturing debt in a session",
        "USD 850bn assumed for the end of quarters in 2025-2026 (secondary) / five (derived)",
        fitted_through="2026-02-04",
    )
    cash_speed: Array = parameter(
        0.06,
        0.03,
        0.15,
        "part of the gap to the cash wanted that bills close in a session",
        "Judgement: auction sizes change over three to four weeks (Treasury's case study of 2020, read)",
        at_most=1.0,
    )
    bill_share: Array = parameter(
        0.30,
        0.15,
        0.60,
        "part of net borrowing that is bills when a run begins",
        "Judgement: bills were 22% of the debt in late 2024 and rising (secondary)",
        at_most=1.0,
    )
    bills_wanted: Array = parameter(
        0.20,
        0.15,
        0.27,
        "bills / debt that the mix is steered to",
        "Borrowing Advisory Committee: about 20% on average, 15-20% before (recalled); Citi projects above "
        "26% by the end of 2027 (secondary)",
        at_most=1.0,
    )
    steering: Array = parameter(
        0.5,
        0.0,
        2.0,
        "fall of the bill share of borrowing at a refunding, per unit of bills / debt beyond the wanted",
        "Judgement; none for several quarters is what was announced in 2024-2025",
    )
    buybacks: Array = parameter(
        120.0,
        0.0,
        152.0,
        "USD bn of coupons bought back a year for liquidity support",
        "Refunding statement of 30 Jul 2025: up to USD 38bn a quarter (read)",
        fitted_through="2025-08-13",
    )
    coupon_duration: Array = parameter(
        0.6,
        0.5,
        0.75,
        "ten-year equivalents per USD of coupons sold",
        "Judgement: duration of what is sold 5-6 years against 8 of a ten-year note",
    )
    from_money_funds: Array = parameter(
        0.7,
        0.3,
        1.0,
        "part of new bills that money funds want to pay out of reverse repo",
        "Judgement: of the fall of reverse repo in 2023-2025; means little once it is empty",
        at_most=1.0,
    )
    bills_outstanding: Array = parameter(
        6400.0,
        5800.0,
        6900.0,
        "USD bn when a run begins",
        "End of 2025 (recalled)",
        fitted_through="2025-12-31",
    )
    coupons_outstanding: Array = parameter(
        23000.0,
        22000.0,
        24500.0,
        "USD bn when a run begins, all but bills",
        "End of 2025 (recalled)",
        fitted_through="2025-12-31",
    )
    quarter: int = structural(
        63, "sessions between refundings where no calendar is given", "Four refundings a year"
    )
    tax_dates: float = structural(
        7.0, "ordinary tax dates a year, April counting three", "Tax calendar: 15 Jan, Apr, Jun, Sep, Dec"
    )

    def init(self, view: View) -> TreasuryState:
        """Cash at its target, or as the view has it, and nothing announced."""
        wanted = self.cash_days * self.daily_outflow
        return TreasuryState(
            cash=jnp.asarray(wanted if view.balance is None else view.balance.tga, dtype=jnp.float64),
            bills=jnp.asarray(self.bills_outstanding, dtype=jnp.float64),
            coupons=jnp.asarray(self.coupons_outstanding, dtype=jnp.float64),
            bill_share=jnp.asarray(self.bill_share, dtype=jnp.float64),
            announced=jnp.zeros(()),
            to_refunding=jnp.asarray(self.quarter - 1, dtype=jnp.int32),
            to_tax=jnp.asarray(self.quarter // 2, dtype=jnp.int32),
        )

    def supply(self, bill_share: Array) -> Array:
        """Ten-year equivalents that reach the public in a year, buybacks netted, USD bn."""
        coupons = (1.0 - bill_share) * (self.outlays - self.receipts)
        return self.coupon_duration * (coupons - self.buybacks)

    def plan(self, state: TreasuryState, view: View) -> TreasuryPlan:
        """Today's receipts, outlays and sales, and on a refunding day the mix from now on."""
        listed = view.day.sessions_to_refunding
        to_refunding = state.to_refunding if listed is None else listed.astype(jnp.int32)
        counted = jnp.where(state.to_tax == 0, self.tax_dates / 4.0, 0.0)
        due = counted if view.day.tax_due is None else view.day.tax_due
        usual = (self.receipts - self.tax_dates * self.quarterly_tax) / SESSIONS_PER_YEAR
        beyond = state.bills / (state.bills + state.coupons) - self.bills_wanted
        steered = jnp.clip(state.bill_share - self.steering * beyond, 0.0, 1.0)
        bill_share = jnp.where(to_refunding == 0, steered, state.bill_share)
        deficit = (self.outlays - self.receipts) / SESSIONS_PER_YEAR
        bought_back = self.buybacks / SESSIONS_PER_YEAR
        # what was announced before is sold today; a new plan begins tomorrow
        coupons = (1.0 - state.bill_share) * deficit
        cash = state.cash if view.balance is None else view.balance.tga
        gap = self.cash_days * self.daily_outflow - cash
        return TreasuryPlan(
            cash=cash,
            receipts=usual + self.quarterly_tax * due,
            outlays=jnp.asarray(self.outlays / SESSIONS_PER_YEAR),
            coupons=coupons,
            bills=deficit - coupons + bought_back + self.cash_speed * gap,
            bought_back=jnp.asarray(bought_back),
            bill_share=bill_share,
            announced=self.coupon_duration * (self.outlays - self.receipts) * (state.bill_share - bill_share),
            to_refunding=to_refunding,
            to_tax=state.to_tax,
        )

    def flows(self, plan: TreasuryPlan, balance: FedBalance) -> FedBalance:
        """What the session does to the Fed's balance sheet; reserves are the other side of it."""
        sold = bills_sold(balance, plan.bills, self.from_money_funds)
        rest = plan.receipts - plan.outlays + plan.coupons - plan.bought_back
        return sold + FedBalance.of(tga=rest)

    def yield_effect(
        self, state: TreasuryState, premium: TermPremium, fed_announced: Array | float = 0.0
    ) -> Array:
        """Change of the ten-year yield in basis points by what both desks announced today, netted once."""
        return premium.yield_change(state.announced + fed_announced)

    def update(
        self, state: TreasuryState, plan: TreasuryPlan, view: View, r: Array, filled: Array
    ) -> TreasuryState:
        """Cash and debt after the close."""

        def next_of(left: Array) -> Array:
            return jnp.where(left == 0, self.quarter - 1, left - 1).astype(jnp.int32)

        return TreasuryState(
            cash=plan.cash_after,
            bills=state.bills + plan.bills,
            coupons=state.coupons + plan.coupons - plan.bought_back,
            bill_share=plan.bill_share,
            announced=plan.announced,
            to_refunding=next_of(plan.to_refunding),
            to_tax=next_of(plan.to_tax),
        )
