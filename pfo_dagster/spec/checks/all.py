"""The checks put together: for one spec, as the reference does, and with everything of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pfo_dagster.spec.checks.app import check_app
from pfo_dagster.spec.checks.durations import check_durations
from pfo_dagster.spec.checks.expressions import check_expressions
from pfo_dagster.spec.checks.finding import as_javascript
from pfo_dagster.spec.checks.policies import (
    check_compensation,
    check_retries,
    check_retry_details,
    check_service_level,
    check_timeouts,
)
from pfo_dagster.spec.checks.references import (
    check_capabilities,
    check_compensation_operations,
    check_service_level_steps,
)
from pfo_dagster.spec.checks.structure import check_structure
from pfo_dagster.spec.checks.transitions import check_transitions
from pfo_dagster.spec.checks.words import check_words
from pfo_dagster.spec.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pfo_dagster.spec.app import AppConfig
    from pfo_dagster.spec.checks.references import References
    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.model import WorkflowSpec


def check(
    spec: WorkflowSpec,
    *,
    operations: References | None = None,
    forms: References | None = None,
    capabilities: References | None = None,
    app: AppConfig | None = None,
) -> list[Diagnostic]:
    """Everything that is wrong with a spec that could be read.

    `operations`, `forms` and `capabilities` are what exists, as `(key, version)`; what they leave
    out is reported, and without them references are not checked. `app` likewise adds what
    pre-flight would say, and its forms, if it declares any, are the forms that exist. What only
    this installation lacks is a warning.
    """
    if forms is None and app is not None and app.forms is not None:
        forms = {(form.key, form.version) for form in app.forms}

    def found() -> Iterator[Diagnostic]:
        yield from check_comprehensive(spec, operations=operations, forms=forms)
        if capabilities is not None:
            yield from check_capabilities(spec, capabilities)
        if operations is not None:
            yield from check_compensation_operations(spec, operations)
        yield from check_service_level_steps(spec)
        yield from check_words(spec)
        yield from check_transitions(spec)
        yield from check_retry_details(spec)
        yield from check_timeouts(spec)
        yield from check_durations(spec)
        yield from check_expressions(spec)
        if app is not None:
            yield from check_app(spec, app)

    return [
        replace(one, level="warning") if RULES[one.code].of_installation else one for one in found()
    ]


def check_comprehensive(
    spec: WorkflowSpec, *, operations: References | None = None, forms: References | None = None
) -> Iterator[Diagnostic]:
    """The reference's `validateWorkflowComprehensive`."""
    yield from check_structure(spec, operations=operations, forms=forms)
    yield from check_service_level(spec)
    yield from check_compensation(spec)
    yield from check_retries(spec)


def check_consistency(
    specs: Iterable[WorkflowSpec],
    *,
    operations: References | None = None,
    forms: References | None = None,
    capabilities: References | None = None,
) -> Iterator[Diagnostic]:
    """The reference's `validateWorkflowConsistency`: several specs, named in each message."""
    for spec in specs:
        name = f"{as_javascript(spec.meta, 'key')}.v{as_javascript(spec.meta, 'version')}"
        found = [*check_structure(spec, operations=operations, forms=forms)]
        if capabilities is not None:
            found += check_capabilities(spec, capabilities)
        if operations is not None:
            found += check_compensation_operations(spec, operations)
        found += check_service_level_steps(spec)
        for diagnostic in found:
            yield replace(diagnostic, message=f"[{name}] {diagnostic.message}")
