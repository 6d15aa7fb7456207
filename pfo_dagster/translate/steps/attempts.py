"""One attempt of a step: guard, operation, merge, and the choice of what comes next.

The semantics are those of the reference runtime's `executeStep`; a Dagster attempt is one execution
of it, and the retries between attempts are Dagster's (`retries`).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg

from pfo_dagster.operations import FailureKind, OperationContext, OperationError
from pfo_dagster.spec import UNDEFINED
from pfo_dagster.spec.timing import timer_ms
from pfo_dagster.translate.compensation.records import completion_metadata, refuse_to_go_on
from pfo_dagster.translate.metadata import as_metadata
from pfo_dagster.translate.naming import asset_output_name
from pfo_dagster.translate.steps.deadline import run_to_end, within
from pfo_dagster.translate.steps.guards import check_guard
from pfo_dagster.translate.steps.routes import END, choose
from pfo_dagster.translate.steps.state import Taken, WorkflowState, as_json, merge, unwrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.translate.steps.plan import StepPlan


@dataclass(frozen=True, slots=True)
class CarriedData:
    """What failed attempts of one step left in the workflow's data, by run, for the next attempt.

    In the reference the data is one live object, so that a change made before a failure is seen by
    the next attempt. Dagster reloads an attempt's input instead. This is kept in memory: it holds
    as long as the attempts of a run share a process, as they do in every job of this project.
    """

    by_run: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def keep(self, run_id: str, data: dict[str, Any]) -> None:
        """Hand `data`, as it is now, to the next attempt."""
        self.by_run[run_id] = copy.deepcopy(data)

    def take(self, run_id: str, otherwise: dict[str, Any]) -> dict[str, Any]:
        """What the attempt before left, or `otherwise` at the first attempt."""
        return self.by_run.pop(run_id, otherwise)


def attempt_step(
    plan: StepPlan,
    context: dg.OpExecutionContext,
    states: list[dict[str, Any]],
    carried: CarriedData,
) -> Iterator[Any]:
    """Execute a step once, yielding the outputs of its op.

    Raises `dagster.Failure` or `dagster.RetryRequested`, and nothing else: any other exception
    would be retried by Dagster, and with it an operation that is not to be called again.
    """
    try:
        yield from _attempt(plan, context, states, carried)
    except (dg.Failure, dg.RetryRequested):
        raise
    except Exception as error:
        message = f'Step "{plan.step.id}" failed: {type(error).__name__}: {error}'
        metadata = as_metadata({"kind": FailureKind.FATAL.value})
        raise dg.Failure(message, metadata=metadata, allow_retries=False) from error


def _attempt(
    plan: StepPlan,
    context: dg.OpExecutionContext,
    states: list[dict[str, Any]],
    carried: CarriedData,
) -> Iterator[Any]:
    refuse_to_go_on(context)
    state = WorkflowState.load(states[0])
    data = carried.take(context.run_id, otherwise=state.data)
    check_guard(plan.step, plan.spec.meta.key, data, plan.guards)
    call = _call_context(plan, context, data) if plan.calls else None
    returned = unwrap(_call(plan, context, call, carried)) if call else UNDEFINED
    output = as_json(returned)
    # A member that is returned as undefined takes away the one that was there.
    data = as_json(merge(data, returned), "the data")
    route, because = choose(plan.step.id, plan.routes, data, output)

    taken = Taken(
        step_id=plan.step.id,
        executions=context.retry_number + 1,
        to=route.transition.to if route else None,
        because=because,
    )
    after = WorkflowState(data=data, path=(*state.path, taken))
    metadata = as_metadata({"data": data, "next": taken.to or "the end", "because": because})
    if plan.can_be_undone:
        metadata |= completion_metadata(plan.step.id, output)
    yield dg.Output(after.dump(), output_name=route.output if route else END, metadata=metadata)
    if call:
        yield from _materializations(plan, context, call)


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
        raise _failure(plan, context, error, data) from error
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


def _call(
    plan: StepPlan,
    context: dg.OpExecutionContext,
    call: OperationContext[Any],
    carried: CarriedData,
) -> object:
    assert plan.operation is not None, "a step without operation has failed before"  # noqa: S101 - narrows
    work = plan.operation.execute(call, may_stop=plan.limit is not None)
    try:
        return run_to_end(within(plan.limit, work))
    except OperationError as error:
        if error.kind.may_retry and _retries_left(plan, context) > 0:
            carried.keep(context.run_id, call.data)
        raise _failure(plan, context, error, call.data) from error
    except Exception as error:
        # As in the reference: only what says of itself that it may pass is tried again.
        surprise = OperationError(f"{type(error).__name__}: {error}", kind=FailureKind.FATAL)
        raise _failure(plan, context, surprise, call.data) from error


def _retries_left(plan: StepPlan, context: dg.OpExecutionContext) -> int:
    return plan.retries.max_retries - context.retry_number if plan.retries else 0


def _failure(
    plan: StepPlan, context: dg.OpExecutionContext, error: OperationError, data: dict[str, Any]
) -> Exception:
    """What to raise so that Dagster does next what the error and the spec's retry ask for."""
    retries_left = _retries_left(plan, context)
    executions = f"execution {context.retry_number + 1}"
    if error.kind.may_retry and retries_left > 0 and error.retry_after is not None:
        context.log.warning("%s failed (%s): %s", plan.step.id, executions, error)
        return dg.RetryRequested(
            max_retries=context.retry_number + retries_left,
            seconds_to_wait=timer_ms(error.retry_after.total_seconds() * 1000) / 1000,
        )
    return dg.Failure(
        f'Step "{plan.step.id}" failed in {executions} ({error.kind}): {error}',
        metadata=as_metadata({
            "kind": error.kind.value,
            "operation": plan.operation.name if plan.operation else "",
            "retries left": retries_left if error.kind.may_retry else 0,
            "data": as_json(data),
        }),
        allow_retries=error.kind.may_retry,
    )  # fmt: skip


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
