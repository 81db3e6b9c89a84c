"""Answers of every source, damaged in every way that comes to mind, and what is stored of them.

- Whatever the damage, an answer is read or refused in our own words, with what to do.
- What passes is stored, and nothing of it is wrong: every figure within the bounds of the catalog, none of
  the future or known before it was fetched, one value for a period and release; and no more of them than
  the answer has, each standing in it by a reading that knows nothing of our readers (in a table, in a row
  of its day).
- The undamaged answers are stored whole.

5,000 answers, the same ones each time: a long check, but for one source in its undamaged form.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random

import fuzzed_answers
import numpy as np
import pandas as pd
import pytest
from answering import Answering
from fuzzed_answers import Case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundswell.data import checking, units
from groundswell.data.catalog import Entry
from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body, Expected, Parameters, Service
from groundswell.data.sources.roster import NAMES, SOURCES
from groundswell.data.sources.source import Snapshot
from groundswell.data.store.layout import Batch
from groundswell.data.store.store import Store

CASES = fuzzed_answers.cases()

NUMBER = rb"-?\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?"
DAY = rb"\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{4}|\d{4}:?[QM]\d{1,2}|\d{4}-\d\d"
NUMBERS = (
    b"1e308", b"-1e308", b"9" * 400, b"-5", b"0", b"-0.0", b"NaN", b"nan", b"inf", b"-Infinity", b"1e999",
    b"1e-320", b"null", b'"null"', b"n.a.", b"4,2", b"4.2%", b"1_0", b"0x10", b"", b"true", "٤٢".encode(),
    b"1e15", b"12.5.3",
)  # fmt: skip
DAYS = (
    b"2031-05-06", b"0001-01-01", b"9999-12-31", b"2026-02-30", b"2026-13-01", b"05/06/2031", b"01/01/0001",
    b"12/31/9999", b"2/30/2026", b"2050Q4", b"9999:Q4", b"0001Q1", b"M13", b"2199M12", b"1066-10-14", b"",
    b"-1", b"2026-W10", b"99999-01-01", b"1700-01-01",
)  # fmt: skip
MEMBERS = (
    None, -1, 0, 1e308, 10**400, 2**63, -(2**63), True, "", "x", [], {}, [[]], {"a": 1}, "NaN", "2031-05-06",
    "0001-01-01", "9999-12-31", 9_999_999_999_999, -62_135_596_800, "\ud800", "\x00",
)  # fmt: skip

Damage = Callable[[bytes, Random], bytes]


def flipped(raw: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ 1 << chance.randrange(8)]) + raw[place + 1 :]


def deleted(raw: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(raw))
    return raw[:place] + raw[place + chance.randrange(1, 80) :]


def inserted(raw: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(raw) + 1)
    put = chance.choice(
        [bytes(chance.randrange(256) for _ in range(3)), *NUMBERS, b",", b'"', b"\n", b"\r", b"\xff"]
    )
    return raw[:place] + put + raw[place:]


def cut(raw: bytes, chance: Random) -> bytes:
    return raw[: chance.randrange(len(raw))]


def emptied(raw: bytes, chance: Random) -> bytes:
    return chance.choice([b"", b"\n", b"{}", b"[]", b"null", raw.splitlines()[0], b"[" * 500, b'{"a":' * 200])


def lines_moved(raw: bytes, chance: Random) -> bytes:
    lines = raw.splitlines(keepends=True)
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    kind = chance.randrange(4)
    if kind == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif kind == 1:
        del lines[one]
    elif kind == 2:
        lines.insert(other, lines[one])
    else:
        lines = lines[:1] + lines[:0:-1]
    return b"".join(lines)


def columns_swapped(raw: bytes, chance: Random) -> bytes:
    lines = raw.split(b"\n")
    width = lines[0].count(b",") + 1
    one, other = chance.randrange(width), chance.randrange(width)
    first = chance.choice([0, 1, len(lines) // 2])
    for number in range(first, len(lines)):
        cells = lines[number].split(b",")
        if len(cells) == width:
            cells[one], cells[other] = cells[other], cells[one]
            lines[number] = b",".join(cells)
    return b"\n".join(lines)


def put_for(pattern: bytes, choices: tuple[bytes, ...]) -> Damage:
    def damage(raw: bytes, chance: Random) -> bytes:
        found = list(re.finditer(pattern, raw))
        if not found:
            return raw
        place = chance.choice(found)
        # Half of the time it is another one of the answer, which no look at it alone tells from a right one.
        other = chance.choice([chance.choice(choices), chance.choice(found).group()])
        return raw[: place.start()] + other + raw[place.end() :]

    return damage


def scaled(raw: bytes, chance: Random) -> bytes:
    """Move the point of some or all figures: another unit."""
    share, shift = chance.choice([0.02, 0.5, 1.0]), chance.choice([-3, 3, 6])

    def move(match: re.Match[bytes]) -> bytes:
        text = match.group().replace(b",", b"")
        if chance.random() > share or not re.fullmatch(rb"-?\d+\.\d+", text):
            return match.group()
        return f"{float(text) * 10.0**shift:.10g}".encode()

    return re.sub(NUMBER, move, raw)


def members_changed(raw: bytes, chance: Random) -> bytes:
    """Drop, rename, repeat or replace a member of a JSON answer at some depth."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return inserted(raw, chance)
    node = value
    while isinstance(node, dict | list) and node:
        key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
        within = node[key]
        if not (isinstance(within, dict | list) and within) or chance.random() < 0.1:
            kind = chance.randrange(6)
            if kind == 0:
                del node[key]
            elif kind == 1 and isinstance(node, dict):
                node[f"{key}_"] = node.pop(key)
            elif kind == 2 and isinstance(node, list):
                node.insert(chance.randrange(len(node) + 1), within)
            elif kind == 3:
                for _ in range(chance.choice([1, 50])):
                    within = [within]
                node[key] = within
            else:
                node[key] = chance.choice(MEMBERS)
            break
        node = within
    return json.dumps(value).encode()


def repacked(raw: bytes, chance: Random) -> bytes:
    """Damage a table within an archive, the archive itself staying whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # damaged already
        return flipped(raw, chance)
    name = chance.choice(sorted(members))
    members[name] = chance.choice(OF_TEXT)(members[name], chance)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return out.getvalue()


OF_BYTES: tuple[Damage, ...] = (flipped, deleted, inserted, cut)
OF_VALUES: tuple[Damage, ...] = (
    put_for(NUMBER, NUMBERS),
    put_for(NUMBER, NUMBERS),
    put_for(DAY, DAYS),
    scaled,
)
OF_TEXT: tuple[Damage, ...] = (
    *OF_BYTES, *OF_VALUES, *OF_VALUES, flipped, *(lines_moved,) * 3, columns_swapped, emptied
)  # fmt: skip


def damaged(raw: bytes, expect: Expected, chance: Random) -> bytes:
    """Return an answer with one to three damages."""
    for _ in range(chance.choice((1, 1, 1, 1, 2, 3))):
        if not raw:
            break
        if expect == "zip":
            raw = repacked(raw, chance) if chance.random() < 0.8 else chance.choice(OF_BYTES)(raw, chance)
        elif expect == "json" and chance.random() < 0.4:
            raw = members_changed(raw, chance)
        else:
            raw = chance.choice(OF_TEXT)(raw, chance)
    return raw


@dataclass
class Damaging:
    """A caller that damages one of the answers, and remembers what it gave."""

    inner: Answering
    number: int
    chance: Random
    given: list[Body] = field(default_factory=list)
    hashes: set[str] = field(default_factory=set)

    def get(
        self, service: Service, path: str, parameters: Parameters | None = None, *, expect: Expected
    ) -> Body:
        return self._damaged(self.inner.get(service, path, parameters, expect=expect), expect)

    def post(self, service: Service, path: str, content: Mapping[str, object], *, expect: Expected) -> Body:
        return self._damaged(self.inner.post(service, path, content, expect=expect), expect)

    def has_key(self, service: Service) -> bool:
        return self.inner.has_key(service)

    def _damaged(self, body: Body, expect: Expected) -> Body:
        if len(self.given) == self.number:
            content = body.content
            while content == body.content:
                content = damaged(body.content, expect, self.chance)
            body = replace(body, content=content, sha256=hashlib.sha256(content).hexdigest())
            self.hashes.add(body.sha256)
        self.given.append(body)
        return body


@dataclass
class Passed:
    """What came through of the answers so far, each series under a name of its own."""

    observations: list[pd.DataFrame] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    origin: dict[str, tuple[Case, Entry, list[Body]]] = field(default_factory=dict)
    answers: set[str] = field(default_factory=set)
    refusals: list[tuple[str, SourceError]] = field(default_factory=list)

    def take(self, case: Case, given: list[Body], series: str, entry: Entry) -> str:
        name = f"{series}.n{len(self.entries)}"
        self.entries[name] = entry.model_copy(update={"id": name})
        self.origin[name] = case, entry, given
        return name


def run(case: Case, caller: Damaging, passed: Passed) -> None:
    """Ask as an update does, and keep what passes every check."""
    wanted = case.wanted()
    entries = {each.entry.id: each.entry for each in wanted}
    for job in SOURCES[case.source].jobs(wanted, caller, case.fetched.date()):
        try:
            delivery = job.run(caller)
        except SourceError as refusal:
            passed.refusals.append(("", refusal))
            continue
        failed = {each.series for each in delivery.failures}
        passed.refusals += [("", each.error) for each in delivery.failures]
        for series, rows in delivery.observations.groupby("series", sort=False):
            assert series in job.series
            if series in failed:
                continue
            try:
                table = checking.checked(rows, entries[str(series)], case.fetched)
            except SourceError as refusal:
                passed.refusals.append((str(series), refusal))
                continue
            name = passed.take(case, caller.given, str(series), entries[str(series)])
            passed.observations.append(table.assign(series=name))
        for snapshot in delivery.snapshots:
            name = passed.take(case, caller.given, snapshot.series, entries[snapshot.series])
            passed.snapshots.append(replace(snapshot, series=name))


def store_of(passed: Passed, case: Case, file: Path) -> Store:
    """Store all of it and return the store."""
    store = Store(file)
    store.write(
        [
            Batch(
                fetched=case.fetched,
                source=case.source,
                observations=pd.concat(passed.observations, ignore_index=True),
                asked=tuple(passed.entries),
                snapshots=tuple(passed.snapshots),
                entries=tuple(passed.entries.values()),
            )
            if passed.observations
            else Batch(case.fetched, case.source, snapshots=tuple(passed.snapshots))
        ]
    )
    return store


def texts(given: list[Body]) -> list[str]:
    """Return the answers as text, whatever is in them; those in an archive unpacked."""
    found = []
    for body in given:
        if zipfile.is_zipfile(io.BytesIO(body.content)):
            with zipfile.ZipFile(io.BytesIO(body.content)) as archive:
                for name in archive.namelist():
                    try:
                        found.append(archive.read(name).decode("utf-8", errors="replace"))
                    except Exception:  # a member nobody can read holds nothing
                        continue
        else:
            found.append(body.content.decode("utf-8", errors="replace"))
    return found


def figures(text: str) -> list[float]:
    """Return every number that stands in a text, with and without its commas."""
    pattern = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
    found = {float(each) for each in pattern.findall(text)}
    found |= {float(each) for each in pattern.findall(text.replace(",", ""))}
    return sorted(each for each in found if math.isfinite(each))


def stands(value: float, among: list[float], entry: Entry) -> bool:
    """Return whether a stored value, in a unit it may have come in, is among the numbers."""
    for unit in entry.source_unit.split("|"):
        said = value / units.factor(unit.strip(), entry.unit)
        place = int(np.searchsorted(among, said))
        near = among[max(0, place - 1) : place + 1]
        if any(math.isclose(each, said, rel_tol=1e-9, abs_tol=1e-12) for each in near):
            return True
    return False


def rows_of_day(text: str, day: str) -> list[float]:
    """Return the numbers in the rows of a table that begin with a day."""
    found: list[float] = []
    for cells in csv.reader(text.replace("\0", "").splitlines(), strict=False):
        if cells and cells[0].strip().lstrip("\ufeff") == day:
            found += [number for cell in cells[1:] for number in figures(cell)]
    return sorted(found)


def check(store: Store, passed: Passed) -> int:
    """Hold all that must be true of what is stored; return how many observations it has."""
    stored = store.observations()
    assert set(stored["series"].unique()) == {
        name for table in passed.observations for name in table["series"].unique()
    }
    for name, rows in stored.groupby("series", observed=True):
        case, entry, given = passed.origin[str(name)]
        values = rows["value"].dropna()
        assert values.between(entry.low, entry.high).all()
        assert (rows["value"].notna() | (rows["basis"] == "stated")).all()
        assert (rows["observed"] <= pd.Timestamp(case.fetched.date())).all()
        assert (rows["observed"] >= pd.Timestamp("1800-01-01")).all()
        assert (rows["released"] <= pd.Timestamp(case.fetched)).all()
        assert not rows.duplicated(["observed", "released"]).any()
        read = texts(given)
        among = sorted({number for text in read for number in figures(text)})
        assert len(rows) <= sum(len(re.findall(r"\d+", text)) for text in read)
        if case.is_verbatim:
            assert [value for value in values if not stands(value, among, entry)] == [], name
        if case.days:
            for day, value in zip(rows["observed"], rows["value"], strict=True):
                written = f"{day:{case.days}}"
                own = sorted({number for text in read for number in rows_of_day(text, written)})
                assert math.isnan(value) or stands(value, own, entry), (name, day, value)
    for snapshot in passed.snapshots:
        case, _, given = passed.origin[snapshot.series]
        kept = store.snapshot(snapshot.series)
        assert kept is not None
        assert kept.taken <= case.fetched + pd.Timedelta(minutes=5)
        quotes = kept.quotes
        assert quotes["contract"].is_unique
        assert quotes["kind"].isin(["call", "put", "future"]).all()
        amounts = quotes.select_dtypes("float")
        assert not np.isinf(amounts.to_numpy()).any()
        assert not (amounts[["strike", "bid", "ask", "volume", "open_interest"]] < 0).any(axis=None)
        among = sorted({number for text in texts(given) for number in figures(text)})
        for column in ("bid", "ask", "open_interest", "volume"):
            assert all(stands_plain(value, among) for value in quotes[column].dropna()), column
    return len(stored)


def stands_plain(value: float, among: list[float]) -> bool:
    place = int(np.searchsorted(among, value))
    return any(math.isclose(each, value, rel_tol=1e-9) for each in among[max(0, place - 1) : place + 1])


SHARES = {"fred_md": 300, "fred": 720, "cboe": 720, "fiscal_data": 600, "nyfed": 500}
"""Damages to the answers of a source in the long check; of the others 340 each. An eighth or so of them
come out alike, 5,000 are different."""


@pytest.mark.bars
@pytest.mark.parametrize("source", NAMES)
def test_a_damaged_answer_is_refused_in_words_or_stored_without_a_wrong_figure(
    source: str, tmp_path: Path
) -> None:
    count = SHARES.get(source, 340)
    by_time: dict[object, Passed] = {}

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, len(CASES[source]) - 1), st.integers(0, 2**40))
    def one(number: int, seed: int) -> None:
        case, chance = CASES[source][number], Random(seed)
        passed = by_time.setdefault(case.fetched, Passed())
        inner = Answering(case.answers, keys=case.has_keys, fetched=case.fetched)
        caller = Damaging(inner, chance.randrange(asked(source, number)), chance)
        run(case, caller, passed)
        passed.answers |= caller.hashes

    one()
    for number, (fetched, passed) in enumerate(by_time.items()):
        if passed.entries:
            case = next(each for each in CASES[source] if each.fetched == fetched)
            check(store_of(passed, case, tmp_path / f"{number}.duckdb"), passed)
    refusals = [refusal for passed in by_time.values() for refusal in passed.refusals]
    for series, refusal in refusals:
        assert isinstance(refusal, SourceError)
        assert refusal.where, refusal
        assert series in refusal.where, refusal
        assert refusal.remedy, refusal
    distinct = sum(len(passed.answers) for passed in by_time.values())
    stored = sum(len(passed.entries) for passed in by_time.values())
    print(f"\n{source}: {distinct} answers, {len(refusals)} refusals, {stored} series stored")
    assert distinct >= 0.8 * count, "the damages differ"
    assert len(refusals) > 0.2 * count
    assert stored > 0.02 * count


@cache
def asked(source: str, number: int) -> int:
    """Return how many answers a case asks for."""
    case = CASES[source][number]
    inner = Answering(case.answers, keys=case.has_keys, fetched=case.fetched)
    run(case, Damaging(inner, -1, Random(0)), Passed())
    return len(inner.asked)


@pytest.mark.parametrize(
    "source", [name if name == "fred" else pytest.param(name, marks=pytest.mark.bars) for name in NAMES]
)
def test_the_undamaged_answers_are_stored_whole(source: str, tmp_path: Path) -> None:
    for number, case in enumerate(CASES[source]):
        passed = Passed()
        inner = Answering(case.answers, keys=case.has_keys, fetched=case.fetched)
        run(case, Damaging(inner, -1, Random(0)), passed)
        store = store_of(passed, case, tmp_path / f"{number}.duckdb")
        check(store, passed)
        assert {name.rpartition(".n")[0] for name in passed.entries} == set(case.series), case.series
        assert not passed.refusals
