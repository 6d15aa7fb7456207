"""The workflow devkit's settings: the reference's `validateWorkflowDevkitConfig`."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast

from pfo_dagster.spec.checks.finding import finding, is_given
from pfo_dagster.spec.expressions.values import WHITESPACE
from pfo_dagster.spec.rules import runtime as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.model import Step, WorkflowSpec
    from pfo_dagster.spec.runtime_model import StepDevkitConfig, WorkflowDevkitConfig
    from pfo_dagster.spec.source import Place

_DEVKIT: Place = ("runtime", "workflowDevkit")


def check_devkit(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """The reference's `validateWorkflowDevkitConfig`; silent unless the devkit is used."""
    runtime = spec.runtime
    devkit = runtime.workflow_devkit if runtime else None
    if not runtime or not devkit:
        adapters = runtime and runtime.capabilities and runtime.capabilities.adapters
        if adapters and adapters.get("workflow-devkit"):
            message = (
                "Workflow enables the workflow-devkit adapter "
                "without defining runtime.workflowDevkit."
            )
            place = ("runtime", "capabilities", "adapters", "workflow-devkit")
            yield finding(spec, rules.DEVKIT_UNDEFINED, message, place)
        return
    yield from _check_prefixes(spec, devkit)
    serialization = devkit.serialization
    strict = ((serialization and serialization.mode) or "strict") == "strict"
    enforced = serialization.enforce_metadata if serialization else None
    if strict and enforced in {True, None}:
        for field in ("metadata", "annotations"):
            if is_given(spec, field) and not is_json(getattr(spec, field)):
                message = f"Workflow {field} must be JSON-serializable."
                yield finding(spec, rules.NOT_JSON, message, (field,))
    for index, step in enumerate(spec.definition.steps):
        yield from _check_step(spec, step, ("definition", "steps", index), strict=strict)


def _check_prefixes(spec: WorkflowSpec, devkit: WorkflowDevkitConfig) -> Iterator[Diagnostic]:
    for field, config in (("runIdentity", devkit.run_identity), ("hookTokens", devkit.hook_tokens)):
        if config and config.prefix is not None and not config.prefix.strip(WHITESPACE):
            message = f"runtime.workflowDevkit.{field}.prefix must not be empty when provided."
            place = (*_DEVKIT, field, "prefix")
            yield finding(spec, rules.DEVKIT_EMPTY_TEXT, message, place)


def _check_step(
    spec: WorkflowSpec, step: Step, place: Place, *, strict: bool
) -> Iterator[Diagnostic]:
    config = step.runtime.workflow_devkit if step.runtime else None
    if not config:
        if step.type == "human":
            message = (
                f'Human step "{step.id}" does not define runtime.workflowDevkit wait behavior.'
            )
            yield finding(spec, rules.NO_WAIT, message, place)
        return
    place = (*place, *_DEVKIT)
    yield from _check_behavior(spec, step.id, config, place)
    blank = not (config.idempotency_key or "").strip(WHITESPACE)
    if step.type == "automation" and step.retry and blank:
        message = (
            f'Retrying automation step "{step.id}" must define '
            "runtime.workflowDevkit.idempotencyKey."
        )
        yield finding(spec, rules.NO_IDEMPOTENCY_KEY, message, place)
    if config.idempotency_key is not None and blank:
        message = f'Step "{step.id}" defines an empty runtime.workflowDevkit.idempotencyKey.'
        yield finding(spec, rules.EMPTY_IDEMPOTENCY_KEY, message, (*place, "idempotencyKey"))
    if strict:
        yield from _check_examples(spec, step.id, config, place)


def _check_behavior(
    spec: WorkflowSpec, step_id: str, config: StepDevkitConfig, place: Place
) -> Iterator[Diagnostic]:
    behavior = config.behavior
    if behavior == "sleep":
        if not config.sleep or not config.sleep.duration.strip(WHITESPACE):
            message = f'Step "{step_id}" configures sleep but is missing sleep.duration.'
            yield finding(spec, rules.BEHAVIOR_INCOMPLETE, message, (*place, "sleep", "duration"))
        return
    waits = {
        "hookWait": (config.hook_wait, "hook"),
        "webhookWait": (config.webhook_wait, "webhook"),
        "approvalWait": (config.approval_wait, "approval"),
        "streamSession": (config.stream_session, "stream"),
    }
    if behavior not in waits:
        return
    wait, source = waits[behavior]
    if not wait or wait.resume_source != source:
        message = (
            f'Step "{step_id}" configures {behavior} but does not declare resumeSource "{source}".'
        )
        at = (*place, behavior, "resumeSource")
        yield finding(spec, rules.BEHAVIOR_INCOMPLETE, message, at)


def _check_examples(
    spec: WorkflowSpec, step_id: str, config: StepDevkitConfig, place: Place
) -> Iterator[Diagnostic]:
    stream = config.stream_session
    examples: list[tuple[Place, object]] = [
        (("stateExample",), config.state_example),
        (("hookWait", "payloadExample"), config.hook_wait and config.hook_wait.payload_example),
        (
            ("webhookWait", "payloadExample"),
            config.webhook_wait and config.webhook_wait.payload_example,
        ),
        (
            ("approvalWait", "payloadExample"),
            config.approval_wait and config.approval_wait.payload_example,
        ),
        (("streamSession", "initialState"), stream and stream.initial_state),
    ]
    for field, example in examples:
        if not is_json(example):
            name = ".".join(map(str, (*_DEVKIT, *field)))
            message = f'Step "{step_id}" field {name} must be JSON-serializable.'
            yield finding(spec, rules.NOT_JSON, message, (*place, *field))


def is_json(value: object) -> bool:
    """The reference's `isJsonValue`: NaN counts as JSON, the same object twice does not."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if current is None or isinstance(current, str | bool | int | float | Decimal):
            continue
        if id(current) in seen:
            return False
        seen.add(id(current))
        if isinstance(current, list):
            waiting.extend(cast("list[object]", current))
        elif isinstance(current, dict):
            waiting.extend(cast("dict[str, object]", current).values())
        else:
            return False
    return True
