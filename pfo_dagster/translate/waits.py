"""What the workflow devkit's settings (`runtime`) mean here: steps at which a run ends and waits.

An approval, a hook and a webhook are waits of a human step: the same task, which a person, or a
program in their place, decides. A sleep is a task that nobody has to decide, because the clock
does. What belongs to other runtimes is refused by name. `coverage` asks `treat_runtime` about each
value; the waiting step asks `door_of` how its task is decided and `sleep_of` when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from pfo_dagster.spec.intervals import interval
from pfo_dagster.translate.treatment import Treatment

if TYPE_CHECKING:
    from datetime import timedelta

    from pfo_dagster.spec import Step, WorkflowSpec

_DOORS: Final = {
    "approvalWait": "a task that is decided in the UI or with `pfo inbox decide`",
    "hookWait": "a task that is decided with `pfo inbox resume TOKEN` as well",
    "webhookWait": "a task that a request to `pfo inbox serve` decides as well",
}
_SLEEP: Final = "a task that a sensor decides when the time is over; the step calls nothing"
_NO_DOORS: Final = {"streamSession": "a run keeps no session open"}
_WAIT_FIELDS: Final = {
    "resumeSource": (Treatment.EXACT, "the door that the behavior names"),
    "token": (Treatment.EMULATED, "what `pfo inbox resume` finds the task by, while it waits"),
    "path": (Treatment.EMULATED, "the path of the request to `pfo inbox serve`"),
    "method": (Treatment.EXACT, "the method of this request"),
    "payloadExample": (Treatment.EXACT, "description of the decision asset"),
    "channel": (Treatment.EMULATED, "named in the decision asset; alerts tell that a task waits"),
}
_CAPABILITIES: Final = {
    "suspendResume": "a run ends where the workflow waits, and another goes on",
    "approvalGateway": "the inbox: decision assets and `pfo inbox`",
}
_OTHERS: Final = "a setting of another runtime, which Dagster has no place for"

_Treated = tuple[Treatment, str]


@dataclass(frozen=True, slots=True)
class Webhook:
    """The request that decides a task."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Door:
    """How the task of a waiting step may be decided besides the inbox, and what is said of it."""

    token: str | None = None
    channel: str | None = None
    example: object = None
    webhook: Webhook | None = None


def door_of(step: Step, default_path: str) -> Door:
    """The door that a human step's wait declares; one without settings where it declares none.

    `default_path` is the path of a webhook that declares none; its method is then POST.
    """
    config = step.runtime.workflow_devkit if step.runtime else None
    match config and config.behavior:
        case "hookWait" if config and (hook := config.hook_wait):
            return Door(token=hook.token or None, example=hook.payload_example)
        case "approvalWait" if config and (approval := config.approval_wait):
            return Door(approval.token or None, approval.channel, approval.payload_example)
        case "webhookWait" if config and (asked := config.webhook_wait):
            path = "/" + (asked.path or default_path).strip("/")
            webhook = Webhook(asked.method or "POST", path)
            return Door(asked.token or None, example=asked.payload_example, webhook=webhook)
        case _:
            return Door()


def sleep_of(step: Step) -> timedelta | None:
    """How long a step sleeps; None for a step that does not. Translated specs have a duration."""
    return interval(_duration(step)) if step.sleeps else None


def sleep_output(step: Step) -> dict[str, str]:
    """What a sleeping step puts into the workflow's data, as the devkit's runner does."""
    return {"sleptFor": _duration(step)}


def _duration(step: Step) -> str:
    config = step.runtime.workflow_devkit if step.runtime else None
    return config.sleep.duration if config and config.sleep else ""


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


def _behavior(step: Step) -> _Treated:
    if step.sleeps:
        return _sleep(step)
    if step.behavior not in _DOORS:
        return Treatment.REFUSED, _NO_DOORS.get(step.behavior, "there is no such behavior")
    if step.type != "human":
        return Treatment.REFUSED, "only a human step waits; make the wait a step of its own"
    return Treatment.EMULATED, _DOORS[step.behavior]


def _sleep(step: Step) -> _Treated:
    try:
        interval(_duration(step))
    except ValueError as error:
        return Treatment.REFUSED, str(error)
    return Treatment.EMULATED, _SLEEP


def _of_step(step: Step, field: list[str | int], value: object) -> _Treated:
    behavior = step.behavior
    match field:
        case ["behavior"]:
            return _behavior(step)
        case ["sleep", "duration"] if step.sleeps:
            return _sleep(step)
        case ["idempotencyKey"] if step.calls:
            return Treatment.EMULATED, "a tag of the op; the devkit's own runner reads it no more"
        case [name, "collect"] if name == behavior and behavior in _DOORS:
            treatment = Treatment.EXACT if value is False else Treatment.REFUSED
            return treatment, "the first payload decides, and no other is collected"
        case [name, "path"] if name == behavior and any(mark in str(value) for mark in "{}:*?#"):
            return Treatment.REFUSED, "a path with parameters; a task is named by ?task=ID"
        case [str(name), str(setting), *_] if name == behavior and behavior in _DOORS:
            return _WAIT_FIELDS.get(cast("str", setting), (Treatment.REFUSED, _OTHERS))
        case [str(name), *_] if name in {"sleep", *_DOORS, *_NO_DOORS}:
            return Treatment.REFUSED, f"the step's behavior is {behavior or 'not given'}"
        case _:
            return Treatment.REFUSED, _OTHERS
