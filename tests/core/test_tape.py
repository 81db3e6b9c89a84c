"""The tape: one close at a time gives what pandas computes from the whole history."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundswell.core.engine import jax, jnp
from groundswell.core.tape import Tape, Watch

WATCH = Watch(
    means=(5, 35, 64),
    lags=(1, 21, 63),
    extremes=(1, 2, 7, 20, 33, 64),
    price_spans=(4, 32),
    difference_spans=(35,),
    return_centres=(60,),
    return_windows=(21, 63),
)


@jax.jit
def _run(closes: jax.Array) -> dict[str, jax.Array]:
    def step(tape: Tape, close: jax.Array) -> tuple[Tape, dict[str, jax.Array]]:
        tape = tape.push(close)
        seen = {f"mean {n}": tape.mean(n) for n in WATCH.means}
        seen |= {f"lag {n}": tape.lagged(n) for n in WATCH.lags}
        seen |= {f"high {n}": tape.prior_highest(n) for n in WATCH.extremes}
        seen |= {f"low {n}": tape.prior_lowest(n) for n in WATCH.extremes}
        seen |= {f"average {n}": tape.price_average(n) for n in WATCH.price_spans}
        seen |= {"deviation": tape.difference_deviation(35)}
        seen |= {"exponential": tape.exponential_volatility(60)}
        seen |= {f"realised {n}": tape.realised_volatility(n) for n in WATCH.return_windows}
        return tape, seen

    return jax.lax.scan(step, Tape.blank(WATCH, closes.shape[1]), closes)[1]


def by_pandas(prices: pd.DataFrame) -> dict[str, pd.DataFrame]:
    logs = np.log(prices).diff()
    table = {f"mean {n}": prices.rolling(n).mean() for n in WATCH.means}
    table |= {f"lag {n}": prices.shift(n) for n in WATCH.lags}
    table |= {f"high {n}": prices.shift(1).rolling(n).max() for n in WATCH.extremes}
    table |= {f"low {n}": prices.shift(1).rolling(n).min() for n in WATCH.extremes}
    table |= {f"average {n}": prices.ewm(span=n).mean() for n in WATCH.price_spans}
    table |= {"deviation": prices.diff().ewm(span=35).std()}
    table |= {"exponential": np.sqrt(252 * logs.ewm(com=60).var(bias=True))}
    table |= {f"realised {n}": logs.rolling(n).std() * np.sqrt(252) for n in WATCH.return_windows}
    return table


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.001, 0.05))
def test_every_statistic_equals_pandas_once_its_window_is_full(seed: int, scale: float) -> None:
    moves = np.random.default_rng(seed).normal(0, scale, (200, 2))
    prices = pd.DataFrame(100 * np.exp(np.cumsum(moves, axis=0)))
    seen = _run(jnp.asarray(prices.to_numpy()))
    for name, expected in by_pandas(prices).items():
        full = expected.notna().all(axis=1).to_numpy()
        assert full[-1]
        np.testing.assert_allclose(
            np.asarray(seen[name])[full], expected.to_numpy()[full], rtol=1e-9, atol=1e-7, err_msg=name
        )


def test_two_actors_together_watch_what_either_watches_once() -> None:
    both = Watch(means=(5, 20)) | Watch(means=(20, 60), lags=(3,))
    assert both == Watch(means=(5, 20, 60), lags=(3,))


def test_a_statistic_nobody_watches_cannot_be_read() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        Tape.blank(Watch(means=(5,)), 1).mean(6)
