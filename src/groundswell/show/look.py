"""How a section of the sheet looks: its charts, each with the table that holds the same numbers, and its
tables, in every form alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import altair as alt

    from groundswell.show.tables import Table

S = TypeVar("S")


def always(shown: object) -> bool:
    """Return that there is something to draw."""
    return True


@dataclass(frozen=True)
class Figure(Generic[S]):
    """A chart and its twin.

    Attributes:
        name: identifier on the page.
        chart: draws it from the section; its title is a finding.
        twin: the same numbers as a table.
        has: whether the section holds what the chart draws.
    """

    name: str
    chart: Callable[[S], alt.TopLevelMixin]
    twin: Callable[[S], Table]
    has: Callable[[S], bool] = always


@dataclass(frozen=True)
class Look(Generic[S]):
    """The parts of a section in the order of the page.

    Attributes:
        figures: charts with their twins.
        tables: further tables; an empty one is left out.
        first: the tables, of the twins or the further ones, that the terminal prints.
        beside: one of the further tables, which stands open where the last chart leaves room beside it.
    """

    figures: tuple[Figure[S], ...]
    tables: tuple[Callable[[S], Table], ...]
    first: tuple[Callable[[S], Table], ...]
    beside: Callable[[S], Table] | None = None

    def written(self, section: S) -> list[Table]:
        """Return the further tables that have rows."""
        return [table for build in self.tables if (table := build(section)).rows]

    def filling(self, section: S, drawn: int) -> Table | None:
        """Return the table that stands beside the last of so many charts; `None` where no room is left."""
        if self.beside is None or drawn % 2 == 0:
            return None
        table = self.beside(section)
        return table if table.rows else None

    def printed(self, section: S) -> list[Table]:
        """Return the terminal's tables that have rows."""
        return [table for build in self.first if (table := build(section)).rows]
