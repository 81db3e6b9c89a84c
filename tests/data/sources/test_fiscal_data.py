"""Fiscal Data: the three forms of the cash balance, the identity, pages, nulls, sums of auctions.

Payloads are made in the form of the real answers; the recorded statement of 7-11 July 2025 is read
where it is present and compared with the raw file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast
from zlib import crc32

import numpy as np
import pandas as pd
import pytest
from answering import Answering

from groundswell.data import release, units
from groundswell.data.catalog import catalog
from groundswell.data.checking import checked
from groundswell.data.errors import SourceError
from groundswell.data.sources import fiscal_data
from groundswell.data.sources.source import Delivery, Wanted

FETCHED = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
CASH, DEBT = "/v1/accounting/dts/operating_cash_balance", "/v2/accounting/od/debt_to_penny"
OUTSTANDING, AUCTIONS = "/v1/debt/mspd/mspd_table_1", "/v1/accounting/od/auctions_query"
BUYBACKS = "/v1/accounting/od/buybacks_operations"
CLOSING = "Treasury General Account (TGA) Closing Balance"

Rows = Sequence[Mapping[str, object]]


def page(rows: Rows, *, total: int | None = None, pages: int = 1) -> dict[str, object]:
    meta = {"count": len(rows), "labels": {}, "dataTypes": {}, "dataFormats": {}}
    counts = {"total-count": len(rows) if total is None else total, "total-pages": pages}
    links = {"self": "&page%5Bnumber%5D=1&page%5Bsize%5D=10000", "next": None}
    return {"data": list(rows), "meta": meta | counts, "links": links}


def statement(
    day: str, opening: int, deposits: int, withdrawals: int, closing: int
) -> list[dict[str, object]]:
    amounts = {
        "Treasury General Account (TGA) Opening Balance": opening,
        "Total TGA Deposits (Table II)": deposits,
        "Total TGA Withdrawals (Table II) (-)": withdrawals,
        CLOSING: closing,
    }
    return [
        {"record_date": day, "account_type": name, "close_today_bal": "null", "open_today_bal": str(amount)}
        for name, amount in amounts.items()
    ]


def earlier(day: str, account: str, closing: str) -> dict[str, object]:
    return {"record_date": day, "account_type": account, "close_today_bal": closing, "open_today_bal": "1"}


def auction(
    day: str, kind: str, offered: object, accepted: object = "null", **more: object
) -> dict[str, object]:
    row: dict[str, object] = {
        "auction_date": day,
        "announcemt_date": "2026-08-27",
        "cusip": f"912{crc32(repr((day, kind, offered)).encode()) % 10**6:06}",
        "security_type": kind,
        "inflation_index_security": "No",
        "floating_rate": "No",
        "offering_amt": str(offered),
        "total_tendered": "null",
        "total_accepted": str(accepted),
        "primary_dealer_accepted": "null",
    }
    return row | more


def deliver(
    answers: Mapping[str, object], *series: str, through: date | None = None
) -> tuple[Delivery, Answering]:
    wanted = [Wanted(catalog()[each], through) for each in series]
    caller = Answering(cast(Any, answers), fetched=FETCHED)
    jobs = fiscal_data.SOURCE.jobs(wanted, caller, FETCHED.date())
    assert len(jobs) == 1
    assert jobs[0].series == series
    return jobs[0].run(caller), caller


def values(delivery: Delivery, series: str) -> dict[str, float]:
    """Return the delivered values by day; a failure of the series is raised."""
    for failure in delivery.failures:
        if failure.series == series:
            raise failure.error
    rows = delivery.observations[delivery.observations["series"] == series]
    return dict(zip(rows["period"].dt.strftime("%Y-%m-%d"), rows["value"], strict=True))


def refused(answers: Mapping[str, object], series: str) -> str:
    with pytest.raises(SourceError) as error:
        values(deliver(answers, series)[0], series)
    assert f"'{series}'" in str(error.value)
    assert "fiscal_data" in str(error.value)
    assert error.value.remedy
    return str(error.value)


def test_tables_are_sorted_by_columns_that_are_asked_for() -> None:
    for table in fiscal_data.TABLES.values():
        assert set(table.sort.split(",")) <= set(table.fields)


def test_the_cash_balance_is_read_in_each_of_its_three_forms() -> None:
    rows = [
        earlier("2021-09-30", "Federal Reserve Account", "215160"),
        earlier("2021-09-30", "Tax and Loan Note Accounts", "0"),
        earlier("2021-10-01", "Treasury General Account (TGA)", "173745"),
        *statement("2022-04-18", 700_000, 50_000, 40_000, 710_000),
    ]
    delivery, _ = deliver({CASH: page(rows)}, "tga")
    assert values(delivery, "tga") == {"2021-09-30": 215160, "2021-10-01": 173745, "2022-04-18": 710_000}
    assert list(delivery.observations["row"]) == [1, 3, 7]
    stored = checked(delivery.observations, catalog()["tga"], FETCHED)
    assert list(stored["value"]) == pytest.approx([215.160, 173.745, 710.0])
    assert stored["ruled"].iloc[-1] == pd.Timestamp("2022-04-19 16:00", tz="America/New_York")


def test_a_statement_that_does_not_add_up_is_left_out_by_its_day_and_two_are_refused() -> None:
    good = statement("2025-07-07", 313_162, 38_702, 19_382, 332_482)
    assert values(deliver({CASH: page(good)}, "tga")[0], "tga") == {"2025-07-07": 332_482}
    rounded = statement("2025-07-11", 288_395, 15_386, 21_419, 282_363)
    assert values(deliver({CASH: page(rounded)}, "tga")[0], "tga") == {"2025-07-11": 282_363}
    wrong = statement("2025-07-08", 332_482, 237_922, 227_357, 343_050)
    delivery, _ = deliver({CASH: page(good + wrong)}, "tga")
    assert values(delivery, "tga") == {"2025-07-07": 332_482}
    assert "2025-07-08 does not add up" in " ".join(delivery.remarks)
    again = statement("2025-07-09", 343_050, 16_206, 48_205, 999_999)
    message = refused({CASH: page(good + wrong + again)}, "tga")
    assert "2025-07-08 does not add up" in message
    assert "row 8" in message
    assert "row 4" in refused({CASH: page(wrong)}, "tga")


def test_a_statement_without_its_parts_or_with_two_balances_is_refused() -> None:
    rows = statement("2025-07-07", 313_162, 38_702, 19_382, 332_482)
    assert "lacks the opening balance" in refused({CASH: page(rows[1:])}, "tga")
    assert "no closing balance" in refused({CASH: page(rows[:3])}, "tga")
    again = rows[3] | {"open_today_bal": "999999"}
    assert "twice" in refused({CASH: page([*rows, again])}, "tga")


def test_a_day_without_a_balance_is_left_out_and_told() -> None:
    rows = [
        earlier("2021-09-29", "Federal Reserve Account", "null"),
        earlier("2021-09-30", "Federal Reserve Account", "215160"),
    ]
    delivery, _ = deliver({CASH: page(rows)}, "tga")
    assert list(values(delivery, "tga")) == ["2021-09-30"]
    assert delivery.remarks == ("tga: 1 days without an amount left out, the last 2021-09-29",)


def test_debt_comes_in_dollars_and_cents() -> None:
    row = {
        "record_date": "2025-07-07",
        "debt_held_public_amt": "28978345123456.78",
        "tot_pub_debt_out_amt": "36227345123456.78",
    }
    early = row | {"record_date": "1993-04-01", "debt_held_public_amt": "null"}
    delivery, _ = deliver({DEBT: page([early, row])}, "debt_public", "debt_total")
    assert values(delivery, "debt_public") == {"2025-07-07": 28978345123456.78}
    assert len(values(delivery, "debt_total")) == 2


def summary(month_end: str, kind: str, words: str, amount: str) -> dict[str, object]:
    return {
        "record_date": month_end,
        "security_type_desc": kind,
        "security_class_desc": words,
        "total_mil_amt": amount,
    }


def test_securities_outstanding_are_told_apart_by_class() -> None:
    rows = [
        summary("2001-01-31", "Marketable", "Inflation-Indexed Notes", "90000.5"),
        summary("2001-01-31", "Marketable", "Inflation-Indexed Bonds", "30000.25"),
        summary("2025-06-30", "Marketable", "Bills", "5770000.1"),
        summary("2025-06-30", "Marketable", "Notes", "14900000"),
        summary("2025-06-30", "Marketable", "Bonds", "5000000"),
        summary("2025-06-30", "Marketable", "Treasury Inflation-Protected Securities", "2040000"),
        summary("2025-06-30", "Marketable", "Floating Rate Notes", "650000"),
        summary("2025-06-30", "Total Marketable", "_", "28370000"),
        summary("2025-06-30", "Nonmarketable", "Bills", "1"),
    ]
    names = ("bills", "notes", "bonds", "tips", "frn", "marketable")
    delivery, caller = deliver({OUTSTANDING: page(rows)}, *(f"{name}_outstanding" for name in names))
    assert len(caller.asked) == 1, "one table, one request"
    assert values(delivery, "bills_outstanding") == {"2025-06-01": 5770000.1}
    assert values(delivery, "tips_outstanding") == {"2001-01-01": 120000.75, "2025-06-01": 2040000}
    assert values(delivery, "frn_outstanding") == {"2025-06-01": 650000}
    assert values(delivery, "marketable_outstanding") == {"2025-06-01": 28370000}
    bills = delivery.observations[delivery.observations["series"] == "bills_outstanding"]
    stored = checked(bills.reset_index(drop=True), catalog()["bills_outstanding"], FETCHED)
    assert stored["ruled"].iloc[0] == pd.Timestamp("2025-07-07 16:00", tz="America/New_York")  # after 4 July


def test_a_class_that_is_gone_fails_alone() -> None:
    delivery, _ = deliver(
        {OUTSTANDING: page([summary("2025-06-30", "Marketable", "Bills", "5770000")])},
        "bills_outstanding",
        "frn_outstanding",
    )
    assert values(delivery, "bills_outstanding")
    assert [failure.series for failure in delivery.failures] == ["frn_outstanding"]
    assert "'frn_outstanding'" in str(delivery.failures[0].error)


def test_auctions_of_one_kind_and_day_are_summed() -> None:
    rows = [
        auction(
            "2026-08-31", "Bill", 80e9, 82e9, primary_dealer_accepted="30000000000", total_tendered="2e11"
        ),
        auction(
            "2026-08-31", "Bill", 70e9, 71e9, primary_dealer_accepted="20000000000", total_tendered="2e11"
        ),
        auction("2026-08-31", "Note", 69e9, 70e9),
        auction("2026-08-31", "Note", 28e9, 29e9, floating_rate="Yes"),
        auction("2026-08-31", "Bond", 8e9, 9e9, inflation_index_security="Yes"),
    ]
    names = ["bills.offered", "bills.accepted", "bills.tendered", "bills.dealers", "notes.accepted"]
    names += ["frn.accepted", "tips.offered"]
    delivery, caller = deliver({AUCTIONS: page(rows)}, *(f"auction.{name}" for name in names))
    found = [values(delivery, f"auction.{name}")["2026-08-31"] for name in names]
    assert found == [150e9, 153e9, 4e11, 50e9, 70e9, 29e9, 8e9]
    assert len(caller.asked) == 1


def test_an_announced_auction_counts_on_its_announcement_and_not_yet_as_held() -> None:
    rows = [
        auction("2026-08-31", "Bill", 80e9, 82e9),
        auction("2026-09-03", "Bill", 90e9),
        auction("2026-09-01", "Bill", 60e9, 61e9, announcemt_date="2026-08-20"),
        auction("2026-09-01", "Bill", 50e9, announcemt_date="2026-08-20"),
    ]
    names = [f"auction.bills.{amount}" for amount in ("announced", "offered", "accepted")]
    delivery, _ = deliver({AUCTIONS: page(rows)}, *names)
    assert values(delivery, names[0]) == {"2026-08-27": 170e9, "2026-08-20": 110e9}
    assert values(delivery, names[1]) == {"2026-08-31": 80e9, "2026-09-01": 110e9}
    assert values(delivery, names[2]) == {"2026-08-31": 82e9}, "one result of 1 September is missing"


def test_an_announcement_before_the_days_asked_for_is_not_half_summed() -> None:
    rows = [
        auction("2026-02-12", "Bill", 80e9, 82e9, announcemt_date="2026-02-09"),
        auction("2026-08-31", "Bill", 90e9),
    ]
    delivery, caller = deliver({AUCTIONS: page(rows)}, "auction.bills.announced", through=date(2026, 8, 29))
    assert caller.asked[0].parameters["filter"] == "auction_date:gte:2026-02-10"
    assert list(values(delivery, "auction.bills.announced")) == ["2026-08-27"]


def test_an_auction_listed_twice_counts_once_unless_it_differs() -> None:
    row = auction("2026-08-31", "Bill", 80e9, 82e9)
    delivery, _ = deliver({AUCTIONS: page([row, row])}, "auction.bills.accepted")
    assert values(delivery, "auction.bills.accepted") == {"2026-08-31": 82e9}
    message = refused({AUCTIONS: page([row, row | {"total_accepted": "1"}])}, "auction.bills.accepted")
    assert "two rows" in message


def test_an_unknown_kind_of_auction_is_left_out_and_told() -> None:
    rows = [auction("2026-08-31", "Bill", 80e9, 82e9), auction("2026-08-31", "Perpetual", 1e9, 1e9)]
    delivery, _ = deliver({AUCTIONS: page(rows)}, "auction.bills.accepted")
    assert "'Perpetual'" in delivery.remarks[0]


def test_buybacks_of_a_day_are_summed_and_announced_ones_left_out() -> None:
    rows = [
        {"operation_date": "2026-08-18", "total_par_amt_accepted": "2000000000"},
        {"operation_date": "2026-08-18", "total_par_amt_accepted": "500000000"},
        {"operation_date": "2026-09-10", "total_par_amt_accepted": "null"},
    ]
    delivery, _ = deliver({BUYBACKS: page(rows)}, "debt_buybacks")
    assert values(delivery, "debt_buybacks") == {"2026-08-18": 2.5e9}


def test_all_pages_are_read_and_rows_counted_through() -> None:
    rows = statement("2025-07-07", 313_162, 38_702, 19_382, 332_482)

    def answer(parameters: Mapping[str, object]) -> dict[str, object]:
        first = parameters["page[number]"] == 1
        return page(rows[:2] if first else rows[2:], total=4, pages=2)

    delivery, caller = deliver({CASH: answer}, "tga")
    assert values(delivery, "tga") == {"2025-07-07": 332_482}
    assert list(delivery.observations["row"]) == [4]
    assert [each.parameters["page[number]"] for each in caller.asked] == [1, 2]
    assert len(delivery.bodies) == 2


def test_only_what_may_have_changed_is_asked_for_again() -> None:
    rows = statement("2025-07-07", 313_162, 38_702, 19_382, 332_482)
    _, caller = deliver({CASH: page(rows)}, "tga", through=date(2025, 7, 7))
    assert caller.asked[0].parameters["filter"] == "record_date:gte:2025-06-07"
    _, caller = deliver({CASH: page(rows)}, "tga")
    assert "filter" not in caller.asked[0].parameters


def test_a_series_new_among_stored_ones_asks_for_the_whole_table() -> None:
    row = {"record_date": "2025-07-07", "debt_held_public_amt": "28e12", "tot_pub_debt_out_amt": "36e12"}
    caller = Answering({DEBT: page([row])}, fetched=FETCHED)
    stored = Wanted(catalog()["debt_public"], date(2025, 7, 3))
    (job,) = fiscal_data.SOURCE.jobs([stored, Wanted(catalog()["debt_total"])], caller, FETCHED.date())
    job.run(caller)
    assert "filter" not in caller.asked[0].parameters


GOOD = statement("2025-07-07", 313_162, 38_702, 19_382, 332_482)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (page(GOOD, total=5), "4 rows came, the service has 5"),
        (page([]), "0 rows came"),
        (page(GOOD, pages=1_000), "1000 pages"),
        ({"data": GOOD}, "'meta'"),
        ({"error": "Invalid Query Param", "message": "no such field"}, "'data'"),
        (page([{**row, "record_date": "07/07/2025"} for row in GOOD]), "'record_date'"),
        (page([{**row, "open_today_bal": "many"} for row in GOOD]), "'open_today_bal' is 'many'"),
        (page([{**row, "open_today_bal": "inf"} for row in GOOD]), "'open_today_bal' is 'inf'"),
        (page([{"record_date": "2025-07-07", "balance": "1"}]), "'account_type' is missing"),
        ("<html>Too many requests</html>", "not JSON"),
        ('{"data": [', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
    ],
)
def test_an_answer_of_another_form_is_refused(answer: object, found: str) -> None:
    assert found in refused({CASH: answer}, "tga")


def test_every_entry_can_be_read_and_its_rule_and_units_hold() -> None:
    entries = [each for each in catalog().values() if each.source == "fiscal_data"]
    assert len(entries) >= 30
    for each in entries:
        release.check(each.release)
        assert units.factor(each.source_unit, each.unit) > 0.0
        assert each.source_id.partition(":")[0] in fiscal_data.TABLES
        assert each.low <= each.typical_low < each.typical_high <= each.high


def test_a_source_id_of_no_table_is_refused() -> None:
    entry = catalog()["tga"].model_copy(update={"source_id": "gold:tga"})
    caller = Answering({})
    (job,) = fiscal_data.SOURCE.jobs([Wanted(entry)], caller, FETCHED.date())
    with pytest.raises(SourceError, match=r"'gold:tga'.*one of cash, debt"):
        job.run(caller)


def test_the_recorded_statements_are_read_as_the_raw_file_has_them(recording: Callable[[str], Path]) -> None:
    text = recording("fiscaldata/dts.json").read_text("utf-8")
    raw = {
        row["record_date"]: float(row["open_today_bal"])
        for row in json.loads(text)["data"]
        if row["account_type"] == CLOSING
    }
    delivery, _ = deliver({CASH: text}, "tga")
    assert values(delivery, "tga") == raw
    assert len(raw) == 5
    assert raw["2025-07-07"] == 332_482
    stored = checked(delivery.observations, catalog()["tga"], FETCHED)
    assert np.allclose(stored["value"] * 1_000.0, list(raw.values()))
