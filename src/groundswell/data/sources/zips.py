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

    It is for reading only: the archive keeps the zip file, under the hash of the zip file.

    Args:
        body: the answer.
        fits: tells from the name within the zip file, folders and all.
        series: for refusals.
        largest: bytes the member may have unpacked.
        expected: what it is, for refusals.

    Raises:
        SourceError: it is no zip file, is damaged, has no or several such members, or unpacks to more.
    """
    try:
        with zipfile.ZipFile(BytesIO(body.content)) as packed:
            names = packed.namelist()
            found = [name for name in names if fits(name)]
            content = b""
            if len(found) == 1 and len(names) <= MOST_MEMBERS:
                with packed.open(found[0]) as opened:
                    content = opened.read(largest + 1)
    except Exception as problem:  # each way of packing raises errors of its own
        raise refusal(
            body, f"the zip cannot be read ({problem})", series=series, expected=expected
        ) from problem
    if len(names) > MOST_MEMBERS:
        raise refusal(
            body, f"the zip has {len(names)} members", series=series, expected=f"at most {MOST_MEMBERS}"
        )
    if len(found) != 1:
        raise refusal(
            body, f"what is wanted stands {len(found)} times in the zip", series=series, expected=expected
        )
    if len(content) > largest:
        raise refusal(
            body,
            f"'{found[0]}' unpacks to more than can be true",
            series=series,
            expected=f"at most {largest:,} bytes",
        )
    return replace(
        body,
        address=f"{body.address}#{found[0]}",
        content=content,
        media_type="application/octet-stream",
        sha256=hashlib.sha256(content).hexdigest(),
    )
