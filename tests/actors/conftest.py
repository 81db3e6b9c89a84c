"""A view of a market that has just closed, for actors met one at a time."""

from collections.abc import Callable

import numpy as np
import pytest

from groundswell.core.day import Actor, Day, View
from groundswell.core.engine import jnp
from groundswell.core.tape import Tape


@pytest.fixture(scope="session")
def after_closes() -> Callable[..., View]:
    """Return a maker of the view before a session: `after_closes(actor, closes, ...)`."""

    def make(
        actor: Actor,
        closes: np.ndarray,
        assets: tuple[str, ...] = ("index",),
        left_in_month: int = 10,
        blackout: float = 0.0,
    ) -> View:
        tape = Tape.blank(actor.watch(), len(assets))
        for close in np.reshape(closes, (len(closes), -1)):
            tape = tape.push(jnp.asarray(close))
        day = Day(jnp.asarray(left_in_month, dtype=jnp.int32), jnp.asarray(blackout))
        return View(assets, tape, jnp.asarray(20_000.0), jnp.asarray(300.0), day)

    return make
