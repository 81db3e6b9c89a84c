"""Every source by its key. A source's file is opened when the source is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import MappingProxyType

from groundswell.data.errors import DataError, closest
from groundswell.data.sources.source import Source

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "fred": "FRED",
        "fred_md": "FRED-MD",
        "nyfed": "New York Fed",
        "fiscal_data": "Treasury Fiscal Data",
        "cboe": "Cboe",
        "cftc": "CFTC",
        "fed_dfa": "Fed DFA",
        "bls": "BLS",
        "bea": "BEA",
        "eia": "EIA",
        "sec_edgar": "SEC EDGAR",
        "coin_metrics": "Coin Metrics",
        "deribit": "Deribit",
        "yahoo": "Yahoo Finance",
    }
)
"""What a source is called on a sheet, by key, in the order in which they are listed."""


class _Roster(Mapping[str, Source]):
    """The sources by key; each is imported on its first use."""

    def __getitem__(self, key: str) -> Source:
        if key not in NAMES:
            raise KeyError(key)
        found: Source = import_module(f"groundswell.data.sources.{key}").SOURCE
        return found

    def __contains__(self, key: object) -> bool:
        return key in NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


SOURCES: Mapping[str, Source] = _Roster()


def known(key: str) -> str:
    """Return the key of a source.

    Raises:
        DataError: there is none of that key.
    """
    if key not in NAMES:
        raise DataError(
            f"there is no source '{key}'{closest(key, NAMES)}",
            where="the sources",
            expected=f"one of {', '.join(NAMES)}",
            remedy="`groundswell doctor` says what each holds",
        )
    return key
