"""How a number enters the model: declared once, where it is used, with its range, unit and source.
The registry behind `groundswell params` and the draws behind every band are read off these
declarations; a number that is not declared cannot be drawn, listed or set.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
import pandas as pd

from groundswell.data.errors import GroundswellError

_DECLARED = "declared"


@dataclasses.dataclass(frozen=True)
class Declaration:
    """A parameter as it was declared: `value`, `low`, `high` share one shape; structural ones are fixed."""

    address: str
    value: Any
    low: Any
    high: Any
    unit: str
    source: str
    structural: bool


class Declared(eqx.Module):
    """Base of everything that declares parameters; `key` is the first half of their addresses."""

    key: ClassVar[str] = ""


def _as_leaf(value: Any) -> Any:
    """The value as a float64 array leaf, so that a new value never means a new compilation."""
    return value if hasattr(value, "dtype") else np.asarray(value, dtype=np.float64)


def parameter(value: Any, low: Any, high: Any, unit: str, source: str) -> Any:
    """A dataclass field for a number (or one number per cohort) with its plausible range.

    Args:
        value: central value, scalar or one per cohort.
        low: lower end of the range that ensembles draw from, same shape as `value`.
        high: upper end, same shape.
        unit: unit in words, e.g. "annual volatility, decimal".
        source: publication or the reason for a judgement, with how sure we are.

    Raises:
        GroundswellError: when the value does not lie inside its own range.
    """
    central, lower, upper = (np.asarray(x, dtype=np.float64) for x in (value, low, high))
    if not (lower.shape == central.shape == upper.shape) or not np.all(
        (lower <= central) & (central <= upper)
    ):
        raise GroundswellError(
            what=f"a parameter's value {value} does not lie in its range [{low}, {high}]",
            where=f"declaration with source {source!r}",
            expected="low <= value <= high, element by element, in one shape",
            remedy="correct the declaration",
        )
    return eqx.field(
        default_factory=lambda: central,
        converter=_as_leaf,
        metadata={_DECLARED: (value, low, high, unit, source, False)},
    )


def structural(value: Any, unit: str, source: str) -> Any:
    """A dataclass field for a number that fixes shapes (a window, a lag, a list of cohorts): never drawn."""
    return eqx.field(
        default_factory=lambda: value,
        static=True,
        metadata={_DECLARED: (value, value, value, unit, source, True)},
    )


def declarations(kind: type[Declared]) -> Iterator[Declaration]:
    """The declarations of one class, in the order in which they stand in its file."""
    for field in dataclasses.fields(kind):
        if _DECLARED in field.metadata:
            value, low, high, unit, source, fixed = field.metadata[_DECLARED]
            yield Declaration(f"{kind.key}.{field.name}", value, low, high, unit, source, fixed)


def _declaring(kind: type[Declared]) -> Iterator[type[Declared]]:
    for child in kind.__subclasses__():
        if child.key and child.__module__.startswith("groundswell."):
            yield child
        yield from _declaring(child)


def registry() -> pd.DataFrame:
    """Every parameter declared by the classes imported so far.

    Columns: address, value, low, high, unit, source, kind ("drawn" or "structural").
    """
    rows = [
        {
            "address": d.address,
            "value": d.value,
            "low": d.low,
            "high": d.high,
            "unit": d.unit,
            "source": d.source,
            "kind": "structural" if d.structural else "drawn",
        }
        for kind in sorted(set(_declaring(Declared)), key=lambda k: k.key)
        for d in declarations(kind)
    ]
    columns = ["address", "value", "low", "high", "unit", "source", "kind"]
    return pd.DataFrame(rows, columns=columns)
