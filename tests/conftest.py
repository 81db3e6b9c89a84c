"""What the tests share: the way to real data, which stays outside the repository."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of the long checks, which `make bars` runs and `make test` leaves out."""
    config.addinivalue_line("markers", "bars: a long check, run by `make bars`")


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Return a function that finds a file of real data, or skips the test and says why.

    The folder is named by the environment variable GROUNDSWELL_REAL_DATA; without it, the folder
    `shared/data` beside the checkout is tried.
    """
    named = os.environ.get("GROUNDSWELL_REAL_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"

    def find(relative_path: str) -> Path:
        path = folder / relative_path
        if not path.exists():
            pytest.skip(f"no real data here: {relative_path} is not in GROUNDSWELL_REAL_DATA")
        return path

    return find
