"""SEC EDGAR: days of results, sums over companies, and what is asked for which series.

Covered: recorded filings against their raw JSON; acceptance times in both zones; older pages; frames;
requests of the whole catalog; what is refused. Quarters of companies: `test_sec_facts`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from answering import Answering, body

from groundswell.data.catalog import catalog
from groundswell.data.errors import SourceError
from groundswell.data.sources import sec_edgar
from groundswell.data.sources.source import Delivery, Wanted

BUYBACKS, EARNINGS = catalog()["buybacks.aapl"], catalog()["earnings.aapl"]
FRAME = catalog()["buybacks.all_companies"]
TODAY = date(2026, 9, 1)
FILINGS_PATH = "/submissions/CIK0000320193.json"
TAG = "PaymentsForRepurchaseOfCommonStock"


def deliver(answers: dict[Any, Any], *wanted: Wanted) -> Delivery:
    (job,) = sec_edgar.SOURCE.jobs(wanted, Answering({}), TODAY)
    return job.run(Answering(answers))


def filings(
    rows: list[tuple[str, str, str, str, str]], pages: tuple[tuple[str, str], ...] = ()
) -> dict[str, object]:
    return {
        "cik": "0000320193",
        "name": "Apple Inc.",
        "filings": {
            "recent": columns(rows),
            "files": [
                {"name": name, "filingCount": 9, "filingFrom": "1994-01-26", "filingTo": to}
                for name, to in pages
            ],
        },
    }


def columns(rows: list[tuple[str, str, str, str, str]]) -> dict[str, list[str]]:
    names = ("form", "items", "filingDate", "reportDate", "acceptanceDateTime")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


IN_UTC = [
    ("4", "", "2026-02-02", "2026-01-30", "2026-02-03T01:30:00.000Z"),
    ("8-K", "2.02,9.01", "2026-01-29", "2026-01-29", "2026-01-29T21:04:38.000Z"),
    ("8-K/A", "2.02", "2026-01-30", "2026-01-28", "2026-01-30T21:04:38.000Z"),
    ("8-K", "5.02", "2026-01-12", "2026-01-11", "2026-01-12T21:30:00.000Z"),
    ("8-K", "2.02", "2025-10-31", "", "2025-10-30T22:10:00.000Z"),
]


def test_reports_are_known_from_their_acceptance() -> None:
    rows = deliver({FILINGS_PATH: filings(IN_UTC)}, Wanted(EARNINGS)).observations.set_index("period")
    assert rows["value"].tolist() == [1.0, 1.0]
    assert rows["released"][pd.Timestamp("2026-01-29")] == pd.Timestamp(
        "2026-01-29 16:04:38", tz="America/New_York"
    )
    evening = rows["released"][pd.Timestamp("2025-10-31")]
    assert evening == pd.Timestamp("2025-10-31 06:00", tz="America/New_York"), "counted as filed the next day"


def test_stamps_in_new_york_time_are_told_by_the_hours() -> None:
    rows = [("4", "", "2026-01-30", "", "2026-01-30T06:05:00.000Z"), *IN_UTC[1:2]]
    read = deliver({FILINGS_PATH: filings(rows)}, Wanted(EARNINGS)).observations
    assert read["released"].iloc[0] == pd.Timestamp("2026-01-29 21:04:38", tz="America/New_York")


@pytest.mark.parametrize(
    ("file", "name", "cik", "count", "first_public"),
    [
        ("sec_edgar/submissions_CIK0000320193_json.json", "earnings.aapl", 320193, 45, "2026-01-29 16:30:33"),
        ("sec_edgar/submissions_CIK0000789019_json.json", "earnings.msft", 789019, 26, "2026-01-28 16:04:38"),
        (
            "sec_edgar/submissions_CIK0000789019_json_2.json",
            "earnings.msft",
            789019,
            25,
            "2026-01-28 16:04:38",
        ),
        (
            "sec_edgar/submissions_CIK0001835632_json.json",
            "earnings.mrvl",
            1835632,
            23,
            "2026-05-27 16:06:07",
        ),
    ],
)
def test_recorded_filings_tell_the_days_of_results(
    recording: Callable[[str], Path], file: str, name: str, cik: int, count: int, first_public: str
) -> None:
    raw = recording(file).read_bytes()
    plain = json.loads(raw)["filings"]["recent"]
    places = [n for n, form in enumerate(plain["form"]) if form == "8-K" and "2.02" in plain["items"][n]]
    read = sec_edgar.read_reports([body(raw, "sec_edgar")], catalog()[name])
    assert len(read) == len(places) == count
    assert set(read["period"].dt.strftime("%Y-%m-%d")) == {plain["reportDate"][n] for n in places}
    assert read["released"].max() == pd.Timestamp(first_public, tz="America/New_York")
    clock = read["released"].dt.tz_convert("America/New_York").dt.hour
    assert clock.between(6, 19).all()


def test_an_older_page_is_read_as_recorded(recording: Callable[[str], Path]) -> None:
    page = recording("sec_edgar/submissions_CIK0001318605_submissions_001_json.json").read_bytes()
    plain = json.loads(page)
    days = {
        plain["reportDate"][n]
        for n, form in enumerate(plain["form"])
        if form == "8-K" and "2.02" in plain["items"][n]
    }
    entry = catalog()["earnings.tsla"]
    read = sec_edgar.read_reports([body(filings(IN_UTC), "sec_edgar"), body(page, "sec_edgar")], entry)
    assert len(read) == len(days) + 2 == 47
    opening = read.set_index("period")["released"][pd.Timestamp("2012-11-05")]
    assert opening == pd.Timestamp("2012-11-05 06:33:57", tz="America/New_York")


def test_older_pages_are_asked_only_where_they_reach_what_is_missing() -> None:
    pages = (
        ("CIK0000320193-submissions-001.json", "2015-03-11"),
        ("CIK0000320193-submissions-002.json", "2003-01-01"),
    )
    old = columns([("8-K", "2.02", "2010-01-25", "2010-01-25", "2010-01-25T21:31:00.000Z")])
    answers = {FILINGS_PATH: filings(IN_UTC, pages), "/submissions/CIK0000320193-submissions-001.json": old}
    assert len(deliver(answers, Wanted(EARNINGS)).observations) == 3
    stored = Answering({FILINGS_PATH: filings(IN_UTC, pages)})
    (job,) = sec_edgar.SOURCE.jobs([Wanted(EARNINGS, through=date(2025, 10, 31))], stored, TODAY)
    job.run(stored)
    assert len(stored.asked) == 1


def test_reports_under_two_numbers_are_one_history() -> None:
    entry = EARNINGS.model_copy(update={"source_id": "earnings:111+320193"})
    old = [
        ("8-K", "2.02", "2010-01-25", "2010-01-25", "2010-01-25T21:31:00.000Z"),
        ("8-K", "2.02", "2026-01-29", "2026-01-29", "2026-01-29T22:00:00.000Z"),
    ]
    predecessor = filings(old) | {"cik": "0000000111"}
    answers = {"/submissions/CIK0000000111.json": predecessor, FILINGS_PATH: filings(IN_UTC)}
    rows = deliver(answers, Wanted(entry)).observations.set_index("period")["released"]
    assert rows.index.strftime("%Y-%m-%d").tolist() == ["2010-01-25", "2025-10-31", "2026-01-29"]
    both = rows[pd.Timestamp("2026-01-29")]
    assert both == pd.Timestamp("2026-01-29 16:04:38", tz="America/New_York"), "the first of the two"


@pytest.mark.parametrize(
    "content",
    [
        filings([("8-K", "5.02", "2026-01-12", "2026-01-11", "2026-01-12T21:30:00.000Z")]),
        filings(IN_UTC, (("../../etc/passwd", "2020-01-01"),)),
        filings([("8-K", "2.02", "2026-13-12", "", "2026-01-12T21:30:00.000Z")]),
        {"cik": "0000320193", "filings": {"recent": {**columns(IN_UTC), "items": []}, "files": []}},
    ],
)
def test_filings_that_cannot_be_read_are_refused(content: dict[str, object]) -> None:
    try:
        (failure,) = deliver({FILINGS_PATH: content}, Wanted(EARNINGS)).failures
        told = str(failure.error)
    except SourceError as error:
        told = str(error)
    assert "earnings.aapl" in told


def frame(asked: object = "", **other: object) -> dict[str, object]:
    data = [
        {"accn": "1", "cik": 1, "entityName": "A", "val": 5e9},
        {"accn": "2", "cik": 2, "entityName": "B", "val": 7e9},
    ]
    return {"taxonomy": "us-gaap", "tag": TAG, "ccp": "CY2024", "uom": "USD", "pts": 2, "data": data} | other


def test_all_companies_are_summed_by_year_with_a_warning() -> None:
    caller = Answering(
        {
            f"/api/xbrl/frames/us-gaap/{TAG}/USD/CY{year}.json": frame(ccp=f"CY{year}")
            for year in (2023, 2024, 2025)
        }
    )
    (job,) = sec_edgar.SOURCE.jobs([Wanted(FRAME, through=date(2024, 1, 1))], caller, TODAY)
    delivery = job.run(caller)
    assert delivery.observations["value"].tolist() == [12e9] * 3
    assert delivery.observations["released"].isna().all(), "a frame does not say when it became known"
    assert "not those known at the time" in delivery.remarks[0]


@pytest.mark.parametrize(
    "other",
    [{"tag": "Assets"}, {"ccp": "CY2023"}, {"uom": "EUR"}, {"pts": 3}, {"data": []}, {"data": [{"cik": 1}]}],
)
def test_a_frame_other_than_asked_is_refused(other: dict[str, object]) -> None:
    with pytest.raises(SourceError, match="all_companies"):
        sec_edgar.read_frame(body(frame(**other), "sec_edgar"), FRAME, 2024)


def test_one_request_serves_all_flows_of_a_company() -> None:
    wanted = [Wanted(entry) for entry in catalog().values() if entry.source == "sec_edgar"]
    jobs = sec_edgar.SOURCE.jobs(wanted, Answering({}), TODAY)
    by_first = {job.series[0]: job for job in jobs}
    assert sum(len(job.series) for job in jobs) == len(wanted) > 150
    assert len(by_first["capex.aapl"].series) == 6
    assert len({entry.entry.source_id for entry in wanted}) == len(wanted)


@pytest.mark.parametrize(
    "source_id", ["facts:320193", "earnings:x", "frames", "earnings:1:us-gaap:A", "other:1"]
)
def test_a_source_id_that_cannot_be_asked_is_refused(source_id: str) -> None:
    entry = BUYBACKS.model_copy(update={"source_id": source_id})
    with pytest.raises(SourceError, match="correct the entry"):
        deliver({}, Wanted(entry))
