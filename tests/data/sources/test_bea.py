"""Bureau of Economic Analysis: what is read and what is asked.

Covered: amounts with commas and powers of ten; percentages; values that are withheld; quarters, months and
years; renumbered and rebased tables; errors at status 200; one request per table; the catalog's own ids.
There is no recorded answer: the payloads are made in the documented form.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from answering import Answering, body

from groundswell.data.catalog import Entry, catalog
from groundswell.data.errors import SourceError
from groundswell.data.sources import bea
from groundswell.data.sources.source import Delivery, Wanted

TODAY = date(2026, 9, 1)
GDP, REAL, GROWTH = catalog()["nipa.gdp"], catalog()["nipa.real.gdp"], catalog()["nipa.contribution.gdp"]


def line(period: str, value: str, **other: str) -> dict[str, object]:
    row: dict[str, object] = {
        "TableName": "T10105",
        "SeriesCode": "A191RC",
        "LineNumber": "1",
        "LineDescription": "Gross domestic product",
        "TimePeriod": period,
        "METRIC_NAME": "Current Dollars",
        "CL_UNIT": "Level",
        "UNIT_MULT": "6",
        "DataValue": value,
        "NoteRef": "T10105",
    }
    return row | other


def answer(
    rows: list[dict[str, object]], note: str = "Table 1.1.5. [Billions of dollars]"
) -> dict[str, object]:
    results = {
        "Statistic": "NIPA Table",
        "UTCProductionTime": "2026-08-27T12:30:00.000",
        "Dimensions": [],
        "Data": rows,
        "Notes": [{"NoteRef": "T10105", "NoteText": note}],
    }
    request = {"RequestParam": [{"ParameterName": "USERID", "ParameterValue": "SECRET-KEY-1"}]}
    return {"BEAAPI": {"Request": request, "Results": results}}


def read(content: Any, *entries: Entry) -> Delivery:
    return bea.read_table(body(content, "bea"), entries or (GDP,))


def only_failure(content: Any, *entries: Entry) -> str:
    (failure,) = read(content, *entries).failures
    return str(failure.error)


def test_amounts_are_read_with_commas_and_powers_of_ten() -> None:
    rows = [
        line("2024Q1", "28,624,069"),
        line("2024Q2", "29,016.7", UNIT_MULT="9"),
        line("2024Q2", "12", LineNumber="2", SeriesCode="DPCERC"),
        line("2024Q3", "(NA)"),
        line("2024Q4", "(D)"),
        line("2025Q1", "n.a."),
    ]
    table = read(answer(rows)).observations
    assert table["value"].tolist() == [28_624_069.0, 29_016_700.0]
    assert table["period"].tolist() == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-04-01")]
    assert table["row"].tolist() == [1, 2]


def test_percentages_are_read_as_they_are() -> None:
    rows = [
        line(
            "2024Q1",
            "-1.6",
            TableName="T10102",
            SeriesCode="A191RL",
            METRIC_NAME="Fisher Quantity Index",
            CL_UNIT="Percent change, annual rate",
            UNIT_MULT="0",
        )
    ]
    assert read(answer(rows), GROWTH).observations["value"].tolist() == [-1.6]


@pytest.mark.parametrize(
    ("frequency", "letter", "period", "first_day"),
    [("monthly", "M", "2025M11", "2025-11-01"), ("annual", "A", "2025", "2025-01-01")],
)
def test_months_and_years_begin_on_their_first_day(
    frequency: str, letter: str, period: str, first_day: str
) -> None:
    source_id = GDP.source_id.replace(":Q:", f":{letter}:")
    entry = GDP.model_copy(update={"frequency": frequency, "source_id": source_id})
    assert read(answer([line(period, "1")]), entry).observations["period"][0] == pd.Timestamp(first_day)


@pytest.mark.parametrize(
    "other",
    [
        {"SeriesCode": "DPCERC"},
        {"LineDescription": "Personal consumption expenditures"},
        {"TableName": "T10106"},
    ],
)
def test_a_renumbered_table_is_an_error_and_not_another_series(other: dict[str, str]) -> None:
    told = only_failure(answer([line("2024Q1", "1"), line("2024Q2", "2", **other)]))
    assert GDP.id in told
    assert "row 2" in told
    assert "renumbered" in told


def test_footnotes_belong_to_no_description() -> None:
    software = catalog()["nipa.fixed_investment.software"]
    row = line(
        "2024Q1",
        "700",
        TableName="T50305",
        SeriesCode="B985RC",
        LineNumber="17",
        LineDescription="Software \\4\\",
    )
    assert len(read(answer([row]), software).observations) == 1


def test_an_open_line_is_found_by_its_code_and_held_to_its_name() -> None:
    computers = catalog()["nipa.imports.computers"]
    rows = [
        line("2024Q1", "9", TableName="T40205B", SeriesCode="B850RC", LineNumber="24"),
        line(
            "2024Q1",
            "150,000",
            TableName="T40205B",
            SeriesCode="B852RC",
            LineNumber="116",
            LineDescription="Computers, peripherals, and parts",
        ),
    ]
    table = read(answer(rows), computers).observations
    assert (table["value"].tolist(), table["row"].tolist()) == ([150_000.0], [2])
    rows[1]["LineDescription"] = "Other"
    assert "'Other'" in only_failure(answer(rows), computers)


@pytest.mark.parametrize(
    ("entry", "other"),
    [
        (GDP, {"METRIC_NAME": "Chained Dollars"}),
        (GDP, {"METRIC_NAME": "Fisher Price Index", "UNIT_MULT": "0"}),
        (GDP, {"CL_UNIT": "Percent change, annual rate"}),
        (GROWTH, {"TableName": "T10102", "SeriesCode": "A191RL"}),
    ],
)
def test_dollars_and_percentages_are_not_taken_for_each_other(entry: Entry, other: dict[str, str]) -> None:
    told = only_failure(answer([line("2024Q1", "1", **other)]), entry)
    assert entry.id in told
    assert "source_unit" in told


def test_chained_dollars_of_another_year_are_refused() -> None:
    rows = [
        line("2024Q1", "23,000,000", TableName="T10106", SeriesCode="A191RX", METRIC_NAME="Chained Dollars")
    ]
    assert read(answer(rows, "[Billions of chained (2017) dollars]"), REAL).observations[
        "value"
    ].tolist() == [23e6]
    assert "2022" in only_failure(answer(rows, "[Billions of chained (2022) dollars]"), REAL)


@pytest.mark.parametrize("value", ["1.2.3", "1e999", "(X)", "nan"])
def test_a_value_that_is_no_number_names_series_and_row(value: str) -> None:
    told = only_failure(answer([line("2024Q1", "1"), line("2024Q2", value)]))
    assert GDP.id in told
    assert "row 2" in told


@pytest.mark.parametrize("period", ["2024", "2024Q5", "2024M01", "Q1 2024", "0000Q1"])
def test_a_period_of_another_kind_names_the_row(period: str) -> None:
    assert "row 1" in only_failure(answer([line(period, "1")]))


@pytest.mark.parametrize(
    "content",
    [
        {
            "BEAAPI": {
                "Results": {"Error": {"APIErrorCode": "40", "APIErrorDescription": "TableName is missing"}}
            }
        },
        {"BEAAPI": {"Error": {"APIErrorCode": "1", "APIErrorDescription": "TableName is missing"}}},
        {"BEAAPI": {"Results": [{"Error": {"APIErrorDescription": "TableName is missing"}}]}},
        {"BEAAPI": {"Error": "TableName is missing"}},
    ],
)
def test_errors_at_status_200_are_told(content: dict[str, object]) -> None:
    with pytest.raises(SourceError, match="TableName is missing"):
        read(content)


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"BEAAPI": {}},
        {"BEAAPI": {"Results": {"Data": []}}},
        answer([{"TimePeriod": "2024Q1", "DataValue": "1"}]),
        answer([line("2024Q1", "1", UNIT_MULT="99")]),
    ],
)
def test_another_shape_is_refused(content: object) -> None:
    with pytest.raises(SourceError, match=r"nipa\.gdp"):
        read(content)


def test_a_line_that_is_not_there_fails_alone_and_the_key_is_not_repeated() -> None:
    exports = catalog()["nipa.exports"]
    delivery = read(answer([line("2024Q1", "1")]), GDP, exports)
    assert delivery.observations["series"].tolist() == [GDP.id]
    (failure,) = delivery.failures
    assert failure.series == exports.id
    assert "no value in line 16" in str(failure.error)
    assert "SECRET-KEY-1" not in str(failure.error)


def test_one_request_serves_a_table_and_all_years_are_asked_for_at_first() -> None:
    caller = Answering({"/api/data": answer([line("2024Q1", "1")])}, keys=True)
    wanted = [Wanted(GDP), Wanted(catalog()["nipa.imports"]), Wanted(REAL)]
    jobs = bea.SOURCE.jobs(wanted, caller, TODAY)
    assert sorted(job.series for job in jobs) == [(GDP.id, "nipa.imports"), (REAL.id,)]
    jobs[0].run(caller)
    (asked,) = caller.asked
    assert (asked.parameters["TableName"], asked.parameters["Year"]) == ("T10105", "ALL")


def test_stored_tables_are_asked_for_the_years_still_revised() -> None:
    caller = Answering({"/api/data": answer([line("2026Q2", "1")])}, keys=True)
    (job,) = bea.SOURCE.jobs([Wanted(GDP, through=date(2026, 4, 1))], caller, TODAY)
    job.run(caller)
    assert caller.asked[0].parameters["Year"] == "2020,2021,2022,2023,2024,2025,2026"


def test_every_entry_of_the_catalog_can_be_asked() -> None:
    wanted = [Wanted(entry) for entry in catalog().values() if entry.source == "bea"]
    assert len({each.entry.source_id for each in wanted}) == len(wanted) > 50
    caller = Answering({"/api/data": answer([line("2026Q2", "1")])}, keys=True)
    jobs = bea.SOURCE.jobs(wanted, caller, TODAY)
    deliveries = [job.run(caller) for job in jobs]
    assert len(caller.asked) == len(jobs) < 15
    told = [str(failure.error) for delivery in deliveries for failure in delivery.failures]
    assert not [text for text in told if "does not say what to ask" in text]


@pytest.mark.parametrize(
    "source_id", ["NIPA:T10105:Q", "NIPA:T10105:A:line 1:A191RC:Any", "NIPA:T10105:Q:line *:*:Any", "GDP"]
)
def test_a_source_id_that_cannot_be_asked_is_refused(source_id: str) -> None:
    entry = GDP.model_copy(update={"source_id": source_id})
    assert "correct the entry" in only_failure(answer([line("2024Q1", "1")]), entry)
