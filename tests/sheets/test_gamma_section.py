"""Option hedging on the desk.

- The bundle has no chain: nothing is drawn, what to do is said, flows are those of the calibrated book and
  labelled so.
- With a chain: gamma, flips and exposures are those of the measures; the band holds every convention; what
  has no flip says between which levels.
- Quotes older than the last session are read at its close, without what has settled, and badged; older
  than a month they are of no use.
- Nothing quoted or released after the evening enters; the rate says where it is from.
- Hedging turns a move into 1 / (1 + k G) of itself, or nothing bounds it. Real evenings.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_chain import RATE, SESSIONS, evening, made_book, made_index, made_snapshot, with_chain
from real_book import real_book

from groundswell.data.book import Book, Series
from groundswell.data.bundle import bundled_book
from groundswell.measure import gamma
from groundswell.runs.history import lay_out
from groundswell.sheets import gamma_frames, gamma_quotes, gamma_section, gamma_words, words
from groundswell.sheets.gamma_section import GammaSection
from groundswell.sheets.moment import moment
from groundswell.world.impact_law import ImpactLaw


def build(book: Book, draws: int = 20) -> GammaSection:
    return gamma_section.build(book, moment(book, True), draws=draws)


def carry(held: gamma_quotes.Held) -> dict[str, np.ndarray]:
    """Return rate and dividend yield of each contract."""
    return {name: held.frame[name].to_numpy() for name in ("rate", "dividend_yield")}


@pytest.fixture(scope="module")
def fresh() -> GammaSection:
    return build(with_chain())


@pytest.fixture(scope="module")
def held() -> gamma_quotes.Held:
    book = with_chain()
    return gamma_quotes.held(book, moment(book, True))


def test_without_a_chain_the_calibrated_book_speaks_and_the_rest_is_said_to_be_missing() -> None:
    section = build(bundled_book())
    for name in ("profile", "flips", "expiring"):
        assert section.frame(name).empty
        assert len(section.frame(name).columns) > 3
    assert "groundswell update --series chain.spx" in section.missing[0]
    assert set(section.flows["basis"]) == {"calibrated"}
    assert "calibrated book, no chain" in section.data
    assert len(section.flows) == 15
    assert section.exposures["measure"].tolist() == ["gamma"]
    gamma_today = section.exposures["central"].iloc[0]
    assert f"${abs(gamma_today):.1f}bn per 1%" in section.finding
    assert section.impact["gamma"].iloc[0] == gamma_today
    assert not section.is_empty


def test_the_profile_is_that_of_the_measure_and_the_band_holds_every_convention(
    fresh: GammaSection, held: gamma_quotes.Held
) -> None:
    whole = fresh.profile[fresh.profile["expiries"] == "all"]
    for convention in gamma.CONVENTIONS:
        expected = gamma.profile(
            held.frame,
            whole["level"],
            convention=convention,  # type: ignore[arg-type]
            **carry(held),
        )
        np.testing.assert_allclose(whole[convention], expected)
        assert (fresh.profile["low"] <= fresh.profile[convention]).all()
        assert (fresh.profile[convention] <= fresh.profile["high"]).all()
    assert set(fresh.profile["expiries"]) == {"all", "without_next"}
    np.testing.assert_allclose(whole["level"], fresh.spot * (1 + whole["distance"]))
    assert whole["level"].min() < fresh.spot < whole["level"].max()


def test_a_flip_is_where_the_profile_changes_sign_or_nowhere_in_the_range(fresh: GammaSection) -> None:
    whole = fresh.profile[fresh.profile["expiries"] == "all"]
    for convention, part in fresh.flips[fresh.flips["expiries"] == "all"].groupby("convention"):
        changes = np.count_nonzero(np.diff(np.sign(whole[convention])))
        assert (part["number"] > 0).sum() == changes
        for level in part["level"].dropna():
            at = np.interp(level, whole["level"], whole[convention])
            assert abs(at) < 0.02 * whole[convention].abs().max()
    short = fresh.flips[fresh.flips["convention"] == "all_short"]
    assert (short["number"] == 0).all()
    assert short["level"].isna().all()
    split = fresh.flips[fresh.flips["convention"] == "calls_long_puts_short"].iloc[0]
    assert f"flip at {split['level']:,.0f} (calls long, puts short)" in fresh.finding
    assert f"none between {whole['level'].min():,.0f} and {whole['level'].max():,.0f}" in fresh.finding


def test_exposures_are_those_of_the_measure_beside_the_calibrated_book(
    fresh: GammaSection, held: gamma_quotes.Held
) -> None:
    expected = gamma.exposures(held.frame, held.spot, **carry(held))
    found = fresh.exposures[fresh.exposures["basis"] == "chain"].set_index("measure")
    for measure in ("gamma", "vanna", "charm"):
        assert found.loc[measure, "central"] == pytest.approx(expected[measure])
        assert found.loc[measure, "low"] <= found.loc[measure, "central"] <= found.loc[measure, "high"]
    model = fresh.exposures[fresh.exposures["basis"] == "calibrated"]
    assert model["measure"].tolist() == ["gamma"]
    assert fresh.strip[0].value.startswith("+" if expected["gamma"] > 0 else "−")


def test_what_expires_takes_its_gamma_along(fresh: GammaSection, held: gamma_quotes.Held) -> None:
    first = fresh.expiring[fresh.expiring["expiry"] == fresh.expiring["expiry"].min()]
    assert first["expiry"].iloc[0] == held.frame["expiry"].min()
    rest = gamma.band(held.frame, [held.spot], without="next", **carry(held)).iloc[0]
    for row in first.itertuples():
        assert row.without == pytest.approx(rest[row.convention])
    short = first[first["convention"] == "all_short"].iloc[0]
    assert short["share"] == pytest.approx(1 - short["without"] / short["gamma"])
    assert 0 < short["share"] < 1
    assert fresh.expiring["expiry"].nunique() == 2
    assert (fresh.expiring["days"] > 0).all()


def test_flows_have_a_range_over_conventions_and_parameters(fresh: GammaSection) -> None:
    flows = fresh.flows.set_index(["scenario", "horizon", "convention"]).sort_index()
    assert set(fresh.flows["basis"]) == {"chain"}
    volume = float(lay_out(with_chain()).daily_volume[SESSIONS - 1])
    for scenario, horizon in (("down2", "1d"), ("up1", "1w")):
        each = flows.loc[(scenario, horizon)]
        row = each.loc["range"]
        assert row["flow"] == each.loc["calls_long_puts_short", "flow"]
        assert row["low"] == each["low"].min()
        assert row["high"] == each["high"].max()
        assert row["share_of_volume"] == pytest.approx(row["flow"] / volume)


def test_quotes_older_than_the_last_session_are_read_at_its_close_and_badged() -> None:
    book = with_chain(at=SESSIONS - 7)
    section, found = build(book), gamma_quotes.held(book, moment(book, True))
    assert section.spot == made_index().iloc[-1]
    assert section.strip[0].stale
    assert "days old" in section.caveats[0]
    taken = made_index().index[SESSIONS - 7]
    assert f"{taken.day} {taken:%b %Y}" in section.caveats[0]
    assert f"by quotes of {words.day(taken)}," in section.finding
    assert found.settled > 0
    assert (found.frame["expiry"] >= made_index().index[-1]).all()
    monthly = found.frame[found.frame["root"] == "SPX"].iloc[0]
    end = monthly["expiry"] + pd.Timedelta(hours=9.5)
    close = made_index().index[-1] + pd.Timedelta(hours=16)
    assert monthly["years"] * 365 == pytest.approx((end - close) / pd.Timedelta(days=1), abs=0.05)


def test_part_of_a_chain_is_not_shown_as_the_market(fresh: GammaSection) -> None:
    assert not any("alone" in sentence for sentence in fresh.caveats)
    whole = made_snapshot(evening(made_index().index[-1]), float(made_index().iloc[-1]))
    calls = replace(whole, quotes=whole.quotes[whole.quotes["kind"] == "call"].reset_index(drop=True))
    section = build(made_book(SESSIONS, calls), draws=3)
    assert section.caveats[0].startswith("The chain at hand holds calls alone")


def test_where_hedging_has_hardly_a_bound_no_figure_pretends_to_one() -> None:
    assert gamma_words.becomes(1.336, 1.22, 2.0) == ("1.34%", "[1.22, 2.00]")
    assert gamma_words.becomes(10.7, 2.29, np.inf) == ("above 3%", "[2.29, no bound]")
    assert gamma_words.becomes(np.inf, np.inf, np.inf) == ("no bound", "[no bound]")


def test_fresh_quotes_are_no_badge_and_a_chain_of_last_season_is_no_chain(fresh: GammaSection) -> None:
    assert not fresh.strip[0].stale
    assert not any("days old" in caveat for caveat in fresh.caveats)
    section = build(with_chain(at=SESSIONS - 40))
    assert section.profile.empty
    assert "days old" in section.missing[0]
    assert set(section.flows["basis"]) == {"calibrated"}


def test_later_quotes_and_closes_change_nothing() -> None:
    day = made_index().index[SESSIONS - 11]
    chains = [
        made_snapshot(evening(made_index().index[at]), float(made_index().iloc[at]))
        for at in (SESSIONS - 11, SESSIONS - 1)
    ]
    whole, known = made_book(SESSIONS, *chains).cut(day), made_book(SESSIONS - 10, chains[0])
    ours, theirs = build(whole, draws=3), build(known, draws=3)
    assert ours.finding == theirs.finding
    for name in ours.frames:
        pd.testing.assert_frame_equal(ours.frame(name), theirs.frame(name))
    before = build(whole.cut(made_index().index[SESSIONS - 12]), draws=3)
    assert before.profile.empty


def test_same_day_options_are_taken_out_where_there_are_any() -> None:
    section = build(with_chain(same_day=True), draws=3)
    parts = dict(iter(section.profile.groupby("expiries")))
    assert set(parts) == {"all", "without_next", "without_same_day"}
    np.testing.assert_allclose(parts["without_next"]["all_short"], parts["without_same_day"]["all_short"])
    whole, rest = (parts[name]["all_short"].to_numpy() for name in ("all", "without_same_day"))
    assert (whole <= rest).all()
    assert whole.min() < rest.min()


def test_the_rate_is_the_books_or_that_of_parity_or_said_to_be_assumed() -> None:
    book = with_chain()
    snapshot = book.snapshot("chain.spx")
    rate, words = gamma_quotes.riskless(book, snapshot)
    assert rate == pytest.approx(RATE, abs=0.002)
    assert "parity" in words
    days = made_index().index
    bills = Series.of_closes(
        pd.Series(5.0, days[-3:]), name="bill_3m", unit="percent a year", source="made", title="made"
    )
    rate, words = gamma_quotes.riskless(replace(book, series={**book.series, "bill_3m": bills}), snapshot)
    assert rate == pytest.approx(np.log(1.05))
    assert "3-month Treasury bill" in words
    empty = replace(snapshot, quotes=snapshot.quotes.assign(bid=np.nan, ask=np.nan))
    assert gamma_quotes.riskless(book, empty) == (
        gamma_quotes.DEFAULT_RATE,
        "assumed: neither the book nor put-call parity gives one",
    )


def test_hedging_damps_amplifies_or_is_not_bounded() -> None:
    book = with_chain()
    history = lay_out(book)
    gammas = {"long": np.array(5.0), "short": np.array(-5.0), "beyond": np.array(-5_000.0)}
    found = gamma_frames.impact(gammas, book, history, ImpactLaw(), 50, 0).set_index("convention")
    law, last = ImpactLaw(), SESSIONS - 1
    volume, cap = history.daily_volume[last], history.market_value[last]
    daily = np.std(history.returns[last - 20 : last + 1, 0], ddof=1)
    passing = float(law.y) * daily / np.sqrt(5 / volume + float(law.smallest)) / volume
    k = passing + float(law.lasting) * float(law.multiplier) / cap
    assert found.loc["long", "factor"] == pytest.approx(gamma.feedback(5.0, k))
    assert found.loc["short", "factor"] == pytest.approx(gamma.feedback(-5.0, k))
    assert found.loc["long", "high"] < 1 < found.loc["short", "low"]
    for name in ("long", "short"):
        assert found.loc[name, "low"] < found.loc[name, "factor"] < found.loc[name, "high"]
    assert found.loc["beyond", "gain"] < -1
    assert found.loc["beyond", ["factor", "high"]].isna().all()


def test_every_number_has_its_unit(fresh: GammaSection) -> None:
    for name, identifying in fresh.frames.items():
        frame = fresh.frame(name)
        for column in frame.select_dtypes("number"):
            assert column in frame.attrs["units"] or column in identifying, (name, column)
        assert not frame.duplicated(list(identifying)).any()


@pytest.mark.parametrize(("day", "stale"), [("2022-02-05", False), ("2022-06-13", True)])
def test_real_chains_go_through(real_data: Callable[[str], Path], day: str, stale: bool) -> None:
    section = build(real_book(real_data, day), draws=3)
    assert section.strip[0].stale == stale
    gamma_row = section.exposures.iloc[0]
    assert -200 < gamma_row["low"] <= gamma_row["central"] <= gamma_row["high"] < 50
    assert (section.flips["number"] > 0).any()
    assert np.isfinite(section.flows[["flow", "low", "high"]].to_numpy()).all()
    falls = section.flows[(section.flows["scenario"] == "down2") & (section.flows["convention"] == "range")]
    assert (falls["flow"] < 0).all()
