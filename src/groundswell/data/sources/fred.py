"""FRED, the St. Louis Fed's collection: with a key every vintage of a series, without one its latest figures.

A source id is FRED's own ("WALCL"). With a key each series is a job of its own (`fred_vintages`);
without one, series of one frequency share a download (`fred_download`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import groupby

from groundswell.data.http.service import Caller
from groundswell.data.sources import fred_download, fred_vintages
from groundswell.data.sources.fred_vintages import SERVICE
from groundswell.data.sources.source import Job, Wanted

TOGETHER = 12
"""Series in one download."""


class Fred:
    """FRED as the update sees it."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per series where there is a key, else one per group of a frequency."""
        if caller.has_key(SERVICE):
            return [
                Job(SERVICE, (each.entry.id,), partial(fred_vintages.asked, wanted=each, today=today))
                for each in wanted
            ]
        return [
            Job(
                fred_download.KEYLESS,
                tuple(each.entry.id for each in group),
                partial(fred_download.asked, group=group, today=today),
            )
            for group in grouped(wanted)
        ]


def grouped(wanted: Sequence[Wanted]) -> list[list[Wanted]]:
    """Return groups that share a download: of one frequency, and all or none with their whole history."""

    def kind(each: Wanted) -> tuple[str, bool]:
        return each.entry.frequency, fred_download.since(each) is None

    groups = []
    for _, alike in groupby(sorted(wanted, key=kind), key=kind):
        members = list(alike)
        groups += [members[first : first + TOGETHER] for first in range(0, len(members), TOGETHER)]
    return groups


SOURCE = Fred()
