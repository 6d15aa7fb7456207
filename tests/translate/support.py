"""Specs and operations made for a test: a spec in a line, an operation that plays a script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pfo_dagster.operations import Operation, OperationContext, OperationError, OperationRegistry
from pfo_dagster.spec import WorkflowSpec

META = {
    "key": "test.flow",
    "version": "1.0.0",
    "title": "A flow",
    "description": "Made for a test.",
    "domain": "testing",
    "owners": ["platform.core"],
    "tags": ["test"],
    "stability": "experimental",
}


def step(step_id: str, **fields: Any) -> dict[str, Any]:
    """An automation step that calls the operation `op.<step_id>`."""
    action = {"operation": {"key": f"op.{step_id}", "version": "1.0.0"}}
    return {"id": step_id, "type": "automation", "label": step_id, "action": action, **fields}


def workflow(
    steps: Sequence[dict[str, Any]],
    transitions: Sequence[tuple[str, str] | tuple[str, str, str]] = (),
    **meta: Any,
) -> WorkflowSpec:
    """A spec; a transition is `(from, to)` or `(from, to, condition)`."""
    edges = [dict(zip(("from", "to", "condition"), edge, strict=False)) for edge in transitions]
    return WorkflowSpec.model_validate({
        "meta": {**META, **meta},
        "definition": {"entryStepId": steps[0]["id"], "steps": steps, "transitions": edges},
    })  # fmt: skip


class Script:
    """Operations that play back outcomes and remember what they were called with.

    An outcome is the output, or the exception to raise; when they run out, the output is `{}`.
    """

    def __init__(self, **outcomes: Sequence[object]) -> None:
        self._left = {f"op.{name}": list(played) for name, played in outcomes.items()}
        self.calls: list[str] = []
        self.seen: list[dict[str, Any]] = []

    def registry(self, *keys: str, **contract: Any) -> OperationRegistry:
        """A registry with `op.<key>` for each of `keys`."""
        return OperationRegistry(
            Operation(
                key=f"op.{key}", version="1.0.0", run=self._player(key), description="", **contract
            )
            for key in keys
        )

    def _player(self, key: str) -> Any:
        async def play(context: OperationContext[Any]) -> object:
            self.calls.append(key)
            self.seen.append(dict(context.data))
            left = self._left.get(f"op.{key}")
            outcome = left.pop(0) if left else {}
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        return play


def retryable(message: str = "not now", retry_after: float | None = None) -> OperationError:
    """A failure that may pass; `retry_after` in seconds."""
    after = None if retry_after is None else timedelta(seconds=retry_after)
    return OperationError(message, kind="retryable", retry_after=after)


def fatal(message: str = "never") -> OperationError:
    """A failure that will not pass."""
    return OperationError(message, kind="fatal")
