"""Frames of quotes, one row per contract, in the columns every venue shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from groundswell.data.http.service import Body
from groundswell.data.sources.decoding import refusal
from groundswell.data.store.layout import QUOTES

MONTH_CODES = "FGHJKMNQUVXZ"
"""Letters of the months in the names of futures."""

_WORDS = frozenset({"contract", "root", "kind"})
_NEVER_NEGATIVE = frozenset(
    {"strike", "bid", "ask", "bid_size", "ask_size", "last", "volume", "open_interest", "settle"}
)


def contract_of(root: str, day: date) -> str:
    """Return the name of a monthly future: root, letter of the month, two digits of the year."""
    return f"{root}{MONTH_CODES[day.month - 1]}{day:%y}"


def quotes_of(columns: Mapping[str, Any], rows: Sequence[int], body: Body, *, series: str) -> pd.DataFrame:
    """Return the frame of quotes in the columns of the store; what was not given is missing.

    A contract that stands twice with the same figures is taken once.

    Args:
        columns: by name of `QUOTES`; arrays, or one value for all contracts.
        rows: place of each contract in the answer, from 1.
        body: the answer, for refusals.
        series: catalog id, for refusals.

    Raises:
        SourceError: there is no contract, a figure is not finite, a price or quantity is negative, or a
            contract stands twice with different figures.
    """
    if not len(rows):
        raise refusal(body, "there is no living contract", series=series, expected="at least one contract")
    frame = pd.DataFrame({name: columns.get(name, np.nan) for name in QUOTES}, index=range(len(rows)))
    contracts = frame["contract"].to_list()
    for name in QUOTES:
        if name in _WORDS:
            frame[name] = frame[name].astype("object")
            continue
        if name == "expiry":
            frame[name] = frame[name].astype("datetime64[us]")
            continue
        values = frame[name].to_numpy(dtype=float)
        wrong = np.isinf(values) | ((values < 0) & (name in _NEVER_NEGATIVE))
        if wrong.any():
            at = int(np.argmax(wrong))
            raise refusal(
                body,
                f"'{name}' of {contracts[at]} is {values[at]:g}",
                series=series,
                row=rows[at],
                expected="a finite figure, not below zero for a price or a quantity",
            )
        frame[name] = values
    repeated = frame.duplicated().to_numpy()
    twice = frame["contract"].duplicated().to_numpy() & ~repeated
    if twice.any():
        at = int(np.argmax(twice))
        raise refusal(
            body,
            f"{contracts[at]} stands twice with different figures",
            series=series,
            row=rows[at],
            expected="each contract once",
        )
    return frame.loc[~repeated].reset_index(drop=True)
