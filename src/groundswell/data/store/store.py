"""The store: every vintage of every series in one file, asked for what was known at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from groundswell.data.errors import StoreError
from groundswell.data.sources.source import Snapshot
from groundswell.data.store import export, reading
from groundswell.data.store.connection import opened
from groundswell.data.store.layout import Batch
from groundswell.data.store.swapping import only_writer, rewriting

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@dataclass(frozen=True)
class Store:
    """The store in one DuckDB file.

    Readers open it briefly and read only; a writer replaces it whole or not at all. Neither waits for
    the other, and every read sees the store of one moment.

    Attributes:
        path: the file; it need not be there yet.
    """

    path: Path

    @property
    def exists(self) -> bool:
        """Return whether there is a store yet."""
        return self.path.exists()

    def standing(self) -> pd.DataFrame:
        """Return what is stored of each series, in alphabetical order.

        Returns:
            One row per series: `series`, `title`, `unit`, `frequency`, `source`; `rows` (vintages that
            are read, or contracts quoted), `first` and `through` (periods; for snapshots when they were
            taken), `vintage` (when the last vintage was released, UTC); `asked` (last answer, UTC),
            `failed` and `failure` (the last failure since then, and why); and how many rows are
            `stated`, `ruled` and `seen`, and when the last `stated` one was released (`last_stated`).
            No row where there is no store.
        """
        if not self.exists:
            return reading.nothing_standing()
        with self._opened() as connection:
            return reading.standing(connection)

    def observations(
        self, series: str | Sequence[str] | None = None, as_of: datetime | None = None
    ) -> pd.DataFrame:
        """Return every vintage released before a moment.

        Args:
            series: one name or several; `None` is all. A name of which nothing is stored adds no row.
            as_of: a time with a zone; `None` keeps everything.

        Returns:
            `series` (categorical), `observed` (period, no zone), `released` (UTC), `value` (NaN where
            the source withdrew it) and `basis` (categorical: "stated", "rule", "seen"), sorted by
            `series`, `observed`, `released`.

        Raises:
            StoreError: there is no store, or it is damaged; or `as_of` has no zone.
        """
        return self.table(series, as_of).to_pandas()

    def table(self, series: str | Sequence[str] | None = None, as_of: datetime | None = None) -> pa.Table:
        """Return the same as `observations` as an Arrow table, for example for `polars.from_arrow`.

        Args:
            series: see `observations`.
            as_of: see `observations`.

        Raises:
            StoreError: see `observations`.
        """
        with self._opened() as connection:
            return reading.table(connection, series, as_of)

    def latest(self, series: str, as_of: datetime | None = None) -> pd.Series[float]:
        """Return the last value of every period that was known before a moment, indexed by `date`.

        A period whose value was withdrawn is left out.

        Args:
            series: its name.
            as_of: see `observations`.

        Raises:
            StoreError: see `observations`; or the store has no such series.
        """
        with self._opened() as connection:
            return reading.latest(connection, series, as_of)

    def snapshot(self, series: str, as_of: datetime | None = None) -> Snapshot | None:
        """Return the last snapshot taken before a moment, or `None` where there is none.

        Args:
            series: its name ("chain.spx").
            as_of: see `observations`.

        Raises:
            StoreError: see `observations`.
        """
        with self._opened() as connection:
            return reading.snapshot(connection, series, as_of)

    def quotes_over_time(
        self,
        series: str,
        columns: Sequence[str],
        as_of: datetime | None = None,
        since: datetime | None = None,
    ) -> pd.DataFrame:
        """Return some columns of all quotes of a series, `taken` (UTC) in front; empty if there are none.

        Args:
            series: its name ("futures.fed_funds").
            columns: among `layout.QUOTES`.
            as_of: see `observations`.
            since: leave out what was taken earlier.

        Raises:
            StoreError: see `observations`; or there is no such column.
        """
        with self._opened() as connection:
            return reading.quotes_over_time(connection, series, columns, as_of, since)

    def export(self, folder: Path, form: export.Form = "parquet") -> tuple[Path, ...]:
        """Write observations with all their vintages, series, quotes and fetches to files.

        Args:
            folder: made where it is not there; files of the same names are replaced.
            form: of the files.

        Returns:
            The files written, one per table.

        Raises:
            StoreError: there is no store, it is damaged, or the folder cannot be written.
        """
        with self._opened() as connection:
            return export.export(connection, folder, form)

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Keep every other writer out from the first question asked to the write at the end.

        Raises:
            StoreBusyError: another process is writing.
        """
        with only_writer(self.path):
            yield

    def write(self, batches: Iterable[Batch]) -> pd.DataFrame:
        """Store what is new in the batches, all of it or nothing.

        When this returns, it is on the disk. Telling a batch twice changes nothing.

        Args:
            batches: in any order; a series answered in several is taken in the order of their times.

        Returns:
            One row per series answered: `series`, and how many rows were `new` (first vintage of a
            period), `revised` (a further vintage) and `unchanged`; contracts, for a snapshot.

        Raises:
            StoreBusyError: another process is writing.
            StoreError: the store is damaged or cannot be written, a series comes in another unit, or
                an answer contradicts itself. The store is as it was.
        """
        from groundswell.data.store.writing import tell

        with rewriting(self.path) as connection:
            return tell(connection, list(batches))

    @contextmanager
    def _opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if not self.exists:
            raise StoreError(
                "there is no store yet",
                where=str(self.path),
                expected="the file that `groundswell update` writes",
                remedy="run `groundswell update`",
            )
        try:
            with opened(self.path, read_only=True) as connection:
                yield connection
        except OSError as problem:
            raise StoreError(
                f"a file cannot be written: {problem}",
                where=str(self.path),
                remedy="make room, correct the permissions or choose another folder",
            ) from problem
