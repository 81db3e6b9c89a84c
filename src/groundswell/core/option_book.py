"""A book of options as the one who hedges it sees it: what must be held of the underlying, at any return of
the day and any time to expiry. Pure functions; contracts are the first axis. Amounts are shares of the
underlying's market value, so that a book keeps its meaning while the market grows.

    d1 = -k / (v sqrt(T)) + v sqrt(T) / 2,  k = ln(strike / spot)

Rates and dividends are left out: over the weeks that matter here they move a delta by less than anybody
knows the book.

References:
    Black, F. & Scholes, M. (1973), The Pricing of Options and Corporate Liabilities, JPE 81(3).
"""

import equinox as eqx
import numpy as np
import pandas as pd
from jaxtyping import Array, Float

from groundswell.core.engine import jax, jnp
from groundswell.data.errors import DataError
from groundswell.measure import figures, gamma_chain

FAR = 10.0
"""Ratio of strikes to spot from which they belong to different things."""

_REACH = 3.0
"""Distance from the spot, in standard deviations to expiry, beyond which the smile stops rising."""


class OptionBook(eqx.Module):
    """Options held by one side, each for itself.

    Attributes:
        distance: ln(strike / spot) at the last close.
        years: to expiry at the last close, in sessions of 1/252 year; zero or below is expired.
        size: underlying of the options held / market value of the underlying; + long, - short.
        put: 1 for a put, 0 for a call.
        excess: implied volatility / what `smile` says of such an option.
    """

    distance: Float[Array, " contracts"]
    years: Float[Array, " contracts"]
    size: Float[Array, " contracts"]
    put: Float[Array, " contracts"]
    excess: Float[Array, " contracts"]


def smile(distance: Array, years: Array, level: Array, skew: Array) -> Array:
    """Implied volatility of an option: level x exp(-skew x), x = distance / (level sqrt(T)), saturating at 3.

    By standard deviations the skew is the same for all expiries: the steeper, the nearer the expiry.

    Args:
        distance: ln(strike / spot).
        years: to expiry, above zero.
        level: implied volatility at the money, annual, decimal.
        skew: relative fall of implied volatility per standard deviation that the strike is higher.
    """
    return level * smile_at(distance / (level * jnp.sqrt(years)), skew)


def smile_at(away: Array, skew: Array) -> Array:
    """Implied volatility / its level, `away` standard deviations above the spot."""
    return jnp.exp(-skew * _REACH * jnp.tanh(away / _REACH))


def deltas(book: OptionBook, distance: Array, years: Array, level: Array, skew: Array) -> Array:
    """Delta of each option per unit of the underlying, when strikes are that far away."""
    deviation = smile(distance, years, level, skew) * book.excess * jnp.sqrt(years)
    d1 = -distance / deviation + deviation / 2
    # the normal distribution by one erfc: a quarter of the time of `ndtr`, which computes both its halves
    return 0.5 * jax.scipy.special.erfc(-d1 / np.sqrt(2)) - book.put


def gamma_of_one_percent(distance: Array, years: Array, vol: Array) -> Array:
    """Change of delta, per unit of the underlying, of an option whose underlying moves by 1%."""
    deviation = vol * jnp.sqrt(years)
    d1 = -distance / deviation + deviation / 2
    return 0.01 * jnp.exp(-d1 * d1 / 2) / (np.sqrt(2 * np.pi) * deviation)


def level_after(level: Array, r: Array, response: Array) -> Array:
    """Level of implied volatility after a log return r: level x exp(-response r)."""
    return level * jnp.exp(-response * r)


def book_from_chain(
    chain: pd.DataFrame,
    spot: float,
    market_value: float,
    *,
    level: float,
    skew: float,
    calls_held: float = 1.0,
    puts_held: float = -1.0,
    contract_size: float = 100.0,
) -> OptionBook:
    """The dealers' book that a chain of quotes implies, contract by contract.

    Args:
        chain: columns `strike` (index points), `vol` (annual, decimal), `kind` ("C" or "P"),
            `open_interest` (contracts) and `years` to expiry (calendar; above zero).
        spot: of the underlying, index points.
        market_value: of the underlying, USD bn.
        level: implied volatility at the money; what a contract's own is beyond `smile` stays with it.
        skew: see `smile`.
        calls_held: what dealers hold of an open call, -1 (sold it) to 1 (bought it).
        puts_held: likewise of an open put.
        contract_size: units of the underlying per contract.

    Raises:
        DataError: an empty chain, one without a column, or with an option that has no price, size or time;
            a figure that is none.
    """
    found = gamma_chain.checked(chain)
    given = {"spot": spot, "market_value": market_value, "level": level, "contract_size": contract_size}
    known = {name: _within(name, value, 0.0, np.inf) for name, value in given.items()}
    _within("level", level, 1e-3, gamma_chain.MOST_VOL)
    held_of = {
        name: _within(name, value, -1.0, 1.0, ends=True)
        for name, value in (("calls_held", calls_held), ("puts_held", puts_held))
    }
    slope = _within("skew", skew, -2.0, 2.0)
    years = found["years"]
    if not (years > 0).all():
        raise DataError(
            f"'years' is 0 in {np.count_nonzero(years == 0)} of {years.size} contracts",
            where="option dealer",
            expected="contracts with time left",
            remedy="leave out options that settle at this moment",
        )
    middle = float(np.median(found["strike"]))
    if not 1 / FAR < middle / known["spot"] < FAR:
        raise DataError(
            f"'spot' is {known['spot']:g}, and the strikes lie around {middle:g}",
            where="option dealer",
            expected="the price of what the options are on, in the same unit",
        )
    put = np.where(found["sign"] > 0, 0.0, 1.0)
    distance = np.log(found["strike"] / known["spot"])
    usual = smile(jnp.asarray(distance), jnp.asarray(years), jnp.asarray(known["level"]), jnp.asarray(slope))
    held = np.where(put == 1.0, held_of["puts_held"], held_of["calls_held"])
    with np.errstate(over="ignore"):
        underlying = found["open_interest"] * known["contract_size"] * known["spot"] / 1e9
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        size = figures.result(held * (underlying / known["market_value"]), "option dealer")
    return OptionBook(
        distance=jnp.asarray(distance),
        years=jnp.asarray(years),
        size=jnp.asarray(size),
        put=jnp.asarray(put),
        excess=jnp.asarray(found["vol"]) / usual,
    )


def _within(name: str, value: object, low: float, high: float, *, ends: bool = False) -> float:
    """Return a number that lies between two others.

    Raises:
        DataError: it does not.
    """
    found = figures.number(name, value, "option dealer")
    if not (low < found < high or (ends and found in (low, high))):
        raise DataError(
            f"'{name}' is {found:g}",
            where="option dealer",
            expected=f"a number between {low:g} and {high:g}",
            remedy="volatilities are annual decimals, market values USD bn",
        )
    return found
