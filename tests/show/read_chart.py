"""Reading the specification of a chart: what stands where, and the rows it draws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def inside(spec: Any, key: str) -> Iterator[Any]:
    """Yield every value under `key`, anywhere in a specification."""
    if isinstance(spec, dict):
        for name, value in spec.items():
            if name == key:
                yield value
            yield from inside(value, key)
    elif isinstance(spec, list):
        for value in spec:
            yield from inside(value, key)


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every data row of a specification."""
    named = [row for rows in spec.get("datasets", {}).values() for row in rows]
    return named + [row for rows in inside(spec, "values") for row in rows if isinstance(row, dict)]
