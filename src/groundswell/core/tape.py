"""The tape: what anyone can read off past closes, kept up to date one close at a time. Actors say
what they watch; the tape keeps just that, so that no rule ever rescans history. Sums run, maxima
double (Gil and Werman's idea in powers of two), exponential averages carry their own weights.
"""

import dataclasses

import equinox as eqx
from jaxtyping import Array, Float, Int

from groundswell.core.engine import jax, jnp


@dataclasses.dataclass(frozen=True)
class Watch:
    """What an actor reads off the tape; all tuples of whole sessions.

    Attributes:
        means: simple moving averages of the close.
        lags: closes that many sessions before the latest.
        extremes: highest and lowest close of that many sessions *before* the latest one.
        price_spans: exponential averages of the close, by span.
        difference_spans: exponential standard deviation of daily price differences, by span.
        return_centres: exponential volatility of log returns, by centre of mass.
        return_windows: realised volatility over that many log returns (ddof 1).
    """

    means: tuple[int, ...] = ()
    lags: tuple[int, ...] = ()
    extremes: tuple[int, ...] = ()
    price_spans: tuple[int, ...] = ()
    difference_spans: tuple[int, ...] = ()
    return_centres: tuple[int, ...] = ()
    return_windows: tuple[int, ...] = ()

    def __or__(self, other: "Watch") -> "Watch":
        """Everything that either watches, each once, in increasing order."""
        return Watch(
            **{
                field.name: tuple(sorted({*getattr(self, field.name), *getattr(other, field.name)}))
                for field in dataclasses.fields(self)
            }
        )


def _below(window: int) -> int:
    """The exponent of the largest power of two not above the window."""
    return window.bit_length() - 1


def _overlaps(watch: Watch) -> list[tuple[int, int]]:
    """For each window that is no power of two: the level below it, and how far back the other half ends."""
    return [(_below(w), w - 2 ** _below(w)) for w in watch.extremes if w != 2 ** _below(w)]


def _rows(watch: Watch) -> list[int]:
    """How far back each level of doubled maxima must be remembered, level by level."""
    top = max((_below(n) for n in watch.extremes), default=-1)
    rows = [2**level if level < top else 1 for level in range(top + 1)]
    for level, back in _overlaps(watch):
        rows[level] = max(rows[level], back)
    return rows


class Tape(eqx.Module):
    """Running statistics of the closes seen so far, one column per asset.

    Every array may carry further axes behind `assets`, one close per path: `push` then advances all
    paths at once. It is not to be vmapped: batched reads and writes of a ring would transpose the whole
    ring every day. `count`, the number of closes seen, is the same on every path. A statistic whose
    window is not yet full is not to be used: ask `ready`.

    Rings are written first and then read for the *next* push; the rows wait in the fields that end in
    `_ahead`. Reading before writing would make XLA copy every ring on every day.
    """

    watch: Watch = eqx.field(static=True)
    count: Int[Array, ""]
    close: Float[Array, " assets"]
    closes: Float[Array, "ring assets"]
    closes_ahead: Float[Array, "means_and_lags assets"]
    lagged_closes: Float[Array, "lags assets"]
    close_sums: Float[Array, "means assets"]
    returns: Float[Array, "ring assets"]
    returns_ahead: Float[Array, "windows assets"]
    return_sums: Float[Array, "windows 2 assets"]
    price_averages: Float[Array, "spans assets"]
    difference_moments: Float[Array, "spans 2 assets"]
    return_moments: Float[Array, "centres 2 assets"]
    doubling: tuple[Float[Array, "ring 2 assets"], ...]
    halves_ahead: tuple[Float[Array, "2 assets"], ...]
    overlaps_ahead: tuple[Float[Array, "2 assets"], ...]
    highs_lows: Float[Array, "extremes 2 assets"]
    prior_highs_lows: Float[Array, "extremes 2 assets"]

    @classmethod
    def blank(cls, watch: Watch, assets: int) -> "Tape":
        """A tape that has seen nothing yet."""

        def zeros(*shape: int) -> Array:
            return jnp.zeros((*shape, assets))

        def lowest(*shape: int) -> Array:
            return jnp.full((*shape, 2, assets), -jnp.inf)

        rows, overlaps = _rows(watch), _overlaps(watch)
        return cls(
            watch=watch,
            count=jnp.zeros((), dtype=jnp.int32),
            close=zeros(),
            closes=zeros(max((*watch.means, *watch.lags, 1))),
            closes_ahead=zeros(len(watch.means) + len(watch.lags)),
            lagged_closes=zeros(len(watch.lags)),
            close_sums=zeros(len(watch.means)),
            returns=zeros(max((*watch.return_windows, 1))),
            returns_ahead=zeros(len(watch.return_windows)),
            return_sums=zeros(len(watch.return_windows), 2),
            price_averages=zeros(len(watch.price_spans)),
            difference_moments=zeros(len(watch.difference_spans), 2),
            return_moments=zeros(len(watch.return_centres), 2),
            doubling=tuple(lowest(count) for count in rows),
            halves_ahead=tuple(lowest() for _ in rows[1:]),
            overlaps_ahead=tuple(lowest() for _ in overlaps),
            highs_lows=lowest(len(watch.extremes)),
            prior_highs_lows=lowest(len(watch.extremes)),
        )

    def push(self, close: Float[Array, " assets"]) -> "Tape":
        """The tape after one more close."""
        n, watch = self.count, self.watch
        first = n == 0
        change = jnp.where(first, 0.0, close - self.close)
        log_return = jnp.where(first, 0.0, jnp.log(close / jnp.where(first, close, self.close)))
        closes = _write(self.closes, close, n)
        returns = _write(self.returns, log_return, n)
        leaving, lagged = jnp.split(self.closes_ahead, [len(watch.means)])
        doubling, highs_lows = self._extremes_after(close)
        return Tape(
            watch=watch,
            count=n + 1,
            close=close,
            closes=closes,
            closes_ahead=_back_from(closes, (*watch.means, *watch.lags), n + 1),
            lagged_closes=lagged,
            close_sums=self.close_sums + close - leaving,
            returns=returns,
            returns_ahead=_back_from(returns, watch.return_windows, n + 1),
            return_sums=self.return_sums
            + _powers(log_return - jnp.zeros_like(self.returns_ahead))
            - _powers(self.returns_ahead),
            price_averages=_average(self.price_averages, close, watch.price_spans, n),
            difference_moments=_moments(
                self.difference_moments, change, [2 / (s + 1) for s in watch.difference_spans], n
            ),
            return_moments=_moments(
                self.return_moments, log_return, [1 / (c + 1) for c in watch.return_centres], n
            ),
            doubling=doubling,
            halves_ahead=tuple(_row(ring, n + 1 - 2**level) for level, ring in enumerate(doubling[:-1])),
            overlaps_ahead=tuple(_row(doubling[level], n + 1 - back) for level, back in _overlaps(watch)),
            highs_lows=highs_lows,
            prior_highs_lows=self.highs_lows,
        )

    def _extremes_after(self, close: Array) -> tuple[tuple[Array, ...], Array]:
        """Maximum over 2^k closes = max of two maxima over 2^(k-1), one of them 2^(k-1) older.

        A window between two powers is the max of two overlapping ones.
        """
        ladder = [jnp.stack([close, -close])]
        for half in self.halves_ahead:
            ladder.append(jnp.maximum(ladder[-1], half))
        doubling = tuple(
            _write(ring, latest, self.count)
            for ring, latest in zip(self.doubling, ladder[: len(self.doubling)], strict=True)
        )
        waiting = iter(self.overlaps_ahead)
        extremes = [
            ladder[_below(w)] if w == 2 ** _below(w) else jnp.maximum(ladder[_below(w)], next(waiting))
            for w in self.watch.extremes
        ]
        return doubling, jnp.stack(extremes) if extremes else self.highs_lows

    def ready(self, sessions: int) -> Array:
        """Whether at least that many closes have been seen."""
        return self.count >= sessions

    def mean(self, window: int) -> Float[Array, " assets"]:
        """Simple average of the last `window` closes, the latest included."""
        return self.close_sums[self.watch.means.index(window)] / window

    def lagged(self, sessions: int) -> Float[Array, " assets"]:
        """The close that many sessions before the latest one."""
        return self.lagged_closes[self.watch.lags.index(sessions)]

    def prior_highest(self, window: int) -> Float[Array, " assets"]:
        """Highest of the `window` closes before the latest one."""
        return self.prior_highs_lows[self.watch.extremes.index(window), 0]

    def prior_lowest(self, window: int) -> Float[Array, " assets"]:
        """Lowest of the `window` closes before the latest one."""
        return -self.prior_highs_lows[self.watch.extremes.index(window), 1]

    def price_average(self, span: int) -> Float[Array, " assets"]:
        """Exponential average of the close (weights (1-2/(span+1))^k over what was seen, normalised)."""
        return self.price_averages[self.watch.price_spans.index(span)]

    def difference_deviation(self, span: int) -> Float[Array, " assets"]:
        """Exponential standard deviation of daily price differences, small-sample corrected; price units."""
        alpha = 2 / (span + 1)
        moments = self.difference_moments[self.watch.difference_spans.index(span)]
        total, squares = _weights(alpha, self.count - 1)
        return jnp.sqrt(moments[1] / total * total**2 / jnp.maximum(total**2 - squares, 1e-300))

    def exponential_volatility(self, centre: int) -> Float[Array, " assets"]:
        """Annual volatility of log returns, exponential weights with that centre of mass, mean removed."""
        moments = self.return_moments[self.watch.return_centres.index(centre)]
        total, _ = _weights(1 / (centre + 1), self.count - 1)
        return jnp.sqrt(252 * moments[1] / jnp.maximum(total, 1.0))

    def realised_volatility(self, window: int) -> Float[Array, " assets"]:
        """Annual sample standard deviation (ddof 1) of the last `window` log returns."""
        total, squares = self.return_sums[self.watch.return_windows.index(window)]
        return jnp.sqrt(252 * jnp.maximum(squares - total**2 / window, 0.0) / (window - 1))


def _write(ring: Array, value: Array, n: Array) -> Array:
    """The ring with one row replaced; an in-place update once compiled."""
    return jax.lax.dynamic_update_index_in_dim(ring, value, n % ring.shape[0], axis=0)


def _row(ring: Array, n: Array) -> Array:
    """The row that was written at push n."""
    return jax.lax.dynamic_index_in_dim(ring, n % ring.shape[0], keepdims=False)


def _back_from(ring: Array, windows: tuple[int, ...], n: Array) -> Array:
    """Rows written `window` pushes before push n, for each window; zero where there are none yet."""
    back = jnp.asarray(windows, dtype=jnp.int32)
    rows = ring[(n - back) % ring.shape[0]]
    return jnp.where(_upright(n >= back, rows), rows, 0.0)


def _powers(values: Array) -> Array:
    """Values and their squares on a new second axis."""
    return jnp.stack([values, values**2], axis=1)


def _upright(values: Array, like: Array) -> Array:
    """One value per row, shaped so that it broadcasts against all columns and paths of `like`."""
    return values.reshape(-1, *(1,) * (like.ndim - 1))


def _weights(alpha: float, n: Array) -> tuple[Array, Array]:
    """Sum of the n newest exponential weights (1, 1-alpha, ...) and sum of their squares."""
    keep = 1 - alpha
    count = n.astype(jnp.float64)
    total = (1 - keep**count) / alpha
    return total, (1 - keep ** (2 * count)) / (1 - keep**2)


def _average(means: Array, value: Array, spans: tuple[int, ...], n: Array) -> Array:
    if not spans:
        return means
    total = jnp.stack([_weights(2 / (span + 1), n + 1)[0] for span in spans])
    return means + (value - means) / _upright(total, means)


def _moments(moments: Array, value: Array, alphas: list[float], n: Array) -> Array:
    """Exponentially weighted mean and sum of squared deviations; the first close has no return."""
    if not alphas:
        return moments
    mean, squares = moments[:, 0], moments[:, 1]
    sums = jnp.stack([jnp.maximum(_weights(alpha, n)[0], 1.0) for alpha in alphas])
    total, keep = _upright(sums, mean), _upright(1 - jnp.asarray(alphas), mean)
    gap = value - mean
    after = jnp.stack([mean + gap / total, keep * squares + gap**2 * (total - 1) / total], axis=1)
    return jnp.where(n == 0, moments, after)
