"""The charts and tables of the liquidity section.

- Each chart is valid, described, and titled with the section's own numbers; zero is in every scale.
- The bands of the stack add up to the Fed's assets; the bars hold the residual; the last week is marked.
- Poor frames are drawn too; what a book lacks is not drawn at all.
- The terminal's tables fit a hundred columns; every number has an address of its own.
"""

from __future__ import annotations

import pytest
from made_liquidity import made_liquidity, wednesday_levels
from read_chart import inside, rows

from groundswell.data.bundle import bundled_book
from groundswell.sheets import words
from groundswell.sheets.liquidity_section import LiquiditySection, build
from groundswell.sheets.moment import moment
from groundswell.show.charts.style import BUY, INK, NEUTRAL, SELL
from groundswell.show.drawing import draw
from groundswell.show.sections.liquidity import LOOK
from groundswell.show.tables import Table

FIGURES = {figure.name: figure for figure in LOOK.figures}


@pytest.fixture(scope="module")
def section() -> LiquiditySection:
    book = made_liquidity(more=wednesday_levels())
    return build(book, moment(book, as_of=True))


@pytest.mark.parametrize("name", FIGURES)
def test_every_chart_is_valid_described_and_holds_zero(section: LiquiditySection, name: str) -> None:
    spec = FIGURES[name].chart(section).to_dict()
    assert len(spec["description"]) > 40
    scales = [
        channel["scale"]["domain"]
        for axis in ("x", "y")
        for channel in inside(spec, axis)
        if channel.get("field") in {"net", "start"} and "domain" in channel.get("scale", {})
    ]
    assert scales
    assert all(low <= 0 <= high for low, high in scales)
    assert FIGURES[name].twin(section).rows


def test_titles_are_the_findings(section: LiquiditySection) -> None:
    titles = {name: figure.chart(section).to_dict()["title"] for name, figure in FIGURES.items()}
    assert titles["liquidity_stack"] == section.finding
    month = section.change[section.change["weeks"] == 4].set_index("part")["contribution"]
    assert titles["liquidity_change"].startswith(f"Reserves {words.money(month['reserves'])} in 4 weeks")
    assert titles["liquidity_change"].endswith(f"residual {words.amount(month['other'])}")
    ahead = section.forward.iloc[12]
    assert f"announced {words.amount(ahead['announced'])}" in titles["liquidity_forward"]
    assert "no change by $" in titles["liquidity_forward"]


def test_the_bands_of_the_stack_end_at_the_assets(section: LiquiditySection) -> None:
    drawn = [row for row in rows(FIGURES["liquidity_stack"].chart(section).to_dict()) if "assets" in row]
    assert len(drawn) == 157
    stack = section.stack.tail(157)
    for row, week in zip(drawn, stack.itertuples(), strict=True):
        assert row["week"] == f"{week.week:%Y-%m-%d}"
        assert row["cash"] - row["net"] == pytest.approx(week.tga, abs=0.02)
        assert row["assets"] - row["cash"] == pytest.approx(week.on_rrp, abs=0.02)
    texts = {row.get("text") for row in rows(FIGURES["liquidity_stack"].chart(section).to_dict())}
    assert {"Fed assets $6.70tn", "known through 29 Apr"} <= texts


def test_the_bars_are_coloured_by_what_they_do(section: LiquiditySection) -> None:
    drawn = {row["name"]: row for row in rows(FIGURES["liquidity_change"].chart(section).to_dict()) if row}
    assert drawn["Treasury cash"]["colour"] == SELL
    assert drawn["Foreign reverse repo"]["colour"] == BUY
    assert drawn["Other, residual"]["colour"] == NEUTRAL
    assert drawn["Reserves"]["colour"] == INK
    assert "[" in drawn["Net liquidity"]["text"], "the two datings of the account differ"


@pytest.mark.parametrize("weeks", [2, 60])
def test_short_histories_are_drawn_too(weeks: int) -> None:
    day = {2: "2016-01-15", 60: "2017-03-02"}[weeks]
    whole = made_liquidity()
    book = whole if weeks > 60 else made_liquidity(as_of=day)
    section = build(book, moment(book, as_of=True))
    for name, figure in FIGURES.items():
        if figure.has(section):
            drawing = draw(name, figure.chart(section))
            assert "nan" not in drawing.title.lower()
            assert "NaN" not in drawing.svg
    assert not FIGURES["liquidity_forward"].has(section), (
        "it needs years of weeks, to know how far such paths miss"
    )
    assert any("There is no path ahead" in said for said in section.missing)


def test_nothing_is_drawn_of_a_book_without_a_balance_sheet() -> None:
    book = bundled_book()
    section = build(book, moment(book, as_of=True))
    assert not [name for name, figure in FIGURES.items() if figure.has(section)]
    assert not LOOK.written(section)
    assert not LOOK.printed(section)


def test_tables_fit_the_terminal_and_address_every_row(section: LiquiditySection) -> None:
    printed = LOOK.printed(section)
    assert [table.key for table in printed] == ["liquidity_change", "liquidity_mix"]
    assert all(_width(table) <= 100 for table in printed)
    twins = [figure.twin(section) for figure in LOOK.figures]
    for table in (*printed, *LOOK.written(section), *twins):
        addresses = [row.address for row in table.rows]
        assert len(set(addresses)) == len(addresses)
        assert table.key.removeprefix("liquidity_") in section.frames
        assert all("nan" not in cell.lower() for row in table.rows for cell in row.cells)
        assert all(len(row.cells) == len(table.header) for row in table.rows)


def _width(table: Table) -> int:
    columns = zip(table.header, *(row.cells for row in table.rows), strict=True)
    return sum(max(len(cell) for cell in column) + 2 for column in columns)
