"""Every actor there is, by key and by mechanism, and whether it is in the desk's totals. An actor whose
position nobody can check on the data of the desk, or who trades no asset of the day, is kept out of the
roster: it is listed here, its parameters are in the registry, and a run may take it in by name.
"""

from collections.abc import Mapping
from types import MappingProxyType

from groundswell.actors.fed_desk import FedDesk
from groundswell.actors.fed_speaker import FedSpeaker
from groundswell.actors.hedger import Hedger
from groundswell.actors.option_dealer import OptionDealer
from groundswell.actors.treasury_desk import TreasuryDesk
from groundswell.actors.volatility_fund import VolatilityFund
from groundswell.core.day import Actor
from groundswell.world.roster import ROSTER

OUTSIDE: Mapping[type[Actor], str] = MappingProxyType(
    {
        OptionDealer: "nobody can check the sign of its book on prices of the index alone",
        VolatilityFund: "the book has no prices of the constant-maturity VIX future",
        Hedger: "it trades options, not the index",
        FedSpeaker: "it trades nothing; its odds come from futures where there are any",
        TreasuryDesk: "it trades bills and bonds with the public, not the index",
        FedDesk: "it trades bills and bonds with the public, not the index",
    }
)
"""Actors that are not in the roster, and why."""

ACTORS: Mapping[str, type[Actor]] = MappingProxyType({kind.key: kind for kind in (*ROSTER, *OUTSIDE)})
"""Every actor by its key."""

MECHANISMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "M1": ("fed_speaker",),
        "M2": ("vol_target", "risk_parity"),
        "M3": ("trend_follower",),
        "M4": ("buyback_desk",),
        "M5": ("option_dealer", "hedger", "leveraged_fund", "volatility_fund", "rebalancer"),
        "M6": ("leveraged_fund", "volatility_fund"),
        "M19": ("treasury_desk", "fed_desk"),
        "M20": ("treasury_desk", "fed_desk"),
    }
)
"""The actors that carry a mechanism of the thesis."""
