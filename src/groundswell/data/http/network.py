"""The connections: TLS verified, through the proxy of the environment where there is one."""

from __future__ import annotations

import ssl
import threading
from functools import cache
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

import httpx

from groundswell.data.errors import DataError
from groundswell.data.http.guard import RefusalError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Network(httpx.BaseTransport):
    """Connections to all hosts.

    Args:
        ca: a PEM file of certificates to trust besides the usual ones.

    Raises:
        DataError: the file cannot be read.
    """

    def __init__(self, ca: Path | None) -> None:
        self._context = _context(ca)
        self._transports: dict[str | None, httpx.HTTPTransport] = {}
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over a connection of its own or one that is free."""
        proxy = _proxy(request.url)
        with self._lock:
            if proxy not in self._transports:
                try:
                    self._transports[proxy] = httpx.HTTPTransport(verify=self._context, proxy=proxy)
                except (ImportError, ValueError, httpx.InvalidURL):
                    raise RefusalError(
                        "the proxy that the environment names cannot be used",
                        "an address like http://host:port",
                        "correct the variable HTTPS_PROXY",
                    ) from None
            transport = self._transports[proxy]
        return transport.handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for transport in self._transports.values():
                transport.close()


@cache
def _context(ca: Path | None) -> ssl.SSLContext:
    """Return what TLS trusts; reading it takes some 40 ms, so once for all clients."""
    context = httpx.create_ssl_context()
    if ca is not None:
        try:
            context.load_verify_locations(ca)
        except (OSError, ssl.SSLError) as problem:
            raise DataError(
                f"the certificates cannot be read ({problem})",
                where=str(ca),
                expected="a PEM file",
                remedy="correct the setting GROUNDSWELL_CA, or remove it",
            ) from None
    return context


def _proxy(url: httpx.URL) -> str | None:
    if url.host in LOOPBACK or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    return proxies.get(url.scheme) or proxies.get("all")
