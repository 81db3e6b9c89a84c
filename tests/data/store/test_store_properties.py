"""What holds for every history, however it is told.

Covers: the store equals the same rules written plainly; a batch told again changes nothing; reading as
of t equals a store that was told nothing after t.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_store import PlainSeries
from told_store import said

from groundswell.data.store.layout import Batch
from groundswell.data.store.store import Store

START = datetime(2024, 1, 1, tzinfo=UTC)
PERIODS = [f"2024-01-{day:02d}" for day in range(1, 6)]
VALUES = st.sampled_from([1.0, 2.0, 3.0])

# Looks are days 1 to 12 after the first period, at 21:00, half an hour after the rule of some period.
LOOKS = st.lists(st.integers(1, 12), min_size=1, max_size=5, unique=True)
History = list[Batch]


def look(day: int) -> str:
    return f"{START + timedelta(days=day, hours=21):%Y-%m-%d %H:%M}"


@st.composite
def seen_histories(draw: st.DrawFn) -> History:
    """Looks at a source that gives figures without release times, from the first period on."""
    days = sorted(draw(LOOKS))
    figures = [draw(st.dictionaries(st.sampled_from(PERIODS), VALUES)) for _ in days]
    return [
        said(look(day), values={PERIODS[0]: draw(VALUES), **shown})
        for day, shown in zip(days, figures, strict=True)
    ]


@st.composite
def stated_histories(draw: st.DrawFn) -> History:
    """Looks at a source that states its vintages; each look shows some of those out by then."""
    vintages = draw(
        st.dictionaries(
            st.tuples(st.sampled_from(PERIODS), st.integers(1, 12)),
            st.sampled_from([1.0, 2.0, math.nan]),
            min_size=1,
            max_size=10,
        )
    )
    batches = []
    for day in sorted(draw(LOOKS)):
        out = [key for key in vintages if key[1] <= day]
        shown = draw(st.sets(st.sampled_from(out))) if out else set()
        stated = [(period, look(out_on), vintages[period, out_on]) for period, out_on in sorted(shown)]
        batches.append(said(look(day), stated=stated))
    return batches


@st.composite
def any_histories(draw: st.DrawFn) -> History:
    """Looks at a source that does anything: states or not, changes what it stated, withdraws."""
    batches = []
    for day in sorted(draw(LOOKS)):
        keys = st.tuples(st.sampled_from(PERIODS), st.integers(1, day))
        stated = draw(st.dictionaries(keys, st.sampled_from([1.0, 2.0, math.nan]), max_size=4))
        unstated = sorted(set(PERIODS) - {period for period, _ in stated})
        values = draw(st.dictionaries(st.sampled_from(unstated), VALUES)) if unstated else {}
        rows = [(period, look(out_on), value) for (period, out_on), value in stated.items()]
        batches.append(said(look(day), values=values, stated=rows))
    return batches


def many(histories: st.SearchStrategy[History]) -> st.SearchStrategy[list[History]]:
    """Several series at once: one store decides them together, so that an example costs little."""
    return st.lists(histories, min_size=8, max_size=12)


def named(histories: Iterable[History]) -> list[History]:
    """Give every history a series of its own."""
    return [
        [
            Batch(each.fetched, each.source, each.observations.assign(series=f"s{number}"), (f"s{number}",))
            for each in history
        ]
        for number, history in enumerate(histories)
    ]


def told(folder: str, name: str, batches: Iterable[Batch]) -> Store:
    store = Store(Path(folder) / f"{name}.duckdb")
    store.write(list(batches))
    return store


def check_against_plain_rules(histories: list[History]) -> None:
    histories = named(histories)
    with TemporaryDirectory() as folder:
        store = told(folder, "store", (batch for history in histories for batch in history))
        frame = store.observations()
        for number, history in enumerate(histories):
            plain = PlainSeries()
            for batch in history:
                plain.tell(batch)
            mine = frame[frame["series"] == f"s{number}"]
            rows = [
                (row.observed, row.released, "withdrawn" if math.isnan(row.value) else row.value, row.basis)
                for row in mine.itertuples()
            ]
            assert rows == plain.known()
        again = store.write([history[len(history) // 2] for history in histories])
        assert again[["new", "revised"]].to_numpy().sum() == 0
        pd.testing.assert_frame_equal(store.observations(), frame)


def check_seen_truncation(histories: list[History], cut: int) -> None:
    """Hold for every series: what it held after one of its looks is what is read of it for then."""
    histories = named(histories)
    early = [history[: 1 + cut % len(history)] for history in histories]
    with TemporaryDirectory() as folder:
        whole = told(folder, "whole", (batch for history in histories for batch in history)).observations()
        known_then = told(folder, "early", (batch for history in early for batch in history)).observations()
        last_looks = {f"s{number}": history[-1].fetched for number, history in enumerate(early)}
        looked = pd.to_datetime(whole["series"].astype("str").map(last_looks))
        assert same(whole[whole["released"] <= looked], known_then)


def check_stated_truncation(histories: list[History], day: int) -> None:
    histories = named(histories)
    now = pd.Timestamp(look(day), tz="UTC")
    with TemporaryDirectory() as folder:
        batches = [batch for history in histories for batch in history]
        whole = told(folder, "whole", batches)
        silenced = [
            Batch(each.fetched, each.source, each.observations[each.observations["stated"] < now], each.asked)
            for each in batches
        ]
        assert same(whole.observations(as_of=now), told(folder, "silenced", silenced).observations())


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    plain = {"series": "str", "basis": "str"}
    return one.astype(plain).reset_index(drop=True).equals(other.astype(plain).reset_index(drop=True))


@settings(max_examples=5, deadline=None)
@given(many(any_histories()))
def test_the_store_equals_the_rules_written_plainly(histories: list[History]) -> None:
    check_against_plain_rules(histories)


@settings(max_examples=3, deadline=None)
@given(many(seen_histories()), st.integers(0, 4))
def test_what_was_seen_by_a_day_is_what_a_store_of_that_day_held(histories: list[History], cut: int) -> None:
    check_seen_truncation(histories, cut)


@settings(max_examples=3, deadline=None)
@given(many(stated_histories()), st.integers(1, 13))
def test_what_was_stated_before_a_day_is_what_a_store_told_nothing_later_holds(
    histories: list[History], day: int
) -> None:
    check_stated_truncation(histories, day)


@pytest.mark.bars
@settings(max_examples=40, deadline=None)
@given(many(any_histories()), many(seen_histories()), many(stated_histories()), st.integers(1, 13))
def test_all_of_it_for_many_histories(
    anyhow: list[History], seen: list[History], stated: list[History], day: int
) -> None:
    check_against_plain_rules(anyhow)
    check_seen_truncation(seen, day % 5)
    check_stated_truncation(stated, day)
