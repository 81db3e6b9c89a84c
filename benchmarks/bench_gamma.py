"""Gamma profile of 20,000 contracts on 200 spots: under 10 ms; and all flips of the same chain."""

import sys

import numpy as np
import pandas as pd
import QuantLib as ql  # noqa: N813
from timing import Timing, machine, measure, report

from groundswell.measure import gamma

CONTRACTS, SPOTS = 20_000, 200
INDEX = 6_700.0
LIBRARY_SHARE = 20
"""QuantLib prices one option at a time: every so many spots are timed, and scaled."""


def made_chain(contracts: int = CONTRACTS, seed: int = 0) -> pd.DataFrame:
    """A chain shaped like that of the S&P 500: daily expiries for a month, then weeks, months, years."""
    rng = np.random.default_rng(seed)
    days = np.concatenate([np.arange(1, 31), np.linspace(37, 120, 12), np.linspace(150, 1_800, 8)])
    years = np.repeat(days / 365, contracts // len(days))
    strikes = INDEX * np.exp(rng.uniform(-3, 2, len(years)) * 0.16 * np.sqrt(years + 0.05))
    strikes = np.round(strikes / 5) * 5
    smile = np.clip(0.16 - 0.3 * np.log(strikes / INDEX) / np.sqrt(1 + 20 * years), 0.07, 1.5)
    return pd.DataFrame(
        {
            "strike": strikes,
            "vol": smile * rng.uniform(0.98, 1.02, len(years)),
            "kind": rng.choice(["C", "P"], len(years)),
            "open_interest": rng.integers(0, 9_000, len(years)).astype(float),
            "years": years,
        }
    )


def in_numpy(chain: pd.DataFrame, spots: np.ndarray, digits: type[np.floating] = np.float64) -> np.ndarray:
    """The formula as it is printed, contracts x spots at once."""
    columns = (chain[name].to_numpy() for name in ("strike", "vol", "open_interest", "years"))
    k, v, held, t = (column.astype(digits)[:, None] for column in columns)
    sign = np.where(chain["kind"] == "C", 1.0, -1.0)[:, None]
    d1 = (np.log(spots / k) + v**2 / 2 * t) / (v * np.sqrt(t))
    each = np.exp(-(d1**2) / 2) / np.sqrt(2 * np.pi) / (spots * v * np.sqrt(t))
    return (sign * held * each).sum(axis=0) * 100 * spots**2 * 0.01 / 1e9


def in_quantlib(chain: pd.DataFrame, spots: np.ndarray) -> np.ndarray:
    """The same through QuantLib's calculator, option by option."""
    sign = np.where(chain["kind"] == "C", 1.0, -1.0) * chain["open_interest"].to_numpy()
    deviation = chain["vol"].to_numpy() * np.sqrt(chain["years"].to_numpy())
    payoffs = [ql.PlainVanillaPayoff(ql.Option.Call, strike) for strike in chain["strike"].tolist()]
    found = []
    for spot in spots.tolist():
        gammas = [
            ql.BlackCalculator(payoff, spot, b).gamma(spot)
            for payoff, b in zip(payoffs, deviation.tolist(), strict=True)
        ]
        found.append(sign @ np.array(gammas) * 100 * spot**2 * 0.01 / 1e9)
    return np.array(found)


def main() -> None:
    """Print the table."""
    start = machine()
    chain, spots = made_chain(), np.linspace(0.82 * INDEX, 1.2 * INDEX, SPOTS)
    ours = measure(
        f"{CONTRACTS:,} contracts x {SPOTS} spots", lambda: gamma.profile(chain, spots), 0.010, repeats=15
    )
    plain = measure("numpy, all at once", lambda: in_numpy(chain, spots), repeats=5)
    others = [plain, _quantlib(chain, spots)]
    exact = in_numpy(chain, spots.astype(np.longdouble), np.longdouble)
    off, off_plain = (
        float(np.abs(found / exact - 1).max())
        for found in (gamma.profile(chain, spots), in_numpy(chain, spots))
    )
    band = measure("the same under all conventions (band)", lambda: gamma.band(chain, spots))
    flips = measure("all flips within 20% of the index", lambda: gamma.flips(chain, 5_360, 8_040))
    remarks = (
        f"Largest difference from the formula in extended precision: {off:.1e} of the value; that of the "
        f"formula in numpy, double precision: {off_plain:.1e} (where long and short nearly cancel)."
    )
    report("Gamma of option dealers", [(ours, others), (band, []), (flips, [])], start, remarks)


def _quantlib(chain: pd.DataFrame, spots: np.ndarray) -> Timing:
    some = spots[::LIBRARY_SHARE]
    note = f"{len(some)} of {len(spots)} spots, scaled; one thread, option by option"
    share = len(some) / len(spots)
    return measure("QuantLib", lambda: in_quantlib(chain, some), repeats=2, share=share, note=note)


if __name__ == "__main__":
    sys.exit(main())
