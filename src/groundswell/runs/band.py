"""Central [low, high]: how an ensemble becomes an estimate, said once."""

import numpy as np
from jaxtyping import Float

LOW, HIGH = 0.10, 0.90
"""Quantiles of the draws that bound every band."""


def estimate(
    members: Float[np.ndarray, "... members"],
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Central value (member 0) and the 10th and 90th percentile of the draws.

    The band always holds the central value; without draws it is that value.
    """
    central = members[..., 0]
    if members.shape[-1] == 1:
        return central, central, central
    low, high = np.quantile(members[..., 1:], (LOW, HIGH), axis=-1)
    return central, np.minimum(low, central), np.maximum(high, central)


def estimate_one(members: Float[np.ndarray, " members"]) -> tuple[float, float, float]:
    """Central value and band of a single quantity, as plain numbers."""
    central, low, high = estimate(members)
    return float(central), float(low), float(high)


def against_history(value: float, history: Float[np.ndarray, " sessions"]) -> tuple[float, float]:
    """Percentile (0 to 1, ties count half) and z score of a value among its own history, itself included.

    A history without variation has percentile 0.5 and z 0.
    """
    spread = float(np.std(history))
    below = np.mean(history < value - 1e-12) + 0.5 * np.mean(np.abs(history - value) <= 1e-12)
    return float(below), 0.0 if spread < 1e-12 else float((value - np.mean(history)) / spread)
