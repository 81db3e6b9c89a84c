"""What one operation of the Treasury or the Fed moves on their balance sheets, by double entry.

Bills sold to money funds that take the cash out of the reverse repo leave reserves as they are; once that
facility is empty the same sale drains them one for one, until the Treasury spends.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from groundswell.data.errors import DataError

CLOSING = 1e-9


@dataclass(frozen=True)
class Moves:
    """Changes on the Fed's balance sheet and of what the public holds, all in one unit of money.

    Reserves close the identity: reserves = Fed assets - TGA - ON RRP - foreign RRP - currency.

    Attributes:
        fed_assets: assets of the Fed.
        tga: the Treasury's account.
        on_rrp: overnight reverse repo of domestic counterparties.
        reserves: of banks.
        foreign_rrp: reverse repo of foreign official accounts.
        currency: in circulation.
        bills: Treasury bills held by the public.
    """

    fed_assets: float = 0.0
    tga: float = 0.0
    on_rrp: float = 0.0
    reserves: float = 0.0
    foreign_rrp: float = 0.0
    currency: float = 0.0
    bills: float = 0.0

    def __post_init__(self) -> None:
        figures = astuple(self)
        gap = self.reserves - self.fed_assets + self.tga + self.on_rrp + self.foreign_rrp + self.currency
        if not (np.all(np.isfinite(figures)) and abs(gap) <= CLOSING * max(1.0, *map(abs, figures))):
            raise DataError(
                f"assets and liabilities of the Fed differ by {gap:g}",
                where="liquidity",
                expected="reserves = assets - TGA - reverse repo - currency",
            )

    @property
    def net_liquidity(self) -> float:
        """Return the change of Fed assets - TGA - ON RRP."""
        return self.fed_assets - self.tga - self.on_rrp

    def __add__(self, other: Moves) -> Moves:
        """Return both one after the other."""
        return Moves(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


def bill_sale(amount: float, on_rrp: float, *, from_rrp: float = 1.0) -> Moves:
    """Return what changes when the Treasury sells bills to money funds and keeps the cash.

    The funds take their cash out of the reverse repo as far as it goes, the rest from their bank.

    Args:
        amount: of bills sold, zero or more.
        on_rrp: what the funds hold in the reverse repo before, zero or more.
        from_rrp: share of the purchase that they would pay out of it, 0 to 1.

    Raises:
        DataError: a negative amount, or a share outside 0 to 1.
    """
    _check(amount, on_rrp)
    if not 0 <= from_rrp <= 1:
        raise DataError(f"the share is {from_rrp:g}", where="liquidity", expected="a fraction from 0 to 1")
    drawn = min(on_rrp, from_rrp * amount)
    return Moves(tga=amount, on_rrp=-drawn, reserves=drawn - amount, bills=amount)


def spending(amount: float) -> Moves:
    """Return what changes when the Treasury pays out of its account, into deposits at banks.

    Args:
        amount: zero or more.

    Raises:
        DataError: a negative amount.
    """
    _check(amount)
    return Moves(tga=-amount, reserves=amount)


def bill_purchase(amount: float) -> Moves:
    """Return what changes when the Fed buys bills from the public (reserve management purchases).

    Args:
        amount: zero or more.

    Raises:
        DataError: a negative amount.
    """
    _check(amount)
    return Moves(fed_assets=amount, reserves=amount, bills=-amount)


def _check(*amounts: float) -> None:
    for amount in amounts:
        if not (np.isfinite(amount) and amount >= 0):
            raise DataError(f"the amount is {amount:g}", where="liquidity", expected="zero or more")
