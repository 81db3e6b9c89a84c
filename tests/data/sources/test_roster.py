"""The roster and the files beside it agree: every source is listed, and every listed source is there."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import pytest

from groundswell.data import sources
from groundswell.data.errors import DataError
from groundswell.data.sources.roster import NAMES, SOURCES, known


@pytest.mark.parametrize("key", NAMES)
def test_every_key_opens_the_source_of_that_key(key: str) -> None:
    assert SOURCES[known(key)].service.key == key


def test_every_source_among_the_files_is_listed() -> None:
    modules = [each.name for each in iter_modules(sources.__path__)]
    own = [name for name in modules if hasattr(import_module(f"{sources.__name__}.{name}"), "SOURCE")]
    assert sorted(own) == sorted(SOURCES)


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    assert "fredd" not in SOURCES
    with pytest.raises(KeyError):
        SOURCES["fredd"]
    with pytest.raises(DataError, match=r"there is no source 'fredd'.*did you mean 'fred'"):
        known("fredd")
