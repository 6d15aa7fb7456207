"""Webhooks that the sandbox sends are believed by the receiver, and known when they come twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.events import BankEvent, EventKind
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.openbanking.sandbox import ControlPanel, SandboxState, Stage
from pfo_dagster.openbanking.sandbox.webhooks import connection_synced, deleted, send
from tests.openbanking.support import NOON, Clock

SECRET = SecretStr("a webhook secret")


def test_what_is_sent_is_believed_in_any_order_and_kept_once() -> None:
    stage = Stage(seed=7, panel=ControlPanel(), state=SandboxState(), true_clock=Clock())
    kept: list[BankEvent] = []
    receiver = receiver_app(
        ReceiverSettings(secret=SECRET, user_id="1", max_age=timedelta(minutes=5)),
        keep=kept.extend,
        clock=Clock(),
    )
    newer, older = connection_synced(stage, 101), connection_synced(stage, 101, days_ago=1)
    with listening(receiver) as address:
        url = f"{address}/webhooks/connection-synced"
        assert send(url, [newer, older, newer], secret=SECRET, at=NOON) == {200: 3}
        url = f"{address}/webhooks/connection-deleted"
        assert send(url, [deleted(103)], secret=SECRET, at=NOON) == {200: 1}
        assert send(url, [deleted(103)], secret=SecretStr("another"), at=NOON) == {401: 1}
    assert [event.kind for event in kept[:2]] == [EventKind.CONNECTION_SYNCED] * 2
    assert len({event.key for event in kept}) == len(kept) == 3


def test_nothing_is_sent_to_another_computer() -> None:
    with pytest.raises(ValueError, match="this computer alone"):
        send("https://example.org/hook", [deleted(1)], secret=SECRET, at=NOON)


def test_an_unknown_connection_is_named_with_those_there_are() -> None:
    stage = Stage(seed=7, panel=ControlPanel(), state=SandboxState(), true_clock=Clock())
    with pytest.raises(ValueError, match="101, 102, 103"):
        connection_synced(stage, 9)
