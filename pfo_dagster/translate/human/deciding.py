"""The decision asset of a human step: whoever materializes a task's partition decides it.

Its config has no defaults for what must be said, so that the UI opens the launchpad.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from pfo_dagster.translate.human.records import Decision, close, first_decision, task_of
from pfo_dagster.translate.human.step import HumanStep, InputError, form_of
from pfo_dagster.translate.metadata import code_reference
from pfo_dagster.translate.naming import dagster_owner
from pfo_dagster.translate.planning.phrases import sleep_phrase

GROUP = "decisions"
"""The asset group in which all decision assets stand."""


def decision_asset(human: HumanStep) -> dg.AssetsDefinition:
    """The asset whose partitions are the tasks of a step, and whose history is who decided what."""
    spec = human.plan.spec

    @dg.asset(
        key=human.asset,
        partitions_def=human.partitions,
        config_schema=_config(human),
        group_name=GROUP,
        description=_description(human),
        owners=[dagster_owner(owner) for owner in spec.meta.owners],
        tags={"pfo/workflow": spec.meta.key},
        metadata=code_reference(spec, human.plan.location),
        kinds={"human"},
        output_required=False,
    )
    def decide(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        task = task_of(context.instance, human.asset, context.partition_key)
        if task is None:
            message = f'Nobody asked "{context.partition_key}"; `pfo inbox list` shows the tasks.'
            raise dg.Failure(message, allow_retries=False)
        _refuse_second(context, human, own="")
        config = context.op_execution_context.op_config
        try:
            given = human.accept(task.state.data, config.get("input"))
        except InputError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        decision = Decision(
            id=context.run.run_id,
            verdict="decided",
            input=given,
            decided_by=config["decided_by"],
            decided_at=datetime.now(UTC),
            comment=config["comment"],
        )
        yield dg.MaterializeResult(metadata=decision.metadata())
        # Two may have come here at once. The log has an order, and both now read it.
        _refuse_second(context, human, own=decision.id)
        close(context.instance, human.asset, task.id)

    return decide


def _refuse_second(context: dg.AssetExecutionContext, human: HumanStep, *, own: str) -> None:
    first = first_decision(context.instance, human.asset, context.partition_key)
    if first is not None and first.id != own:
        message = f'Task "{context.partition_key}" {first.summary}; your decision does not count.'
        raise dg.Failure(message, allow_retries=False)


def _config(human: HumanStep) -> dict[str, dg.Field]:
    form = human.form
    typed = (
        dg.Field(dg.Shape(form.to_fields_dict()), description="The fields of the form.")
        if form is not None and issubclass(form, dg.Config)
        else dg.Field(dg.Any, description="The answer, any JSON value.")
    )
    by = {
        "decided_by": dg.Field(str, description="Your name, for the history of the task."),
        "comment": dg.Field(str, is_required=False, default_value="", description="Why."),
    }
    return by if human.sleeps_for is not None else {"input": typed, **by}


def _description(human: HumanStep) -> str:
    step, form = human.plan.step, form_of(human.plan) if human.plan.step.asks else None
    door = human.door
    example = json.dumps(door.example, ensure_ascii=False, indent=2, default=str)
    lines = [
        f"**{step.label}**",
        step.description or "",
        f"It {sleep_phrase(step)}, then the workflow goes on by itself." if step.sleeps else "",
        "Each partition is a task that waits until it is materialized. The first decision counts.",
        "The observation of a partition shows what is asked.",
        f"Form: `{form.key}`." if form else "",
        f"Requests to `pfo inbox serve` answer it: `{door.webhook}`." if door.webhook else "",
        f"Programs resume it with `pfo inbox resume {door.token}`." if door.token else "",
        f"Channel: {door.channel}." if door.channel else "",
        f"An answer looks like this:\n```json\n{example}\n```" if door.example is not None else "",
    ]
    return "\n\n".join(line for line in lines if line)
