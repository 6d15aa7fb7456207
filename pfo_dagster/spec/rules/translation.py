"""PFO110-PFO119: what keeps a sound spec from becoming what the translator makes of specs.

Found by `pfo_dagster.translate`, above this package; kept here so that all codes are in one place.
"""

from __future__ import annotations

from typing import Final

from pfo_dagster.spec.rules.rule import Rule

NOT_TRANSLATED: Final = Rule(
    "PFO110",
    "error",
    "A field cannot be carried over",
    "A spec is translated whole or not at all: what is left out in silence is missed too late.",
    "policy: {flags: [beta]}",
)
UNBOUND_POLICY: Final = Rule(
    "PFO111",
    "error",
    "A policy has no evaluator",
    "A policy guard is only a name; ContractSpec's engine lets everything pass one that nobody "
    "evaluates.",
    "guard: {type: policy, value: finance.approved}",
)
SAME_STEP_NAME: Final = Rule(
    "PFO112",
    "error",
    "Two steps would have the same name in Dagster",
    "Names there hold only letters, digits and underscores.",
    "steps: [{id: fetch-rates}, {id: fetch.rates}]",
)
SAME_WORKFLOW_NAME: Final = Rule(
    "PFO113",
    "error",
    "Two workflows would have the same name in Dagster",
    "Names there hold only letters, digits and underscores, and each names one thing.",
    "(two workflows `family.fetch-rates` and `family.fetch.rates`)",
)
TWO_PRODUCERS: Final = Rule(
    "PFO114",
    "error",
    "An asset would have two producers",
    "Nobody could tell which of them made the asset, nor which to run to make it anew.",
    "(two steps that call operations which produce the same asset)",
)
NOT_ACCEPTED: Final = Rule(
    "PFO115",
    "error",
    "Dagster does not accept a value",
    "Owners, tags and names have rules of Dagster's own.",
    "meta: {owners: ['@']}",
)
