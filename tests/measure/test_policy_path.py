"""The policy path from fed-funds futures.

- CME's sheet of 12 September 2022, its article of 2024, its example of September 2015, and the cut of
  December 2025 under both day counts and with a spot rate: every printed figure.
- Prices made from a path give the path back: any meetings, both day counts, every anchor.
- Probabilities sum to one and have the priced change as their mean; so does the joint distribution.
- Late-month meetings show their conditioning number, and it is the true factor of amplification.
- Days may be dates, Timestamps or texts, and any of them finds a meeting in a table.
- Prices of zero, missing contracts, meetings out of order and other bad input are refused in words.
- Odds over time use each day's own prices; real futures of 2010-2022 against what was decided.
"""

import warnings
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from groundswell.data.errors import DataError
from groundswell.measure import fed_meetings, policy_path
from groundswell.measure.fed_meetings import month_of

# CME's sheet: settlements of 12 September 2022.
SHEET = {
    "2022-09": 97.4475,
    "2022-10": 96.9400,
    "2022-11": 96.4300,
    "2022-12": 96.2350,
    "2023-01": 96.1150,
    "2023-02": 96.0200,
    "2023-03": 96.0050,
}
SEPTEMBER, NOVEMBER, DECEMBER = date(2022, 9, 21), date(2022, 11, 2), date(2022, 12, 14)


@pytest.mark.parametrize("anchor", ["auto", "forward", "2022-10"])
def test_the_sheet_of_september_2022(anchor: str) -> None:
    path = policy_path.meeting_probabilities(SHEET, [SEPTEMBER, NOVEMBER], anchor=anchor)
    assert list(path.columns) == ["start", "end", "change", 0, 25, 50, 75, 100]
    first, second = path.loc[SEPTEMBER], path.loc[NOVEMBER]
    assert abs(first["start"] - 2.2987) <= 5e-5 + 1e-12  # 2.29875, printed cut off
    assert abs(100 - first["start"] - 97.7013) <= 5e-5 + 1e-12
    assert first["end"] == pytest.approx(3.06, abs=1e-12)
    assert abs(first["change"] - 0.7613) <= 5e-5 + 1e-12
    assert (round(first[75], 3), round(first[100], 3)) == (0.955, 0.045)
    assert (round(second["end"], 4), round(second["change"], 4)) == (3.5876, 0.5276)
    assert round(100 - second["end"], 4) == 96.4124
    assert (round(second[50], 4), round(second[75], 4)) == (0.8897, 0.1103)
    assert path.attrs["anchor"] == {"2022-09-21": "2022-10", "2022-11-02": "2022-10"}


def test_the_joint_distribution_of_that_sheet() -> None:
    both = policy_path.joint(SHEET, [SEPTEMBER, NOVEMBER])
    after = both.loc[NOVEMBER]
    assert [round(100 * after[move], 3) for move in (125, 150, 175)] == [84.962, 14.541, 0.497]
    assert after.sum() == pytest.approx(1, abs=1e-12)
    assert round(float(after @ after.index.to_numpy()), 3) == 128.884
    assert both.columns.tolist() == [75, 100, 125, 150, 175]


def test_december_has_two_answers_and_says_which() -> None:
    meetings = [SEPTEMBER, NOVEMBER, DECEMBER]
    ahead = policy_path.meeting_rates(SHEET, meetings, anchor="forward").loc[DECEMBER]
    assert (round(ahead["end"], 4), round(ahead["change"], 4)) == (3.8931, 0.3055)
    assert (ahead["anchor"], ahead["direction"]) == ("2022-10", "forward")
    back = policy_path.meeting_rates(SHEET, meetings, anchor="2023-01")
    assert round(back.loc[DECEMBER, "end"], 4) == 3.8850
    assert back["anchor"].tolist() == ["2022-10", "2022-10", "2023-01"]
    assert back["direction"].tolist() == ["backward", "forward", "backward"]


def test_the_article_of_2024() -> None:
    prices = {"2024-05": 94.875, "2024-06": 94.750, "2024-07": 94.625}
    meetings = [date(2024, 6, 1), date(2024, 7, 1)]  # the article takes the month's average as the rate after
    each = policy_path.meeting_probabilities(prices, meetings)
    assert each[[0, 25]].to_numpy().tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert policy_path.joint(prices, meetings).iloc[1].tolist() == [0.25, 0.5, 0.25]
    assert policy_path.aggregated(prices, meetings).iloc[1].to_dict() == {0: 0.0, 25: 1.0}


def test_the_example_of_september_2015() -> None:
    path = policy_path.meeting_probabilities({"2015-08": 99.8675, "2015-09": 99.805}, [date(2015, 9, 17)])
    assert round(path["end"].iloc[0], 5) == 0.26643
    assert round(100 * path[25].iloc[0], 1) == 53.6


@pytest.mark.parametrize(
    ("choices", "printed"),
    [
        ({}, 87.8),
        ({"day_count": "effective"}, 91.9),
        ({"day_count": "effective", "start_rate": 3.89}, 100.0),
    ],
)
def test_the_certain_cut_of_december_2025_reads_differently_by_convention(
    choices: dict[str, Any], printed: float
) -> None:
    prices = {"2025-11": 100 - 3.8763, "2025-12": 100 - 3.7206}
    path = policy_path.meeting_probabilities(prices, [date(2025, 12, 10)], **choices)
    assert round(100 * path[-25].iloc[0], 1) == printed


@pytest.mark.parametrize(("day_count", "swing"), [("cme", 8.9), ("effective", 8.5)])
def test_fifty_points_of_odds_are_nine_basis_points_of_the_contract(day_count: Any, swing: float) -> None:
    decision = [date(2025, 12, 10)]

    def odds(price: float) -> float:
        path = policy_path.meeting_probabilities(
            {"2025-12": price}, decision, start_rate=3.88, day_count=day_count
        )
        return float(path[-25].iloc[0])

    def price_at(wanted: float) -> float:
        return float(brentq(lambda price: odds(price) - wanted, 96.13, 96.28))

    assert round(100 * (price_at(0.8) - price_at(0.3)), 1) == swing
    rates = [
        policy_path.meeting_rates(
            {"2025-12": price_at(wanted)}, decision, start_rate=3.88, day_count=day_count
        )["end"].iloc[0]
        for wanted in (0.3, 0.8)
    ]
    assert round(100 * (rates[0] - rates[1]), 1) == 12.5
    if day_count == "cme":
        assert (round(price_at(0.3), 4), round(price_at(0.8), 4)) == (96.1732, 96.2619)


@pytest.mark.parametrize(
    "meetings",
    [
        ["2022-09-21", "2022-11-02"],
        [pd.Timestamp(SEPTEMBER), pd.Timestamp(NOVEMBER)],
        pd.DatetimeIndex([SEPTEMBER, NOVEMBER]),
        np.array(["2022-09-21", "2022-11-02"], dtype="datetime64[D]"),
        pd.Series(pd.to_datetime([SEPTEMBER, NOVEMBER])),
        (day for day in (SEPTEMBER, NOVEMBER)),
    ],
)
def test_days_may_be_written_in_every_usual_way(meetings: Any) -> None:
    meetings = list(meetings)
    wanted = policy_path.meeting_probabilities(SHEET, [SEPTEMBER, NOVEMBER])
    found = policy_path.meeting_probabilities(SHEET, meetings)
    pd.testing.assert_frame_equal(found, wanted)
    assert list(found.index) == [SEPTEMBER, NOVEMBER]
    assert found.index.name == "meeting"
    as_series = policy_path.joint(pd.Series(SHEET).sample(frac=1, random_state=0), meetings)
    pd.testing.assert_frame_equal(as_series, policy_path.joint(SHEET, [SEPTEMBER, NOVEMBER]))


def test_a_meeting_is_found_by_its_day_however_it_is_written() -> None:
    for table in (
        policy_path.meeting_probabilities(SHEET, [SEPTEMBER, NOVEMBER]),
        policy_path.joint(SHEET, [SEPTEMBER, NOVEMBER])[[75, 125]],
        policy_path.aggregated(SHEET, [SEPTEMBER, NOVEMBER]).iloc[:2],
        policy_path.meeting_rates(SHEET, [SEPTEMBER, NOVEMBER]).drop(columns="anchor"),
    ):
        row = table.loc[NOVEMBER]
        column = table.columns[0]
        for day in ("2022-11-02", pd.Timestamp(NOVEMBER), np.datetime64("2022-11-02")):
            pd.testing.assert_series_equal(table.loc[day], row)
            assert table.loc[day, column] == row[column] == table[column][day]
            assert day in table.index
        for nowhere in ("2022-11-03", "x", 3, None):
            assert nowhere not in table.index
            with pytest.raises(KeyError):
                table.loc[nowhere]


def priced(
    meetings: list[date], rates: list[float], day_count: str, first: str, last: str
) -> dict[str, float]:
    """Return the prices of all months from a daily path: rates[0] until the first decision, and so on."""
    delay = timedelta(days=1 if day_count == "effective" else 0)
    prices = {}
    for month in pd.period_range(first, last, freq="M"):
        whole = monthrange(month.year, month.month)[1]
        days = [date(month.year, month.month, day) for day in range(1, whole + 1)]
        daily = [rates[sum(day >= meeting + delay for meeting in meetings)] for day in days]
        prices[str(month)] = 100 - float(np.mean(daily))
    return prices


@st.composite
def paths(draw: st.DrawFn) -> tuple[list[date], list[float]]:
    """Draw meetings of 2024 in some of its months, not all in a row, and the rates around them."""
    months = sorted(draw(st.sets(st.integers(2, 11), min_size=1, max_size=8)))
    meetings = [date(2024, month, draw(st.integers(2, 29))) for month in months]
    steps = draw(
        st.lists(st.integers(-70, 70), min_size=len(meetings), max_size=len(meetings))
    )  # basis points
    return meetings, (3 + np.cumsum([0, *steps]) / 100).tolist()


@settings(max_examples=60, deadline=None)
@given(
    paths(),
    st.sampled_from(["cme", "effective"]),
    st.sampled_from(["auto", "forward", "backward", "2024-01", "2024-12"]),
    st.booleans(),
)
def test_prices_made_from_a_path_give_it_back(
    path: tuple[list[date], list[float]], day_count: Any, anchor: str, spot: bool
) -> None:
    meetings, rates = path
    prices = priced(meetings, rates, day_count, "2024-01", "2024-12")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", policy_path.IllDeterminedWarning)
        found = policy_path.meeting_rates(
            prices, meetings, anchor=anchor, day_count=day_count, start_rate=rates[0] if spot else None
        )
    close = {"abs": 1e-12 * found["conditioning"].max() + 1e-9}
    assert found["start"].tolist() == pytest.approx(rates[:-1], **close)
    assert found["end"].tolist() == pytest.approx(rates[1:], **close)


@settings(max_examples=30, deadline=None)
@given(paths())
def test_probabilities_sum_to_one_and_mean_what_is_priced(path: tuple[list[date], list[float]]) -> None:
    meetings, rates = path
    prices = priced(meetings, rates, "cme", "2024-01", "2024-12")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", policy_path.IllDeterminedWarning)
        each = policy_path.meeting_probabilities(prices, meetings)
        together = policy_path.joint(prices, meetings)
        narrow = policy_path.aggregated(prices, meetings)
    changes = 100 * np.diff(rates)
    for table, means in [
        (each.drop(columns=["start", "end", "change"]), changes),
        (together, changes.cumsum()),
        (narrow, changes.cumsum()),
    ]:
        moves = table.columns.to_numpy(dtype=float)
        odds = table.to_numpy()
        assert (odds >= 0).all()
        np.testing.assert_allclose(odds.sum(axis=1), 1, atol=1e-12)
        np.testing.assert_allclose(odds @ moves, means, atol=1e-5)
        assert all(move % 25 == 0 for move in table.columns)
    spread = [
        (table.to_numpy() @ table.columns.to_numpy(dtype=float) ** 2).tolist() for table in (together, narrow)
    ]
    assert all(wide >= slim - 1e-4 for wide, slim in zip(*spread, strict=True))


@given(st.floats(-1.1, 1.1))
def test_a_change_lies_between_two_moves_of_the_same_sign(change: float) -> None:
    row = policy_path.distribution(pd.Series([change])).iloc[0]
    further = abs(change) / 0.25 - int(abs(change) / 0.25)
    sign = 1 if change > 0 else -1
    step = sign * 25 * int(abs(change) / 0.25)
    assert row[step] == pytest.approx(1 - further, abs=1e-8)
    assert row.get(step + sign * 25, 0.0) == pytest.approx(further, abs=1e-8)
    assert row.drop([step, step + sign * 25], errors="ignore").sum() == 0


@given(st.floats(0.001, 0.2))
def test_a_dearer_contract_means_more_easing_and_a_shift_of_all_means_none(rise: float) -> None:
    before = policy_path.meeting_rates(SHEET, [SEPTEMBER, NOVEMBER])
    dearer = policy_path.meeting_rates(SHEET | {"2022-11": SHEET["2022-11"] + rise}, [SEPTEMBER, NOVEMBER])
    assert dearer.loc[NOVEMBER, "change"] < before.loc[NOVEMBER, "change"]
    assert dearer.loc[SEPTEMBER, "change"] == before.loc[SEPTEMBER, "change"]
    shifted = policy_path.meeting_rates(
        {month: price + rise for month, price in SHEET.items()}, [SEPTEMBER, NOVEMBER]
    )
    np.testing.assert_allclose(shifted["change"], before["change"], atol=1e-9)
    np.testing.assert_allclose(shifted["start"], before["start"] - rise, atol=1e-9)


LATE = {"2024-06": 94.67, "2024-07": 94.67, "2024-08": 94.80}


def test_a_late_meeting_shows_its_conditioning_number_and_better_contracts_mend_it() -> None:
    july = date(2024, 7, 31)
    with pytest.warns(policy_path.IllDeterminedWarning, match=r"2024-07-31 .*conditioning number 31\.0"):
        late = policy_path.meeting_probabilities(LATE, [july], anchor="forward")
    assert late.attrs["conditioning"] == {"2024-07-31": 31.0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mended = policy_path.meeting_rates(LATE, [july])
    assert mended["direction"].iloc[0] == "backward"
    assert mended["conditioning"].iloc[0] == pytest.approx(31 / 30)
    with pytest.raises(DataError, match=r"none of the 31 days .* conditioning number is infinite.*'2024-08'"):
        policy_path.meeting_rates({"2024-06": 94.67, "2024-07": 94.67}, [july], day_count="effective")
    with pytest.raises(DataError, match="lies before the decision"):
        policy_path.meeting_rates({"2024-07": 94.67, "2024-08": 94.8}, [date(2024, 7, 1)])


@pytest.mark.filterwarnings("ignore::groundswell.measure.policy_path.IllDeterminedWarning")
@pytest.mark.parametrize("anchor", ["auto", "forward", "backward"])
def test_the_conditioning_number_is_the_largest_amplification(anchor: str) -> None:
    meetings = [SEPTEMBER, NOVEMBER, DECEMBER]
    before = policy_path.meeting_rates(SHEET, meetings, anchor=anchor)
    moved = [
        policy_path.meeting_rates(SHEET | {month: SHEET[month] + 0.01}, meetings, anchor=anchor)["change"]
        - before["change"]
        for month in SHEET
    ]
    np.testing.assert_allclose(np.abs(moved).max(axis=0) / 0.01, before["conditioning"], rtol=1e-8)


def test_auto_takes_the_better_conditioned_way_but_trusts_no_month_beyond_the_list() -> None:
    months = [f"2024-{month:02}" for month in range(1, 13)]
    early, late, last = date(2024, 3, 5), date(2024, 6, 26), date(2024, 9, 18)
    found = fed_meetings.solve(months, [early, late, last])
    ways = [one.direction for one in found if isinstance(one, fed_meetings.Meeting)]
    assert ways == ["forward", "backward", "forward"]
    spot = fed_meetings.solve(months, [date(2024, 3, 20), late], spot=True)[0]
    assert isinstance(spot, fed_meetings.Meeting)
    assert (spot.anchor, spot.direction) == ("start_rate", "forward")


def test_the_month_nearest_to_the_meeting_ties_it_down_and_none_far_beyond_the_list() -> None:
    march, july = date(2024, 3, 12), date(2024, 7, 20)
    months = [f"2024-{month:02}" for month in (3, 4, 5, 6, 7, 9)]
    found = fed_meetings.solve(months, [march, july])
    anchors = [one.anchor for one in found if isinstance(one, fed_meetings.Meeting)]
    assert anchors == ["2024-04", "2024-06"]
    alone = fed_meetings.solve(["2024-05", "2024-07", "2024-09"], [july])
    assert isinstance(alone[0], DataError)


def test_a_whole_step_in_binary_is_one_step() -> None:
    assert policy_path.distribution(pd.Series([0.25 + 1e-15])).iloc[0].to_dict() == {0: 0.0, 25: 1.0}


@pytest.mark.parametrize(
    ("prices", "meetings", "choices", "words"),
    [
        ({"2022-10": 0.0}, [SEPTEMBER], {}, "contract of 2022-10: the price is 0"),
        ({"2022-10": 3.06}, [SEPTEMBER], {}, "price is 3.06"),
        ({"2022-10": float("nan")}, [SEPTEMBER], {}, "price is nan"),
        ({"ZQV2": 96.9}, [SEPTEMBER], {}, "contract is named 'ZQV2'"),
        ({}, [SEPTEMBER, date(2023, 5, 3)], {}, "meeting of 2023-05-03: the contract of 2023-05 is missing"),
        ({}, [NOVEMBER, SEPTEMBER], {}, "meeting of 2022-09-21 follows that of 2022-11-02"),
        ({}, [NOVEMBER, NOVEMBER], {}, "follows that of"),
        ({}, [NOVEMBER, date(2022, 11, 20)], {}, "share a month"),
        ({}, [], {}, "no meeting"),
        ({}, SEPTEMBER, {}, "a list of days"),
        ({}, "2022-09-21", {}, "a list of days"),
        ({}, ["21/9"], {}, "the day is '21/9'"),
        ({}, [pd.NaT], {}, "the day is 'NaT'"),
        ({}, [1], {}, "the day is '1'"),
        ({}, [date(2021, 9, 22)], {}, "the contract of 2021-09 is missing"),
        ({"2022-10": "x"}, [SEPTEMBER], {}, "'2022-10' has something that is not a number"),
        ({"2022-10": None}, [SEPTEMBER], {}, "price is nan"),
        ({"2022-10": True}, [SEPTEMBER], {}, "values of type bool"),
        ({date(2022, 10, 1): 97.0}, [SEPTEMBER], {}, "contract is named '2022-10-01'"),
        ({}, [SEPTEMBER], {"anchor": None}, "anchor is NoneType"),
        ({}, [SEPTEMBER], {"start_rate": 0.0233}, "not 0.0389"),
        ({}, [SEPTEMBER], {"start_rate": float("nan")}, "start_rate is nan"),
        ({}, [SEPTEMBER], {"start_rate": "x"}, "'start_rate' has something"),
        ({}, [SEPTEMBER], {"anchor": "2022-09"}, "anchor 2022-09 has a meeting, on 2022-09-21"),
        ({}, [SEPTEMBER], {"anchor": "2021-10"}, "anchor is '2021-10'"),
        ({}, [SEPTEMBER], {"anchor": "foward"}, "did you mean 'forward'"),
        ({}, [SEPTEMBER], {"day_count": "act"}, "day count is 'act'"),
        ({}, [SEPTEMBER], {"start_rate": 97.7}, "start_rate is 97.7"),
    ],
)
def test_bad_input_is_refused_in_words(
    prices: dict[Any, Any], meetings: Any, choices: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        policy_path.meeting_probabilities(SHEET | prices, meetings, **choices)


def test_what_is_no_table_of_prices_or_changes_is_refused() -> None:
    for prices in ([97.4, 96.9], None, pd.DataFrame([SHEET])):
        with pytest.raises(DataError, match="prices by month"):
            policy_path.meeting_rates(prices, [SEPTEMBER])
    table = made_history(0)
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (None, {}, "DataFrame"),
        (pd.concat([table, table], axis=1), {}, "stands twice"),
        (table.astype(object).where(table > 97, "x"), {}, "not a number"),
        (table.set_axis(range(7), axis=1), {}, "contract is named '0'"),
        (table.set_axis(["x"] * len(table)), {}, "the day is 'x'"),
        (table.iloc[:0], {}, "no day has a price"),
        (table, {"max_conditioning": np.nan}, "max_conditioning is nan"),
    ]
    for given_, choices, words in cases:
        with pytest.raises(DataError, match=words):
            policy_path.odds_over_time(given_, SEPTEMBER, [SEPTEMBER, NOVEMBER], **choices)
    in_new_york = policy_path.odds_over_time(
        table.tz_localize("America/New_York"), SEPTEMBER, [SEPTEMBER, NOVEMBER]
    )
    plain = policy_path.odds_over_time(table, "2022-09-21", [SEPTEMBER, NOVEMBER])
    np.testing.assert_array_equal(in_new_york, plain)
    for changes in (pd.Series([np.inf]), pd.Series([1e6]), [0.3]):
        with pytest.raises(DataError, match="Series of changes"):
            policy_path.distribution(changes)


def test_a_path_without_any_anchor_is_refused() -> None:
    with pytest.raises(DataError, match=r"no month without a meeting .*'2022-08' or '2022-10'"):
        policy_path.meeting_rates({"2022-09": 97.4}, [SEPTEMBER])


def made_history(seed: int) -> pd.DataFrame:
    days = pd.bdate_range("2022-07-01", "2022-10-14")
    random = np.random.default_rng(seed)
    table = pd.DataFrame(SHEET, index=days)
    table += random.normal(0, 0.03, table.shape).cumsum(axis=0)
    table.loc[days[20:25], "2022-10"] = np.nan
    return table


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 50))
def test_odds_over_time_are_those_of_each_day_alone(seed: int, cut: int) -> None:
    table = made_history(seed)
    meetings = [SEPTEMBER, NOVEMBER, DECEMBER]
    odds = policy_path.odds_over_time(table, NOVEMBER, meetings, max_conditioning=np.inf)
    known = policy_path.odds_over_time(table.iloc[:cut], NOVEMBER, meetings, max_conditioning=np.inf)
    shared = known.columns
    pd.testing.assert_frame_equal(odds[shared].iloc[:cut], known, check_exact=False, rtol=1e-12)
    day = table.index[cut]
    prices = table.loc[day].dropna().to_dict()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", policy_path.IllDeterminedWarning)
        alone = policy_path.meeting_probabilities(prices, meetings).loc[NOVEMBER]
    for name in alone.index:
        assert odds.loc[day].get(name, 0.0) == pytest.approx(alone[name], abs=1e-9)


def test_days_that_do_not_determine_the_meeting_are_missing_and_later_days_left_out() -> None:
    table = made_history(0)
    odds = policy_path.odds_over_time(table, SEPTEMBER, [SEPTEMBER, NOVEMBER])
    assert odds.index[-1] == pd.Timestamp(SEPTEMBER)
    assert odds["change"].isna().to_numpy().nonzero()[0].tolist() == [20, 21, 22, 23, 24]
    assert odds.drop(columns=["start", "end", "change"]).iloc[20].isna().all()
    with pytest.raises(DataError, match=r"2022-11-02 is ill determined, conditioning number 71\.5"):
        policy_path.odds_over_time(table, NOVEMBER, [SEPTEMBER, NOVEMBER, DECEMBER], anchor="backward")
    with pytest.raises(DataError, match="no month without a meeting"):
        policy_path.odds_over_time(table[["2022-09"]], SEPTEMBER, [SEPTEMBER])
    with pytest.raises(DataError, match="not among those listed"):
        policy_path.odds_over_time(table, DECEMBER, [SEPTEMBER])
    table.iloc[3, 0] = 0.0
    with pytest.raises(DataError, match="contract of 2022-09: the price is 0"):
        policy_path.odds_over_time(table, SEPTEMBER, [SEPTEMBER])


def real_futures(find: Callable[[str], Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return settlements by day and month, expired contracts at their last, and decisions from 2010."""
    rows = pd.read_csv(find("rates/fed_funds_futures_contracts.csv.gz"), usecols=["date", "symbol", "close"])
    rows = rows[(rows["date"] >= "2009-10") & rows["symbol"].str[3:].astype(int).between(9, 25)]
    number = rows["symbol"].str[2].map({code: f"{at + 1:02}" for at, code in enumerate("FGHJKMNQUVXZ")})
    rows["month"] = "20" + rows["symbol"].str[3:] + "-" + number
    table = rows.pivot_table(index="date", columns="month", values="close").ffill()
    table.index = pd.to_datetime(table.index)
    meetings = pd.read_csv(find("rates/fomc_meetings.csv"), parse_dates=["date"])
    meetings = meetings[(meetings["date"] >= "2010") & (meetings["date"].dt.strftime("%Y-%m") != "2020-03")]
    change = meetings["actual"].str.rstrip("%").astype(float) - meetings["previous"].str.rstrip("%").astype(
        float
    )
    return table, meetings.assign(change=change)


def test_real_futures_knew_the_decisions_the_evening_before(real_data: Callable[[str], Path]) -> None:
    table, meetings = real_futures(real_data)
    days = [day.date() for day in meetings["date"]]
    errors = []
    for place, (day, change) in enumerate(zip(days, meetings["change"], strict=True)):
        evening = table[table.index < pd.Timestamp(day)].iloc[-1]
        listed = days[max(place - 1, 0) : place + 3]
        low, high = month_of(listed[0] - timedelta(31)), month_of(listed[-1])
        prices = evening[(evening.index >= low) & (evening.index <= high)].dropna().to_dict()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", policy_path.IllDeterminedWarning)
            path = policy_path.meeting_rates(prices, listed)
        errors.append(path.loc[day, "change"] - change)
    assert len(errors) > 95
    assert np.median(np.abs(errors)) < 0.02
    assert np.max(np.abs(errors)) < 0.10
    assert policy_path.STEP_BP == 25


def test_real_odds_of_december_2015_rose_to_near_certainty(real_data: Callable[[str], Path]) -> None:
    table, meetings = real_futures(real_data)
    days = [day.date() for day in meetings["date"] if day.year == 2015]
    year = table.loc["2015-09":"2015-12", [month for month in table if "2014-12" <= month <= "2015-12"]]
    odds = policy_path.odds_over_time(year, date(2015, 12, 16), days)
    hike = odds[[move for move in odds.columns[3:] if move > 0]].sum(axis=1)
    assert hike.loc["2015-10-14"] < 0.5
    assert hike.loc["2015-12-15"] > 0.7
    assert hike.notna().all()
