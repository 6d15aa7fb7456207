"""Lossless or refused: nothing that a spec says is dropped in silence."""

from __future__ import annotations

from typing import Any

import pytest

from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate import TranslationError, Treatment, translate
from tests.translate.support import META, Script, step, workflow

REGISTRY = Script().registry("a", "b")


def problems_of(spec: WorkflowSpec) -> tuple[str, ...]:
    with pytest.raises(TranslationError) as error:
        translate(spec, REGISTRY)
    return error.value.problems


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"type": "decison"}, "steps[0].type = 'decison'"),
        ({"guard": {"type": "policy", "value": "p"}}, "steps[0].guard.type = 'policy'"),
        ({"guard": {"type": "polciy", "value": "p"}}, "steps[0].guard.type = 'polciy'"),
        ({"modelHints": {"dimension": "speed"}}, "steps[0].modelHints.dimension"),
        ({"action": {"form": {"key": "f", "version": "1.0.0"}}}, "steps[0].action.form.key"),
    ],
)
def test_a_step_that_cannot_be_translated_is_refused_by_name(
    fields: dict[str, Any], named: str
) -> None:
    problems = problems_of(workflow([step("a") | fields]))
    assert any(named in problem and "refused" in problem for problem in problems)


def test_fields_that_nobody_thought_of_are_refused_not_ignored() -> None:
    definition = {"entryStepId": "a", "steps": [step("a")], "transitions": []}
    spec = WorkflowSpec.model_validate(
        {"meta": META, "definition": definition, "policy": {"flags": ["beta"]}}
    )
    (problem,) = problems_of(spec)
    assert "policy.flags[0] = 'beta'" in problem


def test_all_problems_are_reported_at_once() -> None:
    assert len(problems_of(workflow([step("a", type="wait"), step("b", type="wait")]))) >= 2


@pytest.mark.parametrize(
    ("steps", "edges"),
    [
        ([step("a"), step("b")], [("a", "b"), ("b", "a")]),
        ([step("a")], [("a", "ghost")]),
        ([step("a"), step("a")], []),
        ([step("a"), step("b")], [("a", "b", "(output.x")]),
    ],
)
def test_a_graph_that_makes_no_sense_is_refused(steps: Any, edges: Any) -> None:
    assert problems_of(workflow(steps, edges))


def test_two_steps_of_one_op_name_are_both_named() -> None:
    steps = [step("a-b"), step("a.b")]
    (problem,) = problems_of(workflow(steps, [("a-b", "a.b")]))
    assert '"a-b"' in problem
    assert '"a.b"' in problem


def test_every_value_of_a_translated_spec_is_accounted_for() -> None:
    spec = workflow(
        [step("a", retry={"maxAttempts": 3, "backoff": "linear", "delayMs": 5}), step("b")],
        [("a", "b", "output.n === 1")],
    )
    covered = {field.path: field.treatment for field in translate(spec, REGISTRY).coverage}
    assert covered["definition.steps[0].retry.maxAttempts"] is Treatment.EXACT
    assert covered["definition.steps[0].retry.delayMs"] is Treatment.EMULATED
    assert covered["definition.transitions[0].condition"] is Treatment.EXACT
    assert Treatment.REFUSED not in covered.values()
    assert len(covered) == len(translate(spec, REGISTRY).coverage) > 15
