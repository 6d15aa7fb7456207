"""A workflow's compensation as Dagster definitions; the way in to this package."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

import dagster as dg

from pfo_dagster.operations import OperationRegistry
from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate.compensation.job import Compensating, compensation_graph
from pfo_dagster.translate.compensation.sensor import compensation_sensor
from pfo_dagster.translate.compensation.undo import Undo
from pfo_dagster.translate.executions import WorkflowNames
from pfo_dagster.translate.human.step import HumanStep


@dataclass(frozen=True, slots=True)
class Compensation:
    """The job that undoes executions of a workflow, and the sensor that starts it by itself."""

    compensating: Compensating
    job: dg.JobDefinition
    sensors: Sequence[dg.SensorDefinition] = field(default_factory=tuple)
    """One, or none where only people start it."""

    @property
    def definitions(self) -> dg.Definitions:
        """What a code location needs of it."""
        return dg.Definitions(
            assets=[self.compensating.asset_spec()], jobs=[self.job], sensors=self.sensors
        )


def compensation_of(
    spec: WorkflowSpec,
    names: WorkflowNames,
    operations: OperationRegistry,
    humans: Sequence[HumanStep],
    tags: dict[str, str],
) -> Compensation | None:
    """The compensation of a workflow; None where its spec has none. `tags` are its jobs'."""
    if spec.definition.compensation is None:
        return None
    compensating = Compensating(spec, names, _undos(spec, names, operations))
    job = compensation_graph(compensating).to_job(
        name=compensating.job_name,
        description=f"Undoes what an execution of {spec.meta.key} completed, the last step first.",
        # Of a step that was being undone when its process died, nobody knows whether it was.
        tags={**tags, "dagster/max_retries": "0"},
        executor_def=dg.in_process_executor,
    )
    sensors = [compensation_sensor(compensating, job, humans)] if compensating.on_failure else []
    return Compensation(compensating, job, sensors)


def _undos(spec: WorkflowSpec, names: WorkflowNames, operations: OperationRegistry) -> list[Undo]:
    """What can be undone, in an order in which no step is undone before one that came after it.

    Of several compensations of a step the first counts, as in the reference. A step that the
    workflow never comes to needs none.
    """
    handlers = {
        handler.step_id: handler
        for handler in reversed(
            spec.definition.compensation.steps if spec.definition.compensation else ()
        )
    }
    ops = {step_id: op for op, step_id in names.steps.items()}
    followers = {
        step_id: {edge.to for edge in spec.transitions_from(step_id) if edge.to in ops}
        for step_id in ops
    }
    undos: list[Undo] = []
    for step_id in TopologicalSorter(followers).static_order():
        if step_id in handlers:
            handler = handlers[step_id]
            reference = handler.operation
            operation = operations.get(reference.key, reference.version) if reference else None
            undos.append(Undo(spec, names.name, handler, ops[step_id], operation))
    return undos
