"""A desk made of plausible numbers: laying out is tested without estimating anything."""

from __future__ import annotations

import numpy as np
import pandas as pd

ACTORS = ("vol_target", "risk_parity", "trend_follower", "buyback_desk", "leveraged_fund")
ALL = (*ACTORS, "rebalancer")
SCENARIOS = ("flat", "up1", "up2", "down1", "down2")
HORIZONS = {"1d": 1, "1w": 5, "1m": 21}
DAILY_MOVE = 0.0112
SPOT = 2506.85
THROUGH = pd.Timestamp("2018-12-31")

_EXPOSURE = {
    "vol_target": (112.4, 71.0, 168.9, 0.31, 0.08, -1.42),
    "risk_parity": (94.1, 52.2, 151.7, 0.44, 0.17, -0.96),
    "trend_follower": (-61.3, -104.8, -22.6, -0.48, 0.04, -1.83),
    "buyback_desk": (18.6, 14.1, 24.2, 0.62, 0.55, 0.21),
    "leveraged_fund": (41.0, 36.5, 46.3, 0.71, 0.88, 1.12),
    "rebalancer": (2104.0, 1790.0, 2420.0, 0.93, 0.41, -0.18),
}
_MONTHLY = {
    "vol_target": {"flat": 21.3, "up1": 24.8, "up2": 9.1, "down1": -18.2, "down2": -64.7},
    "risk_parity": {"flat": 6.2, "up1": 7.7, "up2": 3.4, "down1": -7.9, "down2": -21.6},
    "trend_follower": {"flat": -4.4, "up1": 38.5, "up2": 71.2, "down1": -22.3, "down2": -39.4},
    "buyback_desk": {"flat": 14.7, "up1": 14.7, "up2": 14.6, "down1": 14.7, "down2": 14.8},
    "leveraged_fund": {"flat": 0.0, "up1": 3.1, "up2": 6.6, "down1": -3.0, "down2": -6.1},
    "rebalancer": {"flat": -0.3, "up1": -12.4, "up2": -25.2, "down1": 11.9, "down2": 24.1},
}


def _flows(factor: float, scenarios: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for horizon, days in HORIZONS.items():
        share = {1: 0.09, 5: 0.38, 21: 1.0}[days]
        for scenario in scenarios:
            central = {actor: factor * share * _MONTHLY[actor].get(scenario, -3.3) for actor in ALL}
            central["total"] = sum(central.values())
            for actor, flow in central.items():
                spread = factor * (0.35 * abs(flow) + 0.2 * share)
                rows.append(
                    (
                        actor,
                        horizon,
                        scenario,
                        flow,
                        flow - spread,
                        flow + 0.8 * spread,
                        flow / 312.0,
                        flow / (30.0 * share),
                    )
                )
    columns = ["actor", "horizon", "scenario", "flow", "low", "high", "pct_adv", "z"]
    return pd.DataFrame(rows, columns=columns)


def _positions() -> pd.DataFrame:
    rows = [(actor, *numbers, pd.Timestamp("1999-04-07")) for actor, numbers in _EXPOSURE.items()]
    holders = _EXPOSURE.keys() - {"buyback_desk", "rebalancer"}
    total = sum(_EXPOSURE[actor][0] for actor in sorted(holders))
    rows.append(("total", total, 0.84 * total, 1.17 * total, 0.58, 0.22, -0.71, pd.Timestamp("1999-04-07")))
    columns = ["actor", "exposure", "low", "high", "pct_of_max", "percentile", "z", "since"]
    return pd.DataFrame(rows, columns=columns)


def _scenarios(names: tuple[str, ...]) -> pd.DataFrame:
    sigmas = {"flat": 0, "up1": 1, "up2": 2, "down1": -1, "down2": -2}
    rows = []
    for horizon, days in HORIZONS.items():
        for name in names:
            end = sigmas.get(name, -1.5) * DAILY_MOVE * np.sqrt(days)
            rows.append(
                (
                    name,
                    horizon,
                    end,
                    DAILY_MOVE,
                    DAILY_MOVE * np.sqrt(252),
                    f"ends {100 * np.expm1(end):+.1f}%, moving 1.1% a day around the drift",
                )
            )
    columns = ["scenario", "horizon", "end_move", "daily_move", "realised_volatility", "words"]
    return pd.DataFrame(rows, columns=columns)


def _triggers(factor: float) -> pd.DataFrame:
    rules = [
        ("trend_follower", "breakout, 20 sessions", 2519.4, 8.6),
        ("vol_target", "day's move, cut 10%", 2441.2, -11.2),
        ("trend_follower", "moving average 20/120", 2583.1, 14.2),
        ("trend_follower", "short pivot", 2596.0, 31.4),
        ("vol_target", "day's move, cut 25%", 2388.7, -28.1),
        ("trend_follower", "EWMAC 16/64", 2640.7, 9.9),
        ("trend_follower", "breakout, 80 sessions", 2351.1, -6.4),
        ("trend_follower", "medium pivot", 2685.9, 27.3),
        ("trend_follower", "EWMAC 32/128", 2702.2, 11.1),
        ("trend_follower", "time-series momentum, 252 sessions", 2743.15, 18.0),
        ("trend_follower", "long pivot", 2790.4, 22.5),
    ]
    rows = [
        (
            actor,
            rule,
            at,
            at / SPOT - 1,
            factor * flow,
            factor * flow - factor * 3.2,
            factor * flow + factor * 2.9,
        )
        for actor, rule, at, flow in rules
    ]
    columns = ["actor", "rule", "level", "distance", "flow", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _moved(factor: float) -> pd.DataFrame:
    rows = [
        ("vol_target", -9.8 * factor, -4.1 * factor, -0.0123 * factor),
        ("risk_parity", -3.0 * factor, -0.9 * factor, -0.0031 * factor),
        ("trend_follower", -14.2 * factor, 0.0, -0.0118 * factor),
        ("buyback_desk", 3.1 * factor, 0.0, 0.0017 * factor),
        ("leveraged_fund", 0.0, -4.6 * factor, -0.0038 * factor),
        ("rebalancer", 6.2 * factor, 0.4 * factor, 0.0046 * factor),
        ("decay of earlier impact", 0.0, 0.0, 0.0021 * factor),
    ]
    rows = [(*row, row[3] - 0.4 * abs(row[3]), row[3] + 0.5 * abs(row[3])) for row in rows]
    total = -0.0374
    rest = total - sum(row[3] for row in rows)
    rows.append(("residual", 0.0, 0.0, rest, rest - 0.009 * factor, rest + 0.009 * factor))
    rows.append(("index return", 0.0, 0.0, total, total, total))
    columns = ["component", "initiating", "reflexive", "effect", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _history(sessions: int, factor: float) -> pd.DataFrame:
    dates = pd.bdate_range(end=THROUGH, periods=sessions)
    random = np.random.default_rng(7)
    frames = []
    for actor, numbers in _EXPOSURE.items():
        path = np.cumsum(random.normal(0, 0.03, sessions))
        path = np.clip(factor * (numbers[3] + path - path[-1]), -1, 1)
        width = factor * (0.05 + 0.1 * np.abs(path))
        frames.append(
            pd.DataFrame(
                {
                    "date": dates,
                    "actor": actor,
                    "exposure": path,
                    "low": path - width,
                    "high": path + width,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _fan(factor: float, scenarios: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for scenario in scenarios:
        end = factor * sum(by.get(scenario, -3.3) for by in _MONTHLY.values())
        for session in range(22):
            flow = end * (1 - np.exp(-session / 8.0)) / (1 - np.exp(-21 / 8.0))
            spread = factor * (0.3 * abs(flow) + 0.3 * np.sqrt(session))
            rows.append((scenario, session, flow, flow - spread, flow + spread))
    return pd.DataFrame(rows, columns=["scenario", "session", "flow", "low", "high"])


def _ladder(factor: float) -> pd.DataFrame:
    rows = []
    for move in np.linspace(-0.10, 0.10, 21):
        central = {
            "vol_target": -38.0 * np.clip(-move / 0.06, 0, 1) ** 1.5 + 6.0 * (move > -0.02),
            "risk_parity": -14.0 * np.clip(-move / 0.08, 0, 1),
            "trend_follower": 41.0 * np.tanh((move - 0.025) / 0.03),
            "buyback_desk": 5.5,
            "leveraged_fund": 55.0 * move,
            "rebalancer": -60.0 * move,
        }
        central = {actor: factor * float(flow) for actor, flow in central.items()}
        central["total"] = sum(central.values())
        for actor, flow in central.items():
            spread = factor * (1.0 + 0.3 * abs(flow))
            rows.append((SPOT * (1 + move), move, actor, flow, flow - spread, flow + spread))
    return pd.DataFrame(rows, columns=["level", "move", "actor", "flow", "low", "high"])


def _calendar() -> pd.DataFrame:
    rows = [
        ("2018-12-31", "month_end", "month end"),
        ("2018-12-31", "quarter_end", "quarter end"),
        ("2019-01-16", "vix_settlement", "VIX settlement"),
        ("2019-01-18", "option_expiry", "monthly option expiry"),
        ("2019-01-28", "blackout", "blackout share falls below 50%"),
        ("2019-01-31", "month_end", "month end"),
    ]
    frame = pd.DataFrame(rows, columns=["date", "event", "label"])
    return frame.assign(date=pd.to_datetime(frame["date"]))


def _crowding(factor: float) -> pd.DataFrame:
    distance = np.round(np.linspace(-0.10, 0.10, 21), 3)
    share = np.where(distance < 0, 0.38, 0.74) * np.minimum(1, np.abs(distance) / 0.08) ** 1.3
    flow = factor * np.sign(distance) * share * 128.0
    return pd.DataFrame({"distance": distance, "share": share, "flow": flow})


def _strip() -> pd.DataFrame:
    rows = [
        ("S&P 500", "2,506.85 (+0.8%)", THROUGH, "close"),
        ("Realised volatility, 1m", "26.4%", THROUGH, "annual"),
        ("Realised volatility, 3m", "20.1%", THROUGH, "annual"),
        ("VIX", "25.42", THROUGH, "close"),
        ("1σ, one day", "±1.7%", THROUGH, "EWMA"),
        ("Market value", "$21.0tn", THROUGH, "range 19.9 to 22.1"),
        ("In blackout", "81%", THROUGH, "share of market value"),
    ]
    frame = pd.DataFrame(rows, columns=["item", "value", "date", "note"])
    return frame.assign(source="bundled history (arch)", age_days=2740, stale=True)


def _assumptions() -> pd.DataFrame:
    rows = [
        ("vol_target.assets", 350.0, 200.0, 500.0, "USD bn", "central bank review, 2018, table 2"),
        ("vol_target.target", 0.12, 0.10, 0.15, "annual volatility", "index rules, section 3"),
        ("vol_target.cap", 1.5, 1.0, 2.0, "x assets", "index rules, section 3"),
        ("risk_parity.assets", 200.0, 120.0, 300.0, "USD bn", "press estimate, 2018"),
        ("trend_follower.assets", 250.0, 190.0, 340.0, "USD bn", "industry survey, 2018"),
        ("trend_follower.equity_share", 0.25, 0.15, 0.35, "share of risk", "assumption"),
        ("buyback_desk.annual", 800.0, 700.0, 900.0, "USD bn", "index provider, 2018"),
        ("leveraged_fund.assets", 32.0, 28.0, 36.0, "USD bn", "fund reports, 2018"),
        ("rebalancer.share", 0.1, 0.05, 0.15, "share of market value", "assumption"),
        ("impact.multiplier", 5.0, 3.0, 8.0, "1", "Gabaix and Koijen (2021), table 3"),
        ("vol_target.decay", (0.94, 0.97), (0.92, 0.96), (0.95, 0.98), "1", "index rules, 3.2"),
        ("impact.clock", "daily", None, None, "", "convention"),
        ("impact.y", 0.9, 0.5, 1.3, "1", "Tóth and others (2011)"),
    ]
    return pd.DataFrame(rows, columns=["address", "value", "low", "high", "unit", "source"])


def frames(
    factor: float = 1.0, scenarios: tuple[str, ...] = SCENARIOS, sessions: int = 756
) -> dict[str, object]:
    """The fields of a made desk; `factor` scales every flow and every band (0: nothing moves)."""
    return {
        "as_of": THROUGH,
        "through": THROUGH,
        "source": "bundled history (arch)",
        "bundled": True,
        "made_on": THROUGH + pd.Timedelta(days=2740),
        "stale_days": 2740,
        "stale": True,
        "spot": SPOT,
        "headline": (
            "If the index falls 2σ, mechanical actors sell $35bn [−48, −25] in a week, most of it "
            "vol-target funds; first sell trigger 2,441, 2.6% below."
        ),
        "strip": _strip(),
        "positions": _positions(),
        "flows": _flows(factor, scenarios),
        "scenarios": _scenarios(scenarios),
        "triggers": _triggers(factor),
        "crowding": _crowding(factor),
        "moved": _moved(factor),
        "moved_window": (pd.Timestamp("2018-12-24"), THROUGH),
        "history": _history(sessions, factor),
        "fan": _fan(factor, scenarios),
        "ladder": _ladder(factor),
        "calendar": _calendar(),
        "assumptions": _assumptions(),
        "notes": (
            "Market value and daily volume are carried from yearly tables with ranges of at least 15%.",
            "Bond prices are absent: risk parity runs on equities alone.",
        ),
    }
