"""How long an execution took, or has been taking, against the service level of its spec.

The rules are the reference's (`SLAMonitor.check`): the whole workflow is measured from when it was
asked for until it ends, waiting for people and for retries included; a step by its single attempts,
waiting excluded; a human step not at all; 0 is no level; exactly at the level is in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from pfo_dagster.translate.executions import Event, log_of, runs_of
from pfo_dagster.translate.human.records import first_decision

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pfo_dagster.spec import WorkflowSpec
    from pfo_dagster.translate.executions import WorkflowNames
    from pfo_dagster.translate.human.step import HumanStep


@dataclass(frozen=True, slots=True)
class Attempt:
    """One execution of a step; times in seconds since the epoch, None where it still runs."""

    step_id: str
    began: float
    ended: float | None = None

    def elapsed(self, now: float) -> float:
        """Seconds that it took, or has taken by `now`."""
        return (now if self.ended is None else self.ended) - self.began


@dataclass(frozen=True, slots=True)
class Timing:
    """An execution on the clock; times in seconds since the epoch, None where it is not over."""

    began: float
    ended: float | None
    attempts: tuple[Attempt, ...] = ()

    def elapsed(self, now: float) -> float:
        """Seconds that it took, or has taken by `now`."""
        return (now if self.ended is None else self.ended) - self.began


@dataclass(frozen=True, slots=True)
class Reading:
    """A duration beside its service level, both in seconds."""

    step_id: str | None
    """The step, or None for the whole workflow."""
    level_s: float
    elapsed_s: float
    """Of several attempts of a step, that of the longest."""
    ended: bool

    @property
    def breached(self) -> bool:
        """Whether it took longer than it may."""
        return self.elapsed_s > self.level_s

    @property
    def subject(self) -> str:
        """The step or the workflow, in words."""
        return f'step "{self.step_id}"' if self.step_id else "the workflow"

    @property
    def text(self) -> str:
        """`step "a" took 12.3 s; its service level is 10 s`."""
        took = "took" if self.ended else "has been taking"
        return (
            f"{self.subject} {took} {self.elapsed_s:.3g} s; its service level is {self.level_s:g} s"
        )


def step_levels(spec: WorkflowSpec) -> dict[str, float]:
    """The levels of the steps that are measured, in seconds."""
    sla = spec.definition.sla
    levels = (sla.step_duration_ms if sla else None) or {}
    measured = {step.id for step in spec.definition.steps if not step.waits}
    return {step_id: ms / 1000 for step_id, ms in levels.items() if ms and step_id in measured}


def total_level(spec: WorkflowSpec) -> float | None:
    """The level of the whole workflow in seconds; None where it has none."""
    sla = spec.definition.sla
    return sla.total_duration_ms / 1000 if sla and sla.total_duration_ms else None


def readings(spec: WorkflowSpec, timing: Timing, now: float) -> list[Reading]:
    """What the execution took, or has taken by `now`, of everything that has a level."""
    found: list[Reading] = []
    total = total_level(spec)
    if total is not None:
        found.append(Reading(None, total, timing.elapsed(now), timing.ended is not None))
    for step_id, level in step_levels(spec).items():
        own = [attempt for attempt in timing.attempts if attempt.step_id == step_id]
        if own:
            ended = all(one.ended is not None for one in own)
            found.append(Reading(step_id, level, max(one.elapsed(now) for one in own), ended))
    return found


def timing_of(
    instance: dg.DagsterInstance,
    names: WorkflowNames,
    root: str,
    humans: Sequence[HumanStep] = (),
) -> Timing | None:
    """The execution that began as the run `root`; None where no such run is on record."""
    records = runs_of(instance, root)
    if not records:
        return None
    attempts: list[Attempt] = []
    ended: float | None = None
    for record in records:
        log = [
            entry
            for entry in log_of(instance, record.dagster_run.run_id, *_STARTS, *_ENDS)
            if entry.dagster_event is not None
        ]
        attempts += _attempts(log, names, record)
        ended = _end(instance, log, names, record, humans)
    return Timing(records[0].create_timestamp.timestamp(), ended, tuple(attempts))


_STARTS = (Event.STEP_START, Event.STEP_RESTARTED)
_ENDS = (Event.STEP_OUTPUT, Event.STEP_SUCCESS, Event.STEP_FAILURE, Event.STEP_UP_FOR_RETRY)


def _attempts(
    log: Sequence[dg.EventLogEntry], names: WorkflowNames, record: dg.RunRecord
) -> Iterator[Attempt]:
    running: dict[str, float] = {}
    for entry in log:
        event = entry.get_dagster_event()
        step_id = names.step_of(event.step_key)
        if step_id is None or event.event_type is Event.STEP_OUTPUT:
            continue
        if event.event_type in _STARTS:
            running[step_id] = entry.timestamp
        elif step_id in running:
            yield Attempt(step_id, running.pop(step_id), entry.timestamp)
    for step_id, began in running.items():
        # Of a run whose process was killed nobody wrote down when the step ended.
        yield Attempt(step_id, began, record.end_time if record.dagster_run.is_finished else None)


def _end(
    instance: dg.DagsterInstance,
    log: Sequence[dg.EventLogEntry],
    names: WorkflowNames,
    record: dg.RunRecord,
    humans: Sequence[HumanStep],
) -> float | None:
    """When the workflow ended in a run; None where it did not, or goes on in another."""
    assets = {human.plan.step.id: human.asset for human in humans}
    for entry in log:
        event = entry.get_dagster_event()
        step_id = names.step_of(event.step_key)
        if event.event_type is Event.STEP_SUCCESS and names.is_end(event.step_key):
            return entry.timestamp
        if event.event_type is Event.STEP_OUTPUT and step_id in assets:
            task = (event.step_output_data.metadata or {}).get("task")
            if isinstance(task, dg.TextMetadataValue):
                decision = first_decision(instance, assets[step_id], task.text or "")
                goes_on = decision is None or decision.verdict == "decided"
                return None if goes_on or decision is None else decision.decided_at.timestamp()
    run = record.dagster_run
    return record.end_time if run.is_finished and not run.is_complete_and_waiting_to_retry else None
