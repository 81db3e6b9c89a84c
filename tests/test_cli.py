"""The command line as its user meets it: what it prints, what it writes, how it refuses."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from groundswell import cli


def run(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command in this process; returns its exit code."""
    monkeypatch.setattr(sys, "argv", ["groundswell", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return int(stopped.value.code or 0)


def test_report_prints_the_sheet_and_writes_its_four_forms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "report"
    arguments = ("report", "--as-of", "2018-02-05", "--draws", "40", "--out", str(out))
    assert run(*arguments, monkeypatch=monkeypatch) == 0
    printed = capsys.readouterr().out
    assert "2018-02-05" in printed or "5 Feb 2018" in printed
    assert max(len(line) for line in printed.splitlines() if str(out) not in line) <= 100
    assert {file.name for file in out.iterdir()} == {"index.html", "desk.json", "desk.csv", "desk.md"}
    told = json.loads((out / "desk.json").read_text(encoding="utf-8"))
    assert told["through"] == "2018-02-05"
    assert (out / "index.html").stat().st_size < 500_000


def test_a_scenario_and_a_parameter_come_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "slide.txt"
    path.write_text("-0.01\n" * 5, encoding="utf-8")
    arguments = ("desk", "--draws", "0", "--path", f"slide={path}", "--set", "vol_target.speed=1")
    assert run(*arguments, "--form", "json", monkeypatch=monkeypatch) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["horizon"] for row in told["flows"] if row["scenario"] == "slide"} == {"1d", "1w"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as-of", "1990-01-01"], "begins on 1999-01-04"),
        (["--as-of", "yesterday"], "not a date"),
        (["--prices", "no_such_file.csv"], "no_such_file.csv"),
        (["--set", "vol_target.speeed=1"], "did you mean 'vol_target.speed'"),
        (["--set", "vol_target.speed=fast"], "does not end in a number"),
        (["--path", "crash"], "names no file"),
    ],
)
def test_a_refusal_is_one_message_without_a_traceback(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run("desk", *arguments, monkeypatch=monkeypatch) == 2
    refusal = capsys.readouterr().err
    assert said in refusal
    assert "Traceback" not in refusal
    assert "To do:" in refusal


def test_params_lists_addresses_ranges_and_sources(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("params", "trend_follower", monkeypatch=monkeypatch) == 0
    printed = capsys.readouterr().out
    assert "risk_budget" in printed
    assert "Vol-target" not in printed
    assert run("params", "nothing_like_it", monkeypatch=monkeypatch) == 2


def test_a_bad_row_is_named_by_file_and_row(
    made_prices: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = made_prices()
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[7] = lines[7].split(",")[0] + ",-3"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert run("report", "--prices", str(file), monkeypatch=monkeypatch) == 2
    refusal = capsys.readouterr().err
    assert file.name in refusal
    assert "8" in refusal


@pytest.mark.bars
def test_help_answers_within_three_tenths_of_a_second() -> None:
    import time

    command = [sys.executable, "-m", "groundswell.cli", "--help"]
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.3
