"""What a flow does to a price: the square-root law of trading and the inelastic-markets multiplier,
as plain formulas. How the two combine into the move of a day is the world's business.
"""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike


def square_root(
    quantity: ArrayLike, daily_volume: ArrayLike, daily_volatility: ArrayLike, y: ArrayLike = 1.0
) -> Float[np.ndarray, "..."]:
    """Log return caused by trading `quantity`, with the sign of the quantity: Y sigma sqrt(|Q|/V).

    Args:
        quantity: USD bn, + bought, - sold; scalar or array.
        daily_volume: USD bn traded on an average day.
        daily_volatility: of daily log returns, decimal.
        y: dimensionless, of order one (0.5 to 1 in practice).

    References:
        Sato, Y. & Kanazawa, K. (2025), Physical Review Letters 135, 257401 (exponent 0.489 +- 0.0015).
        The law is meant for Q/V between about 1e-4 and 0.3.
    """
    q = np.asarray(quantity, dtype=np.float64)
    participation = np.abs(q) / np.asarray(daily_volume)
    return np.asarray(np.sign(q) * np.asarray(y) * np.asarray(daily_volatility)) * np.sqrt(participation)


def inelastic(flow: ArrayLike, market_cap: ArrayLike, multiplier: ArrayLike) -> Float[np.ndarray, "..."]:
    """Log return caused by a flow into the whole market: M F / Cap.

    Args:
        flow: USD bn, + into equities.
        market_cap: value of the equities held, USD bn.
        multiplier: USD of value per USD of flow, about 5 for the aggregate US market.

    References:
        Gabaix, X. & Koijen, R. (2021), In Search of the Origins of Financial Fluctuations: The
        Inelastic Markets Hypothesis, NBER working paper 28967.
    """
    return np.asarray(multiplier) * np.asarray(flow, dtype=np.float64) / np.asarray(market_cap)


def multiplier(theta: ArrayLike, kappa: ArrayLike, delta: ArrayLike) -> Float[np.ndarray, "..."]:
    """The inelastic-markets multiplier 1 / (1 - theta + kappa delta).

    Args:
        theta: equity share that the funds' mandate fixes, fraction.
        kappa: response of the equity share to the risk premium, dimensionless.
        delta: dividend yield, per year, decimal.

    References:
        Gabaix & Koijen (2021), two-period model (recalled).
    """
    return 1 / (1 - np.asarray(theta, dtype=np.float64) + np.asarray(kappa) * np.asarray(delta))
