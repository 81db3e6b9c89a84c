"""Interest-rate risk that the public must hold, in 10-year equivalents, and what it does to yields.

A bond counts by its duration against that of a 10-year note: USD 100 bn of 30-year bonds weigh about twice
as much, bills next to nothing. The slope from 10-year equivalents to the term premium is an estimate with
a wide band; both ends come with it.

References:
    Greenwood, R. & Vayanos, D. (2014), Bond supply and excess bond returns, Review of Financial Studies
    27(3), for why supply in duration moves the premium.
    Miran, S. & Roubini, N. (2024), ATI: Activist Treasury Issuance and the tug-of-war over monetary policy,
    Hudson Bay Capital, July 2024: USD 800 bn fewer coupons are worth 25 bp on the 10-year yield, 14 to 40.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from groundswell.data.errors import DataError

Floats: TypeAlias = npt.NDArray[np.float64]

WHERE = "duration supply"


class Slope(NamedTuple):
    """Basis points of the 10-year term premium per USD bn of 10-year equivalents supplied."""

    low: float
    central: float
    high: float


PUBLISHED_SLOPE = Slope(14 / 800, 25 / 800, 40 / 800)
"""Miran & Roubini (2024): 0.031, from 0.0175 to 0.05."""


class Effect(NamedTuple):
    """Change of the 10-year term premium in basis points, with its band (low <= high)."""

    low: float
    central: float
    high: float


def par_duration(years: npt.ArrayLike, yield_: npt.ArrayLike) -> float | Floats:
    """Return the modified duration of a bond at par, in years: (1 - (1 + y/2)^(-2n)) / y.

    Args:
        years: to maturity, n, zero or more, any shape.
        yield_: annual, paid twice a year, decimal (0.04); zero gives n.

    Raises:
        DataError: a negative maturity, or a yield in percent.

    References:
        Fabozzi, F. (2007), Fixed Income Analysis, 2nd ed., chapter 7 (closed form at par).
    """
    n, y = np.asarray(years, dtype=np.float64), np.asarray(yield_, dtype=np.float64)
    if not np.all((n >= 0) & np.isfinite(n)):
        raise DataError("a maturity is negative or missing", where=WHERE, expected="zero or more years")
    if not np.all(np.abs(y) < 1):
        raise DataError(f"the yield is {np.max(np.abs(y)):g}", where=WHERE, expected="a decimal, 0.04 for 4%")
    flat = np.abs(y) < 1e-9
    safe = np.where(flat, 1.0, y)
    found = np.where(flat, n, -np.expm1(-2 * n * np.log1p(safe / 2)) / safe)
    return float(found) if found.ndim == 0 else found


def ten_year_equivalents(amounts: npt.ArrayLike, durations: npt.ArrayLike, ten_year_duration: float) -> float:
    """Return sum(amounts x durations) / duration of the 10-year note, in the unit of the amounts.

    Args:
        amounts: face or market value by security or bucket, + supplied to the public, shape (n,).
        durations: modified, years, shape (n,).
        ten_year_duration: modified, years, above zero (`par_duration` of 10 years gives it).

    Raises:
        DataError: shapes that do not match, a negative duration, a missing figure.
    """
    held, spans = np.asarray(amounts, dtype=np.float64), np.asarray(durations, dtype=np.float64)
    if held.shape != spans.shape:
        raise DataError(
            f"amounts have shape {held.shape} and durations {spans.shape}",
            where=WHERE,
            expected="one duration for each amount",
        )
    if not (np.all(np.isfinite(held)) and np.all(np.isfinite(spans) & (spans >= 0))):
        raise DataError(
            "an amount is missing or a duration negative",
            where=WHERE,
            expected="numbers, durations from zero",
        )
    if not (np.isfinite(ten_year_duration) and ten_year_duration > 0):
        raise DataError(
            f"the duration of the 10-year note is {ten_year_duration:g}", where=WHERE, expected="above zero"
        )
    return float(np.sum(held * spans) / ten_year_duration)


def term_premium_effect(supplied: float, slope: Slope = PUBLISHED_SLOPE) -> Effect:
    """Return what a change of supply does to the 10-year term premium, basis points.

    On the expected stock, when it is announced; what the Fed holds is no supply to the public.

    Args:
        supplied: USD bn of 10-year equivalents, + more for the public to hold, - withdrawn.
        slope: basis points per USD bn, low <= central <= high.

    Raises:
        DataError: a slope out of order, a missing amount.
    """
    if not slope.low <= slope.central <= slope.high:
        raise DataError(f"the slope is {tuple(slope)}", where=WHERE, expected="low <= central <= high")
    if not np.isfinite(supplied):
        raise DataError(f"the supply is {supplied:g}", where=WHERE, expected="USD bn")
    ends = sorted((slope.low * supplied, slope.high * supplied))
    return Effect(ends[0], slope.central * supplied, ends[1])
