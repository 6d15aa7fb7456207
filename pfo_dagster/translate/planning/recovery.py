"""How a workflow is undone, and how long it may take, in words: for `plan`, `diff` and `page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.translate.naming import dagster_name
from pfo_dagster.translate.planning.phrases import reference_phrase
from pfo_dagster.translate.planning.worst_case import seconds
from pfo_dagster.translate.service_levels.timing import step_levels, total_level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pfo_dagster.spec import WorkflowSpec

WHOLE = "the workflow"
"""The subject of a service level that is not a step's."""


def undoing(spec: WorkflowSpec) -> dict[str, str]:
    """The operation that undoes each step, by step id; of several the first, which counts."""
    compensation = spec.definition.compensation
    return {
        one.step_id: reference_phrase(one.operation) if one.operation else "no operation"
        for one in reversed(compensation.steps if compensation else ())
    }


def trigger_phrase(spec: WorkflowSpec) -> str:
    """What starts compensation."""
    compensation = spec.definition.compensation
    if compensation is None:
        return "never"
    if compensation.trigger == "on_failure":
        return "by itself after a failure or a cancellation"
    return "when a person asks for it with `pfo compensate`"


def levels(spec: WorkflowSpec) -> dict[str, str]:
    """The service levels by what they are of: `WHOLE`, or a step's id."""
    total = total_level(spec)
    whole = {} if total is None else {WHOLE: seconds(total)}
    return whole | {step_id: seconds(level) for step_id, level in step_levels(spec).items()}


def compensation_changes(before: WorkflowSpec, after: WorkflowSpec) -> Iterator[tuple[str, str]]:
    """What another version changes of undoing: the step or the workflow, and how."""
    if trigger_phrase(before) != trigger_phrase(after):
        yield WHOLE, f"is undone {trigger_phrase(before)} → {trigger_phrase(after)}"
    yield from _differences(undoing(before), undoing(after), "is undone by", "nothing")


def service_level_changes(before: WorkflowSpec, after: WorkflowSpec) -> Iterator[tuple[str, str]]:
    """What another version changes of the service levels: of what, and how."""
    yield from _differences(levels(before), levels(after), "may take", "any time")


def recovery_object(spec: WorkflowSpec, job: str, place: Sequence[str | int]) -> str | None:
    """The Dagster object that holds what stands at `place` in a definition; None for the rest."""
    match tuple(place):
        case ("compensation", "steps", int(index), *_) if spec.definition.compensation:
            undone = spec.definition.compensation.steps[index].step_id
            return f"op undo_{dagster_name(undone)} of job {job}__compensation"
        case ("compensation", *_) if trigger_phrase(spec).startswith("by itself"):
            return f"job {job}__compensation, sensor {job}__compensate"
        case ("compensation", *_):
            return f"job {job}__compensation"
        case ("sla", *_):
            return f"sensor {job}__service_levels, asset service_levels/{job}"
        case _:
            return None


def _differences(
    old: Mapping[str, str], new: Mapping[str, str], verb: str, nothing: str
) -> Iterator[tuple[str, str]]:
    for subject in dict.fromkeys([*old, *new]):
        was, now = old.get(subject, nothing), new.get(subject, nothing)
        if was != now:
            yield subject, f"{verb} {was} → {now}"
