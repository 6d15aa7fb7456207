"""What the event log says of tasks: what was asked, and which decision came first.

A task is a partition of its step's decision asset. Asking is an observation of that partition, with
the workflow's state; a decision is a materialization of it. Of several decisions the first in the
log is the decision, whoever looks, and whenever. That a task is closed is noted beside it only to
spare a reader the log; where the note lacks, the log is read.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, cast

import dagster as dg

from pfo_dagster.translate.metadata import as_metadata
from pfo_dagster.translate.steps.state import WorkflowState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PREFIX = "human"
"""The first part of the key of every decision asset."""
PAGE = 500
"""Events that are read at once."""

Verdict = Literal["decided", "cancelled", "expired"]
"""`decided` goes on with the input; after any other nothing is started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a person is asked, and the workflow as it stood then."""

    id: str
    """`<workflow name>/<root run id>/<op>`: one for a step of a run, however often re-executed."""
    asset: tuple[str, ...]
    """The key of the decision asset."""
    workflow_key: str
    step_id: str
    label: str
    description: str
    form: str | None
    """`key@version` of the form that the step names."""
    root_run: str
    """The run with which the workflow began."""
    asked_at: datetime
    """UTC."""
    spec_digest: str
    state: WorkflowState
    token: str | None = None
    """What a program names instead of the id, where the spec has a token for the wait."""
    due_at: datetime | None = None
    """UTC; when a sleeping step goes on by itself. None where somebody must answer."""

    @property
    def key(self) -> dg.AssetKey:
        """The decision asset."""
        return dg.AssetKey(self.asset)

    def observation(self) -> dg.AssetObservation:
        """The event that stands for the question."""
        content = asdict(self) | {
            "asset": list(self.asset),
            "asked_at": self.asked_at.isoformat(),
            "due_at": self.due_at.isoformat() if self.due_at else None,
            "state": self.state.dump(),
        }
        facts = {"asked": self.label, "about": self.description, "data": self.state.data}
        metadata = {**as_metadata(facts), "task": dg.MetadataValue.json(content)}
        return dg.AssetObservation(self.key, partition=self.id, metadata=metadata)

    @classmethod
    def read(cls, metadata: Mapping[str, Any]) -> Task | None:
        """The task that `observation` wrote; None for another observation."""
        content = _json(metadata.get("task"))
        if content is None:
            return None
        return cls(**{
            **content,
            "asset": tuple(content["asset"]),
            "asked_at": datetime.fromisoformat(content["asked_at"]),
            "due_at": datetime.fromisoformat(due) if (due := content.get("due_at")) else None,
            "state": WorkflowState.load(content["state"]),
        })  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person answered."""

    id: str
    """Unique, by which who decided knows their own decision again in the log."""
    verdict: Verdict
    input: object
    """Any JSON value; null, false and "" are answers too."""
    decided_by: str
    """As the person wrote it: Dagster knows no users."""
    decided_at: datetime
    """UTC."""
    comment: str = ""

    def metadata(self) -> dict[str, dg.MetadataValue]:
        """What the decision's materialization carries."""
        content = asdict(self) | {"decided_at": self.decided_at.isoformat()}
        facts = {
            "verdict": self.verdict,
            "decided by": self.decided_by,
            "comment": self.comment,
        }
        return {**as_metadata(facts), "decision": dg.MetadataValue.json(content)}

    @classmethod
    def read(cls, metadata: Mapping[str, Any]) -> Decision | None:
        """The decision that `metadata` wrote; None for a materialization that is none."""
        content = _json(metadata.get("decision"))
        if content is None:
            return None
        return cls(**{**content, "decided_at": datetime.fromisoformat(content["decided_at"])})

    @property
    def summary(self) -> str:
        """For the one who comes too late: what was decided, by whom, when."""
        given = json.dumps(self.input, ensure_ascii=False)
        what = f"decided {given}" if self.verdict == "decided" else f"was {self.verdict}"
        return f"{what} by {self.decided_by} at {self.decided_at:%Y-%m-%d %H:%M:%S} UTC"


def partitions_name(asset: dg.AssetKey) -> str:
    """The name of the dynamic partitions that are the tasks of a decision asset."""
    return "/".join(asset.path)


def is_filed(instance: dg.DagsterInstance, task: Task) -> bool:
    """Whether the task has been asked already."""
    return instance.has_dynamic_partition(partitions_name(task.key), task.id)


def task_of(instance: dg.DagsterInstance, asset: dg.AssetKey, task_id: str) -> Task | None:
    """The task as it was asked; None where nobody has."""
    return tasks_of(instance, asset, [task_id]).get(task_id)


def first_decision(
    instance: dg.DagsterInstance, asset: dg.AssetKey, task_id: str
) -> Decision | None:
    """The decision of a task, which no later one can change; None while there is none."""
    return first_decisions(instance, asset, [task_id]).get(task_id)


def tasks_of(
    instance: dg.DagsterInstance, asset: dg.AssetKey, ids: Sequence[str], *, page: int = PAGE
) -> dict[str, Task]:
    """Those of the tasks that were asked, by id."""
    tasks: dict[str, Task] = {}
    for record in _records(instance.fetch_observations, asset, ids, page):
        event = record.asset_observation
        task = Task.read(event.metadata) if event else None
        if task:
            tasks[task.id] = task
    return tasks


def first_decisions(
    instance: dg.DagsterInstance, asset: dg.AssetKey, ids: Sequence[str]
) -> dict[str, Decision]:
    """The decisions of those of the tasks that have one, by the task's id."""
    decisions: dict[str, Decision] = {}
    for record in _records(instance.fetch_materializations, asset, ids, PAGE):
        event = record.asset_materialization
        decision = Decision.read(event.metadata) if event else None
        if decision and record.partition_key:
            decisions.setdefault(record.partition_key, decision)
    return decisions


def task_ids(
    instance: dg.DagsterInstance, *, containing: str = "", waiting_only: bool = False
) -> Iterator[tuple[dg.AssetKey, list[str]]]:
    """The ids of the tasks on record, for each decision asset, without reading any event.

    `waiting_only` leaves out what was closed, so that a list of what waits costs no more when years
    of decisions are on record. It may still hold a decided task; only the decisions tell.
    """
    for asset in sorted(instance.get_asset_keys(prefix=[PREFIX])):
        known = (
            open_ids(instance, asset)
            if waiting_only
            else set(instance.get_dynamic_partitions(partitions_name(asset)))
        )
        yield asset, sorted(task_id for task_id in known if containing in task_id)


def open_ids(instance: dg.DagsterInstance, asset: dg.AssetKey) -> set[str]:
    """The ids of the tasks of one step that were not closed; only the decisions tell for sure."""
    known = instance.get_dynamic_partitions(partitions_name(asset))
    return set(known).difference(instance.get_dynamic_partitions(_closed_name(asset)))


def close(instance: dg.DagsterInstance, asset: dg.AssetKey, task_id: str) -> None:
    """Note that a task has its decision, so that no list of what waits looks for it again."""
    instance.add_dynamic_partitions(_closed_name(asset), [task_id])


def _closed_name(asset: dg.AssetKey) -> str:
    return f"{partitions_name(asset)}/closed"


def _records(
    fetch: Callable[..., dg.EventRecordsResult], asset: dg.AssetKey, ids: Sequence[str], size: int
) -> Iterator[dg.EventLogRecord]:
    """The events of the tasks, each task's earliest first, at most `size` with each query."""
    for start in range(0, len(ids), size):
        some = ids[start : start + size]
        about = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=some)
        cursor: str | None = None
        while True:
            page = fetch(about, limit=size, cursor=cursor, ascending=True)
            yield from page.records
            if not page.has_more:
                break
            cursor = page.cursor


def _json(value: object) -> dict[str, Any] | None:
    content = value.value if isinstance(value, dg.JsonMetadataValue) else None
    return cast("dict[str, Any]", content) if isinstance(content, dict) else None
