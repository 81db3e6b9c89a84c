"""Values and greeks of options.

- The published worked example to its printed digits, each with its unit.
- Every greek is the derivative it says, by differences of values and deltas at high precision.
- Put-call parity of value and of every greek; dividends and rates enter by the forward.
- QuantLib's greeks.
- Limits at settlement and without volatility: finite, continuous from before, on both sides of the strike.
- Expired options, negative volatilities, prices that are none, percentages and other kinds are refused;
  any finite figures give finite results or a refusal.
- The volatility implied by a price gives the price back; impossible prices have none.
"""

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st

from groundswell.data.errors import DataError
from groundswell.measure import implied_volatility, options

NAMES = ("delta", "gamma", "vega", "theta", "vanna", "charm", "rho")


def test_the_worked_example_to_its_printed_digits() -> None:
    found = options.greeks(6700, 6700, 30 / 365, 0.16)
    assert all(isinstance(value, float) for value in found.values())
    assert round(found["gamma"], 8) == 0.00129774
    assert round(found["gamma"] * 100 * 6700**2 * 0.01) == 58_255
    assert round(found["vanna"], 7) == 0.0571716
    assert round(found["charm_per_day"], 9) == -0.000152457
    put = options.greeks(6700, 6700, 30 / 365, 0.16, kind="P")
    assert put["charm_per_day"] == found["charm_per_day"]  # without dividends
    assert set(found) == {*NAMES, "theta_per_day", "charm_per_day"}
    assert found["charm"] == pytest.approx(365 * found["charm_per_day"], rel=1e-15)
    assert found["theta"] == pytest.approx(365 * found["theta_per_day"], rel=1e-15)


CONTRACTS = {
    "spot": st.floats(50, 200),
    "strike": st.floats(50, 200),
    "years": st.floats(0.02, 3),
    "vol": st.floats(0.08, 1.2),
    "rate": st.floats(-0.02, 0.12),
    "dividend_yield": st.floats(0, 0.08),
    "kind": st.sampled_from("CP"),
}


def difference(contract: dict[str, Any], name: str, of: str = "price") -> float:
    """Return the derivative by Richardson's rule, of the value or of a greek."""

    def at(step: float) -> float:
        moved = contract | {name: contract[name] + step}
        return options.price(**moved) if of == "price" else options.greeks(**moved)[of]

    width = contract["vol"] * math.sqrt(contract["years"])  # a greek turns over a width of ln(spot)
    h = 1e-3 * (1 if name == "rate" else contract[name])
    h = contract[name] * 0.01 * min(width, 0.2) if name == "spot" else h
    rough, fine = (at(h) - at(-h)) / (2 * h), (at(h / 2) - at(-h / 2)) / h
    return (4 * fine - rough) / 3


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries(CONTRACTS))
def test_every_greek_is_the_derivative_it_says(contract: dict[str, Any]) -> None:
    found = options.greeks(**contract)
    unit = contract["spot"]
    for name, derivative, scale in [
        ("delta", difference(contract, "spot"), 1),
        ("gamma", difference(contract, "spot", "delta"), 1 / unit),
        ("vega", difference(contract, "vol"), unit),
        ("theta", -difference(contract, "years"), unit),
        ("vanna", difference(contract, "vol", "delta"), 1),
        ("vanna", difference(contract, "spot", "vega"), 1),
        ("charm", -difference(contract, "years", "delta"), 1),
        ("rho", difference(contract, "rate"), unit),
    ]:
        assert found[name] == pytest.approx(derivative, rel=2e-5, abs=2e-5 * scale), name


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries(CONTRACTS))
def test_put_and_call_differ_by_the_forward(contract: dict[str, Any]) -> None:
    call, put = contract | {"kind": "C"}, contract | {"kind": "P"}
    s, k, t = contract["spot"], contract["strike"], contract["years"]
    r, q = contract["rate"], contract["dividend_yield"]
    carried, discounted = math.exp(-q * t), k * math.exp(-r * t)
    assert options.price(**call) - options.price(**put) == pytest.approx(
        s * carried - discounted, abs=1e-12 * (s + k)
    )
    expected = {
        "delta": carried,
        "theta": q * s * carried - r * discounted,
        "charm": q * carried,
        "rho": t * discounted,
    }
    one, other = options.greeks(**call), options.greeks(**put)
    for name in NAMES:
        assert one[name] - other[name] == pytest.approx(expected.get(name, 0.0), abs=1e-12 * (s + k)), name
    # A dividend yield only lowers the forward.
    moved = call | {"spot": s * carried, "dividend_yield": 0.0}
    assert options.price(**moved) == pytest.approx(options.price(**call), rel=1e-12, abs=1e-13)


def test_greeks_equal_those_of_quantlib() -> None:
    """Vanna and charm, which it lacks, against differences of its delta."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        s, k = rng.uniform(60, 140, 2)
        t, v = rng.uniform(0.01, 3), rng.uniform(0.05, 1.0)
        r, q = rng.uniform(-0.02, 0.1), rng.uniform(0, 0.06)
        kind = "CP"[rng.integers(2)]
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if kind == "C" else ql.Option.Put, k)

        def calculator(t: float = t, v: float = v) -> Any:
            forward, discount = s * math.exp((r - q) * t), math.exp(-r * t)  # noqa: B023
            return ql.BlackCalculator(payoff, forward, v * math.sqrt(t), discount)  # noqa: B023

        theirs = calculator()
        ours = options.greeks(s, k, t, v, r, q, kind)
        assert options.price(s, k, t, v, r, q, kind) == pytest.approx(theirs.value(), rel=1e-9, abs=1e-11)
        assert ours["delta"] == pytest.approx(theirs.delta(s), rel=1e-9, abs=1e-13)
        assert ours["gamma"] == pytest.approx(theirs.gamma(s), rel=1e-9, abs=1e-13)
        assert ours["vega"] == pytest.approx(theirs.vega(t), rel=1e-9, abs=1e-11)
        assert ours["theta"] == pytest.approx(theirs.theta(s, t), rel=1e-8, abs=1e-10)
        assert ours["rho"] == pytest.approx(theirs.rho(t), rel=1e-9, abs=1e-11)
        h, d = 1e-5 * v, 1e-5 * t
        vanna = (calculator(v=v + h).delta(s) - calculator(v=v - h).delta(s)) / (2 * h)
        charm = (calculator(t=t - d).delta(s) - calculator(t=t + d).delta(s)) / (2 * d)
        assert ours["vanna"] == pytest.approx(vanna, rel=1e-6, abs=1e-8)
        assert ours["charm"] == pytest.approx(charm, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("kind", "side"), [("C", 1), ("P", -1)])
@pytest.mark.parametrize(("years", "vol"), [(0.0, 0.2), (0.5, 0.0), (0.0, 0.0)])
def test_limits_stand_where_time_or_volatility_ends(kind: str, side: int, years: float, vol: float) -> None:
    r, q = 0.05, 0.02
    strikes = np.array([90.0, 100 * math.exp((r - q) * years), 110.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = options.greeks(100, strikes, years, vol, r, q, kind)
        almost = options.greeks(100, strikes, max(years, 1e-8), max(vol, 1e-5), r, q, kind)
    for name in NAMES:
        assert np.isfinite(found[name]).all(), name
        off = [0, 2]
        np.testing.assert_allclose(found[name][off], almost[name][off], atol=2e-6, err_msg=name)
    carried = math.exp(-q * years)
    held = np.array([1, 0.5, 0]) if side > 0 else np.array([0, -0.5, -1])
    np.testing.assert_allclose(found["delta"], carried * held, atol=1e-15)
    assert not found["gamma"].any()
    if years > 0:  # exactly at the forward vega and vanna keep the value they tend to
        np.testing.assert_allclose(found["vega"][1], almost["vega"][1], rtol=1e-9)
        np.testing.assert_allclose(found["vanna"][1], almost["vanna"][1], rtol=1e-5)


def test_extremes_give_numbers_and_no_warnings() -> None:
    spots = np.array([1e-3, 1, 100, 1e6])[:, None, None, None]
    strikes = np.array([1e-3, 100, 1e6])[:, None, None]
    years = np.array([0, 1e-15, 1e-9, 1, 100])[:, None]
    vols = np.array([0, 1e-15, 1e-6, 0.2, 50])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = options.greeks(spots, strikes, years, vols, 0.03, 0.01, "P")
    assert found["gamma"].shape == (4, 3, 5, 5)
    assert all(np.isfinite(values).all() for values in found.values())


def test_arrays_and_kinds_go_together() -> None:
    many = options.greeks(100, [90, 100, 110], 0.1, 0.2, kind=["C", "P", "C"])
    for at, (strike, kind) in enumerate([(90, "C"), (100, "P"), (110, "C")]):
        one = options.greeks(100, strike, 0.1, 0.2, kind=kind)
        assert [many[name][at] for name in many] == pytest.approx(list(one.values()), rel=1e-14)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"years": -0.01}, "'years' is -0.01"),
        ({"years": [0.1, -1.0, -2.0]}, "'years' is -1, and 1 more"),
        ({"vol": -0.2}, "'vol' is -0.2"),
        ({"vol": math.nan}, "'vol' is nan"),
        ({"spot": 0.0}, "'spot' is 0"),
        ({"strike": -5.0}, "'strike' is -5"),
        ({"strike": math.inf}, "'strike' is inf"),
        ({"rate": 5.25}, "decimal"),
        ({"dividend_yield": 1.5}, "decimal"),
        ({"kind": "call"}, "kind of an option is 'call'"),
        ({"kind": ["C", "X"]}, "'X'"),
        ({"strike": [1.0, 2.0], "vol": [0.1, 0.2, 0.3]}, "do not go together"),
        ({"strike": "x"}, "'strike' has something that is not a number"),
        ({"vol": 16.0}, "0.16 for 16%"),
        ({"vol": [16.0, 22.0]}, "divide percentages by 100"),
        ({"years": 101.0}, "from 0 to 100 years"),
        ({"years": np.timedelta64(30, "D")}, "type timedelta64"),
        ({"spot": True}, "type bool"),
        ({"spot": None}, "'spot' is nan"),
        ({"kind": None}, "kind of an option is 'missing'"),
        ({"kind": pd.Series(["C", pd.NA], dtype="string")}, "'missing'"),
        ({"strike": [1.0, 2.0], "kind": ["C"] * 3}, "do not go together"),
        ({"spot": 1e308, "strike": 1e308, "years": 100.0, "rate": -0.9}, "beyond the numbers"),
    ],
)
def test_what_is_no_option_is_refused(changed: dict[str, Any], words: str) -> None:
    known: dict[str, Any] = {"spot": 100.0, "strike": 100.0, "years": 0.1, "vol": 0.2}
    with pytest.raises(DataError, match=words):
        options.greeks(**(known | changed))
    with pytest.raises(DataError, match=words):
        options.price(**(known | changed))


@settings(max_examples=60, deadline=None)
@given(st.floats(0.02, 3), st.floats(0.05, 1.5), st.floats(-3, 3), st.floats(-0.02, 0.1), st.booleans())
def test_the_volatility_of_a_price_comes_back(
    years: float, vol: float, place: float, rate: float, is_call: bool
) -> None:
    strike = 4000 * math.exp(place * vol * math.sqrt(years))
    discount = math.exp(-rate * years)
    value = options.price(4000 * discount, strike, years, vol, rate, 0, "C" if is_call else "P")
    found = implied_volatility.from_price(
        value, 4000, strike, years, discount=discount, is_call=is_call
    )  # the spot of a stock without dividends is the discounted forward
    again = options.price(4000 * discount, strike, years, float(found), rate, 0, "C" if is_call else "P")
    assert again == pytest.approx(value, rel=1e-9)
    deep = (strike < 4000) == is_call  # there the time value is what is left of a large price
    assert float(found) == pytest.approx(vol, rel=1e-5 if deep else 1e-9)


def test_prices_without_a_volatility_have_none() -> None:
    known: dict[str, Any] = {"forward": 100.0, "strike": 90.0, "years": 0.1, "discount": 1.0}
    values = implied_volatility.from_price([np.nan, 10.0, 9.0, 100.0, 120.0, 10.5], **known, is_call=True)
    assert np.isnan(values).tolist() == [True, True, True, True, True, False]
    for name in known:
        for wrong in (0.0, np.inf, np.nan, "x", [90.0, -1.0]):
            with pytest.raises(DataError, match=name):
                implied_volatility.from_price(10.5, **(known | {name: wrong}), is_call=True)
    for kind in ("P", ["C", "P"], 1, np.nan, [True, [False]], None):
        with pytest.raises(DataError, match="is_call"):
            implied_volatility.from_price(10.5, **known, is_call=kind)
    with pytest.raises(DataError, match="do not go together"):
        implied_volatility.from_price([1.0, 2.0, 3.0], **(known | {"strike": [90, 95]}), is_call=True)


def test_columns_of_a_table_may_be_of_any_type_that_holds_numbers() -> None:
    plain = options.greeks(100, [90, 110], 0.1, [0.2, 0.3], kind=["C", "P"])
    table = pd.DataFrame({"strike": [90, 110], "vol": [0.2, 0.3], "kind": ["C", "P"]})
    for typed in (
        table,
        table.convert_dtypes(),
        table.convert_dtypes(dtype_backend="pyarrow"),
        table.astype(object),
        table.astype({"kind": "category", "strike": str}),
    ):
        found = options.greeks(100, typed["strike"], 0.1, typed["vol"], kind=typed["kind"])
        for name in plain:
            np.testing.assert_array_equal(found[name], plain[name])


FIGURES = (
    st.floats(allow_nan=True, allow_infinity=True) | st.floats(-2, 2) | st.sampled_from([0.0, 100.0, -0.0])
)


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries(
        dict.fromkeys(("spot", "strike", "years", "vol", "rate", "dividend_yield"), FIGURES)
    )
)
def test_any_figures_give_finite_results_or_a_refusal(contract: dict[str, float]) -> None:
    for kind in "CP":
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = options.greeks(**contract, kind=kind) | {
                    "price": options.price(**contract, kind=kind)
                }
            except DataError:
                return
        assert all(math.isfinite(value) for value in found.values())
