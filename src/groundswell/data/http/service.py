"""What a service is to its callers: its address and its rules, what comes back, and who may ask.

Sources are written against these three, `Service`, `Body` and `Caller`; the client that does the work
is `data.http.client`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

Expected: TypeAlias = Literal["json", "csv", "text", "zip"]
"""What the body of an answer must be; it is checked on the content type and on the first bytes."""

Value: TypeAlias = str | int | float | Sequence[str]
Parameters: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True)
class Key:
    """A key that a service wants with every request.

    Attributes:
        variable: the environment variable it is read from, for example `FRED_API_KEY`.
        place: where it goes: a query parameter, a header, or a member of a JSON body.
        name: the name it has there.
        required: whether the service answers nothing without it.
        unlocks: what it gives, for `groundswell doctor`.
        page: where one gets it.
    """

    variable: str
    place: Literal["query", "header", "body"]
    name: str
    required: bool
    unlocks: str
    page: str


@dataclass(frozen=True)
class Service:
    """One public service and the policy towards it.

    Attributes:
        key: short name, as in the catalog ("fred").
        title: name for people.
        address: base of every address; a setting replaces it (`GROUNDSWELL_FRED_ADDRESS`).
        credential: the key it wants, if any.
        rate: requests allowed, and the seconds they are allowed in.
        cache_seconds: how long an answer may serve again without asking.
        retry_statuses: statuses worth another try; a `Retry-After` is honoured.
        attempts: tries in all.
        busy_seconds: how long to wait after a status 429 that does not say for how long.
        deadline: seconds one answer may take from first byte asked to last byte read.
        largest_body: bytes an unpacked answer may have.
        needs_contact: whether the User-Agent must name the user's e-mail address.
        documentation: page that describes the service.
    """

    key: str
    title: str
    address: str
    credential: Key | None = None
    rate: tuple[int, float] = (2, 1.0)
    cache_seconds: float = 600.0
    retry_statuses: frozenset[int] = frozenset({408, 425, 429, 500, 502, 503, 504})
    attempts: int = 4
    busy_seconds: float | None = None
    deadline: float = 60.0
    largest_body: int = 64 * 2**20
    needs_contact: bool = False
    documentation: str = ""


@dataclass(frozen=True)
class Body:
    """One answer, as received, without any key in it.

    Attributes:
        service: key of the service.
        address: the address asked, without the key.
        content: the unpacked bytes.
        media_type: of the answer, lower case, without parameters.
        fetched: when it was received, UTC.
        sha256: of `content`, in hexadecimal.
    """

    service: str
    address: str
    content: bytes = field(repr=False)
    media_type: str
    fetched: datetime
    sha256: str


class Caller(Protocol):
    """Who asks services; every refusal is a `SourceError` that names the service and the address."""

    def get(self, service: Service, path: str, parameters: Parameters = ..., *, expect: Expected) -> Body:
        """Return the answer to a GET; a sequence among the parameters is sent as repeated names."""
        ...

    def post(self, service: Service, path: str, content: Mapping[str, object], *, expect: Expected) -> Body:
        """Return the answer to a POST of a JSON object."""
        ...

    def keep(self, body: Body) -> None:
        """Put into the archive what came another way than by `get` and `post`: through a library."""
        ...

    def has_key(self, service: Service) -> bool:
        """Return whether the user has given a key for the service."""
        ...
