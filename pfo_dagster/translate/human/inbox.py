"""The inbox: which tasks wait, and deciding them without the UI. Needs Dagster's storage alone.

`pfo inbox` prints what these functions return. A decision made here is an event like the one that
materializing the partition leaves, so that the same sensor goes on from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import dagster as dg

from pfo_dagster.translate.human.records import (
    Decision,
    Task,
    Verdict,
    close,
    first_decision,
    first_decisions,
    task_ids,
    tasks_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from pfo_dagster.translate.human.step import HumanStep


class InboxError(Exception):
    """A task is not there, or has been decided. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A task and the decision that counts; None while it waits."""

    task: Task
    decision: Decision | None


def entries(
    instance: dg.DagsterInstance, *, waiting_only: bool = True, containing: str = ""
) -> list[Entry]:
    """The tasks whose id contains a text, such as a root run's id; those asked first come first."""
    found: list[Entry] = []
    for asset, ids in task_ids(instance, containing=containing, waiting_only=waiting_only):
        decisions = first_decisions(instance, asset, ids)
        tasks = tasks_of(instance, asset, ids).values()
        found += [Entry(task, decisions.get(task.id)) for task in tasks]
    kept = [entry for entry in found if entry.decision is None or not waiting_only]
    return sorted(kept, key=lambda entry: entry.task.asked_at)


def find(instance: dg.DagsterInstance, name: str) -> Entry:
    """The task called `name`, or the only one whose id contains it.

    Raises `InboxError` where there is none, or more than one.
    """
    found = entries(instance, waiting_only=False, containing=name)
    exact = [entry for entry in found if entry.task.id == name]
    match exact or found:
        case [entry]:
            return entry
        case []:
            problem = f'There is no task "{name}". `pfo inbox list --all` shows all of them.'
            raise InboxError(problem)
        case several:
            ids = "\n".join(f"  {entry.task.id}" for entry in several)
            problem = f'"{name}" may mean any of these tasks; give more of the id:\n{ids}'
            raise InboxError(problem)


def find_by_token(instance: dg.DagsterInstance, token: str) -> Entry:
    """The waiting task whose spec gives it `token`, or whose id it is.

    Raises `InboxError` where there is none, or where several runs wait at that step.
    """
    found = [entry for entry in entries(instance) if token in {entry.task.token, entry.task.id}]
    match found:
        case [entry]:
            return entry
        case []:
            problem = (
                f'Nothing waits for the token "{token}". `pfo inbox list` shows what waits, '
                "and `pfo inbox list --all` what was decided."
            )
            raise InboxError(problem)
        case several:
            ids = "\n".join(f"  {entry.task.id}" for entry in several)
            problem = f'Several runs wait for the token "{token}"; give the id of one task:\n{ids}'
            raise InboxError(problem)


def decide(
    instance: dg.DagsterInstance,
    task: Task,
    human: HumanStep,
    given: object,
    *,
    by: str,
    comment: str = "",
) -> Decision:
    """Answer `task` with the JSON value `given`, in the name of `by`.

    Raises `InboxError` if someone was first, saying who and with what, `InputError` if the answer
    does not fit the form, and `dagster.Failure` if the step's guard rejects it.
    """
    _refuse_decided(instance, task, own="")
    accepted = human.accept(task.state.data, given)
    return _record(instance, task, "decided", accepted, by=by, comment=comment)


def cancel(instance: dg.DagsterInstance, task: Task, *, by: str, comment: str = "") -> Decision:
    """Close `task` without an answer: nothing goes on from it. Raises as `decide` does."""
    _refuse_decided(instance, task, own="")
    return _record(instance, task, "cancelled", None, by=by, comment=comment)


def expire(
    instance: dg.DagsterInstance, older_than: timedelta, *, by: str, now: datetime | None = None
) -> Sequence[Task]:
    """Close every task that has waited for longer; the tasks that were closed.

    A step that sleeps waits for nobody and is left alone. The reference lets a human step wait for
    ever, whatever its `timeoutMs`, so this is never done unasked.
    """
    latest = (now or datetime.now(UTC)) - older_than
    closed: list[Task] = []
    for entry in entries(instance):
        if entry.task.asked_at > latest or entry.task.due_at is not None:
            continue
        try:
            _record(instance, entry.task, "expired", None, by=by)
        except InboxError:
            continue  # someone decided in this very moment, which is as good
        closed.append(entry.task)
    return closed


def _record(
    instance: dg.DagsterInstance,
    task: Task,
    verdict: Verdict,
    given: object,
    *,
    by: str,
    comment: str = "",
) -> Decision:
    decision = Decision(
        id=str(uuid4()),
        verdict=verdict,
        input=given,
        decided_by=by,
        decided_at=datetime.now(UTC),
        comment=comment,
    )
    instance.report_runless_asset_event(
        dg.AssetMaterialization(task.key, partition=task.id, metadata=decision.metadata())
    )
    # Two may have come here at once. The log has an order, and both now read it.
    _refuse_decided(instance, task, own=decision.id)
    close(instance, task.key, task.id)
    return decision


def _refuse_decided(instance: dg.DagsterInstance, task: Task, *, own: str) -> None:
    first = first_decision(instance, task.key, task.id)
    if first is not None and first.id != own:
        problem = f'Task "{task.id}" {first.summary}; your decision does not count.'
        raise InboxError(problem)
