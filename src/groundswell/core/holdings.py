"""How a fund's order follows from its weights: an order is the change of a *holding*, so it contains
the drift of what is held and the growth of what it is a share of. Cohorts are the first axis, assets
the last. Subscriptions come in kind: a cohort's size may change overnight without a trade.
"""

from jaxtyping import Array, Float

from groundswell.core.engine import jnp


def assets_after(
    assets: Float[Array, "*cohorts"],
    weights: Float[Array, "*cohorts assets"],
    r: Float[Array, " assets"],
) -> Float[Array, "*cohorts"]:
    """Assets at the close (USD bn) of funds that held `weights` of them while returns were r (log)."""
    return assets * (1 + jnp.sum(weights * jnp.expm1(r), axis=-1))


def change_of_holding(
    assets: Float[Array, "*cohorts"],
    weights: Float[Array, "*cohorts assets"],
    desired: Float[Array, "*cohorts assets"],
    r: Float[Array, " assets"],
) -> Float[Array, "*cohorts assets"]:
    """Orders in USD bn that bring the weights to `desired` at the close: K' NAV' - K NAV exp(r)."""
    after = assets_after(assets, weights, r)[..., None]
    return desired * after - weights * assets[..., None] * jnp.exp(r)


def weights_after(
    assets: Float[Array, "*cohorts"],
    weights: Float[Array, "*cohorts assets"],
    orders: Float[Array, "*cohorts assets"],
    r: Float[Array, " assets"],
    filled: Float[Array, " assets"],
) -> Float[Array, "*cohorts assets"]:
    """Weights at the close when `filled` of the cohorts' joint order was done, pro rata per asset."""
    total = jnp.sum(orders, axis=tuple(range(orders.ndim - 1)))
    share = jnp.where(total == 0.0, 1.0, filled / jnp.where(total == 0.0, 1.0, total))
    held = weights * assets[..., None] * jnp.exp(r) + share * orders
    after = assets_after(assets, weights, r)[..., None]
    return jnp.where(after == 0.0, 0.0, held / jnp.where(after == 0.0, 1.0, after))
