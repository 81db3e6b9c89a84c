"""Numbers as they come from outside, made floats or refused in words.

A number may be given as an integer, a float or a text that says a number; a missing one (None, NA) becomes
NaN, which the measures refuse or leave out as they document. Truth values, dates and spans of time are no
numbers, even where numpy would turn them into some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError, closest

Floats: TypeAlias = npt.NDArray[np.float64]

_NO_NUMBERS = "bmMc"
"""Kinds of numpy that hold truth values, spans, moments and complex numbers."""


def numbers(name: str, values: Any, where: str) -> Floats:
    """Return an array of floats, of the shape of the values; missing ones are NaN.

    Args:
        name: of the values, for errors.
        values: a number, or any list, array, Series or Index of numbers.
        where: for errors.

    Raises:
        DataError: a value is not a number, or rows differ in length.
    """
    typed = isinstance(values, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray))
    try:
        plain = values if typed else np.asarray(None if values is pd.NA else values)
        kind = plain.dtype.kind
        if kind in _NO_NUMBERS:
            held = getattr(values, "dtype", _type(values))
            raise DataError(f"'{name}' holds values of type {held}", where=where, expected="numbers")
        if typed:
            found = values.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            if kind == "O":
                plain = plain.copy()
                plain[pd.isna(plain)] = np.nan
            found = np.asarray(values if kind == "U" else plain, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as problem:
        raise DataError(
            f"'{name}' has something that is not a number ({problem})",
            where=where,
            expected="numbers",
            remedy="turn it into a number or leave it out",
        ) from problem
    return found


def number(name: str, value: object, where: str) -> float:
    """Return one float; NaN where it is missing.

    Args:
        name: of the value, for errors.
        value: a number.
        where: for errors.

    Raises:
        DataError: it is not a number, or more than one.
    """
    found = numbers(name, value, where)
    if found.ndim:
        raise DataError(f"'{name}' has shape {found.shape}", where=where, expected="one number")
    return float(found)


def finite(name: str, values: object, where: str) -> Floats:
    """Return an array of floats, none missing or infinite.

    Args:
        name: of the values, for errors.
        values: as `numbers`.
        where: for errors.

    Raises:
        DataError: as `numbers`, or a value is missing or infinite.
    """
    found = numbers(name, values, where)
    wrong = ~np.isfinite(found)
    if wrong.any():
        raise DataError(
            f"'{name}' is {found[wrong].flat[0]:g}",
            where=where,
            expected="a number, neither missing nor infinite",
        )
    return found


def result(values: object, where: str) -> Floats:
    """Return what was computed, if all of it is finite.

    Raises:
        DataError: a figure is beyond what a float can say.
    """
    found = np.asarray(values, dtype=np.float64)
    if not np.isfinite(found).all():
        raise DataError(
            "a result is beyond the numbers that can be written",
            where=where,
            expected="amounts, prices and times in the units named",
        )
    return found


def together(where: str, **named: Floats) -> list[Floats]:
    """Return arrays broadcast to one shape.

    Args:
        where: for errors.
        **named: the arrays, by the names that errors tell.

    Raises:
        DataError: their shapes do not broadcast.
    """
    try:
        return list(np.broadcast_arrays(*named.values()))
    except ValueError as problem:
        shapes = ", ".join(f"'{name}' {values.shape}" for name, values in named.items() if values.ndim)
        raise DataError(
            f"the arguments do not go together: {shapes}",
            where=where,
            expected="numbers, or arrays of shapes that broadcast",
        ) from problem


def columns(table: object, names: Sequence[str], where: str, remedy: str = "") -> dict[str, Floats]:
    """Return the columns of a table as floats, by name.

    Args:
        table: a DataFrame.
        names: of the columns; others are not looked at.
        where: for errors.
        remedy: what to do where they are missing.

    Raises:
        DataError: it is no DataFrame, a column is missing or stands twice, or as `numbers`.
    """
    frame = checked_table(table, names, where, remedy)
    return {name: numbers(name, frame[name], where) for name in names}


def checked_table(table: object, names: Sequence[str], where: str, remedy: str = "") -> pd.DataFrame:
    """Return the table if it is one and has each of these columns once.

    Args:
        table: a DataFrame.
        names: of the columns.
        where: for errors.
        remedy: what to do where they are missing.

    Raises:
        DataError: otherwise.
    """
    wanted = f"the columns {', '.join(names)}" if names else "one column for each"
    if not isinstance(table, pd.DataFrame):
        raise DataError(
            f"a {_type(table)} was given", where=where, expected=f"a pandas DataFrame with {wanted}"
        )
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise DataError(
            f"the columns {', '.join(missing)} are missing", where=where, expected=wanted, remedy=remedy
        )
    twice = [name for name in names if isinstance(table[name], pd.DataFrame)]
    if twice:
        raise DataError(
            f"the column {twice[0]} stands twice",
            where=where,
            expected="each column once",
            remedy="rename one",
        )
    return table


def word(name: str, given: object, known: Sequence[str], where: str) -> str:
    """Return a word that is one of those known.

    Args:
        name: of the choice, for errors.
        given: the word.
        known: all that are right.
        where: for errors.

    Raises:
        DataError: it is another word, or none.
    """
    if isinstance(given, str) and given in known:
        return given
    told = f"'{given}'" if isinstance(given, str) else f"a {_type(given)}"
    near = closest(given, known) if isinstance(given, str) else ""
    raise DataError(f"the {name} is {told}{near}", where=where, expected="one of " + ", ".join(known))


def mapping(values: object, where: str, expected: str) -> dict[object, object]:
    """Return a mapping (or a Series, by its index) as a dictionary.

    Args:
        values: the mapping.
        where: for errors.
        expected: what it should be.

    Raises:
        DataError: it is neither.
    """
    if isinstance(values, (Mapping, pd.Series)):
        return dict(values.items())
    raise DataError(f"a {_type(values)} was given", where=where, expected=expected)


def _type(value: object) -> str:
    return type(value).__name__
