"""Work in a process of its own.

- A function called next door answers as it does here, and its refusals are those it gives here.
- Whatever ends or silences the process, the answer comes all the same.
- What is printed there is no answer, and the process ends with its owner.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pandas as pd
import pytest

from groundswell.data import calendar
from groundswell.data.errors import DataError
from groundswell.runs.next_door import NextDoor


@pytest.fixture
def next_door() -> Iterator[NextDoor]:
    process = NextDoor("groundswell.data.calendar")
    yield process
    process.close()


def test_a_function_answers_next_door_as_it_does_here(next_door: NextDoor) -> None:
    asked = [("2018-02-01", "2018-02-09"), ("2020-03-16", "2020-03-20")]
    coming = [next_door.submit(calendar.sessions, *span) for span in asked]
    for span, future in zip(asked, coming, strict=True):
        pd.testing.assert_index_equal(future.result(), calendar.sessions(*span))


def test_a_refusal_is_the_one_given_here(next_door: NextDoor) -> None:
    refused = next_door.submit(calendar.sessions, "2018-02-09", "1700-01-01")
    with pytest.raises(DataError) as here:
        calendar.sessions("2018-02-09", "1700-01-01")
    with pytest.raises(DataError) as there:
        refused.result()
    assert str(there.value) == str(here.value)
    assert next_door.submit(len, "more").result() == 4, "and the next one is answered"


def test_without_the_process_the_answer_comes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = NextDoor()
    assert ended._process is not None
    ended._process.kill()
    assert ended.submit(len, "four").result() == 4
    unheard = NextDoor()
    assert unheard.submit(len, [lambda: None]).result() == 1, "what cannot be sent is done here"
    assert unheard.submit(len, "four").result() == 4
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert NextDoor().submit(len, "four").result() == 4


def test_what_is_printed_there_is_no_answer(next_door: NextDoor, capfd: pytest.CaptureFixture[str]) -> None:
    assert next_door.submit(print, "a warning").result() is None
    assert next_door.submit(len, "four").result() == 4


def test_the_process_ends_with_its_owner() -> None:
    code = (
        "import os; from groundswell.runs.next_door import NextDoor; aside = NextDoor();"
        "print(aside.submit(len, 'four').result(), flush=True); os._exit(1)"
    )
    owner = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    # its errors are read to their end: the process next door, which writes there too, has gone
    assert owner.stdout == "4\n"
