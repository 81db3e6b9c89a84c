"""VIX futures of the Cboe Futures Exchange.

- Monthly contracts settle 30 days before the third Friday of the next month, earlier at a holiday.
- The settlement is read, never the close; prices of old files are on one scale before and after 2007-03-26.
- Real archive files: settlements against an independent reading, continuous over the change of scale.
- A repeated header is skipped; another contract's row, a day twice and a strange cell are refused by row.
- A curve per day: monthly contracts only, none that has expired, known from 17:00 in New York.
- The last session comes from the settlements of the day where the contract files lack it.
- Days already stored are not told again; a far contract that is not listed is a remark, a near one an error.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from answering import Answering, body

from groundswell.data.catalog import catalog
from groundswell.data.errors import SourceError
from groundswell.data.sources import cboe_futures
from groundswell.data.sources.cboe import SOURCE
from groundswell.data.sources.source import Delivery, Wanted

HEADER = "Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest"
LETTERS = "FGHJKMNQUVXZ"
TODAY = date(2024, 1, 5)
EVENING = datetime(2024, 1, 5, 23, 30, tzinfo=UTC)

ARCHIVE = {
    "cboe/CFE_2007-05-16_CFE_VX_K2007.csv": date(2007, 5, 16),
    "cboe/CFE_2008-05-21_CFE_VX_K2008_jun1_2006.csv": date(2008, 5, 21),
}


def contract(expiry: date, days: dict[str, str]) -> str:
    """Return the file of a contract from the settlement (or whole tail of a row) of each day."""
    month = f"{LETTERS[expiry.month - 1]} ({expiry:%b} {expiry.year})"
    rows = [f"{day},{month},0,0,0,0,{settle},0,10,0,200" for day, settle in days.items()]
    return "\n".join([HEADER, *rows]) + "\n"


def read(content: str, expiry: date) -> pd.DataFrame:
    return cboe_futures.read_contract(body(content, "cboe", expect="csv"), expiry, "futures.vix")


def path_of(expiry: date) -> str:
    return f"/data/us/futures/market_statistics/historical_data/VX/VX_{expiry}.csv"


def market(*, without: tuple[int, ...] = ()) -> dict[str, object]:
    """Return answers for 3 and 4 January 2024; some of the contracts ahead are not served."""
    expiries = cboe_futures.monthly_expiries(date(2023, 1, 1), date(2024, 12, 31))
    ahead = [expiry for expiry in expiries if expiry > TODAY]
    return {
        path_of(expiry): contract(expiry, {"01/03/2024": f"{14 + at}", "01/04/2024": f"{15 + at}"})
        if expiry in ahead
        else contract(expiry, {"06/01/2023": "16"})
        for at, expiry in enumerate(expiries)
        if expiry not in [ahead[index] for index in without]
    }


def run(answers: dict[str, object], through: date | None = None, fetched: datetime = EVENING) -> Delivery:
    caller = Answering(answers, fetched=fetched)  # type: ignore[arg-type]
    (job,) = SOURCE.jobs([Wanted(catalog()["futures.vix"], through)], caller, TODAY)
    return job.run(caller)


def test_monthly_contracts_end_on_the_tuesday_where_a_holiday_falls_on_the_friday_or_the_wednesday() -> None:
    assert cboe_futures.monthly_expiries(date(2024, 1, 1), date(2024, 3, 31)) == [
        date(2024, 1, 17),
        date(2024, 2, 14),
        date(2024, 3, 20),
    ]
    assert cboe_futures.monthly_expiries(date(2019, 3, 1), date(2019, 3, 31)) == [date(2019, 3, 19)]
    assert cboe_futures.monthly_expiries(date(2026, 5, 1), date(2026, 5, 31)) == [date(2026, 5, 19)]


def test_the_settlement_is_read_and_the_close_of_a_day_without_trades_is_missing() -> None:
    frame = read(contract(date(2024, 1, 17), {"01/03/2024": "14.0125", "01/04/2024": "0"}), date(2024, 1, 17))
    assert frame["settle"].to_dict() == {date(2024, 1, 3): 14.0125}
    assert frame["last"].isna().all()
    assert frame["open_interest"].to_list() == [200]


@pytest.mark.parametrize("name", ARCHIVE)
def test_real_archive_files_are_continuous_over_the_change_of_scale(
    name: str, recording: Callable[[str], Path]
) -> None:
    file, expiry = recording(name), ARCHIVE[name]
    frame = read(file.read_text(), expiry)
    raw = {
        datetime.strptime(row["Trade Date"], "%m/%d/%Y").date(): float(row["Settle"])
        for row in csv.DictReader(file.read_text().splitlines())
    }
    expected = {
        day: settle / 10 if day < date(2007, 3, 26) else settle
        for day, settle in raw.items()
        if settle > 0 and day < expiry
    }
    assert frame["settle"].to_dict() == pytest.approx(expected)
    assert len(frame) == len(raw) - 2
    around = frame["settle"].loc[date(2007, 3, 20) : date(2007, 3, 30)]
    assert len(around) == 9
    assert around.pct_change().abs().max() < 0.07
    assert frame["settle"].between(9, 40).all()


def test_a_repeated_header_is_skipped_and_the_last_day_left_out() -> None:
    expiry = date(2024, 1, 17)
    text = contract(expiry, {"01/16/2024": "14"}) + contract(expiry, {"01/17/2024": "13.5"})
    assert read(text, expiry)["settle"].to_dict() == {date(2024, 1, 16): 14.0}


@pytest.mark.parametrize(
    ("content", "row", "found"),
    [
        (contract(date(2024, 2, 14), {"01/03/2024": "14"}), "row 2", "G (Feb 2024)"),
        (contract(date(2024, 1, 17), {"01/03/2024": "14", "01/3/2024": "15"}), "row 3", "stands twice"),
        (contract(date(2024, 1, 17), {"01/03/2024": "n.a."}), "row 2", "n.a."),
        (contract(date(2024, 1, 17), {"2024": "14"}), "row 2", "2024"),
        (contract(date(2024, 1, 17), {"01/03/2024": "14"}).replace("Settle", "Settled"), "row 1", "Settle"),
        (HEADER + "\n01/03/2024,F (Jan 2024),0\n", "row 2", "3 cells"),
    ],
)
def test_a_file_of_another_shape_is_refused_by_row(content: str, row: str, found: str) -> None:
    with pytest.raises(SourceError) as refusal:
        read(content, date(2024, 1, 17))
    assert "'futures.vix'" in refusal.value.where
    assert row in refusal.value.where
    assert found in refusal.value.what


def test_a_curve_a_day_of_living_monthly_contracts_known_from_the_evening() -> None:
    delivery = run(market())
    curve = {each.taken: each.quotes for each in delivery.snapshots}
    evening = datetime(2024, 1, 3, 22, 0, tzinfo=UTC)
    assert list(curve) == [evening, evening + timedelta(days=1)]
    assert curve[evening]["contract"].to_list() == [f"VX{letter}24" for letter in "FGHJKMNQU"]
    assert curve[evening]["settle"].is_monotonic_increasing
    assert curve[evening]["expiry"].iloc[0] == pd.Timestamp("2024-01-17")
    assert set(curve[evening]["kind"]) == {"future"}


def test_the_last_session_comes_from_the_settlements_of_the_day() -> None:
    settlements = (
        "Product,Symbol,Expiration Date,Price\n"
        "VX,VX01/F4,2024-01-10,13.9\nVX,VX/F4,2024-01-17,14.1\nVX,VX/G4,2024-02-14,15.2\nVXM,VXM/F4,2024-01-17,14.1\n"
    )
    answers = market() | {"/us/futures/market_statistics/settlement/csv": settlements}
    last = run(answers).snapshots[-1]
    assert last.taken == datetime(2024, 1, 5, 22, 0, tzinfo=UTC)
    assert last.quotes["contract"].to_list() == ["VXF24", "VXG24"]
    assert last.quotes["settle"].to_list() == [14.1, 15.2]
    remarks = run(market()).remarks
    assert any("no settlements of 2024-01-05" in remark for remark in remarks)


def test_days_already_stored_are_not_told_again() -> None:
    taken = [each.taken.date() for each in run(market(), through=date(2024, 1, 3)).snapshots]
    assert taken == [date(2024, 1, 4)]


def test_a_day_that_has_not_settled_is_not_told() -> None:
    noon = datetime(2024, 1, 4, 17, 0, tzinfo=UTC)
    assert [each.taken.day for each in run(market(), fetched=noon).snapshots] == [3]


def test_a_far_contract_that_is_not_listed_is_a_remark_and_a_near_one_an_error() -> None:
    far = run(market(without=(8,)))
    assert "VXU24" in far.remarks[0]
    assert len(far.snapshots[0].quotes) == 8
    with pytest.raises(SourceError):
        run(market(without=(1,)))
