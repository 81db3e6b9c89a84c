"""FRED-MD: a table a month, each a vintage.

- A file counts as released ten days after its month, and none is asked for before; each tells what it
  changes: a new month, a revision, a value withdrawn.
- An update goes on from the file stored last, whatever its series have; after a long pause the oldest
  file read is told in full.
- A file that is not there is passed over: what it changed is told by the next.
- Another month's file, another layout, a gap between months are refused; a column that is gone fails
  its series alone.
- The recorded file: every cell of every column against an independent reading.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from answering import Answering, body

from groundswell.data.catalog import catalog
from groundswell.data.checking import checked
from groundswell.data.errors import SourceError
from groundswell.data.sources.fred_md import FIRST_FILES, SOURCE, read, released, vintages
from groundswell.data.sources.source import Delivery, Wanted

TODAY = date(2026, 9, 1)
CATALOG = catalog()
RATE, CPI = Wanted(CATALOG["md.unemployment_rate"]), Wanted(CATALOG["md.cpi"])
FIRST = pd.Period("2024-08", "M")
"""The first of the files read on the day of these tests; the last is that of July 2026."""


def written(
    month: pd.Period, rates: Mapping[str, str] | None = None, header: str = "sasdate,UNRATE,CPIAUCSL"
) -> str:
    """Return a file as the service writes it; the rate of January 2024 and all others as given."""
    lines = [header, "Transform:,2,6"]
    for number, period in enumerate(pd.period_range("2024-01", month - 1, freq="M")):
        rate = (rates or {}).get(str(period), "4.0")
        lines.append(f"{period.month}/1/{period.year},{rate},{310 + number}.5")
    return "\r\n".join([*lines, ",,", ",,", ""])


def served(revisions: Mapping[str, Mapping[str, str]] | None = None) -> Answering:
    """Return a caller with the files of 2024 to 2026, revised from some files on."""
    answers, rates = {}, {}
    for month in pd.period_range("2024-08", "2026-08", freq="M"):
        rates = {**rates, **(revisions or {}).get(str(month), {})}
        answers[f"/monthly/{month}-md.csv"] = written(month, rates)
    return Answering(answers)


def run(caller: Answering, *wanted: Wanted) -> Delivery:
    [job] = SOURCE.jobs(list(wanted), caller, TODAY)
    return job.run(caller)


def told(found: pd.DataFrame, month: str) -> list[tuple[str, float]]:
    """Return what the file of a month told."""
    rows = found[found["released"] == released(pd.Period(month, "M"))]
    return list(zip(rows["period"].dt.strftime("%Y-%m"), rows["value"], strict=True))


def test_a_file_is_out_ten_days_after_its_month_and_not_asked_for_before() -> None:
    assert released(pd.Period("2026-07", "M")) == pd.Timestamp("2026-08-10 23:59", tz="America/New_York")
    caller = served()
    found = run(caller, RATE).observations
    months = [each.path[9:16] for each in caller.asked]
    assert (months[0], months[-1], len(months)) == ("2024-08", "2026-07", FIRST_FILES)
    assert found["released"].max() == released(pd.Period("2026-07", "M"))
    checked(found, RATE.entry, caller.fetched)


def test_each_file_tells_what_it_changes() -> None:
    caller = served({"2025-02": {"2024-01": "3.9"}, "2025-05": {"2024-02": ""}})
    found = run(caller, RATE).observations
    assert told(found, "2024-08") == [(f"2024-0{month}", 4.0) for month in range(1, 8)]
    assert told(found, "2024-09") == [("2024-08", 4.0)]
    assert told(found, "2025-02") == [("2024-01", 3.9), ("2025-01", 4.0)]
    np.testing.assert_equal(told(found, "2025-05"), [("2024-02", np.nan), ("2025-04", 4.0)])
    assert told(found, "2025-06") == [("2025-05", 4.0)]
    assert found["row"].iloc[0] == 3


def test_an_update_goes_on_from_the_file_stored_last() -> None:
    stored = released(pd.Period("2026-05", "M")).to_pydatetime()
    caller = served({"2026-06": {"2024-01": "3.9"}})
    found = run(caller, Wanted(RATE.entry, date(2026, 4, 1), stored)).observations
    assert [each.path[9:16] for each in caller.asked] == ["2026-05", "2026-06", "2026-07"]
    assert told(found, "2026-05") == [("2026-04", 4.0)]
    assert told(found, "2026-06") == [("2024-01", 3.9), ("2026-05", 4.0)]
    assert len(found) == 4


def test_after_a_long_pause_the_oldest_file_read_is_told_in_full() -> None:
    caller = served()
    caller.answers = {**caller.answers, "/monthly/2024-07-md.csv": written(pd.Period("2024-07", "M"))}
    stored = released(pd.Period("2022-03", "M")).to_pydatetime()
    found = run(caller, Wanted(RATE.entry, date(2022, 2, 1), stored)).observations
    assert len(told(found, "2024-07")) == 6


def test_series_that_are_new_come_whole_beside_those_that_go_on() -> None:
    stored = released(pd.Period("2026-07", "M")).to_pydatetime()
    caller = served()
    jobs = SOURCE.jobs([Wanted(RATE.entry, date(2026, 6, 1), stored), CPI], caller, TODAY)
    on, new = (job.run(caller).observations for job in jobs)
    assert set(new["series"]) == {"md.cpi"}
    assert len(told(new, "2024-08")) == 7
    assert told(on, "2026-07") == [("2026-06", 4.0)]


NOT_FOUND = SourceError("status 404 (Not Found)", where="FRED-MD")


def test_files_that_are_not_there_are_passed_over() -> None:
    caller = served({"2024-09": {"2024-03": "4.4"}})
    gone = {f"/monthly/{month}-md.csv": NOT_FOUND for month in ("2024-08", "2024-09", "2026-07")}
    caller.answers = {**caller.answers, **gone}
    delivery = run(caller, RATE)
    assert delivery.observations["released"].min() == released(pd.Period("2024-10", "M"))
    assert ("2024-03", 4.4) in told(delivery.observations, "2024-10")
    assert told(delivery.observations, "2026-06") == [("2026-05", 4.0)]
    [remark] = delivery.remarks
    assert "2024-08, 2024-09, 2026-07" in remark


def test_without_any_file_there_is_an_error() -> None:
    caller = served()
    caller.answers = dict.fromkeys(caller.answers, NOT_FOUND)
    with pytest.raises(SourceError, match="status 404"):
        run(caller, RATE)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (written(FIRST + 1), "its data end with 2024-08.*the file of another month"),
        (written(FIRST - 1), "its data end with 2024-06.*the file of another month"),
        (written(FIRST).replace("sasdate", "date"), "it begins with 'date'"),
        (written(FIRST).replace("Transform:,2,6", "1/1/2024,4.0,310"), "and '1/1/2024'"),
        (written(FIRST).replace("Transform:,2,6", "Transform:,2,9"), "row 2, .*'9' is not a transformation"),
        (written(FIRST).replace("3/1/2024", "3/2/2024"), "row 5, .*'3/2/2024' is out of turn"),
        (written(FIRST).replace("1/1/2024", "soon"), "row 3, .*'soon' is out of turn"),
        (written(FIRST).replace("3/1/2024,4.0,312.5\r\n", ""), "row 5, .*'4/1/2024' is out of turn"),
        (written(FIRST).replace("3/1/2024,4.0,312.5", "3/1/2024,4.0"), "row 5, .*the row has 2 cells"),
        ("sasdate,UNRATE\r\n", "it begins with 'sasdate' and ''"),
        ("sasdate,UNRATE\r\nTransform:,2\r\n", "its data end with nothing"),
    ],
)
def test_a_file_of_another_month_or_layout_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(SourceError, match=complaint):
        read(body(text, "fred_md"), FIRST, "md.cpi")


@pytest.mark.parametrize(
    ("replaced", "complaint"),
    [(("UNRATE", "UNRATE2"), "'UNRATE' stands 0 times"), ((",4.0,", ",4.0 (p),"), "row 3, .*'4.0 \\(p\\)'")],
)
def test_a_column_that_cannot_be_read_fails_its_series_alone(
    replaced: tuple[str, str], complaint: str
) -> None:
    caller = served()
    path = "/monthly/2025-03-md.csv"
    caller.answers = {**caller.answers, path: str(caller.answers[path]).replace(*replaced)}
    delivery = run(caller, RATE, CPI)
    assert set(delivery.observations["series"]) == {"md.cpi"}
    [failure] = delivery.failures
    with pytest.raises(
        SourceError, match=rf"fred_md, series 'md\.unemployment_rate'(?=.*2025-03-md\.csv).*{complaint}"
    ):
        raise failure.error


def test_the_recorded_file(recording: Callable[[str], Path]) -> None:
    path = recording("fred_md/fred_md_2023-05.csv")
    file = read(body(path.read_bytes(), "fred_md"), pd.Period("2023-06", "M"), "md")
    with path.open() as opened:
        raw = [row for row in csv.reader(opened) if row[0]]
    assert (len(file.table.header), len(file.periods)) == (128, 773) == (len(raw[0]), len(raw) - 2)
    entry, compared = RATE.entry, 0
    for place, column in enumerate(raw[0][1:], start=1):
        wanted = Wanted(entry.model_copy(update={"source_id": column}))
        found = vintages([file], wanted)
        cells = [float(row[place]) for row in raw[2:] if row[place]]
        assert found["value"].to_list() == cells
        compared += len(cells)
    assert compared == 97_226
    rate = vintages([file], RATE).set_index("period")["value"]
    assert (rate["2023-05-01"], rate["2020-04-01"]) == (3.7, 14.7)


def test_the_bounds_of_the_catalog_hold_on_the_recorded_file(recording: Callable[[str], Path]) -> None:
    path = recording("fred_md/fred_md_2023-05.csv")
    file = read(body(path.read_bytes(), "fred_md"), pd.Period("2023-06", "M"), "md")
    entries = [each for each in CATALOG.values() if each.source == "fred_md"]
    for entry in entries:
        assert len(checked(vintages([file], Wanted(entry)), entry, Answering({}).fetched)) > 370
    assert len(entries) == 14
