"""A book of real files under the names of the catalog, for tests that want to see real evenings. Files are
read where they are; a test without them is skipped by whoever finds them.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from groundswell.data import release
from groundswell.data.book import PRICE, Book, Series
from groundswell.data.catalog import catalog
from groundswell.data.sources import cboe_chain, cboe_futures
from groundswell.data.sources.quotes import MONTH_CODES
from groundswell.data.sources.source import Snapshot

# name in the catalog: file, divisor to the catalog's unit; the value is the column 'close', or the first one
FILES = {
    "index": ("equity/sp500_daily.csv", 1),
    **{name: (f"vol/{name}_daily.csv", 1) for name in ("vix", "vix9d", "vix3m", "vix6m")},
    "vvix": ("vol/vvix_daily.csv", 1),
    "skew": ("vol/skew_daily.csv", 1),
    "credit_spread_high_yield": ("rates/bamlh0a0hym2.csv", 1),
    "credit_spread_investment_grade": ("rates/bamlc0a0cm.csv", 1),
    "yield_10y": ("rates/dgs10.csv", 1),
    "yield_2y": ("rates/dgs2.csv", 1),
    "yield_30y": ("rates/dgs30.csv", 1),
    "dollar_broad": ("rates/dtwexbgs.csv", 1),
    "fed_assets": ("liquidity/walcl_weekly.csv", 1000),
    "tga_weekly": ("liquidity/tga_weekly.csv", 1),
    "on_rrp": ("liquidity/rrp_daily.csv", 1),
    "reserves": ("liquidity/wresbal_weekly.csv", 1000),
    "fed_treasuries": ("liquidity/treast_weekly.csv", 1000),
    "fed_mbs": ("liquidity/wshomcb_weekly.csv", 1000),
    "fed_securities": ("liquidity/wshosho_weekly.csv", 1000),
}
POSITIONS = {
    "cot.vix.dealer.long": "Dealer_Positions_Long_All",
    "cot.vix.dealer.short": "Dealer_Positions_Short_All",
    "cot.vix.open_interest": "Open_Interest_All",
}
CHAINS = ("spx_2022-02-05", "spx_2022-06-11", "spx_2022-12-12")
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Kept:
    """Chains and strips of futures, oldest first."""

    snapshots: tuple[Snapshot, ...]

    def last(self, name: str, before: pd.Timestamp) -> Snapshot | None:
        known = [one for one in self.snapshots if one.series == name and one.taken < before]
        return known[-1] if known else None

    def over_time(
        self, name: str, columns: Sequence[str], before: pd.Timestamp, since: pd.Timestamp | None
    ) -> pd.DataFrame:
        parts = [
            one.quotes[list(columns)].assign(taken=pd.Timestamp(one.taken))
            for one in self.snapshots
            if one.series == name and one.taken < before and (since is None or one.taken >= since)
        ]
        whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*columns, "taken"])
        return whole[["taken", *columns]]


def real_book(find: Callable[[str], Path], as_of: str, since: str = "1999-01-01") -> Book:
    """Return the book of real files as it was known on an evening to 2022; `find` is the fixture `real_data`.

    The index begins in 1999 as the bundled one does; futures are kept for the last year.
    """
    book = _whole(find("equity/sp500_daily.csv").parents[1], since)
    return book.cut(as_of)


@cache
def _whole(folder: Path, since: str) -> Book:
    series = {}
    for name, (file, divisor) in FILES.items():
        table = pd.read_csv(folder / file, index_col=0, parse_dates=True)
        values = (table["close"] if "close" in table else table.iloc[:, 0]).dropna() / divisor
        series[name] = _series(name, values[since:] if name == "index" else values)
    reports = pd.read_csv(folder / "cot/tff_financial_futures.csv.gz", low_memory=False)
    reports = reports[reports["CFTC_Contract_Market_Code"].astype(str) == "1170E1"]
    reports.index = pd.DatetimeIndex(pd.to_datetime(reports["Report_Date_as_YYYY-MM-DD"]))
    for name, column in POSITIONS.items():
        series[name] = _series(name, reports.sort_index()[column].astype(float))
    snapshots = [*_chains(folder), *_fed_funds(folder), *_vix_futures(folder)]
    return Book(
        series=series,
        as_of=pd.Timestamp("2022-12-30"),
        label="real files",
        traded=frozenset({"index"}),
        quotes=Kept(tuple(sorted(snapshots, key=lambda one: one.taken))),
    )


def _series(name: str, values: pd.Series) -> Series:
    entry = catalog()[name]
    days = pd.DatetimeIndex(values.index).as_unit("us")
    frame = pd.DataFrame(
        {
            "observed": days,
            "released": release.released(entry.release, days, entry.frequency, name),
            "value": values.to_numpy(dtype=float),
        }
    )
    unit = PRICE if name == "index" else entry.unit
    return Series(name=name, unit=unit, source="real files", title=entry.title, frame=frame)


def _chains(folder: Path) -> list[Snapshot]:
    found = []
    for name in CHAINS:
        with gzip.open(folder / f"options/{name}.csv.gz", "rt", encoding="utf-8") as file:
            found.append(cboe_chain.read_quotedata(file.read()))
    return found


def _fed_funds(folder: Path) -> list[Snapshot]:
    rows = pd.read_csv(folder / "rates/fed_funds_futures_contracts.csv.gz", parse_dates=["date"])
    rows = rows[rows["date"] >= "2021"]
    month = rows["symbol"].str[2].map({code: at + 1 for at, code in enumerate(MONTH_CODES)})
    year = 2000 + rows["symbol"].str[3:].astype(int)
    ends = pd.to_datetime({"year": year, "month": month, "day": 1}) + pd.offsets.MonthEnd(0)
    rows = rows.assign(expiry=ends)[ends >= rows["date"]]
    return [
        Snapshot(
            "futures.fed_funds",
            datetime.combine(day.date(), time(18), NEW_YORK).astimezone(UTC),
            pd.DataFrame(
                {
                    "contract": part["symbol"],
                    "root": "ZQ",
                    "kind": "future",
                    "expiry": part["expiry"],
                    "settle": part["close"],
                    "volume": part["volume"],
                    "open_interest": part["openinterest"],
                }
            ).sort_values("expiry", ignore_index=True),
        )
        for day, part in rows.groupby("date")
    ]


def _vix_futures(folder: Path) -> list[Snapshot]:
    rows = pd.read_csv(folder / "vol/vix_futures_curve.csv", index_col=0, parse_dates=True)["2021":]
    found = []
    for day, row in rows.iterrows():
        settles = row[[f"ux{n}" for n in range(1, 10)]].dropna()
        expiries = cboe_futures.monthly_expiries(day.date(), day.date().replace(year=day.year + 1))
        expiries = [expiry for expiry in expiries if expiry > day.date()][: len(settles)]
        quotes = pd.DataFrame(
            {
                "contract": [f"VX{MONTH_CODES[e.month - 1]}{e:%y}" for e in expiries],
                "root": "VX",
                "kind": "future",
                "expiry": pd.to_datetime(pd.Series(expiries, dtype="object")),
                "settle": settles.to_numpy(),
            }
        )
        found.append(Snapshot("futures.vix", cboe_futures.settled_at(day.date()), quotes))
    return found
