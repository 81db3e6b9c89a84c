"""The page stands alone.

- Nothing to fetch, no script, well under 500 kB; every link leads somewhere on the page.
- Every number of the matrix leads to its row, and every row to the actor's rule and parameters.
- Each chart has its title, its description and its table twin; colours follow the theme.
- Text from outside is escaped, what is not defined is a dash, many scenarios are stacked.
- It is laid out in under 2 seconds.
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from groundswell.sheets import words
from groundswell.show import charts, page, tables
from groundswell.show.charts.style import PALETTE

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Collects tags, identifiers and links, and checks that tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def values(self, attribute: str) -> list[str]:
        return [str(found[attribute]) for _, found in self.tags if attribute in found]


@pytest.fixture(scope="module")
def html(made_desk: Any) -> str:
    return page.to_html(made_desk)


@pytest.fixture(scope="module")
def read(html: str) -> Reader:
    return Reader(html)


def test_there_is_nothing_to_fetch_and_nothing_to_run(html: str, read: Reader) -> None:
    names = {tag for tag, _ in read.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "base", "form"}
    assert not re.search(r"https?://|url\((?!#)|@import|javascript:", html)
    assert not any(name.startswith("on") for _, found in read.tags for name in found)
    assert len(html.encode()) < 500_000


def test_identifiers_are_unique_and_every_link_leads_somewhere(read: Reader) -> None:
    identifiers = read.values("id")
    assert len(set(identifiers)) == len(identifiers)
    targets = {link.removeprefix("#") for link in read.values("href")}
    targets |= {name for names in read.values("aria-labelledby") for name in names.split()}
    assert targets <= set(identifiers)


def test_every_flow_and_position_has_its_row_and_the_matrix_links_to_it(made_desk: Any, read: Reader) -> None:
    identifiers, links = set(read.values("id")), read.values("href")
    for address in tables.addresses("flows", made_desk.flows):
        assert address in identifiers
        assert f"#{address}" in links
    for address in tables.addresses("positions", made_desk.positions):
        assert address in identifiers
    for row in made_desk.assumptions.itertuples():
        assert words.address("assumptions", row.address) in identifiers


def test_every_chart_has_title_description_and_table_twin(made_desk: Any, html: str, read: Reader) -> None:
    figures = re.findall(r"<figure id=\"(\w+)\">(.*?)</figure>", html, re.S)
    assert {name for name, _ in figures} == set(charts.__all__)
    for name, figure in figures:
        title = getattr(charts, name)(made_desk).to_dict()["title"].replace("'", "&#x27;")
        assert f'<title id="{name}-title">{title}</title>' in figure
        assert f'<desc id="{name}-desc">' in figure
        assert "<table" in figure.split("<details>")[1]
        assert "<text" in figure


def test_a_twin_holds_the_numbers_of_its_chart(made_desk: Any, html: str) -> None:
    twin = html.split('<figure id="scenario_fan">')[1].split("</figure>")[0]
    last = made_desk.fan[made_desk.fan["session"] == 21]
    for row in last.itertuples():
        assert words.flow_estimate(row.flow, row.low, row.high) in twin


def test_a_drawing_keeps_its_words_and_takes_the_colours_of_the_theme(html: str) -> None:
    body = html.split("</style>")[1]
    assert "today 2,506.85" in body
    assert not any(colour in body for colour in PALETTE)
    for name in PALETTE.values():
        assert f"--{name}:" in html


def test_the_first_screen_says_who_how_much_and_how_sure(made_desk: Any, html: str) -> None:
    first = html.split("<figure")[0].replace("\N{NO-BREAK SPACE}", " ")
    assert made_desk.headline in first
    total = made_desk.flows.query("actor == 'total' and horizon == '1w' and scenario == 'down2'")
    row = next(total.itertuples())
    band = words.band(row.low, row.high, row.flow)
    assert f"{words.flow(row.flow)}<small>{band}</small>" in first
    assert "data 2,740 days old" in first
    assert "2,441.20" in first


def test_the_page_says_what_z_and_unless_mean_and_what_the_total_leaves_out(
    made_desk: Any, html: str
) -> None:
    first, rest = html.split("<figure", 1)
    assert "z: against flows over as many sessions since 1999" in first
    assert words.UNLESS in first
    assert words.UNLESS in rest
    assert words.TOTAL_LEAVES_OUT in rest


def test_the_history_of_flows_begins_with_the_earliest_position(made_desk: Any) -> None:
    since = made_desk.positions["since"].copy()
    since.iloc[2] = pd.Timestamp("1957-03-04")
    early = replace(made_desk, positions=made_desk.positions.assign(since=since))
    assert tables.flow_history(early).endswith("over as many sessions since 1957")
    unknown = replace(made_desk, positions=made_desk.positions.assign(since=pd.NaT))
    assert tables.flow_history(unknown).endswith("over as many sessions")


def test_only_a_position_that_never_varied_has_dashes_for_its_place(made_desk: Any) -> None:
    positions = made_desk.positions.copy()
    positions.loc[:2, ["percentile", "z"]] = [[0.5, 0.0], [0.5, 0.01], [0.51, 0.0]]
    places = [row.cells[4:6] for row in tables.positions(replace(made_desk, positions=positions)).rows[:3]]
    assert places == [("–", "–"), ("50th", "0.0"), ("51st", "0.0")]


def test_fresh_data_carry_no_badge(make_desk: Callable[..., Any], made_desk: Any) -> None:
    assert page.badge(make_desk(stale_days=3, stale=False)) == ""


def test_text_from_outside_is_escaped(make_desk: Callable[..., Any]) -> None:
    desk = make_desk(source="<b>prices.csv", headline="a <script>alert(1)</script>")
    desk = replace(desk, strip=desk.strip.assign(note="<i>note"))
    names = {tag for tag, _ in Reader(page.to_html(desk)).tags}
    assert "script" not in names
    assert "i" not in names


def test_many_scenarios_are_stacked_by_horizon(make_desk: Callable[..., Any]) -> None:
    own = ("flat", "up1", "up2", "down1", "down2", "crash", "melt up")
    stacked = page.matrices(make_desk(scenarios=own))
    assert [matrix.horizons for matrix in stacked] == [
        (("1 day", 7),),
        (("1 week", 7),),
        (("1 month", 7),),
    ]
    assert len(page.matrices(make_desk())) == 1


def test_what_is_not_defined_is_a_dash_and_empty_frames_are_sentences(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk()
    desk = replace(desk, flows=desk.flows.assign(z=np.nan, pct_adv=np.nan, low=np.nan))
    desk = replace(desk, positions=desk.positions.assign(percentile=np.nan, z=np.nan))
    for name in ("triggers", "calendar", "ladder", "fan", "crowding", "history"):
        desk = replace(desk, **{name: getattr(desk, name).head(0)})
    text = page.to_html(desk)
    assert "No level within reach forces a trade." in text
    assert not re.search(r"\bnan\b|NaN|\bNaT\b|\binf\b", text)


def test_the_page_is_laid_out_in_two_seconds(made_desk: Any, html: str) -> None:
    start = time.process_time()
    page.to_html(made_desk)
    assert time.process_time() - start < 2.0
