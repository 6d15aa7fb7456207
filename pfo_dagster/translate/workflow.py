"""`translate`: a workflow spec as Dagster definitions, whole or not at all."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dagster as dg
from pydantic import BaseModel

from pfo_dagster.operations import OperationRegistry
from pfo_dagster.spec import AppConfig, Diagnostic, WorkflowSpec, check_structure
from pfo_dagster.spec.checks.expressions import check_expressions
from pfo_dagster.spec.rules.structure import UNREACHABLE
from pfo_dagster.spec.rules.translation import NOT_TRANSLATED, UNBOUND_POLICY
from pfo_dagster.translate.assets import (
    completion_check,
    described_assets,
    job_tags,
    workflow_assets,
)
from pfo_dagster.translate.betas import OwnedAssetJob, quiet_betas
from pfo_dagster.translate.collisions import collisions
from pfo_dagster.translate.compensation.definition import Compensation, compensation_of
from pfo_dagster.translate.coverage import FieldCoverage, Treatment, coverage
from pfo_dagster.translate.errors import TranslationError, refusal
from pfo_dagster.translate.executions import WorkflowNames
from pfo_dagster.translate.graph import GraphParts, continuation_graph, job_graph, step_ops
from pfo_dagster.translate.guards import Guards
from pfo_dagster.translate.hooks import keep_permanent_failures_permanent
from pfo_dagster.translate.human.continuing import resume_sensor
from pfo_dagster.translate.human.deciding import decision_asset
from pfo_dagster.translate.human.forms import forms_of
from pfo_dagster.translate.human.segments import after, segment
from pfo_dagster.translate.human.step import Forms, HumanStep, form_of
from pfo_dagster.translate.metadata import spec_metadata
from pfo_dagster.translate.naming import dagster_name, dagster_owner, step_names, steps_graph_name
from pfo_dagster.translate.reachability import reachable_steps
from pfo_dagster.translate.routes import routes_of
from pfo_dagster.translate.service_levels.watching import ServiceLevels, service_levels_of
from pfo_dagster.translate.step_plan import StepPlan


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
            description=_job_description(self.spec),
            tags=job_tags(self.spec),
            metadata=spec_metadata(self.spec),
            executor_def=dg.in_process_executor,
            hooks={keep_permanent_failures_permanent},
            owners=_owners(self.spec),
        )

    @property
    def definitions(self) -> dg.Definitions:
        """What a code location needs of this workflow, without the resources of its operations."""
        own = dg.Definitions(
            assets=[*self.assets, *self.later_assets, *self.decisions],
            jobs=[self.asset_job or self.job, *self.continuations.values()],
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

    def asset_run_config(self, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run config of `asset_job` that starts the workflow with `data`."""
        return {"ops": {self.steps_name: {"config": {"data": dict(data or {})}}}}


def translate(
    spec: WorkflowSpec,
    operations: OperationRegistry,
    app: AppConfig | None = None,
    guards: Guards | None = None,
    forms: Forms | None = None,
) -> TranslatedWorkflow:
    """Translate one workflow.

    `operations` are what its steps may call; a step whose operation is missing is translated, and
    pre-flight fails the run before anything is called. `app` says which slots are bound and which
    capabilities enabled; without it, requirements are not checked. `guards` evaluate its policies.
    `forms` are models of answers, besides those of `app`; a step with neither takes any JSON.

    Raises `TranslationError` naming everything that could not be carried over exactly.
    """
    covered = coverage(spec, guards)
    problems = [_refusal(spec, field) for field in covered if field.treatment is Treatment.REFUSED]
    problems += _structure(spec)
    if problems:
        raise TranslationError(problems)

    name = dagster_name(spec.meta.key)
    plans = _plans(spec, operations, guards, name)
    known = {**forms_of(app), **(forms or {})}
    humans = {
        plan.step.id: HumanStep(plan, name, _form(plan, known)) for plan in plans if plan.waits
    }
    ops = step_ops(plans, humans)

    def parts(graph_name: str, steps: frozenset[str]) -> GraphParts:
        own = [plan for plan in plans if plan.step.id in steps]
        return GraphParts(graph_name, spec, own, ops, operations, app)

    first = segment(spec, [spec.entry_step_id or ""])
    described = described_assets(spec, plans)
    graph = job_graph(parts(name, first))
    assets = workflow_assets(parts(steps_graph_name(spec.meta.key), first))
    check = completion_check(parts(name, first))
    continuations = {
        step_id: _job(
            spec,
            continuation_graph(parts(human.continuation, after(spec, step_id)), human, check),
            f"**{spec.meta.title}**, after the decision of `{step_id}`",
        )
        for step_id, human in humans.items()
    }
    made = assets.keys if assets else set[dg.AssetKey]()
    names = WorkflowNames(
        key=spec.meta.key,
        name=name,
        steps_graph=steps_graph_name(spec.meta.key),
        continuations=frozenset(human.continuation for human in humans.values()),
        steps={plan.op_name: plan.step.id for plan in plans},
        assets=frozenset(made),
    )
    return TranslatedWorkflow(
        name=name,
        spec=spec,
        graph=graph,
        job=_job(spec, graph, _job_description(spec)),
        assets=(assets,) if assets else (),
        coverage=tuple(covered),
        humans=humans,
        continuations=continuations,
        later_assets=tuple(asset for asset in described if asset.key not in made),
        compensation=compensation_of(
            spec, names, operations, tuple(humans.values()), job_tags(spec)
        ),
        service_levels=service_levels_of(spec, names, tuple(humans.values())),
    )


def translate_all(
    specs: Iterable[WorkflowSpec],
    operations: OperationRegistry,
    app: AppConfig | None = None,
    guards: Guards | None = None,
    forms: Forms | None = None,
) -> list[TranslatedWorkflow]:
    """Translate the workflows of one code location.

    Raises `TranslationError` with the problems of all of them, and of their living together: two
    workflows of one name, or two that produce the same asset.
    """
    problems: list[Diagnostic] = []
    translated: list[TranslatedWorkflow] = []
    for spec in specs:
        try:
            translated.append(translate(spec, operations, app, guards, forms))
        except TranslationError as error:
            problems += error.diagnostics
    problems += collisions(translated)
    if problems:
        raise TranslationError(problems)
    return translated


def _job(spec: WorkflowSpec, graph: dg.GraphDefinition, description: str) -> dg.JobDefinition:
    with quiet_betas():
        return graph.to_job(
            name=graph.name,
            description=description,
            tags=job_tags(spec),
            metadata=spec_metadata(spec),
            executor_def=dg.in_process_executor,
            hooks={keep_permanent_failures_permanent},
            owners=_owners(spec),
        )


def _form(plan: StepPlan, forms: Forms) -> type[BaseModel] | None:
    form = form_of(plan)
    fits = (one for one in forms if form and one[0] == form.key and form.version in {None, one[1]})
    return next((forms[one] for one in fits), None)


def _plans(
    spec: WorkflowSpec, operations: OperationRegistry, guards: Guards | None, name: str
) -> list[StepPlan]:
    """A plan for each step that the workflow can come to, in the order of the spec."""
    reachable = reachable_steps(spec)
    op_names = step_names(spec, reachable)
    plans: list[StepPlan] = []
    for index, step in enumerate(spec.definition.steps):
        if step.id not in reachable:
            continue
        action = step.action if step.calls else None
        reference = action.operation if action else None
        plans.append(
            StepPlan(
                spec=spec,
                step=step,
                index=index,
                op_name=op_names[step.id],
                definition_name=f"{name}__{op_names[step.id]}",
                operation=operations.get(reference.key, reference.version) if reference else None,
                guards=guards,
                routes=routes_of(spec.transitions_from(step.id), op_names),
            )
        )
    return plans


def _structure(spec: WorkflowSpec) -> list[Diagnostic]:
    """What keeps a graph from being made of the spec: wrong edges, conditions of no meaning.

    Other errors that `pfo_dagster.spec.check` finds, such as a retry of zero attempts, have a
    meaning in the reference runtime and are translated. So has a step that nothing leads to: it
    never runs, but what it requires counts before the start.
    """
    return [
        diagnostic
        for diagnostic in (*check_structure(spec), *check_expressions(spec))
        if diagnostic.level == "error" and diagnostic.code != UNREACHABLE.code
    ]


def _refusal(spec: WorkflowSpec, field: FieldCoverage) -> Diagnostic:
    policy = field.location[-2:] == ("guard", "type") and field.value == "policy"
    rule = UNBOUND_POLICY if policy else NOT_TRANSLATED
    message = f"{field.path} = {field.value!r} is refused: {field.becomes}"
    return refusal(spec, rule, message, field.location)


def _job_description(spec: WorkflowSpec) -> str:
    return f"**{spec.meta.title}**\n\n{spec.meta.description}"


def _owners(spec: WorkflowSpec) -> list[str]:
    return [dagster_owner(owner) for owner in spec.meta.owners]
