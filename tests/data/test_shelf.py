"""Where a book comes from: the user's store before the bundle, all of one moment.

- without a store the bundle; with one, its series and the bundle's for the days before
- stored prices that no actor trades do not become assets of the desk
- a book says what was known: loading as of an evening, cutting the whole book, and a store that was
  told nothing after that evening all give the same book (hypothesis)
- revised series that are dated by rule are counted in one note
- a swap during the reading mixes nothing; quotes are those of the moment of loading
- 300 series of 5,000 observations load in half a second (a bar)
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_data import made_entry, random_walk, tell

from groundswell.data import calendar, stored_book
from groundswell.data.book import Book
from groundswell.data.bundle import bundled_book
from groundswell.data.errors import DataError, StoreError, UnitError
from groundswell.data.shelf import load
from groundswell.data.sources.source import Snapshot
from groundswell.data.store.layout import QUOTES, Batch
from groundswell.data.store.store import Store

DAYS = calendar.sessions("2017-01-03", "2020-06-30")


def index_closes(days: pd.DatetimeIndex = DAYS) -> pd.Series:
    """Return the bundle's closes while it has them, and a made walk after its end."""
    bundled = bundled_book().prices("index")
    later = days[days > bundled.index[-1]]
    walk = pd.Series(random_walk(len(later) + 1, seed=5)[1:], later) * bundled.iloc[-1] / 1_000
    return pd.concat([bundled.reindex(days[days <= bundled.index[-1]]), walk])


def level(seed: int, days: pd.DatetimeIndex = DAYS) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).uniform(10, 40, len(days)), days)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GROUNDSWELL_DATA", str(tmp_path))
    return tmp_path


def same(one: Book, other: Book) -> bool:
    """Whether two books say the same: names, values, vintages, origins, notes."""
    assert (one.as_of, one.label, one.is_bundled, one.notes) == (
        other.as_of,
        other.label,
        other.is_bundled,
        other.notes,
    )
    assert set(one.series) == set(other.series)
    for name, series in one.series.items():
        assert series.parts == other.series[name].parts, name
        left, right = (each.frame.reset_index(drop=True) for each in (series, other.series[name]))
        pd.testing.assert_frame_equal(left, right, check_dtype=False, obj=name)
    return True


def test_without_a_store_the_bundle_serves(folder: Path) -> None:
    assert load().label == "bundled history (arch)"
    with pytest.raises(StoreError, match="there is no store yet"):
        load(source="store")
    with pytest.raises(DataError, match="'stor' is no place to load from; did you mean 'store'"):
        load(source="stor")  # type: ignore[arg-type]


def test_the_store_continues_the_bundle_and_brings_every_series(folder: Path) -> None:
    tell(folder, {"index": index_closes(), "vix": level(1), "fed_assets": level(2)}, at="2020-07-01 12:00")
    book = load()
    assert book.through == pd.Timestamp("2020-06-30")
    assert book.prices("index").index[0] == pd.Timestamp("1999-01-04")
    assert book.label == "bundled history (arch), FRED from 2 Jan 2019"
    assert book.values("fed_assets")["2019-05-01"] == level(2)["2019-05-01"]
    assert book.values("vix")["2016-12-30"] == bundled_book().values("vix")["2016-12-30"]
    assert book.values("vix")["2017-01-03"] == level(1)["2017-01-03"]
    assert load(source="bundle").through == pd.Timestamp("2018-12-31")
    alone = load(source="store")
    assert (alone.prices("index").index[0], alone.label) == (pd.Timestamp("2017-01-03"), "FRED")


def test_a_store_without_the_index_adds_its_series_to_the_bundle(folder: Path) -> None:
    tell(folder, {"vix": level(1)}, at="2020-07-01 12:00")
    book = load()
    assert (book.label, book.is_bundled, book.through.year) == ("bundled history (arch)", True, 2018)
    assert book.values("vix").index[-1] == pd.Timestamp("2020-06-30")
    with pytest.raises(StoreError, match="the store holds no index"):
        load(source="store")


def test_prices_of_funds_do_not_become_assets_of_the_desk(folder: Path) -> None:
    fund = made_entry("gold_etf", unit="price", source="yahoo")
    tell(
        folder,
        {"index": index_closes(), "gold_etf": level(3)},
        at="2020-07-01 12:00",
        entries={"gold_etf": fund},
    )
    assert load().assets == ("index",)
    assert load().values("gold_etf").iloc[-1] == level(3).iloc[-1]


def test_values_know_their_unit(folder: Path) -> None:
    money = {"a": made_entry("a", unit="USD bn"), "b": made_entry("b", unit="USD million")}
    tell(folder, {"index": index_closes(), "a": level(1), "b": level(2)}, at="2020-07-01", entries=money)
    book = load()
    with pytest.raises(UnitError, match=r"USD million.*USD bn"):
        book.measured("a") - book.measured("b")
    difference = book.measured("a") - book.measured("b").to("USD bn")
    assert difference.series.iloc[-1] == pytest.approx(level(1).iloc[-1] - level(2).iloc[-1] / 1e3)


def test_a_weekly_figure_stands_from_its_release_on(folder: Path) -> None:
    weekly = made_entry("fed_assets", unit="USD bn", frequency="weekly", release="period +1 days at 16:30")
    days = DAYS[DAYS.day_of_week == 2]
    values = {"index": index_closes(), "fed_assets": level(4, days)}
    tell(folder, values, at="2020-07-01 12:00", entries={"fed_assets": weekly})
    aligned = load().aligned("fed_assets")
    wednesday = pd.Timestamp("2020-06-10")
    assert aligned[wednesday] == level(4, days)[wednesday - pd.Timedelta(days=7)]
    assert aligned[wednesday + pd.Timedelta(days=1)] == level(4, days)[wednesday]
    assert np.isnan(aligned["2016-12-30"])


def test_revised_series_dated_by_rule_are_counted(folder: Path) -> None:
    revised = made_entry("gdp", revised=True)
    tell(folder, {"index": index_closes(), "gdp": level(1)}, at="2020-07-01 12:00", entries={"gdp": revised})
    known = {"gdp": revised, "index": made_entry("index")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored_book, "catalog", lambda extension: known)
        assert any("1 series whose figures are revised is known only" in note for note in load().notes)
        assert not any("whose figures are revised" in note for note in load(as_of="2016-12-30").notes)


def test_an_index_that_does_not_fit_is_refused_on_every_evening_alike(folder: Path) -> None:
    closes = index_closes()
    closes["2018-09-04"] *= 1.01
    tell(folder, {"index": closes}, at="2020-07-01 12:00")
    for evening in ("2018-03-01", "2019-03-01"):
        loaded = load(as_of=evening)
        assert same(loaded, load().cut(evening))
        assert "first on 2018-09-04" in " ".join(loaded.notes)
        assert loaded.label == "FRED"


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    evening=st.dates(pd.Timestamp("2016-06-01").date(), pd.Timestamp("2020-07-20").date()),
    corrections=st.lists(st.tuples(st.sampled_from(["vix", "slow"]), st.integers(0, 60)), max_size=2),
)
def test_a_past_book_owes_nothing_to_what_was_told_later(
    tmp_path_factory: pytest.TempPathFactory, evening: object, corrections: list[tuple[str, int]]
) -> None:
    slow = made_entry("slow", frequency="weekly", release="period +5 days at 16:30", revised=True)
    weekly = DAYS[DAYS.day_of_week == 2]
    values = {"index": index_closes(), "vix": level(1), "slow": level(2, weekly)}
    whole, told = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("told")
    end = (pd.Timestamp(str(evening)) + pd.Timedelta(days=1)).tz_localize("America/New_York")
    entries = {"slow": slow}
    rounds = [("2019-08-01 12:00", values)]
    for number, (name, place) in enumerate(corrections):
        changed = values[name].copy()
        changed.iloc[place * 2] += 1 + number
        values = {**values, name: changed}
        rounds.append((f"2020-0{number + 1}-15 12:00", values))
    rounds.append(("2020-07-01 12:00", values))
    store = Store(told / "store.duckdb")
    for at, known in rounds:
        until = {name: each[each.index <= pd.Timestamp(at)] for name, each in known.items()}
        tell(whole, until, at=at, entries=entries)
    full = Store(whole / "store.duckdb").observations()
    _tell_vintages(store, full[full["released"] < end], entries)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROUNDSWELL_DATA", str(whole))
        loaded, cut = load(as_of=str(evening)), load().cut(str(evening))
        patch.setenv("GROUNDSWELL_DATA", str(told))
        truncated = load(as_of=str(evening))
    assert same(loaded, cut)
    assert same(loaded, truncated)


def _tell_vintages(store: Store, rows: pd.DataFrame, entries: dict[str, object]) -> None:
    """Tell a store vintages as they are, each stated by its source."""
    frame = pd.DataFrame(
        {
            "series": rows["series"].astype(str),
            "period": rows["observed"],
            "value": rows["value"],
            "stated": rows["released"],
            "ruled": rows["released"],
        }
    ).reset_index(drop=True)
    names = tuple(frame["series"].unique())
    known = tuple(entries.get(name) or made_entry(name) for name in names)
    if names:
        fetched = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
        store.write([Batch(fetched, "made", frame, asked=names, entries=known)])  # type: ignore[arg-type]


def test_a_swap_while_a_book_is_read_mixes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(folder, {"index": index_closes()}, at="2020-07-01 12:00")
    read, told = Store.observations, []

    def read_and_swap(self: Store, *arguments: object, **named: object) -> pd.DataFrame:
        if not told:
            told.append(tell(folder, {"index": index_closes(), "late": level(9)}, at="2020-07-02 12:00"))
        return read(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "observations", read_and_swap)
    assert "late" in load().series


def test_quotes_are_those_of_the_moment_of_loading(folder: Path) -> None:
    store = tell(folder, {"index": index_closes()}, at="2020-07-01 12:00")

    def quoted(at: str, strike: float) -> None:
        row = dict.fromkeys(QUOTES) | {"contract": "C1", "kind": "call", "strike": strike}
        quotes = pd.DataFrame([row | {"expiry": pd.Timestamp("2020-12-18")}])
        taken = pd.Timestamp(at, tz="UTC").to_pydatetime()
        store.write([Batch(taken, "cboe", snapshots=(Snapshot("chain.spx", taken, quotes),))])

    quoted("2020-07-02 20:00", 3_000.0)
    book = load()
    quoted("2020-07-02 20:30", 3_100.0)
    assert book.snapshot("chain.spx").quotes["strike"].tolist() == [3_000.0]
    assert load().snapshot("chain.spx").quotes["strike"].tolist() == [3_100.0]
    with pytest.raises(DataError, match="there are no quotes 'chain"):
        load(as_of="2020-07-01").snapshot("chain.spx")
    with pytest.raises(DataError, match="there are no quotes"):
        load(source="bundle").snapshot("chain.spx")


@pytest.mark.bars
def test_a_large_store_loads_in_half_a_second(folder: Path) -> None:
    days = calendar.sessions("2005-01-03", "2026-11-20")[-5_000:]
    values = {f"made_{number}": level(number, days) for number in range(299)}
    tell(folder, {"index": index_closes(days), **values}, at="2026-11-21 12:00")
    load()
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        assert len(load(as_of="2024-06-28").series) > 300
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.5
