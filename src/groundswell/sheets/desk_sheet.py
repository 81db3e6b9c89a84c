"""The desk sheet: who holds what, what they must trade, at which levels, and what moved the market,
as known on one evening. Built once; every form (terminal, page, JSON) lays out the same object.
"""

import dataclasses
import datetime
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from groundswell.core.day import INDEX, SESSIONS_PER_YEAR, Actor
from groundswell.core.draws import spread
from groundswell.core.parameter import registry
from groundswell.data import staleness
from groundswell.data.book import Book, as_day
from groundswell.data.errors import DataError, GroundswellError
from groundswell.runs.history import History, lay_out
from groundswell.runs.moved import what_moved
from groundswell.runs.project import project
from groundswell.runs.replay import replay
from groundswell.runs.scenarios import (
    HORIZONS,
    Movement,
    alternating,
    standard_scenarios,
    user_scenarios,
)
from groundswell.runs.triggers import trend_triggers, volatility_triggers
from groundswell.sheets import data_strip, desk_frames, desk_words, gamma_section, words
from groundswell.sheets.book_sections import begun
from groundswell.sheets.curve_section import CurveSection
from groundswell.sheets.gamma_section import GammaSection
from groundswell.sheets.liquidity_section import LiquiditySection
from groundswell.sheets.moment import is_stale, moment
from groundswell.sheets.policy_section import PolicySection
from groundswell.sheets.section import Section, made
from groundswell.world.impact_law import impact_law_with
from groundswell.world.roster import ROSTER, actors_for

S = TypeVar("S", bound=Section)
T = TypeVar("T")

_LADDER_STEPS, _LADDER_DEVIATIONS = 25, 3.0
"""The ladder reaches three standard deviations of a week to either side of spot."""

_STILL = 1e-6
"""Annual volatility below which prices are no market's."""

_FRAMES = [
    "strip",
    "positions",
    "flows",
    "scenarios",
    "triggers",
    "crowding",
    "moved",
    "history",
    "fan",
    "ladder",
    "calendar",
    "assumptions",
]


@dataclasses.dataclass(frozen=True)
class Desk:
    """Everything the sheet says. Money USD bn, + buys, - sells; fractions are fractions.

    Attributes:
        as_of: the evening of the sheet.
        through: last session of the data.
        source: what data this is.
        bundled: whether it is the history that ships with the software.
        made_on: the day the sheet was made.
        stale_days: calendar days from the last data to the evening asked for, or to `made_on`.
        stale: whether a newer close of the index was due by then.
        spot: index level at the last close.
        headline: the sheet in one sentence.
        strip: what the sheet stands on, see `data_strip.strip`.
        positions: see `desk_frames.positions`; the other frames likewise.
        notes: repairs, assumptions, and who stays out.
        sections: the further parts of the sheet in the order of the page, each with its finding.
    """

    as_of: pd.Timestamp
    through: pd.Timestamp
    source: str
    bundled: bool
    made_on: pd.Timestamp
    stale_days: int
    stale: bool
    spot: float
    headline: str
    strip: pd.DataFrame
    positions: pd.DataFrame
    flows: pd.DataFrame
    scenarios: pd.DataFrame
    triggers: pd.DataFrame
    crowding: pd.DataFrame
    moved: pd.DataFrame
    moved_window: tuple[pd.Timestamp, pd.Timestamp]
    history: pd.DataFrame
    fan: pd.DataFrame
    ladder: pd.DataFrame
    calendar: pd.DataFrame
    assumptions: pd.DataFrame
    notes: tuple[str, ...]
    page: Callable[["Desk"], str] = dataclasses.field(repr=False)
    sections: tuple[Section, ...] = ()

    def __post_init__(self) -> None:
        for name in _FRAMES:
            frame: pd.DataFrame = getattr(self, name)
            units = {column: desk_words.UNITS[column] for column in frame if column in desk_words.UNITS}
            frame.attrs["units"] = units

    @property
    def curve(self) -> CurveSection:
        """The volatility curve: what is priced over which horizon, and why."""
        return self._section(CurveSection)

    @property
    def gamma(self) -> GammaSection:
        """Option dealers: what they hold, what they must trade, and what it does to a move."""
        return self._section(GammaSection)

    @property
    def policy(self) -> PolicySection:
        """The policy path that fed-funds futures price, and how its odds moved."""
        return self._section(PolicySection)

    @property
    def liquidity(self) -> LiquiditySection:
        """What the Fed's balance sheet leaves to banks and markets, and who changed it."""
        return self._section(LiquiditySection)

    def _section(self, kind: type[S]) -> S:
        return next(section for section in self.sections if isinstance(section, kind))

    def to_dict(self) -> dict[str, Any]:
        """The sheet as plain types: frames as lists of records, dates as ISO strings."""
        first, last = self.moved_window
        return {
            "as_of": f"{self.as_of:%Y-%m-%d}",
            "through": f"{self.through:%Y-%m-%d}",
            "source": self.source,
            "bundled": self.bundled,
            "made_on": f"{self.made_on:%Y-%m-%d}",
            "stale_days": self.stale_days,
            "stale": self.stale,
            "spot": self.spot,
            "headline": self.headline,
            "units": desk_words.UNITS,
            **{name: _records(getattr(self, name)) for name in _FRAMES},
            "moved_window": [f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"],
            **{section.key: _section(section) for section in self.sections},
            "notes": list(self.notes),
        }

    def to_html(self) -> str:
        """The sheet as one self-contained page."""
        return self.page(self)


def _section(section: Section) -> dict[str, Any]:
    return {
        "finding": section.finding,
        "data": section.data,
        "missing": list(section.missing),
        "caveats": list(section.caveats),
        "units": dict(section.units),
        **{name: _records(section.frame(name)) for name in section.frames},
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


def build_desk(
    book: Book,
    page: Callable[[Desk], str],
    as_of: str | datetime.date | None = None,
    draws: int = 200,
    seed: int = 0,
    since: str | datetime.date | None = None,
    paths: Mapping[str, Sequence[float]] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Desk:
    """The desk sheet of one evening; see `groundswell.desk` for the arguments.

    `page` lays the finished sheet out as HTML; the front door hands it in.
    """
    _check_counts(draws, seed)
    book = book.cut(as_of)
    at = moment(book, as_of is not None)
    of_the_book = begun(book, at)
    history = lay_out(book)
    ours, law = impact_law_with(dict(changes or {}))
    gamma = _aside(
        lambda: made(
            GammaSection,
            lambda: gamma_section.build(book, at, history, draws, seed, law, lambda: of_the_book().chain),
        )
    )
    actors, stay_out = actors_for(history.assets, ours)
    replayed = replay(history, actors, draws=draws, seed=seed)
    size = _factor("market_value", book.market_value(), replayed.members, seed)
    turnover = _factor("daily_volume", book.daily_volume(), replayed.members, seed)
    columns = desk_frames.order_of_actors(replayed, tuple(kind.key for kind in ROSTER))

    spot = float(history.closes[history.length - 1, INDEX])
    reference = _reference(history, book.label)
    scenarios = (*standard_scenarios(reference), *user_scenarios(paths))
    moves = _ladder_moves(reference)
    rungs = _ladder_paths(moves, reference)
    orders = project(
        replayed, np.concatenate([np.stack([s.returns for s in scenarios], axis=1), rungs], axis=1)
    )
    ahead, ladder_orders = orders[..., : len(scenarios)], orders[..., len(scenarios) :]

    trend, without_flip = trend_triggers(replayed)
    cuts, unreached = volatility_triggers(replayed)
    if without_flip:
        unreached = (
            f"Look-backs without a flip {without_flip[1]}: {', '.join(without_flip[0])}.",
            *unreached,
        )
    first, last = _window(history, since), history.length - 1
    window = what_moved(replayed, law, first, last, turnover, seed)

    positions = desk_frames.positions(replayed, columns, size)
    flows = desk_frames.flows(replayed, columns, ahead, scenarios, size)
    levels = desk_frames.triggers(trend + cuts, spot, size)
    scenario_table = desk_frames.scenario_table(scenarios, reference)
    today = pd.Timestamp(datetime.date.today())
    alone = of_the_book()
    sections = (alone.curve, gamma.result(), alone.policy, alone.liquidity)
    return Desk(
        as_of=book.as_of if as_of is not None else book.through,
        through=book.through,
        source=book.label,
        bundled=book.is_bundled,
        made_on=today,
        stale_days=staleness.age(book.through, at.now),
        stale=is_stale("index", book.through, at),
        spot=spot,
        headline=desk_words.headline(flows, levels, scenario_table),
        strip=data_strip.strip(book, history, at, sections),
        positions=positions,
        flows=flows,
        scenarios=scenario_table,
        triggers=levels,
        crowding=desk_frames.crowding_table(replayed, trend),
        moved=desk_frames.moved(window, columns),
        moved_window=(history.dates[first], history.dates[last]),
        history=desk_frames.exposure_history(replayed, columns),
        fan=desk_frames.fan(ahead, scenarios, size),
        ladder=desk_frames.ladder(replayed, columns, ladder_orders, moves, size),
        calendar=desk_frames.coming_events(history.dates[last]),
        assumptions=_assumptions(tuple(actors), dict(changes or {})),
        notes=(*book.notes, *history.notes, *stay_out, *_hindsight(actors, book.through), *unreached),
        page=page,
        sections=sections,
    )


def _aside(work: Callable[[], T]) -> Future[T]:
    """The result to come of work done in a thread: what is compiled for it is compiled meanwhile."""
    threads = ThreadPoolExecutor(max_workers=1)
    coming = threads.submit(work)
    threads.shutdown(wait=False)
    return coming


def _reference(history: History, label: str) -> float:
    """Annual volatility that sets the scenarios.

    Raises:
        DataError: when the index has not moved for months: prices that somebody forgot to update.
    """
    movement = Movement()
    reference = movement.reference(history.returns[: history.length, INDEX])
    if reference < _STILL:
        raise DataError(
            f"the index has not moved over the last {max(movement.windows)} sessions",
            where=f"{label}, through {history.dates[-1]:%Y-%m-%d}",
            expected="daily prices of a market that trades",
            remedy="check where the file's prices stopped updating, or ask for an earlier date",
        )
    return reference


def _check_counts(draws: int, seed: int) -> None:
    """Refuse a number of draws or a seed that cannot be meant."""
    for name, value, top in (("draws", draws, 100_000), ("seed", seed, 2**32 - 1)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not 0 <= value <= top:
            raise GroundswellError(
                f"{name} is {value!r}",
                where="desk",
                expected=f"a whole number from 0 to {top:,}",
                remedy="200 draws give a stable band; any seed will do",
            )


def _hindsight(actors: Mapping[str, Actor], through: pd.Timestamp) -> tuple[str, ...]:
    """What a sheet of a past evening owes to later knowledge, in words."""
    table = registry()
    used = table["address"].str.split(".").str[0].isin((*actors, "impact", "scenario"))
    late = table[used & (table["fitted_through"] > f"{through:%Y-%m-%d}")]
    notes = []
    if len(late):
        listed = ", ".join(f"{row.address} ({row.fitted_through})" for row in late.itertuples())
        notes.append(f"Not known that evening: these parameters rest on later figures: {listed}.")
    early = [
        f"{words.actor_name(key)} (from {actor.since_year})"
        for key, actor in actors.items()
        if through.year < actor.since_year
    ]
    if early:
        notes.append(f"Hypothetical that year: {', '.join(early)}.")
    return tuple(notes)


def _factor(name: str, frame: pd.DataFrame, members: int, seed: int) -> np.ndarray:
    """How far the true size of the market may be from the book's, member by member: a factor."""
    value, low, high = (float(frame[column].iloc[-1]) for column in ("value", "low", "high"))
    numbers = np.arange(members)
    return spread(name, 1.0, low / value, high / value, seed, numbers, members - 1)


def _ladder_moves(reference: float) -> np.ndarray:
    week = reference * np.sqrt(HORIZONS["1w"] / SESSIONS_PER_YEAR)
    return np.linspace(-_LADDER_DEVIATIONS * week, _LADDER_DEVIATIONS * week, _LADDER_STEPS)


def _ladder_paths(moves: np.ndarray, reference: float) -> np.ndarray:
    """Tomorrow's move, then a sideways week at the reference movement: sessions by rungs."""
    longest = max(HORIZONS.values())
    paths = np.zeros((longest, len(moves)))
    paths[0] = moves
    rest = HORIZONS["1w"] - 1
    paths[1 : rest + 1] = alternating(rest, reference / np.sqrt(SESSIONS_PER_YEAR))[:, None]
    return paths


def _window(history: History, since: str | datetime.date | None) -> int:
    """Position of the first session that "what moved it" explains."""
    if since is None:
        return history.length - 1
    day = as_day(since)
    first = int(history.dates.searchsorted(day))
    if first >= history.length or day < history.dates[1]:
        raise DataError(
            f"the window begins on {day:%Y-%m-%d}",
            where="since",
            expected=f"a day from {history.dates[1]:%Y-%m-%d} to {history.dates[-1]:%Y-%m-%d}",
            remedy="choose a day inside the data, not after the sheet's own date",
        )
    return first


def _assumptions(actors: tuple[str, ...], changes: Mapping[str, Any]) -> pd.DataFrame:
    """Every declared number behind this sheet, those that the user changed included."""
    table = registry()
    used = (*actors, "impact", "scenario")
    table = table[table["address"].str.split(".").str[0].isin(used)].reset_index(drop=True)
    for address, value in changes.items():
        chosen = table["address"] == address
        table.loc[chosen, "value"] = pd.Series([value] * int(chosen.sum()), index=table.index[chosen])
        table.loc[chosen, "source"] = "set by the user; declared: " + table.loc[chosen, "source"]
    return table[["address", "value", "low", "high", "unit", "source"]]
