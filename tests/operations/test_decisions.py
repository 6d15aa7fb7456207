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
        ({"state": ConnectionState.UNAVAILABLE}, "unavailable"),
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
        assert state is ConnectionState.OK
        assert age >= 24


def test_the_worst_error_is_the_one_with_the_least_hope() -> None:
    assert worst([]) is None
    assert worst([ErrorKind.RETRYABLE, ErrorKind.RATE_LIMITED]) is ErrorKind.RATE_LIMITED
    assert worst([ErrorKind.NEEDS_USER, ErrorKind.RETRYABLE]) is ErrorKind.NEEDS_USER
    assert worst([ErrorKind.FATAL, ErrorKind.NEEDS_USER]) is ErrorKind.FATAL
