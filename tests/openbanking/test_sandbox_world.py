"""The made-up household: the same for the same seed and time, and its sums are right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.openbanking.powens.fields import PARIS
from pfo_dagster.openbanking.sandbox import (
    AccountPlan,
    ConnectionPlan,
    SandboxState,
    World,
    household,
)
from pfo_dagster.openbanking.sandbox.books import Books
from pfo_dagster.openbanking.sandbox.history import History
from pfo_dagster.openbanking.sandbox.timeline import Timeline, first_slot, last_slot
from tests.openbanking.support import NOON, law

WORLD = household(2026)
HISTORY = History(WORLD)
BY_NAME = {account.name: account for account in WORLD.accounts}

instants = st.datetimes(datetime(2025, 3, 1), datetime(2027, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
)
accounts = st.sampled_from(WORLD.accounts)
connections = st.sampled_from(WORLD.connections)


def books(at: datetime = NOON, world: World = WORLD) -> Books:
    return Books(HISTORY if world is WORLD else History(world), SandboxState(), at)


def test_the_household_has_what_a_household_of_this_kind_has() -> None:
    figures = {account.name: books().figures(account) for account in WORLD.accounts}
    kinds = {account.kind for account in WORLD.accounts}
    assert len(WORLD.connections) == 3
    assert len(WORLD.accounts) == 12
    assert kinds >= {"checking", "joint", "livret_a", "savings", "card", "loan", "market"}
    assert {account.currency for account in WORLD.accounts} == {"EUR", "USD", "CHF", "JPY", "BTC"}
    assert BY_NAME["Carte a debit differe"].parent_id == BY_NAME["Compte courant"].account_id
    assert [name for name, shown in figures.items() if shown.deleted_at] == ["Ancien PEL"]
    assert [name for name, shown in figures.items() if shown.disabled_at] == [
        "Euro account, not activated"
    ]
    assert [
        name for name, shown in figures.items() if shown.is_active and shown.balance is None
    ] == ["Lebensversicherung"]
    assert [plan.state for plan in WORLD.connections] == [None, None, "SCARequired"]


@law
@given(instants, st.timedeltas(timedelta(0), timedelta(days=70)), accounts)
def test_a_balance_changes_by_what_was_booked(
    start: datetime, later: timedelta, account: AccountPlan
) -> None:
    end = start + later
    booked = [
        entry.value for entry in HISTORY.entries(account, end) if start < entry.booked_at <= end
    ]
    change = HISTORY.balance(account, end) - HISTORY.balance(account, start)
    assert change == sum(booked, Decimal(0))


@law
@given(instants, accounts)
def test_what_is_coming_is_known_but_not_in_the_balance(at: datetime, account: AccountPlan) -> None:
    known = sum((entry.value for entry in HISTORY.entries(account, at)), account.opening)
    assert HISTORY.balance(account, at) + HISTORY.coming(account, at) == known


@law
@given(instants)
def test_totals_are_the_sums_of_active_displayed_accounts(at: datetime) -> None:
    now = books(at)
    for currency, total in now.totals().items():
        balances = [
            figures.balance
            for account in WORLD.accounts
            for figures in [now.figures(account)]
            if account.currency == currency and account.display and figures.is_active
        ]
        assert total == sum((balance for balance in balances if balance is not None), Decimal(0))


@law
@given(instants, accounts)
def test_a_seed_and_an_instant_give_the_same_figures_in_a_fresh_world(
    at: datetime, account: AccountPlan
) -> None:
    again = household(2026)
    assert again == WORLD
    assert books(at, again).figures(account) == books(at).figures(account)


def test_another_seed_gives_other_amounts() -> None:
    salaries = {household(seed).accounts[0].habits[0].low for seed in range(5)}
    assert len(salaries) == 5
    assert books(world=household(1)).totals() != books(world=household(2)).totals()


def test_amounts_have_the_decimals_of_their_currency() -> None:
    decimals = {"EUR": 2, "USD": 2, "CHF": 2, "JPY": 0, "BTC": 8}
    for account in WORLD.accounts:
        for entry in HISTORY.entries(account, NOON):
            assert -int(entry.value.as_tuple().exponent) == decimals[account.currency]


def test_a_satoshi_is_not_lost() -> None:
    fees = [
        entry.value for entry in HISTORY.entries(BY_NAME["Wallet BTC"], NOON) if entry.kind == "fee"
    ]
    assert set(fees) == {Decimal("-0.00000001")}


def test_a_card_is_settled_with_its_parent_to_the_cent() -> None:
    card, parent = BY_NAME["Carte a debit differe"], BY_NAME["Compte courant"]

    def settled(account: AccountPlan) -> list[Decimal]:
        entries = HISTORY.entries(account, NOON)
        return [entry.value for entry in entries if entry.kind == "summary_card"]

    assert len(settled(card)) == 14
    assert [-value for value in settled(card)] == settled(parent)
    assert all(value > 0 for value in settled(card))


def test_salary_rent_and_shopping_are_there_every_month() -> None:
    wordings = [
        entry.wording
        for entry in HISTORY.entries(BY_NAME["Compte courant"], NOON)
        if entry.day.replace(day=1) == date(2026, 2, 1)
    ]
    assert wordings.count("VIR SALAIRE ATELIER LENOIR") == 1
    assert wordings.count("ECHEANCE PRET") == 1
    assert len([wording for wording in wordings if wording.startswith("CB ")]) == 9


@law
@given(instants, accounts)
def test_a_balance_moves_on_the_day_on_which_it_is_said_to_be_booked(
    moment: datetime, account: AccountPlan
) -> None:
    day = moment.astimezone(PARIS).date()
    ends = [datetime.combine(one, time.max, PARIS) for one in (day - timedelta(days=1), day)]
    before, after = (HISTORY.balance(account, end) for end in ends)
    booked = [entry for entry in HISTORY.entries(account, ends[1]) if entry.day == day]
    assert after - before == sum((entry.value for entry in booked), Decimal(0))
    assert all(entry.seen_at <= entry.booked_at for entry in booked)


def test_nothing_happens_on_an_account_after_it_was_deleted() -> None:
    gone = BY_NAME["Ancien PEL"]
    assert gone.deleted_at is not None
    assert books().figures(gone).last_update == gone.deleted_at


def test_before_it_was_deleted_the_account_was_active() -> None:
    assert books(datetime(2025, 6, 1, tzinfo=UTC)).figures(BY_NAME["Ancien PEL"]).is_active


@law
@given(instants, instants, connections)
def test_last_update_never_goes_back(one: datetime, other: datetime, plan: ConnectionPlan) -> None:
    timeline = Timeline(plan)
    earlier, later = sorted([one, other])
    assert timeline.last_update(earlier) <= timeline.last_update(later) <= later


@law
@given(instants)
def test_one_bank_is_fresh_one_always_stale_and_one_waits_for_its_user(at: datetime) -> None:
    nightly, late, waiting = (Timeline(plan) for plan in WORLD.connections)
    day = timedelta(hours=25)  # the night of the clock change is an hour longer
    assert at - nightly.last_update(at) <= day
    assert timedelta(hours=30) <= at - late.last_update(at) <= timedelta(days=4, hours=7)
    assert at - waiting.last_update(at) >= timedelta(days=14)
    assert waiting.next_try(at) is None
    assert nightly.next_try(at) is not None


@law
@given(instants)
def test_background_syncs_are_at_a_fixed_minute_of_paris(at: datetime) -> None:
    slot = last_slot(WORLD.connections[0].rhythm, at)
    assert (slot.astimezone(PARIS).hour, slot.astimezone(PARIS).minute) == (5, 10)
    following = first_slot(WORLD.connections[0].rhythm, slot + timedelta(seconds=1))
    assert following > at or following == slot
    assert first_slot(WORLD.connections[0].rhythm, slot) == slot


@pytest.mark.parametrize("takes", [timedelta(0), timedelta(seconds=40)])
def test_a_forced_sync_moves_last_update_when_it_ends(takes: timedelta) -> None:
    slow = replace(WORLD.connections[1], sync_takes=takes)
    timeline = Timeline(slow, [NOON])
    assert timeline.last_update(NOON + takes) == NOON + takes
    assert timeline.is_syncing(NOON) is (takes > timedelta(0))
    assert not timeline.is_syncing(NOON + takes)
    assert timeline.learnt_at(NOON - timedelta(minutes=1)) == NOON + takes
