"""What a client does for its callers when all goes well.

- Parameters, contact and name go out as the service wants them.
- An answer is cached for the service's time whatever the service's headers say, across clients; it
  keeps the time it was really received. A POST is never cached.
- A service is asked no faster than its rate; threads and services do not wait for each other.
- Redirects are followed; a cache or a folder that is damaged costs time, not answers.
- Every answer is in the archive once, whole, and readable by its hash; what was left half written goes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import loopback
import pytest
from loopback import Reply, serving

from groundswell.data.errors import SourceError, StoreError
from groundswell.data.http.archive import Archive
from groundswell.data.http.client import Client
from groundswell.data.http.service import Body, Service

MakeService = Callable[..., Service]
MakeClient = Callable[..., Client]


def numbered() -> Callable[[loopback.Asked], dict[str, int]]:
    """Return a route whose every answer is new."""
    given = iter(range(1_000_000))
    return lambda asked: {"n": next(given)}


def test_parameters_arrive_as_given(made_service: MakeService, client_of: MakeClient) -> None:
    with serving({"/base/data": [], "/base": []}) as server:
        client, service = client_of(f"{server.address}/base/"), made_service()
        given = {"data[]": ["price", "sales"], "$where": "code='13874A' AND day>='2020'", "length": 5000}
        body = client.get(service, "/data?frequency=monthly", given, expect="json")
        assert server.requests[0].query == (
            ("frequency", "monthly"),
            ("data[]", "price"),
            ("data[]", "sales"),
            ("$where", "code='13874A' AND day>='2020'"),
            ("length", "5000"),
        )
        assert body.address.startswith(f"{server.address}/base/data?frequency=monthly&")
        assert client.get(service, "", expect="json").address == f"{server.address}/base"


def test_a_post_sends_json_and_is_never_cached(made_service: MakeService, client_of: MakeClient) -> None:
    with serving({"/series": numbered()}) as server:
        client = client_of(server.address)
        answers = [client.post(made_service(), "series", {"id": ["A"]}, expect="json") for _ in range(2)]
        assert [json.loads(each.content) for each in answers] == [{"n": 0}, {"n": 1}]
        assert json.loads(server.requests[0].body) == {"id": ["A"]}
        assert server.requests[0].headers["content-type"] == "application/json"


def test_a_service_that_asks_whom_it_serves_is_told(made_service: MakeService, client_of: MakeClient) -> None:
    asking = made_service(needs_contact=True)
    with serving({"/series": []}) as server:
        with pytest.raises(SourceError, match=r"e-mail address.*GROUNDSWELL_CONTACT"):
            client_of(server.address).get(asking, "series", expect="json")
        assert not server.requests
        client = client_of(server.address, contact="ann@desk.example")
        client.get(asking, "series", expect="json")
        client.get(made_service(), "series", {"a": 1}, expect="json")
        told, untold = (asked.headers["user-agent"] for asked in server.requests)
        assert "Groundswell/" in told
        assert "ann@desk.example" in told
        assert "Groundswell/" in untold
        assert "ann@desk.example" not in untold


def test_an_answer_serves_again_for_the_service_s_time(
    made_service: MakeService, client_of: MakeClient
) -> None:
    count = numbered()
    headers: dict[str, dict[str, str]] = {
        "/silent": {},
        "/never": {"Cache-Control": "no-store", "Vary": "*"},
        "/once": {"Set-Cookie": "a=b", "Cache-Control": "max-age=0"},
    }

    def answer(asked: loopback.Asked) -> Reply:
        return Reply(json.dumps(count(asked)).encode(), headers=headers[asked.path])

    with serving(dict.fromkeys(headers, answer)) as server:
        service = made_service(cache_seconds=1.0)

        def ask(**parameters: str) -> list[Body]:
            # Each time another client: they share what is in the folder.
            client = client_of(server.address)
            return [client.get(service, path, parameters, expect="json") for path in headers]

        before = datetime.now(UTC)
        first = ask()
        received = datetime.now(UTC)
        assert ask() == first
        assert all(before <= body.fetched <= received for body in first)
        assert [json.loads(body.content) for body in ask(id="X")] == [{"n": 3}, {"n": 4}, {"n": 5}]
        time.sleep(1.0)
        late = ask()
        assert [json.loads(body.content) for body in late] == [{"n": 6}, {"n": 7}, {"n": 8}]
        assert all(body.fetched >= received + timedelta(seconds=1.0) for body in late)


def test_a_service_without_cache_time_is_always_asked(
    made_service: MakeService, client_of: MakeClient
) -> None:
    with serving({"/series": numbered()}) as server:
        client, service = client_of(server.address), made_service(cache_seconds=0)
        answers = [json.loads(client.get(service, "series", expect="json").content) for _ in range(2)]
        assert answers == [{"n": 0}, {"n": 1}]


@pytest.mark.parametrize("damage", ["garbage", "pages", "value", "folder"])
def test_a_damaged_cache_costs_time_and_no_answer(
    made_service: MakeService, client_of: MakeClient, tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "cache" / "answers" / "answers.db"
    with serving({"/series": [1] * 50_000}) as server:
        if damage == "folder":
            (tmp_path / "cache").write_text("a file stands where the folder should be")
        else:
            with client_of(server.address) as client:
                client.get(made_service(), "series", expect="json")
            whole = file.read_bytes()
            middle = len(whole) // 2
            damaged = {
                "garbage": b"\xff" * len(whole),
                "pages": whole[:middle] + b"\xff" * (len(whole) - middle),
                "value": whole[:middle] + whole[middle:].replace(b"1, 1", b"1, 2", 1),
            }
            file.write_bytes(damaged[damage])
        client = client_of(server.address)
        for _ in range(2):
            body = client.get(made_service(), "series", expect="json")
            assert json.loads(body.content) == [1] * 50_000
        if damage == "garbage":
            client_of(server.address).get(made_service(), "series", expect="json")
            assert len(server.requests) == 2, "the cache serves again"


def test_a_service_is_asked_no_faster_than_its_rate(made_service: MakeService, client_of: MakeClient) -> None:
    slow = made_service(rate=(2, 0.2), cache_seconds=0)
    cached = made_service(rate=(1, 30.0))
    with serving({"/series": []}) as server:
        client = client_of(server.address)
        # The first connection takes its time, in which others would catch up.
        client.get(made_service(), "series", expect="json")
        for _ in range(6):
            client.get(slow, "series", expect="json")
        times = [asked.at for asked in server.requests[1:]]
        assert all(later - earlier > 0.19 for earlier, later in zip(times, times[2:], strict=False))
        start = time.perf_counter()
        for _ in range(5):
            client.get(cached, "series", {"kept": 1}, expect="json")
        assert time.perf_counter() - start < 5.0, "an answer from the cache takes no turn"


def test_an_answer_that_no_turn_is_left_for_is_told(made_service: MakeService, client_of: MakeClient) -> None:
    service = made_service(rate=(1, 60.0), cache_seconds=0)
    with serving({"/series": []}) as server:
        client = client_of(server.address, until=time.monotonic() + 1.0)
        client.get(service, "series", expect="json")
        with pytest.raises(SourceError, match="rate of 1 requests in 60 s"):
            client.get(service, "series", expect="json")


def test_two_hundred_requests_of_four_services_at_once(
    made_service: MakeService, client_of: MakeClient
) -> None:
    barrier, lock, here, most = threading.Barrier(4), threading.Lock(), 0, 0

    def slow(asked: loopback.Asked) -> dict[str, list[str]]:
        nonlocal here, most
        with lock:
            here += 1
            most = max(most, here)
        time.sleep(0.005)
        with lock:
            here -= 1
        return {"id": asked.all("id")}

    with serving({"/series": slow}) as server:
        client = client_of(addresses={f"made{n}": server.address for n in range(4)})

        def ask_all(number: int) -> list[object]:
            service = made_service(key=f"made{number}", deadline=20.0)
            barrier.wait()
            wanted = [f"{number}-{each}" for each in range(50)]
            return [
                json.loads(client.get(service, "series", {"id": name}, expect="json").content)
                for name in wanted
            ]

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(ask_all, range(4)))
        assert answers == [[{"id": [f"{n}-{each}"]} for each in range(50)] for n in range(4)]
        assert len(server.requests) == 200
        assert most == 4, "no service waits for another"


def test_a_client_may_be_closed_while_others_still_ask(
    made_service: MakeService, client_of: MakeClient
) -> None:
    asked = threading.Event()

    def slow(_: loopback.Asked) -> list[int]:
        asked.set()
        time.sleep(0.2)
        return [1]

    def ask() -> str:
        try:
            return client.get(made_service(), "series", expect="json").content.decode()
        except SourceError:
            return "[1]"

    with serving({"/series": slow}) as server, ThreadPoolExecutor(1) as pool:
        client = client_of(server.address)
        answer = pool.submit(ask)
        assert asked.wait(5.0)
        client.close()
        assert answer.result() == "[1]"


def test_a_redirect_is_followed_and_the_answer_belongs_to_what_was_asked(
    made_service: MakeService, client_of: MakeClient
) -> None:
    routes = {
        "/old": loopback.redirect("/new?id=1", 301),
        "/new?id=1": loopback.redirect("last"),
        "/last": [1],
    }
    with serving(routes) as server:
        client = client_of(server.address)
        for _ in range(2):
            assert client.get(made_service(), "old", expect="json").address == f"{server.address}/old"
        assert len(server.requests) == 3
        with pytest.raises(SourceError, match="redirects a POST"):
            client.post(made_service(), "old", {}, expect="json")


def test_a_packed_answer_is_unpacked(made_service: MakeService, client_of: MakeClient) -> None:
    parts = [b'{"a": [', b"1, " * 100_000, b"1]}"]
    packed = b"".join(gzip.compress(part) for part in parts)
    with serving({"/series": Reply(packed, headers={"Content-Encoding": "gzip"})}) as server:
        body = client_of(server.address).get(made_service(), "series", expect="json")
        assert body.content == b"".join(parts)
        assert server.requests[0].headers["accept-encoding"] == "gzip"


def test_the_archive_holds_every_answer_once(
    made_service: MakeService, client_of: MakeClient, tmp_path: Path
) -> None:
    with serving({"/a": "date,value\n", "/b": "date,value\n", "/c": "other\n"}) as server:
        client = client_of(server.address)
        bodies = [client.get(made_service(), path, expect="csv") for path in "abca"]
        kept = sorted(path.relative_to(tmp_path / "data" / "bodies") for path in tmp_path.rglob("*.gz"))
        month = f"{bodies[0].fetched:%Y-%m}"
        assert kept == sorted({Path("made", month, f"{body.sha256}.gz") for body in bodies})
        assert len(kept) == 2
        for body in bodies:
            assert body.sha256 == hashlib.sha256(body.content).hexdigest()
            assert client.archive.read(body.sha256) == body.content
        assert not list(tmp_path.rglob("*.tmp"))


def test_what_a_stopped_program_left_in_the_archive_is_cleared(tmp_path: Path) -> None:
    month, day = tmp_path / "made" / "2026-03", datetime(2026, 4, 1, tzinfo=UTC)
    month.mkdir(parents=True)
    left, running = month / "abc.77-1.tmp", month / "def.78-1.tmp"
    for file in (left, running):
        file.write_bytes(b"half an ans")
    an_hour_and_more = time.time() - 4000
    os.utime(left, (an_hour_and_more, an_hour_and_more))
    archive, content = Archive(tmp_path), b"whole"
    archive.keep("made", content, hashlib.sha256(content).hexdigest(), day)
    assert [file.name for file in month.glob("*.tmp")] == [running.name]


def test_the_archive_says_what_it_cannot_give_or_keep(tmp_path: Path) -> None:
    archive, content = Archive(tmp_path / "bodies"), b"once said"
    name, day = hashlib.sha256(content).hexdigest(), datetime(2026, 3, 31, tzinfo=UTC)
    with pytest.raises(StoreError, match="there is no answer"):
        archive.read(name)
    archive.keep("made", content, name, day)
    archive.keep("made", content, name, day + timedelta(days=1))
    (file,) = (tmp_path / "bodies" / "made").rglob("*.gz")
    assert file.parent.name == "2026-03"
    file.write_bytes(gzip.compress(b"never said"))
    with pytest.raises(StoreError, match="changed after it was kept"):
        archive.read(name)
    file.write_bytes(gzip.compress(content)[:-4])
    with pytest.raises(StoreError, match="cannot be read"):
        archive.read(name)
    (tmp_path / "blocked").write_text("")
    with pytest.raises(StoreError, match="GROUNDSWELL_DATA"):
        Archive(tmp_path / "blocked").keep("made", content, name, day)
