"""What another version of a spec changes for those who run it.

Two specs are compared by what they mean: steps by their ids wherever they stand, transitions by the
step that they leave and in the order in which they are tried, a retry by the waits that it leads
to. Whatever differs and has no words of its own here is still reported, value by value. Pure;
`pfo plan --against` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pfo_dagster.spec.timing import DIFFERENT_WAITS, retries_of
from pfo_dagster.translate.naming import dagster_name
from pfo_dagster.translate.planning.phrases import (
    action_phrase,
    edge_phrase,
    guard_phrase,
    requirement_phrases,
    retry_phrase,
    step_phrase,
)
from pfo_dagster.translate.planning.plan import assets_of_step, produced_assets
from pfo_dagster.translate.planning.recovery import compensation_changes, service_level_changes
from pfo_dagster.translate.planning.worst_case import (
    retry_waits,
    seconds,
    step_worst_case,
    worst_case,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pfo_dagster.operations import OperationRegistry
    from pfo_dagster.spec import RetryPolicy, Step, WorkflowSpec
    from pfo_dagster.translate.planning.worst_case import WorstCase


class ChangeKind(StrEnum):
    """What a change is about."""

    STEP_ADDED = "step added"
    STEP_REMOVED = "step removed"
    STEP_TYPE = "step type"
    HUMAN_STEP = "human step"
    ENTRY = "entry"
    OPERATION = "operation"
    RETRY = "retry"
    GUARD = "guard"
    REQUIREMENT = "requirement"
    TRANSITION = "transition"
    COMPENSATION = "compensation"
    SERVICE_LEVEL = "service level"
    ASSET_ADDED = "asset added"
    ASSET_REMOVED = "asset removed"
    ASSET_RENAMED = "asset renamed"
    JOB_RENAMED = "job renamed"
    WORST_CASE = "worst case"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: what it is about, where, and what it means for who runs the workflow."""

    kind: ChangeKind
    subject: str
    """The step, asset, job or field."""
    text: str
    """Old and new, in words, with what follows from it."""

    def as_json(self) -> dict[str, str]:
        """The change for other programs."""
        return {"kind": self.kind.value, "subject": self.subject, "text": self.text}


STOPS = "stops a schedule until a person decides"
"""What a human step does to a job that runs by itself."""

# What is compared in words of its own, by field name as in files; the rest is compared by value.
_TOLD_OF_STEPS = frozenset({
    "id", "type", "action", "retry", "guard", "requiredIntegrations", "requiredCapabilities",
})  # fmt: skip
_TOLD_OF_DEFINITION = frozenset({"steps", "transitions", "entryStepId", "compensation", "sla"})


def compare_workflows(
    before: WorkflowSpec, after: WorkflowSpec, operations: OperationRegistry
) -> list[Change]:
    """What `after` changes of `before`; nothing for specs that mean the same."""
    return [
        *_job(before, after),
        *_steps(before, after),
        *_transitions(before, after),
        *_recovery(before, after),
        *_assets(before, after, operations),
        *_costs(before, after),
        *_other_fields(before, after),
    ]


def _job(before: WorkflowSpec, after: WorkflowSpec) -> Iterator[Change]:
    old, new = dagster_name(before.meta.key), dagster_name(after.meta.key)
    if before.meta.key != after.meta.key:
        text = (
            f"{before.meta.key} → {after.meta.key}: runs, schedules and sensors of the job {old} "
            f"stay behind under the old name"
        )
        yield Change(ChangeKind.JOB_RENAMED, new, text)


def _steps(before: WorkflowSpec, after: WorkflowSpec) -> Iterator[Change]:
    old, new = _by_id(before), _by_id(after)
    if before.entry_step_id != after.entry_step_id:
        text = f"{before.entry_step_id} → {after.entry_step_id}"
        yield Change(ChangeKind.ENTRY, after.entry_step_id or "", text)
    for step_id in [one for one in old if one not in new]:
        text = f"is gone; it was: {step_phrase(old[step_id])}"
        yield Change(ChangeKind.STEP_REMOVED, step_id, text)
    for step_id, step in new.items():
        if step_id not in old:
            yield Change(ChangeKind.STEP_ADDED, step_id, step_phrase(step))
        if step.asks and not (step_id in old and old[step_id].asks):
            yield Change(ChangeKind.HUMAN_STEP, step_id, STOPS)
        if step_id in old:
            yield from _step(old[step_id], step)


def _step(old: Step, new: Step) -> Iterator[Change]:
    def change(kind: ChangeKind, was: str, now: str, effect: str = "") -> Iterator[Change]:
        if was != now:
            yield Change(kind, new.id, f"{was} → {now}{effect}")

    yield from change(ChangeKind.STEP_TYPE, old.type, new.type)
    yield from change(ChangeKind.OPERATION, action_phrase(old), action_phrase(new))
    if _retry_effect(old.retry) != _retry_effect(new.retry):
        effect = f" ({_cost_change(step_worst_case(old), step_worst_case(new))})"
        yield from change(
            ChangeKind.RETRY, retry_phrase(old.retry), retry_phrase(new.retry), effect
        )
    yield from change(ChangeKind.GUARD, guard_phrase(old), guard_phrase(new))
    was, now = _requirements(old), _requirements(new)
    for name in sorted(now - was):
        yield Change(ChangeKind.REQUIREMENT, new.id, f"now needs {name}")
    for name in sorted(was - now):
        yield Change(ChangeKind.REQUIREMENT, new.id, f"no longer needs {name}")


def _transitions(before: WorkflowSpec, after: WorkflowSpec) -> Iterator[Change]:
    for step_id in dict.fromkeys([*_by_id(before), *_by_id(after)]):
        old, new = _edges(before, step_id), _edges(after, step_id)
        for edge in [one for one in old if one not in new]:
            yield Change(ChangeKind.TRANSITION, step_id, f"no longer goes {edge}")
        for edge in [one for one in new if one not in old]:
            yield Change(ChangeKind.TRANSITION, step_id, f"now goes {edge}")
        stayed = [one for one in old if one in new]
        if stayed != [one for one in new if one in old]:
            text = f"tries its transitions in another order: {', then '.join(new)}"
            yield Change(ChangeKind.TRANSITION, step_id, text)


def _recovery(before: WorkflowSpec, after: WorkflowSpec) -> Iterator[Change]:
    for subject, text in compensation_changes(before, after):
        yield Change(ChangeKind.COMPENSATION, subject, text)
    for subject, text in service_level_changes(before, after):
        yield Change(ChangeKind.SERVICE_LEVEL, subject, text)


def _assets(
    before: WorkflowSpec, after: WorkflowSpec, operations: OperationRegistry
) -> Iterator[Change]:
    old = ["/".join(asset.key) for asset in produced_assets(before, operations)]
    new = ["/".join(asset.key) for asset in produced_assets(after, operations)]
    gone = [key for key in old if key not in new]
    come = [key for key in new if key not in old]
    renamed = list(_renamed(before, after, operations, gone, come))
    for was, now in renamed:
        text = f"{was} → {now}: its history stays under the old name"
        yield Change(ChangeKind.ASSET_RENAMED, now, text)
    for key in [key for key in come if key not in {now for _, now in renamed}]:
        yield Change(ChangeKind.ASSET_ADDED, key, "is now produced")
    for key in [key for key in gone if key not in {was for was, _ in renamed}]:
        text = "is no longer produced: what is derived from it goes stale"
        yield Change(ChangeKind.ASSET_REMOVED, key, text)


def _renamed(
    before: WorkflowSpec,
    after: WorkflowSpec,
    operations: OperationRegistry,
    gone: Sequence[str],
    come: Sequence[str],
) -> Iterator[tuple[str, str]]:
    """What one step produces in the place of what it produced: as many as it no longer does."""
    new_steps = _by_id(after)
    for step_id, step in _by_id(before).items():
        if step_id in new_steps:
            lost = [key for key in _assets_of(step, operations) if key in gone]
            won = [key for key in _assets_of(new_steps[step_id], operations) if key in come]
            if len(lost) == len(won):
                yield from zip(lost, won, strict=True)


def _costs(before: WorkflowSpec, after: WorkflowSpec) -> Iterator[Change]:
    old, new = worst_case(before), worst_case(after)
    if old != new:
        text = _cost_change(old, new) if old and new else f"{_bound(old)} → {_bound(new)}"
        yield Change(ChangeKind.WORST_CASE, dagster_name(after.meta.key), text)


def _other_fields(before: WorkflowSpec, after: WorkflowSpec) -> Iterator[Change]:
    old, new = dict(_other_values(before)), dict(_other_values(after))
    told = {("steps", step_id) for step_id in _by_id(before).keys() ^ _by_id(after).keys()}
    for path in dict.fromkeys([*old, *new]):
        if old.get(path) != new.get(path) and path[:2] not in told:
            text = f"{_value(old.get(path))} → {_value(new.get(path))}"
            yield Change(ChangeKind.FIELD, ".".join(path), text)


def _other_values(spec: WorkflowSpec) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every value that is not told in words of its own, by a path that names steps by their ids."""
    content = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    definition = content.pop("definition")
    content["meta"].pop("key")
    yield from _leaves((), content)
    yield from _leaves(("definition",), _without(definition, _TOLD_OF_DEFINITION))
    for step in definition["steps"]:
        yield from _leaves(("steps", step["id"]), _without(step, _TOLD_OF_STEPS))


def _without(value: Mapping[str, object], names: frozenset[str]) -> dict[str, object]:
    return {name: item for name, item in value.items() if name not in names}


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], object]]:  # noqa: ANN401 - JSON
    """The scalars and the lists of a JSON value: the order of a list is part of its meaning."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves((*path, name), item)
    else:
        yield path, value


def _by_id(spec: WorkflowSpec) -> dict[str, Step]:
    """The steps by id; the first of several, which is the one that the reference runs."""
    steps: dict[str, Step] = {}
    for step in spec.definition.steps:
        steps.setdefault(step.id, step)
    return steps


def _edges(spec: WorkflowSpec, step_id: str) -> list[str]:
    return [edge_phrase(edge) for edge in spec.transitions_from(step_id)]


def _requirements(step: Step) -> set[str]:
    return {*requirement_phrases(step)}


def _retry_effect(retry: RetryPolicy | None) -> tuple[int, list[float]]:
    """What tells two retries apart: how many there are, and the waits before as many as differ."""
    count = retries_of(retry)
    return count, retry_waits(retry, at_most=DIFFERENT_WAITS)


def _cost_change(old: WorstCase, new: WorstCase) -> str:
    running = ""
    if old.run_s != new.run_s:
        was, now = ("no limit" if one.run_s is None else seconds(one.run_s) for one in (old, new))
        running = f", of running {was} → {now}"
    return (
        f"at most {old.calls} → {new.calls} calls, "
        f"{seconds(old.wait_s)} → {seconds(new.wait_s)} of waiting{running}"
    )


def _bound(cost: WorstCase | None) -> str:
    return cost.text if cost else "no bound: the steps form a cycle, or lead nowhere"


def _assets_of(step: Step, operations: OperationRegistry) -> list[str]:
    return ["/".join(asset.key) for asset in assets_of_step(step, operations)]


def _value(value: object) -> str:
    return "nothing" if value is None else repr(value)
