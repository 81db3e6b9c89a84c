"""The Cboe index histories.

- The close is the last column, whatever its name, on a day written month first; missing is missing.
- Real histories arrive whole: as many values as rows, and the days known by heart.
- They hold the closes of independent files, day by day, where these are present.
- What is not a history is refused by series, row and what was found.
- One broken file does not touch the others.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from answering import Answering, body

from groundswell.data.catalog import catalog
from groundswell.data.errors import SourceError
from groundswell.data.sources.cboe import SERVICE, SOURCE, read_index
from groundswell.data.sources.source import Wanted

DAILY = "/api/global/us_indices/daily_prices/"

HISTORIES = {
    "vix": ("VIX_History_2022-05.csv", "vix_daily.csv", {"2018-02-05": 37.32, "2020-03-16": 82.69}),
    "vix9d": ("VIX9D_History_2022-05.csv", "vix9d_daily.csv", {"2011-01-04": 16.06, "2022-05-09": 36.65}),
    "vix3m": ("VIX3M_History_to_2022.csv", "vix3m_daily.csv", {"2009-09-18": 26.54, "2022-12-30": 24.29}),
    "vix6m": ("VIX6M_History_to_2022.csv", "vix6m_daily.csv", {"2008-01-02": 24.36, "2022-12-30": 26.20}),
    "vvix": ("VVIX_History_to_2022.csv", "vvix_daily.csv", {"2006-03-15": 15.71, "2022-12-30": 77.05}),
    "ovx": ("OVX_History_2022-05.csv", None, {"2009-09-18": 41.67, "2022-05-09": 57.90}),
}


def served(content: str | bytes) -> pd.DataFrame:
    return read_index(body(content, "cboe", expect="csv"), "vix")


def test_the_close_is_the_last_column_and_the_month_comes_first() -> None:
    read = served(
        "DATE,OPEN,HIGH,LOW,CLOSE\r\n01/02/2024,13.2,14.1,13.0,13.200000\r\n12/01/2024,1,2,0.5,1.5\r\n"
    )
    assert read["period"].dt.strftime("%Y-%m-%d").to_list() == ["2024-01-02", "2024-12-01"]
    assert read["value"].to_list() == [13.2, 1.5]
    assert read["row"].to_list() == [2, 3]
    assert read["released"].isna().all()


def test_a_file_of_one_column_is_read_by_position_whatever_its_name() -> None:
    read = served("DATE,SKEW INDEX\n01/02/1990,126.090000\n01/03/1990,\n")
    assert read["value"].iloc[0] == 126.09
    assert pd.isna(read["value"].iloc[1])


@pytest.mark.parametrize("series", HISTORIES)
def test_a_real_history_arrives_whole(series: str, recording: Callable[[str], Path]) -> None:
    name, _, known = HISTORIES[series]
    file = recording(f"cboe/{name}")
    read = read_index(body(file.read_bytes(), "cboe", expect="csv"), series)
    raw = list(csv.reader(file.read_text().splitlines()))[1:]
    assert read["value"].to_list() == [float(cells[-1]) for cells in raw]
    assert read["period"].dt.strftime("%m/%d/%Y").to_list() == [cells[0] for cells in raw]
    closes = dict(zip(read["period"].dt.strftime("%Y-%m-%d"), read["value"], strict=True))
    assert {day: closes[day] for day in known} == known


@pytest.mark.parametrize("series", [name for name, (_, other, _) in HISTORIES.items() if other])
def test_a_real_history_agrees_with_an_independent_file(
    series: str, recording: Callable[[str], Path], real_data: Callable[[str], Path]
) -> None:
    name, other, _ = HISTORIES[series]
    file = real_data(f"vol/{other}")
    served_closes = read_index(body(recording(f"cboe/{name}").read_bytes(), "cboe", expect="csv"), series)
    independent = pd.read_csv(file, parse_dates=["date"]).set_index("date").iloc[:, -1].dropna()
    both = (
        served_closes.set_index("period")["value"].to_frame().join(independent.rename("other"), how="inner")
    )
    assert len(both) > 0.99 * len(served_closes)
    differing = both.index[(both["value"] - both["other"]).abs() > 0.005]
    assert len(differing) <= 0.002 * len(both), differing[:10]


@pytest.mark.parametrize("series", HISTORIES)
def test_the_catalog_bounds_hold_on_real_history(series: str, recording: Callable[[str], Path]) -> None:
    entry = catalog()[series]
    read = read_index(
        body(recording(f"cboe/{HISTORIES[series][0]}").read_bytes(), "cboe", expect="csv"), series
    )
    assert read["value"].between(entry.low, entry.high).all()
    medians = read["value"].rolling(60).median().dropna()
    assert medians.between(entry.typical_low, entry.typical_high, inclusive="neither").all()


@pytest.mark.parametrize(
    ("content", "row", "found"),
    [
        ("DATE,OPEN,HIGH,LOW\n01/02/2024,1,2,3\n", "row 1", "OPEN, HIGH, LOW"),
        ("DATE,OPEN,HIGH,CLOSE,LOW\n01/02/2024,1,2,3,4\n", "row 1", "CLOSE, LOW"),
        ("DAY,VIX\n01/02/2024,1\n", "row 1", "DAY"),
        ("DATE,VIX\n01/02/2024,1\n13/02/2024,2\n", "row 3", "13/02/2024"),
        ("DATE,VIX\n01/02/2024,1\n02/30/2024,2\n", "row 3", "02/30/2024"),
        ("DATE,VIX\n01/02/2024,1\n01/03/2024,n/a\n", "row 3", "n/a"),
        ("DATE,VIX\n01/02/2024,1e999\n", "row 2", "1e999"),
        ("DATE,VIX\n01/02/2024,1_0\n", "row 2", "1_0"),
        ("DATE,VIX\n01/02/2024,1,2\n", "row 2", "3 cells"),
        ("DATE,VIX\n", "row 1", "no row"),
        ("\n\n", "", "empty"),
        (b"DATE,VIX\n01/02/2024,1\n01/03/\xff024,1\n", "row 3", "not UTF-8"),
    ],
)
def test_what_is_not_a_history_is_refused_by_series_and_row(
    content: str | bytes, row: str, found: str
) -> None:
    with pytest.raises(SourceError) as refusal:
        served(content)
    assert "cboe" in refusal.value.where
    assert "'vix'" in refusal.value.where
    assert row in refusal.value.where
    assert found in refusal.value.what
    assert refusal.value.remedy


def test_one_broken_file_does_not_touch_the_others() -> None:
    caller = Answering(
        {
            f"{DAILY}VIX_History.csv": "DATE,OPEN,HIGH,LOW,CLOSE\n01/02/2024,13,14,13,13.2\n",
            f"{DAILY}VVIX_History.csv": "<html>",
        }
    )
    wanted = [Wanted(catalog()[name]) for name in ("vix", "vvix", "vix3m")]
    jobs = SOURCE.jobs(wanted, caller, date(2024, 1, 3))
    assert not caller.asked
    assert [job.series for job in jobs] == [("vix",), ("vvix",), ("vix3m",)]
    assert {job.service for job in jobs} == {SERVICE}
    assert jobs[0].run(caller).observations["value"].to_list() == [13.2]
    for job in jobs[1:]:
        with pytest.raises(SourceError):
            job.run(caller)


def test_a_source_id_of_no_known_kind_fails_alone_and_says_what_is_known() -> None:
    strange = Wanted(catalog()["vix"].model_copy(update={"source_id": "VIX"}))
    jobs = SOURCE.jobs([strange, Wanted(catalog()["vvix"])], Answering({}), date(2024, 1, 3))
    with pytest.raises(SourceError, match="index:<NAME>"):
        jobs[0].run(Answering({}))
