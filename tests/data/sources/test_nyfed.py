"""The New York Fed: reference rates, overnight reverse repo, the summary of holdings.

- A rate is asked for once for all its fields, and since what is stored; another rate is refused.
- An operation counts once, however many details it has; small-value and term operations are left out.
- Holdings come in dollars, and stay so here; a field that is gone fails alone.
- The recorded answer: counts and spot values against an independent reading.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from answering import Answering, body

from groundswell.data.catalog import catalog
from groundswell.data.checking import checked
from groundswell.data.errors import SourceError
from groundswell.data.sources.nyfed import SOURCE, read_rates
from groundswell.data.sources.source import Delivery, Wanted

TODAY = date(2026, 9, 1)
CATALOG = catalog()
SOFR, VOLUME, EFFR = (Wanted(CATALOG[name]) for name in ("sofr", "sofr_volume", "effr"))
ON_RRP, BILLS, MBS = (Wanted(CATALOG[name]) for name in ("on_rrp_operations", "soma_bills", "soma_mbs"))


def rates(*rows: tuple[str, float], kind: str = "SOFR", **more: object) -> dict[str, object]:
    return {
        "refRates": [
            {"effectiveDate": day, "type": kind, "percentRate": rate, "volumeInBillions": 2008, **more}
            for day, rate in rows
        ]
    }


def operation(day: str, accepted: object, note: str = "", **changes: object) -> dict[str, object]:
    """Return an operation as a search for results gives it, with what it accepted told twice."""
    return {
        "operationId": f"RP {day} {note}",
        "auctionStatus": "Results",
        "operationDate": day,
        "settlementDate": day,
        "maturityDate": day,
        "operationType": "Reverse Repo",
        "operationMethod": "Fixed Rate",
        "settlementType": "Same Day",
        "termCalenderDays": 1,
        "term": "Overnight",
        "note": note,
        "totalAmtSubmitted": accepted,
        "totalAmtAccepted": accepted,
        "participatingCpty": 20,
        "acceptedCpty": 20,
        "details": [
            {"securityType": kind, "amtSubmitted": accepted, "amtAccepted": accepted, "percentAwardRate": 3.5}
            for kind in ("Treasury", "Agency")
        ],
        **changes,
    }


def operations(*listed: dict[str, object]) -> dict[str, object]:
    return {"repo": {"operations": list(listed)}}


def holdings(*changes: Mapping[str, object]) -> dict[str, object]:
    week = {
        "asOfDate": "2003-11-19",
        "agencies": "10000000",
        "bills": "242958086000",
        "cmbs": "0.00",
        "frn": "",
        "mbs": "2053000000000.00",
        "notesbonds": "404669247000",
        "tips": "13454483000",
        "tipsInflationCompensation": "1621412000",
        "total": "661091816000.00",
    }
    return {"soma": {"summary": [{**week, **change} for change in changes]}}


def run(caller: Answering, *wanted: Wanted) -> Delivery:
    [job] = SOURCE.jobs(list(wanted), caller, TODAY)
    return job.run(caller)


def test_the_fields_of_a_rate_come_from_one_request_since_what_is_stored() -> None:
    caller = Answering({"/rates/secured/sofr/search.json": rates(("2026-08-31", 3.66), ("2026-08-28", 3.61))})
    stored = Wanted(SOFR.entry, date(2026, 8, 27))
    [job] = SOURCE.jobs([stored, Wanted(VOLUME.entry, date(2026, 8, 26))], caller, TODAY)
    found = job.run(caller).observations
    assert [each.parameters for each in caller.asked] == [
        {"startDate": "2026-07-27", "endDate": "2026-09-01"}
    ]
    assert found[found["series"] == "sofr"]["value"].to_list() == [3.66, 3.61]
    assert found[found["series"] == "sofr_volume"]["value"].to_list() == [2008.0, 2008.0]
    assert found["released"].isna().all()


def test_a_series_without_a_store_is_asked_for_from_its_beginning() -> None:
    caller = Answering({"/rates/unsecured/effr/search.json": rates(("2026-08-28", 3.63), kind="EFFR")})
    run(caller, EFFR)
    assert caller.asked[0].parameters["startDate"] == "2000-07-03"


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (
            rates(("2026-08-28", 3.63), kind="EFFR"),
            r"'sofr', row 1, .*secured/sofr.*it is a rate of type 'EFFR'",
        ),
        (rates(("2026-08-32", 3.63)), r"row 1, .*'2026-08-32' is not a date"),
        ({"rates": []}, r"refRates.*field required"),
    ],
)
def test_another_answer_than_the_rate_is_refused(answer: dict[str, object], complaint: str) -> None:
    with pytest.raises(SourceError, match=rf"(?s){complaint}"):
        run(Answering({"/rates/secured/sofr/search.json": answer}), SOFR)


def test_a_field_that_cannot_be_read_fails_alone() -> None:
    broken = rates(("2026-08-28", 3.61), percentPercentile99="n.a.")
    delivery = run(Answering({"/rates/secured/sofr/search.json": broken}), SOFR, Wanted(CATALOG["sofr_99th"]))
    assert set(delivery.observations["series"]) == {"sofr"}
    [failure] = delivery.failures
    assert "series 'sofr_99th', row 1" in str(failure.error)
    assert "'percentPercentile99' holds 'n.a.'" in str(failure.error)


def test_an_operation_counts_once_and_neither_small_value_nor_term_operations_do() -> None:
    caller = Answering(
        {
            "/rp/results/search.json": operations(
                operation("2026-08-28", 2_535_000_000, "Small Value Exercise"),
                operation("2026-08-28", 790_000_000),
                operation("2026-08-27", 14_000_000_000, term="Term", termCalenderDays=7),
                operation("2026-08-27", "0"),
                operation("2026-08-27", 5_000_000_000, operationType="Repo"),
                operation("2026-08-26", None, auctionStatus="Announced"),
            )
        }
    )
    delivery = run(caller, Wanted(ON_RRP.entry, date(2026, 8, 20)))
    found = delivery.observations
    assert list(zip(found["period"].dt.day, found["value"], found["row"], strict=True)) == [
        (28, 790_000_000.0, 2),
        (27, 0.0, 4),
    ]
    assert "1 reverse repo operations of small value" in delivery.remarks[0]
    stored = checked(found, ON_RRP.entry, caller.fetched)
    assert stored.set_index("period")["value"]["2026-08-28"] == 0.79
    assert stored["ruled"].iloc[-1] == pd.Timestamp("2026-08-28 13:30", tz="America/New_York")


def test_a_day_with_two_operations_is_left_out_and_a_habit_of_it_refused() -> None:
    twice, once = [operation("2026-08-28", 1e9), operation("2026-08-28", 2e9)], operation("2026-08-27", 3e9)
    stored = Wanted(ON_RRP.entry, date(2026, 8, 20))
    delivery = run(Answering({"/rp/results/search.json": operations(*twice, once)}), stored)
    assert delivery.observations["value"].to_list() == [3e9]
    assert "2026-08-28" in delivery.remarks[0]
    again = [{**each, "operationDate": "2026-08-26"} for each in twice]
    for listed in (twice, [*twice, *again, once]):
        with pytest.raises(SourceError, match=r"row 2, .*2026-08-28 has two overnight operations"):
            run(Answering({"/rp/results/search.json": operations(*listed)}), stored)


def test_years_of_operations_are_asked_for_one_by_one_and_none_at_all_is_refused() -> None:
    caller = Answering({"/rp/results/search.json": operations()})
    with pytest.raises(SourceError, match="no overnight operation"):
        run(caller, ON_RRP)
    spans = [(each.parameters["startDate"], each.parameters["endDate"]) for each in caller.asked]
    assert spans[0] == ("2013-09-23", "2013-12-31")
    assert spans[-1] == ("2026-01-01", "2026-09-01")
    assert len(spans) == 14


def test_holdings_come_in_dollars_and_are_public_on_thursday() -> None:
    answer = holdings({"asOfDate": "2026-08-26"}, {"asOfDate": "2026-08-19", "bills": ""})
    caller = Answering({"/soma/summary.json": answer})
    found = run(caller, BILLS, MBS).observations
    bills = checked(found[found["series"] == "soma_bills"], BILLS.entry, caller.fetched)
    assert bills["value"].to_list() == [242.958086]
    assert bills["ruled"].to_list() == [pd.Timestamp("2026-08-27 16:30", tz="America/New_York")]
    assert found[found["series"] == "soma_mbs"]["row"].to_list() == [1, 2]


def test_a_kind_of_holding_that_is_gone_fails_alone() -> None:
    answer = json.loads(json.dumps(holdings({})).replace('"mbs"', '"mortgages"'))
    delivery = run(Answering({"/soma/summary.json": answer}), BILLS, MBS)
    assert set(delivery.observations["series"]) == {"soma_bills"}
    assert [each.series for each in delivery.failures] == ["soma_mbs"]


def test_the_recorded_rates(recording: Callable[[str], Path]) -> None:
    path = recording("nyfed/sofr.json")
    group = [SOFR, VOLUME, Wanted(CATALOG["sofr_99th"])]
    found = read_rates(body(path.read_bytes(), "nyfed"), "rates/secured/sofr", group).observations
    raw = {row["effectiveDate"]: row for row in json.loads(path.read_text())["refRates"]}
    assert len(raw) == 4
    for series, field in (("sofr", "percentRate"), ("sofr_volume", "volumeInBillions")):
        ours = found[found["series"] == series].set_index("period")["value"]
        assert {f"{day:%Y-%m-%d}": value for day, value in ours.items()} == {
            day: float(row[field]) for day, row in raw.items()
        }
    assert found[found["series"] == "sofr"].set_index("period")["value"]["2024-06-03"] == 5.35
    assert found[found["series"] == "sofr_99th"].set_index("period")["value"]["2024-06-06"] == 5.44
