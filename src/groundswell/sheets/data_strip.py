"""The strip of what a sheet stands on: each figure with its date, its source and its age."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from groundswell.core.day import INDEX, SESSIONS_PER_YEAR
from groundswell.data import calendar, staleness
from groundswell.data.book import VOLUME_WINDOW, Book, Series
from groundswell.runs.history import History
from groundswell.sheets import words
from groundswell.sheets.moment import Moment, is_stale
from groundswell.sheets.section import Section

COLUMNS = ["item", "value", "date", "note", "source", "age_days", "stale"]

TENORS = {"vix9d": "9d", "vix": "1m", "vix3m": "3m", "vix6m": "6m"}


def strip(book: Book, history: History, at: Moment, sections: Sequence[Section] = ()) -> pd.DataFrame:
    """What the sheet stands on, item by item.

    Columns: `item`, `value` (words), `date` of the last figure, `note`; `source` (where that figure is
    from), `age_days` (calendar days from then to the evening, or to today) and `stale` (whether a newer
    one was due).
    """
    last = history.length - 1
    day = history.dates[last]
    closes, returns = history.closes[:, INDEX], history.returns[: last + 1, INDEX]
    month, quarter = (np.std(returns[-n:], ddof=1) * np.sqrt(SESSIONS_PER_YEAR) for n in (21, 63))
    index = _source(book.series["index"], book.label)
    old = is_stale("index", day, at)
    rows: list[tuple[object, ...]] = [
        ("Index", f"{words.level(closes[last])} ({words.log_percent(returns[-1])})", day, "close, 1 day",
         index, old),
        ("Volatility 1m / 3m", f"{words.percent(float(month), 1)} / {words.percent(float(quarter), 1)}", day,
         "annual, realised; the larger sets the scenarios", index, old),
        *_volatility(book, at),
        *_scale(book, day, index),
    ]  # fmt: skip
    blackout = float(calendar.calendar_table(pd.DatetimeIndex([day]))["blackout_share"].iloc[0])
    rows.append(
        ("In buyback blackout", words.percent(blackout), day, "share of S&P 500 firms", words.CALENDAR, False)
    )
    rows += [item for section in sections for item in section.strip]
    frame = pd.DataFrame(rows, columns=[*COLUMNS[:5], "stale"])
    frame["age_days"] = [staleness.age(pd.Timestamp(date), at.now) for date in frame["date"]]
    return frame[COLUMNS]


def _volatility(book: Book, at: Moment) -> list[tuple[object, ...]]:
    """Return the rows of implied volatility: its last close, and the tenors known on that day."""
    known = {
        name: series.latest()
        for name in TENORS
        if name in book.series and len((series := book.series[name].released_before(at.end)).frame)
    }
    if "vix" not in known:
        return []
    day = known["vix"].index[-1]
    source, old = _source(book.series["vix"], book.label), is_stale("vix", day, at)
    rows: list[tuple[object, ...]] = [("VIX", f"{known['vix'].iloc[-1]:.1f}", day, "close", source, old)]
    tenors = {TENORS[name]: float(values[day]) for name, values in known.items() if day in values.index}
    if len(tenors) > 1:
        levels = " / ".join(f"{level:.1f}" for level in tenors.values())
        note = "annual, implied; closes of one day"
        rows.append((f"VIX {' / '.join(tenors)}", levels, day, note, source, old))
    return rows


def _scale(book: Book, day: pd.Timestamp, index: str) -> list[tuple[object, ...]]:
    """Return the rows of market value and volume, from the book or the tables."""
    scale = book.market_value().iloc[-1], book.daily_volume().iloc[-1]
    sessions = book.prices("index").index
    rows: list[tuple[object, ...]] = []
    for name, item, row, since in (
        ("market_value", "Market value", scale[0], sessions[0]),
        ("volume", "Volume, average day", scale[1], sessions[-VOLUME_WINDOW:][0]),
    ):
        own = name in book.series and book.values(name).index[-1] >= since
        note = "as given" if own else "estimated"
        value = f"${row['value']:,.0f}bn [{row['low']:,.0f}, {row['high']:,.0f}]"
        rows.append(
            (item, value, day, note, _source(book.series[name], book.label) if own else words.TABLE, False)
        )
    return rows


def _source(series: Series, label: str) -> str:
    """Return where the last figure of a series is from."""
    return series.parts[-1].name if series.parts else label
