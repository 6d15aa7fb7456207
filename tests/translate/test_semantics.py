"""What a translated workflow does when it runs: data, guards, branches, joins, pre-flight."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from pfo_dagster.operations import OperationRegistry
from pfo_dagster.spec import AppConfig, WorkflowSpec
from pfo_dagster.translate import TranslatedWorkflow, translate
from tests.conftest import events
from tests.translate.support import Script, step, workflow

NEEDY = {
    "requiredIntegrations": ["bank"],
    "requiredCapabilities": [{"key": "balances.read", "version": "1.0.0"}],
}
CAPABLE = {"enabled": [{"key": "balances.read", "version": "1.0.0"}]}


def run(
    spec: WorkflowSpec,
    registry: OperationRegistry,
    *,
    app: AppConfig | None = None,
    data: dict[str, Any] | None = None,
) -> dg.ExecuteInProcessResult:
    translated = translate(spec, registry, app)
    with dg.DagsterInstance.ephemeral() as instance:
        return translated.job.execute_in_process(
            instance=instance, run_config=translated.run_config(data), raise_on_error=False
        )


def result_of(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    return result.output_for_node("settle", "result")


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    (failure,) = events(result, dg.DagsterEventType.STEP_FAILURE)
    user_failure = failure.step_failure_data.user_failure_data
    assert user_failure is not None
    return user_failure.description or ""


def test_outputs_are_merged_into_the_data_and_seen_by_the_next_step() -> None:
    script = Script(a=[{"x": 1, "kept": False}], b=[{"y": 2}])
    spec = workflow([step("a"), step("b")], [("a", "b")])

    result = run(spec, script.registry("a", "b"), data={"kept": True, "z": [1, {"w": None}]})

    assert script.seen[1] == {"x": 1, "kept": False, "z": [1, {"w": None}]}
    assert result_of(result)["data"] == {"x": 1, "kept": False, "z": [1, {"w": None}], "y": 2}


@pytest.mark.parametrize("output", [[1, 2], "text", 3, None, True])
def test_only_objects_are_merged(output: object) -> None:
    result = run(workflow([step("a")]), Script(a=[output]).registry("a"), data={"x": 1})
    assert result_of(result)["data"] == {"x": 1}


def test_the_first_transition_that_matches_is_taken_and_the_join_runs_once() -> None:
    steps = [step("a"), step("b"), step("c"), step("d")]
    edges = [("a", "b", "output.n > 10"), ("a", "c", "output.n > 1"), ("b", "d"), ("c", "d")]
    script = Script(a=[{"n": 5}])

    result = run(workflow(steps, edges), script.registry("a", "b", "c", "d"))

    assert script.calls == ["a", "c", "d"]
    path = result_of(result)["path"]
    assert [taken["step_id"] for taken in path] == ["a", "c", "d"]
    assert "5" in path[0]["because"]
    assert [event.step_key for event in events(result, dg.DagsterEventType.STEP_SKIPPED)] == ["b"]


def test_no_matching_transition_fails_the_run_and_keeps_what_was_done() -> None:
    script = Script(a=[{"n": 5}])
    spec = workflow([step("a", retry={"maxAttempts": 3, "backoff": "linear", "delayMs": 1}),
                     step("b")], [("a", "b", "output.n === 6")])  # fmt: skip

    result = run(spec, script.registry("a", "b"))

    assert not result.success
    assert script.calls == ["a"]
    assert "No transition matched" in failure_of(result)
    (failure,) = events(result, dg.DagsterEventType.STEP_FAILURE)
    user_failure = failure.step_failure_data.user_failure_data
    assert user_failure is not None
    assert user_failure.metadata["data"].value == {"n": 5}


def test_a_guard_that_rejects_fails_at_once_and_names_itself() -> None:
    spec = workflow([step("a", guard={"type": "expression", "value": "data.open === true"})])

    refused = Script()
    result = run(spec, refused.registry("a"), data={"open": False})
    assert not result.success
    assert refused.calls == []
    assert "data.open === true" in failure_of(result)

    allowed = Script()
    assert run(spec, allowed.registry("a"), data={"open": True}).success
    assert allowed.calls == ["a"]


@pytest.mark.parametrize(
    ("integrations", "capabilities", "named"),
    [
        ([], CAPABLE, ["bank"]),
        ([{"slotId": "bank", "status": "error"}], CAPABLE, ["bank", "error"]),
        ([{"slotId": "bank", "status": "disconnected"}], CAPABLE, ["bank", "disconnected"]),
        ([{"slotId": "bank", "status": "connected"}], {"enabled": []}, ["balances.read@1.0.0"]),
        ([], {"enabled": []}, ["bank", "balances.read@1.0.0"]),
    ],
)
def test_pre_flight_names_all_that_is_missing_before_anything_is_called(
    integrations: list[Any], capabilities: dict[str, Any], named: list[str]
) -> None:
    app = AppConfig.model_validate({"integrations": integrations, "capabilities": capabilities})
    script = Script()
    spec = workflow([step("a", **NEEDY), step("b", **NEEDY)], [("a", "b")])

    result = run(spec, script.registry("a", "b"), app=app)

    assert not result.success
    assert script.calls == []
    message = failure_of(result)
    assert all(name in message for name in named)
    assert events(result, dg.DagsterEventType.STEP_UP_FOR_RETRY) == []


def test_pre_flight_names_an_operation_that_nobody_registered() -> None:
    spec = workflow([step("a"), step("b")], [("a", "b")])
    result = run(spec, Script().registry("a"))
    assert not result.success
    assert "op.b@1.0.0" in failure_of(result)


def test_a_slot_of_unknown_health_is_a_warning_only() -> None:
    app = AppConfig.model_validate(
        {"integrations": [{"slotId": "bank", "status": "unknown"}], "capabilities": CAPABLE}
    )
    assert run(workflow([step("a", **NEEDY)]), Script().registry("a"), app=app).success


def test_two_transitions_to_the_same_step_are_two_outputs() -> None:
    spec = workflow([step("a"), step("b")], [("a", "b", "output.n === 1"), ("a", "b")])
    translated: TranslatedWorkflow = translate(spec, Script().registry("a", "b"))
    op = translated.graph.node_named("a").definition
    assert [out.name for out in op.output_defs] == ["to_b", "to_b__2"]
    assert run(spec, Script(a=[{"n": 2}]).registry("a", "b")).success
