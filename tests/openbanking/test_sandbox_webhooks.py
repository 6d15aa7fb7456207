"""Webhooks that the sandbox sends are believed by the receiver, and known when they come twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice

import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.powens.events import BankEvent, EventKind
from pfo_dagster.openbanking.powens.receiver import ReceiverSettings, receiver_app
from pfo_dagster.openbanking.sandbox import ControlPanel, SandboxState, Stage
from pfo_dagster.openbanking.sandbox.interventions import delete_connection
from pfo_dagster.openbanking.sandbox.webhooks import (
    connection_deleted,
    connection_synced,
    past_syncs,
    send,
    user_deleted,
)
from tests.openbanking.support import NOON, Clock

SECRET = SecretStr("a webhook secret")


@pytest.fixture
def stage() -> Stage:
    return Stage(seed=7, panel=ControlPanel(), state=SandboxState(), true_clock=Clock())


@contextmanager
def receiving(kept: list[BankEvent]) -> Iterator[str]:
    settings = ReceiverSettings(secret=SECRET, user_id="1", max_age=timedelta(minutes=5))
    with listening(receiver_app(settings, keep=kept.extend, clock=Clock())) as address:
        yield f"{address}/webhooks"


def test_what_is_sent_is_believed_in_any_order_and_kept_once(stage: Stage) -> None:
    kept: list[BankEvent] = []
    newer, older = connection_synced(stage, 101), connection_synced(stage, 101, days_ago=1)
    sent = [newer, newer, older, connection_deleted(103), user_deleted(1), user_deleted(2)]
    with receiving(kept) as receiver:
        answers = asyncio.run(send(receiver, sent, secret=SECRET, at=NOON))
        assert (answers.by_status, answers.are_good) == ({200: 6}, True)
        forged = asyncio.run(send(receiver, sent, secret=SecretStr("another"), at=NOON))
        assert (forged.by_status, forged.are_good) == ({401: 6}, False)
    assert [(event.kind, event.subject) for event in kept] == [
        (EventKind.CONNECTION_SYNCED, "101"),
        (EventKind.CONNECTION_SYNCED, "101"),
        (EventKind.CONNECTION_DELETED, "103"),
        (EventKind.USER_DELETED, "1"),
    ]
    assert len({event.key for event in kept}) == 4


def test_a_burst_of_different_events_is_sent_at_once_and_none_is_lost(stage: Stage) -> None:
    kept: list[BankEvent] = []
    burst = list(islice(past_syncs(stage), 200))
    with receiving(kept) as receiver:
        answers = asyncio.run(send(receiver, burst, secret=SECRET, at=NOON, at_once=20))
    assert answers.by_status == {200: 200}
    assert len({event.key for event in kept}) == 200
    assert {event.subject for event in kept} == {"101", "102", "103"}


@pytest.mark.parametrize(
    "address",
    ["https://example.org/hook", "http://10.0.0.1/hook", "https://127.0.0.1/hook", "nonsense", ""],
)
def test_nothing_is_sent_to_another_computer(address: str) -> None:
    with pytest.raises(ValueError, match="this computer alone"):
        asyncio.run(send(address, [connection_deleted(1)], secret=SECRET, at=NOON))


def test_where_nobody_listens_it_says_what_to_start() -> None:
    with listening(
        receiver_app(
            ReceiverSettings(secret=SECRET, user_id="1"), keep=lambda _: None, clock=Clock()
        )
    ) as address:
        pass
    with pytest.raises(ConnectionError, match="pfo webhooks serve"):
        asyncio.run(send(address, [connection_deleted(1)] * 3, secret=SECRET, at=NOON, at_once=3))


def test_an_unknown_connection_is_named_with_those_there_are(stage: Stage) -> None:
    with pytest.raises(ValueError, match="101, 102, 103"):
        connection_synced(stage, 9)
    for connection_id in (101, 102, 103):
        delete_connection(stage, connection_id)
    with pytest.raises(ValueError, match="no connection left"):
        next(past_syncs(stage))
