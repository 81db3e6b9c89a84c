"""The wording of the liquidity section: its finding, what it stands on, what it lacks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from groundswell.data import staleness
from groundswell.data.book import Book
from groundswell.data.catalog import catalog
from groundswell.measure.treasury_supply import TBAC_RANGE
from groundswell.sheets import words
from groundswell.sheets.liquidity_frames import FACILITY_BEGAN, NEEDED, SOURCES

if TYPE_CHECKING:
    from groundswell.sheets.moment import Moment

MONTH = 4
"""Weeks of the change that the finding tells."""

NAMED = 3
"""Series that a command names before it asks for all that the desk needs."""

NOT_PRICED = (
    "How much of the wave was priced beforehand is not told: this book holds no announced amounts with the "
    "days on which they were settled."
)

NOTHING = "Liquidity: no balance-sheet data in this book"

LINES: Mapping[str, str] = {
    "fed_assets": "Fed assets",
    "tga": "the Treasury's account (TGA)",
    "on_rrp": "overnight reverse repo (RRP)",
    "foreign_rrp": "foreign reverse repo",
    "currency": "currency in circulation",
    "reserves": "reserves of banks",
}

DEBT: Mapping[str, tuple[str, ...]] = {
    "bills outstanding": ("bills_outstanding",),
    "marketable debt": ("marketable_outstanding",),
    "notes": ("notes_outstanding",),
    "bonds": ("bonds_outstanding",),
    "inflation-indexed debt": ("tips_outstanding",),
    "floating-rate notes": ("frn_outstanding",),
    "debt held by the public": ("debt_public",),
    "the Fed's securities": ("fed_securities",),
    "the 10-year yield": ("yield_10y",),
    "the Fed's bills": ("soma_bills", "fed_bills"),
    "the Fed's notes and bonds": ("soma_notes_bonds", "fed_notes_bonds"),
    "debt bought back": ("debt_buybacks",),
}
"""Series behind the frames of the Treasury's debt, by what readers call them."""

PARTS: Mapping[str, str] = {
    "fed_assets": "Fed operations",
    "securities": "of it securities",
    "lending": "of it loans, repo and other",
    "tga": "Treasury cash",
    "borrowing": "of it net borrowing",
    "spending": "of it net spending",
    "on_rrp": "Reverse repo (RRP)",
    "foreign_rrp": "Foreign reverse repo",
    "currency": "Currency",
    "other": "Other, residual",
    "reserves": "Reserves",
    "net_liquidity": "Net liquidity",
}
"""What readers call a part of a change."""

BASES: Mapping[str, str] = {
    "tga_wednesday": "its Wednesday level",
    "tga": "its closing balance of the Wednesday",
    "tga_weekly": "its average of the week to Wednesday",
}

_MONEY = (
    "fed_assets",
    "tga",
    "on_rrp",
    "foreign_rrp",
    "currency",
    "other",
    "reserves",
    "net_liquidity",
    "tga_average",
    "fed_securities",
    "debt_public",
    "bills",
    "coupons",
    "spending",
    "marketable",
    "beyond",
    "bought_back",
    "announced",
    "assumed",
    "amount",
    "change",
    "unchanged",
)
UNITS: Mapping[str, str] = {
    **dict.fromkeys(_MONEY, "USD bn"),
    "contribution": "USD bn; + adds to reserves or net liquidity",
    "low": "low end of the range, unit of the estimate beside it",
    "high": "high end of the range",
    "z": "standard deviations from the mean of all such changes since `since`",
    "percentile": "fraction of all such figures since `since` that were lower",
    "weeks": "weeks",
    "weeks_ahead": "weeks",
    "years": "independent years",
    "windows": "independent windows of the horizon",
    "share": "fraction of marketable debt",
    "public_share": "fraction of marketable debt that the Fed does not hold",
    "relative": "fraction of the level a year before",
    "supplied": "USD bn of 10-year equivalents; + more for the public to hold",
    **dict.fromkeys(
        ("treasury_share", "fed_share", "other_share", "unexplained_share", "lead_share"),
        "fraction of the variance; without its season",
    ),
    "treasury_chance": "95% quantile of the share that chance brings, fraction",
    "fed_chance": "95% quantile of the share that chance brings, fraction",
    "effect_bp": "basis points of the 10-year term premium",
}


def level(amount: float) -> str:
    """A stock: "$5.96tn", below a trillion "$877bn"."""
    if not math.isfinite(amount):
        return words.MISSING
    if abs(amount) < 1000:
        return f"${amount:,.0f}bn".replace("-", words.MINUS)
    return f"${amount / 1000:,.2f}tn".replace("-", words.MINUS)


def part_name(key: str) -> str:
    """What readers call a part of a change."""
    return PARTS.get(key, key)


def span(weeks: int) -> str:
    """Return a number of weeks in words; 52 are a year."""
    return "1 year" if weeks == 52 else words.count(weeks, "week")


def finding(book: Book, stack: pd.DataFrame, change: pd.DataFrame) -> str:
    """Return level and 4-week change of net liquidity, who made it, and how rare it is."""
    if stack.empty:
        return _untold(book)
    last = stack.iloc[-1]
    said = f"Net liquidity {level(float(last['net_liquidity']))} on {words.day(last['week'])}"
    month = parts_of(change, MONTH)
    if "net_liquidity" not in month.index:
        return said + ", too short a history for a 4-week change"
    value, low, high = (float(month[name]["net_liquidity"]) for name in ("contribution", "low", "high"))
    moved = words.money(value) + range_of(value, low, high)
    parts = (("Treasury cash", "tga"), ("Fed", "fed_assets"), ("RRP", "on_rrp"))
    listed = ", ".join(f"{name} {words.amount(float(month['contribution'][key]))}" for name, key in parts)
    place = rank(float(month["percentile"]["net_liquidity"]), month["since"]["net_liquidity"])
    return f"{said}, {moved} in {span(MONTH)}: {listed}{place}"


def _untold(book: Book) -> str:
    """Why there is no net liquidity: no line of it, not all of its lines, or no week that has all."""
    gone = [LINES[line] for line in NEEDED if not _has(book, SOURCES[line])]
    if not any(_has(book, names) for names in SOURCES.values()):
        return NOTHING
    if gone:
        return f"Net liquidity cannot be told: without {' and '.join(gone)}"
    began = words.day(FACILITY_BEGAN)
    return f"Net liquidity cannot be told: no week since {began} has Fed assets, the TGA and RRP"


def range_of(value: float, low: float, high: float) -> str:
    """A range in USD bn, " [−271, −263]"; empty where there is none wide enough to be read."""
    ends = words.band(low, high, value)
    return "" if ends == words.MISSING or words.band(value, value, value) == ends else f" {ends}"


def rank(place: float, since: object) -> str:
    """How rare a change is: " (4th percentile since 2013)"; empty where its history is short."""
    if not math.isfinite(place):
        return ""
    ends = {"0th": "below the 1st", "100th": "above the 99th"}
    worded = words.percentile(place)
    return f" ({ends.get(worded, worded)} percentile since {words.year(since)})"


def mix(frame: pd.DataFrame) -> str:
    """Return the bill share, its range so far, and how far it lies beyond what was recommended."""
    if frame.empty:
        return "Bill share"
    last = frame.iloc[-1]
    share, low, high, beyond = (float(last[name]) for name in ("share", "low", "high", "beyond"))
    least, most = (f"{100 * end:.0f}" for end in TBAC_RANGE)
    where = f"within TBAC's {least}-{most}%"
    if abs(beyond) >= 0.5:
        where = f"${abs(beyond):,.0f}bn of bills {'above' if beyond > 0 else 'below'} TBAC's {least}-{most}%"
    since = words.year(frame["month"].iloc[0])
    return (
        f"Bill share {words.percent(share, 1)} of marketable debt on {words.day(last['month'])} "
        f"({words.percent(low, 1)} to {words.percent(high, 1)} since {since}), {where}"
    )


def duration(frame: pd.DataFrame) -> str:
    """Return the interest-rate risk that the last quarter supplied to the public, and its effect."""
    if frame.empty:
        return "Interest-rate risk supplied to the public"
    last = frame.iloc[-1]
    supplied = [float(last[f"supplied{end}"]) for end in ("", "_low", "_high")]
    effect = [float(last[f"effect_bp{end}"]) for end in ("", "_low", "_high")]
    return (
        f"Quarter to {words.day(last['month'])}: {words.money(supplied[0])} "
        f"{words.band(supplied[1], supplied[2], supplied[0])} of 10-year equivalents to the public, "
        f"{points(*effect)} bp on the 10-year term premium"
    )


def wave(frame: pd.DataFrame) -> str:
    """Return the change over twelve months and its place in its own past, with the band of that place."""
    said = []
    for at in range(len(frame)):
        row = frame.iloc[at]
        moved = f"{part_name(str(row['target'])).lower()} {words.money(float(row['change']))}"
        if math.isfinite(float(row["percentile"])):
            band = words.percent_range(float(row["low"]), float(row["high"]))
            moved += f" ({words.percentile(float(row['percentile']))} percentile {band} since "
            moved += f"{words.year(row['since'])})"
        said.append(moved)
    return f"Over twelve months: {', '.join(said)}"


def points(value: float, low: float, high: float) -> str:
    """Basis points with their range: "+5.6 [+2.0, +12.1]"."""
    if not math.isfinite(value):
        return words.MISSING
    return f"{words.sigma(value)} [{words.sigma(low)}, {words.sigma(high)}]"


def stock(value: float, low: float, high: float) -> str:
    """An amount held with its range, USD bn: "5,830 [5,395, 6,780]"."""
    if not math.isfinite(value):
        return words.MISSING
    return f"{value:,.0f} [{low:,.0f}, {high:,.0f}]".replace("-", words.MINUS)


def plan(what: str) -> str:
    """What readers call a plan behind the path."""
    named = {"tga": "Treasury cash", "bills": "Bills, net", "coupons": "Coupons, net", "season": "Season"}
    return named.get(what) or part_name(what)


def path(forward: pd.DataFrame, errors: pd.DataFrame, weeks: int = 13) -> str:
    """Return where net liquidity goes in a quarter, with its band and how far such paths have missed."""
    if len(forward) < weeks:
        return "The weeks ahead"
    row = forward.iloc[weeks - 1]
    missed = errors.set_index("weeks_ahead").loc[weeks]
    low, high = (level(float(row[f"net_liquidity{end}"])) for end in ("_low", "_high"))
    return (
        f"Net liquidity in {weeks} weeks {level(float(row['net_liquidity']))} [{low}, {high}]: "
        f"announced {words.amount(float(row['announced']))}, assumed {words.amount(float(row['assumed']))}; "
        f"such paths missed by ${missed['net_liquidity']:,.0f}bn, no change by ${missed['unchanged']:,.0f}bn"
    )


def sides(frame: pd.DataFrame) -> str:
    """Return the shares of the Treasury and the Fed in what moved reserves, at the longest horizon told."""
    told = frame[(frame["target"] == "reserves") & frame["treasury_share"].notna()]
    if told.empty:
        return "Treasury against Fed: shares of the variance"
    row = told.iloc[-1]
    said = [
        f"{name} {words.percent(float(row[key]))} "
        f"{words.percent_range(float(row[f'{key}_low']), float(row[f'{key}_high']))}"
        for name, key in (("Treasury", "treasury_share"), ("Fed with its reverse repo", "fed_share"))
    ]
    return f"Variance of reserves over a {row['horizon']} since {words.year(row['since'])}: {', '.join(said)}"


def parts_of(change: pd.DataFrame, weeks: int) -> pd.DataFrame:
    """Return the rows of one span, by part."""
    return change[change["weeks"] == weeks].set_index("part")


def data(book: Book) -> str:
    """Return which lines the section stands on, through which day; empty where there are none."""
    through: dict[pd.Timestamp, list[str]] = {}
    for line in SOURCES:
        name = source_of(book, line)
        if name:
            day = pd.Timestamp(book.values(name).index[-1])
            through.setdefault(day, []).append(LINES[line])
    return "; ".join(f"{', '.join(lines)} through {words.day(day)}" for day, lines in through.items())


def source_of(book: Book, line: str) -> str:
    """Return the series that gives the newest figure of a line, the better one of two; or nothing."""
    held = [name for name in SOURCES[line] if name in book.series and len(book.values(name))]
    return max(held, key=lambda name: book.values(name).index[-1], default="")


def missing(book: Book) -> tuple[str, ...]:
    """Return what the section lacks, and how to get it."""
    gone = {LINES[line]: names[0] for line, names in SOURCES.items() if not _has(book, names)}
    if len(gone) == len(SOURCES):
        return (_absent(gone | {"the Treasury's debt": DEBT["marketable debt"][0]}, ""),)
    said = [_absent(gone, "")] if gone else []
    owed = {words_: names[0] for words_, names in DEBT.items() if not _has(book, names)}
    if owed:
        said.append(
            _absent(
                owed, " The bill share, what the Treasury's cash went on and the duration supplied need them."
            )
        )
    return tuple(said)


def _has(book: Book, names: Iterable[str]) -> bool:
    return any(name in book.series for name in names)


def _absent(gone: Mapping[str, str], use: str) -> str:
    *most, last = gone
    listed = f"{', '.join(most)} and {last}" if most else last
    verb = "is" if len(gone) == 1 else "are"
    return f"{listed[:1].upper()}{listed[1:]} {verb} not in this book: {command(list(gone.values()))}.{use}"


def command(series: Sequence[str]) -> str:
    """The command that fetches series; of many, the one that fetches all that the desk needs."""
    if len(series) > NAMED:
        return "`groundswell update --needed-by desk`"
    return "`groundswell update " + " ".join(f"--series {name}" for name in series) + "`"


def caveats(book: Book, at: Moment, stack: pd.DataFrame, change: pd.DataFrame) -> tuple[str, ...]:
    """Return the conventions behind the numbers, what the residual contains, and what is old."""
    if stack.empty:
        return ()
    last = stack.iloc[-1]
    said = [
        "Contributions: + adds to liquidity, so a rise of the Treasury's account or of reverse repo counts "
        "as a minus.",
        f"Fed assets are the Wednesday level; the Treasury's account is {BASES[last['tga_basis']]}"
        + (
            f", which can differ from the level by tens of billions: {command(['tga_wednesday'])} gives it."
            if last["tga_basis"] == "tga_weekly"
            else "."
        ),
    ]
    held = [line for line in SOURCES if stack[line].notna().any()]
    others = stack[stack["tga_basis"] != last["tga_basis"]]
    if len(others):
        earlier = others.iloc[-1]
        until = words.day(earlier["week"])
        said.append(f"Through {until} the Treasury's account is {BASES[earlier['tga_basis']]} in some weeks.")
    averaged = [LINES["currency"]] if "currency" in held else []
    if last["reserves_basis"] == "reserves":
        averaged.append(LINES["reserves"])
    if averaged:
        names = " and ".join(averaged)
        said.append(
            f"{names[:1].upper()}{names[1:]}: averages of the week; what that differs by is in 'other'."
        )
    gone = [LINES[line] for line in ("foreign_rrp", "currency") if line not in held]
    if gone and "reserves" in held:
        said.append(f"The identity is closed with 'other', which here contains {' and '.join(gone)}.")
    if change["percentile"].notna().any():
        since = words.year(change["since"].min())
        said.append(f"Percentile and z: among all changes over as many weeks since {since}, which overlap.")
    old = []
    for line in held:
        name = source_of(book, line)
        day = pd.Timestamp(book.values(name).index[-1])
        if name in catalog() and staleness.is_stale(catalog()[name], day, at.now):
            old.append(f"{LINES[line]} ({words.age(staleness.age(day, at.now))})")
    if old:
        said.append(f"Old: {', '.join(old)}; a newer figure was due.")
    return tuple(said)
