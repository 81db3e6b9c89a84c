"""The volatility-target and trend rules as a good pandas user would write them, vectorised over
sessions: what our own runs are timed against. Same windows, same weights; no draws, no lags forgotten.
"""

import numpy as np
import pandas as pd

from groundswell.actors import TrendFollower, VolTarget


def volatility_target(returns: pd.Series, fund: VolTarget) -> pd.Series:
    """Exposure / assets of all cohorts after each close, gradual execution included."""
    squares = returns**2
    by_window = returns.rolling(21).std().combine(returns.rolling(63).std(), np.maximum) * np.sqrt(252)
    exposure = pd.Series(0.0, index=returns.index)
    for i, share in enumerate(fund.mix):
        if fund.rule[i] == "window":
            volatility = by_window
        else:
            short = squares.ewm(alpha=1 - fund.decay_short[i], adjust=False).mean()
            long = squares.ewm(alpha=1 - fund.decay_long[i], adjust=False).mean()
            volatility = np.sqrt(252 * np.maximum(short, long))
        asked = (fund.target[i] / volatility).clip(upper=fund.cap[i]).shift(fund.lag[i])
        exposure += share * asked.ewm(alpha=fund.speed[i], adjust=False).mean()
    return exposure


def trend_signals(prices: pd.DataFrame, actor: TrendFollower) -> pd.DataFrame:
    """Average signal of the look-backs, in [-1, 1], by session and instrument."""
    weights = iter(actor.rule_weights)
    deviation = prices.diff().ewm(span=actor.difference_span).std()
    total = pd.DataFrame(0.0, index=prices.index, columns=prices.columns)
    for n in actor.averages:
        total += next(weights) * np.sign(prices - prices.rolling(n).mean())
    for fast, slow in actor.crossovers:
        total += next(weights) * np.sign(prices.rolling(fast).mean() - prices.rolling(slow).mean())
    for n in actor.momenta:
        total += next(weights) * np.sign(prices - prices.shift(n))
    for fast, slow, scalar in actor.exponentials:
        gap = prices.ewm(span=fast).mean() - prices.ewm(span=slow).mean()
        total += next(weights) * (gap / deviation * scalar / 20).clip(-1, 1)
    for n in actor.breakouts:
        before = prices.shift(1).rolling(n)
        above, below = prices > before.max(), prices < before.min()
        side = above.astype(float) - below.astype(float)
        total += next(weights) * side.where(side != 0).ffill()
    return total


def trend_positions(
    prices: pd.DataFrame, returns: pd.DataFrame, actor: TrendFollower, signals: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Position / assets by session and instrument: signal x risk budget / volatility, capped, gradual."""
    signals = trend_signals(prices, actor) if signals is None else signals
    estimates = [returns.ewm(com=centre).std(bias=True) for centre in actor.volatility_centres]
    volatility = sum(estimates) / len(estimates) * np.sqrt(252)
    cap = float(actor.cap)
    wanted = (signals * float(actor.risk_budget) / volatility).clip(-cap, cap)
    return wanted.shift(1).ewm(alpha=float(actor.speed), adjust=False).mean()
