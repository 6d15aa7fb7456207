"""Whether the timetable can overspend the forced syncs that banks allow.

Asked when definitions load, by `pfo check` and by `pfo plan`; the sum is made here alone.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import takewhile

from dagster._utils.schedules import cron_string_iterator

from pfo_dagster.automation.schedules import HOUSEHOLD_TIME_ZONE, TIMETABLE
from pfo_dagster.config import SettingsError
from pfo_dagster.operations.banking.budget import (
    FORCING_OPERATION,
    Demand,
    WorstCase,
    most_within_a_day,
)
from pfo_dagster.operations.banking.decisions import RefreshPolicy
from pfo_dagster.spec import Diagnostic, Step
from pfo_dagster.spec.rules.app import OVERSPENT
from pfo_dagster.translate import TranslatedWorkflow
from pfo_dagster.translate.errors import refusal
from pfo_dagster.translate.steps.retries import retry_policy

# A year has both clock changes, and every day of the week and of the month.
_YEAR_FROM = datetime(2026, 1, 1, tzinfo=UTC)
_YEAR = timedelta(days=367)


def refuse_overspending(
    workflows: Mapping[str, TranslatedWorkflow], policy: RefreshPolicy, *, agreed: int
) -> None:
    """Raise `SettingsError`, with the arithmetic, where the budget could be exceeded.

    The arguments are those of `worst_case`.
    """
    objection = worst_case(workflows, policy, agreed=agreed).objection
    if objection:
        raise SettingsError(objection.text)


def overspending(
    workflows: Mapping[str, TranslatedWorkflow], worst: WorstCase
) -> Iterator[Diagnostic]:
    """The same as a diagnostic, where the first workflow that spends anything does so."""
    objection = worst.objection
    if objection is None:
        return
    for demand in worst.demands if objection.of_schedules else ():
        spec = workflows[demand.workflow].spec
        for place, step in enumerate(spec.definition.steps):
            if _forces(step):
                at = ("definition", "steps", place, "action", "operation")
                yield refusal(spec, OVERSPENT, objection.problem, at, hint=objection.remedy)
                return
    yield OVERSPENT.broken(objection.problem, hint=objection.remedy)


def worst_case(
    workflows: Mapping[str, TranslatedWorkflow], policy: RefreshPolicy, *, agreed: int
) -> WorstCase:
    """The most that the timetable may ask of the banks; `agreed` is what they allow.

    `workflows` are by key, and `agreed` is per connection and day. Whether a schedule is switched
    on does not matter: that is one click in Dagster's UI.
    """
    return WorstCase(demands=demands(workflows), policy=policy, agreed=agreed)


def demands(workflows: Mapping[str, TranslatedWorkflow]) -> list[Demand]:
    """What each scheduled workflow may ask of a connection; only those that may ask anything."""
    return [
        Demand(workflow=key, runs=_most_runs_a_day(cron), executions=executions)
        for key, cron in TIMETABLE.items()
        if key in workflows
        for executions in [_executions(workflows[key])]
        if executions
    ]


@cache
def _most_runs_a_day(cron: str) -> int:
    """Cached, because a year of ticks takes longer than the whole of a small project's specs."""
    return most_within_a_day(_ticks(cron))


def _executions(workflow: TranslatedWorkflow) -> int:
    total = 0
    for step in workflow.spec.definition.steps:
        if _forces(step):
            policy = retry_policy(step.retry)
            total += 1 + (policy.max_retries if policy else 0)
    return total


def _forces(step: Step) -> bool:
    operation = step.action.operation if step.action else None
    return operation is not None and operation.key == FORCING_OPERATION


def _ticks(cron: str) -> Iterator[datetime]:
    ticks = cron_string_iterator(_YEAR_FROM.timestamp(), cron, HOUSEHOLD_TIME_ZONE)
    return takewhile(
        lambda tick: tick - _YEAR_FROM < _YEAR, (tick.astimezone(UTC) for tick in ticks)
    )
