"""Coin Metrics: prices, supply and market value of crypto assets.

- Text figures on days with nine digits of a second; a null is missing; the running day is left out.
- A day is known only after it has ended in UTC; market value is turned into billions.
- Pages are read by their token to the end; a token that comes back is refused.
- A metric the community service does not give fails alone, with the reason.
- Rows of another asset, time or kind are refused by series and row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from answering import Answering

from groundswell.data.catalog import catalog
from groundswell.data.checking import checked
from groundswell.data.errors import SourceError
from groundswell.data.sources.coin_metrics import SOURCE
from groundswell.data.sources.source import Delivery, Wanted

PATH = "/timeseries/asset-metrics"
NOW = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)


def row(
    day: str, value: str | None = "84017.0340292227", metric: str = "PriceUSD", **changed: object
) -> dict[str, object]:
    return {"asset": "btc", "time": f"{day}T00:00:00.000000000Z", metric: value} | changed


def run(answer: object, series: str = "btc", through: date | None = None) -> tuple[Delivery, Answering]:
    caller = Answering({PATH: answer}, fetched=NOW)  # type: ignore[dict-item]
    (job,) = SOURCE.jobs([Wanted(catalog()[series], through)], caller, NOW.date())
    return job.run(caller), caller


def test_figures_are_read_from_text_and_the_running_day_is_left_out() -> None:
    rows = [row("2026-01-28", None), row("2026-01-29"), row("2026-01-30", "83000.5"), row("2026-01-31", "1")]
    delivery, caller = run({"data": rows}, through=date(2026, 1, 28))
    assert delivery.observations["period"].dt.day.to_list() == [28, 29, 30]
    assert delivery.observations["value"].to_list()[1:] == [84017.0340292227, 83000.5]
    assert pd.isna(delivery.observations["value"].iloc[0])
    asked = caller.asked[0].parameters
    assert (asked["assets"], asked["metrics"], asked["paging_from"]) == ("btc", "PriceUSD", "start")
    assert asked["start_time"] == "2025-12-29"


def test_a_day_is_known_only_after_its_end_in_utc_and_market_value_comes_in_billions() -> None:
    delivery, _ = run(
        {"data": [row("2026-01-29", "1678900000000.5", "CapMrktCurUSD")]}, "crypto_market_value.btc"
    )
    table = checked(delivery.observations, catalog()["crypto_market_value.btc"], NOW)
    assert table["value"].iloc[0] == pytest.approx(1678.9)
    assert table["ruled"].iloc[0] > pd.Timestamp("2026-01-30 00:30", tz="UTC")


def test_pages_are_read_by_their_token_to_the_end() -> None:
    def pages(asked: Mapping[str, object]) -> dict[str, object]:
        if "next_page_token" not in asked:
            return {"data": [row("2026-01-28")], "next_page_token": "0.abc", "next_page_url": "https://x"}
        assert asked["next_page_token"] == "0.abc"
        return {"data": [row("2026-01-29")]}

    delivery, caller = run(pages)
    assert delivery.observations["period"].dt.day.to_list() == [28, 29]
    assert len(caller.asked) == 2
    with pytest.raises(SourceError, match="points back"):
        run({"data": [row("2026-01-28")], "next_page_token": "0.abc"})


def test_a_metric_outside_the_community_set_fails_alone_with_the_reason() -> None:
    caller = Answering(
        {
            (PATH, "metrics=AdrActCnt"): SourceError("status 403", where="coin_metrics"),
            (PATH, "metrics=PriceUSD"): {"data": [row("2026-01-29")]},
        }
    )
    wanted = [Wanted(catalog()[name]) for name in ("crypto_addresses.btc", "btc")]
    refused, served = SOURCE.jobs(wanted, caller, NOW.date())
    with pytest.raises(SourceError, match=r"does not give 'AdrActCnt'.*PriceUSD"):
        refused.run(caller)
    assert len(served.run(caller).observations) == 1


@pytest.mark.parametrize(
    ("answer", "row_words", "found"),
    [
        ({"data": [row("2026-01-28"), row("2026-01-29", asset="eth")]}, "row 2", "'eth'"),
        ({"data": [row("2026-01-28", time="2026-01-28T06:00:00.000000000Z")]}, "row 1", "T06:00"),
        ({"data": [row("2026-01-28", metric="ReferenceRateUSD")]}, "row 1", "ReferenceRateUSD"),
        ({"data": [row("2026-02-30")]}, "row 1", "2026-02-30"),
        ({"data": [row("2026-01-28", "84k")]}, "row 1", "84k"),
        ({"error": {"type": "bad_parameter"}}, "", "data"),
        ("[1", "", "not JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_by_series_and_row(answer: object, row_words: str, found: str) -> None:
    with pytest.raises(SourceError) as refusal:
        run(answer)
    assert "'btc'" in refusal.value.where
    assert row_words in refusal.value.where
    assert found in refusal.value.what


def test_the_catalog_bounds_hold_on_real_prices(real_data: object) -> None:
    for name, asset in (("btc", "btc"), ("eth", "eth")):
        closes = pd.read_csv(real_data(f"crypto/{asset}_daily.csv"))["close"]  # type: ignore[operator]
        entry = catalog()[name]
        assert closes.between(entry.low, entry.high).all()
        assert entry.typical_low < closes.tail(60).median() < entry.typical_high
