"""Whatever a service does wrong, its series fail by name, and everything else goes on as if nothing were.

The whole path is run, from the socket to the store: three services on this machine (FRED's table, the
Treasury's JSON, Cboe's table), of which one misbehaves while the others bring one day more.

- faults of the line: 429 with and without patience, 500, silence, a drip, a cut, another type, a web page,
  a gzip bomb, redirects without end, a certificate nobody vouches for
- faults of the content: a column of another name, no row, one day with two values, numbers and dates that
  cannot be, bytes that are no text
- each: source and series are named, the row where there is one, and what to do; what was stored before is
  as it was; the others are stored; the exit status is that of a partial failure; it is over in time
- a program that has just started checks several services at once
- repaired: rows told twice, rows in any order; kept apart: revised history
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import loopback
import pandas as pd
import pytest
from loopback import Asked, Reply, Server, serving

from groundswell.data import calendar
from groundswell.data.settings import Settings
from groundswell.data.sources import cboe, fiscal_data, fred_download
from groundswell.data.store.store import Store
from groundswell.data.stored_book import place
from groundswell.data.update import Updated, update

Rows: TypeAlias = list[tuple[str, str]]

TODAY = pd.Timestamp.now("America/New_York").tz_localize(None).normalize()
*DAYS, NEXT = calendar.sessions(TODAY - pd.Timedelta(days=60), TODAY - pd.Timedelta(days=6))
LATER = TODAY + pd.Timedelta(days=11)
PLACE = 33
"""Of the row that is damaged, from 0."""

SHORT = 1.0
"""Seconds a service has to answer where it is to run out of them."""
LONGEST = 6.0
"""Seconds after which an update with one bad service must be over."""
LARGEST = 2**20


@dataclass(frozen=True)
class Service:
    """One of the three: how it writes rows of an ISO day and a figure, and what is asked of it.

    Attributes:
        source: its key.
        series: the one series asked of it.
        route: of its answer.
        address: key of its address in the settings.
        constant: module and name of its policy.
        write: makes the answer.
        column: word in the answer that names the figures.
        first_row: number of the first row of figures, as a person counts.
        level: a usual figure.
    """

    source: str
    series: str
    route: str
    address: str
    constant: tuple[object, str]
    write: Callable[[Rows], Reply]
    column: str
    first_row: int
    level: float

    def rows(self, days: list[pd.Timestamp]) -> Rows:
        return [(f"{day:%Y-%m-%d}", f"{self.level * (1 + n / 1000):.2f}") for n, day in enumerate(days)]


def fred_table(rows: Rows) -> Reply:
    lines = ["observation_date,DGS10", *(f"{day},{value}" for day, value in rows)]
    return Reply("\n".join([*lines, ""]).encode(), media_type="application/csv")


def cboe_table(rows: Rows) -> Reply:
    lines = ["DATE,OPEN,HIGH,LOW,CLOSE"]
    for day, value in rows:
        year, month, of_month = day.split("-")
        lines.append(f"{month}/{of_month}/{year},{value},{value},{value},{value}")
    return Reply("\n".join([*lines, ""]).encode(), media_type="text/csv")


def treasury_json(rows: Rows) -> Reply:
    names = ("record_date", "debt_held_public_amt", "tot_pub_debt_out_amt")
    data = [dict(zip(names, (day, value, value), strict=True)) for day, value in rows]
    meta = {"count": len(rows), "total-count": len(rows), "total-pages": 1}
    return Reply(json.dumps({"data": data, "meta": meta}).encode())


SERVICES = (
    Service(
        "fred", "yield_10y", "/fredgraph.csv", "fred_graph", (fred_download, "KEYLESS"),
        fred_table, "DGS10", 2, 4.0,
    ),
    Service(
        "fiscal_data", "debt_public", "/v2/accounting/od/debt_to_penny", "fiscal_data",
        (fiscal_data, "SERVICE"), treasury_json, "debt_held_public_amt", 1, 29e12,
    ),
    Service(
        "cboe", "vix", cboe.INDEX_PATH.format(name="VIX"), "cboe", (cboe, "SERVICE"),
        cboe_table, "CLOSE", 2, 18.0,
    ),
)  # fmt: skip
each_service = pytest.mark.parametrize("bad", SERVICES, ids=lambda each: each.source)


def each_fault_and_service(faults: Iterable[str]) -> pytest.MarkDecorator:
    """Return every pair; one service for each fault in turn, the other two are a long check."""
    return pytest.mark.parametrize(
        ("fault", "bad"),
        [
            pytest.param(
                fault,
                service,
                id=f"{fault}-{service.source}",
                marks=[] if place == number % len(SERVICES) else pytest.mark.bars,
            )
            for number, fault in enumerate(faults)
            for place, service in enumerate(SERVICES)
            # The Treasury's reader leaves out rows of days before those it asked for.
            if (fault, service.source) != ("year 1", "fiscal_data")
        ],
    )


def answers(days: list[pd.Timestamp]) -> dict[str, object]:
    return {each.route: each.write(each.rows(days)) for each in SERVICES}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(answers(DAYS)) as running:
        yield running


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    """Return a data folder with the days up to the last but one."""
    folder = tmp_path_factory.mktemp("stored")
    updated = ask(settings(folder / "data", folder / "cache", server))
    assert updated.frame["new"].tolist() == [len(DAYS)] * 3, updated.failures
    return folder / "data"


@pytest.fixture
def user(tmp_path: Path, stored: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return the settings of a user with that store; the services now have one day more."""
    shutil.copytree(stored, tmp_path / "data")
    server.routes.clear()
    server.routes.update(answers([*DAYS, NEXT]))
    server.requests.clear()
    for each in SERVICES:
        policy(each, monkeypatch)
    return settings(tmp_path / "data", tmp_path / "cache", server)


def settings(data: Path, cache: Path, server: Server) -> Settings:
    return Settings(data=data, cache=cache, addresses=dict.fromkeys(addresses(), server.address))


def addresses() -> list[str]:
    return [each.address for each in SERVICES]


def policy(service: Service, monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Shorten the patience of a service; nothing of what is checked changes with it."""
    module, name = service.constant
    shorter = {"attempts": 2, "deadline": 4.0, "rate": (1000, 1.0), "largest_body": LARGEST} | changes
    monkeypatch.setattr(module, name, replace(getattr(module, name), **shorter))


def ask(user: Settings) -> Updated:
    return update(user, series=[each.series for each in SERVICES])


def content(store: Store, series: str) -> str:
    """Return the hash of every vintage of a series."""
    return hashlib.sha256(store.observations(series).to_csv(index=False).encode()).hexdigest()


def fails(user: Settings, bad: Service, within: float = LONGEST) -> str:
    """Update, hold everything that must be so whatever the fault, and return what is said of it."""
    before = content(place(user), bad.series)
    start = time.monotonic()
    updated = ask(user)
    assert time.monotonic() - start < within
    told = updated.frame.set_index("series")
    failed = str(told["failed"][bad.series])
    error = updated.failures[bad.series]
    assert str(error) == failed
    assert error.remedy, "what to do"
    names = {"fred": "fred", "fiscal_data": "fiscal", "cboe": "cboe"}
    assert names[bad.source] in error.where.lower(), "the source is named"
    assert bad.series in error.where, "and the series"
    assert told["source"][bad.series] == bad.source
    assert (told["new"][bad.series], told["revised"][bad.series]) == (0, 0)
    assert content(place(user), bad.series) == before
    for other in SERVICES:
        if other is not bad:
            assert (told["failed"][other.series], told["new"][other.series]) == ("", 1)
            assert told["through"][other.series] == NEXT, "as the store says"
    assert updated.status == 3
    standing = place(user).standing().set_index("series")
    assert standing["failure"][bad.series] == failed
    assert (standing["failure"].drop(bad.series) == "").all()
    return failed


def of_the_line() -> dict[str, tuple[Callable[[Service], object], str]]:
    """Return faults that come without a row: what each is from the good answer, and the words for it."""

    def whole(service: Service) -> Reply:
        return service.write(service.rows([*DAYS, NEXT]))

    return {
        "429": (lambda service: loopback.too_many_requests(40), r"status 429 .* asks to wait 40 s"),
        "500": (lambda service: loopback.server_error(), r"status 500 \(Internal Server Error\)"),
        "truncated": (lambda service: loopback.truncated(whole(service).body), "cut off or broken"),
        "chunks cut": (
            lambda service: loopback.truncated(whole(service).body, chunked=True),
            "cut off or broken",
        ),
        "another type": (
            lambda service: loopback.wrong_content_type(body=whole(service).body),
            "of type 'application/pdf'",
        ),
        "web page": (lambda service: loopback.html_instead(), r"web page came instead.*Just a moment"),
        "web page as data": (
            lambda service: loopback.html_instead(media_type=whole(service).media_type),
            "web page came instead",
        ),
        "gzip bomb": (lambda service: loopback.gzip_bomb(8 * LARGEST), r"larger than 1,048,576 bytes"),
        "nothing": (lambda service: loopback.empty(), "the answer is empty"),
        "circle": (lambda service: loopback.redirect_loop(), "redirects in a circle"),
        "on and on": (lambda service: loopback.redirect_on_and_on(), "redirects more than 5 times"),
    }


@each_fault_and_service(of_the_line())
def test_a_fault_of_the_line_fails_its_series_alone(
    user: Settings, server: Server, bad: Service, fault: str
) -> None:
    make, words = of_the_line()[fault]
    server.routes[bad.route] = make(bad)
    told = fails(user, bad)
    assert pd.Series([told]).str.contains(words, regex=True).all(), told


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (SERVICES[2], loopback.hang()),
        (SERVICES[1], loopback.slow_drip()),
        pytest.param(SERVICES[0], loopback.hang(), marks=pytest.mark.bars),
        pytest.param(SERVICES[1], loopback.hang(), marks=pytest.mark.bars),
        pytest.param(SERVICES[0], loopback.slow_drip(headers=True), marks=pytest.mark.bars),
        pytest.param(SERVICES[2], loopback.slow_drip(headers=True), marks=pytest.mark.bars),
    ],
    ids=lambda each: each.source if isinstance(each, Service) else "",
)
def test_silence_and_a_drip_end_in_time(
    user: Settings, server: Server, monkeypatch: pytest.MonkeyPatch, bad: Service, fault: object
) -> None:
    policy(bad, monkeypatch, deadline=SHORT)
    server.routes[bad.route] = fault
    told = fails(user, bad, within=LONGEST)
    assert "fell silent" in told or "no whole answer in time" in told


@each_fault_and_service(["429"])
def test_patience_that_is_asked_for_is_had(user: Settings, server: Server, fault: str, bad: Service) -> None:
    good = server.routes[bad.route]
    server.routes[bad.route] = loopback.flaky(1, good, loopback.too_many_requests(1))
    updated = ask(user)
    assert (updated.status, updated.frame["new"].tolist()) == (0, [1, 1, 1])
    first, second = [asked.at for asked in server.requests if asked.path == bad.route]
    assert second - first >= 1.0


@each_service
def test_a_certificate_nobody_vouches_for_is_not_trusted(user: Settings, bad: Service) -> None:
    with serving(answers([*DAYS, NEXT]), loopback.certificate_error()) as impostor:
        elsewhere = {**user.addresses, bad.address: impostor.address}
        told = fails(user.model_copy(update={"addresses": elsewhere}), bad)
        assert "its certificate cannot be trusted" in told
        assert impostor.requests == [], "nothing was asked of it"


def damaged(service: Service, day: str | None = None, value: str | None = None) -> Reply:
    """Return the good answer with one row's day or figure replaced."""
    rows = service.rows([*DAYS, NEXT])
    rows[PLACE] = (day or rows[PLACE][0], value or rows[PLACE][1])
    return service.write(rows)


def two_values(service: Service) -> Reply:
    rows = service.rows([*DAYS, NEXT])
    return service.write([*rows[: PLACE + 1], (rows[PLACE][0], rows[PLACE + 1][1]), *rows[PLACE + 1 :]])


def not_text(service: Service) -> Reply:
    good = damaged(service, value="77777.77")
    return replace(good, body=good.body.replace(b"77777.77", b"7777\xff.77", 1))


OF_A_ROW: dict[str, tuple[Callable[[Service], Reply], int]] = {
    "two values": (two_values, 1),
    "huge": (lambda service: damaged(service, value="1e300"), 0),
    "beyond numbers": (lambda service: damaged(service, value="9" * 400), 0),
    "no number": (lambda service: damaged(service, value="4.2%"), 0),
    "future": (lambda service: damaged(service, day=f"{LATER:%Y-%m-%d}"), 0),
    "year 9999": (lambda service: damaged(service, day="9999-12-31"), 0),
    "year 1": (lambda service: damaged(service, day="0001-01-01"), 0),
    "no day": (lambda service: damaged(service, day="2026-02-30"), 0),
}
"""Faults of one row, and how many rows below the damaged one it is told."""


@each_fault_and_service(OF_A_ROW)
def test_a_row_that_cannot_be_is_refused_with_its_number(
    user: Settings, server: Server, bad: Service, fault: str
) -> None:
    make, below = OF_A_ROW[fault]
    server.routes[bad.route] = make(bad)
    told = fails(user, bad)
    assert any(name in told for name in (bad.series, bad.column, "fredgraph.csv"))
    assert f"row {bad.first_row + PLACE + below}" in told, told


@each_service
def test_bytes_that_are_no_text_are_refused(user: Settings, server: Server, bad: Service) -> None:
    server.routes[bad.route] = not_text(bad)
    told = fails(user, bad)
    assert "UTF-8" in told or "utf-8" in told or "JSON is unfinished or damaged" in told, told


@each_fault_and_service(["column", "rows"])
def test_another_column_or_no_row_is_refused(
    user: Settings, server: Server, bad: Service, fault: str
) -> None:
    good = bad.write(bad.rows([*DAYS, NEXT]))
    renamed = replace(good, body=good.body.replace(bad.column.encode(), b"figures"))
    server.routes[bad.route] = renamed if fault == "column" else bad.write([])
    told = fails(user, bad)
    assert bad.series in told
    assert "figures" in told or bad.column in told or fault == "rows"


@each_service
def test_rows_told_twice_and_in_any_order_are_put_right(user: Settings, server: Server, bad: Service) -> None:
    rows = bad.rows([*DAYS, NEXT])
    server.routes[bad.route] = bad.write([*rows[::-1], *rows[3:9]])
    updated = ask(user)
    assert updated.status == 0, updated.frame["failed"].tolist()
    told = updated.frame.set_index("series").loc[bad.series]
    assert (told["new"], told["revised"]) == (1, 0)
    latest = place(user).latest(bad.series)
    assert list(latest.index) == [*DAYS, NEXT]


@each_service
def test_revised_history_is_a_second_vintage(user: Settings, server: Server, bad: Service) -> None:
    before = place(user).observations(bad.series)
    moment = pd.Timestamp.now("UTC")
    rows = bad.rows([*DAYS, NEXT])
    rows[PLACE] = (rows[PLACE][0], f"{float(rows[PLACE][1]) * 1.01:.2f}")
    server.routes[bad.route] = bad.write(rows)
    updated = ask(user)
    told = updated.frame.set_index("series").loc[bad.series]
    assert (updated.status, told["new"], told["revised"]) == (0, 1, 1)
    store = place(user)
    pd.testing.assert_frame_equal(
        store.observations(bad.series, as_of=moment).query("observed < @NEXT").reset_index(drop=True), before
    )
    day = DAYS[PLACE]
    old, new = store.latest(bad.series, moment)[day], store.latest(bad.series)[day]
    assert new == pytest.approx(old * 1.01, rel=1e-3)
    assert len(store.observations(bad.series).query("observed == @day")) == 2


COLD = """
import threading, time
from datetime import UTC, datetime
from groundswell.data import gathering
from groundswell.data.catalog import catalog
from groundswell.data.sources.source import observations

def check(number, name):
    time.sleep(number / 20)
    rows = observations(name, ["2026-04-01"], [20.0], [1])
    done.append(gathering.checking.checked(rows, known[name], datetime(2026, 9, 1, tzinfo=UTC)))

known, done, names = catalog(), [], ["vix", "vix9d", "vix3m", "vix6m"] * 2
threads = [threading.Thread(target=check, args=each) for each in enumerate(names)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(done))
"""


def test_a_program_that_has_just_started_checks_several_services_at_once() -> None:
    told = subprocess.run([sys.executable, "-c", COLD], capture_output=True, text=True, timeout=60)
    assert (told.stdout.strip(), told.stderr) == ("8", "")


def test_where_everything_fails_nothing_is_changed(user: Settings, server: Server) -> None:
    before = [content(place(user), each.series) for each in SERVICES]
    server.routes.update({each.route: loopback.server_error() for each in SERVICES})
    assert ask(user).status == 4
    assert [content(place(user), each.series) for each in SERVICES] == before


def test_the_good_answers_of_these_tests_are_good(user: Settings, server: Server) -> None:
    updated = ask(user)
    assert (updated.status, updated.frame["new"].tolist()) == (0, [1, 1, 1])
    assert {asked.path for asked in server.requests} == {each.route for each in SERVICES}
    assert all(isinstance(asked, Asked) for asked in server.requests)
