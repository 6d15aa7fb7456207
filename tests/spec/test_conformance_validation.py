"""Every recorded validation: the reference's findings, word for word and in its order."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from pfo_dagster.spec import (
    UNDEFINED,
    WorkflowSpec,
    check_compensation,
    check_comprehensive,
    check_consistency,
    check_retries,
    check_service_level,
    check_structure,
)
from tests.spec.conformance import needs_recordings, recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pfo_dagster.spec import Diagnostic

ONE_SPEC: dict[str, Callable[..., Iterable[Diagnostic]]] = {
    "validateWorkflowSpec": check_structure,
    "assertWorkflowSpecValid": check_structure,
    "validateWorkflowComprehensive": check_comprehensive,
    "validateSlaConfig": check_service_level,
    "validateCompensation": check_compensation,
    "validateRetryConfig": check_retries,
}
CASES = recorded("validation.json")


def found(case: dict[str, Any]) -> list[Diagnostic]:
    known = {
        name: {(entry["key"], entry["version"]) for entry in entries}
        for name, entries in case.get("registries", {}).items()
    }
    if "specs" in case:
        specs = [WorkflowSpec.model_validate(revived(spec)) for spec in case["specs"]]
        return list(check_consistency(specs, **known))
    spec = WorkflowSpec.model_validate(revived(case["spec"]))
    return list(ONE_SPEC[case["function"]](spec, **known))


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


@needs_recordings
@pytest.mark.parametrize(
    "case", [case for case in CASES if "issues" in case], ids=lambda case: case["name"]
)
def test_findings_are_the_references(case: dict[str, Any]) -> None:
    assert [
        {"level": one.level, "message": one.message}
        | ({"context": dict(one.context)} if one.context else {})
        for one in found(case)
    ] == case["issues"]


@needs_recordings
@pytest.mark.parametrize(
    "case", [case for case in CASES if "issues" not in case], ids=lambda case: case["name"]
)
def test_what_makes_the_reference_crash_is_refused(case: dict[str, Any]) -> None:
    if "throws" in case:
        with pytest.raises(ValidationError):
            found(case)
    else:
        assert not any(one.level == "error" for one in found(case))
