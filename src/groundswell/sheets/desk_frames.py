"""The frames of the desk sheet, each made from what a run left behind: who holds what, who must trade
what, at which levels, and what moved the market. USD bn, + buys, - sells; returns are logs.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float

from groundswell.core.day import INDEX
from groundswell.data import calendar
from groundswell.runs.band import against_history, estimate, estimate_one
from groundswell.runs.moved import Moved
from groundswell.runs.project import upcoming
from groundswell.runs.replay import Replay
from groundswell.runs.scenarios import HORIZONS, STANDARD, Scenario
from groundswell.runs.triggers import CROWDING, Trigger, crowding

NOT_A_HOLDER = ("buyback_desk",)
"""Its exposure is a yearly pace of purchases, no holding."""

NOT_IN_TOTAL = ("buyback_desk", "rebalancer")
"""Left out of the total position: a pace, and balanced funds that hold stocks whatever happens."""

HISTORY_SESSIONS, HISTORY_STEP = 756, 5
"""How much of the past the exposure charts show, and how often."""

CALENDAR_SESSIONS = 25

_SMALLEST = 1e-12
"""USD bn; keeps the fraction of an actor that was set to nothing at nothing."""

Members = Float[np.ndarray, " members"]


def order_of_actors(replayed: Replay, roster: tuple[str, ...]) -> list[int]:
    """Columns of the replay in the order of the roster."""
    return [replayed.actors.index(key) for key in roster if key in replayed.actors]


def positions(replayed: Replay, columns: list[int], size: Members) -> pd.DataFrame:
    """Where each actor stands after the last close.

    Columns: actor; exposure, low, high (USD bn of the index; for companies the yearly pace of net
    purchases); pct_of_max (exposure / what the rule could hold); percentile and z of that fraction in
    its own history since the date in `since`. The last row totals all but `NOT_IN_TOTAL`.
    """
    cap = replayed.history.market_value[: replayed.history.length]
    rows = []
    holders = [c for c in columns if replayed.actors[c] not in NOT_IN_TOTAL]
    for key, chosen in [(replayed.actors[c], [c]) for c in columns] + [("total", holders)]:
        held = replayed.holding[:, chosen].sum(axis=1)
        limit = replayed.limits[chosen].sum(axis=0)
        fraction = held[:, 0] / np.maximum(cap * limit[0], _SMALLEST)
        first = _first_invested(replayed.holding[:, chosen, 0])
        percentile, z = against_history(fraction[-1], fraction[first:])
        exposure, low, high = estimate_one(held[-1] * size)
        since = replayed.history.dates[first]
        rows.append((key, exposure, low, high, fraction[-1], percentile, z, since))
    names = ["actor", "exposure", "low", "high", "pct_of_max", "percentile", "z", "since"]
    return pd.DataFrame(rows, columns=names)


def _first_invested(held: Float[np.ndarray, "sessions actors"]) -> int:
    """First session on which every one of these actors has a position."""
    started = np.argmax(held != 0, axis=0)
    return int(started.max())


def flows(
    replayed: Replay,
    columns: list[int],
    orders: Float[np.ndarray, "sessions actors members paths"],
    scenarios: tuple[Scenario, ...],
    size: Members,
) -> pd.DataFrame:
    """What each actor must trade over each horizon in each scenario.

    Columns: actor, horizon, scenario; flow, low, high (USD bn over the whole horizon); pct_adv (flow /
    dollar volume of one average day); z (of flow / market value, among the actor's own past flows over
    as many sessions).
    """
    history = replayed.history
    last = history.length - 1
    volume, value = history.daily_volume[last], history.market_value[last]
    groups = [(replayed.actors[c], [c]) for c in columns] + [("total", columns)]
    past = {
        (key, horizon): _past_flows(replayed, chosen, sessions)
        for key, chosen in groups
        for horizon, sessions in HORIZONS.items()
    }
    rows = []
    for key, chosen in groups:
        for path, scenario in enumerate(scenarios):
            for horizon in scenario.horizons:
                traded = orders[: HORIZONS[horizon], chosen, :, path].sum(axis=(0, 1))
                flow, low, high = estimate_one(traded * size)
                _, z = against_history(float(traded[0]) / value, past[key, horizon])
                rows.append((key, horizon, scenario.name, flow, low, high, flow / volume, z))
    names = ["actor", "horizon", "scenario", "flow", "low", "high", "pct_adv", "z"]
    return pd.DataFrame(rows, columns=names)


def _past_flows(replayed: Replay, chosen: list[int], sessions: int) -> np.ndarray:
    """Central flows / market value over every stretch of that many sessions since the first position."""
    first = max(_first_invested(replayed.holding[:, chosen, 0]), 1)
    value = replayed.history.market_value[first - 1 : replayed.history.length - 1]
    central = replayed.initiating[first:, chosen, 0] + replayed.reflexive[first:, chosen, 0]
    daily = central.sum(axis=1) / value
    running = np.concatenate([[0.0], np.cumsum(daily)])
    return np.asarray(running[sessions:] - running[:-sessions] if len(daily) >= sessions else daily)


def scenario_table(scenarios: tuple[Scenario, ...], reference: float) -> pd.DataFrame:
    """What each scenario assumes: its end, its daily movement and the volatility it realises."""
    rows = []
    for scenario in scenarios:
        deviations = STANDARD.get(scenario.name)
        for horizon in scenario.horizons:
            movement = scenario.daily_move(horizon)
            spread = reference * np.sqrt(HORIZONS[horizon] / 252)
            end = f"ends {deviations:+.0f} sd of {spread:.1%}" if deviations else "ends where it began"
            if deviations is None:
                words = f"your path of {scenario.sessions} sessions"
            elif HORIZONS[horizon] == 1:
                words = f"{end}, in one move"
            else:
                words = f"{end}, daily moves of {movement:.2%} around the drift"
            realised = scenario.realised_volatility(horizon)
            rows.append((scenario.name, horizon, scenario.end_move(horizon), movement, realised, words))
    names = ["scenario", "horizon", "end_move", "daily_move", "realised_volatility", "words"]
    return pd.DataFrame(rows, columns=names)


def triggers(found: list[Trigger], spot: float, size: Members) -> pd.DataFrame:
    """Levels of the next close at which a rule makes its actor trade, nearest first.

    Columns: actor, rule, level (index points), distance (level / spot - 1), flow, low, high (USD bn).
    """
    rows = []
    for t in sorted(found, key=lambda t: abs(np.log(t.level / spot))):
        flow, low, high = estimate_one(t.flows * size)
        # a rule that has turned at an unchanged close already is averted by a close on the far side
        side = "above" if t.turns_below else "below"
        averted = f", unless {side}" if t.actor == "trend_follower" and t.turned_at(spot) else ""
        rows.append((t.actor, t.rule + averted, t.level, t.level / spot - 1, flow, low, high))
    names = ["actor", "rule", "level", "distance", "flow", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def crowding_table(replayed: Replay, found: list[Trigger]) -> pd.DataFrame:
    """How much of the trend book has turned at each distance of spot: share by weight, flow in USD bn."""
    rows = [(distance, share, float(flow[0])) for distance, share, flow in crowding(replayed, found)]
    nothing = [(distance, 0.0, 0.0) for distance in CROWDING]
    return pd.DataFrame(rows or nothing, columns=["distance", "share", "flow"])


def moved(window: Moved, columns: list[int]) -> pd.DataFrame:
    """The window's move taken apart: orders in USD bn, effects as log returns that sum to the total.

    Rows: actors, "decay of earlier impact", "residual" (what the rules do not explain), "index return".
    """
    rows = []
    for c in columns:
        effect, low, high = estimate_one(window.effects[c])
        initiating, reflexive = float(window.initiating[c, 0]), float(window.reflexive[c, 0])
        rows.append((window.actors[c], initiating, reflexive, effect, low, high))
    for name, members in (("decay of earlier impact", window.decay), ("residual", window.residual)):
        rows.append((name, 0.0, 0.0, *estimate_one(members)))
    rows.append(("index return", 0.0, 0.0, window.total, window.total, window.total))
    names = ["component", "initiating", "reflexive", "effect", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def exposure_history(replayed: Replay, columns: list[int]) -> pd.DataFrame:
    """Each holder's exposure as a fraction of its own maximum through the last three years, with band."""
    history = replayed.history
    last = history.length - 1
    first = max(last - HISTORY_SESSIONS, _first_invested(replayed.holding[:, columns, 0]))
    shown = np.arange(last, first - 1, -HISTORY_STEP)[::-1]
    frames = []
    for c in columns:
        if replayed.actors[c] in NOT_A_HOLDER:
            continue
        limit = np.maximum(history.market_value[shown, None] * replayed.limits[c], _SMALLEST)
        exposure, low, high = estimate(replayed.holding[shown, c] / limit)
        if np.ptp(exposure) < 1e-12:
            continue  # always fully exposed by design: nothing to see
        frames.append(
            pd.DataFrame(
                {
                    "date": history.dates[shown],
                    "actor": replayed.actors[c],
                    "exposure": exposure,
                    "low": low,
                    "high": high,
                }
            )
        )
    columns_shown = ["date", "actor", "exposure", "low", "high"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns_shown)


def fan(
    orders: Float[np.ndarray, "sessions actors members paths"],
    scenarios: tuple[Scenario, ...],
    size: Members,
) -> pd.DataFrame:
    """Cumulative flow of all actors, session by session, along the one-month scenarios; USD bn."""
    frames = []
    for path, scenario in enumerate(scenarios):
        if "1m" not in scenario.horizons:
            continue
        total = np.cumsum(orders[..., path].sum(axis=1), axis=0) * size
        flow, low, high = estimate(np.concatenate([np.zeros((1, total.shape[1])), total]))
        frames.append(
            pd.DataFrame(
                {
                    "scenario": scenario.name,
                    "session": np.arange(len(flow)),
                    "flow": flow,
                    "low": low,
                    "high": high,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def ladder(
    replayed: Replay,
    columns: list[int],
    orders: Float[np.ndarray, "sessions actors members paths"],
    moves: Float[np.ndarray, " paths"],
    size: Members,
) -> pd.DataFrame:
    """Flow over the next week if the index closes at each level tomorrow and then moves sideways."""
    spot = replayed.history.closes[replayed.history.length - 1, INDEX]
    week = orders[: HORIZONS["1w"]].sum(axis=0)
    rows = []
    for key, chosen in [(replayed.actors[c], [c]) for c in columns] + [("total", columns)]:
        flow, low, high = estimate(np.moveaxis(week[chosen].sum(axis=0), 0, -1) * size)
        for i, move in enumerate(moves):
            simple = float(np.expm1(move))
            rows.append((spot * (1 + simple), simple, key, flow[i], low[i], high[i]))
    names = ["level", "move", "actor", "flow", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def coming_events(last: pd.Timestamp) -> pd.DataFrame:
    """Expiries, settlements, month ends and buyback windows of the next sessions: date, event, label."""
    return calendar.events(upcoming(last, CALENDAR_SESSIONS))
