"""What the Treasury and the Fed said they would do, and the dates on which the Treasury moves cash.

A plan counts from the day it was announced. Amounts are what was said; how well such plans were kept is
another question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data import calendar

Floats: TypeAlias = npt.NDArray[np.float64]

What: TypeAlias = Literal["tga", "bills", "coupons", "fed_assets"]

TAX_MONTHS = (1, 4, 6, 9, 12)
"""Income or corporate tax falls due on the 15th of these months."""

REFUNDING_MONTHS = (2, 5, 8, 11)
"""The Treasury announces its quarter on the first Wednesday of these months, as a rule."""


@dataclass(frozen=True)
class Announcement:
    """What the Treasury or the Fed said it would do.

    Attributes:
        what: `tga`: cash on `day`; `bills` or `coupons`: net sales from `since` through `day`;
            `fed_assets`: change of the Fed's assets from `since` through `day`.
        day: on which it is reached.
        amount: USD bn.
        announced: day of the announcement; before it the path does not know of it.
        source: who said it, for people.
        since: first day of a flow; the day of the announcement by default.
    """

    what: What
    day: pd.Timestamp
    amount: float
    announced: pd.Timestamp
    source: str
    since: pd.Timestamp | None = None

    @property
    def begins(self) -> pd.Timestamp:
        """Return the first day of a flow."""
        return self.announced if self.since is None else self.since


def _said(what: What, day: str, amount: float, announced: str, source: str, since: str = "") -> Announcement:
    begins = pd.Timestamp(since) if since else None
    return Announcement(what, pd.Timestamp(day), amount, pd.Timestamp(announced), source, begins)


ANNOUNCED = (
    _said("fed_assets", "2026-01-12", 40.0, "2025-12-10", "New York Fed, 10 Dec 2025 (read)", "2025-12-12"),
    _said("tga", "2026-03-31", 850.0, "2026-02-04", "Treasury, refunding of February 2026 (secondary)"),
    _said("tga", "2026-04-29", 1025.0, "2026-02-04", "Treasury, peak of late April 2026 (secondary)"),
    _said("bills", "2026-05-06", -275.0, "2026-02-04", "Treasury, bills to fall by 250-300 (secondary)"),
    _said("coupons", "2026-02-17", 34.8, "2026-02-04", "Treasury, new cash of the refunding (read)"),
)
"""What is known to have been announced; later refundings are not in it and can be handed over."""


def known_events(after: pd.Timestamp, through: pd.Timestamp) -> pd.DataFrame:
    """Return what the calendar knows of the Treasury between two days: columns `date`, `event`, `label`.

    Tax dates (the 15th or the first session after it), refunding announcements (first Wednesday of the
    month, as a rule) and quarter ends (last session). The date alone decides, past or future.

    Args:
        after: the day before the first.
        through: the last day.
    """
    days = calendar.sessions(after, through + pd.Timedelta(days=5))
    rows: list[tuple[pd.Timestamp, str, str]] = []
    for month in pd.period_range(after - pd.Timedelta(days=31), through, freq="M"):
        first = month.to_timestamp()
        if month.month in TAX_MONTHS:
            due = days[days >= first + pd.Timedelta(days=14)]
            label = "Income tax of the year before" if month.month == 4 else "Estimated and corporate tax"
            rows.extend((day, "tax_date", label) for day in due[:1])
        if month.month in REFUNDING_MONTHS:
            wednesday = first + pd.Timedelta(days=(2 - first.day_of_week) % 7)
            rows.append((wednesday, "refunding", "Treasury refunding announcement"))
        if month.month % 3 == 0:
            inside = days[(days >= first) & (days <= month.to_timestamp(how="end"))]
            rows.extend((day, "quarter_end", f"End of quarter {month.quarter}") for day in inside[-1:])
    table = pd.DataFrame(rows, columns=["date", "event", "label"])
    between = (table["date"] > after) & (table["date"] <= through)
    return table[between].sort_values("date", ignore_index=True)


def flow(known: Sequence[Announcement], what: What, ahead: pd.DatetimeIndex, today: pd.Timestamp) -> Floats:
    """Return what announced flows add up to from today to each day ahead, at an even pace, USD bn.

    Args:
        known: announcements, of any kind.
        what: those that count.
        ahead: days, in order.
        today: day from which it counts.
    """
    total = np.zeros(len(ahead))
    for each in known:
        if each.what == what:
            whole = max((each.day - each.begins) / pd.Timedelta(days=1), 1.0)
            done = np.clip(np.asarray((ahead - each.begins) / pd.Timedelta(days=1)) / whole, 0, 1)
            before = min(max((today - each.begins) / pd.Timedelta(days=1) / whole, 0.0), 1.0)
            total += each.amount * (done - before)
    return total
