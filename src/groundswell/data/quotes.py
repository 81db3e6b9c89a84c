"""Quotes as a book sees them: who keeps them, and how they are asked for point in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import pandas as pd

if TYPE_CHECKING:
    from groundswell.data.sources.source import Snapshot


class Quotes(Protocol):
    """What was quoted, moment by moment; whoever keeps quotes is one."""

    def last(self, name: str, before: pd.Timestamp) -> Snapshot | None:
        """Return the last quotes of a series that were taken before a moment, or `None`."""
        ...

    def over_time(
        self, name: str, columns: Sequence[str], before: pd.Timestamp, since: pd.Timestamp | None
    ) -> pd.DataFrame:
        """Return some columns of all quotes taken before a moment, with `taken` (UTC) in front, in order."""
        ...
