"""Replay of `validation.json`: the reference's findings, word for word and in its order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from pfo_dagster.spec import (
    Diagnostic,
    WorkflowSpec,
    check_compensation,
    check_comprehensive,
    check_consistency,
    check_retries,
    check_service_level,
    check_structure,
)
from tests.conformance.outcome import Outcome
from tests.conformance.recordings import revived

ONE_SPEC: dict[str, Callable[..., Iterable[Diagnostic]]] = {
    "validateWorkflowSpec": check_structure,
    "assertWorkflowSpecValid": check_structure,
    "validateWorkflowComprehensive": check_comprehensive,
    "validateSlaConfig": check_service_level,
    "validateCompensation": check_compensation,
    "validateRetryConfig": check_retries,
}


def replay(case: dict[str, Any]) -> Outcome:
    """Check one recorded spec; one that makes the reference crash must be refused as a spec."""
    name = f"validation {case['name']}"
    try:
        found = [_issue(one) for one in _found(case)]
    except ValidationError as error:
        expected = "throws" in case and "issues" not in case
        return Outcome(name, () if expected else (f"refused: {error.errors()[0]['msg']}",))
    if "issues" in case:
        same = found == case["issues"]
        return Outcome(name, () if same else (f"found {found}, recorded {case['issues']}",))
    if "throws" in case:
        return Outcome(name, ("accepted, although the reference throws",))
    errors = [issue for issue in found if issue["level"] == "error"]
    return Outcome(name, (f"found {errors}, recorded none",) if errors else ())


def _issue(one: Diagnostic) -> dict[str, Any]:
    context = {"context": dict(one.context)} if one.context else {}
    return {"level": one.level, "message": one.message} | context


def _found(case: dict[str, Any]) -> list[Diagnostic]:
    known = {
        name: {(entry["key"], entry["version"]) for entry in entries}
        for name, entries in case.get("registries", {}).items()
    }
    if "specs" in case:
        specs = [WorkflowSpec.model_validate(revived(spec)) for spec in case["specs"]]
        return list(check_consistency(specs, **known))
    spec = WorkflowSpec.model_validate(revived(case["spec"]))
    return list(ONE_SPEC[case["function"]](spec, **known))
