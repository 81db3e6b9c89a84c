"""The house stands as drawn.

- A room imports only from its own floor and the floors below; jax enters through one door.
- No room is too large, and none bears the name of a front door.
- Every room opens, and afterwards every front door still does.
- Opening the house, its help and its lower floors loads nothing heavy.
- No file of the repository names a package registry.
- The handbook lists every parameter and needs nothing from elsewhere to be read.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ROOT / "src" / "groundswell"
FLOORS = ("data", "measure", "core", "actors", "world", "runs", "claims", "sheets", "show")
FRONT = len(FLOORS)
FRONT_MODULES = {"__init__", "__main__", "cli"}
FRONT_DOORS = {"load", "desk", "xray", "simulate", "compare", "judge", "rerun", "capex_wall"}
LONGEST = 400
MODULES = sorted(HOUSE.rglob("*.py"))


def dotted(path: Path, house: Path = HOUSE) -> str:
    """Return the module's full name, a package by the name of its folder."""
    parts = ("groundswell", *path.relative_to(house).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor(module: str) -> int:
    """Return the floor a module of the house stands on; the front doors are above all floors."""
    parts = module.split(".")
    if len(parts) == 1 or parts[1] not in FLOORS:
        return FRONT
    return FLOORS.index(parts[1])


def imports(source: str, module: str, is_package: bool) -> Iterator[tuple[int, str]]:
    """Yield (line, full name) of all that a module imports, inside functions and strings too."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                origin = ".".join([*above, *filter(None, [origin])])
            if origin == "groundswell":
                for alias in node.names:
                    inside = alias.name in FLOORS or alias.name in FRONT_MODULES
                    yield node.lineno, f"groundswell.{alias.name}" if inside else "groundswell"
            else:
                yield node.lineno, origin
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            called = node.func.id if isinstance(node.func, ast.Name) else called
            first = node.args[0]
            if called in {"import_module", "__import__"} and isinstance(first, ast.Constant):
                yield node.lineno, str(first.value)


def broken_imports(house: Path) -> list[str]:
    """Return every import that goes up a floor, or takes jax past its door, as file:line: why."""
    found = []
    for path in sorted(house.rglob("*.py")):
        module = dotted(path, house)
        for line, name in imports(path.read_text("utf-8"), module, path.stem == "__init__"):
            place = f"{path.relative_to(house)}:{line}"
            root = name.split(".")[0]
            if root == "groundswell" and floor(name) > floor(module):
                found.append(f"{place}: {module} imports {name}, which stands above it")
            if root in {"jax", "jaxlib"} and module != "groundswell.core.engine":
                found.append(f"{place}: {module} imports {name}; take it from core.engine")
    return found


def python(code: str) -> str:
    """Return what a fresh interpreter prints."""
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_imports_go_down_the_floors_and_jax_enters_by_one_door() -> None:
    assert not broken_imports(HOUSE)


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("data/store.py", "from groundswell.measure import volatility"),
        ("measure/gamma.py", "from ..actors.vol_target import VolTarget"),
        ("actors/one.py", "def f():\n    import groundswell.runs.replay"),
        ("actors/one.py", "import groundswell as gs"),
        ("runs/replay.py", "from groundswell import load"),
        ("sheets/view.py", "import importlib\nimportlib.import_module('groundswell.show.page')"),
        ("core/day.py", "import jax.numpy as jnp"),
    ],
)
def test_a_forbidden_import_is_seen(tmp_path: Path, room: str, line: str) -> None:
    path = tmp_path / room
    path.parent.mkdir()
    path.write_text(line + "\n", "utf-8")
    assert len(broken_imports(tmp_path)) == 1


def test_every_room_is_on_a_floor() -> None:
    places = {path.relative_to(HOUSE).parts[0].removesuffix(".py") for path in MODULES}
    assert places <= {*FLOORS, *FRONT_MODULES}


def test_no_file_is_longer_than_one_story() -> None:
    files = [p for p in HOUSE.rglob("*") if p.suffix in {".py", ".html", ".css", ".j2", ".svg"}]
    lengths = {str(p.relative_to(HOUSE)): len(p.read_text("utf-8").splitlines()) for p in files}
    assert not {name: n for name, n in lengths.items() if n > LONGEST}


def test_no_room_bears_the_name_of_a_front_door() -> None:
    import groundswell

    doors = FRONT_DOORS | set(groundswell.__all__)
    rooms = {part for path in MODULES for part in dotted(path).split(".")[1:]}
    assert not rooms & doors


def test_after_every_room_was_opened_every_front_door_still_opens() -> None:
    printed = python(
        "import importlib, inspect, pkgutil\n"
        "import groundswell as gs\n"
        "found = pkgutil.walk_packages(gs.__path__, 'groundswell.')\n"
        "for room in [module.name for module in found]:\n"
        "    if not room.endswith('__main__'):\n"
        "        importlib.import_module(room)\n"
        "for name in gs.__all__:\n"
        "    door = getattr(gs, name)\n"
        "    assert name == '__version__' or callable(door), (name, door)\n"
        "    assert not inspect.ismodule(door), name\n"
        "    assert name in dir(gs), name\n"
        "assert {'load', 'desk'} <= set(gs.__all__)\n"
        "book = gs.load()\n"
        "desk = gs.desk(book, draws=4)\n"
        "print(book.through.date(), desk.through.date())\n"
    )
    assert printed.split() == ["2018-12-31", "2018-12-31"]


@pytest.mark.parametrize(
    ("opened", "unwanted"),
    [
        ("groundswell", "jax jaxlib equinox pandas scipy numpy altair vl_convert arch jinja2"),
        ("groundswell.cli", "jax jaxlib equinox pandas scipy altair vl_convert arch jinja2"),
        *((f"groundswell.{name}", "jax jaxlib arch altair vl_convert") for name in FLOORS[:2]),
        ("groundswell.show", "jax jaxlib arch"),
    ],
)
def test_opening_the_house_loads_nothing_heavy(opened: str, unwanted: str) -> None:
    """A lower floor is opened room by room; a front door just as it is."""
    printed = python(
        "import importlib, pkgutil, sys\n"
        f"door = importlib.import_module({opened!r})\n"
        f"if {opened.split('.')[-1] in FLOORS}:\n"
        "    for room in pkgutil.walk_packages(door.__path__, door.__name__ + '.'):\n"
        "        importlib.import_module(room.name)\n"
        f"print(*sorted(set({unwanted.split()!r}) & set(sys.modules)))\n"
    )
    assert not printed.split()


def repository_files() -> list[Path]:
    """Return the files that are, or are about to be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if run.returncode:
        pytest.skip("not a git checkout")
    return [path for name in run.stdout.splitlines() if (path := ROOT / name).is_file()]


def registry_words() -> re.Pattern[str]:
    """Return a pattern for registry hosts and index options (put together, so as not to match)."""
    hosts = ["py" + r"pi\.", "python" + "hosted", "ana" + r"conda\.org", "art" + "ifactory"]
    options = ["/sim" + "ple/?\\b", "index" + "[-_]url", "find" + "-links", "trusted" + "-host"]
    return re.compile("|".join(hosts + options), re.IGNORECASE)


@pytest.mark.parametrize("line", ["https://%s.org/%s/x", "--index-%s https://x", "[[x/%s/numpy]]"])
def test_a_registry_address_is_seen(line: str) -> None:
    filled = line % (("py" + "pi", "simple") if line.count("%s") == 2 else ("url",))
    filled = filled.replace("x/url/", "x/sim" + "ple/")
    assert registry_words().search(filled)


def test_no_file_names_a_package_registry() -> None:
    found = []
    for path in repository_files():
        text = path.read_text("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {hit[0]}" for hit in registry_words().finditer(text)]
    assert not found


def test_every_dependency_is_pinned_to_one_version() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in pins)
    pinned = {re.split("==", line)[0].lower().replace("_", "-") for line in pins}
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    listed = re.findall(r"^(?:dependencies|dev|docs) = \[(.*?)\]", project, re.DOTALL | re.MULTILINE)
    wanted = {re.split(r"[\[<>=!~ ]", name)[0] for name in re.findall(r'"([^"]+)"', "".join(listed))}
    assert wanted
    assert wanted <= pinned
