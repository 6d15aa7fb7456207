"""What a workflow became in Dagster: its jobs, its assets, and all that stands around them.

`translate` makes it; code locations, `pfo` and tests take from it what they need.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dagster as dg

from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.translate.betas import OwnedAssetJob
from pfo_dagster.translate.compensation.definition import Compensation
from pfo_dagster.translate.coverage import FieldCoverage
from pfo_dagster.translate.graphs.assets import job_tags
from pfo_dagster.translate.graphs.hooks import keep_permanent_failures_permanent
from pfo_dagster.translate.human.continuing import resume_sensor
from pfo_dagster.translate.human.deciding import decision_asset
from pfo_dagster.translate.human.step import HumanStep
from pfo_dagster.translate.metadata import spec_metadata
from pfo_dagster.translate.naming import dagster_owner, steps_graph_name
from pfo_dagster.translate.service_levels.watching import ServiceLevels


@dataclass(frozen=True)
class TranslatedWorkflow:
    """A workflow as Dagster definitions.

    A workflow with human steps is several jobs: `job` and `asset_job` run it up to the first
    person who must be asked, and each of `continuations` goes on after a decision.

    `job` runs the steps by themselves and is what tests and other projects call; `asset_job` is the
    job of the same name that materializes `assets`, and is what a code location shows when the
    workflow produces any. Both are made of the same op definitions.
    """

    name: str
    spec: WorkflowSpec
    graph: dg.GraphDefinition
    job: dg.JobDefinition
    assets: tuple[dg.AssetsDefinition, ...]
    coverage: tuple[FieldCoverage, ...]
    humans: Mapping[str, HumanStep] = field(default_factory=dict[str, HumanStep])
    """The human steps by id."""
    continuations: Mapping[str, dg.JobDefinition] = field(
        default_factory=dict[str, dg.JobDefinition]
    )
    """By the id of the human step that the job goes on from."""
    later_assets: tuple[dg.AssetSpec, ...] = ()
    """What only continuations produce; they report it, and nobody can ask Dagster to make it."""
    compensation: Compensation | None = None
    """What undoes its steps; None where the spec says nothing of it."""
    service_levels: ServiceLevels | None = None
    """How long it may take, and what says so when it takes longer; None likewise."""

    @property
    def steps_name(self) -> str:
        """The name under which the steps stand in the asset job, its launchpad and its events."""
        return steps_graph_name(self.spec.meta.key)

    @cached_property
    def asset_job(self) -> OwnedAssetJob | None:
        """The job that materializes all assets of the workflow; None where there are none."""
        if not self.assets:
            return None
        keys = [key for definition in self.assets for key in definition.keys]
        return OwnedAssetJob(
            name=self.name,
            selection=dg.AssetSelection.assets(*keys),
            description=job_description(self.spec),
            tags=job_tags(self.spec),
            metadata=spec_metadata(self.spec),
            executor_def=dg.in_process_executor,
            hooks={keep_permanent_failures_permanent},
            owners=owners_of(self.spec),
        )

    @property
    def shown_job(self) -> dg.JobDefinition | OwnedAssetJob:
        """The one of `asset_job` and `job` that a code location shows under `name`."""
        return self.asset_job or self.job

    @property
    def job_names(self) -> tuple[str, ...]:
        """The names of all its jobs: up to a decision, after each, and undoing it."""
        names = (self.name, *(job.name for job in self.continuations.values()))
        return (*names, self.compensation.job.name) if self.compensation else names

    @property
    def definitions(self) -> dg.Definitions:
        """What a code location needs of this workflow, without the resources of its operations."""
        own = dg.Definitions(
            assets=[*self.assets, *self.later_assets, *self.decisions],
            jobs=[self.shown_job, *self.continuations.values()],
            sensors=[self.resume] if self.resume else [],
        )
        parts = [one.definitions for one in (self.compensation, self.service_levels) if one]
        return dg.Definitions.merge(own, *parts) if parts else own

    @cached_property
    def decisions(self) -> tuple[dg.AssetsDefinition, ...]:
        """An asset for each human step, whose partitions are the tasks to decide."""
        return tuple(decision_asset(human) for human in self.humans.values())

    @cached_property
    def resume(self) -> dg.SensorDefinition | None:
        """The sensor that starts `continuations`; None where there are none."""
        if not self.humans:
            return None
        return resume_sensor(self.name, tuple(self.humans.values()), self.continuations)

    def run_config(self, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run config of `job` that starts the workflow with `data`."""
        return {"ops": {"config": {"data": dict(data or {})}}}

    def shown_run_config(self, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run config of `shown_job` that starts the workflow with `data`."""
        return self.asset_run_config(data) if self.assets else self.run_config(data)

    def asset_run_config(self, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run config of `asset_job` that starts the workflow with `data`."""
        return {"ops": {self.steps_name: {"config": {"data": dict(data or {})}}}}


def job_description(spec: WorkflowSpec) -> str:
    """What a workflow's jobs say of it."""
    return f"**{spec.meta.title}**\n\n{spec.meta.description}"


def owners_of(spec: WorkflowSpec) -> list[str]:
    """A workflow's owners as Dagster writes them."""
    return [dagster_owner(owner) for owner in spec.meta.owners]
