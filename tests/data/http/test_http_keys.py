"""A key reaches the service it is for, and nothing else.

- It goes where the service wants it, and only to its host.
- It is in no cache, archive, file name, log, error or traceback, however the service repeats it.
- A service that needs one, or refuses one, says which variable to set and where to get it.
"""

from __future__ import annotations

import gzip
import json
import logging
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import loopback
import pytest
from loopback import Asked, Reply, serving

from groundswell.data.errors import SourceError
from groundswell.data.http.client import Client
from groundswell.data.http.service import Service

MakeService = Callable[..., Service]
MakeClient = Callable[..., Client]
PASSPHRASE = "s3cret+key/0123456789"
"""A key with letters that are spelled otherwise in addresses and in JSON."""
SPELLINGS = {PASSPHRASE, quote(PASSPHRASE), quote(PASSPHRASE, safe=""), quote_plus(PASSPHRASE)}
SPELLINGS |= {each.upper() for each in SPELLINGS}  # the BEA repeats what it was asked in capitals


def shout(asked: Asked, status: int = 200) -> Reply:
    """Repeat the key in the body and in the headers, in every spelling."""
    said = {"request": [*SPELLINGS, asked.query, dict(asked.headers), asked.body.decode()], "values": [1, 2]}
    echo = {"Set-Cookie": f"key={PASSPHRASE}", "X-Request": quote(PASSPHRASE), "Link": f"</x?k={PASSPHRASE}>"}
    return Reply(json.dumps(said).encode(), status, headers=echo)


def assert_without_key(text: str | bytes) -> None:
    """Hold that no spelling of the key is in a text."""
    whole = text.encode() if isinstance(text, str) else text
    assert not [each for each in SPELLINGS if each.encode() in whole]


def assert_no_file_has_key(folder: Path) -> int:
    """Hold that no file of a folder has the key in its name or content; return how many were seen."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in files:
        content = path.read_bytes()
        assert_without_key(str(path))
        assert_without_key(gzip.decompress(content) if path.suffix == ".gz" else content)
    return len(files)


def chain(problem: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all that led to it."""
    while problem is not None:
        yield problem
        problem = problem.__cause__ or problem.__context__


@pytest.mark.parametrize("place", ["query", "header", "body"])
def test_the_key_is_given_and_leaves_no_trace(
    made_service: MakeService,
    client_of: MakeClient,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    place: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    routes = {
        "/series": shout,
        "/moved": lambda asked: loopback.redirect(f"/series?api_key={quote(PASSPHRASE, safe='')}"),
        "/wrong": lambda asked: shout(asked, 400),
        "/broken": loopback.flaky(1, shout, lambda asked: Reply(b'{"a": ' + shout(asked).body)),
        "/lost": lambda asked: loopback.redirect(f"http://127.0.0.1:{PASSPHRASE}/"),
        "/illegal": loopback.on_the_wire(f"HTTP/1.1 200 OK\r\nkey {PASSPHRASE}\r\n\r\n".encode()),
        "/drip": loopback.slow_drip(PASSPHRASE.encode() * 100),
    }
    problems: list[BaseException] = []
    with serving(routes) as server:
        client = client_of(server.address, eia_api_key=PASSPHRASE)
        service = made_service(place, deadline=0.3)
        assert client.has_key(service)

        def ask(path: str) -> bytes:
            if place == "body":
                return client.post(service, path, {"id": "A"}, expect="json").content
            return client.get(service, path, {"id": "A"}, expect="json").content

        content = ask("series")
        assert_without_key(content)
        assert json.loads(content)["values"] == [1, 2]
        if place != "body":
            assert_without_key(ask("moved"))
            assert ask("series") == content
        for path in ("broken", "wrong", "lost", "illegal", "drip"):
            try:
                assert_without_key(ask(path))
            except SourceError as problem:
                problems.append(problem)
        asked = server.requests[0]
        given = {
            "query": dict(asked.query).get("api_key"),
            "header": asked.headers.get("x-made-key"),
            "body": (json.loads(asked.body) if asked.body else {}).get("api_key"),
        }
        assert {name for name, value in given.items() if value == PASSPHRASE} == {place}
    client.close()
    assert len(problems) == 4
    for problem in problems:
        for each in chain(problem):
            frames = traceback.TracebackException.from_exception(each, capture_locals=True).stack
            # This file's own frame holds the key, to look for it.
            assert_without_key(repr([frame.locals for frame in frames if frame.filename != __file__]))
            assert_without_key(f"{each} {each!r} {vars(each)}")
    assert caplog.records
    for record in caplog.records:
        assert_without_key(record.getMessage() + repr(vars(record)))
    assert_without_key(repr(client.settings) + repr(vars(client)))
    assert assert_no_file_has_key(tmp_path) >= (1 if place == "body" else 2)


def test_the_cache_was_really_looked_into(
    made_service: MakeService, client_of: MakeClient, tmp_path: Path
) -> None:
    with serving({"/series": ["a value to find"]}) as server:
        client = client_of(server.address, eia_api_key=PASSPHRASE)
        client.get(made_service("query"), "series", expect="json")
        client.close()
    with sqlite3.connect(tmp_path / "cache" / "answers" / "answers.db") as answers:
        stored = answers.execute("SELECT data FROM entries").fetchall()
        assert len(stored) == 1
        assert b"/series" in stored[0][0]
    assert b"a value to find" in (tmp_path / "cache" / "answers" / "answers.db").read_bytes()


@pytest.mark.parametrize("place", ["query", "header"])
def test_another_host_is_not_given_the_key(
    made_service: MakeService, client_of: MakeClient, place: str
) -> None:
    with serving({"/series": [1]}) as other:
        away = loopback.redirect(f"{other.address}/series?id=A&api_key={quote(PASSPHRASE, safe='')}")
        with serving({"/series": away}) as server:
            client = client_of(server.address, eia_api_key=PASSPHRASE)
            client.get(made_service(place), "series", {"id": "A"}, expect="json")
        (asked,) = other.requests
        assert asked.all("id") == ["A"]
        assert_without_key(repr(asked))


def test_a_key_does_not_travel_in_the_clear(made_service: MakeService, client_of: MakeClient) -> None:
    client = client_of("http://made.invalid", eia_api_key=PASSPHRASE)
    with pytest.raises(SourceError, match=r"in the clear.*https"):
        client.get(made_service("query"), "series", expect="json")


def test_a_service_that_needs_a_key_is_not_asked_without(
    made_service: MakeService, client_of: MakeClient
) -> None:
    with serving({"/series": []}) as server:
        with pytest.raises(SourceError) as caught:
            client_of(server.address).get(made_service("query", required=True), "series", expect="json")
        for words in ("EIA_API_KEY", "made data", "https://made.example/key", "Made Bureau"):
            assert words in str(caught.value)
        assert not server.requests


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_explains_the_key(made_service: MakeService, client_of: MakeClient, status: int) -> None:
    with serving({"/series": Reply(b'{"error": "no"}', status)}) as server:
        client = client_of(server.address, eia_api_key=PASSPHRASE)
        with pytest.raises(SourceError, match="check EIA_API_KEY: the key may be wrong"):
            client.get(made_service("query"), "series", expect="json")
        with pytest.raises(SourceError, match="set EIA_API_KEY, which gives made data"):
            client_of(server.address).get(made_service("query"), "series", expect="json")
        with pytest.raises(SourceError, match="shut to programs"):
            client_of(server.address).get(made_service(), "series", expect="json")
        assert len(server.requests) == 3
