"""The steps of a workflow, wired: one graph, as a plain job's and as its assets' computation.

Before the first step stands the op `pre_flight`, which takes the workflow's initial data as config;
behind the last ones stands `settle`, in which every end of the workflow meets. A human step is an
end too; the graph of its continuation begins with the op that takes the decision instead.

Each transition is an optional output of its step and each step takes a fan-in list: Dagster hands
it what was emitted, which is at most one, because a step emits only the first transition that
matches.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from pfo_dagster.operations import AssetPath, OperationRegistry
from pfo_dagster.spec import AppConfig, WorkflowSpec
from pfo_dagster.translate.graphs.preflight import pre_flight, summarize
from pfo_dagster.translate.graphs.settle import RESULT, CompletionCheck, settle_op
from pfo_dagster.translate.human.asking import ask_op
from pfo_dagster.translate.human.continuing import decided_op
from pfo_dagster.translate.human.step import HumanStep
from pfo_dagster.translate.metadata import as_metadata
from pfo_dagster.translate.naming import PRE_FLIGHT, SETTLE, asset_output_name
from pfo_dagster.translate.steps.op import step_op
from pfo_dagster.translate.steps.plan import StepPlan
from pfo_dagster.translate.steps.routes import END
from pfo_dagster.translate.steps.state import WorkflowState


@dataclass(frozen=True, slots=True)
class GraphParts:
    """What a graph of a workflow is built from."""

    name: str
    spec: WorkflowSpec
    plans: Sequence[StepPlan]
    """The steps of the graph, in the order of the spec."""
    ops: Mapping[str, dg.OpDefinition]
    """The op of each step, by step id; shared by the graphs of one workflow."""
    operations: OperationRegistry
    app: AppConfig | None


@dataclass(frozen=True, slots=True)
class _Start:
    """The op before the steps, and the step behind each of its outputs (None: the end)."""

    op: dg.OpDefinition
    alias: str
    leads_to: Sequence[tuple[str, str | None]]
    config: dg.ConfigMapping | None = None


def step_ops(
    plans: Sequence[StepPlan], humans: Mapping[str, HumanStep]
) -> dict[str, dg.OpDefinition]:
    """One op definition for each step, by step id; those of `humans` end the run."""
    return {
        plan.step.id: ask_op(humans[plan.step.id]) if plan.waits else step_op(plan)
        for plan in plans
    }


def job_graph(parts: GraphParts) -> dg.GraphDefinition:
    """The graph of the plain job, whose one output is the workflow's result."""
    settle = settle_op(parts.name, parts.spec, None)
    return _graph(parts, _at_entry(parts, ()), settle, inputs=(), outputs=[_RESULT_OUTPUT])


def continuation_graph(
    parts: GraphParts, human: HumanStep, check: CompletionCheck | None
) -> dg.GraphDefinition:
    """The graph that goes on after the decision of a human step, with the same output.

    `check` is reported, as an event, when the workflow ends here and not at another human step.
    """
    leads_to = [(route.output, route.transition.to) for route in human.plan.routes]
    start = _Start(decided_op(human), human.plan.op_name, leads_to or [(END, None)])
    settle = settle_op(parts.name, parts.spec, check, as_event=True)
    return _graph(parts, start, settle, inputs=(), outputs=[_RESULT_OUTPUT])


def asset_graph(
    parts: GraphParts, upstream: Sequence[AssetPath], check: CompletionCheck
) -> dg.GraphDefinition:
    """The graph behind the workflow's assets: one output for each asset, and one for `check`.

    `upstream` are assets made elsewhere that these are computed from; each is an input that carries
    no value, only order and lineage.
    """
    settle = settle_op(parts.name, parts.spec, check)
    outputs = [
        dg.OutputMapping(
            graph_output_name=asset_output_name(asset.key),
            mapped_node_name=plan.op_name,
            mapped_node_output_name=asset_output_name(asset.key),
            graph_output_description=asset.description,
        )
        for plan in parts.plans
        if plan.operation
        for asset in plan.operation.produces
    ]
    outputs.append(
        dg.OutputMapping(
            graph_output_name=check.output,
            mapped_node_name=SETTLE,
            mapped_node_output_name=check.output,
        )
    )
    return _graph(parts, _at_entry(parts, upstream), settle, inputs=upstream, outputs=outputs)


_RESULT_OUTPUT = dg.OutputMapping(
    graph_output_name=RESULT,
    mapped_node_name=SETTLE,
    mapped_node_output_name=RESULT,
    graph_output_description="The workflow's final data and the path it took.",
)


def _graph(
    parts: GraphParts,
    start: _Start,
    settle: dg.OpDefinition,
    *,
    inputs: Sequence[AssetPath],
    outputs: Sequence[dg.OutputMapping],
) -> dg.GraphDefinition:
    sources: dict[str, list[dg.DependencyDefinition]] = {plan.op_name: [] for plan in parts.plans}
    names = {plan.step.id: plan.op_name for plan in parts.plans}
    ends: list[dg.DependencyDefinition] = []
    for output, step_id in start.leads_to:
        target = ends if step_id is None else sources[names[step_id]]
        target.append(dg.DependencyDefinition(start.alias, output))
    for plan in parts.plans:
        routes = () if plan.waits else plan.routes
        for route in routes:
            target = names[route.transition.to]
            sources[target].append(dg.DependencyDefinition(plan.op_name, route.output))
        if not routes:
            ends.append(dg.DependencyDefinition(plan.op_name, END))

    wires: dict[dg.NodeInvocation, dict[str, Any]] = {
        dg.NodeInvocation(start.op.name, alias=start.alias): {}
    }
    for plan in parts.plans:
        wires[dg.NodeInvocation(plan.definition_name, alias=plan.op_name)] = {
            "states": dg.MultiDependencyDefinition(list(sources[plan.op_name]))
        }
    wires[dg.NodeInvocation(settle.name, alias=SETTLE)] = {
        "ends": dg.MultiDependencyDefinition(list(ends))
    }
    return dg.GraphDefinition(
        name=parts.name,
        description=parts.spec.meta.description,
        node_defs=[start.op, *(parts.ops[plan.step.id] for plan in parts.plans), settle],
        dependencies=wires,
        config=start.config,
        input_mappings=[
            dg.InputMapping(
                graph_input_name=asset_output_name(asset),
                mapped_node_name=PRE_FLIGHT,
                mapped_node_input_name=asset_output_name(asset),
            )
            for asset in inputs
        ],
        output_mappings=list(outputs),
        tags={"pfo/workflow": parts.spec.meta.key},
    )


_ENTRY = "entry"
_DATA_SCHEMA = {
    "data": dg.Field(
        dg.Permissive(),
        is_required=False,
        default_value={},
        description="The workflow's initial data, as ContractSpec's `initialData`.",
    )
}


def _at_entry(parts: GraphParts, upstream: Sequence[AssetPath]) -> _Start:
    leads_to = [(_ENTRY, parts.spec.entry_step_id)]
    return _Start(_pre_flight(parts, upstream), PRE_FLIGHT, leads_to, _initial_data())


def _initial_data() -> dg.ConfigMapping:
    """Let people type the initial data where they see the workflow, not at an op inside it."""

    @dg.config_mapping(config_schema=_DATA_SCHEMA)
    def workflow_data(config: dict[str, Any]) -> dict[str, Any]:
        return {PRE_FLIGHT: {"config": {"data": config["data"]}}}

    return workflow_data


def _pre_flight(parts: GraphParts, upstream: Sequence[AssetPath]) -> dg.OpDefinition:
    def check_requirements(
        context: dg.OpExecutionContext, _inputs: dict[str, Any]
    ) -> Iterator[dg.Output[Any]]:
        issues = pre_flight(parts.spec, parts.operations, parts.app)
        errors = [issue for issue in issues if issue.severity == "error"]
        if errors:
            message = f"{parts.spec.meta.key} cannot start:\n{summarize(errors)}"
            rows = [{"step": issue.step_id, "problem": issue.reason} for issue in errors]
            raise dg.Failure(message, metadata=as_metadata({"unmet": rows}), allow_retries=False)
        for issue in issues:
            context.log.warning("step %s: %s", issue.step_id, issue.reason)
        if parts.app is None:
            context.log.info("No app config was given: slots and capabilities were not checked.")
        state = WorkflowState(data=dict(context.op_config["data"]))
        yield dg.Output(state.dump(), output_name=_ENTRY)

    return dg.OpDefinition(
        name=f"{parts.name}__{PRE_FLIGHT}",
        compute_fn=check_requirements,
        ins={asset_output_name(asset): dg.In(dg.Nothing) for asset in upstream},
        outs={_ENTRY: dg.Out(dict)},
        config_schema=_DATA_SCHEMA,
        description=(
            "Checks what the steps require before the first of them runs: integration slots bound, "
            "capabilities enabled, operations known."
        ),
        tags={"pfo/workflow": parts.spec.meta.key},
    )
