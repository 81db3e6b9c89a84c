"""The option chain of an evening as the gamma section uses it: the last quotes that were known, at today's
spot, less what has settled since, with a rate and a word on where each of these is from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from groundswell.data import staleness
from groundswell.data.book import NEW_YORK, Book
from groundswell.data.catalog import catalog
from groundswell.data.errors import DataError
from groundswell.data.sources.source import Snapshot
from groundswell.measure import options
from groundswell.measure.chains import option_chain
from groundswell.measure.vix_chain import minutes_to_settlement, strikes_side_by_side
from groundswell.sheets.gamma_words import CHAIN
from groundswell.sheets.moment import Moment

RATES = {
    "yield_3m": "3-month Treasury yield",
    "bill_3m": "3-month Treasury bill",
    "effr": "effective federal funds rate",
}
"""Series of the book that give the riskless rate, the first one known that is no older than a month."""

DEFAULT_RATE = 0.02
"""Used where neither the book nor the quotes give a rate; a point more moves no gamma of a month by 1%."""

OLDEST_DAYS = 31
"""Calendar days after which a chain is of no use: most of its gamma has expired by then."""

_INSTANT = pd.Timedelta(minutes=1)
"""An evening ends at midnight, which is no part of it."""

_PARITY_DAYS = (30.0, 400.0)
_PARITY_REACH, _PARITY_STRIKES = 0.1, 8


@dataclass(frozen=True, eq=False)
class Held:
    """The open contracts at the moment of the sheet.

    Attributes:
        frame: contracts that have not settled, as `measure.chains.option_chain` returns them, `years` from
            `moment` on.
        spot: level of the index at `moment`.
        moment: of the quotes, or the last close where that is later (a time with a zone).
        taken: when the quotes stood, in New York, without zone.
        age_days: calendar days from then to the evening asked for, or to today.
        stale: whether quotes of a later session were due.
        rate: riskless, annual, decimal.
        rate_from: where the rate is from, in words.
        settled: contracts that have settled since the quotes were taken.
    """

    frame: pd.DataFrame
    spot: float
    moment: pd.Timestamp
    taken: pd.Timestamp
    age_days: int
    stale: bool
    rate: float
    rate_from: str
    settled: int


def held(book: Book, at: Moment) -> Held:
    """The last chain of the book at the moment of the sheet; each option keeps its own volatility.

    Raises:
        DataError: the book has no chain, one that is too old, or one that cannot be read.
    """
    snapshot = book.snapshot(CHAIN)
    taken = pd.Timestamp(snapshot.taken)
    local = taken.tz_convert(NEW_YORK).tz_localize(None)
    age = staleness.age(local, at.end - _INSTANT)
    if age > OLDEST_DAYS:
        raise DataError(
            f"the last quotes '{CHAIN}' are of {local:%Y-%m-%d}, {age} days old",
            where=f"{book.label}, as of {book.as_of:%Y-%m-%d}",
            expected=f"quotes of the last {OLDEST_DAYS} days",
            remedy=f"`groundswell update --series {CHAIN}` takes today's",
        )
    rate, rate_from = riskless(book, snapshot)
    chain = option_chain(snapshot, rate=rate)
    index = book.series["index"].frame
    closed = pd.Timestamp(index["released"].iloc[-1])
    later = local.normalize() < book.through
    moment = closed if later else taken
    elapsed = (moment - taken) / pd.Timedelta(days=options.DAYS_PER_YEAR)
    years = chain.frame["years"] - elapsed
    living = (years > 0).to_numpy()
    if not (living & (chain.frame["open_interest"] > 0).to_numpy()).any():
        raise DataError("none of the options that have not settled is open", where=CHAIN)
    return Held(
        frame=chain.frame.assign(years=years)[living].reset_index(drop=True),
        spot=float(book.prices("index").iloc[-1]) if later else chain.spot,
        moment=moment,
        taken=local,
        age_days=staleness.age(local, at.now - _INSTANT),
        stale=later or staleness.is_stale(catalog()[CHAIN], local.normalize(), at.now),
        rate=rate,
        rate_from=rate_from,
        settled=int(np.count_nonzero(~living)),
    )


def held_or_refused(book: Book, at: Moment) -> Held | DataError:
    """The last chain of the book, or why there is none: see `held`."""
    try:
        return held(book, at)
    except DataError as refusal:
        return refusal


def riskless(book: Book, snapshot: Snapshot) -> tuple[float, str]:
    """The riskless rate for the quotes, annual, continuous, decimal, and where it is from.

    One of `RATES`, else what put-call parity says of the quotes, else `DEFAULT_RATE`.
    """
    for name, title in RATES.items():
        if name not in book.series:
            continue
        known = book.values(name)
        if len(known) and staleness.age(known.index[-1], pd.Timestamp(snapshot.taken)) <= OLDEST_DAYS:
            rate = float(np.log1p(known.iloc[-1] / 100))
            return rate, f"{title}, {known.index[-1]:%Y-%m-%d}"
    implied = _by_parity(snapshot)
    if implied is None:
        return DEFAULT_RATE, "assumed: neither the book nor put-call parity gives one"
    return implied, "put-call parity of the quotes; the book has no short rate"


def _by_parity(snapshot: Snapshot) -> float | None:
    """The rate at which call less put falls with the strike by exp(-rT): median over expiries."""
    quotes = snapshot.quotes[snapshot.quotes["kind"].isin(["call", "put"])]
    spot = float(quotes["underlying"].median())
    near = quotes[np.abs(quotes["strike"] / spot - 1) < _PARITY_REACH]
    found = []
    for (_, expiry), contracts in near.groupby(["root", "expiry"], sort=True):
        days = minutes_to_settlement(snapshot.taken, pd.Timestamp(str(expiry)).date(), morning=False) / 1440
        if not _PARITY_DAYS[0] <= days <= _PARITY_DAYS[1]:
            continue
        table = strikes_side_by_side(contracts)
        prices = table[["call_bid", "call_ask", "put_bid", "put_ask"]].to_numpy(dtype=np.float64)
        quoted = (prices > 0).all(axis=1)
        if quoted.sum() < _PARITY_STRIKES:
            continue
        call_less_put = (prices[quoted] @ np.array([1.0, 1.0, -1.0, -1.0])) / 2
        discount = -np.polyfit(table["strike"].to_numpy(dtype=np.float64)[quoted], call_less_put, 1)[0]
        if discount > 0:
            found.append(-np.log(discount) * options.DAYS_PER_YEAR / days)
    middle = float(np.median(found)) if found else np.nan
    return middle if np.isfinite(middle) and abs(middle) < 0.25 else None
