"""Cboe option chains, delayed JSON and browser downloads.

- A symbol tells root, day, side and strike; contracts that share day and strike stay apart by root.
- The time stamp is UTC; contracts settled by then are left out, morning and afternoon each at its hour.
- An implied volatility of 0 and a trade that never was are missing, not zero.
- A real chain: every living contract, total open interest and spot quotes by an independent reading.
- Real downloads in three wordings of the date: living contracts, open interest, moment and underlying.
- What is not a chain is refused by series and row, and so is a clock that cannot be right.
- A symbol Cboe does not know answers 403, and the error says so.
- 20,000 contracts are read well within 2 seconds.
"""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from answering import Answering, body

from groundswell.data.catalog import catalog
from groundswell.data.errors import SourceError
from groundswell.data.sources.cboe import SOURCE
from groundswell.data.sources.cboe_chain import read_chain, read_quotedata
from groundswell.data.sources.source import Snapshot, Wanted
from groundswell.data.store.layout import QUOTES

RUT = "cboe/delayed_options_RUT_2023-09-21.json"
DOWNLOADS = {
    "options/spx_2022-02-05.csv.gz": ("2022-02-05 20:09", 4500.5298),
    "options/spx_2022-06-11.csv.gz": ("2022-06-11 20:47", 3900.8601),
    "options/spx_2022-12-12.csv.gz": ("2022-12-12 20:30", 3990.5601),
    "options/spx_2025-01-06_jan.csv.gz": ("2025-01-06 21:26", 5975.3799),
    "options/spy_2023-09-14.csv.gz": ("2023-09-14 16:31", 450.81),
}


def option(symbol: str, **changed: object) -> dict[str, object]:
    quoted: dict[str, object] = {
        "option": symbol, "bid": 1.5, "bid_size": 7.0, "ask": 1.7, "ask_size": 8.0, "iv": 0.2,
        "open_interest": 11.0, "volume": 3.0, "delta": 0.5, "gamma": 0.001,
        "theta": -0.2, "rho": 0.1, "vega": 1.1, "theo": 1.6,
        "last_trade_price": 1.55, "last_trade_time": "2024-01-19T12:00:00",
    }  # fmt: skip
    return quoted | changed


def chain(
    *options: dict[str, object], stamp: str = "2024-01-19 14:20:00", **changed: object
) -> dict[str, object]:
    data = {"options": list(options), "symbol": "^SPX", "current_price": 4780.9, "last_trade_time": None}
    return {"timestamp": stamp, "data": data | changed, "symbol": "_SPX"}


def read(content: object) -> Snapshot:
    fetched = datetime(2024, 1, 22, tzinfo=UTC)
    return read_chain(body(content, "cboe", fetched=fetched), "chain.spx")  # type: ignore[arg-type]


def test_contracts_that_share_day_and_strike_stay_apart_by_root() -> None:
    snapshot = read(chain(option("SPX240216C04800000"), option("SPXW240216C04800000", bid=1.6)))
    assert snapshot.taken == datetime(2024, 1, 19, 14, 20, tzinfo=UTC)
    assert tuple(snapshot.quotes.columns) == tuple(QUOTES)
    assert snapshot.quotes["root"].to_list() == ["SPX", "SPXW"]
    assert snapshot.quotes["contract"].is_unique
    first = snapshot.quotes.iloc[0]
    assert (first["kind"], first["strike"], first["expiry"]) == ("call", 4800.0, pd.Timestamp("2024-02-16"))
    assert (first["bid"], first["open_interest"], first["underlying"]) == (1.5, 11.0, 4780.9)
    assert read(chain(option("SPY240216P00450500"))).quotes["strike"].to_list() == [450.5]


@pytest.mark.parametrize(
    ("stamp", "living"),
    [
        ("2024-01-19 14:20:00", ["SPX", "SPXW"]),  # 09:20 in New York: nothing has settled
        ("2024-01-19 15:00:00", ["SPXW"]),  # 10:00: the morning settlement is over
        ("2024-01-20 02:00:00", []),  # the evening of the last day, still in the file
    ],
)
def test_contracts_that_have_settled_are_left_out(stamp: str, living: list[str]) -> None:
    options = [option(f"{root}240119P04700000", last_trade_time=None) for root in ("SPX", "SPXW")]
    later = option("SPXW240122P04700000")
    snapshot = read(chain(*options, later, stamp=stamp))
    assert snapshot.quotes["root"].to_list() == [*living, "SPXW"]


def test_a_figure_of_zero_that_means_unknown_is_missing() -> None:
    quotes = read(
        chain(option("SPX240216C01000000", iv=0.0, gamma=0.0, bid=0.0, last_trade_time=None))
    ).quotes
    assert quotes[["implied_volatility", "last"]].isna().all(axis=None)
    assert quotes[["gamma", "bid"]].eq(0).all(axis=None)


def test_a_real_chain_arrives_whole(recording: Callable[[str], Path]) -> None:
    file = recording(RUT)
    fetched = datetime(2023, 9, 22, tzinfo=UTC)
    snapshot = read_chain(body(file.read_bytes(), "cboe", fetched=fetched), "chain.rut")
    raw = json.loads(file.read_text())["data"]["options"]
    living = [each for each in raw if not each["option"].startswith("RUTW230920")]  # settled hours before
    assert len(raw) == 6680
    assert len(snapshot.quotes) == len(living) == 6342
    assert snapshot.quotes["open_interest"].sum() == sum(each["open_interest"] for each in living)
    assert snapshot.taken == datetime(2023, 9, 21, 3, 17, 42, tzinfo=UTC)
    by_contract = snapshot.quotes.set_index("contract")
    for each in living[::500]:
        ours = by_contract.loc[each["option"]]
        assert (ours["bid"], ours["ask"], ours["delta"]) == (each["bid"], each["ask"], each["delta"])
        assert ours["strike"] == int(each["option"][-8:]) / 1000
        assert (ours["kind"] == "call") == (each["option"][-9] == "C")
    assert by_contract["root"].value_counts().to_dict() == {"RUTW": 5208 - 338, "RUT": 1472}


def _check_download(text: str, wall: str, underlying: float) -> None:
    snapshot = read_quotedata(text, "chain.spx", "download.csv")
    taken = pd.Timestamp(snapshot.taken).tz_convert("America/New_York")
    assert taken.strftime("%Y-%m-%d %H:%M") == wall
    assert set(snapshot.quotes["underlying"]) == {underlying}
    lines = list(csv.reader(text.splitlines()))
    start = next(at for at, line in enumerate(lines) if line and line[0] == "Expiration Date")
    total = contracts = 0
    for line in lines[start + 1 :]:
        day = datetime.strptime(line[0], "%a %b %d %Y").date()
        if day > taken.date():
            contracts += 2
            total += int(line[10]) + int(line[21])
    assert len(snapshot.quotes) == contracts
    assert snapshot.quotes["open_interest"].sum() == total
    by_contract = snapshot.quotes.set_index("contract")
    last = lines[-1]
    assert (by_contract.loc[last[1], "bid"], by_contract.loc[last[12], "ask"]) == (
        float(last[4]),
        float(last[16]),
    )
    assert by_contract.loc[last[12], "strike"] == float(last[11])


@pytest.mark.parametrize("name", DOWNLOADS)
def test_real_downloads_are_read_in_every_wording(name: str, real_data: Callable[[str], Path]) -> None:
    _check_download(gzip.decompress(real_data(name).read_bytes()).decode(), *DOWNLOADS[name])


def test_the_recorded_download_arrives_whole(recording: Callable[[str], Path]) -> None:
    _check_download(recording("cboe/spx_quotedata_2023-02-03.csv").read_text(), "2023-02-03 23:24", 4136.48)


SYMBOL = "SPX240216C04800000"


@pytest.mark.parametrize(
    ("content", "row", "found"),
    [
        ("<html>Access denied</html>", "", "not JSON"),
        ({"timestamp": "2024-01-19 14:20:00", "data": {}}, "", "data.options"),
        (chain(option(SYMBOL), current_price=0), "", "current_price"),
        (chain(), "", "no living contract"),
        (chain(option(SYMBOL), option("SPX240216X04800000")), "row 2", "SPX240216X04800000"),
        (chain(option(SYMBOL), option("SPX240231C04800000")), "row 2", "expires on no day"),
        (chain(option(SYMBOL), option("SPX240216C04900000", bid="1.5")), "row 2", "'bid' is 1.5"),
        (
            chain(option(SYMBOL), option("SPX240216C04900000", ask=-1)),
            "row 2",
            "'ask' of SPX240216C04900000 is -1",
        ),
        (chain(option(SYMBOL), option("SPX240216C04900000", volume=10**400)), "row 2", "'volume'"),
        (chain(option(SYMBOL), {"option": "SPX240216C04900000"}), "row 2", "'bid' is missing"),
        (chain(option(SYMBOL), option(SYMBOL, bid=1.4)), "row 2", "stands twice"),
        (chain(option(SYMBOL), stamp="2024-01-23 14:20:00"), "", "the time stamp is 2024-01-23"),
        (chain(option(SYMBOL), last_trade_time="2024-01-19T14:20:00"), "", "the last trade"),
        (chain(option(SYMBOL), stamp="0001-01-01 00:00:00"), "", "timestamp"),
    ],
)
def test_what_is_not_a_chain_is_refused_by_series_and_row(content: object, row: str, found: str) -> None:
    with pytest.raises(SourceError) as refusal:
        read(content)
    assert "'chain.spx'" in refusal.value.where
    assert row in refusal.value.where
    assert found in refusal.value.what


@pytest.mark.parametrize(
    ("old", "new", "row", "found"),
    [
        ("January 19, 2024 at", "19 January 2024 at", "row 3", "19 January 2024"),
        ("Last: 4780.9", "Last: n/a", "row 2", "n/a"),
        ("Strike", "Level", "", "no header"),
        ("1.5,1.7", "1.5,x", "row 5", "'x'"),
        ("04800000,1.6", "04800000", "row 5", "20 cells"),
    ],
)
def test_what_is_not_a_download_is_refused_by_row(old: str, new: str, row: str, found: str) -> None:
    half = "Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest"
    figures = "1.6,0,1.5,1.7,3,0.2,0.5,0.001,11"
    text = (
        "\nStandard & Poors 500 Index,Last: 4780.9,Change: 1\n"
        '"Date: January 19, 2024 at 9:20 AM EST",Bid: 1,Ask: 2,Size: 1*1,"Volume: 1,200"\n'
        f"Expiration Date,Calls,{half},Strike,Puts,{half}\n"
        f"Fri Feb 16 2024,SPX240216C04800000,{figures},4800.00,SPX240216P04800000,{figures}\n"
    )
    assert len(read_quotedata(text).quotes) == 2
    assert old in text
    with pytest.raises(SourceError) as refusal:
        read_quotedata(text.replace(old, new), name="mine.csv")
    assert "mine.csv" in refusal.value.where
    assert "download the file again" in refusal.value.remedy
    assert row in refusal.value.where
    assert found in refusal.value.what


def test_a_symbol_that_cboe_does_not_know_is_told_as_such() -> None:
    path = "/api/global/delayed_quotes/options/_SPX.json"
    refused = Answering({path: SourceError("status 403", where="cboe, https://cdn.cboe.com/x")})
    (job,) = SOURCE.jobs([Wanted(catalog()["chain.spx"])], refused, date(2024, 1, 19))
    with pytest.raises(SourceError, match="no chain '_SPX'"):
        job.run(refused)
    served = Answering({path: chain(option(SYMBOL))})
    (snapshot,) = job.run(served).snapshots
    assert (snapshot.series, len(snapshot.quotes)) == ("chain.spx", 1)


def test_twenty_thousand_contracts_are_read_within_two_seconds() -> None:
    options = [
        option(f"SPXW2402{day:02d}P{strike:05d}000") for day in range(1, 21) for strike in range(4000, 5000)
    ]
    content = body(chain(*options), "cboe")
    start = time.perf_counter()
    assert len(read_chain(content, "chain.spx").quotes) == 20_000
    assert time.perf_counter() - start < 2
