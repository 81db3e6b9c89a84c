"""Bands: the same modules with each declared parameter replaced by draws from its own range. Draw
i depends on the seed, i and the parameter's address alone, so it is the same draw whatever the
number of draws, the batch, or which other parameters and actors exist."""

import zlib
from typing import TypeVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, UInt32

from groundswell.core.engine import jax, jnp
from groundswell.core.parameter import Declaration, Declared, declarations

Modules = TypeVar("Modules", bound=dict[str, Declared])


@jax.jit
def _uniforms(
    seed: Array, members: UInt32[Array, " members"], names: UInt32[Array, " names"]
) -> Float[Array, "names members"]:
    def one(member: Array, name: Array) -> Array:
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), member), name)
        return jax.random.uniform(key, dtype=jnp.float64)

    return jax.vmap(lambda name: jax.vmap(lambda member: one(member, name))(members))(names)


def ensemble(modules: Modules, seed: int, first: int, count: int, drawn: int) -> Modules:
    """The modules with every declared leaf given a last axis of `count` members, `first` and on.

    Member 0 is the central case (the values the modules hold); members 1 to `drawn` are draws;
    members beyond are padding and repeat the central case. A draw is uniform below the central
    value with probability one half and uniform above it otherwise, so that the central value is
    the median of its draws even where the range is lopsided.

    Args:
        modules: actors (or other declared modules) by key, holding central values.
        seed: of the whole ensemble.
        first: number of the first member.
        count: members to return.
        drawn: how many members are draws at all.
    """
    leaves: list[tuple[str, Declaration, np.ndarray]] = []
    for key, module in modules.items():
        for d in declarations(type(module)):
            if not d.structural:
                name = d.address.split(".")[1]
                leaves.append((key, d, np.asarray(getattr(module, name), dtype=np.float64)))
    names = [
        zlib.crc32(f"{d.address}[{element}]".encode())
        for _, d, value in leaves
        for element in range(value.size)
    ]
    members = np.arange(first, first + count, dtype=np.uint32)
    uniform = np.asarray(_uniforms(seed, members, np.asarray(names, dtype=np.uint32)))
    is_draw = (members >= 1) & (members <= drawn)

    result = dict(modules)
    row = 0
    for key, d, value in leaves:
        u = uniform[row : row + value.size].reshape(*value.shape, count)
        row += value.size
        # a value set by the user outside the declared range stretches the range to it
        low = np.minimum(np.broadcast_to(d.low, value.shape), value)[..., None]
        high = np.maximum(np.broadcast_to(d.high, value.shape), value)[..., None]
        central = value[..., None]
        draw = np.where(
            u < 0.5, low + 2 * u * (central - low), central + (2 * u - 1) * (high - central)
        )
        leaf = np.where(is_draw, draw, central)
        name = d.address.split(".")[1]
        result[key] = eqx.tree_at(lambda m, n=name: getattr(m, n), result[key], leaf)
    return result  # type: ignore[return-value]
