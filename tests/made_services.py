"""Services on this machine that answer for FRED and Cboe with made figures, up to yesterday."""

from __future__ import annotations

import numpy as np
import pandas as pd
from loopback import Asked, Reply, hang
from made_data import random_walk

from groundswell.data import calendar, units
from groundswell.data.bundle import bundled_book
from groundswell.data.catalog import catalog
from groundswell.data.sources.cboe import INDEX_PATH

YESTERDAY = pd.Timestamp.now("America/New_York").tz_localize(None).normalize() - pd.Timedelta(days=1)
sessions = calendar.sessions(YESTERDAY - pd.DateOffset(years=10), YESTERDAY)
ADDRESSES = ("FRED_GRAPH", "CBOE", "NYFED", "FISCAL_DATA", "CFTC", "YAHOO")


def closes() -> pd.Series:
    """Return the S&P 500 of the last ten years: the bundle's closes, then a made walk."""
    bundled = bundled_book().prices("index")
    later = sessions[sessions > bundled.index[-1]]
    walk = pd.Series(random_walk(len(later) + 1, seed=7)[1:], later) * bundled.iloc[-1] / 1_000
    return pd.concat([bundled.reindex(sessions[sessions <= bundled.index[-1]]), walk]).round(2)


def fred_graph(asked: Asked) -> Reply:
    """Answer a download of FRED without a key, whatever series are asked for."""
    names = asked.all("id")[0].split(",")
    first, last = ([each.split(",")[0] for each in asked.all(name)] for name in ("cosd", "coed"))
    days = sessions[(sessions >= (first or ["1900-01-01"])[0]) & (sessions <= (last or ["2100-01-01"])[0])]
    entries = {each.source_id: each for each in catalog().values() if each.source == "fred"}
    if entries[names[0]].frequency == "weekly":
        days = days[days.day_of_week == 2]
    table = pd.DataFrame(index=pd.Index(days.strftime("%Y-%m-%d"), name="observation_date"))
    for name in names:
        entry = entries[name]
        middle = np.sqrt(max(entry.typical_low, 1e-3) * max(entry.typical_high, 1e-3))
        table[name] = middle / units.factor(entry.source_unit.split("|")[0], entry.unit)
    if "SP500" in names:
        table["SP500"] = closes().reindex(days).to_numpy()
    return Reply(table.to_csv().encode(), media_type="application/csv")


def cboe(name: str, level: float) -> str:
    """Return the history of a volatility index."""
    rows = [f"{day:%m/%d/%Y},{level},{level},{level},{level}" for day in sessions[-300:]]
    return "\n".join(["DATE,OPEN,HIGH,LOW,CLOSE", *rows]) + "\n"


def routes() -> dict[str, object]:
    """Return what a server of all of them serves; what is not here is not found."""
    levels = {"VIX": 17.0, "VIX9D": 15.5, "VIX3M": 19.0, "VIX6M": 20.5, "VVIX": 95.0}
    indices = {INDEX_PATH.format(name=name): cboe(name, level) for name, level in levels.items()}
    return {"/fredgraph.csv": fred_graph, **indices}


def hanging() -> dict[str, object]:
    """Return the routes of a network that takes every request and answers none."""
    return dict.fromkeys(routes(), hang())
