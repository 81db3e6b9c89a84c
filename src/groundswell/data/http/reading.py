"""From the bytes of an answer to its text or its JSON value."""

from __future__ import annotations

from pydantic_core import from_json

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body

_REMEDY = "run the update again later; if it stays so, the service has changed its form: report it"


def text(body: Body) -> str:
    """Return the text of an answer; a byte order mark is taken off.

    Raises:
        SourceError: it is not UTF-8; the message names the byte and the row.
    """
    try:
        return body.content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        byte = body.content[problem.start]
        row = body.content[: problem.start].count(b"\n") + 1
        raise SourceError(
            f"the text is not UTF-8: byte {problem.start} (row {row}) is 0x{byte:02x}",
            where=f"{body.service}, {body.address}",
            expected="text in UTF-8",
            remedy=_REMEDY,
        ) from None


def json_of(body: Body) -> object:
    """Return the JSON value of an answer.

    Raises:
        SourceError: it is not JSON, or has a number that is not finite; the message names the place.
    """
    try:
        return from_json(body.content.removeprefix(b"\xef\xbb\xbf"), allow_inf_nan=False)
    except (ValueError, RecursionError) as problem:
        raise SourceError(
            f"the answer is not whole JSON: {problem}",
            where=f"{body.service}, {body.address}",
            expected="a JSON document",
            remedy=_REMEDY,
        ) from None
