"""Draws: inside their ranges, centred, and the same whatever surrounds them."""

import numpy as np
import pytest

from groundswell.actors import LeveragedFund, TrendFollower, VolTarget
from groundswell.core.draws import ensemble, spread
from groundswell.core.parameter import declarations, parameter, registry
from groundswell.data.errors import GroundswellError


def test_the_first_member_is_central_and_every_draw_stays_in_its_range() -> None:
    drawn = ensemble({"trend_follower": TrendFollower()}, 0, 0, 256, 200)["trend_follower"]
    for d in declarations(TrendFollower):
        if d.structural:
            continue
        values = np.asarray(getattr(drawn, d.address.split(".")[1]))
        assert values[0] == d.value
        assert (values >= d.low).all()
        assert (values <= d.high).all()
        assert (values[201:] == d.value).all(), "padding repeats the central case"
        assert np.unique(values[1:201]).size == 200


def test_the_central_value_is_the_median_even_of_a_lopsided_range() -> None:
    draws = spread("any.name", 1.0, 0.9, 5.0, 3, np.arange(4001), 4000)[1:]
    assert np.mean(draws < 1.0) == pytest.approx(0.5, abs=0.03)
    assert draws.max() > 4.9


def test_a_draw_does_not_depend_on_how_many_there_are_or_who_else_is_drawn() -> None:
    alone = ensemble({"vol_target": VolTarget()}, 7, 0, 128, 10)["vol_target"]
    among = ensemble({"leveraged_fund": LeveragedFund(), "vol_target": VolTarget()}, 7, 0, 256, 200)
    later = ensemble({"vol_target": VolTarget()}, 7, 5, 6, 10)["vol_target"]
    np.testing.assert_array_equal(alone.target[:, :11], among["vol_target"].target[:, :11])
    np.testing.assert_array_equal(alone.target[:, 5:11], later.target)
    assert np.ptp(alone.target[1, 1:11]) > 0.01
    np.testing.assert_array_equal(alone.target[1], alone.target[3], "cohorts of one range move together")


def test_a_seed_changes_every_draw_and_no_central_value() -> None:
    one, other = (ensemble({"v": VolTarget()}, seed, 0, 64, 63)["v"] for seed in (0, 1))
    assert (one.aum_share[1:] != other.aum_share[1:]).all()
    assert one.aum_share[0] == other.aum_share[0]


def test_a_value_outside_its_own_range_cannot_be_declared() -> None:
    with pytest.raises(GroundswellError, match="range"):
        parameter(3.0, 0.0, 1.0, "none", "none")


def test_every_registered_number_has_a_unit_and_a_source() -> None:
    table = registry()
    assert {"vol_target.target", "trend_follower.cap"} <= set(table["address"])
    assert table["address"].is_unique
    assert table["unit"].str.len().gt(0).all()
    assert table["source"].str.len().gt(10).all()
