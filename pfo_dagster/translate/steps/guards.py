"""Guards: what must hold before a step may run.

An `expression` guard is evaluated on the workflow's data. A `policy` guard is only a name; whoever
translates a workflow binds an evaluator to it, and a name without one is refused (`coverage`). As
in the reference runtime, guards are asked again before each attempt, see `data` and `input` but
never `output`, and a rejection fails the step at once, whatever its retries.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg

from pfo_dagster.operations import FailureKind
from pfo_dagster.spec import UNDEFINED, ExpressionContext, GuardCondition, parse_expression
from pfo_dagster.translate.metadata import as_metadata
from pfo_dagster.translate.steps.deadline import run_to_end
from pfo_dagster.translate.steps.words import in_words

if TYPE_CHECKING:
    from pfo_dagster.spec import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardContext:
    """What an evaluator decides on. `data` is the workflow's data, not to be changed."""

    guard: GuardCondition
    workflow_key: str
    step_id: str
    data: Mapping[str, Any]
    input: object = UNDEFINED
    """What was given to this very step; nothing, unless a person was asked."""


GuardEvaluator: TypeAlias = Callable[[GuardContext], bool | Awaitable[bool]]
"""Says whether a step may run. What it raises fails the step without retry."""

Guards: TypeAlias = Mapping[str, GuardEvaluator] | GuardEvaluator
"""The evaluators of a code location.

A mapping has one for each policy, by its name; expressions are evaluated as they stand. A single
evaluator is asked for every guard, expressions included, as the reference's `guardEvaluator` is.
"""


def evaluator_of(guard: GuardCondition, guards: Guards | None) -> GuardEvaluator | None:
    """The evaluator that `guard` is bound to; None for an expression or an unbound policy."""
    if guards is None:
        return None
    if isinstance(guards, Mapping):
        return guards.get(guard.value) if guard.type == "policy" else None
    return guards


def check_guard(
    step: Step,
    workflow_key: str,
    data: Mapping[str, Any],
    guards: Guards | None,
    given: object = UNDEFINED,
) -> None:
    """Raise `dagster.Failure`, not to be retried, unless the step's guard lets it run.

    `given` is the guard's `input`: what a person answered.
    """
    if step.guard is None:
        return
    evaluator = evaluator_of(step.guard, guards)
    if evaluator is None:
        explanation = parse_expression(step.guard.value).explain(ExpressionContext(data, given))
        allowed, why = explanation.result, in_words(explanation)
    else:
        context = GuardContext(
            guard=step.guard,
            workflow_key=workflow_key,
            step_id=step.id,
            data=data,
            input=given,
        )
        try:
            allowed, why = run_to_end(_answer(evaluator, context)), "its evaluator said no"
        except Exception as error:
            problem = (
                f'The guard of step "{step.id}" could not be evaluated: {step.guard.value}: '
                f"{type(error).__name__}: {error}"
            )
            raise _failure(step.guard, problem, FailureKind.FATAL, data) from error
    if not allowed:
        problem = f'The guard of step "{step.id}" rejected the run: {step.guard.value} ({why})'
        raise _failure(step.guard, problem, FailureKind.GUARD_REJECTED, data)


async def _answer(evaluator: GuardEvaluator, context: GuardContext) -> bool:
    answer = evaluator(context)
    return bool(await answer if inspect.isawaitable(answer) else answer)


def _failure(
    guard: GuardCondition, problem: str, kind: FailureKind, data: Mapping[str, Any]
) -> dg.Failure:
    facts = {"kind": kind.value, "guard": guard.value, "data": data}
    return dg.Failure(problem, metadata=as_metadata(facts), allow_retries=False)
