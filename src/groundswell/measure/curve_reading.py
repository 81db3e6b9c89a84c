"""Why the volatility curve is inverted: hedging, realised volatility, panic, or undecided, with
probabilities; and what followed.

An inversion is a close of the VIX above VIX3M. On each such day the change of VIX^2 - VIX3M^2 from its mean
over the last 63 sessions that were not inverted is split by the equation of `curve_equation`, estimated on
earlier days. A draw of the coefficients and of the model of expected
variance reads

    panic      where the signs outside equity options agree: the high-yield spread and the volatility of
               other assets both moved as they rarely did (above a percentile drawn from 90% to 99%);
               with hindsight two of three, the third being that the volatility which followed was as high
               as the options had said (times a factor drawn from 0.8 to 1.2)
    realised   where otherwise expected realised volatility makes up more than half of the change
    hedging    where otherwise observed demand makes up more than half
    undecided  where nothing does: what the equation leaves unexplained is never demand

and the probability is the share of draws. It is as good as the equation: it knows of demand only what is
observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.alignment import aligned
from groundswell.data.book import Book
from groundswell.data.errors import DataError
from groundswell.measure import curve_equation, vol_curve, vol_demand, vol_forecast
from groundswell.measure.curve_aftermath import aftermath
from groundswell.measure.curve_equation import Fit, Ingredients
from groundswell.measure.vol_forecast import MODELS, Model

Floats: TypeAlias = npt.NDArray[np.float64]

KINDS = ("hedging", "realised", "panic", "undecided")
SLOPE = ("vix", "vix3m")

SHARE = 0.5
"""Share of the change of the slope from which a part is its cause."""

RARE = (0.90, 0.99)
"""Range of the percentile from which a sign of panic counts: no one knows the right one."""

JUSTIFIED = (0.8, 1.2)
"""Range of the factor on implied variance from which what followed counts as panic."""

DECIDED = 0.6
"""Probability from which a reading has a name."""

EARLY_SPAN = 5
"""Sessions over which the signs of panic are taken on the day itself."""

LATE = 5
"""Sessions after which they are taken with hindsight, over both spans: what was published late is in."""

_COLUMNS = (
    "episode",
    *("slope", "reference", "change"),
    *(f"share_{name}" for name in ("realised", "hedging", "credit", "width", "unexplained")),
    *("most_hedging", "sign_credit", "sign_other_assets"),
    *KINDS,
    *("reading", "why"),
    *(f"later_{name}" for name in (*KINDS, "reading")),
)

NEEDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "second tenor of the curve": (("vix", "vix3m"), "Cboe's VIX3M beside the VIX, daily since 2009"),
    "credit spread": ((vol_demand.CREDIT,), "the high-yield spread (FRED BAMLH0A0HYM2)"),
    "record of positions": (
        vol_demand.POSITIONS,
        "positions in VIX futures (CFTC, Traders in Financial Futures, contract 1170E1)",
    ),
}
"""What a reading needs beside the index: names of series, and the data that would bring them."""


@dataclass(frozen=True, eq=False)
class CurveReading:
    """The reading of every inverted day and of every inversion, or why there can be none.

    Attributes:
        testable: whether there is a reading.
        missing: what is not there, a phrase each; empty where it is testable.
        settled_by: the data that would bring a reading, a phrase each.
        days: one row per inverted day. `episode`: its first day; `slope`, `reference`, `change`: variance,
            annual, decimal; `share_*`: of the change by part, fractions; `most_hedging`: 95% quantile of
            the share of demand; `sign_*` of panic; the probabilities by `KINDS` and the `reading`; the
            same with hindsight of 21 sessions, `later_*`; `why` a day has none.
        episodes: `vol_curve.episodes` with the reading of the first day, of the peak, and what followed.
        fits: of the slope's equation: index the day of the estimate, coefficients with 90% intervals.
        data: what it rests on, a sentence each.
    """

    testable: bool
    missing: tuple[str, ...] = ()
    settled_by: tuple[str, ...] = ()
    days: pd.DataFrame = field(default_factory=pd.DataFrame)
    episodes: pd.DataFrame = field(default_factory=pd.DataFrame)
    fits: pd.DataFrame = field(default_factory=pd.DataFrame)
    data: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Return the reading in a sentence."""
        if not self.testable:
            return (
                "Whether inversions are hedging or panic is not testable with this data: there is no "
                + "; no ".join(self.missing)
                + ". It would be settled by "
                + "; ".join(self.settled_by)
                + "."
            )
        counts = self.days["reading"].value_counts()
        told = ", ".join(f"{int(counts.get(kind, 0))} {kind}" for kind in (*KINDS, "not testable"))
        most = self.days.loc[self.days["reading"] == "undecided", "most_hedging"].median()
        limit = (
            ""
            if np.isnan(most)
            else f" On the median undecided day observed demand could explain {max(most, 0.0):.0%} of the "
            "change at most: undecided is no evidence against demand that is not observed."
        )
        return f"Of {len(self.days)} inverted days, read on the day: {told}.{limit}"


def missing(book: Book) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a reading lacks in this book and the data that would bring it; both empty if nothing."""
    absent, remedies = [], []
    for what, (names, remedy) in NEEDS.items():
        lacking = [name for name in names if name not in book.series]
        if lacking:
            absent.append(f"{what} ({', '.join(lacking)})")
            remedies.append(remedy)
    if not any(name in book.series for name in vol_demand.OTHER_ASSETS):
        absent.append(f"market beside equities (one of {', '.join(vol_demand.OTHER_ASSETS)})")
        remedies.append("daily prices of bonds, currencies or gold")
    if len(book.values("index")) <= vol_forecast.MINIMUM_RETURNS + curve_equation.LEAST_ROWS:
        absent.append("long enough history of the index")
        remedies.append("six years of daily closes of the index")
    return tuple(absent), tuple(remedies)


def forecast(book: Book, models: Sequence[Model] = MODELS) -> vol_forecast.Expected:
    """Return what the models expect on each session from the first on which they could be fitted.

    Missing before the curve begins: the equation has no use for those days, and fitting for them takes as
    long as for all others.

    Args:
        book: with `index` and a volatility index.
        models: of expected variance.

    Raises:
        DataError: too short a history of the index, or no volatility index.
    """
    returns = book.returns("index")
    levels = vol_curve.closes(book)
    both = levels[[name for name in SLOPE if name in levels.columns] or list(levels.columns)].dropna()
    since = None if both.empty else pd.Timestamp(both.index[0])
    found = vol_forecast.expected_variance(returns, models=models, since=since)
    days = pd.DatetimeIndex(returns.index)[vol_forecast.MINIMUM_RETURNS - 1 :]
    return vol_forecast.Expected(
        {model: table.reindex(days) for model, table in found.by_model.items()}, found.fits
    )


def ingredients(
    book: Book,
    *,
    models: Sequence[Model] = MODELS,
    when: vol_demand.When = "known",
    expected: Mapping[str, pd.DataFrame] | None = None,
    options: pd.Series[float] | None = None,
    width: pd.Series[float] | None = None,
) -> Ingredients:
    """Return what the equation sees, from a book, on the sessions that have a forecast.

    Args:
        book: with `index`, volatility indices and whatever else there is.
        models: of expected variance.
        when: of the positions, as `vol_demand.positions`.
        expected: of `vol_forecast.expected_variance`, where it is there already.
        options: as `vol_demand.demand`.
        width: half-width of quotes in variance by day, where chains were kept.

    Raises:
        DataError: too short a history of the index, or no volatility index.
    """
    known = expected or forecast(book, models).by_model
    days = pd.DatetimeIndex(next(iter(known.values())).index)
    levels = vol_curve.closes(book).reindex(days)
    spread = aligned(book.series[vol_demand.CREDIT], days) / 100 if vol_demand.CREDIT in book.series else None
    return Ingredients(
        implied=(levels / 100) ** 2,
        expected=known,
        demand=vol_demand.demand(book, days, when, options),
        credit=spread,
        width=None if width is None else width.reindex(days),
    )


def read(
    book: Book,
    *,
    models: Sequence[Model] = MODELS,
    options: pd.Series[float] | None = None,
    width: pd.Series[float] | None = None,
    draws: int = 400,
    seed: int = 0,
    since: str | pd.Timestamp | None = None,
    last: int | None = None,
    expected: vol_forecast.Expected | None = None,
) -> CurveReading:
    """Return the reading of every inversion the book knows.

    A row of a day uses what was known at its end; its columns `later_*` use what was known 21 sessions
    later, positions as reported for that week among it, and are missing until then. The equation is
    estimated anew on the first session of each month with an inverted day, on the days before it.

    Args:
        book: of any day; without what `NEEDS` lists the result says so.
        models: of expected variance.
        options: volume of short-dated puts over open interest by day, where chains were kept.
        width: half-width of quotes in variance by day, likewise.
        draws: for each model.
        seed: of the draws; a day has its own whatever other days are read.
        since: only inversions that began on this day or later; reading a day takes some 20 ms.
        last: only so many inverted days, the last ones, and the inversions they belong to.
        expected: of `forecast` with the same models, where it is there already.

    Raises:
        DataError: a series that is there is malformed.
    """
    absent, remedies = missing(book)
    if absent:
        return CurveReading(testable=False, missing=absent, settled_by=remedies)
    seen = expected or forecast(book, models)
    held = {
        when: ingredients(book, when=when, expected=seen.by_model, options=options, width=width)
        for when in ("known", "reported")
    }
    days = pd.DatetimeIndex(held["known"].implied.index)
    ratio = pd.Series((held["known"].implied["vix"] / held["known"].implied["vix3m"]) ** 0.5)
    runs = vol_curve.episodes(ratio)
    if since is not None:
        runs = runs.loc[runs["start"] >= pd.Timestamp(since)].reset_index(drop=True)
    inverted = days[(ratio > 1).to_numpy()]
    if last is not None:
        inverted = inverted[max(len(inverted) - last, 0) :]
        reached = inverted[0] if len(inverted) else days[-1] + pd.Timedelta(days=1)
        runs = runs.loc[runs["end"] >= reached].reset_index(drop=True)
    now = _Reader(held["known"], vol_demand.stress(book, days, EARLY_SPAN), draws, seed)
    later_stress = vol_demand.stress(book, days, EARLY_SPAN + LATE).shift(-LATE)
    outcome = vol_forecast.realised_variance(book.returns("index"), vol_demand.FOLLOWED).reindex(days)
    later_stress["followed"] = outcome / held["known"].implied["vix"]
    later = _Reader(held["reported"], later_stress, draws, seed)
    over = pd.Series(np.arange(len(days)) + vol_demand.FOLLOWED < len(days), days)

    rows = []
    for first, end in zip(runs["start"], runs["end"], strict=True):
        for day in inverted[(inverted >= first) & (inverted <= end)]:
            row = {"day": day, "episode": first, **now.read(day)}
            told = later.read(day) if over[day] else {"why": "21 sessions are not over"}
            row |= {f"later_{name}": told.get(name, np.nan) for name in KINDS}
            row["later_reading"] = told.get("reading", "not testable")
            rows.append(row)
    table = pd.DataFrame(rows, columns=["day", *_COLUMNS]).set_index("day")
    return CurveReading(
        testable=True,
        days=table,
        episodes=_with_aftermath(runs, table, book, days),
        fits=now.intervals(),
        data=_data(book, seen, now),
    )


class _Reader:
    """Reads single days from one view of the ingredients; keeps the estimate of each month."""

    def __init__(self, given: Ingredients, stress: pd.DataFrame, draws: int, seed: int) -> None:
        self.stress, self.draws, self.seed = stress, draws, seed
        self.tables = {model: curve_equation.table(given, SLOPE, model) for model in given.expected}
        self.fits: dict[tuple[str, pd.Timestamp], Fit | DataError] = {}
        self.days = pd.DatetimeIndex(stress.index)

    def read(self, day: pd.Timestamp) -> dict[str, object]:
        """Return the shares, probabilities and reading of a day, or `why` there is none."""
        signs = {str(name): float(column[day]) for name, column in self.stress.items()}
        if any(np.isnan(list(signs.values()))):
            return _unread(f"no {', '.join(name for name in signs if np.isnan(signs[name]))} on the day")
        found = []
        for number, (model, rows) in enumerate(self.tables.items()):
            fitted = self._fit(model, day)
            if isinstance(fitted, DataError):
                return _unread(f"{fitted.what}, expected {fitted.expected}")
            here = rows.loc[[day]]
            lacking = here.columns[here.isna().to_numpy()[0]]
            if len(lacking):
                return _unread("no " + ", ".join(str(name).lstrip("_") for name in lacking))
            random = np.random.default_rng([self.seed, number, day.toordinal()])
            drawn = fitted.draws(self.draws, random)
            found.append(curve_equation.parts(fitted, here, drawn, theory=True))
            slope = float(here[["_usual", "_usual_expected", "_left", "_expected"]].to_numpy().sum())
        each = {part: np.concatenate([one[part][:, 0] for one in found]) for part in found[0]}
        change = float(each["implied"][0])
        shares = {name: each[name] / change for name in ("credit", "width", "unexplained")}
        shares |= {"realised": (each["expected"] + each["premium"]) / change}
        shares |= {"hedging": each["demand"] / change}
        odds = self._odds(shares, signs, np.random.default_rng([self.seed, len(found), day.toordinal()]))
        best = max(odds, key=lambda kind: odds[kind])
        return {
            "slope": slope,
            "reference": slope - change,
            "change": change,
            **{f"share_{name}": float(share.mean()) for name, share in shares.items()},
            "most_hedging": float(np.quantile(shares["hedging"], 0.95)),
            **{f"sign_{name}": sign for name, sign in signs.items()},
            **odds,
            "reading": best if odds[best] >= DECIDED else "undecided",
            "why": "",
        }

    def _odds(
        self, shares: Mapping[str, Floats], signs: Mapping[str, float], random: np.random.Generator
    ) -> dict[str, float]:
        count = len(shares["hedging"])
        bar = random.uniform(*RARE, count)
        votes = sum(
            (np.asarray(signs[name] >= bar, dtype=np.int64) for name in ("credit", "other_assets")),
            np.zeros(count),
        )
        if "followed" in signs:
            votes = votes + (signs["followed"] >= random.uniform(*JUSTIFIED, count))
        panic = votes >= 2
        realised = ~panic & (shares["realised"] > SHARE)
        hedging = ~panic & ~realised & (shares["hedging"] > SHARE)
        flags = {"hedging": hedging, "realised": realised, "panic": panic}
        odds = {kind: float(flag.mean()) for kind, flag in flags.items()}
        return {**odds, "undecided": float((~(hedging | realised | panic)).mean())}

    def _fit(self, model: str, day: pd.Timestamp) -> Fit | DataError:
        """Return the estimate of the day's month, on the days before the month."""
        month = day.replace(day=1)
        if (model, month) not in self.fits:
            rows = self.tables[model].loc[self.days < month]
            try:
                self.fits[model, month] = curve_equation.fit(rows)
            except DataError as refusal:
                self.fits[model, month] = refusal
        return self.fits[model, month]

    def intervals(self) -> pd.DataFrame:
        """Return every estimate made: one row per model, month and coefficient."""
        found = [
            one.intervals().assign(
                model=model, month=month, rows=one.rows, since=one.since, through=one.through
            )
            for (model, month), one in self.fits.items()
            if isinstance(one, Fit)
        ]
        return pd.concat(found).rename_axis("coefficient").reset_index() if found else pd.DataFrame()


def _with_aftermath(
    runs: pd.DataFrame, read_days: pd.DataFrame, book: Book, days: pd.DatetimeIndex
) -> pd.DataFrame:
    firsts = pd.DatetimeIndex(runs["start"])
    table = runs.copy()
    for place, column in (("first", "start"), ("peak", "peak_day")):
        for name in (*KINDS, "reading", "later_reading"):
            table[f"{place}_{name}"] = read_days[name].reindex(pd.DatetimeIndex(runs[column])).to_numpy()
    return table.join(aftermath(book, firsts).reset_index(drop=True))


def _unread(why: str) -> dict[str, object]:
    return {"reading": "not testable", "why": why}


def _data(book: Book, seen: vol_forecast.Expected, reader: _Reader) -> tuple[str, ...]:
    fitted = [one for one in reader.fits.values() if isinstance(one, Fit)]
    models = ", ".join(model.upper() for model in seen.by_model)
    last, through, times = seen.refits[-1], book.through, len(seen.refits)
    told = [
        f"Expected variance by {models}, fitted {'once' if times == 1 else f'{times} times'}, last on "
        f"{last.day} {last:%b %Y}; index through {through.day} {through:%b %Y}."
    ]
    if fitted:
        since, through = fitted[-1].since, fitted[-1].through
        told.append(
            f"Readings rest on the equation of earlier months, last estimated on {fitted[-1].rows} days from "
            f"{since.day} {since:%b %Y} to {through.day} {through:%b %Y}."
        )
    return tuple(told)
