"""How the policy section looks.

- Charts are valid, described, titled by the finding; the dots carry the distribution, the line the odds.
- Tables are the frames in words, each row under its address; the first fits a terminal of 100 columns.
- No table and no chart prints what is not a number; a section without futures draws nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from made_futures import START, autumn_2025, quotes_of, with_futures

from groundswell.data import calendar
from groundswell.data.book import Book
from groundswell.sheets import policy_section, words
from groundswell.sheets.moment import moment
from groundswell.sheets.policy_section import PolicySection
from groundswell.show.charts.style import NEUTRAL, PALETTE
from groundswell.show.drawing import draw
from groundswell.show.sections.policy import LOOK, meetings_table
from groundswell.show.tables import Table

DAYS = calendar.sessions("2025-07-01", "2025-11-26")
QUOTES = quotes_of(list(DAYS), START, autumn_2025)
FIGURES = {figure.name: figure for figure in LOOK.figures}


@pytest.fixture
def section(made_book: Callable[..., Book]) -> PolicySection:
    book = with_futures(made_book(500, start="2024-01-02"), QUOTES).cut("2025-11-26")
    return policy_section.build(book, moment(book, True))


@pytest.fixture
def nothing(made_book: Callable[..., Book]) -> PolicySection:
    book = made_book()
    return policy_section.build(book, moment(book, True))


def inside(spec: Any, key: str) -> Iterator[Any]:
    """Yield every list under `key`, anywhere in a specification, and every named data set."""
    if isinstance(spec, dict):
        for name, value in spec.items():
            if name == "datasets":
                yield from value.values()
            elif name == key and isinstance(value, list):
                yield value
            yield from inside(value, key)
    elif isinstance(spec, list):
        for value in spec:
            yield from inside(value, key)


def rows(spec: dict[str, Any], field: str) -> list[dict[str, Any]]:
    """Return the data rows of a specification that have a field."""
    return [
        row for values in inside(spec, "values") for row in values if isinstance(row, dict) and field in row
    ]


def every_table(section: PolicySection) -> list[Table]:
    return [*(figure.twin(section) for figure in LOOK.figures), *(build(section) for build in LOOK.tables)]


@pytest.mark.parametrize("name", list(FIGURES))
def test_charts_are_valid_described_and_drawn(section: PolicySection, name: str) -> None:
    figure = FIGURES[name]
    assert figure.has(section)
    spec = figure.chart(section).to_dict()
    assert spec["title"] == {"policy_path": section.finding, "policy_odds": section.swung}[name]
    assert len(spec["description"]) > 60
    svg = draw(name, figure.chart(section)).svg
    assert not [colour for colour in PALETTE if colour in svg]
    assert not re.search(r"\bnan\b", svg.lower())


def test_the_dots_are_the_distribution(section: PolicySection) -> None:
    spec = FIGURES["policy_path"].chart(section).to_dict()
    dots = rows(spec, "probability")
    frame = section.distribution[section.distribution["meeting"].isin(section.meetings["meeting"].head(8))]
    assert sorted((row["level"], row["probability"]) for row in dots) == sorted(
        (float(f"{level:.6g}"), float(f"{odds:.6g}"))
        for level, odds in zip(frame["level"], frame["probability"], strict=True)
    )
    assert sum(row["colour"] == NEUTRAL for row in dots) == (frame["total_bp"] == 0).sum()
    now = f"now {words.percent(section.meetings['start'].iloc[0], 2)}"
    assert now in [row["text"] for row in rows(spec, "text")]


def test_the_largest_day_is_marked(section: PolicySection) -> None:
    spec = FIGURES["policy_odds"].chart(section).to_dict()
    texts = [row["text"] for row in rows(spec, "text")]
    assert "12 Nov: −32 points, 8.0 bp" in texts
    assert "82%" in texts
    assert "last decision" in texts


def test_tables_are_the_frames_in_words(section: PolicySection) -> None:
    tables = {table.key: table for table in every_table(section)}
    assert set(tables) == {f"policy_{name}" for name in PolicySection.frames}
    for table in tables.values():
        assert table.rows, table.key
        assert len({row.address for row in table.rows}) == len(table.rows)
        assert all(row.address.startswith(table.key) for row in table.rows)
        text = " ".join(cell for row in table.rows for cell in row.cells)
        assert not re.search(r"\b(nan|nat|inf)\b", text.lower())
        assert all(len(row.cells) == len(table.header) for row in table.rows)
    first = tables["policy_meetings"].rows[0]
    assert first.address == "policy_meetings-2025-12-10"
    assert first.cells[:2] == ("10 Dec 2025", "3.83%")
    assert first.cells[5] == "[−21, −19]"
    assert "cme (this sheet)" in [row.cells[0] for row in tables["policy_conventions"].rows]
    moves = tables["policy_moves"]
    assert moves.header[0] == "Meeting"
    assert dict(zip(moves.header, moves.rows[0].cells, strict=True))["−25"] == "82%"


def test_the_terminal_s_table_fits_a_hundred_columns(section: PolicySection) -> None:
    assert LOOK.first == (meetings_table,)
    for table in LOOK.printed(section):
        wide = [
            max(len(line[i]) for line in (table.header, *(r.cells for r in table.rows))) for i in range(9)
        ]
        assert sum(wide) + 2 * (len(wide) - 1) <= 100


def test_a_section_without_futures_draws_nothing(nothing: PolicySection) -> None:
    assert not any(figure.has(nothing) for figure in LOOK.figures)
    assert LOOK.written(nothing) == []
    assert LOOK.printed(nothing) == []
    assert not any(table.rows for table in every_table(nothing))


def test_a_meeting_far_out_carries_its_year(section: PolicySection) -> None:
    spec = FIGURES["policy_path"].chart(section).to_dict()
    names = [row["meeting"] for row in rows(spec, "meeting")]
    assert any(name.startswith("10 Dec|") for name in names)
    assert any(name.startswith("28 Jan 26|") for name in names)
    assert pd.Timestamp("2026-01-28") in set(section.meetings["meeting"])
