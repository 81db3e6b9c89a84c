"""What FRED calls the unit of a series, held against the catalog's.

FRED changes units without a new id: the Treasury's account was published in billions of dollars and is
now in millions. Its own words are therefore read with every answer. They are compared where they are
plain: multiples of a dollar, chained dollars, percentages, the base of an index, numbers of persons.
What they leave open (a price per tonne, a number of claims) is left to the size of the figures.
"""

from __future__ import annotations

import re

SCALES = {None: "USD", "thousands": "USD thousand", "millions": "USD million", "billions": "USD bn"}
SIZES = {"USD": 1.0, "USD thousand": 1e3, "USD million": 1e6, "USD bn": 1e9}

_MONEY = re.compile(r"(?:(thousands|millions|billions) of )?(?:u\.?s\.? )?dollars")
_CHAINED = re.compile(r"(thousands|millions|billions) of chained (\d{4}) dollars")
_INDEX = re.compile(r"index.*\d{4}.*=\s*100")
_OURS = re.compile(r"(USD(?: thousand| million| bn)?)(?: a (?:year|quarter|month))?")


def money(text: str) -> str | None:
    """Return FRED's words for an amount of money as a unit of ours ("USD bn"), `None` for others."""
    match = _MONEY.fullmatch(text.strip().lower())
    return SCALES[match[1]] if match else None


def agree(text: str, unit: str) -> bool | None:
    """Return whether FRED's words say the same as a unit of ours, `None` where that cannot be told."""
    found, wanted = _kind(text.strip().lower()), _ours(unit)
    return None if found is None or wanted is None else found == wanted


def _kind(words: str) -> str | None:
    if chained := _CHAINED.match(words):
        return f"chained {chained[2]} {SCALES[chained[1]]}"
    if _INDEX.match(words):
        return _index(words)
    if words.startswith("percent"):
        return "percent"
    return money(words) or ("thousand persons" if words == "thousands of persons" else None)


def _ours(unit: str) -> str | None:
    if amount := _OURS.fullmatch(unit):
        return amount[1]
    if unit.startswith("index ") and unit != "index points":
        return _index(unit)
    if unit in ("percent", "percent a year", "percentage points"):
        return "percent"
    return unit if unit.startswith("chained ") or unit == "thousand persons" else None


def _index(words: str) -> str:
    """Return an index by the years of its base, however the rest of it is written."""
    return "index " + "-".join(re.findall(r"\d{4}", words))
