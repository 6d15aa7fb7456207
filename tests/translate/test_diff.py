"""What another version of a spec changes, told by its meaning and not by its text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfo_dagster.operations import Operation, OperationRegistry, ProducedAsset
from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate.planning.diff import STOPS, compare_workflows
from tests.translate.support import step, workflow

RETRY = {"maxAttempts": 2, "backoff": "exponential", "delayMs": 1000}
NOTHING = OperationRegistry()


def changes(before: WorkflowSpec, after: WorkflowSpec) -> list[tuple[str, str, str]]:
    return [
        (one.kind.value, one.subject, one.text) for one in compare_workflows(before, after, NOTHING)
    ]


def chain(**second: Any) -> WorkflowSpec:
    """The step a, and after it the step b with `second`."""
    return workflow([step("a"), step("b", **second)], [("a", "b")])


def test_a_changed_retry_is_told_in_calls_and_seconds() -> None:
    told = changes(chain(retry=RETRY), chain(retry={**RETRY, "maxAttempts": 4}))
    effect = " (at most 3 → 5 calls, 3 s → 15 s of waiting)"
    assert told == [
        (
            "retry",
            "b",
            "retried 2 times after 1 s, 2 s → retried 4 times after 1 s, 2 s, 4 s, 8 s" + effect,
        ),
        ("worst case", "test_flow", "at most 4 → 6 calls, 3 s → 15 s of waiting"),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (RETRY, {"maxAttempts": 2, "delayMs": 1000}),  # exponential is meant
        (RETRY, {"maxAttempts": 2, "backoff": "exponential"}),  # a second is meant
        (RETRY, {**RETRY, "maxDelayMs": 2000}),  # no wait is longer
        ({"maxAttempts": 1, "backoff": "linear", "delayMs": 5}, {"maxAttempts": 1, "delayMs": 5}),
        (None, {"maxAttempts": 0, "delayMs": 7}),
    ],
)
def test_a_retry_in_other_words_is_no_change(before: Any, after: Any) -> None:
    assert changes(chain(retry=before), chain(retry=after)) == []


def test_steps_that_come_and_go() -> None:
    three = workflow([step("a"), step("c", retry=RETRY), step("b")], [("a", "c"), ("c", "b")])
    assert changes(chain(), three) == [
        (
            "step added",
            "c",
            "automation step, calls op.c@1.0.0, at most 3 calls, 3 s of waiting between retries",
        ),
        ("transition", "a", "no longer goes to b"),
        ("transition", "a", "now goes to c"),
        ("transition", "c", "now goes to b"),
        ("worst case", "test_flow", "at most 2 → 5 calls, 0 s → 3 s of waiting"),
    ]
    kind, subject, text = changes(three, chain())[0]
    assert (kind, subject) == ("step removed", "c")
    assert text.startswith("is gone; it was: automation step, calls op.c@1.0.0")


def test_a_new_human_step_stops_a_schedule() -> None:
    human = {"id": "b", "type": "human", "label": "b", "action": {"form": {"key": "f"}}}
    asked = workflow([step("a"), human], [("a", "b")])
    assert ("human step", "b", STOPS) in changes(chain(), asked)
    assert ("human step", "b", STOPS) in changes(workflow([step("a")]), asked)
    assert STOPS not in {text for _, _, text in changes(asked, asked)}


def test_moved_steps_change_nothing_but_a_meant_entry_does() -> None:
    def spec(*ids: str, entry: str | None = "a") -> WorkflowSpec:
        content = workflow([step(one) for one in ids], [("a", "b"), ("b", "c")]).model_dump(
            by_alias=True, exclude_unset=True
        )
        content["definition"]["entryStepId"] = entry
        return WorkflowSpec.model_validate(content)

    assert changes(spec("a", "b", "c"), spec("c", "a", "b")) == []
    assert changes(spec("a", "b", "c"), spec("a", "b", "c", entry=None)) == []
    assert ("entry", "c", "a → c") in changes(spec("a", "b", "c"), spec("c", "a", "b", entry=None))


def test_the_order_of_transitions_counts_where_one_step_is_left() -> None:
    steps = [step("a"), step("b"), step("c")]
    to_b, to_c = ("a", "b", "data.x"), ("a", "c", "data.y")
    told = changes(workflow(steps, [to_b, to_c]), workflow(steps, [to_c, to_b]))
    assert told == [
        (
            "transition",
            "a",
            "tries its transitions in another order: to c if `data.y`, then to b if `data.x`",
        )
    ]
    chained = [("a", "b"), ("b", "c")]
    assert changes(workflow(steps, chained), workflow(steps, chained[::-1])) == []


def test_operations_guards_requirements_and_conditions() -> None:
    before = chain(requiredIntegrations=["bank"])
    changed = step(
        "b",
        action={"operation": {"key": "op.b", "version": "2.0.0"}},
        guard={"type": "expression", "value": "data.go"},
        requiredCapabilities=[{"key": "read", "version": "1.0.0"}],
    )
    after = workflow([step("a"), changed], [("a", "b", "output.ok")])
    assert changes(before, after) == [
        ("operation", "b", "calls op.b@1.0.0 → calls op.b@2.0.0"),
        ("guard", "b", "no guard → only if expression `data.go`"),
        ("requirement", "b", "now needs capability read@1.0.0"),
        ("requirement", "b", "no longer needs slot bank"),
        ("transition", "a", "no longer goes to b"),
        ("transition", "a", "now goes to b if `output.ok`"),
    ]


def test_whatever_else_changes_is_told_value_by_value() -> None:
    after = workflow([step("a"), step("b", timeoutMs=500)], [("a", "b")], stability="stable")
    told = changes(chain(timeoutMs=None), after)
    assert ("field", "meta.stability", "'experimental' → 'stable'") in told
    assert ("field", "steps.b.timeoutMs", "nothing → 500") in told


def test_another_key_renames_the_job() -> None:
    told = changes(chain(), workflow([step("a"), step("b")], [("a", "b")], key="test.other"))
    assert [kind for kind, _, _ in told] == ["job renamed"]
    assert told[0][1] == "test_other"


def produces(version: str, *names: str) -> Operation:
    """A version of `op.a` that produces assets of these names."""
    assets = tuple(ProducedAsset(key=("t", name), description="") for name in names)
    return Operation(
        key="op.a", version=version, run=lambda _: None, description="", produces=assets
    )


def calling(version: str) -> WorkflowSpec:
    return workflow([step("a", action={"operation": {"key": "op.a", "version": version}})])


def test_assets_are_renamed_added_and_removed() -> None:
    operations = OperationRegistry(
        [produces("1", "x", "y"), produces("2", "x", "z"), produces("3", "x", "y", "w")]
    )

    def assets(before: str, after: str) -> list[tuple[str, str]]:
        told = compare_workflows(calling(before), calling(after), operations)
        return [(one.kind.value, one.subject) for one in told if "asset" in one.kind]

    assert assets("1", "2") == [("asset renamed", "t/z")]
    assert assets("1", "3") == [("asset added", "t/w")]
    assert assets("3", "1") == [("asset removed", "t/w")]


FIELDS = {
    "label": "other", "description": "other", "timeoutMs": 9, "requiredIntegrations": ["slot"],
    "guard": {"type": "expression", "value": "data.z"}, "modelHints": {"dimension": "cost"},
    "retry": {"maxAttempts": 9}, "type": "decision", "action": {"form": {"key": "f"}},
    "runtime": {"workflowDevkit": {"sleep": {"duration": "5m"}}},
}  # fmt: skip


@given(st.permutations(["a", "b", "c"]), st.sampled_from(sorted(FIELDS)), st.sampled_from("abc"))
def test_no_field_of_a_step_changes_in_silence(order: list[str], field: str, which: str) -> None:
    edges = [("a", "b"), ("b", "c")]
    before = workflow([step(one) for one in "abc"], edges)
    steps = [step(one) | ({field: FIELDS[field]} if one == which else {}) for one in order]
    content = workflow(steps, edges).model_dump(by_alias=True, exclude_unset=True)
    content["definition"]["entryStepId"] = "a"
    after = WorkflowSpec.model_validate(content)
    assert any(which in subject for _, subject, _ in changes(before, after))
    assert changes(after, after) == []
