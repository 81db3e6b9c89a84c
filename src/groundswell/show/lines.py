"""Lines of a terminal of 100 columns: headings, paragraphs, and columns of numbers that never break.

Columns that do not fit the console move to a block below; nothing is wrapped inside a number and nothing
is cut.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from groundswell.sheets import words

STYLES = {"buy": "dodger_blue1", "sell": "dark_orange3"}
GAP = "  "
NARROWEST_TEXT = 16


def grid(
    console: Console,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    sides: str,
    widths: Sequence[int] | None = None,
    text: int | None = None,
) -> None:
    """Prints columns aligned as `sides` says; those beyond the console's width follow below.

    A column of words, `text`, gives up its width and wraps first; numbers never do.
    """
    lines = [tuple(header), *(tuple(row) for row in rows)]
    wide = list(widths or [max(len(line[i]) for line in lines) for i in range(len(sides))])
    if text is not None:
        excess = sum(wide) + len(GAP) * (len(wide) - 1) - console.width
        wide[text] = max(NARROWEST_TEXT, wide[text] - max(0, excess))
    for part in _fitting(wide, console.width):
        for number, line in enumerate(lines):
            folded = [[cell] for cell in line]
            if text is not None:
                folded[text] = textwrap.wrap(line[text], wide[text]) or [""]
            for depth in range(max(len(folded[i]) for i in part)):
                cells = [cell[depth] if depth < len(cell) else "" for cell in folded]
                _print(console, _row(cells, part, wide, sides, is_header=number == 0))


def _row(cells: Sequence[str], part: Sequence[int], wide: Sequence[int], sides: str, is_header: bool) -> Text:
    row = Text()
    for position, i in enumerate(part):
        cell = cells[i].ljust(wide[i]) if sides[i] == "<" else cells[i].rjust(wide[i])
        word = cells[i].lstrip().split(" ", 1)[0]
        row.append(GAP if position else "")
        row.append(cell, style="dim" if is_header and i > 0 else STYLES.get(word, ""))
    if is_header or cells[0] == words.actor_name("total"):
        row.stylize("bold", 0, wide[0])
    return row


def _fitting(widths: Sequence[int], room: int) -> list[list[int]]:
    """Column numbers per block: as many as fit in `room`, the first column repeated in each."""
    blocks = [[0]]
    used = widths[0]
    for i in range(1, len(widths)):
        if used + len(GAP) + widths[i] > room and len(blocks[-1]) > 1:
            blocks.append([0])
            used = widths[0]
        blocks[-1].append(i)
        used += len(GAP) + widths[i]
    return blocks


def heading(console: Console, title: str, remark: str = "") -> None:
    """Prints a title with a remark beside it, or below where it does not fit."""
    say(console)
    text = Text(title, style="bold underline")
    fits = len(title) + len(GAP) + len(remark) <= console.width
    if remark and fits:
        text.append(GAP + remark, style="not bold not underline dim")
    _print(console, text)
    if not fits:
        paragraph(console, remark, "dim")


def flow_of_items(console: Console, items: Sequence[str], style: str = "") -> None:
    """Prints items separated by dots, breaking lines only between items."""
    lines: list[str] = []
    for item in items:
        joined = f"{lines[-1]} · {item}" if lines else item
        if lines and len(joined) <= console.width:
            lines[-1] = joined
        else:
            lines.append(item)
    for line in lines:
        paragraph(console, line, style)


def paragraph(console: Console, text: str, style: str = "", indent: str = "", first: str = "") -> None:
    """Prints words over as many lines as they need; `indent` is that of all lines but the first."""
    for line in textwrap.wrap(
        text,
        console.width,
        break_on_hyphens=False,
        break_long_words=False,
        initial_indent=first,
        subsequent_indent=indent,
    ):
        say(console, line, style)


def say(console: Console, text: str = "", style: str = "") -> None:
    """Prints one line as it is."""
    _print(console, Text(text, style=style))


def _print(console: Console, text: Text) -> None:
    text.rstrip()
    if console.options.ascii_only:
        plain = text.plain
        for sign, letters in (
            ("−", "-"),
            ("σ", "s"),
            ("·", "."),
            ("●", "o"),
            ("–", "-"),
            ("±", "~"),
        ):
            plain = plain.replace(sign, letters)
        text.plain = plain.encode("ascii", "replace").decode()
    console.print(text, soft_wrap=True, highlight=False, markup=False)
