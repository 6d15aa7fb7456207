"""Which recorded runs are not replayed. What decides is what a case asks for, never how it ends."""

from __future__ import annotations

from typing import Any

from pfo_dagster.spec import WorkflowSpec, check_structure
from pfo_dagster.spec.model import GUARD_TYPES, STEP_TYPES
from pfo_dagster.spec.rules import structure as rules
from tests.conformance.outcome import Difference
from tests.conformance.recordings import given_by_hand

# What a caller may do once a run has come to its end, or waits.
AFTERWARDS = frozenset({"rollback", "advance", "sla"})


def reason_to_skip(case: dict[str, Any], spec: WorkflowSpec) -> Difference | None:
    """Why a run is not replayed, or None if it is."""
    return _refused(case, spec) or _not_a_run(case)


def _refused(case: dict[str, Any], spec: WorkflowSpec) -> Difference | None:
    steps = spec.definition.steps
    errors = {issue.code for issue in check_structure(spec) if issue.level == "error"}
    if errors - {rules.UNREACHABLE.code, rules.CYCLE.code}:
        return Difference.BROKEN_SPEC
    if errors & {rules.CYCLE.code}:
        return Difference.LOOP
    if any(
        step.type not in STEP_TYPES or (step.guard and step.guard.type not in GUARD_TYPES)
        for step in steps
    ):
        return Difference.BROKEN_SPEC
    if "guardEvaluator" not in case and any(
        step.guard and step.guard.type == "policy" for step in steps
    ):
        return Difference.UNBOUND_POLICY
    if any(
        step.type == "automation" and not (step.action and step.action.operation) for step in steps
    ):
        return Difference.PRE_FLIGHT
    return None


def _not_a_run(case: dict[str, Any]) -> Difference | None:
    """A run is started and then run to its end; by single steps or at once is the same."""
    actions = case.get("actions", [{"do": "start"}, {"do": "run"}])
    if {"extraSpecs", "version"} & case.keys() or any("version" in action for action in actions):
        return Difference.REGISTRY
    done = [action["do"] for action in actions if action["do"] != "preFlightCheck"]
    while done[-1:] and done[-1] in AFTERWARDS:
        done.pop()
    inputs = sum("input" in action for action in actions)
    answers = sum(map(len, given_by_hand(case).values()))
    steered = inputs > answers or any("background" in action for action in actions)
    steps = len(case["spec"]["definition"]["steps"])
    ends = "run" in done or answers == steps or done.count("executeStep") >= steps
    whole = done[:1] == ["start"] and ends and set(done[1:]) <= {"executeStep", "run"}
    refused_at_start = done == ["start"] and case["expected"]["final"] is None
    return None if (whole or refused_at_start) and not steered else Difference.STEPWISE
