"""The client: asks services politely, believes no answer unseen, and keeps what it was told.

From outside to inside: tries (stamina), cache (hishel), and the line, where a request gets its turn
(pyrate-limiter), its key and its checks. Answers are cached for as long as the service's policy says,
whatever their headers say, and every answer goes to the archive.
"""

from __future__ import annotations

import hashlib
import logging
import math
import sqlite3
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import httpx
import stamina
from hishel import SqliteStorage
from hishel.httpx import CacheTransport

from groundswell.data.errors import SourceError
from groundswell.data.http.archive import Archive
from groundswell.data.http.guard import RefusalError
from groundswell.data.http.line import FETCHED, HASH, Call, Line
from groundswell.data.http.network import LOOPBACK
from groundswell.data.http.service import Body, Expected, Parameters, Service
from groundswell.data.settings import Settings

LARGEST_CACHE = 512 * 2**20
"""Bytes."""

# Without a handler of the program's own, the warnings of these would go to the terminal.
for _name in ("hishel", "stamina", "pyrate_limiter"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Client:
    """Asks services for several threads at once; a context manager that closes its connections.

    Args:
        settings: keys, folders and addresses of the user.
        until: monotonic time, in seconds, at which every call ends, however long the service's policy
            would wait.
        now: the clock that dates answers, UTC.

    Raises:
        DataError: the certificates of the settings cannot be read.
    """

    def __init__(
        self, settings: Settings, *, until: float = math.inf, now: Callable[[], datetime] = _utc_now
    ) -> None:
        self.settings = settings
        self.archive = Archive(settings.data / "bodies")
        self._until = until
        self._closed = False
        self._line = Line(settings, now)
        self._cache = CacheTransport(self._line, _storage(settings.cache / "answers"))

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; who still asks in another thread is refused."""
        self._closed = True
        self._cache.close()

    def has_key(self, service: Service) -> bool:
        """Return whether the user has given a key for the service."""
        return service.credential is not None and bool(self.settings.secret(service.credential))

    def get(
        self, service: Service, path: str, parameters: Parameters | None = None, *, expect: Expected
    ) -> Body:
        """Return the answer to a GET.

        Args:
            service: who is asked.
            path: below the service's address; it may hold parameters.
            parameters: further ones; a sequence is sent as repeated names.
            expect: what the answer must be.

        Raises:
            SourceError: there is no answer that could be used.
            StoreError: the answer could not be kept.
        """
        url = self._url(service, path)
        if parameters:
            url = url.copy_merge_params(dict(parameters))
        name = hashlib.sha256(f"{expect} {url}".encode()).hexdigest()
        caching = {"key": name, "ttl": service.cache_seconds} if service.cache_seconds > 0 else None
        return self._ask(service, httpx.Request("GET", url), expect, caching)

    def post(self, service: Service, path: str, content: Mapping[str, object], *, expect: Expected) -> Body:
        """Return the answer to a POST of a JSON object; it is never taken from the cache.

        Raises:
            SourceError: there is no answer that could be used.
            StoreError: the answer could not be kept.
        """
        return self._ask(service, httpx.Request("POST", self._url(service, path), json=content), expect, None)

    def keep(self, body: Body) -> None:
        """Put an answer into the archive; those of `get` and `post` are in it already.

        Raises:
            StoreError: it could not be kept.
        """
        self.archive.keep(body.service, body.content, body.sha256, body.fetched)

    def _url(self, service: Service, path: str) -> httpx.URL:
        below = path.lstrip("/")
        return httpx.URL(self.settings.address(service) + (f"/{below}" if below else ""))

    def _ask(
        self, service: Service, request: httpx.Request, expect: Expected, caching: Mapping[str, object] | None
    ) -> Body:
        self._check_manners(service, request.url)
        call = Call(service, expect, self._until)
        request.extensions = {"call": call} | ({"caching": caching} if caching else {})
        try:
            response = self._try(request, call)
        except RefusalError as refusal:
            raise SourceError(
                refusal.what,
                where=f"{service.title}, {request.url}",
                expected=refusal.expected,
                remedy=refusal.remedy,
            ) from None
        body = Body(
            service=service.key,
            address=str(request.url),
            content=response.content,
            media_type=response.headers["content-type"],
            fetched=datetime.fromisoformat(response.headers[FETCHED]),
            sha256=response.headers[HASH],
        )
        self.keep(body)
        return body

    def _try(self, request: httpx.Request, call: Call) -> httpx.Response:
        """Return the answer of the first try that brings one."""
        service = call.service
        pause = min(0.5, service.deadline / 20)

        def again(problem: Exception) -> bool | float:
            if not isinstance(problem, RefusalError) or not problem.again:
                return False
            wait = attempt.next_wait + pause if problem.wait is None else problem.wait
            if call.left() <= wait:
                return False
            return True if problem.wait is None else problem.wait

        tries = stamina.retry_context(
            on=again,
            attempts=service.attempts,
            timeout=None,
            wait_initial=pause,
            wait_jitter=pause,
            wait_max=max(pause, service.deadline / 4),
        )
        for attempt in tries:
            with attempt:
                return self._send(request)
        raise AssertionError("the last try either returns or raises")

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            if "caching" in request.extensions:
                response = self._cache.handle_request(request)
                if hashlib.sha256(response.read()).hexdigest() == response.headers[HASH]:
                    return response
        except sqlite3.Error:
            # The cache is damaged; it was only to save time.
            pass
        except RuntimeError:
            # So hishel says that it is closed.
            if self._closed:
                raise RefusalError("the client was closed before the answer came") from None
            raise
        return self._line.handle_request(request)

    def _check_manners(self, service: Service, url: httpx.URL) -> None:
        """Refuse, before anything is sent, what the service would refuse or the user would regret."""
        key = service.credential
        where = f"{service.title}, {url}"
        if time.monotonic() >= self._until:
            raise SourceError("there was no time left to ask", where=where, remedy="run the update again")
        if key and key.required and not self.has_key(service):
            raise SourceError(
                "the service answers nothing without a key, and none is set",
                where=where,
                expected=f"a key in {key.variable}; it unlocks {key.unlocks}",
                remedy=f"get one at {key.page} and set {key.variable}",
            )
        if self.has_key(service) and url.scheme == "http" and url.host not in LOOPBACK:
            raise SourceError(
                "the key would travel in the clear",
                where=where,
                expected="an address with https",
                remedy=f"correct the address of '{service.key}' in the settings",
            )
        if service.needs_contact and not self.settings.contact:
            raise SourceError(
                "the service asks for the e-mail address of who uses it, and none is set",
                where=where,
                expected="an address in GROUNDSWELL_CONTACT; it is sent to this service with every request",
                remedy='set GROUNDSWELL_CONTACT, or contact = "name@example.org" in the settings file',
            )


def _storage(folder: Path) -> SqliteStorage:
    """Return the cache's storage in a folder, or in memory where the folder cannot be used."""
    file = folder / "answers.db"
    for _ in range(2):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            return SqliteStorage(connection=connection, max_size=LARGEST_CACHE)
        except (OSError, sqlite3.OperationalError):
            break
        except sqlite3.DatabaseError:
            # It is no database any more, and nothing is lost with it.
            file.unlink(missing_ok=True)
    memory = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    return SqliteStorage(connection=memory, max_size=LARGEST_CACHE)
