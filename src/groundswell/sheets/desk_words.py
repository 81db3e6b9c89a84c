"""The sentences of the desk sheet: its headline, and its units."""

import numpy as np
import pandas as pd

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
    "age_days": "calendar days from the figure's date to the evening, or to today",
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
