"""Forced syncs: asked for once, judged by `last_update`, waited for with patience."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.openbanking import ErrorKind, open_powens
from pfo_dagster.openbanking.powens.provider import PowensProvider
from pfo_dagster.openbanking.powens.syncing import has_moved
from pfo_dagster.openbanking.records import Connection, ConnectionState, SyncOutcome
from pfo_dagster.openbanking.sandbox import Fault, Faults, World
from pfo_dagster.openbanking.sandbox.wire import dumps
from tests.openbanking.support import (
    KEY,
    TOKEN,
    Clock,
    Reply,
    bank,
    held,
    provider_of,
    refused,
    run,
    sandboxed,
    scripted,
    world_of,
)

OLD = "2026-03-15 05:10:00"
NEW = "2026-03-18 12:30:00"
SYNCING = partial(Fault, method="PUT", path="/users/me/connections/*")
LOOKING = partial(Fault, method="GET", path="/users/me/connections/*")


def slow_world(seconds: float) -> World:
    takes = timedelta(seconds=seconds)
    return world_of(held(1, "5"), connections=[bank(sync_takes=takes)])


def listed(provider: PowensProvider) -> Connection:
    return run(provider.connections()).connections[0]


def answer(last_update: str | None, state: str | None = None) -> Reply:
    return Reply({"id": 7, "state": state, "last_update": last_update, "active": True})


def before(last_update: datetime | None = datetime(2026, 3, 15, 4, 10, tzinfo=UTC)) -> Connection:
    return Connection(
        provider="p",
        connection_id="7",
        user_id="1",
        institution="Test Bank",
        state=ConnectionState.OK,
        state_detail=None,
        last_update=last_update,
        next_try=None,
        consent_expires=None,
        active=True,
    )


def test_an_answer_that_shows_new_data_needs_no_second_look() -> None:
    clock = Clock()
    with scripted(answer(NEW)) as (base_url, script):
        outcome = run(provider_of(base_url, clock).sync(before()))
    assert outcome.moved
    assert outcome.connection.last_update == datetime(2026, 3, 18, 11, 30, tzinfo=UTC)
    assert outcome.note == "the bank was asked; its data is now of 2026-03-18 11:30 UTC"
    assert [call.method for call in script.calls] == ["PUT"]
    assert clock.slept == []


def test_the_banks_name_is_kept_where_the_answer_lacks_it() -> None:
    with scripted(answer(NEW)) as (base_url, _):
        outcome = run(provider_of(base_url).sync(before()))
    assert outcome.connection.institution == "Test Bank"


def test_a_slow_sync_is_looked_at_every_quarter_of_a_minute() -> None:
    clock = Clock()
    with sandboxed(slow_world(40), clock) as provider:
        connection = listed(provider)
        outcome = run(provider.sync(connection))
    assert outcome.moved
    assert clock.slept == [15, 15, 15]


def test_trap_2_a_200_alone_is_no_proof_of_new_data() -> None:
    clock = Clock()
    with scripted(answer(OLD)) as (base_url, script):
        outcome = run(provider_of(base_url, clock).sync(before()))
    assert not outcome.moved
    assert outcome.note == (
        "the bank was asked, but nothing moved within 600 seconds; its data is of "
        "2026-03-15 04:10 UTC"
    )
    assert sum(clock.slept) == 600
    assert [call.method for call in script.calls].count("PUT") == 1


def test_trap_4_a_409_of_a_sync_of_just_now_is_no_failure() -> None:
    clock = Clock()
    with sandboxed(slow_world(0), clock) as provider:
        first = run(provider.sync(listed(provider)))
        second = run(provider.sync(first.connection))
    assert first.moved
    assert not second.moved
    assert second.note == "not asked again: it was synced at 2026-03-18 12:00 UTC already"
    assert clock.slept == []


def test_trap_4_a_409_of_a_sync_under_way_is_waited_for() -> None:
    clock = Clock()
    with sandboxed(slow_world(40), clock, Faults(LOOKING(status=401))) as provider:
        connection = listed(provider)
        refused(provider.sync(connection))
        outcome = run(provider.sync(connection))
    assert outcome.moved
    assert outcome.connection.state is ConnectionState.OK


def in_process(handle: Callable[[httpx.Request], httpx.Response], clock: Clock) -> PowensProvider:
    return open_powens(
        base_url="https://acme.biapi.pro/2.0",
        token=SecretStr(TOKEN),
        identity_key=KEY,
        transport=httpx.MockTransport(handle),
        clock=clock,
        sleep=clock.sleep,
    )


@pytest.mark.parametrize(
    "silence",
    [httpx.ReadTimeout(""), httpx.RemoteProtocolError(""), httpx.ReadError("")],
    ids=["timeout", "disconnected", "reset"],
)
def test_no_answer_to_a_sync_is_not_taken_for_a_failure(silence: httpx.TransportError) -> None:
    calls: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        if request.method == "PUT":
            raise silence
        reply = answer(NEW if len(calls) > 2 else OLD)
        return httpx.Response(200, content=dumps(reply.content))

    clock = Clock()
    outcome = run(in_process(handle, clock).sync(before()))
    assert outcome.moved
    assert calls == ["PUT", "GET", "GET"]
    assert clock.slept == [15]


def test_half_an_answer_to_a_sync_is_not_taken_for_a_failure() -> None:
    with scripted(Reply(body=b'{"id": 7, "sta'), answer(NEW)) as (base_url, script):
        outcome = run(provider_of(base_url).sync(before()))
    assert outcome.moved
    assert [call.method for call in script.calls] == ["PUT", "GET"]


def test_a_connection_that_waits_for_its_user_is_left_alone() -> None:
    waiting = replace(before(), state=ConnectionState.NEEDS_USER, state_detail="SCARequired")
    with scripted(answer(NEW)) as (base_url, script):
        outcome = run(provider_of(base_url).sync(waiting))
    assert script.calls == []
    assert not outcome.moved
    assert "the account holder must confirm access" in outcome.note


@pytest.mark.parametrize(
    ("word", "state", "says"),
    [
        ("SCARequired", ConnectionState.NEEDS_USER, "the account holder must confirm"),
        ("wrongpass", ConnectionState.NEEDS_USER, "enter the right password"),
        ("rateLimiting", ConnectionState.UNAVAILABLE, "the bank is not available"),
        ("websiteUnavailable", ConnectionState.UNAVAILABLE, "the bank is not available"),
        ("bug", ConnectionState.FAILED, "ask its support"),
        ("somethingNew", ConnectionState.FAILED, "(somethingNew)"),
    ],
)
def test_a_state_that_stops_the_sync_ends_the_wait(
    word: str, state: ConnectionState, says: str
) -> None:
    clock = Clock()
    with scripted(answer(OLD), answer(OLD, word)) as (base_url, _):
        outcome = run(provider_of(base_url, clock).sync(before()))
    assert (outcome.moved, outcome.connection.state) == (False, state)
    assert says in outcome.note
    assert clock.slept == [15]


def test_validating_is_waited_for_and_then_given_up() -> None:
    clock = Clock()
    with scripted(answer(OLD, "validating")) as (base_url, _):
        outcome = run(provider_of(base_url, clock).sync(before()))
    assert outcome.connection.state is ConnectionState.SYNCING
    assert sum(clock.slept) == 600


def test_a_connection_never_synced_before_moves_with_its_first_data() -> None:
    with scripted(answer(None), answer(NEW)) as (base_url, _):
        outcome = run(provider_of(base_url).sync(before(last_update=None)))
    assert outcome.moved


def test_a_look_that_fails_for_the_moment_is_no_news() -> None:
    clock = Clock()
    with sandboxed(slow_world(20), clock, Faults(LOOKING(times=3))) as provider:
        outcome = run(provider.sync(listed(provider)))
    assert outcome.moved
    assert clock.slept == [15, 15, 15, 15]


def test_a_look_that_is_rate_limited_waits_as_long_as_it_was_asked_to() -> None:
    clock = Clock()
    limited = LOOKING(status=429, headers={"Retry-After": "60"})
    with sandboxed(slow_world(20), clock, Faults(limited)) as provider:
        outcome = run(provider.sync(listed(provider)))
    assert outcome.moved
    assert clock.slept == [15, 60]


def test_a_wait_that_is_longer_than_the_patience_is_not_begun() -> None:
    clock = Clock()
    limited = LOOKING(status=429, headers={"Retry-After": "3600"})
    with sandboxed(slow_world(20), clock, Faults(limited)) as provider:
        outcome = run(provider.sync(listed(provider)))
    assert not outcome.moved
    assert clock.slept == [15]


def test_a_refused_token_ends_the_wait_with_an_error() -> None:
    clock = Clock()
    with sandboxed(slow_world(20), clock, Faults(LOOKING(status=401))) as provider:
        error = refused(provider.sync(listed(provider)))
    assert error.kind is ErrorKind.FATAL


def test_a_sync_that_powens_refuses_is_an_error_each_time_until_it_works() -> None:
    def outcome(provider: PowensProvider, connection: Connection) -> SyncOutcome:
        return run(provider.sync(connection))

    with sandboxed(slow_world(0), Clock(), Faults(SYNCING(times=3))) as provider:
        connection = listed(provider)
        kinds = [refused(provider.sync(connection)).kind for _ in range(3)]
        assert kinds == [ErrorKind.RETRYABLE] * 3
        assert outcome(provider, connection).moved


def test_a_sync_that_is_rate_limited_says_for_how_long() -> None:
    faults = Faults(SYNCING(status=429, headers={"Retry-After": "30"}))
    with sandboxed(slow_world(0), Clock(), faults) as provider:
        error = refused(provider.sync(listed(provider)))
    assert (error.kind, error.retry_after) == (ErrorKind.RATE_LIMITED, timedelta(seconds=30))


def test_too_many_syncs_are_a_rate_limit() -> None:
    faults = Faults(SYNCING(status=400, code="tooManySync"))
    with sandboxed(slow_world(0), Clock(), faults) as provider:
        error = refused(provider.sync(listed(provider)))
    assert (error.kind, error.code) == (ErrorKind.RATE_LIMITED, "tooManySync")


AT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("earlier", "later", "moved"),
    [
        (AT, AT, False),
        (AT, AT + timedelta(seconds=1), True),
        (AT, None, False),
        (None, AT, True),
        (None, None, False),
        (AT, AT - timedelta(hours=2), False),
    ],
)
def test_what_counts_as_moved(
    earlier: datetime | None, later: datetime | None, moved: bool
) -> None:
    assert has_moved(earlier, later) is moved


def test_trap_8_on_the_night_of_the_clock_change_data_may_seem_to_go_back() -> None:
    first_pass = "2026-10-25 02:50:00"
    second_pass = "2026-10-25 02:10:00"
    with scripted(answer(first_pass), answer(second_pass)) as (base_url, _):
        provider = provider_of(base_url, Clock(now=AT))
        earlier = run(provider.sync(before())).connection
        outcome = run(provider.sync(earlier))
    assert outcome.moved
