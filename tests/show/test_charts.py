"""The charts as specifications.

- Each title is the finding, with its number taken from the frame, and moves with it.
- Zero is inside every scale of flows; every chart has a description; each is valid Vega-Lite.
- Bands are drawn; buy is blue, sell orange, the residual grey.
- One draw, few rows, all-zero flows, empty frames and many scenarios are drawn too.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from read_chart import inside, rows

from groundswell.sheets import words
from groundswell.show import charts
from groundswell.show.charts.style import BUY, INK, NEUTRAL, SELL, reach, spread_labels
from groundswell.show.drawing import draw, sparkline

ALL = [getattr(charts, name) for name in charts.__all__]
FLOWS = (charts.flow_ladder, charts.scenario_fan, charts.contributions, charts.crowding)


@pytest.mark.parametrize("chart", ALL)
def test_every_chart_is_valid_and_described(made_desk: Any, chart: Callable[..., Any]) -> None:
    spec = chart(made_desk).to_dict()
    assert spec["title"]
    assert len(spec["description"]) > 40


def test_titles_are_findings_with_numbers_from_the_frames(made_desk: Any) -> None:
    titles = {chart.__name__: chart(made_desk).to_dict()["title"] for chart in ALL}
    totals = made_desk.ladder[made_desk.ladder["actor"] == "total"].sort_values("level")["flow"]
    first, last = words.flow_phrase(totals.iloc[0]), words.flow_phrase(totals.iloc[-1])
    assert titles["flow_ladder"] == f"Next week: {first} if tomorrow's close is −10%, {last} if +10%"
    fan = made_desk.fan.set_index(["scenario", "session"])["flow"]
    assert titles["scenario_fan"] == (
        f"Over a month: {words.flow_phrase(fan['down2', 21])} if down 2σ, "
        f"{words.flow_phrase(fan['flat', 21])} if flat, {words.flow_phrase(fan['up2', 21])} "
        "if up 2σ"
    )
    assert titles["exposure_history"] == (
        "Fullest: Rebalancers at 93% of own maximum; emptiest: Trend followers at −48%"
    )
    share = made_desk.crowding.set_index("distance")["share"]
    assert titles["crowding"] == (
        f"Of the trend book a 5% fall flips {words.percent(share[-0.05])}, "
        f"a 5% rise flips {words.percent(share[0.05])}"
    )
    effect = made_desk.moved.set_index("component")["effect"]
    assert titles["contributions"] == (
        f"24 Dec to 31 Dec 2018: index {words.log_points(effect['index return'])}, "
        f"Vol-target funds {words.log_points(effect['vol_target'])}, "
        f"residual {words.log_points(effect['residual'])}"
    )
    assert titles["calendar_strip"] == "6 dates in 25 sessions; next: VIX settlement, 16 Jan 2019"


def test_a_title_moves_with_its_frame(make_desk: Callable[..., Any]) -> None:
    title = charts.scenario_fan(make_desk(factor=2.0)).to_dict()["title"]
    assert title != charts.scenario_fan(make_desk()).to_dict()["title"]


@pytest.mark.parametrize("chart", FLOWS)
def test_zero_is_inside_every_scale_of_flows(made_desk: Any, chart: Callable[..., Any]) -> None:
    spec = chart(made_desk).to_dict()
    fields = {"flow", "start", "share"}
    scales = [
        channel["scale"]["domain"]
        for name in ("x", "y")
        for channel in inside(spec, name)
        if channel.get("field") in fields and "domain" in channel.get("scale", {})
    ]
    assert scales
    assert all(low <= 0 <= high for low, high in scales)


def test_buying_is_blue_selling_orange_and_the_residual_grey(made_desk: Any) -> None:
    parts = {row["name"]: row for row in rows(charts.contributions(made_desk).to_dict()) if row}
    colours = {name: parts[name]["colour"] for name in ("Vol-target funds", "Rebalancers")}
    assert colours == {"Vol-target funds": SELL, "Rebalancers": BUY}
    assert parts["Residual"]["colour"] == NEUTRAL
    assert parts["Index return"]["colour"] == INK
    for row in rows(charts.flow_ladder(made_desk).to_dict()):
        if row.get("colour") and row.get("flow"):
            assert row["colour"] == (BUY if row["flow"] > 0 else SELL)


def test_the_ladder_marks_today_and_every_trigger_in_view(made_desk: Any) -> None:
    drawn = rows(charts.flow_ladder(made_desk).to_dict())
    assert "2,506.85" in {row.get("text") for row in drawn}
    marked = {row["level"] for row in drawn if set(row) == {"level", "colour"}}
    low, high = made_desk.ladder["level"].min(), made_desk.ladder["level"].max()
    at = made_desk.triggers["level"]
    assert {float(f"{level:.6g}") for level in at[(at > low) & (at < high)]} <= marked


def test_every_scenario_has_its_panel_and_its_band(make_desk: Callable[..., Any]) -> None:
    desk = make_desk(scenarios=("flat", "up1", "up2", "down1", "down2", "my own path"))
    drawn = rows(charts.scenario_fan(desk).to_dict())
    assert {row["name"] for row in drawn} == {
        "down 2σ",
        "down 1σ",
        "flat",
        "up 1σ",
        "up 2σ",
        "my own path",
    }
    assert all(row["low"] <= row["flow"] <= row["high"] for row in drawn)


@pytest.mark.parametrize("chart", ALL)
@pytest.mark.parametrize("case", ["all zero", "few rows", "empty", "undefined"])
def test_poor_frames_are_drawn_too(
    make_desk: Callable[..., Any], chart: Callable[..., Any], case: str
) -> None:
    desk = make_desk(factor=0.0 if case == "all zero" else 1.0, sessions=3)
    for name in ("history", "fan", "ladder", "crowding", "moved", "calendar", "triggers"):
        frame = getattr(desk, name)
        if case in {"few rows", "empty"}:
            desk = replace(desk, **{name: frame.head(0 if case == "empty" else 1)})
        elif case == "undefined":
            undefined = {column: np.nan for column in ("flow", "low", "high") if column in frame}
            desk = replace(desk, **{name: frame.assign(**undefined)})
    drawing = draw(chart.__name__, chart(desk))
    assert drawing.title
    assert "nan" not in drawing.title.lower()
    assert "NaN" not in drawing.svg


def test_a_domain_holds_zero_and_is_never_empty() -> None:
    assert reach([]) == [-1.0, 1.0]
    assert reach([float("nan"), 0.0]) == [-1.0, 1.0]
    assert reach([3.0, 10.0], room=0.1) == [0.0, 11.0]
    assert reach([-10.0, -3.0], room=0.1) == [-11.0, 0.0]


def test_labels_are_moved_apart_in_their_order() -> None:
    placed = spread_labels([0.0, 0.1, 5.0, 0.2], gap=1.0)
    assert placed[2] == 5.0
    assert np.allclose([placed[0], placed[1], placed[3]], [-0.9, 0.1, 1.1])
    assert spread_labels([], gap=1.0) == []


def test_a_sparkline_needs_two_points() -> None:
    assert sparkline([0.5]) == ""
    assert sparkline([0.5, 0.5, float("nan"), 0.7]).count(",") == 3
