"""Connections that wait for their user: an entry that comes and goes with their state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pfo_dagster.openbanking.sandbox import household
from pfo_dagster.operations.banking.waiting import waiting_connections
from tests.workflows.household import BALANCES, Household
from tests.workflows.telling import told

if TYPE_CHECKING:
    from pathlib import Path


def test_an_entry_is_there_while_the_connection_needs_its_user_and_goes_by_itself(
    tmp_path: Path,
) -> None:
    world = household(2026)
    first, *others = (replace(one, state=None) for one in world.connections)
    home = Household(tmp_path / "data")
    assert waiting_connections(home.ledger) == []

    home.world = replace(world, connections=(replace(first, state="SCARequired"), *others))
    home.run(BALANCES)
    (entry,) = waiting_connections(home.ledger)
    assert entry.connection_id == str(first.connection_id)
    assert entry.to_do.startswith("The account holder must ")
    assert "http" not in entry.to_do
    assert (entry.state, entry.link_command) == ("SCARequired", "pfo powens status --link")

    home.world = replace(world, connections=(first, *others))
    home.run(BALANCES)
    assert waiting_connections(home.ledger) == []


def test_a_webhook_marks_the_connection_and_brings_the_entry(tmp_path: Path) -> None:
    world = household(2026)
    first, *others = (replace(one, state=None) for one in world.connections)
    home = Household(tmp_path / "data", world=replace(world, connections=(first, *others)))
    home.run(BALANCES)
    assert waiting_connections(home.ledger) == []

    home.world = replace(world, connections=(replace(first, state="SCARequired"), *others))
    attempts = len(home.published("FROM sync_attempts"))
    connection = {"id": first.connection_id, "state": "SCARequired", "last_update": None}
    [result] = told(home, "connection-synced", {"user": {"id": 1}, "connection": connection})

    assert result.success
    (entry,) = waiting_connections(home.ledger)
    assert entry.connection_id == str(first.connection_id)
    [marked] = home.published("FROM connections WHERE needs_attention")
    assert (marked["connection_id"], marked["state"]) == (entry.connection_id, "needs_user")
    assert len(home.published("FROM sync_attempts")) == attempts, "nothing was forced"
