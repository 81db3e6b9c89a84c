"""The distributional accounts: one archive, many tables.

- A table needs its known groups and every quarter; otherwise its series fail, and those of others stand.
- A missing or renamed column fails its own series; the name a column had before is understood.
- An archive that is damaged, locked, swollen or not one is refused.
- Recorded tables: counts and spot values against an independent reading; the catalog's bounds hold on
  real tables.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from answering import Answering, body, zipped

from groundswell.data.catalog import catalog
from groundswell.data.checking import checked
from groundswell.data.sources import fed_dfa, zips
from groundswell.data.sources.fed_dfa import CATEGORIES, SOURCE, read
from groundswell.data.sources.source import Delivery, Wanted

CATALOG = catalog()
ENTRIES = [each for each in CATALOG.values() if each.source == "fed_dfa"]
BOTTOM = Wanted(CATALOG["wealth.percentile.bottom_50.net_worth"])
EQUITIES = Wanted(CATALOG["wealth.percentile.bottom_50.equities"])
BOOMERS = Wanted(CATALOG["wealth.generation.baby_boom.net_worth"])


def table(kind: str, quarters: int = 3, equities: str = "Corporate equities and mutual fund shares") -> str:
    """Return a table of levels as the service writes it; net worth counts up from 1,000,000."""
    lines = [f"Date,Category,Net worth,Assets,{equities}"]
    for number in range(quarters):
        day = f"{1989 + (2 + number) // 4}:Q{(2 + number) % 4 + 1}"
        for place, category in enumerate(sorted(CATEGORIES[kind])):
            lines.append(f"{day},{category},{1_000_000 + 100 * number + place},2000000,{150_000 + number}")
    return "\n".join(lines) + "\n"


def packed(**members: str) -> bytes:
    """Return an archive; a name such as networth_levels stands for dfa-networth-levels.csv."""
    return zipped({f"dfa-{name.replace('_', '-')}.csv": text for name, text in members.items()})


def run(content: bytes, *wanted: Wanted) -> Delivery:
    caller = Answering({"/dfa.zip": content})
    [job] = SOURCE.jobs(list(wanted), caller, date(2026, 9, 1))
    return job.run(caller)


def failed(delivery: Delivery) -> dict[str, str]:
    return {each.series: str(each.error) for each in delivery.failures}


def test_a_series_is_one_group_of_one_column_by_quarter() -> None:
    found = run(packed(networth_levels=table("networth")), BOTTOM).observations
    assert found["period"].dt.strftime("%Y-%m-%d").to_list() == ["1989-07-01", "1989-10-01", "1990-01-01"]
    assert found["value"].to_list() == [1_000_000.0, 1_000_100.0, 1_000_200.0]
    assert found["row"].to_list() == [2, 7, 12]
    stored = checked(found, BOTTOM.entry, Answering({}).fetched)
    assert stored["value"].to_list() == [1_000.0, 1_000.1, 1_000.2]
    assert stored["ruled"].iloc[0] == pd.Timestamp("1989-12-31 12:00", tz="America/New_York")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (table("networth").replace("Bottom50", "Bottom40"), r"row 2, .*the category 'Bottom40' is not known"),
        (table("networth").replace("1989:Q4", "1989:Q5"), r"row 7, .*'1989:Q5' is not a quarter"),
        (table("networth").replace("1989:Q4", "1989:Q"), r"row 7, .*'1989:Q' is not a quarter"),
        (table("networth").replace("1989:Q4", "1990:Q2"), r"not complete"),
        (table("networth").replace("1989:Q4,Next9", "1989:Q4,Next40"), r"not complete"),
        (table("networth").replace("Category", "Group"), r"'Category' stands 0 times"),
        (table("networth").replace("Net worth", "Wealth"), r"bottom_50.net_worth', row 1, .*'Net worth'"),
        (
            table("networth").replace(",1000100,", ",n.a.,"),
            r"row 7, .*#dfa-networth-levels.csv: column 'Net worth' holds 'n.a.'",
        ),
    ],
)
def test_a_changed_table_fails_its_series_and_no_others(text: str, complaint: str) -> None:
    delivery = run(packed(networth_levels=text, generation_levels=table("generation")), BOTTOM, BOOMERS)
    assert set(delivery.observations["series"]) == {BOOMERS.entry.id}
    failures = failed(delivery)
    assert set(failures) == {BOTTOM.entry.id}
    assert pd.Series(failures).str.contains(complaint).all(), failures


def test_a_column_that_is_gone_fails_alone_and_its_older_name_is_understood() -> None:
    gone = run(packed(networth_levels=table("networth", equities="Shares")), BOTTOM, EQUITIES)
    assert set(gone.observations["series"]) == {BOTTOM.entry.id}
    assert set(failed(gone)) == {EQUITIES.entry.id}
    older = run(packed(networth_levels=table("networth", equities="Corporate equities")), EQUITIES)
    assert older.observations["value"].to_list() == [150_000.0, 150_001.0, 150_002.0]


def test_a_table_that_is_not_there_fails_its_series() -> None:
    delivery = run(packed(generation_levels=table("generation")), BOTTOM, BOOMERS)
    assert "stands 0 times in the zip" in failed(delivery)[BOTTOM.entry.id]


def test_an_archive_that_cannot_be_opened_is_refused() -> None:
    delivery = run(b"<html>try later</html>", BOTTOM)
    assert "the zip cannot be read" in failed(delivery)[BOTTOM.entry.id]


def test_a_swollen_table_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fed_dfa, "LARGEST_MEMBER", 1_000)
    delivery = run(packed(networth_levels=table("networth", 40)), BOTTOM)
    assert "more than can be true" in failed(delivery)[BOTTOM.entry.id]
    monkeypatch.setattr(zips, "MOST_MEMBERS", 0)
    delivery = run(packed(networth_levels=table("networth")), BOTTOM)
    assert "the zip has 1 members" in failed(delivery)[BOTTOM.entry.id]


def test_damage_anywhere_in_the_archive_ends_in_an_error_of_ours() -> None:
    whole = packed(networth_levels=table("networth", 40))
    right = run(whole, BOTTOM).observations
    for place in range(0, len(whole), 7):
        hurt = bytearray(whole)
        hurt[place] ^= 0x55
        delivery = run(bytes(hurt), BOTTOM)
        if not failed(delivery):
            pd.testing.assert_frame_equal(delivery.observations, right)


@pytest.mark.parametrize(
    ("name", "spot"),
    [
        ("networth-levels", ("TopPt1", "1989:Q3", "Net worth", 1746474.0)),
        ("networth-shares", ("Bottom50", "2023:Q1", "Net worth", 2.4)),
        ("networth-levels-detail", ("Bottom50", "2023:Q1", "Household count", 65984917.0)),
    ],
)
def test_recorded_tables(
    recording: Callable[[str], Path], name: str, spot: tuple[str, str, str, float]
) -> None:
    path = recording(f"fed_dfa/dfa-{name}_2023Q1.csv")
    wanted = [Wanted(each) for each in ENTRIES if each.source_id.startswith(f"{name}/")]
    delivery = read(body(packed(**{name: path.read_text()}), "fed_dfa", expect="zip"), wanted)
    assert not delivery.failures
    with path.open() as file:
        raw = list(csv.DictReader(file))
    assert len(raw) == 675
    for each in wanted:
        _, category, column = each.entry.source_id.split("/")
        cells = [row[column] for row in raw if row["Category"] == category]
        found = delivery.observations[delivery.observations["series"] == each.entry.id]
        np.testing.assert_equal(found["value"].to_list(), [float(cell or "nan") for cell in cells])
        assert len(found) == 135
    category, quarter, column, value = spot
    [cell] = [row[column] for row in raw if (row["Category"], row["Date"]) == (category, quarter)]
    assert float(cell) == value


def test_the_bounds_of_the_catalog_hold_on_real_tables(real_data: Callable[[str], Path]) -> None:
    folder = real_data("dfa/dfa-age-levels_2023Q1.csv").parent
    names = {each.source_id.partition("/")[0] for each in ENTRIES}
    members = {name: (folder / f"dfa-{name}_2023Q1.csv").read_text() for name in names}
    delivery = read(body(packed(**members), "fed_dfa", expect="zip"), [Wanted(each) for each in ENTRIES])
    assert not delivery.failures
    for series, rows in delivery.observations.groupby("series"):
        stored = checked(rows, CATALOG[str(series)], Answering({}).fetched)
        assert len(stored) >= 134
