"""The equation of implied variance: expected realised variance, a premium, observed demand over the
capacity that carries it, the width of quotes, and what is left unexplained.

For a tenor, with V implied and E expected realised variance (annual, decimal),

    V - E = usual + a + c dE + b ds + sum_j lambda_j d(D_j E) + omega dW + e

s the credit spread, D_j the observed proxies of demand over capacity, W the half-width of quotes in
variance. d is the difference from the mean of the last 63 sessions on which the curve was not inverted, and
`usual` that mean of V - E: what differs between decades (the rise of an industry that sells volatility, say)
is in it, and the coefficients are told by what moves within a quarter. Demand acts in proportion to the
variance that dealers cannot hedge, so each lambda is a share of E. The premium is usual + a + c dE, and with
credit b ds: c says how far options answer to a rise of E. For the slope between two tenors both sides are the
difference of the two, with a c for each E and the nearer E as the scale of demand.

References:
    Garleanu, N., Pedersen, L. & Poteshman, A. (2009), Demand-Based Option Pricing, Review of Financial
    Studies 22(10), 4259-4299 (price pressure in proportion to the variance of the unhedgeable part).
    Newey, W. & West, K. (1987), Econometrica 55(3), 703-708. Estimation by statsmodels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError

Floats: TypeAlias = npt.NDArray[np.float64]

LAGS = 63
"""Lags of the errors whose correlation is allowed for, sessions: implied variance returns slowly."""

REFERENCE = 63
"""Sessions without inversion that a day is compared with: a quarter."""

LEAST_ROWS = 500
"""Days an estimate needs: two years, eight times the lags."""

SIGNED = ("positions", "options")
"""Proxies that are amounts, whose lambda cannot be below zero by theory; those of the calendar can."""

PARTS = ("expected", "premium", "credit", "demand", "width", "unexplained")
_ALIKE = 1e-12
"""Ratio of the least to the largest eigenvalue of the regressors' moments below which they are alike."""

_WHERE = "curve equation"


@dataclass(frozen=True, eq=False)
class Ingredients:
    """All that the equation sees, on the same sessions.

    Attributes:
        implied: variance by tenor, annual, decimal.
        expected: for each model the same, expected realised.
        demand: observed proxies, one column each.
        credit: spread, decimal; `None` where there is none.
        width: half-width of quotes in variance, annual, decimal; `None` where no quotes are kept.
    """

    implied: pd.DataFrame
    expected: Mapping[str, pd.DataFrame]
    demand: pd.DataFrame
    credit: pd.Series[float] | None = None
    width: pd.Series[float] | None = None


@dataclass(frozen=True, eq=False)
class Fit:
    """An estimate of the equation.

    Attributes:
        coefficients: by regressor.
        covariance: of the coefficients, allowing for heteroskedastic and correlated errors.
        rows: days used.
        since: the first of them.
        through: the last of them.
        r_squared: of the weighted regression, fraction.
    """

    coefficients: pd.Series[float]
    covariance: pd.DataFrame
    rows: int
    since: pd.Timestamp
    through: pd.Timestamp
    r_squared: float

    def intervals(self, level: float = 0.90) -> pd.DataFrame:
        """Return each coefficient with its interval: columns `value`, `low`, `high`."""
        from scipy.special import ndtri

        half = ndtri((1 + level) / 2) * np.sqrt(np.diag(self.covariance.to_numpy()))
        values = self.coefficients
        return pd.DataFrame({"value": values, "low": values - half, "high": values + half})

    def draws(self, count: int, random: np.random.Generator) -> Floats:
        """Return draws of the coefficients, normal; shape (count, regressors)."""
        spread = np.sqrt(np.diag(self.covariance.to_numpy()))
        root = np.linalg.cholesky(self.covariance.to_numpy() / np.outer(spread, spread))
        standard = random.standard_normal((count, len(spread)))
        return np.asarray(self.coefficients.to_numpy() + spread * (standard @ root.T), dtype=np.float64)


def table(given: Ingredients, tenors: tuple[str, ...], model: str | None = None) -> pd.DataFrame:
    """Return the regression's columns on each day, all but the first three and the constant as differences.

    Columns:
        _usual, _usual_expected: mean of V - E and of E over the reference.
        _scale: E of the nearer tenor.
        _left, _expected: V - E and E, less their usual values.
        then the regressors.

    A day without 32 sessions of reference before it is missing.

    Args:
        given: the ingredients.
        tenors: one tenor, or near and far for the slope near - far.
        model: whose expected variance; `None`: the mean of all.

    Raises:
        DataError: a tenor the ingredients do not have.
    """
    missing = [name for name in tenors if name not in given.implied.columns]
    if missing or len(tenors) not in (1, 2):
        raise DataError(
            f"there is no tenor '{missing[0]}'" if missing else f"the tenors are {tenors}",
            where=_WHERE,
            expected=f"one or two of {list(given.implied.columns)}",
        )
    models = list(given.expected.values()) if model is None else [given.expected[model]]
    by_tenor = [sum(each[name] for each in models) / len(models) for name in tenors]
    signs = (1.0, -1.0)[: len(tenors)]
    implied = sum(sign * given.implied[name] for sign, name in zip(signs, tenors, strict=True))
    expected = sum(sign * each for sign, each in zip(signs, by_tenor, strict=True))
    columns = {"_left": implied - expected, "_expected": expected}
    columns |= {f"expected_{name}": each for name, each in zip(tenors, by_tenor, strict=True)}
    if given.credit is not None:
        columns["credit"] = given.credit
    columns |= {f"demand_{name}": given.demand[name] * by_tenor[0] for name in given.demand.columns}
    if given.width is not None:
        columns["width"] = given.width
    levels = pd.DataFrame(columns)
    usual = levels.loc[calm(given)].rolling(REFERENCE, min_periods=REFERENCE // 2).mean()
    usual = usual.reindex(levels.index).ffill().shift(1)
    moved = levels - usual
    moved.insert(2, "constant", 1.0)
    firsts = {"_usual": usual["_left"], "_usual_expected": usual["_expected"], "_scale": by_tenor[0]}
    return pd.concat([pd.DataFrame(firsts), moved], axis=1)


def calm(given: Ingredients) -> pd.Series[bool]:
    """Return the days on which the VIX was not above VIX3M; all of them where one is not there."""
    if not {"vix", "vix3m"} <= set(given.implied.columns):
        return pd.Series(True, given.implied.index)
    return given.implied["vix"] <= given.implied["vix3m"]


def fit(rows: pd.DataFrame, *, lags: int = LAGS, least: int = LEAST_ROWS) -> Fit:
    """Return the equation estimated on rows of `table`: least squares weighted by 1/E^2.

    Days on which anything is missing are left out; regressors that never vary beside the constant (a
    proxy that is always 0) too.

    Args:
        rows: of `table`, up to the day of the estimate.
        lags: of the errors' correlation, sessions.
        least: days needed.

    Raises:
        DataError: too few complete days, or regressors that cannot be told apart.
    """
    # the one module needed: the whole of statsmodels takes a third of a second more
    from statsmodels.regression.linear_model import WLS  # type: ignore[import-untyped, unused-ignore]

    full = rows.dropna()
    if len(full) < least:
        raise DataError(
            f"{len(full)} days have all it takes",
            where=_WHERE,
            expected=f"{least} at least",
            remedy="load longer histories of " + ", ".join(_shortest(rows)),
        )
    names = [str(name) for name in full.columns if not str(name).startswith("_")]
    names = [name for name in names if name == "constant" or np.ptp(full[name].to_numpy()) > 0]
    scale = full["_scale"].to_numpy()
    design = full[names]
    weighted = design.to_numpy() / scale[:, None]
    lengths = np.sqrt((weighted**2).mean(axis=0))
    spread = np.linalg.eigvalsh((weighted / lengths).T @ (weighted / lengths) / len(full))
    if not spread[0] > _ALIKE * spread[-1]:
        raise DataError(
            "its regressors cannot be told apart",
            where=_WHERE,
            expected="proxies that differ: " + ", ".join(names),
        )
    result = WLS(full["_left"].to_numpy(), design.to_numpy() / lengths, weights=1 / scale**2).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}
    )
    covariance = np.asarray(result.cov_params()) / np.outer(lengths, lengths)
    return Fit(
        coefficients=pd.Series(np.asarray(result.params) / lengths, names),
        covariance=pd.DataFrame(covariance, names, names),
        rows=len(full),
        since=pd.Timestamp(full.index[0]),
        through=pd.Timestamp(full.index[-1]),
        r_squared=float(result.rsquared),
    )


def parts(
    fitted: Fit,
    rows: pd.DataFrame,
    coefficients: Floats | None = None,
    *,
    theory: bool = False,
    whole: bool = False,
) -> dict[str, Floats]:
    """Return what each part of the equation contributes, variance; the parts sum to `implied`.

    Args:
        fitted: the estimate.
        rows: of `table`; shape (days, columns).
        coefficients: draws, shape (draws, regressors); `None`: the estimate itself.
        theory: count demand whose lambda has the wrong sign as unexplained.
        whole: the variance itself, usual values included; otherwise its difference from the reference.

    Returns:
        `PARTS` and `implied`, each of shape (draws, days). `expected` is E alone, `premium` a + c dE, of
        the whole with the usual premium.
    """
    names = list(fitted.coefficients.index)
    drawn = fitted.coefficients.to_numpy()[None, :] if coefficients is None else coefficients
    values = rows[names].to_numpy(dtype=np.float64)
    each = drawn[:, None, :] * values[None, :, :]
    if theory:
        for place, name in enumerate(names):
            if name.removeprefix("demand_") in SIGNED:
                each[:, :, place] *= (drawn[:, place] > 0)[:, None]
    found: dict[str, Floats] = {}
    columns = ("_expected", "_left", "_usual_expected", "_usual")
    expected, left, usual_expected, usual = (rows[name].to_numpy(dtype=np.float64) for name in columns)
    if whole:
        expected, left = expected + usual_expected, left + usual
    implied = expected + left
    shape = each.shape[:2]
    found["expected"] = np.broadcast_to(expected, shape)
    groups = {
        "premium": ("constant", "expected_"),
        "credit": ("credit",),
        "demand": ("demand_",),
        "width": ("width",),
    }
    for part, starts in groups.items():
        member = np.array([name.startswith(starts) for name in names])
        found[part] = each[:, :, member].sum(axis=2)
    if whole:
        found["premium"] = found["premium"] + usual
    found["unexplained"] = implied - sum(found.values())
    found["implied"] = np.broadcast_to(implied, shape)
    return found


def decompose(
    given: Ingredients,
    tenor: str,
    day: pd.Timestamp,
    *,
    draws: int = 500,
    seed: int = 0,
    theory: bool = False,
) -> pd.DataFrame:
    """Return the implied variance of a day split into its parts, with 90% bands; index the part.

    Estimated on the days up to the one asked about. The band is over draws of the coefficients and over
    the models of expected variance, in equal parts; the value is that of the mean of the models.

    Columns:
        value, low, high: variance, annual, decimal. The values sum to the last row, `implied`.

    `attrs["against_theory"]` names the proxies that are amounts and whose lambda is below zero.

    Args:
        given: the ingredients.
        tenor: whose implied variance.
        day: a session.
        draws: for each model.
        seed: of the draws.
        theory: count demand whose lambda has the wrong sign as unexplained, in each draw.

    Raises:
        DataError: the day lacks an ingredient, or as `fit`.
    """
    known = table(given, (tenor,)).loc[:day]
    if not len(known) or known.index[-1] != day or known.iloc[-1].isna().any():
        raise DataError(
            f"{day:%Y-%m-%d} lacks " + (", ".join(_absent(known, day)) or "a session"),
            where=f"{_WHERE}, {tenor}",
            expected="a session with every ingredient",
        )
    fitted = fit(known)
    central = parts(fitted, known.iloc[[-1]], whole=True, theory=theory)
    sampled: dict[str, list[Floats]] = {part: [] for part in central}
    for number, model in enumerate(given.expected):
        rows = table(given, (tenor,), model).loc[:day]
        one = fit(rows)
        random = np.random.default_rng([seed, number, day.toordinal()])
        drawn = one.draws(draws, random)
        for part, values in parts(one, rows.iloc[[-1]], drawn, whole=True, theory=theory).items():
            sampled[part].append(values[:, 0])
    bands = {part: np.quantile(np.concatenate(each), [0.05, 0.95]) for part, each in sampled.items()}
    found = pd.DataFrame(
        {part: [float(central[part][0, 0]), *bands[part].tolist()] for part in (*PARTS, "implied")},
        index=["value", "low", "high"],
    ).T.rename_axis("part")
    lambdas = fitted.coefficients.reindex([f"demand_{name}" for name in SIGNED])
    against = [name for name, value in zip(SIGNED, lambdas, strict=True) if value < 0]
    found.attrs["against_theory"] = tuple(against)
    return found


def _absent(known: pd.DataFrame, day: pd.Timestamp) -> list[str]:
    if not len(known) or known.index[-1] != day:
        return []
    last = known.iloc[-1]
    return [str(name).lstrip("_") for name in known.columns if np.isnan(last[name])]


def _shortest(rows: pd.DataFrame) -> list[str]:
    """Return the columns with the fewest days, for the message."""
    counts = rows.notna().sum()
    return [str(name).lstrip("_") for name in counts[counts == counts.min()].index[:3]]
