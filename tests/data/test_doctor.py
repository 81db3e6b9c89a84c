"""The doctor says what is missing, old, failing or out of reach, and why, and changes nothing.

- a service that answers, one that does not, one that wants a key: each with its reason
- series in trouble by state; facts of the store, the archive and the settings
- keys are told as present or absent, never shown
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import made_services
import pandas as pd
import pytest
from loopback import Server, html_instead, serving
from made_data import tell
from pydantic import SecretStr

from groundswell.data import doctor
from groundswell.data.doctor import examine
from groundswell.data.errors import SourceError
from groundswell.data.settings import Settings
from groundswell.data.sources.roster import NAMES, SOURCES
from groundswell.data.sources.source import SeriesFailure
from groundswell.data.store.layout import Batch


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(made_services.routes()) as running:
        yield running


@pytest.fixture
def user(tmp_path: Path, server: Server) -> Settings:
    addresses = dict.fromkeys((*NAMES, "fred_graph"), server.address)
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache", addresses=addresses)


def test_every_source_is_there_under_its_own_key() -> None:
    assert {SOURCES[key].service.key for key in NAMES} == set(NAMES)


def test_a_service_that_keeps_a_file_a_month_is_asked_for_the_last_ones(
    user: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "NAMES", {"fred_md": NAMES["fred_md"]})
    examine(user)
    assert 1 <= len(server.requests) <= 3


def test_services_answer_or_say_why_not(
    user: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "SECONDS", 8.0)
    monkeypatch.setattr(
        doctor, "NAMES", {name: NAMES[name] for name in ("fred", "cboe", "fiscal_data", "eia")}
    )
    server.routes[made_services.INDEX_PATH.format(name="VIX")] = html_instead()
    services = examine(user).services.set_index("source")
    assert services["state"].to_dict() == {
        "fred": "answers",
        "cboe": "fails",
        "fiscal_data": "fails",
        "eia": "not asked",
    }
    assert "web page" in services["reason"]["cboe"].lower() or "html" in services["reason"]["cboe"].lower()
    assert "EIA_API_KEY" in services["reason"]["eia"]
    assert not (user.data / "bodies").exists(), "nothing of the examination is kept"


def test_series_in_trouble_are_named_by_state(user: Settings) -> None:
    fresh = pd.Series(17.0, made_services.sessions)
    store = tell(user.data, {"vix": fresh, "vix9d": fresh[:-15]}, at=f"{pd.Timestamp.now('UTC')}"[:19])
    error = SourceError("the columns are other", where="cboe, series 'vvix'")
    failure = SeriesFailure("vvix", error)
    store.write([Batch(pd.Timestamp.now("UTC").to_pydatetime(), "cboe", failures=(failure,))])
    found = examine(user, reach=False)
    series = found.series.set_index("series")
    assert "vix" not in series.index
    assert series["state"][["vix9d", "vvix", "fed_assets"]].tolist() == ["stale", "failing", "missing"]
    assert "the next period was due on" in series["reason"]["vix9d"]
    assert "the columns are other" in series["reason"]["vvix"]
    assert series["age_days"]["vix9d"] > 15
    cboe = found.services.set_index("source").loc["cboe"]
    assert (cboe["stored"], cboe["stale"], cboe["failing"]) == (2, 1, 1)
    assert (found.facts["series"], found.facts["observations"]) == (2, 2 * len(fresh) - 15)


def test_keys_are_told_and_never_shown(user: Settings) -> None:
    secret = "A" * 7 + "SECRET" + "B" * 7
    mine = user.model_copy(update={"eia_api_key": SecretStr(secret)})
    found = examine(mine, reach=False)
    services = found.services.set_index("source")
    assert services["key_state"][["eia", "bea", "cboe"]].tolist() == ["present", "absent", "none wanted"]
    assert services["unlocks"]["bea"]
    assert secret not in found.services.to_csv() + found.series.to_csv() + str(found.facts)


def test_without_a_store_everything_is_missing(user: Settings) -> None:
    found = examine(user, reach=False)
    assert set(found.series["state"]) == {"missing"}
    assert (found.facts["store_bytes"], found.facts["last_update"]) == (0, None)
    assert not user.data.exists()
