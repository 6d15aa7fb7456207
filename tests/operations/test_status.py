"""What an operator is told about a connection."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pfo_dagster.openbanking.records import ConnectionState
from pfo_dagster.operations.banking.status import connection_status
from tests.operations.test_decisions import NOW, POLICY, connection


def test_the_budget_counts_the_last_24_hours_of_this_connection_alone() -> None:
    attempts = {
        "1": [NOW - timedelta(hours=25), NOW - timedelta(hours=23), NOW],
        "2": [NOW],
    }
    status = connection_status(connection(), attempts=attempts, policy=POLICY, now=NOW)
    assert status.budget_left == 2
    assert status.next_refresh.startswith("asks the bank; stale: last updated ")
    exhausted = connection_status(connection(), attempts={"1": [NOW] * 9}, policy=POLICY, now=NOW)
    assert exhausted.budget_left == 0
    assert "used up" in exhausted.next_refresh


@pytest.mark.parametrize(
    ("state", "detail", "consent_days", "said", "holder"),
    [
        (ConnectionState.OK, None, None, None, False),
        (ConnectionState.OK, None, 90, None, False),
        (ConnectionState.OK, None, 13, "renew the consent", True),
        (ConnectionState.OK, None, -1, "renew the consent", True),
        (ConnectionState.NEEDS_USER, "wrongpass", 90, "enter the right password", True),
        (ConnectionState.NEEDS_USER, "unheard", 90, "look at the connection", True),
        (ConnectionState.FAILED, "bug", 90, "support", False),
        (ConnectionState.UNAVAILABLE, "rateLimiting", 90, None, False),
    ],
)
def test_what_is_to_be_done_and_by_whom(
    state: ConnectionState, detail: str | None, consent_days: int | None, said: str | None,
    holder: bool,
) -> None:  # fmt: skip
    ends = None if consent_days is None else NOW + timedelta(days=consent_days)
    one = connection(state=state, state_detail=detail, consent_expires=ends)
    status = connection_status(one, attempts={}, policy=POLICY, now=NOW)
    assert status.consent_days_left == consent_days
    assert status.needs_account_holder is holder
    assert said in status.to_do if said and status.to_do else status.to_do is said
