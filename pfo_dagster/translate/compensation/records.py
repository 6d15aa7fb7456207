"""What the event log says of compensation: what was completed, with what data, what was undone.

A step that can be undone writes what it was given and what it returned at its output. Undoing is a
materialization of the workflow's compensation asset, of a partition named after the completed step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import dagster as dg

from pfo_dagster.spec import UNDEFINED
from pfo_dagster.translate.executions import Event, log_of, runs_of
from pfo_dagster.translate.steps.state import as_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pfo_dagster.translate.executions import WorkflowNames

COMPENSATED_BY_TAG = "pfo/compensated_by"
"""On the runs of an execution: the compensation run that undid it last."""

_COMPLETED = "completed"
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A step that was completed and can be undone."""

    id: str
    """`<run id>/<step id>`."""
    step_id: str
    output: object = UNDEFINED
    """What its operation returned, or a person answered; nothing where it returned nothing."""
    input: object = UNDEFINED
    """What a person answered; automation steps are given nothing."""

    def dump(self) -> dict[str, Any]:
        """The step as JSON; what is undefined is not there."""
        content = {"id": self.id, "step": self.step_id, **_facts(self.output, self.input)}
        return cast("dict[str, Any]", as_json(content))

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> Completed:
        """The step that was dumped."""
        return cls(
            id=dumped["id"],
            step_id=dumped["step"],
            output=dumped.get("output", UNDEFINED),
            input=dumped.get("input", UNDEFINED),
        )


@dataclass(frozen=True, slots=True)
class History:
    """An execution of a workflow, as far as undoing it goes."""

    completed: tuple[Completed, ...] = ()
    """What can be undone, in the order of its completion."""
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    """The workflow's data as it was last seen."""
    under_way: tuple[str, ...] = ()
    """Ids of steps that neither completed nor failed: their process was killed."""


def completion_metadata(
    step_id: str, output: object, given: object = UNDEFINED
) -> dict[str, dg.MetadataValue]:
    """What a step writes at its output so that it can be undone."""
    content = as_json({"step": step_id, **_facts(output, given)})
    return {_COMPLETED: dg.MetadataValue.json(content)}


def history(
    instance: dg.DagsterInstance, names: WorkflowNames, root: str, can_be_undone: Collection[str]
) -> History:
    """What happened in the execution that began as the run `root`, of the steps `can_be_undone`."""
    completed: dict[str, Completed] = {}
    data: dict[str, Any] = {}
    open_steps: dict[str, str] = {}
    for record in runs_of(instance, root):
        run = record.dagster_run
        data = data or _initial_data(run, names)
        for entry in log_of(instance, run.run_id, *_KINDS):
            event = entry.dagster_event
            step_id = names.step_of(event.step_key) if event else None
            if event is None or step_id is None:
                continue
            if event.event_type in {Event.STEP_START, Event.STEP_RESTARTED}:
                open_steps[step_id] = run.run_id
            elif event.event_type is not Event.STEP_OUTPUT:
                open_steps.pop(step_id, None)
            metadata = _metadata(event)
            data = _dictionary(metadata.get("data")) or data
            done = _dictionary(metadata.get(_COMPLETED))
            if done is not None and step_id in can_be_undone:
                one = Completed.load({**done, "id": f"{run.run_id}/{step_id}"})
                completed[one.id] = one
                open_steps.pop(step_id, None)
    return History(tuple(completed.values()), data, tuple(open_steps))


def undone(
    instance: dg.DagsterInstance, asset: dg.AssetKey, completed: Collection[Completed]
) -> frozenset[str]:
    """The ids of those of `completed` that have been undone."""
    ids = [one.id for one in completed]
    if not ids:
        return frozenset()
    wanted = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=ids)
    records = instance.fetch_materializations(wanted, limit=_PAGE).records
    return frozenset(record.partition_key for record in records if record.partition_key)


def refuse_to_go_on(context: dg.OpExecutionContext) -> None:
    """Raise `dagster.Failure` in a run that would go on from steps which have been undone."""
    run = context.run
    if run.parent_run_id is None or run.step_keys_to_execute is None:
        return
    parent = context.instance.get_run_by_id(run.parent_run_id)
    undone_by = parent.tags.get(COMPENSATED_BY_TAG) if parent else None
    if undone_by is not None:
        message = (
            f"What run {run.parent_run_id} completed was undone by run {undone_by}, so nothing can "
            "go on from it. Re-execute all steps, or start the workflow anew."
        )
        raise dg.Failure(message, allow_retries=False)


_KINDS = (
    Event.STEP_START,
    Event.STEP_RESTARTED,
    Event.STEP_OUTPUT,
    Event.STEP_SUCCESS,
    Event.STEP_UP_FOR_RETRY,
    Event.STEP_FAILURE,
)


def _facts(output: object, given: object) -> dict[str, object]:
    return {"output": output, "input": given}


def _metadata(event: dg.DagsterEvent) -> Mapping[str, Any]:
    if event.event_type is Event.STEP_OUTPUT:
        return event.step_output_data.metadata or {}
    if event.event_type is Event.STEP_FAILURE:
        told = event.step_failure_data.user_failure_data
        return told.metadata if told else {}
    return {}


def _dictionary(value: object) -> dict[str, Any] | None:
    content = value.value if isinstance(value, dg.JsonMetadataValue) else None
    return cast("dict[str, Any]", content) if isinstance(content, dict) else None


def _initial_data(run: dg.DagsterRun, names: WorkflowNames) -> dict[str, Any]:
    """The data with which a run was started, as the config of its job has it."""
    ops = cast("Mapping[str, Any]", run.run_config.get("ops") or {})
    return next(_data_in(ops, names.steps_graph), {})


def _data_in(ops: Mapping[str, Any], graph: str) -> Iterator[dict[str, Any]]:
    for part in (ops.get(graph, {}), ops):
        config = part.get("config") if isinstance(part, dict) else None
        if isinstance(config, dict) and isinstance(config.get("data"), dict):
            yield config["data"]
