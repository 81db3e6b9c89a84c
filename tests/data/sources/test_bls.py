"""Bureau of Labor Statistics: what is read and what is asked.

Covered: the recorded answer against its raw JSON; requests with and without a key, and for stored series;
annual averages, unpublished months, quota, unknown series, changed shapes; the ids of the catalog.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from answering import Answering, body

from groundswell.data.catalog import Entry, catalog
from groundswell.data.errors import SourceError
from groundswell.data.sources import bls
from groundswell.data.sources.source import Delivery, Wanted

TODAY = date(2026, 9, 1)
V1, V2 = "/publicAPI/v1/timeseries/data/", "/publicAPI/v2/timeseries/data/"
RATE = catalog()["unemployment_rate.age_20_24"]
SHARE = catalog()["nonfarm_business.labour_share"]


def point(year: int, period: str, value: str) -> dict[str, object]:
    return {"year": str(year), "period": period, "periodName": "any", "value": value, "footnotes": [{}]}


def answer(
    series: Mapping[str, list[dict[str, object]]], *messages: str, status: str = "REQUEST_SUCCEEDED"
) -> dict[str, object]:
    return {
        "status": status,
        "responseTime": 120,
        "message": list(messages),
        "Results": {"series": [{"seriesID": name, "data": data} for name, data in series.items()]},
    }


def read(content: dict[str, object], *entries: Entry) -> Delivery:
    return bls.read_answers([body(content, "bls")], entries or (RATE,))


def only_failure(content: dict[str, object], *entries: Entry) -> str:
    (failure,) = read(content, *entries).failures
    return str(failure.error)


def test_the_recorded_answer_reads_as_its_json(recording: Callable[[str], Path]) -> None:
    raw = recording("bls/bls.json").read_bytes()
    flour = replace_id(RATE, "flour", "APU0000701111")
    rows = bls.read_answers([body(raw, "bls")], [flour]).observations

    (plain,) = json.loads(raw)["Results"]["series"]
    expected = {f"{each['year']}-{each['period'][1:]}-01": float(each["value"]) for each in plain["data"]}
    assert len(rows) == len(expected) == 12
    assert dict(zip(rows["period"].dt.strftime("%Y-%m-%d"), rows["value"], strict=True)) == expected
    assert rows.set_index("period")["value"][pd.Timestamp("2022-12-01")] == 0.522
    assert rows["row"].tolist() == list(range(1, 13)), "rows are counted as they stand, newest first"


def replace_id(entry: Entry, name: str, source_id: str, **other: object) -> Entry:
    return entry.model_copy(update={"id": name, "source_id": source_id, **other})


def test_averages_and_unpublished_months_are_left_out() -> None:
    data = [
        point(2025, "M13", "8.5"),
        point(2025, "S02", "8.6"),
        point(2025, "M11", "8.3"),
        point(2025, "M10", "-"),
        point(2025, "M09", "9.2"),
    ]
    rows = read(answer({RATE.source_id: data})).observations
    assert rows["period"].dt.month.tolist() == [11, 9]
    assert rows["value"].tolist() == [8.3, 9.2]
    assert rows["row"].tolist() == [3, 5]


def test_quarters_begin_on_their_first_day() -> None:
    data = [point(2025, "Q05", "99.0"), point(2025, "Q04", "97.1"), point(2025, "Q01", "98.2")]
    rows = read(answer({SHARE.source_id: data}), SHARE).observations
    assert rows["period"].tolist() == [pd.Timestamp("2025-10-01"), pd.Timestamp("2025-01-01")]


def test_a_series_of_another_frequency_is_refused() -> None:
    told = only_failure(answer({RATE.source_id: [point(2025, "S01", "1.0")]}))
    assert "unemployment_rate.age_20_24" in told
    assert "1 rows of other periods" in told


def test_with_a_key_fifty_series_and_twenty_years_are_asked_at_once() -> None:
    wanted = [Wanted(replace_id(RATE, f"made.s{n}", f"LNS{n:08}")) for n in range(60)]
    caller = Answering(
        {V2: lambda asked: answer({name: [point(2020, "M01", "5")] for name in ids(asked)})}, keys=True
    )
    jobs = bls.SOURCE.jobs(wanted, caller, TODAY)
    assert [len(job.series) for job in jobs] == [50, 10]
    assert not caller.asked, "planning asks nothing"
    jobs[0].run(caller)
    spans = [
        (int(str(each.parameters["startyear"])), int(str(each.parameters["endyear"])))
        for each in caller.asked
    ]
    assert spans == [(1947, 1966), (1967, 1986), (1987, 2006), (2007, 2026)]


def test_without_a_key_the_smaller_limits_hold() -> None:
    wanted = [Wanted(replace_id(RATE, f"made.s{n}", f"LNS{n:08}")) for n in range(30)]
    caller = Answering({V1: lambda asked: answer({name: [point(2020, "M01", "5")] for name in ids(asked)})})
    jobs = bls.SOURCE.jobs(wanted, caller, TODAY)
    assert [len(job.series) for job in jobs] == [25, 5]
    jobs[1].run(caller)
    spans = [
        (int(str(each.parameters["startyear"])), int(str(each.parameters["endyear"])))
        for each in caller.asked
    ]
    assert spans[0] == (1987, 1996)
    assert spans[-1] == (2017, 2026)


def ids(asked: Mapping[str, object]) -> list[str]:
    listed = asked["seriesid"]
    assert isinstance(listed, list)
    return listed


def test_stored_series_are_asked_for_the_years_still_revised() -> None:
    caller = Answering({V1: answer({RATE.source_id: [point(2026, "M07", "8.1")]})})
    (job,) = bls.SOURCE.jobs([Wanted(RATE, through=date(2026, 6, 1))], caller, TODAY)
    delivery = job.run(caller)
    (asked,) = caller.asked
    assert (asked.parameters["startyear"], asked.parameters["endyear"]) == ("2021", "2026")
    assert delivery.observations["value"].tolist() == [8.1]


def test_a_used_up_quota_is_no_data_and_the_key_is_not_repeated() -> None:
    key = "0123456789abcdef0123456789abcdef"
    text = f"the daily threshold for total number of requests with registration key {key} has been reached"
    refused = answer({}, text, status="REQUEST_NOT_PROCESSED")
    with pytest.raises(SourceError, match="daily threshold") as problem:
        read(refused)
    assert key not in str(problem.value)
    assert "BLS_API_KEY" in problem.value.remedy


def test_an_unknown_series_fails_alone() -> None:
    lost = replace_id(RATE, "made.lost", "LNS99999999")
    content = answer(
        {RATE.source_id: [point(2025, "M09", "9.2")], "LNS99999999": []},
        "Series does not exist for Series LNS99999999",
    )
    delivery = read(content, RATE, lost)
    assert delivery.observations["series"].unique().tolist() == [RATE.id]
    (failure,) = delivery.failures
    assert failure.series == "made.lost"
    assert "Series does not exist" in str(failure.error)


def test_a_series_that_was_asked_and_left_out_of_the_answer_fails() -> None:
    assert "LNS14000036 is not in the answer" in only_failure(answer({}))


def test_years_that_were_cut_are_refused() -> None:
    cut = answer({RATE.source_id: []}, "Year range has been reduced to the system-allowed limit of 10 years.")
    with pytest.raises(SourceError, match="reduced"):
        read(cut)


@pytest.mark.parametrize("value", ["n/a", "", "1e999", "nan", "8.3 (P)"])
def test_a_value_that_is_no_number_names_series_and_row(value: str) -> None:
    told = only_failure(answer({RATE.source_id: [point(2025, "M09", "9.2"), point(2025, "M08", value)]}))
    assert RATE.id in told
    assert "row 2" in told


@pytest.mark.parametrize(
    "content",
    [
        {"status": "REQUEST_SUCCEEDED", "message": [], "Results": {}},
        {"status": "REQUEST_SUCCEEDED", "message": [], "Results": {"series": [{"seriesID": "X"}]}},
        answer({"LNS14000036": [{"year": "2025", "period": "M09", "value": 9.2}]}),
        answer({"LNS14000036": [{"year": "2025", "period": "W09", "value": "9.2"}]}),
        answer({"LNS14000036": [{"year": "0000", "period": "M09", "value": "9.2"}]}),
        [],
    ],
)
def test_another_shape_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(SourceError, match="age_20_24"):
        read(content)


def test_every_entry_of_the_catalog_can_be_asked() -> None:
    entries = [entry for entry in catalog().values() if entry.source == "bls"]
    assert len(entries) > 50
    assert len({entry.source_id for entry in entries}) == len(entries)
    prefixes = {"LNS": 11, "CES": 13, "CUS": None, "CUU": None, "PRS": 11}
    for entry in entries:
        length = prefixes[entry.source_id[:3]]
        assert length is None or len(entry.source_id) == length, entry.source_id
        assert entry.frequency in bls.LETTERS
