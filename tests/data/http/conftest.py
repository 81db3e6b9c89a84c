"""Fixtures of the client: a made service, and a client whose folders and services are made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from groundswell.data.http.client import Client
from groundswell.data.http.service import Key, Service
from groundswell.data.settings import Settings


@pytest.fixture
def made_service() -> Callable[..., Service]:
    """Return a maker of services with short patience: `made_service(place="query", **policy)`."""

    def make(place: str = "", *, required: bool = False, **policy: object) -> Service:
        key = None
        if place:
            key = Key(
                variable="EIA_API_KEY",
                place=place,  # type: ignore[arg-type]
                name="x-made-key" if place == "header" else "api_key",
                required=required,
                unlocks="made data",
                page="https://made.example/key",
            )
        usual: dict[str, object] = {
            "key": "made",
            "title": "Made Bureau",
            "address": "https://made.invalid",
            "credential": key,
            "rate": (10_000, 1.0),
            "deadline": 1.0,
            "attempts": 2,
            "largest_body": 2**20,
        }
        return Service(**(usual | policy))  # type: ignore[arg-type]

    return make


@pytest.fixture
def client_of(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Return a maker of clients: `client_of(address, until=inf, **settings)`; all are closed at the end."""
    with ExitStack() as stack:

        def make(address: str | None = None, *, until: float = math.inf, **settings: object) -> Client:
            usual: dict[str, object] = {"data": tmp_path / "data", "cache": tmp_path / "cache"}
            if address is not None:
                usual["addresses"] = {"made": address}
            made = Settings(**(usual | settings))  # type: ignore[arg-type]
            return stack.enter_context(Client(made, until=until))

        yield make
