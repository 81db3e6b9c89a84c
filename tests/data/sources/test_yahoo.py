"""Yahoo Finance: daily bars by the chart service and by yfinance, and the strip of fed-funds futures.

- Days are told in the zone of the exchange; nulls are missing; the running session is left out.
- Real answers: every bar against an independent reading, splits, empty ranges, five zones.
- The close and the adjusted close are two series; a split since the last update brings the whole history.
- Errors at status 200, other symbols, columns of another length are refused by series and row.
- A client that Yahoo turns away is told why and which extra helps; with it the same interface answers.
- Fed-funds contracts: one snapshot a day; far contracts may be absent, near ones not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from answering import Answering, body

from groundswell.data.catalog import catalog
from groundswell.data.errors import SourceError
from groundswell.data.sources.source import Delivery, Wanted
from groundswell.data.sources.yahoo import SOURCE
from groundswell.data.sources.yahoo_bars import read_chart

NEW_YORK = ZoneInfo("America/New_York")
TODAY = date(2025, 2, 21)
EVENING = datetime(2025, 2, 21, 23, 30, tzinfo=UTC)  # Friday, 18:30 in New York
CHART = "/v8/finance/chart/"

RECORDED = {
    "0P0000XTS7_useYfid_true_interval_1d_includePrePost_true_events_lang_en_US": 2,
    "AAPL_useYfid_true_interval_1d_includePrePost_true_events_div_7Csplit_7Cea": 1,
    "AAPL_useYfid_true_interval_1d_includePrePost_true_events_div_7Csplit_7Cea_2": 49,
    "AAPL_useYfid_true_interval_1m_includePrePost_false_events_div_7Csplit_7Ce": 0,
    "BTC_USD_useYfid_true_interval_1d_includePrePost_true_events_lang_en_US_pe": 3,
    "EURUSD_X_useYfid_true_interval_1d_includePrePost_true_events_lang_en_US_p": 3,
    "GC_F_useYfid_true_interval_1d_includePrePost_true_events_div_7Csplit_7Cea": 1,
    "NVDA_useYfid_true_interval_1d_includePrePost_true_events_split_lang_en_US": 252,
    "TSLA_useYfid_true_interval_1d_includePrePost_true_events_div_lang_en_US_p": 3303,
    "WSU_DE_useYfid_true_interval_1d_includePrePost_true_events_div_7Csplit_7C": 3,
}


def opening(day: str) -> int:
    return int(datetime.fromisoformat(f"{day.strip()} 09:30").replace(tzinfo=NEW_YORK).timestamp())


def chart(
    symbol: str,
    closes: Mapping[str, float | None],
    *,
    session: str = "2025-02-21",
    splits: tuple[str, ...] = (),
) -> dict[str, object]:
    """Return an answer of the chart service; `session` is the day it takes for the current one."""
    start = opening(session)
    prices = list(closes.values())
    halves = [None if price is None else price / 2 for price in prices]
    columns: dict[str, object] = {"close": prices, "volume": [1000] * len(prices)}
    result = {
        "meta": {
            "currency": "USD", "symbol": symbol, "exchangeTimezoneName": "America/New_York",
            "dataGranularity": "1d",
            "currentTradingPeriod": {"regular": {"timezone": "EST", "start": start, "end": start + 23400}},
        },
        "indicators": {"quote": [columns if prices else {}], "adjclose": [{"adjclose": halves}]},
        "events": {"splits": {str(opening(day)): {"date": opening(day), "numerator": 4} for day in splits}},
    }  # fmt: skip
    if prices:
        result["timestamp"] = [opening(day) for day in closes]
    return {"chart": {"result": [result], "error": None}}


def run(
    answers: object,
    series: str = "bond_etf",
    through: date | None = None,
    fetched: datetime = EVENING,
    **entry: str,
) -> tuple[Delivery, Answering]:
    table = answers if isinstance(answers, dict) and "chart" not in answers else {f"{CHART}TLT": answers}
    caller = Answering(table, fetched=fetched)
    (job,) = SOURCE.jobs([Wanted(catalog()[series].model_copy(update=entry), through)], caller, TODAY)
    return job.run(caller), caller


def closes(delivery: Delivery) -> dict[str, float]:
    frame = delivery.observations.dropna(subset="value")
    return dict(zip(frame["period"].dt.strftime("%Y-%m-%d"), frame["value"], strict=True))


@pytest.mark.parametrize("name", RECORDED)
def test_a_real_answer_arrives_whole(name: str, recording: Callable[[str], Path]) -> None:
    path = recording(f"yahoo/v8_finance_chart_{name}.json")
    raw = json.loads(path.read_text())["chart"]["result"][0]
    bars = read_chart(body(path.read_bytes(), "yahoo"), raw["meta"]["symbol"], "recorded")
    assert len(bars.days) == len(raw.get("timestamp", [])) == RECORDED[name]
    if RECORDED[name]:
        zone = raw["meta"]["exchangeTimezoneName"]
        stamps = pd.to_datetime(pd.Series(raw["timestamp"]), unit="s", utc=True).dt.tz_convert(zone)
        assert list(bars.days) == stamps.dt.date.to_list()
        assert list(bars.closes) == raw["indicators"]["quote"][0]["close"]
        assert list(bars.adjusted) == raw["indicators"]["adjclose"][0]["adjclose"]


def test_the_day_of_a_real_split_is_read(recording: Callable[[str], Path]) -> None:
    name = "NVDA_useYfid_true_interval_1d_includePrePost_true_events_split_lang_en_US"
    path = recording(f"yahoo/v8_finance_chart_{name}.json")
    assert read_chart(body(path.read_bytes(), "yahoo"), "NVDA", "nvda").splits == [date(2021, 7, 20)]


def test_nulls_are_missing_and_the_adjusted_close_is_a_series_of_its_own() -> None:
    answer = chart("TLT", {"2025-02-19": 88.5, "2025-02-20": None, "2025-02-21": 90.0})
    delivery, caller = run(answer)
    assert closes(delivery) == {"2025-02-19": 88.5, "2025-02-21": 90.0}
    assert caller.asked[0].parameters["period1"] == 0
    delivery, _ = run(answer, "bond_etf_adjusted")
    assert closes(delivery) == {"2025-02-19": 44.25, "2025-02-21": 45.0}


@pytest.mark.parametrize(
    ("fetched", "session", "last"),
    [
        (datetime(2025, 2, 21, 18, tzinfo=UTC), "2025-02-21", "2025-02-20"),  # 13:00: the session runs
        (datetime(2025, 2, 21, 22, tzinfo=UTC), "2025-02-21", "2025-02-21"),  # 17:00: it is over
        (datetime(2025, 2, 22, 3, tzinfo=UTC), "2025-02-24", "2025-02-21"),  # 22:00: Yahoo speaks of Monday's
    ],
)
def test_the_bar_of_a_running_session_is_left_out(fetched: datetime, session: str, last: str) -> None:
    answer = chart("TLT", {"2025-02-20": 88.5, "2025-02-21": 90.0}, session=session)
    delivery, _ = run(answer, fetched=fetched)
    assert max(closes(delivery)) == last


def test_a_day_is_that_of_the_exchange_not_of_greenwich() -> None:
    answer = chart("TLT", {"2024-07-01": 1.08})
    result = answer["chart"]["result"][0]  # type: ignore[index]
    result["meta"]["exchangeTimezoneName"] = "Europe/London"
    midnight = datetime(2024, 7, 1, tzinfo=ZoneInfo("Europe/London"))  # still 30 June in Greenwich
    result["timestamp"] = [int(midnight.timestamp())]
    assert closes(run(answer)[0]) == {"2024-07-01": 1.08}


def test_a_last_quote_beside_the_bar_of_its_day_is_left_out() -> None:
    answer = chart("TLT", {"2025-02-20": 88.5, "2025-02-21": 90.0, "2025-02-21 ": 90.1})
    stamps = answer["chart"]["result"][0]["timestamp"]  # type: ignore[index]
    stamps[-1] += 23400
    assert closes(run(answer)[0]) == {"2025-02-20": 88.5, "2025-02-21": 90.0}


def test_a_split_since_the_last_update_brings_the_whole_history() -> None:
    def answers(asked: Mapping[str, object]) -> dict[str, object]:
        days = {"2025-02-20": 25.0} if asked["period1"] else {"2010-01-04": 10.0, "2025-02-20": 25.0}
        return chart("TLT", days, splits=("2025-02-20",))

    delivery, caller = run({f"{CHART}TLT": answers}, through=date(2025, 2, 19))
    assert closes(delivery) == {"2010-01-04": 10.0, "2025-02-20": 25.0}
    assert len(caller.asked) == len(delivery.bodies) == 2
    delivery, caller = run({f"{CHART}TLT": answers}, through=date(2025, 3, 10))
    assert closes(delivery) == {"2025-02-20": 25.0}


def test_a_symbol_is_written_into_the_address_as_yahoo_wants_it() -> None:
    answers = {
        f"{CHART}%5EGSPC": chart("^GSPC", {"2025-02-20": 6117.5}),
        f"{CHART}ES=F": chart("ES=F", {"2025-02-20": 6135.5}),
    }
    assert closes(run(answers, "index_yahoo")[0]) == {"2025-02-20": 6117.5}
    assert closes(run(answers, "es_future")[0]) == {"2025-02-20": 6135.5}


def changed(change: Callable[[dict[str, object]], object]) -> dict[str, object]:
    answer = chart("TLT", {"2025-02-19": 88.5, "2025-02-20": 89.5})
    change(answer["chart"]["result"][0])  # type: ignore[index]
    return answer


@pytest.mark.parametrize(
    ("answer", "row", "found"),
    [
        ({"chart": {"error": {"code": "Not Found", "description": "gone"}}}, "", "Not Found gone"),
        (chart("TLTW", {"2025-02-19": 88.5}), "", "'TLTW'"),
        (changed(lambda r: r["timestamp"].pop()), "row 2", "1 stamps and 2 values of 'close'"),  # type: ignore[attr-defined]
        (changed(lambda r: r["timestamp"].append(10**15)), "row 3", "3 stamps"),  # type: ignore[attr-defined]
        (changed(lambda r: r["timestamp"].__setitem__(1, 10**15)), "row 2", "the stamp is"),  # type: ignore[attr-defined]
        (changed(lambda r: r["meta"].update(dataGranularity="1wk")), "", "1wk"),  # type: ignore[attr-defined]
        (changed(lambda r: r["meta"].update(exchangeTimezoneName="../x")), "", "../x"),  # type: ignore[attr-defined]
        (changed(lambda r: r["indicators"].update(quote=[])), "", "indicators.quote"),  # type: ignore[attr-defined]
        ({"chart": {"result": [], "error": None}}, "", "no result"),
        ("Too Many Requests\r\n", "", "not JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_series_and_row(answer: object, row: str, found: str) -> None:
    with pytest.raises(SourceError) as refusal:
        run({f"{CHART}TLT": answer})
    assert "'bond_etf'" in refusal.value.where
    assert row in refusal.value.where
    assert found in refusal.value.what


def test_a_client_that_is_turned_away_learns_why_and_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = SourceError(
        "status 429: Edge: Too Many Requests", where="yahoo, https://query1.finance.yahoo.com"
    )
    with pytest.raises(SourceError, match="turns plain clients away") as refusal:
        run({f"{CHART}TLT": refused})
    assert "groundswell[clients]" in refusal.value.remedy
    assert "yfinance:TLT" in refusal.value.remedy
    monkeypatch.setitem(sys.modules, "yfinance", None)
    with pytest.raises(SourceError, match="not installed") as refusal:
        run({}, source_id="yfinance:TLT")
    assert "groundswell[clients]" in refusal.value.remedy


def test_the_library_answers_behind_the_same_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    tomorrow = datetime.now(NEW_YORK).date()
    days = pd.DatetimeIndex(["2025-02-20", "2025-02-21", str(tomorrow)]).tz_localize("America/New_York")
    table = pd.DataFrame(
        {
            "Close": [89.5, 90.0, 91.0],
            "Adj Close": [89.0, 89.5, 90.5],
            "Volume": [5, 6, 7],
            "Stock Splits": 0.0,
        },
        days,
    )

    class Ticker:
        def __init__(self, symbol: str) -> None:
            self.symbol = symbol

        def history(self, **options: object) -> pd.DataFrame:
            asked.append((self.symbol, options))
            return table

    monkeypatch.setitem(sys.modules, "yfinance", SimpleNamespace(Ticker=Ticker))
    delivery, caller = run({}, through=date(2025, 2, 19), source_id="yfinance:TLT")
    assert closes(delivery) == {"2025-02-20": 89.5, "2025-02-21": 90.0}
    assert not caller.asked
    ((symbol, options),) = asked
    assert (symbol, options["start"], options["end"], options["auto_adjust"]) == (
        "TLT",
        "2025-01-20",
        "2025-02-22",
        False,
    )
    assert b"89.5" in delivery.bodies[0].content
    assert caller.kept == list(delivery.bodies)
    del table["Close"]
    with pytest.raises(SourceError, match="yfinance failed: KeyError"):
        run({}, source_id="yfinance:TLT")


def strip(count: int) -> dict[object, object]:
    """Return answers for `count` contracts from February 2025 on, on two days."""
    letters = "FGHJKMNQUVXZ"
    answers: dict[object, object] = {}
    for at in range(1, count + 1):
        symbol = f"ZQ{letters[at % 12]}{25 + at // 12}.CBT"
        answers[CHART + symbol] = chart(
            symbol, {"2025-02-19": 95.0 + at / 100, "2025-02-20": 95.5 + at / 100}
        )
    return answers


def test_fed_funds_contracts_make_one_snapshot_a_day() -> None:
    delivery, _ = run(strip(15), "futures.fed_funds")
    assert [each.taken for each in delivery.snapshots] == [
        datetime(2025, 2, 19, 23, tzinfo=UTC),
        datetime(2025, 2, 20, 23, tzinfo=UTC),
    ]
    quotes = delivery.snapshots[-1].quotes
    assert quotes["contract"].to_list()[:2] == ["ZQG25", "ZQH25"]
    assert len(quotes) == 15
    assert quotes["settle"].iloc[0] == pytest.approx(95.51)
    assert quotes["expiry"].iloc[0] == pd.Timestamp("2025-02-28")
    assert quotes["expiry"].iloc[1] == pd.Timestamp("2025-03-31")
    assert any("ZQK26" in remark for remark in delivery.remarks)
    later, _ = run(strip(15), "futures.fed_funds", through=date(2025, 2, 19))
    assert [each.taken.day for each in later.snapshots] == [20]


def test_a_near_contract_that_is_absent_is_an_error() -> None:
    with pytest.raises(SourceError, match="nothing answers"):
        run(strip(11), "futures.fed_funds")
