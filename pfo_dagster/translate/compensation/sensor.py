"""The sensor that compensates by itself, also what a killed process or a cancelled task left."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
import json
from collections.abc import Iterator, Sequence

import dagster as dg

from pfo_dagster.translate.compensation.job import Compensating
from pfo_dagster.translate.compensation.starting import Start, start_after_run, start_once
from pfo_dagster.translate.executions import Seen, ended_runs
from pfo_dagster.translate.human.records import first_decision, task_of
from pfo_dagster.translate.human.step import HumanStep

_ENDED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def compensation_sensor(
    compensating: Compensating, job: dg.JobDefinition, humans: Sequence[HumanStep]
) -> dg.SensorDefinition:
    """The sensor that starts `job` once for each execution that failed or was cancelled."""

    def compensate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen = json.loads(context.cursor) if context.cursor else {}
        starts = [*_after_runs(compensating, context.instance, seen)]
        starts += _after_tasks(compensating, context.instance, humans, seen)
        requests = [
            dg.RunRequest(
                run_key=start.cause,
                run_config=compensating.run_config(start.root),
                tags=start.tags,
            )
            for start in {start.root: start for start in starts}.values()
        ]
        cursor = json.dumps(seen, sort_keys=True)
        if not requests:
            return dg.SensorResult(skip_reason="Nothing to undo.", cursor=cursor)
        return dg.SensorResult(run_requests=requests, cursor=cursor)

    return dg.SensorDefinition(
        name=f"{compensating.names.name}__compensate",
        evaluation_fn=compensate,
        job=job,
        minimum_interval_seconds=10,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Undoes what a run completed that failed, was cancelled or was killed.",
    )


def _after_runs(
    compensating: Compensating, instance: dg.DagsterInstance, seen: Seen
) -> Iterator[Start]:
    for record in ended_runs(instance, seen, _ENDED):
        start = start_after_run(compensating, instance, record.dagster_run)
        if start is not None:
            yield start


def _after_tasks(
    compensating: Compensating,
    instance: dg.DagsterInstance,
    humans: Sequence[HumanStep],
    seen: Seen,
) -> Iterator[Start]:
    """What to start for tasks that were closed without an answer: their workflow is cancelled."""
    for human in humans:
        name = human.asset.to_user_string()
        after = seen.get(name)
        closed = dg.AssetRecordsFilter(human.asset, after_storage_id=int(after) if after else None)
        for record in instance.fetch_materializations(closed, limit=100, ascending=True).records:
            seen[name] = record.storage_id
            task_id = record.partition_key or ""
            task = task_of(instance, human.asset, task_id)
            decision = first_decision(instance, human.asset, task_id)
            if task is None or decision is None or decision.verdict == "decided":
                continue
            start = start_once(compensating, instance, Start(task.root_run, task.id))
            if start is not None:
                yield start
