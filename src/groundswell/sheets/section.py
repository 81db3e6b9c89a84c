"""A part of the desk sheet beside positions and flows: what it found in one sentence, the frames behind the
sentence, which data it stands on, and what it lacks where the book has no such data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import pandas as pd

from groundswell.data.errors import GroundswellError


class StripItem(NamedTuple):
    """One figure of the strip at the head of the sheet.

    Attributes:
        item: what it is ("Net liquidity").
        value: the figure in words, unit included.
        date: of the figure.
        note: what the reader must know of it, a few words.
        source: where it is from.
        stale: whether a newer one was due.
    """

    item: str
    value: str
    date: pd.Timestamp
    note: str
    source: str
    stale: bool


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the sheet; a subclass adds its frames as fields.

    A frame that cannot be made from the book is empty, with its columns.

    Class attributes:
        key: the section's name for programs ("curve").
        title: its heading for readers.
        frames: by name of the field, the columns that identify a row.
        units: by column, what a value of one means.

    Attributes:
        finding: what the section says, one sentence with its number.
        data: which data, through which day, for people; empty where there are none.
        missing: what the section lacks in this book, and how to get it; sentences.
        caveats: what a reader must know before using the numbers; sentences.
        strip: figures for the strip at the head of the sheet.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    frames: ClassVar[Mapping[str, tuple[str, ...]]]
    units: ClassVar[Mapping[str, str]]

    finding: str
    data: str = ""
    missing: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    strip: tuple[StripItem, ...] = ()

    def __post_init__(self) -> None:
        for name in self.frames:
            frame = self.frame(name)
            frame.attrs["units"] = {str(c): self.units[str(c)] for c in frame if str(c) in self.units}

    def frame(self, name: str) -> pd.DataFrame:
        """Return one of the section's frames."""
        found: pd.DataFrame = getattr(self, name)
        return found

    @property
    def is_empty(self) -> bool:
        """Whether the book gave this section nothing at all."""
        return all(self.frame(name).empty for name in self.frames)

    def named_frames(self) -> dict[str, pd.DataFrame]:
        """Return the frames under the names they have outside the section ("curve_levels")."""
        return {f"{self.key}_{name}": self.frame(name) for name in self.frames}


def made(kind: type[Section], build: Callable[[], Section]) -> Section:
    """Return a section, or one that says in its place what stopped it, a damaged chain for instance."""
    try:
        return build()
    except GroundswellError as refusal:
        empty: dict[str, Any] = {name: pd.DataFrame(columns=list(keys)) for name, keys in kind.frames.items()}
        return kind(finding=f"{kind.title}: not on this sheet", missing=(str(refusal),), **empty)
