"""The Treasury's and the Fed's desks: whose cash drains whose reserves, and when yields hear of it.

- The reserves identity closes item by item, along two years of both desks.
- The published example: 100 of bills to money funds with 60 in reverse repo, then spent.
- Cash returns to five days of outflows; tax dates swell it and drain reserves; bills take up the rest.
- A plan moves the yield on the day it is announced, by the published slope; the Fed's side nets it.
- The Fed buys when reserves are scarce, stands still, runs off; neither trades a share.
"""

from collections.abc import Callable
from dataclasses import replace

import equinox as eqx
import numpy as np
import pytest

from groundswell.actors.fed_desk import FedDesk
from groundswell.actors.treasury_desk import TreasuryDesk
from groundswell.core.day import View
from groundswell.core.engine import jax, jnp
from groundswell.core.fed_balance import FedBalance, bills_sold
from groundswell.core.term_premium import TermPremium

START = FedBalance.of(
    fed_assets=6540.0, tga=850.0, on_rrp=300.0, foreign_rrp=330.0, currency=2400.0, other=150.0
)
ITEMS = ("fed_assets", "tga", "on_rrp", "foreign_rrp", "currency", "other")


@pytest.fixture(scope="module")
def before(after_closes: Callable[..., View]) -> View:
    return replace(after_closes(TreasuryDesk(), np.ones(3)), balance=START)


@eqx.filter_jit
def years(treasury: TreasuryDesk, fed: FedDesk, seen: View, tax_due: jax.Array) -> dict[str, jax.Array]:
    """Return day by day what both desks did, each seeing the balance that the other left."""

    def session(carry: tuple, due: jax.Array) -> tuple[tuple, dict[str, jax.Array]]:
        balance, t, f = carry
        today = replace(seen, balance=balance, day=replace(seen.day, tax_due=due))
        t_plan, f_plan = treasury.plan(t, today), fed.plan(f, today)
        change = treasury.flows(t_plan, balance) + fed.flows(f_plan, balance)
        after = balance + change
        t = treasury.update(t, t_plan, today, jnp.zeros(1), jnp.zeros(1))
        f = fed.update(f, f_plan, today, jnp.zeros(1), jnp.zeros(1))
        row = {name: getattr(after, name) for name in ITEMS} | {
            "reserves": after.reserves,
            "change": change.reserves,
            "bills": t_plan.bills,
            "cash": t.cash,
            "announced": t.announced,
            "bill_share": t.bill_share,
            "fed_announced": f.announced,
            "pace": f.pace,
        }
        return (after, t, f), row

    start = (seen.balance, treasury.init(seen), fed.init(seen))
    return jax.lax.scan(session, start, tax_due)[1]


def taxes() -> np.ndarray:
    due = np.zeros(504)
    due[[9, 72, 115, 179, 240, 261, 324, 367, 431, 492]] = [1, 3, 1, 1, 1, 1, 3, 1, 1, 1]
    return due


Rows = dict[str, np.ndarray]


def run(seen: View, treasury: TreasuryDesk | None = None, fed: FedDesk | None = None) -> Rows:
    rows = years(treasury or TreasuryDesk(), fed or FedDesk(), seen, jnp.asarray(taxes()))
    return {name: np.asarray(row) for name, row in rows.items()}


@pytest.fixture(scope="module")
def rows(before: View) -> Rows:
    return run(before)


def test_changes_of_reserves_are_assets_less_every_other_liability(rows: Rows) -> None:
    change = {name: np.diff(rows[name], prepend=float(getattr(START, name))) for name in ITEMS}
    owed = sum(change[name] for name in ITEMS[1:])
    found = np.diff(rows["reserves"], prepend=float(START.reserves))
    np.testing.assert_allclose(found, change["fed_assets"] - owed, atol=1e-11)
    np.testing.assert_allclose(rows["change"], change["fed_assets"] - owed, atol=1e-11)
    items = {name: rows[name] for name in ITEMS}
    level = items.pop("fed_assets") - sum(items.values())
    assert np.abs(rows["reserves"] / level - 1).max() < 1e-12


def test_the_cash_the_treasury_counts_is_the_cash_at_the_fed(rows: Rows) -> None:
    np.testing.assert_allclose(rows["cash"], rows["tga"], rtol=1e-12)


def test_the_published_example_of_bills_bought_out_of_reverse_repo() -> None:
    """Sold 100 with reverse repo of 60: reserves -40, net liquidity -40; spent: reserves +100."""
    balance = FedBalance.of(fed_assets=1000.0, on_rrp=60.0, currency=200.0)
    sold = bills_sold(balance, 100.0, 1.0)
    assert (float(sold.tga), float(sold.on_rrp), float(sold.reserves)) == (100, -60, -40)
    assert float(sold.net_liquidity) == -40
    spent = FedBalance.of(tga=-100.0)
    assert float(spent.reserves) == 100
    assert float((balance + sold + spent).reserves - balance.reserves) == 60


def test_an_empty_facility_makes_the_same_bills_drain_reserves_one_for_one() -> None:
    sold = bills_sold(FedBalance.of(fed_assets=1000.0), 100.0, 1.0)
    assert (float(sold.on_rrp), float(sold.reserves)) == (0, -100)
    assert float(bills_sold(FedBalance.of(on_rrp=60.0), -100.0, 1.0).on_rrp) == 0


def test_net_liquidity_of_the_worked_dates() -> None:
    """USD m: 6,705,696 - 748,376 = 5,957,320 and 6,699,950 - 1,005,968 = 5,693,982."""
    for assets, tga, printed in ((6705.696, 748.376, 5957.320), (6699.950, 1005.968, 5693.982)):
        assert float(FedBalance.of(fed_assets=assets, tga=tga).net_liquidity) == pytest.approx(printed)


def test_tax_dates_swell_the_cash_and_drain_reserves_until_bills_are_paid_down(rows: Rows) -> None:
    april = 72
    assert rows["tga"][april] - rows["tga"][april - 1] > 200
    assert rows["reserves"][april] < rows["reserves"][april - 1] - 150
    assert rows["bills"][april + 1] < rows["bills"][april - 1] - 10
    assert rows["tga"][april + 40] < rows["tga"][april] - 150


def test_cash_hovers_about_five_days_of_outflows(rows: Rows) -> None:
    assert rows["tga"][126:].mean() == pytest.approx(850, rel=0.03)
    assert rows["tga"].max() < 1300


def test_reverse_repo_is_drawn_on_before_reserves_and_never_below_nothing(rows: Rows) -> None:
    assert rows["on_rrp"].min() >= 0
    assert rows["on_rrp"][-1] < 1.0


def test_coupons_are_announced_and_yields_move_that_day_alone(rows: Rows) -> None:
    """Bills are a little above the share wanted, so each refunding shifts borrowing into coupons."""
    days = np.flatnonzero(rows["announced"])
    np.testing.assert_array_equal(days, 62 + 63 * np.arange(8))
    assert (rows["announced"][days] > 0).all()
    assert (np.diff(rows["bill_share"]) <= 0).all()
    supplied = np.diff([float(TreasuryDesk().supply(jnp.asarray(s))) for s in (0.3, rows["bill_share"][-1])])
    assert rows["announced"].sum() == pytest.approx(float(supplied[0]))


def test_the_published_slope_turns_800bn_of_coupons_into_25_basis_points() -> None:
    premium = TermPremium()
    assert float(premium.yield_change(-800.0)) == pytest.approx(-25, abs=0.5)
    assert float(premium.slope) == pytest.approx(25 / 800, abs=5e-4)
    both = premium.yield_change(100.0) + premium.yield_change(-100.0)
    assert float(both) == 0.0


def test_what_the_fed_takes_of_what_the_treasury_adds_moves_no_yield(before: View) -> None:
    desk = TreasuryDesk()
    state = eqx.tree_at(lambda s: s.announced, desk.init(before), jnp.asarray(120.0))
    alone, met = (float(desk.yield_effect(state, TermPremium(), x)) for x in (0.0, -120.0))
    assert alone == pytest.approx(120 * 0.031)
    assert met == 0.0


@pytest.mark.parametrize(
    ("reserves", "low", "high"), [(2500.0, 40, 65), (3000.0, 0, 0), (3500.0, -57, -40), (2899.0, 15, 20)]
)
def test_the_fed_buys_when_reserves_are_scarce_and_runs_off_when_they_abound(
    before: View, reserves: float, low: float, high: float
) -> None:
    other = float(START.other) + float(START.reserves) - reserves
    seen = replace(before, balance=eqx.tree_at(lambda b: b.other, START, jnp.asarray(other)))
    pace = float(FedDesk().init(seen).pace)
    assert low <= pace <= high


def test_run_off_gives_rate_risk_back_and_purchases_of_bills_take_little(before: View) -> None:
    fed = FedDesk()
    assert float(fed.risk(jnp.asarray(-57.0))) == pytest.approx(-342.0)
    assert float(fed.risk(jnp.asarray(40.0))) == pytest.approx(24.0)
    state = eqx.tree_at(
        lambda s: (s.session, s.pace), fed.init(before), (jnp.asarray(21), jnp.asarray(-57.0))
    )
    plan = fed.plan(state, before)
    assert float(plan.announced) == pytest.approx(-342.0 - float(fed.risk(plan.pace)))


def test_desks_that_see_no_balance_stand_still_or_keep_their_own_count(before: View) -> None:
    blind = replace(before, balance=None)
    assert float(FedDesk().init(blind).pace) == 0.0
    assert float(TreasuryDesk().init(blind).cash) == 850.0


def test_neither_desk_trades_a_share(before: View) -> None:
    for desk in (TreasuryDesk(), FedDesk()):
        plan = desk.plan(desk.init(before), before)
        assert float(desk.order(plan, jnp.asarray([-0.1]))[0]) == 0.0


def test_what_comes_later_changes_nothing_before(before: View, rows: Rows) -> None:
    due = taxes()
    due[300:] = 2.0
    other = years(TreasuryDesk(), FedDesk(), before, jnp.asarray(due))
    for name, row in rows.items():
        np.testing.assert_array_equal(np.asarray(other[name])[:300], row[:300])
