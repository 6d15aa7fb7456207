"""What takes longer than its service level is recorded once, and nothing is stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import dagster as dg
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate import TranslatedWorkflow, translate
from pfo_dagster.translate.executions import WorkflowNames
from pfo_dagster.translate.human import inbox
from pfo_dagster.translate.service_levels.timing import Attempt, Timing, readings
from pfo_dagster.translate.service_levels.watching import ServiceLevels, service_level_sensor
from tests.conftest import metadata_of
from tests.translate.support import META, Script, fatal, step

ASK = {"id": "ask", "type": "human", "label": "Ask"}
SOON = timedelta(seconds=1)
LATE = timedelta(hours=1)


def timed(steps: list[dict[str, Any]], **sla: Any) -> WorkflowSpec:
    """The steps one after the other, with a service level."""
    ids = [one["id"] for one in steps]
    edges = [{"from": one, "to": other} for one, other in pairwise(ids)]
    definition = {"entryStepId": ids[0], "steps": steps, "transitions": edges, "sla": sla}
    return WorkflowSpec.model_validate({"meta": META, "definition": definition})


class Watch:
    """One workflow, and its sensor at times that the test chooses."""

    def __init__(
        self, spec: WorkflowSpec, instance: dg.DagsterInstance, script: Script | None = None
    ) -> None:
        names = [one.id for one in spec.definition.steps if one.type == "automation"]
        self.workflow: TranslatedWorkflow = translate(spec, (script or Script()).registry(*names))
        self.instance = instance
        self.cursor: str | None = None
        assert self.workflow.service_levels
        self.levels = self.workflow.service_levels

    def run(self) -> str:
        result = self.workflow.job.execute_in_process(instance=self.instance, raise_on_error=False)
        return result.run_id

    def tick(self, after: timedelta = SOON) -> None:
        sensor = service_level_sensor(self.levels, clock=lambda: datetime.now(UTC) + after)
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, definitions=self.workflow.definitions
        ) as context:
            result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor

    @property
    def breaches(self) -> list[str]:
        """`<run>/<step or total>` of each breach on record."""
        records = self.instance.fetch_observations(self.levels.asset, limit=99).records
        return sorted(record.partition_key or "" for record in records)

    @property
    def durations(self) -> list[dict[str, Any]]:
        records = self.instance.fetch_materializations(self.levels.asset, limit=99).records
        return [metadata_of(record.asset_materialization) for record in records]


def test_a_run_in_time_leaves_its_durations_and_no_breach(instance: dg.DagsterInstance) -> None:
    watch = Watch(
        timed([step("a")], totalDurationMs=60_000, stepDurationMs={"a": 50_000}), instance
    )
    watch.run()
    watch.tick(LATE)
    watch.tick(LATE)
    assert watch.breaches == []
    (durations,) = watch.durations
    assert 0 < durations["a_s"] <= durations["total_s"] < 60


def test_what_took_too_long_is_recorded_once_and_marks_the_run(
    instance: dg.DagsterInstance,
) -> None:
    watch = Watch(
        timed([step("a"), step("b")], totalDurationMs=0.001, stepDurationMs={"b": 0.001}),
        instance,
        Script(b=[fatal()]),
    )
    run_id = watch.run()
    for _ in range(2):
        watch.tick()
        watch.cursor = None  # as after a crash of the sensor
    assert watch.breaches == [f"{run_id}/b", f"{run_id}/total"]
    assert len(watch.durations) == 1
    run = instance.get_run_by_id(run_id)
    assert run
    assert run.tags["pfo/service_level"] == "breached"
    told = [entry.message for entry in instance.all_logs(run_id)]
    assert sum("Service level breached" in message for message in told) == 2


def test_a_hung_run_is_noticed_while_it_runs(instance: dg.DagsterInstance) -> None:
    watch = Watch(timed([step("a")], totalDurationMs=60_000), instance)
    run = instance.create_run_for_job(watch.workflow.job, status=dg.DagsterRunStatus.STARTED)
    watch.tick()
    assert watch.breaches == []
    watch.tick(LATE)
    watch.tick(LATE)
    assert watch.breaches == [f"{run.run_id}/total"]
    assert watch.durations == []
    still = instance.get_run_by_id(run.run_id)
    assert still
    assert still.status is dg.DagsterRunStatus.STARTED


def test_waiting_for_a_person_counts_for_the_workflow_and_for_no_step(
    instance: dg.DagsterInstance,
) -> None:
    spec = timed([step("a"), ASK, step("b")], totalDurationMs=60_000, stepDurationMs={"ask": 1})
    watch = Watch(spec, instance)
    run_id = watch.run()
    watch.tick()
    assert watch.breaches == []
    watch.tick(LATE)
    assert watch.breaches == [f"{run_id}/total"]
    assert watch.durations == []
    (entry,) = inbox.entries(instance)
    inbox.cancel(instance, entry.task, by="ann")
    instance.add_run_tags(run_id, {"seen": "again"})
    watch.tick(LATE)
    assert len(watch.durations) == 1


LEVELS = timed([step("a"), ASK], totalDurationMs=1000, stepDurationMs={"a": 300, "ask": 1})


@given(
    began=st.floats(0, 1e9),
    took=st.floats(0, 10),
    now=st.floats(0, 10),
    ended=st.booleans(),
)
def test_a_reading_is_breached_only_by_what_took_longer_than_the_level(
    began: float, took: float, now: float, ended: bool
) -> None:
    end = began + took if ended else None
    timing = Timing(began, end, (Attempt("a", began, end), Attempt("ask", began, None)))
    elapsed = (began + took if ended else began + now) - began
    found = {one.step_id: one for one in readings(LEVELS, timing, began + now)}
    assert set(found) == {None, "a"}
    assert found[None].breached == (elapsed > 1)
    assert found["a"].breached == (elapsed > 0.3)


def test_the_longest_attempt_counts_and_the_wait_between_attempts_does_not() -> None:
    timing = Timing(0, 100, (Attempt("a", 0, 0.2), Attempt("a", 99, 99.25)))
    by_step = {one.step_id: one for one in readings(LEVELS, timing, 100)}
    assert not by_step["a"].breached
    assert by_step[None].breached


def test_a_level_of_zero_is_none() -> None:
    spec = timed([step("a")], totalDurationMs=0, stepDurationMs={"a": 0})
    assert readings(spec, Timing(0, None, (Attempt("a", 0),)), 1e9) == []


def test_a_workflow_nobody_ran_has_no_readings(instance: dg.DagsterInstance) -> None:
    names = WorkflowNames(key="k", name="k", steps_graph="k_steps")
    assert ServiceLevels(LEVELS, names).readings(instance, "no such run", 0) == []
