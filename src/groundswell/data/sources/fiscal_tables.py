"""What the rows of the Treasury's tables mean, one function per table.

Amounts of the cash statement and of the debt statement are millions of dollars, all others dollars.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, FiniteFloat, TypeAdapter, ValidationError

from groundswell.data.errors import SourceError
from groundswell.data.http.service import Body
from groundswell.data.sources.decoding import refusal

CLOSING = "Treasury General Account (TGA) Closing Balance"
OPENING = "Treasury General Account (TGA) Opening Balance"
DEPOSITS = "Total TGA Deposits (Table II)"
WITHDRAWALS = "Total TGA Withdrawals (Table II) (-)"
EARLIER = ("Treasury General Account (TGA)", "Federal Reserve Account")
"""Accounts that held the closing balance before 2022-04-18 and before October 2021."""

ROUNDING = 2.0
"""USD million by which four rounded amounts may miss the identity."""

TOLERATED = 50
"""One statement in so many may fail to add up: a slip of the day's clerk, not another table."""

CLASSES: dict[str, Callable[[str], bool]] = {
    "bills": lambda words: words == "bills",
    "notes": lambda words: words == "notes",
    "bonds": lambda words: words == "bonds",
    # The indexed notes and bonds of the first years are one class with what followed them.
    "tips": lambda words: "inflation" in words,
    "frn": lambda words: words == "floating rate notes",
}
KINDS = {"bill": "bills", "cmb": "bills", "note": "notes", "bond": "bonds", "tips": "tips", "frn": "frn"}


@dataclass(frozen=True)
class Found:
    """The values of one series.

    Attributes:
        days: the day or the first day of the month each value describes.
        amounts: in the unit of the table.
        rows: the row of the table each was read from, from 1; of a sum the last.
        remarks: what was left out, in words.
    """

    days: list[date] = field(default_factory=list)
    amounts: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, day: date, value: float, row: int) -> None:
        """Add a value."""
        self.days.append(day)
        self.amounts.append(value)
        self.rows.append(row)


def _known(text: object) -> object:
    return None if text in ("null", "", None) else text


def _iso(text: object) -> object:
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError("a day is written year-month-day")
    return text


Row = TypeVar("Row", bound=BaseModel)
Day = Annotated[date, BeforeValidator(_iso)]
Amount = Annotated[FiniteFloat | None, BeforeValidator(_known)]
PerhapsDay = Annotated[Day | None, BeforeValidator(_known)]


class CashRow(BaseModel):
    """A row of the operating cash balance."""

    record_date: Day
    account_type: str
    open_today_bal: Amount
    close_today_bal: Amount


class DebtRow(BaseModel):
    """A row of the debt to the penny."""

    record_date: Day
    debt_held_public_amt: Amount
    tot_pub_debt_out_amt: Amount


class ClassRow(BaseModel):
    """A row of the summary of securities outstanding."""

    record_date: Day
    security_type_desc: str
    security_class_desc: str
    total_mil_amt: Amount


class AuctionRow(BaseModel):
    """An auction, announced or held; the results are null until then."""

    auction_date: PerhapsDay
    announcemt_date: PerhapsDay
    cusip: str
    security_type: str
    inflation_index_security: str | None
    floating_rate: str | None
    offering_amt: Amount
    total_tendered: Amount
    total_accepted: Amount
    primary_dealer_accepted: Amount


class BuybackRow(BaseModel):
    """A buyback operation, announced or held."""

    operation_date: Day
    total_par_amt_accepted: Amount


def typed(kind: type[Row], rows: list[dict[str, str | None]], body: Body, series: str) -> list[Row]:
    """Return the rows in their types.

    Raises:
        SourceError: naming the first row and column that does not fit.
    """
    try:
        return TypeAdapter(list[kind]).validate_python(rows)  # type: ignore[valid-type]
    except ValidationError as problem:
        first = problem.errors()[0]
        place, column = int(first["loc"][0]), str(first["loc"][1])
        found = "missing" if first["type"] == "missing" else repr(first["input"])[:80]
        raise refusal(
            body,
            f"the column '{column}' is {found} ({first['msg'].lower()})",
            series=series,
            row=place + 1,
            expected=f"the column '{column}' as documented, 'null' where there is no value",
        ) from problem


def cash(rows: Sequence[CashRow], what: str, body: Body, series: str) -> Found:
    """Return the closing balance of the Treasury's account at the Fed, USD million.

    Since 2022-04-18 it stands in a row of its own, in the column of opening balances, and opening plus
    deposits minus withdrawals must give it. A statement that does not add up is left out, with a
    remark; where more than one in fifty do not, or none does, the answer is refused.

    Raises:
        SourceError: statements do not add up, a day has two rows of one account, or has no balance.
    """
    _among(what, ("tga",), body, series)
    by_day: dict[date, dict[str, tuple[CashRow, int]]] = {}
    for place, row in enumerate(rows, start=1):
        accounts = by_day.setdefault(row.record_date, {})
        if row.account_type in accounts and accounts[row.account_type][0] != row:
            raise refusal(
                body,
                f"{row.record_date} has the account '{row.account_type}' twice, with other amounts",
                series=series,
                row=place,
                expected="one row for a day and account",
            )
        accounts[row.account_type] = row, place
    found, unknown = Found(), []
    broken: list[tuple[date, SourceError]] = []
    for day, accounts in by_day.items():
        name = next((name for name in (CLOSING, *EARLIER) if name in accounts), None)
        if name is None:
            raise refusal(
                body,
                f"{day} has no closing balance among {', '.join(accounts)[:200]}",
                series=series,
                row=next(iter(accounts.values()))[1],
                expected=f"the account '{CLOSING}'",
            )
        row, place = accounts[name]
        balance = row.open_today_bal if name == CLOSING else row.close_today_bal
        if balance is None:
            unknown.append(day)
            continue
        breach = _breach(day, balance, accounts, body, series) if name == CLOSING else None
        if breach is None:
            found.add(day, balance, place)
        else:
            broken.append((day, breach))
    if broken and (len(broken) > max(1, len(by_day) // TOLERATED) or not found.days):
        raise broken[0][1]
    found.remarks.extend(f"the statement of {day} left out: {breach.what}" for day, breach in broken)
    return _told(found, unknown)


def debt(rows: Sequence[DebtRow], what: str, body: Body, series: str) -> Found:
    """Return an amount of the debt to the penny, USD; `what` names the column."""
    _among(what, ("debt_held_public_amt", "tot_pub_debt_out_amt"), body, series)
    found, unknown = Found(), []
    for place, row in enumerate(rows, start=1):
        amount: float | None = getattr(row, what)
        if amount is None:
            unknown.append(row.record_date)
        else:
            found.add(row.record_date, amount, place)
    return _told(found, unknown)


def outstanding(rows: Sequence[ClassRow], what: str, body: Body, series: str) -> Found:
    """Return the marketable securities of one class at the end of each month, USD million.

    The period is the first day of the month. `what` is a class of `CLASSES`, or "marketable" for all.
    """
    _among(what, (*CLASSES, "marketable"), body, series)
    sums: dict[date, tuple[float | None, int]] = {}
    for place, row in enumerate(rows, start=1):
        kind, words = row.security_type_desc.strip().lower(), row.security_class_desc.strip().lower()
        if what == "marketable":
            fits = kind == "total marketable"
        else:
            fits = kind == "marketable" and CLASSES[what](words)
        if fits:
            _sum_up(sums, row.record_date.replace(day=1), row.total_mil_amt, place)
    return _summed(sums)


def auctions(rows: Sequence[AuctionRow], what: str, body: Body, series: str) -> Found:
    """Return the sum of an amount over the auctions of one kind, by day, USD.

    `what` is `<kind>:<amount>`. `announced` is the amount offered, by day of announcement; `offered`,
    `tendered`, `accepted` and `dealers` (accepted from primary dealers) go by day of auction. A day of
    which an amount is not known yet is left out.

    Raises:
        SourceError: one security has two rows for one auction, with other amounts.
    """
    kind, _, amount = what.partition(":")
    columns = {
        "announced": "offering_amt",
        "offered": "offering_amt",
        "tendered": "total_tendered",
        "accepted": "total_accepted",
        "dealers": "primary_dealer_accepted",
    }
    _among(kind, set(KINDS.values()), body, series)
    _among(amount, columns, body, series)
    today = body.fetched.date()
    sums: dict[date, tuple[float | None, int]] = {}
    seen: dict[tuple[str, date | None], AuctionRow] = {}
    unknown_kinds: set[str] = set()
    for place, row in enumerate(rows, start=1):
        auction = row.cusip, row.auction_date
        if auction in seen:
            if seen[auction] != row:
                raise refusal(
                    body,
                    f"the auction of {row.cusip} on {row.auction_date} has two rows with other amounts",
                    series=series,
                    row=place,
                    expected="one row for an auction",
                )
            continue
        seen[auction] = row
        of_row = _kind(row)
        if of_row is None:
            unknown_kinds.add(row.security_type)
        day = row.announcemt_date if amount == "announced" else row.auction_date
        if of_row == kind and day is not None and day <= today:
            _sum_up(sums, day, getattr(row, columns[amount]), place)
    found = _summed(sums)
    found.remarks.extend(f"auctions of the unknown kind '{each}' left out" for each in sorted(unknown_kinds))
    return found


def buybacks(rows: Sequence[BuybackRow], what: str, body: Body, series: str) -> Found:
    """Return the par value the Treasury bought back, by day of operation, USD."""
    _among(what, ("accepted",), body, series)
    sums: dict[date, tuple[float | None, int]] = {}
    for place, row in enumerate(rows, start=1):
        _sum_up(sums, row.operation_date, row.total_par_amt_accepted, place)
    return _summed(sums)


def _breach(
    day: date, balance: float, accounts: dict[str, tuple[CashRow, int]], body: Body, series: str
) -> SourceError | None:
    """Return why the statement of a day cannot be believed, `None` where it adds up."""
    place = accounts[CLOSING][1]
    parts = [
        accounts[name][0].open_today_bal if name in accounts else None
        for name in (OPENING, DEPOSITS, WITHDRAWALS)
    ]
    opening, deposits, withdrawals = parts
    if opening is None or deposits is None or withdrawals is None:
        return refusal(
            body,
            f"the statement of {day} lacks the opening balance, the deposits or the withdrawals",
            series=series,
            row=place,
            expected="all four rows of the account, as the closing balance is checked against them",
        )
    residual = opening + deposits - withdrawals - balance
    if abs(residual) > ROUNDING:
        return refusal(
            body,
            f"the statement of {day} does not add up: opening {opening:,.0f} + deposits {deposits:,.0f} - "
            f"withdrawals {withdrawals:,.0f} is {residual:+,.0f} off the closing {balance:,.0f} USD million",
            series=series,
            row=place,
            expected=f"opening + deposits - withdrawals = closing, within {ROUNDING:.0f} for rounding",
        )
    return None


def _kind(row: AuctionRow) -> str | None:
    if row.floating_rate == "Yes":
        return "frn"
    if row.inflation_index_security == "Yes":
        return "tips"
    return KINDS.get(row.security_type.strip().lower())


def _sum_up(sums: dict[date, tuple[float | None, int]], day: date, amount: float | None, place: int) -> None:
    """Add an amount to its day; with one unknown the sum of the day is unknown."""
    before = sums[day][0] if day in sums else 0.0
    sums[day] = None if before is None or amount is None else before + amount, place


def _summed(sums: dict[date, tuple[float | None, int]]) -> Found:
    found = Found()
    for day, (amount, place) in sums.items():
        if amount is not None:
            found.add(day, amount, place)
    return found


def _told(found: Found, unknown: list[date]) -> Found:
    if unknown:
        found.remarks.append(f"{len(unknown)} days without an amount left out, the last {max(unknown)}")
    return found


def _among(what: str, known: Iterable[str], body: Body, series: str) -> None:
    if what not in known:
        raise SourceError(
            f"the source_id names '{what}'",
            where=f"{body.service}, series '{series}' in the catalog",
            expected=f"one of {', '.join(sorted(known))}",
            remedy="correct the entry of the catalog",
        )
