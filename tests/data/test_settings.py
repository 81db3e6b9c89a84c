"""The user's settings come from the environment, then from the file, and every slip is told.

- The environment wins over the file; addresses of both are merged; empty variables count as absent.
- A message names the file or the variable and the entry, and never shows a key.
- Which keys are absent, and what each unlocks, can be told.
- Opening the module costs no more than pydantic does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from groundswell.data import settings
from groundswell.data.errors import DataError
from groundswell.data.http.service import Key, Service
from groundswell.data.settings import Settings


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Return a function from the text of a settings file and variables to the settings read."""
    for name in list(os.environ):
        if name.startswith("GROUNDSWELL_") or name.endswith(("_API_KEY", "_APP_TOKEN")):
            monkeypatch.delenv(name)

    def reader(text: str | bytes = "", **environment: str) -> Settings:
        file = tmp_path / "settings.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return settings.read(file)

    return reader


def service(key: str, variable: str = "") -> Service:
    """Return a service that may take a key."""
    credential = (
        Key(variable, "query", "api_key", False, "more", "https://made.example") if variable else None
    )
    return Service(key, key.upper(), f"https://{key}.example/", credential=credential)


def test_without_a_file_the_defaults_serve(read: Callable[..., Settings], tmp_path: Path) -> None:
    assert read() == settings.read(tmp_path / "absent.toml") == Settings()
    assert Settings().data.is_absolute()
    assert settings.settings_file().name == "settings.toml"


def test_the_environment_wins_over_the_file(read: Callable[..., Settings]) -> None:
    found = read(
        'data = "~/here"\ncontact = "file@desk.example"\nFRED_API_KEY = "of-the-file"\n'
        'eia_api_key = "also-of-it"\n'
        '[addresses]\nfred = "https://file.example"\nbls = "https://file.example/bls/"\n',
        GROUNDSWELL_CONTACT="ann@desk.example",
        FRED_API_KEY=" of-the-environment\n",
        GROUNDSWELL_FRED_ADDRESS="http://127.0.0.1:8080/fred/",
        GROUNDSWELL_FED_DFA_ADDRESS="https://dfa.example",
        GROUNDSWELL_CATALOG="~/mine.csv",
        BLS_API_KEY="",
    )
    assert found.data == Path.home() / "here"
    assert found.contact == "ann@desk.example"
    assert found.catalog == Path.home() / "mine.csv"
    assert found.secret(service("fred", "FRED_API_KEY").credential) == "of-the-environment"  # type: ignore[arg-type]
    assert found.secret(service("eia", "EIA_API_KEY").credential) == "also-of-it"  # type: ignore[arg-type]
    addresses = {key: found.address(service(key)) for key in ("fred", "bls", "fed_dfa", "cboe")}
    assert addresses == {
        "fred": "http://127.0.0.1:8080/fred",
        "bls": "https://file.example/bls",
        "fed_dfa": "https://dfa.example",
        "cboe": "https://cboe.example",
    }


def test_the_absent_keys_are_told(read: Callable[..., Settings]) -> None:
    fred, eia = service("fred", "FRED_API_KEY"), service("eia", "EIA_API_KEY")
    found = read(EIA_API_KEY="given-by-user")
    assert found.absent([fred, service("cboe"), eia, fred]) == [fred.credential]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contcat = 'a@b.example'", ["settings.toml, 'contcat'", "did you mean 'contact'"]),
        ("contact = 'ann'", ["settings.toml, 'contact'", "e-mail address"]),
        ("data = 3", ["settings.toml, 'data'", "path"]),
        ("addresses = 3", ["settings.toml, 'addresses'"]),
        ("[addresses]\nfred = 'fred.example'", ["'addresses.fred'", "https://host/path"]),
        ("[addresses]\nfred = 'https://x/?api_key=topsecret'", ["'addresses.fred'", "question mark"]),
        ("FRED_API_KEY = 'topsecret with blanks'", ["'FRED_API_KEY'", "at least 8"]),
        ("fred_api_key = 12345678", ["'FRED_API_KEY'", "string"]),
        ("FRED_API_KEY = topsecret", ["settings.toml", "line 1"]),
        (b"contact = '\xe9'", ["settings.toml", "utf-8", "position 11"]),
    ],
)
def test_a_slip_in_the_file_is_told(
    read: Callable[..., Settings], text: str | bytes, said: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        read(text)
    for words in (*said, "To do:"):
        assert words in str(caught.value)
    assert "topsecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GROUNDSWELL_CONTACT", "ann at desk"),
        ("GROUNDSWELL_FRED_ADDRESS", "ftp://fred.example"),
        ("FRED_API_KEY", "short"),
        ("CFTC_APP_TOKEN", "top secret"),
    ],
)
def test_a_slip_in_a_variable_is_told(read: Callable[..., Settings], variable: str, value: str) -> None:
    with pytest.raises(DataError, match=f"environment variable {variable}: ") as caught:
        read(**{variable: value})
    assert value not in str(caught.value)


def test_a_key_is_not_shown() -> None:
    assert "topsecret" not in repr(Settings(fred_api_key="topsecret"))  # type: ignore[arg-type]


def test_opening_the_module_is_light() -> None:
    code = (
        "import sys, groundswell.data.settings, groundswell.data.http.service\n"
        "print(*{'pydantic_settings', 'httpx', 'hishel', 'stamina', 'pandas'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not run.stdout.strip()
