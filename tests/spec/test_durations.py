"""Worst cases: retries and time limits added up along the longest way."""

from __future__ import annotations

from typing import Any

import pytest

from pfo_dagster.spec import WorkflowSpec, check
from pfo_dagster.spec.checks.durations import worst_case_ms
from tests.spec.workflows import RETRY, step, workflow


@pytest.mark.parametrize(
    ("fields", "milliseconds"),
    [
        ({}, 0),
        ({"timeoutMs": 50}, 50),
        ({"retry": RETRY}, 1000 + 2000 + 4000),
        ({"retry": RETRY, "timeoutMs": 50}, 7000 + 4 * 50),
        ({"retry": RETRY | {"maxDelayMs": 1500}}, 1000 + 1500 + 1500),
        ({"retry": RETRY | {"backoff": "linear"}}, 3000),
        ({"retry": {"maxAttempts": 2}}, 1000 + 2000),
        ({"retry": RETRY | {"maxAttempts": 10**9, "maxDelayMs": 1000}}, 10**12),
        ({"retry": RETRY, "type": "human", "timeoutMs": 50}, 0),
    ],
)
def test_the_worst_case_of_a_step(fields: dict[str, Any], milliseconds: int) -> None:
    spec = WorkflowSpec.model_validate(workflow([step("a", **fields)], []))
    assert worst_case_ms(spec.step("a")) == milliseconds


def breaches(total: int, *, edges: list[str], steps: dict[str, int]) -> list[str]:
    """What is said of steps of some milliseconds each, with a service level of `total` and 10."""
    spec = workflow(
        [step(name, timeoutMs=timeout) for name, timeout in steps.items()],
        [{"from": edge[0], "to": edge[1]} for edge in edges],
        definition={"sla": {"totalDurationMs": total, "stepDurationMs": {"b": 10}}},
    )
    found = check(WorkflowSpec.model_validate(spec))
    return [".".join(map(str, one.place[2:])) for one in found if one.code == "PFO088"]


def test_the_longest_way_counts_not_the_sum() -> None:
    steps = {"a": 1, "b": 10, "c": 20, "d": 100}
    edges = ["ab", "ac", "bd", "cd"]
    assert breaches(120, edges=edges, steps=steps) == ["totalDurationMs"]
    assert breaches(121, edges=edges, steps=steps) == []
    assert breaches(121, edges=edges, steps=steps | {"b": 11}) == ["stepDurationMs.b"]


def test_what_cannot_be_reached_or_has_no_end_is_not_added_up() -> None:
    assert breaches(5, edges=["ba"], steps={"a": 1, "b": 9}) == []
    assert breaches(5, edges=["ab", "ba"], steps={"a": 9, "b": 9}) == []
