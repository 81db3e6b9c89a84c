"""Chains from quotes.

- A snapshot priced by the formula gives its volatilities, forwards, dividend yield and times back.
- Morning and afternoon settlement; times of their own; what has settled is told and left out.
- Quotes without a bid, crossed, missing or worthless: the strike takes its neighbours' volatility; an
  expiry without quotes takes the venue's; one without either is left out with its open interest told.
- Negative quotes, quotes in coins, contracts that stand twice, columns that are missing: refused.
- Real chains, downloaded and recorded: every contract arrives, volatilities agree with the venue's where
  those are precise, and profile, flips and exposures come out.
"""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from groundswell.data.errors import DataError
from groundswell.data.sources import cboe_chain
from groundswell.data.sources.source import Snapshot
from groundswell.data.store.layout import QUOTES
from groundswell.measure import chains, gamma, options
from tests.data.sources.answering import body

TAKEN = datetime(2022, 3, 1, 15, 0, tzinfo=UTC)  # 10:00 in New York
SPOT, RATE, YIELD = 4_300.0, 0.03, 0.012


def years_to(day: str, clock: str = "16:00") -> float:
    end = pd.Timestamp(f"{day} {clock}", tz="America/New_York")
    start = pd.Timestamp(TAKEN).tz_convert("America/New_York").tz_localize(None)
    return (end.tz_localize(None) - start) / pd.Timedelta(days=365)


def smile(strikes: np.ndarray, years: float) -> np.ndarray:
    return 0.2 - 0.25 * np.log(strikes / SPOT) / np.sqrt(1 + 8 * years)


def made_quotes(root: str, day: str, years: float, dividends: float = YIELD) -> pd.DataFrame:
    """Return quotes around the values of the formula, a fifth of a percent wide."""
    strikes = np.arange(3_500, 5_001, 50.0)
    parts = []
    for kind, letter in (("call", "C"), ("put", "P")):
        mids = options.price(SPOT, strikes, years, smile(strikes, years), RATE, dividends, letter)
        row = dict.fromkeys(QUOTES, np.nan) | {"root": root, "kind": kind, "expiry": pd.Timestamp(day)}
        row |= {"strike": strikes, "bid": mids * 0.999, "ask": mids * 1.001, "underlying": SPOT}
        row |= {"open_interest": np.arange(1.0, len(strikes) + 1), "implied_volatility": 0.5}
        row["contract"] = [f"{root}{day}{letter}{strike:.0f}" for strike in strikes]
        parts.append(pd.DataFrame(row))
    return pd.concat(parts, ignore_index=True)


DAYS = [("SPXW", "2022-03-18", "16:00"), ("SPX", "2022-03-18", "09:30"), ("SPX", "2022-09-16", "09:30")]


def made_snapshot(*changes: Callable[[pd.DataFrame], pd.DataFrame | None]) -> Snapshot:
    quotes = pd.concat(
        [made_quotes(root, day, years_to(day, clock)) for root, day, clock in DAYS], ignore_index=True
    )
    for change in changes:
        changed = change(quotes)
        quotes = quotes if changed is None else changed
    return Snapshot("chain.spx", TAKEN, quotes)


def test_a_snapshot_priced_by_the_formula_comes_back() -> None:
    chain = chains.option_chain(made_snapshot(), rate=RATE)
    frame = chain.frame
    assert len(frame) == 3 * 62
    assert chain.spot == SPOT
    assert chain.taken == TAKEN
    for root, day, clock in DAYS:
        years = years_to(day, clock)
        row = chain.expiries.loc[(root, pd.Timestamp(day))]
        assert row["years"] == pytest.approx(years, rel=1e-12)
        assert row["forward"] == pytest.approx(SPOT * np.exp((RATE - YIELD) * years), rel=1e-9)
        assert (row["contracts"], row["known"], row["crossed"], row["reason"]) == (62, 31, 0, "")
        part = frame[(frame["root"] == root) & (frame["expiry"] == pd.Timestamp(day))]
        np.testing.assert_allclose(part["vol"], smile(part["strike"].to_numpy(), years), rtol=1e-6)
        np.testing.assert_allclose(part["years"], years, rtol=1e-12)
        assert part["open_interest"].sum() == 2 * 31 * 16
        assert part["kind"].value_counts().to_dict() == {"C": 31, "P": 31}
    assert set(frame["vol_from"]) == {"quote"}
    # The near expiries take the yield of the first one that is far enough to tell it.
    np.testing.assert_allclose(frame["dividend_yield"], YIELD, atol=1e-8)
    spots = np.linspace(4_000, 4_600, 30)
    found = gamma.profile(frame, spots, rate=frame["rate"], dividend_yield=frame["dividend_yield"])
    assert np.isfinite(found).all()


def test_dividends_are_told_by_forwards_that_are_far_enough() -> None:
    def further(quotes: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([quotes, made_quotes("SPX", "2022-12-16", years_to("2022-12-16", "09:30"), 0.018)])

    frame = chains.option_chain(made_snapshot(further), rate=RATE).frame
    told = frame.groupby("expiry")["dividend_yield"].agg(["min", "max"]).to_numpy()
    np.testing.assert_allclose(told, [[YIELD] * 2, [YIELD] * 2, [0.018] * 2], atol=1e-8)
    # A spot 5 points off is a yield of 2.5% a year to a near expiry; it takes that of September.
    frame = chains.option_chain(made_snapshot(), rate=RATE, spot=SPOT + 5).frame
    apart = np.log(1 + 5 / SPOT) / years_to("2022-09-16", "09:30")
    np.testing.assert_allclose(frame["dividend_yield"], YIELD + apart, atol=1e-8)

    def near(quotes: pd.DataFrame) -> pd.DataFrame:
        return quotes[quotes["expiry"] < "2022-06-01"]

    assert not chains.option_chain(made_snapshot(near), rate=RATE).frame["dividend_yield"].any()


def test_rates_may_differ_by_term() -> None:
    chain = chains.option_chain(made_snapshot(), rate=lambda minutes: 0.01 + minutes / 525_600 / 100)
    np.testing.assert_allclose(chain.frame["rate"], 0.01 + chain.frame["years"] / 100, rtol=1e-12)
    with pytest.raises(DataError, match="decimal"):
        chains.option_chain(made_snapshot(), rate=3.0)


def test_settled_days_are_left_out_and_told() -> None:
    later = Snapshot("chain.spx", datetime(2022, 3, 18, 14, 0, tzinfo=UTC), made_snapshot().quotes)
    chain = chains.option_chain(later, rate=RATE)  # 10:00: the morning settlement is over
    assert set(zip(chain.frame["root"], chain.frame["expiry"].dt.month, strict=True)) == {
        ("SPXW", 3),
        ("SPX", 9),
    }
    gone = chain.expiries.loc[("SPX", pd.Timestamp("2022-03-18"))]
    assert (gone["reason"], gone["open_interest"]) == ("it has settled", 2 * 31 * 16)
    assert chain.frame["years"].min() == pytest.approx(6 / 24 / 365)
    with pytest.raises(DataError, match="none of the 3 expiries can be used: it has settled"):
        chains.option_chain(Snapshot("chain.spx", datetime(2023, 1, 1, tzinfo=UTC), later.quotes), rate=RATE)


def test_an_expiry_with_a_time_of_its_own_ends_then() -> None:
    def timed(quotes: pd.DataFrame) -> None:
        quotes["expiry"] = quotes["expiry"] + pd.Timedelta(hours=8)

    chain = chains.option_chain(made_snapshot(timed), rate=RATE)
    march = chain.frame[chain.frame["expiry"] == pd.Timestamp("2022-03-18 08:00")]
    np.testing.assert_allclose(march["years"], (17 - 7 / 24) / 365, rtol=1e-12)


@pytest.mark.parametrize(
    "cells",
    [
        {"bid": 0.0},
        {"ask": np.nan},
        {"bid": 80.0, "ask": 70.0},
        {"bid": 0.0, "ask": 0.0},
        {"bid": 5_000.0, "ask": 5_001.0},
    ],
)
def test_a_strike_without_a_usable_quote_takes_its_neighbours(cells: dict[str, float]) -> None:
    def spoil(quotes: pd.DataFrame) -> None:
        at = (quotes["strike"] == 4_000) & (quotes["root"] == "SPXW")
        quotes.loc[at, list(cells)] = list(cells.values())

    chain = chains.option_chain(made_snapshot(spoil), rate=RATE)
    frame = chain.frame[chain.frame["root"] == "SPXW"].set_index(["strike", "kind"])
    assert frame.loc[4_000, "vol_from"].tolist() == ["neighbours", "neighbours"]
    beside = [frame.loc[(strike, "P"), "vol"] for strike in (3_950, 4_050)]
    expected = np.interp(np.log(4_000), np.log([3_950, 4_050]), beside)
    np.testing.assert_allclose(frame.loc[4_000, "vol"], expected, rtol=1e-12)
    assert chain.expiries.loc["SPXW"]["known"].tolist() == [30]
    assert chain.expiries["crossed"].sum() == (2 if cells.get("ask") == 70 else 0)
    assert len(chain.frame) == 3 * 62


def test_the_other_leg_serves_where_the_first_has_no_quote() -> None:
    def spoil(quotes: pd.DataFrame) -> None:
        quotes.loc[(quotes["strike"] == 4_000) & (quotes["kind"] == "put"), "bid"] = 0.0

    frame = chains.option_chain(made_snapshot(spoil), rate=RATE).frame
    part = frame[frame["strike"] == 4_000]
    assert set(part["vol_from"]) == {"quote"}
    np.testing.assert_allclose(
        part["vol"], smile(part["strike"].to_numpy(), part["years"].to_numpy()), rtol=1e-5
    )


def test_beyond_the_last_quote_the_volatility_stays() -> None:
    def spoil(quotes: pd.DataFrame) -> None:
        quotes.loc[quotes["strike"] < 3_800, "bid"] = 0.0

    frame = chains.option_chain(made_snapshot(spoil), rate=RATE).frame
    part = frame[(frame["root"] == "SPXW") & (frame["strike"] <= 3_800)]
    np.testing.assert_array_equal(part["vol"], part["vol"].iloc[0])


def test_an_expiry_without_quotes_takes_the_venues_volatility_or_is_left_out() -> None:
    def after_hours(quotes: pd.DataFrame) -> None:
        quotes.loc[quotes["root"] == "SPXW", ["bid", "ask"]] = 0.0
        at = (quotes["root"] == "SPXW") & (quotes["strike"] == 4_000)
        quotes.loc[at, "implied_volatility"] = np.nan

    chain = chains.option_chain(made_snapshot(after_hours), rate=RATE)
    frame = chain.frame[chain.frame["root"] == "SPXW"]
    assert frame["vol_from"].value_counts().to_dict() == {"venue": 60, "neighbours": 2}
    assert (frame["vol"] == 0.5).all()
    assert np.isnan(chain.expiries.loc["SPXW"]["forward"]).all()

    def nothing(quotes: pd.DataFrame) -> None:
        quotes.loc[quotes["root"] == "SPXW", "implied_volatility"] = 0.0

    chain = chains.option_chain(made_snapshot(after_hours, nothing), rate=RATE)
    row = chain.expiries.loc["SPXW"].iloc[0]
    assert row["reason"] == "neither its quotes nor the venue tell a volatility"
    assert row["open_interest"] == 2 * 31 * 16
    assert set(chain.frame["root"]) == {"SPX"}


def test_one_strike_is_a_chain() -> None:
    def only(quotes: pd.DataFrame) -> pd.DataFrame:
        return quotes[quotes["strike"] == 4_300]

    frame = chains.option_chain(made_snapshot(only), rate=RATE).frame
    assert len(frame) == 6
    np.testing.assert_allclose(frame["vol"], 0.2, rtol=1e-3)


def cell(name: str, value: Any) -> Callable[[pd.DataFrame], None]:
    def change(quotes: pd.DataFrame) -> None:
        quotes.loc[10, name] = value

    return change


def column(name: str, value: Any) -> Callable[[pd.DataFrame], None]:
    def change(quotes: pd.DataFrame) -> None:
        quotes[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cell("bid", -1.0), "bid of the call is -1"),
        (cell("ask", np.inf), "ask of the call is inf"),
        (cell("strike", 4_050.0), "call at 4050 stands twice"),
        (column("underlying", np.nan), "do not tell the price"),
        (column("underlying", 43_000.0), "quotes in coins"),
        (column("kind", "future"), "none of the 186 rows is an option"),
        (column("open_interest", np.nan), "none of the 186 rows"),
        (lambda quotes: quotes.drop(columns="bid"), "columns bid are missing"),
        (lambda quotes: quotes.iloc[:0], "none of the 0 rows"),
        (lambda quotes: pd.concat([quotes, quotes[["bid"]]], axis=1), "column bid stands twice"),
        (lambda quotes: pd.concat([quotes, quotes]), "call at 3500 stands twice"),
        (lambda quotes: quotes.to_dict("list"), "dict was given"),
        (column("bid", "x"), "'bid' has something that is not a number"),
        (column("ask", True), "values of type bool"),
        (cell("strike", -5.0), "strike is -5"),
        (cell("strike", np.inf), "strike is inf"),
        (cell("open_interest", -5.0), "strike 4000: the open interest is -5"),
        (cell("open_interest", np.inf), "open interest is inf"),
        (cell("expiry", pd.NaT), "has no expiry"),
        (column("expiry", "x"), "expiry is no day"),
        (cell("kind", "C"), "kind of a contract is 'C'"),
        (cell("kind", None), "kind of a contract is '(None|nan)'"),
        (column("underlying", -1.0), "'spot' is -1"),
        (column("underlying", np.inf), "'spot' is inf"),
        (
            lambda quotes: quotes.assign(bid=0.0, ask=0.0, implied_volatility=20.0),
            "'vol' is 20, and 185 more",
        ),
    ],
)
def test_what_is_no_chain_is_refused(
    change: Callable[[pd.DataFrame], pd.DataFrame | None], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        chains.option_chain(made_snapshot(change), rate=RATE)


def test_what_is_no_question_is_refused() -> None:
    for rate in ("x", None, np.nan, 5.0, [0.03], lambda _: "x", lambda _: np.nan):
        with pytest.raises(DataError, match="rate"):
            chains.option_chain(made_snapshot(), rate=rate)
    for spot in ("x", np.nan, 0, [1, 2]):
        with pytest.raises(DataError, match="'spot'"):
            chains.option_chain(made_snapshot(), rate=RATE, spot=spot)
    for snapshot in (None, made_snapshot().quotes):
        with pytest.raises(DataError, match="a snapshot: quotes with the moment"):
            chains.option_chain(snapshot, rate=RATE)
    for taken in (None, "2022-03-01", pd.NaT):
        with pytest.raises(DataError, match="the moment"):
            chains.option_chain(Snapshot("chain.spx", taken, made_snapshot().quotes), rate=RATE)


def test_quotes_may_be_of_any_type_that_holds_numbers_and_lack_what_is_not_known() -> None:
    plain = chains.option_chain(made_snapshot(), rate=RATE)
    for typed in (
        lambda quotes: quotes.convert_dtypes(),
        lambda quotes: quotes.convert_dtypes(dtype_backend="pyarrow"),
        lambda quotes: quotes.astype(object),
        lambda quotes: quotes.astype({"bid": str, "expiry": str}),
        lambda quotes: quotes.set_axis([0] * len(quotes)),
    ):
        found = chains.option_chain(made_snapshot(typed), rate=RATE)
        pd.testing.assert_frame_equal(found.frame, plain.frame)
        pd.testing.assert_frame_equal(found.expiries, plain.expiries)
    for name in ("strike", "open_interest"):
        assert len(chains.option_chain(made_snapshot(cell(name, np.nan)), rate=RATE).frame) == 185
    future = made_quotes("", "2022-06-01", 0.2).iloc[:1].assign(kind="future", strike=np.nan)
    with_future = made_snapshot(lambda quotes: pd.concat([quotes, future]))
    pd.testing.assert_frame_equal(chains.option_chain(with_future, rate=RATE).frame, plain.frame)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(DataError, match="no zone"):
        chains.option_chain(Snapshot("chain.spx", datetime(2022, 3, 1), made_snapshot().quotes), rate=RATE)


def check(snapshot: Snapshot, rate: float, precision: float) -> chains.OptionChain:
    """Hold a real chain: all of it, its volatilities, its greeks, its profile and flips."""
    chain = chains.option_chain(snapshot, rate=rate)
    frame, told = chain.frame, chain.expiries
    used = told[told["reason"] == ""]
    assert told["contracts"].sum() == len(snapshot.quotes)
    assert used["contracts"].sum() == len(frame)
    assert used["open_interest"].sum() == frame["open_interest"].sum()
    assert frame["vol"].between(0.01, 15).all()
    theirs = snapshot.quotes.assign(kind=snapshot.quotes["kind"].map(chains.KINDS))
    columns = ["root", "expiry", "strike", "kind"]
    both = frame.merge(theirs[[*columns, "implied_volatility", "delta"]], on=columns, validate="one_to_one")
    near = both[(both["strike"] / chain.spot).between(0.9, 1.1) & (both["years"] > 0.02)]
    assert (near["vol"] - near["implied_volatility"]).abs().median() < precision
    rates = {"rate": frame["rate"], "dividend_yield": frame["dividend_yield"]}
    greeks = options.greeks(
        chain.spot,
        near["strike"],
        near["years"],
        near["vol"],
        near["rate"],
        near["dividend_yield"],
        near["kind"],
    )
    assert np.abs(greeks["delta"] - near["delta"]).median() < 0.03  # SPY: early exercise
    low, high = 0.8 * chain.spot, 1.2 * chain.spot
    spots = np.linspace(low, high, 201)
    table = gamma.band(frame, spots, **rates)
    assert np.isfinite(table.to_numpy()).all()
    assert (table["all_short"] < 0).all()
    flips = gamma.flips(frame, low, high, **rates)
    held = table["calls_long_puts_short"].to_numpy()
    assert len(flips) >= np.count_nonzero(held[1:] * held[:-1] < 0)
    at_flips = gamma.profile(frame, flips, **rates)
    assert np.abs(at_flips).max(initial=0) < 1e-6 * np.abs(held).max()
    found = gamma.exposures(frame, chain.spot, **rates)
    assert found["gamma"] == pytest.approx(float(gamma.profile(frame, chain.spot, **rates)), rel=1e-9)
    return chain


DOWNLOADS = [
    # file, rate, how near the venue's volatilities are where they were made from the same quotes
    ("spx_2022-02-05", 0.003, 0.03),
    pytest.param("spx_2022-06-11", 0.0125, 0.01, marks=pytest.mark.bars),
    ("spx_2022-12-12", 0.042, 1e-12),  # after hours: no quotes, so its own volatilities
    pytest.param("spx_2023-02-03_to_feb", 0.046, 0.01, marks=pytest.mark.bars),
    ("spx_2025-01-06_jan", 0.043, 0.002),
    ("spy_2023-09-14", 0.053, 0.004),
]


@pytest.mark.parametrize(("name", "rate", "precision"), DOWNLOADS)
def test_downloaded_chains_go_through(
    real_data: Callable[[str], Path], name: str, rate: float, precision: float
) -> None:
    with gzip.open(real_data(f"options/{name}.csv.gz"), "rt", encoding="utf-8") as file:
        check(cboe_chain.read_quotedata(file.read()), rate, precision)


def test_recorded_chains_go_through(recording: Callable[[str], Path]) -> None:
    delayed = recording("cboe/delayed_options_RUT_2023-09-21.json").read_bytes()
    answer = body(delayed, "cboe", fetched=datetime(2023, 9, 22, tzinfo=UTC))
    chain = check(cboe_chain.read_chain(answer, "chain.rut"), 0.053, 0.01)
    assert set(chain.frame["root"]) == {"RUT", "RUTW"}
    text = recording("cboe/spx_quotedata_2023-02-03.csv").read_text("utf-8")
    check(cboe_chain.read_quotedata(text), 0.046, 0.01)
