"""A chain of options as dealers hold it: what each contract adds to their gamma, and under which sign.

Nobody publishes who holds what. A convention guesses it from the kind of the option, and the three here
span what is argued: dealers long what customers write (calls) and short what they buy (puts); dealers
short of everything; and a mix, in which customers bought a share of the calls and wrote the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError
from groundswell.measure import figures, options

Floats: TypeAlias = npt.NDArray[np.float64]

Convention: TypeAlias = Literal["calls_long_puts_short", "all_short", "mixed"]
Without: TypeAlias = Literal["next", "same_day"]

COLUMNS = ("strike", "vol", "kind", "open_interest", "years")
CONVENTIONS: tuple[str, ...] = get_args(Convention)

CONTRACT_SIZE = 100.0
"""Units of the underlying per contract (SPX, SPY and their like; 1 on Deribit)."""

HALF_A_DAY = 0.5 / options.DAYS_PER_YEAR
"""During the session the options of a day have 6.5 hours left at most; the next day's, even those that
settle in the morning, have 17.5 hours or more."""

MOST_VOL, MOST_YEARS = 4.0, 10.0
"""Of the middle contract of a chain; beyond, the column is in percent or in days. Single contracts have more
volatility on their last day."""

WHERE = "chain"


@dataclass(frozen=True, eq=False)
class Bells:
    """Gamma of dealers, USD bn per 1%, as bells over y = ln(spot / middle).

    spot x sum_i heights_i exp(-(y - centres_i)^2 / (2 widths_i^2))

    Attributes:
        middle: level that the logarithms count from.
        centres: ln(K / middle) - (r - q + v^2/2) T, shape (n,).
        widths: v sqrt(T), above zero, shape (n,).
        heights: USD bn per 1% and per point of spot, signed, shape (n,).
    """

    middle: float
    centres: Floats
    widths: Floats
    heights: Floats


def checked(chain: pd.DataFrame) -> dict[str, Floats]:
    """Return the figures of a chain by column, with `sign` +1 for a call and -1 for a put.

    Raises:
        DataError: there is no contract, a column is missing, a cell is no number, a contract has expired,
            has no volatility or no open interest, with the number of such rows; or volatilities are in
            percent or times in days.
    """
    frame = figures.checked_table(
        chain, COLUMNS, WHERE, "`measure.chains.option_chain` makes such a frame from the quotes of a store"
    )
    if frame.empty:
        raise DataError(
            "there is no contract",
            where=WHERE,
            expected="one row per contract",
            remedy="take another snapshot",
        )
    found = figures.columns(frame, ("strike", "vol", "open_interest", "years"), WHERE)
    for name in ("strike", "vol", "years"):
        options.check(name, found[name], WHERE)
    for name, most, expected in (
        ("vol", MOST_VOL, "annual volatilities as decimals, 0.16 for 16%"),
        ("years", MOST_YEARS, "years to settlement, 30/365 for 30 days"),
    ):
        typical = float(np.median(found[name]))
        if typical > most:
            raise DataError(
                f"'{name}' is {typical:g} in the middle of its {len(frame)} contracts",
                where=WHERE,
                expected=expected,
                remedy="divide percentages by 100, and days by 365",
            )
    kinds = frame["kind"]
    calls = (kinds == "C").to_numpy(dtype=bool, na_value=False)
    if not (calls | (kinds == "P").to_numpy(dtype=bool, na_value=False)).all():
        options.is_call(kinds.to_numpy(dtype=object), WHERE)
    found["sign"] = np.where(calls, 1.0, -1.0)
    _refuse(found["vol"] == 0, "'vol' is 0", "a volatility above zero (0 stands for one not computed)")
    held = found["open_interest"]
    _refuse(~(np.isfinite(held) & (held >= 0)), "'open_interest' is missing or negative", "contracts")
    return found


def dealer_share(sign: Floats, convention: str, customer_share: float) -> Floats:
    """Return what dealers hold of each open contract: +1 all long, -1 all short.

    Args:
        sign: +1 for calls, -1 for puts.
        convention: one of `CONVENTIONS`.
        customer_share: with "mixed", the share of the open calls that customers bought from dealers.

    Raises:
        DataError: an unknown convention, or a share outside 0 to 1.
    """
    figures.word("convention", convention, CONVENTIONS, "gamma")
    if convention == "calls_long_puts_short":
        return sign
    if convention == "all_short":
        return np.full(sign.shape, -1.0)
    share = figures.number("customer_share", customer_share, "gamma")
    if not 0 <= share <= 1:
        raise DataError(f"the customer share is {share:g}", where="gamma", expected="a fraction from 0 to 1")
    return np.where(sign > 0, 1 - 2 * share, -1.0)


def kept(found: dict[str, Floats], without: str | None) -> npt.NDArray[np.bool_]:
    """Return which contracts stay: all, all but the next day of expiry, or all but today's.

    A day of expiry is told from the hours left: contracts within half a day of the first one belong
    to its day, and today's have less than half a day. For quotes taken during the session.

    Raises:
        DataError: another word.
    """
    years = found["years"]
    if without is None:
        return np.ones(years.shape, dtype=bool)
    figures.word("part to leave out", without, ("next", "same_day"), "gamma")
    if without == "next":
        return years >= years.min(initial=np.inf) + HALF_A_DAY
    return years >= HALF_A_DAY


def bells(
    chain: pd.DataFrame,
    *,
    rate: npt.ArrayLike,
    dividend_yield: npt.ArrayLike,
    convention: str,
    customer_share: float,
    without: str | None,
    contract_size: float,
    middle: float,
) -> Bells:
    """Return what each contract adds to the gamma of dealers, as a bell over the logarithm of spot.

    gamma S^2 0.01 = 0.01 S e^-qT n(d1) / b, and d1 = (y - centre) / b. Contracts at their settlement,
    without open interest or without dealers add nothing and are left out.

    Args:
        chain: as `gamma.profile`, and so all others.
        rate: see `gamma.profile`.
        dividend_yield: see `gamma.profile`.
        convention: see `gamma.profile`.
        customer_share: see `gamma.profile`.
        without: see `gamma.profile`.
        contract_size: see `gamma.profile`.
        middle: level that the logarithms count from.

    Raises:
        DataError: as `gamma.profile`.
    """
    found = checked(chain)
    strikes, vols, years = found["strike"], found["vol"], found["years"]
    r, q = (
        per_contract("rate", rate, len(strikes)),
        per_contract("dividend_yield", dividend_yield, len(strikes)),
    )
    size = checked_size(contract_size)
    widths = vols * np.sqrt(years)
    alive = kept(found, without) & (widths > options.INSTANT)
    position = dealer_share(found["sign"], convention, customer_share) * found["open_interest"]
    alive &= position != 0
    centres = np.log(strikes / middle) - (r - q + vols * vols / 2) * years
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        heights = position * (0.01 * size / 1e9 / np.sqrt(2 * np.pi)) / widths
    if np.any(q):
        heights = heights * np.exp(-q * years)
    if not np.isfinite(heights[alive]).all():
        raise DataError(
            "the gamma is beyond the numbers that can be written",
            where=WHERE,
            expected="contracts and sizes as traded",
            remedy="look at the largest 'open_interest'",
        )
    if alive.all():
        return Bells(middle, centres, widths, heights)
    return Bells(middle, centres[alive], widths[alive], heights[alive])


def checked_size(contract_size: float) -> float:
    """Return the units of the underlying per contract.

    Raises:
        DataError: it is not a number above zero.
    """
    size = figures.number("contract_size", contract_size, "gamma")
    if not (np.isfinite(size) and size > 0):
        raise DataError(f"the contract size is {size:g}", where="gamma", expected="above zero")
    return size


def per_contract(name: str, given: npt.ArrayLike, count: int) -> Floats:
    """Return a rate as a number or as one for each contract.

    Raises:
        DataError: it is no rate, or there are more or fewer than contracts.
    """
    rates = figures.numbers(name, given, "gamma")
    if rates.shape not in {(), (count,)}:
        raise DataError(
            f"'{name}' has shape {rates.shape} and the chain {count} contracts",
            where="gamma",
            expected="one rate, or one for each contract",
        )
    options.check(name, rates, "gamma")
    return rates


def _refuse(wrong: npt.NDArray[np.bool_], what: str, expected: str) -> None:
    if wrong.any():
        raise DataError(
            f"{what} in {np.count_nonzero(wrong)} of {wrong.size} contracts",
            where=f"{WHERE}, row {int(np.argmax(wrong)) + 1} first",
            expected=expected,
            remedy="leave these contracts out, or let `measure.chains` compute what quotes can tell",
        )
