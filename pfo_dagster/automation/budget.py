"""Whether the timetable can overspend the forced syncs that banks allow; asked at load time."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from dagster._utils.schedules import cron_string_iterator

from pfo_dagster.automation.schedules import HOUSEHOLD_TIME_ZONE, TIMETABLE
from pfo_dagster.config import SettingsError
from pfo_dagster.operations.banking.budget import (
    FORCING_OPERATION,
    Demand,
    most_within_a_day,
    objection,
)
from pfo_dagster.operations.banking.decisions import RefreshPolicy
from pfo_dagster.translate import TranslatedWorkflow
from pfo_dagster.translate.retries import retry_policy

# A year has both clock changes, and every day of the week and of the month.
_YEAR_FROM = datetime(2026, 1, 1, tzinfo=UTC)
_YEAR = timedelta(days=367)


def refuse_overspending(
    workflows: Mapping[str, TranslatedWorkflow], policy: RefreshPolicy, *, agreed: int
) -> None:
    """Raise `SettingsError`, with the arithmetic, where the budget could be exceeded.

    `agreed` is what bank and provider allow per connection and day. Whether a schedule is switched
    on does not matter: that is one click in Dagster's UI.
    """
    asked = demands(workflows) if policy.force_sync == "always" else []
    problem = objection(asked, policy, agreed=agreed)
    if problem:
        raise SettingsError(problem)


def demands(workflows: Mapping[str, TranslatedWorkflow]) -> list[Demand]:
    """What each scheduled workflow may ask of a connection; only those that may ask anything."""
    return [
        Demand(workflow=key, runs=most_within_a_day(_ticks(cron)), executions=executions)
        for key, cron in TIMETABLE.items()
        if key in workflows
        for executions in [_executions(workflows[key])]
        if executions
    ]


def _executions(workflow: TranslatedWorkflow) -> int:
    total = 0
    for step in workflow.spec.definition.steps:
        if step.action and step.action.operation and step.action.operation.key == FORCING_OPERATION:
            policy = retry_policy(step.retry)
            total += 1 + (policy.max_retries if policy else 0)
    return total


def _ticks(cron: str) -> Iterator[datetime]:
    ticks = cron_string_iterator(_YEAR_FROM.timestamp(), cron, HOUSEHOLD_TIME_ZONE)
    return takewhile(
        lambda tick: tick - _YEAR_FROM < _YEAR, (tick.astimezone(UTC) for tick in ticks)
    )
