"""The calendar of what is known long before: option expiries, tax dates, refundings and meetings, laid out
as `Day` has it. A day's row depends on its own date and the list of meetings alone.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int

from groundswell.core.day import Day
from groundswell.core.engine import jnp
from groundswell.data import calendar
from groundswell.data.errors import DataError

TAX_UNITS = {1: 1.0, 4: 3.0, 6: 1.0, 9: 1.0, 12: 1.0}
"""Months in which income or corporate tax falls due on the 15th; April also closes the year before."""

REFUNDING_MONTHS = (2, 5, 8, 11)
"""The Treasury announces its quarter on the first Wednesday of these months, as a rule."""

_REACH = pd.Timedelta(days=130)


def dated_days(sessions: pd.DatetimeIndex, meetings: Sequence[date] | None = None) -> Day:
    """Everything the calendar says about these sessions, as arrays over them.

    Args:
        sessions: of the New York Stock Exchange, rising; another day (a price file may hold some) counts
            from the next session, and no tax is due on it.
        meetings: days of decision of the Federal Open Market Committee, rising, the last one not before
            the last session; without them `sessions_to_meeting` stays None.

    Raises:
        DataError: there are no sessions, or the meetings end before the sessions do.
    """
    if not len(sessions):
        raise DataError("there are no sessions", where="calendar", expected="one at least")
    table = calendar.calendar_table(sessions)
    begin = max(sessions[0] - pd.Timedelta(days=10), pd.Timestamp(calendar.FIRST_YEAR, 1, 1))
    ahead = calendar.sessions(begin, sessions[-1] + _REACH)
    flags = calendar.calendar_table(ahead)["option_expiry"].to_numpy()
    weeks = ahead.isocalendar().week.to_numpy()
    week_ends = np.append(weeks[1:] != weeks[:-1], False)
    quarterly = flags & (ahead.month.to_numpy() % 3 == 0)
    to_expiry = [_sessions_to(sessions, ahead, which) for which in (week_ends, flags, quarterly)]
    wednesdays = np.isin(ahead.month, REFUNDING_MONTHS) & (ahead.day <= 7) & (ahead.day_of_week == 2)
    to_meeting = None
    if meetings is not None:
        days = pd.DatetimeIndex(list(meetings))
        if not len(days) or days[-1] < sessions[-1]:
            raise DataError(
                f"the meetings end before the sessions do, on {sessions[-1]:%Y-%m-%d}",
                where="calendar",
                expected="the day of a meeting on or after the last session",
                remedy="add the meetings that are scheduled",
            )
        far = calendar.sessions(sessions[0], days[-1])
        to_meeting = jnp.asarray(_sessions_to(sessions, far, np.isin(far, days)))
    return Day(
        sessions_to_month_end=jnp.asarray(table["sessions_to_month_end"].to_numpy(np.int32)),
        blackout_share=jnp.asarray(table["blackout_share"].to_numpy(np.float64)),
        sessions_to_expiry=jnp.asarray(np.stack(to_expiry, axis=1)),
        sessions_to_meeting=to_meeting,
        sessions_to_refunding=jnp.asarray(_sessions_to(sessions, ahead, wednesdays)),
        tax_due=jnp.asarray(_tax_due(sessions, ahead)),
    )


def _sessions_to(
    sessions: pd.DatetimeIndex, ahead: pd.DatetimeIndex, which: Bool[np.ndarray, " ahead"]
) -> Int[np.ndarray, " sessions"]:
    """How many sessions lie between each day and the next flagged one; 0 on the day itself."""
    places = ahead.searchsorted(sessions)
    flagged = np.flatnonzero(which)
    return np.asarray(flagged[np.searchsorted(flagged, places)] - places, dtype=np.int32)


def _tax_due(sessions: pd.DatetimeIndex, ahead: pd.DatetimeIndex) -> np.ndarray:
    """Units of tax due on each session: the 15th, or the first session after it."""
    due = pd.Series(0.0, index=ahead)
    for year in range(ahead[0].year, ahead[-1].year + 1):
        for month, units in TAX_UNITS.items():
            place = int(ahead.searchsorted(pd.Timestamp(year, month, 15)))
            if 0 < place < len(ahead):
                due.iloc[place] = units
    return due.reindex(sessions, fill_value=0.0).to_numpy(dtype=np.float64)
