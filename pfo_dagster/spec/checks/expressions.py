"""Whether conditions and guards can be read, and mean what they seem to mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.spec.checks.finding import finding
from pfo_dagster.spec.expressions import ExpressionError, parse_expression
from pfo_dagster.spec.rules import expressions as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.model import WorkflowSpec
    from pfo_dagster.spec.source import Place


def check_expressions(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """Every condition, and every guard that is an expression."""
    for index, step in enumerate(spec.definition.steps):
        if step.guard and step.guard.type == "expression":
            place = ("definition", "steps", index, "guard", "value")
            title = f'Guard of step "{step.id}"'
            yield from _check(spec, step.guard.value, place, title, is_guard=True)
    for index, edge in enumerate(spec.definition.transitions):
        if edge.condition:
            place = ("definition", "transitions", index, "condition")
            title = f"Condition of {edge.from_} -> {edge.to}"
            yield from _check(spec, edge.condition, place, title, is_guard=False)


def _check(
    spec: WorkflowSpec, text: str, place: Place, title: str, *, is_guard: bool
) -> Iterator[Diagnostic]:
    try:
        expression = parse_expression(text)
    except ExpressionError as error:
        yield finding(
            spec,
            rules.UNPARSABLE,
            f"{title} cannot be read: {error.reason}",
            place,
            at=error.position,
            hint=error.hint,
            context={"expression": text, "position": error.position},
        )
        return
    for remark in expression.remarks:
        yield finding(
            spec,
            rules.SURPRISING,
            f"{title}: {remark.message}",
            place,
            at=remark.position,
            hint=remark.hint,
            context={"expression": text, "position": remark.position},
        )
    if is_guard and "output" in expression.roots:
        message = f"{title} looks at `output`, which is undefined before the step has run"
        hint = "use `data` or `input`, or move the test to a transition's condition"
        yield finding(spec, rules.OUTPUT_IN_GUARD, message, place, hint=hint)
