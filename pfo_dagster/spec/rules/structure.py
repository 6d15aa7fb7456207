"""PFO020-PFO039: steps and transitions. The reference's `validateWorkflowSpec`, and more."""

from __future__ import annotations

from typing import Final

from pfo_dagster.spec.rules.rule import Rule

NO_STEPS: Final = Rule(
    "PFO020",
    "error",
    "The workflow has no steps",
    "There is nothing to run.",
    "definition: {steps: [], transitions: []}",
)
DUPLICATE_STEP: Final = Rule(
    "PFO021",
    "error",
    "Two steps have the same id",
    "Transitions could not tell them apart.",
    "steps: [{id: a, type: automation}, {id: a, type: human}]",
)
NO_OPERATION: Final = Rule(
    "PFO022",
    "warning",
    "An automation step names no operation",
    "It fails when it is run.",
    "{id: refresh, type: automation, label: Refresh}",
)
NO_FORM: Final = Rule(
    "PFO023",
    "warning",
    "A human step names no form",
    "Whoever must decide is not told what to fill in.",
    "{id: review, type: human, label: Review}",
)
EMPTY_GUARD: Final = Rule(
    "PFO024",
    "error",
    "A guard is empty",
    "An empty guard lets everything pass, which nobody writes a guard for.",
    "guard: {type: expression, value: ' '}",
)
NO_ENTRY: Final = Rule(
    "PFO025",
    "error",
    "The workflow has no entry step",
    "It is not known where to begin.",
    "definition: {entryStepId: ''}",
)
UNKNOWN_ENTRY: Final = Rule(
    "PFO026",
    "error",
    "The entry step is not among the steps",
    "The first step to run does not exist.",
    "definition: {entryStepId: refresh, steps: [{id: fetch}]}",
)
UNKNOWN_FROM: Final = Rule(
    "PFO027",
    "error",
    "A transition leaves an unknown step",
    "The edge can never be taken.",
    "{from: refrsh, to: fetch}",
)
UNKNOWN_TO: Final = Rule(
    "PFO028",
    "error",
    "A transition enters an unknown step",
    "The run would fail on the way.",
    "{from: refresh, to: ftech}",
)
EMPTY_CONDITION: Final = Rule(
    "PFO029",
    "error",
    "A condition is blank",
    "A blank condition always holds, which looks like a mistake; leave it out if it is meant.",
    "{from: a, to: b, condition: ' '}",
)
MANY_ROOTS: Final = Rule(
    "PFO030",
    "warning",
    "Several steps have no incoming transition",
    "Only one of them is the entry, the others are probably not connected by mistake.",
    "(steps a, b, c with the one transition a -> c)",
)
UNREACHABLE: Final = Rule(
    "PFO031",
    "error",
    "A step cannot be reached",
    "It never runs, whatever the data.",
    "(steps a and b without a transition)",
)
CYCLE: Final = Rule(
    "PFO032",
    "error",
    "The transitions form a cycle",
    "A run might never end.",
    "(a -> b and b -> a)",
)
UNKNOWN_STEP_TYPE: Final = Rule(
    "PFO033",
    "error",
    "The step's type is unknown",
    "ContractSpec's engine passes such a step by without a word.",
    "{id: a, type: automaton, label: A}",
)
UNKNOWN_GUARD_TYPE: Final = Rule(
    "PFO034",
    "error",
    "The guard's type is unknown",
    "ContractSpec's engine lets everything pass such a guard.",
    "guard: {type: expresion, value: data.ok}",
)
SHADOWED: Final = Rule(
    "PFO035",
    "warning",
    "A transition comes after one that always matches",
    "The first match is taken, so the later one never is.",
    "[{from: a, to: b}, {from: a, to: c, condition: data.ok}]",
)
NO_WAY_OUT: Final = Rule(
    "PFO036",
    "warning",
    "A step has only conditional transitions",
    "When none of them matches, the run fails, after the step has done its work.",
    "[{from: a, to: b, condition: output.ok === true}]",
)
NEVER_MATCHES: Final = Rule(
    "PFO037",
    "warning",
    "A condition or guard can never hold",
    "What it leads to never runs, whatever the data.",
    "condition: output.n > 5 && output.n < 3",
)
COVERED: Final = Rule(
    "PFO038",
    "warning",
    "A condition matches only where an earlier one does",
    "The first match is taken, so this transition never is.",
    "[{from: a, to: b, condition: output.n > 1}, {from: a, to: c, condition: output.n > 5}]",
)
OVERLAP: Final = Rule(
    "PFO039",
    "warning",
    "Two conditions overlap",
    "Which transition is taken depends on their order, which nobody may have meant. A narrower "
    "condition before a wider one is no overlap.",
    "[{from: a, to: b, condition: output.rich}, {from: a, to: c, condition: output.old}]",
)
