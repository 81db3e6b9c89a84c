"""Sections in every form.

- Every section has a look, and every figure and table of it says something or is left out.
- The page, the terminal, JSON, CSV and Markdown carry the finding, what is missing and the numbers.
- On the page a table that stands beside a chart does not stand there twice.
"""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from made_chain import with_chain
from rich.console import Console

import groundswell as gs
from groundswell.sheets.desk_sheet import Desk
from groundswell.show import plain, terminal
from groundswell.show.sections import LOOKS


@pytest.fixture(scope="module")
def desk() -> Desk:
    book = with_chain()
    return gs.desk(book, as_of=f"{book.through:%Y-%m-%d}", draws=4)


@pytest.fixture(scope="module")
def html(desk: Desk) -> str:
    return desk.to_html()


def test_every_section_has_its_look(desk: Desk) -> None:
    assert [section.key for section in desk.sections] == list(LOOKS)


def test_the_page_tells_each_section_once(desk: Desk, html: str) -> None:
    for section in desk.sections:
        assert html.count(f'<h2 id="{section.key}">') == 1
        for sentence in (*section.missing, *section.caveats):
            assert plain_words(sentence) in plain_words(html), sentence
    identifiers = re.findall(r' id="([^"]+)"', html)
    assert len(identifiers) == len(set(identifiers))
    assert html.count('class="full gamma_flows"') == 1
    assert 'id="gamma_profile"' in html


def test_the_terminal_tells_findings_and_first_tables_in_100_columns(desk: Desk) -> None:
    console = Console(width=100, file=io.StringIO(), force_terminal=False)
    terminal.render(desk, console)
    written = console.file.getvalue()  # type: ignore[attr-defined]
    # a command or a list of names stays whole, however long, to be copied
    assert max(len(line) for line in written.splitlines() if " " in line.strip()) <= 100
    for section in desk.sections:
        assert plain_words(section.finding) in plain_words(written)
        for table in LOOKS[section.key].printed(section):
            assert plain_words(table.title) in plain_words(written)  # the units of what stands below
            for row in table.rows:
                assert all(cell in written for cell in row.cells)


def test_json_csv_and_markdown_hold_the_numbers(desk: Desk) -> None:
    told = json.loads(plain.to_json(desk))
    rows = list(csv.DictReader(io.StringIO(plain.to_csv(desk))))
    markdown = plain.to_markdown(desk)
    for section in desk.sections:
        assert told[section.key]["finding"] == section.finding
        assert f"## {section.title}\n" in markdown
        for name in section.frames:
            frame = section.frame(name)
            assert len(told[section.key][name]) == len(frame)
            cells = [row for row in rows if row["table"] == f"{section.key}_{name}"]
            assert len(cells) == frame.size
            assert len({(row["row"], row["field"]) for row in cells}) == frame.size
    level = next(row for row in rows if row["table"] == "gamma_profile" and row["field"] == "level")
    assert float(level["value"]) == desk.gamma.profile["level"].iloc[0]


def plain_words(text: str) -> str:
    """The words alone: markup, line ends and typographic spaces differ by form."""
    import html

    return re.sub(r"\W+", " ", html.unescape(text))
