"""Answers of Cboe, the CFTC, Deribit, Coin Metrics and Yahoo that were damaged on the way.

- Whatever is cut, repeated, replaced or put in, an answer is read or refused in our own words, never a
  crash; a refusal names the series and what to do.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from answering import body

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body
from groundswell.data.sources import (
    cboe,
    cboe_chain,
    cboe_futures,
    cftc_files,
    cftc_reports,
    coin_metrics,
    deribit,
    yahoo_bars,
)
from tests.data.sources import (
    test_cboe_chain,
    test_cboe_futures,
    test_cftc,
    test_coin_metrics,
    test_deribit,
    test_yahoo,
)

TFF = cftc_reports.REPORTS["tff"]
START, END = test_deribit.milliseconds("2025-01-01"), test_deribit.milliseconds("2025-02-01")
EXPIRY = date(2024, 1, 17)

PUT_IN = (
    b"null", b"1e999", b"-1", b"9" * 400, b'""', b"[]", b"true", b"\xff", b"\x00", b"NaN", b"0001-01-01",
    b"9999-12-31T23:59:59", b"1e15", b",", b"\n", b'"', b"\r", b"-0.0", "١٢".encode(), b"1_0", b"01/02/2024",
)  # fmt: skip
VALUES = (None, -1, 0, 1e308, 10**400, 2**63, True, "", "x", [], {}, "2024-13-01", -(10**11), "1e5", {"a": 1})


def sums(answer: Body, rows: list[cftc_reports.Position]) -> object:
    """Return the figures of every contract: reading the rows alone would not look at them."""
    by_code = cftc_reports.grouped(rows)
    return [cftc_reports.figures_of(TFF, each, code, "made") for code, each in by_code.items()]


ANSWERS: list[tuple[object, Callable[[Body], object]]] = [
    (
        "DATE,OPEN,HIGH,LOW,CLOSE\n01/02/2024,13.2,14.1,13.0,13.200000\n01/03/2024,13,15,13,14.040000\n",
        lambda answer: cboe.read_index(answer, "made"),
    ),
    (
        test_cboe_chain.chain(
            test_cboe_chain.option("SPX270219C04800000"), test_cboe_chain.option("SPXW270219P04800000")
        ),
        lambda answer: cboe_chain.read_chain(answer, "made"),
    ),
    (
        test_cboe_futures.contract(EXPIRY, {"01/03/2024": "14", "01/04/2024": "15"}),
        lambda answer: cboe_futures.read_contract(answer, EXPIRY, "made"),
    ),
    (
        "Product,Symbol,Expiration Date,Price\nVX,VX/F4,2024-01-17,14.1\nVX,VX/G4,2024-02-14,15.2\n",
        lambda answer: cboe_futures.read_settlements(answer, date(2024, 1, 5), "made"),
    ),
    (
        [test_cftc.report(), test_cftc.report("239742")],
        lambda answer: sums(answer, cftc_reports.read_json(TFF, answer, "made")),
    ),
    (
        test_cftc.file(test_cftc.report(), test_cftc.report("239742")),
        lambda answer: sums(answer, cftc_files.read_file(TFF, answer, "made")),
    ),
    (
        test_cftc.packed(test_cftc.file(test_cftc.report())),
        lambda answer: cftc_files.read_file(TFF, cftc_files.unpacked(answer, "made"), "made"),
    ),
    (
        test_deribit.reply(
            [test_deribit.option("BTC-26MAR27-1000-C"), test_deribit.option("BTC-7JAN28-1-P")]
        ),
        lambda answer: deribit.read_book(answer, "made"),
    ),
    (test_deribit.candles("2025-01-03", 4), lambda answer: deribit.read_index(answer, "made", START, END)),
    (
        {"data": [test_coin_metrics.row("2026-01-28"), test_coin_metrics.row("2026-01-29", None)]},
        lambda answer: coin_metrics.read_page(answer, "made", "btc", "PriceUSD"),
    ),
    (
        test_yahoo.chart("TLT", {"2025-02-20": 1.5, "2025-02-21": 2.5}, splits=("2025-02-20",)),
        lambda answer: yahoo_bars.read_chart(answer, "TLT", "made"),
    ),
]


def _damaged(raw: bytes, chance: random.Random) -> bytes:
    """Return bytes with one to three places cut, changed, repeated or replaced."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        start = chance.randrange(len(raw) + 1)
        end = min(len(raw), start + chance.randrange(1, 60))
        figures = list(re.finditer(rb'-?\d[\d.:T/-]*|"[^"]*"|null', raw))
        kind = chance.randrange(6)
        if kind == 0:
            raw = raw[:start]
        elif kind == 1:
            raw = raw[:start] + raw[end:]
        elif kind == 2:
            raw = raw[:start] + raw[start:end] + raw[start:]
        elif kind == 3 or not figures:
            raw = raw[:start] + chance.choice(PUT_IN) + raw[start:]
        else:
            figure = chance.choice(figures)
            raw = raw[: figure.start()] + chance.choice(PUT_IN) + raw[figure.end() :]
    return raw


def _distorted(value: object, chance: random.Random) -> object:
    """Return a JSON value with one member at some depth removed, repeated or replaced."""
    value = copy.deepcopy(value)
    node = value
    while isinstance(node, dict | list) and node:
        key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
        within = node[key]
        if not (isinstance(within, dict | list) and within) or chance.random() < 0.15:
            if chance.random() < 0.2:
                del node[key]
            elif isinstance(node, list) and chance.random() < 0.2:
                node.append(copy.deepcopy(within))
            else:
                node[key] = copy.deepcopy(chance.choice(VALUES))
            break
        node = within
    return value


@pytest.mark.parametrize("count", [600, pytest.param(5000, marks=pytest.mark.bars)])
def test_a_damaged_answer_is_read_or_refused_in_our_own_words(count: int) -> None:
    refusals: list[SourceError] = []
    for seed in range(count):
        chance = random.Random(seed)
        made, reader = chance.choice(ANSWERS)
        if isinstance(made, dict | list) and chance.random() < 0.6:
            raw = json.dumps(_distorted(made, chance)).encode()
        else:
            text = json.dumps(made) if isinstance(made, dict | list) else made
            raw = _damaged(text.encode() if isinstance(text, str) else text, chance)  # type: ignore[arg-type]
        try:
            reader(body(raw, "made", fetched=datetime(2026, 9, 1, tzinfo=UTC)))
        except SourceError as refusal:
            refusals.append(refusal)
    assert count / 3 < len(refusals) < count
    assert not [refusal for refusal in refusals if "'made'" not in refusal.where or not refusal.remedy]


@pytest.mark.parametrize(("made", "reader"), ANSWERS)
def test_the_undamaged_answers_are_read(made: object, reader: Callable[[Body], object]) -> None:
    assert reader(body(made, "made", fetched=datetime(2026, 9, 1, tzinfo=UTC))) is not None  # type: ignore[arg-type]
