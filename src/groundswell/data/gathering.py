"""Asking many services at once: one thread a service, everything checked, failures collected.

Whatever a service does (hang, lie, answer in another form) ends here as a failure of its own series.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from queue import Empty, SimpleQueue
from typing import TypeAlias

import pandas as pd

from groundswell.data import checking
from groundswell.data.errors import GroundswellError, SourceError
from groundswell.data.http.service import Body, Caller
from groundswell.data.sources.roster import SOURCES
from groundswell.data.sources.source import Job, SeriesFailure, Snapshot, Wanted
from groundswell.data.store.layout import Batch, nothing_observed

LISTED = 3
"""Series that the error of a whole answer names before it counts the rest."""

SLACK = 0.5
"""Seconds after the deadline in which a call that the client is ending may still report."""


@dataclass(frozen=True)
class Step:
    """How far one service has come, for a progress bar.

    Attributes:
        source: its key.
        done: jobs done.
        total: jobs planned; zero until they are.
        failed: series of it that failed so far.
        ended: whether nothing more will come.
    """

    source: str
    done: int
    total: int
    failed: int
    ended: bool


Progress: TypeAlias = Callable[[Step], None]


@dataclass(frozen=True)
class Gathered:
    """What all services brought: a batch of each for the store, failures by series, remarks."""

    batches: tuple[Batch, ...]
    failures: Mapping[str, SourceError]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Brought:
    """What one job brought, checked; series that failed are among the failures alone."""

    series: tuple[str, ...]
    fetched: datetime
    observations: tuple[pd.DataFrame, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    bodies: tuple[Body, ...] = ()
    failures: Mapping[str, SourceError] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Event:
    """Word from a thread: the jobs it plans, what the next of them brought, or that it has ended."""

    source: str
    planned: tuple[Job, ...] = ()
    brought: _Brought | None = None
    ended: bool = False


def gather(
    plan: Mapping[str, Sequence[Wanted]],
    caller: Caller,
    today: date,
    until: float,
    progress: Progress,
) -> Gathered:
    """Return what the services answer until a deadline.

    Args:
        plan: the series wanted, by key of the source.
        caller: who asks; shared by all threads.
        today: the day, for the plans of the sources.
        until: the moment on the monotonic clock after which nothing is waited for.
        progress: told of every step, in this thread.
    """
    events: SimpleQueue[_Event] = SimpleQueue()
    for source, wanted in plan.items():
        # A thread that hangs below Python (a name that does not resolve) must not keep the program.
        arguments = (source, wanted, caller, today, until, events)
        threading.Thread(target=_ask, args=arguments, daemon=True, name=source).start()
    steps = {source: Step(source, 0, 0, 0, ended=False) for source in plan}
    brought: dict[str, list[_Brought]] = {source: [] for source in plan}
    planned: dict[str, tuple[Job, ...]] = {}
    while not all(step.ended for step in steps.values()):
        try:
            event = events.get(timeout=max(0.0, until + SLACK - time.monotonic()))
        except Empty:
            break
        if event.planned:
            planned[event.source] = event.planned
        if event.brought is not None:
            brought[event.source].append(event.brought)
        steps[event.source] = _counted(steps[event.source], event)
        progress(steps[event.source])
    for source in [source for source, step in steps.items() if not step.ended]:
        missing = planned.get(source, ())[steps[source].done :]
        names = {series for job in missing for series in job.series}
        late = [each for each in plan[source] if source not in planned or each.entry.id in names]
        brought[source].append(_failed(late, _out_of_time(source)))
        last = _Event(source, brought=brought[source][-1], ended=True)
        progress(_counted(steps[source], last))
    batches = tuple(_batch(source, brought[source], plan[source]) for source in plan if brought[source])
    return Gathered(
        batches,
        {failure.series: failure.error for batch in batches for failure in batch.failures},
        tuple(remark for each in brought.values() for one in each for remark in one.remarks),
    )


def _batch(source: str, brought: Sequence[_Brought], wanted: Sequence[Wanted]) -> Batch:
    """Return what a source brought in one piece.

    A series that several jobs serve is taken whole or not at all: what is missing of it now would count
    as first seen at the next update.
    """
    failures = {series: error for each in brought for series, error in each.failures.items()}
    served = dict.fromkeys(series for each in brought for series in each.series)
    every = [rows for each in brought for rows in each.observations if len(rows)]
    good = [rows for rows in every if rows["series"].iloc[0] not in failures]
    return Batch(
        fetched=max(each.fetched for each in brought),
        source=source,
        observations=pd.concat(good, ignore_index=True) if good else nothing_observed(),
        asked=tuple(series for series in served if series not in failures),
        snapshots=tuple(one for each in brought for one in each.snapshots if one.series not in failures),
        bodies=tuple(body for each in brought for body in each.bodies),
        failures=tuple(SeriesFailure(series, error) for series, error in failures.items()),
        entries=tuple(each.entry for each in wanted if each.entry.id in served),
    )


def _counted(step: Step, event: _Event) -> Step:
    brought = event.brought
    failed = step.failed + (len(brought.failures) if brought else 0)
    return Step(step.source, step.done + bool(brought), len(event.planned) or step.total, failed, event.ended)


def _ask(
    source: str,
    wanted: Sequence[Wanted],
    caller: Caller,
    today: date,
    until: float,
    events: SimpleQueue[_Event],
) -> None:
    """Run the jobs of one service, one after another."""
    known = {each.entry.id: each for each in wanted}
    try:
        jobs = SOURCES[source].jobs(wanted, caller, today)
        events.put(_Event(source, planned=tuple(jobs)))
        for job in jobs:
            events.put(_Event(source, brought=_run(source, job, caller, known, until)))
    except Exception as problem:
        events.put(_Event(source, brought=_failed(wanted, _own(problem, source, "its plan"))))
    events.put(_Event(source, ended=True))


def _run(source: str, job: Job, caller: Caller, known: Mapping[str, Wanted], until: float) -> _Brought:
    """Return what a job brings, checked series by series; one that fails leaves the others as they are."""
    served = [known[series] for series in job.series]
    if time.monotonic() > until:
        return _failed(served, _out_of_time(source))
    try:
        delivery = job.run(caller)
    except Exception as problem:
        return _failed(served, _own(problem, source, ", ".join(job.series[:3])))
    fetched = max((body.fetched for body in delivery.bodies), default=datetime.now(UTC))
    failures = {each.series: each.error for each in delivery.failures}
    quoted = {each.series for each in delivery.snapshots}
    rows_of = {str(name): rows for name, rows in delivery.observations.groupby("series", sort=False)}
    # A series that was never answered must bring something; one that is stored may have nothing new.
    silent = [each.entry.id for each in served if each.through is None and each.entry.id not in quoted]
    good = []
    for series in dict.fromkeys([*rows_of, *silent]):
        if series in failures:
            continue
        try:
            if series not in job.series:
                raise SourceError("its job does not serve this series", where=f"{source}, {series}")
            rows = rows_of.get(series, delivery.observations.iloc[:0])
            good.append(checking.checked(rows, known[series].entry, fetched))
        except Exception as problem:
            failures[series] = _own(problem, source, series)
    return _Brought(
        job.series, fetched, tuple(good), delivery.snapshots, delivery.bodies, failures, delivery.remarks
    )


def _failed(wanted: Sequence[Wanted], error: SourceError) -> _Brought:
    names = tuple(each.entry.id for each in wanted)
    told = _naming(error, names)
    return _Brought(names, datetime.now(UTC), failures=dict.fromkeys(names, told))


def _naming(error: SourceError, names: Sequence[str]) -> SourceError:
    """Return an error of a whole answer with the series that go without it."""
    if not names or any(f"'{name}'" in error.where for name in names):
        return error
    others = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    listed = ", ".join(f"'{name}'" for name in names[:LISTED])
    told = SourceError(
        error.what,
        where=f"{error.where}, series {listed}{others}",
        expected=error.expected,
        remedy=error.remedy,
    )
    told.__cause__ = error
    return told


def _own(problem: Exception, source: str, place: str) -> SourceError:
    """Return the problem as an error of ours; what is not one already is a defect of this program."""
    if isinstance(problem, SourceError):
        return problem
    if isinstance(problem, GroundswellError):
        where = f"{source}, {problem.where or place}"
        return SourceError(problem.what, where=where, expected=problem.expected, remedy=problem.remedy)
    error = SourceError(
        f"{type(problem).__name__}: {problem}",
        where=f"{source}, {place}",
        expected="an answer that is read or refused in words: this is a defect of Groundswell",
        remedy="report it with this message; the other series are not touched",
    )
    error.__cause__ = problem
    return error


def _out_of_time(source: str) -> SourceError:
    return SourceError(
        "no answer in the time allowed",
        where=source,
        expected="an answer before the deadline",
        remedy="try again later; what is stored stays as it is",
    )
