"""A provider that suddenly lists nothing: believed only where somebody else says the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from pfo_dagster.openbanking.sandbox import World, household
from tests.conftest import events
from tests.workflows.household import ACCOUNTS, BALANCES, Household
from tests.workflows.telling import told

pytestmark = pytest.mark.usefixtures("virtual_clock")

WORLD = household(2026)
EVERYTHING = """
    SELECT connection_id, state FROM connections
    UNION ALL SELECT account_id, coalesce(deleted_at, disabled_at)::VARCHAR FROM accounts
    ORDER BY ALL
"""
NO_CONNECTION = replace(WORLD, connections=(), accounts=())
NO_ACCOUNT = replace(WORLD, accounts=())
IDS = sorted(str(one.connection_id) for one in WORLD.connections)


@pytest.fixture
def home(tmp_path: Path) -> Household:
    home = Household(tmp_path / "data", world=WORLD)
    assert home.run(BALANCES).success
    home.clock.move(minutes=30)
    return home


def failures(result: dg.ExecuteInProcessResult) -> str:
    said = [
        event.step_failure_data.user_failure_data
        for event in events(result, dg.DagsterEventType.STEP_FAILURE)
    ]
    return " ".join(one.description or "" for one in said if one)


@pytest.mark.parametrize(
    ("workflow", "world", "words"),
    [
        (BALANCES, NO_CONNECTION, "lists no connection, where it had 3"),
        (BALANCES, NO_ACCOUNT, "lists no account, where it had"),
        (ACCOUNTS, NO_CONNECTION, "lists no connection, where it had 3"),
    ],
)
def test_an_empty_listing_ends_nothing_and_all_is_well_once_it_is_full_again(
    home: Household, workflow: str, world: World, words: str
) -> None:
    before = home.published(EVERYTHING)
    home.world = world
    result = home.run(workflow)
    assert not result.success
    assert words in failures(result)
    assert "nothing was recorded" in failures(result)
    assert home.published(EVERYTHING) == before
    assert len(events(result, dg.DagsterEventType.STEP_RESTARTED)) > 0, "worth another try"
    home.world = WORLD
    assert home.run(workflow).success
    assert home.published(EVERYTHING) == before


def test_who_says_that_all_were_deleted_is_believed(home: Household) -> None:
    home.world = NO_CONNECTION
    assert not home.run(ACCOUNTS, {"deleted_connections": IDS[:2]}).success
    assert home.run(ACCOUNTS, {"deleted_connections": IDS}).success
    assert {row["state"] for row in home.published("FROM connections")} == {"deleted"}
    assert home.published("FROM latest_balances") == []
    # From then on there is nothing to miss.
    assert home.run(ACCOUNTS).success
    assert "No bank is connected" in failures(home.run(BALANCES))


def test_webhooks_say_so_too(home: Household) -> None:
    home.world = NO_CONNECTION
    first, *others = (int(one) for one in IDS)
    [result] = told(home, "connection-deleted", first)
    assert not result.success, "it tells of one of three"
    [result] = told(home, "connection-deleted", first, *others)
    assert result.success
    assert {row["state"] for row in home.published("FROM connections")} == {"deleted"}
