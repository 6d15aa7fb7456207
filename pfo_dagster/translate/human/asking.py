"""The op of a step that waits: it files a task, and its run ends there."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster._core.storage.tags import ROOT_RUN_ID_TAG

from pfo_dagster.translate.human.records import is_filed
from pfo_dagster.translate.human.step import HumanStep, form_of
from pfo_dagster.translate.metadata import as_metadata
from pfo_dagster.translate.planning.phrases import sleep_phrase
from pfo_dagster.translate.steps.guards import check_guard
from pfo_dagster.translate.steps.routes import END
from pfo_dagster.translate.steps.state import Waiting, WorkflowState

ROOT_RUN_TAG = "pfo/root_run"
"""The run tag with the id of the run with which a workflow began."""


def ask_op(human: HumanStep) -> dg.OpDefinition:
    """The op that asks; its one output goes to the end of the graph."""
    plan = human.plan

    def ask(
        context: dg.OpExecutionContext, inputs: dict[str, Any]
    ) -> Iterator[dg.Output[dict[str, Any]]]:
        state = WorkflowState.load(inputs["states"][0])
        check_guard(plan.step, plan.spec.meta.key, state.data, plan.guards)
        task = human.task(root_run(context.run), datetime.now(UTC), state)
        if is_filed(context.instance, task):
            context.log.info("Task %s was filed before and is not filed again.", task.id)
        else:
            # The question first: a partition that is seen without one could not be continued.
            context.log_event(task.observation())
            context.instance.add_dynamic_partitions(human.partitions.name or "", [task.id])
        waiting = replace(
            state,
            waits_for=Waiting(
                step_id=plan.step.id,
                task_id=task.id,
                until=task.due_at.isoformat() if task.due_at else None,
            ),
        )
        facts = {"task": task.id, "decided in": human.asset.to_user_string()}
        yield dg.Output(waiting.dump(), output_name=END, metadata=as_metadata(facts))

    return dg.OpDefinition(
        name=plan.definition_name,
        compute_fn=ask,
        ins={"states": dg.In(list)},
        outs={END: dg.Out(dict, description="The run is over; the workflow waits.")},
        description=_description(human),
        tags={"pfo/workflow": plan.spec.meta.key, "pfo/step": plan.step.id},
        code_version=plan.spec.digest[:12],
    )


def root_run(run: dg.DagsterRun) -> str:
    """The id of the run with which the workflow of `run` began, also after a re-execution."""
    root = run.tags.get(ROOT_RUN_TAG) or run.tags.get(ROOT_RUN_ID_TAG) or run.root_run_id
    return root or run.run_id


def _description(human: HumanStep) -> str:
    step = human.plan.step
    form = form_of(human.plan)
    asset = "/".join(human.asset.path)
    if human.sleeps_for is not None:
        asks = "The run ends here. When the time is over, a sensor starts the run that goes on."
        door = f"Materialize a partition of `{asset}` to wake it before."
    else:
        asks = f"Asks a person with the form `{form.key}`." if form else "Asks a person."
        door = f"Decide with `pfo inbox`, or materialize a partition of `{asset}`."
    lines = [
        step.label,
        step.description or "",
        f"It {sleep_phrase(step)}." if step.sleeps else "",
        asks,
        door,
        f"Only if {step.guard.type} `{step.guard.value}` lets it." if step.guard else "",
    ]
    return "\n\n".join(line for line in lines if line)
