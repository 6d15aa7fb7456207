"""A step that waits, with everything that asking, deciding and continuing need of it.

It waits for a person, for a program in their place, or only for some time to pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg
from pydantic import BaseModel, ValidationError

from pfo_dagster.translate.human.records import PREFIX, Task, partitions_name
from pfo_dagster.translate.steps.guards import check_guard
from pfo_dagster.translate.waits import Door, door_of, sleep_of, sleep_output

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from pfo_dagster.spec import SpecRef
    from pfo_dagster.translate.steps.plan import StepPlan
    from pfo_dagster.translate.steps.state import WorkflowState

Forms: TypeAlias = Mapping[tuple[str, str | None], type[BaseModel]]
"""The forms of a code location by key and version, as models of their fields.

A `dagster.Config` is typed in the launchpad as well; any other model is checked when it is handed
in. A step whose form is not here takes any JSON.
"""


class InputError(Exception):
    """An answer does not fit the form of its step. The message names each field."""


@dataclass(frozen=True, slots=True)
class HumanStep:
    """The step, the name of its workflow in Dagster, and the model of its form if there is one."""

    plan: StepPlan
    workflow_name: str
    form: type[BaseModel] | None = None

    @property
    def asset(self) -> dg.AssetKey:
        """The decision asset."""
        return dg.AssetKey([PREFIX, self.workflow_name, self.plan.op_name])

    @property
    def door(self) -> Door:
        """How its tasks may be decided besides the inbox."""
        return door_of(self.plan.step, f"/{self.workflow_name}/{self.plan.op_name}")

    @property
    def sleeps_for(self) -> timedelta | None:
        """How long a sleeping step waits; None for one that is answered."""
        return sleep_of(self.plan.step)

    @property
    def partitions(self) -> dg.DynamicPartitionsDefinition:
        """The tasks, as partitions of the decision asset."""
        return dg.DynamicPartitionsDefinition(name=partitions_name(self.asset))

    @property
    def continuation(self) -> str:
        """The name of the job that goes on after a decision."""
        return f"{self.workflow_name}__after_{self.plan.op_name}"

    def task(self, root_run: str, asked_at: datetime, state: WorkflowState) -> Task:
        """The task that this step asks in the run that began as `root_run`."""
        step, spec = self.plan.step, self.plan.spec
        form = form_of(self.plan) if step.asks else None
        sleeps_for = self.sleeps_for
        return Task(
            id=f"{self.workflow_name}/{root_run}/{self.plan.op_name}",
            asset=tuple(self.asset.path),
            workflow_key=spec.meta.key,
            step_id=step.id,
            label=step.label,
            description=step.description or "",
            form=f"{form.key}@{form.version}" if form and form.version else form and form.key,
            root_run=root_run,
            asked_at=asked_at,
            spec_digest=spec.digest,
            state=state,
            token=self.door.token,
            due_at=None if sleeps_for is None else asked_at + sleeps_for,
        )

    def accept(self, data: Mapping[str, Any], given: object) -> object:
        """The answer as the workflow takes it, after the form and the step's guard.

        Raises `InputError` for an answer that does not fit the form, and `dagster.Failure` where
        the guard rejects it. Either leaves the task as it was, to be answered again. A sleeping
        step takes no answer: whatever wakes it, its output is how long it was to sleep.
        """
        if self.sleeps_for is not None:
            return sleep_output(self.plan.step)
        if self.form is not None:
            try:
                given = self.form.model_validate(given).model_dump(mode="json")
            except ValidationError as error:
                problems = "; ".join(
                    f"{'.'.join(map(str, one['loc'])) or 'input'}: {one['msg']}"
                    for one in error.errors()
                )
                message = f'The answer does not fit the form of step "{self.plan.step.id}": '
                raise InputError(message + problems) from error
        check_guard(self.plan.step, self.plan.spec.meta.key, data, self.plan.guards, given)
        return given


def form_of(plan: StepPlan) -> SpecRef | None:
    """The form that a step names."""
    return plan.step.action.form if plan.step.action else None
