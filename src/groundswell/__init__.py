"""Groundswell: who must trade next, how much, and at which level.

The front door of the library. Importing it loads nothing heavy; the work starts with the first call.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path
    from typing import Literal

    import pandas as pd

    from groundswell.data.book import Book
    from groundswell.sheets.desk_sheet import Desk

__version__ = "0.1.0"
__all__ = ["desk", "load", "params"]


def load(
    path: "str | Path | None" = None,
    as_of: "str | date | None" = None,
    accept_jumps: bool = False,
    source: "Literal['auto', 'store', 'bundle']" = "auto",
) -> "Book":
    """The user's store, the bundled history or a user's own prices, as a point-in-time book.

    Args:
        path: a CSV or Parquet file with `date` and `close`, or `date` and one column per asset;
            None for the store that `groundswell update` keeps, and what ships with the software.
        as_of: keep only what was known at the end of that day in New York.
        accept_jumps: let one-day moves above 40% through (a note says so) instead of refusing them.
        source: without a file: "auto" is everything in the store and the bundled history (S&P 500
            1999-2018) for the days before it; "store" and "bundle" are one of them alone.

    Raises:
        groundswell.data.errors.DataError: naming file and row, what was expected and what to do.
    """
    from groundswell.data.shelf import load as load_book

    return load_book(path, as_of=as_of, accept_jumps=accept_jumps, source=source)


def desk(
    book: "Book",
    as_of: "str | date | None" = None,
    draws: int = 200,
    seed: int = 0,
    *,
    since: "str | date | None" = None,
    paths: "Mapping[str, Sequence[float]] | None" = None,
    set: "Mapping[str, Any] | None" = None,
) -> "Desk":
    """The desk sheet: where rule-bound investors stand, what they must trade, at which levels.

    Args:
        book: prices, from `load`.
        as_of: the evening of the sheet; None means the last date of the book.
        draws: parameter draws behind every band; 0 gives central values alone.
        seed: of the draws.
        since: first session of the window that "what moved it" explains; None means the last session.
        paths: further scenarios by name: daily log returns of the index, up to 21 sessions.
        set: parameters to change, by address: {"vol_target.speed": 1.0}.

    Returns:
        A `Desk` with the frames positions, flows, triggers, moved, assumptions and more.

    Raises:
        groundswell.data.errors.GroundswellError: when the book is too short or an argument is off.
    """
    from groundswell.sheets.desk_sheet import build_desk
    from groundswell.show.page import to_html

    return build_desk(
        book,
        as_of=as_of,
        draws=draws,
        seed=seed,
        since=since,
        paths=paths,
        changes=set,
        page=to_html,
    )


def params() -> "pd.DataFrame":
    """Every declared parameter: address, value, low, high, unit, source, kind."""
    import groundswell.runs.scenarios
    import groundswell.world.impact_law
    import groundswell.world.roster  # noqa: F401 - importing a module declares its parameters
    from groundswell.core.parameter import registry

    return registry()


def __getattr__(name: str) -> Any:
    """The floors that scripts reach into, loaded when first named: `groundswell.measure.trend`."""
    if name in {"actors", "measure"}:
        return importlib.import_module(f"groundswell.{name}")
    raise AttributeError(f"module 'groundswell' has no attribute {name!r}")
