"""One replayed market for all tests of runs: compiling once is most of their time."""

from collections.abc import Callable

import pytest

from groundswell.data.book import Book
from groundswell.runs.history import History, lay_out
from groundswell.runs.replay import Replay, replay
from groundswell.world.roster import actors_for

DRAWS = 7


@pytest.fixture
def followed() -> Callable[[Book], Replay]:
    """Return the function that lays a book out and replays everybody over it."""

    def follow(book: Book) -> Replay:
        history: History = lay_out(book)
        return replay(history, actors_for(history.assets)[0], draws=DRAWS)

    return follow
