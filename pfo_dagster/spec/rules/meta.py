"""PFO010-PFO015: who a workflow is. ContractSpec's types demand these, its engine does not."""

from __future__ import annotations

from typing import Final

from pfo_dagster.spec.rules.rule import Rule

NO_IDENTITY: Final = Rule(
    "PFO010",
    "error",
    "The workflow has no key or no version",
    "Jobs, runs and tags are named after them.",
    "meta: {title: Refresh Balances}",
)
UNDESCRIBED: Final = Rule(
    "PFO011",
    "warning",
    "The workflow lacks part of its description",
    "Description, stability, owners and step labels are what an operator sees in an incident.",
    "meta: {key: pfo.workflow.refresh, version: '1.0.0'}",
)
UNKNOWN_STABILITY: Final = Rule(
    "PFO012",
    "warning",
    "The stability is none of ContractSpec's",
    "Tools that select workflows by their stage will not find it.",
    "meta: {stability: production}",
)
