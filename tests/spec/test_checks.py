"""The checks: every rule has a spec that breaks it, and good specs break none."""

from __future__ import annotations

from typing import Any

import pytest

from pfo_dagster.spec import (
    RULES,
    AppConfig,
    Diagnostic,
    WorkflowSpec,
    check,
    check_app,
    check_consistency,
)
from pfo_dagster.spec.rules import translation
from tests.spec.workflows import RETRY, step, workflow

HUMAN = {"type": "human", "action": {"form": {"key": "f", "version": "1.0.0"}}}
DEVKIT: dict[str, Any] = {"workflowDevkit": {}}


def one_step(**fields: Any) -> dict[str, Any]:
    return workflow([step("a", **fields)], [])


def in_devkit(**settings: Any) -> dict[str, Any]:
    return one_step(runtime={"workflowDevkit": settings}) | {"runtime": DEVKIT}


def with_condition(condition: str) -> dict[str, Any]:
    edges = [{"from": "a", "to": "b", "condition": condition}, {"from": "a", "to": "b"}]
    return workflow(transitions=edges)


def with_conditions(*conditions: str) -> dict[str, Any]:
    edges = [{"from": "a", "to": "b", "condition": condition} for condition in conditions]
    return workflow(transitions=[*edges, {"from": "a", "to": "b"}])


def with_runtime(**capabilities: Any) -> dict[str, Any]:
    return workflow(runtime={"capabilities": capabilities, "ports": {}})


def with_sla(**sla: Any) -> dict[str, Any]:
    return workflow(definition={"sla": sla})


def undoing(*steps: dict[str, Any]) -> dict[str, Any]:
    return workflow(definition={"compensation": {"steps": list(steps)}})


UNDO_A = {"stepId": "a", "operation": {"key": "op.undo", "version": "1.0.0"}}
REQUIRED = {"key": "cap.a", "version": "2.0.0"}

SLA = {"sla": {"totalDurationMs": 7399}}

BREAKING: dict[str, tuple[dict[str, Any], str]] = {
    "PFO010": (workflow(meta={"key": ""}), "Workflow has no key"),
    "PFO011": (workflow(meta={"owners": []}), "Workflow has no owners"),
    "PFO012": (workflow(meta={"stability": "betta"}), 'Unknown stability "betta"'),
    "PFO020": (workflow([], []), "at least one step"),
    "PFO021": (workflow([step("a"), step("a")], []), 'Duplicate step id "a"'),
    "PFO022": (one_step(action=None), "does not declare an operation"),
    "PFO023": (one_step(type="human"), "does not declare a form"),
    "PFO024": (one_step(guard={"type": "policy", "value": " "}), "non-empty value"),
    "PFO025": (workflow(definition={"entryStepId": ""}), "requires an entry step"),
    "PFO026": (workflow(definition={"entryStepId": "c"}), 'Entry step "c" is not defined'),
    "PFO027": (workflow(transitions=[{"from": "c", "to": "b"}]), 'unknown "from" step "c"'),
    "PFO028": (workflow(transitions=[{"from": "a", "to": "c"}]), 'unknown "to" step "c"'),
    "PFO029": (with_condition(" "), "a -> b declares an empty condition"),
    "PFO030": (workflow(transitions=[]), "multiple potential entry steps: a, b"),
    "PFO031": (workflow(transitions=[]), 'Step "b" is unreachable from entry step "a"'),
    "PFO032": (one_step() | workflow(transitions=[{"from": "a", "to": "a"}]), "a cycle involving"),
    "PFO033": (one_step(type="automaton"), 'Unknown step type "automaton"'),
    "PFO034": (one_step(guard={"type": "expr", "value": "data.a"}), 'Unknown guard type "expr"'),
    "PFO035": (workflow(transitions=[{"from": "a", "to": "b"}] * 2), "is never taken"),
    "PFO036": (
        workflow(transitions=[{"from": "a", "to": "b", "condition": "output.ok"}]),
        'Step "a" has only conditional transitions',
    ),
    "PFO037": (with_conditions("data.n > 5 && data.n < 3"), "Condition of a -> b can never match"),
    "PFO038": (
        with_conditions("data.n > 1", "data.n > 5"),
        "a -> b (`data.n > 1`) always matches first",
    ),
    "PFO039": (
        with_conditions("output.rich", "output.old"),
        "both match, e.g. for output.rich = true, output.old = true",
    ),
    "PFO040": (with_runtime(adapters={"langgraph": True, "langchain": True}), "langgraph, lang"),
    "PFO041": (with_runtime(adapters={"langgraf": True}), 'Unknown runtime adapter "langgraf"'),
    "PFO042": (workflow(runtime={"ports": {"suspension": " "}}), 'port "suspension" must not'),
    "PFO043": (workflow(runtime={"ports": {"store": "m"}}), 'Unknown runtime port "store"'),
    "PFO044": (with_runtime(checkpointing=True), "checkpointing without"),
    "PFO045": (with_runtime(suspendResume=True), "suspend/resume without"),
    "PFO046": (with_runtime(approvalGateway=True), "approval gateway without"),
    "PFO047": (with_runtime(adapters={"workflow-devkit": True}), "without defining runtime.work"),
    "PFO048": (
        workflow(runtime={"workflowDevkit": {"runIdentity": {"prefix": " "}}}),
        "runIdentity.prefix must not be empty",
    ),
    "PFO049": (workflow(runtime=DEVKIT, metadata={"a": object()}), "metadata must be JSON"),
    "PFO050": (one_step(**HUMAN) | {"runtime": DEVKIT}, "wait behavior"),
    "PFO051": (in_devkit(behavior="streamSession"), 'does not declare resumeSource "stream"'),
    "PFO052": (
        one_step(retry=RETRY, runtime={"workflowDevkit": {"behavior": "sleep"}})
        | {"runtime": DEVKIT},
        "must define runtime.workflowDevkit.idempotencyKey",
    ),
    "PFO053": (in_devkit(idempotencyKey=" "), "defines an empty"),
    "PFO054": (in_devkit(behavior="wait"), 'Unknown devkit behavior "wait"'),
    "PFO060": (workflow(), "unknown operation op.b.v1.0.0"),
    "PFO061": (one_step(**HUMAN), "unknown form f.v1.0.0"),
    "PFO062": (one_step(requiredCapabilities=[REQUIRED]), 'unknown capability "cap.a.v2.0.0"'),
    "PFO063": (undoing(UNDO_A), 'unknown operation "op.undo.v1.0.0"'),
    "PFO070": (with_sla(totalDurationMs=0), "totalDurationMs must be positive"),
    "PFO071": (with_sla(stepDurationMs={"a": None}), 'stepDurationMs for "a" must be positive'),
    "PFO072": (
        with_sla(totalDurationMs=10, stepDurationMs={"a": 8.5, "b": 4}),
        "Sum of step durations (12.5ms) exceeds total duration (10ms)",
    ),
    "PFO073": (with_sla(stepDurationMs={"c": 1}), 'SLA references unknown step "c"'),
    "PFO074": (undoing(UNDO_A | {"stepId": "c"}), 'references unknown step "c"'),
    "PFO075": (undoing(UNDO_A, UNDO_A), 'Multiple compensation handlers for step "a"'),
    "PFO076": (undoing({"stepId": "a"}), "must specify operation with key and version"),
    "PFO077": (undoing(UNDO_A), 'Automation step "b" has no compensation handler'),
    "PFO080": (one_step(retry=RETRY | {"maxAttempts": 0}), "maxAttempts must be positive"),
    "PFO081": (one_step(retry=RETRY | {"delayMs": None}), "delayMs must be positive"),
    "PFO082": (one_step(retry=RETRY | {"maxDelayMs": 5}), "(5) is less than delayMs (1000)"),
    "PFO083": (one_step(retry={"backoff": "linear", "delayMs": 1}), "has no maxAttempts"),
    "PFO084": (one_step(retry=RETRY | {"backoff": "lineal"}), "means a constant delay"),
    "PFO085": (one_step(**HUMAN, retry=RETRY), "is a human step, which is never retried"),
    "PFO086": (one_step(retry=RETRY | {"maxAttempts": 40}), "may wait longer than 2147483647"),
    "PFO087": (one_step(timeoutMs=0), "timeoutMs must be positive"),
    "PFO088": (
        workflow([step("a", retry=RETRY, timeoutMs=100)], [], definition=SLA),
        "The workflow may take 7400ms with all retries, more than its service level of 7399ms",
    ),
    "PFO090": (with_condition("output.n = 1"), "Condition of a -> b cannot be read"),
    "PFO091": (with_condition("data.a === data.b"), "taken as the text 'data.b'"),
    "PFO092": (one_step(guard={"type": "expression", "value": "output.ok"}), "looks at `output`"),
    "PFO100": (one_step(requiredIntegrations=["banc"]), '"banc" is not bound'),
    "PFO101": (one_step(requiredIntegrations=["mail"]), 'in status "disconnected"'),
    "PFO102": (one_step(requiredIntegrations=["sms"]), "unknown health status"),
    "PFO103": (one_step(requiredCapabilities=[REQUIRED]), '"cap.a@2.0.0" is not enabled'),
}
OF_TRANSLATION = {code for code, rule in RULES.items() if rule in vars(translation).values()}
OF_READING = {f"PFO00{number}" for number in range(1, 10)} | {
    f"PFO01{number}" for number in range(6, 10)
}
OF_SCHEDULES = {"PFO104"}
OF_THE_APP_CONFIG = {"PFO105"}

APP = AppConfig.model_validate(
    {
        "integrations": [
            {"slotId": "bank", "status": "connected"},
            {"slotId": "mail", "status": "disconnected", "provider": "gmail"},
            {"slotId": "sms", "status": "unknown"},
        ],
        "capabilities": {"enabled": [{"key": "cap.a", "version": "1.0.0"}]},
    }
)


def judge(written: dict[str, Any]) -> list[Diagnostic]:
    return check(
        WorkflowSpec.model_validate(written),
        operations={("op.a", "1.0.0")},
        forms=set(),
        capabilities={("cap.a", "1.0.0")},
        app=APP,
    )


@pytest.mark.parametrize(
    "code", sorted(set(RULES) - OF_READING - OF_TRANSLATION - OF_SCHEDULES - OF_THE_APP_CONFIG)
)
def test_every_rule_can_be_broken(code: str) -> None:
    written, message = BREAKING[code]
    found = next(one for one in judge(written) if one.code == code and message in one.message)
    assert found.level == RULES[code].checked_level


TWICE = ["the same list"]


@pytest.mark.parametrize(
    ("metadata", "is_one"),
    [
        ({"a": {"b": [None, True, 1, 1.5, "text", []]}}, True),
        ({"a": [{"b": object()}]}, False),
        # The reference remembers what it has seen, and takes a repetition for a circle.
        ({"a": TWICE, "b": TWICE}, False),
        ({"a": ["equal"], "b": ["equal"]}, True),
    ],
)
def test_what_is_json_where_it_must_be(metadata: dict[str, Any], is_one: bool) -> None:
    # Constructed, not read: reading would copy what stands twice.
    spec = WorkflowSpec.model_validate(workflow(runtime=DEVKIT)).model_copy(
        update={"metadata": metadata}
    )
    told = [one.code for one in check(spec)]
    assert ("PFO049" not in told) is is_one


def test_codes_are_unique_and_in_order() -> None:
    assert list(RULES) == sorted(RULES)
    assert all(code == rule.code and rule.why and rule.example for code, rule in RULES.items())
    assert len({rule.title for rule in RULES.values()}) == len(RULES)


def test_a_good_workflow_has_nothing_wrong() -> None:
    steps = [step("a", retry=RETRY, requiredIntegrations=["bank"]), step("b")]
    spec = WorkflowSpec.model_validate(workflow(steps))
    operations = {("op.a", "1.0.0"), ("op.b", "1.0.0")}
    assert check(spec, operations=operations, forms=set(), capabilities=set(), app=APP) == []


def test_what_is_not_known_is_not_checked() -> None:
    spec = WorkflowSpec.model_validate(one_step(requiredCapabilities=[REQUIRED]))
    assert check(spec) == []


def test_a_reference_without_version_means_any() -> None:
    spec = WorkflowSpec.model_validate(one_step(action={"operation": {"key": "op.a"}}))
    assert check(spec, operations={("op.a", "7.0.0")}) == []
    (found,) = check(spec, operations=set())
    assert found.message == 'Step "a" references unknown operation op.a.vundefined.'


def test_a_near_miss_is_named() -> None:
    found = judge(
        workflow(
            [
                step("a", action={"operation": {"key": "op.a", "version": "2.0.0"}}),
                step("fetch", requiredIntegrations=["banc"], type="automaton"),
            ],
            [{"from": "a", "to": "fetsh"}],
        )
    )
    assert {(one.code, one.hint) for one in found if one.hint} == {
        ("PFO028", "did you mean `fetch`?"),
        ("PFO033", "did you mean `automation`?"),
        ("PFO060", "it exists in version 1.0.0"),
        ("PFO100", "did you mean `bank`?"),
    }


def test_preflight_tells_slots_first_and_repeats_for_each_step() -> None:
    needs = {"requiredIntegrations": ["mail", "sms"], "requiredCapabilities": [REQUIRED]}
    spec = WorkflowSpec.model_validate(workflow([step("a", **needs), step("b", **needs)]))
    found = [(one.context["stepId"], one.context["identifier"]) for one in check_app(spec, APP)]
    assert found == [
        ("a", "mail"),
        ("a", "sms"),
        ("b", "mail"),
        ("b", "sms"),
        ("a", "cap.a@2.0.0"),
        ("b", "cap.a@2.0.0"),
    ]


def test_consistency_names_the_workflow() -> None:
    spec = WorkflowSpec.model_validate(workflow([], [], meta={"version": "2.0.0"}))
    (found,) = check_consistency([spec])
    assert found.message == "[t.workflow.v2.0.0] Workflow must declare at least one step."


@pytest.mark.parametrize("length", [2_000])
def test_a_long_chain_is_checked_without_recursion(length: int) -> None:
    steps = [step(f"s{number}") for number in range(length)]
    edges = [{"from": f"s{n}", "to": f"s{n + 1}"} for n in range(length - 1)]
    spec = WorkflowSpec.model_validate(workflow(steps, edges))
    assert check(spec) == []
    looped = workflow(steps, [*edges, {"from": f"s{length - 1}", "to": "s1"}])
    found = check(WorkflowSpec.model_validate(looped))
    assert [one.message for one in found] == ['Workflow contains a cycle involving step "s1".']
