"""Sums of many bell curves at many points: the arithmetic under the gamma of a chain.

The gamma of an option over the logarithm of spot is a bell curve: the bell of a one-day option is a needle,
that of a one-year option wider than any range of spots one looks at. Three ways to add them up:

- a curve wide against the range is smooth there: its values at a few Chebyshev points say all, and the
  series of all such curves add up to one;
- a narrow curve is zero but near its middle: only the points there are visited;
- a point where the errors of both, which are bounded beforehand, could show is summed term by term.

References:
    Trefethen, L. N. (2013), Approximation Theory and Approximation Practice, theorem 8.2: the error of
    Chebyshev interpolation of a function bounded by M inside the ellipse of parameter rho.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

DEGREES = (12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160)
"""Degrees of interpolation on offer."""

TRUNCATION = 1e-15
"""Error of the interpolation of one curve, as a share of its height."""

REACH = 8.3
"""Widths from its middle at which a narrow curve is cut; it is 1.1e-15 of its height there."""

TRUST = 1e-11
"""Points where the bound of the error is larger than this share of the sum are summed term by term."""

FEW_POINTS = 20
SPACE = 16_384
"""Numbers worked on at a time (128 kB, which a processor keeps at hand)."""

NARROW_BLOCK = 48


def total(points: npt.ArrayLike, centres: Floats, widths: Floats, heights: Floats) -> Floats:
    """Return sum_i heights_i exp(-(points - centres_i)^2 / (2 widths_i^2)), shape of `points`.

    Each sum is as near to the term-by-term sum as the order of adding allows: 1e-12 of its value, or
    the rounding of the terms where they cancel.

    Args:
        points: any order, any shape, finite.
        centres: shape (n,), near zero: what is far from zero loses digits in the difference.
        widths: above zero, shape (n,).
        heights: of either sign, shape (n,).
    """
    given = np.asarray(points, dtype=np.float64)
    flat = given.ravel()
    low, high = (float(flat.min()), float(flat.max())) if flat.size else (0.0, 0.0)
    if flat.size < FEW_POINTS or high <= low:
        return plain_total(flat, centres, widths, heights).reshape(given.shape)
    order = np.argsort(flat, kind="stable")
    rising = flat[order]
    middle, half = (low + high) / 2, (high - low) / 2
    steepness = half / (np.sqrt(2) * widths)
    # A narrow curve visits the points within its reach; a wide one as many as its degree.
    visits = np.minimum(flat.size, REACH / np.sqrt(2) * flat.size / np.maximum(steepness, 1e-300))
    degrees = np.array(DEGREES)
    classes = np.searchsorted(_steepest(), steepness)
    last = len(DEGREES)
    cost = np.append(degrees + 1.0, np.inf)[classes]
    classes = np.where(cost < visits, classes, last)
    result = np.zeros(flat.size)
    bound = 0.0
    series = np.zeros(DEGREES[-1] + 1)
    highest = 0
    scale = 1 / (np.sqrt(2) * widths)
    for kind in np.flatnonzero(np.bincount(classes, minlength=last + 1)[:last]):
        chosen = np.flatnonzero(classes == kind)
        degree = DEGREES[kind]
        nodes, transform = _chebyshev(degree)
        values = _sum(middle + half * nodes, centres[chosen], scale[chosen], heights[chosen])
        series[: degree + 1] += transform @ values
        bound += TRUNCATION * float(np.abs(heights[chosen]).sum())
        highest = max(highest, degree)
    if highest:
        angles = np.arccos(np.clip((rising - middle) / half, -1, 1))
        result = series[: highest + 1] @ np.cos(np.arange(highest + 1)[:, None] * angles)
    narrow = np.flatnonzero(classes == last)
    if narrow.size:
        _add_narrow(result, rising, centres[narrow], widths[narrow], heights[narrow])
        bound += float(np.exp(-(REACH**2) / 2) * np.abs(heights[narrow]).sum())
    doubtful = np.flatnonzero(~(bound <= TRUST * np.abs(result)))
    if doubtful.size:
        result[doubtful] = plain_total(rising[doubtful], centres, widths, heights)
    unsorted = np.empty_like(result)
    unsorted[order] = result
    return unsorted.reshape(given.shape)


def plain_total(points: Floats, centres: Floats, widths: Floats, heights: Floats) -> Floats:
    """Return the same sums term by term, in blocks that fit the processor's memory; shape of `points`."""
    return _sum(points, centres, 1 / (np.sqrt(2) * widths), heights)


def _sum(points: Floats, centres: Floats, scale: Floats, heights: Floats) -> Floats:
    """Return sum_i heights_i exp(-((points - centres_i) scale_i)^2)."""
    result = np.zeros(points.size)
    rows = max(1, SPACE // max(points.size, 1))
    space = np.empty((rows, points.size))
    with np.errstate(under="ignore"):
        for start in range(0, centres.size, rows):
            part = slice(start, start + rows)
            block = space[: centres[part].size]
            np.subtract(points, centres[part, None], out=block)
            block *= scale[part, None]
            np.multiply(block, block, out=block)
            np.negative(block, out=block)
            np.exp(block, out=block)
            result += heights[part] @ block
    return result


def _add_narrow(result: Floats, rising: Floats, centres: Floats, widths: Floats, heights: Floats) -> None:
    """Add narrow curves to the sums at rising points, each only within its reach.

    Curves of like width and neighbouring middles go together, so that they share their points.
    """
    likeness = np.floor(2 * np.log2(widths)).astype(np.int64)
    order = np.lexsort((centres, likeness))
    centres, widths, heights, likeness = (each[order] for each in (centres, widths, heights, likeness))
    scale = 1 / (np.sqrt(2) * widths)
    starts = np.flatnonzero(np.diff(likeness, prepend=likeness[0] - 1))
    for start, end in zip(starts, np.append(starts[1:], centres.size), strict=True):
        reach = REACH * float(widths[start:end].max())
        firsts = np.arange(start, end, NARROW_BLOCK)
        ends = np.minimum(firsts + NARROW_BLOCK, end)
        lows = np.searchsorted(rising, centres[firsts] - reach, side="left")
        highs = np.searchsorted(rising, centres[ends - 1] + reach, side="right")
        for first, stop, low, high in zip(firsts, ends, lows, highs, strict=True):
            if low < high:
                part = slice(first, stop)
                result[low:high] += _sum(rising[low:high], centres[part], scale[part], heights[part])


@cache
def _steepest() -> Floats:
    """Return for each degree the steepest curve it serves, as range / (2 sqrt(2) width).

    In the complex plane |exp(-a^2 (z - c)^2)| <= exp(a^2 Im(z)^2) whatever the centre c, and on the ellipse
    of parameter rho, Im(z) is at most (rho - 1/rho)/2; the interpolant of degree n is then off by at
    most 4 M rho^-n / (rho - 1). The best rho is sought on a grid: any one gives a valid bound.
    """
    rho = 1 + np.geomspace(0.01, 30, 2_000)
    rise = ((rho - 1 / rho) / 2) ** 2
    return np.array(
        [
            np.sqrt(np.max((np.log(TRUNCATION * (rho - 1) / 4) + degree * np.log(rho)) / rise))
            for degree in DEGREES
        ]
    )


@cache
def _chebyshev(degree: int) -> tuple[Floats, Floats]:
    """Return the Chebyshev points of the second kind on [-1, 1], and the matrix from values to series."""
    angles = np.pi * np.arange(degree + 1) / degree
    nodes = np.cos(angles)
    transform = 2 / degree * np.cos(np.outer(np.arange(degree + 1), angles))
    transform[:, [0, -1]] /= 2
    transform[[0, -1]] /= 2
    return nodes, transform
