"""Answers that are zip files: one member of them as an answer of its own."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

from groundswell.data.http.service import Body
from groundswell.data.sources.decoding import refusal

MOST_MEMBERS = 1_000


def member(body: Body, fits: Callable[[str], bool], *, series: str, largest: int, expected: str) -> Body:
    """Return the one member of a zip file whose name fits, unpacked.

    Args:
        body: the answer.
        fits: tells from the name within the zip file, folders and all.
        series: for refusals.
        largest: bytes the member may have unpacked.
        expected: what it is, for refusals.

    Raises:
        SourceError: it is no zip file, is damaged, has no or several such members, or unpacks to more.
    """
    found = members(body, fits, series=series, largest=largest, expected=expected)
    if len(found) != 1:
        raise refusal(
            body, f"what is wanted stands {len(found)} times in the zip", series=series, expected=expected
        )
    return found[0]


def members(
    body: Body, fits: Callable[[str], bool], *, series: str, largest: int, expected: str
) -> list[Body]:
    """Return all members of a zip file whose names fit, unpacked; see `member`.

    The limit is of all together. They are for reading only: the archive keeps the zip file, under its hash.
    """
    contents: dict[str, bytes] = {}
    left = largest
    try:
        with zipfile.ZipFile(BytesIO(body.content)) as packed:
            names = packed.namelist()
            for name in filter(fits, names[: MOST_MEMBERS + 1]):
                with packed.open(name) as opened:
                    contents[name] = opened.read(left + 1)
                left -= len(contents[name])
                if left < 0:
                    break
    except Exception as problem:  # each way of packing raises errors of its own
        raise refusal(
            body, f"the zip cannot be read ({problem})", series=series, expected=expected
        ) from problem
    if len(names) > MOST_MEMBERS:
        raise refusal(
            body, f"the zip has {len(names)} members", series=series, expected=f"at most {MOST_MEMBERS}"
        )
    if left < 0:
        raise refusal(
            body,
            f"'{name}' unpacks to more than can be true",
            series=series,
            expected=f"at most {largest:,} bytes",
        )
    return [
        replace(
            body,
            address=f"{body.address}#{name}",
            content=content,
            media_type="application/octet-stream",
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for name, content in contents.items()
    ]
