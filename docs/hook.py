"""What the handbook takes from the program when it is built.

The page of parameters is written from the registry, so it cannot fall behind the code; the page of
published figures joins the contents once its benchmark has written it; and the mark `run`, by which
the tests know the examples that can be executed, is taken off the code blocks. The page of series is
written from the catalog in the same way.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import groundswell
from groundswell.data.catalog import Catalog, catalog

HEAD = """# Parameters

Every number that the model takes from the world, as the code declares it: {count} in all. The
command `groundswell params` prints the same list. Where there are several values, there is one for
each cohort. Bands are made by drawing from the ranges; a *structural* one fixes a window, a lag or
a list of cohorts and is not drawn.

The source says where a figure was found, and how sure we are of it, in the words explained in
[the model](the-model.md#how-sure-we-are).
"""

SERIES_HEAD = """# The series

Every series that the software knows where to find: {count} in all, by source. `groundswell catalog` prints
the same list; [the data](data.md) explains the columns. *Public* is the rule by which a figure becomes
known where the source does not say it itself, New York time; a figure that is *revised* is kept in every
version that was seen. The licence is the one of the data's owner, and binds whoever downloads it.
"""


def cell(value: object) -> str:
    """Return a value as the text of a table cell; one value per cohort is joined by commas."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return ", ".join(cell(one) for one in value)
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def parameters_page(table: pd.DataFrame) -> str:
    """Return the page: one section per owner (the address before its dot), one row a parameter."""
    lines = [HEAD.format(count=len(table))]
    owners = table["address"].astype(str).str.partition(".")[0]
    for owner, rows in table.groupby(owners, sort=False):
        lines += [f"## {str(owner).replace('_', ' ').capitalize()}", ""]
        lines += ["| address | value | range | unit | source |", "|---|---:|---:|---|---|"]
        for row in rows.to_dict("records"):
            span = f"{cell(row['low'])} to {cell(row['high'])}"
            span = "structural" if row["kind"] == "structural" else span
            texts = [f"`{row['address']}`", cell(row["value"]), span]
            lines.append("| " + " | ".join([*texts, cell(row["unit"]), cell(row["source"])]) + " |")
        lines.append("")
    return "\n".join(lines)


def series_page(known: Catalog) -> str:
    """Return the page: one section per source, one row a series."""
    lines = [SERIES_HEAD.format(count=len(known))]
    for source in sorted({entry.source for entry in known.values()}):
        lines += [f"## {source}", ""]
        lines += [
            "| series | title | unit | source's id | public | revised | feeds | licence |",
            "|---" * 8 + "|",
        ]
        for entry in known.values():
            if entry.source == source:
                revised = "yes" if entry.revised else "no"
                names = [f"`{entry.id}`", cell(entry.title), entry.unit, f"`{cell(entry.source_id)}`"]
                rest = [entry.release, revised, " ".join(entry.feeds), cell(entry.licence)]
                lines.append("| " + " | ".join([*names, *rest]) + " |")
        lines.append("")
    return "\n".join(lines)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the page of published figures into the contents if there is one."""
    if (Path(config.docs_dir) / "published.md").exists():
        config.nav = [*(config.nav or []), {"Held against others": "published.md"}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of parameters and of series."""
    files.append(File.generated(config, "series.md", content=series_page(catalog())))
    files.append(File.generated(config, "parameters.md", content=parameters_page(groundswell.params())))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Return the page with `python run` blocks as plain `python` blocks."""
    return re.sub(r"^```python run$", "```python", markdown, flags=re.MULTILINE)
