"""When the value of a period became public, by rules that are never earlier than the truth.

A rule reads `<anchor> +<n> <days | business days | sessions> at HH:MM`, in New York time:

- `period` counts from the day of the period itself, `end` from its last day by frequency (for daily and
  weekly series that is the day itself).
- `days` are calendar days. The n-th `business days` after the anchor skips weekends, federal holidays
  and the days on which federal offices were closed by order; the n-th `sessions` is one of the New York
  Stock Exchange. `+0` of either is the anchor, or the next one open.
- `end +first Friday at 08:30` is the Friday of the employment report: the third one after the week that
  holds the 12th, which is the first of the next month or, after shorter months, sometimes the second.
- `taken` is for snapshots: what was quoted at a moment is known at that moment.

Releases held up by shutdowns and accidents stand in `tables/release_delays.csv`; a delay only ever
moves a release later.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data import calendar
from groundswell.data.catalog import Frequency
from groundswell.data.errors import DataError

NEW_YORK = "America/New_York"
TAKEN = "taken"

CLOSED_BY_ORDER = (
    "2001-12-24",
    "2003-12-26",
    "2004-06-11",
    "2007-01-02",
    "2007-12-24",
    "2008-12-26",
    "2012-12-24",
    "2014-12-26",
    "2018-12-05",
    "2018-12-24",
    "2019-12-24",
    "2020-12-24",
    "2024-12-24",
    "2025-01-09",
    "2025-12-24",
    "2025-12-26",
)
"""Days on which a president closed federal offices (from memory; one too many delays, none leaks)."""

_MONTHS: dict[str, int] = {"monthly": 1, "quarterly": 3, "annual": 12}
_RULE = re.compile(
    r"(period|end) \+(?:(\d{1,3}) (days|business days|sessions)|first Friday) at (\d\d):(\d\d)"
)

Days: TypeAlias = npt.NDArray[np.datetime64]
Step: TypeAlias = Literal["days", "business days", "sessions", "first Friday"]


@dataclass(frozen=True)
class Rule:
    """A rule, read: count `number` steps on from the anchor, then wait for the time of day."""

    from_end: bool
    number: int
    step: Step
    minutes: int


@dataclass(frozen=True)
class Delay:
    """Periods that came out late.

    Attributes:
        series: ids in the catalog, or what stands before a dot in the ids of a family.
        rule: `<frequency> <rule>` of all series held up together; empty where `series` names them.
        first: first period held up.
        last: last period held up.
        not_before: New York time before which none of them was public.
    """

    series: tuple[str, ...]
    rule: str
    first: np.datetime64
    last: np.datetime64
    not_before: pd.Timestamp

    def concerns(self, series: str, rule: str) -> bool:
        """Return whether a series, or one that follows the rule, was held up."""
        return rule == self.rule or any(
            series == name or series.startswith(name + ".") for name in self.series
        )


def check(rule: str) -> None:
    """Accept a rule that can be read.

    Raises:
        DataError: it cannot.
    """
    if rule != TAKEN:
        _read(rule)


def released(
    rule: str, periods: pd.DatetimeIndex, frequency: Frequency, series: str = ""
) -> pd.DatetimeIndex:
    """Return when the value of each period became public, UTC, in the order given.

    Args:
        rule: in the words of this module; under `taken` a period is itself the moment, in UTC.
        periods: days without zone: the day a value describes, or the first day of its period.
        frequency: of the periods; it says where a period ends.
        series: id in the catalog, for the known delays.

    Raises:
        DataError: the rule cannot be read, or counts sessions outside the calendar.
    """
    if rule == TAKEN:
        return periods.as_unit("us").tz_localize("UTC")
    read = _read(rule)
    days: Days = periods.to_numpy().astype("datetime64[D]")
    anchor = _last_day(days, _MONTHS.get(frequency, 0)) if read.from_end else days
    clock = _stepped(anchor, read).astype("datetime64[us]") + np.timedelta64(read.minutes, "m")
    # An hour that the clocks skip becomes the next one, an hour that they repeat the later of the two.
    local = pd.DatetimeIndex(clock).tz_localize(
        NEW_YORK, nonexistent="shift_forward", ambiguous=np.zeros(len(clock), dtype=bool)
    )
    moments = local.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")
    for delay in _delays_of(series, f"{frequency} {rule}"):
        held_up = (days >= delay.first) & (days <= delay.last)
        until = delay.not_before.tz_convert("UTC").tz_localize(None).to_datetime64()
        moments = np.where(held_up, np.maximum(moments, until.astype("datetime64[us]")), moments)
    return pd.DatetimeIndex(moments).tz_localize("UTC")


@cache
def _read(rule: str) -> Rule:
    match = _RULE.fullmatch(rule)
    if match is None or int(match[4]) > 23 or int(match[5]) > 59:
        raise DataError(
            f"the release rule '{rule}' cannot be read",
            where="the catalog, column 'release'",
            expected="'<period or end> +<n> <days, business days or sessions> at HH:MM', "
            "'end +first Friday at HH:MM' or 'taken'",
            remedy="write it so, in New York time, as in 'period +1 business days at 16:00'",
        )
    minutes = int(match[4]) * 60 + int(match[5])
    step = cast(Step, match[3] or "first Friday")
    if step == "first Friday" and match[1] == "period":
        raise DataError(
            "'first Friday' counts from the end of a month",
            where="the catalog, column 'release'",
            expected="'end +first Friday at HH:MM'",
            remedy="write 'end' in place of 'period'",
        )
    return Rule(match[1] == "end", int(match[2] or 0), step, minutes)


def _last_day(days: Days, months: int) -> Days:
    """Return the last day of periods of so many months that begin on the days."""
    if not months:
        return days
    month = days.astype("datetime64[M]")
    into_month = (days - month.astype("datetime64[D]")).astype(np.int64)
    start = (month + months).astype("datetime64[D]")
    length = ((month + months + 1).astype("datetime64[D]") - start).astype(np.int64)
    return start + np.minimum(into_month, length) - 1


def _stepped(anchor: Days, rule: Rule) -> Days:
    if rule.step == "days":
        return anchor + rule.number
    if rule.step == "first Friday":
        return _employment_friday(anchor)
    if rule.step == "business days":
        # Counted from the last open day, the n-th one open after a Saturday is n steps from Friday.
        roll: Literal["forward", "backward"] = "backward" if rule.number else "forward"
        return np.busday_offset(anchor, rule.number, roll=roll, busdaycal=_federal())
    return _session_after(anchor, rule.number)


def _session_after(anchor: Days, number: int) -> Days:
    """Return the n-th session after the days; under 0 that is the day itself, where it is one."""
    sessions = _sessions()
    side: Literal["left", "right"] = "right" if number else "left"
    places = np.searchsorted(sessions, anchor, side=side) + max(number - 1, 0)
    if len(anchor) and (
        anchor.min() < np.datetime64(f"{calendar.FIRST_YEAR}") or places.max() >= len(sessions)
    ):
        raise DataError(
            f"sessions are counted from {anchor.min()} to {anchor.max()}",
            where="release times",
            expected=f"periods from {calendar.FIRST_YEAR} to {calendar.LAST_YEAR}",
            remedy="check the dates, or count in business days",
        )
    return sessions[places]


def _employment_friday(month_end: Days) -> Days:
    """Return the Friday on which the employment report of a month is due.

    In January one due in the first three days comes a week later, as in 2020 and 2025.
    """
    twelfth = month_end.astype("datetime64[M]").astype("datetime64[D]") + 11
    # 1970-01-01 was a Thursday; the survey's week ends on Saturday.
    saturday = twelfth + (5 - (twelfth.astype(np.int64) + 3) % 7) % 7
    friday = saturday + 20
    day = (friday - friday.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    january = friday.astype("datetime64[M]").astype(np.int64) % 12 == 0
    return friday + np.where(january & (day <= 3), 7, 0).astype("timedelta64[D]")


@cache
def _federal() -> np.busdaycalendar:
    from pandas.tseries.holiday import USFederalHolidayCalendar

    first, last = f"{calendar.FIRST_YEAR}-01-01", f"{calendar.LAST_YEAR}-12-31"
    holidays = USFederalHolidayCalendar().holidays(first, last).to_numpy().astype("datetime64[D]")
    closed = np.array(CLOSED_BY_ORDER, dtype="datetime64[D]")
    return np.busdaycalendar(holidays=np.concatenate([holidays, closed]))


@cache
def _sessions() -> Days:
    every = calendar.sessions(f"{calendar.FIRST_YEAR}-01-01", f"{calendar.LAST_YEAR}-12-31")
    return every.to_numpy().astype("datetime64[D]")


@cache
def _delays_of(series: str, rule: str) -> tuple[Delay, ...]:
    return tuple(delay for delay in _delays() if delay.concerns(series, rule))


@cache
def _delays() -> tuple[Delay, ...]:
    file = files("groundswell.data").joinpath("tables", "release_delays.csv")
    rows = csv.DictReader(file.read_text("utf-8").splitlines())
    return tuple(
        Delay(
            series=tuple(row["series"].split()),
            rule=row["rule"],
            first=np.datetime64(row["first_period"], "D"),
            last=np.datetime64(row["last_period"], "D"),
            not_before=pd.Timestamp(row["not_before"]).tz_localize(NEW_YORK),
        )
        for row in rows
    )
