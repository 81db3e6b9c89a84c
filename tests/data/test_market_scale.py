"""The scale of the market: tables, anchors, no look-ahead, ranges."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_data import random_walk

from groundswell.data import calendar, market_scale


def prices(start: str, end: str, seed: int = 1) -> pd.Series:
    days = calendar.sessions(start, end)
    return pd.Series(random_walk(len(days), seed), days, name="index")


@pytest.mark.parametrize("name", ["market_value", "dollar_volume"])
def test_every_figure_of_a_table_has_a_range_a_unit_and_a_source(name: str) -> None:
    table = pd.read_csv(market_scale.TABLES / f"{name}.csv")
    assert not table.isna().any(axis=None)
    assert (table["low"] < table["value"]).all()
    assert (table["value"] < table["high"]).all()
    recalled = table["source"].str.contains("recalled")
    assert (table["high"] / table["value"])[recalled].min() >= 1.149
    assert (table["low"] / table["value"])[recalled].max() <= 0.851


def test_market_value_moves_with_the_index_from_the_last_year_end() -> None:
    index = prices("2016-06-01", "2018-12-31")
    value = market_scale.market_value(index)
    end_2016, end_2017 = pd.Timestamp("2016-12-30"), pd.Timestamp("2017-12-29")
    during = value.loc["2017-01-03":"2017-12-29", "value"]
    expected = 19_300.0 * index["2017-01-03":"2017-12-29"] / index[end_2016]
    assert during.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-13)
    first_2018 = value.loc["2018-01-02"]
    ratio = index["2018-01-02"] / index[end_2017]
    assert first_2018.to_numpy() == pytest.approx(np.array([22_800.0, 19_380.0, 26_220.0]) * ratio, rel=1e-13)


def test_a_year_end_is_not_known_on_its_own_day() -> None:
    index = prices("2016-06-01", "2018-12-31")
    value = market_scale.market_value(index)["value"]
    last = pd.Timestamp("2017-12-29")
    assert value[last] == pytest.approx(19_300.0 * index[last] / index["2016-12-30"], rel=1e-13)


def test_a_book_that_begins_before_the_table_is_discounted_to_its_first_day() -> None:
    index = prices("1989-12-29", "2001-12-31")
    value = market_scale.market_value(index)
    years = (pd.Timestamp("1999-12-31") - index.index[0]).days / 365.25
    assert value["value"].iloc[0] == pytest.approx(12_300.0 * 1.08**-years, rel=1e-12)
    width = value["high"] / value["value"]
    assert width.iloc[0] == pytest.approx(1.15 * 1.02**years, rel=1e-12)
    assert width.iloc[-1] == pytest.approx(1.15, rel=1e-12)


def test_a_book_that_begins_inside_the_table_grows_from_the_year_end_before() -> None:
    index = prices("2020-07-01", "2020-12-30")
    value = market_scale.market_value(index)["value"]
    years = (index.index[0] - pd.Timestamp("2019-12-31")).days / 365.25
    assert value.iloc[0] == pytest.approx(26_800.0 * 1.08**years, rel=1e-12)


def test_dollar_volume_is_the_share_traded_in_the_last_known_year() -> None:
    index = prices("2016-06-01", "2021-12-31")
    value = market_scale.market_value(index)
    share = market_scale.daily_volume(value, index)["value"] / value["value"]
    assert share["2018-12-31"] == 0.015
    assert share["2019-06-03"] == pytest.approx(330.0 / ((22_800.0 + 21_000.0) / 2), rel=1e-12)
    assert share["2020-12-31"] == pytest.approx(share["2019-06-03"], rel=1e-12)
    assert share["2021-01-04"] == pytest.approx(480.0 / ((26_800.0 + 31_700.0) / 2), rel=1e-12)


def test_ranges_are_never_narrower_than_fifteen_percent() -> None:
    index = prices("1995-01-03", "2025-12-31")
    value = market_scale.market_value(index)
    for table in (value, market_scale.daily_volume(value, index)):
        assert (table["high"] / table["value"]).min() >= 1.149
        assert (table["low"] / table["value"]).max() <= 0.851


def test_notes_say_what_is_assumed() -> None:
    old = market_scale.assumptions(pd.Timestamp("1999-01-04"))
    assert "discounted at 8% a year" in old[0]
    new = market_scale.assumptions(pd.Timestamp("2005-01-04"))
    assert "discounted" not in new[0]
    assert market_scale.assumptions(pd.Timestamp("2005-01-04"), value=False, volume=False) == []
