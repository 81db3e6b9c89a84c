"""A server on this machine that answers like a service, and misbehaves like one when told to.

    with serving({"/series?id=GDP": {"value": 1}, "/walled": html_instead()}) as server:
        ...server.address, server.requests...

A route is a path, with or without parameters that the request must have; the route with the most
parameters that fit answers. What it leads to is a body (bytes, text, or a value sent as JSON), a
`Reply`, a function from the request to one of these, or a fault.
"""

from __future__ import annotations

import gzip
import json
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    import trustme

WALL = (
    b"<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head><body>Are you human?</body></html>"
)


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; names of headers in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    at: float

    def all(self, name: str) -> list[str]:
        """Return the values of a parameter."""
        return [value for key, value in self.query if key == name]


@dataclass(frozen=True)
class Reply:
    """A whole answer; `media_type` is JSON unless the body is bytes or text that is not."""

    body: bytes = b""
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """An answer that is written to the wire by hand."""

    play: Callable[[Handler, Asked], None]


@dataclass
class Server:
    """A server that runs; `routes` may be changed while it does."""

    address: str
    routes: dict[str, object]
    requests: list[Asked] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def count(self, path: str) -> int:
        """Return how many requests asked for a path."""
        return sum(asked.path == path for asked in self.requests)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    world: ClassVar[Server]

    def do_GET(self) -> None:
        """Answer a GET."""
        target = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = Asked(
            method=self.command,
            path=target.path,
            query=tuple(parse_qsl(target.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            at=time.monotonic(),
        )
        self.world.requests.append(asked)
        found = _route(self.world.routes, asked)
        if callable(found):
            found = found(asked)
        if isinstance(found, Fault):
            found.play(self, asked)
        else:
            self.send(as_reply(found))

    do_POST = do_GET  # noqa: N815

    def send(self, reply: Reply, declared: int | None = None) -> None:
        """Write an answer in one piece; `declared` is its length where the header shall lie."""
        lines = [f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('',))[0]}"]
        if reply.media_type:
            lines.append(f"Content-Type: {reply.media_type}")
        lines.append(f"Content-Length: {len(reply.body) if declared is None else declared}")
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body)

    def drop(self) -> None:
        """Close the connection after this answer."""
        self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def as_reply(found: object) -> Reply:
    """Return what a route leads to as a whole answer."""
    if isinstance(found, Reply):
        return found
    if isinstance(found, bytes):
        return Reply(found, media_type="application/octet-stream")
    if isinstance(found, str):
        return Reply(found.encode(), media_type="text/csv; charset=utf-8")
    return Reply(json.dumps(found).encode())


def _route(routes: Mapping[str, object], asked: Asked) -> object:
    fitting = []
    for route, found in routes.items():
        target = urlsplit(route)
        wanted = parse_qsl(target.query, keep_blank_values=True)
        if target.path == asked.path and all(pair in asked.query for pair in wanted):
            fitting.append((len(wanted), found))
    if not fitting:
        return Reply(b'{"error": "nothing here"}', 404)
    return max(fitting, key=lambda each: each[0])[1]


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    context: ssl.SSLContext | None = None

    def server_bind(self) -> None:
        """Bind without looking up the name of this machine, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands in the thread of the connection, so that a client that refuses stops nobody."""
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client hangs up."""


@contextmanager
def serving(routes: Mapping[str, object], authority: trustme.CA | None = None) -> Iterator[Server]:
    """Run a server until the block is left; over TLS where an authority is given to vouch for it."""
    handler = type("Bound", (Handler,), {})
    listener = _Listener(("127.0.0.1", 0), handler)
    scheme = "http"
    if authority is not None:
        scheme = "https"
        listener.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(listener.context)
    server = Server(f"{scheme}://127.0.0.1:{listener.server_port}", dict(routes))
    handler.world = server  # type: ignore[attr-defined]
    thread = threading.Thread(target=listener.serve_forever, args=(0.005,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        listener.shutdown()
        listener.server_close()
        thread.join()


def too_many_requests(retry_after: str | int = 1) -> Reply:
    """Return a refusal for too many requests; `retry_after` is seconds or an HTTP date."""
    return Reply(b"Too Many Requests", 429, "text/plain", {"Retry-After": str(retry_after)})


def server_error(status: int = 500) -> Reply:
    """Return the page of a server that broke."""
    return Reply(b"<html><body><h1>Internal Server Error</h1></body></html>", status, "text/html")


def hang(seconds: float = 60.0) -> Fault:
    """Take the request and say nothing."""

    def play(handler: Handler, asked: Asked) -> None:
        handler.world.stopping.wait(seconds)
        handler.drop()

    return Fault(play)


def slow_drip(
    body: bytes = b'{"a": 1}' + b" " * 10_000, pause: float = 0.02, *, headers: bool = False
) -> Fault:
    """Send a body byte by byte, or a header that never ends, so that no single wait is long."""

    def play(handler: Handler, asked: Asked) -> None:
        start = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        rest = b"X-Slow: " + b"a" * 10_000 if headers else b"\r\n" + body
        handler.drop()
        try:
            handler.wfile.write(start.encode())
            for position in range(len(rest)):
                handler.wfile.write(rest[position : position + 1])
                if handler.world.stopping.wait(pause):
                    return
        except OSError:
            # The client has given up, as it should.
            pass

    return Fault(play)


def truncated(
    body: bytes = b'{"observations": [1, 2, 3]}', keep: float = 0.5, *, chunked: bool = False
) -> Fault:
    """Promise a whole body, send a part and close the connection."""

    def play(handler: Handler, asked: Asked) -> None:
        part = body[: int(len(body) * keep)]
        if chunked:
            start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            handler.wfile.write(start + b"%x\r\n%s\r\n" % (len(part), part))
        else:
            handler.send(Reply(part), declared=len(body))
        handler.drop()

    return Fault(play)


def on_the_wire(everything: bytes) -> Fault:
    """Send these bytes, status line and headers included, and close the connection."""

    def play(handler: Handler, asked: Asked) -> None:
        handler.wfile.write(everything)
        handler.drop()

    return Fault(play)


def wrong_content_type(media_type: str = "application/pdf", body: bytes = b"%PDF-1.7 ...") -> Reply:
    """Return an answer of another kind."""
    return Reply(body, 200, media_type)


def html_instead(status: int = 200, media_type: str = "text/html; charset=utf-8") -> Reply:
    """Return a web page, as walls against programs do."""
    return Reply(WALL, status, media_type)


def gzip_bomb(unpacked: int = 200 * 2**20) -> Reply:
    """Return a small answer that unpacks to a large one."""
    block = gzip.compress(b" " * 2**20)
    return Reply(block * (unpacked // 2**20), headers={"Content-Encoding": "gzip"})


def redirect(target: str, status: int = 302) -> Reply:
    """Point elsewhere."""
    return Reply(b"", status, "", {"Location": target})


def redirect_loop() -> Callable[[Asked], Reply]:
    """Point back to where the request came from."""
    return lambda asked: redirect(asked.path)


def redirect_on_and_on() -> Callable[[Asked], Reply]:
    """Point to an address that is new each time."""
    return lambda asked: redirect(f"{asked.path}?step={random.randrange(10**9)}")


def certificate_error() -> trustme.CA:
    """Return an authority that nobody trusts, to serve with."""
    import trustme

    return trustme.CA(organization_name="Nobody")


def empty() -> Reply:
    """Say yes and nothing."""
    return Reply(b"")


def flaky(failures: int, then: object, first: object = None) -> Callable[[Asked], object]:
    """Fail some times (`first`, a server error unless told), then answer."""
    left = threading.Semaphore(failures)
    fault = server_error(503) if first is None else first

    def answer(asked: Asked) -> object:
        found = fault if left.acquire(blocking=False) else then
        return found(asked) if callable(found) else found

    return answer
