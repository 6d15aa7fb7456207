"""What the workflow devkit's settings (`runtime`) mean here: human steps with another door.

An approval and a hook are waits of a human step: the same task, which a person, or a program in
their place, decides. What belongs to other runtimes is refused by name. `coverage` asks
`treat_runtime` about each value; the human step asks `door_of` how its task is decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pfo_dagster.translate.treatment import Treatment

if TYPE_CHECKING:
    from pfo_dagster.spec import Step, WorkflowSpec

_DOORS = {
    "approvalWait": "a task that is decided in the UI or with `pfo inbox decide`",
    "hookWait": "a task that is decided with `pfo inbox resume TOKEN` as well",
}
_NO_DOORS = {
    "webhookWait": "nothing here listens for it; a hookWait is resumed with `pfo inbox resume`",
    "sleep": "no run sleeps here, and none is continued by the clock",
    "streamSession": "a run keeps no session open",
}
_WAIT_FIELDS = {
    "resumeSource": (Treatment.EXACT, "the door that the behavior names"),
    "token": (Treatment.EMULATED, "what `pfo inbox resume` finds the task by, while it waits"),
    "payloadExample": (Treatment.EXACT, "description of the decision asset"),
    "channel": (Treatment.EMULATED, "named in the decision asset; alerts tell that a task waits"),
}
_CAPABILITIES = {
    "suspendResume": "a run ends where the workflow waits, and another goes on",
    "approvalGateway": "the inbox: decision assets and `pfo inbox`",
}
_OTHERS = "a setting of another runtime, which Dagster has no place for"

_Treated = tuple[Treatment, str]


@dataclass(frozen=True, slots=True)
class Door:
    """How the task of a waiting step may be decided besides the inbox, and what is said of it."""

    token: str | None = None
    channel: str | None = None
    example: object = None


def door_of(step: Step) -> Door:
    """The door that a human step's wait declares; one without settings where it declares none."""
    config = step.runtime.workflow_devkit if step.runtime else None
    match config and config.behavior:
        case "hookWait" if config and (hook := config.hook_wait):
            return Door(token=hook.token or None, example=hook.payload_example)
        case "approvalWait" if config and (approval := config.approval_wait):
            return Door(approval.token or None, approval.channel, approval.payload_example)
        case _:
            return Door()


def treat_runtime(
    spec: WorkflowSpec, location: tuple[str | int, ...], value: object
) -> _Treated | None:
    """What becomes of a value below `runtime`, of the workflow or a step; None for others."""
    match location:
        case ("runtime", "capabilities", *capability):
            return _capability(capability, value)
        case ("runtime", *_):
            return Treatment.REFUSED, _OTHERS
        case ("definition", "steps", int(index), "runtime", "workflowDevkit", *field):
            return _of_step(spec.definition.steps[index], field, value)
        case ("definition", "steps", int(), "runtime", *_):
            return Treatment.REFUSED, _OTHERS
        case _:
            return None


def _capability(capability: list[str | int], value: object) -> _Treated:
    if value is False:
        return Treatment.EXACT, "nothing: it is not asked for"
    match capability:
        case ["adapters", "workflow-devkit"]:
            return Treatment.EMULATED, "Dagster itself; each wait of a step is listed by itself"
        case [str(name)] if name in _CAPABILITIES:
            return Treatment.EMULATED, _CAPABILITIES[name]
        case _:
            return Treatment.REFUSED, _OTHERS


def _behavior(step: Step, behavior: str) -> _Treated:
    if behavior not in _DOORS:
        return Treatment.REFUSED, _NO_DOORS.get(behavior, "there is no such behavior")
    if step.type != "human":
        return Treatment.REFUSED, "only a human step waits; make the wait a step of its own"
    return Treatment.EMULATED, _DOORS[behavior]


def _of_step(step: Step, field: list[str | int], value: object) -> _Treated:
    config = step.runtime.workflow_devkit if step.runtime else None
    behavior = (config.behavior if config else None) or ""
    match field:
        case ["behavior"]:
            return _behavior(step, behavior)
        case [name, "collect"] if name == behavior and behavior in _DOORS:
            if value is False:
                return Treatment.EXACT, "nothing: the first payload decides"
            return Treatment.REFUSED, "the first payload decides, and no other is collected"
        case [str(name), str(setting), *_] if name == behavior and behavior in _DOORS:
            return _WAIT_FIELDS.get(cast("str", setting), (Treatment.REFUSED, _OTHERS))
        case [str(name), *_] if name in _DOORS or name in _NO_DOORS:
            return Treatment.REFUSED, f"the step's behavior is {behavior or 'not given'}"
        case _:
            return Treatment.REFUSED, _OTHERS
