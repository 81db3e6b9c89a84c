"""Charts drawn in a process of its own.

- A chart drawn next door is the one drawn here.
- A chart that cannot be drawn is refused, and the next one is drawn.
"""

from __future__ import annotations

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


def test_a_chart_that_cannot_be_drawn_is_refused_and_the_next_one_drawn() -> None:
    with pytest.raises(ValueError, match="conversion failed"):
        converter.svg(CHART | {"mark": "nothing of the kind"})
    assert converter.svg(CHART).startswith("<svg")
