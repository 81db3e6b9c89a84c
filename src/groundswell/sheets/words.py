"""The wording of every number and name on a sheet, kept in one place so that all forms agree.

Money is USD billion with one decimal, none above 20, and always signed; a flow also carries the
word *buy* or *sell*; what is not defined is a dash, never "nan". The minus is the typographic one
(U+2212), as wide as a digit's plus sign.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import pandas as pd

MINUS = "−"
MISSING = "–"
NO_DECIMALS_ABOVE = 20.0

TOTAL_LEAVES_OUT = (
    "The total leaves out buybacks (a pace of purchases) and rebalancers (balanced funds hold stocks "
    "whatever happens)."
)
"""What readers must know of the last line of the positions."""

TABLE = "table of the package"
CALENDAR = "calendar"
"""Sources of figures that come with the software and have no date of their own."""

UNLESS = "unless above/below: flips unless the close is there"
"""What the words "unless above" or "unless below" in a trigger's rule mean."""


@dataclass(frozen=True)
class ActorWords:
    """What readers call an actor (`name`, at most 17 letters) and its rule in one line (`rule`)."""

    name: str
    rule: str


ACTORS: dict[str, ActorWords] = {
    "vol_target": ActorWords(
        "Vol-target funds",
        "exposure = min(cap, target / larger of short and long volatility), lagged, traded over days",
    ),
    "risk_parity": ActorWords(
        "Risk parity funds", "stocks and bonds at equal risk, levered to one volatility target"
    ),
    "trend_follower": ActorWords(
        "Trend followers",
        "a book of trend look-backs, each scaled by volatility and capped, summed in USD",
    ),
    "buyback_desk": ActorWords(
        "Buyback desks",
        "authorisation spread over days, times the share of market value outside blackout",
    ),
    "leveraged_fund": ActorWords(
        "Leveraged funds", "assets x L (L - 1) x the day's simple return, traded at the close"
    ),
    "rebalancer": ActorWords(
        "Rebalancers", "trade back to policy weights at month end, or when drift leaves the band"
    ),
    "option_dealer": ActorWords(
        "Option dealers", "hedge the inventory's delta as price, volatility and time move it"
    ),
    "hedger": ActorWords("Hedgers", "buy short-dated protection, weekly and at month end"),
    "macro_discretionary": ActorWords("Macro funds", "views on growth and policy, scaled by conviction"),
    "household_investor": ActorWords(
        "Households", "savings by generation into equities and crypto, moved by sentiment"
    ),
    "fed_speaker": ActorWords("Fed speakers", "noisy signals about the coming decision"),
    "treasury_desk": ActorWords("Treasury", "issuance mix, cash balance and debt buybacks"),
    "fed_desk": ActorWords("Federal Reserve", "asset purchases, reverse repo and reserves"),
    "total": ActorWords("Total", "the sum over the actors above"),
}

SCENARIOS: dict[str, str] = {
    "down2": "down 2σ",
    "down1": "down 1σ",
    "flat": "flat",
    "up1": "up 1σ",
    "up2": "up 2σ",
}
HORIZONS: dict[str, str] = {"1d": "1 day", "1w": "1 week", "1m": "1 month"}


def actor_name(key: str) -> str:
    """The reader's name of an actor key; an unknown key is spelled out rather than refused."""
    known = ACTORS.get(key)
    if known is not None:
        return known.name
    return _capital(key.replace("_", " "))


def position_name(key: str) -> str:
    """The reader's name of a position; buybacks are no holding but a pace per year."""
    return "Buybacks, a year" if key == "buyback_desk" else actor_name(key)


def actor_rule(key: str) -> str:
    """The actor's rule in one line, empty for a key without one."""
    known = ACTORS.get(key)
    return "" if known is None else known.rule


def scenario_name(key: str) -> str:
    """The reader's name of a scenario: `down2` is "down 2σ", the user's own keep their name."""
    return SCENARIOS.get(key, key.replace("_", " "))


def scenario_order(keys: list[str]) -> list[str]:
    """Scenarios from the deepest fall to the largest rise, then the user's own as they came."""
    distinct = list(dict.fromkeys(keys))
    known = [key for key in SCENARIOS if key in distinct]
    return known + [key for key in distinct if key not in SCENARIOS]


def horizon_name(key: str) -> str:
    """The horizon spelled out: `1w` is "1 week"."""
    return HORIZONS.get(key, key)


def amount(value: float) -> str:
    """USD bn for a column whose header states the unit: "+12.3", "−34", "0.0"."""
    return _signed(value, _decimals(value))


def money(value: float) -> str:
    """USD bn for running text, signed: "+$12.3bn", "−$34bn"."""
    worded = amount(value)
    if worded == MISSING:
        return worded
    sign, digits = (worded[0], worded[1:]) if worded[0] in "+" + MINUS else ("", worded)
    return f"{sign}${digits}bn"


def band(low: float, high: float, central: float = 0.0) -> str:
    """A range in USD bn, "[−31, −15]"; no decimals where the central number has none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return MISSING
    ends = (_signed(end, min(_decimals(end), _decimals(central))) for end in (low, high))
    return "[" + ", ".join(ends) + "]"


def estimate(value: float, low: float, high: float) -> str:
    """A central number with its range: "+412 [+230, +640]"."""
    if not math.isfinite(value):
        return MISSING
    return f"{amount(value)} {band(low, high, value)}"


def direction(value: float) -> str:
    """The word "buy" or "sell" by the sign of the flow as printed; empty where it prints as 0.0."""
    worded = amount(value)
    return {"+": "buy", MINUS: "sell"}.get(worded[0], "")


def flow(value: float) -> str:
    """A flow for a table: "sell −22", "buy +3.4", "0.0"."""
    return f"{direction(value)} {amount(value)}".strip()


def flow_estimate(value: float, low: float, high: float) -> str:
    """A flow with its range for a table: "sell −22 [−31, −15]"."""
    if not math.isfinite(value):
        return MISSING
    return f"{flow(value)} {band(low, high, value)}"


def flow_phrase(value: float) -> str:
    """A flow for a sentence, the word carrying the sign: "sell $22bn", "buy $3.4bn"."""
    word = direction(value)
    if not word:
        return "trade nothing" if math.isfinite(value) else MISSING
    return f"{word} {money(abs(value))[1:]}"


def percent(fraction: float, decimals: int = 0, signed: bool = False) -> str:
    """A fraction as a percentage: "62%", or "−4.2%" with `signed` and one decimal."""
    if not math.isfinite(fraction):
        return MISSING
    return _signed(100.0 * fraction, decimals, plus=signed) + "%"


def percent_range(low: float, high: float, decimals: int = 0) -> str:
    """A range of fractions in percent, the unit left to the number before it: "[−2.3, −0.8]"."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return MISSING
    ends = (_signed(100.0 * end, decimals, plus=False) for end in (low, high))
    return "[" + ", ".join(ends) + "]"


def log_percent(log_return: float, decimals: int = 1) -> str:
    """A log return as the simple move it is, signed: -0.05 is "−4.9%"."""
    if not math.isfinite(log_return):
        return MISSING
    return percent(math.expm1(log_return), decimals, signed=True)


def log_points(log_return: float) -> str:
    """A log return in log percent, so that parts add up to the whole: -0.05 is "−5.00%"."""
    return percent(log_return, 2, signed=True)


def percentile(fraction: float) -> str:
    """A percentile as an ordinal: 0.62 is "62nd"."""
    if not math.isfinite(100.0 * fraction):
        return MISSING
    number = math.floor(100.0 * fraction + 0.5)
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 <= number % 100 <= 20 else suffix}"


def sigma(z: float) -> str:
    """A z score, signed, one decimal: "−1.3"."""
    return _signed(z, 1)


def level(value: float) -> str:
    """An index level: "2,506.85"; from 10,000 on without decimals."""
    if not math.isfinite(value):
        return MISSING
    return f"{value:,.2f}" if abs(value) < 10_000 else f"{value:,.0f}"


def quantity(value: object) -> str:
    """A parameter's value as declared: "0.0125", "1,500", several as "16, 32", a word as itself."""
    if isinstance(value, (tuple, list)):
        return ", ".join(quantity(item) for item in value)
    if value is None or isinstance(value, str):
        return value or MISSING
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        return MISSING
    if number == 0 or 1e-4 <= abs(number) < 1e6:
        places = 0 if number == 0 else max(0, 3 - math.floor(math.log10(abs(number))))
        worded = f"{number:,.{places}f}"
        worded = worded.rstrip("0").rstrip(".") if "." in worded else worded
    else:
        worded = f"{number:.3g}"
    return worded.replace("-", MINUS)


def day(date: object) -> str:
    """A date as "31 Dec 2018"; what is not a date is a dash."""
    try:
        stamp = pd.Timestamp(date)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return MISSING
    return MISSING if pd.isna(stamp) else f"{stamp.day} {stamp:%b %Y}"


def short_day(date: object) -> str:
    """A date without its year, "31 Dec", for strips whose year is stated elsewhere."""
    return day(date).rsplit(" ", 1)[0]


def year(since: object) -> str:
    """The start year of a history, from a year, a date or a text that is already worded."""
    if isinstance(since, float) and not math.isfinite(since):
        return MISSING
    if isinstance(since, (int, float)) or (isinstance(since, str) and since.isdigit()):
        return str(int(since))
    try:
        stamp = pd.Timestamp(since)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(since)
    return MISSING if pd.isna(stamp) else str(stamp.year)


def component_name(key: str) -> str:
    """The reader's name of a part of a move: an actor, or the words it came with, capitalised."""
    return actor_name(key) if key in ACTORS else _capital(key.replace("_", " "))


def count(number: int, noun: str) -> str:
    """A counted noun: "1 date", "7 dates", "12 series"."""
    return f"{number} {noun}" + ("" if number == 1 or noun.endswith("s") else "s")


def age(days: int) -> str:
    """How old something is: "1 day old", "2,883 days old"."""
    return f"{days:,} {'day' if days == 1 else 'days'} old"


def address(*keys: object) -> str:
    """The identifier of a number's row, fit for a link: "flows-vol_target-1w-down2"."""
    parts = [re.sub(r"[^A-Za-z0-9_.]+", "-", str(key)).strip("-") for key in keys]
    return "-".join(part for part in parts if part)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _decimals(value: float) -> int:
    return 0 if abs(value) > NO_DECIMALS_ABOVE else 1


def _signed(value: float, decimals: int, plus: bool = True) -> str:
    if not math.isfinite(value):
        return MISSING
    digits = f"{abs(value):,.{decimals}f}"
    if not any(digit in digits for digit in "123456789"):
        return digits
    return (MINUS if value < 0 else "+" if plus else "") + digits
