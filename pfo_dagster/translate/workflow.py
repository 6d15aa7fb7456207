"""`translate`: a workflow spec as Dagster definitions, whole or not at all."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Iterable

import dagster as dg
from pydantic import BaseModel

from pfo_dagster.operations import OperationRegistry
from pfo_dagster.spec import AppConfig, Diagnostic, WorkflowSpec, check_structure
from pfo_dagster.spec.checks.expressions import check_expressions
from pfo_dagster.spec.rules.structure import UNREACHABLE
from pfo_dagster.spec.rules.translation import NOT_TRANSLATED, UNBOUND_POLICY
from pfo_dagster.translate.betas import quiet_betas
from pfo_dagster.translate.collisions import collisions
from pfo_dagster.translate.compensation.definition import compensation_of
from pfo_dagster.translate.coverage import FieldCoverage, Treatment, coverage
from pfo_dagster.translate.errors import TranslationError, refusal
from pfo_dagster.translate.executions import WorkflowNames
from pfo_dagster.translate.graphs.assets import (
    completion_check,
    described_assets,
    job_tags,
    workflow_assets,
)
from pfo_dagster.translate.graphs.graph import GraphParts, continuation_graph, job_graph, step_ops
from pfo_dagster.translate.graphs.hooks import keep_permanent_failures_permanent
from pfo_dagster.translate.human.forms import forms_of
from pfo_dagster.translate.human.segments import after, segment
from pfo_dagster.translate.human.step import Forms, HumanStep, form_of
from pfo_dagster.translate.metadata import spec_metadata
from pfo_dagster.translate.naming import dagster_name, step_names, steps_graph_name
from pfo_dagster.translate.reachability import reachable_steps
from pfo_dagster.translate.service_levels.watching import service_levels_of
from pfo_dagster.translate.steps.guards import Guards
from pfo_dagster.translate.steps.plan import StepPlan
from pfo_dagster.translate.steps.routes import routes_of
from pfo_dagster.translate.translated import TranslatedWorkflow, job_description, owners_of


def translate(
    spec: WorkflowSpec,
    operations: OperationRegistry,
    app: AppConfig | None = None,
    guards: Guards | None = None,
    forms: Forms | None = None,
) -> TranslatedWorkflow:
    """Translate one workflow.

    `operations` are what its steps may call; a step whose operation is missing is translated, and
    pre-flight fails the run before anything is called. `app` says which slots are bound, which
    capabilities enabled, and whether the workflow leaves its assets to another one (`jobsOnly`);
    without it, requirements are not checked. `guards` evaluate its policies. `forms` are models of
    answers, besides those of `app`; a step with neither takes any JSON.

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
    graph = job_graph(parts(name, first))
    own = app is None or not app.is_job_only(spec.meta.key)
    described = described_assets(spec, plans) if own else []
    assets = workflow_assets(parts(steps_graph_name(spec.meta.key), first)) if own else None
    check = completion_check(parts(name, first)) if own else None
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
        job=_job(spec, graph, job_description(spec)),
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
            owners=owners_of(spec),
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
