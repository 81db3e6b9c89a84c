"""Risk parity: equal risk, levered to a target, and sensitive to the hedge that bonds are."""

import numpy as np
import pytest

from groundswell.actors import RiskParity
from groundswell.core.engine import jnp


def covariance(stocks: float, bonds: float, correlation: float) -> np.ndarray:
    both = correlation * stocks * bonds
    return np.array([[stocks**2, both], [both, bonds**2]])


def test_weights_are_in_inverse_proportion_to_volatility_and_hit_the_target() -> None:
    annual = covariance(0.16, 0.06, 0.0)
    weights = np.asarray(RiskParity().balance(jnp.asarray(annual)))
    assert weights[0] * 0.16 == pytest.approx(weights[1] * 0.06)
    assert np.sqrt(weights @ annual @ weights) == pytest.approx(0.10)


def test_leverage_falls_when_bonds_stop_hedging_though_neither_is_rougher() -> None:
    hedging, moving_together = (
        np.asarray(RiskParity().balance(jnp.asarray(covariance(0.16, 0.06, rho)))).sum()
        for rho in (-0.3, 0.3)
    )
    assert moving_together < 0.8 * hedging


def test_leverage_is_capped_in_the_calmest_market() -> None:
    weights = np.asarray(RiskParity().balance(jnp.asarray(covariance(0.02, 0.01, -0.9))))
    assert weights.sum() == pytest.approx(3.0)
