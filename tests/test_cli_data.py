"""The commands that keep the data, and `--refresh`, as their user meets them, against local services.

- update: a table, exit statuses 0, 3, 4, 5 and 2; export; catalog; doctor
- --refresh auto: today's sheet from an empty store; the bundle without a network; a network that hangs
  costs at most fifteen seconds; always fails where nothing comes
- nothing printed is wider than 100 columns
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import made_services
import pandas as pd
import pytest
from filelock import FileLock
from loopback import Server, html_instead, serving

from groundswell import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(made_services.routes()) as running:
        yield running


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: Server
) -> Run:
    """Return a function that runs the command and returns its status and what it printed."""
    monkeypatch.setenv("GROUNDSWELL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GROUNDSWELL_CACHE", str(tmp_path / "cache"))
    for name in made_services.ADDRESSES:
        monkeypatch.setenv(f"GROUNDSWELL_{name}_ADDRESS", server.address)

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["groundswell", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        printed = capsys.readouterr()
        if "--form" in arguments and "json" in arguments:
            return int(stopped.value.code or 0), printed.out, printed.err
        wide = [line for line in printed.out.splitlines() if len(line) > 100 and str(tmp_path) not in line]
        assert not wide
        return int(stopped.value.code or 0), printed.out, printed.err

    return command


def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Point every service at a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in (*made_services.ADDRESSES, "FRED"):
        monkeypatch.setenv(f"GROUNDSWELL_{name}_ADDRESS", f"http://127.0.0.1:{port}")


def test_an_update_tells_what_it_stored(run: Run) -> None:
    status, printed, _ = run("update", "--source", "cboe", "--series", "vix", "--series", "vvix")
    assert status == 0
    assert "Cboe       2  600" in printed


def test_several_series_may_be_named_with_commas_as_the_sheet_names_them(run: Run) -> None:
    status, printed, _ = run("update", "--source", "cboe", "--series", "vix,vvix")
    assert status == 0
    assert "Cboe       2  600" in printed


def test_a_partial_failure_is_named_and_has_its_own_status(run: Run, server: Server) -> None:
    server.routes[made_services.INDEX_PATH.format(name="VIX")] = html_instead()
    status, printed, _ = run("update", "--series", "vix", "--series", "vvix")
    assert status == 3
    assert "Failed" in printed
    assert "Cboe: vix" in printed


def test_no_network_is_status_four_and_writes_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_network(monkeypatch)
    status, printed, _ = run("update", "--source", "cboe", "--series", "vix")
    assert status == 4
    assert "vix" in printed
    assert not (tmp_path / "data" / "store.duckdb").exists()


def test_refusals_and_a_second_writer_have_their_statuses(run: Run, tmp_path: Path) -> None:
    status, _, said = run("update", "--source", "cbo")
    assert (status, "did you mean 'cboe'" in said) == (2, True)
    (tmp_path / "data").mkdir()
    with FileLock(tmp_path / "data" / "store.duckdb.lock"):
        status, _, said = run("update", "--series", "vvix")
    assert (status, "another process is writing" in said) == (5, True)


def test_export_writes_what_was_known(run: Run, tmp_path: Path) -> None:
    status, _, said = run("export", str(tmp_path / "none"))
    assert (status, "there is no store yet" in said) == (2, True)
    run("update", "--series", "vix")
    evening = made_services.sessions[-10]
    status, printed, _ = run("export", str(tmp_path / "files"), "--as-of", f"{evening:%Y-%m-%d}")
    assert status == 0
    assert "observations.parquet" in printed
    written = pd.read_parquet(tmp_path / "files" / "observations.parquet")
    assert written["observed"].max() == evening
    run("export", str(tmp_path / "all"), "--form", "csv")
    assert {file.name for file in (tmp_path / "all").iterdir()} >= {"observations.csv", "series.csv"}


def test_the_catalog_is_searched(run: Run) -> None:
    status, printed, _ = run("catalog", "vix3m")
    assert (status, "Cboe volatility index, 3 months" in printed, "1 series" in printed) == (0, True, True)
    assert run("catalog", "no_such_thing")[0] == 2


def test_the_doctor_says_what_is_missing_stale_and_locked(run: Run) -> None:
    run("update", "--series", "vix")
    status, printed, _ = run("doctor", "--offline")
    assert status == 0
    for said in ("1 series", "EIA_API_KEY unlocks", "GROUNDSWELL_CONTACT", "Missing", "settings"):
        assert said in printed


def sheet(run: Run, *arguments: str) -> dict[str, Any]:
    """Return the sheet that the command prints as JSON."""
    status, printed, _ = run("desk", "--draws", "0", "--form", "json", *arguments)
    assert status == 0
    found: dict[str, Any] = json.loads(printed)
    return found


def test_a_first_sheet_is_of_today(run: Run, server: Server) -> None:
    told = sheet(run, "--refresh", "auto")
    assert told["through"] == f"{made_services.sessions[-1]:%Y-%m-%d}"
    assert told["source"] == "bundled history (arch), FRED from 2 Jan 2019"
    assert (told["stale"], told["bundled"]) == (False, False)
    strip = {row["item"]: row for row in told["strip"]}
    assert strip["VIX 9d / 1m / 3m / 6m"]["value"] == "15.5 / 17.0 / 19.0 / 20.5"
    assert strip["VIX"]["source"] == "Cboe"
    assert any("Refreshed in part: " in note for note in told["notes"])


def test_without_a_network_the_bundle_serves_and_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    no_network(monkeypatch)
    told = sheet(run, "--refresh", "auto")
    assert (told["source"], told["stale"]) == ("bundled history (arch)", True)
    assert any("no service could be reached" in note for note in told["notes"])


def test_always_fails_where_nothing_comes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    no_network(monkeypatch)
    status, _, said = run("report", "--refresh", "always")
    assert (status, "Failed" in said) == (4, True)
    status, _, said = run("report", "--refresh", "always", "--prices", "mine.csv")
    assert (status, "not refreshed" in said) == (2, True)


@pytest.mark.bars
def test_a_hanging_network_costs_at_most_fifteen_seconds(run: Run, server: Server) -> None:
    sheet(run)
    alone = time.monotonic()
    sheet(run)
    alone = time.monotonic() - alone
    server.routes.clear()
    server.routes.update(made_services.hanging())
    start = time.monotonic()
    told = sheet(run, "--refresh", "auto")
    assert time.monotonic() - start - alone < 15.0
    assert told["source"] == "bundled history (arch)"
    assert any("nothing could be fetched" in note for note in told["notes"])
