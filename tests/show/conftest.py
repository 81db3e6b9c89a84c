"""Made desks for the tests of the forms: numbers like those of a real sheet, none estimated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from made_sheet import frames

from groundswell.sheets.desk_sheet import Desk


@pytest.fixture(scope="session")
def make_desk() -> Callable[..., Desk]:
    """Return a maker of desks: `make_desk(factor=1.0, scenarios=..., sessions=756, **fields)`."""

    def make(**options: Any) -> Desk:
        from groundswell.show.page import to_html

        shape = {key: options.pop(key) for key in {"factor", "scenarios", "sessions"} & {*options}}
        return Desk(**{**frames(**shape), "page": to_html, **options})

    return make


@pytest.fixture(scope="session")
def made_desk(make_desk: Callable[..., Desk]) -> Desk:
    """Return the plain made desk, one for all tests."""
    return make_desk()
