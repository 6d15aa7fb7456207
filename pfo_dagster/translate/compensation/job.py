"""The compensation job of a workflow: find what was completed, undo each step, report.

Its runs carry the id of the execution that they undo. The first of those runs that has not ended is
the one that does it: the order of Dagster's run table decides, so that no two ever undo the same.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate.compensation.records import (
    COMPENSATED_BY_TAG,
    Completed,
    History,
    history,
    undone,
)
from pfo_dagster.translate.compensation.undo import WORK, Carried, Undo, compensation_asset, undo_op
from pfo_dagster.translate.executions import WorkflowNames, runs_of
from pfo_dagster.translate.metadata import as_metadata

COMPENSATES_TAG = "pfo/compensates"
"""On a compensation run: the id of the run with which the undone execution began."""
FIND = "find_completed"
REPORT = "report"
_FOUND = "found"

_SCHEMA = {
    "root_run": dg.Field(str, description="The run with which the execution began."),
    "again": dg.Field(
        bool,
        is_required=False,
        default_value=False,
        description="Undo once more what has been undone before.",
    ),
}


@dataclass(frozen=True, slots=True)
class Compensating:
    """A workflow's compensation: what can be undone, and where it is on record."""

    spec: WorkflowSpec
    names: WorkflowNames
    undos: Sequence[Undo]
    """In the order in which they are called."""

    @property
    def job_name(self) -> str:
        """The name of the compensation job."""
        return f"{self.names.name}__compensation"

    @property
    def on_failure(self) -> bool:
        """Whether it starts by itself when a run fails or is cancelled."""
        compensation = self.spec.definition.compensation
        return compensation is not None and compensation.trigger == "on_failure"

    @property
    def asset(self) -> dg.AssetKey:
        """The asset whose partitions are the steps that have been undone."""
        return compensation_asset(self.names.name)

    def asset_spec(self) -> dg.AssetSpec:
        """The asset as people see it; the compensation job reports it."""
        return dg.AssetSpec(
            self.asset,
            description=f"What was undone of {self.spec.meta.key}: a partition, named after its "
            "run, for each step. An observation says that a step could not be undone, and why.",
            group_name="compensations",
            tags={"pfo/workflow": self.spec.meta.key},
            kinds={"compensation"},
        )

    def history(self, instance: dg.DagsterInstance, root: str) -> History:
        """What happened in the execution that began as the run `root`."""
        return history(instance, self.names, root, {undo.undoes.step_id for undo in self.undos})

    def left(self, instance: dg.DagsterInstance, root: str) -> tuple[Completed, ...]:
        """What was completed and has not been undone, the last first."""
        completed = self.history(instance, root).completed
        done = undone(instance, self.asset, completed)
        return tuple(one for one in reversed(completed) if one.id not in done)

    def runs(
        self, instance: dg.DagsterInstance, root: str, *, unfinished: bool = False
    ) -> list[dg.RunRecord]:
        """The compensation runs of an execution, in the order in which they were asked for."""
        statuses = list(NOT_FINISHED_STATUSES) if unfinished else []
        tags = dg.RunsFilter(tags={COMPENSATES_TAG: root}, statuses=statuses)
        return sorted(instance.get_run_records(tags), key=lambda record: record.storage_id)

    def run_config(self, root: str, *, again: bool = False) -> dict[str, Any]:
        """Run config of the job that undoes the execution that began as the run `root`."""
        return {"ops": {FIND: {"config": {"root_run": root, "again": again}}}}


def compensation_graph(compensating: Compensating) -> dg.GraphDefinition:
    """The graph of the compensation job."""
    carried = Carried()
    undos = compensating.undos
    ops = [
        undo_op(undo, carried, priority=len(undos) - number) for number, undo in enumerate(undos)
    ]
    find, report = _find_op(compensating), _report_op(compensating, carried)
    wires: dict[dg.NodeInvocation, Mapping[str, Any]] = {
        dg.NodeInvocation(find.name, alias=FIND): {},
        dg.NodeInvocation(report.name, alias=REPORT): {
            _FOUND: dg.DependencyDefinition(FIND, _FOUND)
        },
    }
    for undo, op in zip(undos, ops, strict=True):
        node = dg.NodeInvocation(op.name, alias=undo.op_name)
        wires[node] = {WORK: dg.DependencyDefinition(FIND, undo.op_name)}
    return dg.GraphDefinition(
        name=compensating.job_name,
        description=f"Undoes what an execution of {compensating.spec.meta.key} completed.",
        node_defs=[find, *ops, report],
        dependencies=wires,
        tags={"pfo/workflow": compensating.spec.meta.key},
    )


def _find_op(compensating: Compensating) -> dg.OpDefinition:
    def find(context: dg.OpExecutionContext, _inputs: dict[str, Any]) -> Iterator[dg.Output[Any]]:
        root, again = context.op_config["root_run"], context.op_config["again"]
        instance = context.instance
        # Who started it in the launchpad typed the run and no tag.
        instance.add_run_tags(context.run_id, {COMPENSATES_TAG: root})
        _refuse_while_running(instance, root)
        (first, *_) = compensating.runs(instance, root, unfinished=True)
        if first.dagster_run.run_id != context.run_id:
            context.log.info("Run %s undoes it already.", first.dagster_run.run_id)
            return
        seen = compensating.history(instance, root)
        done = frozenset() if again else undone(instance, compensating.asset, seen.completed)
        work = [one for one in reversed(seen.completed) if one.id not in done]
        for record in runs_of(instance, root) if work else ():
            tags = {COMPENSATED_BY_TAG: context.run_id}
            instance.add_run_tags(record.dagster_run.run_id, tags)
        for undo in compensating.undos:
            own = [one.dump() for one in work if one.step_id == undo.undoes.step_id]
            if own:
                yield dg.Output({"completed": own, "data": seen.data}, output_name=undo.op_name)
        found = {
            "root": root,
            "to undo": [one.id for one in work],
            "undone before": sorted(done),
            "not known whether completed": list(seen.under_way),
        }
        yield dg.Output(found, output_name=_FOUND, metadata=as_metadata(found))

    outs = {
        undo.op_name: dg.Out(dict, is_required=False, description=f"If {undo.step_op} completed.")
        for undo in compensating.undos
    }
    return dg.OpDefinition(
        name=f"{compensating.job_name}__{FIND}",
        compute_fn=find,
        ins={},
        outs={**outs, _FOUND: dg.Out(dict, is_required=False, description="What is to be done.")},
        config_schema=_SCHEMA,
        description="Reads from the event log what the execution completed and is not yet undone.",
        tags={"pfo/workflow": compensating.spec.meta.key},
    )


def _refuse_while_running(instance: dg.DagsterInstance, root: str) -> None:
    for record in runs_of(instance, root):
        run = record.dagster_run
        if not run.is_finished:
            message = f"Run {run.run_id} has not ended. Terminate it first, then undo it."
            raise dg.Failure(message, allow_retries=False)


def _report_op(compensating: Compensating, carried: Carried) -> dg.OpDefinition:
    def report(context: dg.OpExecutionContext, inputs: dict[str, Any]) -> Iterator[dg.Output[Any]]:
        found, instance = inputs[_FOUND], context.instance
        carried.data.take(context.run_id, otherwise={})
        carried.interrupted.discard(context.run_id)
        left = {one.id for one in compensating.left(instance, found["root"])}
        outcome = [
            {"step": one, "outcome": "not undone" if one in left else "undone"}
            for one in found["to undo"]
        ]
        yield dg.Output(outcome, metadata=as_metadata({**found, "outcome": outcome}))

    return dg.OpDefinition(
        name=f"{compensating.job_name}__{REPORT}",
        compute_fn=report,
        ins={_FOUND: dg.In(dict)},
        outs={"result": dg.Out(list)},
        description="Says what was undone and what was not.",
        tags={"pfo/workflow": compensating.spec.meta.key, "dagster/priority": "-1"},
    )
