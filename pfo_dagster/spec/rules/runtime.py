"""PFO040-PFO059: settings of particular runtimes. Most are the reference's own."""

from __future__ import annotations

from typing import Final

from pfo_dagster.spec.rules.rule import Rule

MANY_ADAPTERS: Final = Rule(
    "PFO040",
    "warning",
    "Several runtime adapters are enabled",
    "It must be decided elsewhere which of them runs the workflow.",
    "adapters: {langgraph: true, langchain: true}",
)
UNKNOWN_ADAPTER: Final = Rule(
    "PFO041",
    "warning",
    "A runtime adapter is unknown",
    "ContractSpec has no such adapter, so the setting has no effect.",
    "adapters: {langgraf: true}",
)
EMPTY_PORT: Final = Rule(
    "PFO042",
    "error",
    "A runtime port is blank",
    "A port that is named must name an adapter.",
    "ports: {suspension: ' '}",
)
UNKNOWN_PORT: Final = Rule(
    "PFO043",
    "warning",
    "A runtime port is unknown",
    "ContractSpec has no such port, so the setting has no effect.",
    "ports: {checkpoints: memory}",
)
NO_CHECKPOINT_STORE: Final = Rule(
    "PFO044",
    "warning",
    "Checkpointing without a store",
    "Checkpoints need somewhere to go.",
    "runtime: {capabilities: {checkpointing: true}, ports: {}}",
)
NO_SUSPENSION: Final = Rule(
    "PFO045",
    "warning",
    "Suspend and resume without a port",
    "Something must hold the suspended run.",
    "runtime: {capabilities: {suspendResume: true}, ports: {}}",
)
NO_APPROVAL_GATEWAY: Final = Rule(
    "PFO046",
    "warning",
    "Approvals without a gateway",
    "Something must ask for them.",
    "runtime: {capabilities: {approvalGateway: true}, ports: {}}",
)
DEVKIT_UNDEFINED: Final = Rule(
    "PFO047",
    "warning",
    "The workflow devkit is enabled without settings",
    "Its checks are skipped.",
    "adapters: {workflow-devkit: true}",
)
DEVKIT_EMPTY_TEXT: Final = Rule(
    "PFO048",
    "error",
    "A prefix of the workflow devkit is blank",
    "Leave it out, or give it.",
    "runIdentity: {prefix: ''}",
)
NOT_JSON: Final = Rule(
    "PFO049",
    "error",
    "A value is not JSON",
    "The devkit keeps it as JSON and would lose it.",
    "(a date object in metadata of a spec made in memory)",
)
NO_WAIT: Final = Rule(
    "PFO050",
    "warning",
    "A human step has no wait behaviour in the devkit",
    "The devkit would not wait for anybody.",
    "{id: review, type: human, label: Review}",
)
BEHAVIOR_INCOMPLETE: Final = Rule(
    "PFO051",
    "error",
    "A devkit behaviour lacks its settings",
    "The behaviour is named but not described.",
    "workflowDevkit: {behavior: sleep}",
)
NO_IDEMPOTENCY_KEY: Final = Rule(
    "PFO052",
    "error",
    "A retrying step has no idempotency key in the devkit",
    "A repeated attempt could not be told from a new one.",
    "(an automation step with retry and workflowDevkit: {behavior: sleep})",
)
EMPTY_IDEMPOTENCY_KEY: Final = Rule(
    "PFO053",
    "error",
    "An idempotency key is blank",
    "All attempts of all steps would be the same.",
    "workflowDevkit: {idempotencyKey: ''}",
)
UNKNOWN_BEHAVIOR: Final = Rule(
    "PFO054",
    "warning",
    "A devkit behaviour is missing or unknown",
    "The devkit has no such behaviour, so the step's settings have no effect.",
    "workflowDevkit: {behavior: wait}",
)
