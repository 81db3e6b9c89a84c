"""Energy Information Administration: what is read and what is asked.

Covered: every recorded answer against its raw JSON; strings, numbers and nulls; hourly periods; paging and
rows that are missing; lists summed; the unit and the facets of each row; the repeated key; what is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from answering import Answering, body

from groundswell.data.catalog import Entry, catalog
from groundswell.data.sources import eia
from groundswell.data.sources.source import Delivery, Wanted

PRICE, NUCLEAR = catalog()["electricity_price.residential"], catalog()["capacity.nuclear"]
TODAY = date(2026, 9, 1)
RETAIL = "/v2/electricity/retail-sales/data/"
GENERATORS = "/v2/electricity/operating-generator-capacity/data/"


def price(period: str, value: object, **other: object) -> dict[str, object]:
    row = {"period": period, "stateid": "US", "sectorid": "RES", "price": value}
    return row | {"price-units": "cents per kilowatt-hour"} | other


def answer(rows: list[dict[str, object]], total: object = None, **response: object) -> dict[str, object]:
    told = {"total": str(len(rows)) if total is None else total, "frequency": "monthly", "data": rows}
    return {
        "response": told | response,
        "request": {"command": "/v2/any/data/", "params": {"api_key": "SECRET-KEY-1"}},
        "apiVersion": "2.1.13",
    }


def deliver(answers: Mapping[Any, Any], wanted: Wanted) -> Delivery:
    caller = Answering(answers, keys=True)
    (job,) = eia.SOURCE.jobs([wanted], caller, TODAY)
    return job.run(caller)


def only_failure(content: object, entry: Entry = PRICE) -> str:
    (failure,) = deliver({f"/v2/{entry.source_id.partition('?')[0]}/data/": content}, Wanted(entry)).failures
    return str(failure.error)


RECORDED = {
    "eia_generators_AL_2008-01": (1, 1, "nameplate-capacity-mw", "MW", 45.0),
    "eia_retail_AK_2001-01": (1, 1, "price", "cents per kWh", 9.97),
    "rto_US-FLA-FPC_US-FLA-NSB_exchange": (25, 25, "value", "MWh", 16.0),
    "rto_US-NW-BPAT-US-NW-NWMT-exchange": (3, 3, "value", "MWh", -12.0),
    "rto_US-NW-PGE-with-nulls": (3, 2, "value", "MWh", None),
    "rto_US_CAR_SC-nuclear": (0, 0, "value", "MWh", None),
    "rto_US_NW_AVRN-gas": (3, 2, "value", "MWh", 300.0),
    "rto_US_NW_AVRN-other": (3, 0, "value", "MWh", None),
    "rto_US_NW_BPAT-wind": (3, 2, "value", "MWh", 20.0),
    "rto_US_SMTH-coal": (3, 2, "value", "MWh", 300.0),
    "rto_US_SW_DEAA-hydro": (3, 2, "value", "MWh", 3.0),
    "rto_US_SW_SRP-hydro": (3, 2, "value", "MWh", -5.0),
}


@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_answer_reads_as_its_json(recording: Callable[[str], Path], name: str) -> None:
    total, count, column, unit, first = RECORDED[name]
    made = body(recording(f"eia/{name}.json").read_bytes(), "eia")
    plain = json.loads(made.content)["response"]
    page = eia.read_page(made, "any")
    assert (page.total, len(page.rows)) == (int(plain["total"]), len(plain["data"])) == (total, count)
    entry = PRICE.model_copy(update={"source_unit": unit})
    values = [eia.value_of(row, column, entry, made, number) for number, row in enumerate(page.rows, start=1)]
    assert values == [None if row[column] is None else float(row[column]) for row in plain["data"]]
    assert not values or values[0] == first
    for row in page.rows:
        text = str(row["period"])
        moment = eia.period_of(text, made, series="any", row=1)
        assert moment.isoformat().startswith(text if "T" in text else f"{text}-01")


def test_hours_are_kept_apart() -> None:
    assert eia.period_of("2020-01-06T06", body({}, "eia"), series="any", row=1) == datetime(2020, 1, 6, 6)


def test_strings_numbers_and_nulls_are_read() -> None:
    rows = [price("2025-01", "16.1"), price("2025-02", 16.5), price("2025-03", None), price("2025-04", ".9")]
    read = deliver({RETAIL: answer(rows, total=4)}, Wanted(PRICE)).observations
    assert read["value"].tolist() == [16.1, 16.5, 0.9]
    assert read["row"].tolist() == [1, 2, 4]
    assert read["period"].iloc[0] == pd.Timestamp("2025-01-01")


def test_pages_are_asked_for_until_all_rows_came() -> None:
    months = [f"{2001 + n // 12}-{n % 12 + 1:02}" for n in range(5)]

    def page(asked: Mapping[str, object]) -> dict[str, object]:
        offset = int(str(asked["offset"]))
        return answer([price(month, "9") for month in months[offset : offset + 2]], total="5")

    caller = Answering({RETAIL: page}, keys=True)
    (job,) = eia.SOURCE.jobs([Wanted(PRICE)], caller, TODAY)
    delivery = job.run(caller)
    assert [asked.parameters["offset"] for asked in caller.asked] == [0, 2, 4]
    assert delivery.observations["row"].tolist() == [1, 2, 3, 4, 5]
    assert len(delivery.bodies) == 3
    assert caller.asked[0].parameters["facets[sectorid][]"] == "RES"


def test_rows_that_are_missing_are_told_with_the_warning() -> None:
    warning = {"warning": "incomplete return", "description": "The API can only return 5000 rows"}

    def page(asked: Mapping[str, object]) -> dict[str, object]:
        rows = [price("2025-01", "16.1")] if asked["offset"] == 0 else []
        return answer(rows, total="7000", warnings=[warning])

    told = only_failure(page)
    assert "1 rows came" in told
    assert "incomplete return" in told


def test_a_warning_is_no_error_where_all_rows_came() -> None:
    warned = answer([price("2025-01", "16.1")], warnings=[{"warning": "any", "description": "any"}])
    assert len(deliver({RETAIL: warned}, Wanted(PRICE)).observations) == 1


def test_a_question_that_is_too_wide_is_given_up() -> None:
    told = only_failure(lambda asked: answer([price("2025-01", "9")], total="999999"))
    assert "999999 rows are too many" in told


def plant(period: str, capacity: object, **other: object) -> dict[str, object]:
    row = {"period": period, "status": "OP", "technology": "Nuclear", "nameplate-capacity-mw": capacity}
    return row | {"nameplate-capacity-mw-units": "MW"} | other


def test_a_list_of_generators_is_summed_by_month() -> None:
    rows = [
        plant("2026-05", "1100"),
        plant("2026-05", "900.5"),
        plant("2026-06", "1100"),
        plant("2026-06", None),
    ]
    caller = Answering({GENERATORS: answer(rows)}, keys=True)
    (job,) = eia.SOURCE.jobs([Wanted(NUCLEAR)], caller, TODAY)
    assert job.run(caller).observations["value"].tolist() == [2000.5, 1100.0]
    assert caller.asked[0].parameters["start"] == "2026-06", "a list is loaded for its last months only"
    assert caller.asked[0].parameters["facets[technology][]"] == "Nuclear"


def test_a_period_that_comes_twice_names_both_rows() -> None:
    told = only_failure(answer([price("2025-01", "16"), price("2025-02", "16"), price("2025-01", "17")]))
    assert "row 3" in told
    assert "first in row 1" in told


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (price("2025-02", "16", **{"price-units": "dollars per kilowatt-hour"}), "dollars per kilowatt-hour"),
        (price("2025-02", "16", **{"price-units": None}), "'price' is in None"),
        (price("2025-02", "sixteen"), "sixteen"),
        (price("2025-02", "1e999"), "1e999"),
        (price("2025-13", "16"), "2025-13"),
        (price("2025/02", "16"), "2025/02"),
        (price("0000-02", "16"), "0000-02"),
        (price("2025-02", "16", sectorid="ALL"), "'sectorid' is ALL"),
        (
            {"period": "2025-02", "location": "US", "sectorid": "RES", "price": "16"},
            "'stateid' is not in the row",
        ),
        ({"period": "2025-02", "stateid": "US", "sectorid": "RES", "cost": "16"}, "no column 'price'"),
    ],
)
def test_a_row_other_than_asked_names_series_and_row(row: dict[str, object], expected: str) -> None:
    told = only_failure(answer([price("2025-01", "16.1"), row]))
    assert PRICE.id in told
    assert "row 2" in told
    assert expected in told


@pytest.mark.parametrize(
    "content",
    [
        {"error": {"code": "API_KEY_INVALID", "message": "An invalid api_key was supplied."}},
        {"error": "Invalid facet", "code": 400},
        {"response": {"data": []}},
        {"response": {"total": "1", "data": {"period": "2025-01"}}},
        {"response": {"total": "many", "data": []}},
        answer([]),
        answer([price("2025-01", None)]),
        [],
    ],
)
def test_an_answer_without_rows_is_refused(content: object) -> None:
    assert PRICE.id in only_failure(content)


def test_the_key_the_service_repeats_is_not_repeated_by_us() -> None:
    content = answer([price("2025-01", "sixteen")])
    delivery = deliver({RETAIL: content}, Wanted(PRICE))
    assert "SECRET-KEY-1" not in str(delivery.failures[0].error)
    assert "SECRET-KEY-1" not in repr(eia.read_page(body(content, "eia"), "any"))


def test_one_series_that_fails_leaves_the_others() -> None:
    other = catalog()["electricity_price.industrial"]
    answers: dict[Any, Any] = {
        (RETAIL, "RES"): answer([price("2025-01", "16")]),
        (RETAIL, "IND"): answer([price("2025-01", "8", sectorid="ALL")]),
    }
    caller = Answering(answers, keys=True)
    (job,) = eia.SOURCE.jobs([Wanted(PRICE), Wanted(other)], caller, TODAY)
    delivery = job.run(caller)
    assert delivery.observations["series"].tolist() == [PRICE.id]
    assert [failure.series for failure in delivery.failures] == [other.id]


def test_stored_series_are_asked_for_the_years_still_revised() -> None:
    caller = Answering({RETAIL: answer([price("2026-06", "18")])}, keys=True)
    (job,) = eia.SOURCE.jobs([Wanted(PRICE, through=date(2026, 5, 1))], caller, TODAY)
    job.run(caller)
    assert caller.asked[0].parameters["start"] == "2024-05"


def test_every_entry_of_the_catalog_can_be_asked() -> None:
    wanted = [Wanted(entry) for entry in catalog().values() if entry.source == "eia"]
    assert len(wanted) > 30
    caller = Answering({}, keys=True)
    for job in eia.SOURCE.jobs(wanted, caller, TODAY):
        job.run(caller)
    assert len(caller.asked) == len(wanted)
    assert {entry.entry.source_unit for entry in wanted} <= set(eia.UNITS.values())


@pytest.mark.parametrize("source_id", ["electricity/retail-sales", "../x?data=price", "a?data=v&rows=mean"])
def test_a_source_id_that_cannot_be_asked_is_refused(source_id: str) -> None:
    entry = PRICE.model_copy(update={"source_id": source_id})
    (failure,) = deliver({}, Wanted(entry)).failures
    assert "correct the entry" in str(failure.error)
