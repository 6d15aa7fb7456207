"""PFO060-PFO069: operations, forms and capabilities that a spec refers to."""

from __future__ import annotations

from typing import Final

from pfo_dagster.spec.rules.rule import Rule

UNKNOWN_OPERATION: Final = Rule(
    "PFO060",
    "error",
    "A step calls an unknown operation",
    "The run would fail at this step.",
    "operation: {key: openbanking.balances.refesh, version: '1.0.0'}",
    of_installation=True,
)
UNKNOWN_FORM: Final = Rule(
    "PFO061",
    "error",
    "A step shows an unknown form",
    "Nobody could fill it in; here, any JSON would be taken for an answer.",
    "form: {key: pfo.reviw, version: '1.0.0'}",
    of_installation=True,
)
UNKNOWN_CAPABILITY: Final = Rule(
    "PFO062",
    "error",
    "A step requires an unknown capability",
    "It can never be enabled, so the workflow can never start.",
    "requiredCapabilities: [{key: openbanking.balance.read, version: '1.0.0'}]",
)
UNKNOWN_COMPENSATION_OPERATION: Final = Rule(
    "PFO063",
    "error",
    "A compensation calls an unknown operation",
    "A failed run could not be undone.",
    "{stepId: charge, operation: {key: payments.refnd, version: '1.0.0'}}",
    of_installation=True,
)
