"""An update brings what the services have, and nothing that goes wrong at one harms another.

- new, revised and unchanged are counted, and are in the store when they are told
- rubbish, hanging, a defect of ours, a refusal of the store: each fails alone, named, and stored data stay
- a unit changed under what is stored concerns that series alone
- a service that wants a key or a name is left out with the reason
- exit statuses; a second writer; nothing to store
- a key that is set later brings the vintages that were not to be had without it
- stale means: the next period was due by its rule
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from loopback import Asked, Server, hang, html_instead, serving
from made_data import made_entry
from pydantic import SecretStr

from groundswell.data import calendar, staleness
from groundswell.data.errors import DataError, SourceError, StoreBusyError, StoreError
from groundswell.data.gathering import Step
from groundswell.data.http.service import Caller
from groundswell.data.settings import Settings
from groundswell.data.sources import cboe
from groundswell.data.sources.source import Delivery, Job, observations
from groundswell.data.store.layout import Batch
from groundswell.data.store.store import Store
from groundswell.data.stored_book import place
from groundswell.data.update import Updated, update

TODAY = pd.Timestamp.now("America/New_York").tz_localize(None).normalize()
DAYS = calendar.sessions(TODAY - pd.Timedelta(days=40), TODAY - pd.Timedelta(days=1))
VALUES = pd.Series(np.linspace(15.0, 25.0, len(DAYS)).round(2), DAYS)


def history(values: pd.Series = VALUES) -> str:
    """Return an index history as Cboe writes it."""
    rows = [f"{day:%m/%d/%Y},{value},{value},{value},{value}" for day, value in values.items()]
    return "\n".join(["DATE,OPEN,HIGH,LOW,CLOSE", *rows]) + "\n"


def route(name: str) -> str:
    return cboe.INDEX_PATH.format(name=name)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving({route(name): history() for name in ("VIX", "VIX9D", "VIX3M")}) as running:
        yield running


@pytest.fixture
def user(tmp_path: Path, server: Server) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache", addresses={"cboe": server.address})


def again(user: Settings, *series: str, **options: object) -> Updated:
    """Update without the answers that were kept for the next ten minutes."""
    fresh = user.model_copy(update={"cache": user.cache / str(time.monotonic_ns())})
    return update(fresh, series=series or ("vix", "vix9d", "vix3m"), **options)  # type: ignore[arg-type]


def rows(updated: Updated) -> Mapping[str, Mapping[str, object]]:
    return updated.frame.set_index("series").to_dict("index")


def test_what_is_told_as_new_is_in_the_store(user: Settings) -> None:
    updated = again(user)
    assert updated.frame["new"].tolist() == [len(VALUES)] * 3
    assert updated.status == 0
    stored = place(user).latest("vix")
    np.testing.assert_array_equal(stored, VALUES)
    assert rows(updated)["vix"]["through"] == DAYS[-1]


def test_a_second_look_counts_new_revised_and_unchanged(user: Settings, server: Server) -> None:
    server.routes[route("VIX")] = history(VALUES[:-1])
    again(user)
    changed = VALUES.copy()
    changed.iloc[3] += 1.0
    server.routes[route("VIX")] = history(changed)
    told = rows(again(user))["vix"]
    assert (told["new"], told["revised"], told["unchanged"]) == (1, 1, len(VALUES) - 2)
    before = pd.Timestamp(DAYS[-1], tz="America/New_York")
    assert place(user).latest("vix", before).iloc[3] == VALUES.iloc[3]


@pytest.mark.parametrize("fault", [html_instead(), "DATE,OPEN,HIGH,LOW,CLOSE\n", "DATE,VIX\n01/05/2026,x\n"])
def test_rubbish_fails_alone_and_harms_nothing_stored(user: Settings, server: Server, fault: object) -> None:
    again(user)
    server.routes[route("VIX")] = fault
    updated = again(user)
    told = rows(updated)
    assert "cboe" in str(told["vix"]["failed"]).lower()
    assert "vix" in str(told["vix"]["failed"]).lower()
    assert (told["vix9d"]["failed"], told["vix9d"]["unchanged"]) == ("", len(VALUES))
    assert updated.status == 3
    np.testing.assert_array_equal(place(user).latest("vix"), VALUES)
    standing = place(user).standing().set_index("series")
    assert standing["failure"]["vix"] == told["vix"]["failed"]
    assert standing["failure"]["vix9d"] == ""


def test_a_service_that_hangs_is_given_up_at_the_deadline(user: Settings, server: Server) -> None:
    server.routes[route("VIX3M")] = hang()
    start = time.monotonic()
    updated = again(user, within=1.5)
    assert time.monotonic() - start < 4.0
    told = rows(updated)
    assert told["vix3m"]["failed"]
    assert told["vix"]["failed"] == "", "what was answered before is kept"
    assert len(place(user).latest("vix")) == len(VALUES)


def test_a_thread_that_never_comes_back_does_not_hold_up_the_rest(
    user: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = cboe.SOURCE.jobs

    def with_one_that_sleeps(wanted: object, caller: object, today: object) -> object:
        jobs = job(wanted, caller, today)  # type: ignore[arg-type]
        asleep = type(jobs[1])(jobs[1].service, jobs[1].series, lambda caller: time.sleep(30))  # type: ignore[arg-type]
        return [jobs[0], asleep, jobs[2]]

    monkeypatch.setattr(type(cboe.SOURCE), "jobs", lambda self, *given: with_one_that_sleeps(*given))
    start = time.monotonic()
    told = rows(again(user, within=3.0))
    assert time.monotonic() - start < 10.0
    assert [bool(told[name]["failed"]) for name in ("vix", "vix9d", "vix3m")] == [False, True, True]
    assert "no answer in the time allowed" in str(told["vix3m"]["failed"])


def in_place_of(monkeypatch: pytest.MonkeyPatch, *runs: Callable[[Caller], Delivery]) -> None:
    """Let the source plan these jobs instead, each for the series `vix`."""
    jobs = [Job(cboe.SERVICE, ("vix",), run) for run in runs]
    monkeypatch.setattr(type(cboe.SOURCE), "jobs", lambda self, *given: jobs)


def delivered(days: pd.DatetimeIndex) -> Delivery:
    return Delivery(observations("vix", days, VALUES[days], range(1, len(days) + 1)))


def refused(caller: Caller) -> Delivery:
    raise SourceError("the second page is missing", where="cboe, series 'vix'")


def test_a_series_of_several_jobs_is_taken_whole_or_not_at_all(
    user: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing of it now would count as first seen at the next update."""
    again(user, "vix9d")
    in_place_of(monkeypatch, lambda caller: delivered(DAYS[:5]), refused)
    told = rows(again(user, "vix"))["vix"]
    assert ("second page is missing" in str(told["failed"]), told["new"]) == (True, 0)
    assert "vix" not in set(place(user).observations()["series"])
    halves = (lambda caller: delivered(DAYS[:5]), lambda caller: delivered(DAYS[5:]))
    in_place_of(monkeypatch, *halves)
    assert rows(again(user, "vix"))["vix"]["new"] == len(DAYS)
    stored = place(user).observations("vix")
    assert set(stored["basis"]) == {"rule"}, "both halves are of one moment"


def test_an_empty_answer_is_refused_until_something_is_stored(
    user: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_place_of(monkeypatch, lambda caller: Delivery())
    assert "the answer holds no row" in str(rows(again(user, "vix"))["vix"]["failed"])
    in_place_of(monkeypatch, lambda caller: delivered(DAYS))
    again(user, "vix")
    in_place_of(monkeypatch, lambda caller: Delivery())
    told = again(user, "vix")
    assert (told.status, rows(told)["vix"]["new"]) == (0, 0)


def test_a_series_that_a_job_does_not_serve_is_refused(
    user: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray = observations("skew", DAYS, VALUES + 100, range(len(DAYS)))
    whole = pd.concat([delivered(DAYS).observations, stray], ignore_index=True)
    in_place_of(monkeypatch, lambda caller: Delivery(whole))
    assert rows(again(user, "vix"))["vix"]["failed"] == ""
    assert "skew" not in set(place(user).observations()["series"])


def test_a_defect_of_ours_is_named_as_one(user: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    read = cboe.read_index

    def broken(body: object, series: str) -> object:
        if series == "vix":
            raise ZeroDivisionError("division by zero")
        return read(body, series)  # type: ignore[arg-type]

    monkeypatch.setattr(cboe, "read_index", broken)
    told = rows(again(user))
    assert "ZeroDivisionError: division by zero" in str(told["vix"]["failed"])
    assert "defect of Groundswell" in str(told["vix"]["failed"])
    assert told["vix9d"]["failed"] == ""


def test_a_source_whose_plan_breaks_fails_whole_and_alone(
    user: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> object:
        raise KeyError("no plan")

    monkeypatch.setattr(type(cboe.SOURCE), "jobs", broken)
    updated = again(user)
    assert updated.status == 4
    assert updated.frame["failed"].str.contains("no plan").all()
    assert not place(user).exists, "nothing fetched, nothing written"


def test_a_series_whose_unit_was_changed_after_it_was_stored_fails_alone(
    user: Settings, tmp_path: Path
) -> None:
    again(user, "vix")
    header, *lines = catalog_rows("vix")
    extension = tmp_path / "mine.csv"
    extension.write_text("\n".join([header, lines[0].replace("percent a year", "index points")]), "utf-8")
    mine = user.model_copy(update={"catalog": extension})
    told = rows(again(mine, "vix", "vix9d"))
    assert "unit" in str(told["vix"]["failed"])
    assert (told["vix"]["new"], told["vix9d"]["new"]) == (0, len(VALUES))
    np.testing.assert_array_equal(place(user).latest("vix"), VALUES)
    assert again(mine, "vix").status == 4


def test_what_the_store_refuses_fails_as_that_source_alone(
    user: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here answers that contradict themselves, which a defect of a reader would let through."""
    server.routes["/fredgraph.csv"] = "observation_date,VIXCLS\n" + "".join(
        f"{day:%Y-%m-%d},{value}\n" for day, value in VALUES.items()
    )
    user = user.model_copy(update={"addresses": {**user.addresses, "fred_graph": server.address}})
    right = Store.write

    def write(store: Store, batches: Sequence[Batch]) -> pd.DataFrame:
        if any(batch.source == "cboe" for batch in batches):
            raise StoreError("two values for one release", where="series 'vix'")
        return right(store, batches)

    monkeypatch.setattr(Store, "write", write)
    told = rows(again(user, "vix", "vix_fred"))
    assert "two values" in str(told["vix"]["failed"])
    assert (told["vix"]["new"], told["vix_fred"]["new"]) == (0, len(VALUES))
    with pytest.raises(StoreError, match="two values"):
        again(user, "vix")


def catalog_rows(*series: str) -> list[str]:
    """Return the header and some rows of Cboe's catalog."""
    import groundswell.data.catalog as module

    text = (Path(module.__file__).parent / "tables" / "catalog" / "cboe.csv").read_text("utf-8")
    header, *lines = text.splitlines()
    return [header, *(line for line in lines if line.split(",")[0] in series)]


def test_services_that_want_something_first_are_left_out_with_the_reason(user: Settings) -> None:
    updated = update(user, sources=("sec_edgar",))
    assert "GROUNDSWELL_CONTACT" in updated.skipped["sec_edgar"]
    assert (len(updated.frame), updated.status) == (0, 4)


VINTAGES = [
    ("2023-08-04", "2023-08-31", "2023-07-01", "3.5"),
    ("2023-09-01", "9999-12-31", "2023-07-01", "3.6"),
    ("2023-09-01", "9999-12-31", "2023-08-01", "3.8"),
]
"""The unemployment rate of two months in the words of the archive: from, to, month, value."""


def archive(asked: Asked) -> dict[str, object]:
    """Answer as ALFRED does: the values that stood during the days asked for, and the request again."""
    (first,), (last,) = asked.all("realtime_start"), asked.all("realtime_end")
    stood = [
        {"realtime_start": max(start, first), "realtime_end": end, "date": day, "value": value}
        for start, end, day, value in VINTAGES
        if end >= first
    ]
    span = {"realtime_start": first, "realtime_end": last, "observation_start": "1600-01-01"}
    pages = {"count": len(stood), "offset": 0, "limit": 100_000, "observations": stood}
    return {**span, "units": "lin", "output_type": 1, "sort_order": "asc", **pages}


def test_a_key_that_comes_later_brings_every_vintage(tmp_path: Path) -> None:
    every = {"realtime_start": "1776-07-04", "realtime_end": "9999-12-31"}
    routes = {
        "/fredgraph.csv": "observation_date,UNRATE\n2023-07-01,3.6\n2023-08-01,3.8\n",
        "/series": {"seriess": [{"id": "UNRATE", "frequency_short": "M", "units": "Percent", **every}]},
        "/series/observations": archive,
    }
    with serving(routes) as server:
        addresses = dict.fromkeys(("fred", "fred_graph"), server.address)
        without = Settings(data=tmp_path / "data", cache=tmp_path / "cache", addresses=addresses)
        assert again(without, "unemployment_rate").status == 0
        assert set(place(without).observations("unemployment_rate")["basis"]) == {"rule"}
        keyed = without.model_copy(update={"fred_api_key": SecretStr("made-key-of-a-user")})
        for _ in range(2):
            assert again(keyed, "unemployment_rate").status == 0
            known = place(keyed).observations("unemployment_rate")
            assert set(known["basis"]) == {"stated"}
            assert known["value"].tolist() == [3.5, 3.6, 3.8]
            days = known["released"].dt.tz_convert("America/New_York").dt.strftime("%Y-%m-%d %H:%M")
            assert days.tolist() == ["2023-08-04 08:30", "2023-09-01 08:30", "2023-09-01 08:30"]
        assert server.requests[-1].all("realtime_start") == ["2023-08-31"], (
            "the second looks only for new ones"
        )


def test_names_that_are_unknown_are_refused_before_anything_is_asked(user: Settings, server: Server) -> None:
    for wrong in ({"series": ("vixx",)}, {"sources": ("cbo",)}, {"needed_by": "nobody"}):
        with pytest.raises(DataError):
            update(user, **wrong)  # type: ignore[arg-type]
    assert server.requests == []


def test_a_catalog_of_the_users_own_is_checked(user: Settings, tmp_path: Path) -> None:
    missing = user.model_copy(update={"catalog": tmp_path / "none.csv"})
    with pytest.raises(DataError, match="GROUNDSWELL_CATALOG"):
        update(missing, series=("vix",))
    header, line = catalog_rows("vix")
    (tmp_path / "other.csv").write_text(f"{header}\n{line.replace('cboe', 'nowhere')}\n", "utf-8")
    with pytest.raises(DataError, match="there is no source 'nowhere'"):
        update(user.model_copy(update={"catalog": tmp_path / "other.csv"}), series=("vix",))


def test_a_second_update_is_told_so_before_it_asks_anybody(user: Settings, server: Server) -> None:
    user.data.mkdir(parents=True)
    with FileLock(user.data / "store.duckdb.lock"), pytest.raises(StoreBusyError, match="another process"):
        again(user)
    assert server.requests == []


def test_progress_ends_for_every_source(user: Settings, server: Server) -> None:
    server.routes[route("VIX")] = html_instead()
    steps: list[Step] = []
    again(user, progress=steps.append)
    assert steps[-1] == Step("cboe", done=3, total=3, failed=1, ended=True)
    assert [step.done for step in steps] == sorted(step.done for step in steps)


@pytest.mark.parametrize(
    ("frequency", "release", "through", "now", "stale"),
    [
        ("daily", "period +0 days at 16:15", "2026-11-20", "2026-11-23 20:00", False),  # over a weekend
        ("daily", "period +0 days at 16:15", "2026-11-20", "2026-11-24 22:00", True),
        ("daily", "period +0 days at 16:15", "2026-11-25", "2026-11-27 22:00", False),  # Thanksgiving
        ("weekly", "period +1 days at 16:30", "2026-11-11", "2026-11-19 22:00", False),
        ("weekly", "period +1 days at 16:30", "2026-11-11", "2026-11-22 22:00", True),
        ("monthly", "end +10 days at 08:30", "2026-09-01", "2026-11-12 12:00", False),
        ("monthly", "end +10 days at 08:30", "2026-09-01", "2026-11-18 12:00", True),
        ("quarterly", "end +30 days at 08:30", "2026-04-01", "2026-11-10 12:00", False),
        ("quarterly", "end +30 days at 08:30", "2026-04-01", "2026-11-20 12:00", True),
        ("snapshot", "taken", "2026-11-20 20:10", "2026-11-23 18:00", False),
        ("snapshot", "taken", "2026-11-20 20:10", "2026-11-24 22:00", True),
    ],
)
def test_stale_is_when_the_next_period_was_due(
    frequency: str, release: str, through: str, now: str, stale: bool
) -> None:
    entry = made_entry("made", frequency=frequency, release=release)
    assert staleness.is_stale(entry, pd.Timestamp(through), pd.Timestamp(now, tz="UTC")) is stale
