"""The good answers that `test_fuzzing` damages: of every source, in its wire format, made and recorded."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from groundswell.data import calendar
from groundswell.data.catalog import catalog
from groundswell.data.sources.source import Wanted

sys.path.append(str(Path(__file__).with_name("sources")))

import test_bea
import test_bls
import test_cboe_chain
import test_cboe_futures
import test_cftc
import test_coin_metrics
import test_deribit
import test_eia
import test_fed_dfa
import test_fiscal_data
import test_fred_md
import test_fred_vintages
import test_nyfed
import test_sec_edgar
import test_sec_facts
import test_yahoo

RECORDINGS = Path(
    os.environ.get("GROUNDSWELL_RECORDINGS", Path(__file__).parents[3] / "shared" / "recordings")
)
FETCHED = datetime(2026, 9, 1, 12, tzinfo=UTC)
LONGEST = 160
"""Lines of a recorded table that are served: its header and its last ones."""


@dataclass(frozen=True)
class Case:
    """Answers of one service to what is asked for some series.

    Attributes:
        source: its key.
        series: ids of the catalog.
        answers: by path, as `answering.Answering` takes them.
        fetched: when they are received.
        has_keys: whether the user has keys.
        through: last period stored of each series.
        days: how the answer, a table, writes the day of a row; empty where it is no table.
        is_verbatim: whether every figure stored stands in the answer; otherwise some are sums.
        entry: changes to the entries of the catalog.
    """

    source: str
    series: tuple[str, ...]
    answers: Mapping[Any, Any]
    fetched: datetime = FETCHED
    has_keys: bool = False
    through: date | None = None
    days: str = ""
    is_verbatim: bool = True
    entry: Mapping[str, object] = field(default_factory=dict)

    def wanted(self) -> list[Wanted]:
        known = catalog()
        return [Wanted(known[name].model_copy(update=dict(self.entry)), self.through) for name in self.series]


def recorded(name: str) -> str | None:
    """Return a recorded answer, of a table its header and last lines; `None` where it is not present."""
    file = RECORDINGS / name
    if not file.is_file():
        return None
    text = file.read_text("utf-8-sig")
    if file.suffix != ".csv":
        return text
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.upper().startswith(("DATE", "OBS")))
    return "\n".join([lines[first], *lines[first + 1 :][-LONGEST:], ""])


def wide() -> str:
    """Return a download of FRED with two daily series."""
    days = calendar.sessions("2026-03-02", "2026-08-28")
    rows = [
        f"{day:%Y-%m-%d},{4 + n % 7 / 100:.2f},{'.' if n % 9 == 0 else 3.5 + n / 1000:}"
        for n, day in enumerate(days)
    ]
    return "\n".join(["observation_date,DGS10,DGS2", *rows, ""])


def index_history() -> str:
    days = calendar.sessions("2026-03-02", "2026-08-28")
    rows = [f"{day:%m/%d/%Y},17,18.5,16.1,{15 + n % 11 / 10:.6f}" for n, day in enumerate(days)]
    return "\n".join(["DATE,OPEN,HIGH,LOW,CLOSE", *rows, ""])


def spans() -> list[test_fred_vintages.Span4]:
    """Return vintages of a monthly rate: two of each month."""
    found = []
    for month in pd.period_range("2022-01", "2024-12", freq="M"):
        out, again = (month + 1).start_time.date(), (month + 4).start_time.date()
        day = f"{month.start_time:%Y-%m-%d}"
        found += [
            (f"{out}", f"{again - timedelta(days=1)}", day, f"{3.5 + month.month / 10:.1f}"),
            (f"{again}", "9999-12-31", day, f"{3.6 + month.month / 10:.1f}"),
        ]
    return sorted(found, key=lambda span: (span[2], span[0]))


def contracts() -> list[dict[str, str]]:
    weeks = pd.date_range("2023-12-05", "2024-02-20", freq="7D").strftime("%Y-%m-%d")
    return [test_cftc.report(code, day) for day in weeks for code in ("13874A", "239742")]


def treasury() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    balance = 700_000
    for day in calendar.sessions("2026-06-01", "2026-08-28"):
        rows += test_fiscal_data.statement(f"{day:%Y-%m-%d}", balance, 9_000, 8_500, balance + 500)
        balance += 500
    return rows


def debt() -> list[dict[str, object]]:
    days = calendar.sessions("2026-06-01", "2026-08-28")
    names = ("record_date", "debt_held_public_amt", "tot_pub_debt_out_amt")
    return [
        dict(zip(names, (f"{day:%Y-%m-%d}", f"{29e12 + n * 1e9:.2f}", f"{37e12 + n * 1e9:.2f}"), strict=True))
        for n, day in enumerate(days)
    ]


def auctions() -> list[dict[str, object]]:
    days = calendar.sessions("2026-06-01", "2026-08-28")[::3]
    return [
        test_fiscal_data.auction(
            f"{day:%Y-%m-%d}", kind, offered, offered + 1e9, announcemt_date=f"{day:%Y-%m-%d}"
        )
        for day in days
        for kind, offered in (("Bill", 80e9), ("Note", 42e9))
    ]


def prices() -> list[dict[str, object]]:
    months = pd.period_range("2022-01", "2026-06", freq="M")
    return [test_eia.price(str(month), f"{16 + month.month / 10:.2f}") for month in months]


def national() -> dict[str, object]:
    quarters = pd.period_range("2015Q1", "2026Q2", freq="Q")
    return test_bea.answer(
        [test_bea.line(str(q), f"{28_000_000 + 9_000 * n:,}") for n, q in enumerate(quarters)]
    )


def labour() -> dict[str, object]:
    months = pd.period_range("2023-01", "2026-07", freq="M")[::-1]
    rows = [
        test_bls.point(month.year, f"M{month.month:02}", f"{7 + month.month / 10:.1f}") for month in months
    ]
    return test_bls.answer({test_bls.RATE.source_id: rows})


def made() -> list[Case]:
    """Return the answers that are made."""
    fiscal, nyfed, venues = test_fiscal_data, test_nyfed, test_coin_metrics
    rates = nyfed.rates(*((f"2026-{m:02}-{d:02}", 3.6 + d / 100) for m in (6, 7) for d in range(1, 29)))
    repos = nyfed.operations(*(nyfed.operation(f"2026-08-{d:02}", 5e9 + d) for d in range(1, 29)))
    weeks = pd.date_range("2026-01-07", "2026-08-26", freq="7D").strftime("%Y-%m-%d")
    holdings = nyfed.holdings(*({"asOfDate": day} for day in weeks))
    coins = {"data": [venues.row(f"2026-01-{day:02}", f"{84000 + day}.5") for day in range(1, 31)]}
    bars = {
        f"{day:%Y-%m-%d}": 88.0 + n % 5 for n, day in enumerate(calendar.sessions("2024-12-02", "2025-02-20"))
    }
    options = [
        test_cboe_chain.option(f"SPX{day}{kind}0{strike}000")
        for day in ("240216", "240315")
        for kind in "CP"
        for strike in range(4700, 4900, 50)
    ]
    coins_options = [
        test_deribit.option(f"BTC-28MAR25-{strike}-{kind}")
        for strike in range(90_000, 99_000, 1_000)
        for kind in "CP"
    ]
    dfa = test_fed_dfa
    return [
        Case("fred", ("yield_10y", "yield_2y"), {"/fredgraph.csv": wide()}, days="%Y-%m-%d"),
        Case(
            "fred",
            ("unemployment_rate",),
            {
                "/series": test_fred_vintages.described(),
                "/series/observations": test_fred_vintages.archive(spans()),
            },
            has_keys=True,
        ),
        Case("fred_md", ("md.unemployment_rate", "md.cpi"), test_fred_md.served().answers, days="%-m/%-d/%Y"),
        Case("nyfed", ("sofr", "sofr_volume"), {"/rates/secured/sofr/search.json": rates}),
        Case("nyfed", ("on_rrp_operations",), {"/rp/results/search.json": repos}, through=date(2026, 8, 1)),
        Case("nyfed", ("soma_bills", "soma_mbs"), {"/soma/summary.json": holdings}),
        Case("fiscal_data", ("tga",), {fiscal.CASH: fiscal.page(treasury())}),
        Case("fiscal_data", ("debt_public", "debt_total"), {fiscal.DEBT: fiscal.page(debt())}),
        Case(
            "fiscal_data",
            ("auction.bills.accepted", "auction.notes.offered", "auction.bills.announced"),
            {fiscal.AUCTIONS: fiscal.page(auctions())},
            is_verbatim=False,
        ),
        Case(
            "cboe",
            ("vix",),
            {"/api/global/us_indices/daily_prices/VIX_History.csv": index_history()},
            days="%m/%d/%Y",
        ),
        Case(
            "cboe",
            ("chain.spx",),
            {"/api/global/delayed_quotes/options/_SPX.json": test_cboe_chain.chain(*options)},
            fetched=datetime(2024, 1, 19, 15, tzinfo=UTC),
        ),
        Case(
            "cboe", ("futures.vix",), test_cboe_futures.market(), fetched=test_cboe_futures.EVENING
        ),
        Case(
            "cftc",
            ("cot.es.lev_money.short", "cot.es.open_interest", "cot.rty.dealer.long"),
            {test_cftc.RESOURCE: contracts()},
            fetched=datetime(2024, 3, 1, 12, tzinfo=UTC),
            through=date(2024, 2, 1),
            is_verbatim=False,
        ),
        Case(
            "fed_dfa",
            (dfa.BOTTOM.entry.id, dfa.EQUITIES.entry.id),
            {"/dfa.zip": dfa.packed(networth_levels=dfa.table("networth", 60))},
        ),
        Case("bls", (test_bls.RATE.id,), {test_bls.V1: labour()}),
        Case("bea", ("nipa.gdp",), {"/api/data": national()}, has_keys=True, is_verbatim=False),
        Case(
            "eia",
            ("electricity_price.residential",),
            {test_eia.RETAIL: test_eia.answer(prices())},
            has_keys=True,
        ),
        Case(
            "sec_edgar",
            ("buybacks.aapl",),
            {test_sec_facts.FACTS_PATH: test_sec_facts.facts(quarters())},
            is_verbatim=False,
        ),
        Case(
            "sec_edgar",
            ("earnings.aapl",),
            {test_sec_edgar.FILINGS_PATH: test_sec_edgar.filings(test_sec_edgar.IN_UTC)},
            is_verbatim=False,
        ),
        Case("coin_metrics", ("btc",), {venues.PATH: coins}, fetched=venues.NOW),
        Case(
            "deribit",
            ("chain.btc",),
            {test_deribit.BOOK: test_deribit.reply(coins_options)},
            test_deribit.NOW,
        ),
        Case(
            "deribit",
            ("dvol.btc",),
            {test_deribit.INDEX: test_deribit.candles("2024-12-10", 28)},
            test_deribit.NOW,
        ),
        Case(
            "yahoo",
            ("bond_etf",),
            {f"{test_yahoo.CHART}TLT": test_yahoo.chart("TLT", bars)},
            fetched=test_yahoo.EVENING,
        ),
    ]  # fmt: skip


def quarters() -> list[dict[str, object]]:
    """Return what a company filed of its cash flows: to date in the year, one report after another."""
    found = []
    for year in range(2019, 2026):
        for number, (end, filed) in enumerate(
            ((f"{year}-03-31", f"{year}-05-01"), (f"{year}-06-30", f"{year}-08-01"),
             (f"{year}-09-30", f"{year}-11-01"), (f"{year}-12-31", f"{year + 1}-02-01")),
            start=1,
        ):  # fmt: skip
            found.append(test_sec_facts.figure(f"{year}-01-01", end, 19e9 * number + year * 1e6, filed))
    return found


def recordings() -> list[Case]:
    """Return the recorded answers that are present."""
    tables = [
        ("fred", "yield_10y", "/fredgraph.csv", "fred_graph/fredgraph_DGS10_to_2022.csv", "%Y-%m-%d"),
        ("fred", "on_rrp", "/fredgraph.csv", "fred_graph/fredgraph_RRPONTSYD_to_2022.csv", "%Y-%m-%d"),
        ("fred", "fed_assets", "/fredgraph.csv", "fred_graph/fredgraph_WALCL_to_2022.csv", "%Y-%m-%d"),
        *(
            (
                "cboe",
                series,
                f"/api/global/us_indices/daily_prices/{series.upper()}_History.csv",
                f"cboe/{name}",
                "%m/%d/%Y",
            )
            for series, name in (
                ("vix", "VIX_History_2022-05.csv"),
                ("vix3m", "VIX3M_History_to_2022.csv"),
                ("vvix", "VVIX_History_to_2022.csv"),
            )
        ),
    ]
    cases = [
        Case(source, (series,), {path: text}, days=days)
        for source, series, path, name, days in tables
        if (text := recorded(name))
    ]
    if text := recorded("nyfed/sofr.json"):
        cases.append(Case("nyfed", ("sofr", "sofr_99th"), {"/rates/secured/sofr/search.json": text}))
    if text := recorded("fiscaldata/dts.json"):
        cases.append(Case("fiscal_data", ("tga",), {test_fiscal_data.CASH: text}))
    if text := recorded("bls/bls.json"):
        changes = {"source_id": "APU0000701111", "low": 0, "typical_low": 0.1}
        cases.append(Case("bls", (test_bls.RATE.id,), {test_bls.V1: text}, entry=changes))
    for tick in ("17jan", "28mar"):
        if text := recorded(f"deribit/tick_{tick}.json"):
            changes = {"source_id": f"ticker:BTC-{tick.upper()}25"}
            fetched = datetime(2025, 1, 6, 12, tzinfo=UTC)
            answers = {"/public/ticker": text}
            cases.append(Case("deribit", ("chain.btc",), answers, fetched, entry=changes))
    if text := recorded("fed_dfa/dfa-networth-levels_2023Q1.csv"):
        packed = test_fed_dfa.packed(networth_levels=text_of_table("fed_dfa/dfa-networth-levels_2023Q1.csv"))
        cases.append(Case("fed_dfa", (test_fed_dfa.BOTTOM.entry.id,), {"/dfa.zip": packed}))
    if text := recorded("sec_edgar/submissions_CIK0000320193_json.json"):
        filed = json.loads(text)["filings"]["recent"]
        names = ("form", "items", "filingDate", "reportDate", "acceptanceDateTime")
        rows = list(zip(*(filed[name][:300] for name in names), strict=True))
        answers = {test_sec_edgar.FILINGS_PATH: test_sec_edgar.filings(rows)}
        cases.append(Case("sec_edgar", ("earnings.aapl",), answers, is_verbatim=False))
    way = "useYfid_true_interval_1d_includePrePost_true_events_div_7Csplit_7Cea_2"
    if text := recorded(f"yahoo/v8_finance_chart_AAPL_{way}.json"):
        changes = {"source_id": "AAPL", "low": 0, "high": 1e5, "typical_low": 1, "typical_high": 1e4}
        cases.append(Case("yahoo", ("bond_etf",), {f"{test_yahoo.CHART}AAPL": text}, entry=changes))
    return cases


def text_of_table(name: str) -> str:
    return (RECORDINGS / name).read_text("utf-8-sig")


def cases() -> dict[str, list[Case]]:
    """Return all answers by source."""
    found: dict[str, list[Case]] = {}
    for case in (*made(), *recordings()):
        found.setdefault(case.source, []).append(case)
    return found
