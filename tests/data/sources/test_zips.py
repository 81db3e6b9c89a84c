"""A member of a zip file is an answer of its own, with its own address and hash, or is refused in words."""

from __future__ import annotations

import hashlib

import pytest
from answering import body, zipped

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body
from groundswell.data.sources import zips


def packed(**members: str) -> bytes:
    return zipped({f"{name}.txt": text for name, text in members.items()})


def member(content: bytes, largest: int = 100) -> Body:
    answer = body(content, "made", "https://made.example/year.zip", expect="zip")
    return zips.member(
        answer, lambda name: name.startswith("tide"), series="tide", largest=largest, expected="a tide"
    )


def test_a_member_carries_its_own_address_and_hash() -> None:
    found = member(packed(tide="high", moon="full"))
    assert found.content == b"high"
    assert found.address == "https://made.example/year.zip#tide.txt"
    assert found.sha256 == hashlib.sha256(b"high").hexdigest()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"<html>", "cannot be read"),
        (packed(tide="high")[:-30], "cannot be read"),
        (packed(moon="full"), "stands 0 times"),
        (packed(tide="high", tide_2="low"), "stands 2 times"),
        (packed(tide="0" * 101), "'tide.txt' unpacks to more than can be true.*at most 100 bytes"),
    ],
    ids=["no zip", "cut off", "absent", "twice", "too large"],  # a zip holds the time it was made
)
def test_what_does_not_fit_is_refused(content: bytes, complaint: str) -> None:
    with pytest.raises(SourceError, match=f"made, series 'tide', answer of .*year.zip.*{complaint}"):
        member(content)
