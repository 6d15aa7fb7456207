"""PFO100-PFO109: what workflows need and this installation does not give."""

from __future__ import annotations

from typing import Final

from pfo_dagster.spec.rules.rule import Rule

SLOT_UNBOUND: Final = Rule(
    "PFO100",
    "error",
    "An integration slot is not bound",
    "The workflow cannot start: pre-flight refuses it.",
    "requiredIntegrations: [primaryOpenBankng]",
    of_installation=True,
)
SLOT_DOWN: Final = Rule(
    "PFO101",
    "error",
    "An integration slot is in status error or disconnected",
    "The workflow cannot start: pre-flight refuses it.",
    "integrations: [{slotId: primaryOpenBanking, status: disconnected}]",
    of_installation=True,
)
SLOT_UNKNOWN: Final = Rule(
    "PFO102",
    "warning",
    "An integration slot's status is unknown",
    "The workflow starts, but nobody has seen the integration work.",
    "integrations: [{slotId: primaryOpenBanking, status: unknown}]",
)
CAPABILITY_OFF: Final = Rule(
    "PFO103",
    "error",
    "A required capability is not enabled",
    "The workflow cannot start: pre-flight refuses it.",
    "capabilities: {enabled: []}",
    of_installation=True,
)
OVERSPENT: Final = Rule(
    "PFO104",
    "error",
    "Banks may be asked more often than is allowed",
    "Whoever does is shut out by the bank. Only this project's own workflows have schedules and a "
    "budget: it is they that do not load, and the arithmetic says why.",
    "PFO_FORCE_SYNC=always on 3 runs a day of a step with 3 retries: 3 x 4 = 12 forced syncs of "
    "each connection, where PFO_FORCED_SYNCS_PER_DAY allows 4",
)
JOB_UNKNOWN: Final = Rule(
    "PFO105",
    "warning",
    "The app config names a workflow that there is not",
    "Whoever wrote it meant a workflow, which now has assets that it was not to have.",
    "jobsOnly: [my.workflow.mroning]",
)
