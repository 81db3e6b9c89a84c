"""Who trades by rule: one file per actor, with its parameters, state, rule and sources."""

from groundswell.actors.buyback_desk import BuybackDesk
from groundswell.actors.fed_desk import FedDesk
from groundswell.actors.fed_speaker import FedSpeaker
from groundswell.actors.hedger import Hedger
from groundswell.actors.leveraged_fund import LeveragedFund
from groundswell.actors.option_dealer import OptionDealer
from groundswell.actors.rebalancer import Rebalancer
from groundswell.actors.risk_parity import RiskParity
from groundswell.actors.treasury_desk import TreasuryDesk
from groundswell.actors.trend_follower import TrendFollower
from groundswell.actors.vol_target import VolTarget
from groundswell.actors.volatility_fund import VolatilityFund

__all__ = [
    "BuybackDesk",
    "FedDesk",
    "FedSpeaker",
    "Hedger",
    "LeveragedFund",
    "OptionDealer",
    "Rebalancer",
    "RiskParity",
    "TreasuryDesk",
    "TrendFollower",
    "VolTarget",
    "VolatilityFund",
]
