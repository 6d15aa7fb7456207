"""One op for each step: its outputs, its policy, and what people read about it.

What the op does when it runs is in `attempts`.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Iterator
from typing import Any

import dagster as dg

from pfo_dagster.translate.naming import asset_output_name
from pfo_dagster.translate.service_levels.timing import step_levels
from pfo_dagster.translate.steps.attempts import CarriedData, attempt_step
from pfo_dagster.translate.steps.plan import StepPlan
from pfo_dagster.translate.steps.retries import describe_retries
from pfo_dagster.translate.steps.routes import END


def step_op(plan: StepPlan) -> dg.OpDefinition:
    """The op that executes a step."""
    operation = plan.operation
    outs = {
        route.output: dg.Out(dict, is_required=False, description=route.description)
        for route in plan.routes
    } or {END: dg.Out(dict, is_required=False, description="The workflow is over.")}
    for asset in operation.produces if operation else ():
        outs[asset_output_name(asset.key)] = dg.Out(
            dg.Nothing, is_required=False, description=asset.description
        )
    carried = CarriedData()

    def execute(context: dg.OpExecutionContext, inputs: dict[str, Any]) -> Iterator[Any]:
        yield from attempt_step(plan, context, inputs["states"], carried)

    return dg.OpDefinition(
        name=plan.definition_name,
        compute_fn=execute,
        ins={"states": dg.In(list)},
        outs=outs,
        description=_description(plan),
        tags=_tags(plan),
        retry_policy=plan.retries,
        required_resource_keys=set(operation.requires) if operation else set(),
        pool=operation.pool if operation else None,
        code_version=plan.spec.digest[:12],
    )


def _description(plan: StepPlan) -> str:
    step = plan.step
    # Dagster draws the first line inside the op, as plain text.
    lines = [step.label, step.description or ""]
    if plan.calls:
        lines.append(describe_retries(step.retry))
        if plan.limit is not None:
            lines.append(f"An attempt that takes {plan.limit:g} s is cancelled.")
        if step.action and step.action.operation:
            lines.append(f"Calls `{step.action.operation.key}`@{step.action.operation.version}.")
    else:
        lines.append("Decides where to go on; calls nothing.")
    level = step_levels(plan.spec).get(step.id)
    if level is not None:
        lines.append(f"Its service level is {level:g} s for each attempt; longer is an alert.")
    if plan.can_be_undone:
        lines.append("Can be undone: see the compensation job.")
    if step.guard:
        lines.append(f"Only if {step.guard.type} `{step.guard.value}` lets it.")
    if plan.spec.source is not None:
        line = plan.spec.source.locate(plan.location).line
        lines.append(f"Specified in `{plan.spec.source.path.name}`, line {line}.")
    return "\n\n".join(line for line in lines if line)


def _tags(plan: StepPlan) -> dict[str, str]:
    step = plan.step
    tags = {"pfo/workflow": plan.spec.meta.key, "pfo/step": step.id}
    if plan.calls and step.action and step.action.operation:
        reference = step.action.operation
        tags["pfo/operation"] = f"{reference.key}@{reference.version}"
    if step.required_integrations:
        tags["pfo/slots"] = ",".join(step.required_integrations)
    if step.required_capabilities:
        tags["pfo/capabilities"] = ",".join(
            f"{capability.key}@{capability.version}" for capability in step.required_capabilities
        )
    devkit = step.runtime.workflow_devkit if step.runtime else None
    if plan.calls and devkit and devkit.idempotency_key:
        tags["pfo/idempotency_key"] = devkit.idempotency_key
    if plan.calls and step.retry is not None:
        tags["pfo/retry"] = describe_retries(step.retry)
    if plan.spec.source is not None:
        line = plan.spec.source.locate(plan.location).line
        tags["pfo/source"] = f"{plan.spec.source.path.name}:{line}"
    return tags
