"""Trend positions along 10,000 paths of 21 sessions, 20 look-backs, from today's state: under 0.1 s."""

import sys

import numpy as np
import pandas as pd
from pandas_rules import trend_positions
from timing import machine, measure, real_file, report

import groundswell as gs
from groundswell.actors import TrendFollower
from groundswell.runs.history import lay_out
from groundswell.runs.project import project
from groundswell.runs.replay import replay

PATHS, SESSIONS = 10_000, 21
SAMPLE = 500
"""Paths of the pandas version; its time is scaled to all."""

LOOKED_BACK = 4 * 256
"""Sessions of history that pandas needs before the slowest average has forgotten its start."""


def main(prices: str | None = None) -> None:
    """Print the table; `prices` replaces the bundled history."""
    start = machine()
    history = lay_out(gs.load(real_file(prices)))
    actor = TrendFollower()
    replayed = replay(history, {"trend_follower": actor})
    returns = np.random.default_rng(0).normal(0, 0.01, (SESSIONS, PATHS))
    tail = history.closes[history.length - LOOKED_BACK : history.length, 0]

    def in_pandas() -> pd.DataFrame:
        ahead = tail[-1] * np.exp(np.cumsum(returns[:, :SAMPLE], axis=0))
        closes = pd.DataFrame(np.concatenate([np.repeat(tail[:, None], SAMPLE, axis=1), ahead]))
        return trend_positions(closes, np.log(closes).diff(), actor).tail(SESSIONS)

    ours = measure(
        f"{PATHS:,} paths x {SESSIONS} sessions x {len(actor.rules)} look-backs",
        lambda: project(replayed, returns),
        0.10,
    )
    note = f"{SAMPLE} paths timed, scaled to {PATHS:,}"
    report(
        "Projection from state",
        [
            (
                ours,
                [
                    measure(
                        "pandas, recomputing from history",
                        in_pandas,
                        repeats=3,
                        share=SAMPLE / PATHS,
                        note=note,
                    )
                ],
            )
        ],
        start,
    )


if __name__ == "__main__":
    main(*sys.argv[1:2])
