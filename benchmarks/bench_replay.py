"""Replay of every actor over the bundled history: under 0.1 s, with 200 parameter draws under 1 s."""

import sys

import equinox as eqx
import numpy as np
import pandas as pd
from pandas_rules import trend_positions, trend_signals, volatility_target
from timing import machine, measure, real_file, report

import groundswell as gs
from groundswell.actors import TrendFollower, VolTarget
from groundswell.core.draws import ensemble
from groundswell.runs.history import lay_out
from groundswell.runs.replay import replay
from groundswell.world.roster import actors_for

DRAWS = 200


def main(prices: str | None = None) -> None:
    """Print the table; `prices` replaces the bundled history."""
    start = machine()
    history = lay_out(gs.load(real_file(prices)))
    actors, _ = actors_for(history.assets)
    closes = pd.DataFrame({"index": history.closes[: history.length, 0]}, index=history.dates)
    returns = np.log(closes).diff()
    fund, trend = VolTarget(), TrendFollower()

    def in_pandas() -> None:
        volatility_target(returns["index"], fund)
        trend_positions(closes, returns, trend)

    drawn = ensemble({"fund": fund, "trend": trend}, 0, 0, 1 + DRAWS, DRAWS)

    def in_pandas_with_draws() -> None:
        signals = trend_signals(closes, trend)  # no draw changes a look-back: once is enough
        for member in range(1 + DRAWS):
            one = {key: _member(module, member) for key, module in drawn.items()}
            volatility_target(returns["index"], one["fund"])
            trend_positions(closes, returns, one["trend"], signals)

    ours = measure(
        f"replay, {len(actors)} actors, {history.length:,} sessions", lambda: replay(history, actors), 0.1
    )
    ours_drawn = measure(f"the same with {DRAWS} draws", lambda: replay(history, actors, draws=DRAWS), 1.0)
    report(
        "Replay",
        [
            (ours, [measure("pandas, 2 of the actors", in_pandas)]),
            (ours_drawn, [measure("pandas, 2 of the actors, draw by draw", in_pandas_with_draws, repeats=3)]),
        ],
        start,
        "The pandas version has the volatility-target and trend rules alone: exposures, no orders\n"
        "(initiating, reflexive), no state to project from, no calendar, leveraged or balanced funds.",
    )


def _member(module: VolTarget | TrendFollower, member: int) -> VolTarget | TrendFollower:
    arrays, rest = eqx.partition(module, eqx.is_array)
    return eqx.combine(_take(arrays, member), rest)


def _take(arrays: VolTarget | TrendFollower, member: int) -> VolTarget | TrendFollower:
    from groundswell.core.engine import jax

    return jax.tree.map(lambda leaf: leaf[..., member], arrays)


if __name__ == "__main__":
    main(*sys.argv[1:2])
