"""A sheet fetches what it lacks, once, in seconds, and never because it must.

- missing and stale series are asked for; what is fresh, or was tried within the hour, is not
- quotes are taken once after each session
- without a network it is over at once; whatever goes wrong is a remark, never an error
- a host that takes connections and says nothing is given up in time; a key slows nothing down
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import made_services
import pandas as pd
import pytest
from filelock import FileLock
from loopback import Server, hang, html_instead, serving
from made_data import tell
from pydantic import SecretStr

from groundswell.data import calendar, refreshing
from groundswell.data.settings import Settings
from groundswell.data.sources.source import Snapshot
from groundswell.data.store.layout import Batch


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(made_services.routes()) as running:
        yield running


@pytest.fixture
def user(tmp_path: Path, server: Server) -> Settings:
    addresses = {name.lower(): server.address for name in (*made_services.ADDRESSES, "FRED")}
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache", addresses=addresses)


def test_what_the_desk_lacks_is_fetched_once(user: Settings, server: Server) -> None:
    first = refreshing.refresh(user, "desk")
    assert first.updated is not None
    told = first.updated.frame.set_index("series")
    assert told["new"][["index", "vix", "fed_assets"]].gt(0).all()
    assert {"effr", "futures.fed_funds"} <= set(first.updated.failures), "these services are not served here"
    assert first.remark.startswith("Refreshed in part: ")
    asked = len(server.requests)
    assert refreshing.refresh(user, "desk") == refreshing.Refreshed()
    assert len(server.requests) == asked


def test_a_key_does_not_make_the_sheet_wait_for_fred_series_by_series(user: Settings, server: Server) -> None:
    keyed = user.model_copy(update={"fred_api_key": SecretStr("0123456789abcdef0123456789abcdef")})
    assert refreshing.refresh(keyed, "desk", always=True).updated is not None
    asked = [each.path for each in server.requests]
    assert "/fredgraph.csv" in asked
    assert not [path for path in asked if path.startswith("/series")]


def test_only_what_is_old_is_fetched_again(user: Settings, server: Server) -> None:
    days = made_services.sessions
    old, fresh = pd.Series(17.0, days[:-10]), pd.Series(17.0, days)
    tell(user.data, {"vix": old, "vix9d": fresh}, at=f"{pd.Timestamp.now('UTC'):%Y-%m-%d %H:%M}")
    just_tried = refreshing.refresh(user, "desk").updated
    assert just_tried is not None
    assert not {"vix", "vix9d"} & set(just_tried.frame["series"]), "both were asked for a minute ago"
    other = user.model_copy(update={"data": user.data.with_name("other")})
    tell(other.data, {"vix": old, "vix9d": fresh}, at=f"{days[-1]:%Y-%m-%d} 23:00")
    later = refreshing.refresh(other, "desk").updated
    assert later is not None
    assert "vix" in set(later.frame["series"])
    assert "vix9d" not in set(later.frame["series"])


def test_quotes_are_taken_once_after_each_session(user: Settings) -> None:
    wall = pd.Timestamp.now("America/New_York").tz_localize(None) - refreshing.QUOTES_OUT
    closes = calendar.sessions(wall - pd.Timedelta(days=10), wall) + pd.Timedelta(hours=16)
    last = closes[closes <= wall][-1].tz_localize("America/New_York")
    quotes = pd.DataFrame({"contract": ["VXZ26"], "kind": ["future"], "expiry": [last.tz_localize(None)]})
    asked = {}
    for name, taken in (("before", last - pd.Timedelta(hours=3)), ("after", last + pd.Timedelta(hours=1))):
        own = user.model_copy(update={"data": user.data.with_name(name)})
        store = tell(own.data, {"vix": pd.Series(17.0, made_services.sessions)}, at="2020-01-02 12:00")
        moment = taken.tz_convert("UTC").to_pydatetime()
        snapshot = Snapshot("chain.spx", moment, quotes)
        store.write([Batch(moment, "cboe", snapshots=(snapshot,), asked=("chain.spx",))])
        done = refreshing.refresh(own, "desk").updated
        assert done is not None
        asked[name] = "chain.spx" in set(done.frame["series"])
    assert asked == {"before": True, "after": False}


def test_without_a_network_it_is_over_at_once(user: Settings) -> None:
    with serving({}) as gone:
        pass
    nowhere = dict.fromkeys(user.addresses, gone.address)
    start = time.monotonic()
    done = refreshing.refresh(user.model_copy(update={"addresses": nowhere}), "desk")
    assert time.monotonic() - start < 1.5
    assert (done.updated, "no service could be reached" in done.remark) == (None, True)


def test_a_silent_host_is_given_up_in_time(
    user: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "SECONDS", 1.0)
    server.routes["/fredgraph.csv"] = hang()
    start = time.monotonic()
    done = refreshing.refresh(user, "desk")
    assert time.monotonic() - start < 4.0
    assert done.updated is not None
    assert "index" in done.updated.failures
    assert done.updated.frame.set_index("series")["new"]["vix"] > 0


def test_walls_everywhere_are_not_called_a_refresh_in_part(user: Settings, server: Server) -> None:
    server.routes = dict.fromkeys(server.routes, html_instead())
    remark = refreshing.refresh(user, "desk").remark
    assert remark.startswith("Not refreshed: nothing could be fetched (a web page came")


def test_what_goes_wrong_is_a_remark(user: Settings) -> None:
    user.data.mkdir()
    with FileLock(user.data / "store.duckdb.lock"):
        assert "another process is writing" in refreshing.refresh(user, "desk").remark
    (user.data / "store.duckdb").write_bytes(b"no store")
    assert "the store cannot be used" in refreshing.refresh(user, "desk").remark
