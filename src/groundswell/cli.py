"""The command line: the other front door. Nothing heavy is imported before a command needs it, so
that `groundswell --help` answers at once.
"""

import dataclasses
import gc
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundswell.data.errors import GroundswellError, StoreBusyError

if TYPE_CHECKING:
    from groundswell.sheets.desk_sheet import Desk

REFUSED, NOTHING_FETCHED, ANOTHER_RUNS = 2, 4, 5
"""Exit statuses; an update has 3 besides, where some of it failed."""

app = typer.Typer(
    help="Who must trade next, how much, and at which level.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Refresh(StrEnum):
    """Whether a sheet fetches today's data first."""

    auto = "auto"
    never = "never"
    always = "always"


class FileForm(StrEnum):
    """What `groundswell export` writes."""

    parquet = "parquet"
    csv = "csv"


class Form(StrEnum):
    """How `groundswell desk` prints the sheet."""

    terminal = "terminal"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    html = "html"


Prices = Annotated[
    Path | None,
    typer.Option(help="Your own prices: CSV or Parquet with date and close, or one column per asset."),
]
AsOf = Annotated[
    str | None, typer.Option(help="The evening of the sheet, e.g. 2018-02-05; the last date of the data.")
]
Since = Annotated[
    str | None, typer.Option(help="First session that 'what moved it' explains; the last session alone.")
]
Draws = Annotated[int, typer.Option(min=0, help="Parameter draws behind every band.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the draws.")]
Paths = Annotated[
    list[str] | None,
    typer.Option("--path", help="A scenario of yours, NAME=FILE: daily log returns, one a line. Repeatable."),
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", help="A parameter to change, ADDRESS=NUMBER, e.g. vol_target.speed=1. Repeatable."),
]
Fresh = Annotated[
    Refresh,
    typer.Option(help="Fetch what the sheet needs first: if it is missing or old, never, or always."),
]
Jumps = Annotated[bool, typer.Option(help="Let one-day moves above 40% through, with a note.")]


@app.callback()
def _root() -> None:
    """Who must trade next, how much, and at which level."""


@app.command()
def report(
    prices: Prices = None,
    as_of: AsOf = None,
    since: Since = None,
    draws: Draws = 200,
    seed: Seed = 0,
    path: Paths = None,
    change: Changes = None,
    accept_jumps: Jumps = False,
    refresh: Fresh = Refresh.never,
    out: Annotated[Path, typer.Option(help="Folder for the HTML page and its twins.")] = Path("report"),
) -> None:
    """Print the desk sheet and write it as HTML, JSON, CSV and Markdown."""
    from groundswell.show import converter, plain

    converter.start()  # in its own process, ready by the time that there is something to draw
    desk = _desk(prices, as_of, since, draws, seed, path, change, accept_jumps, refresh)
    forms: dict[str, Callable[[], str]] = {
        "index.html": desk.to_html,
        "desk.json": lambda: plain.to_json(desk),
        "desk.csv": lambda: plain.to_csv(desk),
        "desk.md": lambda: plain.to_markdown(desk),
    }
    with ThreadPoolExecutor(max_workers=1) as aside:  # the page waits for its charts most of the time
        texts = {name: aside.submit(form) for name, form in forms.items()}
        _print(desk)
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text.result(), encoding="utf-8")
    typer.echo(f"\nWritten: {out / 'index.html'} (and {', '.join(list(forms)[1:])} beside it)")


@app.command()
def desk(
    prices: Prices = None,
    as_of: AsOf = None,
    since: Since = None,
    draws: Draws = 200,
    seed: Seed = 0,
    path: Paths = None,
    change: Changes = None,
    accept_jumps: Jumps = False,
    refresh: Fresh = Refresh.never,
    form: Annotated[Form, typer.Option(help="How to print it.")] = Form.terminal,
) -> None:
    """Print the desk sheet, in the terminal's form or another."""
    from groundswell.show import plain

    sheet = _desk(prices, as_of, since, draws, seed, path, change, accept_jumps, refresh)
    if form is Form.terminal:
        _print(sheet)
        return
    forms: dict[Form, Callable[[Desk], str]] = {
        Form.json: plain.to_json,
        Form.csv: plain.to_csv,
        Form.markdown: plain.to_markdown,
        Form.html: lambda made: made.to_html(),
    }
    typer.echo(forms[form](sheet))


@app.command()
def params(
    only: Annotated[str | None, typer.Argument(help="Show addresses that contain this word.")] = None,
) -> None:
    """List every declared parameter with its range, unit and source."""
    import groundswell as gs
    from groundswell.show import terminal

    table = gs.params()
    if only is not None:
        table = table[table["address"].str.contains(only, regex=False)]
        if table.empty:
            raise GroundswellError(
                f"no parameter's address contains {only!r}",
                where="groundswell params",
                expected="part of an address such as vol_target.target",
                remedy="run `groundswell params` without a word to see them all",
            )
    terminal.render_parameters(table, _console())


@app.command()
def update(
    source: Annotated[
        list[str] | None, typer.Option(help="Only this source, such as fred or cboe. Repeatable.")
    ] = None,
    series: Annotated[
        list[str] | None,
        typer.Option(help="Only this series, such as fed_assets; several with commas. Repeatable."),
    ] = None,
    needed_by: Annotated[str | None, typer.Option(help="Only what this sheet needs: desk or xray.")] = None,
) -> None:
    """Bring the store up to date from public services.

    Exit status: 0 all well, 3 some series failed, 4 nothing could be fetched, 5 another update is
    running, 2 the request was refused.
    """
    from groundswell.data import settings
    from groundswell.data.update import update as bring_up_to_date
    from groundswell.show import data_tables

    named = [name.strip() for each in series or () for name in each.split(",") if name.strip()]
    with data_tables.bars(_console(stderr=True)) as told:
        updated = bring_up_to_date(
            settings.read(), series=named, sources=source or (), needed_by=needed_by, progress=told
        )
    data_tables.render_updated(updated, _console())
    raise typer.Exit(updated.status)


@app.command()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the services.")] = False,
) -> None:
    """Say what is missing, old or out of reach, and what each absent key would unlock."""
    from groundswell.data import settings
    from groundswell.data.doctor import examine
    from groundswell.show import data_tables

    with data_tables.bars(_console(stderr=True)) as told:
        found = examine(settings.read(), reach=not offline, progress=told)
    data_tables.render_diagnosis(found, _console())


@app.command(name="catalog")
def list_catalog(
    only: Annotated[str | None, typer.Argument(help="Show series that contain this word.")] = None,
) -> None:
    """List the series that can be fetched, with unit, source and what they are."""
    from groundswell.data import settings
    from groundswell.data.catalog import catalog, search
    from groundswell.show import data_tables

    data_tables.render_catalog(search(catalog(settings.read().catalog), only or ""), _console())


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Folder for the files; made where it is not there.")],
    form: Annotated[FileForm, typer.Option(help="What to write.")] = FileForm.parquet,
    as_of: Annotated[
        str | None, typer.Option(help="Only what was known by the end of this day in New York.")
    ] = None,
) -> None:
    """Write the store, every vintage of it, to files that other programs read."""
    from groundswell.data import settings
    from groundswell.data.stored_book import exported
    from groundswell.show import data_tables

    data_tables.render_files(exported(settings.read(), folder, form.value, as_of), _console())


def _desk(
    prices: Path | None,
    as_of: str | None,
    since: str | None,
    draws: int,
    seed: int,
    path: list[str] | None,
    change: list[str] | None,
    accept_jumps: bool,
    refresh: Refresh,
) -> "Desk":
    from groundswell.sheets import book_sections

    book_sections.prepare()
    remark = _refreshed(refresh, prices)
    import groundswell as gs

    book = gs.load(prices, accept_jumps=accept_jumps)
    if remark:
        book = dataclasses.replace(book, remarks=(*book.remarks, remark))
    return gs.desk(
        book,
        as_of=as_of,
        draws=draws,
        seed=seed,
        since=since,
        paths=dict(_path(text) for text in path or []),
        set=dict(_change(text) for text in change or []),
    )


def _refreshed(mode: Refresh, prices: Path | None) -> str:
    """Fetch what the sheet lacks, and return what the sheet should say about it."""
    if mode is Refresh.never or (mode is Refresh.auto and prices is not None):
        return ""
    if prices is not None:
        raise GroundswellError(
            "prices of your own are not refreshed",
            where="--refresh always",
            expected="a sheet on the store",
            remedy="leave out --prices, or --refresh",
        )
    from groundswell.data import refreshing, settings
    from groundswell.show import data_tables

    with data_tables.bars(_console(stderr=True)) as told:
        done = refreshing.refresh(settings.read(), "desk", always=mode is Refresh.always, progress=told)
    if mode is Refresh.always and done.updated is not None and done.updated.status == NOTHING_FETCHED:
        data_tables.render_updated(done.updated, _console(stderr=True))
        raise typer.Exit(NOTHING_FETCHED)
    return done.remark


def _path(text: str) -> tuple[str, list[float]]:
    """A user's scenario from `NAME=FILE`."""
    name, equals, file = text.partition("=")
    expected = "NAME=FILE, the file with one daily log return a line (-1% is -0.01)"
    remedy = "for example --path crash=crash.txt"
    if not equals or not name:
        raise GroundswellError(f"{text!r} names no file", where="--path", expected=expected, remedy=remedy)
    try:
        lines = Path(file).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as problem:
        raise GroundswellError(
            f"{file} cannot be read: {problem}", where="--path", expected=expected, remedy=remedy
        ) from problem
    returns = []
    for number, line in enumerate(lines, start=1):
        try:
            returns.append(float(line.rstrip(",")))
        except ValueError as problem:
            raise GroundswellError(
                f"{line!r} is not a number",
                where=f"--path {name}: {file}, entry {number}",
                expected=expected,
                remedy="remove headers and words from the file",
            ) from problem
    return name, returns


def _change(text: str) -> tuple[str, Any]:
    """A parameter change from `ADDRESS=NUMBER` (or comma-separated numbers, one per cohort)."""
    address, _, value = text.partition("=")
    try:
        numbers = [float(part) for part in value.split(",")]
    except ValueError as problem:
        raise GroundswellError(
            f"{text!r} does not end in a number",
            where="--set",
            expected="ADDRESS=NUMBER, or ADDRESS=NUMBER,NUMBER,... with one number per cohort",
            remedy="for example --set vol_target.speed=1; `groundswell params` lists the addresses",
        ) from problem
    return address, numbers[0] if len(numbers) == 1 else numbers


def _console(stderr: bool = False) -> Any:
    from rich.console import Console

    # a pipe has no width of its own: write it as wide as the sheet is laid out
    stream = sys.stderr if stderr else sys.stdout
    return Console(width=None if stream.isatty() else 100, stderr=stderr)


def _print(sheet: "Desk") -> None:
    from groundswell.show import terminal

    terminal.render(sheet, _console())


def main() -> None:
    """Run the command line; refusals are printed for people, without a traceback."""
    gc.set_threshold(100_000, 20, 20)  # a command builds a lot at once, and most of it lives until the end
    try:
        app()
    except GroundswellError as refusal:
        typer.echo(f"groundswell: {refusal}", err=True)
        raise SystemExit(ANOTHER_RUNS if isinstance(refusal, StoreBusyError) else REFUSED) from None


if __name__ == "__main__":
    main()
