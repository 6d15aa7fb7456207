"""Accounts that come back, and connections that go: what a household's workflows make of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pfo_dagster.openbanking.sandbox import household
from tests.workflows.household import ACCOUNTS, BALANCES, Household

if TYPE_CHECKING:
    from pathlib import Path

_ACTIVE = "accounts WHERE deleted_at IS NULL AND disabled_at IS NULL"
_TOTALS = (
    "SELECT currency, sum(amount) AS amount FROM latest_balances"
    " WHERE in_totals GROUP BY ALL ORDER BY ALL"
)


def test_a_household_whose_accounts_come_back_under_new_ids_is_not_twice_as_rich(
    tmp_path: Path,
) -> None:
    world = household(2026)
    home = Household(tmp_path / "data", world=world)
    home.run(BALANCES)
    before = home.published(_TOTALS)
    (old,) = [one for one in world.accounts if one.iban and one.deleted_at is None][:1]
    came_back = replace(old, account_id=old.account_id + 7000)
    home.world = replace(
        world, accounts=(*(one for one in world.accounts if one is not old), came_back)
    )
    home.clock.move(minutes=5)
    home.run(BALANCES)

    (succession,) = home.published("FROM account_successions")
    assert succession["succeeded_by"] == str(came_back.account_id)
    assert len(home.published(_TOTALS)) == len(before)
    counted = home.published("FROM latest_balances WHERE balance_type = 'current'")
    assert str(old.account_id) not in {row["account_id"] for row in counted}
    assert str(came_back.account_id) in {row["account_id"] for row in counted}


def test_a_deleted_connection_ends_with_its_accounts_at_the_next_sync(tmp_path: Path) -> None:
    world = household(2026)
    home = Household(tmp_path / "data", world=world)
    home.run(BALANCES)
    gone, *left = world.connections
    home.world = replace(
        world,
        connections=tuple(left),
        accounts=tuple(one for one in world.accounts if one.connection_id != gone.connection_id),
    )
    home.run(ACCOUNTS)

    of_gone = f"connection_id = '{gone.connection_id}'"
    (connection,) = home.published(f"FROM connections WHERE {of_gone}")
    assert (connection["state"], connection["needs_attention"]) == ("deleted", False)
    assert home.published(f"FROM {_ACTIVE} AND {of_gone}") == []
    assert home.published(f"FROM balances WHERE {of_gone}")
