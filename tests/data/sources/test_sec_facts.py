"""Quarters of companies from their facts, as known at each time.

Covered: recorded company facts against their raw JSON, quarter by quarter; year-to-date figures,
restatements, changed tags, truncation; what is refused; the same facts through edgartools.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from answering import Answering, body
from hypothesis import given, settings
from hypothesis import strategies as st

from groundswell.data.catalog import catalog
from groundswell.data.errors import SourceError
from groundswell.data.sources import sec_edgar
from groundswell.data.sources.sec_edgartools import facts_by_edgartools
from groundswell.data.sources.sec_facts import Fact, Quarter, quarters
from groundswell.data.sources.source import Delivery, Wanted

BUYBACKS, CAPEX = catalog()["buybacks.aapl"], catalog()["capex.aapl"]
TODAY = date(2026, 9, 1)
FACTS_PATH = "/api/xbrl/companyfacts/CIK0000320193.json"
APPLE = "sec_edgar/api_xbrl_companyfacts_CIK0000320193_json.json"
TAG = "PaymentsForRepurchaseOfCommonStock"


def day(text: str) -> date:
    return date.fromisoformat(text)


def figure(start: str, end: str, value: float, filed: str) -> dict[str, object]:
    return {"start": start, "end": end, "val": value, "filed": filed, "fy": 2030, "fp": "FY", "form": "10-Q"}


def facts(figures: list[dict[str, object]], *, cik: object = 320193, tag: str = TAG) -> dict[str, object]:
    concept = {"label": "Any", "description": "Any", "units": {"USD": figures}}
    return {"cik": cik, "entityName": "Apple Inc.", "facts": {"us-gaap": {tag: concept}}}


def deliver(answers: dict[Any, Any], *wanted: Wanted) -> Delivery:
    (job,) = sec_edgar.SOURCE.jobs(wanted, Answering({}), TODAY)
    return job.run(Answering(answers))


def latest(rows: pd.DataFrame) -> pd.Series:
    return rows.sort_values("released", kind="stable").groupby("period")["value"].last()


YEAR = [
    figure("2023-01-01", "2023-03-31", 10.0, "2023-04-20"),
    figure("2023-01-01", "2023-06-30", 25.0, "2023-07-20"),
    figure("2023-01-01", "2023-09-30", 45.0, "2023-10-20"),
    figure("2023-01-01", "2023-12-31", 100.0, "2024-02-01"),
]


def test_cash_flows_to_date_become_quarters_known_when_their_filing_came() -> None:
    rows = deliver({FACTS_PATH: facts(YEAR)}, Wanted(BUYBACKS)).observations
    assert rows["period"].dt.strftime("%Y-%m-%d").tolist() == [
        "2023-01-01",
        "2023-04-01",
        "2023-07-01",
        "2023-10-01",
    ]
    assert rows["value"].tolist() == [10.0, 15.0, 20.0, 55.0]
    assert rows["released"].iloc[3] == pd.Timestamp("2024-02-01 23:59", tz="America/New_York")
    assert rows["row"].tolist() == [1, 2, 3, 4]


def test_a_repeated_figure_says_nothing_new_and_a_restated_one_is_another_vintage() -> None:
    again = [
        figure("2023-01-01", "2023-03-31", 10.0, "2024-04-20"),
        figure("2023-01-01", "2023-06-30", 26.0, "2024-07-20"),
    ]
    rows = deliver({FACTS_PATH: facts(YEAR + again)}, Wanted(BUYBACKS)).observations
    second = rows[rows["period"] == pd.Timestamp("2023-04-01")]
    assert second["value"].tolist() == [15.0, 16.0]
    assert (rows["period"] == pd.Timestamp("2023-01-01")).sum() == 1


def test_a_restated_year_against_old_nine_months_changes_no_quarter() -> None:
    amended = [figure("2023-01-01", "2023-12-31", 160.0, "2024-03-01")]
    rows = deliver({FACTS_PATH: facts(YEAR + amended)}, Wanted(BUYBACKS)).observations
    assert rows[rows["period"] == pd.Timestamp("2023-10-01")]["value"].tolist() == [55.0]
    with_months = [*amended, figure("2023-01-01", "2023-09-30", 70.0, "2024-03-02")]
    rows = deliver({FACTS_PATH: facts(YEAR + with_months)}, Wanted(BUYBACKS)).observations
    assert rows[rows["period"] == pd.Timestamp("2023-10-01")]["value"].tolist() == [55.0, 90.0]


def test_figures_filed_a_year_apart_make_no_quarter_of_their_difference() -> None:
    half_year = figure("2023-01-01", "2023-06-30", 60.0, "2024-07-20")
    rows = deliver({FACTS_PATH: facts([YEAR[0], half_year])}, Wanted(BUYBACKS)).observations
    assert rows["value"].tolist() == [10.0]


def test_a_quarter_filed_as_such_is_not_replaced_by_a_difference_of_rounded_figures() -> None:
    as_such = figure("2023-04-01", "2023-06-30", 15.2, "2023-07-20")
    for order in ([as_such, *YEAR], [*YEAR, as_such]):
        rows = deliver({FACTS_PATH: facts(order)}, Wanted(BUYBACKS)).observations
        assert rows["value"].tolist() == [10.0, 15.2, 20.0, 55.0]


def test_a_late_amendment_of_the_first_months_completes_the_quarter_when_it_comes() -> None:
    late = [YEAR[1], {**YEAR[0], "filed": "2023-08-15"}]
    rows = deliver({FACTS_PATH: facts(late)}, Wanted(BUYBACKS)).observations
    assert rows["value"].tolist() == [10.0, 15.0]
    assert set(rows["released"]) == {pd.Timestamp("2023-08-15 23:59", tz="America/New_York")}


def test_trailing_years_are_no_quarters() -> None:
    trailing = [figure("2022-04-01", "2023-03-31", 70.0, "2023-04-20"), *YEAR]
    rows = deliver({FACTS_PATH: facts(trailing)}, Wanted(BUYBACKS)).observations
    assert rows["value"].tolist() == [10.0, 15.0, 20.0, 55.0]


def test_two_tags_are_never_added_and_the_newest_is_read() -> None:
    old, new = "PaymentsToAcquireProductiveAssets", "PaymentsToAcquirePropertyPlantAndEquipment"
    both = facts([figure("2023-01-01", "2023-03-31", 7.0, "2023-04-20"), *YEAR[1:]], tag=old)
    later = [
        figure("2023-01-01", "2023-03-31", 8.0, "2024-04-20"),
        figure("2024-01-01", "2024-03-31", 9.0, "2024-04-20"),
    ]
    both["facts"]["us-gaap"][new] = {"units": {"USD": later}}  # type: ignore[index]
    rows = deliver({FACTS_PATH: both}, Wanted(CAPEX)).observations
    first = rows[rows["period"] == pd.Timestamp("2023-01-01")]
    assert first["value"].tolist() == [7.0, 8.0], "the old tag until the new one reaches further"
    assert latest(rows)[pd.Timestamp("2023-07-01")] == 20.0, (
        "where the new tag says nothing, the old one stands"
    )
    assert latest(rows)[pd.Timestamp("2024-01-01")] == 9.0


def test_a_filing_of_today_waits_for_the_end_of_the_day() -> None:
    today = [*YEAR, figure("2026-04-01", "2026-06-30", 30.0, "2026-09-01")]
    rows = deliver({FACTS_PATH: facts(today)}, Wanted(BUYBACKS)).observations
    assert rows["period"].max() == pd.Timestamp("2023-10-01")


spans = st.lists(
    st.tuples(st.integers(0, 11), st.integers(1, 4), st.integers(-50, 50), st.integers(0, 900)), max_size=40
)


@settings(max_examples=60, deadline=None)
@given(spans, st.integers(0, 2500))
def test_what_is_filed_later_changes_nothing_known_before(
    drawn: list[tuple[int, int, int, int]], cut: int
) -> None:
    filed = []
    for row, (first, length, value, delay) in enumerate(drawn, start=1):
        start = date(2020, 1, 1) + timedelta(days=91 * first)
        end = start + timedelta(days=91 * length - 1)
        tag = ("old", "new")[row % 2]
        filed.append(Fact(tag, start, end, float(value), end + timedelta(days=20 + delay), row))
    limit = date(2020, 1, 1) + timedelta(days=cut)
    everything = quarters(filed, ("new", "old"))
    told_less = quarters([fact for fact in filed if fact.filed <= limit], ("new", "old"))
    assert [quarter for quarter in everything if quarter.filed <= limit] == told_less


def plain_quarters(raw: bytes, tag: str) -> dict[str, float]:
    """Return the quarters by last day read otherwise: the last value of each span, differenced."""
    spans: dict[tuple[str, str], float] = {}
    for each in sorted(
        json.loads(raw)["facts"]["us-gaap"][tag]["units"]["USD"], key=lambda each: each["filed"]
    ):
        spans[each["start"], each["end"]] = each["val"]
    found = {}
    for (start, end), value in spans.items():
        shorter = [e for s, e in spans if s == start and e < end and (day(end) - day(e)).days < 100]
        if (day(end) - day(start)).days < 100:
            found[end] = value
        elif shorter:
            found[end] = value - spans[start, max(shorter)]
    return found


@pytest.mark.parametrize(
    ("file", "name", "cik", "tag", "count"),
    [
        (APPLE, "buybacks.aapl", 320193, TAG, 57),
        (APPLE, "research.aapl", 320193, "ResearchAndDevelopmentExpense", 71),
        ("sec_edgar/api_xbrl_companyfacts_CIK0001640147_json.json", "buybacks.snow", 1640147, TAG, 13),
        ("sec_edgar/api_xbrl_companyfacts_CIK0001835632_json.json", "buybacks.mrvl", 1835632, TAG, 25),
        (
            "sec_edgar/api_xbrl_companyfacts_CIK0001835632_json.json",
            "capex.mrvl",
            1835632,
            "PaymentsToAcquirePropertyPlantAndEquipment",
            25,
        ),
    ],
)
def test_recorded_quarters_equal_an_independent_reading(
    recording: Callable[[str], Path], file: str, name: str, cik: int, tag: str, count: int
) -> None:
    raw = recording(file).read_bytes()
    path = f"/api/xbrl/companyfacts/CIK{cik:010}.json"
    rows = deliver({path: raw}, Wanted(catalog()[name])).observations
    ours = latest(rows)
    ends = plain_quarters(raw, tag)
    assert len(ours) == count
    for start, value in ours.items():
        near = [end for end in ends if 75 <= (day(end) - start.date()).days <= 105]  # type: ignore[attr-defined]
        assert any(abs(ends[end] - value) < 1e6 for end in near), (start, value)


def test_apples_buybacks_of_the_last_quarter_of_2025(recording: Callable[[str], Path]) -> None:
    raw = recording(APPLE).read_bytes()
    rows = deliver({FACTS_PATH: raw}, Wanted(BUYBACKS)).observations
    last = rows.iloc[-1]
    assert (last["period"], last["value"]) == (pd.Timestamp("2025-09-28"), 24_701e6)
    assert last["released"] == pd.Timestamp("2026-01-30 23:59", tz="America/New_York")
    fiscal_2024 = rows[(rows["period"] >= "2023-10-01") & (rows["period"] < "2024-09-28")]
    plain = json.loads(raw)["facts"]["us-gaap"][TAG]["units"]["USD"]
    annual = {each["val"] for each in plain if (each["start"], each["end"]) == ("2023-10-01", "2024-09-28")}
    assert len(fiscal_2024) == 4
    assert {fiscal_2024["value"].sum()} == annual == {94_949e6}


def test_apples_capital_expenditure_runs_through_its_change_of_tag(recording: Callable[[str], Path]) -> None:
    rows = deliver({FACTS_PATH: recording(APPLE).read_bytes()}, Wanted(CAPEX)).observations
    assert rows["period"].is_unique, "both tags agree where they overlap"
    gaps = rows["period"].sort_values().diff().dropna().dt.days
    assert gaps.between(90, 99).all(), "no quarter is missing where the tag changed"
    assert latest(rows)[pd.Timestamp("2014-09-28")] == 3_217e6


@pytest.mark.parametrize(
    ("file", "cik", "concepts", "count"),
    [
        (APPLE, 320193, 505, 24_579),
        ("sec_edgar/api_xbrl_companyfacts_CIK0001640147_json.json", 1640147, 339, 8_163),
        ("sec_edgar/api_xbrl_companyfacts_CIK0001835632_json.json", 1835632, 394, 8_053),
        ("sec_edgar/api_xbrl_companyfacts_CIK0001997711_json.json", 1997711, 178, 768),
    ],
)
def test_every_recorded_fact_is_read(
    recording: Callable[[str], Path], file: str, cik: int, concepts: int, count: int
) -> None:
    answer = body(recording(file).read_bytes(), "sec_edgar")
    company = sec_edgar.read_facts(answer, cik, "any")
    raw = json.loads(answer.content)["facts"]
    read = [
        company.figures(taxonomy, tag, unit, answer, "any")
        for taxonomy, tags in raw.items()
        for tag, concept in tags.items()
        for unit in concept["units"]
    ]
    assert (sum(len(tags) for tags in raw.values()), sum(map(len, read))) == (concepts, count)


def test_yearly_facts_of_a_foreign_company_give_no_quarter(recording: Callable[[str], Path]) -> None:
    raw = recording("sec_edgar/api_xbrl_companyfacts_CIK0001997711_json.json").read_bytes()
    entry = BUYBACKS.model_copy(update={"id": "revenue.lpa", "source_id": "facts:1997711:ifrs-full:Revenue"})
    (failure,) = deliver({"/api/xbrl/companyfacts/CIK0001997711.json": raw}, Wanted(entry)).failures
    assert "no quarter of Revenue" in str(failure.error)


def test_facts_of_another_company_or_shape_are_refused() -> None:
    for content in (facts(YEAR, cik=789019), {"cik": 320193, "facts": {}}):
        with pytest.raises(SourceError, match=r"buybacks\.aapl"):
            deliver({FACTS_PATH: content}, Wanted(BUYBACKS))


MALFORMED = (
    [{"end": "2024-01-01", "val": "1"}],
    [figure("2023-01-01", "2023-03-31", 1.0, "9999-12-31")],
    [figure("0217-01-01", "0217-03-31", 1.0, "2018-04-20")],
)


@pytest.mark.parametrize("figures", MALFORMED)
def test_a_malformed_fact_fails_what_is_read_from_it_and_nothing_else(
    figures: list[dict[str, object]],
) -> None:
    (failure,) = deliver({FACTS_PATH: facts(figures)}, Wanted(BUYBACKS)).failures
    assert f"buybacks.aapl, {TAG}" in str(failure.error)
    content: dict[str, Any] = facts(YEAR)
    content["facts"]["us-gaap"] |= facts(figures, tag="Goodwill")["facts"]["us-gaap"]  # type: ignore[index]
    delivery = deliver({FACTS_PATH: content}, Wanted(BUYBACKS))
    assert not delivery.failures
    assert len(delivery.observations) >= 1


def test_a_company_that_goes_on_under_another_number_keeps_its_past() -> None:
    entry = BUYBACKS.model_copy(update={"source_id": f"facts:111+320193:us-gaap:{TAG}"})
    later = figure("2024-01-01", "2024-03-31", 11.0, "2024-04-20")
    repeated = figure("2023-01-01", "2023-03-31", 10.0, "2024-04-20")
    answers = {
        "/api/xbrl/companyfacts/CIK0000000111.json": facts(YEAR, cik=111),
        FACTS_PATH: facts([repeated, later]),
    }
    rows = deliver(answers, Wanted(entry)).observations
    first = rows[rows["period"] == pd.Timestamp("2023-01-01")]
    assert first["released"].dt.strftime("%Y-%m-%d").tolist() == ["2023-04-21"]  # in UTC; told once
    assert latest(rows)[pd.Timestamp("2024-01-01")] == 11.0
    assert latest(rows)[pd.Timestamp("2023-01-01")] == 10.0


def test_days_out_of_order_name_the_row() -> None:
    (failure,) = deliver(
        {FACTS_PATH: facts([YEAR[0], figure("2023-03-31", "2023-01-01", 1.0, "2023-04-20")])},
        Wanted(BUYBACKS),
    ).failures
    assert "row 2" in str(failure.error)


def test_edgartools_yields_the_same_quarters(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [
        SimpleNamespace(
            concept=f"us-gaap:{TAG}",
            unit="USD",
            numeric_value=each["val"],
            period_start=day(str(each["start"])),
            period_end=day(str(each["end"])),
            filing_date=day(str(each["filed"])),
        )
        for each in YEAR
    ]
    named: list[str] = []
    company = SimpleNamespace(get_facts=lambda: SimpleNamespace(get_all_facts=lambda: seen))
    made = SimpleNamespace(set_identity=named.append, Company=lambda cik: company)
    monkeypatch.setitem(sys.modules, "edgar", made)
    read = quarters(facts_by_edgartools(320193, [TAG], "name@example.org"), [TAG])
    assert named == ["name@example.org"]
    assert read[-1] == Quarter(day("2023-10-01"), day("2023-12-31"), 55.0, day("2024-02-01"), 4)


def test_without_edgartools_the_error_says_which_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "edgar", None)
    with pytest.raises(SourceError, match=r"groundswell\[clients\]"):
        facts_by_edgartools(320193, [TAG], "name@example.org")


def test_the_installed_edgartools_has_what_is_used(recording: Callable[[str], Path]) -> None:
    pytest.importorskip("edgar", reason="edgartools is not installed")
    parser = pytest.importorskip("edgar.entity.parser")
    company = parser.EntityFactsParser.parse_company_facts(json.loads(recording(APPLE).read_bytes()))
    fact = next(each for each in company.get_all_facts() if each.concept == f"us-gaap:{TAG}")
    assert (fact.unit, fact.period_end, fact.filing_date) == ("USD", day("2011-09-24"), day("2013-10-30"))
