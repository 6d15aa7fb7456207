"""The end of every graph of a workflow: the path it took, why, and the person it waits for."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg

from pfo_dagster.operations import AssetPath
from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate.metadata import as_metadata
from pfo_dagster.translate.naming import SETTLE
from pfo_dagster.translate.steps.state import Waiting, WorkflowState

RESULT = "result"
"""The graph output of a plain job: the workflow's final data and path, as JSON."""


@dataclass(frozen=True, slots=True)
class CompletionCheck:
    """The asset check as which `settle` reports that the workflow ran to its end."""

    asset: AssetPath
    name: str = "workflow_completed"

    @property
    def output(self) -> str:
        """The graph output that stands for the check, by the name that Dagster expects."""
        return dg.AssetCheckSpec(self.name, asset=dg.AssetKey(self.asset)).get_python_identifier()


def settle_op(
    graph_name: str, spec: WorkflowSpec, check: CompletionCheck | None, *, as_event: bool = False
) -> dg.OpDefinition:
    """The end: the result as output, or `check` as such, or both, the check as an event."""
    has_result = check is None or as_event

    def report(
        context: dg.OpExecutionContext, inputs: dict[str, Any]
    ) -> Iterator[dg.Output[Any] | dg.AssetCheckResult]:
        state = WorkflowState.load(inputs["ends"][0])
        metadata = as_metadata(_story(state))
        if state.waits_for:
            context.log.info("The workflow waits. %s", _told(state.waits_for))
        if check is not None and as_event and not state.waits_for:
            ended = dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(check.asset),
                check_name=check.name,
                passed=True,
                metadata=metadata,
            )
            # Dagster logs it as it does the others; only the annotation leaves it out.
            context.log_event(ended)  # pyright: ignore[reportArgumentType]
        elif check is not None and not as_event:
            yield dg.AssetCheckResult(
                passed=state.waits_for is None,
                severity=dg.AssetCheckSeverity.WARN,
                asset_key=dg.AssetKey(check.asset),
                check_name=check.name,
                description=_told(state.waits_for) if state.waits_for else None,
                metadata=metadata,
            )
        if has_result:
            yield dg.Output(state.dump(), output_name=RESULT, metadata=metadata)

    out = dg.Out(dict) if has_result else dg.Out(dg.Nothing)
    return dg.OpDefinition(
        name=f"{graph_name}__{SETTLE}",
        compute_fn=report,
        ins={"ends": dg.In(list)},
        outs={RESULT if has_result or check is None else check.output: out},
        description="The end of the workflow: reports the path it took, and why.",
        tags={"pfo/workflow": spec.meta.key},
    )


def _story(state: WorkflowState) -> dict[str, object]:
    path = [
        {
            "step": taken.step_id,
            "executions": taken.executions,
            "next": taken.to or "the end",
            "because": taken.because,
        }
        for taken in state.path
    ]
    if state.waits_for is None:
        return {"path": path, "data": state.data}
    waits = {"waiting for": state.waits_for.step_id, "task": state.waits_for.task_id}
    return {**waits, "path": path, "data": state.data}


def _told(waiting: Waiting) -> str:
    if waiting.until:
        return f'Step "{waiting.step_id}" sleeps until {waiting.until}; then a sensor goes on.'
    return (
        f'Step "{waiting.step_id}" waits for a decision: '
        f"`pfo inbox decide {waiting.task_id}`, or materialize the partition in the UI."
    )
