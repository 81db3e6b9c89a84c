"""The history that comes with the software: S&P 500 1999-2018 and VIX 2014-2018.

Both ship with the `arch` package (Kevin Sheppard), whose files are read where they lie; the package
itself, which is heavy, is not imported.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from groundswell.data import market_scale
from groundswell.data.book import PRICE, Book, Part, Series
from groundswell.data.errors import DataError

LABEL = "bundled history (arch)"


@cache
def bundled_book() -> Book:
    """Return the bundled history as a book: `index`, `share_volume` and `vix`.

    Volume counts shares, so dollar volume and market value come from `market_scale`. The VIX file
    reaches two sessions beyond the index; these are left out, so that the book ends on one day.

    Raises:
        DataError: the `arch` package or one of its files is missing.
    """
    prices = _read("sp500/sp500.csv.gz", ["Close", "Volume"])
    vix = pd.to_numeric(_read("vix/vix.csv.gz", ["vix"])["vix"], errors="coerce")
    through = pd.Timestamp(prices.index[-1])
    source = "Yahoo Finance ^GSPC, as carried by the arch package"
    series = {
        "index": Series.of_closes(
            prices["Close"],
            name="index",
            unit=PRICE,
            source=source,
            title="S&P 500, price index, close",
        ),
        "share_volume": Series.of_closes(
            prices["Volume"].astype(float),
            name="share_volume",
            unit="shares",
            source=source,
            title="S&P 500, shares traded",
        ),
        "vix": Series.of_closes(
            vix[vix.index <= through],
            name="vix",
            unit="percent a year",
            source="Cboe through FRED, as carried by the arch package",
            title="Cboe Volatility Index, close",
            released_at=time(16, 15),
        ),
    }
    remarks = (
        f"Bundled history: S&P 500 from {prices.index[0]:%Y-%m-%d} to {through:%Y-%m-%d}, "
        "no bonds; for today's market run `groundswell update`, or load your own prices.",
        *market_scale.assumptions(pd.Timestamp(prices.index[0])),
    )
    parted = {
        name: replace(each, parts=(Part(pd.Timestamp(each.frame["observed"].min()), "bundle", LABEL),))
        for name, each in series.items()
    }
    return Book(series=parted, as_of=through, label=LABEL, is_bundled=True, remarks=remarks)


def _read(path: str, columns: list[str]) -> pd.DataFrame:
    """Return the columns of one of arch's data files, indexed by day."""
    found = find_spec("arch")
    file = Path(found.origin).parent / "data" / path if found and found.origin else None
    if file is None or not file.is_file():
        raise DataError(
            "the bundled history is missing",
            where=str(file) if file else "package arch",
            expected="the data files of the arch package",
            remedy="install arch again, or load your own prices",
        )
    table = pd.read_csv(file, usecols=["Date", *columns])
    table.index = pd.DatetimeIndex(pd.to_datetime(table.pop("Date"), format="%m/%d/%Y"), name="date")
    return table
