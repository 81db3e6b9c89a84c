"""A book laid out for the machine: closes, returns, size and calendar of every session as arrays,
padded to one of a few lengths so that a longer history seldom means a new compilation.
"""

import dataclasses
import math

import numpy as np
import pandas as pd

from groundswell.core.dated_days import dated_days
from groundswell.core.day import Day
from groundswell.core.engine import jax, jnp
from groundswell.data import alignment
from groundswell.data.book import MINIMUM_SESSIONS, Book
from groundswell.data.errors import DataError

_PAD = 1260
"""Sessions in a block of history: five years."""

_OLDEST_VOLATILITY = 7.0
"""Calendar days after which a close of implied volatility is no longer taken for today's."""


@dataclasses.dataclass(frozen=True)
class History:
    """Arrays over sessions; the first axis of every array is `padded` long, of which `length` are real.

    Attributes:
        assets: names of the columns, the index first.
        dates: the sessions.
        closes: prices by session and asset.
        returns: log returns, zero on the first session.
        market_value: of the index at that session's close, USD bn.
        daily_volume: dollar volume of an average day as known at that session's close, USD bn.
        implied_volatility: of the index over 30 days as known at the end of that session, annual,
            decimal; NaN where the book has none, or none that is a week old or younger.
        days: calendar of each session.
        notes: assets that were left out, and why.
    """

    assets: tuple[str, ...]
    dates: pd.DatetimeIndex
    closes: np.ndarray
    returns: np.ndarray
    market_value: np.ndarray
    daily_volume: np.ndarray
    implied_volatility: np.ndarray
    days: Day
    notes: tuple[str, ...]

    @property
    def length(self) -> int:
        """Sessions of real history."""
        return len(self.dates)


def day_arrays(sessions: pd.DatetimeIndex, padded: int) -> Day:
    """The calendar of these sessions as arrays, padded with its last row; meetings are not in it."""
    days: Day = jax.tree.map(
        lambda column: jnp.asarray(_pad(np.asarray(column), padded)), dated_days(sessions)
    )
    return days


def implied_volatility(book: Book) -> np.ndarray:
    """What was known of 30-day implied volatility at the end of each session: annual, decimal, or NaN."""
    sessions = pd.DatetimeIndex(book.prices("index").index)
    if "vix" not in book.series:
        return np.full(len(sessions), np.nan)
    points = book.aligned("vix").to_numpy(np.float64)
    age = alignment.staleness(book.series["vix"], sessions).to_numpy(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where((age <= _OLDEST_VOLATILITY) & (points > 0), points / 100, np.nan)


def recent(history: History, sessions: int) -> History:
    """The last sessions of a history, not padded; all of it where it is shorter."""
    first, end = max(history.length - sessions, 0), history.length

    def cut(values: np.ndarray) -> np.ndarray:
        return values[first:end]

    return dataclasses.replace(
        history,
        dates=history.dates[first:],
        closes=cut(history.closes),
        returns=np.concatenate([np.zeros_like(history.returns[:1]), history.returns[first + 1 : end]]),
        market_value=cut(history.market_value),
        daily_volume=cut(history.daily_volume),
        implied_volatility=cut(history.implied_volatility),
        days=jax.tree.map(lambda column: jnp.asarray(cut(np.asarray(column))), history.days),
    )


def _pad(values: np.ndarray, padded: int) -> np.ndarray:
    return np.concatenate([values, np.repeat(values[-1:], padded - len(values), axis=0)])


def lay_out(book: Book) -> History:
    """The book's history as arrays.

    Assets other than the index are taken at the index's sessions, each price carried forward from its
    own last session. One that begins later than the index is left out, with a note: rules that need
    both would otherwise see a price that did not exist.

    Raises:
        DataError: when the book is too short for the rules to have a state.
    """
    index = book.prices("index")
    if len(index) < MINIMUM_SESSIONS:
        raise DataError(
            f"{book.label} has {len(index)} sessions of the index through {index.index[-1]:%Y-%m-%d}",
            where="desk",
            expected=f"at least {MINIMUM_SESSIONS} sessions: the rules look back that far",
            remedy="load a longer history, or ask for a later date",
        )
    columns = {asset: book.prices(asset).reindex(index.index, method="ffill") for asset in book.assets}
    late = [asset for asset, column in columns.items() if np.isnan(column.iloc[0])]
    assets = tuple(asset for asset in columns if asset not in late)
    closes = np.stack([columns[asset].to_numpy(dtype=np.float64) for asset in assets], axis=1)
    returns = np.zeros_like(closes)
    returns[1:] = np.diff(np.log(closes), axis=0)
    padded = _PAD * math.ceil(len(index) / _PAD)
    return History(
        assets=assets,
        dates=pd.DatetimeIndex(index.index),
        closes=_pad(closes, padded),
        returns=_pad(returns, padded),
        market_value=_pad(book.market_value()["value"].to_numpy(np.float64), padded),
        daily_volume=_pad(book.daily_volume()["value"].to_numpy(np.float64), padded),
        implied_volatility=_pad(implied_volatility(book), padded),
        days=day_arrays(pd.DatetimeIndex(index.index), padded),
        notes=tuple(
            f"{asset} is left out: its prices begin after {index.index[0]:%Y-%m-%d}, those of the index; "
            "trim the file to a common start to use it."
            for asset in late
        ),
    )
