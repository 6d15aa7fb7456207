"""What happens after a wait: the op that takes its decision, and the sensor that goes on once."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from pfo_dagster.spec import UNDEFINED
from pfo_dagster.translate.compensation.records import completion_metadata
from pfo_dagster.translate.human.asking import ROOT_RUN_TAG
from pfo_dagster.translate.human.records import Decision, Task, first_decision, task_of
from pfo_dagster.translate.human.sleeping import wake
from pfo_dagster.translate.human.step import HumanStep
from pfo_dagster.translate.metadata import as_metadata
from pfo_dagster.translate.steps.guards import check_guard
from pfo_dagster.translate.steps.routes import END, choose
from pfo_dagster.translate.steps.state import Taken, WorkflowState, as_json, merge, unwrap

TASK_TAG = "pfo/task"
"""The run tag with the task whose decision a run goes on from."""
PAGE = 100
"""Decisions that one tick looks at, for each human step."""

_SCHEMA = {
    "task": dg.Field(str, description="The task that was decided."),
    "state": dg.Field(dg.Permissive(), description="The workflow as it stood when it was asked."),
    "spec_digest": dg.Field(str, description="The spec by which it was asked."),
    "input": dg.Field(dg.Any, description="The answer."),
    "decided_by": dg.Field(str, description="Who gave it."),
}


def resume_config(human: HumanStep, task: Task, decision: Decision) -> dict[str, Any]:
    """Run config of the continuation job; complete, so that the run needs nothing but itself."""
    config = {
        "task": task.id,
        "state": task.state.dump(),
        "spec_digest": task.spec_digest,
        "input": decision.input,
        "decided_by": decision.decided_by,
    }
    return {"ops": {human.plan.op_name: {"config": config}}}


def resume_tags(task: Task) -> dict[str, str]:
    """Tags of the continuation run."""
    return {TASK_TAG: task.id, ROOT_RUN_TAG: task.root_run}


def decided_op(human: HumanStep) -> dg.OpDefinition:
    """The waiting step itself, now that it has its input: output = input, and a transition."""
    plan = human.plan
    routes = {
        route.output: dg.Out(dict, is_required=False, description=route.description)
        for route in plan.routes
    }

    def take_decision(
        context: dg.OpExecutionContext, _inputs: dict[str, Any]
    ) -> Iterator[dg.Output[dict[str, Any]]]:
        config = context.op_config
        if config["spec_digest"] != plan.spec.digest:
            context.log.warning("The spec has changed since the person was asked.")
        state, given = WorkflowState.load(config["state"]), config["input"]
        # A step that sleeps was let in before it slept, and what it leaves is its output alone.
        answer = given if plan.step.asks else UNDEFINED
        if plan.step.asks:
            check_guard(plan.step, plan.spec.meta.key, state.data, plan.guards, answer)
        output = unwrap(given)
        data = as_json(merge(merge(state.data, answer), output))
        route, because = choose(plan.step.id, plan.routes, data, output, answer)
        taken = Taken(
            step_id=plan.step.id,
            executions=1,
            to=route.transition.to if route else None,
            because=because,
        )
        facts = {"decided by": config["decided_by"], "input": given, "because": because}
        metadata = as_metadata({**facts, "data": data, "next": taken.to or "the end"})
        if plan.can_be_undone:
            metadata |= completion_metadata(plan.step.id, output, given)
        yield dg.Output(
            WorkflowState(data=data, path=(*state.path, taken)).dump(),
            output_name=route.output if route else END,
            metadata=metadata,
        )

    return dg.OpDefinition(
        name=f"{plan.definition_name}__decided",
        compute_fn=take_decision,
        ins={},
        outs=routes or {END: dg.Out(dict, description="The workflow is over.")},
        config_schema=_SCHEMA,
        description=f"{plan.step.label}\n\nTakes the decision and goes on from it.",
        tags={"pfo/workflow": plan.spec.meta.key, "pfo/step": plan.step.id},
        code_version=plan.spec.digest[:12],
    )


def resume_sensor(
    workflow_name: str,
    steps: Sequence[HumanStep],
    jobs: Mapping[str, dg.JobDefinition],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dg.SensorDefinition:
    """The sensor that starts the continuation of each decided task; `jobs` by step id.

    Exactly once, whatever happens to the sensor: its requests carry the task id as run key, and
    Dagster starts no second run for one. What a request says comes from the first decision of the
    task, not from the event that was seen, so that a late decision changes nothing even then.
    Before that it wakes the steps that have slept for long enough by `clock`.
    """

    def resume(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        seen: dict[str, int] = json.loads(context.cursor) if context.cursor else {}
        requests: list[dg.RunRequest] = []
        for human in steps:
            wake(context.instance, human, clock())
            name = human.asset.to_user_string()
            decided = dg.AssetRecordsFilter(human.asset, after_storage_id=seen.get(name))
            records = context.instance.fetch_materializations(
                decided, limit=PAGE, ascending=True
            ).records
            if records:
                seen[name] = records[-1].storage_id
            task_ids = dict.fromkeys(record.partition_key for record in records)
            for task_id in filter(None, task_ids):
                requests += _requests(context.instance, human, jobs, task_id)
        if not requests:
            return dg.SensorResult(
                skip_reason="No new decisions.", cursor=json.dumps(seen, sort_keys=True)
            )
        return dg.SensorResult(run_requests=requests, cursor=json.dumps(seen, sort_keys=True))

    return dg.SensorDefinition(
        name=f"{workflow_name}__resume",
        evaluation_fn=resume,
        jobs=[jobs[human.plan.step.id] for human in steps],
        minimum_interval_seconds=5,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Goes on with the workflow once after each decision, and each time slept.",
    )


def _requests(
    instance: dg.DagsterInstance,
    human: HumanStep,
    jobs: Mapping[str, dg.JobDefinition],
    task_id: str,
) -> Iterator[dg.RunRequest]:
    """The request for a task, if it was asked and its first decision says to go on."""
    task = task_of(instance, human.asset, task_id)
    decision = first_decision(instance, human.asset, task_id)
    if task and decision and decision.verdict == "decided":
        yield dg.RunRequest(
            run_key=task.id,
            job_name=jobs[human.plan.step.id].name,
            run_config=resume_config(human, task, decision),
            tags=resume_tags(task),
        )
