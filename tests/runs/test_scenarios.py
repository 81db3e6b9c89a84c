"""Scenarios: they end where they say and move as much as they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.data.errors import GroundswellError
from groundswell.runs.scenarios import (
    HORIZONS,
    Movement,
    path_to,
    sideways,
    standard_scenarios,
    user_scenarios,
)


@given(st.floats(-0.3, 0.3), st.integers(2, 21), st.floats(0.0001, 0.05))
def test_a_path_ends_at_its_end_and_moves_by_its_daily_move(end: float, sessions: int, move: float) -> None:
    path = path_to(end, sessions, move)
    assert path.sum() == pytest.approx(end, abs=1e-12)
    assert np.sqrt(np.mean((path - path.mean()) ** 2)) == pytest.approx(move, rel=1e-9)


def test_down_two_ends_two_standard_deviations_lower_and_realises_more_than_a_straight_line() -> None:
    made = {(s.name, s.horizons[0]): s for s in standard_scenarios(0.16)}
    down = made["down2", "1m"]
    daily = 0.16 / np.sqrt(252)
    assert down.end_move("1m") == pytest.approx(-2 * daily * np.sqrt(21))
    assert down.daily_move("1m") == pytest.approx(Movement().size[-1] * daily)
    straight = abs(down.end_move("1m")) / 21 * np.sqrt(252)
    assert down.realised_volatility("1m") > 2 * straight
    assert down.realised_volatility("1m") == pytest.approx(
        np.sqrt(straight**2 + (down.daily_move("1m") * np.sqrt(252)) ** 2), rel=1e-9
    )
    assert made["down2", "1d"].returns[0] == pytest.approx(-2 * daily)


def test_up_and_down_differ_in_movement_only_as_declared() -> None:
    sizes = {s.name: s.daily_move("1m") for s in standard_scenarios(0.16) if "1m" in s.horizons}
    assert sizes["down2"] > sizes["down1"] > sizes["flat"] > sizes["up1"]


def test_a_users_path_is_read_at_every_horizon_it_reaches() -> None:
    (short,) = user_scenarios({"mine": [0.01] * 7})
    assert short.horizons == ("1d", "1w")
    assert short.returns[:7].sum() == pytest.approx(0.07)
    assert set(HORIZONS) - set(short.horizons) == {"1m"}


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ({"flat": [0.01]}, "taken"),
        ({"mine": []}, "0 returns"),
        ({"mine": [0.0] * 22}, "22 returns"),
        ({"mine": [0.01, -1.0]}, "number 2 is -1.0"),
        ({"mine": [float("nan")]}, "number 1 is nan"),
    ],
)
def test_a_path_that_cannot_be_meant_is_refused_with_its_place(paths: dict, message: str) -> None:
    with pytest.raises(GroundswellError, match=message):
        user_scenarios(paths)


def test_other_assets_move_without_getting_anywhere_at_any_horizon() -> None:
    moves = sideways(21, np.array([0.004]))[:, 0]
    for sessions in HORIZONS.values():
        assert moves[:sessions].sum() == pytest.approx(0.0, abs=1e-15)
    assert np.std(moves[1:]) == pytest.approx(0.004)
