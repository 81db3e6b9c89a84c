"""Short ways to tell a store something: batches of a made source, and the rule it is released by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pandas as pd

from groundswell.data.catalog import Entry
from groundswell.data.store.layout import Batch

LAG = pd.Timedelta(days=3, hours=20, minutes=30)
"""The made rule: public three days after the period, at 20:30 UTC."""


def at(text: str) -> datetime:
    """Return a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ruled(period: str) -> pd.Timestamp:
    return (pd.Timestamp(period) + LAG).tz_localize("UTC")


def said(
    fetched: str,
    series: str = "jobs",
    values: Mapping[str, float] | None = None,
    *,
    stated: Iterable[tuple[str, str, float]] = (),
    source: str = "made",
) -> Batch:
    """Return what a source said: `values` by period, and `stated` (period, release, value)."""
    rows = [(period, value, None) for period, value in (values or {}).items()]
    rows += [(period, value, at(release)) for period, release, value in stated]
    return Batch(
        fetched=at(fetched),
        source=source,
        observations=pd.DataFrame(
            {
                "series": pd.Series([series] * len(rows), dtype="str"),
                "period": pd.to_datetime(pd.Series([row[0] for row in rows], dtype="str")).astype(
                    "datetime64[us]"
                ),
                "value": pd.Series([row[1] for row in rows], dtype="float64"),
                "stated": pd.to_datetime(
                    pd.Series([row[2] for row in rows], dtype="object"), utc=True
                ).astype("datetime64[us, UTC]"),
                "ruled": pd.Series([ruled(row[0]) for row in rows], dtype="datetime64[us, UTC]"),
            }
        ),
        asked=(series,),
    )


def entry(series: str = "jobs", **changes: object) -> Entry:
    """Return an entry of the catalog for the made source."""
    fields: dict[str, object] = {
        "id": series,
        "title": "Made figures",
        "unit": "USD bn",
        "frequency": "monthly",
        "source": "made",
        "source_id": series.upper(),
        "source_unit": "USD bn",
        "release": "period +3 days at 15:30",
        "revised": True,
        "low": -1e6,
        "high": 1e6,
        "typical_low": -1e6,
        "typical_high": 1e6,
        "licence": "public domain",
        "feeds": "M1",
    }
    return Entry.model_validate(fields | changes)
