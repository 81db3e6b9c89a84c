"""The catalog holds together.

- Every entry names a unit and a release rule that the house knows, and a source that is in it.
- Its bounds enclose what is typical, and what is typical tells apart the units it may come in.
- Every mechanism of the thesis finds series; the sheets find what they want.
- A malformed row is named by file, row and column; a user's own file extends or replaces entries.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from groundswell.data import release, units
from groundswell.data.catalog import Entry, catalog, entry, read
from groundswell.data.errors import DataError
from groundswell.data.sources.roster import SOURCES

ENTRIES = list(catalog().values())
MECHANISMS = [f"M{number}" for number in range(1, 22)]

HEADER = ",".join(Entry.model_fields)
ROW = (
    "tide,Height of the tide,percent,daily,fred,TIDE,percent,period +0 days at 16:00,false,"
    "0,100,1,50,public,M6,,"
)


def test_every_entry_is_of_a_known_unit_a_valid_rule_and_a_source_in_the_house() -> None:
    for each in ENTRIES:
        for came_in in each.source_unit.split("|"):
            assert units.known(came_in), (each.id, came_in)
            units.factor(came_in, each.unit)
        if each.frequency != "snapshot":
            release.check(each.release)
        assert each.source in SOURCES, each.id


def test_what_is_typical_lies_inside_what_is_possible() -> None:
    wrong = [e.id for e in ENTRIES if not e.low <= e.typical_low < e.typical_high <= e.high]
    assert not wrong


def test_where_two_units_are_in_use_no_figure_is_typical_in_both() -> None:
    for each in ENTRIES:
        came_in = each.source_unit.split("|")
        if len(came_in) > 1:
            first, second = (units.factor(unit, each.unit) for unit in came_in)
            assert each.typical_high / each.typical_low < max(first / second, second / first), each.id


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_finds_series(mechanism: str) -> None:
    assert [each.id for each in ENTRIES if mechanism in each.feeds]


def test_no_entry_feeds_what_the_thesis_does_not_have() -> None:
    assert not {code for each in ENTRIES for code in each.feeds} - set(MECHANISMS)


def test_one_series_of_a_source_stands_under_one_name() -> None:
    calls = [(each.source, each.source_id) for each in ENTRIES]
    assert len(calls) == len(set(calls))


def test_the_desk_finds_what_it_wants_without_a_key() -> None:
    wanted = {each.id: each.source for each in ENTRIES if "desk" in each.needed_by}
    assert {"index", "vix", "vix9d", "vix3m", "vix6m", "vvix", "effr", "tga", "fed_assets"} <= set(wanted)
    assert {"futures.fed_funds", "futures.vix", "chain.spx", "cot.vix.dealer.long"} <= set(wanted)
    assert {"tga_wednesday", "on_rrp", "foreign_rrp", "currency", "reserves_wednesday"} <= set(wanted)
    assert {"bills_outstanding", "marketable_outstanding", "debt_buybacks", "soma_bills"} <= set(wanted)
    keyed = [s for s in set(wanted.values()) if (key := SOURCES[s].service.credential) and key.required]
    assert not keyed


@pytest.mark.parametrize(
    ("change", "column"),
    [(("false", "perhaps"), "revised"), (("0,100", "none,100"), "low"), (("tide,H", "Tide!,H"), "id")],
)
def test_a_malformed_row_is_named(change: tuple[str, str], column: str) -> None:
    text = f"{HEADER}\n{ROW}\n{ROW.replace(*change)}\n"
    with pytest.raises(DataError, match=rf"mine\.csv, row 3, column '{column}'"):
        read(text, "mine.csv")


def test_a_file_of_the_users_own_extends_and_replaces(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(f"{HEADER}\n{ROW}\n{ROW.replace('tide,', 'vix,', 1)}\n", "utf-8")
    mine = catalog(file)
    assert mine["tide"].title == mine["vix"].title == "Height of the tide"
    assert catalog()["vix"].title != mine["vix"].title
    assert len(mine) == len(ENTRIES) + 1


def test_a_mistyped_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(DataError, match="did you mean 'fed_assets'"):
        entry("fed_asets", catalog())
