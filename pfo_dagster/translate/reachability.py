"""Which steps a workflow can come to at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pfo_dagster.spec import WorkflowSpec


def reachable_steps(spec: WorkflowSpec) -> frozenset[str]:
    """The ids that transitions lead to from the entry step, itself included; conditions aside."""
    entry = spec.entry_step_id
    reached: set[str] = set()
    ahead = [entry] if entry else []
    while ahead:
        step_id = ahead.pop()
        if step_id not in reached:
            reached.add(step_id)
            ahead += [transition.to for transition in spec.transitions_from(step_id)]
    return frozenset(reached)
