"""Strips of fed-funds futures: from quotes to a table, from an evening to its path.

- The last quotes of a day in New York count; an ended contract keeps the average that came true.
- A path put into contracts comes back from them, also when a decision lies behind in the same months.
- The calendar known that evening ends the path; a decision between meetings splits no month twice.
- The convolution is that of `policy_path.joint`; every convention is one of the published ones.
- CME's sheet of 12 September 2022 from real futures.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_futures import DECEMBER, OCTOBER, SEPTEMBER, START, autumn_2025, averages, quotes_of, real_quotes

from groundswell.data import calendar
from groundswell.data.errors import DataError
from groundswell.measure import futures_strip, policy_path
from groundswell.measure.futures_strip import Convention, Strip

DAYS = calendar.sessions("2025-07-01", "2025-11-26")


@pytest.fixture(scope="module")
def prices() -> pd.DataFrame:
    return futures_strip.table(quotes_of(list(DAYS), START, autumn_2025))


def strip_of(day: str, moves: dict[date, float], start: float = START, spot: float | None = None) -> Strip:
    at = pd.Timestamp(day)
    return Strip(at, {month: 100 - rate for month, rate in averages(at, start, moves).items()}, spot)


def test_the_last_quotes_of_a_day_count() -> None:
    morning, evening = pd.Timestamp("2025-11-26 14:00", tz="UTC"), pd.Timestamp("2025-11-27 02:00", tz="UTC")
    quotes = pd.DataFrame(
        {
            "taken": [morning, evening],
            "expiry": pd.to_datetime(["2025-12-31", "2025-12-31"]),
            "settle": [96.2, 96.3],
        }
    )
    table = futures_strip.table(quotes)
    assert table.index.tolist() == [pd.Timestamp("2025-11-26")]  # 21:00 in New York
    assert table.loc["2025-11-26", "2025-12"] == 96.3


def test_an_ended_contract_keeps_the_average_that_came_true(prices: pd.DataFrame) -> None:
    september = prices["2025-09"]
    assert (september["2025-10-01":] == september["2025-09-30"]).all()
    assert prices["2026-11"][:"2025-10-31"].isna().all()
    thin = quotes_of(list(DAYS[DAYS < "2025-09-12"]), START, autumn_2025)
    later = quotes_of(list(DAYS[DAYS >= "2025-10-06"]), START, autumn_2025)
    gap = futures_strip.table(pd.concat([thin, later]))
    assert np.isnan(gap.loc["2025-10-06", "2025-09"])  # last quoted on the 11th: not the average of the month


@pytest.mark.parametrize("day", ["2025-07-01", "2025-09-16", "2025-09-17", "2025-10-30", "2025-11-26"])
def test_a_path_put_into_contracts_comes_back(prices: pd.DataFrame, day: str) -> None:
    at = pd.Timestamp(day)
    path = Strip.on(prices, at).path()
    wanted = {meeting: move for meeting, move in autumn_2025(at).items() if pd.Timestamp(meeting) > at}
    for meeting, move in wanted.items():
        found = path.loc[[one == meeting for one in path.index], "change"]
        assert found.iloc[0] == pytest.approx(move, abs=1e-9)
    done = sum(move for meeting, move in autumn_2025(at).items() if pd.Timestamp(meeting) <= at)
    assert path["start"].iloc[0] == pytest.approx(START + done, abs=1e-9)


def test_only_meetings_known_that_evening_are_on_the_path() -> None:
    june = strip_of("2022-06-13", {date(2022, 6, 15): 0.5}, 0.83)
    assert june.ahead[-1] == date(2023, 2, 1)  # the calendar of 2023 came later
    assert june.path().index[-1] == date(2023, 2, 1)
    before, after = (strip_of(day, {date(2020, 3, 18): -0.5}, 1.58) for day in ("2020-03-02", "2020-03-16"))
    assert before.ahead[0] == date(2020, 3, 18)
    assert after.ahead[0] == date(2020, 4, 29)


def test_a_spot_rate_takes_over_what_the_months_before_say() -> None:
    alone = strip_of("2025-12-01", {DECEMBER: -0.2}, 3.88)
    months = {month: price for month, price in alone.prices.items() if month <= "2025-12"}
    with pytest.raises(DataError, match="2025-11' or '2026-01"):
        Strip(alone.day, months).path()
    spot = Strip(alone.day, months, 3.88).path(Convention(start="spot"))
    assert spot["change"].iloc[0] == pytest.approx(-0.2, abs=1e-9)
    with pytest.raises(DataError, match="no spot rate"):
        alone.path(Convention(start="spot"))


def test_a_missing_contract_ends_the_path() -> None:
    whole = strip_of("2025-09-02", autumn_2025(pd.Timestamp("2025-09-02")))
    months = {month: price for month, price in whole.prices.items() if month != "2026-01"}
    path = Strip(whole.day, months).path()
    assert list(path.index) == [SEPTEMBER, OCTOBER, DECEMBER]
    with pytest.raises(DataError, match="no contract of 2025-09"):
        Strip(whole.day, {month: 96.0 for month in whole.prices if month > "2025-09"}).path()


def test_after_the_last_meeting_of_the_table_there_is_no_path() -> None:
    with pytest.raises(DataError, match="no meeting after 2027-12-20"):
        strip_of("2027-12-20", {}, 3.0).path()


def test_the_convolution_is_that_of_the_policy_path() -> None:
    at = pd.Timestamp("2025-09-02")
    strip = strip_of("2025-09-02", autumn_2025(at))
    path = strip.path()
    months = {month: price for month, price in strip.prices.items() if month <= "2026-12"}
    listed = [day for day in strip.known if day in list(path.index)]
    joint = policy_path.joint(months, listed)
    for ours, theirs in zip(
        futures_strip.accumulated(path["change"]), joint.head(len(path)).to_numpy(), strict=True
    ):
        assert ours.sum() == pytest.approx(1)
        wanted = dict(zip(joint.columns.tolist(), theirs.tolist(), strict=True))
        for move, probability in ours.items():
            assert probability == pytest.approx(wanted[int(str(move))], abs=1e-9)


def test_conventions_are_each_listed_once() -> None:
    assert len(set(futures_strip.CONVENTIONS)) == len(futures_strip.CONVENTIONS) == 12
    assert futures_strip.HOUSE in futures_strip.CONVENTIONS


def test_the_sheet_of_cme_from_real_futures(real_data: Callable[[str], Path]) -> None:
    file = real_data("rates/fed_funds_futures_contracts.csv.gz")
    prices = futures_strip.table(real_quotes(file, "2022-05", "2022-09-12"))
    path = Strip.on(prices, pd.Timestamp("2022-09-12")).path()
    assert path["start"].iloc[0] == pytest.approx(2.29875, abs=1e-5)
    assert path["change"].iloc[:2].tolist() == pytest.approx([0.76125, 0.52759], abs=1e-5)
