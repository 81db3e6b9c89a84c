"""The quarters of a company from what it filed, as they were known after each filing.

A fact is a figure over a span of days in one filing. Income statements give quarters as such, cash
flows only the year to date, so a quarter is the difference of two spans that begin together, known
when the later of both was filed. Facts repeat in later filings: the same value says nothing new,
another value is a restatement. Fiscal years differ, so quarters are told by their days alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby

QUARTER_DAYS = (75, 105)
"""Days a quarter may have: 12 to 14 weeks, with room for a shifted year end."""

ALIKE_DAYS = 10
"""Spans whose first or last days lie this close are the same span: some filings misdate by a few days."""

SAME_BASIS_DAYS = 200
"""A difference is taken only between figures filed this close together, and never between a restated
figure and one that was filed before the restatement: the restatement of a whole year would stand in one
quarter."""


@dataclass(frozen=True)
class Fact:
    """A figure of one filing: `value` over the days `start` to `end`, public on the day `filed`.

    Attributes:
        tag: the concept in the taxonomy.
        start: first day.
        end: last day.
        value: as filed.
        filed: day of the filing.
        row: its place among the facts of its tag in the answer, from 1.
        corrects: day of the last filing that gave another value for the same span; `None` where all agree.
    """

    tag: str
    start: date
    end: date
    value: float
    filed: date
    row: int
    corrects: date | None = None


@dataclass(frozen=True)
class Quarter:
    """What was known of a quarter from the day `filed` on; a restatement is another `Quarter`."""

    start: date
    end: date
    value: float
    filed: date
    row: int


@dataclass
class _Tag:
    """What one tag has said so far."""

    facts: dict[date, dict[date, Fact]] = field(default_factory=lambda: defaultdict(dict))
    quarters: dict[date, tuple[Fact, bool]] = field(default_factory=dict)

    def newest(self) -> date:
        return max((end for spans in self.facts.values() for end in spans), default=date.min)

    def take(self, fact: Fact) -> None:
        start = next((each for each in self.facts if _alike(each, fact.start)), fact.start)
        spans = self.facts[start]
        before = spans.get(fact.end)
        if before is not None:
            corrects = before.corrects if before.value == fact.value else before.filed
            fact = replace(fact, corrects=corrects)
        spans[fact.end] = fact
        if _is_quarter(fact.start, fact.end):
            self.quarters[fact.end] = (fact, True)
        for end, other in spans.items():
            early, late = sorted((fact, other), key=lambda each: each.end)
            first = early.end + timedelta(days=1)
            if end != fact.end and _is_quarter(first, late.end) and _of_one_basis(early, late):
                self._take_difference(early, late, first)

    def _take_difference(self, early: Fact, late: Fact, first: date) -> None:
        """Keep a difference, unless the quarter was ever filed as such."""
        _, filed_as_such = self.quarters.get(late.end, (None, False))
        if not filed_as_such:
            difference = replace(late, start=first, value=late.value - early.value)
            self.quarters[late.end] = (difference, False)


def quarters(facts: Iterable[Fact], tags: Sequence[str]) -> list[Quarter]:
    """Return every vintage of every quarter, in the order of filing.

    Where several tags were used over the years, each quarter is read under the one that reaches
    furthest at that time, else under the next that has it; tags are never added.

    Args:
        facts: of the tags, in any order; spans that are no quarter and end none are passed over.
        tags: the preferred one first where two reach equally far.
    """
    said = {tag: _Tag() for tag in tags}
    known: dict[tuple[date, date], float] = {}
    vintages: list[Quarter] = []
    in_order = sorted(facts, key=lambda each: (each.filed, each.row))
    for filed, together in groupby(in_order, key=lambda each: each.filed):
        for fact in together:
            said[fact.tag].take(fact)
        for quarter in _as_of(said, tags):
            days = next(
                (each for each in known if _same_quarter(each, quarter)), (quarter.start, quarter.end)
            )
            if known.get(days) != quarter.value:
                known[days] = quarter.value
                vintages.append(Quarter(*days, quarter.value, filed, quarter.row))
    return vintages


def _as_of(said: dict[str, _Tag], tags: Sequence[str]) -> list[Fact]:
    """Return the quarters as all filings so far give them, each under one tag."""
    by_reach = sorted(tags, key=lambda tag: said[tag].newest(), reverse=True)
    chosen: list[Fact] = []
    for tag in by_reach:
        found = [fact for fact, _ in said[tag].quarters.values()]
        chosen += [
            fact for fact in found if not any(_same_quarter((each.start, each.end), fact) for each in chosen)
        ]
    return sorted(chosen, key=lambda fact: fact.end)


def _of_one_basis(early: Fact, late: Fact) -> bool:
    near = abs(late.filed - early.filed) <= timedelta(days=SAME_BASIS_DAYS)
    later_than_correction = all(
        one.corrects is None or other.filed > one.corrects for one, other in ((early, late), (late, early))
    )
    return near and later_than_correction


def _is_quarter(start: date, end: date) -> bool:
    return QUARTER_DAYS[0] <= (end - start).days + 1 <= QUARTER_DAYS[1]


def _same_quarter(days: tuple[date, date], fact: Fact) -> bool:
    return _alike(days[0], fact.start) or _alike(days[1], fact.end)


def _alike(one: date, other: date) -> bool:
    return abs(one - other) <= timedelta(days=ALIKE_DAYS)
