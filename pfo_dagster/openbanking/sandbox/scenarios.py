"""Bad days and good ones by name: what `pfo sandbox scenario` sets, and tests take a world from.

A scenario begins at an instant, the *turn*: before it all is as in `household`, and what it is
about happens then. So one refreshes, sets a scenario, refreshes again, and sees the difference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pfo_dagster.openbanking.powens.fields import PARIS
from pfo_dagster.openbanking.sandbox.controls import Controls, Rule
from pfo_dagster.openbanking.sandbox.household import HELVETIA, LILAS, household
from pfo_dagster.openbanking.sandbox.world import (
    AccountPlan,
    ConnectionPlan,
    Habit,
    Rhythm,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STATES: Final = (
    None, "validating", "rateLimiting", "websiteUnavailable", "SCARequired", "webauthRequired",
    "additionalInformationNeeded", "decoupled", "actionNeeded", "passwordExpired", "wrongpass",
    "bug", "notSupported", "somethingNew",
)  # fmt: skip
"""Every connection state that Powens names, and one that nobody knows."""
RENUMBERED_BY: Final = 1000
"""How much higher the new id of an account is that came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A world made from a seed and the turn. `starts` is where the clock is moved to, if it is."""

    summary: str
    world: Callable[[int, datetime], World]
    starts: Callable[[datetime], datetime] | None = None
    rules: tuple[Rule, ...] = ()
    calls_per_minute: int | None = None


def _household(seed: int, _turn: datetime) -> World:
    return household(seed)


def _quiet_day(seed: int, turn: datetime) -> World:
    world = household(seed)
    return replace(
        world,
        connections=tuple(
            replace(plan, state=None, rhythm=Rhythm(at=plan.rhythm.at))
            for plan in world.connections
        ),
        accounts=tuple(replace(account, idle_from=turn) for account in world.accounts),
    )


def _stops_with(state: str | None) -> Callable[[int, datetime], World]:
    """The household, whose first bank is not synced any more from the turn on."""

    def world(seed: int, turn: datetime) -> World:
        return _with_bank(household(seed), LILAS, state=state, stops_at=turn)

    return world


def _dst_night(seed: int, _turn: datetime) -> World:
    rhythm = Rhythm(at=time(2, 30))
    return _with_bank(household(seed), LILAS, rhythm=rhythm)


def _renumbered(seed: int, turn: datetime) -> World:
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


def _late(seed: int, _turn: datetime) -> World:
    """The answer to a forced sync is 200 at once; `last_update` moves three minutes later."""
    return _with_bank(household(seed), HELVETIA, sync_takes=timedelta(minutes=3))


def _pending(seed: int, _turn: datetime) -> World:
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


def _every_state(seed: int, _turn: datetime) -> World:
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


def _next_payday(turn: datetime) -> datetime:
    """The morning after the next 28th, when the banks were synced."""
    here = turn.astimezone(PARIS)
    this_month = datetime(here.year, here.month, 28, tzinfo=PARIS) + timedelta(days=1, hours=9)
    if here < this_month:
        return this_month.astimezone(UTC)
    return _next_payday((here.replace(day=1) + timedelta(days=32)).replace(day=1))


def _doubled_hour(turn: datetime) -> datetime:
    """The next time at which clocks in Paris are put back: a minute before the first 02:30."""
    here = turn.astimezone(PARIS)
    for year in (here.year, here.year + 1):
        last_day = datetime(year, 10, 31, 2, 29, tzinfo=PARIS)
        night = last_day - timedelta(days=(last_day.weekday() + 1) % 7)
        if night > here:
            return night.astimezone(UTC)
    raise AssertionError("next year's is always later")


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "household": Scenario(
        summary="Three banks: one works, one is late, one waits for its user.", world=_household
    ),
    "quiet-day": Scenario(summary="All banks work, and nothing happens.", world=_quiet_day),
    "payday": Scenario(
        summary="The morning after the next 28th: wages have come in.",
        world=_household,
        starts=_next_payday,
    ),
    "sca-expiry": Scenario(
        summary="The consent of the bank that worked has run out (SCARequired).",
        world=_stops_with("SCARequired"),
    ),
    "wrong-password": Scenario(
        summary="The bank that worked refuses the password (wrongpass).",
        world=_stops_with("wrongpass"),
    ),
    "rate-limits": Scenario(
        summary="A bank says rateLimiting, and the API 429: twice, and beyond 30 calls a minute.",
        world=_stops_with("rateLimiting"),
        rules=(Rule(breakage="rate-limit", times=2),),
        calls_per_minute=30,
    ),
    "bank-down": Scenario(
        summary="The bank that worked is not available (websiteUnavailable).",
        world=_stops_with("websiteUnavailable"),
    ),
    "paris-dst-night": Scenario(
        summary="The night in which 02:30 comes twice in Paris, and a bank is synced at 02:30.",
        world=_dst_night,
        starts=_doubled_hour,
    ),
    "renumbered-accounts": Scenario(
        summary="One bank's accounts were deleted and are back under new ids.", world=_renumbered
    ),
    "late-last-update": Scenario(
        summary="A forced sync is answered at once; last_update moves three minutes later.",
        world=_late,
    ),
    "stuck-but-healthy": Scenario(
        summary="A bank shows no trouble and no next try, and its data moves no more.",
        world=_stops_with(None),
    ),
    "pending-to-booked": Scenario(
        summary="There are always card payments that are coming, and booked three days later.",
        world=_pending,
    ),
    "every-state": Scenario(
        summary="A connection in each state that Powens names, and one in a state it does not.",
        world=_every_state,
    ),
    "fifty-banks": Scenario(
        summary="50 connections with 4 accounts each.", world=many_banks(50, 200)
    ),
    "ten-thousand-accounts": Scenario(
        summary="50 connections with 200 accounts each.", world=many_banks(50, 10_000)
    ),
}
"""By name, in the order in which they are listed."""


def scenario_set(controls: Controls, name: str, true_now: datetime) -> Controls:
    """The controls with a scenario that begins now. Raises `ValueError` for a name there is not."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ValueError(f"There is no scenario {name!r}. Choose one of: {', '.join(SCENARIOS)}.")
    turn = (true_now + controls.clock_ahead).replace(microsecond=0)
    starts = scenario.starts(turn) if scenario.starts else None
    return controls.model_copy(
        update={
            "scenario": name,
            "turn": turn,
            "rules": scenario.rules,
            "calls_per_minute": scenario.calls_per_minute,
            "clock_ahead": starts - true_now if starts else controls.clock_ahead,
            "states": (),
            "deleted_connections": (),
            "user_deleted": False,
        }
    )


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
