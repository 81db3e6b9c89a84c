"""Option hedging on the desk: how much gamma dealers hold and where it changes sign, what they must trade,
and whether that damps or amplifies a move. Nobody knows the signs of their book: every number is a range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from groundswell.core.day import INDEX
from groundswell.data.book import Book
from groundswell.data.errors import DataError
from groundswell.runs import dealer_flows
from groundswell.runs.history import History, lay_out
from groundswell.runs.replay import Replay
from groundswell.runs.scenarios import Movement, Scenario, standard_scenarios
from groundswell.sheets import gamma_frames as frames
from groundswell.sheets import gamma_words, words
from groundswell.sheets.gamma_quotes import Held, held_or_refused
from groundswell.sheets.moment import Moment
from groundswell.sheets.section import Section, StripItem
from groundswell.world.impact_law import ImpactLaw


@dataclass(frozen=True, kw_only=True)
class GammaSection(Section):
    """Dealers' option hedging on one evening. USD bn; + long, + buys.

    Attributes:
        profile: gamma over the level of the index, see `gamma_frames.profile`.
        flips: levels where it changes sign, see `gamma_frames.flips`.
        exposures: gamma, vanna and charm at the spot, see `gamma_frames.exposures`.
        expiring: the gamma that goes with the next expiries, see `gamma_frames.expiring`.
        flows: what dealers trade in the standard scenarios, see `gamma_frames.chain_flows`.
        impact: what their hedging does to a move of 1%, see `gamma_frames.impact`.
        spot: level of the index that the section is read at.
    """

    key: ClassVar[str] = "gamma"
    title: ClassVar[str] = "Option hedging"
    frames: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "profile": ("expiries", "level"),
        "flips": ("convention", "expiries", "number"),
        "exposures": ("measure", "basis"),
        "expiring": ("expiry", "convention"),
        "flows": ("scenario", "horizon", "convention"),
        "impact": ("convention",),
    }
    units: ClassVar[Mapping[str, str]] = gamma_words.UNITS

    profile: pd.DataFrame
    flips: pd.DataFrame
    exposures: pd.DataFrame
    expiring: pd.DataFrame
    flows: pd.DataFrame
    impact: pd.DataFrame
    spot: float


def build(
    book: Book,
    at: Moment,
    history: History | None = None,
    draws: int = 200,
    seed: int = 0,
    law: ImpactLaw | None = None,
    quoted: Callable[[], Held | DataError] | None = None,
) -> GammaSection:
    """The section of an evening: from the option chain where the book has one, else from the calibrated book.

    Args:
        book: cut at the end of what may be known.
        at: the moment of the sheet, against which data are old.
        history: the book laid out, if somebody has done so already.
        draws: of parameters behind the bands.
        seed: of the draws.
        law: of impact, holding its central values.
        quoted: gives the chain of the book, if somebody is reading it already.

    Raises:
        DataError: as `runs.history.lay_out`.
    """
    history = lay_out(book) if history is None else history
    reference = Movement().reference(history.returns[: history.length, INDEX])
    scenarios = standard_scenarios(reference)
    replayed = dealer_flows.calibrated_state(history, draws, seed)
    law = ImpactLaw() if law is None else law
    chain = held_or_refused(book, at) if quoted is None else quoted()
    if isinstance(chain, DataError):
        return _calibrated(book, history, replayed, scenarios, law, seed, chain)
    return _from_chain(chain, book, history, replayed, scenarios, law, seed)


def _from_chain(
    chain: Held,
    book: Book,
    history: History,
    replayed: Replay,
    scenarios: tuple[Scenario, ...],
    law: ImpactLaw,
    seed: int,
) -> GammaSection:
    volume = float(history.daily_volume[history.length - 1])
    found = dealer_flows.chain_flows(
        chain.frame,
        chain.spot,
        chain.moment,
        replayed,
        scenarios,
        customer_share=frames.CUSTOMER_SHARE,
        seed=seed,
    )
    spots = frames.levels(chain, found.level)
    searched = (float(spots[0]), float(spots[-1]))
    flips = frames.flips(chain, *searched)
    exposures = frames.exposures(chain)
    expiring = frames.expiring(chain)
    today = expiring[expiring["expiry"] == expiring["expiry"].iloc[0]]
    by_convention = dict(zip(today["convention"], today["gamma"], strict=True))
    impact = frames.impact(by_convention, book, history, law, replayed.members - 1, seed)
    size = frames.size_factor("market_value", book.market_value(), replayed.members - 1, seed)
    model = frames.calibrated_exposure(dealer_flows.calibrated_gamma(replayed) * size)
    row = exposures.iloc[0]
    note = f"per 1%, {gamma_words.CONVENTIONS[gamma_words.CENTRAL]}; range over conventions"
    return GammaSection(
        finding=gamma_words.finding(chain, exposures, flips, searched),
        data=(
            f"S&P 500 options quoted {words.day(chain.taken)}, {chain.taken:%H:%M} in New York, "
            f"{len(chain.frame):,} contracts"
        ),
        caveats=gamma_words.caveats(chain, found.contracts, found.left_out, impact, model.iloc[0]),
        strip=(
            StripItem(
                "Dealer gamma",
                f"{words.money(row['central'])} {words.band(row['low'], row['high'], row['central'])}",
                chain.taken.normalize(),
                note,
                "option chain",
                chain.stale,
            ),
        ),
        profile=frames.profile(chain, spots),
        flips=flips,
        exposures=pd.concat([exposures, model], ignore_index=True),
        expiring=expiring,
        flows=frames.chain_flows(found.frame, volume),
        impact=impact,
        spot=chain.spot,
    )


def _calibrated(
    book: Book,
    history: History,
    replayed: Replay,
    scenarios: tuple[Scenario, ...],
    law: ImpactLaw,
    seed: int,
    refusal: DataError,
) -> GammaSection:
    last, draws = history.length - 1, replayed.members - 1
    size = frames.size_factor("market_value", book.market_value(), draws, seed)
    gamma = dealer_flows.calibrated_gamma(replayed) * size
    exposures = frames.calibrated_exposure(gamma)
    flows = frames.calibrated_flows(
        dealer_flows.calibrated_flows(replayed, scenarios, size), float(history.daily_volume[last])
    )
    return GammaSection(
        finding=gamma_words.calibrated_finding(exposures, flows),
        data=f"calibrated book, no chain; closes of the index through {words.day(history.dates[last])}",
        missing=(
            f"No option chain to read on this evening ({refusal.what}): profile, flips and expiring gamma "
            f"are empty; {gamma_words.HOW}.",
        ),
        caveats=(
            "Without a chain the dealers' book is a model: weekly, monthly and quarterly options of the size "
            "that desks published in 2023-2026, written anew at each expiry, the sign of the calls drawn "
            "from conventions that span zero.",
        ),
        profile=frames.empty(frames.PROFILE_COLUMNS),
        flips=frames.empty(frames.FLIP_COLUMNS),
        exposures=exposures,
        expiring=frames.empty(frames.EXPIRING_COLUMNS),
        flows=flows,
        impact=frames.impact({"calibrated": gamma}, book, history, law, draws, seed),
        spot=float(history.closes[last, INDEX]),
    )
