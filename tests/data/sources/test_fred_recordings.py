"""Recorded answers of FRED, read and held against an independent reading.

- Every vintage of GDP; its first releases agree with the service's own list of them.
- Latest figures, descriptions and vintage dates: counts and spot values.
- Recorded downloads: counts and spot values.
- Every recording of the service is read by a test or listed as one that answers requests we never make.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from answering import body

from groundswell.data.catalog import Entry, catalog
from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body
from groundswell.data.sources import fred_answers, fred_download, fred_units, fred_vintages
from groundswell.data.sources.fred_answers import FIRST_DAY, LAST_DAY, Span
from groundswell.data.sources.source import Wanted

ENTRIES = {each.source_id: each for each in catalog().values() if each.source == "fred"}
GDP = Wanted(ENTRIES["GDP"])
ALL = "fred/fred_series_observations_file_type_json_realtime_end_9999_12_31_realtime_start_1776_07_04.json"
FIRST_RELEASES = (
    "fred/fred_series_observations_file_type_json_output_type_4_realtime_start_1776_07_04_series_id.json"
)

Found = Callable[[str], Path]


def recorded(path: Path, day: str) -> Body:
    fetched = datetime.fromisoformat(day).replace(hour=20, tzinfo=UTC)
    return body(path.read_bytes(), "fred", fetched=fetched)


def test_every_vintage_of_gdp_as_recorded(recording: Found) -> None:
    path = recording(ALL)
    rows, count = fred_answers.read_spans(recorded(path, "2024-11-03"), GDP.entry, Span())
    raw = json.loads(path.read_text())["observations"]
    assert len(rows) == count == len(raw) == 3199
    assert rows["value"].isna().sum() == sum(row["value"] == "." for row in raw) == 245
    latest = {row["date"]: row["value"] for row in raw if row["realtime_end"] == LAST_DAY}
    standing = rows[rows["end"] == np.datetime64(LAST_DAY)].set_index("period")["value"]
    for day in ("1947-01-01", "2009-04-01", "2020-04-01", "2024-04-01"):
        assert standing[day] == float(latest[day])
    assert standing["2020-04-01"] == 19935.444


def test_first_releases_of_gdp_agree_with_the_services_own_list(recording: Found) -> None:
    rows, _ = fred_answers.read_spans(recorded(recording(ALL), "2024-11-03"), GDP.entry, Span())
    first = rows.sort_values("start").drop_duplicates("period").set_index("period")
    listed = json.loads(recording(FIRST_RELEASES).read_text())["observations"]
    assert len(listed) == 132
    for each in listed:
        assert first.loc[each["date"], "value"] == float(each["value"])
        assert f"{first.loc[each['date'], 'start']:%Y-%m-%d}" == each["realtime_start"]
    with pytest.raises(SourceError, match="output_type=1, as asked"):
        fred_answers.read_spans(recorded(recording(FIRST_RELEASES), "2024-11-03"), GDP.entry, Span())


def test_recorded_vintage_dates_are_those_of_the_vintages(recording: Found) -> None:
    dates = fred_answers.read_vintage_dates(
        recorded(recording("fred/fred_series_vintagedates_file_type_json_series_id_GDP.json"), "2025-01-20"),
        GDP.entry,
    )
    assert (len(dates), dates[0], dates[-1]) == (395, "1991-12-04", "2024-12-19")
    rows, _ = fred_answers.read_spans(recorded(recording(ALL), "2024-11-03"), GDP.entry, Span())
    assert set(rows["start"].dt.strftime("%Y-%m-%d")) <= set(dates)
    assert fred_vintages.windows(dates, FIRST_DAY) == [Span()]


@pytest.mark.parametrize(
    ("file", "series", "day", "count", "spot"),
    [
        ("GDP", "GDP", "2024-12-19", 315, ("2024-07-01", 29374.914)),
        ("CPILFESL", "CPILFESL", "2024-10-11", 813, ("2024-09-01", 320.767)),
        ("CPILFESL_2", "CPILFESL", "2025-01-16", 816, ("2024-12-01", 323.383)),
    ],
)
def test_recorded_figures(
    recording: Found, file: str, series: str, day: str, count: int, spot: tuple[str, float]
) -> None:
    path = recording(f"fred/fred_series_observations_file_type_json_series_id_{file}.json")
    rows, total = fred_answers.read_figures(recorded(path, day), ENTRIES[series])
    raw = {row["date"]: row["value"] for row in json.loads(path.read_text())["observations"]}
    assert len(rows) == total == len(raw) == count
    assert rows.set_index("period")["value"][spot[0]] == float(raw[spot[0]]) == spot[1]
    assert rows["value"].isna().sum() == sum(value == "." for value in raw.values())


@pytest.mark.parametrize("series", ["GDP", "CPILFESL"])
def test_recorded_descriptions_agree_with_the_catalog(recording: Found, series: str) -> None:
    path = recording(f"fred/fred_series_file_type_json_series_id_{series}.json")
    [told] = fred_answers.checked_description(recorded(path, "2025-01-20"), ENTRIES[series])
    assert fred_units.agree(told.units, ENTRIES[series].source_unit) is True


@pytest.mark.parametrize(
    ("series", "entry", "count", "spot"),
    [
        ("DGS10", ENTRIES["DGS10"], 15235, ("2020-03-09", 0.54)),
        ("RRPONTSYD", ENTRIES["RRPONTSYD"], 2402, ("2022-12-30", 2553.716)),
        ("WALCL", ENTRIES["WALCL"], 1046, ("2022-04-13", 8965487.0)),
        (
            "SOFR",
            ENTRIES["DGS10"].model_copy(update={"id": "sofr", "source_id": "SOFR"}),
            1187,
            ("2019-09-17", 5.25),
        ),
    ],
)
def test_recorded_downloads(
    recording: Found, series: str, entry: Entry, count: int, spot: tuple[str, float]
) -> None:
    path = recording(f"fred_graph/fredgraph_{series}_to_2022.csv")
    found = fred_download.read(body(path.read_bytes(), "fred_graph"), [Wanted(entry)]).observations
    with path.open() as file:
        raw = {row[0]: row[1] for row in list(csv.reader(file))[1:] if row[1]}
    assert len(found) == len(raw) == count
    assert found.set_index("period")["value"][spot[0]] == float(raw[spot[0]]) == spot[1]


NEVER_ASKED = (
    "fred_category_", "fred_related_tags", "fred_release_", "fred_releases_", "fred_series_release_",
    "fred_series_search_", "fred_series_tags_", "fred_source_", "fred_sources_", "fred_tags_", "geofred_",
)  # fmt: skip
"""Categories, tags, sources, searches, maps and calendars of releases: requests that are never made."""

READ_HERE = (
    "fred_series_file_type_json_series_id_", "fred_series_observations_", "fred_series_vintagedates_",
    "fredgraph_",
)  # fmt: skip


def test_every_recording_of_the_service_is_accounted_for(recording: Found) -> None:
    with recording("index.csv").open() as file:
        names = [
            row["file"].split("/")[1] for row in csv.DictReader(file) if row["service"].startswith("fred")
        ]
    ours = [name for name in names if not name.startswith("fred_md")]
    assert len(ours) == 45
    for name in ours:
        assert name.startswith(NEVER_ASKED) != name.startswith(READ_HERE), name
