"""The VIX from quotes.

- Cboe's worked example: every printed digit of both terms and of the index, and the selection rule on
  the very rows that test it.
- A strip priced by Black-Scholes at one volatility gives that volatility back, at any forward and rate;
  doubling all prices of a strip doubles what the strip is worth; scaling the index changes nothing.
- Interpolation: between the two terms, on a flat line, and outside them.
- Bad quotes are refused where they stand; a leg without a price is no leg.
- Real chains of 2022 give the closes that Cboe published for the same days; every real chain gives the mean
  of its own smile, computed another way.
"""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from groundswell.data.errors import DataError
from groundswell.data.sources import cboe_chain
from groundswell.data.sources.source import Snapshot
from groundswell.measure import chains, vix, vix_chain

# Quotes of 27 September 2022 in the appendix of Cboe's methodology: strike:mid, the mean of both legs
# at 1960.
NEAR = """
1370:.2 1375:.125 1380:.15 1385:.225 1390:.225 1395:.125 1400:.125 1410:.225 1420:.225 1425:.175
1430:.225 1435:.275 1440:.175 1445:.225 1450:.2 1455:.25 1460:.25 1465:.25 1470:.25 1475:.2 1480:.25
1485:.35 1490:.175 1495:.275 1500:.325 1505:.325 1510:.3 1515:.3 1520:.35 1525:.35 1530:.325 1535:.375
1540:.375 1545:.375 1550:.5 1555:.425 1560:.425 1565:.425 1570:.475 1575:.55 1580:.525 1585:.525
1590:.525 1595:.525 1600:.675 1605:.575 1610:.625 1615:.625 1620:.625 1625:.675 1630:.675 1635:.725
1640:.725 1645:.775 1650:.675 1655:.825 1660:.825 1665:.875 1670:.875 1675:.925 1680:.975 1685:1.025
1690:1.025 1695:1.075 1700:1.125 1705:1.125 1710:1.175 1715:1.225 1720:1.275 1725:1.325 1730:1.375
1735:1.425 1740:1.475 1745:1.55 1750:1.6 1755:1.675 1760:1.75 1765:1.825 1770:1.9 1775:2.0 1780:2.075
1785:2.175 1790:2.25 1795:2.375 1800:2.525 1805:2.625 1810:2.775 1815:2.95 1820:3.075 1825:3.3 1830:3.45
1835:3.65 1840:3.9 1845:4.1 1850:4.35 1855:4.65 1860:4.95 1865:5.25 1870:5.6 1875:6.0 1880:6.4 1885:6.85
1890:7.35 1895:7.9 1900:8.3 1905:9.0 1910:9.65 1915:10.6 1920:11.4 1925:12.1 1930:13.25 1935:14.15
1940:15.25 1945:16.55 1950:18.25 1955:19.75 1960:22.775 1965:21.05 1970:18.1 1975:15.25 1980:12.75
1985:10.45 1990:8.45 1995:6.65 2000:4.95 2005:3.8 2010:2.875 2015:2.025 2020:1.45 2025:1.125 2030:.725
2035:.525 2040:.5 2045:.4 2050:.25 2055:.325 2060:.225 2065:.175 2070:.15 2075:.15 2080:.25 2085:.225
2090:.1 2095:.2 2100:.1 2125:.1
"""
NEXT = """
1275:.075 1325:.15 1350:.15 1375:.175 1400:.2 1425:.25 1450:.3 1475:.35 1500:.4 1510:.425 1520:.45
1525:.475 1530:.5 1540:.525 1550:.55 1555:.575 1560:.6 1565:.625 1570:.65 1575:.675 1580:.675 1585:.7
1590:.725 1595:.75 1600:.775 1605:.8 1610:.825 1615:.85 1620:.875 1625:.9 1630:.95 1635:.975 1640:1.0
1645:1.025 1650:1.075 1655:1.1 1660:1.15 1665:1.2 1670:1.225 1675:1.275 1680:1.325 1685:1.375 1690:1.425
1695:1.475 1700:1.525 1705:1.6 1710:1.675 1715:1.725 1720:1.8 1725:1.85 1730:1.925 1735:2.0 1740:2.1
1745:2.175 1750:2.275 1755:2.375 1760:2.475 1765:2.575 1770:2.725 1775:2.825 1780:3.0 1785:3.1 1790:3.25
1795:3.45 1800:3.6 1805:3.8 1810:3.95 1815:4.2 1820:4.4 1825:4.65 1830:4.9 1835:5.15 1840:5.45 1845:5.75
1850:6.05 1855:6.45 1860:6.75 1865:7.15 1870:7.65 1875:8.15 1880:8.6 1885:9.2 1890:9.75 1895:10.4
1900:11.1 1905:11.8 1910:12.6 1915:13.45 1920:14.4 1925:15.4 1930:16.4 1935:17.6 1940:18.8 1945:20.2
1950:21.6 1955:23.2 1960:26.1 1965:24.15 1970:21.1 1975:18.3 1980:15.7 1985:13.3 1990:11.1 1995:9.15
2000:7.4 2005:5.85 2010:4.65 2015:3.55 2020:2.7 2025:2.05 2030:1.55 2035:1.15 2040:.875 2045:.675
2050:.575 2060:.35 2070:.25 2075:.2 2100:.15 2125:.1 2150:.1 2200:.075
"""
NEAR_RATE, NEAR_MINUTES = 0.00031664, 34_484
NEXT_RATE, NEXT_MINUTES = 0.00028797, 44_954


def strip(text: str) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array([[float(part) for part in pair.split(":")] for pair in text.split()])
    return pairs[:, 0], pairs[:, 1]


def quotes_of(text: str, both: dict[float, tuple[float, float]], empty: list[float]) -> pd.DataFrame:
    """Return quotes around the mids: the out-of-the-money leg alone, `both` legs where given."""
    rows: dict[float, dict[str, float]] = {}
    for strike, mid in zip(*strip(text), strict=True):
        side = "put" if strike < 1960 else "call"
        rows[strike] = {f"{side}_bid": mid - 0.01, f"{side}_ask": mid + 0.01}
    for strike in empty:
        side = "put" if strike < 1960 else "call"
        rows[strike] = {f"{side}_bid": 0, f"{side}_ask": 0.1}
    for strike, (call, put) in both.items():
        legs = (call - 0.05, call + 0.05, put - 0.05, put + 0.05)
        rows[strike] = dict(zip(vix.QUOTES[1:], legs, strict=True))
    table = pd.DataFrame([{"strike": strike} | row for strike, row in rows.items()])
    return table.sample(frac=1, random_state=0)


def near_term() -> vix.VixTerm:
    table = quotes_of(
        NEAR,
        {1965: (21.05, 23.15), 1960: (24.25, 21.30)},
        [1345, 1360, 1365, 1405, 1415, 2120, 2150, 2175],
    )
    beyond = [(1350, 0.05, 0.15, np.nan, np.nan), (1355, 0.05, 0.35, np.nan, np.nan)]
    rows = pd.DataFrame(beyond, columns=["strike", "put_bid", "put_ask", "call_bid", "call_ask"])
    calls = pd.DataFrame({"strike": [2225.0], "call_bid": [0.05], "call_ask": [0.10]})
    return vix.term(pd.concat([table, rows, calls]), minutes=NEAR_MINUTES, rate=NEAR_RATE)


def next_term() -> vix.VixTerm:
    table = quotes_of(NEXT, {1960: (27.30, 24.90)}, [1225, 1250, 1300, 2225, 2250])
    return vix.term(table, minutes=NEXT_MINUTES, rate=NEXT_RATE)


def test_the_published_example_to_its_printed_digits() -> None:
    near, later = near_term(), next_term()
    assert round(near.forward, 5) == 1962.89996
    assert round(later.forward, 5) == 1962.40006
    assert (near.k0, later.k0) == (1960, 1960)
    years = [one.minutes / vix.MINUTES_PER_YEAR for one in (near, later)]
    assert [round(one, 7) for one in years] == [0.0656088, 0.0855289]
    assert [(one.strikes[0], one.strikes[-1]) for one in (near, later)] == [(1370, 2125), (1275, 2200)]
    sums = [
        float(np.sum(vix.widths(one.strikes) / one.strikes**2 * np.exp(rate * t) * one.mids))
        for one, rate, t in zip((near, later), (NEAR_RATE, NEXT_RATE), years, strict=True)
    ]
    assert [round(one, 10) for one in sums] == [0.0006320516, 0.0008314016]
    assert [round(2 / t * one, 6) for one, t in zip(sums, years, strict=True)] == [0.019267, 0.019441]
    shifts = [(one.forward / one.k0 - 1) ** 2 / t for one, t in zip((near, later), years, strict=True)]
    assert [round(one, 8) for one in shifts] == [0.00003337, 0.00001753]
    assert round(near.variance, 9) == 0.019233906
    assert round(later.variance, 9) == 0.019423884
    assert round(vix.index(near, later), 2) == 13.93
    assert vix.index(near, later) == pytest.approx(13.927842, abs=5e-7)
    # The share of a term is what the index gains from more of its variance.
    for place, printed in ((0, 0.167526), (1, 0.832474)):
        pairs = [(one.variance, one.minutes) for one in (near, later)]
        pairs[place] = (pairs[place][0] + 0.01, pairs[place][1])
        more = (vix.index(*pairs) ** 2 - vix.index(near, later) ** 2) / 1e4
        assert round(more / 0.01 * 43_200 / pairs[place][1], 6) == printed
    assert vix.index((near.variance, NEAR_MINUTES), later) == vix.index(near, later)


def test_the_published_strips_alone_give_the_published_variances() -> None:
    for text, forward, minutes, rate, printed in [
        (NEAR, 1962.89996, NEAR_MINUTES, NEAR_RATE, 0.019233906),
        (NEXT, 1962.40006, NEXT_MINUTES, NEXT_RATE, 0.019423884),
    ]:
        variance = vix.term_variance(*strip(text), forward=forward, k0=1960, minutes=minutes, rate=rate)
        assert abs(variance - printed) < 1e-9


def test_the_published_distances_between_strikes() -> None:
    near, later = near_term(), next_term()
    found = [dict(zip(one.strikes, vix.widths(one.strikes), strict=True)) for one in (near, later)]
    assert [found[0][strike] for strike in (1370, 1400, 1410, 1420, 2100)] == [5, 7.5, 10, 7.5, 15]
    assert [found[1][strike] for strike in (1275, 1325)] == [50, 37.5]
    with pytest.raises(DataError, match="do not rise"):
        vix.widths([2, 1])


def test_two_zero_bids_in_a_row_end_a_side_and_a_single_one_is_skipped() -> None:
    near, later = near_term(), next_term()
    for found, text, count in [(near, NEAR, 146), (later, NEXT, 122)]:
        strikes, mids = strip(text)
        assert len(found.strikes) == count
        np.testing.assert_array_equal(found.strikes, strikes)
        np.testing.assert_allclose(found.mids, mids, atol=1e-12)
    assert not {1350.0, 1355.0, 1405.0, 1415.0, 2120.0, 2225.0} & set(near.strikes)


def black(
    forward: float, strikes: np.ndarray, years: float, volatility: float, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return calls and puts on a forward (Black 1976)."""
    deviation = volatility * np.sqrt(years)
    d1 = (np.log(forward / strikes) + deviation**2 / 2) / deviation
    calls = np.exp(-rate * years) * (forward * norm.cdf(d1) - strikes * norm.cdf(d1 - deviation))
    return calls, calls - np.exp(-rate * years) * (forward - strikes)


def flat_chain(
    forward: float = 4000,
    volatility: float = 0.2,
    minutes: float = 43_200,
    rate: float = 0.03,
    points: int = 801,
) -> pd.DataFrame:
    """Return quotes at one volatility, dense and wide enough for an integral, of no width."""
    years = minutes / vix.MINUTES_PER_YEAR
    deviation = volatility * np.sqrt(years)
    strikes = forward * np.exp(np.linspace(-8, 8, points) * deviation)
    calls, puts = black(forward, strikes, years, volatility, rate)
    calls, puts = np.maximum(calls, 0), np.maximum(puts, 0)
    return pd.DataFrame(
        {"strike": strikes, "call_bid": calls, "call_ask": calls, "put_bid": puts, "put_ask": puts}
    )


@settings(max_examples=25, deadline=None)
@given(st.floats(50, 20_000), st.floats(0.05, 0.9), st.floats(3_000, 500_000), st.floats(-0.02, 0.15))
def test_a_strip_at_one_volatility_gives_forward_and_volatility_back(
    forward: float, volatility: float, minutes: float, rate: float
) -> None:
    found = vix.term(flat_chain(forward, volatility, minutes, rate), minutes=minutes, rate=rate)
    assert found.forward == pytest.approx(forward, rel=1e-9)
    assert found.volatility == pytest.approx(100 * volatility, rel=2e-3)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 100))
def test_the_unit_of_the_index_does_not_matter(scale: float) -> None:
    table = flat_chain(points=101)
    plain = vix.term(table, minutes=43_200, rate=0.03)
    scaled = vix.term(table * scale, minutes=43_200, rate=0.03)
    assert scaled.variance == pytest.approx(plain.variance, rel=1e-9)
    assert scaled.forward == pytest.approx(plain.forward * scale, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 145), st.floats(0.01, 5))
def test_a_dearer_option_raises_the_variance_by_its_own_weight(place: int, dearer: float) -> None:
    strikes, mids = strip(NEAR)
    known: dict[str, Any] = {"forward": 1962.9, "k0": 1960, "minutes": NEAR_MINUTES, "rate": NEAR_RATE}
    raised = mids.copy()
    raised[place] += dearer
    width = np.concatenate([[5.0], (strikes[2:] - strikes[:-2]) / 2, [25.0]])
    years = NEAR_MINUTES / 525_600
    weight = 2 / years * np.exp(NEAR_RATE * years) * width[place] / strikes[place] ** 2
    more = vix.term_variance(strikes, raised, **known) - vix.term_variance(strikes, mids, **known)
    assert more == pytest.approx(weight * dearer, rel=1e-8)


@given(
    st.floats(1e-3, 1),
    st.floats(1e-3, 1),
    st.floats(1e3, 1e5),
    st.floats(1.01, 5),
    st.floats(0, 1),
)
def test_between_two_terms_total_variance_is_on_the_line(
    near: float, later: float, minutes: float, ratio: float, place: float
) -> None:
    horizon = minutes * (1 + place * (ratio - 1))
    level = vix.index((near, minutes), (later, minutes * ratio), horizon_minutes=horizon)
    expected = np.interp(horizon, [minutes, minutes * ratio], [near * minutes, later * minutes * ratio])
    assert (level / 100) ** 2 * horizon == pytest.approx(expected, rel=1e-9)
    assert vix.index((near, minutes), (near, minutes * ratio), horizon_minutes=9e4) == pytest.approx(
        100 * np.sqrt(near), rel=1e-9
    )


def test_a_horizon_outside_both_terms_is_extrapolated() -> None:
    # 40 and 70 days: the weights of a 30-day index are 4/3 and -1/3.
    level = vix.index((0.05, 40 * 1440), (0.04, 70 * 1440))
    expected = (0.05 * 40 * 4 / 3 - 0.04 * 70 / 3) / 30
    assert level == pytest.approx(100 * np.sqrt(expected), rel=1e-12)
    with pytest.raises(DataError, match="at 12960"):
        vix.index((0.01, 40 * 1440), (0.04, 70 * 1440), horizon_minutes=vix.HORIZONS["9D"])


def changed(at: int, **cells: float) -> pd.DataFrame:
    table = flat_chain(points=101)
    for name, value in cells.items():
        table.loc[at, name] = value
    return table


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (changed(20, put_bid=-1.0), "bid of the put is -1"),
        (changed(80, call_ask=np.inf), "ask of the call is inf"),
        (changed(20, put_bid=9.0, put_ask=8.0), "crossed: bid 9 above ask 8"),
        (changed(20, strike=-5.0), "strike is -5"),
        (changed(20, strike=flat_chain(points=101)["strike"][21]), "stands twice"),
        (changed(50, call_bid=0.0), "the call has no two-sided quote"),
        (changed(50, put_ask=np.nan), "the put has no two-sided quote"),
        (flat_chain(points=101).assign(call_bid=0.0), "none of the 101 strikes"),
        (flat_chain(points=101).drop(columns="put_ask"), "columns put_ask are missing"),
        (flat_chain(points=101).assign(put_bid="x"), "not a number"),
        (flat_chain(points=101).assign(put_bid=True), "type bool"),
        (flat_chain(points=101).assign(put_bid=pd.Timestamp("2022-01-01")), "type datetime64"),
        (flat_chain(points=101).assign(strike=np.nan), "strike is nan"),
        (flat_chain(points=101).iloc[:0], "0 strike"),
        (
            pd.concat([flat_chain(points=101), flat_chain(points=101)[["put_bid"]]], axis=1),
            "put_bid stands twice",
        ),
        (flat_chain(points=101).to_dict("list"), "a dict was given"),
        (None, "DataFrame"),
        (flat_chain(points=101).iloc[50:51], "1 strike"),
        (flat_chain(points=101).iloc[50:], "no put below"),
        (flat_chain(points=101).iloc[:51], "no call above"),
        (flat_chain(points=101).iloc[60:], "below the lowest strike"),
    ],
)
def test_bad_quotes_are_refused_where_they_stand(table: pd.DataFrame, words: str) -> None:
    with pytest.raises(DataError, match=words):
        vix.term(table, minutes=43_200, rate=0.03)


def test_expired_terms_worthless_strips_and_percent_rates_are_refused() -> None:
    table = flat_chain(points=101)
    for minutes in (0, -5, np.nan):
        with pytest.raises(DataError, match="minutes left"):
            vix.term(table, minutes=minutes, rate=0.03)
    with pytest.raises(DataError, match="decimal"):
        vix.term(table, minutes=43_200, rate=5.25)
    known: dict[str, Any] = {"forward": 100.0, "k0": 100.0, "minutes": 43_200, "rate": 0.0}
    with pytest.raises(DataError, match="variance is 0"):
        vix.term_variance([90, 100, 110], [0, 0, 0], **known)
    with pytest.raises(DataError, match="1 strike"):
        vix.term_variance([100], [3], **known)
    with pytest.raises(DataError, match="do not rise"):
        vix.term_variance([100, 90], [3, 3], **known)
    with pytest.raises(DataError, match="price at strike 90 is -3"):
        vix.term_variance([90, 100], [-3, 3], **known)
    for near, later, words in [
        ((0.04, 50_000), (0.04, 40_000), "expires before"),
        ((0.04, 40_000), (0.04, 40_000), "expires before"),
        ((0.0, 30_000), (0.04, 50_000), "variance of the near term is 0"),
        ((0.04, 0), (0.04, 50_000), "minutes left"),
        ((np.nan, 30_000), (0.04, 50_000), "variance of the near term is nan"),
        ((0.04, 30_000), 0.04, "the next term has shape"),
        (None, (0.04, 50_000), "the near term has shape"),
        (("x", 30_000), (0.04, 50_000), "'near' has something"),
    ]:
        with pytest.raises(DataError, match=words):
            vix.index(near, later)
    for horizon in (0, -1, np.nan, np.inf, None, "x", [1, 2]):
        with pytest.raises(DataError, match="horizon"):
            vix.index((0.04, 30_000), (0.04, 50_000), horizon_minutes=horizon)
    for name, value, words in [
        ("k0", 110.0, "k0 is 110, above the forward 100"),
        ("k0", 95.0, "k0 is 95, no strike of the strip"),
        ("k0", "x", "'k0' has something"),
        ("forward", np.nan, "forward is nan"),
        ("forward", 0, "forward is 0"),
        ("forward", [1, 2], "'forward' has shape"),
        ("minutes", None, "minutes left"),
        ("minutes", 1e9, "a century"),
        ("rate", "x", "'rate' has something"),
        ("rate", np.nan, "rate is nan"),
    ]:
        with pytest.raises(DataError, match=words):
            vix.term_variance([90, 100, 110], [2, 3, 2], **(known | {name: value}))
    for strikes in (["a", "b", "c"], [[1], [2, 3]], [90, 100, np.nan], 100, None):
        with pytest.raises(DataError):
            vix.term_variance(strikes, [2, 3, 2], **known)


def test_quotes_and_strips_may_be_of_any_type_that_holds_numbers() -> None:
    table = flat_chain(points=101)
    plain = vix.term(table, minutes=43_200, rate=0.03)
    for typed in (
        table.convert_dtypes(),
        table.convert_dtypes(dtype_backend="pyarrow"),
        table.astype(object),
        table.astype(str),
        table.assign(root="SPX").set_index("root"),
    ):
        found = vix.term(typed, minutes=43_200, rate=0.03)
        assert (found.variance, found.forward, found.k0) == (plain.variance, plain.forward, plain.k0)
    known: dict[str, Any] = {"forward": plain.forward, "k0": plain.k0, "minutes": 43_200, "rate": 0.03}
    for kind in (list, tuple, pd.Series):
        assert vix.term_variance(kind(plain.strikes), kind(plain.mids), **known) == plain.variance
    assert vix.index([0.04, 30_000], (0.04, 50_000)) == pytest.approx(20)
    assert vix.index(plain, (plain.variance, 50_000)) == pytest.approx(plain.volatility)


def test_minutes_run_by_the_wall_clock_to_the_settlement_of_the_root() -> None:
    taken = datetime(2022, 2, 4, 21, 15, tzinfo=UTC)  # 16:15 in New York, before the clocks change
    day = date(2022, 3, 18)
    assert vix_chain.minutes_to_settlement(taken, day, morning=False) == 42 * 1440 - 15
    assert vix_chain.minutes_to_settlement(taken, day, morning=True) == 42 * 1440 - 15 - 390
    assert vix_chain.minutes_to_settlement(taken, date(2022, 2, 4), morning=False) == -15
    assert vix_chain.MORNING_ROOTS == cboe_chain.MORNING_ROOTS
    with pytest.raises(DataError, match="no zone"):
        vix_chain.minutes_to_settlement(datetime(2022, 2, 4), day, morning=True)


def test_expiries_before_and_after_the_horizon_are_taken_fridays_first() -> None:
    known = near_term()
    days = [date(2022, 3, 2), date(2022, 3, 4), date(2022, 3, 7), date(2022, 3, 18), date(2022, 3, 18)]
    terms = [
        vix_chain.ChainTerm(day, root, minutes, replace(known, minutes=minutes))
        for day, root, minutes in zip(
            days, ["SPXW", "SPXW", "SPXW", "SPX", "SPXW"], [10, 20, 30, 40, 50.0], strict=True
        )
    ]
    near, later = vix_chain.bracket(terms, 25)
    assert (near.minutes, later.minutes, later.root) == (20, 40, "SPX")
    near, later = vix_chain.bracket(terms, 25, fridays=False)
    assert (near.minutes, later.minutes) == (20, 30)
    assert vix_chain.bracket(terms, 5)[0].minutes == 20
    assert vix_chain.bracket(terms, 500, fridays=False)[1].minutes == 50
    with pytest.raises(DataError, match="1 of 1 expiries"):
        vix_chain.bracket(terms[:1], 25)


def test_a_contract_that_stands_twice_is_refused() -> None:
    one = pd.DataFrame({"strike": [100.0], "kind": ["put"], "bid": [1.0], "ask": [2.0]})
    assert vix_chain.strikes_side_by_side(one).isna().sum(axis=1).tolist() == [2]
    with pytest.raises(DataError, match="put at 100 stands twice"):
        vix_chain.strikes_side_by_side(pd.concat([one, one]))


def made_chain(*days: str) -> pd.DataFrame:
    """Return quotes as a snapshot holds them, at a volatility of 20%, of several last days."""
    parts = []
    for day in days:
        years = vix_chain.minutes_to_settlement(MOMENT, date.fromisoformat(day), morning=False) / 525_600
        strikes = np.arange(3_000, 5_001, 25.0)
        for kind, mids in zip(("call", "put"), black(4_000, strikes, years, 0.2, 0.03), strict=True):
            bids = {"bid": np.maximum(mids, 1e-9), "ask": np.maximum(mids, 1e-9)}
            parts.append(
                pd.DataFrame(
                    {"root": "SPXW", "kind": kind, "expiry": pd.Timestamp(day), "strike": strikes} | bids
                )
            )
    return pd.concat(parts, ignore_index=True)


MOMENT = datetime(2022, 3, 1, 15, 0, tzinfo=UTC)
DAYS = ("2022-03-04", "2022-03-11", "2022-03-25", "2022-04-01", "2022-05-27", "2022-06-17", "2022-10-21")


def test_a_chain_at_one_volatility_has_a_flat_curve_and_tells_which_expiry_it_refused() -> None:
    chain = made_chain(*DAYS)
    curve = vix_chain.curve(chain, MOMENT, rate=0.03)
    np.testing.assert_allclose(curve["level"], 20, rtol=0.02)
    assert curve.attrs["refused"] == {}
    for typed in (chain.convert_dtypes(), chain.astype(object), chain.astype({"expiry": str, "bid": str})):
        pd.testing.assert_frame_equal(vix_chain.curve(typed, MOMENT, rate=0.03), curve)
    crossed = chain.copy()
    crossed.loc[crossed["expiry"] == pd.Timestamp(DAYS[2]), "bid"] += 1
    again = vix_chain.curve(crossed, MOMENT, rate=0.03)
    assert again.loc["30D", "near"] == date(2022, 3, 11)
    assert list(again.attrs["refused"]) == ["SPXW 2022-03-25"]
    assert "crossed" in again.attrs["refused"]["SPXW 2022-03-25"]
    unnamed = chain.assign(root=chain["root"].where(chain["expiry"] != pd.Timestamp(DAYS[2])))
    np.testing.assert_allclose(vix_chain.curve(unnamed, MOMENT, rate=0.03)["level"], curve["level"])


def test_chains_and_questions_that_are_none_are_refused() -> None:
    chain = made_chain(*DAYS)
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (None, {}, "DataFrame"),
        (chain.to_dict("list"), {}, "dict was given"),
        (chain.drop(columns="ask"), {}, "columns ask are missing"),
        (pd.concat([chain, chain[["bid"]]], axis=1), {}, "bid stands twice"),
        (chain.iloc[:0], {}, "0 of 0 expiries"),
        (chain[chain["expiry"] == pd.Timestamp(DAYS[0])], {}, "1 of 1 expiries"),
        (chain[chain["strike"] == 4_000], {}, "the chain has 1 strike"),
        (chain.assign(bid="x"), {}, "'bid' has something"),
        (chain.assign(strike=-1.0), {}, "strike is -1"),
        (chain.assign(kind="C"), {}, "kind of a contract is 'C'"),
        (chain.assign(expiry="x"), {}, "expiry is no day"),
        (chain, {"rate": 5.0}, "decimal"),
        (chain, {"rate": np.nan}, "'rate' is nan"),
        (chain, {"rate": "x"}, "'rate' has something"),
        (chain, {"rate": lambda _: np.nan}, "rate is nan"),
        (chain, {"taken": None}, "the moment is None"),
        (chain, {"taken": date(2022, 3, 1)}, "the moment is"),
        (chain, {"taken": datetime(2022, 3, 1)}, "no zone"),
        (chain, {"taken": datetime(2030, 1, 1, tzinfo=UTC)}, "0 of 0 expiries"),
        (chain, {"horizons": {"x": -1}}, "horizon is -1"),
        (chain, {"horizons": {"x": "y"}}, "'x' has something"),
        (chain, {"horizons": [1, 2]}, "minutes by name"),
    ]
    for table, changed, words in cases:
        known = {"taken": MOMENT, "rate": 0.03} | changed
        with pytest.raises(DataError, match=words):
            vix_chain.curve(table, known.pop("taken"), **known)
    with pytest.raises(DataError, match="horizon is nan"):
        vix_chain.bracket(vix_chain.terms(chain, MOMENT, rate=0.03), np.nan)
    for expiry in (pd.NaT, "x", None):
        with pytest.raises(DataError, match="the day is"):
            vix_chain.minutes_to_settlement(MOMENT, expiry, morning=True)


PUBLISHED = [
    # file, close in New York, Treasury yields at 1, 3, 6 and 12 months in percent, and how near we come
    ("spx_2022-02-05", datetime(2022, 2, 4, 16, 15), (0.03, 0.23, 0.56, 0.98), (0.015,) * 4),
    ("spx_2022-06-11", datetime(2022, 6, 10, 16, 15), (0.90, 1.39, 2.02, 2.58), (0.04, 0.04, 0.20, 0.20)),
]


def chain_of(find: Callable[[str], Path], name: str) -> pd.DataFrame:
    with gzip.open(find(f"options/{name}.csv.gz"), "rt", encoding="utf-8") as file:
        return cboe_chain.read_quotedata(file.read()).quotes


@pytest.mark.parametrize(("name", "wall", "yields", "near"), PUBLISHED)
def test_real_chains_give_the_published_closes(
    real_data: Callable[[str], Path],
    name: str,
    wall: datetime,
    yields: tuple[float, ...],
    near: tuple[float, ...],
) -> None:
    taken = wall.replace(tzinfo=ZoneInfo("America/New_York"))
    closes = [
        pd.read_csv(real_data(f"vol/{index}_daily.csv"), index_col="date")["close"][f"{wall:%Y-%m-%d}"]
        for index in ("vix9d", "vix", "vix3m", "vix6m")
    ]

    def rate(minutes: float) -> float:
        return float(np.interp(minutes / 1440, [30, 91, 182, 365], yields)) / 100

    curve = vix_chain.curve(chain_of(real_data, name), taken, rate=rate)
    assert (np.abs(curve["level"].to_numpy() - closes) < near).all()
    assert not curve["extrapolated"].any()
    assert (curve["reason"] == "").all()


def variance_of_the_smile(part: pd.DataFrame, forward: float, counted: np.ndarray) -> float:
    """Return the mean implied variance over a normal d2, which is what the strip of options replicates."""
    calls = part[(part["kind"] == "C") & part["strike"].isin(counted)].sort_values("strike", ascending=False)
    vols = calls["vol"].to_numpy()
    deviation = vols * np.sqrt(calls["years"].to_numpy())
    d2 = np.log(forward / calls["strike"].to_numpy()) / deviation - deviation / 2
    z = np.linspace(-6, 6, 4_001)
    return float(np.trapezoid(norm.pdf(z) * np.interp(z, d2, vols) ** 2, z))


@pytest.mark.parametrize(
    ("name", "wall", "index"),
    [
        ("spx_2022-02-05", datetime(2022, 2, 4, 16, 15), "30D"),
        ("spx_2025-01-06_jan", datetime(2025, 1, 6, 16, 15), "30D"),
        ("spy_2023-09-14", datetime(2023, 9, 14, 16, 15), "30D"),
        ("spx_2023-02-03_to_feb", datetime(2023, 2, 3, 16, 15), "9D"),
    ],
)
def test_the_index_of_a_real_chain_is_the_mean_of_its_own_smile(
    real_data: Callable[[str], Path], name: str, wall: datetime, index: str
) -> None:
    """Another road from the same quotes, by volatilities and not by prices (Gatheral 2006, chapter 11)."""
    quotes, taken = chain_of(real_data, name), wall.replace(tzinfo=ZoneInfo("America/New_York"))
    terms = vix_chain.terms(quotes, taken, rate=0.045)
    assert not [one.reason for one in terms if one.term is None]
    near, later = vix_chain.bracket(terms, vix.HORIZONS[index])
    chain = chains.option_chain(Snapshot("chain", taken, quotes), rate=0.045)
    pairs = []
    for one in (near, later):
        assert one.term is not None
        key = (one.root, pd.Timestamp(one.expiry))
        part = chain.frame[(chain.frame["root"] == one.root) & (chain.frame["expiry"] == key[1])]
        forward = float(chain.expiries.loc[key, "forward"])
        pairs.append((variance_of_the_smile(part, forward, one.term.strikes), one.minutes))
    smile = vix.index(*pairs, horizon_minutes=vix.HORIZONS[index])
    level = vix_chain.curve(quotes, taken, rate=0.045).loc[index, "level"]
    assert level == pytest.approx(smile, abs=0.06)


def test_a_chain_taken_after_hours_says_why_it_has_no_curve(real_data: Callable[[str], Path]) -> None:
    taken = datetime(2022, 12, 13, 1, 30, tzinfo=UTC)
    curve = vix_chain.curve(chain_of(real_data, "spx_2022-12-12"), taken, rate=0.04)
    assert curve["level"].isna().all()
    assert curve["reason"].str.contains("days off, more than 25%").all()
