"""The desk sheet as a script and a portfolio manager meet it: complete, finite, reproducible, without
look-ahead, and with the shapes that the published notes have.
"""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import groundswell as gs
from groundswell.data.book import Book
from groundswell.data.errors import GroundswellError
from groundswell.sheets.desk_sheet import Desk

COLUMNS = {
    "positions": ["actor", "exposure", "low", "high", "pct_of_max", "percentile", "z", "since"],
    "flows": ["actor", "horizon", "scenario", "flow", "low", "high", "pct_adv", "z"],
    "triggers": ["actor", "rule", "level", "distance", "flow", "low", "high"],
}
FRAMES = [f.name for f in dataclasses.fields(Desk) if f.type is pd.DataFrame]


@pytest.fixture(scope="module")
def bundled() -> Book:
    return gs.load()


@pytest.fixture(scope="module")
def crash(bundled: Book) -> Desk:
    """The evening of 5 February 2018."""
    return gs.desk(bundled, as_of="2018-02-05", draws=40)


def flow(desk: Desk, actor: str, horizon: str, scenario: str) -> float:
    chosen = desk.flows.set_index(["actor", "horizon", "scenario"])["flow"]
    return float(chosen[actor, horizon, scenario])


@pytest.mark.parametrize("frame", COLUMNS)
def test_the_public_columns_are_the_promised_ones(frame: str, crash: Desk) -> None:
    assert list(getattr(crash, frame).columns) == COLUMNS[frame]


def test_every_number_of_the_public_tables_has_its_unit(crash: Desk) -> None:
    for name in (*COLUMNS, "moved", "fan", "ladder", "crowding", "scenarios", "history"):
        frame = getattr(crash, name)
        numbers = set(frame.select_dtypes("number").columns)
        assert numbers <= set(frame.attrs["units"]), name


def test_no_table_holds_a_missing_or_infinite_number(crash: Desk) -> None:
    for name in FRAMES:
        frame = getattr(crash, name)
        assert len(frame) > 0, name
        assert not frame.isna().any().any(), name
        numbers = frame.select_dtypes("number").to_numpy(dtype=float)
        assert np.isfinite(numbers).all(), name


def test_every_actor_has_every_horizon_and_scenario_and_a_total(crash: Desk) -> None:
    table = crash.flows
    assert set(table["horizon"]) == {"1d", "1w", "1m"}
    assert set(table["scenario"]) == {"flat", "up1", "up2", "down1", "down2"}
    assert len(table) == table["actor"].nunique() * 15
    parts = table[table["actor"] != "total"].groupby(["horizon", "scenario"])["flow"].sum()
    total = table[table["actor"] == "total"].set_index(["horizon", "scenario"])["flow"]
    pd.testing.assert_series_equal(parts.sort_index(), total.sort_index(), check_names=False)


def test_the_central_estimate_lies_in_its_band_and_bands_are_not_empty(crash: Desk) -> None:
    for name in ("positions", "flows", "triggers", "moved"):
        frame = getattr(crash, name)
        central = frame[{"positions": "exposure", "moved": "effect"}.get(name, "flow")]
        assert (frame["low"] <= central + 1e-12).all(), name
        assert (central <= frame["high"] + 1e-12).all(), name
    held = crash.positions[~crash.positions["actor"].isin(["total"])]
    assert (held["high"] > held["low"]).all()


def test_the_sheet_of_a_past_evening_does_not_know_what_came(bundled: Book, crash: Desk) -> None:
    """Data dropped after the date, or merely not looked at: the same sheet."""
    truncated = gs.desk(bundled.cut("2018-02-05"), as_of="2018-02-05", draws=40)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(crash, name), getattr(truncated, name), check_exact=True)
    assert crash.headline == truncated.headline


def test_the_same_seed_gives_the_same_sheet_and_another_seed_other_bands(bundled: Book, crash: Desk) -> None:
    again = gs.desk(bundled, as_of="2018-02-05", draws=40)
    other = gs.desk(bundled, as_of="2018-02-05", draws=40, seed=1)
    pd.testing.assert_frame_equal(crash.flows, again.flows, check_exact=True)
    np.testing.assert_array_equal(crash.flows["flow"], other.flows["flow"])
    assert (crash.positions["low"] != other.positions["low"]).any()


def test_without_draws_bands_shrink_to_the_central_value(bundled: Book) -> None:
    sheet = gs.desk(bundled, as_of="2018-02-05", draws=0)
    np.testing.assert_array_equal(sheet.flows["low"], sheet.flows["flow"])


def test_what_moved_it_adds_up_and_shows_the_residual(bundled: Book, crash: Desk) -> None:
    table = crash.moved.set_index("component")["effect"]
    assert table.index[-2:].tolist() == ["residual", "index return"]
    assert table.iloc[:-1].sum() == pytest.approx(table["index return"], abs=1e-12)
    assert table["index return"] == pytest.approx(bundled.returns("index").loc["2018-02-05"], abs=1e-12)
    week = gs.desk(bundled, as_of="2018-02-09", since="2018-02-05", draws=0)
    assert week.moved_window == (pd.Timestamp("2018-02-05"), pd.Timestamp("2018-02-09"))
    returned = bundled.returns("index").loc["2018-02-05":"2018-02-09"].sum()
    assert week.moved["effect"].iloc[-1] == pytest.approx(returned, abs=1e-12)


def test_a_users_path_appears_beside_the_standard_scenarios(bundled: Book) -> None:
    calm = [0.005 * (-1) ** day for day in range(21)]
    sheet = gs.desk(bundled, as_of="2018-02-05", draws=0, paths={"half a percent a day": calm})
    mine = sheet.flows[sheet.flows["scenario"] == "half a percent a day"]
    assert set(mine["horizon"]) == {"1d", "1w", "1m"}


def test_a_changed_parameter_changes_the_flows_and_is_listed(bundled: Book) -> None:
    base = gs.desk(bundled, as_of="2018-02-05", draws=0)
    half = gs.desk(bundled, as_of="2018-02-05", draws=0, set={"vol_target.aum_share": 0.00385 / 2})
    assert flow(half, "vol_target", "1w", "down2") == pytest.approx(
        flow(base, "vol_target", "1w", "down2") / 2
    )
    row = half.assumptions.set_index("address").loc["vol_target.aum_share"]
    assert row["value"] == 0.00385 / 2
    assert "set by the user" in row["source"]


def test_the_sheet_turns_into_strict_json_and_a_page(crash: Desk) -> None:
    told = json.loads(json.dumps(crash.to_dict(), allow_nan=False))
    assert told["as_of"] == "2018-02-05"
    assert len(told["flows"]) == len(crash.flows)
    assert crash.to_html().startswith("<!doctype html>")


def test_risk_parity_joins_where_there_are_bonds(made_book: Callable[..., Book]) -> None:
    sheet = gs.desk(made_book(300, assets=("index", "bond")), draws=7)
    assert "risk_parity" in set(sheet.positions["actor"])
    assert not any("Risk parity" in note for note in sheet.notes)


@pytest.mark.parametrize("since", ["2019-01-01", "1990-01-01"])
def test_a_window_outside_the_data_is_refused(since: str, bundled: Book) -> None:
    with pytest.raises(GroundswellError, match="window begins"):
        gs.desk(bundled, since=since, draws=0)


def test_after_a_large_day_funds_are_forced_to_buy_once_it_leaves_the_window(bundled: Book) -> None:
    """8 May 2018: the February days leave the three-month window; the market need not move."""
    sheet = gs.desk(bundled, as_of="2018-05-03", draws=40)
    month = sheet.flows.set_index(["actor", "horizon", "scenario"]).loc[("vol_target", "1m", "flat")]
    assert month["flow"] > 0
    assert month["low"] > 0


def test_a_long_trend_book_sells_more_in_a_fall_than_it_buys_in_a_rise(bundled: Book) -> None:
    """Payoff of flow is concave in price when already long: 2017 autumn, a calm rise."""
    sheet = gs.desk(bundled, as_of="2017-11-01", draws=0)
    assert sheet.positions.set_index("actor").loc["trend_follower", "exposure"] > 0
    down, up = (flow(sheet, "trend_follower", "1m", scenario) for scenario in ("down2", "up2"))
    assert down < 0
    assert abs(down) > 4 * abs(up)
    assert abs(down) > 3 * abs(flow(sheet, "trend_follower", "1w", "down2"))


def test_the_same_numbers_come_from_a_users_own_file(bundled: Book, crash: Desk, tmp_path: Path) -> None:
    prices = bundled.prices("index")
    file = tmp_path / "prices.csv"
    prices.rename("close").to_frame().to_csv(file, index_label="date", float_format="%.17g")
    own = gs.desk(gs.load(file), as_of="2018-02-05", draws=40)
    pd.testing.assert_frame_equal(own.flows, crash.flows)


@pytest.mark.parametrize(
    "nothing", ["vol_target.aum_share", "vol_target.cap", "trend_follower.cap", "trend_follower.aum_share",
                "rebalancer.aum_share", "leveraged_fund.aum_share"],
)  # fmt: skip
def test_an_actor_set_to_nothing_leaves_no_hole_in_the_sheet(nothing: str, bundled: Book) -> None:
    sheet = gs.desk(bundled, as_of="2018-02-05", draws=0, set={nothing: 0.0})
    for name in FRAMES:
        assert not getattr(sheet, name).isna().any().any(), name


@pytest.mark.parametrize("wrong", [{"draws": -1}, {"draws": 2.5}, {"seed": -1}, {"seed": 2**33}], ids=str)
def test_a_count_that_cannot_be_meant_is_refused(wrong: dict, bundled: Book) -> None:
    with pytest.raises(GroundswellError, match=next(iter(wrong))):
        gs.desk(bundled, **wrong)


def test_a_parameter_of_the_impact_law_can_be_set(bundled: Book, crash: Desk) -> None:
    weak = gs.desk(bundled, as_of="2018-02-05", draws=40, set={"impact.multiplier": 0.0, "impact.y": 0.0})
    assert (weak.moved["effect"].iloc[:-2] == 0).all()
    assert (crash.moved["effect"].iloc[:-2] != 0).any()


def test_a_past_sheet_names_what_rests_on_later_figures(crash: Desk, bundled: Book) -> None:
    (note,) = [text for text in crash.notes if text.startswith("Not known that evening")]
    assert "vol_target.aum_share (2025-06-25)" in note
    assert "scenario.size" not in note
    early = gs.desk(bundled, as_of="2001-03-01", draws=0)
    assert any("Hypothetical that year: Leveraged funds (from 2006)" in text for text in early.notes)


def test_the_total_leaves_out_what_is_no_position_of_choice(crash: Desk) -> None:
    held = crash.positions.set_index("actor")["exposure"]
    chosen = held[["vol_target", "trend_follower", "leveraged_fund"]].sum()
    assert held["total"] == pytest.approx(chosen)


def test_bonds_move_while_the_index_follows_its_path(made_book: Callable[..., Book]) -> None:
    """Risk parity must not buy for want of movement: its flow of a flat month is small."""
    sheet = gs.desk(made_book(400, assets=("index", "bond")), draws=0)
    month = sheet.flows.set_index(["actor", "horizon", "scenario"])["flow"]["risk_parity", "1m", "flat"]
    held = sheet.positions.set_index("actor")["exposure"]["risk_parity"]
    assert abs(month) < 0.35 * held


def reshaped(book: Book, values: np.ndarray) -> Book:
    """The book with other closes of the index."""
    series = book.series["index"]
    return Book(
        {"index": dataclasses.replace(series, frame=series.frame.assign(value=values))},
        book.as_of,
        book.label,
    )


def test_quoting_the_index_in_other_units_changes_no_flow(made_book: Callable[..., Book]) -> None:
    book = made_book(300)
    prices = book.prices("index").to_numpy()
    points, cents = (gs.desk(reshaped(book, prices * unit), draws=7) for unit in (1.0, 100.0))
    np.testing.assert_allclose(cents.flows["flow"], points.flows["flow"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(cents.triggers["level"], 100 * points.triggers["level"], rtol=1e-9)
    np.testing.assert_allclose(cents.moved["effect"], points.moved["effect"], atol=1e-12)


def test_in_the_mirrored_market_trend_followers_stand_on_the_other_side(
    made_book: Callable[..., Book],
) -> None:
    book = made_book(300, seed=4)
    prices = book.prices("index").to_numpy()
    real, mirrored = (
        gs.desk(reshaped(book, values), draws=0).positions.set_index("actor")["pct_of_max"]
        for values in (prices, 1e4 / prices)
    )
    assert abs(real["trend_follower"]) > 0.1
    assert mirrored["trend_follower"] == pytest.approx(-real["trend_follower"], rel=0.15)
    assert mirrored["vol_target"] == pytest.approx(real["vol_target"], rel=0.02), "it does not ask which way"


def test_prices_that_stopped_updating_are_refused(made_book: Callable[..., Book]) -> None:
    book = made_book(300)
    prices = book.prices("index").to_numpy().copy()
    prices[200:] = prices[200]
    with pytest.raises(GroundswellError, match="has not moved over the last 63 sessions"):
        gs.desk(reshaped(book, prices), draws=0)
