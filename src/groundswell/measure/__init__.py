"""Estimators that need no actor: pure functions of data, each held to a published worked example."""

from groundswell.measure import impact, trend

__all__ = ["impact", "trend"]
