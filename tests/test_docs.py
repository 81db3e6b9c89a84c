"""The handbook keeps what it promises.

- Every Python example compiles, and those marked `run` run as they stand, one after the other.
- The handbook builds without a warning, lists every parameter, and needs nothing from elsewhere.
- The changelog tells of the version there is; the commands, options and functions named in the pages exist.
"""

import contextlib
import importlib
import io
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
RUNNABLE = [page for page in PAGES if "```python run\n" in page.read_text("utf-8")]


def name(page: Path) -> str:
    """Return the page's place in the repository."""
    return str(page.relative_to(ROOT))


def examples(page: Path, mark: str) -> list[tuple[int, str]]:
    """Return (line, code) of the page's Python blocks whose opening fence matches the mark."""
    text = page.read_text("utf-8")
    blocks = re.finditer(rf"^```{mark}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [(text.count("\n", 0, block.start(1)), block[1]) for block in blocks]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_python_examples_compile(page: Path) -> None:
    for line, code in examples(page, "python(?: run)?"):
        compile("\n" * line + code, str(page), "exec")


@pytest.mark.parametrize("page", RUNNABLE, ids=name)
def test_examples_marked_run_do_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "example"}
    for line, code in examples(page, "python run"):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * line + code, str(page), "exec"), names)
        if "print(" in code:
            assert printed.getvalue().strip()


def test_the_readme_has_examples_that_run() -> None:
    assert len(examples(ROOT / "README.md", "python run")) >= 4


class Addresses(HTMLParser):
    """Collects the addresses from which a browser would fetch something to show a page."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what scripts, style sheets, images and frames are taken from."""
        values = dict(attrs)
        if tag in {"script", "img", "iframe", "source", "embed"}:
            self.fetched.append(values.get("src") or "")
        if tag == "link" and values.get("rel") != "canonical":
            self.fetched.append(values.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the handbook, built as `make docs` builds it."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    return folder


def test_the_handbook_lists_every_parameter(site: Path) -> None:
    import groundswell
    from groundswell.core.parameter import registry

    for room in pkgutil.walk_packages(groundswell.__path__, "groundswell."):
        importlib.import_module(room.name)
    page = (site / "parameters.html").read_text("utf-8")
    addresses = [str(address) for address in registry()["address"]]
    assert len(addresses) > 20
    assert not [a for a in addresses if f"<code>{a}</code>" not in page]


def test_the_handbook_is_read_without_a_network(site: Path) -> None:
    outside = []
    for page in site.glob("*.html"):
        parser = Addresses()
        parser.feed(page.read_text("utf-8"))
        outside += [f"{page.name}: {at}" for at in parser.fetched if re.match(r"(https?:)?//", at)]
    for sheet in site.rglob("*.css"):
        found = re.findall(r"url\([\"']?((?:https?:)?//[^)]*)\)", sheet.read_text("utf-8"))
        outside += [f"{sheet.name}: {at}" for at in found]
    assert not outside


def test_code_blocks_of_the_handbook_are_rendered_as_code(site: Path) -> None:
    assert not [page.name for page in site.glob("*.html") if "```" in page.read_text("utf-8")]


def test_the_changelog_tells_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    pages = (ROOT / "README.md").read_text("utf-8") + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    commands = set(re.findall(r"`make ([a-z]+)", pages)) | set(re.findall(r"^make ([a-z]+)$", pages, re.M))
    assert {"report", "test", "docs"} <= commands
    assert not [c for c in commands if not re.search(rf"^{c}:", makefile, re.MULTILINE)]


def test_the_options_of_the_command_line_exist() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    used: dict[str, set[str]] = {}
    for command, options in re.findall(r"groundswell ([a-z]+)((?: +[^`\s]+)*)", text):
        if not options.strip() or options.strip().startswith("-"):
            used.setdefault(command, set()).update(re.findall(r"--[a-z-]+", options))
    assert "report" in used
    for command, options in used.items():
        code = "from groundswell.cli import main; main()"
        run = subprocess.run(
            [sys.executable, "-c", code, command, "--help"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
        )
        assert run.returncode == 0, (command, run.stderr)
        assert not {option for option in options if option not in run.stdout}, command


def test_the_measures_named_in_the_handbook_exist() -> None:
    from groundswell import measure

    rooms = {
        room.name: importlib.import_module(f"groundswell.measure.{room.name}")
        for room in pkgutil.iter_modules(measure.__path__)
    }
    named = {
        (name(page), room, word)
        for page in PAGES
        for room, word in re.findall(r"`(?:[a-z_]+\.)*([a-z_]+)\.([A-Za-z_]+)[`(.]", page.read_text("utf-8"))
        if room in rooms
    }
    assert len(named) > 30
    assert not [one for one in named if not hasattr(rooms[one[1]], one[2])]
