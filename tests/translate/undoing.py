"""Workflows that can be undone, and what a deployment does with them: run, fail, tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import dagster as dg

from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate import TranslatedWorkflow, translate
from pfo_dagster.translate.compensation.definition import Compensation
from pfo_dagster.translate.compensation.job import Compensating
from tests.translate.support import META, Script, fatal, step


def undo(step_id: str) -> dict[str, Any]:
    """A compensation of a step that calls `op.undo_<step_id>`."""
    return {"stepId": step_id, "operation": {"key": f"op.undo_{step_id}", "version": "1.0.0"}}


def undoable(
    steps: Sequence[dict[str, Any]],
    *,
    trigger: str | None = "on_failure",
    only: Sequence[str] | None = None,
    **definition: Any,
) -> WorkflowSpec:
    """The steps one after the other, each (or `only` those) with a compensation."""
    ids = [one["id"] for one in steps]
    edges = [{"from": one, "to": other} for one, other in pairwise(ids)]
    undone = ids if only is None else list(only)
    compensation: dict[str, Any] = {"steps": [undo(step_id) for step_id in undone]}
    if trigger:
        compensation["trigger"] = trigger
    return WorkflowSpec.model_validate({
        "meta": META,
        "definition": {
            "entryStepId": ids[0],
            "steps": list(steps),
            "transitions": edges,
            "compensation": compensation,
            **definition,
        },
    })  # fmt: skip


def chain(*names: str, **more: Any) -> WorkflowSpec:
    """Automation steps one after the other, each with a compensation."""
    return undoable([step(name) for name in names], **more)


def job_that_fails() -> dg.JobDefinition:
    """A job that another process, or a re-execution, can make anew."""
    script = Script(b=[fatal()] * 9)
    return translate(chain("a", "b"), script.registry("a", "b", "undo_a", "undo_b")).job


@dataclass
class Deployment:
    """One workflow on one instance; `tick` is the daemon's part, with cursor and run keys."""

    translated: TranslatedWorkflow
    instance: dg.DagsterInstance
    script: Script
    cursor: str | None = None
    keys: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls, spec: WorkflowSpec, instance: dg.DagsterInstance, script: Script | None = None
    ) -> Deployment:
        script = script or Script()
        ids = [one.id for one in spec.definition.steps]
        names = [name for one in ids for name in (one, f"undo_{one}")]
        return cls(translate(spec, script.registry(*names)), instance, script)

    @property
    def compensation(self) -> Compensation:
        assert self.translated.compensation is not None
        return self.translated.compensation

    @property
    def compensating(self) -> Compensating:
        return self.compensation.compensating

    def start(self, data: dict[str, Any] | None = None) -> dg.ExecuteInProcessResult:
        return self.translated.job.execute_in_process(
            instance=self.instance,
            run_config=self.translated.run_config(data),
            raise_on_error=False,
        )

    def requests(self) -> list[dg.RunRequest]:
        """What one tick of the sensor asks for; the cursor is kept, as after a whole tick."""
        (sensor,) = self.compensation.sensors
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            definitions=self.translated.definitions,
        ) as context:
            result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        return list(result.run_requests or [])

    def launch(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult | None:
        """Start what a tick asked for, unless a run was started for its key, as Dagster does."""
        assert request.run_key
        if request.run_key in self.keys:
            return None
        self.keys.add(request.run_key)
        return self.compensation.job.execute_in_process(
            instance=self.instance,
            run_config=request.run_config,
            tags=dict(request.tags),
            raise_on_error=False,
        )

    def tick(self) -> list[dg.ExecuteInProcessResult]:
        results = [self.launch(request) for request in self.requests()]
        return [result for result in results if result is not None]

    def compensate(self, root: str, *, again: bool = False) -> dg.ExecuteInProcessResult:
        """Undo by hand."""
        return self.compensation.job.execute_in_process(
            instance=self.instance,
            run_config=self.compensating.run_config(root, again=again),
            raise_on_error=False,
        )

    @property
    def undone(self) -> list[str]:
        """The steps whose undoing operation was called, in order."""
        return [call.removeprefix("undo_") for call in self.script.calls if "undo_" in call]
