"""Published figures beside ours: every row is labelled, and nothing is scored that is not alike."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from groundswell.data.book import Book

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def compared(made_book: Callable[..., Book], monkeypatch: pytest.MonkeyPatch) -> tuple[pd.DataFrame, str]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import desk_figures
    import published

    book = made_book(sessions=700, start="2016-01-04")
    rows = desk_figures.published()
    few = rows[rows["date"].isin(pd.to_datetime(["2018-02-05", "2021-01-20", "2022-12-19"]))]
    table = published.compare(few.reset_index(drop=True), desk_figures.Desks(book, draws=4))
    return table, published.page(table, published.reference_path(book), book, book, 4)


def test_every_published_figure_is_readable_and_names_its_source() -> None:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import desk_figures
    finally:
        sys.path.remove(str(BENCHMARKS))
    table = desk_figures.published()
    assert table["value"].notna().all()
    assert (table["source"] != "").all()
    assert not table.duplicated(["date", "house", "actor", "region", "kind", "horizon", "scenario"]).any()


def test_every_row_bears_exactly_one_of_the_three_labels(compared: tuple[pd.DataFrame, str]) -> None:
    table, _ = compared
    named = {"calibrated on it", "held out", "cannot be checked with the data here"}
    assert set(table["label"]) == named


def test_a_row_past_the_end_of_the_file_says_no_data(compared: tuple[pd.DataFrame, str]) -> None:
    table, page = compared
    late = table[(table["date"] == "2021-01-20") & (table["kind"] == "flow")]
    assert all(figure.central is None and figure.reason == "no data" for figure in late["figure"])
    assert set(late["label"]) == {"cannot be checked with the data here"}
    lines = [line for line in page.splitlines() if line.startswith("| 2021-01-20")]
    assert lines
    assert all("no data" in line for line in lines)


def test_a_global_figure_is_shown_beside_ours_and_not_scored(compared: tuple[pd.DataFrame, str]) -> None:
    table, _ = compared
    foreign = table[(table["region"] == "global") & (table["label"] == "held out")]
    assert len(foreign)
    assert foreign["inside"].isna().all()
