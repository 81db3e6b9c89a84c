"""Coin Metrics, community service, keyless: prices, supply and market value of crypto assets by day.

`source_id` in the catalog: asset and metric, as in `btc:PriceUSD`. The licence is CC BY-NC 4.0: not for
commercial use, with attribution. Figures are text; a day stamped T runs from T 00:00 to 24:00 UTC and is
computed after it; the first figures of a day can still change. Times have nine digits of a second.
Metrics outside the community's set are refused with status 403.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pandas as pd
from pydantic import BaseModel

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources.decoding import answer_of, day_of, number_of, refusal
from groundswell.data.sources.source import Delivery, Job, Wanted, observations

SERVICE = Service(
    key="coin_metrics",
    title="Coin Metrics community data",
    address="https://community-api.coinmetrics.io/v4",
    rate=(10, 6.0),
    busy_seconds=6.0,
    documentation="https://docs.coinmetrics.io/api/v4/",
)

PATH = "/timeseries/asset-metrics"
PAGE = 10_000
MOST_PAGES = 40

LOOK_BACK = timedelta(days=30)
"""How far before the last stored day is asked again, for the figures that changed."""

_MIDNIGHT = re.compile(r"\d{4}-\d{2}-\d{2}T00:00:00(\.0{1,9})?Z", re.ASCII)


class _Page(BaseModel):
    """One page of an answer; a row is a mapping of names to text, or null where there is no figure."""

    data: list[dict[str, str | None]]
    next_page_token: str | None = None


class CoinMetrics:
    """Plans the requests to Coin Metrics."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per series: one metric that is refused refuses all that are asked with it."""
        return [Job(SERVICE, (each.entry.id,), partial(_run, each)) for each in wanted]


SOURCE = CoinMetrics()


def _run(wanted: Wanted, caller: Caller) -> Delivery:
    asset, _, metric = wanted.entry.source_id.partition(":")
    series = wanted.entry.id
    asked: dict[str, str | int] = {
        "assets": asset,
        "metrics": metric,
        "frequency": "1d",
        "page_size": PAGE,
        "paging_from": "start",  # without it the pages begin at the end
    }
    if wanted.through is not None:
        asked["start_time"] = (wanted.through - LOOK_BACK).isoformat()
    frames: list[pd.DataFrame] = []
    bodies: list[Body] = []
    tokens: set[str | None] = set()
    while len(bodies) < MOST_PAGES:
        body = _ask(asked, caller, series, metric)
        frame, token = read_page(body, series, asset, metric)
        frames.append(frame)
        bodies.append(body)
        if token is None:
            return Delivery(pd.concat(frames, ignore_index=True), bodies=tuple(bodies))
        if token in tokens:
            break
        tokens.add(token)
        asked["next_page_token"] = token
    raise refusal(
        bodies[-1], f"page {len(bodies)} points back", series=series, expected="pages that come to an end"
    )


def read_page(body: Body, series: str, asset: str, metric: str) -> tuple[pd.DataFrame, str | None]:
    """Return the figures of one page, without that of a day that still ran, and the token of the next.

    Raises:
        SourceError: the answer has another form, or a row is of another asset or not of a day.
    """
    page = answer_of(_Page, body, series=series)
    days, values, rows = [], [], []
    for row, named in enumerate(page.data, start=1):
        stamp = named.get("time") or ""
        if named.get("asset") != asset or metric not in named or not _MIDNIGHT.fullmatch(stamp):
            raise refusal(
                body,
                f"the row is of '{named.get('asset')}' at '{stamp[:40]}' with {', '.join(named)[:80]}",
                series=series,
                row=row,
                expected=f"the asset '{asset}' at 00:00 UTC with '{metric}'",
            )
        day = day_of(stamp, body, series=series, row=row)
        value = number_of(named[metric] or "", body, series=series, row=row, column=metric)
        if datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) <= body.fetched:
            days.append(day)
            values.append(value)
            rows.append(row)
    return observations(series, days, values, rows), page.next_page_token


def _ask(asked: dict[str, str | int], caller: Caller, series: str, metric: str) -> Body:
    try:
        return caller.get(SERVICE, PATH, asked, expect="json")
    except SourceError as problem:
        if "403" not in problem.what:
            raise
        raise SourceError(
            f"the community service does not give '{metric}' (status 403)",
            where=f"coin_metrics, series '{series}', {problem.where}",
            expected="a metric of the community's set, such as PriceUSD, CapMrktCurUSD or SplyCur",
            remedy="choose another metric in source_id; the full set is for customers",
        ) from problem
