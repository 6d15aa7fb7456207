"""What Dagster's log says of one execution of a workflow, over all the runs that it took.

An execution begins with a run and goes on in others: the continuations after people's decisions,
and the re-executions of a run that failed. Compensation and service levels are about all of it.
Nothing is kept beside the log, so that whoever reads it, and whenever, reads the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

import dagster as dg
from dagster._core.storage.tags import ROOT_RUN_ID_TAG

from pfo_dagster.translate.human.asking import ROOT_RUN_TAG, root_run
from pfo_dagster.translate.naming import SETTLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Event = dg.DagsterEventType

ASSET_PAGE_JOB = "__ASSET_JOB"
"""The job that Dagster makes up where assets are materialized from their pages."""


@dataclass(frozen=True, slots=True)
class WorkflowNames:
    """By what names a workflow, its runs and its steps are known in Dagster's log."""

    key: str
    name: str
    """The name of its job."""
    steps_graph: str
    """The name of the graph behind its assets, which stands before the names of its steps."""
    continuations: frozenset[str] = frozenset()
    """The jobs that go on after people's decisions."""
    steps: Mapping[str, str] = field(default_factory=dict[str, str])
    """The ids of its steps, by the names of their ops."""

    assets: frozenset[dg.AssetKey] = frozenset()
    """The assets by which it can be run from their pages."""

    def step_of(self, step_key: str | None) -> str | None:
        """The id of the step that an event of a run is about; None for all else."""
        return self.steps.get(self._op(step_key))

    def is_end(self, step_key: str | None) -> bool:
        """Whether an event is about the op in which every way through the workflow ends."""
        return self._op(step_key) == SETTLE

    def may_run_in(self, run: dg.DagsterRun) -> bool:
        """Whether a run can be one of the workflow's: by its job, or from the asset page."""
        if run.job_name == ASSET_PAGE_JOB:
            return not self.assets.isdisjoint(run.asset_selection or ())
        return run.job_name == self.name or run.job_name in self.continuations

    def _op(self, step_key: str | None) -> str:
        graph, _, op = (step_key or "").rpartition(".")
        return op if graph in {"", self.steps_graph} else ""


Seen: TypeAlias = dict[str, str | int]
"""A sensor's cursor: what it has come to, by what it reads."""


def ended_runs(
    instance: dg.DagsterInstance, seen: Seen, statuses: Sequence[dg.DagsterRunStatus]
) -> Sequence[dg.RunRecord]:
    """Runs that have come to one of `statuses` since `seen`, which is moved along; 100 at a time.

    Those of the last minutes come again: another process may write an earlier time after a later
    one was read. Who acts on a run has to know whether that was done.
    """
    after = seen.get("runs")
    since = datetime.fromisoformat(str(after)) - _AGAIN if after else None
    page = instance.get_run_records(
        dg.RunsFilter(statuses=statuses, updated_after=since),
        limit=_PAGE,
        order_by="update_timestamp",
        ascending=True,
    )
    if len(page) < _PAGE:
        if page:
            seen["runs"] = page[-1].update_timestamp.astimezone(UTC).isoformat()
        return page
    # There is more, and it must be read from here; what ended at the same time as the last of these
    # belongs to them, because times may be whole seconds.
    last = page[-1].update_timestamp.astimezone(UTC)
    seen["runs"] = (last + _AGAIN).isoformat()
    then = dg.RunsFilter(
        statuses=statuses, updated_after=last - _MOMENT, updated_before=last + _MOMENT
    )
    found = {record.storage_id: record for record in (*page, *instance.get_run_records(then))}
    return list(found.values())


_AGAIN = timedelta(minutes=2)
_MOMENT = timedelta(milliseconds=1)
_PAGE = 100


def runs_of(instance: dg.DagsterInstance, root: str) -> list[dg.RunRecord]:
    """The runs of the execution that began as the run `root`, in the order they were asked for."""
    records = {record.dagster_run.run_id: record for record in _with_id(instance, root)}
    for tag in (ROOT_RUN_TAG, ROOT_RUN_ID_TAG):
        for record in instance.get_run_records(dg.RunsFilter(tags={tag: root})):
            records[record.dagster_run.run_id] = record
    return sorted(records.values(), key=lambda record: record.storage_id)


def root_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """The id of the run with which the execution began that `run` is a part of."""
    root = root_run(run)
    began = instance.get_run_by_id(root)
    # A continuation that is run again names, to Dagster, itself as the root.
    return root_run(began) if began is not None else root


def log_of(
    instance: dg.DagsterInstance, run_id: str, *kinds: dg.DagsterEventType
) -> Sequence[dg.EventLogEntry]:
    """The run's events of these kinds, in their order."""
    return instance.all_logs(run_id, of_type=set(kinds))


def _with_id(instance: dg.DagsterInstance, run_id: str) -> Sequence[dg.RunRecord]:
    return instance.get_run_records(dg.RunsFilter(run_ids=[run_id]))
