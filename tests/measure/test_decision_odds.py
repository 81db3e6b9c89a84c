"""The odds of a decision over time.

- Odds put into contracts come back; later evenings and later quotes change no earlier odds.
- What is asked is settled by the first evening; the complement of an event moves as far.
- November 2025 as published: the largest day is 32 points or 8 basis points; movement by hand.
- A decision between meetings counts from its evening on.
- Real futures, 2010 to 2022: on average the odds moved as far as uncertainty was resolved.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_futures import (
    DECEMBER,
    NOVEMBER_2025,
    OCTOBER,
    SEPTEMBER,
    START,
    autumn_2025,
    quotes_of,
    real_quotes,
)

from groundswell.data import calendar
from groundswell.measure import decision_odds, futures_strip
from groundswell.measure.decision_odds import Event

DAYS = calendar.sessions("2025-07-01", "2025-11-26")
PRICES = futures_strip.table(quotes_of(list(DAYS), START, autumn_2025))
PUBLISHED = [day for day in pd.to_datetime(list(NOVEMBER_2025)) if day in DAYS]


def test_odds_put_into_contracts_come_back() -> None:
    odds = decision_odds.odds(PRICES, DECEMBER)
    assert odds.index[0] == DAYS[0]
    cut = Event(-25).probability(odds)
    assert cut[PUBLISHED].tolist() == pytest.approx(list(NOVEMBER_2025.values()), abs=1e-9)
    assert odds[decision_odds.moves_of(odds).tolist()].sum(axis=1).tolist() == pytest.approx([1] * len(odds))
    assert decision_odds.odds(PRICES, SEPTEMBER).index[-1] == pd.Timestamp(SEPTEMBER)
    assert decision_odds.odds(PRICES, date(2027, 3, 17)).empty  # its calendar is known, its contract is not


@given(st.integers(5, len(DAYS) - 1), st.integers(0, 1_000))
def test_later_quotes_change_no_earlier_odds(kept: int, seed: int) -> None:
    changed = PRICES.copy()
    random = np.random.default_rng(seed)
    changed.iloc[kept:] += random.normal(0, 0.05, (len(DAYS) - kept, PRICES.shape[1]))
    whole = decision_odds.odds(PRICES, DECEMBER)
    for other in (changed, PRICES.iloc[:kept]):
        early = decision_odds.odds(other, DECEMBER)[: DAYS[kept - 1]]
        shared = [name for name in early.columns if name in whole.columns]
        pd.testing.assert_frame_equal(
            early[shared], whole.loc[: DAYS[kept - 1], shared], check_freq=False, atol=1e-12
        )


@pytest.mark.parametrize(
    ("change", "event"),
    [(-0.24, -25), (-0.26, -50), (-0.01, -25), (0.0, 25), (0.01, 25), (0.52, 75), (0.5, 75), (-0.25, -25)],
)
def test_what_is_asked_is_open_at_first(change: float, event: int) -> None:
    assert Event.open_at(change) == Event(event)


def test_an_event_is_the_sum_of_its_moves() -> None:
    odds = pd.DataFrame({"change": [0.1], -25: [0.1], 0: [0.2], 25: [0.3], 50: [0.4]})
    assert Event(25).probability(odds).tolist() == pytest.approx([0.7])
    assert Event(50).probability(odds).tolist() == pytest.approx([0.4])
    assert Event(-25).probability(odds).tolist() == pytest.approx([0.1])
    assert Event(75).probability(odds).tolist() == [0.0]


def test_november_2025_as_published() -> None:
    """Compiled from secondary sources, eight evenings of thirty; the others are held at the last known."""
    found, event = decision_odds.since(decision_odds.odds(PRICES, DECEMBER), OCTOBER)
    assert event == Event(-25)
    beliefs = event.probability(found)
    day = decision_odds.largest_move(beliefs, 1)
    assert day == (pd.Timestamp("2025-11-11"), pd.Timestamp("2025-11-12"))  # 95 to 62.9, as far as is known
    later = decision_odds.largest_move(beliefs["2025-11-13":], 1)
    assert later == (pd.Timestamp("2025-11-20"), pd.Timestamp("2025-11-21"))
    points = beliefs[later[1]] - beliefs[later[0]]
    assert points == pytest.approx(0.318)
    assert found.loc[later[1], "change"] - found.loc[later[0], "change"] == pytest.approx(-0.0795)
    moved = decision_odds.movement(beliefs, 1.0)
    assert moved is not None
    by_hand = 0.321**2 + 0.135**2 + 0.006**2 + 0.2**2 + 0.091**2 + 0.318**2 + 0.111**2
    assert moved.movement == pytest.approx(by_hand, abs=1e-9)
    assert moved.excess == pytest.approx(by_hand - (0.95 * 0.05 - 0.82 * 0.18), abs=1e-9)
    assert moved.rarity[1] < 0.05


def test_the_largest_move_keeps_to_its_sessions() -> None:
    days = pd.DatetimeIndex(["2025-11-03", "2025-11-04", "2025-11-12", "2025-11-13", "2025-11-14"])
    beliefs = pd.Series([0.2, 0.3, 0.9, 0.8, 0.7], days)
    assert decision_odds.largest_move(beliefs, 1) == (days[0], days[1])
    assert decision_odds.largest_move(beliefs, 5) == (days[2], days[4])
    assert decision_odds.largest_move(beliefs, 7) == (days[0], days[2])
    assert decision_odds.largest_move(beliefs.iloc[:1], 1) is None
    assert decision_odds.largest_move(beliefs.iloc[[1, 2]], 1) is None


def test_odds_that_were_never_open_have_no_movement() -> None:
    days = DAYS[:4]
    assert decision_odds.movement(pd.Series([0.0, 0.0, 0.0, 0.0], days), 1.0) is None
    assert decision_odds.movement(pd.Series([0.0, 0.0, 1.0, 0.4], days), 1.0) is None
    late = decision_odds.movement(pd.Series([1.0, 0.9, 0.8, 1.0], days), 1.0)
    assert late is not None
    assert late.prior == 0.9


def test_a_decision_between_meetings_counts_from_its_evening_on() -> None:
    april = date(2020, 4, 29)
    before, after = pd.Timestamp("2020-03-02"), pd.Timestamp("2020-03-16")
    assert decision_odds.previous_decision(april, before) == date(2020, 3, 18)
    assert decision_odds.previous_decision(april, after) == date(2020, 3, 15)
    assert decision_odds.previous_decision(date(2020, 3, 18), before) == date(2020, 1, 29)


def test_real_odds_moved_as_far_as_uncertainty_was_resolved(real_data: Callable[[str], Path]) -> None:
    prices = futures_strip.table(
        real_quotes(real_data("rates/fed_funds_futures_contracts.csv.gz"), "2009-12")
    )
    found = decision_odds.movements(prices, draws=300)
    assert len(found) > 90
    excess = found["excess"]
    error = excess.std() / np.sqrt(len(excess))
    assert abs(excess.mean()) < 2 * error
    # far out on some meetings all the same: the rises of March and June 2022, the cut of July 2019
    assert set(excess.nlargest(3).index.strftime("%Y-%m")) == {"2022-03", "2022-06", "2019-07"}
    assert (found["rarity_high"] < 0.10).mean() < 0.15
    june, _ = decision_odds.since(decision_odds.odds(prices, date(2022, 6, 15)), date(2022, 5, 4))
    beliefs = Event(75).probability(june)[:"2022-06-14"]
    before, after = decision_odds.largest_move(beliefs, 1) or (None, None)
    assert after == pd.Timestamp("2022-06-14")
    assert beliefs[after] - beliefs[before] == pytest.approx(0.62, abs=0.01)
