"""What plan, diff and pages say of compensation and service levels, before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate import ChangeKind, Treatment, compare_workflows, plan_workflow
from pfo_dagster.translate.planning.mermaid import flowchart
from pfo_dagster.translate.planning.page import workflow_page
from tests.translate.support import Script, step
from tests.translate.undoing import undo, undoable

REGISTRY = Script().registry("a", "b", "undo_a", "undo_b")
ASK = {"id": "ask", "type": "human", "label": "Ask"}


def spec_of(**definition: Any) -> WorkflowSpec:
    return undoable([step("a"), ASK, step("b")], only=["a"], **definition)


def changes(before: WorkflowSpec, after: WorkflowSpec) -> list[tuple[ChangeKind, str, str]]:
    found = compare_workflows(before, after, REGISTRY)
    return [(change.kind, change.subject, change.text) for change in found]


def test_the_plan_names_the_dagster_object_of_each_field() -> None:
    spec = spec_of(sla={"totalDurationMs": 60_000, "stepDurationMs": {"a": 300}})
    plan = plan_workflow(spec, REGISTRY)
    becomes = {field.path: field.becomes for field in plan.fields}
    assert plan.ok
    assert becomes["definition.compensation.trigger"] == (
        "job test_flow__compensation, sensor test_flow__compensate"
    )
    undone_by = becomes["definition.compensation.steps[0].operation.key"]
    assert undone_by == "op undo_a of job test_flow__compensation"
    for field in ("totalDurationMs", "stepDurationMs.a"):
        assert becomes[f"definition.sla.{field}"] == (
            "sensor test_flow__service_levels, asset service_levels/test_flow"
        )


@pytest.mark.parametrize(
    ("definition", "path", "why"),
    [
        ({"sla": {"totalDurationMs": 0}}, "sla.totalDurationMs", "0 is no service level"),
        ({"sla": {"stepDurationMs": {"ask": 5}}}, "sla.stepDurationMs.ask", "not measured"),
        ({"sla": {"stepDurationMs": {"ghost": 5}}}, "sla.stepDurationMs.ghost", "no run comes to"),
        (
            {"compensation": {"steps": [undo("a"), undo("a")]}},
            "compensation.steps[1].operation.key",
            "the first compensation of a step counts",
        ),
    ],
)
def test_what_has_no_effect_is_said_to_have_none(
    definition: dict[str, Any], path: str, why: str
) -> None:
    plan = plan_workflow(spec_of(**definition), REGISTRY)
    (field,) = [one for one in plan.fields if one.path == f"definition.{path}"]
    assert field.treatment is Treatment.EXACT
    assert field.reason.startswith("nothing: ")
    assert why in field.reason


def test_the_diff_says_what_is_undone_otherwise_and_what_may_take_longer() -> None:
    before = spec_of(sla={"totalDurationMs": 60_000})
    after = undoable(
        [step("a"), ASK, step("b")],
        trigger="manual",
        only=["b"],
        sla={"totalDurationMs": 90_000, "stepDurationMs": {"b": 500}},
    )
    assert changes(before, after) == [
        (
            ChangeKind.COMPENSATION,
            "the workflow",
            (
                "is undone by itself after a failure or a cancellation → "
                "when a person asks for it with `pfo compensate`"
            ),
        ),
        (ChangeKind.COMPENSATION, "a", "is undone by op.undo_a@1.0.0 → nothing"),
        (ChangeKind.COMPENSATION, "b", "is undone by nothing → op.undo_b@1.0.0"),
        (ChangeKind.SERVICE_LEVEL, "the workflow", "may take 1 min → 1 min 30 s"),
        (ChangeKind.SERVICE_LEVEL, "b", "may take any time → 0.5 s"),
    ]
    assert changes(before, before) == []


def test_page_and_diagram_show_what_undoes_a_step() -> None:
    spec = spec_of(sla={"totalDurationMs": 60_000, "stepDurationMs": {"a": 300}})
    page = workflow_page(spec, REGISTRY)
    assert "| service level | 1 min in all |" in page
    assert "| undone | by itself after a failure or a cancellation |" in page
    assert "service level 0.3 s for each attempt<br>undone by `op.undo_a@1.0.0`" in page
    assert 'step0 -.->|"undone by"| undo_step0[["op.undo_a#64;1.0.0"]]' in flowchart(spec)
