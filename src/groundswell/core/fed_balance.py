"""What the Federal Reserve owns and owes, and what moves when somebody pays somebody: every entry has two
sides, and reserves are what is left to the banks. USD bn throughout.
"""

import equinox as eqx
from jaxtyping import Array, Float

from groundswell.core.engine import jnp


class FedBalance(eqx.Module):
    """The Fed's balance sheet without reserves, which follow from it; also a change of it.

    Attributes:
        fed_assets: securities, loans and all other assets.
        tga: Treasury General Account.
        on_rrp: overnight reverse repo with money funds and other domestic counterparties.
        foreign_rrp: reverse repo with foreign official accounts.
        currency: notes and coin outside the Fed.
        other: other deposits, other liabilities and capital.
    """

    fed_assets: Float[Array, ""]
    tga: Float[Array, ""]
    on_rrp: Float[Array, ""]
    foreign_rrp: Float[Array, ""]
    currency: Float[Array, ""]
    other: Float[Array, ""]

    @classmethod
    def of(
        cls,
        fed_assets: Array | float = 0.0,
        tga: Array | float = 0.0,
        on_rrp: Array | float = 0.0,
        foreign_rrp: Array | float = 0.0,
        currency: Array | float = 0.0,
        other: Array | float = 0.0,
    ) -> "FedBalance":
        """The balance (or the change of it) with these items; what is left out is zero."""
        items = (fed_assets, tga, on_rrp, foreign_rrp, currency, other)
        return cls(*(jnp.asarray(item, dtype=jnp.float64) for item in items))

    @property
    def reserves(self) -> Float[Array, ""]:
        """Fed assets less every other liability; of a change, d(reserves)."""
        owed = self.tga + self.on_rrp + self.foreign_rrp + self.currency + self.other
        return self.fed_assets - owed

    @property
    def net_liquidity(self) -> Float[Array, ""]:
        """Fed assets less the Treasury's cash and domestic reverse repo."""
        return self.fed_assets - self.tga - self.on_rrp

    def __add__(self, change: "FedBalance") -> "FedBalance":
        """The balance after a change, item by item."""
        return FedBalance(
            self.fed_assets + change.fed_assets,
            self.tga + change.tga,
            self.on_rrp + change.on_rrp,
            self.foreign_rrp + change.foreign_rrp,
            self.currency + change.currency,
            self.other + change.other,
        )


def bills_sold(balance: FedBalance, bills: Array | float, from_money_funds: Array | float) -> FedBalance:
    """What changes when the Treasury sells bills (net of those that mature); negative pays them down.

    Money funds pay out of reverse repo while they have any there; everybody else, and money funds
    afterwards, pay out of bank deposits, hence out of reserves. Money funds that are paid back go
    to their banks.

    Args:
        balance: before the sale.
        bills: net sale, USD bn.
        from_money_funds: share of the bills that money funds want to pay out of reverse repo, 0 to 1.
    """
    from_rrp = jnp.clip(from_money_funds * bills, 0.0, jnp.maximum(balance.on_rrp, 0.0))
    return FedBalance.of(tga=bills, on_rrp=-from_rrp)
