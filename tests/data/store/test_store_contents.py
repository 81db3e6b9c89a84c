"""What comes back out: the standing of series, snapshots, fetches, exports, Arrow, pandas and polars."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from told_store import at, entry, said

from groundswell.data.errors import SourceError, StoreError
from groundswell.data.http.service import Body
from groundswell.data.sources.source import SeriesFailure, Snapshot
from groundswell.data.store.layout import QUOTES, Batch
from groundswell.data.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store of two series, one with a revision and a withdrawal."""
    made = Store(tmp_path / "store.duckdb")
    stated = [("2024-01-01", "2024-01-05", 1.0), ("2024-01-01", "2024-01-12", float("nan"))]
    batch = said("2024-01-20", "rates", stated=stated)
    made.write([Batch(batch.fetched, "made", batch.observations, entries=(entry("rates"),))])
    made.write([said("2024-01-20", "jobs", {"2024-01-01": 3.0, "2024-01-08": 4.25})])
    return made


def chain(taken: str, price: float) -> Snapshot:
    quotes = pd.DataFrame(
        {
            "contract": ["SPXW240119C04700000", "SPXW240119P04700000"],
            "root": ["SPXW", None],
            "kind": ["call", "put"],
            "expiry": pd.to_datetime(["2024-01-19", "2024-01-19"]).astype("datetime64[us]"),
            "strike": [4700.0, 4700.0],
            "bid": [price, float("nan")],
            "open_interest": [120.0, 80.0],
        }
    )
    return Snapshot("chain.spx", at(taken), quotes)


def test_the_standing_tells_what_is_there_and_what_failed(store: Store) -> None:
    late = SeriesFailure("rates", SourceError("the answer is empty", where="made"))
    failed = Batch(at("2024-01-21"), "made", failures=(late,))
    store.write([failed])
    rates = store.standing().set_index("series").loc["rates"]
    assert (rates["title"], rates["unit"], rates["frequency"]) == ("Made figures", "USD bn", "monthly")
    assert (rates["rows"], rates["stated"], rates["ruled"], rates["seen"]) == (2, 2, 0, 0)
    assert rates["last_stated"] == rates["vintage"]
    assert (rates["first"], rates["vintage"]) == (pd.Timestamp("2024-01-01"), pd.Timestamp(at("2024-01-12")))
    assert (rates["asked"], rates["failed"]) == (
        pd.Timestamp(at("2024-01-20")),
        pd.Timestamp(at("2024-01-21")),
    )
    assert rates["failure"] == "made: the answer is empty."
    store.write([said("2024-01-22", "rates")])
    rates = store.standing().set_index("series").loc["rates"]
    assert rates["failure"] == ""
    assert rates["failed"] is pd.NaT
    store.write([failed])
    assert store.standing().set_index("series").loc["rates", "failure"] == "", "an older failure is past"


def test_a_snapshot_is_kept_by_its_moment_and_found_by_as_of(store: Store) -> None:
    for taken, price in (("2024-01-10 20:15", 10.0), ("2024-01-11 20:15", 12.0)):
        report = store.write([Batch(at(taken), "made", snapshots=(chain(taken, price),))])
        assert report["new"].to_list() == [2]
    again = store.write([Batch(at("2024-01-12"), "made", snapshots=(chain("2024-01-11 20:15", 99.0),))])
    assert again[["new", "unchanged"]].to_numpy().tolist() == [[0, 2]]
    found = store.snapshot("chain.spx")
    assert found is not None
    assert (found.taken, found.quotes["bid"].iloc[0]) == (at("2024-01-11 20:15"), 12.0)
    assert list(found.quotes.columns) == list(QUOTES)
    assert found.quotes["expiry"].to_list() == [pd.Timestamp("2024-01-19")] * 2
    assert found.quotes["delta"].isna().all()
    earlier = store.snapshot("chain.spx", as_of=at("2024-01-11 20:15"))
    assert earlier is not None
    assert earlier.taken == at("2024-01-10 20:15")
    assert store.snapshot("chain.spx", as_of=at("2024-01-10")) is None
    assert store.snapshot("jobs") is None
    assert store.standing().set_index("series").loc["chain.spx", "rows"] == 4


def test_quotes_through_time_are_those_taken_between_two_moments(store: Store) -> None:
    moments = ["2024-01-10 20:15", "2024-01-11 20:15", "2024-01-12 20:15"]
    for taken, price in zip(moments, (10.0, 12.0, 11.0), strict=True):
        store.write([Batch(at(taken), "made", snapshots=(chain(taken, price),))])
    found = store.quotes_over_time("chain.spx", ["kind", "bid"], as_of=at(moments[2]), since=at(moments[1]))
    assert list(found) == ["taken", "kind", "bid"]
    assert set(found["taken"]) == {pd.Timestamp(at(moments[1]))}
    assert len(found) == 2
    assert found["bid"].iloc[0] == 12.0
    assert len(store.quotes_over_time("chain.spx", ["bid"])) == 6
    assert store.quotes_over_time("jobs", ["bid"]).empty
    with pytest.raises(StoreError, match="no column 'mood'"):
        store.quotes_over_time("chain.spx", ["mood"])


def test_quotes_with_a_column_the_store_does_not_know_are_refused(store: Store) -> None:
    wrong = chain("2024-01-10", 1.0)
    wrong.quotes["mood"] = "calm"
    with pytest.raises(StoreError, match=r"snapshot 'chain\.spx': the quotes have 'mood'"):
        store.write([Batch(at("2024-01-10"), "made", snapshots=(wrong,))])


def test_the_same_table_comes_to_pandas_arrow_and_polars(store: Store) -> None:
    frame, table = store.observations(), store.table()
    assert list(frame) == table.column_names == ["series", "observed", "released", "value", "basis"]
    assert frame["series"].to_list() == ["jobs", "jobs", "rates", "rates"]
    polars = pl.from_arrow(table)
    assert isinstance(polars, pl.DataFrame)
    assert polars["series"].cast(pl.String).to_list() == frame["series"].to_list()
    assert polars["released"].to_list() == [each.to_pydatetime() for each in frame["released"]]
    assert polars["value"].to_list() == [3.0, 4.25, 1.0, None]


def test_series_can_be_chosen_and_what_is_not_stored_adds_nothing(store: Store) -> None:
    assert store.observations("jobs")["value"].to_list() == [3.0, 4.25]
    assert len(store.observations(["jobs", "unheard"])) == 2
    assert store.observations([]).empty
    with pytest.raises(StoreError, match=r"no series 'rate'; did you mean 'rates'\?"):
        store.latest("rate")
    with pytest.raises(StoreError, match="has no zone"):
        store.observations(as_of=at("2024-01-10").replace(tzinfo=None))


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_everything_kept_is_exported(store: Store, tmp_path: Path, form: str) -> None:
    body = Body("made", "https://made.example/rates", b"{}", "application/json", at("2024-01-10"), "44136f")
    for taken in (at("2024-01-10"), at("2024-01-10") + timedelta(days=1)):
        store.write([Batch(taken, "made", snapshots=(chain("2024-01-10", 10.0),), bodies=(body,))])
    files = store.export(tmp_path / "a folder's out", form)  # type: ignore[arg-type]
    assert [each.name for each in files] == [
        f"{name}.{form}" for name in ("observations", "series", "quotes", "fetches")
    ]
    read = pd.read_parquet if form == "parquet" else pd.read_csv
    observations, series, quotes, fetches = (read(each) for each in files)
    assert observations[["series", "value", "unit"]].astype(object).fillna("").to_numpy().tolist() == [
        ["jobs", 3.0, ""],
        ["jobs", 4.25, ""],
        ["rates", 1.0, "USD bn"],
        ["rates", "", "USD bn"],
    ]
    assert (
        pd.to_datetime(observations["released"], utc=True).to_list()
        == store.observations()["released"].to_list()
    )
    assert series["series"].to_list() == ["chain.spx", "jobs", "rates"]
    assert len(quotes) == 2
    assert fetches[["address", "bytes"]].to_numpy().tolist() == [["https://made.example/rates", 2]]
