"""Scenarios: a drift *and* a daily movement. A straight line to the same end would realise half of
today's volatility and make volatility funds buy into a fall; these paths move as much from day to day
as the market has, around the drift that leads to the stated end.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from groundswell.core.parameter import Declared, structural
from groundswell.data.errors import GroundswellError

HORIZONS: dict[str, int] = {"1d": 1, "1w": 5, "1m": 21}
"""Sessions by horizon."""

LONGEST = max(HORIZONS.values())

STANDARD: dict[str, float] = {"flat": 0.0, "up1": 1.0, "up2": 2.0, "down1": -1.0, "down2": -2.0}
"""Where each standard scenario ends, in standard deviations of the horizon's return."""


class Movement(Declared):
    """How much the market moves from day to day on the way to each standard end."""

    key: ClassVar[str] = "scenario"

    size: tuple[float, ...] = structural(
        (0.92, 0.86, 0.90, 1.10, 1.31),
        "daily movement / reference daily volatility, for flat, up1, up2, down1, down2",
        "S&P 500, 1950-1998, months ending within half a standard deviation of each end: root mean square of "
        "daily moves about their mean / reference volatility before (derived; 1999-2018 gives 0.91, 0.82, "
        "1.01, 1.17, 1.84)",
        fitted_through="1998-12-31",
    )
    windows: tuple[int, ...] = structural(
        (21, 63),
        "log returns behind the reference volatility: the larger of the two counts",
        "One and three months, the larger binding: the dealer desks' convention (secondary)",
    )

    def reference(self, returns: Float[np.ndarray, " sessions"]) -> float:
        """Annual volatility that sets the scenarios, from daily log returns up to today."""
        return float(max(np.std(returns[-n:], ddof=1) for n in self.windows) * np.sqrt(252))


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A path of daily log returns of the index over `LONGEST` sessions, of which `sessions` count.

    Attributes:
        name: `flat up1 up2 down1 down2`, or the user's own.
        horizons: the horizons whose flow is read off this path.
        sessions: length of the path that means something.
        returns: daily log returns, zero beyond `sessions`.
    """

    name: str
    horizons: tuple[str, ...]
    sessions: int
    returns: Float[np.ndarray, " longest"]

    def end_move(self, horizon: str) -> float:
        """Log return over the horizon."""
        return float(np.sum(self.returns[: HORIZONS[horizon]]))

    def daily_move(self, horizon: str) -> float:
        """Root mean square of the daily moves around the drift of the horizon (log return)."""
        return float(np.std(self.returns[: HORIZONS[horizon]]))

    def realised_volatility(self, horizon: str) -> float:
        """Annual volatility that the path realises about zero, drift included."""
        return float(np.sqrt(252 * np.mean(self.returns[: HORIZONS[horizon]] ** 2)))


def alternating(sessions: int, size: float, first: float = 1.0) -> Float[np.ndarray, " sessions"]:
    """Moves of alternating sign that sum to zero and whose root mean square is `size`.

    A single session cannot move and stay: it gets zero. With an odd number of sessions the moves are
    those of the alternating pattern less its mean.
    """
    if sessions == 1:
        return np.zeros(1)
    pattern = first * (-1.0) ** np.arange(sessions)
    pattern -= pattern.mean()
    return np.asarray(size * pattern / np.sqrt(np.mean(pattern**2)))


def sideways(sessions: int, daily_volatility: Float[np.ndarray, " assets"]) -> Float[np.ndarray, "..."]:
    """Moves of other assets while the index goes its way: no drift, their own daily movement.

    Signs go 0 + + - - + + ..., which sums to nothing at every horizon (1, 5 and 21 sessions) and does not
    go with moves that alternate. Shape: sessions by assets. Standing still would make risk parity buy
    for want of movement.
    """
    pattern = np.concatenate([[0.0], np.resize([1.0, 1.0, -1.0, -1.0], sessions - 1)])
    return pattern[:, None] * np.asarray(daily_volatility)


def path_to(end: float, sessions: int, daily_move: float) -> Float[np.ndarray, " sessions"]:
    """Daily log returns that end at `end` and move by `daily_move` (root mean square) around the drift."""
    first = 1.0 if end <= 0 else -1.0
    return end / sessions + alternating(sessions, daily_move, first)


def standard_scenarios(annual_volatility: float) -> tuple[Scenario, ...]:
    """The five standard scenarios over the three horizons, from one reference volatility.

    Args:
        annual_volatility: of the index, decimal; sets the standard deviation of the horizon,
            volatility x sqrt(sessions / 252), and, times `Movement.size`, the daily movement around
            the drift.
    """
    daily = annual_volatility / np.sqrt(252)
    made = []
    for (name, deviations), size in zip(STANDARD.items(), Movement().size, strict=True):
        for horizon, sessions in HORIZONS.items():
            end = deviations * daily * np.sqrt(sessions)
            made.append(_scenario(name, (horizon,), path_to(end, sessions, size * daily)))
    return tuple(made)


def user_scenarios(paths: Mapping[str, Sequence[float]] | None) -> tuple[Scenario, ...]:
    """The user's own paths of daily log returns, read at every horizon that they reach.

    Raises:
        GroundswellError: for an empty or overlong path, a return that is not a finite number or is
            too large to be a decimal log return, or a name that is taken.
    """
    made = []
    for name, given in (paths or {}).items():
        try:
            returns = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            returns = np.full(1, np.nan)
        problem = None
        if name in STANDARD:
            problem = f"the name is taken by the standard scenario {name!r}"
        elif returns.ndim != 1 or not 1 <= len(returns) <= LONGEST:
            problem = f"it has {returns.size} returns"
        elif not np.all(np.isfinite(returns)) or np.max(np.abs(returns)) > 0.5:
            bad = int(np.argmax(~np.isfinite(returns) | (np.abs(returns) > 0.5)))
            problem = f"return number {bad + 1} is {returns[bad]}"
        if problem:
            raise GroundswellError(
                problem,
                where=f"path {name!r}",
                expected=f"1 to {LONGEST} daily log returns as decimals (-1% is -0.01)",
                remedy="correct the path",
            )
        reached = tuple(h for h, sessions in HORIZONS.items() if sessions <= len(returns))
        made.append(_scenario(name, reached, returns))
    return tuple(made)


def _scenario(name: str, horizons: tuple[str, ...], returns: np.ndarray) -> Scenario:
    padded = np.concatenate([returns, np.zeros(LONGEST - len(returns))])
    return Scenario(name, horizons, len(returns), padded)
