"""How option hedging looks.

- The chart's title is the finding; it is valid, described, with zero in its scale; the band, the central line
  with and without the next expiry, every flip with its level, and today are drawn.
- A label of a flip stands clear of the line that marks today.
- Tables hold the frames in words, "nan" nowhere, an absent flip or bound said; those of the terminal fit a
  hundred columns. Without a chain there is no chart and the flows are still told.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pytest
from made_chain import made_book, with_chain

from groundswell.sheets import gamma_section, gamma_words, words
from groundswell.sheets.gamma_section import GammaSection
from groundswell.sheets.moment import moment
from groundswell.show.drawing import draw
from groundswell.show.sections import gamma
from groundswell.show.sections.gamma import LOOK


@pytest.fixture(scope="module")
def section() -> GammaSection:
    book = with_chain()
    return gamma_section.build(book, moment(book, True), draws=10)


@pytest.fixture(scope="module")
def without() -> GammaSection:
    book = made_book(300)
    return gamma_section.build(book, moment(book, True), draws=10)


def layers(chart: alt.TopLevelMixin) -> list[dict[str, Any]]:
    specification: dict[str, Any] = chart.to_dict()
    sets = specification["datasets"]
    return [
        layer | {"values": layer["data"].get("values", sets.get(layer["data"].get("name")))}
        for layer in specification["layer"]
    ]


def values(layer: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = layer["values"]
    return found


def texts(chart: alt.TopLevelMixin) -> Iterator[dict[str, Any]]:
    for layer in layers(chart):
        if layer["mark"]["type"] == "text":
            yield from (row | {"mark": layer["mark"]} for row in values(layer))


def test_the_chart_says_what_it_shows(section: GammaSection) -> None:
    chart = gamma.gamma_profile(section)
    drawing = draw("gamma_profile", chart)
    assert drawing.title == section.finding
    assert "<svg" in drawing.svg
    assert "sign conventions" in drawing.description
    domains = [
        layer["encoding"]["y"]["scale"]["domain"]
        for layer in layers(chart)
        if "scale" in layer["encoding"].get("y", {})
    ]
    assert domains
    for low, high in domains:
        assert low < 0 < high


def test_band_lines_flips_and_today_are_drawn(section: GammaSection) -> None:
    chart = gamma.gamma_profile(section)
    whole = section.profile[section.profile["expiries"] == "all"]
    rest = section.profile[section.profile["expiries"] == "without_next"]
    area = next(layer for layer in layers(chart) if layer["mark"]["type"] == "area")
    np.testing.assert_allclose([row["low"] for row in values(area)], whole["low"], rtol=1e-5)
    np.testing.assert_allclose([row["high"] for row in values(area)], whole["high"], rtol=1e-5)
    lines = [layer for layer in layers(chart) if layer["mark"]["type"] == "line"]
    drawn = {tuple(round(row["gamma"], 4) for row in values(layer)) for layer in lines}
    for frame in (whole, rest):
        expected = frame["calls_long_puts_short"].map(lambda value: round(float(f"{value:.6g}"), 4))
        assert tuple(expected) in drawn
    said = {row["text"] for row in texts(chart)}
    for row in section.flips[
        (section.flips["number"] > 0) & (section.flips["expiries"] == "all")
    ].itertuples():
        assert gamma_words.level(row.level) in said
    assert f"today {words.level(section.spot)}" in said
    assert {gamma_words.CONVENTIONS[name] for name in gamma.LINES} <= said


@pytest.mark.parametrize("nearer", [-0.002, 0.002])
def test_a_label_of_a_flip_stands_clear_of_today(section: GammaSection, nearer: float) -> None:
    flip = section.flips[(section.flips["number"] > 0) & (section.flips["expiries"] == "all")].iloc[0]
    chart = gamma.gamma_profile(replace(section, spot=flip["level"] * (1 + nearer)))
    label = next(row for row in texts(chart) if row["text"] == gamma_words.level(flip["level"]))
    assert label["mark"]["align"] == ("left" if nearer < 0 else "right")


def test_tables_hold_the_frames_in_words(section: GammaSection) -> None:
    for make in (*LOOK.tables, LOOK.figures[0].twin):
        table = make(section)
        assert table.key in section.named_frames()
        assert len({row.address for row in table.rows}) == len(table.rows) > 0
        for row in table.rows:
            assert len(row.cells) == len(table.header) == len(table.numeric)
            assert not any("nan" in cell.lower() or "inf" in cell.lower() for cell in row.cells)
    said = [cell for row in gamma.flips(section).rows for cell in row.cells]
    assert any(cell.startswith("none between") for cell in said)
    flows = gamma.flows(section)
    assert len(flows.rows) == 10
    assert flows.rows[0].cells[:2] == ("1 day", "down 2σ")
    assert "option chain" in flows.title


def test_a_move_that_nothing_bounds_is_said(section: GammaSection) -> None:
    frame = section.impact.copy()
    frame.loc[0, ["factor", "high"]] = np.nan
    cells = gamma.impact(replace(section, impact=frame)).rows[0].cells
    assert cells[2] == "no bound"
    assert cells[3].endswith("no bound]")


def test_the_terminals_tables_fit_a_hundred_columns(section: GammaSection) -> None:
    for make in LOOK.first:
        table = make(section)
        lines = [table.header, *(row.cells for row in table.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(table.header))]
        assert sum(widths) + 2 * (len(widths) - 1) <= 100, table.key


def test_without_a_chain_there_is_no_chart_and_the_flows_are_told(without: GammaSection) -> None:
    assert not any(figure.has(without) for figure in LOOK.figures)
    flows = gamma.flows(without)
    assert len(flows.rows) == 15
    assert "calibrated book, no chain" in flows.title
    assert gamma.flips(without).rows == ()
    assert gamma.exposures(without).rows[0].cells[1] == "calibrated book, no chain"
