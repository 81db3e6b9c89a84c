"""The bundled history: what it holds, where it ends, and that it loads light."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from groundswell.data.errors import DataError
from groundswell.data.shelf import load


def test_the_bundle_is_twenty_years_of_the_index_and_five_of_the_vix() -> None:
    book = load()
    index = book.prices("index")
    assert (len(index), index.iloc[0], index.iloc[-1]) == (5_031, 1_228.099976, 2_506.850098)
    assert book.values("vix")["2018-02-05"] == 37.32
    assert book.assets == ("index",)
    assert book.is_bundled


def test_nothing_in_the_bundle_is_later_than_the_index() -> None:
    book = load()
    assert book.through == book.as_of == pd.Timestamp("2018-12-31")
    assert book.values("vix").index[-1] == book.through


def test_volume_in_shares_is_not_dollars() -> None:
    book = load()
    assert book.values("share_volume").median() > 1e9
    assert 100.0 < book.daily_volume()["value"].iloc[-1] < 1_000.0


def test_an_evening_of_the_past_knows_nothing_of_the_next_day() -> None:
    book = load(as_of="2018-02-05")
    assert book.through == pd.Timestamp("2018-02-05")
    assert book.prices("index").iloc[-1] == 2_648.939941
    assert book.values("vix").iloc[-1] == 37.32


def test_an_as_of_with_too_little_history_is_refused() -> None:
    with pytest.raises(DataError, match=r"only 19 sessions.*at least 128.*1999-07-07 on"):
        load(as_of="1999-01-29")
    with pytest.raises(DataError, match="begins on 1999-01-04"):
        load(as_of="1998-12-31")


def test_loading_the_bundle_imports_neither_arch_nor_jax_nor_the_exchange_calendar() -> None:
    program = (
        "import sys; from groundswell.data.shelf import load; load(); "
        "print([m for m in ('arch', 'jax', 'exchange_calendars', 'scipy') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
