"""What transitions make of each other: dead, covered and overlapping conditions, ways out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.spec import WorkflowSpec, check, evaluate, parse_expression
from pfo_dagster.spec.expressions.situations import situations
from tests.spec.workflows import step, workflow

OF_TRANSITIONS = {"PFO035", "PFO036", "PFO037", "PFO038", "PFO039"}


def found(*conditions: str | None, guard: str | None = None) -> list[str]:
    """The codes of what is wrong with the transitions of one step, in this order."""
    edges = [
        {"from": "a", "to": "b"} | ({"condition": condition} if condition else {})
        for condition in conditions
    ]
    fields: dict[str, Any] = {"guard": {"type": "expression", "value": guard}} if guard else {}
    spec = WorkflowSpec.model_validate(workflow([step("a", **fields), step("b")], edges))
    return [one.code for one in check(spec) if one.code in OF_TRANSITIONS]


@pytest.mark.parametrize(
    ("conditions", "codes"),
    [
        (["output.ok === true", "output.ok !== true"], []),
        (["output.ok", "!output.ok"], []),
        (["output.n > 5", "output.n <= 5", None], []),
        (["output.n > 5", "output.n <= 5"], ["PFO036"]),
        (["output.kind === 'a'", "output.kind === 'b'", None], []),
        (["output.n > 10", "output.n > 5", None], []),
        (["output.a && output.b", "output.a", None], []),
        (["false", None], ["PFO037"]),
        (["output.n === 1 && output.n === 2", None], ["PFO037"]),
        (["output.a && output.a.b === 1 && !output.a", None], ["PFO037"]),
        (["output.a && output.a.b === 1", None], []),
        (["output.n > 5", "output.n > 10", None], ["PFO038"]),
        (["output.n > 5", "output.n > 5", None], ["PFO038"]),
        (["data.day >= '2026-01-01'", None], ["PFO037"]),
        (["(data.s) >= 'c'", "(data.s) >= 'b'", None], []),
        (["(data.s) >= 'b'", "(data.s) >= 'c'", None], ["PFO038"]),
        (["data.a !== undefined", "data.a === null", None], ["PFO038"]),
        (["output.n < 5", "output.n >= 5", "output.n === 7", None], ["PFO038"]),
        (["output.a === 1", "output.b === 2", None], ["PFO039"]),
        (["output.n > 5", "output.n < 10", None], ["PFO039"]),
        (["(data.a) === (data.b)", "(data.a) === (data.b)", None], ["PFO038"]),
        (["(data.a) === (data.b)", "(data.b) === (data.a)", None], []),
        ([None, "output.ok"], ["PFO035"]),
    ],
)
def test_conditions_are_compared_by_what_they_match(
    conditions: list[str | None], codes: list[str]
) -> None:
    assert found(*conditions) == codes


def test_a_guard_that_never_holds_is_told() -> None:
    assert found(None, guard="data.n > 5 && data.n < 3") == ["PFO037"]
    assert found(None, guard="data.n > 3 && data.n < 5") == []


ATOMS = st.builds(
    "{}{}.{} {} {}".format,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["data", "output"]),
    st.sampled_from(["a", "b", "a.c"]),
    st.sampled_from(["===", "!==", "<", ">="]),
    st.sampled_from(["1", "2", "'x'", "'1'", "true", "null", "undefined"]),
)
CONDITIONS = st.lists(ATOMS, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" && ".join(parts), " || ".join(parts)])
)
LEAVES = st.sampled_from([1, 2, 1.5, 0, -3, 99, "x", "1", "y", "", True, False, None, [], {}])
OBJECTS = st.dictionaries(
    st.sampled_from(["a", "b"]), LEAVES | st.fixed_dictionaries({"c": LEAVES})
)


@given(st.lists(CONDITIONS, min_size=1, max_size=3), OBJECTS, OBJECTS)
def test_whatever_conditions_answer_together_one_of_the_situations_shows(
    conditions: list[str], data: dict[str, Any], output: dict[str, Any]
) -> None:
    roots = [parse_expression(condition).root for condition in conditions]
    tried = situations(roots)
    if tried is None:
        return
    shown = {tuple(situation.holds(root) for root in roots) for situation in tried}
    answers = tuple(evaluate(condition, data=data, output=output) for condition in conditions)
    assert answers in shown


@pytest.mark.parametrize("constant", ["null", "true", "'3'", "''", "2"])
def test_an_order_against_any_constant_can_come_out_both_ways(constant: str) -> None:
    root = parse_expression(f"output.n < {constant}").root
    assert {one.holds(root) for one in situations([root]) or ()} == {True, False}


def test_a_great_many_conditions_are_not_tried_one_by_one() -> None:
    many = [f"output.k{number} === {number}" for number in range(300)]
    assert found(*many, many[7], None) == ["PFO038"]
    kinds = [f"output.kind === 'k{number}'" for number in range(200)]
    assert found(*kinds, None) == []
