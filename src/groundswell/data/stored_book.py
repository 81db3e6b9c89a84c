"""The book of the user's store: every stored series, and the bundled history for the days before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from groundswell.data import market_scale, splice
from groundswell.data.book import NEW_YORK, Book, Part, Series, as_day, end_of, origin_label
from groundswell.data.catalog import Catalog, catalog
from groundswell.data.errors import StoreError
from groundswell.data.notes import Note, counted
from groundswell.data.settings import Settings
from groundswell.data.sources.roster import NAMES
from groundswell.data.sources.source import Snapshot
from groundswell.data.store.export import Form
from groundswell.data.store.store import Store

TRADED = frozenset({"index", "bond"})
"""Stored prices that the desk's actors trade; all others are there to be looked at."""

COLUMNS = ["observed", "released", "value"]

_RULE_REMARK = (
    "{count} whose figures are revised {verb} known only as fetched later, dated by their release rule; "
    "before the first fetch they hold revisions that were not known yet."
)


def place(settings: Settings) -> Store:
    """Return the store in the user's data folder; it need not exist yet."""
    return Store(settings.data / "store.duckdb")


def stored_book(settings: Settings, bundle: Book | None, before: pd.Timestamp | None = None) -> Book:
    """Return the book of the store, all of one moment, whatever is written meanwhile.

    Args:
        settings: where the store lies.
        bundle: the history for the days before; `None` leaves them out.
        before: what was released from then on is not read, the index apart: whether it fits the bundled
            one is judged on all of it, so that the answer is the same for every evening.

    Raises:
        StoreError: the store cannot be read, or holds no index and there is no bundle to take it from.
    """
    store = place(settings)
    standing, table, index_table = _of_one_moment(store, before)
    standing = standing.set_index("series")
    stored = {**_series(table, standing), **_series(index_table, standing)}
    series, remarks = _with_bundle(stored, bundle, store)
    last = max(standing["vintage"].max(), series["index"].frame["released"].max())
    asked = standing["asked"].max()

    index = series["index"]
    return Book(
        series=series,
        as_of=last.tz_convert(NEW_YORK).tz_localize(None).normalize(),
        label=origin_label(index.parts),
        is_bundled=index.origins() == ("bundle",),
        remarks=(*remarks, *_hindsight(table, catalog(settings.catalog))),
        traded=TRADED,
        quotes=_Kept(store, asked + pd.Timedelta(microseconds=1)),
    )


@dataclass(frozen=True)
class _Kept:
    """The quotes of a store; what a later update takes is left aside: the book stays the one loaded."""

    store: Store
    until: pd.Timestamp

    def last(self, name: str, before: pd.Timestamp) -> Snapshot | None:
        return self.store.snapshot(name, min(before, self.until))

    def over_time(
        self, name: str, columns: Sequence[str], before: pd.Timestamp, since: pd.Timestamp | None
    ) -> pd.DataFrame:
        return self.store.quotes_over_time(name, columns, as_of=min(before, self.until), since=since)


def _of_one_moment(
    store: Store, before: pd.Timestamp | None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return what is stored, the observations, and those of the index, from one and the same file."""
    while True:
        file = _generation(store)
        standing, table = store.standing(), store.observations(as_of=before)
        index_table = table.iloc[:0] if before is None else store.observations("index")
        if _generation(store) == file:
            return standing, table, index_table


def _generation(store: Store) -> tuple[int, int, int]:
    try:
        found = store.path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size


def _series(table: pd.DataFrame, standing: pd.DataFrame) -> dict[str, Series]:
    """Return the stored series that have observations, each a stretch of the table."""
    codes = table["series"].cat.codes.to_numpy()
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    names = table["series"].cat.categories.take(codes[starts])
    ends = np.append(starts, len(codes))[1:]
    columns = table[COLUMNS]
    words = standing[["unit", "source", "title"]].to_dict("index")
    found = {}
    for name, start, end in zip(names, starts, ends, strict=True):
        told, frame = words[name], columns.iloc[start:end]
        source = NAMES.get(str(told["source"]), str(told["source"]))
        part = Part(pd.Timestamp(frame["observed"].iloc[0]), "store", source)
        found[str(name)] = Series(str(name), str(told["unit"]), source, str(told["title"]), frame, (part,))
    return found


def _with_bundle(
    stored: Mapping[str, Series], bundle: Book | None, store: Store
) -> tuple[dict[str, Series], tuple[str | Note, ...]]:
    """Return the series of the book, and what the sheet says about the index."""
    if bundle is None:
        if "index" not in stored:
            raise StoreError(
                "the store holds no index",
                where=str(store.path),
                expected="the series 'index', the prices that the desk runs on",
                remedy="`groundswell update --series index` fetches it, and the bundled history has another",
            )
        return dict(stored), _scale(stored["index"])
    series = {**bundle.series, **stored}
    for name in (bundle.series.keys() & stored.keys()) - {"index"}:
        series[name] = splice.continued(bundle.series[name], stored[name])
    if "index" not in stored:
        return series, bundle.remarks
    joined = splice.index_of(bundle.series["index"], stored["index"])
    series["index"] = joined.series
    if joined.series.origins() == ("store",):
        return series, (*joined.remarks, *_scale(joined.series))
    about, *assumed = bundle.remarks
    until = next((each.since for each in joined.remarks if isinstance(each, Note)), None)
    return series, (Note(str(about), until=until), *joined.remarks, *assumed)


def _scale(index: Series) -> tuple[str, ...]:
    return tuple(market_scale.assumptions(pd.Timestamp(index.frame["observed"].iloc[0])))


def _hindsight(table: pd.DataFrame, known: Catalog) -> list[Note]:
    """Return the note on revised series whose vintages are dated by rule alone, as more come in."""
    revised = [name for name in table["series"].cat.categories if name in known and known[name].revised]
    ruled = table[((table["basis"] == "rule") & table["series"].isin(revised)).to_numpy()]
    if ruled.empty:
        return []
    first = ruled.groupby("series", observed=True)["released"].min()
    days = sorted(first.dt.tz_convert(NEW_YORK).dt.tz_localize(None).dt.normalize())

    def wording(number: int) -> str:
        count, verb = ("1 series", "is") if number == 1 else (f"{number} series", "are")
        return _RULE_REMARK.format(count=count, verb=verb)

    return counted(days, wording)


def exported(settings: Settings, folder: Path, form: Form, as_of: str | None) -> tuple[Path, ...]:
    """Write the store to files, whole or the observations known by the end of a day; return the files.

    Raises:
        DataError: the day cannot be read.
        StoreError: there is no store, or the folder cannot be written.
    """
    store = place(settings)
    if as_of is None:
        return store.export(folder, form)
    table = store.table(as_of=end_of(as_day(as_of)))
    file = folder / f"observations.{form}"
    from pyarrow import parquet

    try:
        folder.mkdir(parents=True, exist_ok=True)
        if form == "parquet":
            parquet.write_table(table, file)
        else:
            table.to_pandas().to_csv(file, index=False)
    except OSError as problem:
        raise StoreError(
            f"the file cannot be written: {problem}",
            where=str(file),
            remedy="make room, correct the permissions or choose another folder",
        ) from problem
    return (file,)
