"""What kept chains say through time.

- Volume of short-dated puts over open interest is that of `vol_demand.option_demand`, chain by chain.
- Quote width by hand: the strip of the volatility index at the ends of its quotes; relative width the median.
- A chain counts for the session on whose evening it was known; one taken while the market trades is left out;
  the last of a session counts; chains taken later change nothing.
- Few chains are counted and never handed to the equation; enough are; years of them are read only where
  there are years.
- Crossed quotes, no bid, no open interest, no expiry near 30 days: missing, not zero. Real chains (long).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_book import real_book

from groundswell.data import calendar
from groundswell.data.book import Book
from groundswell.data.sources.source import Snapshot
from groundswell.measure import option_history, vix, vol_demand

MONDAY = pd.Timestamp("2025-11-17")


def made_chain(day: pd.Timestamp, *, gap: float = 0.4, interest: float = 1_000.0) -> pd.DataFrame:
    """Return a chain around 6,700: expiries in 2 and 30 days, quotes `gap` wide."""
    rows = []
    for days, root in ((2, "SPXW"), (30, "SPXW"), (60, "SPX")):
        for strike in [6_300.0, 6_390.0, *np.arange(6_400.0, 7_001.0, 50.0), 7_150.0]:
            for kind in ("call", "put"):
                away = (strike - 6_700) * (1 if kind == "call" else -1)
                mid = 40 * np.exp(-away / 150) + 5
                rows.append((root, kind, day + pd.Timedelta(days=days), strike, mid - gap / 2, mid + gap / 2))
    table = pd.DataFrame(rows, columns=["root", "kind", "expiry", "strike", "bid", "ask"])
    count = np.arange(len(table), dtype=float)
    return table.assign(volume=count % 7, open_interest=interest, underlying=6_700.0)


@dataclass(frozen=True)
class Kept:
    """Chains by moment, and how often all of them were asked for."""

    chains: dict[datetime, pd.DataFrame]
    asked: list[pd.Timestamp | None] = field(default_factory=list)

    def last(self, name: str, before: pd.Timestamp) -> Snapshot | None:
        known = [moment for moment in sorted(self.chains) if moment < before]
        return Snapshot(name, known[-1], self.chains[known[-1]]) if known else None

    def over_time(
        self, name: str, columns: Sequence[str], before: pd.Timestamp, since: pd.Timestamp | None
    ) -> pd.DataFrame:
        self.asked.append(since)
        parts = [
            chain[list(columns)].assign(taken=pd.Timestamp(moment))
            for moment, chain in sorted(self.chains.items())
            if moment < before and (since is None or moment >= since)
        ]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["taken", *columns])


def at(day: pd.Timestamp, clock: str) -> datetime:
    """Return a moment in New York as UTC."""
    return pd.Timestamp(f"{day:%Y-%m-%d} {clock}", tz="America/New_York").to_pydatetime().astimezone(UTC)


def book_of(made_book: Callable[..., Book], kept: Kept, as_of: pd.Timestamp) -> Book:
    book = made_book(200)
    return Book(dict(book.series), as_of, "made", traded=frozenset(), quotes=kept)


def test_demand_is_that_of_each_chain(made_book: Callable[..., Book]) -> None:
    days = calendar.sessions_after(MONDAY, 3)
    kept = Kept({at(day, "17:00"): made_chain(day, interest=500.0 + n) for n, day in enumerate(days)})
    found = option_history.over_time(book_of(made_book, kept, days[-1])).days
    assert found.index.tolist() == days.tolist()
    for moment, chain in kept.chains.items():
        day = pd.Timestamp(moment).tz_convert("America/New_York").tz_localize(None).normalize()
        assert found["options"][day] == pytest.approx(vol_demand.option_demand(chain, moment), rel=1e-12)


def test_the_width_is_what_the_index_moves_by_at_the_ends_of_its_quotes(
    made_book: Callable[..., Book],
) -> None:
    chain = made_chain(MONDAY)
    kept = Kept({at(MONDAY, "17:00"): chain})
    found = option_history.over_time(book_of(made_book, kept, MONDAY)).days.iloc[0]
    near = chain[chain["expiry"] == MONDAY + pd.Timedelta(days=30)]
    strip = near[np.where(near["kind"] == "put", near["strike"] < 6_700, near["strike"] >= 6_700)]
    strip = strip.sort_values("strike")
    variances = [
        vix.term_variance(
            strip["strike"], strip[side], forward=6_700.0, k0=6_700.0, minutes=30 * 1_440, rate=0.0
        )
        for side in ("bid", "ask")
    ]
    assert found["width"] == pytest.approx((variances[1] - variances[0]) / 2, rel=1e-9)
    relative = 0.4 / ((strip["bid"] + strip["ask"]) / 2)
    assert found["relative_width"] == pytest.approx(relative.median(), rel=1e-12)
    wider = Kept({at(MONDAY, "17:00"): made_chain(MONDAY, gap=0.8)})
    twice = option_history.over_time(book_of(made_book, wider, MONDAY)).days.iloc[0]
    assert twice["width"] == pytest.approx(2 * found["width"], rel=1e-9)


def test_a_chain_counts_for_the_session_on_whose_evening_it_was_known(made_book: Callable[..., Book]) -> None:
    saturday, next_monday = MONDAY + pd.Timedelta(days=5), MONDAY + pd.Timedelta(days=7)
    moments = {
        at(MONDAY, "11:00"): 1.0,  # the day's volume is not over
        at(MONDAY, "16:20"): 2.0,
        at(MONDAY, "21:00"): 3.0,
        at(saturday, "20:00"): 4.0,
    }
    kept = Kept({moment: made_chain(MONDAY, interest=share) for moment, share in moments.items()})
    found = option_history.over_time(book_of(made_book, kept, next_monday))
    assert found.days.index.tolist() == [MONDAY, next_monday]
    assert found.days["taken"].tolist() == [at(MONDAY, "21:00"), at(saturday, "20:00")]
    assert found.partial == 1
    cut = option_history.over_time(book_of(made_book, kept, MONDAY))
    pd.testing.assert_frame_equal(cut.days, found.days.iloc[:1], check_freq=False)


def test_few_chains_are_counted_and_no_series(made_book: Callable[..., Book]) -> None:
    none = option_history.for_equation(made_book(200))
    assert none.days.empty
    assert none.options is None
    assert none.sentence.startswith("No chain of options is kept: `groundswell update --series chain.spx`")
    days = calendar.sessions_after(MONDAY, 4)
    kept = Kept({at(day, "17:00"): made_chain(day) for day in days})
    few = option_history.for_equation(book_of(made_book, kept, days[-1]))
    assert few.options is None
    assert few.width is None
    assert len(few.days) == 4
    assert "kept for 4 sessions since 18 Nov 2025; 532 are needed" in few.sentence
    assert kept.asked[-1] is not None  # years of chains are not read for nothing
    partial = Kept({at(MONDAY, "11:00"): made_chain(MONDAY)})
    assert "1 taken while the market was open" in (
        option_history.for_equation(book_of(made_book, partial, MONDAY)).sentence
    )


def test_enough_chains_are_the_series_of_the_equation(made_book: Callable[..., Book]) -> None:
    days = calendar.sessions_after(pd.Timestamp("2023-01-02"), option_history.NEEDED)
    small = made_chain(MONDAY).query("6600 <= strike <= 6800")
    left = small["expiry"] - MONDAY
    kept = Kept({at(day, "17:00"): small.assign(expiry=day + left) for day in days})
    last = days[-1] + pd.Timedelta(days=30)
    found = option_history.for_equation(book_of(made_book, kept, last))
    assert kept.asked[-1] is None
    assert found.enough
    assert found.options is not None
    assert found.width is not None
    assert found.options.index.tolist() == days.tolist()
    assert found.width.notna().all()
    assert "are in the equation" in found.sentence
    one_less = option_history.OptionHistory(found.days.iloc[1:])
    assert not one_less.enough


def test_what_a_chain_does_not_say_is_missing(made_book: Callable[..., Book]) -> None:
    chain = made_chain(MONDAY)
    cases = {
        "options": chain.assign(open_interest=0.0),
        "width": chain.assign(bid=0.0),
        "relative_width": chain.assign(ask=chain["bid"] - 0.1),
    }
    far = chain[chain["expiry"] != MONDAY + pd.Timedelta(days=30)]
    for column, broken in [*cases.items(), ("width", far), ("width", chain.assign(underlying=np.nan))]:
        kept = Kept({at(MONDAY, "17:00"): broken})
        found = option_history.over_time(book_of(made_book, kept, MONDAY)).days.iloc[0]
        assert np.isnan(found[column]), column
        others = {"options", "width"} - ({"width"} if "width" in column else {"options"})
        assert all(np.isfinite(found[name]) for name in others)


@pytest.mark.bars
def test_real_chains(real_data: Callable[[str], Path]) -> None:
    found = option_history.over_time(real_book(real_data, "2022-12-30")).days
    assert found.index.strftime("%Y-%m-%d").tolist() == ["2022-02-07", "2022-06-13", "2022-12-12"]
    assert found["options"].between(0.01, 0.10).all()
    assert found["relative_width"].iloc[:2].between(0.005, 0.10).all()
    assert found["width"].iloc[1] > found["width"].iloc[0]  # the sell-off of June
    assert found[["width", "relative_width"]].iloc[2].isna().all()  # no bids that evening
