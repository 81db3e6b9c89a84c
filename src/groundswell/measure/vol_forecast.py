"""Variance to be expected over the tenors of the volatility curve, from daily returns alone: HAR, GARCH
and GJR-GARCH, refitted on stated days on all that was known then.

The forecast of a day uses the closes up to and including it. Central is the mean of the models, low and
high are the lowest and the highest of them. Every model is fitted on returns in units of their own
standard deviation up to the day of fitting, so that the unit of the returns plays no part.

References:
    Corsi, F. (2009), A Simple Approximate Long-Memory Model of Realized Volatility, Journal of Financial
    Econometrics 7(2), 174-196. Bollerslev, T. (1986), Generalized Autoregressive Conditional
    Heteroskedasticity, Journal of Econometrics 31(3), 307-327. Glosten, L., Jagannathan, R. & Runkle, D.
    (1993), Journal of Finance 48(5), 1779-1801. GARCH and GJR are estimated by the `arch` package.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError
from groundswell.measure.vol_curve import TENORS

Floats: TypeAlias = npt.NDArray[np.float64]
Model: TypeAlias = Literal["har", "garch", "gjr"]
Refit: TypeAlias = Literal["year", "quarter", "month"]
_Result: TypeAlias = Any  # arch has no types of its own for results

MODELS: tuple[Model, ...] = ("har", "garch", "gjr")
HAR_LAGS = (1, 5, 22)
"""A day, a week and a month of sessions (Corsi 2009)."""

MINIMUM_RETURNS = 1_000
"""Returns before the first fit: four years, below which a GARCH's persistence is not determined."""

SESSIONS_PER_YEAR = 252
_FLOOR = 0.05
"""Least variance used as a weight of the HAR regression, as a share of the mean."""

_REWEIGHTED = 3
_WHERE = "variance forecast"


@dataclass(frozen=True, eq=False)
class Expected:
    """Expected realised variance by tenor, annual, decimal (0.04 is 20% volatility).

    Attributes:
        by_model: for each model a table, index days, columns tenors.
        fits: parameters of each fit: one row per model and refit day, columns `model`, `day` and the
            parameters by name (returns in units of their standard deviation, `scale`).
    """

    by_model: Mapping[str, pd.DataFrame]
    fits: pd.DataFrame

    @property
    def central(self) -> pd.DataFrame:
        """Return the mean of the models."""
        return sum(self.by_model.values()) / len(self.by_model)  # type: ignore[return-value]

    @property
    def low(self) -> pd.DataFrame:
        """Return the lowest model of each day and tenor."""
        return self._reduced(np.minimum)

    @property
    def high(self) -> pd.DataFrame:
        """Return the highest model of each day and tenor."""
        return self._reduced(np.maximum)

    @property
    def refits(self) -> pd.DatetimeIndex:
        """Return the days on which the models were fitted, each on the closes up to it."""
        return pd.DatetimeIndex(self.fits["day"].unique())

    def _reduced(self, by: np.ufunc) -> pd.DataFrame:
        tables = list(self.by_model.values())
        values = by.reduce([table.to_numpy() for table in tables])
        return pd.DataFrame(values, index=tables[0].index, columns=tables[0].columns)


def sessions_in(days: int) -> int:
    """Return the sessions in a span of calendar days, at 252 to 365: 6, 21, 64, 127 for the four tenors.

    The count is the same for every day of the week. Counted on the calendar, nine days from a Friday have
    two sessions fewer than from a Monday, yet VIX9D over VIX closes only 5% lower on Fridays (2011-2022):
    the index spreads variance evenly over the minutes between its two expiries.
    """
    return max(1, round(SESSIONS_PER_YEAR * days / 365))


def refit_days(days: pd.DatetimeIndex, every: Refit = "year", least: int = MINIMUM_RETURNS) -> list[int]:
    """Return the places of the days on which models are fitted.

    The first day with enough returns, then the first session of every year, quarter or month: it depends
    on nothing later than itself.
    """
    if every not in ("year", "quarter", "month"):
        raise DataError(f"refit every '{every}'", where=_WHERE, expected="'year', 'quarter' or 'month'")
    if len(days) < least:
        return []
    months = days.year.to_numpy() * 12 + days.month.to_numpy() - 1
    period = months // {"year": 12, "quarter": 3, "month": 1}[every]
    turns = np.flatnonzero(period[1:] != period[:-1]) + 1
    return [least - 1, *(int(turn) for turn in turns if turn >= least)]


def expected_variance(
    returns: pd.Series[float],
    *,
    tenors: Mapping[str, int] = TENORS,
    models: Sequence[Model] = MODELS,
    every: Refit = "year",
    least: int = MINIMUM_RETURNS,
    since: pd.Timestamp | None = None,
) -> Expected:
    """Return the variance each model expects over each tenor, on every day from the first fit on.

    With v(t+k) the model's expected squared return k sessions ahead and h the sessions of the tenor,
    E = 252/h sum_(k=1..h) v(t+k).

        HAR:   v(t+1) = c + b1 r_t^2 + b5 mean_5(r^2) + b22 mean_22(r^2), iterated; weighted least squares
               with the squared fitted value as variance (plain least squares are ruled by a dozen days),
               not below the calmest month seen by the day of the fit
        GARCH: v(t+1) = w + a e_t^2 + b v(t)
        GJR:   v(t+1) = w + a e_t^2 + g e_t^2 [e_t < 0] + b v(t)
               both: v(t+k+1) = w + (a + g/2 + b) v(t+k); constant mean, normal quasi-likelihood

    Args:
        returns: daily log returns, decimal, index sessions; shape (n,).
        tenors: calendar days by name.
        models: which.
        every: how often they are fitted.
        least: returns before the first fit.
        since: fits whose time was over before this day are not made, and their days left out; the other
            days are the same.

    Raises:
        DataError: too few returns, a missing or infinite one, none that moves, days out of order, or an
            unknown model.

    References:
        Those of the module; for the weights Clements, A. & Preve, D. (2021), A Practical Guide to
        Harnessing the HAR Volatility Model, Journal of Banking & Finance 133.
    """
    days = _checked(returns, least)
    if not models or any(model not in MODELS for model in models):
        raise DataError(f"the models are {list(models)}", where=_WHERE, expected=f"some of {list(MODELS)}")
    values = returns.to_numpy(dtype=np.float64)
    horizons = {name: sessions_in(span) for name, span in tenors.items()}
    starts = refit_days(days, every, least)
    if since is not None:
        starts = starts[max(sum(bool(days[start] <= since) for start in starts) - 1, 0) :]
    tables = {model: np.full((len(values) - starts[0], len(horizons)), np.nan) for model in models}
    fits: list[dict[str, object]] = []
    for start, stop in zip(starts, [*starts[1:], len(values)], strict=True):
        scale = float(values[: start + 1].std())
        seen = np.asarray(values[:stop] / scale, dtype=np.float64)
        for model in models:
            ahead, parameters = (
                _har(seen, start, horizons)
                if model == "har"
                else _garch(seen, start, horizons, asymmetric=model == "gjr")
            )
            tables[model][start - starts[0] : stop - starts[0]] = SESSIONS_PER_YEAR * scale**2 * ahead
            fits.append({"model": model, "day": days[start], "scale": scale, **parameters})
    return Expected(
        {name: pd.DataFrame(table, days[starts[0] :], list(horizons)) for name, table in tables.items()},
        pd.DataFrame(fits),
    )


def garch_parameters(
    returns: npt.ArrayLike, *, asymmetric: bool = False, distribution: Literal["normal", "t"] = "normal"
) -> dict[str, float]:
    """Return the parameters of a GARCH(1,1), or GJR-GARCH(1,1,1), with a constant mean, by name.

    Args:
        returns: of any unit in which their variance is of order one (percent, or standard deviations).
        asymmetric: with the GJR term.
        distribution: of the innovations; "t" adds its degrees of freedom, `nu`.
    """
    fit = _fitted_garch(np.asarray(returns, dtype=np.float64), None, asymmetric, distribution)
    return {str(name).split("[")[0]: float(value) for name, value in fit.params.items()}


def realised_variance(returns: pd.Series[float], sessions: int) -> pd.Series[float]:
    """Return the variance realised over the next sessions, annual, decimal; missing until they are over.

    252/h sum_(k=1..h) r(t+k)^2, on day t: an outcome to judge forecasts by, never an input.
    """
    ahead = (returns**2).rolling(sessions).mean().shift(-sessions)
    return (SESSIONS_PER_YEAR * ahead).rename("realised")


def score(expected: Expected, returns: pd.Series[float], tenors: Mapping[str, int] = TENORS) -> pd.DataFrame:
    """Return how the forecasts fared: mean loss of each model and tenor, beside last month's variance.

    QLIKE = realised / forecast - ln(realised / forecast) - 1, 0 at best; it ranks forecasts rightly even
    though squared returns are a noisy measure of variance.

    Columns:
        each model, `central`, `last_month` (the trailing 21 sessions), and `days`, how many were judged.

    References:
        Patton, A. (2011), Volatility Forecast Comparison Using Imperfect Volatility Proxies, Journal of
        Econometrics 160(1), 246-256.
    """
    trailing = SESSIONS_PER_YEAR * (returns**2).rolling(21).mean()
    rows = {}
    for name in expected.central.columns:
        outcome = realised_variance(returns, sessions_in(tenors[name]))
        rivals = {model: table[name] for model, table in expected.by_model.items()}
        rivals |= {"central": expected.central[name], "last_month": trailing}
        joined = pd.DataFrame(rivals | {"outcome": outcome}).dropna()
        joined = joined.loc[(joined > 0).all(axis=1)]
        ratio = joined[list(rivals)].rdiv(joined["outcome"], axis=0)
        rows[name] = pd.concat([(ratio - np.log(ratio) - 1).mean(), pd.Series({"days": len(joined)})])
    return pd.DataFrame(rows).T.rename_axis("tenor")


def _garch(
    seen: Floats, start: int, horizons: Mapping[str, int], *, asymmetric: bool
) -> tuple[Floats, dict[str, float]]:
    """Return the mean expected variance over each horizon from each day since the fit, and its parameters."""
    fit = _fitted_garch(seen, start + 1, asymmetric, "normal")
    found = {str(name).split("[")[0]: float(value) for name, value in fit.params.items()}
    persistence = found["alpha"] + found["beta"] + found.get("gamma", 0.0) / 2
    tomorrow = fit.forecast(horizon=1, start=start, reindex=False).variance.to_numpy()[:, 0]
    longest = max(horizons.values())
    powers = persistence ** np.arange(longest)
    # v(t+1+k) = w (1 + p + ... + p^(k-1)) + p^k v(t+1); sums instead of quotients hold at p = 1 too.
    added = found["omega"] * np.concatenate([[0.0], powers.cumsum()[:-1]])
    columns = [added[:h].mean() + powers[:h].mean() * tomorrow for h in horizons.values()]
    return np.column_stack(columns), found


def _fitted_garch(
    values: Floats, last: int | None, asymmetric: bool, distribution: Literal["normal", "t"]
) -> _Result:
    from arch.univariate import arch_model

    model = arch_model(values, mean="Constant", o=int(asymmetric), dist=distribution, rescale=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit at the edge of its range is a fit; its figures are shown
        return model.fit(disp="off", last_obs=last)


def _har(seen: Floats, start: int, horizons: Mapping[str, int]) -> tuple[Floats, dict[str, float]]:
    """Return the mean expected variance over each horizon from each day since the fit, and its parameters."""
    squares, longest_lag = seen**2, HAR_LAGS[-1]
    before = pd.Series(squares[:start]).rolling
    means = [before(lag).mean().to_numpy()[longest_lag - 1 :] for lag in HAR_LAGS]
    design, outcome = np.column_stack([np.ones(len(means[0])), *means]), squares[longest_lag : start + 1]
    weight = np.ones(len(outcome))
    for _ in range(1 + _REWEIGHTED):
        solved = np.linalg.lstsq(design / weight[:, None], outcome / weight, rcond=None)[0]
        found = np.asarray(solved, dtype=np.float64)
        weight = np.maximum(design @ found, _FLOOR)
    calmest = pd.Series(squares[: start + 1]).rolling(longest_lag).mean().min()
    summed = _har_path(squares, start, found, max(horizons.values())).cumsum(axis=0)
    columns = [np.maximum(summed[h - 1] / h, calmest) for h in horizons.values()]
    names = ("c", *(f"b{lag}" for lag in HAR_LAGS))
    return np.column_stack(columns), dict(zip(names, found.tolist(), strict=True))


def _har_path(squares: Floats, start: int, coefficients: Floats, steps: int) -> Floats:
    """Return the variance expected one step ahead, two, and so on, from each day since the fit.

    Shape (steps, days). Sums over the lags are carried from step to step, day by day alike: the same bits
    however many days are asked for.
    """
    longest_lag = HAR_LAGS[-1]
    past = np.lib.stride_tricks.sliding_window_view(squares[start + 1 - longest_lag :], longest_lag).T
    known = np.concatenate([past, np.empty((steps, past.shape[1]))])
    sums = [np.zeros(past.shape[1]) for _ in HAR_LAGS]
    for total, lag in zip(sums, HAR_LAGS, strict=True):
        for row in known[longest_lag - lag : longest_lag]:
            total += row
    constant, *slopes = (float(value) for value in coefficients)
    for at in range(longest_lag, longest_lag + steps):
        known[at] = constant
        for slope, total, lag in zip(slopes, sums, HAR_LAGS, strict=True):
            known[at] += slope / lag * total
        for total, lag in zip(sums, HAR_LAGS, strict=True):
            total += known[at]
            total -= known[at - lag]
    return known[longest_lag:]


def _checked(returns: pd.Series[float], least: int) -> pd.DatetimeIndex:
    values = returns.to_numpy(dtype=np.float64)
    days = pd.DatetimeIndex(returns.index)
    if len(values) < max(least, 2 * HAR_LAGS[-1]):
        raise DataError(
            f"there are {len(values)} returns",
            where=_WHERE,
            expected=f"{max(least, 2 * HAR_LAGS[-1]):,} at least",
            remedy="load a longer history of the index",
        )
    if not np.isfinite(values).all():
        at = int(np.argmax(~np.isfinite(values)))
        raise DataError(f"the return is {values[at]:g}", where=f"{_WHERE}, {days[at]:%Y-%m-%d}")
    if not (days.is_monotonic_increasing and days.is_unique):
        raise DataError("the days are not in order, each once", where=_WHERE, remedy="sort the returns")
    if not np.ptp(values[:least]) > 0:
        raise DataError("the index never moves", where=_WHERE, expected="returns that vary")
    return days
