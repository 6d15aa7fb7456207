"""What becomes an alert, read from Dagster's event log since the last look.

Each source hands on where it has come to, as a part of the sensor's cursor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.storage.tags import WILL_RETRY_TAG

from pfo_dagster.automation.alerts.records import Alert, AlertKind
from pfo_dagster.translate.executions import ASSET_PAGE_JOB, Seen, ended_runs
from pfo_dagster.translate.human.records import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pfo_dagster.translate import TranslatedWorkflow

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Watched:
    """The workflows of a code location, by what an event in the log tells of them."""

    workflows: Mapping[str, TranslatedWorkflow]

    def workflow_of(self, run: dg.DagsterRun) -> TranslatedWorkflow | None:
        """The workflow that a run executed or undid; None for any other run."""
        for workflow in self.workflows.values():
            made = {key for assets in workflow.assets for key in assets.keys}
            if run.job_name in workflow.job_names or (
                run.job_name == ASSET_PAGE_JOB and not made.isdisjoint(run.asset_selection or ())
            ):
                return workflow
        return None


def new_alerts(instance: dg.DagsterInstance, watched: Watched, seen: Seen) -> Iterator[Alert]:
    """The alerts of what happened since `seen`, which is moved along."""
    yield from _failures(instance, watched, seen)
    for workflow in watched.workflows.values():
        yield from _breaches(instance, workflow, seen)
        yield from _tasks(instance, workflow, seen)


def _failures(instance: dg.DagsterInstance, watched: Watched, seen: Seen) -> Iterator[Alert]:
    for record in ended_runs(instance, seen, [dg.DagsterRunStatus.FAILURE]):
        run = record.dagster_run
        workflow = watched.workflow_of(run)
        if workflow is None or run.tags.get(WILL_RETRY_TAG) == "true":
            continue
        key = workflow.spec.meta.key
        steps = _failed_steps(instance, run)
        where = f" in {', '.join(steps)}" if steps else ", not in a step: its process died"
        undoes = workflow.compensation and run.job_name == workflow.compensation.job.name
        kind = AlertKind.NOT_UNDONE if undoes else AlertKind.FAILED
        what = f"The compensation of {key} failed" if undoes else f"{key} failed"
        yield Alert(
            id=f"{run.run_id}/{kind.value}",
            kind=kind,
            text=f"{what}{where}. Run {run.run_id}.",
            workflow=key,
            run_id=run.run_id,
            at=_instant(record.end_time),
        )


def _breaches(
    instance: dg.DagsterInstance, workflow: TranslatedWorkflow, seen: Seen
) -> Iterator[Alert]:
    if workflow.service_levels is None:
        return
    for record in _observations(instance, workflow.service_levels.asset, seen):
        observation = record.asset_observation
        text = observation.metadata.get("breach") if observation else None
        name = record.partition_key
        if name is not None and isinstance(text, dg.TextMetadataValue):
            run_id = name.partition("/")[0]
            yield Alert(
                id=f"{name}/{AlertKind.SERVICE_LEVEL.value}",
                kind=AlertKind.SERVICE_LEVEL,
                text=f"{workflow.spec.meta.key}: {text.text} Run {run_id}.",
                workflow=workflow.spec.meta.key,
                run_id=run_id,
                at=_instant(record.timestamp),
            )


def _tasks(
    instance: dg.DagsterInstance, workflow: TranslatedWorkflow, seen: Seen
) -> Iterator[Alert]:
    for human in workflow.humans.values():
        for record in _observations(instance, human.asset, seen):
            observation = record.asset_observation
            task = Task.read(observation.metadata) if observation else None
            if task is not None and task.due_at is None:
                yield Alert(
                    id=f"{task.id}/{AlertKind.DECISION.value}",
                    kind=AlertKind.DECISION,
                    text=f"{task.workflow_key} waits for a decision at step {task.step_id}: "
                    f"pfo inbox show {task.id}",
                    workflow=task.workflow_key,
                    run_id=task.root_run,
                    at=task.asked_at.isoformat(),
                )


def _observations(
    instance: dg.DagsterInstance, asset: dg.AssetKey, seen: Seen
) -> Iterator[dg.EventLogRecord]:
    name = asset.to_user_string()
    while True:
        after = seen.get(name)
        page = instance.fetch_observations(
            dg.AssetRecordsFilter(asset, after_storage_id=int(after) if after else None),
            limit=_PAGE,
            ascending=True,
        )
        for record in page.records:
            seen[name] = record.storage_id
            yield record
        if not page.has_more:
            return


def _failed_steps(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    failures = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    keys = [entry.step_key or "" for entry in failures]
    return list(dict.fromkeys(key.rpartition(".")[2] for key in keys))


def _instant(timestamp: float | None) -> str:
    at = datetime.fromtimestamp(timestamp, UTC) if timestamp else datetime.now(UTC)
    return at.isoformat(timespec="seconds")
