"""Runtime adapters and ports: the reference's `validateRuntimeConfig`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.spec.checks.finding import finding
from pfo_dagster.spec.expressions.values import WHITESPACE
from pfo_dagster.spec.rules import runtime as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.model import WorkflowSpec


def check_runtime(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """The reference's `validateRuntimeConfig`. Without `ports` it does not ask for any."""
    runtime = spec.runtime
    if not runtime:
        return
    capabilities = runtime.capabilities
    adapters = (capabilities and capabilities.adapters) or {}
    enabled = [name for name, is_on in adapters.items() if is_on]
    if len(enabled) > 1:
        message = (
            f"Workflow enables multiple runtime adapters ({', '.join(enabled)}). "
            "Ensure adapter routing is deterministic."
        )
        place = ("runtime", "capabilities", "adapters")
        yield finding(spec, rules.MANY_ADAPTERS, message, place)
    ports = runtime.ports
    if ports is None:
        return
    for name, reference in ports.items():
        if not reference.strip(WHITESPACE):
            message = f'Workflow runtime port "{name}" must not be empty when provided.'
            yield finding(spec, rules.EMPTY_PORT, message, ("runtime", "ports", name))
    if not capabilities:
        return
    place = ("runtime", "ports")
    if capabilities.checkpointing and not ports.get("checkpointStore"):
        message = "Workflow enables checkpointing without defining runtime.ports.checkpointStore."
        yield finding(spec, rules.NO_CHECKPOINT_STORE, message, place)
    if capabilities.suspend_resume and not ports.get("suspension"):
        message = "Workflow enables suspend/resume without defining runtime.ports.suspension."
        yield finding(spec, rules.NO_SUSPENSION, message, place)
    if capabilities.approval_gateway and not ports.get("approvalGateway"):
        message = (
            "Workflow enables approval gateway without defining runtime.ports.approvalGateway."
        )
        yield finding(spec, rules.NO_APPROVAL_GATEWAY, message, place)
