"""Start-up: `groundswell --help` under 0.3 s; `groundswell report` under 20 s from a cold process on first
use (nothing compiled yet) and under 10 s afterwards; on the bundled history, and on a store that holds
everything the sheet can show.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import full_store
from timing import Timing, machine, measure, report

PROGRAM = Path(sys.executable).with_name("groundswell")


def run(*arguments: str, cache: str | None = None, data: Path) -> None:
    """Run the command line in a process of its own, silently."""
    environment = dict(os.environ) | {"GROUNDSWELL_DATA": str(data)}
    if cache is not None:
        # what the engine sets for its own folder, for a folder that is empty
        environment |= {
            "JAX_COMPILATION_CACHE_DIR": cache,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
        }
    subprocess.run([PROGRAM, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)


def reports(name: str, folder: Path, *options: str) -> tuple[Timing, Timing]:
    """Time the report of a data folder, on first use and afterwards."""
    out = ("report", "--out", str(folder / "report"), *options)
    first = []
    for number in range(2):
        begun = time.perf_counter()
        run(*out, cache=str(folder / f"compiled{number}"), data=folder)
        first.append(time.perf_counter() - begun)
    cold = Timing(f"groundswell report, {name}, first use: nothing compiled yet", tuple(first), 20.0)
    cache = str(folder / "compiled0")
    again = measure(
        f"groundswell report, {name}, afterwards",
        lambda: run(*out, cache=cache, data=folder),
        10.0,
        3,
        warm_up=0,
    )
    return cold, again


def main() -> None:
    """Print the table."""
    start = machine()
    with tempfile.TemporaryDirectory() as root:
        empty, full = Path(root) / "empty", Path(root) / "full"
        for folder in (empty, full):
            folder.mkdir()
        evening = full_store.fill(full)
        help_ = measure("groundswell --help, a process of its own", lambda: run("--help", data=empty), 0.3)
        bundled = reports("bundled history", empty)
        whole = reports("all the desk can show", full, "--as-of", evening)
    report("Start-up", [(timing, []) for timing in (help_, *bundled, *whole)], start)


if __name__ == "__main__":
    main()
