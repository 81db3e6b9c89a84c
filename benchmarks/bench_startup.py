"""Start-up: `groundswell --help` under 0.3 s; `groundswell report` under 20 s from a cold process on first
use (nothing compiled yet) and under 10 s afterwards.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from timing import Timing, machine, measure, report

PROGRAM = Path(sys.executable).with_name("groundswell")


def run(*arguments: str, cache: str | None = None) -> None:
    """Run the command line in a process of its own, silently."""
    environment = dict(os.environ)
    if cache is not None:
        # what the engine sets for its own folder, for a folder that is empty
        environment |= {
            "JAX_COMPILATION_CACHE_DIR": cache,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
        }
    subprocess.run([PROGRAM, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Print the table."""
    start = machine()
    help_ = measure("groundswell --help, a process of its own", lambda: run("--help"), 0.3)
    with tempfile.TemporaryDirectory() as folder:
        out = ("report", "--out", str(Path(folder) / "report"))
        cache = str(Path(folder) / "compiled")
        first = []
        for number in range(2):
            begun = time.perf_counter()
            run(*out, cache=f"{cache}{number}")
            first.append(time.perf_counter() - begun)
        cold = Timing("groundswell report, first use: nothing compiled yet", tuple(first), 20.0)
        again = measure(
            "groundswell report, afterwards", lambda: run(*out, cache=f"{cache}0"), 10.0, 3, warm_up=0
        )
    report("Start-up", [(help_, []), (cold, []), (again, [])], start)


if __name__ == "__main__":
    main()
