"""A stored index continues the bundled one where both say the same, and is refused where they do not.

- bundled closes stand through their last day, stored ones after it, and the sheet says so from that day
- another level, too few shared days, or a hole at the joint: no splice, and the reason in words
- a book cut before the joint is the bundle's own, whatever is stored
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_data import random_walk

from groundswell.data import calendar, splice
from groundswell.data.book import Book, Part, Series

DAYS = calendar.sessions("2017-06-01", "2019-12-31")
WALK = pd.Series(random_walk(len(DAYS), seed=3), DAYS)


def part_of(closes: pd.Series, origin: str, name: str) -> Series:
    made = Series.of_closes(closes, name="index", unit="price", source=name, title="index, made")
    return replace(made, parts=(Part(closes.index[0], origin, name),))  # type: ignore[arg-type]


def bundled() -> Series:
    return part_of(WALK[:"2018-12-31"], "bundle", "the bundle")


def stored(since: str = "2018-06-01", factor: float = 1.0) -> Series:
    return part_of(WALK[since:] * factor, "store", "FRED")


def test_stored_closes_follow_the_last_bundled_one() -> None:
    bundle, store = bundled(), stored(factor=1.0004)
    joined = splice.index_of(bundle, store)
    values = joined.series.latest()
    assert values.index.equals(DAYS)
    np.testing.assert_array_equal(values[:"2018-12-31"], bundle.latest())
    np.testing.assert_array_equal(values["2019-01-02":], store.latest()["2019-01-02":])
    assert [(each.name, f"{each.since:%Y-%m-%d}") for each in joined.series.parts] == [
        ("the bundle", "2017-06-01"),
        ("FRED", "2019-01-02"),
    ]


def test_the_sheet_says_where_the_days_come_from_once_that_is_so() -> None:
    joined = splice.index_of(bundled(), stored())
    book = Book({"index": joined.series}, DAYS[-1], "the bundle, FRED from 2 Jan 2019", False, joined.remarks)
    assert "the 147 sessions that both hold agree" in book.notes[0]
    assert book.cut("2019-01-02").label == book.label
    before = book.cut("2019-01-01")
    assert (before.notes, before.label, before.is_bundled) == ((), "the bundle", True)


@pytest.mark.parametrize(
    ("store", "said"),
    [
        (stored(factor=1.0006), "differ on 147 of 147 shared sessions, first on 2018-06-01"),
        (stored(since="2018-12-10"), "share 15 sessions, and 21 are needed"),
        (stored(since="2019-01-02"), "share 0 sessions"),
    ],
)
def test_an_index_that_cannot_be_the_same_is_not_joined(store: Series, said: str) -> None:
    refused = splice.index_of(bundled(), store)
    assert said in str(refused.remarks[0])
    assert refused.series is store


def test_one_wrong_close_is_named_with_its_day() -> None:
    closes = WALK["2018-06-01":].copy()
    closes["2018-09-04"] *= 1.01
    refused = splice.index_of(bundled(), part_of(closes, "store", "FRED"))
    assert "differ on 1 of 147 shared sessions, first on 2018-09-04" in str(refused.remarks[0])


def test_a_hole_at_the_joint_is_not_bridged() -> None:
    closes = WALK["2018-06-01":].drop(DAYS[(DAYS > "2018-12-31") & (DAYS < "2019-01-11")])
    refused = splice.index_of(bundled(), part_of(closes, "store", "FRED"))
    assert "8 weekdays are missing between 2018-12-31 and 2019-01-11" in str(refused.remarks[0])


def test_without_enough_of_its_own_the_store_gives_way_to_the_bundle() -> None:
    short = part_of(WALK["2018-10-01":"2019-02-28"] * 1.1, "store", "FRED")
    refused = splice.index_of(bundled(), short)
    assert refused.series.parts[0].name == "the bundle"
    assert "only the values of the bundle are used" in str(refused.remarks[0])


def test_a_store_that_ends_within_the_bundle_changes_nothing() -> None:
    bundle = bundled()
    assert splice.index_of(bundle, part_of(WALK[:"2018-03-01"] * 2, "store", "FRED")).series is bundle


def test_other_series_keep_bundled_values_before_their_first_stored_day() -> None:
    whole = splice.continued(bundled(), stored(since="2018-06-01", factor=2.0))
    assert not whole.frame["observed"].duplicated().any()
    joined = whole.latest()
    np.testing.assert_array_equal(joined[:"2018-05-31"], WALK[:"2018-05-31"])
    np.testing.assert_array_equal(joined["2018-06-01":], 2.0 * WALK["2018-06-01":])
