"""The one door to JAX: every module takes `jax` and `jnp` from here, so that float64 and the
persistent compilation cache are set before the first array exists.
"""

import os
from pathlib import Path

import jax
import jax.numpy as jnp
import platformdirs

__all__ = ["jax", "jnp"]

_CACHE_BYTES = 512 * 1024**2

jax.config.update("jax_enable_x64", True)
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    _folder = Path(platformdirs.user_cache_dir("groundswell", appauthor=False)) / "compiled"
    jax.config.update("jax_compilation_cache_dir", str(_folder))
    jax.config.update("jax_compilation_cache_max_size", _CACHE_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
