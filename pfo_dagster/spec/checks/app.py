"""What pre-flight would say of a workflow and an app config, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.spec.checks.finding import as_javascript, did_you_mean, finding
from pfo_dagster.spec.rules import app as rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pfo_dagster.spec.app import AppConfig
    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.model import WorkflowSpec
    from pfo_dagster.spec.source import Place


def check_app(spec: WorkflowSpec, app: AppConfig) -> Iterator[Diagnostic]:
    """The reference's pre-flight: one finding for each step and slot, slots before capabilities.

    The messages are the reference's; `context` names the step and what it lacks.
    """
    for index, step in enumerate(spec.definition.steps):
        for number, slot_id in enumerate(step.required_integrations or ()):
            place = ("definition", "steps", index, "requiredIntegrations", number)
            yield from _check_slot(spec, app, step.id, slot_id, place)
    for index, step in enumerate(spec.definition.steps):
        for number, required in enumerate(step.required_capabilities or ()):
            if not app.enables(required.key, required.version):
                name = f"{as_javascript(required, 'key')}@{as_javascript(required, 'version')}"
                enabled = [f"{one.key}@{one.version}" for one in app.capabilities.enabled]
                yield finding(
                    spec,
                    rules.CAPABILITY_OFF,
                    f'Capability "{name}" is not enabled.',
                    ("definition", "steps", index, "requiredCapabilities", number),
                    expected=f"one of {', '.join(enabled)}" if enabled else None,
                    hint=did_you_mean(name, enabled) or "enable it in the app config",
                    context={"stepId": step.id, "type": "capability", "identifier": name},
                )


def check_jobs_only(app: AppConfig, keys: Collection[str]) -> Iterator[Diagnostic]:
    """Workflows that the app config names and that are not among `keys`, those that there are."""
    for number, key in enumerate(app.jobs_only or ()):
        if key not in keys:
            message = f'There is no workflow "{key}".'
            place = ("jobsOnly", number)
            hint = did_you_mean(key, keys) or "remove it"
            yield finding(app, rules.JOB_UNKNOWN, message, place, hint=hint)


def _check_slot(
    spec: WorkflowSpec, app: AppConfig, step_id: str, slot_id: str, place: Place
) -> Iterator[Diagnostic]:
    context = {"stepId": step_id, "type": "integration", "identifier": slot_id}
    binding = app.binding(slot_id)
    if binding is None:
        bound = [one.slot_id for one in app.integrations]
        yield finding(
            spec,
            rules.SLOT_UNBOUND,
            f'Integration slot "{slot_id}" is not bound in the resolved app config.',
            place,
            expected=f"one of {', '.join(bound)}" if bound else None,
            hint=did_you_mean(slot_id, bound) or "bind it in the app config",
            context=context,
        )
    elif binding.status in {"error", "disconnected"}:
        message = f'Integration slot "{slot_id}" is in status "{binding.status}".'
        hint = f"repair the connection to {binding.provider}" if binding.provider else None
        yield finding(spec, rules.SLOT_DOWN, message, place, hint=hint, context=context)
    elif binding.status == "unknown":
        message = f'Integration slot "{slot_id}" reports unknown health status.'
        yield finding(spec, rules.SLOT_UNKNOWN, message, place, context=context)
