"""What option dealers must trade along scenarios.

- From a chain: the change of the deltas, contract by contract, against an independent sum; putting strikes
  together and leaving contracts out changes it by less than it says; orders add up over contracts.
- Time in sessions: variance kept, morning settlement at the close before, the first session that closes next.
- From the calibrated book: three quarters give what twenty years would; the band spans both signs.
- Both by the rule of `OptionDealer`; nothing later than the moment enters.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_chain import RATE, evening, made_book, made_index, with_chain
from scipy.special import ndtr

from groundswell.actors.option_dealer import OptionDealer
from groundswell.measure.chains import option_chain
from groundswell.runs import dealer_flows
from groundswell.runs.dealer_flows import (
    calibrated_flows,
    calibrated_gamma,
    calibrated_state,
    chain_flows,
    condensed,
    in_sessions,
    sessions_from,
)
from groundswell.runs.history import lay_out
from groundswell.runs.project import project
from groundswell.runs.replay import Replay, replay
from groundswell.runs.scenarios import standard_scenarios

SCENARIOS = standard_scenarios(0.16)


@pytest.fixture(scope="module")
def state() -> Replay:
    return calibrated_state(lay_out(made_book(300)), draws=0)


@pytest.fixture(scope="module")
def chain() -> pd.DataFrame:
    return option_chain(with_chain().snapshot("chain.spx"), rate=RATE).frame


MOMENT = pd.Timestamp(evening(made_index().index[-1]))
SPOT = float(made_index().iloc[-1])


def flow(found: pd.DataFrame, scenario: str, horizon: str, convention: str) -> float:
    row = found.set_index(["scenario", "horizon", "convention"]).loc[(scenario, horizon, convention)]
    return float(row["flow"])


@pytest.mark.parametrize("scenario", ["down2", "flat", "up1"])
def test_the_flow_of_a_day_is_the_change_of_all_deltas(
    chain: pd.DataFrame, state: Replay, scenario: str
) -> None:
    found = chain_flows(chain, SPOT, MOMENT, state, SCENARIOS)
    r = next(s.returns[0] for s in SCENARIOS if s.name == scenario and "1d" in s.horizons)
    held, dealer = in_sessions(chain, MOMENT), OptionDealer()
    k, years, vol = np.log(held["strike"] / SPOT), held["years"], held["vol"]
    skew, level = float(dealer.skew), found.level
    excess = vol / (level * np.exp(-3 * skew * np.tanh(k / (level * np.sqrt(years)) / 3)))
    level_after = level * np.exp(-float(dealer.vol_response) * r)
    left = np.maximum(years - 1 / 252, float(dealer.last_hedge) / 6.5 / 252)
    away = (k - r) / (level_after * np.sqrt(left))
    vol_after = level_after * np.exp(-3 * skew * np.tanh(away / 3)) * excess

    def delta(distance: pd.Series, deviation: pd.Series) -> np.ndarray:
        return np.asarray(ndtr(-distance / deviation + deviation / 2))

    change = delta(k - r, vol_after * np.sqrt(left)) - delta(k, vol * np.sqrt(years))
    change = np.where(years < 0.5 / 252, 0.0, change)
    each = held["open_interest"] * 100 * SPOT * change * np.exp(r) / 1e9
    calls, puts = (each[held["kind"] == kind].sum() for kind in ("C", "P"))
    most = np.abs(each).sum()
    assert most > 0.1
    for convention, expected in (("all_short", calls + puts), ("calls_long_puts_short", puts - calls)):
        assert flow(found.frame, scenario, "1d", convention) == pytest.approx(expected, abs=0.005 * most)


def test_fewer_contracts_give_the_flows_of_all(
    chain: pd.DataFrame, state: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = chain_flows(chain, SPOT, MOMENT, state, SCENARIOS)
    monkeypatch.setattr(dealer_flows, "BIN", 1e-9)
    monkeypatch.setattr(dealer_flows, "TOLERANCE", 0.0)
    every = chain_flows(chain, SPOT, MOMENT, state, SCENARIOS)
    assert few.contracts < 0.7 * every.contracts
    assert 0 < few.left_out <= 0.002
    assert every.left_out == 0
    largest = every.frame["flow"].abs().max()
    np.testing.assert_allclose(few.frame["flow"], every.frame["flow"], atol=0.004 * largest)


def test_orders_add_up_over_contracts_and_conventions(chain: pd.DataFrame, state: Replay) -> None:
    found = chain_flows(chain, SPOT, MOMENT, state, SCENARIOS).frame
    double = chain.assign(open_interest=2 * chain["open_interest"])
    twice = chain_flows(double, SPOT, MOMENT, state, SCENARIOS).frame
    np.testing.assert_allclose(twice["flow"], 2 * found["flow"], rtol=1e-9)
    by = found.pivot_table(index=["scenario", "horizon"], columns="convention", values="flow")
    np.testing.assert_allclose(by["mixed"], (by["all_short"] + by["calls_long_puts_short"]) / 2)
    assert set(found["horizon"]) == {"1d", "1w"}
    assert (found["low"] <= found["flow"]).all()
    assert (found["flow"] <= found["high"]).all()
    assert (found["low"] < found["high"]).any()


def test_every_draw_starts_from_the_volatilities_of_the_chain(chain: pd.DataFrame, state: Replay) -> None:
    found = chain_flows(chain, SPOT, MOMENT, state, SCENARIOS).frame
    rows = found[found["convention"] == "all_short"].set_index(["scenario", "horizon"])
    still, moved = rows.loc[("flat", "1d")], rows.loc[("up1", "1d")]
    assert still["high"] - still["low"] < 0.04 * moved["flow"], "draws differ in how a smile moves alone"


@pytest.mark.parametrize("back", range(6))
def test_gamma_of_the_calibrated_book_is_what_it_trades_next_day_expiry_or_not(back: int) -> None:
    """On the evening of an expiry what has gone is replaced before anybody trades."""
    book = made_book(300)
    run = calibrated_state(lay_out(book.cut(f"{book.prices().index[-1 - back]:%Y-%m-%d}")), draws=0)
    move = 0.002
    down, up = project(run, np.array([[-move, move]]))[0, 0, 0]
    assert -(up - down) / (200 * move) == pytest.approx(calibrated_gamma(run)[0], rel=0.3, abs=0.05)


def test_the_calibrated_book_is_of_today_s_market(state: Replay) -> None:
    larger = replace(
        state.history,
        market_value=state.history.market_value
        * np.array([1.0] * (len(state.history.market_value) - 1) + [2.0]),
    )
    np.testing.assert_allclose(
        calibrated_gamma(replace(state, history=larger)), 2 * calibrated_gamma(state), rtol=1e-6
    )


def test_whoever_is_short_of_everything_trades_with_the_market(chain: pd.DataFrame, state: Replay) -> None:
    found = chain_flows(chain, SPOT, MOMENT, state, SCENARIOS).frame
    for horizon in ("1d", "1w"):
        flows = [flow(found, name, horizon, "all_short") for name in ("down2", "down1", "up1", "up2")]
        assert flows == sorted(flows)
        assert flows[1] < 0 < flows[2]


def test_time_is_counted_in_sessions_and_variance_kept() -> None:
    thursday = pd.Timestamp(evening(pd.Timestamp("2018-03-15")))
    chain = pd.DataFrame(
        {
            "strike": 100.0,
            "vol": 0.2,
            "kind": "C",
            "open_interest": 1.0,
            "root": ["SPXW", "SPX", "SPXW", "SPXW"],
            "expiry": pd.to_datetime(["2018-03-16", "2018-03-16", "2018-03-19", "2018-04-02"]),
            "years": [23.5 / 8760, 17 / 8760, 95.5 / 8760, 18 / 365],
        }
    )
    held = in_sessions(chain, thursday)
    # 30 March was Good Friday
    np.testing.assert_allclose(held["years"] * 252, [1.0, 0.1, 2.0, 11.0])
    np.testing.assert_allclose(held["vol"] ** 2 * held["years"], 0.04 * chain["years"])


@pytest.mark.parametrize(("hour", "first"), [(11, "2018-03-15"), (16, "2018-03-16")])
def test_the_first_session_is_the_next_that_closes(hour: int, first: str) -> None:
    moment = pd.Timestamp(evening(pd.Timestamp("2018-03-15"), hour))
    assert sessions_from(moment, 2)[0] == pd.Timestamp(first)
    saturday = pd.Timestamp(evening(pd.Timestamp("2018-03-17"), 9))
    assert sessions_from(saturday, 1)[0] == pd.Timestamp("2018-03-19")


def test_an_expiring_option_is_followed_by_itself_and_a_far_one_not_at_all(chain: pd.DataFrame) -> None:
    held = in_sessions(chain, MOMENT)
    kept, _ = condensed(held, SPOT, 0.05, 5)
    assert kept["open_interest"].sum() < held["open_interest"].sum()
    spread = kept.groupby("years")["strike"].agg(["min", "max"])
    assert spread["max"].iloc[0] - spread["min"].iloc[0] < spread["max"].iloc[-1] - spread["min"].iloc[-1]


def test_three_quarters_of_sessions_are_all_the_calibrated_book_remembers() -> None:
    history = lay_out(made_book(800))
    whole = replay(history, {"option_dealer": OptionDealer()})
    paths = np.stack([s.returns for s in SCENARIOS], axis=1)
    expected = project(whole, paths)[:, 0, 0]
    found = calibrated_flows(calibrated_state(history, draws=0), SCENARIOS)
    month = found[found["horizon"] == "1m"].set_index("scenario")["flow"]
    for place, scenario in enumerate(SCENARIOS):
        if "1m" in scenario.horizons:
            total = expected[:, place].sum()
            assert month[scenario.name] == pytest.approx(total, abs=1e-3 * np.abs(expected).sum())


def test_the_sign_of_the_calibrated_book_is_open_and_its_size_scales() -> None:
    run = calibrated_state(lay_out(made_book(300)), draws=100)
    gamma = calibrated_gamma(run)
    assert gamma.shape == (101,)
    assert np.quantile(gamma, 0.1) < 0 < np.quantile(gamma, 0.9)
    found, half = (calibrated_flows(run, SCENARIOS, size) for size in (1.0, 0.5))
    assert set(zip(found["scenario"], found["horizon"], strict=True)) == {
        (s.name, h) for s in SCENARIOS for h in s.horizons
    }
    down = found[(found["scenario"] == "down1") & (found["horizon"] == "1d")].iloc[0]
    assert down["low"] < 0 < down["high"]
    np.testing.assert_allclose(half[["flow", "low", "high"]], found[["flow", "low", "high"]] / 2)
