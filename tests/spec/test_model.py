"""The model: what it accepts, what it gives back, and when two specs are the same."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pfo_dagster.spec import WorkflowSpec, read_workflows
from tests.spec.conformance import needs_recordings, recorded
from tests.spec.workflows import RETRY, step, workflow

if TYPE_CHECKING:
    from pathlib import Path

RECORDED = [
    (f"{case['id']} {index}", spec)
    for case in recorded("runs.json")
    for index, spec in enumerate([case["spec"], *case.get("extraSpecs", [])])
]


def rich_workflow() -> dict[str, Any]:
    """Every part of the model at least once."""
    ref = {"key": "x", "version": "1.0.0"}
    devkit = {
        "behavior": "hookWait",
        "hookWait": {"collect": True, "payloadExample": [1, None], "resumeSource": "hook"},
        "webhookWait": {"method": "POST", "path": "/x", "resumeSource": "webhook", "token": "t"},
        "approvalWait": {"channel": "mail", "resumeSource": "approval", "payloadExample": {}},
        "streamSession": {"followUpToken": "f", "initialState": 0, "keepAlive": False},
        "sleep": {"duration": "5m"},
        "stateExample": None,
        "idempotencyKey": "k",
    }
    return workflow(
        [
            step(
                "a",
                description="d",
                guard={"type": "expression", "value": "data.ok"},
                timeoutMs=1.5,
                retry={**RETRY, "maxDelayMs": 5000},
                requiredIntegrations=["slot"],
                requiredCapabilities=[ref],
                modelHints={
                    "dimension": "reasoning",
                    "priorities": [{"dimension": "cost", "weight": 0.5}],
                    "constraints": {"maxCost": 3},
                },
                runtime={"workflowDevkit": devkit},
            ),
            step("b", type="human", action={"form": ref}),
        ],
        [{"from": "a", "to": "b", "label": "l", "condition": "output.ok === true"}],
        definition={
            "entryStepId": "a",
            "sla": {"totalDurationMs": 10, "stepDurationMs": {"a": 5}},
            "compensation": {
                "trigger": "on_failure",
                "steps": [{"stepId": "a", "operation": ref, "description": "undo"}],
            },
        },
        meta={"domain": "finance", "docId": ["d"]},
        results={
            "success": {"OK": {"status": 200, "state": "completed", "headers": {"a": "b"}}},
            "errors": {"NO": {"description": "no", "category": "policy", "retryAfter": 5}},
        },
        runtime={
            "capabilities": {"adapters": {"langgraph": True}, "checkpointing": True},
            "ports": {"checkpointStore": "memory"},
            "workflowDevkit": {
                "hostTarget": "next",
                "hookTokens": {"prefix": "p", "strategy": "deterministic"},
                "integrationMode": "manual",
                "runIdentity": {"strategy": "trace-id"},
                "serialization": {"mode": "passthrough", "enforceMetadata": False},
            },
        },
        metadata={"anything": [1, {"nested": None}]},
        annotations={"note": "n"},
        policy={"flags": ["f"]},
        experiments=[{"key": "e"}],
    )


def test_every_field_comes_back_as_it_was_written() -> None:
    written = rich_workflow()
    assert WorkflowSpec.model_validate(written).model_dump(by_alias=True, exclude_unset=True) == (
        written
    )


@needs_recordings
@pytest.mark.parametrize("written", [spec for _, spec in RECORDED], ids=[i for i, _ in RECORDED])
def test_every_spec_that_the_reference_ran_is_accepted_without_loss(
    written: dict[str, Any],
) -> None:
    spec = WorkflowSpec.model_validate(written)
    assert spec.model_dump(by_alias=True, exclude_unset=True) == written


def test_attributes_are_in_snake_case() -> None:
    spec = WorkflowSpec.model_validate(rich_workflow())
    first = spec.step("a")
    assert first.required_integrations == ("slot",)
    assert first.retry
    assert (first.retry.max_attempts, first.retry.max_delay_ms) == (3, 5000)
    assert first.action
    assert first.action.operation
    assert first.action.operation.key == "op.a"
    assert [(edge.from_, edge.to) for edge in spec.transitions_from("a")] == [("a", "b")]
    assert spec.transitions_from("b") == ()


@pytest.mark.parametrize(
    ("definition", "entry"),
    [
        ({}, "a"),
        ({"entryStepId": None}, "a"),
        ({"entryStepId": "b"}, "b"),
        ({"entryStepId": ""}, ""),
        ({"steps": []}, None),
    ],
)
def test_the_entry_is_the_first_step_unless_given(
    definition: dict[str, Any], entry: str | None
) -> None:
    assert WorkflowSpec.model_validate(workflow(definition=definition)).entry_step_id == entry


def test_an_unknown_step_is_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"has no step 'z'; its steps are: a, b"):
        WorkflowSpec.model_validate(workflow()).step("z")


@pytest.mark.parametrize(
    "retry",
    [
        {"maxAttempts": 3, "backoff": None, "delayMs": 100},
        {"backoff": "linear", "delayMs": -50},
        {"maxAttempts": -1, "backoff": "weird"},
        {},
    ],
)
def test_odd_retries_are_kept_for_the_checks_to_judge(retry: dict[str, Any]) -> None:
    spec = WorkflowSpec.model_validate(workflow([step("a", retry=retry)], []))
    assert spec.step("a").model_dump(by_alias=True, exclude_unset=True)["retry"] == retry


@pytest.mark.parametrize(
    "broken",
    [
        workflow(extra=1),
        workflow(meta={"entry_step_id": "a"}),
        workflow(definition={"entry_step_id": "a"}),
        workflow([step("a", retry={"maxAttempt": 3})], []),
        workflow([step("a", retry={"maxAttempts": "3"})], []),
        workflow([step("a", retry={"maxAttempts": True})], []),
        workflow([step("a", retry={"delayMs": float("inf")})], []),
        workflow([step("a", guard={"type": "expression"})], []),
        workflow(meta={"version": 1.0}),
        workflow(definition={"steps": None}),
        workflow(definition={"transitions": {}}),
        workflow(runtime={"ports": {"suspension": None}}),
    ],
)
def test_what_has_no_meaning_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WorkflowSpec.model_validate(broken)


def test_a_decimal_is_a_number() -> None:
    spec = WorkflowSpec.model_validate(workflow([step("a", timeoutMs=Decimal("1.5"))], []))
    assert spec.step("a").timeout_ms == 1.5


def test_equal_content_is_equal_wherever_it_was_read(tmp_path: Path) -> None:
    text = json.dumps(workflow())
    (tmp_path / "one.json").write_text(text)
    (tmp_path / "two.yaml").write_text("# the same, elsewhere\n" + text)
    one = read_workflows(tmp_path / "one.json")[0]
    two = read_workflows(tmp_path / "two.yaml")[0]
    assert one == two == WorkflowSpec.model_validate(workflow())
    assert one.digest == two.digest
    assert hash(one) == hash(two)
    assert one.source
    assert one.source != two.source


def test_the_digest_tells_contents_apart() -> None:
    specs = [
        WorkflowSpec.model_validate(written)
        for written in (
            workflow(),
            workflow(meta={"version": "1.0.1"}),
            workflow(metadata=None),
            workflow(definition={"entryStepId": "a"}),
            rich_workflow(),
        )
    ]
    assert len({spec.digest for spec in specs}) == len(specs)
    assert specs[0] != "t.workflow"


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    backwards = dict(reversed(rich_workflow().items()))
    assert (
        WorkflowSpec.model_validate(backwards).digest
        == WorkflowSpec.model_validate(rich_workflow()).digest
    )


def test_a_spec_cannot_be_changed() -> None:
    spec = WorkflowSpec.model_validate(workflow())
    with pytest.raises(ValidationError, match="frozen"):
        spec.meta.key = "other"


METADATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), METADATA))
def test_any_metadata_survives(metadata: dict[str, Any]) -> None:
    written = workflow(metadata=metadata)
    spec = WorkflowSpec.model_validate(written)
    assert json.loads(spec.model_dump_json(by_alias=True, exclude_unset=True)) == written


def test_a_number_that_javascript_has_not_is_refused() -> None:
    written = workflow([step("a", timeoutMs=10**400)], [])
    with pytest.raises(ValidationError, match="should be a number"):
        WorkflowSpec.model_validate(written)


def test_a_changed_copy_has_a_digest_of_its_own() -> None:
    spec = WorkflowSpec.model_validate(workflow())
    assert spec.digest == WorkflowSpec.model_validate(workflow()).digest
    other = spec.model_copy(update={"metadata": {"a": 1}})
    assert other.digest != spec.digest
    assert other != spec
