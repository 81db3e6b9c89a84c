"""The gamma of option dealers.

- The published worked examples: the profile, its flip, the futures and the feedback, to their printed digits.
- 20,000 contracts, one-day options among them, on 200 spots: 1e-10 of the direct formula, on any spots, in
  any order, under every convention; also where the gamma is vanishingly small.
- Scaling: open interest, contract size, index; shifting a chain; adding chains; conventions and customers.
- With and without the next expiry and the options of the day; contracts at their settlement.
- Flips: chains with 0, 1, 2 and 3 under every convention, with and without the next expiry; narrow ones,
  close pairs, on the edge, outside the range; all of a random chain by a fine grid; none where all cancels;
  levels to 1e-8.
- Exposures add up the greeks; gamma by the profile and by differences of delta.
- What is no chain is refused.
"""

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from groundswell.data.errors import DataError
from groundswell.measure import bell_curves, gamma, gamma_flips, options
from groundswell.measure.gamma_chain import CONVENTIONS

COLUMNS = ["strike", "vol", "kind", "open_interest", "years"]
DAY = 1 / 365


def chain_of(*rows: tuple[float, float, str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS)


WORKED = chain_of(
    (6400, 0.22, "P", 60_000, 30 * DAY),
    (6500, 0.20, "P", 80_000, 30 * DAY),
    (6600, 0.18, "P", 50_000, 30 * DAY),
    (6700, 0.16, "P", 30_000, 30 * DAY),
    (6700, 0.16, "C", 40_000, 30 * DAY),
    (6800, 0.145, "C", 70_000, 30 * DAY),
    (6900, 0.135, "C", 60_000, 30 * DAY),
)


def direct(
    chain: pd.DataFrame, spots: np.ndarray, held: np.ndarray, rate: Any = 0.0, dividend_yield: Any = 0.0
) -> np.ndarray:
    """Return the profile by the formula as it is printed, one spot at a time."""
    k, v, oi, t = (chain[name].to_numpy(dtype=float) for name in ("strike", "vol", "open_interest", "years"))
    found = []
    for s in spots:
        d1 = (np.log(s / k) + (rate - dividend_yield + v**2 / 2) * t) / (v * np.sqrt(t))
        each = np.exp(-dividend_yield * t) * norm.pdf(d1) / (s * v * np.sqrt(t))
        found.append(np.sum(held * oi * 100 * each * s**2 * 0.01) / 1e9)
    return np.array(found)


def large_chain(count: int = 20_000, seed: int = 0) -> pd.DataFrame:
    """Return a chain as SPX has it: daily expiries for a month, then weeks, months and years."""
    rng = np.random.default_rng(seed)
    days = np.concatenate([np.arange(1, 31), np.linspace(37, 120, 12), np.linspace(150, 1_800, 8)])
    years = np.repeat(days * DAY, count // len(days))
    strikes = np.round(6_700 * np.exp(rng.uniform(-3, 2, len(years)) * 0.16 * np.sqrt(years + 0.05)) / 5) * 5
    skew = 0.16 - 0.3 * np.log(strikes / 6_700) / np.sqrt(1 + 20 * years)
    return pd.DataFrame(
        {
            "strike": strikes,
            "vol": np.clip(skew, 0.07, 1.5) * rng.uniform(0.98, 1.02, len(years)),
            "kind": rng.choice(["C", "P"], len(years)),
            "open_interest": rng.integers(0, 9_000, len(years)).astype(float),
            "years": years,
        }
    )


def signs(chain: pd.DataFrame) -> np.ndarray:
    return np.where(chain["kind"] == "C", 1.0, -1.0)


def test_the_worked_example_to_its_printed_digits() -> None:
    spots = np.arange(6300, 7001, 100)
    printed = [-5.7633, -5.4926, -4.2147, -2.0739, 0.4229, 2.5884, 3.8700, 4.0972]
    np.testing.assert_array_equal(np.round(gamma.profile(WORKED, spots), 4), printed)
    flips = gamma.flips(WORKED, 6000, 7500)
    np.testing.assert_array_equal(np.round(flips, 2), [6682.89])
    one = chain_of((6700, 0.16, "C", 1, 30 * DAY))
    assert round(gamma.profile(one, 6700) * 1e9) == 58_255


def test_amounts_in_futures_and_the_feedback_of_hedging() -> None:
    assert round(gamma.in_futures(9.5, 5350)) == 35_514
    assert round(2.75e9 / (50 * 14_500)) == 3793  # the level at which 2.75bn are 14,500 futures
    assert gamma.in_futures(2.75, 3793) == pytest.approx(14_500, rel=1e-4)
    k = 0.0028 / 39
    assert round(100 * 5 * k, 4) == 0.0359
    assert round(gamma.feedback(5, k), 4) == 0.9653
    assert round(gamma.feedback(-5, k), 4) == 1.0372
    np.testing.assert_allclose(gamma.feedback([0, 5], k), [1, gamma.feedback(5, k)])
    with pytest.raises(DataError, match="calls for a larger one"):
        gamma.feedback(-140, k)
    assert gamma.hedging_flow(4.0, 0.01) == -4.0
    np.testing.assert_allclose(gamma.hedging_flow([4.0, -2.0], -0.005), [2.0, -1.0])


@pytest.mark.parametrize(
    "spots",
    [
        np.linspace(5_500, 8_000, 200),
        np.geomspace(6_000, 7_400, 200),
        np.random.default_rng(1).permutation(np.linspace(4_000, 9_000, 200)),
        np.linspace(6_690, 6_710, 200),
        np.geomspace(500, 90_000, 200),
        np.array([6_700.0]),
        np.full((2, 3), 6_650.0),
    ],
)
def test_a_large_chain_equals_the_direct_formula(spots: np.ndarray) -> None:
    chain = large_chain()
    rates = np.linspace(0.03, 0.05, len(chain))
    for convention, held in [("calls_long_puts_short", signs(chain)), ("all_short", -np.ones(len(chain)))]:
        some = spots.ravel()[:: 1 if convention == "all_short" else 7]
        found = gamma.profile(chain, spots, rate=rates, dividend_yield=0.013, convention=convention)
        assert found.shape == spots.shape
        expected = direct(chain, some, held, rates, 0.013)
        np.testing.assert_allclose(
            found.ravel()[:: 1 if convention == "all_short" else 7], expected, rtol=1e-10
        )


def test_one_day_options_alone_equal_the_direct_formula() -> None:
    chain = large_chain(4_000).assign(years=DAY)
    spots = np.linspace(5_800, 7_600, 201)
    expected = direct(chain, spots, -np.ones(len(chain)))
    np.testing.assert_allclose(gamma.profile(chain, spots, convention="all_short"), expected, rtol=1e-10)
    minutes = large_chain(4_000).assign(years=10 / 525_600)
    expected = direct(minutes, spots, -np.ones(len(chain)))
    np.testing.assert_allclose(gamma.profile(minutes, spots, convention="all_short"), expected, rtol=1e-10)


def test_the_gamma_of_a_large_chain_takes_milliseconds() -> None:
    chain, spots = large_chain(), np.linspace(5_500, 8_000, 200)
    gamma.profile(chain, spots)
    times = []
    for _ in range(7):
        start = time.perf_counter()
        gamma.profile(chain, spots)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.05  # the bar of 10 ms is held by benchmarks/bench_gamma.py on a quiet machine


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**31),
    st.floats(-4, 0),
    st.floats(0.5, 3),
    st.integers(1, 60),
    st.integers(1, 120),
)
def test_sums_of_bells_of_any_width_equal_the_sum_of_terms(
    seed: int, least: float, decades: float, count: int, points: int
) -> None:
    rng = np.random.default_rng(seed)
    widths = 10 ** rng.uniform(least - decades, least, count)
    centres, heights = rng.uniform(-0.6, 0.6, count), rng.normal(size=count)
    at = rng.uniform(-0.5, 0.5, points)
    z = (at[:, None] - centres) / widths
    terms = heights * np.exp(-z * z / 2)
    gross = np.abs(terms).sum(axis=1)
    found = bell_curves.total(at, centres, widths, heights)
    assert np.all(np.abs(found - terms.sum(axis=1)) <= 1e-10 * np.abs(terms.sum(axis=1)) + 1e-13 * gross)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 100), st.floats(0.01, 100), st.sampled_from(CONVENTIONS))
def test_the_gamma_scales_with_what_is_open_and_with_the_index(
    times: float, index: float, convention: Any
) -> None:
    spots = np.linspace(6300, 7000, 30)
    plain = gamma.profile(WORKED, spots, convention=convention)
    more = WORKED.assign(open_interest=WORKED["open_interest"] * times)
    np.testing.assert_allclose(gamma.profile(more, spots, convention=convention), times * plain, rtol=1e-11)
    sized = gamma.profile(WORKED, spots, convention=convention, contract_size=100 * times)
    np.testing.assert_allclose(sized, times * plain, rtol=1e-11)
    scaled = WORKED.assign(strike=WORKED["strike"] * index)
    moved = gamma.profile(scaled, spots * index, convention=convention)
    np.testing.assert_allclose(moved, index * plain, rtol=1e-9)


def test_conventions_give_each_kind_its_sign_and_customers_lie_between() -> None:
    spots = np.linspace(6300, 7000, 8)
    calls, puts = (WORKED[WORKED["kind"] == kind] for kind in "CP")
    long_calls, long_puts = gamma.profile(calls, spots), -gamma.profile(puts, spots)
    assert (long_calls > 0).all()
    assert (long_puts > 0).all()
    np.testing.assert_allclose(gamma.profile(WORKED, spots), long_calls - long_puts, atol=1e-12)
    short = gamma.profile(WORKED, spots, convention="all_short")
    np.testing.assert_allclose(short, -long_calls - long_puts, rtol=1e-12)
    mixed = gamma.profile(WORKED, spots, convention="mixed", customer_share=0.3)
    np.testing.assert_allclose(mixed, 0.4 * long_calls - long_puts, atol=1e-12)
    table = gamma.band(WORKED, spots, customer_share=0.3)
    np.testing.assert_allclose(table["mixed"], mixed, atol=1e-12)
    np.testing.assert_array_equal(table["low"], table[list(CONVENTIONS)].min(axis=1))
    np.testing.assert_array_equal(table["high"], table[list(CONVENTIONS)].max(axis=1))
    assert list(table.index) == list(spots)
    assert table.attrs["unit"] == "USD bn per 1%"


def test_the_next_expiry_and_the_options_of_the_day_can_be_left_out() -> None:
    hour = 1 / (365 * 24)
    today = chain_of((6700, 0.1, "C", 10, 3 * hour), (6750, 0.1, "C", 10, 6.5 * hour))
    morrow = chain_of((6700, 0.1, "C", 10, 17.5 * hour), (6700, 0.1, "P", 5, 30 * hour))
    every = pd.concat([today, morrow, WORKED])
    later = pd.concat([morrow, WORKED])
    spots = np.linspace(6500, 6900, 9)
    for without in ("next", "same_day"):
        found = gamma.profile(every, spots, without=without)
        np.testing.assert_allclose(found, gamma.profile(later, spots), rtol=1e-12)
    np.testing.assert_allclose(
        gamma.profile(later, spots, without="same_day"), gamma.profile(later, spots), rtol=1e-12
    )
    pm = pd.concat([morrow[morrow["years"] > 29 * hour], WORKED])  # the morning is another day's end
    np.testing.assert_allclose(
        gamma.profile(later, spots, without="next"), gamma.profile(pm, spots), rtol=1e-12
    )
    assert not gamma.profile(today, spots, without="next").any()
    assert not len(gamma.flips(every, 6500, 6600, without="next"))
    np.testing.assert_allclose(
        gamma.flips(every, 6600, 6800, without="next"), gamma.flips(later, 6600, 6800), rtol=1e-12
    )


def test_contracts_at_their_settlement_add_nothing() -> None:
    settled = chain_of((6700, 0.16, "C", 1e6, 0.0))
    spots = np.array([6500.0, 6700.0])
    np.testing.assert_array_equal(gamma.profile(settled, spots), 0)
    np.testing.assert_array_equal(
        gamma.profile(pd.concat([settled, WORKED]), spots), gamma.profile(WORKED, spots)
    )
    assert np.isfinite(gamma.profile(settled.assign(years=1e-12), spots)).all()


TWO_FLIPS = chain_of((6300, 0.2, "P", 5e4, 0.05), (6700, 0.15, "C", 6e4, 0.05), (7100, 0.2, "P", 5e4, 0.05))
THREE_FLIPS = pd.concat([TWO_FLIPS, chain_of((7500, 0.15, "C", 9e4, 0.05))])


@pytest.mark.parametrize(
    ("chain", "low", "high", "count"),
    [
        (WORKED, 6000, 7500, 1),
        (WORKED, 6690, 7500, 0),
        (WORKED[WORKED["kind"] == "C"], 3000, 9000, 0),
        (TWO_FLIPS, 6000, 7400, 2),
        (THREE_FLIPS, 6000, 7700, 3),
        # Needles between the points of any coarse grid: ten minutes before the close.
        (
            pd.concat([WORKED, chain_of((6333.3, 0.1, "C", 2e5, 10 / 525_600))]),
            6000,
            7500,
            3,
        ),
        # Bells that vanish below the smallest number between them.
        (chain_of((5000, 0.1, "P", 10, DAY), (7000, 0.1, "C", 10, DAY)), 4000, 8000, 1),
    ],
)
def test_every_flip_is_found(chain: pd.DataFrame, low: float, high: float, count: int) -> None:
    flips = gamma.flips(chain, low, high)
    assert len(flips) == count
    assert (np.diff(flips) > 0).all()
    for flip in flips:
        beside = flip * np.exp(np.array([-1e-8, 1e-8]))
        k, v, t = (chain[name].to_numpy() for name in ("strike", "vol", "years"))
        z = (np.log(beside[:, None] / k) + v**2 / 2 * t) / (v * np.sqrt(t))
        power = np.log(chain["open_interest"].to_numpy() / (v * np.sqrt(t))) - z**2 / 2
        net = np.sum(signs(chain) * np.exp(power - power.max()), axis=1)
        assert net[0] * net[1] < 0


NEEDLES = chain_of((6500, 0.12, "C", 4e4, 2 * DAY), (6900, 0.12, "P", 4e4, 2 * DAY))


@pytest.mark.parametrize(
    ("chain", "high", "count", "count_without_next"),
    [
        (WORKED[WORKED["kind"] == "C"], 9000, 0, 0),
        (WORKED, 7500, 1, 0),
        (TWO_FLIPS, 7400, 2, 0),
        (THREE_FLIPS, 7700, 3, 0),
        (pd.concat([NEEDLES.iloc[:1], WORKED]), 7500, 3, 1),
        (pd.concat([chain_of((6000, 0.1, "P", 1e4, DAY)), TWO_FLIPS]), 7400, 2, 2),
        (pd.concat([NEEDLES, WORKED]), 7500, 5, 1),
    ],
)
def test_flips_of_constructed_chains_under_each_convention_and_without_the_next_expiry(
    chain: pd.DataFrame, high: float, count: int, count_without_next: int
) -> None:
    assert len(gamma.flips(chain, 5900, high)) == count
    assert len(gamma.flips(chain, 5900, high, without="next")) == count_without_next
    for without, number in (("next", count_without_next), (None, count)):
        split: Any = {"convention": "mixed", "customer_share": 0.0, "without": without}
        assert len(gamma.flips(chain, 5900, high, **split)) == number
        assert not len(gamma.flips(chain, 5900, high, convention="all_short", without=without))
        assert not len(
            gamma.flips(chain, 5900, high, convention="mixed", customer_share=0.5, without=without)
        )
    # A book with the calls smaller by 1 - 2 x share is what "mixed" says.
    scaled = chain.assign(
        open_interest=chain["open_interest"].where(chain["kind"] == "P", 0.8 * chain["open_interest"])
    )
    np.testing.assert_allclose(
        gamma.flips(chain, 5900, high, convention="mixed", customer_share=0.1),
        gamma.flips(scaled, 5900, high),
        rtol=1e-12,
    )


@pytest.mark.parametrize("years", [DAY, 10 / 525_600, 1 / 525_600])
def test_flips_beside_needles_are_found_in_a_wide_range(years: float) -> None:
    pair = chain_of((6500, 0.12, "C", 4e4, years), (6900, 0.12, "P", 4e4, years))
    (flip,) = gamma.flips(pair, 4000, 10_000)
    assert flip == pytest.approx(np.sqrt(6500 * 6900), rel=1e-4)  # alike at their middle in logarithms
    many = chain_of(*[(6000 + 100 * at, 0.1, "CP"[at % 2], 1e4, years) for at in range(10)])
    assert len(gamma.flips(many, 3000, 12_000)) == 9


def test_a_flip_belongs_to_the_range_that_holds_it() -> None:
    (flip,) = gamma.flips(WORKED, 6000, 7500)
    assert not len(gamma.flips(WORKED, 6000, flip * (1 - 1e-9)))
    assert not len(gamma.flips(WORKED, flip * (1 + 1e-9), 7500))
    np.testing.assert_allclose(gamma.flips(WORKED, flip * (1 - 1e-9), flip * (1 + 1e-9)), [flip], rtol=1e-11)
    np.testing.assert_array_equal(gamma.flips(WORKED, 3000, 6000), [])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31))
def test_no_flip_of_a_random_chain_is_missed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 25))
    chain = pd.DataFrame(
        {
            "strike": rng.uniform(6000, 7400, count),
            "vol": rng.uniform(0.1, 0.3, count),
            "kind": rng.choice(["C", "P"], count),
            "open_interest": rng.uniform(1e3, 1e5, count),
            "years": rng.choice([0.5, 1, 5, 30, 90], count) * DAY,
        }
    )
    low, high = 6200.0, 7200.0
    spots = np.geomspace(low, high, 8_001)
    k, v, t = (chain[name].to_numpy()[:, None] for name in ("strike", "vol", "years"))
    z = (np.log(spots / k) + v**2 / 2 * t) / (v * np.sqrt(t))
    weights = signs(chain) * chain["open_interest"].to_numpy() / (v * np.sqrt(t))[:, 0]
    held = weights @ np.exp(-z * z / 2)
    changes = np.flatnonzero(np.sign(held[1:]) * np.sign(held[:-1]) < 0)
    flips = gamma.flips(chain, low, high)
    cells = np.searchsorted(spots, flips) - 1
    assert set(changes) <= set(cells)
    extra = np.bincount(cells, minlength=8_000)
    assert all(extra[cell] % 2 == (cell in changes) for cell in cells)  # more only in pairs within a cell


def test_close_pairs_edges_and_touches() -> None:
    # Two equal wide bells less a narrow one that just reaches through them.
    widths, heights = np.array([0.2, 0.01]), np.array([1.0, -1.0 - 1e-9])
    zeros = gamma_flips.zeros(np.zeros(2), widths, heights, -0.1, 0.13)
    near = np.sqrt(2e-9 / (1 / 0.01**2 - 1 / 0.2**2))
    np.testing.assert_allclose(zeros, [-near, near], rtol=1e-4)
    touching = gamma_flips.zeros(np.zeros(2), widths, np.array([1.0, -1.0]), -0.1, 0.13)
    assert len(touching) in (0, 2)  # equal but for rounding: touches, or crosses twice at one place
    assert np.all(np.abs(touching) < 1e-7)
    # Three zeros within one first cell, whose ends differ in sign.
    half = 0.4 / gamma_flips.FIRST_CELLS / 2
    centres, widths = np.array([-0.1, 0.1, -0.0005, 0.0005]), np.array([0.1, 0.1, 0.0005, 0.0005])
    zeros = gamma_flips.zeros(centres, widths, np.array([-1.0, 1.0, 0.1, -0.1]), -0.2 - half, 0.2 - half)
    assert len(zeros) == 3
    assert zeros[1] == pytest.approx(0, abs=1e-9)
    assert zeros[2] == pytest.approx(-zeros[0], rel=1e-6)
    assert zeros[2] < half
    # A zero on the edge of a first cell is found once.
    centres, widths = np.array([-0.1, 0.1]), np.array([0.05, 0.05])
    np.testing.assert_allclose(
        gamma_flips.zeros(centres, widths, np.array([1.0, -1.0]), -0.2, 0.2), [0], atol=1e-12
    )


def test_where_all_cancels_there_is_no_flip(monkeypatch: pytest.MonkeyPatch) -> None:
    both = chain_of((6700, 0.16, "C", 5e4, 0.1), (6700, 0.16, "P", 5e4, 0.1))
    assert not len(gamma.flips(both, 6000, 7500))
    empty = WORKED.assign(open_interest=0.0)
    assert not len(gamma.flips(empty, 6000, 7500))
    assert not gamma.profile(empty, [6700.0]).any()
    np.testing.assert_allclose(
        gamma.flips(pd.concat([both, WORKED]), 6000, 7500), gamma.flips(WORKED, 6000, 7500), rtol=1e-12
    )
    rng = np.random.default_rng(0)
    wide = rng.uniform(0.099, 0.101, 40)
    noise = np.concatenate([np.ones(40), -np.ones(40) * (1 + 1e-12)])
    monkeypatch.setattr(gamma_flips, "MOST_CELLS", 2_000)
    with pytest.raises(DataError, match="cancel to rounding"):
        gamma_flips.zeros(np.zeros(80), np.concatenate([wide, wide * (1 + 1e-12)]), noise, -0.2, 0.2)


def test_exposures_add_up_what_is_held() -> None:
    found = gamma.exposures(WORKED, 6700, rate=0.04, dividend_yield=0.01)
    each = options.greeks(6700, WORKED["strike"], WORKED["years"], WORKED["vol"], 0.04, 0.01, WORKED["kind"])
    held = signs(WORKED) * WORKED["open_interest"] * 100 / 1e9
    for name, unit in [("delta", 6700), ("vanna", 67), ("vega", 0.01)]:
        assert found[name] == pytest.approx(float((held * each[name]).sum()) * unit, rel=1e-12)
    assert found["charm"] == pytest.approx(float((held * each["charm"]).sum()) * 6700 / 365, rel=1e-12)
    assert found["theta"] == pytest.approx(float((held * each["theta"]).sum()) / 365, rel=1e-12)
    profile = gamma.profile(WORKED, 6700, rate=0.04, dividend_yield=0.01)
    assert found["gamma"] == pytest.approx(float(profile), rel=1e-12)

    def shares(spot: float, days: float = 0) -> float:
        known: dict[str, Any] = {"elapsed_years": days * DAY, "rate": 0.04, "dividend_yield": 0.01}
        return gamma.exposures(WORKED, spot, **known)["delta"] / spot

    assert (shares(6701) - shares(6699)) / 2 * 67 * 6700 == pytest.approx(found["gamma"], rel=1e-4)
    assert (shares(6700, 0.01) - shares(6700)) * 6700 / 0.01 == pytest.approx(found["charm"], rel=1e-3)
    assert gamma.exposures(WORKED, 6700, elapsed_years=0.2)["delta"] == 0
    with pytest.raises(DataError, match="elapsed_years"):
        gamma.exposures(WORKED, 6700, elapsed_years=-0.2)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"years": -0.01}, "'years' is -0.01, and 6 more"),
        ({"vol": 0.0}, "'vol' is 0 in 7 of 7"),
        ({"vol": np.nan}, "'vol' is nan"),
        ({"strike": -1.0}, "'strike' is -1"),
        ({"open_interest": -1.0}, "'open_interest' is missing or negative"),
        ({"open_interest": np.nan}, "'open_interest' is missing or negative"),
        ({"kind": "call"}, "kind of an option is 'call'"),
        ({"kind": None}, "kind of an option is"),
        ({"strike": "x"}, "not a number"),
        ({"vol": 16.0}, "0.16 for 16%"),
        ({"vol": [5.0, 22, 18, 16, 16, 14.5, 13.5]}, "'vol' is 16 in the middle of its 7 contracts"),
        ({"years": 30.0}, "30/365 for 30 days"),
        ({"open_interest": True}, "values of type bool"),
        ({"years": pd.Timestamp("2022-01-01")}, "values of type datetime64"),
    ],
)
def test_what_is_no_chain_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        gamma.profile(WORKED.assign(**changed), [6700.0])
    with pytest.raises(DataError, match=words):
        gamma.flips(WORKED.assign(**changed), 6000, 7000)


def test_what_is_no_question_is_refused() -> None:
    asked: list[tuple[dict[str, Any], str]] = [
        ({"convention": "all_shorts"}, "did you mean 'all_short'"),
        ({"convention": "mixed", "customer_share": 1.5}, "customer share is 1.5"),
        ({"without": "today"}, "part to leave out is 'today'"),
        ({"rate": 5.0}, "decimal"),
        ({"rate": [0.01, 0.02]}, "one for each contract"),
        ({"contract_size": 0.0}, "contract size"),
        ({"contract_size": np.nan}, "contract size is nan"),
        ({"contract_size": "x"}, "'contract_size' has something"),
        ({"convention": None}, "convention is a NoneType"),
        ({"convention": "mixed", "customer_share": "x"}, "'customer_share' has something"),
        ({"rate": "x"}, "'rate' has something"),
        ({"dividend_yield": np.nan}, "decimal"),
    ]
    for known, words in asked:
        with pytest.raises(DataError, match=words):
            gamma.profile(WORKED, [6700.0], **known)
        with pytest.raises(DataError, match=words):
            gamma.exposures(WORKED, 6700.0, **known)
        with pytest.raises(DataError, match=words):
            gamma.flips(WORKED, 6000, 7000, **known)
    for chain, words in [
        (WORKED.iloc[:0], "no contract"),
        (None, "NoneType was given"),
        (WORKED.to_dict("list"), "dict was given"),
        (pd.concat([WORKED, WORKED[["vol"]]], axis=1), "column vol stands twice"),
    ]:
        for call in (
            lambda chain: gamma.profile(chain, [6700.0]),
            lambda chain: gamma.flips(chain, 6000, 7000),
            lambda chain: gamma.band(chain, [6700.0]),
            lambda chain: gamma.exposures(chain, 6700.0),
        ):
            with pytest.raises(DataError, match=words):
                call(chain)
    endless = WORKED.assign(open_interest=1e308)
    calls: list[tuple[Any, str]] = [
        (lambda: gamma.profile(endless, [6700.0], contract_size=1e308), "beyond the numbers"),
        (lambda: gamma.exposures(endless, 6700.0), "beyond the numbers"),
        (lambda: gamma.flips(WORKED, "a", 7000), "'low' has something"),
        (lambda: gamma.flips(WORKED, np.nan, 7000), "'spot' is nan"),
        (lambda: gamma.profile(WORKED, ["a"]), "'spots' has something"),
        (lambda: gamma.exposures(WORKED, [6700, 6800]), "'spot' has shape"),
        (lambda: gamma.hedging_flow(np.nan, 0.01), "'gamma' is nan"),
        (lambda: gamma.hedging_flow(1.0, "x"), "'move' has something"),
        (lambda: gamma.in_futures(np.nan, 6700), "'amount' is nan"),
        (lambda: gamma.in_futures(1.0, 6700, 0), "is 0"),
        (lambda: gamma.feedback(np.nan, 0.1), "'gamma' is nan"),
        (lambda: gamma.feedback(1.0, -0.1), "impact is -0.1"),
        (lambda: gamma.feedback([1, 2, 3], [0.1, 0.2]), "do not go together"),
    ]
    for call, words in calls:
        with pytest.raises(DataError, match=words):
            call()
    with pytest.raises(DataError, match="'spot' is 0"):
        gamma.profile(WORKED, [0.0])
    with pytest.raises(DataError, match="columns vol are missing"):
        gamma.profile(WORKED.drop(columns="vol"), [6700.0])
    with pytest.raises(DataError, match="low end below"):
        gamma.flips(WORKED, 7000, 6000)
    with pytest.raises(DataError, match="customer share"):
        gamma.band(WORKED, [6700.0], customer_share=-1)
    with pytest.raises(DataError, match="'spot' is -1"):
        gamma.in_futures(1.0, -1.0)
    assert gamma.profile(WORKED, []).shape == (0,)
