"""The sentences of the desk sheet: its headline, the strip of what it stands on, and its units."""

import numpy as np
import pandas as pd

from groundswell.core.day import INDEX, SESSIONS_PER_YEAR
from groundswell.data import calendar
from groundswell.data.book import VOLUME_WINDOW, Book
from groundswell.runs.history import History
from groundswell.sheets import words

UNITS: dict[str, str] = {
    "exposure": "USD bn of the index; for buyback_desk USD bn per year at the latest pace",
    "flow": "USD bn over the horizon, + buys, - sells",
    "low": "10th percentile of the parameter draws, same unit as the estimate beside it",
    "high": "90th percentile of the parameter draws",
    "pct_of_max": "fraction of what the rule could hold",
    "percentile": "fraction of the actor's own days since `since` that were lower",
    "z": "standard deviations from the actor's own mean",
    "pct_adv": "fraction of the dollar volume of one average day",
    "level": "index points at the next close",
    "distance": "level / spot - 1",
    "move": "simple return of tomorrow's close on the last one",
    "share": "fraction of the trend book, by weight of its look-backs",
    "session": "sessions from the last close",
    "initiating": "USD bn fixed at the previous close",
    "reflexive": "USD bn in answer to the day itself",
    "effect": "log return",
    "end_move": "log return over the horizon",
    "daily_move": "root mean square daily log move around the drift",
    "realised_volatility": "annual, decimal, drift included",
}


def headline(flows: pd.DataFrame, triggers: pd.DataFrame, scenarios: pd.DataFrame) -> str:
    """A bad week in one sentence: what everybody must trade, who most of it, and the first level below.

    The week is the one in which the index falls two standard deviations.
    """
    week = flows[(flows["horizon"] == "1w") & (flows["scenario"] == "down2")].set_index("actor")
    flow, low, high = (week[column].astype(float) for column in ("flow", "low", "high"))
    same_side = flow.drop(index="total") * np.sign(flow["total"])
    most = str(same_side.idxmax())
    assumed = scenarios[(scenarios["scenario"] == "down2") & (scenarios["horizon"] == "1w")]
    fall = words.log_percent(float(assumed["end_move"].iloc[0]))

    def forced(key: str) -> str:
        return f"{words.flow_phrase(flow[key])} {words.band(low[key], high[key], flow[key])}"

    sentence = (
        f"If the index falls 2σ ({fall}) in a week, rule-bound actors together {forced('total')}; "
        f"the largest, {words.actor_name(most).lower()}, {forced(most)}"
    )
    selling = triggers[
        (triggers["actor"] == "trend_follower") & (triggers["distance"] < 0) & (triggers["flow"] < -0.05)
    ]
    below = selling[~selling["rule"].str.contains("unless")]
    if below.empty:
        return sentence + "; no trend level below spot makes them sell."
    first = below.sort_values("distance").iloc[-1]
    return (
        f"{sentence}; first level at which trend followers sell: {words.level(float(first['level']))} "
        f"({words.percent(float(first['distance']), 1, signed=True)}, {first['rule']})."
    )


def strip(book: Book, history: History) -> pd.DataFrame:
    """What the sheet stands on, item by item, each with the date of its data."""
    last = history.length - 1
    day = history.dates[last]
    closes, returns = history.closes[:, INDEX], history.returns[: last + 1, INDEX]
    month, quarter = (np.std(returns[-n:], ddof=1) * np.sqrt(SESSIONS_PER_YEAR) for n in (21, 63))
    table = calendar.calendar_table(pd.DatetimeIndex([day]))
    scale = book.market_value().iloc[-1], book.daily_volume().iloc[-1]
    recent = book.prices("index").index[-VOLUME_WINDOW:]
    own = [
        "book" if name in book.series and book.values(name).index[-1] >= since else "table"
        for name, since in (("market_value", book.prices("index").index[0]), ("volume", recent[0]))
    ]
    rows = [
        ("Index", f"{words.level(closes[last])} ({words.log_percent(returns[-1])})", day, "close, 1 day"),
        ("Volatility 1m / 3m", f"{words.percent(float(month), 1)} / {words.percent(float(quarter), 1)}", day,
         "annual, realised; the larger sets the scenarios"),
    ]  # fmt: skip
    if "vix" in book.series:
        vix = book.values("vix")
        rows.append(("VIX", f"{vix.iloc[-1]:.1f}", vix.index[-1], "close"))
    rows += [
        (
            name,
            f"${row['value']:,.0f}bn [{row['low']:,.0f}, {row['high']:,.0f}]",
            day,
            f"from the {source}",
        )
        for name, row, source in zip(("Market value", "Volume, average day"), scale, own, strict=True)
    ]
    blackout = float(table["blackout_share"].iloc[0])
    rows.append(("In buyback blackout", words.percent(blackout), day, "share of S&P 500 firms"))
    return pd.DataFrame(rows, columns=["item", "value", "date", "note"])
