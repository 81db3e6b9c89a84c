"""VIX futures at a constant maturity of one month: the weights of the two front contracts, the daily
return of holding them, and what products that reset to a multiple of that return must trade.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data import calendar
from groundswell.data.errors import DataError
from groundswell.measure import figures

DOLLARS_PER_POINT = 1_000
"""Size of one VIX future, USD per index point."""

MOST_POINTS = 10_000.0
"""A price beyond is none of a volatility."""

Floats: TypeAlias = npt.NDArray[np.float64]

_LONGEST_ROLL = pd.Timedelta(days=45)
_WHERE = "VIX futures"


def short_term_index_return(
    front_before: npt.ArrayLike,
    second_before: npt.ArrayLike,
    front_after: npt.ArrayLike,
    second_after: npt.ArrayLike,
    front_weight: npt.ArrayLike,
) -> Floats:
    """Return the day's simple return of the two front futures held in the weights of the day before.

    r = (w F1' + (1 - w) F2') / (w F1 + (1 - w) F2) - 1, the weights counting contracts, not money. On
    5 February 2018, with 7 of 20 sessions left, it was +96.1%.

    Args:
        front_before: settlement of the front contract at the close before, index points; scalar or array.
        second_before: the same of the second contract.
        front_after: settlement today of the contract that was front; not looked at where its weight is 0
            (it has expired this morning).
        second_after: settlement today of the contract that was second; not looked at where the front
            has all the weight.
        front_weight: w at the close before, 0 to 1 (`front_weights`).

    Returns:
        Decimal, broadcast over the arguments.

    Raises:
        DataError: a price that is needed is missing or not above zero, the weight lies outside 0 to 1, or
            the shapes do not broadcast.

    References:
        S&P Dow Jones Indices, S&P VIX Futures Indices Methodology, contract daily return.
    """
    given = {"front_before": front_before, "second_before": second_before}
    given |= {"front_after": front_after, "second_after": second_after, "front_weight": front_weight}
    arrays = {name: figures.numbers(name, values, _WHERE) for name, values in given.items()}
    front_was, second_was, front_is, second_is, weight = figures.together(_WHERE, **arrays)
    if not ((weight >= 0) & (weight <= 1)).all():
        raise DataError(
            f"the weight of the front contract is {_first(weight, (weight >= 0) & (weight <= 1)):g}",
            where=_WHERE,
            expected="a share between 0 and 1",
            remedy="sessions left until settlement divided by the sessions of the roll period",
        )
    legs = []
    for name, before, after, share in (
        ("front", front_was, front_is, weight),
        ("second", second_was, second_is, 1 - weight),
    ):
        pair = []
        for moment, price in (("before", before), ("after", after)):
            good = ((price > 0) & (price < MOST_POINTS)) | (share == 0)
            if not good.all():
                raise DataError(
                    f"the price of the {name} contract {moment} is {_first(price, good):g}",
                    where=_WHERE,
                    expected=f"a settlement above zero and below {MOST_POINTS:g}",
                    remedy="take the settlement, not the close, which is 0 on a day without trades",
                )
            pair.append(share * np.where(share == 0, 0.0, price))
        legs.append(pair)
    (front_cost, front_worth), (second_cost, second_worth) = legs
    return figures.result((front_worth + second_worth) / (front_cost + second_cost) - 1, _WHERE)[()]


def front_weights(sessions: pd.DatetimeIndex) -> pd.DataFrame:
    """Return, for the close of each session, which two contracts are held and in which weights.

    A roll period runs from one settlement day to the session before the next. At a close, the front
    contract (the next to settle) has the weight dr/dt: dr the sessions of the period still to come,
    dt all of its sessions. On its last evening the weight is 0, and everything is in the second.

    Columns:
        front, second: settlement days of the two contracts.
        front_weight: w, 0 to 1; it earns the return of the *next* session.

    Args:
        sessions: of the New York Stock Exchange, past or future, rising.

    Raises:
        DataError: a day is no session, or has a time or a zone; or the days do not rise.

    References:
        S&P Dow Jones Indices, S&P VIX Futures Indices Methodology, contract rebalancing.
    """
    sessions = _days("session", sessions)
    if not len(sessions):
        raise DataError("there are no sessions", where=_WHERE, expected="one at least")
    _check_sessions(sessions)
    reach = calendar.sessions(sessions[0] - _LONGEST_ROLL, sessions[-1] + 2 * _LONGEST_ROLL)
    settles = np.flatnonzero(calendar.calendar_table(reach)["vix_settlement"].to_numpy())
    places = reach.get_indexer(sessions)
    coming = np.searchsorted(settles, places, side="right")
    remaining = settles[coming] - places - 1
    whole = settles[coming] - settles[coming - 1]
    return pd.DataFrame(
        {
            "front": reach[settles[coming]],
            "second": reach[settles[coming + 1]],
            "front_weight": remaining / whole,
        },
        index=sessions,
    )


def rolling_returns(settlements: pd.DataFrame) -> pd.DataFrame:
    """Return the constant-maturity position and its daily return, one row per session.

    Columns:
        level: weighted price of what is held at this close, index points (the constant-maturity
            future): w F1 + (1 - w) F2.
        return: simple return since the session before of what was held then, decimal; missing on the
            first row.
        front, second, front_weight: as `front_weights`.

    A row depends on prices up to its own session only.

    Args:
        settlements: index: sessions; one column per contract, named by its settlement day; index
            points. A price is missing where the contract is not listed.

    Raises:
        DataError: a contract that is held has no column, two, or no price above zero on a session; the index
            has other days than sessions, or leaves one out; a cell is no number.

    References:
        S&P Dow Jones Indices, S&P VIX Futures Indices Methodology.
    """
    table = figures.checked_table(settlements, [], _WHERE)
    sessions, columns = _days("session", table.index), _days("contract", table.columns)
    if not columns.is_unique:
        raise DataError(
            f"the contract that settles on {columns[columns.duplicated()][0]:%Y-%m-%d} stands twice",
            where=_WHERE,
            expected="one column per contract",
        )
    held = front_weights(sessions)
    whole = calendar.sessions(sessions[0], sessions[-1])
    if len(whole) != len(sessions):
        gap = whole.difference(sessions)[0]
        raise DataError(
            f"{gap:%Y-%m-%d} is missing",
            where=_WHERE,
            expected="every session from the first to the last",
            remedy="a return over two days would have been earned with other weights: add the day",
        )
    read = [figures.numbers(f"{day:%Y-%m-%d}", table.iloc[:, at], _WHERE) for at, day in enumerate(columns)]
    prices = np.column_stack([np.empty((len(sessions), 0)), *read])
    weight = held["front_weight"].to_numpy()
    rows = np.arange(len(sessions))
    now, later = [], []
    for leg, share in (("front", weight), ("second", 1 - weight)):
        contracts = pd.DatetimeIndex(held[leg])
        place = columns.get_indexer(contracts)
        absent = (place < 0) & (share > 0)
        if absent.any():
            at = int(np.argmax(absent))
            raise DataError(
                f"the contract that settles on {contracts[at]:%Y-%m-%d} is missing",
                where=f"{_WHERE}, {sessions[at]:%Y-%m-%d}",
                expected="a column for each of the two front contracts",
                remedy="add its settlements, or begin after it",
            )
        now.append(_price(prices, rows, place, share, sessions, contracts))
        later.append(_price(prices, rows[1:], place[:-1], share[:-1], sessions, contracts))
    returns = short_term_index_return(now[0][:-1], now[1][:-1], later[0], later[1], weight[:-1])
    level = np.where(weight > 0, weight * now[0], 0) + np.where(weight < 1, (1 - weight) * now[1], 0)
    return pd.DataFrame({"level": level, "return": np.concatenate([[np.nan], returns])}, index=sessions).join(
        held
    )


def reset_trade(assets: npt.ArrayLike, multiple: npt.ArrayLike, underlying: npt.ArrayLike) -> Floats:
    """Return what a product that resets to a multiple of its underlying every day must trade, USD bn.

    A (x^2 - x) r, + bought: after the move it has exposure x A (1 + r) and needs x A (1 + x r). An
    inverse product buys after a rise: 2 A r. One that has lost everything (x r <= -1) closes what it
    holds, -x A (1 + r), and nothing beyond.

    Args:
        assets: A before the move, USD bn, not negative.
        multiple: x, for example -1, 2 or -2.
        underlying: r, simple return of the underlying, decimal, not below -1.

    Raises:
        DataError: assets are negative, a return below -1, or a figure missing or infinite.

    References:
        Cheng, M. & Madhavan, A. (2009), The Dynamics of Leveraged and Inverse Exchange-Traded Funds,
        Journal of Investment Management 7(4).
    """
    given = {"assets": assets, "multiple": multiple, "underlying": underlying}
    money, times, move = figures.together(
        _WHERE, **{name: figures.finite(name, values, _WHERE) for name, values in given.items()}
    )
    if not (money >= 0).all():
        raise DataError(
            f"the assets are {_first(money, money >= 0):g}", where=_WHERE, expected="USD bn, not negative"
        )
    if not (move >= -1).all():
        raise DataError(
            f"the return is {_first(move, move >= -1):g}", where=_WHERE, expected="a decimal, -0.05 for -5%"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        closed, reset = -times * money * (1 + move), money * (times**2 - times) * move
        wiped_out = 1 + times * move <= 0
    return figures.result(np.where(wiped_out, closed, reset), _WHERE)[()]


def contracts_of(amount: npt.ArrayLike, level: npt.ArrayLike) -> Floats:
    """Return how many VIX futures an amount is worth, with its sign.

    Args:
        amount: USD bn, + bought.
        level: price of the futures, index points, above zero.

    Raises:
        DataError: the price is not above zero, or a figure is missing or infinite.

    References:
        Cboe Futures Exchange, contract specifications (USD 1,000 times the index).
    """
    money, price = figures.together(
        _WHERE, amount=figures.finite("amount", amount, _WHERE), level=figures.finite("level", level, _WHERE)
    )
    if not (price > 0).all():
        raise DataError(f"the price is {_first(price, price > 0):g}", where=_WHERE, expected="above zero")
    with np.errstate(over="ignore"):
        return figures.result(money * 1e9 / (price * DOLLARS_PER_POINT), _WHERE)[()]


def _price(
    prices: Floats,
    rows: npt.NDArray[np.int64],
    place: npt.NDArray[np.int64],
    share: Floats,
    sessions: pd.DatetimeIndex,
    contracts: pd.DatetimeIndex,
) -> Floats:
    """Return the prices in these rows of the contracts held, missing where nothing is held."""
    if not len(rows):
        return np.empty(0)
    found = np.where(place >= 0, prices[rows, np.maximum(place, 0)], np.nan)
    wrong = (share > 0) & ~(np.isfinite(found) & (found > 0))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            f"the contract that settles on {contracts[at]:%Y-%m-%d} is at {found[at]:g}",
            where=f"{_WHERE}, {sessions[rows[at]]:%Y-%m-%d}",
            expected="a settlement above zero while it is held",
            remedy="take the settlement, not the close, which is 0 on a day without trades",
        )
    return found


def _days(name: str, given: Any) -> pd.DatetimeIndex:
    """Return days as an index, each a date without time or zone."""
    try:
        if pd.Index(given).dtype.kind in "iufcb":
            raise TypeError("numbers are no days")
        with np.errstate(invalid="ignore"):
            days = pd.DatetimeIndex(given)
    except (TypeError, ValueError, OverflowError) as problem:
        raise DataError(
            f"a {name} is not a day ({problem})", where=_WHERE, expected="days, such as 2018-02-05"
        ) from problem
    wrong = days.isna() | (days != days.normalize()) if days.tz is None else np.ones(len(days), dtype=bool)
    if wrong.any():
        raise DataError(
            f"a {name} is '{days[wrong][0]}'",
            where=_WHERE,
            expected="days without a time or a zone",
            remedy="pass .tz_localize(None).normalize()",
        )
    return days


def _check_sessions(sessions: pd.DatetimeIndex) -> None:
    if not (sessions.is_monotonic_increasing and sessions.is_unique):
        raise DataError("the days do not rise", where=_WHERE, expected="each session once, in order")
    closed = ~calendar.is_session(sessions)
    if closed.any():
        day = sessions[int(np.argmax(closed))]
        raise DataError(
            f"{day:%Y-%m-%d} is not a session",
            where=_WHERE,
            expected="sessions of the New York Stock Exchange",
            remedy="drop the row: sources that list weekdays repeat the price of the day before",
        )


def _first(values: Floats, good: npt.NDArray[np.bool_]) -> float:
    return float(np.broadcast_to(values, good.shape)[~good].flat[0])
