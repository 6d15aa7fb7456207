"""Workflows that ask, and what a deployment does with them: run, decide, tick the sensor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate import TranslatedWorkflow, translate
from pfo_dagster.translate.human import inbox
from pfo_dagster.translate.human.records import Task
from tests.translate.support import Script, step, workflow


def ask(step_id: str, **fields: Any) -> dict[str, Any]:
    """A human step."""
    return {"id": step_id, "type": "human", "label": f"Please {step_id}", **fields}


def review_spec(**fields: Any) -> WorkflowSpec:
    """Prepare, then a person reviews, then approved or not: b or c, and d in any case."""
    return workflow(
        [step("a"), ask("review", **fields), step("b"), step("c"), step("d")],
        [
            ("a", "review"), ("review", "b", "output.approved === true"), ("review", "c"),
            ("b", "d"), ("c", "d"),
        ],
    )  # fmt: skip


@dataclass
class Deployment:
    """One workflow on one instance; `tick` is the daemon's part, with a cursor as it keeps it."""

    translated: TranslatedWorkflow
    instance: dg.DagsterInstance
    script: Script
    cursor: str | None = None
    runs_started: list[str] = field(default_factory=list)
    """The run keys for which a run was started; a key starts no second run, as in Dagster."""

    @classmethod
    def of(
        cls,
        spec: WorkflowSpec,
        instance: dg.DagsterInstance,
        script: Script | None = None,
        **more: Any,
    ) -> Deployment:
        script = script or Script()
        names = [one.id for one in spec.definition.steps if one.type == "automation"]
        return cls(translate(spec, script.registry(*names), **more), instance, script)

    @property
    def definitions(self) -> dg.Definitions:
        return self.translated.definitions

    def start(self, data: dict[str, Any] | None = None) -> dg.ExecuteInProcessResult:
        return self.translated.job.execute_in_process(
            instance=self.instance,
            run_config=self.translated.run_config(data),
            raise_on_error=False,
        )

    def requests(self) -> list[dg.RunRequest]:
        """What one tick of the sensor asks for."""
        sensor = self.translated.resume
        assert sensor is not None
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, definitions=self.definitions
        ) as context:
            result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        return list(result.run_requests or [])

    def tick(self) -> list[dg.ExecuteInProcessResult]:
        """Evaluate the sensor and start what it asks for."""
        results: list[dg.ExecuteInProcessResult] = []
        for request in self.requests():
            if request.run_key in self.runs_started:
                continue
            self.runs_started.append(request.run_key or "")
            job = self.definitions.resolve_job_def(request.job_name or "")
            results.append(
                job.execute_in_process(
                    instance=self.instance,
                    run_config=request.run_config,
                    tags=dict(request.tags),
                    raise_on_error=False,
                )
            )
        return results

    def waiting(self) -> Task:
        """The one task that waits."""
        (entry,) = inbox.entries(self.instance)
        return entry.task

    def decide(self, given: object, by: str = "ann") -> None:
        task = self.waiting()
        inbox.decide(self.instance, task, self.translated.humans[task.step_id], given, by=by)

    def materialize(self, task: Task, given: object, by: str) -> dg.ExecuteInProcessResult:
        """Decide as in the UI: materialize the task's partition."""
        (asset,) = (one for one in self.translated.decisions if one.key == task.key)
        config = {"input": given, "decided_by": by}
        return dg.materialize(
            [asset],
            instance=self.instance,
            partition_key=task.id,
            run_config={"ops": {asset.op.name: {"config": config}}},
            raise_on_error=False,
        )


def result_of(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    assert result.success
    return result.output_for_node("settle", "result")


def steps_of(result: dg.ExecuteInProcessResult) -> list[str]:
    return [taken["step_id"] for taken in result_of(result)["path"]]
