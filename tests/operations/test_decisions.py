"""When a bank is asked: never for a person's sake, never twice for nothing, never over budget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.openbanking.errors import ErrorKind
from pfo_dagster.openbanking.records import Connection, ConnectionState
from pfo_dagster.operations.banking.decisions import RefreshPolicy, decide, worst

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = RefreshPolicy(stale_after=timedelta(hours=24), forced_syncs_per_day=4)


def connection(**fields: Any) -> Connection:
    defaults: dict[str, Any] = {
        "provider": "sandbox", "connection_id": "1", "user_id": "1", "institution": "A bank",
        "state": ConnectionState.OK, "state_detail": None, "last_update": NOW - timedelta(hours=48),
        "next_try": None, "consent_expires": None, "active": True,
    }  # fmt: skip
    return Connection(**{**defaults, **fields})


def test_a_stale_healthy_connection_is_synced() -> None:
    decision = decide(connection(), attempts=[], policy=POLICY, now=NOW)
    assert decision.action == "force"
    assert "2026-11-19 12:00" in decision.reason


def test_a_connection_that_was_never_updated_is_synced() -> None:
    assert decide(connection(last_update=None), attempts=[], policy=POLICY, now=NOW).action == (
        "force"
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"last_update": NOW - timedelta(hours=1)}, "fresh"),
        ({"state": ConnectionState.NEEDS_USER, "state_detail": "SCARequired"}, "SCARequired"),
        ({"state": ConnectionState.FAILED, "state_detail": "bug"}, "bug"),
        (
            {"state": ConnectionState.UNAVAILABLE, "next_try": NOW + timedelta(minutes=1)},
            "not asked before 2026-11-21 12:01 UTC",
        ),
        ({"state": ConnectionState.SYNCING}, "under way"),
        ({"active": False}, "switched off"),
    ],
)
def test_otherwise_it_is_read_and_the_reason_is_given(fields: dict[str, Any], reason: str) -> None:
    decision = decide(connection(**fields), attempts=[], policy=POLICY, now=NOW)
    assert decision.action == "read"
    assert reason in decision.reason


@given(
    attempts=st.integers(0, 10),
    budget=st.integers(0, 10),
    state=st.sampled_from(ConnectionState),
    age=st.integers(0, 100),
)
def test_no_sync_ever_exceeds_the_budget_or_bothers_a_person(
    attempts: int, budget: int, state: ConnectionState, age: int
) -> None:
    decision = decide(
        connection(state=state, last_update=NOW - timedelta(hours=age)),
        attempts=[NOW] * attempts,
        policy=RefreshPolicy(forced_syncs_per_day=budget),
        now=NOW,
    )
    if decision.action == "force":
        assert attempts < budget
        assert state in {ConnectionState.OK, ConnectionState.UNAVAILABLE}
        assert age >= 24
        assert state is ConnectionState.OK or not attempts


@pytest.mark.parametrize("next_try", [None, NOW, NOW - timedelta(days=14)])
def test_an_unavailable_bank_is_asked_again_when_the_providers_own_try_has_passed(
    next_try: datetime | None,
) -> None:
    down = connection(state=ConnectionState.UNAVAILABLE, next_try=next_try)
    assert decide(down, attempts=[], policy=POLICY, now=NOW).action == "force"
    an_hour_ago = [NOW - timedelta(hours=1)]
    assert decide(down, attempts=an_hour_ago, policy=POLICY, now=NOW).action == "force"


def test_an_unavailable_bank_is_not_asked_twice_within_an_hour() -> None:
    down = connection(state=ConnectionState.UNAVAILABLE, state_detail="rateLimiting", next_try=NOW)
    decision = decide(down, attempts=[NOW - timedelta(minutes=20)], policy=POLICY, now=NOW)
    assert decision.action == "read"
    assert "(rateLimiting): not asked before 2026-11-21 12:40 UTC" in decision.reason


FRESH = NOW - timedelta(hours=1)


def test_a_fresh_connection_is_synced_where_each_run_is_to_ask_within_the_budget() -> None:
    policy = RefreshPolicy(force_sync="always", forced_syncs_per_day=2)
    asked = decide(connection(last_update=FRESH), attempts=[NOW], policy=policy, now=NOW)
    assert asked.action == "force"
    used_up = decide(connection(last_update=FRESH), attempts=[NOW] * 2, policy=policy, now=NOW)
    assert used_up.action == "read"
    waiting = connection(last_update=FRESH, state=ConnectionState.NEEDS_USER)
    assert decide(waiting, attempts=[], policy=policy, now=NOW).action == "read"


def test_a_stale_connection_is_read_where_no_run_is_to_ask() -> None:
    decision = decide(connection(), attempts=[], policy=RefreshPolicy(force_sync="never"), now=NOW)
    assert decision.action == "read"
    assert "switched off" in decision.reason


def test_a_run_may_ask_for_another_policy_but_never_overrule_never() -> None:
    assert POLICY.asked_for(None) == POLICY
    assert POLICY.asked_for("never").force_sync == "never"
    assert POLICY.asked_for("always").force_sync == "always"
    never = RefreshPolicy(force_sync="never")
    assert never.asked_for("always") == never


def test_the_worst_error_is_the_one_with_the_least_hope() -> None:
    assert worst([]) is None
    assert worst([ErrorKind.RETRYABLE, ErrorKind.RATE_LIMITED]) is ErrorKind.RATE_LIMITED
    assert worst([ErrorKind.NEEDS_USER, ErrorKind.RETRYABLE]) is ErrorKind.NEEDS_USER
    assert worst([ErrorKind.FATAL, ErrorKind.NEEDS_USER]) is ErrorKind.FATAL
