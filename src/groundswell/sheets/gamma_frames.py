"""The frames of the gamma section: dealers' gamma over the spot under every sign convention, its flips, what
else they hold, what expires, what they must trade, and what that does to a move. USD bn; + long, + buys.
"""

from __future__ import annotations

from typing import get_args

import equinox as eqx
import numpy as np
import pandas as pd
from jaxtyping import Array

from groundswell.core.draws import ensemble, spread
from groundswell.core.engine import jnp
from groundswell.data.book import NEW_YORK, Book
from groundswell.measure import gamma
from groundswell.measure.gamma_chain import CONVENTIONS, HALF_A_DAY, Convention, Without
from groundswell.runs.band import estimate_one
from groundswell.runs.history import History
from groundswell.sheets.gamma_quotes import Held
from groundswell.sheets.gamma_words import CENTRAL
from groundswell.world.impact_law import ImpactLaw

CUSTOMER_SHARE = 0.5
"""Share of the open calls that customers bought, under "mixed": the middle and no estimate."""

EXPIRIES = ("all", "without_next", "without_same_day")

PROFILE_COLUMNS = ["expiries", "level", "distance", *CONVENTIONS, "low", "high"]
FLIP_COLUMNS = ["convention", "expiries", "number", "level", "distance", "searched_from", "searched_to"]
EXPOSURE_COLUMNS = ["measure", "basis", "central", "low", "high"]
EXPIRING_COLUMNS = ["expiry", "convention", "days", "gamma", "without", "share"]
FLOW_COLUMNS = ["scenario", "horizon", "basis", "convention", "flow", "low", "high", "share_of_volume"]
IMPACT_COLUMNS = ["convention", "gamma", "gain", "gain_low", "gain_high", "factor", "low", "high"]

_POINTS = 81
_LEAST_REACH, _MOST_REACH, _DEVIATIONS = 0.06, 0.3, 2.5

_VOLATILITY_SESSIONS = 21


def empty(columns: list[str]) -> pd.DataFrame:
    """A frame that the book cannot fill."""
    return pd.DataFrame(columns=columns)


def variants(held: Held) -> tuple[str, ...]:
    """Which sets of expiries differ: all, all but the next day's, and all but same-day options if any."""
    same_day = bool((held.frame["years"] < HALF_A_DAY).any())
    return EXPIRIES if same_day else EXPIRIES[:2]


def levels(held: Held, volatility: float) -> np.ndarray:
    """Levels of the index over which the profile is drawn: 2.5 standard deviations of a month each way."""
    reach = float(np.clip(_DEVIATIONS * volatility * np.sqrt(1 / 12), _LEAST_REACH, _MOST_REACH))
    return held.spot * (1 + np.linspace(-reach, reach, _POINTS))


def profile(held: Held, spots: np.ndarray) -> pd.DataFrame:
    """Gamma of dealers at each level, USD bn per 1%, for each set of expiries.

    Columns: `expiries`; `level`; `distance` from the spot (simple, decimal); one column per convention;
    `low`, `high` over the conventions.
    """
    parts = []
    for expiries in variants(held):
        table = gamma.band(
            held.frame,
            spots,
            rate=held.frame["rate"],
            dividend_yield=held.frame["dividend_yield"],
            customer_share=CUSTOMER_SHARE,
            without=_without(expiries),
        ).reset_index(names="level")
        parts.append(table.assign(expiries=expiries, distance=table["level"] / held.spot - 1))
    return pd.concat(parts, ignore_index=True)[PROFILE_COLUMNS]


def flips(held: Held, low: float, high: float) -> pd.DataFrame:
    """Every level at which dealers' gamma changes sign, by convention and set of expiries.

    Columns: `convention`; `expiries`; `number` (from 1; 0 says that there is none in the range); `level`
    and `distance` (missing where there is none); `searched_from`, `searched_to`.
    """
    rows = []
    for convention in get_args(Convention):
        for expiries in variants(held):
            found = gamma.flips(
                held.frame,
                low,
                high,
                rate=held.frame["rate"],
                dividend_yield=held.frame["dividend_yield"],
                convention=convention,
                customer_share=CUSTOMER_SHARE,
                without=_without(expiries),
            )
            for number, level in enumerate(found, start=1):
                rows.append((convention, expiries, number, level, level / held.spot - 1, low, high))
            if not len(found):
                rows.append((convention, expiries, 0, np.nan, np.nan, low, high))
    return pd.DataFrame(rows, columns=FLIP_COLUMNS)


def exposures(held: Held) -> pd.DataFrame:
    """Gamma, vanna and charm at the spot, USD bn of delta that dealers hold.

    Columns: `measure` ("gamma" per 1%, "vanna" per point of volatility, "charm" per calendar day); `basis`;
    `central`; `low`, `high` over the conventions.
    """
    found = {
        convention: gamma.exposures(
            held.frame,
            held.spot,
            rate=held.frame["rate"],
            dividend_yield=held.frame["dividend_yield"],
            convention=convention,
            customer_share=CUSTOMER_SHARE,
        )
        for convention in get_args(Convention)
    }
    rows = []
    for measure in ("gamma", "vanna", "charm"):
        each = [found[convention][measure] for convention in CONVENTIONS]
        rows.append((measure, "chain", found[CENTRAL][measure], min(each), max(each)))
    return pd.DataFrame(rows, columns=EXPOSURE_COLUMNS)


def calibrated_exposure(members: np.ndarray) -> pd.DataFrame:
    """Gamma of the calibrated book as `exposures`; low and high are over draws of its parameters."""
    return pd.DataFrame([("gamma", "calibrated", *estimate_one(members))], columns=EXPOSURE_COLUMNS)


def expiring(held: Held) -> pd.DataFrame:
    """How much gamma goes with the next day of expiry, and with the next standard monthly one.

    Columns: `expiry`; `convention`; `days` to it (calendar); `gamma` at the spot, USD bn per 1%, and
    `without` it; `share`: of the gamma of all open options, whoever holds them.
    """
    frame = held.frame
    next_day = (frame["years"] < frame["years"].min() + HALF_A_DAY).to_numpy()
    monthly = frame["root"].eq("SPX") & ~next_day
    days = [(pd.Timestamp(frame.loc[next_day, "expiry"].max()), next_day)]
    if monthly.any():
        third_friday = pd.Timestamp(frame.loc[monthly, "expiry"].min())
        days.append((third_friday, frame["expiry"].eq(third_friday).to_numpy()))
    whole = _at_spot(held, np.ones(len(frame), dtype=bool))
    rows = []
    for day, chosen in days:
        rest = _at_spot(held, ~chosen)
        left = (day - held.moment.tz_convert(NEW_YORK).tz_localize(None).normalize()).days
        share = 1 - rest["all_short"] / whole["all_short"] if whole["all_short"] else 0.0
        rows += [(day, name, left, whole[name], rest[name], share) for name in CONVENTIONS]
    return pd.DataFrame(rows, columns=EXPIRING_COLUMNS)


def _at_spot(held: Held, chosen: np.ndarray) -> dict[str, float]:
    """Gamma at the spot of some contracts under each convention, USD bn per 1%."""
    part = held.frame[chosen]
    if part.empty:
        return dict.fromkeys(CONVENTIONS, 0.0)
    row = gamma.band(
        part,
        [held.spot],
        rate=part["rate"],
        dividend_yield=part["dividend_yield"],
        customer_share=CUSTOMER_SHARE,
    ).iloc[0]
    return {name: float(row[name]) for name in CONVENTIONS}


def _without(expiries: str) -> Without | None:
    names: dict[str, Without] = {"without_next": "next", "without_same_day": "same_day"}
    return names.get(expiries)


def chain_flows(found: pd.DataFrame, daily_volume: float) -> pd.DataFrame:
    """What dealers trade along each scenario if they hold the chain.

    Columns: `scenario`; `horizon`; `basis` ("chain"); `convention`, a last row of each pair being the
    "range": the central convention with the least and most over conventions and parameters; `flow`, `low`,
    `high`; `share_of_volume`: flow / dollar volume of an average day.
    """
    parts = [found]
    bounds = found.groupby(["scenario", "horizon"], sort=False).agg(low=("low", "min"), high=("high", "max"))
    central = found[found["convention"] == CENTRAL].set_index(["scenario", "horizon"])["flow"]
    parts.append(bounds.assign(flow=central, convention="range").reset_index())
    whole = pd.concat(parts, ignore_index=True)
    whole["basis"] = "chain"
    whole["share_of_volume"] = whole["flow"] / daily_volume
    return whole[FLOW_COLUMNS]


def calibrated_flows(found: pd.DataFrame, daily_volume: float) -> pd.DataFrame:
    """What dealers trade along each scenario if they hold the calibrated book; columns as `chain_flows`."""
    whole = found.assign(basis="calibrated", convention="range")
    whole["share_of_volume"] = whole["flow"] / daily_volume
    return whole[FLOW_COLUMNS]


def impact(
    gammas: dict[str, np.ndarray], book: Book, history: History, law: ImpactLaw, draws: int, seed: int
) -> pd.DataFrame:
    """What hedging does to a move of 1% that something else caused, by convention.

    gain = k G, with G = 100 x gamma and k the price effect of USD 1bn by the impact law: its lasting part,
    and the square-root part at the flow that a move of 1% calls for. The move becomes 1 / (1 + k G) of
    itself.

    Columns: `convention`; `gamma`; `gain`, `gain_low`, `gain_high`; `factor`, `low`, `high`. A gain of -1 or
    below has no factor (missing): every hedge calls for a larger one. Low and high are over draws of the law,
    of market value and volume, and of the calibrated book where the gamma is of that one.

    Args:
        gammas: USD bn per 1%, by convention: one number, or one for each member.
        book: for the ranges of market value and volume.
        history: the sessions, laid out.
        law: holding its central values.
        draws: members beside the central one.
        seed: of the draws.
    """
    members, last = 1 + draws, history.length - 1
    drawn = ensemble({"impact": law}, seed, 0, members, draws)["impact"]
    cap = history.market_value[last] * size_factor("market_value", book.market_value(), draws, seed)
    volume = history.daily_volume[last] * size_factor("daily_volume", book.daily_volume(), draws, seed)
    daily = float(np.std(history.returns[: last + 1, 0][-_VOLATILITY_SESSIONS:], ddof=1))
    rows = []
    for convention, size in gammas.items():
        held = np.broadcast_to(np.asarray(size, dtype=np.float64), (members,))
        passing = np.asarray(_slope(drawn, jnp.asarray(np.abs(held) / volume), jnp.asarray(daily))) / volume
        lasting = np.asarray(drawn.lasting) * np.asarray(drawn.multiplier) / cap
        gain, low, high = estimate_one(100 * held * (passing + lasting))
        factors = [1 / (1 + each) if each > -1 else np.nan for each in (gain, high, low)]
        rows.append((convention, float(held[0]), gain, low, high, *factors))
    return pd.DataFrame(rows, columns=IMPACT_COLUMNS)


@eqx.filter_jit
def _slope(law: ImpactLaw, participation: Array, daily: Array) -> Array:
    return law.slope(participation, daily)


def size_factor(name: str, frame: pd.DataFrame, draws: int, seed: int) -> np.ndarray:
    """How far the true size of the market may be from the book's, member by member: a factor."""
    value, low, high = (float(frame[column].iloc[-1]) for column in ("value", "low", "high"))
    return spread(name, 1.0, low / value, high / value, seed, np.arange(1 + draws), draws)
