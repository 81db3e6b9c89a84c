"""Whatever a service does wrong, the error says so, in bounded time, and nothing of it is kept.

- Every fault is one `SourceError` with the service, the address, what came and what to do.
- It takes no longer than the service's policy allows, a name that is never looked up included.
- Nothing of a wrong answer reaches the cache or the archive: the next try asks again.
- What may pass is tried again, what will not is not; a Retry-After is obeyed while there is time, and
  without one the time the service is known to want.
- Whatever bytes come over the wire, the end is an answer of the kind expected, or a `SourceError`.
- No network, and no trust in the certificate, are told apart from a service in trouble.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import loopback
import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import Reply, serving

from groundswell.data.errors import DataError, SourceError
from groundswell.data.http.client import Client
from groundswell.data.http.service import Service

MakeService = Callable[..., Service]
MakeClient = Callable[..., Client]
DRIP = loopback.slow_drip()
GOOD = {"observations": [1, 2, 3]}


@contextmanager
def taking(low: float, high: float) -> Iterator[None]:
    """Hold a block to a time, in seconds."""
    start = time.perf_counter()
    yield
    assert low <= time.perf_counter() - start < high


@pytest.mark.parametrize(
    ("fault", "said", "asked"),
    [
        pytest.param(loopback.server_error(500), ["status 500", "in trouble"], 2, id="500"),
        pytest.param(loopback.server_error(503), ["status 503", "in trouble"], 2, id="503"),
        pytest.param(Reply(b'{"m": "no such series"}', 400), ["status 400", "no such series"], 1, id="400"),
        pytest.param(Reply(b"", 404), ["status 404 (Not Found)", "report it"], 1, id="404"),
        pytest.param(Reply(b"", 204), ["status 204"], 1, id="204"),
        pytest.param(
            loopback.html_instead(403), ["status 403", "Just a moment", "shut to programs"], 1, id="403"
        ),
        pytest.param(loopback.html_instead(), ["web page", "Just a moment", "in a browser"], 1, id="html"),
        pytest.param(
            loopback.html_instead(media_type="application/json"),
            ["web page", "Just a moment"],
            1,
            id="html-as-json",
        ),
        pytest.param(loopback.wrong_content_type(), ["application/pdf", "%PDF", "JSON"], 1, id="pdf"),
        pytest.param("date,value\n2020-01-01,1\n", ["text/csv", "date,value"], 1, id="csv-for-json"),
        pytest.param(Reply(b'"Too Many Requests"'), ["no JSON object", "Too Many Requests"], 1, id="string"),
        pytest.param(loopback.empty(), ["empty"], 2, id="empty"),
        pytest.param(Reply(b'{"a": [1, 2'), ["unfinished", "line 1", '{"a": [1, 2'], 2, id="unfinished"),
        pytest.param(loopback.truncated(), ["cut off", "13 bytes", "27"], 2, id="truncated"),
        pytest.param(loopback.truncated(chunked=True), ["cut off", "13 bytes"], 2, id="truncated-chunks"),
        pytest.param(
            Reply(gzip.compress(b'{"a": 1}')[:-9], headers={"Content-Encoding": "gzip"}),
            ["packed answer is cut off"],
            2,
            id="truncated-gzip",
        ),
        pytest.param(
            Reply(b"not gzip at all", headers={"Content-Encoding": "gzip"}), ["damaged"], 2, id="no-gzip"
        ),
        pytest.param(Reply(b"{}", headers={"Content-Encoding": "br"}), ["packed as 'br'"], 1, id="brotli"),
        pytest.param(loopback.gzip_bomb(), ["larger than 1,048,576 bytes"], 1, id="bomb"),
        pytest.param(Reply(b"[" + b"1," * 2**20 + b"1]"), ["2,097,155 bytes", "1,048,576"], 1, id="large"),
        pytest.param(loopback.redirect_loop(), ["circle"], 2, id="loop"),
        pytest.param(loopback.redirect_on_and_on(), ["more than 5 times"], 6, id="on-and-on"),
        pytest.param(loopback.redirect("ftp://127.0.0.1/x"), ["to ftp"], 1, id="ftp"),
        pytest.param(loopback.redirect("http://127.0.0.1:port/"), ["cannot be asked"], 1, id="port"),
    ],
)
def test_a_wrong_answer_is_told_and_not_kept(
    made_service: MakeService,
    client_of: MakeClient,
    tmp_path: Path,
    fault: object,
    said: list[str],
    asked: int,
) -> None:
    with serving({"/series": fault}) as server:
        client = client_of(server.address)
        with pytest.raises(SourceError) as caught, taking(0, 3.0):
            client.get(made_service(), "series", {"id": "GDP"}, expect="json")
        message = str(caught.value)
        for words in ["Made Bureau", f"{server.address}/series?id=GDP", "Expected", "To do: ", *said]:
            assert words in message
        assert server.count("/series") == asked
        assert not list(tmp_path.rglob("*.gz"))
        server.routes["/series"] = GOOD
        assert client.get(made_service(), "series", {"id": "GDP"}, expect="json").content


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(loopback.hang(), "fell silent (0 bytes came)", id="hang"),
        pytest.param(DRIP, "no whole answer in time", id="drip"),
        pytest.param(
            loopback.slow_drip(headers=True), "no whole answer in time (0 bytes", id="drip-of-headers"
        ),
    ],
)
def test_a_slow_answer_is_given_up_at_the_deadline(
    made_service: MakeService, client_of: MakeClient, fault: object, said: str
) -> None:
    with serving({"/series": fault}) as server, taking(0.4, 2.5):
        with pytest.raises(SourceError) as caught:
            client_of(server.address).get(made_service(deadline=0.5), "series", expect="json")
        assert said in str(caught.value)
        assert "within 0.5 s" in str(caught.value)
        if fault is DRIP:
            time.sleep(0.1)
            assert "groundswell-request" not in [thread.name for thread in threading.enumerate()]


def test_one_silence_leaves_time_for_another_try(made_service: MakeService, client_of: MakeClient) -> None:
    with serving({"/series": loopback.flaky(1, GOOD, loopback.hang())}) as server, taking(0.4, 3.0):
        body = client_of(server.address).get(made_service(deadline=1.0), "series", expect="json")
        assert body.content == b'{"observations": [1, 2, 3]}'


def test_a_name_that_is_never_looked_up_ends_with_the_deadline(
    made_service: MakeService, client_of: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: time.sleep(5))
    with taking(0.2, 2.5), pytest.raises(SourceError, match="no whole answer in time"):
        client_of("https://made.invalid").get(made_service(deadline=0.3), "series", expect="json")


def test_no_network_is_told_at_once(made_service: MakeService, client_of: MakeClient) -> None:
    with serving({}) as gone:
        pass
    with taking(0, 1.0), pytest.raises(SourceError, match=r"connection was refused.*check the connection"):
        client_of(gone.address).get(made_service(attempts=4, deadline=30.0), "series", expect="json")


def test_the_client_s_own_end_comes_before_the_policy_s(
    made_service: MakeService, client_of: MakeClient
) -> None:
    with serving({"/series": loopback.hang(), "/quick": GOOD}) as server:
        end = time.monotonic() + 0.7
        client = client_of(server.address, until=end)
        assert client.get(made_service(), "quick", expect="json").content
        with taking(0, 3.0), pytest.raises(SourceError):
            client.get(made_service(deadline=30.0), "series", expect="json")
        time.sleep(max(0.0, end - time.monotonic()))
        with taking(0, 0.6), pytest.raises(SourceError, match="no time left"):
            client.get(made_service(), "other", expect="json")


@pytest.mark.parametrize("as_date", [False, True])
def test_a_retry_after_is_obeyed(made_service: MakeService, client_of: MakeClient, as_date: bool) -> None:
    def later(asked: loopback.Asked) -> Reply:
        when = datetime.now(UTC) + timedelta(seconds=2)
        return loopback.too_many_requests(format_datetime(when, usegmt=True) if as_date else 1)

    with serving({"/series": loopback.flaky(1, GOOD, later)}) as server:
        client_of(server.address).get(made_service(deadline=10.0), "series", expect="json")
        first, second = (asked.at for asked in server.requests)
        # A date has no fractions of a second.
        assert (0.9 if as_date else 1.0) <= second - first < 5.0


def test_a_busy_service_that_names_no_time_is_given_its_own(
    made_service: MakeService, client_of: MakeClient
) -> None:
    with serving({"/series": loopback.flaky(1, GOOD, Reply(b"slow down", 429, "text/plain"))}) as server:
        service = made_service(deadline=10.0, busy_seconds=1.0)
        client_of(server.address).get(service, "series", expect="json")
        first, second = (asked.at for asked in server.requests)
        assert 1.0 <= second - first < 5.0


def test_a_retry_after_beyond_the_deadline_is_told_at_once(
    made_service: MakeService, client_of: MakeClient
) -> None:
    with serving({"/series": loopback.too_many_requests(3600)}) as server:
        with taking(0, 3.0), pytest.raises(SourceError) as caught:
            client_of(server.address).get(made_service(), "series", expect="json")
        for words in ("status 429", "asks to wait 3600 s", "later"):
            assert words in str(caught.value)
        assert len(server.requests) == 1


def test_a_flaky_service_answers_in_the_end(made_service: MakeService, client_of: MakeClient) -> None:
    with serving({"/series": loopback.flaky(3, GOOD)}) as server:
        client_of(server.address).get(made_service(attempts=4), "series", expect="json")
        assert len(server.requests) == 4


def test_a_certificate_is_trusted_only_where_the_user_says_so(
    made_service: MakeService, client_of: MakeClient, tmp_path: Path
) -> None:
    nobody = loopback.certificate_error()
    file = tmp_path / "nobody.pem"
    nobody.cert_pem.write_to_path(str(file))
    with serving({"/series": GOOD}, nobody) as server:
        with (
            taking(0, 2.5),
            pytest.raises(SourceError, match=r"certificate cannot be trusted.*GROUNDSWELL_CA"),
        ):
            client_of(server.address).get(made_service(), "series", expect="json")
        assert not server.requests
        assert client_of(server.address, ca=file).get(made_service(), "series", expect="json").content
    other = tmp_path / "other.pem"
    other.write_text("no certificate")
    with pytest.raises(DataError, match="GROUNDSWELL_CA"):
        client_of(ca=other)


def test_a_service_may_not_lead_from_https_to_http(
    made_service: MakeService, client_of: MakeClient, tmp_path: Path
) -> None:
    somebody = trustme.CA()
    file = tmp_path / "somebody.pem"
    somebody.cert_pem.write_to_path(str(file))
    with serving({"/series": GOOD}) as plain:
        pointing = {"/series": loopback.redirect(f"{plain.address}/series")}
        with serving(pointing, somebody) as server, pytest.raises(SourceError, match="from https to http"):
            client_of(server.address, ca=file).get(made_service(), "series", expect="json")
        assert not plain.requests


@pytest.mark.parametrize(
    ("expect", "body", "said"),
    [
        ("csv", b'{"error": "no such id"}', "JSON came instead: .*no such id"),
        ("csv", b"PK\x03\x04....", "binary"),
        ("text", b"a\0b", "binary"),
        ("zip", b"date,value\n", "not a zip file: .*date,value"),
        ("zip", b"PK\x03\x04" + b"x" * 100, "cut off"),
    ],
)
def test_each_kind_is_known_by_its_first_bytes(
    made_service: MakeService, client_of: MakeClient, expect: str, body: bytes, said: str
) -> None:
    with serving({"/file": body}) as server, pytest.raises(SourceError, match=said):
        client_of(server.address).get(made_service(), "file", expect=expect)  # type: ignore[arg-type]


HEADERS = (
    "Content-Type: application/json",
    "Content-Type: text/csv",
    "Content-Length: 5",
    "Content-Length: 8",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Content-Encoding: gzip",
    "Content-Encoding: gzip, gzip",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: odd",
    "Location: /series",
    "Location: //",
    "Location: http://\x7f/",
    "Location: \xff",
    "Retry-After: -5",
    "Retry-After: \xb2",
    "Retry-After: Mon, 99 Foo 99999 99:99:99 GMT",
    "Retry-After: Wed, 21 Oct 9999 07:28:00 -2359",
    "no header at all",
)
BODIES = (
    b'{"a": 1}',
    b"5\r\n[1,2]\r\n0\r\n\r\n",
    gzip.compress(b'{"a": 1}'),
    b"\xef\xbb\xbf[]",
    b"<html>",
    b"",
)


def test_any_bytes_on_the_wire_are_an_answer_or_a_refusal(
    made_service: MakeService, client_of: MakeClient
) -> None:
    service = made_service(attempts=1, deadline=0.2, cache_seconds=0)
    answers = 0

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(
        status=st.sampled_from(
            ["200 OK", "200", "301 Moved", "429 Slow", "500", "999 Odd", "100 Continue", "x"]
        ),
        headers=st.lists(st.sampled_from(HEADERS), max_size=4),
        body=st.sampled_from(BODIES) | st.binary(max_size=40),
        cut=st.integers(-40, 40),
    )
    def hold(status: str, headers: list[str], body: bytes, cut: int) -> None:
        nonlocal answers
        start = "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("latin-1")
        whole = start + body
        server.routes["/series"] = loopback.on_the_wire(whole[:-cut] if cut > 0 else whole)
        with taking(0, 2.5):
            try:
                found = client.get(service, "series", expect="json").content
            except SourceError:
                return
        answers += 1
        assert isinstance(json.loads(found.decode("utf-8-sig")), dict | list)

    with serving({}) as server:
        client = client_of(server.address)
        hold()
    assert answers > 0


def test_a_quotation_cannot_harm_the_terminal(made_service: MakeService, client_of: MakeClient) -> None:
    nasty = Reply(b"\x1b[2J\x1b]0;owned\x07" + b"x" * 5000, 500, "text/plain")
    with serving({"/series": nasty}) as server, pytest.raises(SourceError) as caught:
        client_of(server.address).get(made_service(attempts=1), "series", expect="json")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500
