"""The looks of the sheet's sections, by the key of the section."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from groundswell.show.look import Look
from groundswell.show.sections import curve, gamma, liquidity, policy

LOOKS: Mapping[str, Look[Any]] = MappingProxyType(
    {"curve": curve.LOOK, "gamma": gamma.LOOK, "policy": policy.LOOK, "liquidity": liquidity.LOOK}
)
