"""The wording of numbers, to the letter.

- Money has one decimal up to 20 and none above, always a sign, the word where it is a flow.
- A range follows its central number; what prints as zero has neither sign nor word.
- What is not defined is a dash.
- Identifiers are fit for links; names never fail on an unknown key.
"""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.sheets import words

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "amount", "money", "flow", "phrase"),
    [
        (-12.34, "−12.3", "−$12.3bn", "sell −12.3", "sell $12.3bn"),
        (12.35, "+12.3", "+$12.3bn", "buy +12.3", "buy $12.3bn"),
        (20.0, "+20.0", "+$20.0bn", "buy +20.0", "buy $20.0bn"),
        (-21.6, "−22", "−$22bn", "sell −22", "sell $22bn"),
        (2104.0, "+2,104", "+$2,104bn", "buy +2,104", "buy $2,104bn"),
        (0.0, "0.0", "$0.0bn", "0.0", "trade nothing"),
        (-0.04, "0.0", "$0.0bn", "0.0", "trade nothing"),
        (NAN, "–", "–", "–", "–"),
        (math.inf, "–", "–", "–", "–"),
    ],
)
def test_money(value: float, amount: str, money: str, flow: str, phrase: str) -> None:
    assert words.amount(value) == amount
    assert words.money(value) == money
    assert words.flow(value) == flow
    assert words.flow_phrase(value) == phrase


@pytest.mark.parametrize(
    ("estimate", "worded"),
    [
        ((-22.0, -31.2, -15.4), "sell −22 [−31, −15]"),
        ((-12.0, -31.2, -0.4), "sell −12.0 [−31, −0.4]"),
        ((3.2, -0.02, 8.0), "buy +3.2 [0.0, +8.0]"),
        ((0.0, 0.0, 0.0), "0.0 [0.0, 0.0]"),
        ((5.0, NAN, NAN), "buy +5.0 –"),
        ((NAN, NAN, NAN), "–"),
    ],
)
def test_a_range_follows_its_central_number(estimate: tuple[float, float, float], worded: str) -> None:
    assert words.flow_estimate(*estimate) == worded


def test_percentages_percentiles_levels_and_dates() -> None:
    assert words.percent(-0.0423, 1, signed=True) == "−4.2%"
    assert words.percent(0.62) == "62%"
    assert words.percent(-0.0001, 1, signed=True) == "0.0%"
    assert words.log_percent(math.log(0.95)) == "−5.0%"
    assert words.log_points(-0.0374) == "−3.74%"
    assert words.percent_range(-0.023, 0.008, 1) == "[−2.3, 0.8]"
    ordinals = {0.01: "1st", 0.12: "12th", 0.22: "22nd", 0.53: "53rd", 1.0: "100th", NAN: "–"}
    assert {share: words.percentile(share) for share in ordinals} == ordinals
    assert words.level(2506.854) == "2,506.85"
    assert words.level(38_500.4) == "38,500"
    assert words.sigma(-1.27) == "−1.3"
    assert words.day(pd.Timestamp("2018-02-05")) == "5 Feb 2018"
    assert words.day(pd.NaT) == "–"
    assert words.short_day("2018-02-05") == "5 Feb"
    assert [words.year(since) for since in (1999, 1999.0, "1999", "1999-03-01", NAN)] == [
        "1999",
        "1999",
        "1999",
        "1999",
        "–",
    ]


@pytest.mark.parametrize(
    ("value", "worded"),
    [
        (350.0, "350"),
        (0.0125, "0.0125"),
        (-1.5, "−1.5"),
        (0, "0"),
        (3e7, "3e+07"),
        ((16, 32.5), "16, 32.5"),
        ("daily", "daily"),
        (None, "–"),
        (NAN, "–"),
    ],
)
def test_a_parameter_is_worded_as_it_was_declared(value: object, worded: str) -> None:
    assert words.quantity(value) == worded


def test_scenarios_run_from_the_deepest_fall_to_the_largest_rise() -> None:
    given_order = ["flat", "up1", "mine", "up2", "down1", "down2", "flat"]
    assert words.scenario_order(given_order) == ["down2", "down1", "flat", "up1", "up2", "mine"]


def test_an_unknown_actor_is_spelled_out() -> None:
    assert words.actor_name("pension_fund") == "Pension fund"
    assert words.actor_name("vol_target") == "Vol-target funds"


def test_actor_names_fit_a_column() -> None:
    assert max(len(known.name) for known in words.ACTORS.values()) <= 17


def test_an_address_is_fit_for_a_link() -> None:
    assert words.address("flows", "vol_target", "1w", "down2") == "flows-vol_target-1w-down2"
    assert words.address("flows", "a b/c", "ü") == "flows-a-b-c"


@given(st.floats())
def test_no_number_is_ever_printed_as_nan(value: float) -> None:
    printed = [
        words.flow_estimate(value, value, value),
        words.percent(value),
        words.percentile(value),
        words.level(value),
        words.sigma(value),
        words.quantity(value),
        words.log_percent(min(value, 100.0)),
    ]
    assert not any("nan" in text or "inf" in text for text in printed)


@given(st.floats(-1e6, 1e6))
def test_the_word_agrees_with_the_printed_sign(value: float) -> None:
    word, sign = words.direction(value), words.amount(value)[0]
    assert (word, sign) in {("buy", "+"), ("sell", "−")} or (word == "" and sign.isdigit())
