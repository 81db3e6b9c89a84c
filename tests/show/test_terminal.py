"""The sheet at 100 columns.

- No line is longer than the console; no number is wrapped or cut, at any width down to 60.
- Headline, total flow of every horizon and scenario, trigger levels and residual are there.
- Without colour the sheet says the same; a terminal without Unicode still gets it.
- What is not defined is a dash, an empty frame a sentence.
"""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from groundswell.sheets import words
from groundswell.show import tables, terminal


def printed(desk: Any, width: int = 100, **options: Any) -> str:
    file = io.StringIO()
    terminal.render(desk, Console(file=file, width=width, **options))
    return file.getvalue()


def test_no_line_is_longer_than_100_columns(made_desk: Any) -> None:
    lines = printed(made_desk).splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) < 125


def test_the_three_horizons_stand_side_by_side(made_desk: Any) -> None:
    assert re.search(r"^down 2σ .*1 day.*1 week.*1 month", printed(made_desk), re.M)


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_every_flow_is_there_uncut_with_word_sign_and_range(made_desk: Any, width: int) -> None:
    text = re.sub(" +", " ", printed(made_desk, width))
    assert max(map(len, text.splitlines())) <= width
    for row in made_desk.flows.itertuples():
        assert words.flow_estimate(row.flow, row.low, row.high) in text
    for row in made_desk.triggers.head(9).itertuples():
        assert words.level(row.level) in text


def test_headline_residual_age_and_dates_are_told(made_desk: Any) -> None:
    text = " ".join(printed(made_desk).split())
    for part in (
        made_desk.headline,
        "Residual – – −1.48%",
        "data 2,740 days old",
        "16 Jan VIX settlement",
        "Bond prices are absent",
    ):
        assert part in text


def test_colour_adds_nothing_but_colour(made_desk: Any) -> None:
    coloured = printed(made_desk, force_terminal=True, color_system="truecolor")
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == printed(made_desk)


def test_a_terminal_without_unicode_gets_plain_signs(made_desk: Any) -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    terminal.render(made_desk, Console(file=file, width=100))
    file.flush()
    file.seek(0)
    assert "sell -35 [-48, -25]" in file.read()


def test_a_long_rule_wraps_so_that_its_numbers_do_not(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    rule = "a rule that somebody described with very many words indeed"
    desk = replace(desk, triggers=desk.triggers.assign(rule=rule))
    text = printed(desk)
    assert max(map(len, text.splitlines())) <= 100
    assert re.search(r"2,519\.40 .*buy \+8\.6  \[\+5\.4, \+11\.5\]", text)


def test_what_is_not_defined_is_a_dash(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    desk = replace(desk, positions=desk.positions.assign(z=np.nan, percentile=np.nan, since=np.nan))
    desk = replace(desk, flows=desk.flows.assign(z=np.nan, low=np.nan))
    assert "nan" not in printed(desk).lower()


def test_an_empty_frame_is_a_sentence(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    desk = replace(desk, triggers=desk.triggers.head(0), calendar=desk.calendar.head(0))
    desk = replace(desk, crowding=desk.crowding.head(0))
    text = printed(desk)
    assert "No level within reach forces a trade." in text
    assert "none in the next 25 sessions" in text


def test_parameters_are_listed_with_range_unit_and_source(made_desk: Any) -> None:
    file = io.StringIO()
    terminal.render_parameters(made_desk.assumptions, Console(file=file, width=60))
    text = file.getvalue()
    assert max(map(len, text.splitlines())) <= 60
    assert "multiplier  5  (3 to 8)" in text
    assert "clock  daily  (fixed)" in text
    for row in made_desk.assumptions.itertuples():
        assert row.source in " ".join(text.split())


def test_headings_say_what_z_and_unless_mean_and_what_the_total_leaves_out(made_desk: Any) -> None:
    text = " ".join(printed(made_desk).split())
    for part in (tables.flow_history(made_desk), words.UNLESS, words.TOTAL_LEAVES_OUT):
        assert part in text


def test_a_position_that_never_varied_has_no_place_on_the_scale(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    still = desk.positions["actor"] == "leveraged_fund"
    desk = replace(desk, positions=desk.positions.assign(percentile=0.5).assign(z=(~still).astype(float)))
    lines = [line for line in printed(desk).splitlines() if "·····" in line]
    for line in lines:
        assert (re.search(r" –  ·{11} +–  ", line) is not None) == line.startswith("Leveraged funds")
        assert ("●" in line) != line.startswith("Leveraged funds")
    assert len(lines) == 7
