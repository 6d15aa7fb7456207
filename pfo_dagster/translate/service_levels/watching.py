"""Watching executions: each breach is recorded once, and each execution when it has ended.

Both are events of the workflow's service-level asset: a breach is an observation, what an execution
took a materialization, whose figures Dagster plots. A breach also stands in the run's own log and
among its tags. One sensor writes them, so that nothing is written twice; it reads before it writes,
so that a tick which is repeated after a crash finds what the other left.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES, NOT_FINISHED_STATUSES

from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate.executions import Seen, WorkflowNames, ended_runs, root_of
from pfo_dagster.translate.human.records import partitions_name, task_of
from pfo_dagster.translate.human.step import HumanStep
from pfo_dagster.translate.metadata import as_metadata
from pfo_dagster.translate.service_levels.timing import Reading, Timing, readings, timing_of

PREFIX = "service_levels"
"""The first part of the key of every service-level asset."""
BREACHED_TAG = "pfo/service_level"
"""On a run that breached one; its value is `breached`."""


@dataclass(frozen=True, slots=True)
class ServiceLevels:
    """The service levels of a workflow, and where what became of them is on record."""

    spec: WorkflowSpec
    names: WorkflowNames
    humans: Sequence[HumanStep] = ()

    @property
    def asset(self) -> dg.AssetKey:
        """The asset whose events are breaches and durations."""
        return dg.AssetKey([PREFIX, self.names.name])

    @property
    def definitions(self) -> dg.Definitions:
        """What a code location needs of them: the asset, and the sensor that reports it."""
        asset = dg.AssetSpec(
            self.asset,
            description=f"How long executions of {self.spec.meta.key} took, in seconds. An "
            "observation says that one took longer than its service level.",
            group_name=PREFIX,
            tags={"pfo/workflow": self.spec.meta.key},
            kinds={"service_level"},
        )
        return dg.Definitions(assets=[asset], sensors=[service_level_sensor(self)])

    def readings(self, instance: dg.DagsterInstance, root: str, now: float) -> list[Reading]:
        """What the execution that began as `root` has taken by `now` (seconds since the epoch)."""
        timing = timing_of(instance, self.names, root, self.humans)
        return readings(self.spec, timing, now) if timing else []


def service_levels_of(
    spec: WorkflowSpec, names: WorkflowNames, humans: Sequence[HumanStep]
) -> ServiceLevels | None:
    """The service levels of a workflow; None where its spec has none."""
    return ServiceLevels(spec, names, humans) if spec.definition.sla else None


def service_level_sensor(
    levels: ServiceLevels, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> dg.SensorDefinition:
    """The sensor that looks at what runs, waits, or has ended since it last looked."""

    def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen = json.loads(context.cursor) if context.cursor else {}
        instance, now = context.instance, clock().timestamp()
        breaches: list[str] = []
        for root in dict.fromkeys(_executions(levels, instance, seen)):
            timing = timing_of(instance, levels.names, root, levels.humans)
            if timing is None:
                continue
            found = readings(levels.spec, timing, now)
            breaches += [
                one.text
                for one in found
                if one.breached and _record_breach(levels, instance, root, one)
            ]
            if timing.ended is not None:
                _record_durations(levels, instance, root, timing, found)
        for text in breaches:
            context.log.warning("%s: %s", levels.spec.meta.key, text)
        reason = "; ".join(breaches) or "No new breaches."
        return dg.SensorResult(skip_reason=reason, cursor=json.dumps(seen, sort_keys=True))

    return dg.SensorDefinition(
        name=f"{levels.names.name}__service_levels",
        evaluation_fn=watch,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Records how long executions take, and once when one takes too long.",
    )


def _executions(levels: ServiceLevels, instance: dg.DagsterInstance, seen: Seen) -> Iterator[str]:
    """The executions to look at, by the runs with which they began."""
    ended = ended_runs(instance, seen, FINISHED_STATUSES)
    active = instance.get_run_records(dg.RunsFilter(statuses=list(NOT_FINISHED_STATUSES)))
    for record in (*ended, *active):
        if levels.names.may_run_in(record.dagster_run):
            yield root_of(instance, record.dagster_run)
    for human in levels.humans:
        filed = set(instance.get_dynamic_partitions(partitions_name(human.asset)))
        for task_id in sorted(filed - instance.get_materialized_partitions(human.asset)):
            task = task_of(instance, human.asset, task_id)
            if task is not None:
                yield task.root_run


def _record_breach(
    levels: ServiceLevels, instance: dg.DagsterInstance, root: str, reading: Reading
) -> bool:
    """Record a breach unless it is on record; whether it was not."""
    name = f"{root}/{reading.step_id or 'total'}"
    known = dg.AssetRecordsFilter(levels.asset, asset_partitions=[name])
    if instance.fetch_observations(known, limit=1).records:
        return False
    run = instance.get_run_by_id(root)
    text = f"Service level breached: {reading.text}."
    if run is not None:
        instance.add_run_tags(root, {BREACHED_TAG: "breached"})
        instance.report_engine_event(text, run)
    facts = {
        "breach": text,
        "workflow": levels.spec.meta.key,
        "step": reading.step_id or "",
        "level_s": _seconds(reading.level_s),
        "elapsed_s": _seconds(reading.elapsed_s),
        "run": dg.MetadataValue.dagster_run(root),
    }
    instance.report_runless_asset_event(
        dg.AssetObservation(levels.asset, partition=name, metadata=as_metadata(facts))
    )
    return True


def _record_durations(
    levels: ServiceLevels,
    instance: dg.DagsterInstance,
    root: str,
    timing: Timing,
    found: Sequence[Reading],
) -> None:
    known = dg.AssetRecordsFilter(levels.asset, asset_partitions=[root])
    if timing.ended is None or instance.fetch_materializations(known, limit=1).records:
        return
    facts: dict[str, object] = {
        "run": dg.MetadataValue.dagster_run(root),
        "total_s": _seconds(timing.ended - timing.began),
        **{f"{one.step_id}_s": _seconds(one.elapsed_s) for one in found if one.step_id},
        "levels": [
            {
                "of": one.step_id or "the workflow",
                "took s": f"{one.elapsed_s:.3f}",
                "level s": f"{one.level_s:g}",
                "breached": "yes" if one.breached else "no",
            }
            for one in found
        ],
    }
    instance.report_runless_asset_event(
        dg.AssetMaterialization(levels.asset, partition=root, metadata=as_metadata(facts))
    )


def _seconds(value: float) -> dg.MetadataValue:
    return dg.MetadataValue.float(round(value, 3))
