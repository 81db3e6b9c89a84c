"""One history out of two: the bundled index up to its last day, the stored one after it.

The two must agree where they overlap, or they are not the same index. The bundled closes stand on all
their days, whatever is stored, so that a sheet of an evening before the joint never depends on what was
fetched later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from groundswell.data.book import MINIMUM_SESSIONS, NEW_YORK, Series
from groundswell.data.notes import Note

TOLERANCE = 0.0005
"""Relative difference up to which two closes of a day are the same."""

LEAST_OVERLAP = 21
"""Sessions that both must hold before the agreement says anything (one month)."""

LONGEST_GAP = 5
"""Weekdays that may be missing at the joint."""


@dataclass(frozen=True)
class Spliced:
    """An index and what a sheet says about where it comes from."""

    series: Series
    remarks: tuple[str | Note, ...] = ()


def index_of(bundled: Series, stored: Series) -> Spliced:
    """Return the bundled index continued by the stored one, or the better of the two with the reason.

    Both carry their parts. Where the closes differ by more than 0.05% on a day that both have, where
    they share fewer than 21 sessions, or where more than five weekdays are missing between them, the
    stored part alone is taken if it has the 128 sessions a book needs, otherwise the bundle.
    """
    old, new = bundled.latest(), stored.latest()
    joint = old.index[-1]
    later = stored.frame[stored.frame["observed"] > joint]
    if later.empty:
        return Spliced(bundled)
    reason = _difference(old, new) or _gap(joint, pd.Timestamp(later["observed"].min()))
    if reason:
        enough = len(new) >= MINIMUM_SESSIONS
        taken = stored if enough else bundled
        refused = (
            f"Index: {bundled.parts[0].name} and {stored.parts[0].name} are not joined, because {reason}; "
            f"only the values of {taken.parts[0].name} are used."
        )
        return Spliced(taken, (refused,))
    shared = len(old.index.intersection(new.index))
    first = pd.Timestamp(later["observed"].min())
    known = pd.Timestamp(later["released"].min()).tz_convert(NEW_YORK).tz_localize(None).normalize()
    told = (
        f"Index: {bundled.parts[0].name} through {joint:%Y-%m-%d}, {stored.parts[0].name} from "
        f"{first:%Y-%m-%d}; the {shared:,} sessions that both hold agree within {TOLERANCE:.2%}."
    )
    return Spliced(_joined(bundled, stored, joint), (Note(told, since=known),))


def continued(bundled: Series, stored: Series) -> Series:
    """Return the stored series, with bundled values on the days before its first."""
    first = pd.Timestamp(stored.frame["observed"].min())
    before = bundled.frame[bundled.frame["observed"] < first]
    if before.empty:
        return stored
    frame = pd.concat([before, stored.frame[before.columns]], ignore_index=True)
    return replace(stored, frame=frame, parts=(*bundled.parts, *stored.parts))


def _joined(bundled: Series, stored: Series, joint: pd.Timestamp) -> Series:
    later = stored.frame[stored.frame["observed"] > joint]
    frame = pd.concat([bundled.frame, later[bundled.frame.columns]], ignore_index=True)
    part = replace(stored.parts[0], since=pd.Timestamp(later["observed"].min()))
    return replace(stored, frame=frame, parts=(*bundled.parts, part))


def _difference(old: pd.Series[float], new: pd.Series[float]) -> str:
    """Return where two histories of an index disagree, empty where they agree."""
    shared = old.index.intersection(new.index)
    if len(shared) < LEAST_OVERLAP:
        return f"they share {len(shared)} sessions, and {LEAST_OVERLAP} are needed to compare them"
    first, second = old[shared].to_numpy(), new[shared].to_numpy()
    apart = np.abs(second / first - 1.0) > TOLERANCE
    if not apart.any():
        return ""
    place = int(np.argmax(apart))
    return (
        f"they differ on {int(apart.sum()):,} of {len(shared):,} shared sessions, first on "
        f"{shared[place]:%Y-%m-%d} ({first[place]:,.2f} against {second[place]:,.2f})"
    )


def _gap(joint: pd.Timestamp, first: pd.Timestamp) -> str:
    missing = int(np.busday_count(joint.date(), first.date())) - 1
    if missing <= LONGEST_GAP:
        return ""
    return f"{missing} weekdays are missing between {joint:%Y-%m-%d} and {first:%Y-%m-%d}"
