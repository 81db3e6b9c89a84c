"""Expected variance from daily returns.

- GARCH and GJR on the bundled S&P 500: the parameters published with the data.
- HAR against a plain regression, a plain recursion and arch's own forecasts; GARCH against a plain
  recursion and arch's own forecasts many steps ahead.
- Doubled returns quadruple every forecast, bit for bit; refit days are those stated; with fewer days asked
  for, those are the same.
- Dropping or changing later returns changes no forecast.
- A world of known variance gives it back; QLIKE by hand; the bands enclose the mean.
- Bad input in words.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from groundswell.data import calendar
from groundswell.data.bundle import bundled_book
from groundswell.data.errors import DataError
from groundswell.measure import vol_forecast

DAYS = calendar.sessions_after(pd.Timestamp("2010-01-03"), 1_600)


@cache
def made_returns(count: int = 1_600, seed: int = 0) -> pd.Series:
    """Return a GARCH path of 16% volatility."""
    random = np.random.default_rng(seed)
    shocks, variance, values = random.standard_normal(count), 1e-4, []
    for shock in shocks:
        values.append(np.sqrt(variance) * shock)
        variance = 3e-6 + 0.08 * values[-1] ** 2 + 0.89 * variance
    return pd.Series(values, DAYS[:count])


@cache
def made_forecast() -> vol_forecast.Expected:
    return vol_forecast.expected_variance(made_returns())


def test_the_published_parameters_of_the_bundled_index() -> None:
    returns = 100 * bundled_book().returns()
    garch = vol_forecast.garch_parameters(returns)
    assert (round(garch["alpha"], 3), round(garch["beta"], 3)) == (0.102, 0.885)
    gjr = vol_forecast.garch_parameters(returns, asymmetric=True, distribution="t")
    assert (round(gjr["gamma"], 2), round(gjr["beta"], 3), round(gjr["nu"], 1)) == (0.18, 0.899, 7.5)
    assert gjr["alpha"] < 1e-6


def test_har_is_a_plain_regression_iterated() -> None:
    returns = made_returns()
    found = vol_forecast.expected_variance(returns, models=["har"], tenors={"vix": 30})
    start = vol_forecast.MINIMUM_RETURNS - 1
    scale = returns.iloc[: start + 1].std(ddof=0)
    squares = (returns / scale).to_numpy() ** 2
    rows = range(22, start + 1)
    design = np.array(
        [[1, squares[t - 1], squares[t - 5 : t].mean(), squares[t - 22 : t].mean()] for t in rows]
    )
    weights = np.ones(len(design))
    for _ in range(4):
        solution = np.linalg.lstsq(design / weights[:, None], squares[22 : start + 1] / weights, rcond=None)[
            0
        ]
        weights = np.maximum(design @ solution, 0.05)
    np.testing.assert_allclose(
        found.fits.iloc[0][["c", "b1", "b5", "b22"]].astype(float), solution, rtol=1e-8
    )
    history = squares[: start + 1].tolist()
    ahead = []
    for _ in range(21):
        means = [np.mean(history[-lag:]) for lag in (1, 5, 22)]
        ahead.append(solution[0] + solution[1:] @ means)
        history.append(ahead[-1])
    expected = 252 * scale**2 * np.mean(ahead)
    assert found.central["vix"].iloc[0] == pytest.approx(expected, rel=1e-8)


def test_har_many_steps_ahead_are_archs_own() -> None:
    from arch.univariate import HARX

    returns = made_returns()
    found = vol_forecast.expected_variance(returns, models=["har"])
    fit = found.fits.iloc[-1]
    start = returns.index.get_loc(fit["day"])
    squares = (returns / fit["scale"]).to_numpy() ** 2
    model = HARX(squares, lags=list(vol_forecast.HAR_LAGS), rescale=False)
    own = model.fix([*fit[["c", "b1", "b5", "b22"]].astype(float), 1.0]).forecast(
        horizon=127, start=start, reindex=False
    )
    for tenor, sessions in (("vix9d", 6), ("vix", 21), ("vix6m", 127)):
        expected = 252 * fit["scale"] ** 2 * own.mean.to_numpy()[:, :sessions].mean(axis=1)
        mine = found.by_model["har"][tenor].loc[fit["day"] :]
        assert mine.min() > expected.min() * 0.999  # nothing is cut off at the calmest month here
        np.testing.assert_allclose(mine, expected, rtol=1e-9)


def test_fewer_days_are_the_same_days() -> None:
    whole, since = made_forecast(), DAYS[1_300]
    some = vol_forecast.expected_variance(made_returns(), since=since)
    assert len(some.refits) < len(whole.refits)
    assert some.refits[0] <= since
    assert some.refits.isin(whole.refits).all()
    for model, table in some.by_model.items():
        pd.testing.assert_frame_equal(table, whole.by_model[model].loc[some.refits[0] :])


def test_garch_is_a_plain_recursion() -> None:
    returns, found = made_returns(), made_forecast()
    start = vol_forecast.MINIMUM_RETURNS - 1
    for model in ("garch", "gjr"):
        fit = found.fits[found.fits["model"] == model].iloc[0]
        seen = returns.to_numpy() / fit["scale"]
        errors = seen - fit["mu"]
        gamma = 0.0 if model == "garch" else fit["gamma"]
        weights = 0.94 ** np.arange(75)
        variance = float(weights @ errors[:75] ** 2 / weights.sum())
        for error in [None, *errors[: start + 1]]:
            if error is None:
                back = variance
                variance = fit["omega"] + (fit["alpha"] + gamma / 2 + fit["beta"]) * back
            else:
                variance = (
                    fit["omega"] + (fit["alpha"] + gamma * (error < 0)) * error**2 + fit["beta"] * variance
                )
        persistence = fit["alpha"] + gamma / 2 + fit["beta"]
        for tenor, sessions in (("vix9d", 6), ("vix3m", 64)):
            steps, step = [], variance
            for _ in range(sessions):
                steps.append(step)
                step = fit["omega"] + persistence * step
            expected = 252 * fit["scale"] ** 2 * np.mean(steps)
            assert found.by_model[model][tenor].iloc[0] == pytest.approx(expected, rel=1e-9)


def test_garch_many_steps_ahead_are_archs_own() -> None:
    from arch.univariate import arch_model

    returns, found = made_returns(), made_forecast()
    fit = found.fits[found.fits["model"] == "gjr"].iloc[0]
    model = arch_model(returns.to_numpy() / fit["scale"], o=1, rescale=False)
    result = model.fit(disp="off", last_obs=vol_forecast.MINIMUM_RETURNS)
    own = result.forecast(
        horizon=127, start=vol_forecast.MINIMUM_RETURNS - 1, reindex=False
    ).variance.to_numpy()
    expected = 252 * fit["scale"] ** 2 * own[0].mean()
    assert found.by_model["gjr"]["vix6m"].iloc[0] == pytest.approx(expected, rel=1e-10)


def test_doubled_returns_quadruple_every_forecast() -> None:
    twice = vol_forecast.expected_variance(2 * made_returns())
    for model, table in made_forecast().by_model.items():
        np.testing.assert_array_equal(twice.by_model[model], 4 * table)


@pytest.mark.parametrize(
    "kept", [1_130, *(pytest.param(kept, marks=pytest.mark.bars) for kept in (1_000, 1_007, 1_599))]
)
def test_later_returns_change_no_forecast(kept: int) -> None:
    whole = made_forecast()
    cut = vol_forecast.expected_variance(made_returns().iloc[:kept])
    changed = made_returns().copy()
    changed.iloc[kept:] *= -3
    other = vol_forecast.expected_variance(changed)
    for model in vol_forecast.MODELS:
        days = cut.by_model[model].index
        np.testing.assert_allclose(cut.by_model[model], whole.by_model[model].loc[days], rtol=1e-13)
        np.testing.assert_allclose(cut.by_model[model], other.by_model[model].loc[days], rtol=1e-13)


def test_refit_days_are_stated() -> None:
    found = made_forecast()
    assert found.refits[0] == DAYS[999]
    assert all(day.year > DAYS[DAYS.get_loc(day) - 1].year for day in found.refits[1:])
    assert len(found.refits) == 1 + (DAYS[-1].year - DAYS[999].year)
    quarters = vol_forecast.refit_days(DAYS, "quarter")
    assert len(quarters) == 1 + sum(DAYS[k].quarter != DAYS[k - 1].quarter for k in range(1_000, 1_600))
    assert found.central.index[0] == DAYS[999]
    assert not found.central.isna().any().any()


def test_tenors_in_sessions() -> None:
    spans = [vol_forecast.sessions_in(days) for days in vol_forecast.TENORS.values()]
    assert spans == [6, 21, 64, 127]


def test_a_known_variance_comes_back_and_the_band_encloses_the_mean() -> None:
    found, returns = made_forecast(), made_returns()
    true, variance = [], 1e-4
    for value in returns:
        variance = 3e-6 + 0.08 * value**2 + 0.89 * variance
        true.append(252 * (1e-4 + (variance - 1e-4) * (1 - 0.97**21) / (21 * 0.03)))
    known = pd.Series(true, returns.index).reindex(found.central.index)
    for model, table in found.by_model.items():
        errors = np.log(table["vix"] / known)
        assert np.sqrt((errors**2).mean()) < 0.25, model
    assert (found.low <= found.central + 1e-15).all().all()
    assert (found.central <= found.high + 1e-15).all().all()
    assert (found.low > 0).all().all()


def test_the_loss_by_hand_and_better_than_last_month() -> None:
    found, returns = made_forecast(), made_returns()
    losses = vol_forecast.score(found, returns)
    outcome = np.array([252 * (returns.iloc[k + 1 : k + 22] ** 2).mean() for k in range(999, 1_579)])
    ratio = outcome / found.central["vix"].to_numpy()[: len(outcome)]
    assert losses.loc["vix", "central"] == pytest.approx((ratio - np.log(ratio) - 1).mean(), rel=1e-12)
    assert losses.loc["vix", "days"] == 580
    assert (losses["central"] < losses["last_month"]).all()


def test_bad_input_is_refused_in_words() -> None:
    returns = made_returns()
    with pytest.raises(DataError, match=r"there are 999 returns.*1,000 at least"):
        vol_forecast.expected_variance(returns.iloc[:999])
    broken = returns.copy()
    broken.iloc[7] = np.nan
    with pytest.raises(DataError, match="return is nan"):
        vol_forecast.expected_variance(broken)
    with pytest.raises(DataError, match="not in order"):
        vol_forecast.expected_variance(returns.iloc[::-1])
    with pytest.raises(DataError, match="never moves"):
        vol_forecast.expected_variance(0 * returns)
    with pytest.raises(DataError, match="models are"):
        vol_forecast.expected_variance(returns, models=["egarch"])  # type: ignore[list-item]
    with pytest.raises(DataError, match="refit every 'day'"):
        vol_forecast.expected_variance(returns, every="day")  # type: ignore[arg-type]
