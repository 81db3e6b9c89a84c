"""How a number enters the model: declared once, where it is used, with its range, unit and source.
The registry behind `groundswell params` and the draws behind every band are read off these
declarations; a number that is not declared cannot be drawn, listed or set.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
import pandas as pd

from groundswell.data.errors import GroundswellError

_DECLARED = "declared"


@dataclasses.dataclass(frozen=True)
class Declaration:
    """A parameter as it was declared.

    Attributes:
        address: class key and field name, "vol_target.target".
        value: central value, scalar or one per cohort; structural ones may be words.
        low: lower end of the plausible range, same shape.
        high: upper end.
        unit: in words.
        source: publication, or the reason for a judgement, with how sure we are.
        structural: it fixes shapes, is never drawn and cannot be set.
        at_least: smallest value that means anything.
        at_most: largest value that means anything.
        fitted_through: last day (ISO) of the data that the value rests on; empty where it rests on none.
    """

    address: str
    value: Any
    low: Any
    high: Any
    unit: str
    source: str
    structural: bool
    at_least: float = 0.0
    at_most: float = math.inf
    fitted_through: str = ""


class Declared(eqx.Module):
    """Base of everything that declares parameters; `key` is the first half of their addresses."""

    key: ClassVar[str] = ""


def _as_leaf(value: Any) -> Any:
    """The value as a float64 array leaf, so that a new value never means a new compilation."""
    return value if hasattr(value, "dtype") else np.asarray(value, dtype=np.float64)


def parameter(
    value: Any,
    low: Any,
    high: Any,
    unit: str,
    source: str,
    *,
    at_least: float = 0.0,
    at_most: float = math.inf,
    fitted_through: str = "",
) -> Any:
    """A dataclass field for a number (or one number per cohort) with its plausible range.

    The arguments are those of `Declaration`.

    Raises:
        GroundswellError: when the value does not lie inside its own range.
    """
    central, lower, upper = (np.asarray(x, dtype=np.float64) for x in (value, low, high))
    if not (lower.shape == central.shape == upper.shape) or not np.all(
        (at_least <= lower) & (lower <= central) & (central <= upper) & (upper <= at_most)
    ):
        raise GroundswellError(
            what=f"a parameter's value {value} does not lie in its range [{low}, {high}]",
            where=f"declaration with source {source!r}",
            expected="low <= value <= high, element by element, in one shape",
            remedy="correct the declaration",
        )
    declared = Declaration("", value, low, high, unit, source, False, at_least, at_most, fitted_through)
    return eqx.field(default_factory=lambda: central, converter=_as_leaf, metadata={_DECLARED: declared})


def structural(value: Any, unit: str, source: str, *, fitted_through: str = "") -> Any:
    """A dataclass field for a number that fixes shapes (a window, a lag, a list of cohorts): never drawn."""
    declared = Declaration("", value, value, value, unit, source, True, fitted_through=fitted_through)
    return eqx.field(default_factory=lambda: value, static=True, metadata={_DECLARED: declared})


def declarations(kind: type[Declared]) -> Iterator[Declaration]:
    """The declarations of one class, in the order in which they stand in its file."""
    for field in dataclasses.fields(kind):
        if _DECLARED in field.metadata:
            declared: Declaration = field.metadata[_DECLARED]
            yield dataclasses.replace(declared, address=f"{kind.key}.{field.name}")


def checked_value(declared: Declaration, value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """A value given by a user, as an array of that shape (a single number stands for every cohort).

    Raises:
        GroundswellError: when it is not a number, not finite, outside what means anything, or a list
            that does not match the cohorts.
    """
    cohorts = f", or {shape[0]} of them, one per cohort" if shape else ""
    try:
        given = np.asarray(value, dtype=np.float64)
        leaf = np.array(np.broadcast_to(given, shape)) if given.shape in ((), shape) else None
    except (TypeError, ValueError):
        leaf = None
    if leaf is None or not np.all(
        np.isfinite(leaf) & (declared.at_least <= leaf) & (leaf <= declared.at_most)
    ):
        top = "" if declared.at_most == math.inf else f" and at most {declared.at_most:g}"
        raise GroundswellError(
            f"{declared.address} cannot be {value!r}",
            where="parameters",
            expected=f"a number of at least {declared.at_least:g}{top}{cohorts} ({declared.unit})",
            remedy="see its declared range with `groundswell params`",
        )
    return leaf


def _declaring(kind: type[Declared]) -> Iterator[type[Declared]]:
    for child in kind.__subclasses__():
        if child.key and child.__module__.startswith("groundswell."):
            yield child
        yield from _declaring(child)


def registry() -> pd.DataFrame:
    """Every parameter declared by the classes imported so far.

    Columns: address, value, low, high, unit, source, kind ("drawn" or "structural"), fitted_through.
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
            "fitted_through": d.fitted_through,
        }
        for kind in sorted(set(_declaring(Declared)), key=lambda k: k.key)
        for d in declarations(kind)
    ]
    columns = ["address", "value", "low", "high", "unit", "source", "kind", "fitted_through"]
    return pd.DataFrame(rows, columns=columns)
