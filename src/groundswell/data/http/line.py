"""The line to the services: everything below the cache.

A request that comes down gets its turn, its key and its User-Agent, is sent, and comes back as a
whole answer of the kind expected, with the key taken out again, or as a refusal. So what stands above,
the cache first of all, never meets a key, nor anything but good answers.
"""

from __future__ import annotations

import hashlib
import html
import json
import logging
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import quote, quote_plus

import httpx
from pyrate_limiter import InMemoryBucket, Limiter, Rate
from pyrate_limiter.limiter import SingleBucketFactory

from groundswell.data.http import failure
from groundswell.data.http.guard import RefusalError, check, unpacked
from groundswell.data.http.network import Network
from groundswell.data.http.service import Expected, Service
from groundswell.data.settings import Settings

FETCHED = "x-groundswell-fetched"
"""Header of an answer that goes up: when it was received."""

HASH = "x-groundswell-sha256"
"""Header of an answer that goes up: the hash of its body, by which damage in the cache is seen."""

MOST_REDIRECTS = 5
LONGEST_COMPLAINT = 64 * 2**10
"""Bytes read of an answer that is an error."""

REMOVED = b"(key)"
GRACE = 0.05
"""Seconds that a request sent aside has to tell itself that its time is over."""

Result = TypeVar("Result")

# httpcore tells headers at its lowest level, and a redirect may repeat the address with its key.
logging.getLogger("httpcore").setLevel(logging.INFO)


@dataclass
class Call:
    """One request of a caller, over all its tries.

    Attributes:
        service: who is asked.
        expect: what the answer must be.
        until: monotonic time at which every call ends, in seconds.
        ends: monotonic time at which this call ends; set once it got its first turn.
        seconds: how long it may take, from its first turn on.
        received: bytes of the answer so far, packed.
    """

    service: Service
    expect: Expected
    until: float
    ends: float | None = None
    seconds: float = 0.0
    received: int = 0

    def start(self) -> None:
        """Let the time run, if it does not yet."""
        if self.ends is None:
            now = time.monotonic()
            self.ends = min(self.until, now + self.service.deadline)
            self.seconds = max(0.0, self.ends - now)

    def left(self) -> float:
        """Return the seconds that are left."""
        return (self.until if self.ends is None else self.ends) - time.monotonic()


@dataclass(frozen=True)
class Fetched:
    """A whole answer, without the key."""

    content: bytes = field(repr=False)
    media_type: str


class Line(httpx.BaseTransport):
    """See the module.

    Args:
        settings: keys, contact and addresses of the user.
        now: the clock that dates answers, UTC.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._name = f"Groundswell/{version('groundswell')}"
        self._network = Network(settings.ca)
        self._limiters: dict[Service, Limiter] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all connections."""
        self._network.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, whole and checked.

        Raises:
            RefusalError: there is none.
        """
        call: Call = request.extensions["call"]
        self._wait_for_turn(call)
        call.start()
        fetched = aside(lambda: self._fetch(request, call), call.left() + GRACE)
        if fetched is None:
            raise failure.too_slow(call.received, call.seconds)
        if isinstance(fetched, RefusalError):
            raise fetched
        headers = {
            "content-type": fetched.media_type,
            FETCHED: self._now().isoformat(),
            HASH: hashlib.sha256(fetched.content).hexdigest(),
        }
        return httpx.Response(200, headers=headers, content=fetched.content)

    def _wait_for_turn(self, call: Call) -> None:
        """Wait until the service's rate allows a request; the time of the first wait is not the call's."""
        service = call.service
        count, seconds = service.rate
        with self._lock:
            if service not in self._limiters:
                bucket = InMemoryBucket([Rate(count, max(1, round(seconds * 1000)))])
                # Forgetting old requests would cost a thread; a run makes some thousands at most.
                self._limiters[service] = Limiter(
                    SingleBucketFactory(bucket, schedule_leak=False), buffer_ms=1
                )
        patience = call.left()
        if call.ends is None:
            patience = min(patience, max(service.deadline, seconds))
        if patience <= 0:
            raise failure.too_slow(call.received, call.seconds)
        if not self._limiters[service].try_acquire(service.key, timeout=patience):
            raise RefusalError(
                f"its rate of {count} requests in {seconds:g} s left no turn within {patience:.0f} s",
                "a turn",
            )

    def _fetch(self, request: httpx.Request, call: Call) -> Fetched | RefusalError:
        """Return the answer or why there is none; runs aside, and nothing with a key leaves it."""
        try:
            return self._follow(self._addressed(request, call), call)
        except RefusalError as refusal:
            # Its frames hold the request with the key.
            refusal.__context__ = None
            return refusal.with_traceback(None)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
            return failure.of_network(
                problem,
                call.received,
                call.seconds,
                lambda words: self._without_key(words.encode(), call).decode(),
            )

    def _follow(self, request: httpx.Request, call: Call) -> Fetched:
        visited = {str(request.url)}
        while True:
            request.extensions = {"timeout": _timeouts(call)}
            response = self._network.handle_request(request)
            try:
                if not (300 <= response.status_code < 400 and "location" in response.headers):
                    return self._read(response, call)
                request = self._redirected(request, response, call)
            finally:
                response.close()
            if str(request.url) in visited:
                raise RefusalError("the service redirects in a circle", "an answer", again=False)
            visited.add(str(request.url))
            if len(visited) > MOST_REDIRECTS + 1:
                raise RefusalError(f"the service redirects more than {MOST_REDIRECTS} times", "an answer")

    def _read(self, response: httpx.Response, call: Call) -> Fetched:
        encoding = response.headers.get("content-encoding", "")
        media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
        call.received = 0
        chunks = _in_time(response, call)
        if response.status_code != 200:
            try:
                content = unpacked(chunks, encoding, LONGEST_COMPLAINT)
            except (RefusalError, httpx.HTTPError):
                # The status says enough.
                content = b""
            has_key = bool(self._secret(call))
            complaint = self._without_key(content, call)
            raise failure.of_status(response, complaint, call.service, has_key, self._now())
        declared = response.headers.get("content-length", "")
        largest = call.service.largest_body
        if declared.isdecimal() and int(declared) > largest:
            raise RefusalError(
                f"the answer has {int(declared):,} bytes", f"at most {largest:,} bytes", "report it"
            )
        content = self._without_key(unpacked(chunks, encoding, largest), call)
        check(content, media_type, call.expect)
        return Fetched(content, media_type)

    def _secret(self, call: Call) -> str:
        credential = call.service.credential
        return self._settings.secret(credential) if credential else ""

    def _addressed(self, request: httpx.Request, call: Call) -> httpx.Request:
        """Return the request as the service wants it: who asks, and the key in its place."""
        headers = {
            "user-agent": self._user_agent(call.service),
            "accept": "*/*",
            "accept-encoding": "gzip",
        }
        url, content = request.url, request.content
        if content:
            headers["content-type"] = request.headers["content-type"]
        credential, secret = call.service.credential, self._secret(call)
        if credential and secret:
            if credential.place == "query":
                url = url.copy_set_param(credential.name, secret)
            elif credential.place == "header":
                headers[credential.name] = secret
            elif content:
                content = json.dumps({**json.loads(content), credential.name: secret}).encode()
        return httpx.Request(request.method, url, headers=headers, content=content or None)

    def _user_agent(self, service: Service) -> str:
        name = self._name
        return (
            f"{name} ({self._settings.contact})"
            if service.needs_contact
            else f"Mozilla/5.0 (compatible; {name})"
        )

    def _redirected(self, request: httpx.Request, response: httpx.Response, call: Call) -> httpx.Request:
        """Return the request to where the service points; to another host it goes without the key."""
        url = request.url.join(response.headers["location"])
        if url.scheme not in ("http", "https") or (request.url.scheme, url.scheme) == ("https", "http"):
            raise RefusalError(f"the service redirects from {request.url.scheme} to {url.scheme}", "https")
        if request.method != "GET":
            raise RefusalError(f"the service redirects a {request.method}", "an answer", failure.ADDRESS)
        headers = dict(request.headers)
        del headers["host"]
        credential, secret = call.service.credential, self._secret(call)
        if credential and secret and _origin(url) != _origin(request.url):
            headers.pop(credential.name.lower(), None)
            kept = [(name, value) for name, value in url.params.multi_items() if secret not in value]
            url = url.copy_with(params=kept)
        return httpx.Request("GET", url, headers=headers)

    def _without_key(self, content: bytes, call: Call) -> bytes:
        """Return the content without the key in any of its spellings; some services repeat it in capitals."""
        secret = self._secret(call)
        if secret:
            spellings = {secret, quote(secret, safe=""), quote_plus(secret), quote(secret)}
            spellings |= {json.dumps(secret)[1:-1], html.escape(secret)}
            longest_first = sorted(spellings, key=len, reverse=True)
            written = b"|".join(re.escape(spelling.encode()) for spelling in longest_first)
            content = re.sub(written, REMOVED, content, flags=re.IGNORECASE)
        return content


def aside(work: Callable[[], Result], seconds: float) -> Result | None:
    """Return what the work returns, or `None` if it takes longer; it is then left to itself.

    Looking a name up, and reading a header that comes letter by letter, obey no time limit; a thread
    that is not waited for does.
    """
    box: queue.SimpleQueue[tuple[Result | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            box.put((work(), None))
        except BaseException as problem:
            box.put((None, problem))

    threading.Thread(target=run, daemon=True, name="groundswell-request").start()
    try:
        result, problem = box.get(timeout=max(seconds, 0.0))
    except queue.Empty:
        return None
    if problem is not None:
        raise problem
    return result


def _in_time(response: httpx.Response, call: Call) -> Iterator[bytes]:
    """Yield what comes until the call's time is over."""
    for chunk in response.iter_raw():
        call.received += len(chunk)
        if call.left() <= 0:
            raise failure.too_slow(call.received, call.seconds)
        yield chunk


def _timeouts(call: Call) -> dict[str, float]:
    """Return the silences allowed, such that one of them leaves time for another try."""
    left = max(call.left(), 0.001)
    silence = min(left, call.service.deadline / 2)
    return {"connect": min(left, call.service.deadline / 4), "read": silence, "write": silence, "pool": left}


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
