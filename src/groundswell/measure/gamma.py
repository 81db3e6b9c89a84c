"""What option dealers hedge: their gamma at any level of the market, where it changes sign, and what the
hedging does to a move.

Dealers who are long gamma sell what has risen and buy what has fallen, and so damp; dealers who are short
do the reverse. Gamma is in USD bn per 1%: what they trade, against the move, if the market moves by
one percent. The chain is priced again at every level with each option's own volatility (sticky strike).

References:
    SqueezeMetrics (2017), Gamma Exposure, for the convention of calls long and puts short.
    Baltussen, G., Da, Z., Lammers, S. & Martens, M. (2021), Hedging demand and market intraday momentum,
    Journal of Financial Economics 142(1), 377-403, for what hedging does to a day.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError
from groundswell.measure import bell_curves, figures, gamma_flips, options
from groundswell.measure.gamma_chain import (
    CONTRACT_SIZE,
    CONVENTIONS,
    Convention,
    Without,
    bells,
    checked,
    checked_size,
    dealer_share,
    kept,
    per_contract,
)

Floats: TypeAlias = npt.NDArray[np.float64]

E_MINI_MULTIPLIER = 50.0
"""USD per point of one E-mini S&P 500 future (CME contract specification)."""


def profile(
    chain: pd.DataFrame,
    spots: npt.ArrayLike,
    *,
    rate: npt.ArrayLike = 0.0,
    dividend_yield: npt.ArrayLike = 0.0,
    convention: Convention = "calls_long_puts_short",
    customer_share: float = 0.5,
    without: Without | None = None,
    contract_size: float = CONTRACT_SIZE,
) -> Floats:
    """Return the gamma of dealers at each spot, USD bn per 1% move, + long (they damp), shape of `spots`.

    sum over contracts of h x open interest x contract size x gamma x S^2 x 0.01 / 10^9, with h what
    dealers hold of an open contract: +1 for calls and -1 for puts ("calls_long_puts_short"), -1
    ("all_short"), or -1 for puts and 1 - 2 x `customer_share` for calls ("mixed"). Contracts at their
    settlement (`years` of 0) add nothing: their gamma is zero on both sides of the strike.

    Args:
        chain: one row per contract: `strike` (index points), `vol` (annual, decimal, above zero), `kind`
            ("C" or "P"), `open_interest` (contracts) and `years` to settlement. Rows are added up: a contract
            that stands twice counts twice.
        spots: levels of the underlying, index points, any shape and order.
        rate: riskless, annual, continuous, decimal; one, or one for each contract.
        dividend_yield: likewise.
        convention: who holds what; nobody knows, so show the `band`.
        customer_share: with "mixed", share of the open calls that customers bought: 0 is
            "calls_long_puts_short", 1 is "all_short". The default is their middle and no estimate.
        without: leave out the "next" day of expiry, or "same_day" options (see `gamma_chain.kept`).
        contract_size: units of the underlying per contract.

    Raises:
        DataError: a spot that is no price; a chain that is empty, lacks a column, or holds expired options,
            options without a volatility or open interest, or another kind; volatilities in percent or
            times in days; an unknown convention.
    """
    levels = figures.numbers("spots", spots, "gamma")
    options.check("spot", levels, "gamma")
    middle = float(np.median(levels)) if levels.size else 1.0
    held = bells(
        chain,
        rate=rate,
        dividend_yield=dividend_yield,
        convention=convention,
        customer_share=customer_share,
        without=without,
        contract_size=contract_size,
        middle=middle,
    )
    return levels * bell_curves.total(np.log(levels / middle), held.centres, held.widths, held.heights)


def flips(
    chain: pd.DataFrame,
    low: float,
    high: float,
    *,
    rate: npt.ArrayLike = 0.0,
    dividend_yield: npt.ArrayLike = 0.0,
    convention: Convention = "calls_long_puts_short",
    customer_share: float = 0.5,
    without: Without | None = None,
    contract_size: float = CONTRACT_SIZE,
) -> Floats:
    """Return every spot between `low` and `high` where the gamma of dealers changes sign, rising.

    None is missed: a stretch is passed over only where the curvature of the bells proves that there is
    no zero in it (`gamma_flips`). An empty array says "none between low and high". A profile that is
    zero throughout, or only touches zero, has no flip.

    Args:
        chain: as `profile`, and so all others.
        low: lower end, index points, above zero.
        high: upper end, above `low`.
        rate: see `profile`.
        dividend_yield: see `profile`.
        convention: see `profile`.
        customer_share: see `profile`.
        without: see `profile`.
        contract_size: see `profile`.

    Returns:
        Levels in index points, to 1e-10 of the spot, shape (number of flips,).

    Raises:
        DataError: as `profile`, or `low` is not below `high`.
    """
    low, high = figures.number("low", low, "flips"), figures.number("high", high, "flips")
    ends = np.array([low, high])
    options.check("spot", ends, "flips")
    if low >= high:
        raise DataError(
            f"the range is from {low:g} to {high:g}", where="flips", expected="a low end below the high one"
        )
    held = bells(
        chain,
        rate=rate,
        dividend_yield=dividend_yield,
        convention=convention,
        customer_share=customer_share,
        without=without,
        contract_size=contract_size,
        middle=float(np.sqrt(low * high)),
    )
    start, end = np.log(ends / held.middle)
    zeros = gamma_flips.zeros(held.centres, held.widths, held.heights, float(start), float(end))
    return np.clip(held.middle * np.exp(zeros), low, high)


def band(
    chain: pd.DataFrame,
    spots: npt.ArrayLike,
    *,
    rate: npt.ArrayLike = 0.0,
    dividend_yield: npt.ArrayLike = 0.0,
    customer_share: float = 0.5,
    without: Without | None = None,
    contract_size: float = CONTRACT_SIZE,
) -> pd.DataFrame:
    """Return the profile under every convention, USD bn per 1%; one row per spot.

    Columns:
        low, high: least and most of the three.
        calls_long_puts_short, all_short, mixed: under each convention.

    Args:
        chain: as `profile`, and so all others.
        spots: shape (n,).
        rate: see `profile`.
        dividend_yield: see `profile`.
        customer_share: see `profile`.
        without: see `profile`.
        contract_size: see `profile`.

    Raises:
        DataError: as `profile`.
    """
    levels = figures.numbers("spots", spots, "gamma").ravel()

    def under(convention: Convention) -> Floats:
        return profile(
            chain,
            levels,
            rate=rate,
            dividend_yield=dividend_yield,
            convention=convention,
            without=without,
            contract_size=contract_size,
        )

    split, short = under("calls_long_puts_short"), under("all_short")
    of_calls = dealer_share(np.ones(1), "mixed", customer_share)[0]
    share = (1 - of_calls) / 2
    mixed = (1 - share) * split + share * short  # the gamma is linear in what is held
    table = pd.DataFrame(
        dict(zip(CONVENTIONS, (split, short, mixed), strict=True)), index=pd.Index(levels, name="spot")
    )
    table.insert(0, "low", table.min(axis=1))
    table.insert(1, "high", table[list(CONVENTIONS)].max(axis=1))
    table.attrs = {"unit": "USD bn per 1%", "customer_share": customer_share}
    return table


def exposures(
    chain: pd.DataFrame,
    spot: float,
    *,
    elapsed_years: float = 0.0,
    rate: npt.ArrayLike = 0.0,
    dividend_yield: npt.ArrayLike = 0.0,
    convention: Convention = "calls_long_puts_short",
    customer_share: float = 0.5,
    without: Without | None = None,
    contract_size: float = CONTRACT_SIZE,
) -> dict[str, float]:
    """Return what dealers hold at one spot and moment, in USD bn; the hedge trades the opposite.

    Keys:
        delta: value of the underlying that the options stand for.
        gamma: change of delta per 1% of spot.
        vanna: change of delta per point (0.01) of volatility, on all options at once.
        charm: change of delta per calendar day.
        vega: gain per point of volatility.
        theta: gain per calendar day.

    Args:
        chain: as `profile`, and so all others.
        spot: index points.
        elapsed_years: time since the chain was made; contracts that have settled by then are left out.
        rate: see `profile`.
        dividend_yield: see `profile`.
        convention: see `profile`.
        customer_share: see `profile`.
        without: see `profile`; counts from the moment of the chain.
        contract_size: see `profile`.

    Raises:
        DataError: as `profile`, or the elapsed time is negative.
    """
    level = figures.number("spot", spot, "gamma")
    elapsed = figures.number("elapsed_years", elapsed_years, "gamma")
    options.check("years", np.asarray(elapsed), "elapsed_years")
    found = checked(chain)
    left = found["years"] - elapsed
    chosen = kept(found, without) & (left >= 0)
    count = len(left)
    r, q = (
        np.broadcast_to(per_contract(name, given, count), count)[chosen]
        for name, given in (("rate", rate), ("dividend_yield", dividend_yield))
    )
    share = dealer_share(found["sign"], convention, customer_share)
    held = (share * found["open_interest"])[chosen]
    kinds = np.where(found["sign"] > 0, "C", "P")[chosen]
    each = options.greeks(level, found["strike"][chosen], left[chosen], found["vol"][chosen], r, q, kinds)
    usd = {"delta": level, "gamma": 0.01 * level * level, "vanna": 0.01 * level, "charm_per_day": level}
    usd |= {"vega": 0.01, "theta_per_day": 1.0}
    size = checked_size(contract_size)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = {name: float(np.sum(held * each[name])) * size * unit / 1e9 for name, unit in usd.items()}
    figures.result(list(sums.values()), "gamma")
    return {name.removesuffix("_per_day"): total for name, total in sums.items()}


def hedging_flow(gamma: npt.ArrayLike, move: npt.ArrayLike) -> float | Floats:
    """Return what dealers trade after a small move, USD bn, + buys: -gamma x move / 1%.

    Args:
        gamma: USD bn per 1%.
        move: return, decimal (0.01 for 1%).

    Raises:
        DataError: one is missing or no number.
    """
    held, moved = figures.together(
        "gamma", gamma=figures.finite("gamma", gamma, "gamma"), move=figures.finite("move", move, "gamma")
    )
    with np.errstate(over="ignore"):
        flow = figures.result(-held * moved / 0.01, "gamma")
    return float(flow) if flow.ndim == 0 else flow


def in_futures(
    amount: npt.ArrayLike, spot: npt.ArrayLike, multiplier: float = E_MINI_MULTIPLIER
) -> float | Floats:
    """Return how many futures an amount in USD bn is at a level of the index.

    Args:
        amount: USD bn.
        spot: index points, above zero.
        multiplier: USD per point of one future.

    Raises:
        DataError: the spot is no price, or the amount or multiplier no number.
    """
    level, money = figures.numbers("spot", spot, "gamma"), figures.finite("amount", amount, "gamma")
    options.check("spot", level, "gamma")
    money, level = figures.together("gamma", amount=money, spot=level)
    size = checked_size(multiplier)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        count = figures.result(1e9 * money / (size * level), "gamma")
    return float(count) if count.ndim == 0 else count


def feedback(gamma: npt.ArrayLike, impact: npt.ArrayLike) -> float | Floats:
    """Return the factor by which hedging scales a shock: 1 / (1 + k G), G = 100 x gamma.

    Below 1 it damps (long gamma), above 1 it amplifies.

    Args:
        gamma: USD bn per 1%.
        impact: k, log return per USD bn traded, above or equal to zero.

    Raises:
        DataError: an impact below zero; or k G <= -1: hedging moves the market by more than it hedges, so no
            level is in balance.
    """
    held, k = figures.together(
        "gamma",
        gamma=figures.finite("gamma", gamma, "gamma"),
        impact=figures.finite("impact", impact, "gamma"),
    )
    if not np.all(k >= 0):
        raise DataError(f"the impact is {np.min(k):g}", where="gamma", expected="zero or above")
    with np.errstate(over="ignore"):
        gain = figures.result(100 * held * k, "gamma")
    if not np.all(gain > -1):
        raise DataError(
            f"k G is {np.min(gain):.3g}: every hedge calls for a larger one",
            where="gamma",
            expected="a feedback above -1",
            remedy="clear the day with limits on participation, as `world` does",
        )
    factor = 1 / (1 + gain)
    return float(factor) if factor.ndim == 0 else factor
