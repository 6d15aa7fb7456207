"""The worlds of the scenarios: what is different from the household, and from when on.

Each function takes the seed and the *turn*, the instant at which the scenario begins. `scenarios`
names them; `planted` is for tests of privacy.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.sandbox.household import HELVETIA, LILAS, household
from pfo_dagster.openbanking.sandbox.world import (
    AccountPlan,
    ConnectionPlan,
    Habit,
    Rhythm,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Callable


STATES: Final = (
    None, "validating", "rateLimiting", "websiteUnavailable", "SCARequired", "webauthRequired",
    "additionalInformationNeeded", "decoupled", "actionNeeded", "passwordExpired", "wrongpass",
    "bug", "notSupported", "somethingNew",
)  # fmt: skip
"""Every connection state that Powens names, and one that nobody knows."""
RENUMBERED_BY: Final = 1000
"""How much higher the new id of an account is that came back."""


def usual(seed: int, _turn: datetime) -> World:
    """The household as it always is."""
    return household(seed)


def quiet_day(seed: int, turn: datetime) -> World:
    """All banks work, and from the turn on nothing happens on any account."""
    world = household(seed)
    return replace(
        world,
        connections=tuple(
            replace(plan, state=None, rhythm=Rhythm(at=plan.rhythm.at))
            for plan in world.connections
        ),
        accounts=tuple(replace(account, idle_from=turn) for account in world.accounts),
    )


def stops_with(state: str | None) -> Callable[[int, datetime], World]:
    """The household, whose first bank is not synced any more from the turn on."""

    def world(seed: int, turn: datetime) -> World:
        return _with_bank(household(seed), LILAS, state=state, stops_at=turn)

    return world


def synced_at_night(seed: int, _turn: datetime) -> World:
    """The first bank is synced at 02:30 in Paris, which is twice in one night of the year."""
    rhythm = Rhythm(at=time(2, 30))
    return _with_bank(household(seed), LILAS, rhythm=rhythm)


def renumbered(seed: int, turn: datetime) -> World:
    """The accounts of one bank are deleted, and come back under new ids; cards find their parent.

    One of them has no IBAN: it is recognised by its name and type alone.
    """
    world = household(seed)
    gone = [
        replace(account, deleted_at=turn)
        for account in world.accounts
        if account.connection_id == LILAS and account.deleted_at is None
    ]
    back = [
        replace(
            account,
            account_id=account.account_id + RENUMBERED_BY,
            parent_id=account.parent_id and account.parent_id + RENUMBERED_BY,
            deleted_at=None,
            listed_from=turn,
            formerly=account.account_id,
        )
        for account in gone
    ]
    left = {account.account_id for account in gone}
    others = [account for account in world.accounts if account.account_id not in left]
    return replace(world, accounts=(*gone, *back, *others))


def late(seed: int, _turn: datetime) -> World:
    """The answer to a forced sync is 200 at once; `last_update` moves three minutes later."""
    return _with_bank(household(seed), HELVETIA, sync_takes=timedelta(minutes=3))


def pending(seed: int, _turn: datetime) -> World:
    """So many card payments, each coming for three days, that there are always some."""
    world = household(seed)
    cards = Habit(
        wordings=("CB PARKING", "CB KIOSQUE", "CB TAXI"),
        kind="card",
        low=Decimal("-40.00"),
        high=Decimal("-3.00"),
        times=40,
        pending=timedelta(days=3),
    )
    return replace(
        world,
        accounts=tuple(
            replace(account, habits=(*account.habits, cards))
            if account.connection_id == LILAS and account.kind == "checking"
            else account
            for account in world.accounts
        ),
    )


def every_state(seed: int, _turn: datetime) -> World:
    """A connection in each of `STATES`, with one account."""
    accounts = tuple(_plain_account(300 + n, 300 + n) for n in range(len(STATES)))
    banks = tuple(
        replace(_bank(300 + n, f"Bank that says {state or 'nothing'}"), state=state)
        for n, state in enumerate(STATES)
    )
    return World(seed=seed, connections=banks, accounts=accounts)


def many_banks(banks: int, accounts: int) -> Callable[[int, datetime], World]:
    """So many connections, over which so many accounts are spread; two months of history."""

    def world(seed: int, turn: datetime) -> World:
        last_month = turn.astimezone(UTC).replace(day=1) - timedelta(days=1)
        return World(
            seed=seed,
            connections=tuple(_bank(1000 + n, f"Bank {n + 1:02d}") for n in range(banks)),
            accounts=tuple(_plain_account(100_000 + n, 1000 + n % banks) for n in range(accounts)),
            began=datetime(last_month.year, last_month.month, 1, tzinfo=UTC),
        )

    return world


def planted(world: World, canary: str) -> World:
    """The world with a text in every place that holds personal data: to look for it afterwards.

    Names, wordings, numbers and the banks' messages hold it as it is, the IBANs without marks.
    """
    marked = "".join(character for character in canary.upper() if character.isalnum())
    return replace(
        world,
        connections=tuple(
            replace(plan, error_message=f"https://bank.example/consent?state={canary}")
            for plan in world.connections
        ),
        accounts=tuple(
            replace(
                account,
                name=f"{canary} {account.account_id}",
                iban=f"FR76{marked}{account.account_id:06d}"[:34],
                number=f"{canary}{account.account_id}",
                habits=tuple(
                    replace(habit, wordings=tuple(f"{word} {canary}" for word in habit.wordings))
                    for habit in account.habits
                ),
            )
            for account in world.accounts
        ),
    )


def _with_bank(
    world: World,
    connection_id: int,
    *,
    state: str | None = None,
    stops_at: datetime | None = None,
    sync_takes: timedelta = timedelta(0),
    rhythm: Rhythm | None = None,
) -> World:
    return replace(
        world,
        connections=tuple(
            replace(
                plan,
                state=state,
                stops_at=stops_at,
                sync_takes=sync_takes,
                rhythm=rhythm or plan.rhythm,
            )
            if plan.connection_id == connection_id
            else plan
            for plan in world.connections
        ),
    )


def _bank(connection_id: int, institution: str) -> ConnectionPlan:
    return ConnectionPlan(
        connection_id=connection_id,
        connector_id=connection_id,
        connector_uuid=f"5f0c2f1e-4c3a-5d0b-9a55-{connection_id:012d}",
        institution=institution,
    )


def _plain_account(account_id: int, connection_id: int) -> AccountPlan:
    return AccountPlan(
        account_id=account_id,
        connection_id=connection_id,
        name=f"Account {account_id}",
        kind="checking",
        currency="EUR",
        opening=Decimal(account_id) + Decimal("0.25"),
        number=f"{account_id:011d}",
        habits=(
            Habit(
                wordings=("CB MARCHE",), kind="card", low=Decimal("-90.00"), high=Decimal("-5.00")
            ),
        ),
    )
