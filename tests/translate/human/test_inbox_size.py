"""Years of decisions do not slow down who looks at what waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import dagster as dg
from sqlalchemy import event
from sqlalchemy.engine import Engine

from pfo_dagster.translate.human import inbox
from pfo_dagster.translate.human.records import Task, partitions_name, task_ids, tasks_of
from pfo_dagster.translate.steps.state import WorkflowState

ASSET = dg.AssetKey(["human", "flow", "review"])


def file_task(instance: dg.DagsterInstance, run: str) -> Task:
    """File a task as the op of a human step does."""
    task = Task(
        id=f"flow/{run}/review", asset=tuple(ASSET.path), workflow_key="test.flow",
        step_id="review", label="Review", description="", form=None, root_run=run,
        asked_at=datetime.now(UTC), spec_digest="digest", state=WorkflowState(),
    )  # fmt: skip
    instance.report_runless_asset_event(task.observation())
    instance.add_dynamic_partitions(partitions_name(ASSET), [task.id])
    return task


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL statements that Dagster's storage is asked meanwhile."""
    seen: list[str] = []

    def note(*given: object) -> None:
        seen.append(str(given[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_listing_asks_storage_as_often_after_any_number_of_decisions(
    instance: dg.DagsterInstance,
) -> None:
    file_task(instance, "waiting")
    costs: list[tuple[int, int]] = []
    for start, end in ((0, 2), (2, 40)):
        for number in range(start, end):
            inbox.cancel(instance, file_task(instance, f"run-{number}"), by="ann")
        with statements() as listing:
            (entry,) = inbox.entries(instance)
        with statements() as finding:
            assert inbox.find(instance, "waiting").task.id == entry.task.id
        costs.append((len(listing), len(finding)))
    assert costs[0] == costs[1]
    assert len(inbox.entries(instance, waiting_only=False)) == 41


def test_all_tasks_are_read_also_when_they_take_several_pages(instance: dg.DagsterInstance) -> None:
    asked = {file_task(instance, f"run-{number}").id for number in range(7)}
    ((asset, ids),) = task_ids(instance, containing="run-")
    assert set(ids) == asked
    assert set(tasks_of(instance, asset, ids, page=3)) == asked


def test_a_decision_whose_note_was_lost_is_a_decision(instance: dg.DagsterInstance) -> None:
    task = file_task(instance, "run")
    inbox.cancel(instance, task, by="ann")
    instance.delete_dynamic_partition(f"{partitions_name(ASSET)}/closed", task.id)
    assert inbox.entries(instance) == []
