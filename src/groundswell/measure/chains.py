"""From quotes to a chain that can be priced again: the time left, the forward and the volatility of every
contract, all from its quotes.

Venues round: an implied volatility of 0 stands for "not computed", and the open interest behind it would
drop out of every sum. So each expiry gets its forward from put-call parity and each strike its volatility
from the middle of its out-of-the-money leg; call and put of a strike share it, as parity wants. Only an
expiry without a quote, as after hours, takes the venue's. Options on single stocks and ETFs may be
exercised early; their out-of-the-money legs hardly ever are, and they are read as European.

References:
    Cboe, Volatility Index Methodology, for the forward from the strike where call and put are closest
    and for minutes to settlement.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError
from groundswell.measure import figures, gamma_chain, implied_volatility, options, vix
from groundswell.measure.vix_chain import (
    MORNING_ROOTS,
    contracts,
    minutes_to_settlement,
    moment,
    strikes_side_by_side,
)

if TYPE_CHECKING:
    from groundswell.data.sources.source import Snapshot

Floats: TypeAlias = npt.NDArray[np.float64]

COLUMNS = (
    "strike",
    "vol",
    "kind",
    "open_interest",
    "years",
    "root",
    "expiry",
    "rate",
    "dividend_yield",
    "vol_from",
)

PARITY_STRIKES = 5
"""Strikes nearest to the money whose median gives the forward: one bad quote cannot move it."""

LONG_ENOUGH = 90 / options.DAYS_PER_YEAR
"""Years from which a forward tells a dividend yield; nearer by, a point between the clocks of index and
options would be read as a yield of many percent (30 days off: 5 points of 4,500 are 1.4% a year)."""

FAR_FORWARD = 0.5
"""A forward further from the underlying than this share of it belongs to other quotes."""

KINDS = {"call": "C", "put": "P"}


@dataclass(frozen=True, eq=False)
class OptionChain:
    """The living contracts of a snapshot, ready for `gamma.profile`.

    Attributes:
        frame: one row per contract: `strike`, `vol` (annual, decimal), `kind` ("C" or "P"),
            `open_interest` (contracts), `years` to settlement, `root`, `expiry`, `rate` and
            `dividend_yield` (annual; the latter implied by the forward), to be passed on to
            `gamma.profile`, and `vol_from`: the strike's own "quote", its "neighbours", or the "venue".
        expiries: one row per root and day: `years`, `rate`, `forward` (missing where there are no
            quotes), `contracts`, `open_interest`, `known` (strikes with a volatility of their own),
            `crossed` (legs whose bid was above the ask; they count as not quoted) and `reason` why the
            day was left out, empty where it was not.
        spot: price of the underlying.
        taken: moment of the quotes, UTC.
    """

    frame: pd.DataFrame
    expiries: pd.DataFrame
    spot: float
    taken: datetime


def option_chain(
    snapshot: Snapshot, *, rate: float | Callable[[float], float], spot: float | None = None
) -> OptionChain:
    """Return the chain of a snapshot with times, forwards and volatilities computed from its quotes.

    forward = median over the strikes nearest the money of K + exp(rT) (C - P), mid quotes; volatility by
    Black's formula from the out-of-the-money mid, or from the other leg where that one has no quote.
    A leg without a bid or an ask is not quoted. A strike without any takes the volatility between its
    neighbours, linear in ln K and flat beyond the last. An expiry in which no strike has both legs quoted
    takes the venue's volatilities in the same way. Nothing is filled across expiries: a day without any
    volatility is left out and told in `expiries`, as are days that have settled.

    Settlement is at 9:30 in New York for the roots of `MORNING_ROOTS`, for others at 16:00; where
    `expiry` has a time of its own, that is it (UTC).

    Args:
        snapshot: as the sources and `Book.snapshot` return it; futures in it are passed over, contracts
            without a strike or an open interest left out.
        rate: riskless, annual, continuous, decimal: one for all expiries, or a function of the minutes
            to settlement.
        spot: price of the underlying; that of the quotes by default.

    Raises:
        DataError: columns missing or no figures, a negative or infinite quote or open interest, a contract
            that stands twice, quotes that do not belong to the underlying (as those in coins), a rate that
            is none, or no expiry left.
    """
    quotes = _checked(snapshot)
    level = _spot(quotes, snapshot.series) if spot is None else figures.number("spot", spot, snapshot.series)
    options.check("spot", np.asarray(level), snapshot.series)
    frames, rows, names = [], [], []
    for (root, expiry), held in quotes.groupby(["root", "expiry"], sort=True):
        day = pd.Timestamp(str(expiry))
        minutes = _minutes(snapshot.taken, day, str(root))
        known = figures.number("rate", rate(minutes) if callable(rate) else rate, snapshot.series)
        options.check("rate", np.asarray(known), snapshot.series)
        found = _Expiry(held, minutes, known, level, f"{snapshot.series}, {root} of {day:%Y-%m-%d}")
        names.append((root, day))
        rows.append(found.row())
        if not found.reason:
            frames.append(found.frame().assign(root=str(root), expiry=day))
    index = pd.MultiIndex.from_tuples(names, names=["root", "expiry"])
    expiries = pd.DataFrame(rows, index=index).sort_values("years", kind="stable")
    if not frames:
        reasons = "; ".join(sorted(set(expiries["reason"])))
        raise DataError(
            f"none of the {len(expiries)} expiries can be used: {reasons}",
            where=snapshot.series,
            expected="an expiry that has not settled, with quotes for call and put",
            remedy="take quotes from trading hours",
        )
    frame = pd.concat(frames, ignore_index=True)
    frame["dividend_yield"] = _dividend_yields(expiries, level, frame)
    gamma_chain.checked(frame)  # refuses what only percentages of the venue can have brought in
    return OptionChain(frame[list(COLUMNS)], expiries, level, snapshot.taken)


class _Expiry:
    """The contracts of one root and day."""

    def __init__(self, contracts: pd.DataFrame, minutes: float, rate: float, spot: float, where: str) -> None:
        self.contracts = contracts
        self.years = minutes / vix.MINUTES_PER_YEAR
        self.rate = rate
        self.forward = np.nan
        self.reason = ""
        self.crossed = 0
        self.source = "quote"
        self.strikes, self.vols = np.zeros(0), np.zeros(0)
        self.own = np.zeros(0, dtype=bool)
        if minutes <= 0:
            self.reason = "it has settled"
            return
        table = strikes_side_by_side(contracts)
        self.strikes = table["strike"].to_numpy()
        calls, puts = self._mids(table, "call", where), self._mids(table, "put", where)
        if np.any(np.isfinite(calls) & np.isfinite(puts)):
            vols = self._from_quotes(calls, puts, spot, where)
        else:
            vols = self._from_venue(spot)
        self.own = np.isfinite(vols)
        if not self.own.any():
            self.reason = "neither its quotes nor the venue tell a volatility"
            return
        places = np.log(self.strikes)
        self.vols = np.where(self.own, vols, np.interp(places, places[self.own], vols[self.own]))

    def _from_quotes(self, calls: Floats, puts: Floats, spot: float, where: str) -> Floats:
        """Return the volatility of each strike, and keep the forward."""
        growth = float(np.exp(self.rate * self.years))
        both = np.flatnonzero(np.isfinite(calls) & np.isfinite(puts))
        near = both[np.argsort(np.abs(calls[both] - puts[both]), kind="stable")[:PARITY_STRIKES]]
        self.forward = float(np.median(self.strikes[near] + growth * (calls[near] - puts[near])))
        if not abs(self.forward / spot - 1) < FAR_FORWARD:
            raise DataError(
                f"the quotes put the forward at {self.forward:g} and the underlying at {spot:g}",
                where=where,
                expected="quotes in the currency of the underlying, taken at one moment",
                remedy="multiply quotes in coins by the price of the coin first",
            )

        def solved(prices: Floats, is_call: npt.NDArray[np.bool_], at: npt.NDArray[np.bool_]) -> Floats:
            return implied_volatility.from_price(
                prices[at],
                self.forward,
                self.strikes[at],
                self.years,
                discount=1 / growth,
                is_call=is_call[at],
            )

        is_call = self.strikes >= self.forward
        vols = solved(np.where(is_call, calls, puts), is_call, np.ones(is_call.shape, dtype=bool))
        rest = np.isnan(vols)
        vols[rest] = solved(np.where(is_call, puts, calls), ~is_call, rest)
        return vols

    def _from_venue(self, spot: float) -> Floats:
        """Return the venue's volatility of each strike, from the out-of-the-money leg where it has one."""
        self.source = "venue"
        is_call = self.strikes >= spot * np.exp(self.rate * self.years)
        legs = {}
        for kind in KINDS:
            leg = self.contracts[self.contracts["kind"] == kind].set_index("strike")["implied_volatility"]
            legs[kind] = leg.where(leg > 0).reindex(self.strikes).to_numpy(dtype=np.float64)
        out = np.where(is_call, legs["call"], legs["put"])
        return np.where(np.isfinite(out), out, np.where(is_call, legs["put"], legs["call"]))

    def _mids(self, table: pd.DataFrame, leg: str, where: str) -> Floats:
        bids, asks = (table[f"{leg}_{side}"].to_numpy() for side in ("bid", "ask"))
        for name, prices in (("bid", bids), ("ask", asks)):
            wrong = (prices < 0) | np.isinf(prices)
            if wrong.any():
                at = int(np.argmax(wrong))
                raise DataError(
                    f"the {name} of the {leg} is {prices[at]:g}",
                    where=f"{where}, strike {table['strike'].iloc[at]:g}",
                    expected="a price, zero or missing where there is none",
                    remedy="correct the quote or leave the contract out",
                )
        quoted = (bids > 0) & (asks > 0)
        self.crossed += int(np.count_nonzero(quoted & (bids > asks)))
        return np.where(quoted & (bids <= asks), (bids + asks) / 2, np.nan)

    def row(self) -> dict[Hashable, object]:
        return {
            "years": self.years,
            "rate": self.rate,
            "forward": self.forward,
            "contracts": len(self.contracts),
            "open_interest": float(self.contracts["open_interest"].sum()),
            "known": int(np.count_nonzero(self.own)),
            "crossed": self.crossed,
            "reason": self.reason,
        }

    def frame(self) -> pd.DataFrame:
        strikes = self.contracts["strike"].to_numpy(dtype=np.float64)
        at = np.searchsorted(self.strikes, strikes)
        return pd.DataFrame(
            {
                "strike": strikes,
                "vol": self.vols[at],
                "kind": self.contracts["kind"].map(KINDS).to_numpy(),
                "open_interest": self.contracts["open_interest"].to_numpy(dtype=np.float64),
                "years": self.years,
                "rate": self.rate,
                "vol_from": np.where(self.own[at], self.source, "neighbours"),
            }
        ).sort_values(["strike", "kind"], ignore_index=True)


def _checked(snapshot: Snapshot) -> pd.DataFrame:
    """Return the options with an open interest."""
    if not hasattr(snapshot, "quotes"):
        raise DataError(
            f"a {type(snapshot).__name__} was given",
            where="chain",
            expected="a snapshot: quotes with the moment they were taken",
            remedy="take `Book.snapshot(...)`, or make one: Snapshot(name, taken, quotes)",
        )
    where = snapshot.series
    moment(snapshot.taken, where)
    held = contracts(snapshot.quotes, where, ("open_interest", "implied_volatility", "underlying"))
    held = held[held["open_interest"].notna()]
    if held.empty:
        raise DataError(
            f"none of the {len(snapshot.quotes)} rows is an option with strike and open interest",
            where=where,
            expected="rows of kind 'call' and 'put'",
        )
    wrong = ~held["open_interest"].between(0, np.inf, inclusive="left")
    if wrong.any():
        raise DataError(
            f"the open interest is {held.loc[wrong, 'open_interest'].iloc[0]:g}",
            where=f"{where}, strike {held.loc[wrong, 'strike'].iloc[0]:g}",
            expected="a number of contracts, zero or more",
        )
    return held


def _spot(quotes: pd.DataFrame, where: str) -> float:
    level = float(quotes["underlying"].median())
    if np.isnan(level):
        raise DataError(
            "the quotes do not tell the price of the underlying",
            where=where,
            expected="a column 'underlying'",
            remedy="pass it: option_chain(snapshot, rate=..., spot=...)",
        )
    return level


def _minutes(taken: datetime, expiry: pd.Timestamp, root: str) -> float:
    """Return the minutes to settlement; below zero when past."""
    if expiry != expiry.normalize():
        return (expiry.to_pydatetime().replace(tzinfo=UTC) - taken).total_seconds() / 60
    return minutes_to_settlement(taken, expiry.date(), morning=root in MORNING_ROOTS)


def _dividend_yields(expiries: pd.DataFrame, spot: float, frame: pd.DataFrame) -> Floats:
    """Return q = r - ln(F/S) / T for each contract; below `LONG_ENOUGH` that of the first expiry beyond.

    Where none lies beyond it is zero.
    """
    used = expiries[expiries["forward"].notna() & (expiries["years"] >= LONG_ENOUGH)]
    if used.empty:
        return np.zeros(len(frame))
    years = used["years"].to_numpy(dtype=np.float64)
    rates = used["rate"].to_numpy(dtype=np.float64)
    implied = rates - np.log(used["forward"].to_numpy(dtype=np.float64) / spot) / years
    at = np.searchsorted(years, frame["years"].to_numpy(), side="left")
    return implied[np.minimum(at, len(years) - 1)]
