"""The day protocol: what an actor is. A rule is written for one path; whoever runs it lays many
paths side by side. An order is s(plan) + c(plan, r): s is fixed at the previous close, c answers
today's return and is zero at r = 0.
"""

import abc
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Int, UInt32

from groundswell.core.engine import jnp
from groundswell.core.fed_balance import FedBalance
from groundswell.core.parameter import Declared
from groundswell.core.tape import Tape, Watch

INDEX = 0
"""Column of the equity index in every array over assets."""

SESSIONS_PER_YEAR = 252


class Day(eqx.Module):
    """What the calendar says of a session; known long before it.

    What is None, nobody has filled in: a rule that needs it then keeps a calendar of its own.

    Attributes:
        sessions_to_month_end: 0 on the last session of the month.
        blackout_share: share of S&P 500 firms inside their buyback blackout, 0 to 1.
        sessions_to_expiry: to the next weekly, monthly and quarterly option expiry; 0 on the day itself.
        sessions_to_meeting: to the next decision of the Federal Open Market Committee; 0 on the day.
        sessions_to_refunding: to the Treasury's next quarterly announcement; 0 on the day.
        tax_due: tax that falls due, in units of an ordinary quarterly date; 0 on most days.
    """

    sessions_to_month_end: Int[Array, ""]
    blackout_share: Float[Array, ""]
    sessions_to_expiry: Int[Array, "3"] | None = None
    sessions_to_meeting: Int[Array, ""] | None = None
    sessions_to_refunding: Int[Array, ""] | None = None
    tax_due: Float[Array, ""] | None = None


class Policy(eqx.Module):
    """What the policy rate rests on, as last published.

    Attributes:
        rate: middle of the target range, annual, decimal.
        inflation: over twelve months, decimal.
        slack: unemployment rate less its natural rate, decimal.
    """

    rate: Float[Array, ""]
    inflation: Float[Array, ""]
    slack: Float[Array, ""]


class View(eqx.Module):
    """What anyone can see before a session opens: the tape to the previous close, size, calendar.

    Attributes:
        assets: names of the columns, the index first.
        tape: running statistics of the closes up to the previous one.
        market_value: of the index at the previous close, USD bn.
        daily_volume: dollar volume of an average day as of the previous close, USD bn.
        day: the calendar of the session about to open.
        implied_volatility: of the index over 30 days at the previous close, annual, decimal; NaN
            where it is not known, None where nobody filled it in.
        protection: short-dated protection held by end users at the previous close / what they normally hold.
        policy: what the policy rate rests on.
        balance: what the Federal Reserve owned and owed at the previous close.
        key: random numbers of this path, for actors that draw; None in a replay, where nobody draws.
    """

    assets: tuple[str, ...] = eqx.field(static=True)
    tape: Tape
    market_value: Float[Array, ""]
    daily_volume: Float[Array, ""]
    day: Day
    implied_volatility: Float[Array, ""] | None = None
    protection: Float[Array, ""] | None = None
    policy: Policy | None = None
    balance: FedBalance | None = None
    key: UInt32[Array, "2"] | None = None


class Actor(Declared):
    """A rule: what it sees -> what it must trade (USD bn per asset, + buys, - sells).

    Class attributes:
        needs: assets without which the rule means nothing and the actor stays out.
        since_year: first year in which such investors were around; earlier sheets call them hypothetical.
        anticipated: whether its order fixed at the previous close was known to the market in
            advance, hence partly in the price already.
    """

    needs: ClassVar[tuple[str, ...]] = ("index",)
    since_year: ClassVar[int] = 0
    anticipated: ClassVar[bool] = False

    def watch(self) -> Watch:
        """What this actor reads off the tape."""
        return Watch()

    @abc.abstractmethod
    def init(self, view: View) -> Any:
        """State before the first session."""

    @abc.abstractmethod
    def plan(self, state: Any, view: View) -> Any:
        """All that is fixed at the previous close."""

    @abc.abstractmethod
    def order(self, plan: Any, r: Float[Array, " assets"]) -> Float[Array, " assets"]:
        """USD bn to trade if today's log returns are r."""

    @abc.abstractmethod
    def update(
        self,
        state: Any,
        plan: Any,
        view: View,
        r: Float[Array, " assets"],
        filled: Float[Array, " assets"],
    ) -> Any:
        """State after the close, when `filled` of the order was done."""

    @abc.abstractmethod
    def holding(self, state: Any, market_value: Float[Array, ""]) -> Float[Array, ""]:
        """USD bn of the index held after the close, when the index is worth `market_value`."""

    @abc.abstractmethod
    def limit(self, market_value: Float[Array, ""]) -> Float[Array, ""]:
        """USD bn of the index that the rule could hold at the most."""


class Bystander(Actor):
    """A rule that trades no asset of the day: what it does enters what the others see tomorrow."""

    def order(self, plan: Any, r: Float[Array, " assets"]) -> Float[Array, " assets"]:
        """Nothing."""
        return jnp.zeros_like(r)

    def holding(self, state: Any, market_value: Float[Array, ""]) -> Float[Array, ""]:
        """Nothing."""
        return jnp.zeros_like(market_value)

    def limit(self, market_value: Float[Array, ""]) -> Float[Array, ""]:
        """Nothing."""
        return jnp.zeros_like(market_value)
