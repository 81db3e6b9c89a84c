"""What a source is: it plans requests for the series wanted from it, and each brings a delivery."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, TypeVar

import pandas as pd

from groundswell.data.catalog import Entry
from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Caller, Service

Key = TypeVar("Key", bound=Hashable)

COLUMNS = ("series", "period", "value", "released", "row")


@dataclass(frozen=True)
class Wanted:
    """A series to bring up to date.

    Attributes:
        entry: its entry in the catalog.
        through: the last period that is stored; `None` where nothing is.
        vintage: when the last stored vintage of which the source itself said the time (basis `stated`)
            was released, UTC; `None` where there is none.
    """

    entry: Entry
    through: date | None = None
    vintage: datetime | None = None


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a venue quoted at one moment: an option chain, or the futures of one kind.

    Attributes:
        series: the catalog id it belongs to ("chain.spx").
        taken: the moment the quotes stood, UTC.
        quotes: one row per contract; the columns are those of `data.store.layout.QUOTES`.
    """

    series: str
    taken: datetime
    quotes: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Delivery:
    """What one job brought.

    Attributes:
        observations: columns `series` (catalog id), `period` (day the value describes, or the first
            day of the period it describes), `value` (float, in the entry's `source_unit`; NaN where
            the service withdrew a value), `released` (UTC, `NaT` where the service does not say) and
            `row` (its place in the answer, from 1, as a person would count it).
        snapshots: quotes taken at one moment.
        bodies: the answers read.
        failures: series of this job that could not be read, each an error naming series and row; the
            rest of the job stands.
        remarks: sentences for the summary of the update.
    """

    observations: pd.DataFrame = field(default_factory=lambda: no_observations())
    snapshots: tuple[Snapshot, ...] = ()
    bodies: tuple[Body, ...] = ()
    failures: tuple[SeriesFailure, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeriesFailure:
    """A series that could not be brought up to date, and why."""

    series: str
    error: SourceError


@dataclass(frozen=True)
class Job:
    """One or a few requests that belong together and serve the series named.

    Attributes:
        service: the service asked; jobs of one service run one after another.
        series: ids of the catalog that the job serves.
        run: asks and reads; raises `SourceError` where nothing of the answer can be used.
    """

    service: Service
    series: tuple[str, ...]
    run: Callable[[Caller], Delivery]


class Source(Protocol):
    """One service, as the update sees it."""

    service: Service

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return the jobs that bring the wanted series up to date; asks nothing yet."""
        ...


def named(wanted: Iterable[Wanted]) -> str:
    """Return the ids of some series, for refusals of what concerns all of them."""
    return ", ".join(each.entry.id for each in wanted)


def jobs_by(
    key: Callable[[Wanted], Key],
    service: Service,
    wanted: Iterable[Wanted],
    asking: Callable[[Key, tuple[Wanted, ...]], Callable[[Caller], Delivery]],
) -> list[Job]:
    """Return one job for all series that have the same key, in the order in which keys first come.

    Args:
        key: of a series: what it shares with those that one request serves.
        service: asked by all of them.
        wanted: the series.
        asking: makes what runs from a key and its series.
    """
    groups: dict[Key, list[Wanted]] = {}
    for each in wanted:
        groups.setdefault(key(each), []).append(each)
    return [
        Job(service, tuple(each.entry.id for each in group), asking(of_group, tuple(group)))
        for of_group, group in groups.items()
    ]


def delivered(
    series: Mapping[str, Callable[[], pd.DataFrame]], bodies: Iterable[Body], remarks: Iterable[str] = ()
) -> Delivery:
    """Return what can be read of several series; one that cannot be fails by itself.

    Args:
        series: by id in the catalog, what reads the observations of the series.
        bodies: the answers; looked at after the reading, which may add to them.
        remarks: for the summary; looked at after the reading as well.
    """
    found, failures = [], []
    for name, read in series.items():
        try:
            found.append(read())
        except SourceError as error:
            failures.append(SeriesFailure(name, error))
    table = pd.concat(found, ignore_index=True) if found else no_observations()
    return Delivery(table, bodies=tuple(bodies), failures=tuple(failures), remarks=tuple(remarks))


def joined(deliveries: Sequence[Delivery]) -> Delivery:
    """Return deliveries without snapshots as one."""
    return Delivery(
        pd.concat([each.observations for each in deliveries], ignore_index=True),
        bodies=tuple(body for each in deliveries for body in each.bodies),
        failures=tuple(failure for each in deliveries for failure in each.failures),
        remarks=tuple(remark for each in deliveries for remark in each.remarks),
    )


def not_understood(entry: Entry, expected: str) -> SourceError:
    """Return the refusal of an entry of the catalog that does not say what to ask its source for."""
    return SourceError(
        f"'{entry.source_id}', {entry.frequency}, does not say what to ask for",
        where=f"{entry.source}, series '{entry.id}' in the catalog",
        expected=expected,
        remedy="correct the entry in your catalog file",
    )


def no_observations() -> pd.DataFrame:
    """Return the frame of observations without a row."""
    return observations("", [], [], [])


def observations(
    series: str,
    periods: Iterable[object],
    values: Iterable[float],
    rows: Iterable[int],
    released: Iterable[object] | None = None,
) -> pd.DataFrame:
    """Return a frame of observations of one series, with the columns in their types.

    Args:
        series: id in the catalog.
        periods: days, without time and zone.
        values: floats in the source's unit.
        rows: place of each in the answer, from 1.
        released: times with a zone, or `None` where the service does not say.
    """
    period = _times(periods).astype("datetime64[us]")
    length = len(period)
    if released is None:
        times = pd.Series(pd.NaT, index=range(length), dtype="datetime64[us, UTC]")
    else:
        times = _times(released, utc=True).astype("datetime64[us, UTC]")
    return pd.DataFrame(
        {
            "series": pd.Series([series] * length, dtype="object"),
            "period": period,
            "value": pd.Series(list(values), dtype="float64"),
            "released": times,
            "row": pd.Series(list(rows), dtype="int64"),
        }
    )


def _times(given: Iterable[object], utc: bool = False) -> pd.Series[pd.Timestamp]:
    """Return times as a series; those that pandas holds already are not taken apart."""
    if isinstance(given, pd.DatetimeIndex):
        return pd.Series(pd.to_datetime(given, utc=utc), index=range(len(given)))
    return pd.to_datetime(pd.Series(list(given), dtype="object"), utc=utc)
