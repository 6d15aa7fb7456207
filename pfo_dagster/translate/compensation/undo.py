"""How one step is undone: its operation, called with what the step was given and returned.

As in the reference runtime: once, without retry, time limit, guard or requirement, and whatever
comes of it, the next step is undone too.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from pfo_dagster.operations import (
    FailureKind,
    Operation,
    OperationContext,
    OperationError,
    UndoneStep,
)
from pfo_dagster.spec import CompensationStep, WorkflowSpec
from pfo_dagster.translate.compensation.records import Completed
from pfo_dagster.translate.metadata import as_metadata
from pfo_dagster.translate.steps.attempts import CarriedData
from pfo_dagster.translate.steps.deadline import run_to_end
from pfo_dagster.translate.steps.state import as_json

WORK = "work"
"""The input of an undoing op: what it has to undo, the last completed first."""


@dataclass(frozen=True, slots=True)
class Undo:
    """A step that can be undone, and what undoes it."""

    spec: WorkflowSpec
    workflow_name: str
    undoes: CompensationStep
    step_op: str
    """The name of the op of the step."""
    operation: Operation | None
    """None where nobody registered it; pre-flight then starts no run of the workflow."""

    @property
    def op_name(self) -> str:
        """The name of the op in the compensation job."""
        return f"undo_{self.step_op}"

    @property
    def operation_name(self) -> str:
        """`key@version` of the operation that undoes the step."""
        reference = self.undoes.operation
        return f"{reference.key}@{reference.version}" if reference else "no operation"

    @property
    def asset(self) -> dg.AssetKey:
        """The asset whose partitions are the steps that have been undone."""
        return compensation_asset(self.workflow_name)


@dataclass(frozen=True, slots=True)
class Carried:
    """What the undoing ops of one run hand on, in memory: they share a process."""

    data: CarriedData = field(default_factory=CarriedData)
    """The workflow's data, which an undoing operation may change for the next, as it is live."""
    interrupted: set[str] = field(default_factory=set[str])
    """The runs that a person stopped: nothing more is undone in them."""


def compensation_asset(workflow_name: str) -> dg.AssetKey:
    """The asset that stands for what was undone of a workflow."""
    return dg.AssetKey(["compensations", workflow_name])


def undo_op(undo: Undo, carried: Carried, *, priority: int) -> dg.OpDefinition:
    """The op that undoes a step; of several that can run, Dagster takes the highest `priority`.

    The order is a priority and no dependency, because nothing runs after a failed op on which it
    depends.
    """
    operation = undo.operation

    def execute(
        context: dg.OpExecutionContext, inputs: dict[str, Any]
    ) -> Iterator[dg.Output[list[str]]]:
        work = inputs[WORK]
        failures: list[str] = []
        for dumped in work["completed"]:
            one = Completed.load(dumped)
            data = carried.data.take(context.run_id, otherwise=dict(work["data"]))
            try:
                output = _call(undo, context, one, data, carried)
            except Exception as error:  # noqa: BLE001 - the other steps must be undone too
                failures.append(f"{type(error).__name__}: {error}")
                context.log_event(_outcome(undo, one, context.run_id, failures[-1]))
            else:
                context.log_event(_outcome(undo, one, context.run_id, None, output))
            carried.data.keep(context.run_id, data)
        if failures:
            raise dg.Failure(
                f'Step "{undo.undoes.step_id}" could not be undone by {undo.operation_name}: '
                + "; ".join(failures),
                metadata=as_metadata({"step": undo.undoes.step_id, "problems": failures}),
                allow_retries=False,
            )
        yield dg.Output([one["id"] for one in work["completed"]], output_name="undone")

    return dg.OpDefinition(
        name=f"{undo.workflow_name}__{undo.op_name}",
        compute_fn=execute,
        ins={WORK: dg.In(dict)},
        outs={"undone": dg.Out(list, is_required=False, description="What was undone.")},
        description=_description(undo),
        tags={
            "pfo/workflow": undo.spec.meta.key,
            "pfo/step": undo.undoes.step_id,
            "pfo/operation": undo.operation_name,
            "dagster/priority": str(priority),
        },
        required_resource_keys=set(operation.requires) if operation else set(),
        pool=operation.pool if operation else None,
        code_version=undo.spec.digest[:12],
    )


def _call(
    undo: Undo,
    context: dg.OpExecutionContext,
    one: Completed,
    data: dict[str, Any],
    carried: Carried,
) -> object:
    operation = undo.operation
    if operation is None:
        raise OperationError(f"{undo.operation_name} is not registered", kind=FailureKind.FATAL)
    if context.run_id in carried.interrupted:
        raise OperationError("the compensation was interrupted", kind=FailureKind.CANCELLED)
    step = UndoneStep(step_id=one.step_id, input=one.input, output=one.output)
    call = OperationContext(
        input=operation.read_input({**data, **step.as_input(data)}),
        data=data,
        run_id=context.run_id,
        workflow_key=undo.spec.meta.key,
        workflow_version=undo.spec.meta.version,
        workflow_digest=undo.spec.digest,
        step_id=one.step_id,
        attempt=1,
        resources={name: getattr(context.resources, name) for name in operation.requires},
        log=context.log,
        undoes=step,
    )
    try:
        return as_json(run_to_end(operation.execute(call)))
    except OperationError as error:
        if error.kind is FailureKind.CANCELLED:
            carried.interrupted.add(context.run_id)
        raise


def _outcome(
    undo: Undo, one: Completed, run_id: str, problem: str | None, output: object = None
) -> dg.AssetMaterialization | dg.AssetObservation:
    """The event that says that a step was undone, or an observation that it could not be."""
    facts: dict[str, object] = {
        "step": one.step_id,
        "run": one.id.partition("/")[0],
        "undone by": undo.operation_name,
        "outcome": "failed" if problem else "undone",
    }
    if problem:
        metadata = as_metadata({**facts, "problem": problem})
        return dg.AssetObservation(undo.asset, partition=one.id, metadata=metadata)
    metadata = as_metadata({**facts, "in run": run_id, "output": output})
    return dg.AssetMaterialization(undo.asset, partition=one.id, metadata=metadata)


def _description(undo: Undo) -> str:
    lines = [
        f"Undo {undo.spec.step(undo.undoes.step_id).label or undo.undoes.step_id}",
        undo.undoes.description or "",
        f"Calls `{undo.operation_name}` once, if the step was completed, without retry.",
        "The other steps are undone whatever comes of it.",
    ]
    return "\n\n".join(line for line in lines if line)
