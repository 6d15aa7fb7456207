"""When an execution is compensated by itself: once, after its last run failed or was cancelled.

The sensor and `pfo run` both ask here. What is asked is the event log, so it does not matter which
process executed the run, whether it was killed, or who asks first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.storage.tags import WILL_RETRY_TAG

from pfo_dagster.translate.compensation.job import COMPENSATES_TAG
from pfo_dagster.translate.executions import Event, log_of, root_of

if TYPE_CHECKING:
    from pfo_dagster.translate.compensation.job import Compensating

CAUSE_TAG = "pfo/compensates_because_of"
"""On a compensation run that started by itself: the run that failed, or the closed task."""


@dataclass(frozen=True, slots=True)
class Start:
    """A compensation that has to be started."""

    root: str
    """The run with which the execution began."""
    cause: str
    """What ended it: the id of the last run, or of the task that was closed without an answer."""

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the compensation run."""
        return {COMPENSATES_TAG: self.root, CAUSE_TAG: self.cause}


def start_after_run(
    compensating: Compensating, instance: dg.DagsterInstance, run: dg.DagsterRun
) -> Start | None:
    """What to start after `run`, or None: it succeeded, goes on, or there is nothing to undo."""
    ended = {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
    if not compensating.on_failure or run.status not in ended:
        return None
    if not compensating.names.may_run_in(run) or _will_be_retried(instance, run):
        return None
    if not _broke_off(compensating, instance, run):
        return None
    return start_once(compensating, instance, Start(root_of(instance, run), run.run_id))


def start_once(
    compensating: Compensating, instance: dg.DagsterInstance, start: Start
) -> Start | None:
    """`start`, unless the same cause has started one before or nothing is left to undo."""
    before = dg.RunsFilter(tags={CAUSE_TAG: start.cause})
    if instance.get_run_ids(before, limit=1):
        return None
    return start if compensating.left(instance, start.root) else None


def _will_be_retried(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether Dagster re-executes the run by itself, or has not yet said that it does not."""
    if run.status is not dg.DagsterRunStatus.FAILURE or not instance.run_retries_enabled:
        return False
    return run.tags.get(WILL_RETRY_TAG, "true") == "true"


def _broke_off(
    compensating: Compensating, instance: dg.DagsterInstance, run: dg.DagsterRun
) -> bool:
    """Whether the workflow's own part of a run did not come to its end, and no guard ended it.

    A run from the asset page may hold several workflows. One that a guard has rejected has failed
    here, but in the reference it stands at its step to be tried again, and nothing is undone.
    """
    names = compensating.names
    for entry in log_of(instance, run.run_id, Event.STEP_SUCCESS, Event.STEP_FAILURE):
        event = entry.dagster_event
        if event is None:
            continue
        if event.event_type is Event.STEP_SUCCESS and names.is_end(event.step_key):
            return False
        if event.event_type is Event.STEP_FAILURE and names.step_of(event.step_key):
            told = event.step_failure_data.user_failure_data
            if told is not None and "guard" in told.metadata:
                return False
    return True
