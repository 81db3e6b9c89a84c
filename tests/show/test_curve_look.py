"""How the volatility curve looks.

- Titles are findings with the numbers of the frames; every chart is valid, described, with zero in its scale.
- The curve: three lines over the tenors, the latest with its values; one tenor is a table and no chart.
- The parts: each bar begins where the one before ends and the last ends at the VIX; what is unexplained is
  drawn, the largest or not; a premium below zero steps back.
- Tables hold the frames in words, "nan" nowhere; those of the terminal fit a hundred columns; readings are
  printed while the curve is inverted.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from read_chart import inside, rows

from groundswell.measure import curve_equation
from groundswell.sheets import curve_frames, curve_words
from groundswell.sheets.curve_section import CurveSection
from groundswell.show.charts.style import NEUTRAL
from groundswell.show.drawing import draw
from groundswell.show.sections import curve
from groundswell.show.sections.curve import LOOK

DAYS = {
    "now": pd.Timestamp("2018-02-05"),
    "week ago": pd.Timestamp("2018-01-29"),
    "month ago": pd.Timestamp("2018-01-04"),
}


def made_parts(**changes: float) -> pd.DataFrame:
    values = {
        "expected": 0.069,
        "premium": -0.011,
        "credit": -0.001,
        "demand": 0.002,
        "width": 0.0,
        "unexplained": 0.08,
    }
    values |= changes
    values["implied"] = sum(values.values())
    table = pd.DataFrame({"value": values}).rename_axis("part")
    spread = np.where(table.index == "implied", 0.0, 0.01)
    return table.assign(low=table["value"] - spread, high=table["value"] + spread)


def made_section(**changes: Any) -> CurveSection:
    levels = pd.DataFrame(
        [
            ("9d", "VIX9D", 9, 0.5934, 0.1491, np.nan),
            ("1m", "VIX", 30, 0.3732, 0.1384, 0.0922),
            ("3m", "VIX3M", 93, 0.2813, 0.1499, 0.1224),
            ("6m", "VIX6M", 184, 0.2456, 0.1614, 0.1438),
        ],
        columns=curve_frames.LEVELS,
    )
    state = pd.DataFrame(
        [
            ("VIX", 0.3732, curve_frames.DECIMAL, 0.97, 1990, "30 days, close"),
            ("VIX / VIX3M", 1.3267, curve_frames.RATIO, 1.0, 2009, "inverted for 2 sessions"),
            ("VIX3M / VIX6M", 0.98, curve_frames.RATIO, 0.5, 2009, "upright; last inverted 13 Dec 2017"),
            (
                "Slope 1m to 3m",
                -0.0601,
                curve_frames.VARIANCE,
                0.001,
                2009,
                "VIX3M² less VIX²; below 0 inverted",
            ),
            (
                "Forward 1m to 3m",
                0.2247,
                curve_frames.DECIMAL,
                0.75,
                2009,
                "volatility priced for days 31 to 93",
            ),
            (
                curve_frames.BASIS,
                -0.041,
                curve_frames.DIFFERENCE,
                np.nan,
                2017,
                "future 33.2; below 0 stress, 13 Dec 2017",
            ),
        ],
        columns=curve_frames.STATE,
    )
    persistence = pd.DataFrame(
        [("VIX / VIX3M", 51, 142, 0.067, np.nan, 0.65, 0.56, 0.72, 2009)], columns=curve_frames.PERSISTENCE
    )
    equation = curve_frames.equation(made_parts(), False)
    readings = pd.DataFrame(
        [
            (DAYS["now"], DAYS["now"], 1.3267, 0.12, 0.0, 0.0, 0.88, "undecided", "not testable", 0.3, ""),
            (
                DAYS["week ago"],
                DAYS["week ago"],
                1.01,
                *([np.nan] * 4),
                "not testable",
                "panic",
                np.nan,
                "few days",
            ),
        ],
        columns=curve_frames.READINGS,
    )
    aftermath = pd.DataFrame(
        [
            ("index", 1, 0.001, -0.002, 0.004, 0.0004, 51),
            ("index", 5, 0.0107, 0.005, 0.016, 0.002, 50),
            ("vix", 1, -0.0027, -0.009, 0.003, 0.0, 51),
            ("ratio", 5, 0.948, 0.933, 0.962, 0.887, 50),
            ("realised", 5, 0.206, 0.187, 0.225, 0.125, 50),
        ],
        columns=curve_frames.AFTERMATH,
    )
    fields: dict[str, Any] = {
        "finding": curve_words.finding(state, persistence, readings, equation),
        "levels": levels,
        "state": state,
        "persistence": persistence,
        "equation": equation,
        "readings": readings,
        "aftermath": aftermath,
        "days": DAYS,
        "inverted": True,
    }
    return CurveSection(**(fields | changes))


@pytest.mark.parametrize("figure", LOOK.figures, ids=lambda figure: figure.name)
def test_every_chart_is_valid_described_and_drawn(figure: Any) -> None:
    section = made_section()
    assert figure.has(section)
    chart = figure.chart(section)
    spec = chart.to_dict()
    assert len(spec["description"]) > 40
    domains = [domain for domain in inside(spec, "domain") if isinstance(domain, list) and domain[0] != 7.5]
    assert all(low <= 0 <= high for low, high in domains)
    drawn = draw(figure.name, chart)
    assert drawn.title == spec["title"]
    assert "NaN" not in drawn.svg


def test_titles_are_findings_with_the_numbers_of_the_frames() -> None:
    section = made_section()
    assert curve.curve_chart(section).to_dict()["title"] == (
        "VIX 37.3 is 33% above VIX3M: curve inverted, highest since 2009; reading: undecided (hedging 12%); "
        "65% [56, 72] of inverted days were followed by another"
    )
    parts = section.equation.set_index("part")["volatility"] * 100
    title = curve.equation_chart(section).to_dict()["title"]
    assert title.startswith(f"VIX 37.3: expected realised volatility {parts['expected']:.1f} [")
    assert f"premium −{-parts['premium']:.1f} [" in title
    assert f"unexplained +{parts['unexplained']:.1f} [" in title


def test_an_upright_curve_is_said_to_be() -> None:
    section = made_section()
    state = section.state.assign(
        value=section.state["value"].mask(section.state["measure"] == "VIX / VIX3M", 0.9958),
        percentile=0.54,
    )
    told = curve_words.finding(state, section.persistence, section.readings, section.equation)
    demand = section.equation.set_index("part").loc["demand", "volatility"] * 100
    assert told.startswith("VIX 37.3 is 0.4% below VIX3M: curve upright, 54th percentile since 2009; ")
    assert f"observed demand makes up +{demand:.1f} [" in told
    untested = curve_words.finding(state, section.persistence, section.readings[:0], section.equation[:0])
    assert untested.endswith("hedging or panic is not testable with this data")


def test_the_curve_has_three_lines_and_the_values_of_the_latest() -> None:
    spec = curve.curve_chart(made_section()).to_dict()
    drawn = pd.DataFrame([row for row in rows(spec) if "curve" in row and "text" not in row])
    lines = drawn.drop_duplicates().groupby("curve")["level"].size().to_dict()
    assert lines == {"now": 4, "week ago": 4, "month ago": 3}  # the month ago had no nine days
    texts = [row["text"] for row in rows(spec) if "text" in row]
    assert texts[:4] == ["59.3", "37.3", "28.1", "24.6"]
    assert {"now, 5 Feb", "week ago, 29 Jan", "month ago, 4 Jan"} <= set(texts)


def test_one_tenor_is_a_table_and_no_chart() -> None:
    section = made_section()
    alone = made_section(levels=section.levels.iloc[[1]], equation=section.equation[:0])
    assert [figure.has(alone) for figure in LOOK.figures] == [False, False]
    assert [row.cells for row in curve.levels(alone).rows] == [("VIX (1m)", "37.3%", "13.8%", "9.2%")]


@pytest.mark.parametrize("unexplained", [0.08, -0.03, 0.0])
def test_each_bar_begins_where_the_one_before_ends(unexplained: float) -> None:
    section = made_section(equation=curve_frames.equation(made_parts(unexplained=unexplained), False))
    bars = pd.DataFrame([row for row in rows(curve.equation_chart(section).to_dict()) if "start" in row])
    bars = bars.drop_duplicates("name").set_index("name")
    assert bars.index.tolist() == [curve_words.PARTS[part] for part in section.equation["part"]]
    np.testing.assert_allclose(bars["start"].iloc[1:-1], bars["end"].iloc[:-2], rtol=1e-5)
    whole = 100 * section.equation["volatility"].iloc[-1]
    assert bars.loc["Unexplained", "end"] == pytest.approx(whole, rel=1e-5)
    assert bars.loc["Implied (VIX)", ["start", "end"]].tolist() == pytest.approx([0.0, whole], rel=1e-5)
    assert bars.loc["Unexplained", "colour"] == NEUTRAL
    assert bars.loc["Premium", "end"] < bars.loc["Premium", "start"]
    assert (bars["low"] <= bars["end"] + 1e-6).all()
    assert (bars["end"] <= bars["high"] + 1e-6).all()


def test_quote_width_is_a_bar_where_quotes_are_kept() -> None:
    parts = made_parts(width=0.004)
    table = curve_frames.equation(parts, True)
    assert table["part"].tolist() == [*curve_equation.PARTS, "implied"]
    section = made_section(equation=table)
    assert "Quote width" in [row.cells[0] for row in curve.equation(section).rows]


@pytest.mark.parametrize(
    "section", [made_section(), made_section(inverted=False)], ids=["inverted", "upright"]
)
def test_tables_hold_the_frames_in_words(section: CurveSection) -> None:
    every = [figure.twin(section) for figure in LOOK.figures] + LOOK.written(section)
    assert [table.key for table in every] == [
        f"curve_{name}" for name in ("levels", "equation", "state", "readings", "persistence", "aftermath")
    ]
    for table in every:
        assert len({row.address for row in table.rows}) == len(table.rows)
        for row in table.rows:
            assert len(row.cells) == len(table.header) == len(table.numeric)
            assert not any("nan" in cell or "None" in cell for cell in row.cells)
    state = {row.cells[0]: row.cells for row in curve.state(section).rows}
    assert state["VIX / VIX3M"][1:4] == ("1.327", "100th", "2009")
    assert state["Slope 1m to 3m"][1:3] == ("−0.0601", "below 1st")
    assert state[curve_frames.BASIS][1:3] == ("−4.1 points", "–")
    followed = {row.cells[0]: row.cells[1:] for row in curve.aftermath(section).rows}
    assert followed["Index"] == ("+0.10% [−0.20, +0.40] (+0.04%)", "+1.08% [+0.50, +1.61] (+0.20%)")
    assert followed["Volatility that came"] == ("–", "20.6% [18.7, 22.5] (12.5%)")


def test_the_terminal_s_tables_fit_and_show_readings_while_inverted() -> None:
    inverted, upright = made_section(), made_section(inverted=False)
    assert [table.key for table in LOOK.printed(inverted)] == ["curve_state", "curve_readings"]
    assert [table.key for table in LOOK.printed(upright)] == ["curve_state"]
    for table in LOOK.printed(inverted):
        columns = zip(table.header, *(row.cells for row in table.rows), strict=True)
        width = sum(max(map(len, column)) for column in columns) + 2 * (len(table.header) - 1)
        assert width <= 100, table.key


def test_an_empty_section_has_nothing_to_draw_and_nothing_to_print() -> None:
    frames = {name: made_section().frame(name)[:0] for name in CurveSection.frames}
    empty = replace(made_section(), **frames, days={}, inverted=None)
    assert empty.is_empty
    assert not any(figure.has(empty) for figure in LOOK.figures)
    assert LOOK.written(empty) == []
    assert LOOK.printed(empty) == []
    assert [table.rows for table in (figure.twin(empty) for figure in LOOK.figures)] == [(), ()]
