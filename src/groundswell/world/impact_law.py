"""What the day's flows did to the price: a lasting part by the inelastic-markets multiplier and a
square-root part that decays. What was known in advance moved the price earlier. The law is used both
ways: here to say how much of a past move the estimated orders explain.
"""

from operator import attrgetter
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Array, Bool, Float

from groundswell.core.engine import jax, jnp
from groundswell.core.parameter import Declared, checked_value, declarations, parameter


class ImpactLaw(Declared):
    """r = news + phi (M/Cap)(F - psi E[F]) + T - T_before,  T = rho T_before + Y sigma q / sqrt(|q| + q0)."""

    key: ClassVar[str] = "impact"

    multiplier: Array = parameter(
        5.0,
        3.0,
        8.0,
        "USD of value per USD of surprise flow into the aggregate market",
        "Gabaix & Koijen 2021, NBER 28967, abstract (read); range 3-8 (secondary)",
    )
    lasting: Array = parameter(
        0.5,
        0.15,
        1.0,
        "share of the multiplier's effect that lasts (phi)",
        "Gabaix & Koijen: permanent; Ben-Rephael, Kandel & Wohl 2012: 85% reverses within four months (read)",
    )
    foreseen: Array = parameter(
        0.6,
        0.3,
        0.9,
        "share of a known flow priced when it became known (psi)",
        "USD 1 of buyback goes with about USD 2 of value instead of 5, hence 1 - 2/5 (secondary)",
    )
    y: Array = parameter(
        0.75,
        0.5,
        1.0,
        "prefactor of the square-root law (Y)",
        "Of order one, 0.5-1 in practice (recalled)",
    )
    decay: Array = parameter(
        0.67,
        0.5,
        0.9,
        "share of the square-root impact left a day later (rho)",
        "About two thirds of the peak at the end of the following day (recalled)",
    )
    smallest: Array = parameter(
        0.01,
        0.001,
        0.03,
        "flow / average daily volume below which impact is linear (q0)",
        "Judgement: keeps the slope at zero flow finite",
    )

    def slope(self, participation: Array, daily_volatility: Array) -> Array:
        """Square-root impact (log return) per unit of daily volume, at a net flow of `participation`."""
        return self.y * daily_volatility / jnp.sqrt(jnp.abs(participation) + self.smallest)

    def session(
        self,
        impact_before: Float[Array, ""],
        orders: Float[Array, " actors"],
        foreknown: Float[Array, " actors"],
        market_value: Float[Array, ""],
        daily_volume: Float[Array, ""],
        daily_volatility: Float[Array, ""],
    ) -> tuple[Array, Array, Array]:
        """Impact left after the session, effect of each actor and decay of old impact (log returns).

        The actors' effects and the decay add up to phi (M/Cap)(F - psi E[F]) + T - T_before exactly.
        """
        shares = orders / daily_volume
        participation = jnp.sum(shares)
        passing = self.slope(participation, daily_volatility) * shares
        lasting = self.lasting * self.multiplier / market_value * (orders - self.foreseen * foreknown)
        after = self.decay * impact_before + jnp.sum(passing)
        return after, lasting + passing, (self.decay - 1) * impact_before


def impact_law_with(changes: dict[str, Any]) -> tuple[dict[str, Any], ImpactLaw]:
    """The changes that are not the law's, and the law with those that are ("impact.multiplier": 3)."""
    law = ImpactLaw()
    known = {d.address: d for d in declarations(ImpactLaw)}
    for address in set(changes) & set(known):
        leaf = checked_value(known[address], changes[address], ())
        law = eqx.tree_at(attrgetter(address.split(".")[1]), law, leaf)
    return {address: value for address, value in changes.items() if address not in known}, law


@eqx.filter_jit
def effects_through_time(
    law: ImpactLaw,
    initiating: Float[Array, "days actors members"],
    reflexive: Float[Array, "days actors members"],
    foreknown: Bool[Array, " actors"],
    market_value: Float[Array, " days"],
    daily_volume: Float[Array, "days members"],
    daily_volatility: Float[Array, " days"],
) -> tuple[Float[Array, "days actors members"], Float[Array, "days members"]]:
    """Effect of each actor and decay of earlier impact, day by day and member by member (log returns).

    `law` has one value per member on the last axis. `foreknown` marks actors whose initiating order
    was known in advance. Market value, volume and volatility are those of the previous close.
    """

    def day(impact: Array, inputs: tuple[Array, ...]) -> tuple[Array, tuple[Array, Array]]:
        fixed, answer, cap, volume, volatility = inputs

        def member(
            law: ImpactLaw, impact: Array, fixed: Array, answer: Array, volume: Array
        ) -> tuple[Array, ...]:
            known = jnp.where(foreknown, fixed, 0.0)
            return law.session(impact, fixed + answer, known, cap, volume, volatility)

        after, effects, decay = jax.vmap(member, in_axes=-1, out_axes=-1)(law, impact, fixed, answer, volume)
        return after, (effects, decay)

    start = jnp.zeros(initiating.shape[-1])
    inputs = (initiating, reflexive, market_value, daily_volume, daily_volatility)
    return jax.lax.scan(day, start, inputs)[1]
