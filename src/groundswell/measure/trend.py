"""Published trend measures of one price series, as pandas Series aligned with the prices. The value
on a date uses the closes up to and including that date and nothing later; before a measure's window
is full it is missing. The trend followers of `actors/` keep the same averages and directions one close
at a time (they size by volatilities of their own), and a test holds the two equal.
"""

import numpy as np
import pandas as pd

TARGET_VOLATILITY = 0.40
"""Annual volatility per instrument (Moskowitz, Ooi & Pedersen 2012, section 2.4)."""

DAYS_PER_YEAR = 261
"""Annualisation of daily variance in the same paper (equation 1)."""


def ewmac(prices: pd.Series, fast: int, slow: int, vol_span: int = 35) -> pd.Series:
    """Exponential-average crossover in units of daily price volatility, before any forecast scalar.

    (EWMA_fast(P) - EWMA_slow(P)) / sigma, all exponential averages with normalised weights
    (1 - 2/(span+1))^k over the closes seen; sigma is the standard deviation, small-sample
    corrected, of daily price *differences* (price units).

    Args:
        prices: closes, any currency; no missing values.
        fast: span of the fast average, sessions.
        slow: span of the slow average, sessions (published pairs: slow = 4 x fast).
        vol_span: span of the volatility, sessions.

    Returns:
        Dimensionless, missing until `slow` closes have been seen.

    References:
        Carver, R. (2015), Systematic Trading, appendix B.
    """
    averages = [prices.ewm(span=span, min_periods=slow).mean() for span in (fast, slow)]
    deviation = prices.diff().ewm(span=vol_span).std()
    return ((averages[0] - averages[1]) / deviation).rename("ewmac")


def time_series_momentum(prices: pd.Series, lookback: int = 252, com: int = 60) -> pd.Series:
    """Position, in units of the instrument's notional: sign of the past return x 40% / volatility.

    sigma^2 = 261 sum_i (1-d) d^i (r_(t-i) - mean)^2 with centre of mass d/(1-d) = `com` sessions,
    r daily simple returns and mean their average under the same weights. The position shown on a
    date is the one decided at that close and held afterwards.

    Args:
        prices: closes (total return or futures, for an excess return); no missing values.
        lookback: sessions over which the past return is taken.
        com: centre of mass of the volatility weights, sessions.

    Returns:
        Missing until `lookback` returns have been seen. 2.5 at a volatility of 16%.

    References:
        Moskowitz, T., Ooi, Y. H. & Pedersen, L. H. (2012), Time Series Momentum, Journal of
        Financial Economics 104(2), 228-250, equations 1 and 5.
    """
    returns = prices.pct_change()
    variance = DAYS_PER_YEAR * returns.ewm(com=com).var(bias=True)
    direction = np.sign(prices / prices.shift(lookback) - 1)
    return (direction * TARGET_VOLATILITY / np.sqrt(variance)).rename("time_series_momentum")


def moving_average_crossover(prices: pd.Series, fast: int = 20, slow: int = 120) -> pd.Series:
    """+1 where the fast simple average stands above the slow one, -1 otherwise.

    Args:
        prices: closes; no missing values.
        fast: sessions in the fast average.
        slow: sessions in the slow average.

    Returns:
        Missing until `slow` closes have been seen.
    """
    slow_average = prices.rolling(slow).mean()
    direction = np.where(prices.rolling(fast).mean() > slow_average, 1.0, -1.0)
    crossover = pd.Series(direction, index=prices.index, name="moving_average_crossover")
    return crossover.where(slow_average.notna())
