"""Who trades by rule: one file per actor, with its parameters, state, rule and sources."""

from groundswell.actors.buyback_desk import BuybackDesk
from groundswell.actors.leveraged_fund import LeveragedFund
from groundswell.actors.rebalancer import Rebalancer
from groundswell.actors.risk_parity import RiskParity
from groundswell.actors.trend_follower import TrendFollower
from groundswell.actors.vol_target import VolTarget

__all__ = [
    "BuybackDesk",
    "LeveragedFund",
    "Rebalancer",
    "RiskParity",
    "TrendFollower",
    "VolTarget",
]
