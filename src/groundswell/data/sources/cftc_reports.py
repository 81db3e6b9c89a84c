"""The rows of the Commitments of Traders, as the reporting service and the yearly files write them.

Fields are named with and without `_all`, in small letters or mixed ones, one of them misspelt; figures
are text, padded, `.` where there is none; codes have trailing blanks; rows come in no order. In every
row long positions and spreads add up to the open interest, and so do short ones and spreads.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body
from groundswell.data.sources.columns import Table
from groundswell.data.sources.decoding import day_of, json_of, number_of, refusal

OPEN_INTEREST = "open_interest"
SIDES = ("long", "short", "spread")

CODE = "cftc_contract_market_code"
DAY_FIELDS = ("report_date_as_yyyy_mm_dd", "report_date_as_yyyy-mm-dd", "report_date_as_mm_dd_yyyy")
SCOPE = "futonly_or_combined"

CONSOLIDATED_SLACK = 5
"""Contracts by which the sums may differ in a consolidated market (its code ends in `+`), whose figures
are rounded from contracts of several sizes."""


@dataclass(frozen=True)
class Report:
    """One kind of report.

    Attributes:
        dataset: its name at the reporting service.
        scope: what its rows say of themselves: futures only, or combined with options.
        fields: for each category and side ("lev_money:long"), the names it goes by, without `_all`.
        files: names of the zip files on the CFTC's site: one with the years to 2016, and one for each
            year since; none where we do not read them.
    """

    dataset: str
    scope: str
    fields: Mapping[str, tuple[str, ...]]
    files: tuple[str, str] | None = None


def _fields(*categories: str, without_spread: Sequence[str]) -> dict[str, tuple[str, ...]]:
    named: dict[str, tuple[str, ...]] = {
        f"{category}:{side}": (f"{category}_positions_{side}",)
        for category in categories
        for side in SIDES
        if side != "spread" or category not in without_spread
    }
    return {OPEN_INTEREST: (OPEN_INTEREST,)} | named


REPORTS: Mapping[str, Report] = MappingProxyType(
    {
        "tff": Report(
            dataset="gpe5-46if",
            scope="FutOnly",
            fields=_fields(
                "dealer", "asset_mgr", "lev_money", "other_rept", "nonrept", without_spread=("nonrept",)
            ),
            files=("fin_fut_txt_2006_2016.zip", "fut_fin_txt_{year}.zip"),
        ),
        "legacy_combined": Report(
            dataset="jun7-fc8e",
            scope="Combined",
            fields=_fields("noncomm", "comm", "nonrept", without_spread=("comm", "nonrept"))
            | {"noncomm:spread": ("noncomm_postions_spread", "noncomm_positions_spread")},
        ),
    }
)


class Position(NamedTuple):
    """One row: a contract on one day."""

    code: str
    day: date
    row: int
    named: Mapping[str, str]
    body: Body


class Figures(NamedTuple):
    """The figures of one row, contracts by category and side."""

    day: date
    row: int
    held: Mapping[str, float]


def read_json(report: Report, body: Body, label: str) -> list[Position]:
    """Return the rows of an answer of the reporting service, which may be none.

    Raises:
        SourceError: the answer is an error or another report, or a row has no code or day.
    """
    rows = json_of(body, label)
    if not isinstance(rows, list):
        said = rows.get("message", rows) if isinstance(rows, dict) else rows
        raise refusal(
            body, f"the service answers: {str(said)[:200]}", series=label, expected="a list of rows"
        )
    read = _read(report)
    positions = []
    for row, members in enumerate(rows, start=1):
        if not isinstance(members, dict):
            raise refusal(
                body, f"the row is {str(members)[:40]}", series=label, row=row, expected="an object"
            )
        named = {
            name.lower(): str(value)
            for name, value in members.items()
            if name.lower() in read and value is not None
        }
        positions.append(_position(report, named, row, body, label))
    if positions:
        _check_fields(report, {name for each in positions for name in each.named}, body, label)
    return positions


def read_table(report: Report, table: Table) -> list[Position]:
    """Return the rows of a yearly file.

    Raises:
        SourceError: columns are missing, or a row has no code or day.
    """
    body, label = table.body, table.series
    names = [name.lower() for name in table.header]
    places = {name: place for place, name in enumerate(names) if name in _read(report)}
    _check_fields(report, set(names), body, label)
    return [
        _position(report, {name: cells[place] for name, place in places.items()}, row, body, label)
        for row, cells in zip(table.lines, table.cells, strict=True)
    ]


def grouped(positions: Iterable[Position]) -> dict[str, list[Position]]:
    """Return the rows by contract."""
    by_code: dict[str, list[Position]] = {}
    for each in positions:
        by_code.setdefault(each.code, []).append(each)
    return by_code


def figures_of(report: Report, rows: Sequence[Position], code: str, series: str) -> list[Figures]:
    """Return the figures of one contract, a row for each day, by the report's names of fields.

    Raises:
        SourceError: there is no row, a figure cannot be read, or those of a row do not add up to its open
            interest; the message names the row.
    """
    if not rows:
        raise SourceError(
            f"there is no report on the contract '{code}'",
            where=f"cftc, series '{series}'",
            expected="a row for every week",
            remedy="check the code of the contract; it may have been delisted",
        )
    held = []
    for each in rows:
        figures = {name: _figure(names, each, series) for name, names in report.fields.items()}
        _check_sums(figures, each, series)
        held.append(Figures(each.day, each.row, figures))
    return held


def _position(report: Report, named: Mapping[str, str], row: int, body: Body, label: str) -> Position:
    code = named.get(CODE, "").strip()
    day = next((named[name].strip() for name in DAY_FIELDS if name in named), "")
    scope = named.get(SCOPE, report.scope).strip()
    if not code or scope != report.scope:
        raise refusal(
            body,
            f"the row is of the contract '{code}' and the scope '{scope[:20]}'",
            series=label,
            row=row,
            expected=f"a code, and the scope '{report.scope}'",
        )
    return Position(code, day_of(day, body, series=label, row=row), row, named, body)


def _check_fields(report: Report, found: set[str], body: Body, label: str) -> None:
    for names in report.fields.values():
        if not any(spelling in found for spelling in _spellings(names)):
            raise refusal(
                body,
                f"there is no field '{names[0]}_all' nor '{names[0]}'",
                series=label,
                expected="the fields of the report",
            )


def _read(report: Report) -> set[str]:
    """Return every name that is read of a row."""
    figures = {spelling for names in report.fields.values() for spelling in _spellings(names)}
    return figures | {CODE, SCOPE, *DAY_FIELDS}


def _spellings(names: Sequence[str]) -> list[str]:
    """Return the names with `_all` before those without: of two, the first covers all months."""
    return [f"{name}_all" for name in names] + list(names)


def _figure(names: Sequence[str], position: Position, series: str) -> float:
    """Return a number of contracts; NaN where there is none."""
    for spelling in _spellings(names):
        if spelling in position.named:
            cell = position.named[spelling].strip()
            value = number_of(
                "" if cell == "." else cell, position.body, series=series, row=position.row, column=spelling
            )
            if value < 0:
                raise refusal(
                    position.body,
                    f"'{spelling}' of {position.code} is {value:g}",
                    series=series,
                    row=position.row,
                    expected="a number of contracts, not below zero",
                )
            return value
    return math.nan


def _check_sums(figures: Mapping[str, float], position: Position, series: str) -> None:
    interest = figures[OPEN_INTEREST]
    slack = CONSOLIDATED_SLACK if position.code.endswith("+") else 0
    for side in SIDES[:2]:
        held = sum(value for name, value in figures.items() if name.endswith((f":{side}", ":spread")))
        if abs(held - interest) > slack:  # never for NaN: what is missing cannot contradict
            raise refusal(
                position.body,
                f"{side} positions and spreads of {position.code} on {position.day} add up to {held:g}, "
                f"the open interest is {interest:g}",
                series=series,
                row=position.row,
                expected="equal sums: each contract has a holder on either side",
            )
