"""When a figure became visible, as statements about the world.

Covers: a first look at history; a figure out on time, late after a shutdown, early; revisions;
withdrawn values; the source's own vintages, and what they do to guesses; a stated vintage that
changed; positions of the futures regulator end to end; batches told twice or late.
"""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from told_store import at, entry, ruled, said

from groundswell.data.errors import SourceError, StoreError
from groundswell.data.sources.source import SeriesFailure
from groundswell.data.store.layout import Batch
from groundswell.data.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store.duckdb")


def vintages(store: Store, as_of: str | None = None) -> list[tuple[str, str, float, str]]:
    """Return what is read: period, release, value, basis."""
    frame = store.observations(as_of=None if as_of is None else at(as_of))
    return [
        (f"{row.observed:%m-%d}", f"{row.released:%m-%d %H:%M}", row.value, row.basis)
        for row in frame.itertuples()
    ]


def counts(report: pd.DataFrame) -> tuple[int, int, int]:
    [row] = report.itertuples(index=False)
    return row.new, row.revised, row.unchanged


def test_history_met_for_the_first_time_was_public_when_the_rule_says(store: Store) -> None:
    assert counts(store.write([said("2024-02-01", values={"2024-01-01": 1.0, "2024-01-08": 2.0})])) == (
        2,
        0,
        0,
    )
    assert vintages(store) == [("01-01", "01-04 20:30", 1.0, "rule"), ("01-08", "01-11 20:30", 2.0, "rule")]
    assert vintages(store, "2024-01-11 20:30") == vintages(store)[:1]


def test_a_figure_out_since_the_last_look_was_public_when_the_rule_says(store: Store) -> None:
    store.write([said("2024-01-10", values={"2024-01-01": 1.0})])
    store.write([said("2024-01-20", values={"2024-01-01": 1.0, "2024-01-08": 2.0})])
    assert vintages(store)[1] == ("01-08", "01-11 20:30", 2.0, "rule")


def test_a_figure_delayed_by_a_shutdown_became_visible_when_it_was_seen(store: Store) -> None:
    store.write([said("2024-01-10", values={"2024-01-01": 1.0})])
    store.write([said("2024-01-15", values={"2024-01-01": 1.0})])
    store.write([said("2024-01-20 09:00", values={"2024-01-01": 1.0, "2024-01-08": 2.0})])
    assert vintages(store)[1] == ("01-08", "01-20 09:00", 2.0, "seen")
    assert store.latest("jobs", at("2024-01-20")).index.tolist() == [pd.Timestamp("2024-01-01")]


def test_a_figure_out_before_the_rule_became_visible_when_it_was_seen(store: Store) -> None:
    store.write([said("2024-01-11 12:00", values={"2024-01-01": 1.0, "2024-01-08": 2.0})])
    assert vintages(store)[1] == ("01-08", "01-11 12:00", 2.0, "seen")


def test_history_before_the_first_stored_period_was_public_when_the_rule_says(store: Store) -> None:
    store.write([said("2024-02-01", values={"2024-01-08": 2.0, "2024-01-22": 4.0})])
    store.write([said("2024-02-02", values={"2024-01-01": 1.0, "2024-01-15": 3.0})])
    assert vintages(store)[0] == ("01-01", "01-04 20:30", 1.0, "rule")
    assert vintages(store)[2] == ("01-15", "02-02 00:00", 3.0, "seen"), "a hole, missing when we looked"


def test_a_revised_figure_never_overwrites_the_one_before(store: Store) -> None:
    store.write([said("2024-01-10", values={"2024-01-01": 1.0})])
    assert counts(store.write([said("2024-01-17 08:00", values={"2024-01-01": 1.5})])) == (0, 1, 0)
    assert counts(store.write([said("2024-01-24 08:00", values={"2024-01-01": 1.0})])) == (0, 1, 0)
    seen = [store.latest("jobs", at(day)).to_list() for day in ("2024-01-05", "2024-01-18", "2024-01-25")]
    assert seen == [[1.0], [1.5], [1.0]]


def test_a_figure_that_stays_the_same_is_no_new_vintage(store: Store) -> None:
    store.write([said("2024-01-10", values={"2024-01-01": 1.0})])
    assert counts(store.write([said("2024-01-17", values={"2024-01-01": 1.0})])) == (0, 0, 1)
    assert len(vintages(store)) == 1


def test_a_withdrawn_figure_is_gone_from_then_on_and_still_there_before(store: Store) -> None:
    first, withdrawal = ("2024-01-01", "2024-01-05", 1.0), ("2024-01-01", "2024-01-12", math.nan)
    store.write([said("2024-01-20", stated=[first, withdrawal])])
    assert store.latest("jobs", at("2024-01-12")).to_list() == [1.0]
    assert store.latest("jobs").empty
    assert counts(store.write([said("2024-01-21", stated=[first, withdrawal])])) == (0, 0, 2)
    assert math.isnan(store.observations()["value"].iloc[-1])


def test_a_missing_figure_without_a_stated_time_is_no_withdrawal(store: Store) -> None:
    store.write([said("2024-01-10", values={"2024-01-01": 1.0})])
    store.write([said("2024-01-11", values={"2024-01-01": math.nan})])
    assert store.latest("jobs").to_list() == [1.0]


def test_the_sources_own_vintages_set_guesses_aside_without_deleting_them(
    store: Store, tmp_path: Path
) -> None:
    store.write([said("2024-02-01", values={"2024-01-01": 1.5, "2024-01-08": 2.0})])
    told = [("2024-01-01", "2024-01-05 13:30", 1.0), ("2024-01-01", "2024-01-19 13:30", 1.5)]
    assert counts(store.write([said("2024-02-02", stated=told)])) == (0, 2, 0)
    assert vintages(store) == [
        ("01-01", "01-05 13:30", 1.0, "stated"),
        ("01-01", "01-19 13:30", 1.5, "stated"),
        ("01-08", "01-11 20:30", 2.0, "rule"),
    ]
    kept = pd.read_parquet(store.export(tmp_path / "out")[0])
    assert kept.loc[kept["superseded"], ["value", "basis"]].to_numpy().tolist() == [[1.5, "rule"]]


def test_what_was_seen_stays_beside_the_sources_own_vintages(store: Store) -> None:
    store.write([said("2024-01-10", values={"2024-01-01": 1.0})])
    store.write([said("2024-01-17", values={"2024-01-01": 1.5})])
    store.write([said("2024-02-02", stated=[("2024-01-01", "2024-01-05", 1.0)])])
    assert [row[3] for row in vintages(store)] == ["stated", "seen"]


def test_a_stated_vintage_that_changed_is_kept_in_both_versions(store: Store) -> None:
    store.write([said("2024-01-10", stated=[("2024-01-01", "2024-01-05", 1.0)])])
    changed = said("2024-01-20 10:00", stated=[("2024-01-01", "2024-01-05", 1.2)])
    assert counts(store.write([changed])) == (0, 1, 0)
    assert vintages(store) == [("01-01", "01-05 00:00", 1.0, "stated"), ("01-01", "01-20 10:00", 1.2, "seen")]
    later = said("2024-01-27", stated=[("2024-01-01", "2024-01-05", 1.2)])
    assert counts(store.write([later])) == (0, 0, 1)
    back = said("2024-01-28", stated=[("2024-01-01", "2024-01-05", 1.0)])
    assert counts(store.write([back])) == (0, 1, 0)
    assert store.latest("jobs").to_list() == [1.0]
    gone = said("2024-01-29", stated=[("2024-01-01", "2024-01-05", math.nan)])
    assert counts(store.write([gone])) == (0, 1, 0)
    assert store.latest("jobs").empty


def test_a_change_to_an_old_vintage_is_kept_but_does_not_become_the_latest_figure(
    store: Store, tmp_path: Path
) -> None:
    first, second = ("2024-01-01", "2024-01-05", 1.0), ("2024-01-01", "2024-01-12", 1.5)
    store.write([said("2024-01-15", stated=[first, second])])
    assert counts(store.write([said("2024-01-20", stated=[(*first[:2], 0.9), second])])) == (0, 1, 1)
    assert counts(store.write([said("2024-01-21", stated=[(*first[:2], 0.8)])])) == (0, 1, 0)
    assert store.latest("jobs").to_list() == [1.5]
    assert 0.9 in pd.read_parquet(store.export(tmp_path / "out")[0])["value"].to_list()


def test_positions_dated_tuesday_are_visible_from_their_friday_release(store: Store) -> None:
    reported = {"2024-01-02": -120.0, "2024-01-09": -150.0, "2024-01-16": -90.0}
    names = ("cot.es.leveraged.long", "cot.es.leveraged.short")
    store.write([said("2024-01-20", name, reported) for name in names])
    store.write([said("2024-01-27", name, {**reported, "2024-01-23": -60.0}) for name in names])
    for name in names:
        on_friday = store.latest(name, at("2024-01-26 20:30"))
        after = store.latest(name, at("2024-01-26 20:31"))
        assert on_friday.index[-1] == pd.Timestamp("2024-01-16")
        assert (after.index[-1], after.iloc[-1]) == (pd.Timestamp("2024-01-23"), -60.0)
    assert ruled("2024-01-23") == pd.Timestamp("2024-01-26 20:30", tz="UTC")


def test_a_batch_told_twice_changes_nothing_even_after_a_newer_one(store: Store) -> None:
    older = said("2024-01-10", values={"2024-01-01": 1.0}, stated=[("2024-01-08", "2024-01-09", 5.0)])
    newer = said("2024-01-17", values={"2024-01-01": 1.5}, stated=[("2024-01-08", "2024-01-09", 5.5)])
    store.write([older, newer])
    once = vintages(store)
    assert len(once) == 4
    assert counts(store.write([older])) == (0, 0, 2)
    assert counts(store.write([newer, older])) == (0, 0, 4)
    assert vintages(store) == once


def test_batches_are_taken_in_order_of_time_whatever_order_they_come_in(store: Store) -> None:
    days = {"2024-01-10": 1.0, "2024-01-17": 1.5, "2024-01-24": 2.0}
    store.write([said(day, values={"2024-01-01": value}) for day, value in reversed(days.items())])
    assert [row[2] for row in vintages(store)] == [1.0, 1.5, 2.0]


def test_two_values_for_one_release_are_refused_and_nothing_is_stored(store: Store) -> None:
    twice = [("2024-01-01", "2024-01-05", 1.0), ("2024-01-01", "2024-01-05", 2.0)]
    with pytest.raises(StoreError, match=r"series 'jobs': the answer gives the period 2024-01-01 two values"):
        store.write([said("2024-01-10", "rates", {"2024-01-01": 1.0}), said("2024-01-10", stated=twice)])
    assert not store.exists


def test_millions_never_join_billions_under_one_name(store: Store) -> None:
    batch = said("2024-01-10", values={"2024-01-01": 1.0})
    store.write([Batch(batch.fetched, "made", batch.observations, entries=(entry(),))])
    renamed = Batch(batch.fetched, "made", batch.observations, entries=(entry(unit="USD million"),))
    with pytest.raises(StoreError, match=r"the catalog now says 'USD million', .* stored is in 'USD bn'"):
        store.write([renamed])
    assert store.standing()["unit"].to_list() == ["USD bn"]


def test_a_unit_may_be_corrected_while_nothing_is_stored_in_it(store: Store) -> None:
    batch = said("2024-01-10", values={"2024-01-01": 1.0})
    failed = SeriesFailure("jobs", SourceError("not of the usual size"))
    store.write([Batch(batch.fetched, "made", failures=(failed,), entries=(entry(unit="USD million"),))])
    store.write([Batch(batch.fetched, "made", batch.observations, entries=(entry(),))])
    assert store.standing()["unit"].to_list() == ["USD bn"]
