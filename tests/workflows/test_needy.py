"""The four workflows that need mail, a language model, storage or SMS: refused, and with a script.

Nothing here provides those services. So each is refused before anything is called; and its steps,
branches and tasks are run on real jobs with operations that play a script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pfo_dagster.operations import Operation, OperationContext, OperationRegistry
from pfo_dagster.spec import AppConfig, WorkflowSpec, read_workflows
from pfo_dagster.translate import translate
from tests.conftest import events
from tests.translate.human.household import Deployment, result_of, steps_of
from tests.translate.support import Script, fatal, retryable
from tests.translate.virtual_time import virtual_time
from tests.workflows.household import SPECS, Household

SUMMARY = "pfo.workflow.generate-financial-summary"
EMAIL = "pfo.workflow.ingest-email-threads"
DOCUMENT = "pfo.workflow.process-uploaded-document"
REMINDER = "pfo.workflow.upcoming-payments-reminder"
ALL = {spec.meta.key: spec for spec in read_workflows(SPECS)}

Outcomes = Mapping[str, Sequence[object]]


@pytest.mark.parametrize(
    ("key", "lacking"),
    [
        (SUMMARY, "primaryLLM primaryVectorDb emailOutbound pfo.summary.generate@1.0.0"),
        (SUMMARY, "pfo.summary.dispatch@1.0.0"),
        (EMAIL, "emailInbound primaryVectorDb pfo.email.sync-threads@1.0.0"),
        (DOCUMENT, "primaryStorage primaryVectorDb pfo.documents.upload@1.0.0"),
        (REMINDER, "emailOutbound smsNotifications calendarScheduling"),
        (REMINDER, "pfo.reminders.schedule-payment@1.0.0"),
    ],
)
def test_pre_flight_refuses_and_names_all_that_is_missing(
    key: str, lacking: str, tmp_path: Path
) -> None:
    project = Household(tmp_path / "data").project()
    workflow = project.workflows[key]
    job = project.definitions.resolve_job_def(workflow.name)
    result = job.execute_in_process(run_config=workflow.run_config({}), raise_on_error=False)
    (failure,) = events(result, dg.DagsterEventType.STEP_FAILURE)
    assert failure.step_key == "pre_flight"
    told = failure.step_failure_data.user_failure_data
    assert told
    assert told.description
    assert [name for name in lacking.split() if f'"{name}"' not in told.description] == []
    # Nobody is asked either: the task would lead to a run that cannot start.
    assert [event.step_key for event in events(result, dg.DagsterEventType.STEP_START)] == [
        "pre_flight"
    ]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened, virtual_time():
        yield opened


def deployed(key: str, instance: dg.DagsterInstance, outcomes: Outcomes) -> Deployment:
    """The workflow with everything that it needs, on operations that play `outcomes` by step."""
    spec = ALL[key]
    script = Script(**{step_id: list(played) for step_id, played in outcomes.items()})
    translated = translate(spec, scripted(spec, script), providing(spec))
    return Deployment(translated, instance, script)


def scripted(spec: WorkflowSpec, script: Script) -> OperationRegistry:
    registry = OperationRegistry()
    for step in spec.definition.steps:
        if step.action and step.action.operation:
            (player,) = script.registry(step.id)

            async def play(context: OperationContext[Any], player: Operation = player) -> object:
                return await player.run(context)

            reference = step.action.operation
            registry.register(
                Operation(
                    key=reference.key, version=reference.version or "", run=play, description=""
                )
            )
    return registry


def providing(spec: WorkflowSpec) -> AppConfig:
    slots = {slot for step in spec.definition.steps for slot in step.required_integrations or ()}
    return AppConfig.model_validate(
        {
            "integrations": [{"slotId": slot, "status": "connected"} for slot in sorted(slots)],
            "capabilities": {"enabled": []},
        }
    )


def failed_step(result: dg.ExecuteInProcessResult) -> str | None:
    (failure,) = events(result, dg.DagsterEventType.STEP_FAILURE)
    return failure.step_key


def test_a_summary_is_made_and_sent(instance: dg.DagsterInstance) -> None:
    home = deployed(SUMMARY, instance, {"summarise": [retryable(), {"summary": "All is well."}]})
    result = home.start({"period": "2026-10"})
    assert steps_of(result) == ["summarise", "distribute"]
    assert home.script.calls == ["summarise", "summarise", "distribute"]
    assert home.script.seen[-1] == {"period": "2026-10", "summary": "All is well."}


def test_a_summary_that_cannot_be_sent_is_tried_again_and_then_fails(
    instance: dg.DagsterInstance,
) -> None:
    home = deployed(SUMMARY, instance, {"distribute": [retryable()] * 3})
    assert failed_step(home.start()) == "distribute"
    assert home.script.calls == ["summarise", *["distribute"] * 3]


def test_a_summary_that_cannot_be_made_is_not_sent(instance: dg.DagsterInstance) -> None:
    home = deployed(SUMMARY, instance, {"summarise": [fatal()]})
    assert failed_step(home.start()) == "summarise"
    assert home.script.calls == ["summarise"]


def test_no_new_threads_are_triaged_by_a_person(instance: dg.DagsterInstance) -> None:
    home = deployed(EMAIL, instance, {"sync": [{"syncedThreads": 0}]})
    assert result_of(home.start())["waits_for"]["step_id"] == "triage"
    home.decide({"tagged": ["invoice"]})
    (after,) = home.tick()
    assert steps_of(after) == ["sync", "triage"]
    assert result_of(after)["data"] == {"syncedThreads": 0, "tagged": ["invoice"]}


@pytest.mark.parametrize("output", [{"syncedThreads": 3}, {}])
def test_with_new_threads_there_is_no_way_on(
    instance: dg.DagsterInstance, output: dict[str, Any]
) -> None:
    home = deployed(EMAIL, instance, {"sync": [output]})
    assert failed_step(home.start()) == "sync"
    assert home.script.calls == ["sync"]


def test_a_document_is_stored_and_then_classified_by_a_person(instance: dg.DagsterInstance) -> None:
    home = deployed(DOCUMENT, instance, {"store": [{"documentId": "d-1"}]})
    assert result_of(home.start({"name": "invoice.pdf"}))["waits_for"]["step_id"] == "review"
    home.decide({"category": "invoice"})
    (after,) = home.tick()
    assert result_of(after)["data"] == {
        "name": "invoice.pdf", "documentId": "d-1", "category": "invoice",
    }  # fmt: skip


def test_a_reminder_is_scheduled_once_it_is_confirmed(instance: dg.DagsterInstance) -> None:
    home = deployed(REMINDER, instance, {"schedule": [retryable(), {"reminderId": "r-1"}]})
    assert result_of(home.start({"amount": "120.00"}))["waits_for"]["step_id"] == "collect"
    assert home.script.calls == []
    home.decide({"confirmed": True, "channels": ["sms"]})
    (after,) = home.tick()
    assert steps_of(after) == ["collect", "schedule"]
    assert home.script.seen[-1] == {"amount": "120.00", "confirmed": True, "channels": ["sms"]}
    assert home.tick() == []


@pytest.mark.parametrize("answer", [{"confirmed": False}, {"confirmed": "true"}, None])
def test_without_a_confirmation_nothing_is_scheduled(
    instance: dg.DagsterInstance, answer: object
) -> None:
    home = deployed(REMINDER, instance, {})
    home.start()
    home.decide(answer)
    (after,) = home.tick()
    assert not after.success
    assert home.script.calls == []
