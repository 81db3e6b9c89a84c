"""The volatility that a price stands for, for any number of options at once.

With forward F, strike K and x = |ln(F/K)|, the out-of-the-money option of either kind is worth, per
sqrt(F K) of forward value,

    c(b) = exp(-x/2) N(b/2 - x/b) - exp(x/2) N(-b/2 - x/b),        b = v sqrt(T),

rising in b from 0 to exp(-x/2). The logarithm of it is solved by Newton's method from the point of
inflection b = sqrt(2 x) (Manaster & Koehler), kept between two bounds that close in.

References:
    Black, F. (1976), The pricing of commodity contracts, Journal of Financial Economics 3, 167-179.
    Manaster, S. & Koehler, G. (1982), The calculation of implied variances from the Black-Scholes model,
    Journal of Finance 37(1), 227-230.
    Jaeckel, P. (2015), Let's Be Rational, Wilmott 75, for the normalised form.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from groundswell.data.errors import DataError
from groundswell.measure import figures

Floats: TypeAlias = npt.NDArray[np.float64]

WHERE = "implied volatility"

MOST_DEVIATION = 16.0
"""Deviation b at which the option is worth all it can be, to double precision."""

LEAST_WORTH = 1e-13
"""Time value, as a share of sqrt(F K), below which the digits of a price tell nothing."""

MOST_STEPS = 80
PRECISION = 1e-14


def from_price(
    price: npt.ArrayLike,
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    *,
    discount: npt.ArrayLike,
    is_call: npt.ArrayLike,
) -> Floats:
    """Return the implied volatility, annual, decimal; missing where the price has none.

    A price has none where it is missing, below what the option is worth without movement, or as high as
    the option can ever be worth. Arguments broadcast against each other.

    Args:
        price: of one option per unit of the underlying.
        forward: of the underlying for the day of settlement, above zero.
        strike: above zero.
        years: to settlement, above zero.
        discount: value today of one unit at settlement, above zero.
        is_call: a truth value; otherwise a put.

    Raises:
        DataError: a forward, strike, time or discount that is zero, negative or missing; a price that is no
            number; `is_call` that is no truth value ("P" would pass for true).
    """
    given = {"forward": forward, "strike": strike, "years": years, "discount": discount}
    arrays = {name: figures.numbers(name, values, WHERE) for name, values in given.items()}
    for name, values in arrays.items():
        wrong = ~((values > 0) & np.isfinite(values))
        if np.any(wrong):
            raise DataError(
                f"'{name}' is {values[wrong].flat[0]:g}",
                where=WHERE,
                expected="numbers above zero",
                remedy="leave out options that have expired or lack a forward",
            )
    try:
        sides = np.asarray(is_call)
    except ValueError:
        sides = np.zeros(0)
    if sides.dtype != np.bool_:
        raise DataError(
            f"'is_call' is {sides.flat[0] if sides.size else is_call!r}",
            where=WHERE,
            expected="True for a call and False for a put",
        )
    p, f, k, t, d, side = figures.together(
        WHERE, price=figures.numbers("price", price, WHERE), **arrays, is_call=sides.astype(np.float64)
    )
    calls = side > 0
    intrinsic = np.maximum(np.where(calls, f - k, k - f), 0.0)
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        worth = (p / d - intrinsic) / (np.sqrt(f) * np.sqrt(k))
        distance = np.abs(np.log(f / k))
    possible = (worth > LEAST_WORTH) & (worth < np.exp(-distance / 2) * (1 - LEAST_WORTH))
    deviation = np.full(worth.shape, np.nan)
    deviation[possible] = _deviation(worth[possible], distance[possible])
    return np.asarray(deviation / np.sqrt(t))


def _deviation(worth: Floats, x: Floats) -> Floats:
    """Return b with c(b) = worth."""
    goal = np.log(worth)
    low, high = np.zeros_like(x), np.full_like(x, MOST_DEVIATION)
    # At the money c is b / sqrt(2 pi) for small b.
    b = np.clip(np.sqrt(2 * x), np.minimum(worth * np.sqrt(2 * np.pi), 1.0), MOST_DEVIATION / 2)
    for _ in range(MOST_STEPS):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = np.exp(-x / 2) * ndtr(b / 2 - x / b) - np.exp(x / 2) * ndtr(-b / 2 - x / b)
            vega = np.exp(-((x / b) ** 2 + b * b / 4) / 2) / np.sqrt(2 * np.pi)
            above = value > worth
            low, high = np.where(above, low, b), np.where(above, b, high)
            step = (np.log(value) - goal) * value / vega
        guess = b - step
        guess = np.where((guess > low) & (guess < high), guess, (low + high) / 2)
        done = np.abs(guess - b) <= PRECISION * b
        b = guess
        if done.all():
            break
    return b
