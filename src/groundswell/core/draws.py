"""Bands: the same modules with each declared parameter replaced by draws from its own range. Draw
i depends on the seed, i and the parameter's address alone, so it is the same draw whatever the
number of draws, the batch, or which other parameters and actors exist.
"""

import zlib
from collections.abc import Mapping
from operator import attrgetter
from typing import TypeVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, UInt32

from groundswell.core.engine import jax, jnp
from groundswell.core.parameter import Declared, declarations

_PADDED_MEMBERS = 128

M = TypeVar("M", bound=Declared)


def _uniforms(seed: int, members: UInt32[np.ndarray, " members"], name: int) -> Float[np.ndarray, " members"]:
    """One uniform number per member for the quantity of that name; compiled for one size only."""
    padded = np.resize(members, -(-len(members) // _PADDED_MEMBERS) * _PADDED_MEMBERS)
    blocks = padded.reshape(-1, _PADDED_MEMBERS)
    drawn = [np.asarray(_uniform_block(np.uint32(seed), block, np.uint32(name))) for block in blocks]
    return np.concatenate(drawn)[: len(members)]


@jax.jit
def _uniform_block(seed: Array, members: Array, name: Array) -> Array:
    def one(member: Array) -> Array:
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), member), name)
        return jax.random.uniform(key, dtype=jnp.float64)

    return jax.vmap(one)(members)


def spread(
    address: str,
    value: np.ndarray | float,
    low: np.ndarray | float,
    high: np.ndarray | float,
    seed: int,
    members: np.ndarray,
    drawn: int,
) -> Float[np.ndarray, "*shape members"]:
    """One quantity as an ensemble: member 0 and padding hold `value`, members 1 to `drawn` are draws.

    A draw is uniform below the central value with probability one half and uniform above it
    otherwise, so that the central value is the median of its draws even where the range is lopsided.
    Cohorts move together: one draw says where in its range every cohort stands.

    Args:
        address: name of the quantity; with the seed it decides the draws.
        value: central value, scalar or one per cohort.
        low: lower end of the range, same shape.
        high: upper end, same shape.
        seed: of the whole ensemble.
        members: numbers of the members wanted.
        drawn: how many members are draws at all.
    """
    central = np.asarray(value, dtype=np.float64)[..., None]
    # a value that the user set outside the declared range stretches the range to it
    lower = np.minimum(np.broadcast_to(low, central.shape[:-1])[..., None], central)
    upper = np.maximum(np.broadcast_to(high, central.shape[:-1])[..., None], central)
    numbers = np.asarray(members, dtype=np.uint32)
    u = _uniforms(seed, numbers, zlib.crc32(address.encode()))
    draw = np.where(u < 0.5, lower + 2 * u * (central - lower), central)
    draw = np.where(u >= 0.5, central + (2 * u - 1) * (upper - central), draw)
    return np.where((numbers >= 1) & (numbers <= drawn), draw, central)


def ensemble(modules: Mapping[str, M], seed: int, first: int, count: int, drawn: int) -> dict[str, M]:
    """The modules with every declared leaf given a last axis of `count` members, `first` and on.

    Args:
        modules: actors (or other declared modules) by key, holding central values.
        seed: of the whole ensemble.
        first: number of the first member.
        count: members to return; see `spread` for what each of them holds.
        drawn: how many members are draws at all.
    """
    members = np.arange(first, first + count)
    result = dict(modules)
    for key, module in modules.items():
        for d in declarations(type(module)):
            if d.structural:
                continue
            name = d.address.split(".")[1]
            value = getattr(module, name)
            # one fund built by hand instead of the declared cohorts has no declared range
            low, high = (d.low, d.high) if np.shape(value) == np.shape(d.value) else (value, value)
            leaf = spread(d.address, value, low, high, seed, members, drawn)
            result[key] = eqx.tree_at(attrgetter(name), result[key], leaf)
    return result
