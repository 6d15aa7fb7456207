"""Steps and transitions: the reference's `validateWorkflowSpec`, rule by rule in its order."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from pfo_dagster.spec.checks.devkit import check_devkit
from pfo_dagster.spec.checks.finding import did_you_mean, finding
from pfo_dagster.spec.checks.references import check_actions
from pfo_dagster.spec.checks.runtime import check_runtime
from pfo_dagster.spec.expressions.values import WHITESPACE
from pfo_dagster.spec.rules import structure as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec.checks.references import References
    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.model import Step, WorkflowSpec
    from pfo_dagster.spec.source import Place

Edges: TypeAlias = dict[str, dict[str, None]]
"""For each step the steps that transitions lead to, in the order of the file."""


def check_structure(
    spec: WorkflowSpec, *, operations: References | None = None, forms: References | None = None
) -> Iterator[Diagnostic]:
    """The reference's `validateWorkflowSpec`."""
    if not spec.definition.steps:
        message = "Workflow must declare at least one step."
        yield finding(spec, rules.NO_STEPS, message, ("definition", "steps"))
        return
    places: dict[str, Place] = {}
    yield from _check_steps(spec, places)
    yield from _check_entry(spec, places)
    edges: Edges = {step_id: {} for step_id in places}
    yield from _check_transitions(spec, edges)
    yield from check_runtime(spec)
    yield from check_devkit(spec)
    yield from check_actions(spec, operations=operations, forms=forms)
    yield from _check_reachability(spec, edges, places)
    yield from _check_cycles(spec, edges, places)


def _check_steps(spec: WorkflowSpec, places: dict[str, Place]) -> Iterator[Diagnostic]:
    """Checks each step and fills in where the first one of each id stands."""
    for index, step in enumerate(spec.definition.steps):
        place: Place = ("definition", "steps", index)
        if step.id in places:
            message = f'Duplicate step id "{step.id}" detected.'
            yield finding(spec, rules.DUPLICATE_STEP, message, (*place, "id"))
            continue
        places[step.id] = place
        yield from _check_step(spec, step, place)


def _check_step(spec: WorkflowSpec, step: Step, place: Place) -> Iterator[Diagnostic]:
    action = step.action
    if step.type == "automation" and not (action and action.operation):
        message = f'Automation step "{step.id}" does not declare an operation.'
        yield finding(spec, rules.NO_OPERATION, message, place)
    if step.type == "human" and not (action and action.form):
        message = f'Human step "{step.id}" does not declare a form.'
        yield finding(spec, rules.NO_FORM, message, place)
    if step.guard and not step.guard.value.strip(WHITESPACE):
        message = f'Guard for step "{step.id}" must have a non-empty value.'
        yield finding(spec, rules.EMPTY_GUARD, message, (*place, "guard", "value"))


def _check_entry(spec: WorkflowSpec, places: dict[str, Place]) -> Iterator[Diagnostic]:
    entry, place = spec.entry_step_id, ("definition", "entryStepId")
    if not entry:
        message = "Workflow requires an entry step (definition.entryStepId)."
        yield finding(spec, rules.NO_ENTRY, message, place)
    elif entry not in places:
        message = f'Entry step "{entry}" is not defined in steps.'
        hint = did_you_mean(entry, places)
        yield finding(spec, rules.UNKNOWN_ENTRY, message, place, hint=hint)


def _check_transitions(spec: WorkflowSpec, edges: Edges) -> Iterator[Diagnostic]:
    """Checks each transition and fills in the edges."""
    for index, transition in enumerate(spec.definition.transitions):
        place: Place = ("definition", "transitions", index)
        if transition.from_ not in edges:
            message = f'Transition refers to unknown "from" step "{transition.from_}".'
            hint = did_you_mean(transition.from_, edges)
            yield finding(spec, rules.UNKNOWN_FROM, message, (*place, "from"), hint=hint)
            continue
        if transition.to not in edges:
            message = f'Transition refers to unknown "to" step "{transition.to}".'
            hint = did_you_mean(transition.to, edges)
            yield finding(spec, rules.UNKNOWN_TO, message, (*place, "to"), hint=hint)
            continue
        edges[transition.from_][transition.to] = None
        if transition.condition and not transition.condition.strip(WHITESPACE):
            message = (
                f"Transition {transition.from_} -> {transition.to} declares an empty condition."
            )
            yield finding(spec, rules.EMPTY_CONDITION, message, (*place, "condition"))
    entered = {to for targets in edges.values() for to in targets}
    roots = [step_id for step_id in edges if step_id not in entered]
    if len(roots) > 1:
        message = f"Workflow has multiple potential entry steps: {', '.join(roots)}"
        yield finding(spec, rules.MANY_ROOTS, message, ("definition", "transitions"))


def _check_reachability(
    spec: WorkflowSpec, edges: Edges, places: dict[str, Place]
) -> Iterator[Diagnostic]:
    entry = spec.entry_step_id
    if not entry or entry not in edges:
        return
    reached = {entry}
    queue = deque([entry])
    while queue:
        current = queue.popleft()
        # The reference stops at a step without a name; so the steps behind it count as unreachable.
        for following in edges[current] if current else ():
            if following not in reached:
                reached.add(following)
                queue.append(following)
    for step_id in edges:
        if step_id not in reached:
            message = f'Step "{step_id}" is unreachable from entry step "{entry}".'
            yield finding(spec, rules.UNREACHABLE, message, (*places[step_id], "id"))


def _check_cycles(
    spec: WorkflowSpec, edges: Edges, places: dict[str, Place]
) -> Iterator[Diagnostic]:
    """Depth first in the order of the file. As in the reference, only the first one is reported."""
    finished: set[str] = set()
    for start in edges:
        if start in finished:
            continue
        path = {start: iter(edges[start])}
        while path:
            node, following = next(reversed(path.items()))
            target = next(following, None)
            if target is None:
                finished.add(node)
                del path[node]
            elif target in path:
                message = f'Workflow contains a cycle involving step "{target}".'
                yield finding(spec, rules.CYCLE, message, (*places[target], "id"))
                return
            elif target not in finished:
                path[target] = iter(edges[target])
