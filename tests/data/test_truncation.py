"""What a book says of an evening owes nothing to what came after it: from the services to the desk.

A little world publishes at the hours the real one does: closes, the Fed's balance sheet, the Treasury's
cash, positions of traders, unemployment with its revisions; services on this machine tell what is out at
the time they are asked, and `update` asks them again and again.

- a book loaded as of an evening is that of a store which was never told anything after that evening:
  every series, value, vintage, note and market value; and so is the desk made of it
- positions dated Tuesday are not known before Friday 15:30, the Fed's Wednesday not before Thursday 16:30,
  the Treasury's day not before the next business day; the unemployment rate of August 2023 is 3.8 as first
  released, on 1 September 2023, and 3.7 after its revision
- a corrected close is known from when it was seen, the one before it until then
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from loopback import Asked, Reply, Server, serving
from made_data import random_walk

import groundswell as gs
from groundswell.data import calendar
from groundswell.data import update as updating
from groundswell.data.book import Book, end_of
from groundswell.data.bundle import bundled_book
from groundswell.data.http.client import Client
from groundswell.data.settings import Settings
from groundswell.data.sources.cboe import INDEX_PATH
from groundswell.data.stored_book import place
from groundswell.show import plain

FIRST, LAST = pd.Timestamp("2026-08-03"), pd.Timestamp("2026-11-13")
"""Of the days on which the services are asked."""
LONG_AGO = pd.Timestamp("2023-09-01")
COT = "cot.es.lev_money.long"
SERIES = ("index", "vix", "fed_assets", "tga", COT, "unemployment_rate")
LAST_DAY = "9999-12-31"


def at(day: pd.Timestamp, clock: str) -> pd.Timestamp:
    """Return a time of day in New York."""
    return (day + pd.Timedelta(f"{clock}:00")).tz_localize("America/New_York").tz_convert("UTC")


Fact = tuple[pd.Timestamp, pd.Timestamp, float]
"""A period, when the figure came out (UTC), and the figure as the service writes it."""


def facts() -> dict[str, list[Fact]]:
    """Return all that is ever published, in the order in which it comes out."""
    days = calendar.sessions("2016-11-25", LAST)
    following = dict(zip(days, calendar.sessions_after(days[0], len(days)), strict=True))
    bundled = bundled_book().prices("index")
    later = days[days > bundled.index[-1]]
    walk = pd.Series(random_walk(len(later) + 1, seed=3)[1:], later) * bundled.iloc[-1] / 1_000
    closes = pd.concat([bundled.reindex(days[days <= bundled.index[-1]]), walk]).round(2)
    wednesdays = pd.date_range("2020-01-01", LAST, freq="W-WED")
    tuesdays = pd.date_range("2023-01-03", LAST, freq="W-TUE")
    made: dict[str, list[Fact]] = {
        "index": [(day, at(day, "17:20"), closes[day]) for day in days],
        "vix": [(day, at(day, "16:10"), round(16 + 4 * np.sin(n / 9), 2)) for n, day in enumerate(days)],
        "fed_assets": [
            (day, at(day + pd.Timedelta(days=1), "16:29"), 7e6 + 1e3 * n) for n, day in enumerate(wednesdays)
        ],
        "tga": [
            (day, at(following[day], "15:55"), 700_000 + 10.0 * n)
            for n, day in enumerate(days[days > "2023"])
        ],
        COT: [
            (day, at(day + pd.Timedelta(days=3), "15:29"), 50.0 + n % 40) for n, day in enumerate(tuesdays)
        ],
        "unemployment_rate": [
            (pd.Timestamp("2023-07-01"), at(pd.Timestamp("2023-08-04"), "08:30"), 3.5),
            (pd.Timestamp("2023-08-01"), at(pd.Timestamp("2023-09-01"), "08:30"), 3.8),
            (pd.Timestamp("2023-07-01"), at(pd.Timestamp("2024-01-05"), "08:30"), 3.6),
            (pd.Timestamp("2023-08-01"), at(pd.Timestamp("2025-01-10"), "08:30"), 3.7),
            (pd.Timestamp("2026-07-01"), at(pd.Timestamp("2026-08-07"), "08:30"), 4.3),
            (pd.Timestamp("2026-08-01"), at(pd.Timestamp("2026-09-04"), "08:30"), 4.4),
            (pd.Timestamp("2026-07-01"), at(pd.Timestamp("2026-09-04"), "08:30"), 4.2),
            (pd.Timestamp("2026-09-01"), at(pd.Timestamp("2026-10-02"), "08:30"), 4.4),
            (pd.Timestamp("2023-08-01"), at(pd.Timestamp("2026-10-09"), "08:30"), 3.9),
        ],
    }
    # Cboe corrects a close three weeks after the day, and another a month later.
    made["vix"] += [
        (pd.Timestamp("2026-08-11"), at(pd.Timestamp("2026-09-01"), "10:00"), 31.5),
        (pd.Timestamp("2026-09-15"), at(pd.Timestamp("2026-10-14"), "10:00"), 9.5),
    ]
    return {name: sorted(every, key=lambda fact: fact[1]) for name, every in made.items()}


@dataclass
class World:
    """What services answer at the time of the clock, of what came out before the horizon.

    Attributes:
        clock: the time, UTC.
        horizon: nothing that came out from then on is ever told.
    """

    facts: Mapping[str, list[Fact]] = field(default_factory=facts)
    clock: pd.Timestamp = field(default_factory=lambda: at(FIRST, "18:00"))
    horizon: pd.Timestamp = field(default_factory=lambda: at(LAST, "23:59"))

    def out(self, name: str) -> list[Fact]:
        return [fact for fact in self.facts[name] if fact[1] < self.horizon and fact[1] <= self.clock]

    def latest(self, name: str) -> list[tuple[pd.Timestamp, float]]:
        return sorted({period: value for period, _, value in self.out(name)}.items())

    def vix(self, asked: Asked) -> Reply:
        rows = [f"{day:%m/%d/%Y},{v},{v},{v},{v}" for day, v in self.latest("vix")]
        table = "\n".join(["DATE,OPEN,HIGH,LOW,CLOSE", *rows, ""])
        return Reply(table.encode(), media_type="text/csv")

    def cash(self, asked: Asked) -> Reply:
        rows = []
        for day, closing in self.latest("tga"):
            amounts = {
                "Treasury General Account (TGA) Opening Balance": closing - 10,
                "Total TGA Deposits (Table II)": 15,
                "Total TGA Withdrawals (Table II) (-)": 5,
                "Treasury General Account (TGA) Closing Balance": closing,
            }
            rows += [
                {
                    "record_date": f"{day:%Y-%m-%d}",
                    "account_type": account,
                    "open_today_bal": f"{amount:.0f}",
                    "close_today_bal": "null",
                }
                for account, amount in amounts.items()
            ]
        meta = {"count": len(rows), "total-count": len(rows), "total-pages": 1}
        return Reply(json.dumps({"data": rows, "meta": meta}).encode())

    def positions(self, asked: Asked) -> list[dict[str, str]]:
        """Return reports whose sides add up: of the leveraged funds only the longs move."""
        rows = []
        since = asked.all("$where")[0].split(">= '")[1][:10]
        for day, longs in self.latest(COT):
            row = {
                "report_date_as_yyyy_mm_dd": f"{day:%Y-%m-%d}T00:00:00.000",
                "cftc_contract_market_code": "13874A",
                "open_interest_all": f"{longs + 100:.0f}",
                "futonly_or_combined": "FutOnly",
            }
            for category in ("dealer", "asset_mgr", "lev_money", "other_rept", "nonrept"):
                ending = "_all" if category in ("dealer", "nonrept") else ""
                held = {"long": 0.0, "short": 0.0, "spread": 0.0}
                if category == "lev_money":
                    held["long"] = longs
                elif category == "asset_mgr":
                    held |= {"long": 100.0, "short": longs + 100.0}
                if category == "nonrept":
                    del held["spread"]
                row |= {f"{category}_positions_{side}{ending}": f"{held[side]:.0f}" for side in held}
            rows.append(row)
        offset = int((asked.all("$offset") or ["0"])[0])
        return [row for row in rows if row["report_date_as_yyyy_mm_dd"][:10] >= since][offset:]

    def described(self, asked: Asked) -> dict[str, object]:
        name = asked.all("series_id")[0]
        words = {
            "SP500": ("D", "Index"),
            "WALCL": ("W", "Millions of U.S. Dollars"),
            "UNRATE": ("M", "Percent"),
        }
        frequency, units = words[name]
        about = {"id": name, "title": name, "frequency_short": frequency, "units": units}
        span = {"realtime_start": "1776-07-04", "realtime_end": LAST_DAY}
        return {**span, "seriess": [about | span]}

    def observations(self, asked: Asked) -> dict[str, object]:
        query = dict(asked.query)
        name = {"SP500": "index", "WALCL": "fed_assets", "UNRATE": "unemployment_rate"}[query["series_id"]]
        today = f"{self.clock.tz_convert('America/New_York'):%Y-%m-%d}"
        first, last = query.get("realtime_start", today), query.get("realtime_end", today)
        begin = query.get("observation_start", "1600-01-01")
        if "realtime_start" in query:
            rows = [(max(s, first), e, day, v) for s, e, day, v in self.spans(name) if e >= first]
        else:
            rows = [(today, today, f"{day:%Y-%m-%d}", str(v)) for day, v in self.latest(name)]
            rows = [row for row in rows if row[2] >= begin]
        names = ("realtime_start", "realtime_end", "date", "value")
        return {
            "realtime_start": first,
            "realtime_end": last,
            "observation_start": begin,
            "observation_end": LAST_DAY,
            "units": "lin",
            "output_type": 1,
            "file_type": "json",
            "order_by": "observation_date",
            "sort_order": "asc",
            "count": len(rows),
            "offset": int(query["offset"]),
            "limit": int(query["limit"]),
            "observations": [dict(zip(names, row, strict=True)) for row in rows],
        }

    def spans(self, name: str) -> list[tuple[str, str, str, str]]:
        """Return the days during which each figure stood, as the archive of vintages has them."""
        found = []
        out = self.out(name)
        for number, (period, released, value) in enumerate(out):
            after = [moment for other, moment, _ in out[number + 1 :] if other == period]
            end = LAST_DAY if not after else f"{after[0] - pd.Timedelta(days=1):%Y-%m-%d}"
            found.append((f"{released:%Y-%m-%d}", end, f"{period:%Y-%m-%d}", str(value)))
        return found

    def routes(self) -> dict[str, object]:
        return {
            INDEX_PATH.format(name="VIX"): self.vix,
            "/v1/accounting/dts/operating_cash_balance": self.cash,
            "/resource/gpe5-46if.json": self.positions,
            "/series": self.described,
            "/series/observations": self.observations,
        }


@dataclass
class User:
    """Who updates at some times, and keeps a copy of the store after each."""

    world: World
    server: Server
    folder: Path
    kept: list[tuple[pd.Timestamp, Path]] = field(default_factory=list)

    def settings(self, data: Path) -> Settings:
        addresses = dict.fromkeys(("fred", "fred_graph", "cboe", "fiscal_data", "cftc"), self.server.address)
        number = len(list(self.folder.glob("cache*")))
        cache = self.folder / f"cache{number}"
        cache.mkdir()
        return Settings(data=data, cache=cache, addresses=addresses, fred_api_key="made-for-a-test")

    def update(self, data: Path, moment: pd.Timestamp) -> None:
        self.world.clock = moment
        updated = updating.update(self.settings(data), series=SERIES)
        assert updated.status == 0, dict(updated.failures)

    def live(self, moments: list[pd.Timestamp]) -> None:
        """Update at each moment."""
        data = self.folder / "data"
        for number, moment in enumerate(moments):
            self.update(data, moment)
            copy = self.folder / f"after{number}"
            copy.mkdir()
            shutil.copy(data / "store.duckdb", copy)
            self.kept.append((moment, copy))

    def told_nothing_after(self, evening: pd.Timestamp) -> Path:
        """Return the data folder of a user who asks as often, and hears of nothing after an evening."""
        end = end_of(evening)
        before = [copy for moment, copy in self.kept if moment < end]
        data = self.folder / f"until{evening:%Y%m%d}"
        data.mkdir()
        if before:
            shutil.copy(before[-1] / "store.duckdb", data)
        self.world.horizon = end
        for moment, _ in self.kept[len(before) :]:
            self.update(data, moment)
        self.world.horizon = at(LAST, "23:59")
        return data


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    with serving(world.routes()) as running:
        yield running


def a_user(
    world: World, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int, count: int
) -> User:
    """Return a user who has updated at some times, in the morning, at noon, in the evening and at night."""
    monkeypatch.setattr(updating, "Client", partial(Client, now=lambda: world.clock.to_pydatetime()))
    chance = random.Random(seed)
    days = sorted(chance.sample(list(pd.date_range(FIRST, LAST)), count))
    user = User(world, server, folder)
    user.live([at(day, chance.choice(["07:40", "12:05", "16:12", "18:30", "23:10"])) for day in days])
    return user


def book(data: Path, evening: pd.Timestamp, monkeypatch: pytest.MonkeyPatch, source: str = "auto") -> Book:
    monkeypatch.setenv("GROUNDSWELL_DATA", str(data))
    return gs.load(as_of=evening, source=source)  # type: ignore[arg-type]


def assert_same(one: Book, other: Book) -> None:
    assert (one.as_of, one.label, one.is_bundled, one.notes) == (
        other.as_of,
        other.label,
        other.is_bundled,
        other.notes,
    )
    assert one.through == other.through
    assert list(one.series) == list(other.series)
    for name, series in one.series.items():
        rest = other.series[name]
        assert (series.unit, series.source, series.title, series.parts) == (
            rest.unit,
            rest.source,
            rest.title,
            rest.parts,
        )
        left, right = (each.frame.reset_index(drop=True) for each in (series, rest))
        pd.testing.assert_frame_equal(left, right, check_dtype=False, obj=name)
        pd.testing.assert_series_equal(one.values(name), other.values(name))
        pd.testing.assert_series_equal(one.aligned(name), other.aligned(name))
    pd.testing.assert_frame_equal(one.market_value(), other.market_value())


Live = Callable[[int, int], User]


@pytest.fixture
def live(world: World, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    return lambda seed, count: a_user(world, server, tmp_path, monkeypatch, seed, count)


@pytest.mark.bars
@pytest.mark.parametrize("seed", range(2, 6))
def test_a_book_of_an_evening_is_that_of_a_store_told_nothing_after_it(
    live: Live, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    user = live(seed, 14)
    chance = random.Random(seed)
    begin, end = (user.kept[place][0].tz_convert("America/New_York").tz_localize(None) for place in (0, -1))
    days = list(pd.date_range(begin.normalize(), end.normalize() - pd.Timedelta(days=1)))
    for evening in [*sorted(chance.sample(days, 8)), LONG_AGO]:
        unaware = user.told_nothing_after(evening)
        for source in ("auto", "store"):
            known = book(user.folder / "data", evening, monkeypatch, source)
            assert_same(known, book(unaware, evening, monkeypatch, source))
            assert set(SERIES) <= set(known.series)


def test_nothing_is_known_before_it_is_out(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    user = live(1, 1)
    data = user.folder / "data"
    store = place(user.settings(data))

    def known(name: str, evening: str) -> pd.Series:
        return book(data, pd.Timestamp(evening), monkeypatch).values(name)

    tuesday, wednesday = pd.Timestamp("2026-07-14"), pd.Timestamp("2026-07-15")
    for name, day, evening_before, evening, out in (
        (COT, tuesday, "2026-07-16", "2026-07-17", at(pd.Timestamp("2026-07-17"), "15:30")),
        ("fed_assets", wednesday, "2026-07-15", "2026-07-16", at(pd.Timestamp("2026-07-16"), "16:30")),
        ("tga", tuesday, "2026-07-14", "2026-07-15", at(pd.Timestamp("2026-07-15"), "16:00")),
        ("vix", tuesday, "2026-07-13", "2026-07-14", at(tuesday, "16:15")),
    ):
        assert day not in known(name, evening_before).index, name
        assert known(name, evening).index[-1] == day, name
        just_after = out + pd.Timedelta(microseconds=1)
        assert day not in store.latest(name, out).index, name
        assert store.latest(name, just_after).index[-1] == day, name

    august = pd.Timestamp("2023-08-01")
    assert august not in known("unemployment_rate", "2023-08-31").index
    assert known("unemployment_rate", "2023-09-01")[august] == 3.8
    assert known("unemployment_rate", "2025-01-09")[august] == 3.8
    assert known("unemployment_rate", "2025-01-10")[august] == 3.7
    first = at(pd.Timestamp("2023-09-01"), "08:30")
    assert august not in store.latest("unemployment_rate", first).index
    assert store.latest("unemployment_rate", first + pd.Timedelta(microseconds=1))[august] == 3.8


@pytest.mark.bars
def test_a_corrected_close_is_known_from_when_it_was_seen(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = live(1, 2)
    data = user.folder / "data"
    seen = at(pd.Timestamp("2026-11-14"), "12:00")
    day, corrected = pd.Timestamp("2026-08-11"), 31.5
    before, later = (moment for moment, _ in user.kept)
    assert before < at(pd.Timestamp("2026-09-01"), "10:00") < later, "the correction came between two looks"
    user.update(data, seen)
    evening = later.tz_convert("America/New_York").tz_localize(None).normalize()
    original = next(value for period, _, value in user.world.facts["vix"] if period == day)
    if day < before.tz_convert("America/New_York").tz_localize(None).normalize():
        assert book(data, evening - pd.Timedelta(days=1), monkeypatch).values("vix")[day] == original
    assert book(data, evening, monkeypatch).values("vix")[day] == corrected


@pytest.mark.bars
def test_the_desk_of_an_evening_is_that_of_a_store_told_nothing_after_it(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = live(7, 8)
    evening = pd.Timestamp("2026-10-02")
    unaware = user.told_nothing_after(evening)
    one, other = (
        gs.desk(book(data, evening, monkeypatch), draws=20) for data in (user.folder / "data", unaware)
    )
    for each in fields(one):
        left, right = getattr(one, each.name), getattr(other, each.name)
        if isinstance(left, pd.DataFrame):
            pd.testing.assert_frame_equal(left, right, obj=each.name)
        elif each.name not in {"page", "sections"}:
            assert left == right, each.name
    told, untold = (plain.to_json(sheet) for sheet in (one, other))
    assert told == untold, "the sections among them"
