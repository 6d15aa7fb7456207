"""The parts of a spec as phrases, for people who compare versions or read the generated pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.translate.planning.worst_case import retry_waits, seconds, step_worst_case
from pfo_dagster.translate.steps.retries import retry_policy

if TYPE_CHECKING:
    from pfo_dagster.spec import RetryPolicy, SpecRef, Step, Transition


def step_phrase(step: Step) -> str:
    """`automation step, calls op.a@1.0.0, at most 4 calls, 7 s of waiting between retries`."""
    cost = step_worst_case(step)
    return f"{step.type} step, {action_phrase(step)}" + (f", {cost.text}" if cost.calls else "")


def action_phrase(step: Step) -> str:
    """What a step does: the operation that it calls, the form that it shows."""
    if step.sleeps:
        return sleep_phrase(step)
    action = step.action
    parts = [
        f"calls {reference_phrase(action.operation)}" if action and action.operation else "",
        f"shows {reference_phrase(action.form)}" if action and action.form else "",
    ]
    return " and ".join(part for part in parts if part) or "calls nothing"


def sleep_phrase(step: Step) -> str:
    """How long a step lets the workflow wait: `sleeps for 5m`."""
    config = step.runtime.workflow_devkit if step.runtime else None
    return f"sleeps for {config.sleep.duration}" if config and config.sleep else "sleeps"


def reference_phrase(reference: SpecRef) -> str:
    """`key@version`; the key alone where the latest version is meant."""
    return f"{reference.key}@{reference.version}" if reference.version else reference.key


def guard_phrase(step: Step) -> str:
    """What must hold before the step may run."""
    return f"only if {step.guard.type} `{step.guard.value}`" if step.guard else "no guard"


def requirement_phrases(step: Step) -> list[str]:
    """The slots and capabilities that a step needs, in the order of the spec."""
    slots = [f"slot {slot}" for slot in step.required_integrations or ()]
    needed = step.required_capabilities or ()
    return slots + [f"capability {reference_phrase(one)}" for one in needed]


def edge_phrase(edge: Transition) -> str:
    """Where a transition leads and when: ``to b if `output.ok` ``."""
    condition = f" if `{edge.condition}`" if edge.condition else ""
    label = f' (called "{edge.label}")' if edge.label else ""
    return f"to {edge.to}{condition}{label}"


def retry_phrase(retry: RetryPolicy | None) -> str:
    """`retried 3 times after 1 s, 2 s, 4 s`; the first waits of many."""
    policy = retry_policy(retry)
    if policy is None:
        return "never retried"
    waits = retry_waits(retry, at_most=6)
    more = ", …" if policy.max_retries > len(waits) else ""
    times = "once" if policy.max_retries == 1 else f"{policy.max_retries} times"
    return f"retried {times} after {', '.join(seconds(wait) for wait in waits)}{more}"
