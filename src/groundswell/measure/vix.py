"""The VIX from option quotes, by Cboe's published method: one expiry gives a variance (`term`), two
give the index at a horizon (`index`). The same formula at other horizons gives VIX9D, VIX3M and VIX6M.

References:
    Cboe, Volatility Index Methodology: Cboe Volatility Index (2022 and 2026), and the white paper of
    2019. Its appendix, the quotes behind 13.93, is reproduced to every printed digit by the tests.
    Demeterfi, K., Derman, E., Kamal, M. & Zou, J. (1999), More Than You Ever Wanted to Know About
    Volatility Swaps, for why a strip weighted by 1/K^2 is a variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from groundswell.data.errors import DataError
from groundswell.measure import figures

MINUTES_PER_DAY = 1_440
MINUTES_PER_YEAR = 525_600
"""365 days; the method counts calendar minutes."""

HORIZONS = MappingProxyType({"9D": 12_960, "30D": 43_200, "93D": 133_920, "6M": 264_960})
"""Minutes of VIX9D, VIX, VIX3M and VIX6M (9, 30, 93 and 184 days)."""

LEAST_MINUTES, MOST_MINUTES = 1e-6, 100.0 * MINUTES_PER_YEAR
MOST_VARIANCE = 1e6
ROUNDING = 1e-9
"""Distance of two levels, as a share of them, that is none."""

QUOTES = ("strike", "call_bid", "call_ask", "put_bid", "put_ask")

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VixTerm:
    """One expiry as the index sees it.

    Attributes:
        forward: forward level of the underlying, index points.
        k0: strike at or just below the forward.
        strikes: of the strip, rising, shape (n,).
        mids: price of the strip at each strike, index points, shape (n,): puts below `k0`, calls above,
            the mean of both at `k0`.
        variance: annual, decimal (0.04 is a volatility of 20%).
        minutes: to settlement.
    """

    forward: float
    k0: float
    strikes: Floats
    mids: Floats
    variance: float
    minutes: float

    @property
    def volatility(self) -> float:
        """Return the square root of the variance in index points (20.0 for 20%)."""
        return 100 * float(np.sqrt(self.variance))


def term_variance(
    strikes: npt.ArrayLike, mids: npt.ArrayLike, *, forward: float, k0: float, minutes: float, rate: float
) -> float:
    """Return the annual variance, decimal, that one strip of options stands for.

    sigma^2 = (2/T) sum_i (dK_i / K_i^2) exp(R T) Q_i - (1/T) (F/K0 - 1)^2, with T in years of 525,600
    minutes and dK_i half the distance between the neighbours of K_i *in the strip*; at both ends the
    whole distance to the one neighbour.

    Args:
        strikes: index points, strictly rising, shape (n,), n >= 2.
        mids: price at each strike, index points, not negative, shape (n,).
        forward: F, index points.
        k0: strike of the strip at or just below the forward.
        minutes: to settlement, above zero.
        rate: riskless, annual, continuously compounded, decimal (0.0525 for 5.25%).

    Raises:
        DataError: a strip of one strike, an expired term, figures out of order or no numbers, a K0 above the
            forward or not of the strip, or a strip so poor that no variance is left.

    References:
        Cboe, Volatility Index Methodology, "single term variance".
    """
    strip, prices = figures.numbers("strikes", strikes, "strip"), figures.numbers("mids", mids, "strip")
    _check_strip(strip, prices)
    years, growth = _years(minutes), figures.number("rate", rate, "term")
    _check_rate(growth)
    forward, k0 = _levels(forward, k0, strip)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # what comes of it is refused
        worth = 2 / years * np.sum(widths(strip) / strip**2 * np.exp(growth * years) * prices)
        shift = np.square(np.float64(forward) / k0 - 1) / years
        variance = worth - shift
    if not (np.isfinite(variance) and variance > 0):
        raise DataError(
            f"the variance is {variance:.6g}: the options of the strip are worth {worth:.6g}, and the "
            f"distance of the forward {forward:g} from K0 {k0:g} takes away {shift:.6g}",
            where=f"term of {years * MINUTES_PER_YEAR:g} minutes",
            expected="a variance above zero",
            remedy="check the quotes near the money; a strip without value has no volatility",
        )
    return float(variance)


def widths(strikes: npt.ArrayLike) -> Floats:
    """Return dK of each strike of a strip: half the distance between its neighbours, at both ends all of it.

    Args:
        strikes: index points, strictly rising, shape (n,), n >= 2.

    Raises:
        DataError: fewer than two strikes, or they do not rise.
    """
    strip = figures.numbers("strikes", strikes, "strip")
    _check_strip(strip, np.zeros(strip.shape))
    gaps = np.diff(strip)
    return np.concatenate([gaps[:1], (gaps[:-1] + gaps[1:]) / 2, gaps[-1:]])


def term(quotes: pd.DataFrame, *, minutes: float, rate: float) -> VixTerm:
    """Return one expiry as the index sees it: its forward, the strip that counts, its variance.

    The forward is F = K* + exp(R T) (C - P) at the strike K* where the mid quotes of call and put are
    closest (the lowest such strike in a tie); K0 is the listed strike at or just below F. From K0
    outwards the strip takes puts below and calls above. A strike without a bid is left out, and two
    such strikes in a row end that side, whatever lies beyond. At K0 both legs count, half each.

    Rows may come in any order. A leg whose bid or ask is missing or zero is not quoted: it counts as
    without a bid (a bid to which no one offers has no middle), and K* is sought among strikes where both
    legs are quoted.

    Args:
        quotes: one row per strike, columns `strike`, `call_bid`, `call_ask`, `put_bid`, `put_ask`, all
            in index points.
        minutes: to settlement, above zero.
        rate: riskless, annual, continuously compounded, decimal.

    Raises:
        DataError: no DataFrame; a column is missing, stands twice or is not numeric; a strike stands twice; a
            quote is negative,
            infinite or crossed; no strike has both legs, K0 lacks one, or one side has no quote; or as
            `term_variance`.

    References:
        Cboe, Volatility Index Methodology, "option selection" and "forward index level".
    """
    years, rate = _years(minutes), figures.number("rate", rate, "term")
    _check_rate(rate)
    strikes, call_bids, calls, put_bids, puts = _legs(quotes)
    both = call_bids & put_bids
    if not both.any():
        raise DataError(
            f"none of the {len(strikes)} strikes has a bid and an ask for both its call and its put",
            where="quotes",
            expected="two quoted legs at one strike at least, to find the forward",
            remedy="take quotes from trading hours",
        )
    distance = np.where(both, np.abs(calls - puts), np.inf)
    closest = int(np.argmin(distance))
    forward = float(strikes[closest] + np.exp(rate * years) * (calls[closest] - puts[closest]))
    at = int(np.searchsorted(strikes, forward, side="right")) - 1
    if at < 0:
        raise DataError(
            f"the forward {forward:g} lies below the lowest strike {strikes[0]:g}",
            where="quotes",
            expected="strikes on both sides of the forward",
        )
    if not both[at]:
        leg = "put" if call_bids[at] else "call"
        raise DataError(
            f"the {leg} has no two-sided quote",
            where=f"strike {strikes[at]:g}, just below the forward {forward:g}",
            expected="both legs quoted at this strike, as their mean enters the strip",
            remedy="take quotes from trading hours",
        )
    below = at - 1 - _counted(put_bids[:at][::-1])[::-1]
    above = at + 1 + _counted(call_bids[at + 1 :])
    for name, side in (("put below", below), ("call above", above)):
        if not len(side):
            raise DataError(
                f"no {name} the strike {strikes[at]:g} has a quote that counts",
                where="quotes",
                expected="out-of-the-money options on both sides",
                remedy="take quotes from trading hours, with all strikes of the expiry",
            )
    strip = np.concatenate([strikes[below], strikes[at : at + 1], strikes[above]])
    middle = (calls[at : at + 1] + puts[at : at + 1]) / 2
    mids = np.concatenate([puts[below], middle, calls[above]])
    k0 = float(strikes[at])
    variance = term_variance(strip, mids, forward=forward, k0=k0, minutes=minutes, rate=rate)
    strip.flags.writeable = mids.flags.writeable = False
    return VixTerm(forward, k0, strip, mids, variance, figures.number("minutes", minutes, "term"))


def index(
    near: VixTerm | tuple[float, float],
    next: VixTerm | tuple[float, float],
    *,
    horizon_minutes: float = HORIZONS["30D"],
) -> float:
    """Return the index, in points, at a horizon: 13.93 is an annual volatility of 13.93%.

    VIX = 100 sqrt( (T1 s1 w + T2 s2 (1 - w)) N365 / N ), w = (N2 - N) / (N2 - N1): total variance is
    linear in minutes. A horizon outside the two terms is extrapolated along the same line, as the
    method itself does; the weight of one term is then negative.

    Args:
        near: the earlier expiry, a term or the pair (annual variance, minutes).
        next: the later expiry, likewise.
        horizon_minutes: N, above zero; 43,200 for the VIX (`HORIZONS`).

    Raises:
        DataError: the terms are not in order, a variance or horizon is not above zero, or the line
            extrapolated falls to zero or below.

    References:
        Cboe, Volatility Index Methodology, the final step.
    """
    (near_variance, near_minutes), (next_variance, next_minutes) = _pair(near, "near"), _pair(next, "next")
    if near_minutes >= next_minutes:
        raise DataError(
            f"the near term has {near_minutes:g} minutes and the next term {next_minutes:g}",
            where="index",
            expected="a near term that expires before the next one",
            remedy="exchange them, or take two different expiries",
        )
    horizon = figures.number("horizon_minutes", horizon_minutes, "index")
    if not (np.isfinite(horizon) and 0 < horizon <= MOST_MINUTES):
        raise DataError(
            f"the horizon is {horizon:g} minutes", where="index", expected="above zero, at most a century"
        )
    weight = (next_minutes - horizon) / (next_minutes - near_minutes)
    total = near_minutes * near_variance * weight + next_minutes * next_variance * (1 - weight)
    if not total > 0:
        raise DataError(
            f"the line through the variances {near_variance:.6g} at {near_minutes:g} minutes and "
            f"{next_variance:.6g} at {next_minutes:g} is {total / horizon:.6g} at {horizon:g}",
            where="index",
            expected="a variance above zero at the horizon",
            remedy="take two expiries nearer to the horizon",
        )
    return 100 * float(np.sqrt(total / horizon))


def _counted(quoted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the places that count, walking outwards: those quoted before two in a row that are not."""
    stops = np.flatnonzero(~quoted[1:] & ~quoted[:-1])
    return np.flatnonzero(quoted[: stops[0]] if len(stops) else quoted)


def _legs(
    quotes: pd.DataFrame,
) -> tuple[Floats, npt.NDArray[np.bool_], Floats, npt.NDArray[np.bool_], Floats]:
    """Return strikes, then for calls and for puts which are quoted and the mids, by rising strike."""
    table = np.column_stack(list(figures.columns(quotes, QUOTES, "quotes").values()))
    strikes = table[:, 0]
    if len(strikes) < 2:
        raise DataError(f"the chain has {len(strikes)} strike(s)", where="quotes", expected="two at least")
    bad = ~(np.isfinite(strikes) & (strikes > 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"the strike is {strikes[row]:g}", where=f"quotes, row {row + 1}", expected="above zero"
        )
    table = table[np.argsort(strikes, kind="stable")]
    strikes = table[:, 0]
    twice = np.flatnonzero(np.diff(strikes) == 0)
    if len(twice):
        raise DataError(
            f"the strike {strikes[twice[0]]:g} stands twice",
            where="quotes",
            expected="one row per strike",
            remedy="keep one root: SPX and SPXW may share expiry and strike but settle hours apart",
        )
    call_quoted, calls = _leg(strikes, table[:, 1], table[:, 2], "call")
    put_quoted, puts = _leg(strikes, table[:, 3], table[:, 4], "put")
    return strikes, call_quoted, calls, put_quoted, puts


def _leg(strikes: Floats, bids: Floats, asks: Floats, kind: str) -> tuple[npt.NDArray[np.bool_], Floats]:
    for name, prices in (("bid", bids), ("ask", asks)):
        wrong = (prices < 0) | np.isinf(prices)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise DataError(
                f"the {name} of the {kind} is {prices[at]:g}",
                where=f"quotes, strike {strikes[at]:g}",
                expected="a price, zero or missing where there is none",
                remedy="correct the quote or leave the strike out",
            )
    quoted = (bids > 0) & (asks > 0)
    crossed = quoted & (bids > asks)
    if crossed.any():
        at = int(np.argmax(crossed))
        raise DataError(
            f"the {kind} is crossed: bid {bids[at]:g} above ask {asks[at]:g}",
            where=f"quotes, strike {strikes[at]:g}",
            expected="a bid at or below the ask",
            remedy="correct the quote or leave the strike out",
        )
    return quoted, np.where(quoted, (bids + asks) / 2, np.nan)


def _check_strip(strikes: Floats, mids: Floats) -> None:
    if strikes.ndim != 1 or strikes.shape != mids.shape:
        raise DataError(
            f"strikes have shape {strikes.shape} and mids {mids.shape}",
            where="strip",
            expected="one price for each strike",
        )
    if len(strikes) < 2:
        raise DataError(f"the strip has {len(strikes)} strike(s)", where="strip", expected="two at least")
    if not (np.isfinite(strikes).all() and strikes[0] > 0 and (np.diff(strikes) > 0).all()):
        raise DataError(
            "the strikes do not rise",
            where="strip",
            expected="strikes above zero, each above the one before",
            remedy="sort the strip by strike and keep one row for each",
        )
    wrong = ~(np.isfinite(mids) & (mids >= 0))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            f"the price at strike {strikes[at]:g} is {mids[at]:g}",
            where="strip",
            expected="a finite price, not negative",
        )


def _check_rate(rate: float) -> None:
    if not (np.isfinite(rate) and abs(rate) < 1):
        raise DataError(
            f"the rate is {rate:g}",
            where="term",
            expected="an annual rate as a decimal, 0.0525 for 5.25%",
        )


def _levels(forward: float, k0: float, strip: Floats) -> tuple[float, float]:
    """Return the forward and K0, which must be a strike of the strip and not above it."""
    levels = (figures.number("forward", forward, "term"), figures.number("k0", k0, "term"))
    for name, level in zip(("forward", "k0"), levels, strict=True):
        if not (np.isfinite(level) and level > 0):
            raise DataError(f"the {name} is {level:g}", where="term", expected="a level above zero")
    above, apart = levels[1] > levels[0] * (1 + ROUNDING), np.min(np.abs(strip / levels[1] - 1))
    if above or apart > ROUNDING:
        raise DataError(
            f"k0 is {levels[1]:g}, "
            + (f"above the forward {levels[0]:g}" if above else "no strike of the strip"),
            where="term",
            expected="the strike of the strip at or just below the forward",
            remedy="take it from `vix.term`, which finds both",
        )
    return levels


def _years(minutes: float) -> float:
    left = figures.number("minutes", minutes, "term")
    if MOST_MINUTES < left < np.inf:
        raise DataError(
            f"the term has {left:g} minutes left",
            where="term",
            expected=f"at most {MOST_MINUTES:g} (a century)",
        )
    if not (np.isfinite(left) and left > LEAST_MINUTES):
        raise DataError(
            f"the term has {left:g} minutes left",
            where="term",
            expected="options that have not expired",
            remedy="drop this expiry and take the next one",
        )
    return left / MINUTES_PER_YEAR


def _pair(given: VixTerm | tuple[float, float], name: str) -> tuple[float, float]:
    pair = figures.numbers(
        name, (given.variance, given.minutes) if isinstance(given, VixTerm) else given, "index"
    )
    if pair.shape != (2,):
        raise DataError(
            f"the {name} term has shape {pair.shape}",
            where="index",
            expected="a term of `vix.term`, or the pair (annual variance, minutes)",
        )
    variance, minutes = pair.tolist()
    _years(minutes)
    if not 0 < variance < MOST_VARIANCE:
        raise DataError(
            f"the variance of the {name} term is {variance:g}",
            where="index",
            expected="a variance above zero, as an annual decimal (0.04 is a volatility of 20%)",
        )
    return variance, minutes
