"""A connection or the user is deleted at Powens: from the webhook to the end in the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pfo_dagster.openbanking.sandbox import World, household
from tests.workflows.household import ACCOUNTS, BALANCES, Household
from tests.workflows.telling import told

WORLD = household(2026)
ACTIVE = "accounts WHERE deleted_at IS NULL AND disabled_at IS NULL"


@pytest.fixture
def home(tmp_path: Path) -> Household:
    home = Household(tmp_path / "data", world=WORLD)
    home.run(BALANCES)
    home.clock.move(minutes=30)
    return home


def without(world: World, connection_id: int) -> World:
    return replace(
        world,
        connections=tuple(c for c in world.connections if c.connection_id != connection_id),
        accounts=tuple(a for a in world.accounts if a.connection_id != connection_id),
    )


def test_a_deleted_connection_ends_with_its_accounts(home: Household) -> None:
    gone, kept = WORLD.connections[:2]
    home.world = without(WORLD, gone.connection_id)
    [result] = told(home, "connection-deleted", gone.connection_id)

    assert result.success
    of_gone = f"connection_id = '{gone.connection_id}'"
    [connection] = home.published(f"FROM connections WHERE {of_gone}")
    assert connection["state"] == "deleted"
    ends = home.published(f"FROM accounts WHERE {of_gone}")
    assert home.clock.now.date() in {row["closed_on"] for row in ends}
    assert home.published(f"FROM {ACTIVE} AND {of_gone}") == []
    assert home.published(f"FROM balances WHERE {of_gone}"), "history stays"
    assert home.published(f"FROM latest_balances WHERE {of_gone}") == []
    assert home.published(f"FROM {ACTIVE} AND connection_id = '{kept.connection_id}'")


def test_a_deleted_user_ends_with_everything(home: Household) -> None:
    home.world = replace(WORLD, user_exists=False)
    [result] = told(home, "user-deleted", 1)

    assert result.success
    assert {row["state"] for row in home.published("FROM connections")} == {"deleted"}
    assert home.published(f"FROM {ACTIVE}") == []
    assert home.published("FROM latest_balances") == []
    assert home.published("FROM balances"), "history stays"


@pytest.mark.parametrize(("event", "subject"), [("connection-deleted", 101), ("user-deleted", 1)])
def test_a_webhook_alone_ends_nothing(home: Household, event: str, subject: int) -> None:
    """What is true is what the provider answers: a webhook that lies costs a reading."""
    before = home.published("SELECT account_id, deleted_at FROM accounts ORDER BY ALL")
    [result] = told(home, event, subject)
    assert result.success
    assert home.published("SELECT account_id, deleted_at FROM accounts ORDER BY ALL") == before


def test_a_refused_token_alone_ends_nothing(home: Household) -> None:
    """It may be mistyped, or revoked; only with the webhook does it tell of a deletion."""
    home.world = replace(WORLD, user_exists=False)
    assert not home.run(ACCOUNTS).success
    assert home.published(f"FROM {ACTIVE}")
