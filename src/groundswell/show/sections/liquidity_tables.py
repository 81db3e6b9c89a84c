"""The tables of the liquidity section, every number worded once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from groundswell.sheets import liquidity_words, words
from groundswell.show import tables
from groundswell.show.tables import Row, Table, worded

if TYPE_CHECKING:
    from groundswell.sheets.liquidity_section import LiquiditySection

WEEKS_SHOWN = 157
"""Three years."""

MONTHS_BEFORE = (0, 3, 12, 36, 60)
QUARTERS_SHOWN = 8


def stack_table(section: LiquiditySection) -> Table:
    """The weeks that the chart draws, newest first."""
    frame = shown(section).iloc[::-1]
    lines = ("fed_assets", "tga", "on_rrp", "net_liquidity", "foreign_rrp", "currency", "other", "reserves")
    cells = (
        (words.day(row.week), *(_stock(getattr(row, line)) for line in lines))
        for row in tables.records(frame)
    )
    header = (
        "Week to >|Fed assets >|Treasury cash >|RRP >|Net liquidity >"
        "|Foreign RRP >|Currency >|Other >|Reserves >"
    )
    return worded("liquidity_stack", "The Fed's balance sheet, $bn", header, frame, cells, ("week",))


def change_table(section: LiquiditySection) -> Table:
    """What changed liquidity: one row per part, a column per span, the 4-week change with its place."""
    frame = section.change
    spans = list(dict.fromkeys(int(weeks) for weeks in frame["weeks"]))
    is_ranged = bool(frame["low"].notna().any())
    rows = []
    for part in dict.fromkeys(frame["part"]):
        by_span = {int(row.weeks): row for row in tables.records(frame[frame["part"] == part])}
        cells = [liquidity_words.part_name(str(part))]
        for weeks in spans:
            row = by_span.get(weeks)
            cells.append(words.MISSING if row is None else words.amount(row.contribution))
            if weeks == liquidity_words.MONTH:
                cells += _place(row, is_ranged)
        rows.append(Row(words.address("liquidity_change", part), tuple(cells)))
    header = ["What changed it"]
    for weeks in spans:
        header.append(liquidity_words.span(weeks))
        if weeks == liquidity_words.MONTH:
            header += [*(["Range"] if is_ranged else []), "Percentile", "z"]
    numeric = (False, *(True,) * (len(header) - 1))
    title = f"What changed liquidity, $bn{_window(frame)}"
    return Table("liquidity_change", title, tuple(header), numeric, tuple(rows))


def recent_table(section: LiquiditySection) -> Table:
    """What was known of net liquidity session by session."""
    frame = section.recent.iloc[::-1]
    cells = (
        (
            words.day(row.date),
            *(_stock(value) for value in (row.fed_assets, row.tga, row.on_rrp, row.net_liquidity)),
        )
        for row in tables.records(frame)
    )
    header = "Session >|Fed assets, last release >|Treasury cash >|RRP >|Net liquidity >"
    title = "Net liquidity as known at the end of each session, $bn"
    return worded("liquidity_recent", title, header, frame, cells, ("date",))


def mix_table(section: LiquiditySection) -> Table:
    """The share of bills now and before, beside the range that was recommended."""
    ago = [before for before in MONTHS_BEFORE if before < len(section.mix)]
    frame = section.mix.iloc[[len(section.mix) - 1 - before for before in ago]]
    cells = (
        (
            words.day(row.month),
            words.percent(row.share, 1),
            words.percent_range(row.low, row.high, 1),
            words.percent(row.public_share, 1),
            _stock(row.bills),
            words.amount(row.beyond),
        )
        for row in tables.records(frame)
    )
    header = (
        "End of month >|Bill share >|Range so far, % >|Less the Fed's >|Bills, $bn >|Beyond 15-20%, $bn >"
    )
    return worded("liquidity_mix", liquidity_words.mix(section.mix), header, frame, cells, ("month",))


def cash_table(section: LiquiditySection) -> Table:
    """What moved the Treasury's account month by month."""
    frame = section.cash.iloc[::-1]
    cells = (
        (
            words.day(row.month),
            *(words.amount(value) for value in (row.bills, row.coupons, row.spending, row.tga)),
        )
        for row in tables.records(frame)
    )
    header = "Month to >|Bills >|Coupons >|Net spending >|Treasury cash >"
    title = "What the Treasury's cash went on, $bn; + adds to liquidity"
    return worded("liquidity_cash", title, header, frame, cells, ("month",))


def duration_table(section: LiquiditySection) -> Table:
    """The interest-rate risk supplied to the public, quarter by quarter back from the last month."""
    frame = section.duration.iloc[::-3].head(QUARTERS_SHOWN)
    cells = (
        (
            words.day(row.month),
            words.estimate(row.treasury, row.treasury_low, row.treasury_high),
            words.estimate(row.fed, row.fed_low, row.fed_high),
            words.estimate(row.supplied, row.supplied_low, row.supplied_high),
            liquidity_words.points(row.effect_bp, row.effect_bp_low, row.effect_bp_high),
            _stock(row.bought_back),
        )
        for row in tables.records(frame)
    )
    header = "Quarter to >|Treasury >|Fed >|To the public >|Term premium, bp >|Bought back, $bn >"
    title = liquidity_words.duration(section.duration)
    return worded("liquidity_duration", title, header, frame, cells, ("month",))


def wave_table(section: LiquiditySection) -> Table:
    """The twelve-month change against its past."""
    cells = (
        (
            liquidity_words.part_name(row.target),
            words.day(row.week),
            words.amount(row.change),
            words.percent(row.relative, 1, signed=True),
            words.percentile(row.percentile),
            words.percent_range(row.low, row.high),
            words.sigma(row.z),
            words.year(row.since),
        )
        for row in tables.records(section.wave)
    )
    header = "12-month change|Week to >|$bn >|Of the level >|Percentile >|90% band, % >|z >|Since >"
    title = liquidity_words.wave(section.wave)
    return worded("liquidity_wave", title, header, section.wave, cells, ("target",))


def forward_table(section: LiquiditySection) -> Table:
    """The path of the next weeks with its band."""
    cells = (
        (
            words.day(row.week),
            liquidity_words.stock(row.net_liquidity, row.net_liquidity_low, row.net_liquidity_high),
            liquidity_words.stock(row.reserves, row.reserves_low, row.reserves_high),
            liquidity_words.stock(row.tga, row.tga_low, row.tga_high),
            words.amount(row.announced),
            words.amount(row.assumed),
        )
        for row in tables.records(section.forward)
    )
    header = "Week to >|Net liquidity >|Reserves >|Treasury cash >|Announced >|Assumed >"
    title = "The weeks ahead, $bn"
    return worded("liquidity_forward", title, header, section.forward, cells, ("week",))


def plans_table(section: LiquiditySection) -> Table:
    """What the path rests on."""
    cells = (
        (
            liquidity_words.plan(row.what),
            row.kind,
            words.MISSING if row.what in ("season", "on_rrp") else words.amount(row.amount),
            words.day(row.day),
            words.day(row.announced),
            row.source,
        )
        for row in tables.records(section.plans)
    )
    header = "What|Announced or assumed|$bn >|By >|Announced on >|Source"
    return worded("liquidity_plans", "What the path rests on", header, section.plans, cells, ("what", "day"))


def sides_table(section: LiquiditySection) -> Table:
    """Who moved liquidity, duration and prices, at three horizons."""

    def share(row: Any, side: str) -> str:
        value, low, high = (getattr(row, f"{side}_share{end}") for end in ("", "_low", "_high"))
        if not math.isfinite(value):
            return words.MISSING
        return f"{words.percent(value)} {words.percent_range(low, high)}"

    cells = (
        (
            str(row.horizon),
            str(row.target),
            *(share(row, side) for side in ("treasury", "fed", "lead")),
            words.percent(row.other_share),
            words.percent(row.unexplained_share),
            words.percent(row.treasury_chance),
            f"{row.windows:.0f}" if row.windows else words.MISSING,
            row.reason,
        )
        for row in tables.records(section.treasury_against_fed)
    )
    header = (
        "Horizon|Variance of|Treasury >|Fed with RRP >|Treasury less Fed >|Other >|Unexplained >"
        "|By chance, Treasury >|Windows >|Why not told"
    )
    title = liquidity_words.sides(section.treasury_against_fed)
    keys = ("horizon", "target")
    return worded("liquidity_treasury_against_fed", title, header, section.treasury_against_fed, cells, keys)


def _place(row: Any, is_ranged: bool) -> list[str]:
    """The range of a change, where any has one, and its place among all of its span."""
    if row is None:
        return [words.MISSING] * (3 if is_ranged else 2)
    ends = [words.band(row.low, row.high, row.contribution)] if is_ranged else []
    return [*ends, words.percentile(row.percentile), words.sigma(row.z)]


def shown(section: LiquiditySection) -> pd.DataFrame:
    """Return the weeks of the chart: the last three years."""
    return section.stack.iloc[-WEEKS_SHOWN:]


def _window(change: pd.DataFrame) -> str:
    return "" if change.empty else f", to {words.day(change['end'].max())}"


def _stock(value: float) -> str:
    """An amount held: no sign unless negative, no decimals above 20."""
    worded_amount = words.amount(value)
    return worded_amount.removeprefix("+")
