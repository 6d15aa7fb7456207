"""A second opinion: what the reference's rules say that a workflow does, in few lines.

Written from the notes on the reference runtime, with nothing of the translator in it. It knows only
what `test_random_workflows` generates: scripted outcomes, and conditions as Python values such as
`("data", "x", "===", 1)` for `data.x === 1`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Condition = tuple[str, str, str, int] | None


@dataclass(frozen=True)
class Played:
    """One scripted execution of an operation: what it changes, how long it takes, how it ends."""

    ends: str
    """`ok`, or the kind of the failure."""
    output: Mapping[str, int] = field(default_factory=dict[str, int])
    mutation: Mapping[str, int] = field(default_factory=dict[str, int])
    takes_ms: int = 0
    retry_after_ms: int | None = None


@dataclass(frozen=True)
class PlannedStep:
    """A step as it is generated."""

    id: str
    type: str
    guard: Condition
    timeout_ms: int | None
    retry: Mapping[str, Any] | None
    edges: Sequence[tuple[str, Condition]]
    script: Sequence[Played]
    answers: Sequence[Any]
    """What people say when they are asked, one after the other, until an answer is taken."""


@dataclass
class Run:
    """What was seen of a run."""

    status: str = "running"
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list[Any])
    delays: list[tuple[str, float]] = field(default_factory=list[Any])
    path: list[str] = field(default_factory=list[str])
    refused: list[tuple[str, Any]] = field(default_factory=list[Any])
    """Answers that a guard did not let pass; the task then waits for another."""


def interpret(steps: Sequence[PlannedStep], initial: Mapping[str, int]) -> Run:
    """Run the workflow that begins at the first step, in the mind."""
    by_id = {step.id: step for step in steps}
    run = Run(data=dict(initial))
    current: str | None = steps[0].id
    while current is not None:
        step = by_id[current]
        run.path.append(current)
        given, output = _ask(step, run) if step.type == "human" else (None, _execute(step, run))
        if run.status != "running":
            return run
        if not step.edges:
            run.status, current = "completed", None
            continue
        seen = {"data": run.data, "output": output, "input": given}
        current = next((to for to, when in step.edges if _holds(when, seen)), None)
        if current is None:
            run.status = "failed"
    return run


def _ask(step: PlannedStep, run: Run) -> tuple[Any, Any]:
    """Ask until an answer passes the guard: the answer, and the output that it is."""
    if not _holds(step.guard, {"data": run.data}):
        run.status = "failed"
        return None, None
    for answer in step.answers:
        if not _holds(step.guard, {"data": run.data, "input": answer}):
            run.refused.append((step.id, answer))
            continue
        wrapped = isinstance(answer, dict) and answer.get("ok") is True
        output = answer["data"] if wrapped else answer
        for part in (answer, output):
            run.data.update(part if isinstance(part, dict) else {})
        return answer, output
    run.status = "waiting"
    return None, None


def _execute(step: PlannedStep, run: Run) -> Mapping[str, int] | None:
    """Attempt a step until it is done or has failed for good; its output."""
    retries = 0
    while True:
        if not _holds(step.guard, {"data": run.data}):
            run.status = "failed"
            return None
        if step.type == "decision":
            return None
        run.calls.append((step.id, dict(run.data)))
        played = step.script[retries] if retries < len(step.script) else Played("ok")
        timed_out = step.timeout_ms is not None and 0 < step.timeout_ms <= played.takes_ms
        if not timed_out:
            run.data.update(played.mutation)
            if played.ends == "ok":
                run.data.update(played.output)
                return played.output
        kind = "timeout" if timed_out else played.ends
        allowed = (step.retry or {}).get("maxAttempts", 0)
        if kind not in {"retryable", "timeout"} or retries >= allowed:
            run.status = "failed"
            return None
        given = None if timed_out else played.retry_after_ms
        run.delays.append((step.id, _delay(step.retry or {}, retries) if given is None else given))
        retries += 1


def _delay(retry: Mapping[str, Any], retries: int) -> float:
    delay = retry.get("delayMs", 1000)
    if retry.get("backoff", "exponential") == "exponential":
        delay *= 2**retries
    return max(1, min(delay, retry.get("maxDelayMs", delay)))


def _holds(condition: Condition, seen: Mapping[str, Any]) -> bool:
    """Whether a condition holds on `data`, `output` and `input`, where they are objects."""
    if condition is None:
        return True
    place, name, operator, number = condition
    values = seen.get(place)
    found = values.get(name) if isinstance(values, dict) else None
    return (found == number) is (operator == "===")
