"""PFO016-PFO019: what is written in TypeScript and can be known only by running it."""

from __future__ import annotations

from typing import Final

from pfo_dagster.spec.rules.rule import Rule

NOT_LITERAL: Final = Rule(
    "PFO016",
    "error",
    "The TypeScript is not a literal",
    "Specs are read, never run; what only a running program knows cannot be in one.",
    "retry: { ...defaults, maxAttempts: 3 }",
)
UNKNOWN_NAME: Final = Rule(
    "PFO017",
    "error",
    "A name has no value in this file",
    "Names of other files are not followed: what they stand for could change unseen.",
    "requiredCapabilities: [BALANCE_CAPABILITY]",
)
CIRCULAR_NAME: Final = Rule(
    "PFO018",
    "error",
    "A constant refers to itself",
    "Its value has no end.",
    "const A = [B]; const B = [A];",
)
HIDDEN_WORKFLOW: Final = Rule(
    "PFO019",
    "error",
    "A workflow is defined where it cannot be read",
    "Inside a function or a call, what becomes of a definition is known only when it runs.",
    "const build = () => defineWorkflow({ ... });",
)
