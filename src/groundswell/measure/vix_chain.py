"""Volatility indices of a whole chain of quotes at one moment: which expiries serve a horizon, how many
minutes they have left, and the level at 9, 30, 93 and 184 days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from groundswell.data.errors import DataError
from groundswell.measure import figures, options, vix
from groundswell.measure.meeting_days import day_of

NEW_YORK = ZoneInfo("America/New_York")
MORNING, CLOSE = time(9, 30), time(16, 0)
MORNING_ROOTS = frozenset({"SPX", "NDX", "RUT", "DJX", "VIX", "VIXW"})
"""Roots whose options settle on the opening prices of their last day; all others at the close."""

KINDS = ("call", "put", "future")
"""What a snapshot may hold; futures are passed over."""

FRIDAY = 4

REACH = 0.25
"""How far outside its two expiries a horizon may lie, as a share of the horizon: the method before 2014
rolled a week before expiry, and so reached a week below or above its 30 days."""


@dataclass(frozen=True)
class ChainTerm:
    """One expiry of a chain: its term, or the reason why it has none.

    Attributes:
        expiry: last day.
        root: of its symbols ("SPX", "SPXW").
        minutes: to settlement.
        term: as the index sees it; `None` where it cannot be computed.
        reason: why not, a sentence; empty where there is a term.
    """

    expiry: date
    root: str
    minutes: float
    term: vix.VixTerm | None
    reason: str = ""


def minutes_to_settlement(taken: datetime, expiry: date, *, morning: bool) -> float:
    """Return the minutes of the wall clock in New York from `taken` to settlement; below zero when past.

    Minutes left today, those until settlement on the last day, and 1,440 for every day between; a
    change of the clocks in between adds or takes nothing.

    Args:
        taken: moment of the quotes, with its zone.
        expiry: last day.
        morning: settles at 9:30, otherwise at 16:00.

    Raises:
        DataError: `taken` is no time or has no zone, or the expiry is no day.

    References:
        Cboe, Volatility Index Methodology, "time to expiration".
    """
    wall = moment(taken).astimezone(NEW_YORK).replace(tzinfo=None)
    settles = datetime.combine(day_of(expiry, "quotes"), MORNING if morning else CLOSE)
    return (settles - wall).total_seconds() / 60


def moment(taken: object, where: str = "quotes") -> datetime:
    """Return the moment of quotes.

    Raises:
        DataError: it is no time, or has no zone.
    """
    if not isinstance(taken, datetime) or taken.tzinfo is None:
        raise DataError(
            f"the moment {taken} has no zone" if isinstance(taken, datetime) else f"the moment is {taken!r}",
            where=where,
            expected="a time with its zone, such as UTC",
        )
    return taken


def contracts(chain: pd.DataFrame, where: str, more: Sequence[str] = ()) -> pd.DataFrame:
    """Return the options of a chain: their figures as floats, their expiries as Timestamps.

    Rows without a strike, and futures, are passed over; a missing root is an empty one.

    Args:
        chain: one row per contract; columns `root`, `expiry`, `kind`, `strike`, `bid`, `ask`.
        where: for errors.
        more: further columns of figures.

    Raises:
        DataError: no DataFrame; a column is missing or twice; a figure is no number, a strike infinite or
            not above zero, an expiry no day, or a kind not of `KINDS`.
    """
    numeric = ("strike", "bid", "ask", *more)
    frame = figures.checked_table(chain, ("root", "expiry", "kind", *numeric), where)
    kinds = frame["kind"].astype(object)
    strange = ~kinds.isin(KINDS)
    if strange.any():
        raise DataError(
            f"the kind of a contract is '{kinds[strange].iloc[0]}'", where=where, expected=" or ".join(KINDS)
        )
    read = figures.columns(frame, numeric, where)
    strikes = read["strike"]
    chosen = (kinds != "future").to_numpy() & ~np.isnan(strikes)
    wrong = chosen & ~((strikes > 0) & np.isfinite(strikes))
    if wrong.any():
        raise DataError(f"the strike is {strikes[wrong][0]:g}", where=where, expected="a number above zero")
    try:
        expiries = pd.to_datetime(frame["expiry"], utc=False)
    except (TypeError, ValueError) as problem:
        raise DataError(
            f"an expiry is no day ({problem})", where=where, expected="days or times"
        ) from problem
    if expiries.isna().to_numpy()[chosen].any():
        raise DataError("a contract has no expiry", where=where, expected="the day on which it settles")
    made = pd.DataFrame(read, index=frame.index).assign(kind=kinds, expiry=expiries)
    made["root"] = frame["root"].astype(object).where(frame["root"].notna(), "").astype(str)
    return made[chosen]


def strikes_side_by_side(contracts: pd.DataFrame) -> pd.DataFrame:
    """Return one row per strike with the quotes of call and put, as `vix.term` wants them.

    A strike of which only one leg is listed has missing quotes for the other.

    Args:
        contracts: of one root and expiry; columns `strike`, `kind` ("call" or "put"), `bid`, `ask`.

    Raises:
        DataError: a contract stands twice, or a column is missing or holds what is no number.
    """
    frame = figures.checked_table(contracts, ("strike", "kind", "bid", "ask"), "chain")
    read = figures.columns(frame, ("strike", "bid", "ask"), "chain")
    every, prices = read["strike"], np.column_stack([read["bid"], read["ask"]])
    kinds = frame["kind"].to_numpy(dtype=object)
    strikes, places = np.unique(every, return_inverse=True)
    columns = [strikes]
    for kind in ("call", "put"):
        chosen = kinds == kind
        count = np.bincount(places[chosen], minlength=len(strikes))
        if (count > 1).any():
            raise DataError(
                f"the {kind} at {strikes[np.argmax(count)]:g} stands twice",
                where="chain",
                expected="one contract per strike and kind",
                remedy="pass one root and one expiry at a time",
            )
        leg = np.full((len(strikes), 2), np.nan)
        leg[places[chosen]] = prices[chosen]
        columns += [leg[:, 0], leg[:, 1]]
    return pd.DataFrame(dict(zip(vix.QUOTES, columns, strict=True)))


def terms(chain: pd.DataFrame, taken: datetime, *, rate: float | Callable[[float], float]) -> list[ChainTerm]:
    """Return every living expiry of the chain, the earliest settlement first.

    Args:
        chain: one row per contract; columns `root`, `expiry`, `kind`, `strike`, `bid`, `ask` (those of
            the stored snapshots).
        taken: moment of the quotes, with its zone.
        rate: riskless, annual, continuously compounded, decimal: one for all expiries, or a function of
            the minutes to settlement, as the method takes it from the Treasury curve (worth 0.2 points
            of a 6-month index when rates are 2%).

    Raises:
        DataError: `taken` has no zone, or as `contracts`. An expiry whose quotes are not good enough is
            listed with the reason instead.
    """
    found = []
    moment(taken)
    if not callable(rate):
        options.check("rate", figures.numbers("rate", rate, "chain"), "chain")
    for (root, expiry), contracts_of_day in contracts(chain, "chain").groupby(["root", "expiry"]):
        day = pd.Timestamp(str(expiry)).date()
        minutes = minutes_to_settlement(taken, day, morning=root in MORNING_ROOTS)
        if minutes <= 0:
            continue
        try:
            known = rate(minutes) if callable(rate) else rate
            term = vix.term(strikes_side_by_side(contracts_of_day), minutes=minutes, rate=known)
        except DataError as refusal:
            found.append(ChainTerm(day, str(root), minutes, None, str(refusal)))
        else:
            found.append(ChainTerm(day, str(root), minutes, term))
    return sorted(found, key=lambda one: one.minutes)


def bracket(
    candidates: Sequence[ChainTerm], horizon_minutes: float, *, fridays: bool = True
) -> tuple[ChainTerm, ChainTerm]:
    """Return the two expiries that serve a horizon: the last at or before it and the first after it.

    Where all lie on one side, the two nearest to the horizon (the index is then extrapolated).

    Args:
        candidates: those with a term count; in any order.
        horizon_minutes: above zero.
        fridays: only expiries on a Friday, of which the monthly one by its morning settlement, as the
            VIX takes them (all days together miss its close of 10 June 2022 by half a point); where
            fewer than two are Fridays, all days count.

    Raises:
        DataError: fewer than two expiries have a term, or the horizon is no number above zero.
    """
    horizon = figures.number("horizon_minutes", horizon_minutes, "chain")
    if not (np.isfinite(horizon) and horizon > 0):
        raise DataError(f"the horizon is {horizon:g} minutes", where="chain", expected="a number above zero")
    usable = sorted((one for one in candidates if one.term is not None), key=lambda one: one.minutes)
    if fridays:
        ends = [one for one in usable if one.expiry.weekday() == FRIDAY]
        first = {one.expiry: one for one in reversed(ends)}  # the earlier settlement of a day stays
        if len(first) > 1:
            usable = sorted(first.values(), key=lambda one: one.minutes)
    if len(usable) < 2:
        reasons = "; ".join(f"{one.expiry} ({one.root}): {one.reason}" for one in candidates if one.reason)
        raise DataError(
            f"{len(usable)} of {len(candidates)} expiries can be used" + (f". {reasons}" * bool(reasons)),
            where="chain",
            expected="two expiries with quotes",
        )
    after = int(np.searchsorted([one.minutes for one in usable], horizon, side="right"))
    after = min(max(after, 1), len(usable) - 1)
    return usable[after - 1], usable[after]


def curve(
    chain: pd.DataFrame,
    taken: datetime,
    *,
    rate: float | Callable[[float], float],
    horizons: Mapping[str, float] = vix.HORIZONS,
    fridays: bool = True,
) -> pd.DataFrame:
    """Return the volatility curve of a chain at one moment, one row per horizon.

    Columns:
        level: index points; missing where the reason says why.
        near, next: the two expiries used.
        extrapolated: the horizon lies outside them (bool).
        reason: why there is no level, a sentence; empty where there is one.

    `attrs["refused"]` tells, by root and day ("SPX 2022-03-18"), why an expiry has no term.

    Args:
        chain: as `terms`.
        taken: moment of the quotes, with its zone.
        rate: as `terms`.
        horizons: minutes by name.
        fridays: as `bracket`.

    Raises:
        DataError: as `terms` and `bracket`.
    """
    candidates = terms(chain, taken, rate=rate)
    rows = []
    spans = figures.mapping(horizons, "horizons", "minutes by name, such as {'30D': 43200}")
    for name, span in spans.items():
        minutes = figures.number(str(name), span, "horizons")
        near, after = bracket(candidates, minutes, fridays=fridays)
        outside = max(near.minutes - minutes, minutes - after.minutes, 0.0)
        level, reason = np.nan, ""
        if outside > REACH * minutes:
            reason = (
                f"the nearest expiries, {near.expiry} and {after.expiry}, lie "
                f"{outside / vix.MINUTES_PER_DAY:.0f} days off, more than {REACH:.0%} of the horizon"
            )
        elif near.term is not None and after.term is not None:
            try:
                level = vix.index(near.term, after.term, horizon_minutes=minutes)
            except DataError as refusal:
                reason = str(refusal)
        rows.append((level, near.expiry, after.expiry, outside > 0, reason))
    names = pd.Index(list(spans), name="horizon")
    table = pd.DataFrame(rows, index=names, columns=["level", "near", "next", "extrapolated", "reason"])
    table.attrs["refused"] = {f"{one.root} {one.expiry}": one.reason for one in candidates if one.reason}
    return table
