"""Every zero of a sum of bell curves between two points, none missed.

A grid finds a zero only where it happens to be fine enough. Here a cell is settled by proof. Over a cell
of length l let M bound |f''| (each bell's curvature at its worst place in the cell, added up). Then

- f lies within M l^2 / 8 of the straight line through its ends: same sign at both ends and further from
  zero than that, no zero;
- the bells of one sign, each at its lowest in the cell, outweigh those of the other, each at its highest:
  no zero either, which settles the wide stretches beside needles;
- f' lies within M l of the slope between the ends: a change of sign and a slope larger than that, exactly
  one zero, found by Brent's method;
- otherwise the cell is halved, down to `FINEST` or to where rounding hides all, and there a change of sign
  counts as one zero.

All terms of a cell are scaled by the largest one, so that signs hold where the gamma itself would vanish
below the smallest number.

References:
    Moore, R. E., Kearfott, R. B. & Cloud, M. J. (2009), Introduction to Interval Analysis, chapter 8, for
    finding all zeros by exclusion; Brent, R. P. (1973), Algorithms for Minimization without Derivatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from groundswell.data.errors import DataError

Floats: TypeAlias = npt.NDArray[np.float64]

FIRST_CELLS = 128
FINEST = 2e-11
"""Length of a cell, in logarithms of spot, that is not halved any more."""

MOST_CELLS = 100_000

ROUNDING = 4e-15
"""Error of a sum by rounding, as a share of the sum of its absolute terms."""

ALIKE = 1e-13
"""Bells whose middles and widths differ by less are one."""

SURE = 1 - 1e-6
"""Share of a sum that is left when rounding and negligible terms are taken off."""

NEGLIGIBLE = 80.0
"""Terms below the largest of their cell by a factor of exp(80) or more are left out."""

SQUARE_ROOT_OF_3 = float(np.sqrt(3.0))
CREST = 2 * float(np.exp(-1.5))
"""Largest (z^2 - 1) exp(-z^2 / 2) beyond z = 1."""


@dataclass(frozen=True, eq=False)
class _Bells:
    """Bells with the logarithms of their heights; each array has shape (n,)."""

    centres: Floats
    widths: Floats
    heights: Floats
    sizes: Floats

    def kept(self, left: float, right: float) -> _Bells:
        """Return those that count somewhere between two points."""
        nearest, farthest = self._distances(left, right)
        floor = np.max(self.sizes - farthest**2 / 2)
        chosen = self.sizes - nearest**2 / 2 > floor - NEGLIGIBLE
        if chosen.all():
            return self
        return _Bells(*(each[chosen] for each in (self.centres, self.widths, self.heights, self.sizes)))

    def one_sided(self, left: float, right: float) -> bool:
        """Return whether one sign outweighs the other everywhere between two points."""
        nearest, farthest = self._distances(left, right)
        least = self.sizes - farthest**2 / 2
        scale = np.max(least)
        long = self.heights > 0
        if long.all() or not long.any():
            return True
        with np.errstate(over="ignore", under="ignore"):
            low, high = np.exp(least - scale), np.exp(self.sizes - nearest**2 / 2 - scale)
        return bool(low[long].sum() * SURE > high[~long].sum() or low[~long].sum() * SURE > high[long].sum())

    def scale(self, left: float, right: float) -> float:
        """Return the logarithm of the largest term between two points."""
        return float(np.max(self.sizes - self._distances(left, right)[0] ** 2 / 2))

    def terms(self, point: float, scale: float) -> Floats:
        """Return the terms at a point, in units of exp(scale)."""
        z = (point - self.centres) / self.widths
        return np.sign(self.heights) * np.exp(self.sizes - z * z / 2 - scale)

    def curvature(self, left: float, right: float, scale: float) -> float:
        """Return a bound of the second derivative between two points, in units of exp(scale).

        That of a bell is (z^2 - 1) exp(-z^2/2) / width^2. With u the nearest |z| of the cell it is at
        most (u^2 - 1) exp(-u^2/2) beyond the crest at the root of 3, and before it the larger of the
        crest and of (1 - u^2) exp(-u^2/2).
        """
        u = self._distances(left, right)[0]
        beyond = u > SQUARE_ROOT_OF_3
        tall = np.where(beyond, u * u - 1, 1 - u * u) * np.exp(self.sizes - u * u / 2 - scale)
        crest = CREST * np.exp(np.where(beyond, -np.inf, self.sizes - scale))
        return float(np.sum(np.maximum(tall, crest) / self.widths**2))

    def _distances(self, left: float, right: float) -> tuple[Floats, Floats]:
        """Return the nearest and the farthest |z| of each bell between two points."""
        below, above = (left - self.centres) / self.widths, (self.centres - right) / self.widths
        return np.maximum(np.maximum(below, above), 0.0), np.maximum(-below, -above)


def zeros(centres: Floats, widths: Floats, heights: Floats, low: float, high: float) -> Floats:
    """Return where sum_i heights_i exp(-(y - centres_i)^2 / (2 widths_i^2)) changes sign in [low, high].

    Args:
        centres: shape (n,).
        widths: above zero, shape (n,).
        heights: of either sign, shape (n,).
        low: lower end.
        high: upper end.

    Returns:
        Rising, each to about 1e-12 where rounding allows; shape (number of zeros,).

    Raises:
        DataError: long and short cancel to rounding over a whole stretch, so that signs mean nothing.
    """
    bells = _merged(centres, widths, heights)
    if not bells.heights.size or np.all(bells.heights > 0) or np.all(bells.heights < 0):
        return np.zeros(0)
    edges = np.linspace(low, high, FIRST_CELLS + 1).tolist()
    cells = [(left, right, bells) for left, right in pairwise(edges)][::-1]
    found: list[float] = []
    for _ in range(MOST_CELLS):
        if not cells:
            return np.array(found)
        left, right, around = cells.pop()
        near = around.kept(left, right)
        scale = near.scale(left, right)
        bend = near.curvature(left, right, scale) * (right - left) ** 2
        at_left, at_right = near.terms(left, scale), near.terms(right, scale)
        start, end = float(at_left.sum()), float(at_right.sum())
        noise = ROUNDING * float(np.abs(at_left).sum() + np.abs(at_right).sum())
        changes = (start >= 0) != (end >= 0)
        if not changes and (min(abs(start), abs(end)) > bend / 8 + noise or near.one_sided(left, right)):
            continue
        if changes and abs(end - start) > bend + noise:
            found.append(_zero(near, left, right, scale))
        elif right - left > FINEST and bend > noise:
            middle = (left + right) / 2
            cells += [(middle, right, near), (left, middle, near)]
        elif changes:
            found.append(_zero(near, left, right, scale))
    raise DataError(
        "long and short gamma cancel to rounding at "
        f"{np.expm1(cells[-1][0] - (low + high) / 2):+.2%} of the middle of the range",
        where="flips",
        expected="a profile that differs from zero",
        remedy="give contracts of one strike and expiry one volatility, so that what cancels does so exactly",
    )


def _zero(near: _Bells, left: float, right: float, scale: float) -> float:
    """Return the zero between two points of different sign."""
    return float(brentq(lambda y: float(near.terms(y, scale).sum()), left, right, xtol=1e-14, rtol=1e-14))


def _merged(centres: Floats, widths: Floats, heights: Floats) -> _Bells:
    """Return the bells with those at one place added up, without those that cancel."""
    order = np.lexsort((centres, widths))
    centres, widths, heights = centres[order], widths[order], heights[order]
    new = np.ones(centres.size, dtype=bool)
    new[1:] = (np.diff(centres) != 0) & (np.abs(np.diff(centres)) > ALIKE)
    new[1:] |= np.diff(widths) > ALIKE * widths[1:]
    starts = np.flatnonzero(new)
    if not starts.size:
        return _Bells(centres, widths, heights, heights)
    net, gross = np.add.reduceat(heights, starts), np.add.reduceat(np.abs(heights), starts)
    stays = np.abs(net) > ALIKE * gross
    net = net[stays]
    return _Bells(centres[starts][stays], widths[starts][stays], net, np.log(np.abs(net)))
