"""Fixtures of the sources: real answers of the services, where they are present."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def recording() -> Callable[[str], Path]:
    """Return a function from a relative path to a recorded answer; it skips where there is none.

    The folder is the one that the environment variable GROUNDSWELL_RECORDINGS names or, without it,
    `shared/recordings` beside the checkout.
    """
    folder = Path(os.environ.get("GROUNDSWELL_RECORDINGS", CHECKOUT.parent / "shared" / "recordings"))

    def find(relative_path: str) -> Path:
        file = folder / relative_path
        if not file.is_file():
            pytest.skip(f"no recorded answer {relative_path} (set GROUNDSWELL_RECORDINGS)")
        return file

    return find
