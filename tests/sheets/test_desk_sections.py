"""The sections on the sheet.

- All are there in their order, each by its name on the desk, and their figures stand in the strip.
- What stops one of them is said in its place; the others, and all flows, are as without it.
- Later data change none of them.
"""

from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest
from made_chain import SESSIONS, with_chain

import groundswell as gs
from groundswell.data.book import Book
from groundswell.data.errors import StoreError
from groundswell.sheets.desk_sheet import Desk

KEYS = ["curve", "gamma", "policy", "liquidity"]


def desk_of(book: Book) -> Desk:
    return gs.desk(book, as_of=f"{book.through:%Y-%m-%d}", draws=4)


@pytest.fixture(scope="module")
def book() -> Book:
    return with_chain()


@pytest.fixture(scope="module")
def desk(book: Book) -> Desk:
    return desk_of(book)


def test_all_sections_are_there_by_their_names(desk: Desk) -> None:
    assert [section.key for section in desk.sections] == KEYS
    assert list(desk.sections) == [desk.curve, desk.gamma, desk.policy, desk.liquidity]
    assert "Dealer gamma" in set(desk.strip["item"])
    assert desk.to_dict()["gamma"]["finding"] == desk.gamma.finding


class Broken:
    """A store that cannot be read any more."""

    def last(self, name: str, before: pd.Timestamp) -> None:
        raise StoreError("the file is damaged", where="store.duckdb")

    def over_time(self, name: str, *given: object) -> pd.DataFrame:
        raise StoreError("the file is damaged", where="store.duckdb")


def test_what_stops_a_section_costs_nothing_else(book: Book, desk: Desk) -> None:
    broken = desk_of(dataclasses.replace(book, quotes=Broken()))
    assert broken.policy.finding == "Policy path: not on this sheet"
    assert broken.policy.is_empty
    for section in (broken.policy, broken.gamma):
        assert any("the file is damaged" in sentence for sentence in section.missing)
    assert "the file is damaged" in broken.to_html()
    pd.testing.assert_frame_equal(broken.flows, desk.flows)
    assert broken.liquidity.finding == desk.liquidity.finding


def test_a_sheet_owes_nothing_to_later_quotes_and_closes(book: Book, desk: Desk) -> None:
    longer = with_chain(SESSIONS + 40)
    then = gs.desk(longer, as_of=f"{book.through:%Y-%m-%d}", draws=4)
    told = [json.dumps(sheet.to_dict(), default=str) for sheet in (then, desk)]
    assert told[0] == told[1]
