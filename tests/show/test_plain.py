"""The plain twins say what the page says.

- JSON reads back to the desk's own dictionary, strictly (no NaN token).
- CSV is one line per number, and every number reads back equal.
- Markdown holds the same words as the page's tables.
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from groundswell.sheets import words
from groundswell.show import plain, tables


def lines(desk: Any) -> dict[tuple[str, str, str], str]:
    reader = csv.DictReader(io.StringIO(plain.to_csv(desk)))
    found = [((row["table"], row["row"], row["field"]), row["value"]) for row in reader]
    assert len(dict(found)) == len(found), "an address is used twice"
    return dict(found)


def test_json_reads_back(made_desk: Any) -> None:
    assert json.loads(plain.to_json(made_desk)) == made_desk.to_dict()


def test_json_is_strict_where_numbers_are_undefined(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    desk = replace(desk, flows=desk.flows.assign(z=np.nan))

    def refuse(token: str) -> None:
        raise AssertionError(token)

    read = json.loads(plain.to_json(desk), parse_constant=refuse)
    assert {row["z"] for row in read["flows"]} == {None}


def test_csv_holds_every_number_in_full(made_desk: Any) -> None:
    found = lines(made_desk)
    for row in made_desk.flows.itertuples():
        address = f"{row.actor}-{row.horizon}-{row.scenario}"
        for field in ("flow", "low", "high", "pct_adv", "z"):
            assert float(found["flows", address, field]) == getattr(row, field)
    assert found["sheet", "", "as_of"] == "2018-12-31"
    assert found["sheet", "", "headline"] == made_desk.headline
    assert float(found["positions", "vol_target", "exposure"]) == 112.4


def test_csv_leaves_undefined_numbers_empty(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    desk = replace(desk, positions=desk.positions.assign(z=np.nan))
    assert lines(desk)["positions", "total", "z"] == ""
    assert "nan" not in plain.to_csv(desk)


def test_repeated_keys_get_addresses_of_their_own(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    desk = replace(desk, triggers=desk.triggers.assign(rule="the same rule"))
    assert len(set(tables.addresses("triggers", desk.triggers))) == len(desk.triggers)
    lines(desk)


def test_markdown_says_what_the_tables_say(made_desk: Any) -> None:
    text = plain.to_markdown(made_desk)
    assert made_desk.headline in text
    for row in made_desk.flows.itertuples():
        name, scenario = words.actor_name(row.actor), words.scenario_name(row.scenario)
        band = words.band(row.low, row.high, row.flow)
        horizon = words.horizon_name(row.horizon)
        assert f"| {name} | {horizon} | {scenario} | {words.flow(row.flow)} | {band} |" in text
    for table in (tables.positions(made_desk), tables.moved(made_desk)):
        for row in table.rows:
            assert "| " + " | ".join(row.cells) + " |" in text


def test_markdown_tables_survive_a_pipe_and_an_empty_frame(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    desk = replace(desk, assumptions=desk.assumptions.assign(source="a | b <script>"))
    desk = replace(desk, triggers=desk.triggers.head(0))
    text = plain.to_markdown(desk)
    assert "a \\| b &lt;script>" in text
    assert "None on this sheet." in text


def test_a_parameter_without_a_range_is_called_fixed(made_desk: Any) -> None:
    ranges = {row.cells[0]: row.cells[2] for row in tables.assumptions(made_desk).rows}
    assert ranges["impact.clock"] == "fixed"
    assert ranges["impact.multiplier"] == "3 to 8"
    assert ranges["vol_target.decay"] == "0.92, 0.96 to 0.95, 0.98"
