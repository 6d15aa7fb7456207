"""Waking steps that sleep: when a task's time is over, the clock decides it.

The decision is an event like a person's, so that the same sensor goes on from it, once. Where a
person wakes the step before, theirs is the first and counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pfo_dagster.translate.human.inbox import InboxError, decide
from pfo_dagster.translate.human.records import open_ids, tasks_of

if TYPE_CHECKING:
    from datetime import datetime

    import dagster as dg

    from pfo_dagster.translate.human.records import Task
    from pfo_dagster.translate.human.step import HumanStep

CLOCK: Final = "the clock"
"""In whose name the decision is."""


def wake(instance: dg.DagsterInstance, human: HumanStep, now: datetime) -> list[Task]:
    """Decide the tasks of a sleeping step that are due, and return them; those of others stay."""
    if human.sleeps_for is None:
        return []
    woken: list[Task] = []
    for task in tasks_of(instance, human.asset, sorted(open_ids(instance, human.asset))).values():
        if task.due_at is None or task.due_at > now:
            continue
        try:
            decide(instance, task, human, None, by=CLOCK)
        except InboxError:
            continue  # somebody woke it before, which is as good
        woken.append(task)
    return woken
