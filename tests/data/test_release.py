"""Release times: the rules against dated facts, ends of periods, daylight saving, delays, order.

The publication days of the Commitments of Traders are those of the CFTC's own schedule for 2024 and of
its notices after the shutdowns of 2018-19 and 2025; the other days are from memory.
"""

from __future__ import annotations

import csv
import time
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.data import release
from groundswell.data.catalog import Frequency, catalog
from groundswell.data.errors import DataError

COT = "period +3 business days at 15:30"
H41 = "period +1 business days at 16:30"
DTS = "period +1 business days at 16:00"
JOBS = "end +first Friday at 08:30"


def out(rule: str, period: str, frequency: Frequency = "daily", series: str = "") -> str:
    """Return when a period is public, in New York."""
    moment = release.released(rule, pd.DatetimeIndex([period]), frequency, series)[0]
    return f"{moment.tz_convert('America/New_York'):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("tuesday", "public"),
    [
        ("2022-12-20", "Fri 2022-12-23"),
        ("2018-12-31", "Fri 2019-01-04"),  # a Monday, before New Year
        ("2024-06-18", "Mon 2024-06-24"),  # Juneteenth
        ("2019-06-18", "Fri 2019-06-21"),  # not yet a holiday
        ("2024-07-02", "Mon 2024-07-08"),
        ("2024-11-26", "Mon 2024-12-02"),  # Thanksgiving
        ("2024-12-24", "Mon 2024-12-30"),
    ],
)
def test_positions_of_a_tuesday_are_out_on_the_friday_or_after_a_holiday(tuesday: str, public: str) -> None:
    assert out(COT, tuesday, "weekly") == f"{public} 15:30"


@pytest.mark.parametrize(
    ("period", "public"),
    [
        ("2018-12-18", "Fri 2018-12-21"),  # the last before the shutdown
        ("2018-12-24", "Fri 2019-02-01"),
        ("2018-12-31", "Tue 2019-02-05"),
        ("2019-03-05", "Fri 2019-03-08"),  # the first in time again
        ("2023-01-31", "Fri 2023-02-24"),
        ("2025-09-23", "Fri 2025-09-26"),
        ("2025-09-30", "Wed 2025-11-19"),
        ("2026-01-20", "Fri 2026-01-23"),
    ],
)
def test_positions_held_up_by_shutdowns_come_when_they_came(period: str, public: str) -> None:
    assert out(COT, period, "weekly", "cot.es.lev_money.long") == f"{public} 15:30"


@pytest.mark.parametrize(
    ("series", "frequency", "rule", "period", "public"),
    [
        ("claims_initial", "weekly", "period +5 days at 08:30", "2025-09-20", "Thu 2025-09-25"),
        ("claims_initial", "weekly", "period +5 days at 08:30", "2025-09-27", "Thu 2025-11-20"),
        ("claims_continued", "weekly", "period +12 days at 08:30", "2025-11-08", "Thu 2025-11-20"),
        ("transformer_prices", "monthly", "end +20 days at 08:30", "2025-09-01", "Tue 2025-11-25"),
        ("transformer_prices", "monthly", "end +20 days at 08:30", "2025-11-01", "Wed 2026-01-14"),
        ("transformer_prices", "monthly", "end +20 days at 08:30", "2025-12-01", "Fri 2026-01-30"),
    ],
)
def test_figures_of_the_autumn_of_2025_wait_for_the_offices_to_open(
    series: str, frequency: str, rule: str, period: str, public: str
) -> None:
    assert out(rule, period, frequency, series) == f"{public} 08:30"


def test_a_delay_belongs_to_its_family_only() -> None:
    assert out(COT, "2018-12-31", "weekly", "cotton") == out(COT, "2018-12-31", "weekly")


@pytest.mark.parametrize(
    ("wednesday", "public"), [("2026-05-06", "Thu 2026-05-07"), ("2025-11-26", "Fri 2025-11-28")]
)
def test_the_balance_sheet_of_a_wednesday_is_out_on_thursday_or_after_thanksgiving(
    wednesday: str, public: str
) -> None:
    assert out(H41, wednesday, "weekly") == f"{public} 16:30"


def test_the_cash_statement_of_a_friday_is_out_on_monday() -> None:
    assert out(DTS, "2025-07-11") == "Mon 2025-07-14 16:00"
    assert out(DTS, "2025-07-03") == "Mon 2025-07-07 16:00"
    assert out(DTS, "2025-08-29") == "Tue 2025-09-02 16:00"


@pytest.mark.parametrize(
    ("month", "public"),
    [
        ("2023-08-01", "Fri 2023-09-01"),
        ("2023-11-01", "Fri 2023-12-08"),  # the second Friday
        ("2024-02-01", "Fri 2024-03-08"),
        ("2024-12-01", "Fri 2025-01-10"),  # not in the first days of January
        ("2019-12-01", "Fri 2020-01-10"),
        ("2020-12-01", "Fri 2021-01-08"),
    ],
)
def test_the_employment_report_comes_on_its_friday(month: str, public: str) -> None:
    assert out(JOBS, month, "monthly") == f"{public} 08:30"


@pytest.mark.parametrize(
    ("first_day", "frequency", "last_day"),
    [
        ("2024-02-01", "monthly", "2024-02-29"),
        ("2023-02-01", "monthly", "2023-02-28"),
        ("2024-10-01", "quarterly", "2024-12-31"),
        ("2024-04-01", "quarterly", "2024-06-30"),
        ("2025-09-28", "quarterly", "2025-12-27"),  # a company's quarter
        ("2023-12-31", "quarterly", "2024-03-30"),
        ("2024-11-30", "quarterly", "2025-02-28"),
        ("2023-01-01", "annual", "2023-12-31"),
        ("2024-02-13", "daily", "2024-02-13"),
        ("2024-02-14", "weekly", "2024-02-14"),
    ],
)
def test_a_period_ends_on_its_last_day(first_day: str, frequency: Frequency, last_day: str) -> None:
    assert out("end +0 days at 12:00", first_day, frequency)[4:14] == last_day


def test_quarters_and_months_are_counted_from_their_end() -> None:
    assert out("end +30 days at 08:30", "2024-04-01", "quarterly") == "Tue 2024-07-30 08:30"
    assert out("end +4 business days at 16:00", "2025-12-01", "monthly") == "Wed 2026-01-07 16:00"


def test_zero_open_days_after_a_closed_day_is_the_next_open_one() -> None:
    assert out("period +0 business days at 09:00", "2024-06-15")[:14] == "Mon 2024-06-17"
    assert out("period +0 sessions at 09:00", "2024-03-29")[:14] == "Mon 2024-04-01"  # Good Friday
    assert out("period +1 business days at 09:00", "2024-06-15")[:14] == "Mon 2024-06-17"
    assert out("period +1 sessions at 09:00", "2024-03-28")[:14] == "Mon 2024-04-01"
    assert out("period +2 sessions at 09:00", "2024-03-28")[:14] == "Tue 2024-04-02"
    assert out("period +0 sessions at 09:00", "2024-03-28")[:14] == "Thu 2024-03-28"


def test_a_time_in_new_york_is_another_in_utc_in_summer_and_winter() -> None:
    days = pd.DatetimeIndex(["2024-03-08", "2024-03-11", "2024-11-01", "2024-11-04"])
    moments = release.released("period +0 days at 16:00", days, "daily")
    assert list(moments.strftime("%H:%M")) == ["21:00", "20:00", "20:00", "21:00"]


def test_a_skipped_hour_and_a_repeated_one_are_taken_late() -> None:
    spring, autumn = pd.DatetimeIndex(["2024-03-10"]), pd.DatetimeIndex(["2024-11-03"])
    skipped = release.released("period +0 days at 02:30", spring, "daily")[0]
    repeated = release.released("period +0 days at 01:30", autumn, "daily")[0]
    assert f"{skipped:%H:%M}" == "07:00"
    assert f"{repeated:%H:%M}" == "06:30"


def test_a_snapshot_is_known_when_it_was_taken() -> None:
    moment = pd.DatetimeIndex(["2026-05-06 19:45:12"])
    assert release.released("taken", moment, "snapshot")[0] == pd.Timestamp("2026-05-06 19:45:12", tz="UTC")


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "tomorrow",
        "period + 1 days at 16:00",
        "period +1 days",
        "period +1 days at 24:00",
        "period +1 days at 9:00",
        "period +1 days at 16:60",
        "end -1 days at 16:00",
        "start +1 days at 16:00",
        "period +first Friday at 08:30",
        "period +1 weeks at 16:00",
        " period +1 days at 16:00",
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_an_example(rule: str) -> None:
    with pytest.raises(DataError, match="column 'release'"):
        release.check(rule)


def test_sessions_outside_the_calendar_are_refused() -> None:
    with pytest.raises(DataError, match="1900 to 2099"):
        out("period +1 sessions at 16:00", "1899-12-29")
    with pytest.raises(DataError, match="1900 to 2099"):
        out("period +1 sessions at 16:00", "2099-12-31")


RULES = st.sampled_from([COT, H41, DTS, JOBS, "end +75 days at 12:00", "period +2 sessions at 16:15"])
PERIODS = st.lists(
    st.dates(pd.Timestamp("1950-01-01").date(), pd.Timestamp("2060-12-31").date()), max_size=20
)
FREQUENCIES = st.sampled_from(["daily", "weekly", "monthly", "quarterly", "annual"])


@given(RULES, PERIODS, FREQUENCIES)
def test_nothing_is_public_before_its_day_and_each_period_answers_alone(
    rule: str, periods: list[pd.Timestamp], frequency: Frequency
) -> None:
    days = pd.DatetimeIndex(periods)
    together = release.released(rule, days, frequency, "cot.es.lev_money.long")
    alone = [
        release.released(rule, days[[place]], frequency, "cot.es.lev_money.long")[0]
        for place in range(len(days))
    ]
    assert list(together) == alone
    assert (together.tz_convert("America/New_York").tz_localize(None) > days).all()
    without = release.released(rule, days, frequency)
    assert (together >= without).all(), "a delay only moves later"


@pytest.mark.parametrize(
    ("series", "period", "public"),
    [
        ("unemployment_rate", "2025-09-01", "Thu 2025-11-20 08:30"),
        ("unemployment_rate", "2025-12-01", "Fri 2026-01-09 08:30"),
        ("jobs.total", "2025-10-01", "Tue 2025-12-16 08:30"),
        ("employment_information", "2013-09-01", "Tue 2013-10-22 08:30"),
        ("cpi", "2025-11-01", "Sun 2025-12-28 08:30"),  # its rule is later still
        ("cpi", "2025-10-01", "Thu 2025-12-18 08:30"),
        ("consumer_prices.core", "2025-10-01", "Thu 2025-12-18 08:30"),
        ("gdp", "2025-07-01", "Tue 2025-12-23 08:30"),
        ("investment_software", "2018-10-01", "Thu 2019-02-28 08:30"),
        ("nipa.contribution.computers", "2025-10-01", "Fri 2026-02-20 08:30"),
        ("nipa.profits", "2025-10-01", "Thu 2026-04-09 08:30"),
        ("saving_rate", "2025-11-01", "Thu 2026-01-22 10:00"),
        ("productivity", "2025-07-01", "Thu 2026-01-08 08:30"),
        ("nonfarm_business.labour_share", "2025-07-01", "Thu 2026-01-08 08:30"),
        ("cot.vix.dealer.short", "2025-09-30", "Wed 2025-11-19 15:30"),
    ],
)
def test_the_series_of_the_catalog_were_held_up_when_their_agencies_were_shut(
    series: str, period: str, public: str
) -> None:
    entry = catalog()[series]
    assert out(entry.release, period, entry.frequency, series) == public


@pytest.mark.parametrize(
    ("series", "period", "came"),
    [
        ("m2_weekly", "2025-02-10", "2025-03-25 13:00"),  # weekly figures come once a month since 2021
        ("deficit_monthly", "2024-09-01", "2024-10-18 14:00"),  # the statement of a fiscal year takes longer
        ("deficit_monthly", "2018-12-01", "2019-02-13 14:00"),
        ("deficit_monthly", "2025-10-01", "2025-11-25 14:00"),
        ("funds_rate_monthly", "2018-08-01", "2018-09-04 16:15"),  # Labor Day is between
        ("funds_rate_monthly", "2020-12-01", "2021-01-04 16:15"),  # New Year and a weekend
        ("dollar_broad", "2024-01-08", "2024-01-16 16:15"),  # a Monday before a Monday without release
        ("bank_credit", "2025-06-25", "2025-07-07 16:15"),  # the Friday is Independence Day
        ("financial_stress", "2025-11-21", "2025-11-28 12:00"),  # the Thursday is Thanksgiving
        ("job_postings", "2025-08-16", "2025-08-27 12:00"),
        ("claims_continued", "2025-09-20", "2025-11-20 08:30"),
        ("employment_cost_wages", "2025-10-01", "2026-02-10 08:30"),
        ("lending_standards_large", "2025-04-01", "2025-05-12 14:00"),
    ],
)
def test_no_figure_is_dated_before_it_came(series: str, period: str, came: str) -> None:
    entry = catalog()[series]
    told = release.released(entry.release, pd.DatetimeIndex([period]), entry.frequency, series)[0]
    late = told - pd.Timestamp(came, tz="America/New_York")
    assert pd.Timedelta(0) <= late <= pd.Timedelta(days=13)


def test_every_delay_tells_its_source_and_moves_a_release_later() -> None:
    text = files("groundswell.data").joinpath("tables", "release_delays.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) >= 100
    for row in rows:
        assert row["source"]
        assert bool(row["series"]) != bool(row["rule"])
        assert row["first_period"] <= row["last_period"] < row["not_before"]
        if row["rule"]:
            frequency, _, rule = row["rule"].partition(" ")
            release.check(rule)
            told = [
                each for each in catalog().values() if (each.frequency, each.release) == (frequency, rule)
            ]
            assert told, f"no series follows '{row['rule']}' any more: its delays would be lost"


def test_fifty_thousand_periods_take_milliseconds() -> None:
    days = pd.date_range("1900-01-01", periods=50_000)
    release.released(COT, days[:1], "daily")  # the calendar is read once
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        moments = release.released(COT, days, "daily")
        seconds.append(time.perf_counter() - start)
    assert len(moments) == 50_000
    assert min(seconds) < 0.2
    assert np.all(np.diff(moments.asi8) >= 0)
