"""Books of options from chains of quotes.

- Columns of any type that holds numbers give one book; its deltas are those of the greeks.
- Chains without contracts, time or volatility, percentages, and figures that are none are refused in words.
- Real chains, downloaded and recorded, go from the quotes to the dealers' order: finite for every return of
  a day within 10%, nothing for no return, and the mirror of their gamma for a small one.
"""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import equinox as eqx
import numpy as np
import pandas as pd
import pytest

from groundswell.actors.option_dealer import OptionDealer
from groundswell.core.day import View
from groundswell.core.engine import jax, jnp
from groundswell.core.option_book import OptionBook, book_from_chain, deltas
from groundswell.data.errors import DataError
from groundswell.data.sources import cboe_chain
from groundswell.data.sources.source import Snapshot
from groundswell.measure import chains, gamma, options
from tests.data.sources.answering import body

CHAIN = pd.DataFrame(
    {
        "strike": [6400, 6500, 6700, 6700, 6900],
        "vol": [0.22, 0.20, 0.16, 0.16, 0.135],
        "kind": list("PPPCC"),
        "open_interest": [60_000, 80_000, 30_000, 40_000, 60_000],
        "years": 30 / 365,
    }
)
KNOWN: dict[str, Any] = {"spot": 6700.0, "market_value": 57_000.0, "level": 0.16, "skew": 0.2}


def book(chain: Any = CHAIN, **changed: Any) -> OptionBook:
    return book_from_chain(chain, **(KNOWN | changed))


def test_a_book_has_the_deltas_of_its_chain_whatever_its_columns_are_made_of() -> None:
    plain = book()
    level, skew = jnp.asarray(0.16), jnp.asarray(0.2)
    found = deltas(plain, plain.distance, plain.years, level, skew)
    expected = options.greeks(6700, CHAIN["strike"], CHAIN["years"], CHAIN["vol"], kind=CHAIN["kind"])[
        "delta"
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    for typed in (
        CHAIN.convert_dtypes(),
        CHAIN.convert_dtypes(dtype_backend="pyarrow"),
        CHAIN.astype(object),
        CHAIN.astype({"kind": "category", "strike": str}),
    ):
        for one, other in zip(jax.tree.leaves(plain), jax.tree.leaves(book(typed)), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        (CHAIN.iloc[:0], "no contract"),
        (CHAIN.drop(columns="vol"), "columns vol are missing"),
        (None, "DataFrame"),
        (CHAIN.to_dict("list"), "dict was given"),
        (CHAIN.assign(vol="x"), "'vol' has something that is not a number"),
        (CHAIN.assign(vol=np.nan), "'vol' is nan"),
        (CHAIN.assign(vol=0), "'vol' is 0"),
        (CHAIN.assign(vol=16), "0.16 for 16%"),
        (CHAIN.assign(years=0), "'years' is 0 in 5 of 5"),
        (CHAIN.assign(years=-1), "'years' is -1"),
        (CHAIN.assign(years=30), "30/365 for 30 days"),
        (CHAIN.assign(kind="call"), "kind of an option is 'call'"),
        (CHAIN.assign(open_interest=-1), "'open_interest' is missing or negative"),
        (CHAIN.assign(strike=np.inf), "'strike' is inf"),
    ],
)
def test_chains_that_are_none_are_refused(chain: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        book(chain)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("spot", [0, -1, np.nan, np.inf, "x", None, [1, 2], 67, 670_000]),
        ("market_value", [0, np.nan, np.inf, "x"]),
        ("level", [0, 16, np.nan, "x"]),
        ("skew", [np.nan, np.inf, "x"]),
        ("calls_held", [-1.1, 5, np.nan, "x"]),
        ("puts_held", [2, np.nan]),
        ("contract_size", [0, -1, np.nan]),
    ],
)
def test_figures_that_are_none_are_refused(name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(DataError, match=f"'{name}'"):
            book(**{name: value})


ROOM = 20_992
"""Contracts that books are filled up to, so that all are compiled as one."""


def padded(held: OptionBook) -> OptionBook:
    count = ROOM - held.size.size
    fillers = {"distance": 0.0, "years": 1.0, "size": 0.0, "put": 0.0, "excess": 1.0}
    return OptionBook(
        **{name: jnp.append(getattr(held, name), jnp.full(count, fill)) for name, fill in fillers.items()}
    )


plan_of = eqx.filter_jit(lambda dealer, state, seen: dealer.plan(state, seen))
holding = eqx.filter_jit(lambda dealer, held, level: dealer.holding_book(held, level))
orders = eqx.filter_jit(lambda dealer, plan, moves: jax.vmap(lambda r: dealer.order(plan, r[None])[0])(moves))


def hedged(snapshot: Snapshot, rate: float, made: OptionDealer, seen: View) -> None:
    chain = chains.option_chain(snapshot, rate=rate)
    frame = chain.frame[chain.frame["years"] > 1 / 365]
    near = frame.iloc[(frame["strike"] / chain.spot - 1).abs().argsort()[:20]]
    level, cap = float(near["vol"].median()), float(seen.market_value)
    held = book_from_chain(frame, chain.spot, cap, level=level, skew=float(made.skew))
    for leaf in jax.tree.leaves(held):
        assert np.isfinite(leaf).all()
    held = padded(held)
    state = holding(made, held, jnp.asarray(level))
    plan = plan_of(made, state, seen)
    plan = eqx.tree_at(lambda p: (p.years, p.level), plan, (held.years, jnp.asarray(level)))
    moves = jnp.linspace(-0.1, 0.1, 21)
    traded = np.asarray(orders(made, plan, moves))
    assert np.isfinite(traded).all()
    assert traded[10] == pytest.approx(0.0, abs=1e-9)
    assert np.abs(traded).max() < 0.1 * cap
    # Each option keeps its own volatility: the order of a small move is minus its gamma.
    small = np.asarray(orders(made, plan, jnp.linspace(-1e-4, 1e-4, 21)))
    expected = float(gamma.profile(frame, chain.spot))
    assert (small[0] - small[-1]) / 2e-4 / 100 == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.fixture(scope="module")
def dealers() -> OptionDealer:
    """Return dealers in a market where each option keeps its volatility."""
    still = OptionDealer()
    return eqx.tree_at(lambda d: (d.skew, d.vol_response), still, (np.zeros(()), np.zeros(())))


@pytest.fixture(scope="module")
def evening(after_closes: Callable[..., View]) -> View:
    seen = after_closes(OptionDealer(), 100 * np.exp(np.cumsum(np.where(np.arange(80) % 2, 0.008, -0.008))))
    return replace(seen, market_value=jnp.asarray(40_000.0), implied_volatility=jnp.asarray(0.2))


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("spx_2022-02-05", 0.003),
        pytest.param("spx_2022-06-11", 0.0125, marks=pytest.mark.bars),
        ("spx_2022-12-12", 0.042),
        pytest.param("spx_2023-02-03_to_feb", 0.046, marks=pytest.mark.bars),
        pytest.param("spx_2025-01-06_jan", 0.043, marks=pytest.mark.bars),
        ("spy_2023-09-14", 0.053),
    ],
)
def test_downloaded_chains_become_orders(
    real_data: Callable[[str], Path], name: str, rate: float, dealers: OptionDealer, evening: View
) -> None:
    with gzip.open(real_data(f"options/{name}.csv.gz"), "rt", encoding="utf-8") as file:
        hedged(cboe_chain.read_quotedata(file.read()), rate, dealers, evening)


def test_recorded_chains_become_orders(
    recording: Callable[[str], Path], dealers: OptionDealer, evening: View
) -> None:
    delayed = recording("cboe/delayed_options_RUT_2023-09-21.json").read_bytes()
    answer = body(delayed, "cboe", fetched=datetime(2023, 9, 22, tzinfo=UTC))
    hedged(cboe_chain.read_chain(answer, "chain.rut"), 0.053, dealers, evening)
    text = recording("cboe/spx_quotedata_2023-02-03.csv").read_text("utf-8")
    hedged(cboe_chain.read_quotedata(text), 0.046, dealers, evening)
