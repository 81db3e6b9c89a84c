"""Whatever is given to the measures of options, futures and policy: an answer without a gap, or a refusal.

Sound arguments with one or two of them replaced, or one cell or column of a table, by anything a script might
pass: words, missing and infinite figures, truth values, dates, lists of another length, the wrong kind of
object. Nothing but the house's own error may come out, and no figure that is missing or infinite, but where
a table says why.
"""

import copy
import dataclasses
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundswell.core.option_book import book_from_chain
from groundswell.data.errors import GroundswellError
from groundswell.data.sources.source import Snapshot
from groundswell.measure import (
    belief_movement,
    chains,
    gamma,
    implied_volatility,
    options,
    policy_path,
    vix,
    vix_chain,
    vix_futures,
)

MOMENT = datetime(2022, 3, 1, 15, 0, tzinfo=UTC)
STRIKES = np.arange(3_500, 5_001, 50.0)
CHAIN = pd.DataFrame(
    {
        "strike": [6400, 6500, 6700, 6700, 6900],
        "vol": [0.22, 0.20, 0.16, 0.16, 0.135],
        "kind": list("PPPCC"),
        "open_interest": [60_000, 80_000, 30_000, 40_000, 60_000],
        "years": 30 / 365,
    }
)
TERM = pd.DataFrame(
    {
        "strike": STRIKES,
        **{
            f"{leg}_{side}": np.asarray(options.price(4_300, STRIKES, 0.1, 0.2, 0.03, 0, letter)) + half
            for leg, letter in (("call", "C"), ("put", "P"))
            for side, half in (("bid", 0.0), ("ask", 0.1))
        },
    }
)


def quotes() -> pd.DataFrame:
    parts = []
    for root, day in (("SPXW", "2022-03-18"), ("SPX", "2022-04-14"), ("SPX", "2022-06-16")):
        years = (pd.Timestamp(day) - pd.Timestamp("2022-03-01")) / pd.Timedelta(days=365)
        for kind, letter in (("call", "C"), ("put", "P")):
            mids = np.asarray(options.price(4_300, STRIKES, years, 0.2, 0.03, 0.01, letter))
            part = {"root": root, "kind": kind, "expiry": pd.Timestamp(day), "strike": STRIKES}
            part |= {"bid": mids, "ask": mids + 0.1, "open_interest": 10.0, "implied_volatility": 0.2}
            parts.append(pd.DataFrame(part | {"underlying": 4_300.0}))
    return pd.concat(parts, ignore_index=True)


QUOTES = quotes()
SETTLEMENTS = pd.DataFrame(
    {pd.Timestamp("2018-02-14"): [15.625, 33.225], pd.Timestamp("2018-03-21"): [14.975, 27.975]},
    index=pd.to_datetime(["2018-02-02", "2018-02-05"]),
)
PRICES = {"2022-09": 97.4475, "2022-10": 96.94, "2022-11": 96.43, "2022-12": 96.235, "2023-01": 96.115}
EVENINGS = pd.DataFrame(PRICES, index=pd.bdate_range("2022-08-01", "2022-08-12"))
MEETINGS = [date(2022, 9, 21), date(2022, 11, 2)]
SPAN = {"meetings": MEETINGS, "anchor": "auto", "day_count": "cme"}
HELD = {"rate": 0.04, "dividend_yield": 0.01, "convention": "mixed", "customer_share": 0.4}
HELD |= {"without": None, "contract_size": 100.0}
SHARE = {name: value for name, value in HELD.items() if name != "convention"}


def of_snapshot(taken: Any, quotes: Any, rate: Any, spot: Any) -> Any:
    """Return the chain without the forwards, which are missing where the table says why."""
    chain = chains.option_chain(Snapshot("chain.spx", taken, quotes), rate=rate, spot=spot)
    return chain.frame, chain.expiries.drop(columns="forward")


def of_curve(chain: Any, taken: Any, rate: Any, horizons: Any) -> Any:
    """Return the curve without levels that are missing for a reason told."""
    curve = vix_chain.curve(chain, taken, rate=rate, horizons=horizons)
    return curve[~(curve["level"].isna() & (curve["reason"] != ""))]


def of_days(**given: Any) -> Any:
    """Return the days that determine the meeting."""
    return policy_path.odds_over_time(**given).dropna(how="all")


def of_implied(**given: Any) -> Any:
    """Return the volatilities that prices have; others are missing, as stated."""
    found = implied_volatility.from_price(**given)
    return found[~np.isnan(found)]


def of_roll(settlements: Any) -> Any:
    """Return all but the first return, which nothing comes before."""
    return vix_futures.rolling_returns(settlements).iloc[1:]


ONE = {
    "spot": 100.0,
    "strike": 105.0,
    "years": 0.1,
    "vol": 0.2,
    "rate": 0.03,
    "dividend_yield": 0.01,
    "kind": "P",
}
STRIP = {
    "strikes": [90, 100, 110],
    "mids": [2, 3, 2],
    "forward": 101.0,
    "k0": 100,
    "minutes": 43_200,
    "rate": 0.03,
}
DOORS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "greeks": (options.greeks, ONE),
    "price": (options.price, ONE),
    "implied": (
        of_implied,
        {"price": 3.0, "forward": 100.0, "strike": 105.0, "years": 0.1, "discount": 0.99, "is_call": True},
    ),
    "profile": (gamma.profile, {"chain": CHAIN, "spots": [6500, 6700], **HELD}),
    "band": (gamma.band, {"chain": CHAIN, "spots": [6500, 6700], **SHARE}),
    "flips": (gamma.flips, {"chain": CHAIN, "low": 6000, "high": 7500, **HELD}),
    "exposures": (gamma.exposures, {"chain": CHAIN, "spot": 6700, "elapsed_years": 0.01, **HELD}),
    "flow": (gamma.hedging_flow, {"gamma": 4.0, "move": 0.01}),
    "futures": (gamma.in_futures, {"amount": 4.0, "spot": 6700, "multiplier": 50}),
    "feedback": (gamma.feedback, {"gamma": 4.0, "impact": 1e-4}),
    "book": (
        book_from_chain,
        {"chain": CHAIN, "spot": 6700, "market_value": 57e3, "level": 0.16, "skew": 0.2, "calls_held": 0.5},
    ),
    "strip": (vix.term_variance, STRIP),
    "widths": (vix.widths, {"strikes": [90, 100, 110]}),
    "term": (vix.term, {"quotes": TERM, "minutes": 52_560, "rate": 0.03}),
    "index": (vix.index, {"near": (0.04, 30_000), "next": (0.05, 50_000), "horizon_minutes": 43_200}),
    "chain": (of_snapshot, {"taken": MOMENT, "quotes": QUOTES, "rate": 0.03, "spot": None}),
    "curve": (of_curve, {"chain": QUOTES, "taken": MOMENT, "rate": 0.03, "horizons": {"30D": 43_200}}),
    "roll": (of_roll, {"settlements": SETTLEMENTS}),
    "return": (
        vix_futures.short_term_index_return,
        {
            "front_before": 15.625,
            "second_before": 14.975,
            "front_after": 33.225,
            "second_after": 27.975,
            "front_weight": 0.35,
        },
    ),
    "weights": (vix_futures.front_weights, {"sessions": SETTLEMENTS.index}),
    "reset": (vix_futures.reset_trade, {"assets": 3.2, "multiple": -1, "underlying": 0.961}),
    "contracts": (vix_futures.contracts_of, {"amount": 6.15, "level": 29.81}),
    "probabilities": (policy_path.meeting_probabilities, {"prices": PRICES, "start_rate": None, **SPAN}),
    "joint": (policy_path.joint, {"prices": PRICES, "start_rate": 2.33, **SPAN}),
    "aggregated": (policy_path.aggregated, {"prices": PRICES, "start_rate": None, **SPAN}),
    "odds": (of_days, {"prices": EVENINGS, "meeting": MEETINGS[0], "max_conditioning": 4.0, **SPAN}),
    "beliefs": (
        belief_movement.excess_movement,
        {"beliefs": [0.3, 0.5, 0.4], "revealed": (0.5, 1.0), "draws": 50, "seed": 0, "noise": 0.0},
    ),
    "excess": (belief_movement.excess_of, {"paths": [0.3, 0.5, 0.4]}),
    "bayesians": (belief_movement.bayesian_paths, {"prior": 0.3, "steps": 3, "revealed": 0.5, "draws": 20}),
}

CELLS = st.one_of(
    st.sampled_from(
        [np.nan, np.inf, -np.inf, 0, -1, 1e-300, 1e300, None, pd.NA, pd.NaT, "x", "", True, b"x", 1j]
    ),
    st.sampled_from([date(2022, 9, 21), datetime(2022, 9, 21), pd.Timestamp("2022-09-21", tz="UTC")]),
    st.sampled_from([timedelta(1), pd.Period("2022-09"), "2022-10", "C", "call", "6700", [1], {}]),
    st.floats(),
    st.integers(-(10**6), 10**6),
)
OBJECTS = st.one_of(
    CELLS,
    st.sampled_from([[], [1, 2], [[1], [2, 3]], (), {1: 2}, np.array([np.nan, 1.0]), pd.Series(["x"])]),
    st.sampled_from(
        [pd.DataFrame(), CHAIN, TERM, pd.Series(dtype=float), pd.Series([1, None], dtype="Int64")]
    ),
    st.lists(CELLS, max_size=4),
)


def spoiled(value: Any, data: st.DataObject) -> Any:
    """Return something else, or the table or list with something else in it."""
    if isinstance(value, pd.DataFrame) and data.draw(st.booleans()):
        table = value.copy()
        how = data.draw(
            st.sampled_from(["cell", "column", "drop", "twice", "rows", "repeat", "types", "index"])
        )
        place = data.draw(st.integers(0, table.shape[1] - 1))
        column = table.columns[place]
        if how == "cell":
            cells = list(table[column])
            cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(CELLS)
            table[column] = pd.Series(cells, index=table.index, dtype=object)
        elif how == "column":
            table[column] = pd.Series([data.draw(CELLS)] * len(table), index=table.index, dtype=object)
        elif how == "index":
            table.index = pd.Index(
                [data.draw(CELLS.filter(lambda cell: not isinstance(cell, (list, dict))))] * len(table)
            )
        else:
            made = {
                "drop": lambda: table.drop(columns=column),
                "twice": lambda: pd.concat([table, table[[column]]], axis=1),
                "rows": lambda: table.iloc[: data.draw(st.integers(0, 2))],
                "repeat": lambda: pd.concat([table, table]),
                "types": lambda: table.convert_dtypes(),
            }
            table = made[how]()
        return table
    if isinstance(value, (list, tuple)) and value and data.draw(st.booleans()):
        parts = list(value)
        parts[data.draw(st.integers(0, len(parts) - 1))] = data.draw(CELLS)
        return parts
    if isinstance(value, dict) and data.draw(st.booleans()):
        keys = st.sampled_from([*value, "2022-08", "x", 5, date(2022, 10, 1)])
        return value | {data.draw(keys): data.draw(CELLS)}
    return data.draw(OBJECTS)


def gaps(found: Any) -> bool:
    """Return whether a figure of the answer is missing or infinite."""
    if isinstance(found, (pd.DataFrame, pd.Series)):
        return (
            any(gaps(np.asarray(column)) for _, column in found.to_frame().items())
            if isinstance(found, pd.Series)
            else any(gaps(found.iloc[:, at].to_numpy()) for at in range(found.shape[1]))
        )
    if isinstance(found, Mapping):
        return any(map(gaps, found.values()))
    if isinstance(found, tuple):
        return any(map(gaps, found))
    if dataclasses.is_dataclass(found):
        return any(gaps(getattr(found, field.name)) for field in dataclasses.fields(found))
    values = np.asarray(found)
    return bool(values.dtype.kind == "f" and not np.isfinite(values).all())


@pytest.mark.parametrize("door", DOORS)
def test_sound_arguments_give_an_answer_without_a_gap(door: str) -> None:
    call, sound = DOORS[door]
    assert not gaps(call(**copy.deepcopy(sound)))


def hold(door: str, data: st.DataObject) -> None:
    call, sound = DOORS[door]
    names = data.draw(st.lists(st.sampled_from(list(sound)), min_size=1, max_size=2, unique=True))
    given_ = copy.deepcopy(sound) | {name: spoiled(sound[name], data) for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", policy_path.IllDeterminedWarning)
        try:
            found = call(**given_)
        except GroundswellError:
            return
    assert not gaps(found)


@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=6, deadline=None)
@given(st.data())
def test_anything_else_gives_an_answer_without_a_gap_or_a_refusal(door: str, data: st.DataObject) -> None:
    hold(door, data)


@pytest.mark.bars
@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=700, deadline=None)
@given(st.data())
def test_nothing_at_all_gets_through_at_length(door: str, data: st.DataObject) -> None:
    hold(door, data)
