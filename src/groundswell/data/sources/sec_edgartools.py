"""Facts of a company read through the library edgartools, for those who work with it already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from importlib import import_module

from groundswell.data.errors import SourceError
from groundswell.data.sources.sec_facts import Fact


def facts_by_edgartools(cik: int, tags: Sequence[str], contact: str, unit: str = "USD") -> list[Fact]:
    """Return the flows under some tags, as `sec_facts.quarters` wants them.

    The library asks EDGAR itself, with its own cache, so nothing is archived here.

    Args:
        cik: the company.
        tags: concepts of us-gaap.
        contact: e-mail address that EDGAR wants to see.
        unit: of the figures.

    Raises:
        SourceError: the library is not installed, or has nothing of the company.
    """
    try:
        edgar = import_module("edgar")
    except ImportError as problem:
        raise SourceError(
            "edgartools is not installed",
            where=f"sec_edgar, CIK {cik}",
            remedy="pip install 'groundswell[clients]', or read the facts without it",
        ) from problem
    edgar.set_identity(contact)
    known = edgar.Company(cik).get_facts()
    if known is None:
        raise SourceError(
            "edgartools has no facts",
            where=f"sec_edgar, CIK {cik}",
            expected="a company that files in XBRL",
            remedy="check the CIK",
        )
    facts: list[Fact] = []
    rows: defaultdict[str, int] = defaultdict(int)
    for each in known.get_all_facts():
        tag = each.concept.removeprefix("us-gaap:")
        if tag in tags and each.unit == unit and each.numeric_value is not None:
            rows[tag] += 1
            if each.period_start is not None:
                value = float(each.numeric_value)
                facts.append(
                    Fact(tag, each.period_start, each.period_end, value, each.filing_date, rows[tag])
                )
    return facts
