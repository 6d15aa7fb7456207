"""References of a spec to operations, forms, capabilities and steps."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, TypeAlias

from pfo_dagster.spec.checks.finding import as_javascript, did_you_mean, finding
from pfo_dagster.spec.rules import policies
from pfo_dagster.spec.rules import references as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.fields import SpecRef
    from pfo_dagster.spec.model import WorkflowSpec

References: TypeAlias = AbstractSet[tuple[str, str]]
"""What exists, as `(key, version)`."""


def check_actions(
    spec: WorkflowSpec, *, operations: References | None, forms: References | None
) -> Iterator[Diagnostic]:
    """The reference's `validateStepActions`."""
    for index, step in enumerate(spec.definition.steps):
        if not step.action:
            continue
        place = ("definition", "steps", index, "action")
        operation, form = step.action.operation, step.action.form
        if operation and operations is not None and not _exists(operation, operations):
            message = f'Step "{step.id}" references unknown operation {_name(operation)}.'
            hint = _nearest(operation, operations)
            yield finding(
                spec, rules.UNKNOWN_OPERATION, message, (*place, "operation", "key"), hint=hint
            )
        if form and forms is not None and not _exists(form, forms):
            message = f'Step "{step.id}" references unknown form {_name(form)}.'
            hint = _nearest(form, forms)
            yield finding(spec, rules.UNKNOWN_FORM, message, (*place, "form", "key"), hint=hint)


def check_capabilities(spec: WorkflowSpec, capabilities: References) -> Iterator[Diagnostic]:
    """Capabilities that steps require and nobody defines."""
    for index, step in enumerate(spec.definition.steps):
        for number, required in enumerate(step.required_capabilities or ()):
            if _exists(required, capabilities):
                continue
            yield finding(
                spec,
                rules.UNKNOWN_CAPABILITY,
                f'Step "{step.id}" references unknown capability "{_name(required)}"',
                ("definition", "steps", index, "requiredCapabilities", number),
                hint=_nearest(required, capabilities),
                context={"stepId": step.id, "capability": _written(required)},
            )


def check_compensation_operations(
    spec: WorkflowSpec, operations: References
) -> Iterator[Diagnostic]:
    """Operations that compensations call and nobody defines."""
    compensation = spec.definition.compensation
    for index, undone in enumerate(compensation.steps if compensation else ()):
        if undone.operation and not _exists(undone.operation, operations):
            yield finding(
                spec,
                rules.UNKNOWN_COMPENSATION_OPERATION,
                f'Compensation for step "{undone.step_id}" references unknown operation '
                f'"{_name(undone.operation)}"',
                ("definition", "compensation", "steps", index, "operation", "key"),
                hint=_nearest(undone.operation, operations),
                context={"stepId": undone.step_id, "operation": _written(undone.operation)},
            )


def check_service_level_steps(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """Service levels of steps that do not exist."""
    sla = spec.definition.sla
    step_ids = {step.id for step in spec.definition.steps}
    for step_id in (sla and sla.step_duration_ms) or ():
        if step_id not in step_ids:
            yield finding(
                spec,
                policies.SLA_UNKNOWN_STEP,
                f'SLA references unknown step "{step_id}"',
                ("definition", "sla", "stepDurationMs", step_id),
                at="key",
                hint=did_you_mean(step_id, step_ids),
                context={"stepId": step_id},
            )


def _exists(reference: SpecRef, known: References) -> bool:
    if reference.version is None:
        return any(key == reference.key for key, _ in known)
    return (reference.key, reference.version) in known


def _name(reference: SpecRef) -> str:
    return f"{as_javascript(reference, 'key')}.v{as_javascript(reference, 'version')}"


def _written(reference: SpecRef) -> dict[str, object]:
    return reference.model_dump(by_alias=True, exclude_unset=True)


def _nearest(reference: SpecRef, known: References) -> str | None:
    versions = sorted(version for key, version in known if key == reference.key)
    if versions:
        return f"it exists in version {', '.join(versions)}"
    return did_you_mean(reference.key, {key for key, _ in known})
