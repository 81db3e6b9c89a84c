"""Work in a process of its own: what does not wait for the actors, on the other core. The process is this
same package, started without whatever script is running, so that it can be asked from anywhere; what cannot
be had from it is done here instead, and costs nothing but time.
"""

from __future__ import annotations

import atexit
import importlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any, TypeVar

T = TypeVar("T")


class NextDoor:
    """A process that calls functions of the package, one after another, in the order of asking."""

    def __init__(self, *modules: str) -> None:
        """Start it, and have it import `modules` at once; starting takes no time here."""
        self._queue = ThreadPoolExecutor(max_workers=1)
        self._process: subprocess.Popen[bytes] | None = None
        if sys.executable:
            command = [sys.executable, "-m", __name__, *modules]
            try:
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            except OSError:
                return
            atexit.register(self.close)

    def submit(self, function: Callable[..., T], *given: Any) -> Future[T]:
        """Return the result to come of a function called there, or here if there it fails.

        Args:
            function: at the top of a module of the package.
            given: its arguments, which like its result must stand being pickled.
        """
        return self._queue.submit(self._called, function, *given)

    def close(self) -> None:
        """End the process; what is asked afterwards is done here."""
        atexit.unregister(self.close)
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _called(self, function: Callable[..., T], *given: Any) -> T:
        process = self._process
        if process is not None and process.stdin is not None and process.stdout is not None:
            try:
                pickle.dump((function.__module__, function.__qualname__, given), process.stdin)
                process.stdin.flush()
                well, result = pickle.load(process.stdout)
            except (OSError, EOFError, ValueError, pickle.PickleError, TypeError, AttributeError):
                self.close()  # whatever it was about to say would be taken for the next answer
            else:
                if well:
                    found: T = result
                    return found
        return function(*given)


def _serve(asked: IO[bytes], told: IO[bytes]) -> None:
    """Call what is asked for until nobody asks any more."""
    while True:
        try:
            module, name, given = pickle.load(asked)
        except EOFError:
            return
        try:
            answer = pickle.dumps((True, getattr(importlib.import_module(module), name)(*given)))
        except Exception:  # the caller does it again, and meets the same refusal where it belongs
            answer = pickle.dumps((False, None))
        told.write(answer)
        told.flush()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    for each in sys.argv[1:]:
        importlib.import_module(each)
    _serve(sys.stdin.buffer, answers)
