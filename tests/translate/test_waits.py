"""The devkit's waits are human steps with another door; what has no door is refused by name."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from pfo_dagster.spec import WorkflowSpec, check
from pfo_dagster.translate import TranslationError, Treatment, translate
from pfo_dagster.translate.coverage import coverage
from pfo_dagster.translate.human import inbox
from pfo_dagster.translate.planning.mermaid import flowchart
from tests.translate.human.household import Deployment, review_spec, steps_of
from tests.translate.support import META, Script, step, workflow

HOOK = {"resumeSource": "hook", "token": "bank-answer", "payloadExample": {"approved": True}}


def runtime(behavior: str, **settings: Any) -> dict[str, Any]:
    return {"runtime": {"workflowDevkit": {"behavior": behavior, **settings}}}


def treatments(spec: WorkflowSpec) -> dict[str, tuple[Treatment, str]]:
    """Treatment and reason of each value below `runtime`, by the end of its path."""
    return {
        one.path.rpartition("workflowDevkit.")[2]: (one.treatment, one.becomes)
        for one in coverage(spec)
        if "runtime" in one.location
    }


def hooked() -> WorkflowSpec:
    return review_spec(**runtime("hookWait", hookWait=HOOK))


def test_a_hook_is_resumed_by_its_token_once(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(hooked(), instance)
    deployed.start()
    task = inbox.find_by_token(instance, "bank-answer").task

    human = deployed.translated.humans["review"]
    inbox.decide(instance, task, human, {"approved": True}, by="bank")

    with pytest.raises(inbox.InboxError, match='Nothing waits for the token "bank-answer"'):
        inbox.find_by_token(instance, "bank-answer")
    (continued,) = deployed.tick()
    assert steps_of(continued) == ["a", "review", "b", "d"]
    assert deployed.tick() == []


def test_two_runs_that_wait_for_one_token_are_told_apart(instance: dg.DagsterInstance) -> None:
    deployed = Deployment.of(hooked(), instance)
    deployed.start()
    deployed.start()
    with pytest.raises(inbox.InboxError, match="Several runs wait") as several:
        inbox.find_by_token(instance, "bank-answer")
    for entry in inbox.entries(instance):
        assert entry.task.id in str(several.value)
        assert inbox.find_by_token(instance, entry.task.id).task == entry.task


def test_the_door_is_told_where_the_task_is_seen() -> None:
    settings = {"resumeSource": "approval", "channel": "treasury", "payloadExample": {"ok": 1}}
    spec = review_spec(**runtime("approvalWait", approvalWait=settings))
    (asset,) = translate(spec, Script().registry("a", "b", "c", "d")).decisions
    told = asset.descriptions_by_key[asset.key] or ""
    assert "treasury" in told
    assert '"ok": 1' in told
    assert "waits for an approval" in flowchart(spec)
    assert "waits for a hook" in flowchart(hooked())


def test_each_setting_of_a_wait_is_accounted_for() -> None:
    told = treatments(hooked())
    assert {field: treatment for field, (treatment, _) in told.items()} == {
        "behavior": Treatment.EMULATED,
        "hookWait.resumeSource": Treatment.EXACT,
        "hookWait.token": Treatment.EMULATED,
        "hookWait.payloadExample.approved": Treatment.EXACT,
    }


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        (runtime("sleep", sleep={"duration": "a while"}), {"behavior", "sleep.duration"}),
        (
            runtime("webhookWait", webhookWait={"resumeSource": "webhook", "path": "/x/{id}"}),
            {"webhookWait.path"},
        ),
        (
            runtime("streamSession", streamSession={"resumeSource": "stream"}),
            {"behavior", "streamSession.resumeSource"},
        ),
        (runtime("hookWait", hookWait={**HOOK, "collect": True}), {"hookWait.collect"}),
        (
            runtime("hookWait", hookWait=HOOK, sleep={"duration": "5m"}, idempotencyKey="k"),
            {"sleep.duration", "idempotencyKey"},
        ),
        (runtime("dream"), {"behavior"}),
    ],
)
def test_what_has_no_door_is_refused_by_name(fields: dict[str, Any], refused: set[str]) -> None:
    spec = review_spec(**fields)
    told = treatments(spec)
    assert {field for field, (how, _) in told.items() if how is Treatment.REFUSED} == refused
    with pytest.raises(TranslationError) as error:
        translate(spec, Script().registry("a", "b", "c", "d"))
    for field in refused:
        assert any(field in problem for problem in error.value.problems)


def test_an_idempotency_key_is_a_tag() -> None:
    config = {"runtime": {"workflowDevkit": {"idempotencyKey": "orders-2026"}}}
    spec = workflow([step("a", **config)])
    assert treatments(spec)["idempotencyKey"][0] is Treatment.EMULATED
    graph = translate(spec, Script().registry("a")).graph
    assert graph.node_named("a").definition.tags["pfo/idempotency_key"] == "orders-2026"


def test_only_a_human_step_waits() -> None:
    spec = workflow([step("a", **runtime("hookWait", hookWait=HOOK))])
    assert treatments(spec)["behavior"][0] is Treatment.REFUSED


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"capabilities": {"suspendResume": True}}, Treatment.EMULATED),
        ({"capabilities": {"approvalGateway": True}}, Treatment.EMULATED),
        ({"capabilities": {"adapters": {"workflow-devkit": True}}}, Treatment.EMULATED),
        ({"capabilities": {"adapters": {"langgraph": False}}}, Treatment.EXACT),
        ({"capabilities": {"adapters": {"langgraph": True}}}, Treatment.REFUSED),
        ({"capabilities": {"checkpointing": True}}, Treatment.REFUSED),
        ({"ports": {"suspension": "redis"}}, Treatment.REFUSED),
        ({"workflowDevkit": {"hookTokens": {"prefix": "p"}}}, Treatment.REFUSED),
    ],
)
def test_each_setting_of_a_workflow_is_accounted_for(
    settings: dict[str, Any], expected: Treatment
) -> None:
    definition = {"entryStepId": "a", "steps": [step("a")], "transitions": []}
    spec = WorkflowSpec.model_validate(
        {"meta": META, "definition": definition, "runtime": settings}
    )
    ((how, _),) = treatments(spec).values()
    assert how is expected


def test_a_devkit_spec_that_waits_has_no_error() -> None:
    content = hooked().model_dump(by_alias=True, exclude_unset=True)
    adapters = {"adapters": {"workflow-devkit": True}}
    content["runtime"] = {"capabilities": adapters, "workflowDevkit": {}}
    spec = WorkflowSpec.model_validate(content)
    assert [one for one in check(spec) if one.level == "error"] == []
    assert translate(spec, Script().registry("a", "b", "c", "d")).continuations
