"""FRED with a key: the vintages of ALFRED.

- All vintages of a revised series; a first release is known from the morning it came out, a later
  revision does not change it; a value withdrawn is withdrawn from that day; what was loaded today is
  not dated later than the moment it was seen.
- An update asks only for what is new since the last vintage, and repeats that one at the same time.
- Vintages that the service ignores are found out, in all the ways it can do so; so are a changed unit,
  frequency, shape, another series, pages that do not add up, vintages of the future.
- Daily series with more vintages than one answer may span are asked for in windows.
- Asking in two steps brings what asking at once brings (property).
- Series that ALFRED may not keep come with their latest figures only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from answering import Answering
from hypothesis import given, settings
from hypothesis import strategies as st

from groundswell.data.catalog import catalog
from groundswell.data.errors import SourceError
from groundswell.data.sources import fred_answers, fred_vintages
from groundswell.data.sources.fred import SOURCE
from groundswell.data.sources.fred_answers import FIRST_DAY, LAST_DAY
from groundswell.data.sources.source import Wanted

TODAY = date(2026, 9, 1)
ENTRIES = {each.source_id: each for each in catalog().values() if each.source == "fred"}
UNRATE, GDP, DGS10 = Wanted(ENTRIES["UNRATE"]), Wanted(ENTRIES["GDP"]), Wanted(ENTRIES["DGS10"])
Span4 = tuple[str, str, str, str]


def described(units: str = "Percent", series: str = "UNRATE", frequency: str = "M") -> dict[str, object]:
    return {
        "realtime_start": FIRST_DAY,
        "realtime_end": LAST_DAY,
        "seriess": [
            {
                "id": series,
                "realtime_start": FIRST_DAY,
                "realtime_end": LAST_DAY,
                "title": series,
                "frequency_short": frequency,
                "units": units,
            }
        ],
    }


def page(
    rows: list[Span4], parameters: Mapping[str, object] | None = None, **changes: object
) -> dict[str, object]:
    """Return an answer of `series/observations` as the service sends it, to the request given."""
    asked = parameters or {}
    today = TODAY.isoformat()
    offset, limit = int(str(asked.get("offset", 0))), int(str(asked.get("limit", 100_000)))
    return {
        "realtime_start": asked.get("realtime_start", today),
        "realtime_end": asked.get("realtime_end", today),
        "observation_start": asked.get("observation_start", "1600-01-01"),
        "observation_end": asked.get("observation_end", LAST_DAY),
        "units": "lin",
        "output_type": 1,
        "file_type": "json",
        "order_by": "observation_date",
        "sort_order": "asc",
        "count": len(rows),
        "offset": offset,
        "limit": limit,
        "observations": [
            {"realtime_start": start, "realtime_end": end, "date": day, "value": value}
            for start, end, day, value in rows[offset : offset + limit]
        ],
        **changes,
    }


def archive(rows: list[Span4]) -> Callable[[Mapping[str, object]], dict[str, object]]:
    """Return an answerer that cuts the vintages to the days asked for, as ALFRED does."""

    def answer(asked: Mapping[str, object]) -> dict[str, object]:
        first = str(asked.get("realtime_start", TODAY))
        last = str(asked.get("realtime_end", TODAY))
        cut = [(max(s, first), min(e, last), d, v) for s, e, d, v in rows if s <= last and e >= first]
        return page(cut, asked)

    return answer


AUGUST_2023: list[Span4] = [
    ("2023-08-04", "2024-01-04", "2023-07-01", "3.5"),
    ("2023-09-01", "2025-01-09", "2023-08-01", "3.8"),
    ("2024-01-05", LAST_DAY, "2023-07-01", "3.6"),
    ("2025-01-10", LAST_DAY, "2023-08-01", "3.7"),
]


def keyed(rows: list[Span4], **described_as: str) -> Answering:
    return Answering({"/series": described(**described_as), "/series/observations": archive(rows)}, keys=True)


def run(caller: Answering, *wanted: Wanted) -> list[pd.DataFrame]:
    return [job.run(caller).observations for job in SOURCE.jobs(list(wanted), caller, TODAY)]


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="America/New_York").tz_convert("UTC")


def test_unemployment_of_august_2023_is_3_8_as_first_released_and_revisions_are_kept_apart() -> None:
    [found] = run(keyed(AUGUST_2023), UNRATE)
    august = found[found["period"] == "2023-08-01"]
    assert august["value"].to_list() == [3.8, 3.7]
    assert august["released"].to_list() == [at("2023-09-01 08:30"), at("2025-01-10 08:30")]
    assert set(found["series"]) == {"unemployment_rate"}
    assert found["row"].to_list() == [1, 2, 3, 4]


def test_never_more_than_two_requests_come_in_a_second() -> None:
    count, seconds = SOURCE.service.rate
    assert count <= 2 * min(seconds, 1.0)


def test_vintages_without_a_known_hour_count_from_the_end_of_their_day() -> None:
    wanted = Wanted(ENTRIES["M2SL"])
    [found] = run(
        keyed(
            [("2023-08-22", LAST_DAY, "2023-07-01", "20862.5")], units="Billions of Dollars", series="M2SL"
        ),
        wanted,
    )
    assert found["released"].to_list() == [at("2023-08-22 23:59")]


def test_a_vintage_of_today_is_dated_to_the_moment_it_was_seen() -> None:
    caller = keyed(
        [("2026-09-01", LAST_DAY, "2026-07-01", "23000")], units="Billions of Dollars", series="M2SL"
    )
    [found] = run(caller, Wanted(ENTRIES["M2SL"]))
    assert found["released"].to_list() == [pd.Timestamp(caller.fetched)]


def test_a_withdrawn_value_is_withdrawn_and_one_that_never_stood_is_not() -> None:
    [found] = run(
        keyed(
            [
                ("1992-12-22", "1996-01-18", "1946-01-01", "."),
                ("1996-01-19", "1997-05-06", "1946-01-01", "199.7"),
                ("1997-05-07", LAST_DAY, "1946-01-01", "."),
            ],
            units="Billions of Dollars",
            series="GDP",
            frequency="Q",
        ),
        GDP,
    )
    assert found["released"].to_list() == [at("1996-01-19 08:30"), at("1997-05-07 08:30")]
    np.testing.assert_equal(found["value"].to_list(), [199.7, np.nan])


def test_an_update_asks_from_the_last_vintage_and_repeats_it_at_its_time() -> None:
    stored = at("2024-01-05 08:30").to_pydatetime()
    caller = keyed(AUGUST_2023)
    [found] = run(caller, Wanted(UNRATE.entry, date(2023, 8, 1), stored))
    assert caller.asked[-1].parameters["realtime_start"] == "2024-01-04"
    assert list(
        zip(found["period"].dt.strftime("%Y-%m"), found["value"], found["released"], strict=True)
    ) == [
        ("2023-07", 3.6, stored),
        ("2023-08", 3.7, at("2025-01-10 08:30")),
    ]


def test_a_vintage_seen_on_its_own_day_keeps_the_moment_it_was_seen() -> None:
    stored = at("2026-08-25 17:00").to_pydatetime()
    rows: list[Span4] = [("2026-08-25", LAST_DAY, "2026-07-01", "23000")]
    caller = keyed(rows, units="Billions of Dollars", series="M2SL")
    [found] = run(caller, Wanted(ENTRIES["M2SL"], date(2026, 7, 1), stored))
    assert found["released"].to_list() == [pd.Timestamp(stored)]


def test_a_vintage_that_the_archive_does_not_know_makes_the_update_ask_for_all() -> None:
    caller = keyed(AUGUST_2023)
    [found] = run(caller, Wanted(UNRATE.entry, date(2023, 8, 1), at("2024-03-03 17:12").to_pydatetime()))
    assert caller.asked[-1].parameters["realtime_start"] == FIRST_DAY
    assert len(found) == 4


def ignored(rows: list[Span4], **changes: object) -> Answering:
    answers = {
        "/series": described(),
        "/series/observations": lambda asked: page(rows, asked, **changes),
    }
    return Answering(answers, keys=True)


LATEST: list[Span4] = [("2026-09-01", "2026-09-01", "2023-08-01", "3.8")]


@pytest.mark.parametrize(
    ("caller", "complaint"),
    [
        (ignored(LATEST, realtime_start="2026-09-01", realtime_end="2026-09-01"), "has ignored it"),
        (ignored(LATEST), "the service has ignored the days asked for"),
        (ignored(AUGUST_2023, output_type=4), "output_type=1, as asked"),
        (ignored(AUGUST_2023, units="pch"), "units=lin, as asked"),
        (ignored(AUGUST_2023, count=9), "pages that add up"),
        (ignored([*AUGUST_2023, ("2023-10-01", LAST_DAY, "2023-08-01", "3.9")]), "row 5.*do not overlap"),
        (
            ignored([("2026-09-09", LAST_DAY, "2023-08-01", "3.9")]),
            "row 1.*no later than the day of fetching",
        ),
        (ignored([("2023-09-01", LAST_DAY, "2023-08-01", "3,8")]), "row 1, .*'value' holds '3,8'"),
        (ignored([("2023-09-01", LAST_DAY, "2023-08-32", "3.8")]), "row 1, .*'2023-08-32' is not a date"),
        (ignored([("2023-09-01", LAST_DAY, "2023-08-01", "nan")]), "row 1, .*'value' holds 'nan'"),
        (ignored([]), "there is no value"),
    ],
)
def test_an_answer_to_another_question_is_refused(caller: Answering, complaint: str) -> None:
    with pytest.raises(SourceError, match=rf"fred, series 'unemployment_rate'.*{complaint}"):
        run(caller, UNRATE)


@pytest.mark.parametrize(
    ("described_as", "complaint"),
    [
        ({"units": "Thousands of Persons"}, "now gives it in 'Thousands of Persons'"),
        ({"series": "U6RATE"}, "the description is of U6RATE"),
        ({"frequency": "Q"}, "the frequency is now 'Q'"),
    ],
)
def test_a_series_that_has_changed_is_refused(described_as: dict[str, str], complaint: str) -> None:
    with pytest.raises(SourceError, match=complaint):
        run(keyed(AUGUST_2023, **described_as), UNRATE)


def test_a_renamed_member_is_named_with_its_row() -> None:
    changed = page(AUGUST_2023)
    changed["observations"] = [
        {"realtime_start": "2023-09-01", "realtime_end": LAST_DAY, "day": "2023-08-01"}
    ]
    caller = Answering({"/series": described(), "/series/observations": changed}, keys=True)
    with pytest.raises(SourceError, match=r"row 1, .*'observations\.date'"):
        run(caller, UNRATE)


def test_vintages_in_billions_are_brought_to_the_millions_of_today() -> None:
    told = described("Millions of Dollars", "TOTALSL")
    before = described("Billions of Dollars", "TOTALSL")["seriess"]
    assert isinstance(before, list)
    before[0] |= {"realtime_end": "2020-06-30"}
    told["seriess"] = [*before, *told["seriess"]]
    rows: list[Span4] = [
        ("2019-03-07", "2020-06-30", "2019-01-01", "4000.5"),
        ("2020-07-01", LAST_DAY, "2019-01-01", "4001000"),
    ]
    caller = Answering({"/series": told, "/series/observations": archive(rows)}, keys=True)
    [found] = run(caller, Wanted(ENTRIES["TOTALSL"]))
    assert found["value"].to_list() == [4_000_500.0, 4_001_000.0]


def test_many_vintages_are_asked_for_in_windows_and_none_is_lost_or_doubled() -> None:
    days = [day.date().isoformat() for day in pd.date_range("2010-01-06", periods=4_500, freq="D")]
    rows = [
        (start, (date.fromisoformat(end) - pd.Timedelta(days=1)).isoformat(), "2010-01-01", f"{number}")
        for number, (start, end) in enumerate(pairwise(days))
    ]
    rows.append((days[-1], LAST_DAY, "2010-01-01", "4499"))
    dates = {"realtime_start": FIRST_DAY, "realtime_end": LAST_DAY, "count": len(days), "offset": 0}
    caller = Answering(
        {
            "/series": described("Percent", "THREEFYTP10", "D"),
            "/series/vintagedates": {**dates, "vintage_dates": days},
            "/series/observations": archive(rows),
        },
        keys=True,
    )
    [found] = run(caller, Wanted(ENTRIES["THREEFYTP10"]))
    assert sorted(found["value"]) == list(range(4_500))
    spans = [each.parameters for each in caller.asked if each.path == "/series/observations"]
    assert len(spans) == 3
    for span in spans:
        inside = [day for day in days if str(span["realtime_start"]) <= day <= str(span["realtime_end"])]
        assert len(inside) <= 2_000


def test_long_answers_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (fred_vintages, fred_answers):
        monkeypatch.setattr(module, "PAGE", 3)
    caller = keyed(AUGUST_2023)
    [found] = run(caller, UNRATE)
    assert found["row"].to_list() == [1, 2, 3, 4]
    assert [each.parameters["offset"] for each in caller.asked[1:]] == [0, 3]


def test_a_series_that_the_archive_may_not_keep_comes_with_its_latest_figures() -> None:
    entry = ENTRIES["CSUSHPINSA"]

    def answer(asked: Mapping[str, object]) -> dict[str, object] | Exception:
        if "realtime_start" in asked:
            return SourceError(
                "status 400: Bad Request.  The series does not exist in ALFRED but may exist in FRED."
            )
        return described("Index Jan 2000=100", "CSUSHPINSA")

    latest: list[Span4] = [("2026-09-01", "2026-09-01", "2026-06-01", "330.1")]
    caller = Answering({"/series": answer, "/series/observations": archive(latest)}, keys=True)
    [found] = run(caller, Wanted(entry))
    assert found["value"].to_list() == [330.1]
    assert found["released"].isna().all()


def test_of_an_index_that_is_estimated_anew_each_week_only_the_latest_is_asked_for() -> None:
    latest: list[Span4] = [("2026-09-01", "2026-09-01", "2026-08-21", "-0.52")]
    caller = keyed(latest, units="Index", series="NFCI", frequency="W")
    [found] = run(caller, Wanted(catalog()["financial_conditions"]))
    assert found["value"].to_list() == [-0.52]
    assert "realtime_start" not in caller.asked[-1].parameters


def test_a_series_that_is_not_revised_is_asked_for_since_what_is_stored() -> None:
    latest: list[Span4] = [
        ("2026-09-01", "2026-09-01", "2026-08-27", "4.21"),
        ("2026-09-01", "2026-09-01", "2026-08-28", "."),
    ]
    caller = keyed(latest, units="Percent", series="DGS10", frequency="D")
    [found] = run(caller, Wanted(DGS10.entry, date(2026, 8, 26)))
    assert found["value"].to_list() == [4.21]
    assert caller.asked[-1].parameters["observation_start"] == "2026-06-27"
    assert "realtime_start" not in caller.asked[-1].parameters


@pytest.mark.parametrize("shown", [("2024-05-01", "2024-05-01"), ("2026-08-30", "2026-09-01")])
def test_an_old_vintage_served_as_the_latest_figures_is_refused(shown: tuple[str, str]) -> None:
    caller = ignored(LATEST, realtime_start=shown[0], realtime_end=shown[1])
    caller.answers = {**caller.answers, "/series": described("Percent", "DGS10", "D")}
    with pytest.raises(SourceError, match=rf"DGS10.*of {shown[0]}"):
        run(caller, DGS10)


@st.composite
def histories(draw: st.DrawFn) -> list[Span4]:
    """Return spans of a few months of figures, revised and withdrawn on random days."""
    rows: list[Span4] = []
    for month in range(draw(st.integers(1, 4))):
        first = date(2020, 1 + month, 10)
        later = sorted(draw(st.sets(st.integers(1, 90), max_size=4)))
        days = [first, *(first + timedelta(days=each) for each in later)]
        ends = [*((day - timedelta(days=1)).isoformat() for day in days[1:]), LAST_DAY]
        for number, (day, end) in enumerate(zip(days, ends, strict=True)):
            value = draw(st.sampled_from(["3.5", "3.6", "."])) if number else "3.4"
            rows.append((day.isoformat(), end, f"2020-{1 + month:02d}-01", value))
    return rows


@given(histories(), st.data())
@settings(max_examples=25, deadline=None)
def test_asking_in_two_steps_brings_what_asking_at_once_brings(
    rows: list[Span4], data: st.DataObject
) -> None:
    [whole] = run(keyed(rows), UNRATE)
    stored = data.draw(st.sampled_from(sorted(set(whole["released"]))))
    [later] = run(keyed(rows), Wanted(UNRATE.entry, date(2020, 1, 1), stored.to_pydatetime()))
    columns = ["period", "released", "value"]
    expected = whole.loc[whole["released"] >= stored, columns].sort_values(columns, ignore_index=True)
    pd.testing.assert_frame_equal(later[columns].sort_values(columns, ignore_index=True), expected)


@given(st.sets(st.dates(date(1990, 1, 1), date(2026, 8, 31)), min_size=1, max_size=60), st.integers(3, 9))
def test_windows_hold_every_vintage_once_and_none_too_many(days: set[date], most: int) -> None:
    dates = sorted(day.isoformat() for day in days)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fred_vintages, "MOST_VINTAGES", most)
        spans = fred_vintages.windows(dates, FIRST_DAY)
    held = [[day for day in dates if span.first <= day <= span.last] for span in spans]
    told = [
        held[0],
        *([d for d in days if d > span.first] for span, days in zip(spans[1:], held[1:], strict=True)),
    ]
    assert [day for window in told for day in window] == dates
    assert max(map(len, held)) <= most
