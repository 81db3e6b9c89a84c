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
from groundswell.data.errors import GroundswellError

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
        GroundswellError: a chain without a column, or with an option that has no price, size or time.
    """
    columns = ("strike", "vol", "kind", "open_interest", "years")
    missing = [name for name in columns if name not in chain]
    numbers = chain[[name for name in columns if name != "kind" and name in chain]].to_numpy(dtype=np.float64)
    sound = not missing and len(chain) > 0 and bool(np.isfinite(numbers).all())
    if sound:
        sound = bool((chain[["strike", "vol", "years"]] > 0).all(axis=None))
        sound = sound and bool((chain["open_interest"] >= 0).all() and chain["kind"].isin(["C", "P"]).all())
    if not sound or not (spot > 0 and market_value > 0 and level > 0):
        raise GroundswellError(
            f"the chain lacks {', '.join(missing)}" if missing else "the chain holds options that are none",
            where="option dealer",
            expected="contracts with strike, volatility and time above zero, kind 'C' or 'P', open interest",
            remedy="leave out expired options and those without a volatility",
        )
    put = (chain["kind"] == "P").to_numpy(dtype=np.float64)
    distance = np.log(chain["strike"].to_numpy(dtype=np.float64) / spot)
    years = chain["years"].to_numpy(dtype=np.float64)
    usual = smile(jnp.asarray(distance), jnp.asarray(years), jnp.asarray(level), jnp.asarray(skew))
    held = np.where(put == 1.0, puts_held, calls_held)
    underlying = chain["open_interest"].to_numpy(dtype=np.float64) * contract_size * spot / 1e9
    return OptionBook(
        distance=jnp.asarray(distance),
        years=jnp.asarray(years),
        size=jnp.asarray(held * underlying / market_value),
        put=jnp.asarray(put),
        excess=jnp.asarray(chain["vol"].to_numpy(dtype=np.float64)) / usual,
    )
