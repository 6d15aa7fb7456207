"""Transitions that are never taken, ways that exclude each other badly, steps without a way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfo_dagster.spec.checks.finding import finding
from pfo_dagster.spec.expressions import ExpressionError, parse_expression
from pfo_dagster.spec.expressions.situations import situations
from pfo_dagster.spec.rules import structure as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.expressions.ast import Node
    from pfo_dagster.spec.expressions.situations import Situation
    from pfo_dagster.spec.model import Transition, WorkflowSpec
    from pfo_dagster.spec.source import Place


@dataclass(frozen=True, slots=True)
class _Way:
    """A transition, where it stands, and its condition; None without one or an unreadable one."""

    edge: Transition
    place: Place
    condition: Node | None

    def __str__(self) -> str:
        return f"{self.edge.from_} -> {self.edge.to}"


def check_transitions(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """What the order and the conditions of transitions make of each other; and dead guards."""
    for index, step in enumerate(spec.definition.steps):
        place: Place = ("definition", "steps", index)
        if step.guard and step.guard.type == "expression":
            guard = _parsed(step.guard.value)
            if guard and _never_holds(guard):
                message = f'Guard of step "{step.id}" can never hold: no run gets past it'
                yield finding(spec, rules.NEVER_MATCHES, message, (*place, "guard", "value"))
    ways: dict[str, list[_Way]] = {}
    for index, edge in enumerate(spec.definition.transitions):
        way = _Way(edge, ("definition", "transitions", index), _parsed(edge.condition))
        ways.setdefault(edge.from_, []).append(way)
    for step_id, leaving in ways.items():
        yield from _check_order(spec, leaving)
        conditional = _until_unconditional(leaving)
        known = [way for way in conditional if way.condition]
        tried = situations([way.condition for way in known if way.condition])
        if tried is not None:
            yield from _check_conditions(spec, known, tried)
        else:
            yield from _check_repetitions(spec, known)
        if len(conditional) == len(leaving) and not _is_exhaustive(known, tried):
            yield from _check_way_out(spec, step_id)


def _check_order(spec: WorkflowSpec, leaving: list[_Way]) -> Iterator[Diagnostic]:
    always = next((way for way in leaving if not way.edge.condition), None)
    for way in leaving[leaving.index(always) + 1 :] if always else ():
        message = f"Transition {way} is never taken: one before it always is"
        hint = "put transitions with a condition first"
        yield finding(spec, rules.SHADOWED, message, way.place, hint=hint)


def _check_conditions(
    spec: WorkflowSpec, ways: list[_Way], tried: list[Situation]
) -> Iterator[Diagnostic]:
    """Compares the ways by the situations in which their conditions hold."""
    taken: set[int] = set()
    earlier: list[tuple[_Way, set[int]]] = []
    for way in ways:
        place = (*way.place, "condition")
        holds = {
            number
            for number, situation in enumerate(tried)
            if way.condition and situation.holds(way.condition)
        }
        if not holds:
            message = f"Condition of {way} can never match"
            yield finding(spec, rules.NEVER_MATCHES, message, place)
        elif holds <= taken:
            before = [_told(other) for other, others in earlier if holds & others]
            message = f"Condition of {way} never decides: {', '.join(before)} always matches first"
            hint = "put the narrower condition first, or remove this transition"
            yield finding(spec, rules.COVERED, message, place, hint=hint)
        else:
            for other, others in earlier:
                # A narrower condition before a wider one is how exceptions are written.
                if (both := holds & others) and not others <= holds:
                    example = tried[min(both)]
                    message = f"Conditions of {other} and {way} both match, e.g. for {example}"
                    hint = f"{other} is taken then; if that is not meant, let one exclude the other"
                    yield finding(spec, rules.OVERLAP, message, place, hint=hint)
                    break
        earlier.append((way, holds))
        taken |= holds


def _told(way: _Way) -> str:
    """A transition by its condition: several may lead from one step to the same other."""
    return f"{way} (`{way.edge.condition}`)"


def _check_repetitions(spec: WorkflowSpec, ways: list[_Way]) -> Iterator[Diagnostic]:
    """The same condition twice, where nothing more can be said."""
    seen: dict[str, _Way] = {}
    for way in ways:
        first = seen.setdefault(str(way.condition), way)
        if first is not way:
            message = f"Condition of {way} never decides: {_told(first)} always matches first"
            place = (*way.place, "condition")
            yield finding(spec, rules.COVERED, message, place, hint="remove this transition")


def _check_way_out(spec: WorkflowSpec, step_id: str) -> Iterator[Diagnostic]:
    for index, step in enumerate(spec.definition.steps):
        if step.id == step_id:
            message = (
                f'Step "{step_id}" has only conditional transitions: the run fails if none matches'
            )
            hint = "add a last transition without a condition, or one for the opposite case"
            place = ("definition", "steps", index, "id")
            yield finding(spec, rules.NO_WAY_OUT, message, place, hint=hint)
            return


def _until_unconditional(leaving: list[_Way]) -> list[_Way]:
    first = next((n for n, way in enumerate(leaving) if not way.edge.condition), len(leaving))
    return leaving[:first]


def _is_exhaustive(ways: list[_Way], tried: list[Situation] | None) -> bool:
    conditions = [way.condition for way in ways if way.condition]
    return tried is not None and all(any(map(one.holds, conditions)) for one in tried)


def _never_holds(condition: Node) -> bool:
    tried = situations([condition])
    return tried is not None and not any(situation.holds(condition) for situation in tried)


def _parsed(text: str | None) -> Node | None:
    try:
        return parse_expression(text).root if text else None
    except ExpressionError:
        return None
