"""Charts become SVG in a process of its own. The converter takes most of a second to start and lets no other
thread of its process run while it draws; next door it starts and draws while the sheet is still being made.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from typing import IO, Any

_LOCK = threading.Lock()


class _NextDoor:
    """The process, while it lives; a line of JSON goes in for each chart and one comes back."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(self.close)

    def svg(self, specification: dict[str, Any]) -> str | None:
        """Return the drawing, or `None` where the process could not make it."""
        process = self._process
        if process.stdin is None or process.stdout is None:
            return None
        try:
            process.stdin.write(json.dumps(specification).encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except (OSError, ValueError):  # it has ended, or was ended
            return None
        drawn: str | None = json.loads(answer) if answer.endswith(b"\n") else None
        return drawn

    def close(self) -> None:
        """End the process."""
        atexit.unregister(self.close)
        self._process.kill()
        self._process.communicate()


_next_door: _NextDoor | None = None


def start() -> None:
    """Start the process, so that it is ready when the first chart is."""
    global _next_door
    with _LOCK:
        if _next_door is None and sys.executable:
            try:
                _next_door = _NextDoor()
            except OSError:
                return


def svg(specification: dict[str, Any]) -> str:
    """Return a Vega-Lite specification as SVG, drawn next door or, where that fails, here."""
    global _next_door
    start()
    with _LOCK:
        drawn = None if _next_door is None else _next_door.svg(specification)
        if drawn is None and _next_door is not None:
            _next_door.close()
            _next_door = None
    return _converted(specification) if drawn is None else drawn


def _converted(specification: dict[str, Any]) -> str:
    import vl_convert

    return vl_convert.vegalite_to_svg(specification)


def _serve(asked: IO[bytes], told: IO[bytes]) -> None:
    """Draw what is asked for, line by line, until nobody asks any more."""
    _converted({"mark": "point", "data": {"values": []}})
    for line in asked:
        try:
            answer = _converted(json.loads(line))
        except ValueError:
            answer = None
        told.write(json.dumps(answer).encode() + b"\n")
        told.flush()


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
