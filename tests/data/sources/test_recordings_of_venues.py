"""Every recorded answer of Cboe, the CFTC, Deribit and Yahoo is accounted for.

Each is read by the reader of the request we make for it, or named as the answer to one we never make.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from fnmatch import fnmatch
from pathlib import Path

from answering import body

from groundswell.data.http.service import Body
from groundswell.data.sources import (
    cboe,
    cboe_chain,
    cboe_futures,
    cftc_files,
    cftc_reports,
    deribit,
    yahoo_bars,
)

FETCHED = datetime(2026, 7, 1, tzinfo=UTC)


def _index(answer: Body) -> int:
    return len(cboe.read_index(answer, "index"))


def _contract(expiry: date) -> Callable[[Body], int]:
    return lambda answer: len(cboe_futures.read_contract(answer, expiry, "futures"))


def _legacy(answer: Body) -> int:
    return len(cftc_reports.read_json(cftc_reports.REPORTS["legacy_combined"], answer, "cot"))


def _chart(answer: Body) -> int:
    symbol = json.loads(answer.content)["chart"]["result"][0]["meta"]["symbol"]
    bars = yahoo_bars.read_chart(answer, symbol, "bars")
    empty = "indicators" in str(answer.content) and '"quote":[{}]' in answer.content.decode().replace(" ", "")
    return len(bars.days) + empty


READERS: dict[str, Callable[[Body], int]] = {
    "cboe/*_History_*.csv": _index,
    "cboe/CFE_2007-05-16_CFE_VX_K2007.csv": _contract(date(2007, 5, 16)),
    "cboe/CFE_2008-05-21_CFE_VX_K2008_jun1_2006.csv": _contract(date(2008, 5, 21)),
    "cboe/delayed_options_*.json": lambda answer: len(cboe_chain.read_chain(answer, "chain").quotes),
    "cboe/spx_quotedata_*.csv": lambda answer: len(cboe_chain.read_quotedata(answer.content.decode()).quotes),
    "cftc/FinFutYY_*.txt": lambda answer: len(
        cftc_files.read_file(cftc_reports.REPORTS["tff"], answer, "cot")
    ),
    "cftc/cot_legacy.json": _legacy,
    "deribit/tick_*.json": lambda answer: len(deribit.read_ticker(answer, "ticker").quotes),
    "yahoo/v8_finance_chart_*.json": _chart,
}

NEVER_ASKED = {
    "yahoo/*options_*.json": "option chains come from Cboe; Yahoo's want a cookie and a crumb",
    "yahoo/v7_finance_quote_*.json": "quotes of this moment; closes are read from bars",
    "yahoo/v1_finance_screener_*.json": "a list of shares by a screen",
    "yahoo/ws_fundamentals_timeseries_*.json": "company figures come from the SEC",
}


def test_every_recorded_answer_is_read_or_named(recording: Callable[[str], Path]) -> None:
    index = recording("index.csv")
    services = {"cboe", "cftc", "deribit", "yahoo"}
    csv.field_size_limit(10**6)
    files = [
        row["file"] for row in csv.DictReader(index.read_text().splitlines()) if row["service"] in services
    ]
    assert len(files) > 50
    for file in files:
        named = [pattern for pattern in NEVER_ASKED if fnmatch(file, pattern)]
        readers = [reader for pattern, reader in READERS.items() if fnmatch(file, pattern)]
        assert len(named) + len(readers) == 1, file
        for reader in readers:
            answer = body(recording(file).read_bytes(), file.split("/")[0], fetched=FETCHED)
            assert reader(answer) > 0, file
