"""The project's sensor of webhooks on a storage of its own, and the events that it is told of."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from pfo_dagster.automation.webhooks import keep_events
from pfo_dagster.openbanking.powens.events import BankEvent, EventKind
from tests.workflows.household import Household

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BALANCES_JOB = "pfo_workflow_refresh_openbanking_balances"
TRANSACTIONS_JOB = "pfo_workflow_sync_openbanking_transactions"
ACCOUNTS_JOB = "pfo_workflow_sync_openbanking_accounts"


def synced(connection: int, minutes: int = 0, state: str | None = None) -> BankEvent:
    return BankEvent(
        kind=EventKind.CONNECTION_SYNCED,
        subject=str(connection),
        state=state,
        last_update=NOON + timedelta(minutes=minutes),
    )


class Automation:
    """The sensor of the real project, with a storage of its own and its cursor."""

    def __init__(self, home: Household, instance: dg.DagsterInstance) -> None:
        self.project = home.project().definitions
        self.ledger = home.ledger
        self.instance = instance
        self.cursor: str | None = None
        self.stored = threading.Event()

    def keep(self, *events: BankEvent) -> None:
        self.store(events)

    def store(self, events: Sequence[BankEvent]) -> None:
        keep_events(self.instance, events)
        self.stored.set()

    def look(self) -> list[dg.RunRequest]:
        sensor = self.project.resolve_sensor_def("powens_webhooks")
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            repository_def=self.project.get_repository_def(),
            resources={"ledger": self.ledger},
        ) as context:
            result = sensor.evaluate_tick(context)
        self.cursor = result.cursor
        return list(result.run_requests or ())


def jobs(requests: Sequence[dg.RunRequest]) -> list[str]:
    return sorted(request.job_name or "" for request in requests)
