"""What comes to be in the sandbox is told by itself, whoever caused it, and until it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.events import BankEvent
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.openbanking.sandbox import SANDBOX_TOKEN, ControlPanel, SandboxState, Stage
from pfo_dagster.openbanking.sandbox.announcements import Announcer
from pfo_dagster.openbanking.sandbox.controls import Controls, Notify
from pfo_dagster.openbanking.sandbox.interventions import (
    delete_connection,
    delete_user,
    put_into_state,
)
from pfo_dagster.openbanking.sandbox.server import running
from pfo_dagster.openbanking.sandbox.webhooks import Answers
from tests.openbanking.support import Clock

SECRET = SecretStr("a webhook secret")


class Receiver:
    """Keeps what it is told, unless it is `full`."""

    def __init__(self) -> None:
        self.kept: list[BankEvent] = []
        self.full = False

    def keep(self, events: object) -> None:
        assert isinstance(events, list)
        if self.full:
            raise OSError("no space left")
        self.kept.extend(events)

    @property
    def heard(self) -> list[str]:
        """What came since it was last asked."""
        heard = [f"{event.kind} {event.subject} {event.state or 'ok'}" for event in self.kept]
        self.kept.clear()
        return heard


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stage(clock: Clock) -> Stage:
    return Stage(seed=7, panel=ControlPanel(), state=SandboxState(), true_clock=clock)


@pytest.fixture
def receiver(stage: Stage, clock: Clock) -> Iterator[Receiver]:
    receiver = Receiver()
    settings = ReceiverSettings(secret=SECRET, user_id="1", max_age=timedelta(minutes=5))
    with listening(receiver_app(settings, keep=receiver.keep, clock=clock)) as address:
        notify(stage, Notify(to=f"{address}/webhooks"))
        yield receiver


def notify(stage: Stage, to: Notify | None) -> None:
    stage.panel.change(lambda now: now.model_copy(update={"notify": to}))


def tell(announcer: Announcer) -> Answers | None:
    return asyncio.run(announcer.tell())


def test_syncs_states_and_deletions_are_told_once_each(
    stage: Stage, receiver: Receiver, clock: Clock
) -> None:
    announcer = Announcer(stage, SECRET)
    assert tell(announcer) is None

    clock.now += timedelta(days=1)
    tell(announcer)
    assert receiver.heard == ["connection-synced 101 ok"]

    put_into_state(stage, 101, "SCARequired")
    tell(announcer)
    assert receiver.heard == ["connection-synced 101 SCARequired"]

    delete_connection(stage, 102)
    tell(announcer)
    assert receiver.heard == ["connection-deleted 102 ok"]

    delete_user(stage)
    tell(announcer)
    assert receiver.heard == ["user-deleted 1 ok"]
    assert tell(announcer) is None


def test_a_forced_sync_is_told_when_its_data_is_there(
    stage: Stage, receiver: Receiver, clock: Clock
) -> None:
    stage.panel.change(lambda now: now.model_copy(update={"scenario": "late-last-update"}))
    announcer = Announcer(stage, SECRET)
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    with running(stage) as base_url, httpx.Client(base_url=base_url, headers=headers) as client:
        forced = client.put("/users/me/connections/102", params={"psu_requested": "false"})
    assert forced.status_code == 200
    assert tell(announcer) is None
    clock.now += timedelta(minutes=4)
    tell(announcer)
    assert receiver.heard == ["connection-synced 102 ok"]


def test_duplicates_and_late_ones_come_by_rule(
    stage: Stage, receiver: Receiver, clock: Clock
) -> None:
    to = stage.panel.read().notify
    assert to is not None
    announcer = Announcer(stage, SECRET)
    notify(stage, to.model_copy(update={"copies": 3, "late": True}))
    clock.now += timedelta(days=1)
    answers = tell(announcer)
    assert answers is not None
    assert answers.by_status == {200: 6}
    newer, older = receiver.kept
    assert newer.last_update is not None
    assert older.last_update is not None
    assert newer.subject == older.subject == "101"
    assert newer.last_update - older.last_update == timedelta(days=1)


def test_what_is_not_taken_is_told_again(stage: Stage, receiver: Receiver) -> None:
    announcer = Announcer(stage, SECRET)
    put_into_state(stage, 101, "bug")
    receiver.full = True
    refused = tell(announcer)
    assert refused is not None
    assert refused.by_status == {503: 1}
    receiver.full = False
    tell(announcer)
    assert receiver.heard == ["connection-synced 101 bug"]


def test_what_came_to_be_while_nobody_was_to_be_told_is_not_told_later(
    stage: Stage, receiver: Receiver
) -> None:
    announcer = Announcer(stage, SECRET)
    to = stage.panel.read().notify
    notify(stage, None)
    put_into_state(stage, 101, "bug")
    assert tell(announcer) is None
    notify(stage, to)
    assert tell(announcer) is None
    assert receiver.heard == []


def test_a_reset_tells_nobody_any_more(stage: Stage, receiver: Receiver) -> None:
    announcer = Announcer(stage, SECRET)
    put_into_state(stage, 101, "bug")
    stage.panel.change(lambda _: Controls())
    assert tell(announcer) is None
    assert receiver.heard == []
