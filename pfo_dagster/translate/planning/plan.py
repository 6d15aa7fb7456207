"""What a spec becomes in Dagster, field by field, without making it run anywhere.

`plan_workflow` judges any spec that could be read, also one that cannot be translated: what is
refused then stands beside what would have been carried over. Pure; `pfo plan` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pfo_dagster.spec import RULES, to_json
from pfo_dagster.translate.coverage import Treatment, coverage
from pfo_dagster.translate.graphs.preflight import pre_flight
from pfo_dagster.translate.human.records import PREFIX as DECISIONS
from pfo_dagster.translate.naming import PRE_FLIGHT, SETTLE, dagster_name
from pfo_dagster.translate.planning.judging import judge
from pfo_dagster.translate.planning.recovery import recovery_object
from pfo_dagster.translate.planning.worst_case import human_steps, worst_case
from pfo_dagster.translate.reachability import reachable_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pfo_dagster.operations import OperationRegistry, ProducedAsset
    from pfo_dagster.spec import AppConfig, Diagnostic, Step, WorkflowSpec
    from pfo_dagster.translate.coverage import FieldCoverage
    from pfo_dagster.translate.graphs.preflight import PreFlightIssue
    from pfo_dagster.translate.planning.judging import Judgement
    from pfo_dagster.translate.planning.worst_case import WorstCase
    from pfo_dagster.translate.steps.guards import Guards
    from pfo_dagster.translate.translated import TranslatedWorkflow


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One value of a spec, and what of Dagster it is in."""

    path: str
    value: object
    treatment: Treatment
    reason: str
    """What it becomes there, how it is emulated, or why it is refused."""
    becomes: str | None
    """The Dagster object, e.g. `op refresh_balances`; None where it is refused."""
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What one workflow becomes. `pre_flight` is about this installation, the rest of the spec."""

    judgement: Judgement
    job: str
    ops: tuple[str, ...]
    assets: tuple[str, ...]
    reports: tuple[str, ...]
    """Assets of other workflows that this one makes too, and reports."""
    schedule: str | None
    worst_case: WorstCase | None
    """None where the steps form a cycle, or lead to one that does not exist."""
    waits_for_people: tuple[str, ...]
    """Ids of the human steps, at each of which a run stops until a person decides."""
    fields: tuple[PlannedField, ...]
    """In the order of the file."""
    pre_flight: tuple[PreFlightIssue, ...]
    """What would stop a run here and now: unbound slots, operations that are not registered."""

    @property
    def spec(self) -> WorkflowSpec:
        """What is planned."""
        return self.judgement.spec

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the spec, errors and warnings; what is not installed is left out."""
        return tuple(
            one for one in self.judgement.diagnostics if not RULES[one.code].of_installation
        )

    @property
    def refused(self) -> tuple[PlannedField, ...]:
        """The fields that keep the spec from being translated."""
        return tuple(field for field in self.fields if field.treatment is Treatment.REFUSED)

    @property
    def ok(self) -> bool:
        """Whether the spec loads; warnings and what pre-flight says do not count."""
        return self.judgement.ok

    @property
    def warning_free(self) -> bool:
        """Whether there is nothing at all to object to, here and now."""
        return not (self.diagnostics or self.pre_flight)

    def as_json(self) -> dict[str, Any]:
        """The plan for other programs, in JSON's types."""
        cost = self.worst_case
        return {
            "key": self.spec.meta.key,
            "version": self.spec.meta.version,
            "ok": self.ok,
            "job": self.job,
            "ops": list(self.ops),
            "assets": list(self.assets),
            "reports": list(self.reports),
            "schedule": self.schedule,
            "worstCase": None
            if cost is None
            else {"calls": cost.calls, "waitSeconds": cost.wait_s, "runSeconds": cost.run_s},
            "waitsForPeople": list(self.waits_for_people),
            "fields": [_field_as_json(field) for field in self.fields],
            "problems": to_json(self.diagnostics),
            "preFlight": [
                {"level": issue.severity, "step": issue.step_id, "message": issue.reason}
                for issue in self.pre_flight
            ],
        }


def plan_workflow(
    spec: WorkflowSpec,
    operations: OperationRegistry,
    app: AppConfig | None = None,
    guards: Guards | None = None,
    *,
    schedule: str | None = None,
) -> Plan:
    """Plan one workflow, which need not be one that can be translated.

    `operations`, `app` and `guards` are those of `translate`; `schedule` is what starts the job by
    itself, in words, because that is decided above the translator.
    """
    covered = coverage(spec, guards)
    judged = judge(spec, operations, app, guards)
    job = dagster_name(spec.meta.key)
    made = tuple("/".join(asset.key) for asset in produced_assets(spec, operations))
    is_job_only = app is not None and app.is_job_only(spec.meta.key)
    return Plan(
        judgement=judged,
        job=job,
        ops=_ops(spec, judged.translated),
        assets=() if is_job_only else made,
        reports=made if is_job_only else (),
        schedule=schedule,
        worst_case=worst_case(spec),
        waits_for_people=tuple(step.id for step in human_steps(spec)),
        fields=tuple(sorted((_planned(spec, job, field) for field in covered), key=_line)),
        pre_flight=tuple(pre_flight(spec, operations, app)),
    )


def produced_assets(spec: WorkflowSpec, operations: OperationRegistry) -> list[ProducedAsset]:
    """What the steps that can run leave behind, in the order of the steps, each once."""
    reachable = reachable_steps(spec)
    steps = [step for step in spec.definition.steps if step.id in reachable]
    assets = [asset for step in steps for asset in assets_of_step(step, operations)]
    return list({asset.key: asset for asset in assets}.values())


def assets_of_step(step: Step, operations: OperationRegistry) -> Sequence[ProducedAsset]:
    """What the operation of a step leaves behind; nothing where it is not registered."""
    reference = step.action.operation if step.calls and step.action else None
    operation = operations.get(reference.key, reference.version) if reference else None
    return operation.produces if operation else ()


def _ops(spec: WorkflowSpec, translated: TranslatedWorkflow | None) -> tuple[str, ...]:
    """The ops of the graph in the order of the spec; those that would be, where there is none."""
    steps = [dagster_name(step.id) for step in spec.definition.steps]
    if translated is None:
        return tuple(steps)
    graphs = [translated.graph, *(job.graph for job in translated.continuations.values())]
    nodes = {node.name for graph in graphs for node in graph.nodes}
    added = sorted(nodes.difference(steps, {PRE_FLIGHT, SETTLE}))
    return tuple(name for name in (PRE_FLIGHT, *steps, *added, SETTLE) if name in nodes)


def _planned(spec: WorkflowSpec, job: str, field: FieldCoverage) -> PlannedField:
    refused = field.treatment is Treatment.REFUSED
    return PlannedField(
        path=field.path,
        value=field.value,
        treatment=field.treatment,
        reason=field.becomes,
        becomes=None if refused else _object(spec, job, field.location),
        file=str(spec.source.path) if spec.source else None,
        line=spec.source.locate(field.location).line if spec.source else None,
    )


def _line(field: PlannedField) -> int:
    return field.line or 0


def _object(spec: WorkflowSpec, job: str, location: Sequence[str | int]) -> str:
    """The Dagster object that holds what stands at `location`."""
    match tuple(location):
        case ("definition", "steps", int(index), str(field), *_):
            return _object_of_step(spec.definition.steps[index], job, field)
        case ("definition", "transitions", int(index), *_):
            edge = spec.definition.transitions[index]
            return f"edge {dagster_name(edge.from_)} → {dagster_name(edge.to)}"
        case ("definition", "entryStepId"):
            return f"op {dagster_name(spec.entry_step_id or '')}"
        case ("definition", *rest):
            return recovery_object(spec, job, rest) or f"job {job}"
        case _:
            return f"job {job}"


def _object_of_step(step: Step, job: str, field: str) -> str:
    op = dagster_name(step.id)
    waits = step.waits
    decisions = "/".join((DECISIONS, job, op))
    match field:
        case "requiredIntegrations" | "requiredCapabilities":
            return f"op {PRE_FLIGHT}"
        case "retry" if step.calls:
            return f"retry policy of op {op}"
        case "type" if waits:
            return f"op {op}, asset {decisions}, job {job}__after_{op}"
        case "action" | "runtime" if waits:
            return f"asset {decisions}"
        case _:
            return f"op {op}"


def _field_as_json(field: PlannedField) -> dict[str, object]:
    return {
        "field": field.path,
        "value": field.value,
        "treatment": field.treatment.value,
        "reason": field.reason,
        "becomes": field.becomes,
        "file": field.file,
        "line": field.line,
    }
