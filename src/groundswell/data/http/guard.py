"""What an answer must be before anything keeps it: unpacked within its limit, whole, and of its kind."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator

from pydantic_core import from_json

from groundswell.data.http.service import Expected

QUOTED = 160
"""Characters of a wrong answer that an error shows."""

LATER = "run the update again later"
CHANGED = f"{LATER}; if it stays so, the service has changed its form: report it"

_OCTETS = {"", "application/octet-stream", "binary/octet-stream", "application/x-download"}
_JSON = re.compile(r"(application|text)/([\w.-]+\+)?(json|javascript|x-javascript|plain)")
_TEXT = re.compile(r"text/(?!html|xml)[\w.-]+|application/([\w.-]*csv|vnd\.ms-excel)")
_ZIP = re.compile(r"application/(x-)?zip(-compressed)?")
_TYPES = {"json": _JSON, "csv": _TEXT, "text": _TEXT, "zip": _ZIP}
_WORDS = {
    "json": "a JSON document",
    "csv": "a table of comma-separated values",
    "text": "plain text",
    "zip": "a zip file",
}
_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body|script|\?xml|!--)", re.IGNORECASE)
_END_OF_ZIP = b"PK\x05\x06"
_LONGEST_END_OF_ZIP = 22 + 65535
_STEP = 2**20
"""Bytes unpacked at a time."""


class RefusalError(Exception):
    """An answer, or the lack of one, that cannot be used; the client tells the user where it was.

    Args:
        what: what came instead of an answer.
        expected: what should have come.
        remedy: what to do.
        again: whether another try may do better.
        wait: seconds the service asks to wait first; `None` where it does not say.
    """

    def __init__(
        self,
        what: str,
        expected: str = "",
        remedy: str = LATER,
        *,
        again: bool = False,
        wait: float | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.remedy = remedy
        self.again = again
        self.wait = wait


def unpacked(chunks: Iterable[bytes], encoding: str, largest: int) -> bytes:
    """Return the bytes of an answer, never holding more than `largest` of them.

    Args:
        chunks: as received.
        encoding: the header Content-Encoding; only gzip was asked for.
        largest: bytes the unpacked answer may have.

    Raises:
        RefusalError: too large, packed otherwise, or its packing is damaged or cut off.
    """
    packing = encoding.strip().lower()
    if packing in ("", "identity"):
        pieces = iter(chunks)
    elif packing in ("gzip", "x-gzip"):
        pieces = _gunzipped(chunks)
    else:
        raise RefusalError(f"the answer is packed as '{packing[:40]}'", "plain bytes or gzip", CHANGED)
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > largest:
            raise RefusalError(
                f"the unpacked answer is larger than {largest:,} bytes",
                f"at most {largest:,} bytes",
                "nothing was kept; if the service's answers have grown this far, report it",
            )
    return bytes(content)


def _gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for chunk in chunks:
            packed = chunk
            while packed:
                if unpacker.eof:
                    # A gzip file may be several, one after the other.
                    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
                yield unpacker.decompress(packed, _STEP)
                packed = unpacker.unconsumed_tail or unpacker.unused_data
        while not unpacker.eof and (rest := unpacker.decompress(b"", _STEP)):
            yield rest
    except zlib.error as problem:
        raise RefusalError(f"the packing of the answer is damaged ({problem})", "gzip", again=True) from None
    if not unpacker.eof:
        raise RefusalError("the packed answer is cut off", "a whole gzip stream", again=True)


def check(content: bytes, media_type: str, expect: Expected) -> None:
    """Refuse an answer that is empty, a web page, of another kind than expected, or unfinished.

    Raises:
        RefusalError: with the beginning of what came, shortened.
    """
    wanted = _WORDS[expect]
    if not content.strip():
        raise RefusalError("the answer is empty", wanted, CHANGED, again=True)
    if _PAGE.match(content) or media_type in ("text/html", "application/xhtml+xml"):
        raise RefusalError(
            f"a web page came instead of data: {quoted(content)}",
            wanted,
            "the service may be shut to programs or down for repairs; open the address in a browser, "
            "and run the update again later",
        )
    if media_type not in _OCTETS and not _TYPES[expect].fullmatch(media_type):
        raise RefusalError(
            f"the answer is of type '{media_type[:60]}': {quoted(content)}", f"{wanted} ({expect})", CHANGED
        )
    if expect == "json":
        _check_json(content, wanted)
    elif expect == "zip":
        _check_zip(content, wanted)
    elif content.startswith(b"PK\x03\x04") or b"\0" in content[:1024]:
        raise RefusalError("the answer is not text but binary", wanted, CHANGED)
    elif expect == "csv" and content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        raise RefusalError(f"JSON came instead: {quoted(content)}", wanted, CHANGED)


def _check_json(content: bytes, wanted: str) -> None:
    document = content.removeprefix(b"\xef\xbb\xbf")
    if document.lstrip()[:1] not in (b"{", b"["):
        raise RefusalError(f"the answer is no JSON object or list: {quoted(content)}", wanted, CHANGED)
    try:
        from_json(document)
    except (ValueError, RecursionError) as problem:
        # What begins well and ends too early was cut on the way, and may be whole the next time.
        what = f"the JSON is unfinished or damaged ({problem}): {quoted(content)}"
        raise RefusalError(what, wanted, CHANGED, again=True) from None


def _check_zip(content: bytes, wanted: str) -> None:
    if not content.startswith((b"PK\x03\x04", _END_OF_ZIP)):
        raise RefusalError(f"the answer is not a zip file: {quoted(content)}", wanted, CHANGED)
    if _END_OF_ZIP not in content[-_LONGEST_END_OF_ZIP:]:
        raise RefusalError("the zip file is cut off", wanted, again=True)


def quoted(content: bytes) -> str:
    """Return the beginning of a body as one quoted line that a terminal can show unharmed."""
    text = re.sub(r"\s+", " ", content[: 4 * QUOTED].decode("utf-8", errors="replace")).strip()
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    return f"'{shown}'" if len(shown) <= QUOTED else f"'{shown[:QUOTED]}...'"
