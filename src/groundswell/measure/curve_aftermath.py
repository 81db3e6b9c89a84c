"""What followed days on which the volatility curve was inverted: the index, the VIX, the curve itself and
the volatility that came.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from groundswell.data.book import Book
from groundswell.data.errors import DataError
from groundswell.measure import vol_curve, vol_forecast

HORIZONS = (1, 5, 21)
"""Sessions after which it is told what followed."""


def aftermath(book: Book, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Return what followed each of the days after 1, 5 and 21 sessions; missing where they are not over.

    Columns:
        index_1, index_5, index_21: log return of the index.
        vix_1, vix_5, vix_21: change of the VIX, points.
        ratio_1, ratio_5, ratio_21: VIX over VIX3M then.
        realised_5, realised_21: volatility realised over those sessions, annual, decimal.
    """
    prices = book.prices("index")
    levels = vol_curve.closes(book).reindex(prices.index)
    returns = book.returns("index")
    logs = pd.Series(np.log(prices.to_numpy()), prices.index)
    columns: dict[str, pd.Series[float]] = {}
    for sessions in HORIZONS:
        columns[f"index_{sessions}"] = logs.shift(-sessions) - logs
        columns[f"vix_{sessions}"] = levels["vix"].shift(-sessions) - levels["vix"]
        columns[f"ratio_{sessions}"] = (levels["vix"] / levels["vix3m"]).shift(-sessions)
        if sessions > 1:
            columns[f"realised_{sessions}"] = vol_forecast.realised_variance(returns, sessions) ** 0.5
    return pd.DataFrame(columns).reindex(days)


def summary(episodes: pd.DataFrame, *, draws: int = 2_000, seed: int = 0) -> pd.DataFrame:
    """Return the mean of what followed the first days of inversions, with a 90% band; index the measure.

    The band is a bootstrap over episodes, which are far fewer than days; they come in clusters, so it is
    still too narrow. Columns: `mean`, `low`, `high`, `episodes`.

    Args:
        episodes: with the columns of `aftermath`, as `curve_reading.read` returns them.
        draws: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        DataError: fewer than five episodes are over.
    """
    from scipy.stats import bootstrap

    names = [name for name in episodes.columns if name.startswith(("index_", "vix_", "ratio_", "realised_"))]
    rows = {}
    for name in names:
        values = episodes[name].dropna().to_numpy()
        if len(values) < 5:
            raise DataError(f"{len(values)} episodes are over", where="aftermath", expected="five at least")
        random = np.random.default_rng(seed)
        drawn = bootstrap(
            (values,),
            np.mean,
            n_resamples=draws,
            confidence_level=0.90,
            method="basic",
            vectorized=True,
            rng=random,
        ).confidence_interval
        rows[name] = (float(values.mean()), float(drawn.low), float(drawn.high), len(values))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "low", "high", "episodes"])
