"""Actors outside the desk's totals, over twenty years of the index.

- Every draw of every parameter gives finite orders through every crisis of the history, and from its end.
- Whether dealers damp or amplify on a usual day is open; in a crash, once the market is below the strikes of
  the calls they own, they mostly amplify.
- Dealers alone trade the index, and mostly in answer to the day.
"""

import numpy as np
import pytest

import groundswell as gs
from groundswell.runs.history import lay_out
from groundswell.runs.project import project
from groundswell.runs.replay import Replay, replay
from groundswell.world.actor_table import ACTORS, OUTSIDE

KEYS = [kind.key for kind in OUTSIDE if kind.needs == ("index",)]
DRAWS = 127


@pytest.fixture(scope="module")
def run() -> Replay:
    return replay(lay_out(gs.load()), {key: ACTORS[key]() for key in KEYS}, draws=DRAWS)


def test_every_draw_is_finite_through_every_crisis_and_beyond(run: Replay) -> None:
    assert np.isfinite(run.orders).all()
    assert np.isfinite(run.holding).all()
    ahead = project(run, np.array([[-0.07, -0.01, 0.0, 0.01, 0.07]] * 3))
    assert np.isfinite(ahead).all()


def test_only_dealers_trade_the_index(run: Replay) -> None:
    traded = {key for i, key in enumerate(run.actors) if np.abs(run.orders[:, i]).max() > 0}
    assert traded == {"option_dealer"}


def test_whether_dealers_damp_or_amplify_is_open_until_the_market_crashes(run: Replay) -> None:
    dealers = run.reflexive[:, run.actors.index("option_dealer"), 1:]
    returns = run.history.returns[: run.history.length, 0]
    size = run.history.market_value[: run.history.length, None]
    usual = np.abs(returns) < 0.01
    slope = (dealers / size)[usual].T @ returns[usual] / (returns[usual] ** 2).sum()
    low, high = np.quantile(slope, [0.05, 0.95])
    assert low < 0 < high
    assert 0.3 < (slope < 0).mean() < 0.8
    wild = np.argsort(np.abs(returns))[-20:]
    with_the_move = dealers[wild] * np.sign(returns[wild])[:, None] > 0
    assert with_the_move.mean() > 0.6


def test_the_answer_to_a_day_is_the_larger_part_of_what_dealers_trade(run: Replay) -> None:
    column = run.actors.index("option_dealer")
    sizes = [np.abs(part[100:, column, 0]).mean() for part in (run.initiating, run.reflexive)]
    assert 0 < sizes[0] < sizes[1]
