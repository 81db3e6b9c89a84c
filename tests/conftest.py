"""Fixtures that every floor's tests share: made prices; real files and answers where present."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings
from made_data import made_table

from groundswell.data.book import PRICE, Book, Series

_OF_THE_USER = re.compile(
    r"GROUNDSWELL_(DATA|CACHE|CONTACT|CATALOG|CA|\w+_ADDRESS)|(FRED|BEA|BLS|EIA)_API_KEY|CFTC_APP_TOKEN"
)
CHECKOUT = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of the long checks, which `make bars` runs and `make test` leaves out."""
    config.addinivalue_line("markers", "bars: a long check, run by `make bars`")
    # How long an example takes says more of the machine than of the program.
    settings.register_profile("groundswell", deadline=None, max_examples=40)
    settings.load_profile("groundswell")
    # No test, and no program a test starts, may see the developer's own store, keys or settings.
    home = Path(tempfile.mkdtemp(prefix="groundswell-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    for name in [name for name in os.environ if _OF_THE_USER.fullmatch(name)]:
        del os.environ[name]
    os.environ["GROUNDSWELL_DATA"] = str(home / "data")
    os.environ["GROUNDSWELL_CACHE"] = str(home / "cache")
    os.environ["XDG_CONFIG_HOME"] = str(home / "config")


@pytest.fixture
def real_data() -> Callable[[str], Path]:
    """Return a function from a relative path to a real data file; it skips where there is none.

    The folder is the one that the environment variable GROUNDSWELL_REAL_DATA names or, without it,
    `shared/data` beside the checkout.
    """
    folder = Path(os.environ.get("GROUNDSWELL_REAL_DATA", CHECKOUT.parent / "shared" / "data"))

    def find(relative_path: str) -> Path:
        file = folder / relative_path
        if not file.is_file():
            pytest.skip(f"no real data file {relative_path} (set GROUNDSWELL_REAL_DATA)")
        return file

    return find


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


@pytest.fixture
def made_prices(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of price files: `made_prices(table=None, name="prices.csv", **made)`.

    Pass a table (for example a changed `made_table(...)`), or the arguments of `made_table`.
    """

    def write(table: pd.DataFrame | None = None, name: str = "prices.csv", **made: object) -> Path:
        file = tmp_path / name
        rows = made_table(**made) if table is None else table  # type: ignore[arg-type]
        if file.suffix == ".parquet":
            rows.to_parquet(file, index=False)
        else:
            rows.to_csv(file, index=False)
        return file

    return write


@pytest.fixture
def made_book() -> Callable[..., Book]:
    """Return a maker of books from random walks: `made_book(sessions=, start=, seed=, assets=)`."""

    def make(
        sessions: int = 300,
        *,
        start: str = "2015-01-02",
        seed: int = 0,
        assets: tuple[str, ...] = ("index",),
    ) -> Book:
        table = made_table(sessions, start=start, seed=seed, assets=assets)
        days = pd.DatetimeIndex(pd.to_datetime(table["date"]), name="date")
        series = {
            name: Series.of_closes(
                pd.Series(table[name].to_numpy(), days),
                name=name,
                unit=PRICE,
                source="made",
                title=f"{name}, made",
            )
            for name in assets
        }
        return Book(series=series, as_of=days[-1], label="made prices")

    return make
