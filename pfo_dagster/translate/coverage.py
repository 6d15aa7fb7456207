"""Lossless or refused: what becomes of each field of a spec.

`FIELDS` is the one list of what the translator understands. Every value that a spec sets is looked
up in it by its place; a place that is not listed is refused, so a field that is added to the model
can never be dropped silently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pfo_dagster.translate.reachability import reachable_steps
from pfo_dagster.translate.steps.guards import evaluator_of
from pfo_dagster.translate.treatment import Treatment
from pfo_dagster.translate.waits import treat_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfo_dagster.spec import Step, WorkflowSpec
    from pfo_dagster.translate.steps.guards import Guards

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What is done with the values at places that match `pattern` (`[]` is any index)."""

    pattern: str
    treatment: Treatment
    becomes: str
    only: frozenset[object] | None = None
    """The values that this rule is for; all of them where None."""


@dataclass(frozen=True, slots=True)
class FieldCoverage:
    """One value of a spec and what became of it."""

    location: Location
    value: object
    treatment: Treatment
    becomes: str

    @property
    def path(self) -> str:
        """The place as people write it: `definition.steps[0].retry.delayMs`."""
        return "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.location
        ).lstrip(".")


def _exact(becomes: str, *patterns: str, only: frozenset[object] | None = None) -> list[FieldRule]:
    return [FieldRule(pattern, Treatment.EXACT, becomes, only) for pattern in patterns]


def _emulated(
    becomes: str, *patterns: str, only: frozenset[object] | None = None
) -> list[FieldRule]:
    return [FieldRule(pattern, Treatment.EMULATED, becomes, only) for pattern in patterns]


def _refused(why: str, *patterns: str, only: frozenset[object] | None = None) -> list[FieldRule]:
    return [FieldRule(pattern, Treatment.REFUSED, why, only) for pattern in patterns]


FIELDS: tuple[FieldRule, ...] = (
    *_exact("name and tag of the job, the graph and the assets", "meta.key"),
    *_exact("tag of the job and code version of the assets", "meta.version"),
    *_exact("description of the job and the graph", "meta.title", "meta.description"),
    *_exact("tag of the job and the assets", "meta.domain", "meta.tags[]"),
    *_exact("tag and metadata of the job", "meta.stability"),
    *_exact("owner of the job and the assets", "meta.owners[]"),
    *_exact("metadata of the job", "meta.docId[]"),
    *_exact("the op that runs first", "definition.entryStepId"),
    *_exact("name of an op", "definition.steps[].id"),
    *_exact("an op", "definition.steps[].type", only=frozenset({"automation"})),
    *_exact(
        "an op that only chooses a transition",
        "definition.steps[].type",
        only=frozenset({"decision"}),
    ),
    *_emulated(
        "an op that files a task and ends the run, an asset whose materialization decides the "
        "task, and a job that goes on from the decision",
        "definition.steps[].type",
        only=frozenset({"human"}),
    ),
    *_refused("there is no such type of step", "definition.steps[].type"),
    *_exact("description of the op", "definition.steps[].label", "definition.steps[].description"),
    *_exact(
        "the operation that the op calls",
        "definition.steps[].action.operation.key",
        "definition.steps[].action.operation.version",
    ),
    *_emulated(
        "the config of the decision asset",
        "definition.steps[].action.form.key",
        "definition.steps[].action.form.version",
    ),
    *_exact("RetryPolicy.max_retries", "definition.steps[].retry.maxAttempts"),
    *_emulated(
        "a RetryPolicy whose calculate_delay waits as the spec says",
        "definition.steps[].retry.backoff",
        "definition.steps[].retry.delayMs",
        "definition.steps[].retry.maxDelayMs",
    ),
    *_emulated(
        "a requirement that the pre-flight op checks, and a tag of the op",
        "definition.steps[].requiredIntegrations[]",
        "definition.steps[].requiredCapabilities[].key",
        "definition.steps[].requiredCapabilities[].version",
    ),
    *_exact(
        "a condition that the op evaluates before each execution",
        "definition.steps[].guard.type",
        only=frozenset({"expression"}),
    ),
    *_emulated(
        "a call of the policy's evaluator before each execution",
        "definition.steps[].guard.type",
        only=frozenset({"policy"}),
    ),
    *_refused("there is no such type of guard", "definition.steps[].guard.type"),
    *_exact("what the guard evaluates", "definition.steps[].guard.value"),
    *_exact(
        "an optional output of the op, wired to the next op",
        "definition.transitions[].from",
        "definition.transitions[].to",
    ),
    *_exact(
        "the condition under which the output is emitted", "definition.transitions[].condition"
    ),
    *_exact("description of the output", "definition.transitions[].label"),
    *_exact("an asyncio timeout around each execution", "definition.steps[].timeoutMs"),
    *_emulated(
        "a level that a sensor compares executions with, by the event log",
        "definition.sla.totalDurationMs",
        "definition.sla.stepDurationMs",
    ),
    *_emulated(
        "a job that undoes completed steps, started by a sensor after a failure or a cancellation",
        "definition.compensation.trigger",
        only=frozenset({"on_failure"}),
    ),
    *_emulated(
        "a job that undoes completed steps, started with `pfo compensate`",
        "definition.compensation.trigger",
        only=frozenset({"manual"}),
    ),
    *_emulated("an op of the compensation job", "definition.compensation.steps[].stepId"),
    *_emulated(
        "the operation that this op calls",
        "definition.compensation.steps[].operation.key",
        "definition.compensation.steps[].operation.version",
    ),
    *_exact("description of this op", "definition.compensation.steps[].description"),
)  # fmt: skip


def coverage(spec: WorkflowSpec, guards: Guards | None = None) -> list[FieldCoverage]:
    """Every value that `spec` sets, in the order of the spec, with its treatment.

    `guards` are the evaluators that its policies are bound to; an unbound one is refused.
    """
    content = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    reachable = reachable_steps(spec)
    covered: list[FieldCoverage] = []
    for location, value in _leaves(content, ()):
        treatment, becomes = treat_runtime(spec, location, value) or _treatment(location, value)
        if treatment is not Treatment.REFUSED and location[:2] == ("definition", "steps"):
            step = spec.definition.steps[cast("int", location[2])]
            own = _within_step(step, location[3:], guards, reachable=step.id in reachable)
            treatment, becomes = own or (treatment, becomes)
        elif (reason := _of_no_effect(spec, location, value, reachable)) is not None:
            treatment, becomes = Treatment.EXACT, f"nothing: {reason}"
        covered.append(FieldCoverage(location, value, treatment, becomes))
    return covered


def _within_step(
    step: Step, field: Location, guards: Guards | None, *, reachable: bool
) -> tuple[Treatment, str] | None:
    """What the step as a whole makes of one of its fields; None where `FIELDS` has said it."""
    policy = step.guard if step.guard and step.guard.type == "policy" else None
    if policy and field == ("guard", "type") and evaluator_of(policy, guards) is None:
        return Treatment.REFUSED, f'no evaluator is bound to the policy "{policy.value}"'
    if field[0] in {"requiredIntegrations", "requiredCapabilities"}:
        return None
    if not reachable:
        return Treatment.EXACT, "nothing: no transition leads to the step, so it never runs"
    if step.sleeps and field == ("type",):
        return Treatment.EMULATED, "an op that ends the run, and a job that goes on after the sleep"
    if field[0] in {"retry", "timeoutMs", "action"} and (reason := _unused(step, field)):
        return Treatment.EXACT, f"nothing: {reason}"
    if step.type != "human" and field[:2] == ("action", "form"):
        return Treatment.REFUSED, "only a human step asks with a form"
    return None


def _unused(step: Step, field: Location) -> str | None:
    """Why a step that calls nothing has no use for what is about calls; None where it has."""
    if step.sleeps:
        return "a step that sleeps does nothing else, as in the devkit"
    if step.type == "decision" and field[:2] != ("action", "form"):
        return "a decision calls no operation"
    if step.type == "human" and field[:2] != ("action", "form"):
        return "a human step calls nothing, and waits without limit"
    return None


def _of_no_effect(
    spec: WorkflowSpec, location: Location, value: object, reachable: frozenset[str]
) -> str | None:
    """Why a service level or a compensation changes nothing, in the reference neither."""
    match location:
        case ("definition", "sla", "stepDurationMs", str(step_id)):
            known = {step.id for step in spec.definition.steps}
            waiting = {step.id for step in spec.definition.steps if step.waits}
            if value == 0:
                return "0 is no service level"
            if step_id in waiting:
                return "how long a step waits is not measured"
            return None if step_id in reachable and step_id in known else "no run comes to the step"
        case ("definition", "sla", "totalDurationMs") if value == 0:
            return "0 is no service level"
        case ("definition", "compensation", "steps", int(index), *_):
            compensation = spec.definition.compensation
            undone = [one.step_id for one in (compensation.steps if compensation else ())]
            if undone[index] in undone[:index]:
                return "the first compensation of a step counts"
            return None if undone[index] in reachable else "no run comes to the step"
        case _:
            return None


def _leaves(value: Any, location: Location) -> Iterator[tuple[Location, object]]:  # noqa: ANN401 - JSON
    """The scalars of a JSON value. Empty containers and nulls say nothing and are left out."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*location, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*location, index))
    elif value is not None:
        yield location, value


def _treatment(location: Location, value: object) -> tuple[Treatment, str]:
    place = ".".join("[]" if isinstance(part, int) else part for part in location)
    place = place.replace(".[]", "[]")
    for rule in FIELDS:
        matches = re.match(rf"{re.escape(rule.pattern)}(?=$|[.\[])", place) is not None
        if matches and (rule.only is None or value in rule.only):
            return rule.treatment, rule.becomes
    return Treatment.REFUSED, "the translator does not know this field"
