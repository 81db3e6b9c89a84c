"""Alignment: carried from the release on, never before it, nothing invented, truncation, weekends."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundswell.data import calendar, release
from groundswell.data.alignment import At, aligned, staleness
from groundswell.data.book import Series
from groundswell.data.catalog import Frequency

NEW_YORK = "America/New_York"


def series(observed: list[object], released: list[pd.Timestamp], values: list[float]) -> Series:
    frame = pd.DataFrame(
        {
            "observed": pd.DatetimeIndex(observed).astype("datetime64[us]"),
            "released": pd.to_datetime(pd.Series(released, dtype="object"), utc=True).astype(
                "datetime64[us, UTC]"
            ),
            "value": np.array(values, dtype=float),
        }
    )
    frame = frame.sort_values(["observed", "released"], kind="stable").reset_index(drop=True)
    return Series("made", "USD bn", "made", "Made", frame)


def ruled(rule: str, frequency: Frequency, values: dict[str, float]) -> Series:
    days = pd.DatetimeIndex(list(values))
    return series(list(days), list(release.released(rule, days, frequency)), list(values.values()))


def known(made: Series, start: str, end: str, at: At = "end") -> dict[str, float | None]:
    found = aligned(made, calendar.sessions(start, end), at)
    return {f"{day:%m-%d}": None if np.isnan(value) else value for day, value in found.items()}


def test_a_wednesday_balance_sheet_is_seen_from_thursday_on() -> None:
    made = ruled("period +1 business days at 16:30", "weekly", {"2026-04-29": 6.70, "2026-05-06": 6.71})
    assert known(made, "2026-04-29", "2026-05-08") == {
        "04-29": None,
        "04-30": 6.70,
        "05-01": 6.70,
        "05-04": 6.70,
        "05-05": 6.70,
        "05-06": 6.70,
        "05-07": 6.71,
        "05-08": 6.71,
    }
    assert known(made, "2026-05-07", "2026-05-08", "close") == {"05-07": 6.70, "05-08": 6.71}


def test_positions_of_a_tuesday_are_seen_on_friday_and_through_a_shutdown_not_at_all() -> None:
    days = pd.DatetimeIndex(["2018-12-18", "2018-12-24"])
    moments = release.released("period +3 business days at 15:30", days, "weekly", "cot.es.lev_money.long")
    made = series(list(days), list(moments), [1.0, 2.0])
    assert known(made, "2018-12-20", "2018-12-21") == {"12-20": None, "12-21": 1.0}
    assert set(known(made, "2018-12-24", "2019-01-31").values()) == {1.0}
    assert known(made, "2019-02-01", "2019-02-01") == {"02-01": 2.0}


def test_a_release_at_the_very_moment_is_not_yet_seen() -> None:
    midnight = pd.Timestamp("2026-05-08", tz=NEW_YORK)
    second = pd.Timedelta(seconds=1)
    assert known(series(["2026-05-07"], [midnight], [1.0]), "2026-05-07", "2026-05-07") == {"05-07": None}
    made = series(["2026-05-07"], [midnight - second], [1.0])
    assert known(made, "2026-05-07", "2026-05-07") == {"05-07": 1.0}
    close = pd.Timestamp("2026-05-07 16:00", tz=NEW_YORK)
    assert known(series(["2026-05-07"], [close], [1.0]), "2026-05-07", "2026-05-07", "close") == {
        "05-07": None
    }


def test_on_a_short_day_the_close_comes_earlier() -> None:
    made = series(["2025-11-28"], [pd.Timestamp("2025-11-28 13:30", tz=NEW_YORK)], [1.0])
    assert known(made, "2025-11-28", "2025-12-01", "close") == {"11-28": None, "12-01": 1.0}
    assert known(made, "2025-11-28", "2025-11-28") == {"11-28": 1.0}
    old = series(["1999-12-31"], [pd.Timestamp("1999-12-31 13:30", tz=NEW_YORK)], [1.0])
    assert known(old, "1999-12-31", "1999-12-31", "close") == {"12-31": None}


def test_a_weekend_value_is_seen_on_monday() -> None:
    days = ["2026-05-08", "2026-05-09", "2026-05-10"]
    coin = ruled("period +1 days at 00:30", "daily", dict(zip(days, [1.0, 2.0, 3.0], strict=True)))
    assert known(coin, "2026-05-08", "2026-05-12") == {"05-08": None, "05-11": 3.0, "05-12": 3.0}
    saturday = series(["2026-05-08"], [pd.Timestamp("2026-05-09 10:00", tz=NEW_YORK)], [9.0])
    assert known(saturday, "2026-05-08", "2026-05-11") == {"05-08": None, "05-11": 9.0}


def test_an_older_period_that_comes_late_does_not_replace_a_newer_one() -> None:
    first, late = (pd.Timestamp(day, tz=NEW_YORK) for day in ("2026-05-05 12:00", "2026-05-07 12:00"))
    made = series(["2026-05-04", "2026-05-01"], [first, late], [4.0, 1.0])
    assert known(made, "2026-05-04", "2026-05-07") == {
        "05-04": None,
        "05-05": 4.0,
        "05-06": 4.0,
        "05-07": 4.0,
    }


def test_a_revision_counts_from_its_own_release_and_a_withdrawal_uncovers_the_period_before() -> None:
    moments = [pd.Timestamp(f"2026-05-{day:02} 12:00", tz=NEW_YORK) for day in (4, 5, 6, 7)]
    made = series(["2026-05-01", "2026-05-04", "2026-05-04", "2026-05-04"], moments, [1.0, 4.0, 4.5, np.nan])
    assert known(made, "2026-05-01", "2026-05-08") == {
        "05-01": None,
        "05-04": 1.0,
        "05-05": 4.0,
        "05-06": 4.5,
        "05-07": 1.0,
        "05-08": 1.0,
    }
    assert list(staleness(made, calendar.sessions("2026-05-06", "2026-05-07"))) == [2.0, 6.0]
    all_gone = series(["2026-05-04"] * 2, moments[:2], [4.0, np.nan])
    assert known(all_gone, "2026-05-04", "2026-05-05") == {"05-04": 4.0, "05-05": None}


def test_the_age_of_a_value_grows_until_the_next_release() -> None:
    made = ruled("end +first Friday at 08:30", "monthly", {"2026-03-01": 1.0, "2026-04-01": 2.0})
    age = staleness(made, calendar.sessions("2026-04-01", "2026-05-08"))
    assert np.isnan(age["2026-04-02"])
    assert age["2026-04-06"] == 36.0  # 3 April was Good Friday: out, seen on Monday
    assert age["2026-05-07"] == 67.0
    assert age["2026-05-08"] == 37.0


def test_a_series_without_values_aligns_to_nothing() -> None:
    empty = series([], [], [])
    days = calendar.sessions("2026-05-04", "2026-05-05")
    assert aligned(empty, days).isna().all()
    assert staleness(empty, days).isna().all()


SESSIONS = calendar.sessions("2024-10-28", "2024-12-31")
MOMENTS = st.datetimes(datetime(2024, 10, 25), datetime(2025, 1, 3)).map(
    lambda moment: pd.Timestamp(moment.replace(second=0, microsecond=0), tz="UTC")
)
VALUES = st.floats(-10, 10) | st.just(np.nan)
ROWS = st.lists(
    st.tuples(st.integers(0, 8), MOMENTS, VALUES),
    max_size=14,
    unique_by=(lambda row: (row[0], row[1]),),
)


def build(rows: list[tuple[int, pd.Timestamp, float]]) -> Series:
    days = [datetime(2024, 10, 24) + timedelta(days=7 * number) for number, _, _ in rows]
    return series(days, [moment for _, moment, _ in rows], [value for _, _, value in rows])


def plainly(made: Series, session: pd.Timestamp, at: At) -> float:
    """Return the value of one session by looking through all rows."""
    short = f"{session:%m-%d}" in ("11-29", "12-24")
    cutoff = (
        session + pd.Timedelta(days=1) if at == "end" else session + pd.Timedelta(hours=13 if short else 16)
    )
    out = made.frame[made.frame["released"] < cutoff.tz_localize(NEW_YORK)]
    newest = (
        out.sort_values("released", kind="stable").groupby("observed")["value"].apply(lambda v: v.iloc[-1])
    )
    left = newest.dropna()
    return float(left.iloc[-1]) if len(left) else np.nan


@settings(max_examples=20)
@given(ROWS, st.sampled_from(["end", "close"]))
def test_every_session_sees_what_a_plain_reading_finds(
    rows: list[tuple[int, pd.Timestamp, float]], at: At
) -> None:
    made = build(rows)
    found = aligned(made, SESSIONS, at)
    assert found.to_numpy() == pytest.approx([plainly(made, day, at) for day in SESSIONS], nan_ok=True)


@given(ROWS, st.integers(0, len(SESSIONS) - 1))
def test_nothing_released_later_changes_what_was_seen(
    rows: list[tuple[int, pd.Timestamp, float]], place: int
) -> None:
    made = build(rows)
    end = (SESSIONS[place] + pd.Timedelta(days=1)).tz_localize(NEW_YORK)
    cut = made.released_before(end)
    seen = SESSIONS[: place + 1]
    pd.testing.assert_series_equal(aligned(cut, seen), aligned(made, SESSIONS).iloc[: place + 1])
    pd.testing.assert_series_equal(staleness(cut, seen), staleness(made, SESSIONS).iloc[: place + 1])
    assert (staleness(made, SESSIONS).dropna().index == aligned(made, SESSIONS).dropna().index).all()
