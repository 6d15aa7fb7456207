"""What was completed is undone: in reverse, once, whoever starts it and whatever died before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfo_dagster.operations import Operation, OperationContext, OperationRegistry
from pfo_dagster.translate import translate
from pfo_dagster.translate.compensation.job import COMPENSATED_BY_TAG, COMPENSATES_TAG
from pfo_dagster.translate.compensation.starting import start_after_run
from pfo_dagster.translate.human import inbox
from pfo_dagster.translate.human.continuing import resume_config, resume_tags
from tests.conftest import metadata_of
from tests.translate.support import Script, fatal, retryable, step
from tests.translate.undoing import Deployment, chain, undoable


def test_after_a_failure_what_was_completed_is_undone_in_reverse_and_once(
    instance: dg.DagsterInstance,
) -> None:
    script = Script(a=[{"a": 1}], b=[{"b": [{"n": 2}]}], c=[fatal()])
    deployment = Deployment.of(chain("a", "b", "c"), instance, script)
    failed = deployment.start({"order": 7})

    (compensation,) = deployment.tick()

    assert compensation.success
    assert deployment.undone == ["b", "a"]
    assert script.seen[-1] == {"order": 7, "a": 1, "b": [{"n": 2}]}
    assert deployment.tick() == []
    run = instance.get_run_by_id(compensation.run_id)
    original = instance.get_run_by_id(failed.run_id)
    assert run
    assert original
    assert run.tags[COMPENSATES_TAG] == failed.run_id
    assert original.tags[COMPENSATED_BY_TAG] == compensation.run_id
    assert original.status is dg.DagsterRunStatus.FAILURE


def test_an_undoing_operation_is_told_what_the_step_returned(instance: dg.DagsterInstance) -> None:
    told: list[Any] = []

    async def undo_a(context: OperationContext[Any]) -> None:
        assert context.undoes
        told.append(context.undoes.as_input(context.data))
        context.data["refunded"] = True

    registry = Script(a=[{"ok": True, "data": {"charge": "c1"}}], b=[fatal()]).registry("a", "b")
    registry.register(Operation(key="op.undo_a", version="1.0.0", run=undo_a, description=""))
    translated = translate(chain("a", "b", only=["a"]), registry)
    deployment = Deployment(translated, instance, Script())
    deployment.start({"order": 7})
    deployment.tick()
    data = {"order": 7, "charge": "c1"}
    original = {"stepId": "a", "originalOutput": {"charge": "c1"}}
    assert told == [{**original, "workflowData": data}]


def test_what_an_undoing_operation_changes_in_the_data_the_next_one_sees(
    instance: dg.DagsterInstance,
) -> None:
    seen: list[dict[str, Any]] = []

    def undo(context: OperationContext[Any]) -> None:
        seen.append(dict(context.data))
        context.data[f"undone_{context.step_id}"] = True

    registry = Script(c=[fatal()]).registry("a", "b", "c")
    for name in ("a", "b"):
        key = f"op.undo_{name}"
        registry.register(Operation(key=key, version="1.0.0", run=undo, description=""))
    translated = translate(chain("a", "b", "c", only=["a", "b"]), registry)
    deployment = Deployment(translated, instance, Script())
    deployment.start()
    deployment.tick()
    assert seen == [{}, {"undone_b": True}]


def test_what_cannot_be_undone_does_not_keep_the_rest_and_is_left_to_be_mended(
    instance: dg.DagsterInstance,
) -> None:
    script = Script(c=[fatal()], undo_b=[retryable("the bank is closed")])
    deployment = Deployment.of(chain("a", "b", "c"), instance, script)
    failed = deployment.start()
    (compensation,) = deployment.tick()

    assert not compensation.success
    assert deployment.undone == ["b", "a"]
    report = compensation.output_for_node("report")
    assert [one["outcome"] for one in report] == ["not undone", "undone"]
    assert deployment.tick() == []

    assert deployment.compensate(failed.run_id).success
    assert deployment.undone == ["b", "a", "b"]
    assert deployment.compensating.left(instance, failed.run_id) == ()


@pytest.mark.parametrize("trigger", ["manual", None])
def test_without_the_trigger_only_a_person_undoes(
    instance: dg.DagsterInstance, trigger: str | None
) -> None:
    deployment = Deployment.of(chain("a", "b", trigger=trigger), instance, Script(b=[fatal()]))
    failed = deployment.start()
    assert deployment.compensation.sensors == []
    deployment.compensate(failed.run_id)
    deployment.compensate(failed.run_id)
    assert deployment.undone == ["a"]
    deployment.compensate(failed.run_id, again=True)
    assert deployment.undone == ["a", "a"]


def test_a_rejected_guard_undoes_nothing(instance: dg.DagsterInstance) -> None:
    steps = [step("a"), step("b", guard={"type": "expression", "value": "data.ready"})]
    deployment = Deployment.of(undoable(steps), instance)
    assert not deployment.start().success
    assert deployment.requests() == []


def test_a_run_that_succeeds_or_completed_nothing_starts_no_compensation(
    instance: dg.DagsterInstance,
) -> None:
    deployment = Deployment.of(chain("a", "b"), instance, Script(a=[{}, fatal()]))
    assert deployment.start().success
    assert not deployment.start().success
    assert deployment.requests() == []


def test_a_sensor_that_dies_before_its_cursor_is_kept_starts_nothing_twice(
    instance: dg.DagsterInstance,
) -> None:
    deployment = Deployment.of(chain("a", "b"), instance, Script(b=[fatal()]))
    deployment.start()
    (lost,) = deployment.requests()
    deployment.cursor = None
    (again,) = deployment.requests()
    assert again.run_key == lost.run_key
    assert deployment.launch(lost)
    assert deployment.launch(again) is None
    deployment.cursor = None
    assert deployment.requests() == []
    assert deployment.undone == ["a"]


def test_of_two_compensations_at_once_the_one_asked_for_first_undoes(
    instance: dg.DagsterInstance,
) -> None:
    deployment = Deployment.of(chain("a", "b"), instance, Script(b=[fatal()]))
    failed = deployment.start()
    queued = instance.create_run_for_job(
        deployment.compensation.job,
        run_config=deployment.compensating.run_config(failed.run_id),
        tags={COMPENSATES_TAG: failed.run_id},
    )
    assert deployment.compensate(failed.run_id).success
    assert deployment.undone == []
    instance.report_run_canceled(queued)
    deployment.compensate(failed.run_id)
    assert deployment.undone == ["a"]


def test_a_run_that_dagster_will_repeat_is_not_undone_before_that_one_has_failed(
    tmp_path: Path,
) -> None:
    overrides = {"run_retries": {"enabled": True, "max_retries": 1}}
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides=overrides) as instance:
        deployment = Deployment.of(chain("a", "b"), instance, Script(b=[fatal()]))
        result = deployment.start()
        for answer, starts in (("true", False), ("false", True)):
            instance.add_run_tags(result.run_id, {"dagster/will_retry": answer})
            run = instance.get_run_by_id(result.run_id)
            assert run
            assert bool(start_after_run(deployment.compensating, instance, run)) is starts


def test_after_a_human_step_the_whole_execution_is_undone(instance: dg.DagsterInstance) -> None:
    steps = [step("a"), {"id": "ask", "type": "human", "label": "Ask"}, step("b"), step("c")]
    told: list[object] = []
    script = Script(c=[fatal()])
    registry = script.registry("a", "b", "c", "undo_a", "undo_b", "undo_c")
    registry.register(
        Operation(
            key="op.undo_ask",
            version="1.0.0",
            run=lambda context: told.append(context.undoes),
            description="",
        )
    )
    deployment = Deployment(translate(undoable(steps), registry), instance, script)
    first = deployment.start()
    (entry,) = inbox.entries(instance)
    human = deployment.translated.humans["ask"]
    decision = inbox.decide(instance, entry.task, human, {"approved": True}, by="ann")
    continued = deployment.translated.continuations["ask"].execute_in_process(
        instance=instance,
        run_config=resume_config(human, entry.task, decision),
        tags=resume_tags(entry.task),
        raise_on_error=False,
    )
    assert not continued.success

    (compensation,) = deployment.tick()

    assert compensation.success
    assert deployment.undone == ["b", "a"]
    ((undone),) = told
    assert getattr(undone, "input", None) == {"approved": True}
    run = instance.get_run_by_id(compensation.run_id)
    assert run
    assert run.tags[COMPENSATES_TAG] == first.run_id


def test_a_task_that_is_cancelled_undoes_what_led_to_it(instance: dg.DagsterInstance) -> None:
    steps = [step("a"), {"id": "ask", "type": "human", "label": "Ask"}, step("b")]
    deployment = Deployment.of(undoable(steps), instance)
    assert deployment.start().success
    assert deployment.requests() == []
    (entry,) = inbox.entries(instance)
    inbox.cancel(instance, entry.task, by="ann")
    deployment.tick()
    assert deployment.undone == ["a"]
    assert deployment.tick() == []


def test_a_cancelled_run_is_undone(instance: dg.DagsterInstance) -> None:
    deployment = Deployment.of(chain("a", "b"), instance, Script(b=[fatal()]))
    result = deployment.start()
    run = instance.get_run_by_id(result.run_id)
    assert run
    instance.report_run_canceled(run)
    deployment.tick()
    assert deployment.undone == ["a"]


def test_a_running_execution_is_left_alone(instance: dg.DagsterInstance) -> None:
    deployment = Deployment.of(chain("a", "b"), instance)
    run = instance.create_run_for_job(deployment.translated.job)
    result = deployment.compensate(run.run_id)
    assert not result.success
    assert deployment.undone == []


def test_nothing_goes_on_from_what_was_undone(tmp_path: Path) -> None:
    job = dg.build_reconstructable_job("tests.translate.undoing", "job_that_fails")
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        deployment = Deployment.of(chain("a", "b"), instance)
        failed = dg.execute_job(job, instance=instance)
        deployment.tick()
        options = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
        resumed = dg.execute_job(job, instance=instance, reexecution_options=options)
        (problem,) = [event for event in resumed.all_events if event.is_step_failure]
        told = problem.step_failure_data.user_failure_data
        assert told
        assert "was undone by run" in (told.description or "")
        again = dg.execute_job(job, instance=instance)
        assert not again.success
        deployment.tick()
        assert deployment.undone == ["a", "a"]


KILLED = """
import os, sys, dagster as dg
from dagster._core.instance.ref import InstanceRef
from pfo_dagster.operations import OperationRegistry
from pfo_dagster.translate import translate
from tests.translate.undoing import chain
registry = OperationRegistry()
@registry.operation("op.a")
def a(context): return {"a": 1}
@registry.operation("op.b")
def b(context): print("here", flush=True); sys.stdin.read()
for name in ("a", "b"):
    registry.operation("op.undo_" + name)(lambda context: None)
translated = translate(chain("a", "b"), registry)
with dg.DagsterInstance.from_ref(InstanceRef.from_dir(sys.argv[1])) as instance:
    translated.job.execute_in_process(instance=instance)
"""


def test_what_a_killed_process_completed_is_undone_exactly_once(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    process = subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "here\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        deployment = Deployment.of(chain("a", "b"), instance)
        assert deployment.requests() == []
        (run,) = instance.get_runs()
        instance.report_run_failed(run, "The process is gone.")  # what Dagster's monitoring does
        (compensation,) = deployment.tick()
        assert deployment.undone == ["a"]
        (found,) = [
            event.step_output_data.metadata
            for event in compensation.all_events
            if event.is_successful_output and event.step_output_data.output_name == "found"
        ]
        assert found["not known whether completed"].value == ["b"]
        assert deployment.tick() == []


def test_each_undone_step_is_an_event_of_the_compensation_asset(
    instance: dg.DagsterInstance,
) -> None:
    script = Script(c=[fatal()], undo_a=[fatal("too late")])
    deployment = Deployment.of(chain("a", "b", "c"), instance, script)
    failed = deployment.start()
    deployment.tick()
    asset = deployment.compensating.asset
    (done,) = instance.fetch_materializations(asset, limit=9).records
    (problem,) = instance.fetch_observations(asset, limit=9).records
    assert done.partition_key == f"{failed.run_id}/b"
    assert problem.partition_key == f"{failed.run_id}/a"
    assert "too late" in metadata_of(problem.asset_observation)["problem"]


def test_a_compensation_whose_operation_is_missing_starts_no_run(
    instance: dg.DagsterInstance,
) -> None:
    registry: OperationRegistry = Script().registry("a")
    translated = translate(chain("a"), registry)
    result = Deployment(translated, instance, Script()).start()
    assert not result.success
    assert [event.step_key for event in result.all_events if event.is_step_failure] == [
        "pre_flight"
    ]


@settings(max_examples=15, deadline=None)
@given(
    fails_at=st.integers(0, 4),
    handled=st.sets(st.sampled_from("abcde")),
    broken=st.sets(st.sampled_from("abcde")),
)
def test_always_every_completed_step_with_a_handler_is_undone_in_reverse(
    fails_at: int, handled: set[str], broken: set[str]
) -> None:
    names = "abcde"
    outcomes: dict[str, list[object]] = {names[fails_at]: [fatal()]}
    outcomes |= {f"undo_{name}": [fatal()] for name in broken}
    with dg.DagsterInstance.ephemeral() as instance:
        spec = chain(*names, only=sorted(handled))
        deployment = Deployment.of(spec, instance, Script(**outcomes))
        failed = deployment.start()
        deployment.tick()
        expected = [name for name in reversed(names[:fails_at]) if name in handled]
        assert deployment.undone == expected
        left = deployment.compensating.left(instance, failed.run_id)
        assert [one.step_id for one in left] == [name for name in expected if name in broken]
