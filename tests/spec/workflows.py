"""A small valid workflow for tests to break."""

from __future__ import annotations

from typing import Any

RETRY = {"maxAttempts": 3, "backoff": "exponential", "delayMs": 1000}


def step(step_id: str, **fields: Any) -> dict[str, Any]:
    """An automation step that is complete but for what `fields` say."""
    action = {"operation": {"key": f"op.{step_id}", "version": "1.0.0"}}
    return {"id": step_id, "type": "automation", "label": step_id, "action": action} | fields


def workflow(
    steps: list[dict[str, Any]] | None = None,
    transitions: list[dict[str, Any]] | None = None,
    *,
    definition: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A workflow of two steps, a and b, with nothing wrong but what the arguments bring in."""
    return {
        "meta": {
            "key": "t.workflow",
            "version": "1.0.0",
            "title": "T",
            "description": "A workflow for tests.",
            "owners": ["platform.core"],
            "tags": [],
            "stability": "experimental",
        }
        | (meta or {}),
        "definition": {
            "steps": [step("a"), step("b")] if steps is None else steps,
            "transitions": [{"from": "a", "to": "b"}] if transitions is None else transitions,
        }
        | (definition or {}),
    } | fields
