"""The day protocol: what an actor is. A rule is written for one path; whoever runs it lays many
paths side by side. An order is s(plan) + c(plan, r): s is fixed at the previous close, c answers
today's return and is zero at r = 0.
"""

import abc
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Int

from groundswell.core.parameter import Declared
from groundswell.core.tape import Tape, Watch

INDEX = 0
"""Column of the equity index in every array over assets."""

SESSIONS_PER_YEAR = 252


class Day(eqx.Module):
    """What the calendar says of a session; known long before it.

    Attributes:
        sessions_to_month_end: 0 on the last session of the month.
        blackout_share: share of S&P 500 firms inside their buyback blackout, 0 to 1.
    """

    sessions_to_month_end: Int[Array, ""]
    blackout_share: Float[Array, ""]


class View(eqx.Module):
    """What anyone can see before a session opens: the tape to the previous close, size, calendar.

    Attributes:
        assets: names of the columns, the index first.
        tape: running statistics of the closes up to the previous one.
        market_value: of the index at the previous close, USD bn.
        daily_volume: dollar volume of an average day as of the previous close, USD bn.
        day: the calendar of the session about to open.
    """

    assets: tuple[str, ...] = eqx.field(static=True)
    tape: Tape
    market_value: Float[Array, ""]
    daily_volume: Float[Array, ""]
    day: Day


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
