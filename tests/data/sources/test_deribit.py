"""Deribit: crypto option chains, the volatility index, single instruments.

- A whole chain: names with and without two digits of the day, volatility as a fraction, times in UTC.
- Contracts end at 08:00 UTC and are left out from then on.
- Real tickers of two futures: every figure against the raw answer.
- The volatility index: closes of complete days, page by page back in time, only what was asked.
- Errors at status 200, the test site, a clock ahead and strange names are refused by series and row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from answering import Answering, body

from groundswell.data.catalog import catalog
from groundswell.data.checking import checked
from groundswell.data.errors import SourceError
from groundswell.data.sources.deribit import SOURCE, read_book, read_ticker
from groundswell.data.sources.source import Delivery, Snapshot, Wanted

BOOK = "/public/get_book_summary_by_currency"
INDEX = "/public/get_volatility_index_data"
NOW = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)
DAY = 86_400_000


def reply(result: object, **changed: object) -> dict[str, object]:
    out = int(NOW.timestamp() * 1_000_000)
    return {
        "jsonrpc": "2.0",
        "result": result,
        "usIn": out - 9,
        "usOut": out,
        "usDiff": 9,
        "testnet": False,
    } | changed


def option(name: str, **changed: object) -> dict[str, object]:
    return {
        "instrument_name": name, "mid_price": None, "bid_price": 0.0231, "ask_price": None,
        "mark_price": 0.0234, "mark_iv": 55.25, "open_interest": 1234.5, "volume": 12.1,
        "volume_usd": 27000.5, "last": 0.0229,
        "underlying_price": 100955.87, "underlying_index": "BTC-28MAR25", "creation_timestamp": 1736154000000,
        "interest_rate": 0.0, "quote_currency": "BTC", "base_currency": "BTC",
    } | changed  # fmt: skip


def book(*options: object, **changed: object) -> Snapshot:
    return read_book(body(reply(list(options), **changed), "deribit", fetched=NOW), "chain.btc")


def test_a_chain_is_read_with_volatility_as_a_fraction_and_times_in_utc() -> None:
    snapshot = book(option("BTC-28MAR25-100000-C"), option("BTC-7JAN25-98000-P", mark_iv=0.0))
    assert snapshot.taken == NOW
    call, put = (row for _, row in snapshot.quotes.iterrows())
    assert (call["kind"], call["strike"], call["root"]) == ("call", 100000.0, "BTC")
    assert call["expiry"] == pd.Timestamp("2025-03-28 08:00")
    assert call["implied_volatility"] == pytest.approx(0.5525)
    assert (call["bid"], call["settle"], call["open_interest"]) == (0.0231, 0.0234, 1234.5)
    assert pd.isna(call["ask"])
    assert (put["kind"], put["expiry"]) == ("put", pd.Timestamp("2025-01-07 08:00"))
    assert pd.isna(put["implied_volatility"])


def test_contracts_end_at_eight_in_the_morning() -> None:
    snapshot = book(option("BTC-6JAN25-98000-C"), option("BTC-10JAN25-98000-C"))
    assert snapshot.quotes["contract"].to_list() == ["BTC-10JAN25-98000-C"]
    with pytest.raises(SourceError, match="no living contract"):
        book(option("BTC-6JAN25-98000-C"))


@pytest.mark.parametrize("name", ["17jan", "28mar"])
def test_real_tickers_are_read_whole(name: str, recording: Callable[[str], Path]) -> None:
    path = recording(f"deribit/tick_{name}.json")
    raw = json.loads(path.read_text())["result"]
    fetched = datetime(2025, 1, 6, 12, tzinfo=UTC)
    snapshot = read_ticker(body(path.read_bytes(), "deribit", fetched=fetched), "futures.btc")
    (row,) = snapshot.quotes.to_dict("records")
    assert snapshot.taken.timestamp() == pytest.approx(raw["timestamp"] / 1000)
    assert row["contract"] == raw["instrument_name"] == f"BTC-{name.upper()}25"
    assert row["kind"] == "future"
    assert row["expiry"] == pd.Timestamp(f"2025-{'01-17' if name == '17jan' else '03-28'} 08:00")
    for ours, theirs in {
        "bid": "best_bid_price", "ask": "best_ask_price", "settle": "mark_price", "underlying": "index_price",
        "open_interest": "open_interest", "last": "last_price", "bid_size": "best_bid_amount",
    }.items():  # fmt: skip
        assert row[ours] == raw[theirs], ours
    assert row["volume"] == raw["stats"]["volume"]


def test_a_ticker_of_an_option_has_its_greeks() -> None:
    ticker = {
        "instrument_name": "BTC-28MAR25-100000-C", "timestamp": 1736153999000, "open_interest": 10.5,
        "mark_price": 0.09, "index_price": 98215.0, "underlying_price": 100955.0, "mark_iv": 60.0,
        "greeks": {"delta": 0.55, "gamma": 0.00001, "vega": 180.0, "theta": -60.0, "rho": 90.0},
    }  # fmt: skip
    entry = catalog()["chain.btc"].model_copy(update={"source_id": "ticker:BTC-28MAR25-100000-C"})
    caller = Answering({"/public/ticker": reply(ticker)}, fetched=NOW)
    (job,) = SOURCE.jobs([Wanted(entry)], caller, NOW.date())
    row = job.run(caller).snapshots[0].quotes.iloc[0]
    assert (row["delta"], row["vega"], row["underlying"]) == (0.55, 180.0, 100955.0)


def milliseconds(day: str) -> int:
    return int(pd.Timestamp(day, tz="UTC").timestamp() * 1000)


def candles(first: str, count: int, continuation: int | None = None) -> dict[str, object]:
    start = milliseconds(first)
    bars = [[start + at * DAY, 50.0, 60.0, 40.0, 50.0 + at] for at in range(count)]
    return reply({"data": bars, "continuation": continuation})


def run_index(answer: object, through: date | None = None) -> tuple[Delivery, Answering]:
    caller = Answering({INDEX: answer}, fetched=NOW)  # type: ignore[dict-item]
    (job,) = SOURCE.jobs([Wanted(catalog()["dvol.btc"], through)], caller, NOW.date())
    return job.run(caller), caller


def test_the_index_has_the_closes_of_complete_days() -> None:
    delivery, caller = run_index(candles("2025-01-03", 4), through=date(2025, 1, 4))
    assert delivery.observations["period"].dt.day.to_list() == [3, 4, 5]  # the sixth still runs
    assert delivery.observations["value"].to_list() == [50.0, 51.0, 52.0]
    asked = caller.asked[0].parameters
    assert asked["start_timestamp"] == milliseconds("2024-12-28")
    assert asked["resolution"] == "1D"
    known = checked(delivery.observations, catalog()["dvol.btc"], NOW)["ruled"].iloc[-1]
    assert known == pd.Timestamp("2025-01-06 02:00", tz="UTC")


def test_pages_of_the_index_go_back_until_there_is_no_more() -> None:
    cut = milliseconds("2024-12-01")

    def pages(asked: Mapping[str, object]) -> dict[str, object]:
        return candles("2024-11-01", 30) if asked["end_timestamp"] == cut else candles("2024-12-01", 31, cut)

    delivery, caller = run_index(pages)
    assert len(caller.asked) == len(delivery.bodies) == 2
    assert len(delivery.observations) == 61
    with pytest.raises(SourceError, match="go back in time"):
        run_index(candles("2024-12-01", 0, milliseconds("2025-02-01")))


@pytest.mark.parametrize(
    ("content", "row", "found"),
    [
        (reply(None, error={"code": 10028, "message": "too_many_requests"}), "", "10028, too_many_requests"),
        (reply([option("BTC-28MAR25-100000-C")], testnet=True), "", "test site"),
        (reply([option("BTC-28MAR25-100000-C")], usOut=4 * 10**15), "", "the quotes are of 2096"),
        (reply([option("BTC-28MAR25-100000-C"), option("BTC-PERPETUAL")]), "row 2", "BTC-PERPETUAL"),
        (reply([option("BTC-31FEB25-100000-C")]), "row 1", "BTC-31FEB25"),
        (reply([option("BTC-28MAR25-100000-C", open_interest="many")]), "row 1", "open_interest"),
        (reply([option("BTC-28MAR25-100000-C", open_interest=10**400)]), "row 1", "open_interest"),
        (reply([option("BTC-28MAR25-100000-C", bid_price=-1)]), "row 1", "'bid'"),
        (reply({"instruments": []}), "", "the result is"),
        ({"jsonrpc": "2.0"}, "", "usOut"),
    ],
)
def test_what_is_not_a_chain_is_refused_by_series_and_row(content: object, row: str, found: str) -> None:
    caller = Answering({BOOK: content}, fetched=NOW)  # type: ignore[dict-item]
    (job,) = SOURCE.jobs([Wanted(catalog()["chain.btc"])], caller, NOW.date())
    with pytest.raises(SourceError) as refusal:
        job.run(caller)
    assert "'chain.btc'" in refusal.value.where
    assert row in refusal.value.where
    assert found in refusal.value.what


def test_a_bar_that_was_not_asked_for_or_is_not_of_a_day_is_refused() -> None:
    for first in ("2024-01-03", "2025-01-03 06:00"):
        with pytest.raises(SourceError, match=r"row 1.*the bar begins at"):
            run_index(candles(first, 1), through=date(2025, 1, 4))
