"""Charts drawn in a process of its own.

- A chart drawn next door is the one drawn here.
- A process that is gone, or that cannot be started, costs nothing but time.
- A chart that cannot be drawn is refused here, and the next one is drawn.
- The process ends with its owner.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
import vl_convert

from groundswell.show import converter

CHART = {
    "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 1}]},
    "mark": "line",
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
}


def test_a_chart_drawn_next_door_is_the_one_drawn_here() -> None:
    assert converter.svg(CHART) == vl_convert.vegalite_to_svg(CHART)


def test_a_process_that_is_gone_costs_nothing_but_time(monkeypatch: pytest.MonkeyPatch) -> None:
    converter.start()
    here = vl_convert.vegalite_to_svg(CHART)
    assert converter._next_door is not None
    converter._next_door.close()
    assert converter.svg(CHART) == here
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert converter._next_door is None
    assert converter.svg(CHART) == here


def test_a_chart_that_cannot_be_drawn_is_refused_and_the_next_one_drawn() -> None:
    with pytest.raises(ValueError, match="conversion failed"):
        converter.svg(CHART | {"mark": "nothing of the kind"})
    assert converter.svg(CHART).startswith("<svg")


def test_the_process_ends_with_its_owner() -> None:
    code = (
        "import os; from groundswell.show import converter; converter.start();"
        "print(converter._next_door._process.pid, flush=True); os._exit(1)"
    )
    owner = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    # its errors are read to their end: the process next door, which writes there too, has gone
    assert int(owner.stdout) > 0
