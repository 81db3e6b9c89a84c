"""What a flow does to a price: the published arithmetic, the symmetry of the law, its concavity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.measure import impact


@pytest.mark.parametrize(
    ("quantity", "volume", "volatility", "y", "basis_points"),
    [(39, 500, 0.01, 1.0, 27.93), (5, 500, 0.01, 1.0, 10.00), (40, 600, 0.012, 0.5, 15.49)],
)
def test_the_square_root_law_gives_the_worked_figures(
    quantity: float, volume: float, volatility: float, y: float, basis_points: float
) -> None:
    assert round(1e4 * float(impact.square_root(quantity, volume, volatility, y)), 2) == basis_points


def test_a_hundred_billion_moves_a_55_trillion_market_by_0_909_percent() -> None:
    assert round(100 * float(impact.inelastic(100, 55_000, 5)), 3) == 0.909


def test_published_parameters_give_a_multiplier_of_five() -> None:
    assert float(impact.multiplier(0.84, 1.0, 0.04)) == pytest.approx(5.0, abs=1e-12)


@given(st.floats(0.01, 1e3), st.floats(1.0, 1e3))
def test_buying_and_selling_are_mirror_images_and_splitting_an_order_overstates_it(
    quantity: float, volume: float
) -> None:
    whole = impact.square_root(quantity, volume, 0.01)
    assert impact.square_root(-quantity, volume, 0.01) == -whole
    halves = 2 * impact.square_root(quantity / 2, volume, 0.01)
    assert np.isclose(halves / whole, np.sqrt(2))
