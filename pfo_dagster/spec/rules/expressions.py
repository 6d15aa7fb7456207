"""PFO090-PFO099: the texts of conditions and guards."""

from __future__ import annotations

from typing import Final

from pfo_dagster.spec.rules.rule import Rule

UNPARSABLE: Final = Rule(
    "PFO090",
    "error",
    "An expression cannot be read",
    "ContractSpec's engine takes what it cannot read for true: the branch is always taken.",
    "condition: output.count = 0",
)
SURPRISING: Final = Rule(
    "PFO091",
    "warning",
    "An expression means something else than it seems to",
    "It is read as ContractSpec's engine reads it, which is not how it looks.",
    "condition: data.spent === data.budget",
)
OUTPUT_IN_GUARD: Final = Rule(
    "PFO092",
    "warning",
    "A guard looks at `output`",
    "A guard is asked before its step runs, when `output` is always undefined.",
    "guard: {type: expression, value: output.ok === true}",
)
