"""What the amount of rate risk that the public must hold does to the ten-year yield. One slope serves the
mix of issuance, debt buybacks, purchases and run-off: it acts on the stock that is *expected*, hence on the
day of the announcement, and the Fed's holdings are netted once.
"""

from typing import ClassVar

from jaxtyping import Array

from groundswell.core.parameter import Declared, parameter


class TermPremium(Declared):
    """Yield effect of rate risk withdrawn from, or supplied to, the public."""

    key: ClassVar[str] = "term_premium"

    slope: Array = parameter(
        0.031,
        0.0175,
        0.05,
        "basis points of the ten-year yield per USD bn of ten-year equivalents",
        "Miran & Roubini 2024, Activist Treasury Issuance (Hudson Bay Capital): USD 800bn of coupons "
        "replaced by bills for 25 bp, range 14-40 (secondary; per USD bn derived)",
    )

    def yield_change(self, supplied: Array | float) -> Array:
        """Change of the ten-year yield in basis points when the *expected* supply changes.

        Args:
            supplied: change of what the public is expected to hold, USD bn of ten-year equivalents;
                negative withdraws rate risk and lowers the yield.
        """
        return self.slope * supplied
