"""A caller that answers from payloads a test has made, and remembers what it was asked."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import TypeAlias
from urllib.parse import urlencode

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Expected, Parameters, Service

MEDIA_TYPES = {"json": "application/json", "csv": "text/csv", "text": "text/plain", "zip": "application/zip"}

Content: TypeAlias = "str | bytes | dict[str, object] | list[object] | Exception"
"""Text or bytes as served; a dict or list is sent as JSON; an exception is raised."""

Matcher: TypeAlias = "str | Callable[[Mapping[str, object]], bool]"
"""A piece of the query as sent ("series_id=GDP"; of the JSON body for a POST), or a predicate."""

Made: TypeAlias = "Content | Callable[[Mapping[str, object]], Content]"


@dataclass(frozen=True)
class Asked:
    """One request as a source made it."""

    service: str
    path: str
    parameters: Mapping[str, object]


@dataclass
class Answering:
    """Implements `Caller` from a table of answers; the first key that fits answers.

    Attributes:
        answers: by path, or by (path, matcher); a callable value makes the content from the
            parameters of the request.
        keys: whether the user "has" keys.
        fetched: the moment every answer is received.
        asked: the requests so far, in order.
        kept: what came through libraries and was handed over for the archive.
    """

    answers: Mapping[str | tuple[str, Matcher], Made]
    keys: bool = False
    fetched: datetime = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
    asked: list[Asked] = field(default_factory=list)
    kept: list[Body] = field(default_factory=list)

    def get(
        self, service: Service, path: str, parameters: Parameters | None = None, *, expect: Expected
    ) -> Body:
        query = urlencode(dict(parameters or {}), doseq=True)
        return self._answer(service, path, parameters or {}, query, expect)

    def post(self, service: Service, path: str, content: Mapping[str, object], *, expect: Expected) -> Body:
        return self._answer(service, path, content, json.dumps(content), expect)

    def keep(self, body: Body) -> None:
        self.kept.append(body)

    def has_key(self, service: Service) -> bool:
        return self.keys

    def _answer(
        self, service: Service, path: str, parameters: Mapping[str, object], sent: str, expect: Expected
    ) -> Body:
        self.asked.append(Asked(service.key, path, dict(parameters)))
        address = f"{service.address.rstrip('/')}/{path.lstrip('/')}"
        for key, made in self.answers.items():
            wanted, matcher = (key, "") if isinstance(key, str) else key
            fits = matcher(parameters) if callable(matcher) else matcher in sent
            if wanted.strip("/") == path.strip("/") and fits:
                content = made(parameters) if callable(made) else made
                return body(content, service.key, f"{address}?{sent}", expect, self.fetched)
        raise SourceError(f"status 404, nothing answers {path}?{sent}", where=f"{service.key}, {address}")


def zipped(members: Mapping[str, str]) -> bytes:
    """Return a zip file with the texts given, by the names they have in it."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return stream.getvalue()


def body(
    content: Content,
    service: str,
    address: str = "https://made.example/",
    expect: Expected = "json",
    fetched: datetime = datetime(2026, 9, 1, 12, 0, tzinfo=UTC),
) -> Body:
    """Return an answer with the given content, as a client would hand it over."""
    if isinstance(content, Exception):
        raise content
    if isinstance(content, dict | list):
        content = json.dumps(content)
    raw = content.encode() if isinstance(content, str) else content
    return Body(service, address, raw, MEDIA_TYPES[expect], fetched, hashlib.sha256(raw).hexdigest())
