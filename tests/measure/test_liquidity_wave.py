"""The wave of liquidity and when it is priced.

- The twelve-month change, its place among those so far, and the band of so few years; scale and unit.
- Nothing later than a date enters its place; a past too short is no place at all.
- A share that is built in is found; bands hold it about as often as they say; half is half.
- Prices that answer nothing, or too few events, are "not testable with this data" and no number.
- Prices after a day change nothing about events settled before; responses that overlap are left out.
- The real series to 2022.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from groundswell.data.errors import DataError, UnitError
from groundswell.data.units import Measured
from groundswell.measure.liquidity_wave import LEAST_EVENTS, Priced, priced, wave

WEEKS = pd.date_range("2012-01-04", periods=520, freq="7D")


def level(seed: int = 0, unit: str = "USD bn") -> Measured:
    rng = np.random.default_rng(seed)
    return Measured(pd.Series(3_000 + np.cumsum(rng.normal(0, 20, len(WEEKS))), WEEKS, name="reserves"), unit)


def test_the_change_over_a_year_and_its_place() -> None:
    found = wave(level())
    values = level().series
    changes = values.diff(52).dropna()
    assert found.change == pytest.approx(values.iloc[-1] - values.iloc[-53])
    assert found.relative == pytest.approx(values.iloc[-1] / values.iloc[-53] - 1)
    assert found.percentile == pytest.approx((changes <= found.change).mean())
    assert found.z == pytest.approx((found.change - changes.mean()) / changes.std())
    assert (found.since, found.day, found.name) == (WEEKS[52], WEEKS[-1], "reserves")
    assert found.years == pytest.approx(520 / 52, abs=0.02)
    # Ten years are ten draws and not 468: Wilson's 90% interval.
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(found.percentile * found.years, found.years, 0.1, "wilson")
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.low < found.percentile < found.high


def test_a_wave_in_another_unit_or_direction() -> None:
    found, thousandfold = wave(level()), wave(level().to("USD million"))
    assert (found.change, found.percentile, found.z) == pytest.approx(
        (thousandfold.change, thousandfold.percentile, thousandfold.z)
    )
    turned = wave(level() * -1.0)
    assert (turned.change, turned.z) == pytest.approx((-found.change, -found.z))
    with pytest.raises(UnitError):
        wave(level(unit="percent"))
    with pytest.raises(DataError, match="no two values a year apart"):
        wave(Measured(level().series[:50], "USD bn"))


def test_nothing_later_enters_the_place_of_a_wave() -> None:
    whole = wave(level()).history
    cut = wave(Measured(level().series[:300], "USD bn"))
    pd.testing.assert_frame_equal(cut.history, whole[: WEEKS[299]])  # type: ignore[misc]
    later = wave(level(), since="2015-01-01")
    assert later.since == pd.Timestamp("2015-01-07")
    assert later.change == wave(level()).change


def test_a_past_too_short_is_no_place() -> None:
    short = wave(Measured(level().series[:60], "USD bn"))
    assert not short.is_placed
    assert np.isnan([short.percentile, short.low, short.high, short.z]).all()
    assert np.isfinite(short.change)
    assert wave(level()).is_placed


SESSIONS = pd.bdate_range("2015-01-02", periods=2_000)


def study(
    share: float, *, events: int = 60, noise: float = 0.0, response: float = 0.02, seed: int = 0
) -> tuple[pd.Series, pd.DatetimeIndex, pd.DatetimeIndex, Measured]:
    """Prices that answer USD 100 bn with `response`, of which `share` at announcement."""
    rng = np.random.default_rng(seed)
    first = np.arange(events) * 30 + 10
    second = first + 8
    sizes = rng.normal(0, 100, events)
    returns = rng.normal(0, noise, len(SESSIONS)) + 0.0003
    returns[first] += share * response * sizes / 100
    returns[second] += (1 - share) * response * sizes / 100
    prices = pd.Series(1_000 * np.exp(np.cumsum(returns)), SESSIONS)
    return prices, SESSIONS[first], SESSIONS[second], Measured(pd.Series(sizes), "USD bn")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.7, 1.0])
def test_the_share_that_is_built_in(share: float) -> None:
    found = priced(*study(share))
    assert found.is_told
    assert (found.low, found.share, found.high) == pytest.approx((share, share, share), abs=1e-9)
    assert found.not_priced == pytest.approx((1 - share,) * 3, abs=1e-9)
    assert found.at_announcement[1] + found.at_settlement[1] == pytest.approx(0.02)
    noisy = priced(*study(share, noise=0.005))
    assert noisy.low < share < noisy.high
    assert noisy.high - noisy.low < 0.5


def test_bands_hold_the_share_about_as_often_as_they_say() -> None:
    held = [
        each.low <= 0.6 <= each.high
        for each in (priced(*study(0.6, noise=0.008, seed=seed), draws=200) for seed in range(80))
        if each.is_told
    ]
    assert len(held) > 70
    assert 0.78 <= np.mean(held) <= 0.98


def test_scale_and_sign_leave_the_share_alone() -> None:
    prices, announced, settled, sizes = study(0.6, noise=0.005)
    found = priced(prices, announced, settled, sizes)
    for other in (
        priced(prices * 7, announced, settled, sizes),
        priced(1 / prices, announced, settled, sizes),
        priced(prices, announced, settled, sizes * -1_000.0),
        priced(prices, announced, settled, sizes.to("USD million")),
    ):
        assert (other.low, other.share, other.high) == pytest.approx((found.low, found.share, found.high))


def test_prices_that_answer_nothing_cannot_tell() -> None:
    told = [priced(*study(0.6, noise=0.01, response=0.0, seed=seed), draws=200).is_told for seed in range(40)]
    assert np.mean(told) < 0.25  # a tenth by chance
    found = priced(*study(0.6, noise=0.01, response=0.0, seed=1))
    assert found.reason.startswith("not testable with this data: the response for USD 100 bn is")
    assert np.isnan([found.share, found.low, found.high]).all()
    low, _, high = found.at_announcement
    assert low < 0 < high
    few = priced(*study(0.6, events=LEAST_EVENTS - 1))
    assert few.reason == "not testable with this data: 19 events, 20 needed"
    assert np.isnan(few.share)


def test_later_prices_change_nothing_about_what_is_settled() -> None:
    prices, announced, settled, sizes = study(0.6, noise=0.005)
    end = 40 * 30 + 5  # forty events are settled, the next one is not announced
    cut = priced(prices.iloc[:end], announced, settled, sizes)
    known = priced(prices.iloc[:end], announced[:40], settled[:40], Measured(sizes.series[:40], "USD bn"))
    assert (len(cut.events), cut.left_out) == (40, 20)
    assert (cut.low, cut.share, cut.high) == (known.low, known.share, known.high)
    pd.testing.assert_frame_equal(cut.events, known.events)


def test_responses_that_overlap_are_left_out() -> None:
    prices, announced, settled, sizes = study(0.6, noise=0.005)
    settled = settled.where(np.arange(60) >= 7, announced + pd.Timedelta(days=1))
    found: Priced = priced(prices, announced, settled, sizes, sessions=4)
    assert found.left_out == 7
    assert (found.events["settled"] > found.events["announced"]).all()


def test_events_at_the_edge_of_the_prices_are_left_out() -> None:
    prices, announced, settled, sizes = study(0.6, noise=0.005)
    late = int(SESSIONS.get_loc(settled[-1]))
    assert priced(prices.iloc[: late + 1], announced, settled, sizes).left_out == 0
    assert priced(prices.iloc[: late + 1], announced, settled, sizes, sessions=2).left_out == 1
    assert priced(prices.iloc[:late], announced, settled, sizes).left_out == 1
    early = int(SESSIONS.get_loc(announced[0]))  # the close before it is needed
    assert priced(prices.iloc[early - 1 :], announced, settled, sizes).left_out == 0
    assert priced(prices.iloc[early:], announced, settled, sizes).left_out == 1


def test_events_that_are_none_are_refused() -> None:
    prices, announced, settled, sizes = study(0.6)
    for arguments, words in (
        ((prices, announced[:5], settled, sizes), "5 announcements, 60 settlements"),
        ((prices, settled, announced, sizes), "before its announcement"),
        ((prices[::-1], announced, settled, sizes), "out of order"),
        ((prices * 0, announced, settled, sizes), "not above zero"),
    ):
        with pytest.raises(DataError, match=words):
            priced(*arguments)
    with pytest.raises(UnitError):
        priced(prices, announced, settled, Measured(sizes.series, "percent"))


def test_the_real_reserves_to_2022(real_data: Callable[[str], Path]) -> None:
    values = pd.read_csv(real_data("liquidity/wresbal_weekly.csv"), index_col=0, parse_dates=True)["value"]
    found = wave(Measured(values.dropna()["2003":].rename("reserves"), "USD million"))  # type: ignore[misc]
    assert found.change == pytest.approx(3_017.889 - 4_116.196, abs=0.01)
    assert found.percentile < 0.02  # among the largest falls since 2003
    assert found.high > 0.1  # in twenty years
