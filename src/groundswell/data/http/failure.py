"""What went wrong on the way, in words: no network, no time, no trust, or a status that is not 200."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from groundswell.data.http.guard import CHANGED, LATER, RefusalError, quoted
from groundswell.data.http.service import Service

ADDRESS = "check the address in the settings; if it is not set there, report it"
NETWORK = "check the connection (and the proxy, if there is one); what is stored can be used meanwhile"


def too_slow(received: int, seconds: float) -> RefusalError:
    """Return the refusal of an answer that was not whole in time."""
    return RefusalError(
        f"there was no whole answer in time ({received:,} bytes came)", f"one within {seconds:.1f} s", LATER
    )


def of_network(
    problem: Exception, received: int, seconds: float, clean: Callable[[str], str]
) -> RefusalError:
    """Return the refusal for an error of the connection.

    Args:
        problem: the error.
        received: bytes of the answer that came before.
        seconds: how long the call may take.
        clean: takes the key out of a text; the service may have put it into what broke.
    """
    causes = _causes(problem)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return RefusalError(
                f"its certificate cannot be trusted ({cause.verify_message})",
                "a certificate signed by an authority that is trusted here",
                "check the clock of this computer; behind a company's proxy, name its certificates in "
                "GROUNDSWELL_CA",
            )
        if isinstance(cause, socket.gaierror):
            return RefusalError("its name cannot be looked up", "a network", NETWORK)
        if isinstance(cause, ConnectionRefusedError):
            return RefusalError("the connection was refused", "a server at this address", NETWORK)
    words = clean(str(causes[-1])).strip() or type(problem).__name__
    if isinstance(problem, httpx.ConnectTimeout | httpx.PoolTimeout):
        return RefusalError(
            "no connection came about in time", f"one within {seconds / 4:.1f} s", NETWORK, again=True
        )
    if isinstance(problem, httpx.TimeoutException):
        what = f"the service fell silent ({received:,} bytes came)"
        return RefusalError(what, f"a whole answer within {seconds:.1f} s", again=True)
    if isinstance(problem, httpx.ConnectError):
        return RefusalError(f"there is no connection ({words})", "a network", NETWORK, again=True)
    if isinstance(problem, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return RefusalError("it points to an address that cannot be asked", "an address", ADDRESS)
    what = f"the answer was cut off or broken after {received:,} bytes ({words})"
    return RefusalError(what, "a whole answer", again=True)


def of_status(
    response: httpx.Response, complaint: bytes, service: Service, has_key: bool, now: datetime
) -> RefusalError:
    """Return the refusal for a status that is not 200.

    Args:
        response: its status and headers.
        complaint: its body, without the key.
        service: who sent it.
        has_key: whether a key was sent along.
        now: the time, UTC, from which a Retry-After that is a date counts.
    """
    status = response.status_code
    what = f"status {status} ({_phrase(status)})"
    if complaint.strip():
        what += f": {quoted(complaint)}"
    wait = _wait(response.headers.get("retry-after", ""), now)
    if wait is not None:
        what += f"; it asks to wait {wait:.0f} s"
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = service.busy_seconds
    return RefusalError(
        what,
        "status 200",
        _remedy(status, service, has_key),
        again=status in service.retry_statuses,
        wait=wait,
    )


def _remedy(status: int, service: Service, has_key: bool) -> str:
    key = service.credential
    if status in (401, 403):
        if key and has_key:
            return f"check {key.variable}: the key may be wrong, expired or spent (see {key.page})"
        if key:
            return f"set {key.variable}, which gives {key.unlocks}; one gets a key at {key.page}"
        if service.needs_contact:
            return "check the e-mail address in GROUNDSWELL_CONTACT, and wait ten minutes before another try"
        return "the service is shut to programs, or has nothing at this address; open it in a browser"
    if status == 429:
        return f"{LATER}: the service has had too many requests from this address"
    if status >= 500 or status == 408:
        return f"{LATER}: the service is in trouble"
    return CHANGED


def _wait(text: str, now: datetime) -> float | None:
    """Return the seconds of a Retry-After, given as a number or as a date."""
    if text.strip().isdecimal():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds())


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown"


def _causes(problem: BaseException) -> list[BaseException]:
    """Return an error and what led to it, the last being the first that happened."""
    causes = [problem]
    while following := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(following)
    return causes
