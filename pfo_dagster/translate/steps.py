"""One op for each automation step: guard, operation, merge, and the choice of what comes next.

The steps' semantics are those of the reference runtime's `executeStep`; a Dagster attempt is one
execution of it, and the retries between attempts are Dagster's (`retries`).
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
import asyncio
import concurrent.futures
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from pfo_dagster.operations import FailureKind, Operation, OperationContext, OperationError
from pfo_dagster.spec import (
    Explanation,
    Expression,
    ExpressionContext,
    Step,
    Transition,
    WorkflowSpec,
    parse_expression,
)
from pfo_dagster.translate.metadata import as_metadata
from pfo_dagster.translate.naming import asset_output_name
from pfo_dagster.translate.retries import describe_retries, retry_policy
from pfo_dagster.translate.state import Taken, WorkflowState, merge, unwrap

END = "end"
"""The output of a step after which the workflow is over."""


@dataclass(frozen=True, slots=True)
class Route:
    """A transition as an output of its op. A condition of None always holds."""

    output: str
    transition: Transition
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class StepPlan:
    """All that the op of one step is made of."""

    spec: WorkflowSpec
    step: Step
    index: int
    op_name: str
    definition_name: str
    operation: Operation | None
    guard: Expression | None
    routes: tuple[Route, ...]

    @property
    def location(self) -> tuple[str | int, ...]:
        """Where the step stands in its spec."""
        return ("definition", "steps", self.index)


def routes_of(transitions: Sequence[Transition], op_names: Mapping[str, str]) -> tuple[Route, ...]:
    """An output for each transition of a step, in the order in which they are tried.

    Raises `ExpressionError` for a condition that has no meaning.
    """
    routes: list[Route] = []
    for transition in transitions:
        output = f"to_{op_names[transition.to]}"
        twins = sum(route.output.split("__")[0] == output for route in routes)
        condition = parse_expression(transition.condition) if transition.condition else None
        routes.append(Route(f"{output}__{twins + 1}" if twins else output, transition, condition))
    return tuple(routes)


def step_op(plan: StepPlan) -> dg.OpDefinition:
    """The op that executes a step."""
    operation = plan.operation
    outs = {
        route.output: dg.Out(dict, is_required=False, description=_route_description(route))
        for route in plan.routes
    } or {END: dg.Out(dict, is_required=False, description="The workflow is over.")}
    for asset in operation.produces if operation else ():
        outs[asset_output_name(asset.key)] = dg.Out(
            dg.Nothing, is_required=False, description=asset.description
        )

    def execute(context: dg.OpExecutionContext, inputs: dict[str, Any]) -> Iterator[Any]:
        yield from _execute(plan, context, inputs["states"])

    return dg.OpDefinition(
        name=plan.definition_name,
        compute_fn=execute,
        ins={"states": dg.In(list)},
        outs=outs,
        description=_description(plan),
        tags=_tags(plan),
        retry_policy=retry_policy(plan.step.retry),
        required_resource_keys=set(operation.requires) if operation else set(),
        pool=operation.pool if operation else None,
        code_version=plan.spec.digest[:12],
    )


def _execute(
    plan: StepPlan, context: dg.OpExecutionContext, states: list[dict[str, Any]]
) -> Iterator[Any]:
    state = WorkflowState.load(states[0])
    _check_guard(plan, state.data)
    call = _call_context(plan, context, state.data)
    output = unwrap(_call(plan, context, call))
    data = merge(call.data, output)
    route, because = _choose(plan, data, output)

    taken = Taken(
        step_id=plan.step.id,
        executions=context.retry_number + 1,
        to=route.transition.to if route else None,
        because=because,
    )
    after = WorkflowState(data=data, path=(*state.path, taken))
    yield dg.Output(
        after.dump(),
        output_name=route.output if route else END,
        metadata=as_metadata({"data": data, "next": taken.to or "the end", "because": because}),
    )
    yield from _materializations(plan, context, call)


def _check_guard(plan: StepPlan, data: dict[str, Any]) -> None:
    guard = plan.step.guard
    if guard is None or plan.guard is None:
        return
    explanation = plan.guard.explain(ExpressionContext(data))
    if explanation.result:
        return
    raise dg.Failure(
        f'The guard of step "{plan.step.id}" rejected the run: {guard.value}',
        metadata=as_metadata({
            "guard": guard.value,
            "data": data,
            "why": _in_words(explanation),
        }),
        allow_retries=False,
    )  # fmt: skip


def _call_context(
    plan: StepPlan, context: dg.OpExecutionContext, data: dict[str, Any]
) -> OperationContext[Any]:
    operation = plan.operation
    if operation is None:
        message = f'Step "{plan.step.id}" names an operation that is not registered.'
        raise dg.Failure(message, allow_retries=False)
    try:
        given = operation.read_input(data)
    except OperationError as error:
        raise _failure(plan, context, error) from error
    return OperationContext(
        input=given,
        data=data,
        run_id=context.run_id,
        workflow_key=plan.spec.meta.key,
        workflow_version=plan.spec.meta.version,
        workflow_digest=plan.spec.digest,
        step_id=plan.step.id,
        attempt=context.retry_number + 1,
        resources={name: getattr(context.resources, name) for name in operation.requires},
        log=context.log,
    )


def _call(plan: StepPlan, context: dg.OpExecutionContext, call: OperationContext[Any]) -> object:
    assert plan.operation is not None, "a step without operation has failed before"  # noqa: S101 - narrows
    try:
        return _complete(plan.operation.execute(call))
    except OperationError as error:
        raise _failure(plan, context, error) from error
    except Exception as error:
        # As in the reference: only what says of itself that it may pass is tried again.
        surprise = OperationError(f"{type(error).__name__}: {error}", kind=FailureKind.FATAL)
        raise _failure(plan, context, surprise) from error


def _failure(plan: StepPlan, context: dg.OpExecutionContext, error: OperationError) -> Exception:
    """What to raise so that Dagster does next what the error and the spec's retry ask for."""
    policy = retry_policy(plan.step.retry)
    retries_left = 0 if policy is None else policy.max_retries - context.retry_number
    executions = f"execution {context.retry_number + 1}"
    if error.kind.may_retry and retries_left > 0 and error.retry_after is not None:
        context.log.warning("%s failed (%s): %s", plan.step.id, executions, error)
        return dg.RetryRequested(
            max_retries=context.retry_number + retries_left,
            seconds_to_wait=max(0.0, error.retry_after.total_seconds()),
        )
    return dg.Failure(
        f'Step "{plan.step.id}" failed in {executions} ({error.kind}): {error}',
        metadata=as_metadata({
            "kind": error.kind.value,
            "operation": plan.operation.name if plan.operation else "",
            "retries left": retries_left if error.kind.may_retry else 0,
        }),
        allow_retries=error.kind.may_retry,
    )  # fmt: skip


def _choose(plan: StepPlan, data: dict[str, Any], output: object) -> tuple[Route | None, str]:
    """The first transition whose condition holds, and why; none at a step with nothing after it."""
    if not plan.routes:
        return None, "no transition leaves this step"
    context = ExpressionContext(data, output=output)
    tried: list[str] = []
    for route in plan.routes:
        if route.condition is None:
            return route, "the transition has no condition"
        explanation = route.condition.explain(context)
        reason = _in_words(explanation)
        if explanation.result:
            return route, reason
        tried.append(f"to {route.transition.to}: {reason}")
    raise dg.Failure(
        f'No transition matched after step "{plan.step.id}", so the workflow cannot go on. '
        "What the step did is done. " + "; ".join(tried),
        metadata=as_metadata({"data": data, "tried": tried}),
        allow_retries=False,
    )


def _in_words(explanation: Explanation) -> str:
    """An expression's answer with the value behind each part: `output.n > 1` is true (5 > 1)."""
    values = ", ".join(
        f"{atom.text}: {atom.left!r} {atom.operator} {atom.right!r} is {_word(atom.result)}"
        if atom.operator
        else f"{atom.text}: {atom.left!r} counts as {_word(atom.result)}"
        for atom in explanation.atoms
    )
    return f"{explanation.text} is {_word(explanation.result)} ({values})"


def _word(result: bool) -> str:
    return "true" if result else "false"


def _materializations(
    plan: StepPlan, context: dg.OpExecutionContext, call: OperationContext[Any]
) -> Iterator[Any]:
    """An output for each produced asset; in a plain job, an event for each instead."""
    common = {
        "workflow": plan.spec.meta.key,
        "step": plan.step.id,
        "executions": context.retry_number + 1,
    }
    for asset in plan.operation.produces if plan.operation else ():
        metadata = as_metadata({**call.asset_metadata.get(asset.key, {}), **common})
        if not context.has_assets_def:
            yield dg.AssetMaterialization(asset_key=dg.AssetKey(asset.key), metadata=metadata)
        yield dg.Output(None, output_name=asset_output_name(asset.key), metadata=metadata)


def _complete(work: Coroutine[Any, Any, object]) -> object:
    """Run a coroutine to its end, also where this thread already runs an event loop (notebooks)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


def _description(plan: StepPlan) -> str:
    step = plan.step
    # Dagster draws the first line inside the op, as plain text.
    lines = [step.label, step.description or "", describe_retries(step.retry)]
    if step.action and step.action.operation:
        lines.append(f"Calls `{step.action.operation.key}`@{step.action.operation.version}.")
    if step.guard:
        lines.append(f"Only if `{step.guard.value}`.")
    return "\n\n".join(line for line in lines if line)


def _tags(plan: StepPlan) -> dict[str, str]:
    step = plan.step
    tags = {"pfo/workflow": plan.spec.meta.key, "pfo/step": step.id}
    if step.action and step.action.operation:
        reference = step.action.operation
        tags["pfo/operation"] = f"{reference.key}@{reference.version}"
    if step.required_integrations:
        tags["pfo/slots"] = ",".join(step.required_integrations)
    if step.required_capabilities:
        tags["pfo/capabilities"] = ",".join(
            f"{capability.key}@{capability.version}" for capability in step.required_capabilities
        )
    if step.retry is not None:
        tags["pfo/retry"] = describe_retries(step.retry)
    if plan.spec.source is not None:
        line = plan.spec.source.locate(plan.location).line
        tags["pfo/source"] = f"{plan.spec.source.path.name}:{line}"
    return tags


def _route_description(route: Route) -> str:
    transition = route.transition
    condition = f"If `{transition.condition}`" if route.condition else "Always"
    label = f" ({transition.label})" if transition.label else ""
    return f"{condition}, on to {transition.to}{label}."
