"""The Commitments of Traders of the CFTC.

- Rows of the reporting service: text with trailing blanks, names with and without `_all`, pages.
- A service that ignores what was asked, or its pages, is detected.
- Long positions and spreads add up to the open interest in each row; a breach stops its contract alone.
- The real yearly file of 2021: counts per contract, figures against an independent reading.
- The real legacy answer, with its misspelt field.
- Yearly files serve where the service fails: both wordings of the date column, zip refused when damaged.
- A report as of Tuesday is not known before Friday 15:30 in New York; later after shutdowns and holidays.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from answering import Answering, body, zipped

from groundswell.data.catalog import catalog
from groundswell.data.checking import checked
from groundswell.data.errors import SourceError
from groundswell.data.sources.cftc import PAGE, SOURCE
from groundswell.data.sources.cftc_files import read_file
from groundswell.data.sources.cftc_reports import REPORTS, figures_of, grouped, read_json
from groundswell.data.sources.source import Delivery, Wanted

RESOURCE = "/resource/gpe5-46if.json"
TODAY = date(2024, 3, 1)
NEW_YORK = ZoneInfo("America/New_York")

HELD = {"dealer": (10, 40, 5), "asset_mgr": (50, 20, 6), "lev_money": (20, 30, 7), "other_rept": (5, 4, 2)}
SMALL = (15, 6)  # longs and shorts of the smallest traders; both sides add up to 120
WITH_ALL = ("dealer", "nonrept")  # the service writes `_all` after these and not after the others


def report(code: str = "13874A", day: str = "2024-02-20", **changed: str) -> dict[str, str]:
    """Return a row as the reporting service writes it."""
    row = {
        "id": f"{day}{code}F",
        "report_date_as_yyyy_mm_dd": f"{day}T00:00:00.000",
        "cftc_contract_market_code": f"{code} ",
        "cftc_market_code": "CME ",
        "open_interest_all": "120",
        "futonly_or_combined": "FutOnly",
    }
    for category, figures in (HELD | {"nonrept": SMALL}).items():
        ending = "_all" if category in WITH_ALL else ""
        for side, figure in zip(("long", "short", "spread"), figures, strict=False):
            row[f"{category}_positions_{side}{ending}"] = str(figure)
    return row | changed


def file(*rows: Mapping[str, str], date_column: str = "Report_Date_as_YYYY-MM-DD") -> str:
    """Return the text of a yearly file: mixed case, `_All` throughout, padded, figures of changes missing."""
    lines = []
    for row in rows:
        named = {
            "Market_and_Exchange_Names": "E-MINI S&P 500, INC - CME",
            date_column: row["report_date_as_yyyy_mm_dd"][:10],
            "CFTC_Contract_Market_Code": row["cftc_contract_market_code"],
            "Open_Interest_All": f"{row['open_interest_all']:>8}",
            "Change_in_Open_Interest_All": "       .",
            "FutOnly_or_Combined": "FutOnly",
        }
        for name, value in row.items():
            if "_positions_" in name:
                named[name.removesuffix("_all").title() + "_All"] = f"{value:>8}"
        lines.append(named)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(lines[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def packed(text: str, name: str = "FinFutYY.txt") -> bytes:
    return zipped({name: text})


def run(
    answers: Mapping[str, object], *series: str, through: date | None = None
) -> tuple[Delivery, Answering]:
    caller = Answering(dict(answers), fetched=datetime(2024, 3, 1, 12, tzinfo=UTC))  # type: ignore[arg-type]
    (job,) = SOURCE.jobs([Wanted(catalog()[name], through) for name in series], caller, TODAY)
    return job.run(caller), caller


def test_figures_are_read_under_names_with_and_without_their_ending() -> None:
    series = ["cot.es.lev_money.short", "cot.es.dealer.spread", "cot.es.nonrept.long", "cot.es.open_interest"]
    delivery, _ = run({RESOURCE: [report()]}, *series)
    values = dict(zip(delivery.observations["series"], delivery.observations["value"], strict=True))
    assert values == dict(zip(series, [30, 5, 15, 120], strict=True))
    assert set(delivery.observations["period"]) == {pd.Timestamp("2024-02-20")}
    assert not delivery.failures


def test_what_is_asked_names_the_contracts_and_goes_back_for_corrections() -> None:
    _, caller = run(
        {RESOURCE: [report()]}, "cot.es.open_interest", "cot.es_all.open_interest", through=date(2024, 2, 13)
    )
    where = str(caller.asked[0].parameters["$where"])
    assert "in('13874+','13874A')" in where
    assert "report_date_as_yyyy_mm_dd >= '2023-08-15T00:00:00.000'" in where
    assert caller.asked[0].parameters["$limit"] == PAGE


def test_pages_are_read_to_the_end() -> None:
    days = pd.date_range("2006-06-13", periods=PAGE + 3, freq="D").strftime("%Y-%m-%d")
    rows = [report(day=day) for day in days]

    def page(asked: Mapping[str, object]) -> list[object]:
        start = int(str(asked["$offset"]))
        return list(rows[start : start + PAGE])

    delivery, caller = run({RESOURCE: page}, "cot.es.open_interest")
    assert len(delivery.observations) == PAGE + 3
    assert len(caller.asked) == len(delivery.bodies) == 2


@pytest.mark.parametrize(
    "rows",
    [
        [report(), report(code="239742")],
        [report(), report(day="2005-01-04")],
        [report(), report()],
    ],
)
def test_a_service_that_ignores_what_was_asked_is_detected(rows: list[object]) -> None:
    with pytest.raises(SourceError, match=r"row 2.*ignore the request"):
        run({RESOURCE: rows}, "cot.es.open_interest")


def test_figures_that_do_not_add_up_stop_their_contract_alone() -> None:
    wrong = report(code="239742", lev_money_positions_short="31")
    delivery, _ = run({RESOURCE: [report(), wrong]}, "cot.rty.open_interest", "cot.es.open_interest")
    assert delivery.observations["series"].to_list() == ["cot.es.open_interest"]
    (failure,) = delivery.failures
    assert failure.series == "cot.rty.open_interest"
    assert "row 2" in failure.error.where
    assert "short positions and spreads of 239742 on 2024-02-20 add up to 121" in failure.error.what


def test_a_consolidated_market_may_be_rounded_by_a_few_contracts_but_no_other() -> None:
    for code, series, fails in (("13874+", "cot.es_all.dealer.long", 0), ("13874A", "cot.es.dealer.long", 1)):
        delivery, _ = run({RESOURCE: [report(code=code, open_interest_all="122")]}, series)
        assert len(delivery.failures) == fails


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([report(asset_mgr_positions_long="5O")], "5O"),
        ([report(nonrept_positions_long_all="-15")], "is -15"),
        ([report(futonly_or_combined="Combined")], "Combined"),
        ([report(report_date_as_yyyy_mm_dd="20.02.2024")], "20.02.2024"),
        (
            [{name: value for name, value in report().items() if "lev_money_positions_long" not in name}],
            "lev_money",
        ),
        ([7], "7"),
        ({"error": True, "message": "Query coordinator error: no such column"}, "no such column"),
    ],
)
def test_what_cannot_be_read_is_named(rows: object, found: str) -> None:
    try:
        delivery, _ = run({RESOURCE: rows}, "cot.es.asset_mgr.long")
    except SourceError as refusal:
        errors = [refusal]
    else:
        assert delivery.observations.empty
        errors = [failure.error for failure in delivery.failures]
    (error,) = errors
    assert "cot.es.asset_mgr.long" in error.where
    assert found in str(error)


def test_the_real_file_of_2021_arrives_whole(recording: Callable[[str], Path]) -> None:
    path = recording("cftc/FinFutYY_2021.txt")
    rows = read_file(REPORTS["tff"], body(path.read_bytes(), "cftc", expect="text"), "cot")
    raw = list(csv.DictReader(path.read_text().splitlines()))
    counts = Counter(row["CFTC_Contract_Market_Code"].strip() for row in raw)
    by_code = grouped(rows)
    assert {code: len(each) for code, each in by_code.items()} == counts
    assert (len(rows), len(counts), counts["13874A"], counts["13874U"]) == (2603, 60, 52, 17)
    for code in counts:
        figures = figures_of(REPORTS["tff"], by_code[code], code, "cot")
        independent = [row for row in raw if row["CFTC_Contract_Market_Code"].strip() == code]
        assert [each.held["lev_money:short"] for each in figures] == [
            int(row["Lev_Money_Positions_Short_All"]) for row in independent
        ]
    december = next(
        row for row in raw
        if row["CFTC_Contract_Market_Code"] == "13874A" and row["Report_Date_as_YYYY-MM-DD"] == "2021-12-28"
    )  # fmt: skip
    spot = next(
        each
        for each in figures_of(REPORTS["tff"], by_code["13874A"], "13874A", "cot")
        if each.day == date(2021, 12, 28)
    )
    assert spot.held["open_interest"] == int(december["Open_Interest_All"])
    assert spot.held["nonrept:long"] == int(december["NonRept_Positions_Long_All"])


def test_eight_real_years_add_up_in_every_row(real_data: Callable[[str], Path]) -> None:
    text = gzip.decompress(real_data("cot/tff_financial_futures.csv.gz").read_bytes())
    by_code = grouped(read_file(REPORTS["tff"], body(text, "cftc", expect="text"), "cot"))
    known = {
        each.source_id.split(":")[1]: each
        for each in catalog().values()
        if each.source == "cftc" and each.id.endswith("open_interest")
    }
    for code, rows in by_code.items():
        figures = figures_of(REPORTS["tff"], rows, code, "cot")
        if code in known:
            interest = pd.Series([each.held["open_interest"] for each in figures])
            assert interest.between(known[code].typical_low, known[code].typical_high).all()


def test_the_real_legacy_answer_is_read_with_its_misspelt_field(recording: Callable[[str], Path]) -> None:
    path = recording("cftc/cot_legacy.json")
    (raw,) = json.loads(path.read_text())
    rows = read_json(REPORTS["legacy_combined"], body(path.read_bytes(), "cftc"), "cot")
    (figures,) = figures_of(REPORTS["legacy_combined"], rows, "239747", "cot")
    assert figures.day == date(2024, 8, 20)
    assert figures.held["noncomm:spread"] == int(raw["noncomm_postions_spread_all"]) == 258
    assert figures.held["open_interest"] == int(raw["open_interest_all"]) == 19404


def test_yearly_files_serve_where_the_service_fails() -> None:
    early = file(report(day="2016-12-27"), report(code="239742"), date_column="Report_Date_as_MM_DD_YYYY")
    answers: dict[str, object] = {
        f"/files/dea/history/fut_fin_txt_{year}.zip": packed(file(report(day=f"{year}-01-16")))
        for year in range(2017, 2025)
    }
    answers["/files/dea/history/fin_fut_txt_2006_2016.zip"] = packed(early, "F_TFF_2006_2016.txt")
    answers[RESOURCE] = SourceError("status 503", where="cftc")
    delivery, caller = run(answers, "cot.es.lev_money.long")
    assert delivery.observations["period"].dt.year.to_list() == list(range(2016, 2025))
    assert set(delivery.observations["value"]) == {20.0}
    assert "yearly files" in delivery.remarks[0]
    delivery, caller = run(answers, "cot.es.lev_money.long", through=date(2024, 2, 20))
    assert delivery.observations["period"].dt.year.to_list() == [2024]
    assert [asked.path[-8:-4] for asked in caller.asked[1:]] == ["2023", "2024"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (packed(file(report()))[:-30], "the zip cannot be read"),
        (packed(file(report()), "readme.doc"), "stands 0 times"),
        (packed("<html>"), "no field"),
        (packed(file(report()).replace('"FutOnly"', '"FutOnly","1"')), "cells"),
    ],
    ids=["cut off", "absent", "no table", "wider"],  # a zip holds the time it was made
)
def test_a_file_that_cannot_be_read_is_told_beside_the_failure_of_the_service(
    content: bytes, found: str
) -> None:
    answers = {
        RESOURCE: SourceError("status 503", where="cftc"),
        "/files/dea/history/fut_fin_txt_2024.zip": content,
    }
    answers["/files/dea/history/fut_fin_txt_2023.zip"] = content
    with pytest.raises(SourceError, match="status 503") as refusal:
        run(answers, "cot.es.lev_money.long", through=date(2024, 2, 20))
    assert found in refusal.value.what


@pytest.mark.parametrize(
    ("as_of", "known_at"),
    [
        ("2024-02-13", "2024-02-16 15:30"),  # Tuesday, Friday
        ("2023-07-03", "2023-07-07 15:30"),  # Monday before a Tuesday holiday
        ("2018-12-24", "2019-02-01 15:30"),  # held up by the shutdown
        ("2023-01-31", "2023-02-24 15:30"),  # held up by the accident at ION
    ],
)
def test_a_report_is_not_known_before_its_release(as_of: str, known_at: str) -> None:
    delivery, caller = run({RESOURCE: [report(day=as_of)]}, "cot.es.lev_money.long")
    table = checked(delivery.observations, catalog()["cot.es.lev_money.long"], caller.fetched)
    released = table["ruled"].iloc[0].tz_convert(NEW_YORK)
    assert released == pd.Timestamp(known_at, tz=NEW_YORK)
