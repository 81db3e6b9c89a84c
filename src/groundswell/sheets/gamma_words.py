"""The words of the gamma section: what its conventions and columns are called, its finding, its caveats."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from groundswell.measure.gamma_chain import Convention
from groundswell.sheets import words

if TYPE_CHECKING:
    from groundswell.sheets.gamma_quotes import Held

CHAIN = "chain.spx"

CENTRAL: Convention = "calls_long_puts_short"
"""The convention of the central number, because it is the one that is published."""

CONVENTIONS: dict[str, str] = {
    "calls_long_puts_short": "calls long, puts short",
    "mixed": "half the calls long",
    "all_short": "all short",
    "calibrated": "calibrated book, no chain",
    "range": "range over conventions",
}
EXPIRIES: dict[str, str] = {
    "all": "all expiries",
    "without_next": "without the next expiry",
    "without_same_day": "without same-day options",
}
BASES: dict[str, str] = {"chain": "option chain", "calibrated": "calibrated book, no chain"}
MEASURES: dict[str, str] = {
    "gamma": "Gamma, per 1% of the index",
    "vanna": "Vanna, per point of volatility",
    "charm": "Charm, per day",
}

UNITS: dict[str, str] = {
    "level": "index points",
    "distance": "from spot, simple, decimal",
    "searched_from": "index points",
    "searched_to": "index points",
    "calls_long_puts_short": "USD bn per 1%",
    "all_short": "USD bn per 1%",
    "mixed": "USD bn per 1%",
    "low": "as the central number of its row",
    "high": "as the central number of its row",
    "central": "USD bn of delta; gamma per 1%, vanna per point of volatility, charm per calendar day",
    "days": "calendar days",
    "gamma": "USD bn per 1%",
    "without": "USD bn per 1%",
    "share": "of the gamma of all open options, decimal",
    "flow": "USD bn, + bought",
    "share_of_volume": "of the dollar volume of an average day, decimal",
    "gain": "k G, dimensionless",
    "gain_low": "k G, dimensionless",
    "gain_high": "k G, dimensionless",
    "factor": "of a move of 1%; missing where every hedge calls for a larger one",
}

UNBOUNDED = "no bound"
"""What a move becomes where every hedge calls for a larger one."""

LARGEST_FACTOR = 3.0
"""Percent that a move of 1% becomes, up to which a figure is printed."""

HOW = f"`groundswell update --series {CHAIN}` takes today's; those of the past cannot be had"


def side(gamma: float) -> str:
    """What dealers are, and by how much: "long $3.1bn per 1%"."""
    worded = words.money(abs(gamma)).lstrip("+")
    return f"{'short' if gamma < 0 else 'long'} {worded} per 1%"


def finding(held: Held, exposures: pd.DataFrame, flips: pd.DataFrame, searched: tuple[float, float]) -> str:
    """Gamma at the spot with its range, and where it changes sign; old quotes are dated."""
    row = exposures[exposures["measure"] == "gamma"].iloc[0]
    dated = f", by quotes of {words.day(held.taken)}," if held.stale else ""
    return (
        f"Dealers{dated} {side(row['central'])} at {level(held.spot)} "
        f"{words.band(row['low'], row['high'], row['central'])[:-1]} over sign conventions]; "
        f"{flip_phrase(flips, searched)}"
    )


def flip_phrase(flips: pd.DataFrame, searched: tuple[float, float]) -> str:
    """The flips of the whole chain by convention: "flip at 4,471 (calls long, puts short), none if ..."."""
    whole = flips[flips["expiries"] == "all"]
    found, none = [], []
    for convention in (CENTRAL, "mixed", "all_short"):
        places = whole[(whole["convention"] == convention) & (whole["number"] > 0)]["level"]
        if len(places):
            noun = "flip" if len(places) == 1 else "flips"
            found.append(f"{noun} at {listed([level(p) for p in places])} ({CONVENTIONS[convention]})")
        else:
            none.append(CONVENTIONS[convention])
    nowhere = none_between(*searched)
    if not found:
        return f"flips: {nowhere}"
    return "; ".join([*found, *([f"{nowhere} ({listed(none, 'or')})"] if none else [])])


def none_between(low: float, high: float) -> str:
    """That there is no flip in a range: "none between 3,800 and 5,200"."""
    return f"none between {level(low)} and {level(high)}"


def calibrated_finding(exposures: pd.DataFrame, flows: pd.DataFrame) -> str:
    """What the calibrated book says of dealers where there is no chain."""
    row = exposures.iloc[0]
    day = flows[flows["horizon"] == "1d"].set_index("scenario")
    fall, low, high = (float(day[name]["down1"]) for name in ("flow", "low", "high"))
    return (
        f"No option chain; in the calibrated book dealers are {side(row['central'])} "
        f"{words.band(row['low'], row['high'], row['central'])} and {words.flow_phrase(fall)} "
        f"{words.band(low, high, fall)} in a day that falls 1σ; in a flat one they "
        f"{words.flow_phrase(float(day['flow']['flat']))}"
    )


def becomes(factor: float, low: float, high: float) -> tuple[str, str]:
    """What a move of 1% becomes and its range: "1.34%", "[1.22, 1.58]", or that nothing bounds it.

    Near k G = -1 the number says more of k than of dealers: beyond `LARGEST_FACTOR` only that it is beyond.
    """
    central, bottom, top = (_factor(each) for each in (factor, low, high))
    percent = "" if central == UNBOUNDED else "%"
    return f"{central}{percent}", f"[{bottom}]" if bottom == top else f"[{bottom}, {top}]"


def _factor(value: float) -> str:
    if not math.isfinite(value):
        return UNBOUNDED
    return f"{value:.2f}" if value <= LARGEST_FACTOR else f"above {LARGEST_FACTOR:.0f}"


def level(value: float) -> str:
    """An index level without decimals: "4,471"."""
    return f"{value:,.0f}"


def listed(names: list[str], last: str = "and") -> str:
    """Several names as a phrase: "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def caveats(
    held: Held, contracts: int, left_out: float, impact: pd.DataFrame, calibrated: pd.Series
) -> tuple[str, ...]:
    """What a reader of a chain must know.

    Args:
        held: the chain.
        contracts: followed along the scenarios.
        left_out: what the others make up of what all deltas can change.
        impact: see `gamma_frames.impact`.
        calibrated: the row of `gamma_frames.calibrated_exposure`.
    """
    model = words.estimate(calibrated["central"], calibrated["low"], calibrated["high"])
    told = [
        "Nobody publishes who holds what. Central: dealers long every open call, short every open put; the "
        "range goes to short of everything. All conventions give dealers every open contract, those between "
        "customers and the legs of spreads included: the sizes are the most that a chain allows. The "
        f"calibrated book, scaled to figures that desks published in 2023-2026, has {model} per 1%.",
        "Open interest is that of the night before the quotes: what was traded since, same-day options above "
        "all, is not in it.",
        f"Riskless rate {words.percent(held.rate, 2)}: {held.rate_from}.",
        f"Flows follow {contracts:,} contracts, neighbouring strikes put together; those left out make up "
        f"{words.percent(left_out, 1)} of what the deltas can change. Nothing is written anew as options "
        "expire, hence no flow of a month; hedges of expiring options are taken to go with them.",
    ]
    expiries, kinds = held.frame["expiry"].nunique(), set(held.frame["kind"])
    if len(kinds) == 1 or expiries == 1:
        only = f"{'calls' if kinds == {'C'} else 'puts'} alone" if len(kinds) == 1 else "one expiry alone"
        told.insert(0, f"The chain at hand holds {only}: what is missing of the market is in no figure here.")
    beyond = [CONVENTIONS[name] for name in impact.loc[impact["gain"] <= -1, "convention"]]
    if beyond:
        told.insert(
            1,
            f"With {listed(beyond, 'or')} every hedge calls for a larger one (k G of −100% or below). No "
            "market stands like that: read it as a bound.",
        )
    if held.stale:
        gone = f"; {held.settled:,} contracts have settled since" if held.settled else ""
        told.insert(
            0,
            f"The quotes are {words.age(held.age_days)} ({words.day(held.taken)}){gone}. They are read at "
            f"{words.level(held.spot)}, each option with the volatility it had.",
        )
    return tuple(told)
