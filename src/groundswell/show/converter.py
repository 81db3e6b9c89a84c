"""Charts become SVG in a process of its own: the converter takes most of a second to start and lets no other
thread of its process run while it draws. Next door it starts and draws while the sheet is still being made.
"""

from __future__ import annotations

import threading
from typing import Any

from groundswell.runs.next_door import NextDoor

_NOTHING: dict[str, Any] = {"mark": "point", "data": {"values": []}}
_LOCK = threading.Lock()
_next_door: NextDoor | None = None


def start() -> NextDoor:
    """Return the process that draws; the first call starts it and has it draw nothing, to be ready."""
    global _next_door
    with _LOCK:
        if _next_door is None:
            _next_door = NextDoor()
            _next_door.submit(_converted, _NOTHING)
        return _next_door


def svg(specification: dict[str, Any]) -> str:
    """Return a Vega-Lite specification as SVG.

    Raises:
        ValueError: nothing can be drawn from it.
    """
    return start().submit(_converted, specification).result()


def _converted(specification: dict[str, Any]) -> str:
    import vl_convert

    return vl_convert.vegalite_to_svg(specification)
