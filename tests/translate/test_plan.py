"""The plan says of every field what becomes of it, also where the spec cannot be translated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pfo_dagster.operations import OperationRegistry
from pfo_dagster.operations.banking import open_banking_operations
from pfo_dagster.spec import WorkflowSpec, read_app, read_workflows
from pfo_dagster.translate import compare_workflows, plan_workflow, translate
from pfo_dagster.translate.planning.worst_case import WorstCase, seconds, worst_case
from tests.translate.support import Script, step, workflow

SPECS = Path(__file__).resolve().parents[2] / "specs"
RETRY = {"maxAttempts": 3, "backoff": "exponential", "delayMs": 1000}


def with_policy_guard() -> WorkflowSpec:
    """A spec that is never translated here: nobody bound an evaluator for its guard."""
    return workflow([step("a", guard={"type": "policy", "value": "flags.on"})])


@pytest.mark.parametrize("spec", read_workflows(SPECS), ids=lambda spec: spec.meta.key)
def test_what_is_planned_is_what_is_made(spec: WorkflowSpec) -> None:
    operations, app = open_banking_operations(), read_app(SPECS / "app.yaml")
    planned, made = plan_workflow(spec, operations, app), translate(spec, operations, app)
    assert planned.ok
    assert planned.job == made.job.name
    graphs = [made.graph, *(job.graph for job in made.continuations.values())]
    assert set(planned.ops) == {node.name for graph in graphs for node in graph.nodes}
    keys = {key.to_user_string() for assets in made.assets for key in assets.keys}
    assert set(planned.assets) == keys
    assert len(planned.fields) == len(made.coverage)


def test_each_field_has_its_object_and_its_line() -> None:
    (spec,) = read_workflows(SPECS / "refresh-openbanking-balances.yaml")
    fields = {field.path: field for field in plan_workflow(spec, open_banking_operations()).fields}
    delay = fields["definition.steps[1].retry.delayMs"]
    assert delay.becomes == "retry policy of op fetch_balances"
    assert delay.treatment == "emulated"
    assert delay.file
    assert delay.line
    written = Path(delay.file).read_text(encoding="utf-8").splitlines()[delay.line - 1]
    assert "750" in written
    assert (
        fields["definition.transitions[0].to"].becomes == "edge refresh_balances → fetch_balances"
    )
    assert fields["meta.owners[0]"].becomes == "job pfo_workflow_refresh_openbanking_balances"


def test_what_becomes_of_a_human_step_and_of_requirements_is_named() -> None:
    (spec,) = read_workflows(SPECS / "upcoming-payments-reminder.ts")
    fields = {field.path: field for field in plan_workflow(spec, open_banking_operations()).fields}
    job = "pfo_workflow_upcoming_payments_reminder"
    made = translate(spec, open_banking_operations())
    (decisions,), (continuation,) = made.decisions, made.continuations.values()
    assert fields["definition.steps[0].type"].becomes == (
        f"op collect, asset {decisions.key.to_user_string()}, job {continuation.name}"
    )
    assert decisions.key.to_user_string() == f"human/{job}/collect"
    assert fields["definition.steps[1].requiredIntegrations[0]"].becomes == "op pre_flight"


def test_a_refused_field_is_marked_among_the_others() -> None:
    planned = plan_workflow(with_policy_guard(), Script().registry("a"))
    assert not planned.ok
    assert [field.path for field in planned.refused] == ["definition.steps[0].guard.type"]
    assert planned.refused[0].becomes is None
    assert planned.ops == ("a",)
    assert any(field.treatment == "exact" for field in planned.fields)


def test_an_error_of_the_checks_is_in_the_plan() -> None:
    planned = plan_workflow(workflow([step("a")], [("a", "nowhere")]), Script().registry("a"))
    assert not planned.ok
    assert any("nowhere" in one.message for one in planned.diagnostics)


def test_what_only_the_translation_finds_is_in_the_plan() -> None:
    spec = workflow([step("a-b"), step("a.b")], [("a-b", "a.b")])
    planned = plan_workflow(spec, OperationRegistry())
    assert not planned.ok
    (found,) = planned.diagnostics
    assert found.code == "PFO112"
    assert '"a-b" and "a.b"' in found.message


def test_what_dagster_alone_refuses_is_in_the_plan() -> None:
    planned = plan_workflow(workflow([step("a")], owners=["@"]), Script().registry("a"))
    assert not planned.ok
    (found,) = planned.diagnostics
    assert found.code == "PFO115"
    assert "Dagster does not take it" in found.message


def test_pre_flight_is_shown_and_does_not_spoil_the_plan() -> None:
    planned = plan_workflow(workflow([step("a")]), OperationRegistry())
    assert planned.ok
    assert [issue.identifier for issue in planned.pre_flight] == ["op.a@1.0.0"]


def test_the_json_has_everything() -> None:
    answer = plan_workflow(with_policy_guard(), Script().registry("a"), schedule="daily").as_json()
    assert answer["ok"] is False
    assert answer["schedule"] == "daily"
    assert answer["worstCase"] == {"calls": 1, "waitSeconds": 0, "runSeconds": None}
    refused = [field for field in answer["fields"] if field["treatment"] == "refused"]
    assert [field["value"] for field in refused] == ["policy"]


def test_the_worst_case_is_the_dearest_way() -> None:
    steps = [step("a"), step("b", retry=RETRY), step("c"), step("d"), step("lost", retry=RETRY)]
    edges = [("a", "b", "output.x"), ("a", "c"), ("c", "d")]
    assert worst_case(workflow(steps, edges)) == WorstCase(calls=5, wait_s=7, run_s=None)


def test_time_limits_bound_the_running_time() -> None:
    spec = workflow(
        [step("a", retry=RETRY, timeoutMs=2000), step("b", timeoutMs=500)], [("a", "b")]
    )
    assert worst_case(spec) == WorstCase(calls=5, wait_s=7, run_s=8.5)


def test_a_cycle_has_no_worst_case() -> None:
    assert worst_case(workflow([step("a"), step("b")], [("a", "b"), ("b", "a")])) is None


def test_a_billion_retries_are_added_up_without_counting_them() -> None:
    retry = {"maxAttempts": 10**9, "backoff": "exponential", "delayMs": 1, "maxDelayMs": 1000}
    cost = worst_case(workflow([step("a", retry=retry)]))
    assert cost
    assert cost.calls == 10**9 + 1
    assert cost.wait_s == pytest.approx(1.023 + (10**9 - 10) * 1)


NUMBERS = st.none() | st.integers(-3, 10**300) | st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.integers(-3, 10**400), NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["linear", "odd", None])
)
def test_no_number_is_too_large_to_plan(
    retries: int, delay: Any, longest: Any, limit: Any, backoff: str | None
) -> None:
    retry = {
        "maxAttempts": retries, "delayMs": delay, "maxDelayMs": longest, "backoff": backoff,
    }  # fmt: skip
    try:
        spec = workflow([step("a", retry=retry, timeoutMs=limit)])
    except ValidationError:
        return
    cost = worst_case(spec)
    assert cost
    assert cost.wait_s >= 0
    json.dumps([cost.calls, cost.wait_s, cost.run_s], allow_nan=False)
    assert cost.text
    assert compare_workflows(spec, workflow([step("a")]), OperationRegistry()) is not None


@pytest.mark.parametrize(
    ("value", "text"), [(0.75, "0.75 s"), (59, "59 s"), (60, "1 min"), (7500, "2 h 5 min")]
)
def test_seconds_are_told_as_people_do(value: float, text: str) -> None:
    assert seconds(value) == text
