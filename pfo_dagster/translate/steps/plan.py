"""All that the op of one step is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfo_dagster.translate.steps.deadline import limit_of
from pfo_dagster.translate.steps.retries import SpecRetryPolicy, retry_policy

if TYPE_CHECKING:
    from pfo_dagster.operations import Operation
    from pfo_dagster.spec import Step, WorkflowSpec
    from pfo_dagster.translate.steps.guards import Guards
    from pfo_dagster.translate.steps.routes import Route


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step with everything that it names looked up."""

    spec: WorkflowSpec
    step: Step
    index: int
    """Its place among the steps of the spec."""
    op_name: str
    definition_name: str
    operation: Operation | None
    """What it calls; None for a decision, and where nobody registered the operation."""
    guards: Guards | None
    routes: tuple[Route, ...]

    @property
    def location(self) -> tuple[str | int, ...]:
        """Where the step stands in its spec."""
        return ("definition", "steps", self.index)

    @property
    def calls(self) -> bool:
        """Whether the step calls an operation."""
        return self.step.calls

    @property
    def waits(self) -> bool:
        """Whether the step ends the run, to be answered or slept; its routes leave the next one."""
        return self.step.waits

    @property
    def can_be_undone(self) -> bool:
        """Whether the spec has a compensation for the step."""
        compensation = self.spec.definition.compensation
        return compensation is not None and any(
            undo.step_id == self.step.id for undo in compensation.steps
        )

    @property
    def retries(self) -> SpecRetryPolicy | None:
        """How a failed attempt is followed by another; None where the first failure is final."""
        return retry_policy(self.step.retry) if self.calls else None

    @property
    def limit(self) -> float | None:
        """Seconds that one attempt may take; None where there is no limit."""
        return limit_of(self.step.timeout_ms) if self.calls else None
