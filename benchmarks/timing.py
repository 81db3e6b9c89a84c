"""How a benchmark measures and prints: best and median of several quiet repeats, beside the bar it has
to meet and beside what one would use instead, both timed in the same run.
"""

import dataclasses
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

REPEATS = 7
PAUSE = 0.2
"""Seconds between repeats, so that one busy moment of the machine does not spoil them all."""


@dataclasses.dataclass(frozen=True)
class Timing:
    """Seconds of several repeats of one thing.

    Attributes:
        what: the thing, in words.
        seconds: one entry a repeat; for a sample, already scaled to the whole.
        bar: seconds that the best repeat must stay below; None where there is no bar.
        note: e.g. how a sample was scaled.
    """

    what: str
    seconds: tuple[float, ...]
    bar: float | None = None
    note: str = ""

    @property
    def best(self) -> float:
        """Seconds of the fastest repeat: the one that others on the machine disturbed least."""
        return min(self.seconds)


def measure(
    what: str,
    function: Callable[[], object],
    bar: float | None = None,
    repeats: int = REPEATS,
    *,
    warm_up: int = 1,
    share: float = 1.0,
    note: str = "",
) -> Timing:
    """Time a function, after `warm_up` calls that do not count.

    Args:
        what: the thing, in words.
        function: called once a repeat; it must have finished its work when it returns.
        bar: seconds that the best repeat must stay below.
        repeats: how often.
        warm_up: calls before the clock counts.
        share: part of the whole that the function does; seconds are divided by it.
        note: e.g. that only a sample was run.
    """
    for _ in range(warm_up):
        function()
    seconds = []
    for _ in range(repeats):
        time.sleep(PAUSE)
        start = time.perf_counter()
        function()
        seconds.append((time.perf_counter() - start) / share)
    return Timing(what, tuple(seconds), bar, note)


def machine() -> str:
    """The machine in a line: cores, load, Python."""
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    system = f"{platform.machine()} {platform.system()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {load} at the start, {system}"


def report(
    title: str, ours: Sequence[tuple[Timing, Sequence[Timing]]], start: str, remarks: str = ""
) -> None:
    """Print each of our timings with its bar, and below it the alternatives as ratios to ours.

    Args:
        title: the benchmark, in words.
        ours: our timings, each with the alternatives that do the same work.
        start: `machine()` as it was before the first repeat.
        remarks: what a reader must know to judge the comparison.
    """
    lines = [f"{title}\n{start}\n", f"{'what':<66}{'bar':>8}{'best':>10}{'median':>10}{'n':>4}  verdict"]
    for timing, others in ours:
        bar = "" if timing.bar is None else f"{timing.bar:.2f} s"
        met = "" if timing.bar is None else "met" if timing.best < timing.bar else "MISSED"
        lines.append(_row(timing, bar, met))
        lines += [
            _row(other, "", f"{other.best / timing.best:.1f} x ours", indent="  instead: ")
            for other in others
        ]
    notes = [f"- {t.what}: {t.note}" for own, others in ours for t in (own, *others) if t.note]
    sys.stdout.write("\n".join([*lines, *notes, remarks]).rstrip() + "\n\n")


def _row(timing: Timing, bar: str, verdict: str, indent: str = "") -> str:
    median = statistics.median(timing.seconds)
    name = f"{indent}{timing.what}"
    return f"{name:<66}{bar:>8}{_time(timing.best):>10}{_time(median):>10}{len(timing.seconds):>4}  {verdict}"


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"


def real_file(argument: str | None) -> Path | None:
    """The price file that a benchmark was given, or None for the bundled history."""
    return None if argument is None else Path(argument)
