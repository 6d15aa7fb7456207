"""Reading the recorded cases of the reference engine."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pfo_dagster.spec import UNDEFINED


def read_cases(folder: Path, name: str) -> list[dict[str, Any]]:
    """The cases of one file; none where it is absent."""
    path = folder / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def revived(value: Any) -> Any:
    """The recording's markers for what JSON cannot hold, as such values again."""
    match value:
        case {"$date": str(text)}:
            return datetime.fromisoformat(text)
        case {"$undefined": True}:
            return UNDEFINED
        case {"$function": True}:
            return revived
        case dict():
            return {key: revived(item) for key, item in value.items()}
        case list():
            return [revived(item) for item in value]
        case _:
            return value


def as_json(value: Any) -> Any:
    """A recorded value without the members that JavaScript had and JSON has not, times as text."""
    match value:
        case {"$date": str(text)}:
            return text
        case dict():
            return {
                key: as_json(item) for key, item in value.items() if item != {"$undefined": True}
            }
        case list():
            return [None if item == {"$undefined": True} else as_json(item) for item in value]
        case _:
            return value


def given_by_hand(case: dict[str, Any]) -> dict[str, list[Any]]:
    """The inputs that the recorded caller handed to human steps itself, by step, in order.

    Only to steps without a guard: a caller can be rejected and try again before it is asked.
    """
    steps = case["spec"]["definition"]["steps"]
    asks = {step["id"] for step in steps if step["type"] == "human" and not step.get("guard")}
    given: dict[str, list[Any]] = {}
    before = {}
    for action, seen in zip(case.get("actions", []), case["expected"]["actions"], strict=False):
        if "input" in action and before.get("currentStep") in asks:
            given.setdefault(before["currentStep"], []).append(action["input"])
        before = seen.get("after") or {}
    return given
