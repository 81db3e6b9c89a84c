"""The point-in-time container: every observation with its release time, cut by `as_of`.

Whatever the software says about a day, it says from a `Book` cut at that day, so that nothing which
was released later can reach it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

import numpy as np
import pandas as pd

from groundswell.data import market_scale
from groundswell.data.errors import DataError, closest
from groundswell.data.notes import Note

if TYPE_CHECKING:
    from groundswell.data.quotes import Quotes
    from groundswell.data.sources.source import Snapshot
    from groundswell.data.units import Measured

NEW_YORK = "America/New_York"
CLOSE = time(16, 0)
PRICE = "price"

MINIMUM_SESSIONS = 128
"""Sessions a book needs: two seeding periods of the slowest cohort; below that no position can be
told from its start."""

LISTED = 20
"""Names that an error lists before it counts the rest."""

VOLUME_WINDOW = 21
"""Sessions over which a book's own dollar volume is averaged (one month)."""

Origin: TypeAlias = Literal["bundle", "store"]


@dataclass(frozen=True)
class Part:
    """A stretch of a series that comes from one place.

    Attributes:
        since: its first observed day.
        origin: the history that comes with the software, or the user's store.
        name: what it is called on a sheet ("bundled history (arch)").
    """

    since: pd.Timestamp
    origin: Origin
    name: str


@dataclass(frozen=True, eq=False)
class Series:
    """One series with its unit, its source and the release time of every observation.

    Attributes:
        name: short key, for example `index`, `bond`, `vix`, `market_value`.
        unit: what a value of one means; `price` marks an asset's price.
        source: where the numbers come from, for people.
        title: the series in words.
        frame: columns `observed` (date, no zone), `released` (UTC time) and `value` (float), one
            row per observation and vintage, sorted by `observed`, then `released`.
        parts: where its stretches come from, by `since`; empty where it is all from the user's file.
    """

    name: str
    unit: str
    source: str
    title: str
    frame: pd.DataFrame
    parts: tuple[Part, ...] = ()

    @classmethod
    def of_closes(
        cls,
        values: pd.Series[float],
        *,
        name: str,
        unit: str,
        source: str,
        title: str,
        released_at: time = CLOSE,
    ) -> Series:
        """Return a series of daily values, each released on its own day at a New York time.

        Args:
            values: floats indexed by session; missing ones are left out.
            name: see the class, as for `unit`, `source` and `title`.
            unit: see the class.
            source: see the class.
            title: see the class.
            released_at: time of day in New York at which a value is out; the close by default.
        """
        kept = values.dropna().sort_index()
        observed = pd.DatetimeIndex(kept.index)
        wall_clock = observed + pd.Timedelta(hours=released_at.hour, minutes=released_at.minute)
        frame = pd.DataFrame(
            {
                "observed": observed,
                "released": wall_clock.tz_localize(NEW_YORK).tz_convert("UTC"),
                "value": kept.to_numpy(dtype=float),
            }
        )
        return cls(name=name, unit=unit, source=source, title=title, frame=frame)

    def released_before(self, moment: pd.Timestamp) -> Series:
        """Return the series with only what was released before `moment` (a time with a zone)."""
        known = (self.frame["released"] < moment).to_numpy()
        if known.all():
            return self
        frame = self.frame.loc[known]
        last = frame["observed"].max()
        return replace(self, frame=frame, parts=tuple(part for part in self.parts if part.since <= last))

    def origins(self) -> tuple[Origin, ...]:
        """Return the places its values come from, each once, in order."""
        return tuple(dict.fromkeys(part.origin for part in self.parts))

    def latest(self) -> pd.Series[float]:
        """Return the last released value of every observed date, indexed by `date`.

        A date whose last vintage has no value, because the source withdrew it, is left out.
        """
        frame = self.frame.drop_duplicates("observed", keep="last")
        if frame["value"].isna().any():
            frame = frame[frame["value"].notna()]
        index = pd.DatetimeIndex(frame["observed"], name="date")
        return pd.Series(frame["value"].to_numpy(dtype=float, copy=True), index, name=self.name)


@dataclass(frozen=True, eq=False)
class Book:
    """Everything known by the evening of one day.

    Attributes:
        series: the series by name; `index` is always among them.
        as_of: the day at whose end, in New York, the book was cut.
        label: what data the index is from, for people ("prices.csv").
        is_bundled: whether that is the history that comes with the software.
        remarks: repairs made and assumptions taken, one sentence each; a `Note` where the sentence
            holds on some evenings only. `notes` has those that hold at the end of `as_of`.
        traded: names of the series that the desk's actors may trade beside the index; `None` where
            every price is one, as in a price file. A store knows many prices that no actor trades.
        quotes: chains and strips of futures, as they were quoted; `None` where the book keeps none.
    """

    series: Mapping[str, Series]
    as_of: pd.Timestamp
    label: str
    is_bundled: bool = False
    remarks: tuple[str | Note, ...] = ()
    traded: frozenset[str] | None = None
    quotes: Quotes | None = None

    def __post_init__(self) -> None:
        if "index" not in self.series:
            raise DataError(
                "there is no series 'index'",
                where=self.label,
                expected="the prices of the equity index under the name 'index'",
                remedy="add the index, or rename its column to 'index' or 'close'",
            )
        object.__setattr__(self, "series", MappingProxyType(dict(self.series)))

    def cut(self, as_of: str | date | None) -> Book:
        """Return the book as it was known at the end of a day in New York.

        Args:
            as_of: the day ("2018-02-05", a date, a Timestamp); `None` returns the book itself. A
                day after the last observation is allowed and changes only `as_of`.

        Raises:
            DataError: the day cannot be read, or lies before the first price of the index.
        """
        if as_of is None:
            return self
        day = as_day(as_of)
        end = end_of(day)
        cut = {name: series.released_before(end) for name, series in self.series.items()}
        if cut["index"].frame.empty:
            first = self.series["index"].frame["observed"].min()
            raise DataError(
                f"as of {day:%Y-%m-%d} nothing was known yet: the index begins on {first:%Y-%m-%d}",
                where=self.label,
                expected=f"an as-of date from {first:%Y-%m-%d} on",
                remedy="choose a later as-of date, or load a file that reaches further back",
            )
        known = {name: series for name, series in cut.items() if not series.frame.empty}
        return replace(self, series=known, as_of=day, **_named(known["index"]))

    def values(self, name: str) -> pd.Series[float]:
        """Return the last released value of each observed date: floats indexed by `date`.

        Raises:
            DataError: the book has no such series; the message lists those it has.
        """
        return self._known(name).latest()

    def measured(self, name: str) -> Measured:
        """Return the same values with their unit: sums of different units are refused.

        Raises:
            DataError: the book has no such series; the message lists those it has.
        """
        from groundswell.data.units import Measured

        return Measured.of(self._known(name))

    def aligned(self, name: str) -> pd.Series[float]:
        """Return what was known of a series at the end of each session of the index.

        A value counts from its release, not from the day it describes, and stands until the next; before
        the first release it is missing. Nothing is interpolated.

        Raises:
            DataError: the book has no such series; the message lists those it has.
        """
        from groundswell.data.alignment import aligned

        return aligned(self._known(name), pd.DatetimeIndex(self.prices("index").index))

    def snapshot(self, name: str) -> Snapshot:
        """Return the quotes of a series ("chain.spx") as they last stood by the end of `as_of`.

        Raises:
            DataError: the book has none.
        """
        end = end_of(self.as_of)
        found = None if self.quotes is None else self.quotes.last(name, end)
        if found is None:
            raise DataError(
                f"there are no quotes '{name}'",
                where=f"{self.label}, as of {self.as_of:%Y-%m-%d}",
                expected="quotes that were taken by then and kept in the store",
                remedy=f"`groundswell update --series {name}` takes today's; those of the past cannot be had",
            )
        return found

    def quotes_over_time(
        self, name: str, columns: Sequence[str], since: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """Return quotes of a series through time, one row per contract and moment; empty if there are none.

        Args:
            name: the series ("futures.fed_funds").
            columns: wanted of each contract, among `data.store.layout.QUOTES`.
            since: leave out what was taken earlier (a time with a zone).

        Returns:
            `taken` (UTC) and the columns, in the order in which they were taken, to the end of `as_of`.
        """
        if self.quotes is None:
            return pd.DataFrame(columns=["taken", *columns])
        return self.quotes.over_time(name, columns, end_of(self.as_of), since)

    def prices(self, asset: str = "index") -> pd.Series[float]:
        """Return the daily closes of an asset, indexed by `date`.

        Raises:
            DataError: the book has no such asset; the message lists those it has.
        """
        if asset not in self.assets:
            raise self._unknown(asset, self.assets, "asset")
        return self.values(asset)

    def returns(self, asset: str = "index") -> pd.Series[float]:
        """Return the daily log returns of an asset; the first day, which has none, is left out.

        Raises:
            DataError: the book has no such asset; the message lists those it has.
        """
        prices = self.prices(asset)
        return pd.Series(np.diff(np.log(prices.to_numpy())), prices.index[1:], name=asset)

    @property
    def assets(self) -> tuple[str, ...]:
        """Return the names of the price series that the desk's actors trade, `index` first."""
        others = (
            name
            for name, series in self.series.items()
            if series.unit == PRICE and (self.traded is None or name in self.traded)
        )
        return ("index", *(name for name in others if name != "index"))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the repairs and assumptions that could be told at the end of `as_of`, for the sheet."""
        every = (Note(remark) if isinstance(remark, str) else remark for remark in self.remarks)
        return tuple(note.text for note in every if note.holds(self.as_of))

    @property
    def through(self) -> pd.Timestamp:
        """Return the last session of the index."""
        return pd.Timestamp(self.series["index"].frame["observed"].max())

    def market_value(self) -> pd.DataFrame:
        """Return the market value of the index at each close: `value`, `low`, `high`, USD bn.

        The book's own `market_value` where it has one (carried with the index between
        observations), elsewhere the year-end table of `market_scale`. A row uses nothing later than
        its own date. Shape: sessions of the index x 3.
        """
        prices = self.prices("index")
        scaled = market_scale.market_value(prices)
        if "market_value" not in self.series:
            return scaled
        own = market_scale.carried(self.values("market_value"), prices)
        return _preferring(own, scaled)

    def daily_volume(self) -> pd.DataFrame:
        """Return the dollar volume of an average day: `value`, `low`, `high`, USD bn.

        The trailing 21-session mean of the book's own `volume` where it has one, elsewhere the
        share of market value that changes hands in `market_scale`. A row uses nothing later than
        its own date. Shape: sessions of the index x 3.
        """
        prices = self.prices("index")
        scaled = market_scale.daily_volume(self.market_value(), prices)
        if "volume" not in self.series:
            return scaled
        own = self.values("volume").reindex(prices.index)
        return _preferring(own.rolling(VOLUME_WINDOW, min_periods=1).mean(), scaled)

    def _known(self, name: str) -> Series:
        if name not in self.series:
            raise self._unknown(name, self.series, "series")
        return self.series[name]

    def _unknown(self, name: str, known: Iterable[str], kind: str) -> DataError:
        names = list(known)
        return DataError(
            f"there is no {kind} '{name}'{closest(name, names)}",
            where=f"{self.label}, as of {self.as_of:%Y-%m-%d}",
            expected=f"one of {_listed(names)}",
            remedy=f"use one of these names, or load a file with a column '{name}'",
        )


def as_day(value: str | date) -> pd.Timestamp:
    """Return a day without time or zone from a string, a date or a Timestamp.

    Raises:
        DataError: the value is not a date.
    """
    try:
        day = value if isinstance(value, date) else datetime.fromisoformat(value.strip())
        return pd.Timestamp(f"{day.year:04d}-{day.month:02d}-{day.day:02d}")
    except (ValueError, TypeError, AttributeError) as problem:
        raise DataError(
            f"'{value}' is not a date",
            where="as_of",
            expected="a day such as 2018-02-05",
            remedy="write the date as year-month-day",
        ) from problem


def end_of(day: pd.Timestamp) -> pd.Timestamp:
    """Return the end of a day in New York."""
    return (day + pd.Timedelta(days=1)).tz_localize(NEW_YORK)


def origin_label(parts: tuple[Part, ...]) -> str:
    """Return what an index of these parts is called, with the first day of each later one."""
    first, *later = parts
    return ", ".join([first.name, *(f"{part.name} from {_worded(part.since)}" for part in later)])


def _worded(day: pd.Timestamp) -> str:
    return f"{day.day} {day:%b %Y}"


class _Named(TypedDict, total=False):
    label: str
    is_bundled: bool


def _named(index: Series) -> _Named:
    """Return what the cut changes in the name of a book whose index has parts."""
    if not index.parts:
        return {}
    return {"label": origin_label(index.parts), "is_bundled": index.origins() == ("bundle",)}


def _listed(names: list[str]) -> str:
    """Return the names, of many only the first and how many there are."""
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


def _preferring(own: pd.Series[float], scaled: pd.DataFrame) -> pd.DataFrame:
    """Return `own` as value, low and high where it is known, and `scaled` where it is not."""
    known = own.notna().to_numpy()[:, None]
    filled = np.where(known, own.to_numpy()[:, None], scaled.to_numpy())
    return pd.DataFrame(filled, index=scaled.index, columns=scaled.columns)
