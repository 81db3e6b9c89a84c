"""European options by Black, Scholes and Merton: value and greeks, any number at once, with their limits.

Throughout, with S the spot, K the strike, T years to settlement, v the volatility, r the riskless rate and
q the dividend yield (both continuous), N the normal distribution and n its density:

    b  = v sqrt(T)
    d1 = (ln(S/K) + (r - q) T) / b + b/2,    d2 = d1 - b

Signs and clocks: every greek is of one option *held*, per unit of the underlying. Volatility counts in
units of 1.00 (a point is a hundredth of it). Theta and charm are by time *passing*, a calendar year of 365
days; `theta_per_day` and `charm_per_day` are the same for one calendar day.

References:
    Merton, R. C. (1973), Theory of Rational Option Pricing, Bell Journal of Economics 4(1).
    Haug, E. G. (2007), The Complete Guide to Option Pricing Formulas, 2nd ed., chapter 2 (vanna is his
    DdeltaDvol, charm his DdeltaDtime).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from groundswell.data.errors import DataError
from groundswell.measure import figures

DAYS_PER_YEAR = 365.0
INSTANT = 1e-14
"""Deviation b below which an option is worth what it would pay if nothing moved any more; also the
shortest time to settlement in years (0.3 microseconds)."""

MOST_YEARS = 100.0
MOST_VOL = 12.0
"""Volatility of which at least one of those given together is below; the wildest quotes of an index option
come near it on the last day, and volatilities in percent lie above it."""

UNTHINKABLE_VOL = 1_000.0

ROUNDING = 1e-15
"""Distance ln(F/K) that is no distance: the forward lies at the strike."""

Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Terms:
    """The arguments, broadcast, and what all formulas share."""

    spot: Floats
    strike: Floats
    years: Floats
    vol: Floats
    rate: Floats
    dividend_yield: Floats
    is_call: Flags
    deviation: Floats
    d1: Floats
    still: Flags

    @property
    def d2(self) -> Floats:
        return np.where(self.still, self.d1, self.d1 - self.deviation)

    @property
    def density(self) -> Floats:
        return np.exp(-self.d1 * self.d1 / 2) / np.sqrt(2 * np.pi)

    @property
    def carried(self) -> Floats:
        """Return exp(-qT)."""
        return np.exp(-self.dividend_yield * self.years)

    @property
    def discounted(self) -> Floats:
        """Return K exp(-rT)."""
        return self.strike * np.exp(-self.rate * self.years)

    @property
    def side(self) -> Floats:
        """Return 1 for a call and -1 for a put."""
        return np.where(self.is_call, 1.0, -1.0)


@np.errstate(over="ignore", invalid="ignore")  # such results are refused
def price(
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    vol: npt.ArrayLike,
    rate: npt.ArrayLike = 0.0,
    dividend_yield: npt.ArrayLike = 0.0,
    kind: npt.ArrayLike = "C",
) -> float | Floats:
    """Return the value of one option per unit of the underlying: call S e^-qT N(d1) - K e^-rT N(d2).

    Args:
        spot: as in `greeks`, and so all others.
        strike: see `greeks`.
        years: see `greeks`.
        vol: see `greeks`.
        rate: see `greeks`.
        dividend_yield: see `greeks`.
        kind: see `greeks`.

    Raises:
        DataError: as `greeks`.
    """
    terms = _terms(spot, strike, years, vol, rate, dividend_yield, kind)
    stock = terms.spot * terms.carried * ndtr(terms.side * terms.d1)
    return _plain(terms.side * (stock - terms.discounted * ndtr(terms.side * terms.d2)))


@np.errstate(over="ignore", invalid="ignore")  # such results are refused
def greeks(
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    vol: npt.ArrayLike,
    rate: npt.ArrayLike = 0.0,
    dividend_yield: npt.ArrayLike = 0.0,
    kind: npt.ArrayLike = "C",
) -> dict[str, float | Floats]:
    """Return the greeks of one option held, per unit of the underlying.

        delta = e^-qT N(d1)                                put: -e^-qT N(-d1)
        gamma = e^-qT n(d1) / (S b)                        per point of the underlying
        vega  = S e^-qT n(d1) sqrt(T)                      per 1.00 of volatility
        theta = -S e^-qT n(d1) v / (2 sqrt(T)) - r K e^-rT N(d2) + q S e^-qT N(d1)
                                                           put: signs of r, q terms and of d turned
        vanna = d delta / d vol = -e^-qT n(d1) d2 / v      per 1.00 of volatility; call and put alike
        charm = d delta / d time passing = q e^-qT N(d1) - e^-qT n(d1) (2 (r-q) T - d2 b) / (2 T b)
                                                           put: first term -q e^-qT N(-d1)
        rho   = K T e^-rT N(d2)                            put: -K T e^-rT N(-d2); per 1.00 of rate

    theta and charm are per year; `theta_per_day` and `charm_per_day` per calendar day, a 365th of it, as
    published examples quote them.

    At settlement (T = 0) and without volatility the limits stand: delta is 0 or e^-qT by the side of
    the strike on which the forward lies, gamma and vanna are zero, theta and charm keep their carry.
    Where the forward lies exactly at the strike, delta is the mean of both sides; what has no finite
    limit there (gamma, charm, at T = 0 the wear of theta) is 0, as nothing is left to hedge.

    Args:
        spot: price of the underlying, above zero. Arguments broadcast against each other.
        strike: above zero.
        years: to settlement, calendar, zero or more, at most 100.
        vol: implied volatility, annual, decimal (0.16), zero or more.
        rate: riskless, annual, continuous, decimal.
        dividend_yield: annual, continuous, decimal.
        kind: "C" or "P".

    Returns:
        Floats for scalar arguments, otherwise arrays of the broadcast shape, by name: `delta`, `gamma`,
        `vega`, `theta`, `vanna`, `charm`, `rho`, `theta_per_day`, `charm_per_day`.

    Raises:
        DataError: an option that has expired, a negative volatility, volatilities or rates in percent, a
            price that is none, an unknown kind, or figures so far apart that no result can be written.

    References:
        See the module; the worked example of the tests is S = K = 6700, T = 30/365, v = 0.16.
    """
    terms = _terms(spot, strike, years, vol, rate, dividend_yield, kind)
    d1, d2, side = terms.d1, terms.d2, terms.side
    root = np.sqrt(terms.years)
    bell = terms.carried * terms.density
    moves, lasts = ~terms.still, terms.years > INSTANT
    b = np.where(moves, terms.deviation, 1.0)
    span = np.where(lasts, terms.years, 1.0)
    vol_or_one = np.where(moves, terms.vol, 1.0)
    reach = np.where(bell > 0, d2, 0.0)  # where the density is gone, so is what it multiplies
    # Without deviation d1 is 0 only at the strike, where -n d2 / v tends to n sqrt(T) / 2.
    slope = np.where(moves, -reach / vol_or_one, root / 2)
    in_the_money = terms.carried * ndtr(side * d1)
    drift = 2 * (terms.rate - terms.dividend_yield) * terms.years
    decay = np.where(moves & lasts, bell * (drift - reach * b) / (2 * span * b), 0.0)
    wear = np.where(lasts, terms.spot * bell * terms.vol / (2 * np.sqrt(span)), 0.0)
    found = {
        "delta": side * in_the_money,
        "gamma": np.where(moves, bell / (terms.spot * b), 0.0),
        "vega": terms.spot * bell * root,
        "theta": -wear
        + side
        * (
            terms.dividend_yield * terms.spot * in_the_money - terms.rate * terms.discounted * ndtr(side * d2)
        ),
        "vanna": bell * slope,
        "charm": side * terms.dividend_yield * in_the_money - decay,
    }
    found["rho"] = side * terms.discounted * terms.years * ndtr(side * d2)
    found |= {f"{name}_per_day": found[name] / DAYS_PER_YEAR for name in ("theta", "charm")}
    return {name: _plain(values) for name, values in found.items()}


def is_call(kind: npt.ArrayLike, where: str = "options") -> Flags:
    """Return for each option whether it is a call.

    Args:
        kind: "C" or "P", of any shape.
        where: for errors.

    Raises:
        DataError: another word.
    """
    words = np.asarray(kind, dtype=object)
    words = np.where(pd.isna(words), "missing", words)
    calls = words == "C"
    known = calls | (words == "P")
    if not np.all(known):
        word = words[()] if words.ndim == 0 else words[~known][0]
        raise DataError(
            f"the kind of an option is '{word}'",
            where=where,
            expected="'C' for a call or 'P' for a put",
            remedy="turn other words into these two; `measure.chains` does it for quotes of the store",
        )
    return np.asarray(calls, dtype=np.bool_)


def _terms(
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    vol: npt.ArrayLike,
    rate: npt.ArrayLike,
    dividend_yield: npt.ArrayLike,
    kind: npt.ArrayLike,
) -> _Terms:
    given = {
        "spot": spot,
        "strike": strike,
        "years": years,
        "vol": vol,
        "rate": rate,
        "dividend_yield": dividend_yield,
    }
    calls = is_call(kind)
    arrays = {name: figures.numbers(name, values, "options") for name, values in given.items()}
    s, k, t, v, r, q, sides = figures.together("options", **arrays, kind=calls.astype(np.float64))
    for name, values in arrays.items():
        check(name, values)
    deviation = v * np.sqrt(t)
    still = (deviation <= INSTANT) | (t <= INSTANT)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ahead = np.log(s / k) + (r - q) * t
        d1 = np.where(still & (np.abs(ahead) > ROUNDING), np.copysign(np.inf, ahead), 0.0)
        d1 = np.where(still, d1, ahead / deviation + deviation / 2)
    return _Terms(s, k, t, v, r, q, sides > 0, deviation, d1, still)


def check(name: str, values: Floats, where: str = "options") -> None:
    """Refuse figures that no option has.

    Args:
        name: `spot`, `strike`, `years`, `vol`, `rate` or `dividend_yield`.
        values: of any shape.
        where: for errors.

    Raises:
        DataError: the first figure that is not of its range, with what to do.
    """
    if name in {"spot", "strike"}:
        good, expected, remedy = values > 0, "a price above zero", "correct it or leave it out"
    elif name == "years":
        good, expected = (
            (values >= 0) & (values <= MOST_YEARS),
            f"from 0 to {MOST_YEARS:g} years to settlement",
        )
        remedy = "leave out options that have expired; divide days by 365"
    elif name == "vol":
        in_percent = values.size and np.min(values) >= MOST_VOL
        good = (values >= 0) & (values < UNTHINKABLE_VOL) & ~np.bool_(in_percent)
        expected = "an annual volatility as a decimal, 0.16 for 16%"
        remedy = "divide percentages by 100; compute a missing one from the quotes, or leave it out"
    else:
        good, expected = np.abs(values) < 1, "an annual rate as a decimal, 0.0525 for 5.25%"
        remedy = "divide percentages by 100"
    good = good & np.isfinite(values)
    if not np.all(good):
        wrong = np.ravel(values)[np.argmin(np.ravel(good))]
        count = int(np.size(good) - np.count_nonzero(good))
        some = f"'{name}' is {wrong:g}" + (f", and {count - 1} more are as bad" if count > 1 else "")
        raise DataError(some, where=where, expected=expected, remedy=remedy)


def _plain(values: Floats) -> float | Floats:
    """Return a float for a figure that stands alone.

    Raises:
        DataError: a figure is beyond what a float can say.
    """
    figures.result(values, "options")
    return float(values) if values.ndim == 0 else values
