"""Transitions as outputs of an op, and the choice of the one that is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from pfo_dagster.spec import (
    UNDEFINED,
    Expression,
    ExpressionContext,
    Transition,
    parse_expression,
)
from pfo_dagster.translate.metadata import as_metadata
from pfo_dagster.translate.steps.words import in_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

END = "end"
"""The output of a step after which the workflow is over."""


@dataclass(frozen=True, slots=True)
class Route:
    """A transition as an output of its op. A condition of None always holds."""

    output: str
    transition: Transition
    condition: Expression | None

    @property
    def description(self) -> str:
        """The condition and the label, for people."""
        condition = f"If `{self.transition.condition}`" if self.condition else "Always"
        label = f" ({self.transition.label})" if self.transition.label else ""
        return f"{condition}, on to {self.transition.to}{label}."


def routes_of(transitions: Sequence[Transition], op_names: Mapping[str, str]) -> tuple[Route, ...]:
    """An output for each transition of a step, in the order in which they are tried.

    Raises `ExpressionError` for a condition that has no meaning.
    """
    routes: list[Route] = []
    for transition in transitions:
        output = f"to_{op_names[transition.to]}"
        twins = sum(route.output.split("__")[0] == output for route in routes)
        condition = parse_expression(transition.condition) if transition.condition else None
        routes.append(Route(f"{output}__{twins + 1}" if twins else output, transition, condition))
    return tuple(routes)


def choose(
    step_id: str,
    routes: Sequence[Route],
    data: dict[str, Any],
    output: object,
    given: object = UNDEFINED,
) -> tuple[Route | None, str]:
    """The first route whose condition holds, and why; None at a step with nothing after it.

    `given` is the conditions' `input`: what a person answered.

    No match fails the run without retry, as in the reference runtime: left alone, Dagster would
    skip what follows and call the run a success.
    """
    if not routes:
        return None, "no transition leaves this step"
    context = ExpressionContext(data, input=given, output=output)
    tried: list[str] = []
    for route in routes:
        if route.condition is None:
            return route, "the transition has no condition"
        explanation = route.condition.explain(context)
        reason = in_words(explanation)
        if explanation.result:
            return route, reason
        tried.append(f"to {route.transition.to}: {reason}")
    raise dg.Failure(
        f'No transition matched after step "{step_id}", so the workflow cannot go on. '
        "What the step did is done. " + "; ".join(tried),
        metadata=as_metadata({"data": data, "tried": tried}),
        allow_retries=False,
    )
