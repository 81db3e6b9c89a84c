"""Units: conversion within a dimension, refusal across them, the published net-liquidity slip.

Known answers: net liquidity of 6 May 2026 and of three Wednesdays of January and April 2026, from the
Federal Reserve's H.4.1 and the Treasury's statements.
"""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.data.book import Series
from groundswell.data.errors import UnitError
from groundswell.data.units import DIMENSIONS, Measured, dimension, factor, known

WEDNESDAY = pd.DatetimeIndex(["2026-05-06"])


def measured(value: float, unit: str, name: str) -> Measured:
    return Measured(pd.Series([value], WEDNESDAY, name=name), unit)


def test_millions_minus_billions_is_an_error_that_names_both_and_the_repair() -> None:
    fed_assets = measured(6_709_505.0, "USD million", "fed_assets")
    on_rrp = measured(0.79, "USD bn", "on_rrp")
    with pytest.raises(UnitError) as refused:
        fed_assets - on_rrp
    message = str(refused.value)
    assert "'on_rrp' in USD bn was subtracted from 'fed_assets' in USD million" in message
    assert '.to("USD million")' in message
    tga = measured(877_761.0, "USD million", "tga")
    with pytest.raises(UnitError, match="from 'fed_assets - tga' in USD million"):
        fed_assets - tga - on_rrp


def test_the_typed_difference_is_the_net_liquidity_of_6_may_2026() -> None:
    fed_assets = measured(6_709_505.0, "USD million", "fed_assets")
    tga = measured(877_761.0, "USD million", "tga")
    on_rrp = measured(0.79, "USD bn", "on_rrp")
    net = fed_assets - tga - on_rrp.to("USD million")
    assert net.unit == "USD million"
    assert net.series.iloc[0] == pytest.approx(5_830_954.0, abs=0.5)
    slip = 6_709_505.0 - 877_761.0 - 0.79  # what a public page printed as the answer
    assert abs(slip - net.series.iloc[0]) > 789.0


@pytest.mark.parametrize(
    ("day", "fed_assets", "tga", "net"),
    [
        ("2026-01-07", 6_573_602, 837_306, 5_736_296),
        ("2026-04-15", 6_705_696, 748_376, 5_957_320),
        ("2026-04-29", 6_699_950, 1_005_968, 5_693_982),
    ],
)
def test_net_liquidity_of_three_wednesdays(day: str, fed_assets: float, tga: float, net: float) -> None:
    index = pd.DatetimeIndex([day])
    in_billions = Measured(pd.Series([tga], index), "USD million").to("USD bn")
    found = Measured(pd.Series([fed_assets], index), "USD million").to("USD bn") - in_billions
    assert found.to("USD million").series.iloc[0] == pytest.approx(net, abs=1e-6)


def test_a_sum_of_mixed_units_and_of_different_things_is_refused() -> None:
    with pytest.raises(UnitError, match="added to"):
        measured(1.0, "USD tn", "debt") + measured(1.0, "USD bn", "tga")
    with pytest.raises(UnitError, match="measure different things"):
        measured(1.0, "USD bn", "tga") - measured(1.0, "contracts", "cot")
    with pytest.raises(UnitError, match="has no unit"):
        measured(1.0, "USD bn", "tga") - 0.79  # type: ignore[operator]
    with pytest.raises(UnitError, match="scaled by Measured"):
        measured(1.0, "USD bn", "tga") * measured(1.0, "USD bn", "tga")  # type: ignore[operator]


def test_amounts_of_one_unit_add_scale_and_turn_into_a_ratio() -> None:
    bills, notes = measured(6.0, "USD tn", "bills"), measured(2_000.0, "USD bn", "notes")
    total = bills + notes.to("USD tn")
    assert (total.series.iloc[0], total.unit) == (8.0, "USD tn")
    assert (-total / 2 * 3).series.iloc[0] == -12.0
    assert (2 * total).series.iloc[0] == 16.0
    share = notes / bills
    assert (share.unit, share.series.iloc[0]) == ("ratio", pytest.approx(1 / 3))


def test_a_series_of_a_book_brings_its_unit() -> None:
    values = pd.Series([850.0], WEDNESDAY)
    series = Series.of_closes(values, name="tga", unit="USD bn", source="made", title="Cash")
    assert Measured.of(series).to("USD million").series.iloc[0] == 850_000.0
    assert Measured.of(series).name == "'tga'"


@pytest.mark.parametrize(
    ("source", "target", "times"),
    [
        ("USD", "USD bn", 1e-9),
        ("USD million", "USD bn", 1e-3),
        ("USD tn", "USD million", 1e6),
        ("percent", "fraction", 0.01),
        ("thousand persons", "persons", 1e3),
        ("GW", "MW", 1e3),
        ("thousand MWh", "TWh", 1e-3),
        ("million kWh", "GWh", 1.0),
        ("cents per kWh", "USD per MWh", 10.0),
        ("chained 2017 USD million", "chained 2017 USD bn", 1e-3),
        ("USD million a year", "USD bn a year", 1e-3),
        ("index 2017=100", "index 2017=100", 1.0),
    ],
)
def test_units_of_one_dimension_turn_into_each_other(source: str, target: str, times: float) -> None:
    assert factor(source, target) == pytest.approx(times, rel=1e-15)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("USD bn", "chained 2017 USD bn"),
        ("chained 2012 USD bn", "chained 2017 USD bn"),
        ("USD bn", "USD bn a year"),
        ("index 2012=100", "index 2017=100"),
        ("MW", "MWh"),
        ("percent", "percent a year"),
        ("price", "index points"),
    ],
)
def test_what_only_looks_alike_is_not_converted(source: str, target: str) -> None:
    assert known(source)
    assert known(target)
    with pytest.raises(UnitError, match="cannot be turned into"):
        factor(source, target)


@pytest.mark.parametrize(
    "unit", ["", "usd bn", "USD billion", "chained 2017 bn", "index", "chained USD bn", "% "]
)
def test_an_unknown_unit_is_refused(unit: str) -> None:
    assert not known(unit)
    with pytest.raises(UnitError, match="unknown"):
        measured(1.0, unit, "tga")


def test_a_misspelt_unit_is_met_with_the_right_one() -> None:
    with pytest.raises(UnitError, match="did you mean 'USD million'"):
        dimension("USD milion")


UNITS = st.sampled_from([unit for units in DIMENSIONS.values() for unit in units])


@given(UNITS, UNITS, UNITS)
def test_conversions_chain_and_undo_each_other(one: str, two: str, three: str) -> None:
    if not dimension(one) == dimension(two) == dimension(three):
        return
    assert factor(one, two) * factor(two, one) == pytest.approx(1.0, rel=1e-14)
    assert factor(one, two) * factor(two, three) == pytest.approx(factor(one, three), rel=1e-14)
