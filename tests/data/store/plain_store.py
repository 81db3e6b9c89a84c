"""The rules of vintages a second time, row by row in plain Python, to hold the store equal to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import isnan

import pandas as pd

from groundswell.data.store.layout import Batch


@dataclass
class Row:
    period: pd.Timestamp
    released: datetime
    value: float
    fetched: datetime
    basis: str
    restates: datetime | None = None
    superseded: bool = False

    @property
    def order(self) -> tuple[object, ...]:
        """Where it stands among the vintages of a period; of one moment, what was seen comes last."""
        return self.released, self.fetched, ("stated", "rule", "seen").index(self.basis)

    def gives_way_to(self, stated: datetime) -> bool:
        """Return whether a vintage that the source stated sets this row aside."""
        overtaken = self.restates is not None and self.restates < stated <= self.released
        return self.basis == "rule" or overtaken

    @property
    def vintage(self) -> datetime | None:
        """Which of the source's own vintages this is a version of."""
        return self.released if self.basis == "stated" else self.restates


def same(one: float, other: float) -> bool:
    return one == other or (isnan(one) and isnan(other))


class PlainSeries:
    """One series, told one batch after the other in order of time."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.asked: datetime | None = None

    def tell(self, batch: Batch) -> None:
        told = list(batch.observations.itertuples(index=False))
        stated = [row for row in told if not pd.isna(row.stated)]
        before = [row for row in self.rows if row.fetched <= batch.fetched]
        for row in stated:
            versions = [each for each in before if each.period == row.period and each.vintage == row.stated]
            if not versions:
                self.rows.append(Row(row.period, row.stated, row.value, batch.fetched, "stated"))
            elif not same(max(versions, key=lambda each: each.fetched).value, row.value):
                vintages = [each.vintage for each in before if each.period == row.period and each.vintage]
                vintages += [each.stated for each in stated if each.period == row.period]
                is_old = row.stated < max(vintages)
                self.rows.append(
                    Row(row.period, batch.fetched, row.value, batch.fetched, "seen", row.stated, is_old)
                )
        for row in stated:
            for each in (each for each in self.rows if each.period == row.period):
                each.superseded |= each.gives_way_to(row.stated)
        self._tell_unstated(batch, [row for row in told if pd.isna(row.stated) and not isnan(row.value)])
        self.asked = max(self.asked or batch.fetched, batch.fetched)

    def _tell_unstated(self, batch: Batch, told: Iterable[object]) -> None:
        held = [row for row in self.rows if row.fetched <= batch.fetched]
        beginning = min((row.period for row in held), default=None)
        own = [row for row in held if row.basis == "stated"]
        before = [
            row
            for row in held
            if not any(row.period == each.period and row.gives_way_to(each.released) for each in own)
        ]
        for row in told:
            versions = [each for each in before if each.period == row.period]
            last = max(versions, key=lambda each: each.order, default=None)
            if last is not None and same(last.value, row.value):
                continue
            expected = (
                self.asked is None
                or (beginning is not None and row.period < beginning)
                or row.ruled > self.asked
            )
            by_rule = last is None and expected and row.ruled <= batch.fetched
            released, basis = (row.ruled, "rule") if by_rule else (batch.fetched, "seen")
            self.rows.append(Row(row.period, released, row.value, batch.fetched, basis))

    def known(self, as_of: datetime | None = None) -> list[tuple[object, ...]]:
        """Return (period, released, value, basis) of what is read, in order."""
        read = [row for row in self.rows if not row.superseded and (as_of is None or row.released < as_of)]
        read.sort(key=lambda row: (row.period, *row.order))
        return [
            (
                row.period,
                pd.Timestamp(row.released),
                "withdrawn" if isnan(row.value) else row.value,
                row.basis,
            )
            for row in read
        ]
