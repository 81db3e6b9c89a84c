"""Every sheet says what it stands on: which data, through which date, how old.

- bundle, store, both joined, or a file of the user's own: named with each figure and in every form
- a figure that is older than its rule allows carries its age, on the evening asked for or today
- a sheet of a past evening owes nothing to what the store was told of later days, to the last byte
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import made_services
import numpy as np
import pandas as pd
import pytest
from made_data import made_entry, tell

import groundswell as gs
from groundswell.runs.history import lay_out
from groundswell.sheets import data_strip
from groundswell.sheets.moment import moment
from groundswell.show import plain

AT = f"{pd.Timestamp.now('UTC')}"[:19]
EVENING = made_services.sessions[-60]


def volatility(level: float) -> pd.Series:
    days = made_services.sessions
    return pd.Series(level + np.sin(np.arange(len(days)) / 9.0), days)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GROUNDSWELL_DATA", str(tmp_path))
    values = {"vix9d": volatility(15), "vix": volatility(17), "vix3m": volatility(19)}
    tell(tmp_path, {"index": made_services.closes(), **values}, at=AT)
    return tmp_path


def strip_of(as_of: str | None = None, **loaded: object) -> pd.DataFrame:
    book = gs.load(**loaded).cut(as_of)  # type: ignore[arg-type]
    found = data_strip.strip(book, lay_out(book), moment(book, as_of is not None))
    return found.set_index("item")


def test_each_figure_has_its_source(store: Path) -> None:
    strip = strip_of()
    assert strip["source"][["Index", "VIX", "Market value"]].tolist() == [
        "FRED",
        "Cboe",
        "table of the package",
    ]
    assert strip["value"]["VIX 9d / 1m / 3m"] == " / ".join(
        f"{volatility(level).iloc[-1]:.1f}" for level in (15, 17, 19)
    )
    assert not strip["stale"].any()


def test_the_bundle_is_named_and_old_today_but_not_on_its_last_evening() -> None:
    today = strip_of()
    assert set(today["source"]) == {"bundled history (arch)", "table of the package", "calendar"}
    assert today["stale"][["Index", "VIX"]].all()
    since = pd.Timestamp.now("America/New_York").date() - pd.Timestamp("2018-12-31").date()
    assert today["age_days"]["Index"] == since.days
    evening = strip_of("2018-12-31")
    assert not evening["stale"].any()
    assert (evening["age_days"]["Index"], strip_of("2019-01-03")["age_days"]["Index"]) == (0, 3)


def test_a_file_is_named(made_prices: Callable[..., Path]) -> None:
    strip = strip_of(path=made_prices())
    assert strip["source"]["Index"] == "prices.csv"
    assert strip["stale"]["Index"]


def test_an_old_volatility_beside_a_fresh_index_carries_its_age(tmp_path: Path, store: Path) -> None:
    other = tmp_path / "other"
    days = made_services.sessions
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROUNDSWELL_DATA", str(other))
        tell(other, {"index": made_services.closes(), "vix": volatility(17)[:-12]}, at=AT)
        strip = strip_of()
    assert (strip["stale"]["Index"], strip["stale"]["VIX"]) == (False, True)
    assert strip["date"]["VIX"] == days[-13]
    assert not [item for item in strip.index if item.startswith("VIX 9d")]


def test_volatility_of_a_later_day_is_not_on_the_sheet_of_an_older_index(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROUNDSWELL_DATA", str(tmp_path))
        tell(tmp_path, {"vix": volatility(17)}, at=AT)
        assert strip_of()["date"]["VIX"] == pd.Timestamp("2018-12-31")


def test_a_past_sheet_owes_nothing_to_later_days(store: Path, tmp_path: Path) -> None:
    """A revision, a correction of a price of that evening, and all later days change not one byte."""
    evening = f"{EVENING:%Y-%m-%d}"
    closes = made_services.closes()
    values = {"index": closes, "vix": volatility(17), "fed_assets": volatility(7000)}
    entries = {"fed_assets": made_entry("fed_assets", unit="USD bn", revised=True)}
    whole, told = tmp_path / "whole", tmp_path / "told"
    known = {name: each[each.index <= EVENING] for name, each in values.items()}
    for folder in (whole, told):
        tell(folder, known, at=f"{evening} 23:50", entries=entries)
    corrected = {name: each * 1.001 for name, each in values.items()}
    corrected["index"] = closes.where(closes.index != EVENING, closes * 1.02)
    tell(whole, corrected, at=AT, entries=entries)
    sheets = []
    for folder in (whole, told):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GROUNDSWELL_DATA", str(folder))
            sheets.append(gs.desk(gs.load(), as_of=evening, draws=2))
    first, second = (plain.to_json(sheet) for sheet in sheets)
    assert first == second
    said = json.loads(first)
    assert said["through"] == evening
    for form in (plain.to_markdown, plain.to_csv):
        assert "FRED from 2 Jan 2019" in form(sheets[0])
        assert "Cboe" in form(sheets[0])
