"""A connection or the user is deleted at Powens: from the webhook to the end in the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import dagster as dg
import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.automation.spool import Spool, bringing
from pfo_dagster.automation.webhooks import keep_events
from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.openbanking.powens.signature import DATE_HEADER, SIGNATURE_HEADER, sign
from pfo_dagster.openbanking.sandbox import World, household
from pfo_dagster.resources import utc_now
from tests.workflows.household import ACCOUNTS, BALANCES, Household

WORLD = household(2026)
SECRET = SecretStr("hook-secret")
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


def told(home: Household, event: str, *subjects: int) -> Sequence[dg.ExecuteInProcessResult]:
    """Send the webhooks, let the sensor look once, and execute what it asks for."""
    spool = Spool(home.data_dir / "webhooks")
    path = f"/webhooks/{event}"
    settings = ReceiverSettings(secret=SECRET, user_id="1")
    definitions = home.project().definitions
    sensor = definitions.resolve_sensor_def("powens_webhooks")
    with dg.DagsterInstance.ephemeral() as instance:
        keep = partial(keep_events, instance)
        app = receiver_app(settings, keep=spool.add, clock=utc_now)
        with listening(app) as address, bringing(spool, keep, every=0.01):
            for subject in subjects:
                body = json.dumps({"id": subject}).encode()
                signature = sign(SECRET, path=path, date="0", body=body)
                headers = {DATE_HEADER: "0", SIGNATURE_HEADER: signature}
                httpx.post(address + path, content=body, headers=headers).raise_for_status()
        repository = definitions.get_repository_def()
        with dg.build_sensor_context(instance=instance, repository_def=repository) as context:
            tick = sensor.evaluate_tick(context)
        return [
            home.execute(request.job_name or "", request.run_config, instance=instance)
            for request in tick.run_requests or ()
        ]


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


@pytest.mark.parametrize("event", ["connection-deleted", "user-deleted"])
def test_a_webhook_alone_ends_nothing(home: Household, event: str) -> None:
    """What is true is what the provider answers: a webhook that lies costs a reading."""
    before = home.published("SELECT account_id, deleted_at FROM accounts ORDER BY ALL")
    [result] = told(home, event, 1)
    assert result.success
    assert home.published("SELECT account_id, deleted_at FROM accounts ORDER BY ALL") == before


def test_a_refused_token_alone_ends_nothing(home: Household) -> None:
    """It may be mistyped, or revoked; only with the webhook does it tell of a deletion."""
    home.world = replace(WORLD, user_exists=False)
    assert not home.run(ACCOUNTS).success
    assert home.published(f"FROM {ACTIVE}")
