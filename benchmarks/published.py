"""Published desk figures beside ours, as a page: `python benchmarks/published.py --prices FILE`."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from desk_figures import (
    LABELS,
    LEVEL_TOLERANCE,
    NO_DATA,
    SHARE_TOLERANCE,
    Desks,
    Figure,
    inside,
    label,
    published,
)

import groundswell as gs
from groundswell.actors import VolTarget
from groundswell.data.book import Book

REFERENCE = pd.DataFrame(
    [
        ("2018-01-26", 1.211, 1.500), ("2018-02-05", 0.494, 0.628), ("2020-02-19", 0.906, 0.913),
        ("2020-03-23", 0.130, 0.147), ("2024-07-10", 1.073, 1.176), ("2024-08-05", 0.519, 0.635),
        ("2025-04-02", 0.570, 0.602), ("2025-04-10", 0.193, 0.238), ("2025-06-24", 0.436, 0.375),
        ("2025-10-09", 0.955, 1.408), ("2025-10-10", 0.782, 1.054),
    ],
    columns=["date", "exponential", "window"],
)  # fmt: skip
"""Exposure that the two volatility rules give on SPY (computed elsewhere from its unadjusted closes)."""

REFERENCE_TOLERANCE = 0.02
KINDS = {
    "position": "position", "percentile": "percentile", "flow": "flow", "sold": "traded", "pivot": "pivot",
    "blackout": "in blackout", "per_percent": "order per +1%", "size": "assets", "z": "z score",
}  # fmt: skip


def compare(table: pd.DataFrame, desks: Desks) -> pd.DataFrame:
    """The published table with ours: columns figure, label, inside (None: not scored) added."""
    figures = [desks.figure(row) for _, row in table.iterrows()]
    pairs = [(row, figure) for (_, row), figure in zip(table.iterrows(), figures, strict=True)]
    return table.assign(
        figure=figures,
        label=[label(row, figure) for row, figure in pairs],
        inside=pd.Series([inside(row, figure) for row, figure in pairs], table.index, dtype=object),
    )


def summary(compared: pd.DataFrame) -> list[str]:
    """Counts by label, and the score of the held-out rows; sentences for the top of the page."""
    counts = {name: int((compared["label"] == name).sum()) for name in LABELS}
    held = compared[compared["label"] == LABELS[1]]
    scored = held[held["inside"].notna()]
    money = scored[scored["kind"].isin(["position", "flow", "sold"])]
    ratios = [f.central / v for f, v in zip(money["figure"], money["value"], strict=True)]
    levels = scored[scored["kind"] == "pivot"]
    gaps = [abs(f.central / v - 1) for f, v in zip(levels["figure"], levels["value"], strict=True)]
    lines = [f"- {len(compared)} rows: " + ", ".join(f"{n} *{name}*" for name, n in counts.items()) + "."]
    alike = f"- *Held out*: {len(held)}, of which {len(held) - len(scored)} are global where ours is US alone"
    lines.append(f"{alike} (shown, not scored) and {len(scored)} are scored.")
    if len(scored):
        hits = int(scored["inside"].astype(bool).sum())
        lines.append(f"- Of the {len(scored)} scored, theirs lies inside our band in {hits}.")
    if ratios:
        lines.append(
            f"- Amounts of money: {len(ratios)}, median ratio ours / theirs {np.median(ratios):.2f} "
            f"(from {min(ratios):.2f} to {max(ratios):.2f})."
        )
    if gaps:
        lines.append(f"- Levels: {len(gaps)}, median distance {np.median(gaps):.1%}.")
    return lines


def reference_path(book: Book) -> pd.DataFrame:
    """Exposure by the two volatility rules on this book beside the reference, date by date."""
    returns = book.returns("index")
    rules = {
        "exponential": VolTarget(target=0.10, cap=1.5, lag=0, seed_days=252, seed="mean"),
        "window": VolTarget(target=0.12, cap=1.5, lag=0, rule="window"),
    }
    ours = pd.DataFrame({name: rule.weights(returns) for name, rule in rules.items()}, returns.index)
    days = pd.to_datetime(REFERENCE["date"])
    known = ours.reindex(days).reset_index(drop=True).add_suffix("_ours")
    return pd.concat([REFERENCE, known], axis=1)


HEAD = """\
# Published desk figures beside ours

Made by `python benchmarks/published.py` from {source}, sessions through {through:%Y-%m-%d}, with {draws}
draws. Theirs are notes as the press republished them: direction trusted, last digit not. Money is USD bn,
+ bought, - sold; ours is central [10th, 90th percentile of the draws].

{summary}

Every row bears one of three labels. *Calibrated on it*: one of our declared parameters rests on the figure,
so agreement proves nothing. *Held out*: none does. *Cannot be checked with the data here*: our figure needs
prices that the file does not hold ("{no_data}": after its end), bonds, or something that is not modelled.
Inside means: theirs within our band; for a level, within {level:.1%} of ours; for a percentile or a share,
within {share:.0%} points. The desks' up and down tapes are about two standard deviations and are held
against our up2 and down2.

| date | house | actor | region | what | theirs | ours | label | inside | note |
|---|---|---|---|---|---|---|---|---|---|
"""

TAIL = """
## Volatility rules on SPY

Exposure on {source} beside values computed elsewhere from unadjusted SPY closes: target 10% by the S&P rule
(decays 0.94 and 0.97, cap 1.5, no lag, seeded by the mean square of the first 252 days) and 12% by the
desks' rule (larger of 21- and 63-session volatility). Dividends move a price return a little; within
{tolerance:.0%} counts as met.

| date | S&P rule, reference | ours | met | desk rule, reference | ours | met |
|---|---|---|---|---|---|---|
"""


def page(
    compared: pd.DataFrame, reference: pd.DataFrame, book: Book, reference_book: Book, draws: int
) -> str:
    """The comparison as a Markdown page."""
    head = HEAD.format(
        source=book.label,
        through=book.through,
        draws=draws,
        summary="\n".join(summary(compared)),
        no_data=NO_DATA,
        level=LEVEL_TOLERANCE,
        share=SHARE_TOLERANCE,
    )
    tail = TAIL.format(source=reference_book.label, tolerance=REFERENCE_TOLERANCE)
    rows = "\n".join(_line(row) for _, row in compared.iterrows())
    exposures = "\n".join(_reference_line(row) for _, row in reference.iterrows())
    return f"{head}{rows}\n{tail}{exposures}\n"


def _line(row: pd.Series) -> str:
    what = [KINDS[row["kind"]]]
    if row["kind"] == "sold":
        what.append(f"since {row['horizon']}" if row["horizon"] != f"{row['date']:%Y-%m-%d}" else "that day")
    else:
        what += [row["horizon"], row["scenario"]]
    verdict = {None: "", True: "yes", False: "no"}[row["inside"]]
    notes = [row["note"]]
    if row["region"] == "global" and row["figure"].central is not None:
        verdict = "not scored"
        notes.insert(0, "theirs is global, ours US alone")
    cells = [
        f"{row['date']:%Y-%m-%d}", row["house"], row["actor"], row["region"], " ".join(filter(None, what)),
        _number(row["kind"], row["value"]), _ours(row["kind"], row["figure"]), row["label"], verdict,
        "; ".join(filter(None, notes)),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _number(kind: str, value: float) -> str:
    if kind in {"blackout", "percentile"}:
        return f"{value:.0%}"
    if kind == "pivot":
        return f"{value:,.0f}"
    if kind in {"size", "z"}:
        return f"{value:.4g}"
    return f"{value:+.2f}" if abs(value) < 10 else f"{value:+.1f}"


def _ours(kind: str, figure: Figure) -> str:
    if figure.central is None:
        return figure.reason
    text = _number(kind, figure.central)
    if figure.low is None or figure.high is None:
        return text
    return f"{text} [{_number(kind, figure.low)}, {_number(kind, figure.high)}]"


def _reference_line(row: pd.Series) -> str:
    cells = [row["date"]]
    for rule in ("exponential", "window"):
        theirs, ours = row[rule], row[f"{rule}_ours"]
        met = "" if np.isnan(ours) else "yes" if abs(ours / theirs - 1) <= REFERENCE_TOLERANCE else "no"
        cells += [f"{theirs:.3f}", NO_DATA if np.isnan(ours) else f"{ours:.3f}", met]
    return "| " + " | ".join(cells) + " |"


def main(arguments: list[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prices", type=Path, help="prices of the index; without it the bundled history")
    parser.add_argument("--spy", type=Path, help="prices of SPY for the reference path; without it --prices")
    parser.add_argument("--out", type=Path, help="file to write; without it the page is printed")
    parser.add_argument("--draws", type=int, default=200, help="parameter draws behind every band")
    options = parser.parse_args(arguments)
    book = gs.load(options.prices)
    spy = book if options.spy is None else gs.load(options.spy)
    compared = compare(published(), Desks(book, options.draws))
    text = page(compared, reference_path(spy), book, spy, options.draws)
    if options.out is None:
        print(text)
        return
    options.out.write_text(text, encoding="utf-8")
    print("\n".join(summary(compared)))


if __name__ == "__main__":
    main()
