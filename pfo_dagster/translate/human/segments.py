"""Where a workflow is cut: the steps that one run can come to before it has to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pfo_dagster.spec import WorkflowSpec


def segment(spec: WorkflowSpec, entries: Iterable[str]) -> frozenset[str]:
    """The steps that transitions lead to from `entries`, up to and with the next human steps.

    A step after a human step is in as well if another way leads to it, so that a join stands in
    every segment that comes to it.
    """
    waiting = {step.id for step in spec.definition.steps if step.waits}
    reached: set[str] = set()
    ahead = list(entries)
    while ahead:
        step_id = ahead.pop()
        if step_id in reached:
            continue
        reached.add(step_id)
        if step_id not in waiting:
            ahead += [transition.to for transition in spec.transitions_from(step_id)]
    return frozenset(reached)


def after(spec: WorkflowSpec, human_step_id: str) -> frozenset[str]:
    """The steps that the continuation of a human step can come to."""
    return segment(spec, [transition.to for transition in spec.transitions_from(human_step_id)])
