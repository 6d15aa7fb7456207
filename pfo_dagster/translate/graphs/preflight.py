"""Whether a workflow can start at all: slots bound, capabilities enabled, operations known.

Pure: the same judgement for the op that runs before the first step, for `pfo plan` and for tests.
The rules and their order are the reference's (`WorkflowRunner.performPreFlight`): all integrations
before all capabilities, one issue for each step and slot, capabilities matched by exact key and
version, the requirements of unreachable steps counted. That operations must be known is ours: the
reference finds out in the middle of a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pfo_dagster.operations import OperationRegistry
    from pfo_dagster.spec import AppConfig, CompensationStep, SpecRef, Step, WorkflowSpec

BROKEN_SLOT_STATES = frozenset({"error", "disconnected"})


@dataclass(frozen=True, slots=True)
class PreFlightIssue:
    """One requirement of one step that is not met, or not known to be."""

    severity: Literal["error", "warning"]
    type: Literal["integration", "capability", "operation"]
    identifier: str
    step_id: str
    reason: str


def pre_flight(
    spec: WorkflowSpec, operations: OperationRegistry, app: AppConfig | None
) -> list[PreFlightIssue]:
    """Everything that stands in the way of running `spec`, errors and warnings.

    Without an app config nothing is known of slots and capabilities, so they are not judged.
    """
    steps = spec.definition.steps
    issues: list[PreFlightIssue] = []
    if app is not None:
        issues += [issue for step in steps for issue in _slots(step, app)]
        issues += [issue for step in steps for issue in _capabilities(step, app)]
    issues += [issue for step in steps for issue in _operations(step, operations)]
    undoing = spec.definition.compensation.steps if spec.definition.compensation else ()
    return issues + [issue for undo in undoing for issue in _undoing(undo, operations)]


def summarize(issues: Sequence[PreFlightIssue]) -> str:
    """One message that names each unmet requirement once, with the steps that have it."""
    steps_by_reason: dict[str, list[str]] = {}
    for issue in issues:
        steps_by_reason.setdefault(issue.reason, []).append(issue.step_id)
    return "\n".join(
        f"- {reason} Needed by: {', '.join(dict.fromkeys(steps))}."
        for reason, steps in steps_by_reason.items()
    )


def _slots(step: Step, app: AppConfig) -> Iterator[PreFlightIssue]:
    for slot_id in step.required_integrations or ():
        binding = app.binding(slot_id)
        if binding is None:
            severity, reason = "error", "is not bound. Bind it in specs/app.yaml."
        elif binding.status in BROKEN_SLOT_STATES:
            severity, reason = "error", f'is in status "{binding.status}".'
        elif binding.status == "unknown":
            severity, reason = "warning", "reports an unknown health status."
        else:
            continue
        reason = f'Integration slot "{slot_id}" {reason}'
        yield PreFlightIssue(severity, "integration", slot_id, step.id, reason)


def _capabilities(step: Step, app: AppConfig) -> Iterator[PreFlightIssue]:
    for capability in step.required_capabilities or ():
        if not app.enables(capability.key, capability.version):
            name = f"{capability.key}@{capability.version}"
            reason = f'Capability "{name}" is not enabled. Enable it in specs/app.yaml.'
            yield PreFlightIssue("error", "capability", name, step.id, reason)


def _operations(step: Step, operations: OperationRegistry) -> Iterator[PreFlightIssue]:
    if not step.calls:
        return
    reference = step.action.operation if step.action else None
    if reference is None:
        reason = f'Automation step "{step.id}" names no operation to call.'
        yield PreFlightIssue("error", "operation", "", step.id, reason)
    else:
        yield from _unregistered(reference, step.id, operations)


def _undoing(undo: CompensationStep, operations: OperationRegistry) -> Iterator[PreFlightIssue]:
    """What is done must be possible to undo: a failed run is too late to find out."""
    if undo.operation is None:
        reason = f'The compensation of step "{undo.step_id}" names no operation to call.'
        yield PreFlightIssue("error", "operation", "", undo.step_id, reason)
    else:
        yield from _unregistered(undo.operation, undo.step_id, operations)


def _unregistered(
    reference: SpecRef, step_id: str, operations: OperationRegistry
) -> Iterator[PreFlightIssue]:
    if operations.get(reference.key, reference.version) is None:
        name = f"{reference.key}@{reference.version}" if reference.version else reference.key
        reason = f'Operation "{name}" is not registered in this code location.'
        yield PreFlightIssue("error", "operation", name, step_id, reason)
