"""FRED without a key, and its catalog.

- One download for many series of a frequency; revised series come whole, others since what is stored.
- Series that FRED packs as tables in a zip are read from it.
- A column that is missing or malformed fails alone, and so does an id that is gone.
- FRED's words for units are understood.
- The bounds of the catalog hold on real figures, and its rules are no earlier than recorded releases.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from answering import Answering, body, zipped
from loopback import Reply, serving

from groundswell.data import release, units
from groundswell.data.catalog import catalog
from groundswell.data.errors import SourceError
from groundswell.data.http.client import Client
from groundswell.data.settings import Settings
from groundswell.data.sources import fred_download, fred_units
from groundswell.data.sources.fred import SOURCE
from groundswell.data.sources.source import Wanted

TODAY = date(2026, 9, 1)
ENTRIES = {each.source_id: each for each in catalog().values() if each.source == "fred"}
DGS10 = Wanted(ENTRIES["DGS10"])


def run(caller: Answering, *wanted: Wanted) -> list[pd.DataFrame]:
    return [job.run(caller).observations for job in SOURCE.jobs(list(wanted), caller, TODAY)]


Found = Callable[[str], Path]


WIDE = "observation_date,DGS10,DGS2\n2026-08-27,4.21,3.9\n2026-08-28,,.\n\n2026-08-31,4.25,3.8\n"


def test_without_a_key_series_of_one_frequency_share_a_download() -> None:
    caller = Answering({"/fredgraph.csv": WIDE})
    wanted = [DGS10, Wanted(ENTRIES["DGS2"])]
    [found] = run(caller, *wanted)
    assert [each.parameters for each in caller.asked] == [
        {"id": "DGS10,DGS2", "coed": "2026-09-01,2026-09-01"}
    ], "of one day for all FRED heeds the first series alone"
    ten = found[found["series"] == "yield_10y"]
    assert ten["value"].to_list() == [4.21, 4.25]
    assert ten["row"].to_list() == [2, 5]
    assert found["released"].isna().all()


def test_a_download_goes_back_far_enough_for_the_series_furthest_behind() -> None:
    caller = Answering({"/fredgraph.csv": WIDE})
    run(caller, Wanted(DGS10.entry, date(2026, 8, 28)), Wanted(ENTRIES["DGS2"], date(2026, 3, 2)))
    assert [each.parameters["cosd"] for each in caller.asked] == ["2026-01-01,2026-01-01"]


@pytest.mark.parametrize("media_type", ["application/zip", "application/octet-stream"])
def test_tables_in_a_zip_are_read_as_one_is(media_type: str, tmp_path: Path) -> None:
    assets, balances = Wanted(ENTRIES["WALCL"]), Wanted(ENTRIES["NFCI"])
    tables = {
        "README.txt": "about the tables",
        "weekly_as_of_wednesday.csv": "observation_date,WALCL\n2026-08-26,6709505\n",
        "weekly_ending_friday.csv": "observation_date,NFCI\n2026-08-21,-0.51\n2026-08-28,-0.5\n",
    }
    with serving({"/fredgraph.csv": Reply(zipped(tables), media_type=media_type)}) as server:
        user = Settings(data=tmp_path, cache=tmp_path, addresses={"fred_graph": server.address})
        with Client(user) as client:
            delivery = fred_download.asked(client, [assets, balances], TODAY)
    found = delivery.observations.groupby("series")["value"].agg(list)
    assert found.to_dict() == {"fed_assets": [6709505.0], "financial_conditions": [-0.51, -0.5]}
    assert not delivery.failures
    assert len(server.requests) == 2


def test_a_zip_without_a_table_or_a_column_is_refused() -> None:
    group = [DGS10, Wanted(ENTRIES["DGS2"])]
    with pytest.raises(SourceError, match="no table in the zip"):
        fred_download.read_packed(body(zipped({"README.txt": "nothing"}), "fred_graph"), group)
    one = fred_download.read_packed(body(zipped({"a.csv": WIDE.replace("DGS2", "X")}), "fred_graph"), group)
    assert [each.series for each in one.failures] == ["yield_2y"]


def test_downloads_are_of_one_frequency_and_at_most_twelve_and_revised_series_come_whole() -> None:
    stored = [Wanted(each, date(2026, 8, 1)) for each in ENTRIES.values()]
    caller = Answering({})
    jobs = SOURCE.jobs([*stored, Wanted(ENTRIES["DGS10"])], caller, TODAY)
    by_id = {each.entry.id: each.entry for each in stored}
    for job in jobs:
        assert len(job.series) <= 12
        assert len({by_id[name].frequency for name in job.series}) == 1
        with pytest.raises(SourceError):
            job.run(caller)
        revised = {by_id[name].revised for name in job.series}
        begins = "cosd" in caller.asked[-1].parameters
        assert begins == (revised == {False}) or job.series == ("yield_10y",)
    assert {name for job in jobs for name in job.series} == set(by_id)


def test_the_older_header_is_read_too() -> None:
    delivery = fred_download.read(body("DATE,DGS10\n2022-12-29,3.83\n2022-12-30,.\n", "fred_graph"), [DGS10])
    assert delivery.observations["value"].to_list() == [3.83]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (WIDE.replace("DGS2", "DGS02"), "'DGS2' stands 0 times"),
        (
            WIDE.replace("DGS2", "DGS2,DGS2")
            .replace("3.9", "3,4")
            .replace(".\n", ".,\n")
            .replace("3.8", "3,4"),
            "2 times",
        ),
        (
            WIDE.replace("3.9", "3.9%"),
            r"'yield_2y', row 2, .*'DGS2' holds '3.9%'",
        ),
        (WIDE.replace("3.9", "").replace("3.8", ""), "holds no value"),
        (WIDE.replace("3.9", "1e999"), "row 2, .* holds '1e999'"),
    ],
)
def test_a_broken_column_fails_alone(text: str, complaint: str) -> None:
    delivery = fred_download.read(body(text, "fred_graph"), [DGS10, Wanted(ENTRIES["DGS2"])])
    assert set(delivery.observations["series"]) == {"yield_10y"}
    [failure] = delivery.failures
    assert failure.series == "yield_2y"
    with pytest.raises(SourceError, match=complaint):
        raise failure.error


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "the answer is empty"),
        ("day,DGS10\n2022-12-29,3.83\n", "the first column is called 'day'"),
        ("observation_date,DGS10\n2022-12-29,3.83,4\n", "row 2, .*the row has 3 cells"),
        ("observation_date,DGS10\n2022-12-29,3.83\n29.12.2022,3.9\n", "row 3, .*'29.12.2022' is not a date"),
        (b"observation_date,DGS10\n2022-12-29,3.8\xff\n", "row 2, .*not UTF-8"),
    ],
)
def test_what_is_not_the_table_is_refused(content: str | bytes, complaint: str) -> None:
    with pytest.raises(SourceError, match=complaint):
        fred_download.read(body(content, "fred_graph"), [DGS10])


def test_one_id_that_is_gone_does_not_take_the_others_with_it() -> None:
    def answer(asked: Mapping[str, object]) -> str | Exception:
        if "DGS2" in str(asked["id"]).split(","):
            return SourceError("status 404")
        return "observation_date,DGS10\n2026-08-31,4.25\n"

    [job] = SOURCE.jobs(
        [DGS10, Wanted(ENTRIES["DGS2"])], caller := Answering({"/fredgraph.csv": answer}), TODAY
    )
    delivery = job.run(caller)
    assert delivery.observations["series"].to_list() == ["yield_10y"]
    assert [failure.series for failure in delivery.failures] == ["yield_2y"]


def test_a_service_that_is_down_is_not_asked_for_every_series_alone() -> None:
    wanted = [Wanted(each) for each in ENTRIES.values() if each.frequency == "daily" and not each.revised][
        :12
    ]
    [job] = SOURCE.jobs(wanted, caller := Answering({}), TODAY)
    with pytest.raises(SourceError):
        job.run(caller)
    assert len(caller.asked) == 3


@pytest.mark.parametrize(
    ("text", "unit", "verdict"),
    [
        ("Millions of U.S. Dollars", "USD million", True),
        ("Billions of US Dollars", "USD million", False),
        ("Billions of Dollars", "USD bn a year", True),
        ("Billions of Chained 2017 Dollars", "chained 2017 USD bn", True),
        ("Billions of Chained 2012 Dollars", "chained 2017 USD bn", False),
        ("Index 1982-1984=100", "index 1982-1984=100", True),
        ("Index Dec 1982=100", "index 1982-1984=100", False),
        ("Percentage Points at Annual Rate", "percentage points", True),
        ("Thousands of Persons", "percent", False),
        ("U.S. Dollars per Metric Ton", "USD", None),
        ("Index", "index points", None),
        ("Number", "persons", None),
    ],
)
def test_the_units_of_the_service_are_understood(text: str, unit: str, verdict: bool | None) -> None:
    assert fred_units.agree(text, unit) is verdict


# The catalog

REAL = {"rrp_daily_long": "RRPONTSYD", "tga_weekly": "WTREGEN"}
FOLDERS = ("macro", "liquidity", "rates")


def test_the_bounds_of_the_catalog_hold_on_real_figures(real_data: Callable[[str], Path]) -> None:
    folder = real_data("liquidity/tga_weekly.csv").parents[1]
    checked = []
    for file in sorted(each for name in FOLDERS for each in (folder / name).glob("*.csv")):
        series = REAL.get(file.stem, file.stem.split("_")[0].upper())
        if (entry := ENTRIES.get(series)) is None:
            continue
        with file.open() as opened:
            cells = [row[1] for row in list(csv.reader(opened))[1:]]
        values = np.array([float(cell) for cell in cells if cell not in ("", ".")])
        fitting = []
        for unit in entry.source_unit.split("|"):
            scaled = values * units.factor(unit, entry.unit)
            typical = entry.typical_low <= np.median(scaled[-60:]) <= entry.typical_high
            if typical and entry.low <= scaled.min() and scaled.max() <= entry.high:
                fitting.append(unit)
        assert len(fitting) == 1, (file.name, entry.id)
        checked.append(entry.id)
    assert len(set(checked)) >= 45


def test_the_rule_for_gdp_is_never_earlier_than_its_first_releases(recording: Found) -> None:
    name = "fred_series_observations_file_type_json_output_type_4_realtime_start_1776_07_04_series_id.json"
    listed = json.loads(recording(f"fred/{name}").read_text())["observations"]
    entry = ENTRIES["GDP"]
    periods = pd.DatetimeIndex([each["date"] for each in listed])
    ruled = release.released(entry.release, periods, "quarterly", entry.id).tz_convert("America/New_York")
    known = ruled.strftime("%Y-%m-%d %H:%M") >= [each["realtime_start"] + " 08:30" for each in listed]
    assert not list(periods[~known].strftime("%Y-%m-%d"))


def test_the_rule_for_consumer_prices_is_never_earlier_than_their_releases(recording: Found) -> None:
    path = recording("fred/fred_release_dates_file_type_json_release_id_10.json")
    days = [each["date"] for each in json.loads(path.read_text())["release_dates"] if each["date"] > "1995"]
    entry = ENTRIES["CPIAUCSL"]
    for day in days:
        month_before = (pd.Timestamp(day).to_period("M") - 1).to_timestamp()
        [ruled] = release.released(entry.release, pd.DatetimeIndex([month_before]), "monthly", entry.id)
        assert ruled >= pd.Timestamp(f"{day} 08:30", tz="America/New_York"), day
