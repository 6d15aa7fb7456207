"""What ContractSpec's types forbid and its engine lets pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.spec.checks.finding import did_you_mean, finding
from pfo_dagster.spec.model import GUARD_TYPES, STABILITIES, STEP_TYPES
from pfo_dagster.spec.rules import meta as meta_rules
from pfo_dagster.spec.rules import runtime as runtime_rules
from pfo_dagster.spec.rules import structure as rules
from pfo_dagster.spec.runtime_model import ADAPTERS, BEHAVIORS, PORTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pfo_dagster.spec.diagnostics import Diagnostic
    from pfo_dagster.spec.model import WorkflowSpec
    from pfo_dagster.spec.rules import Rule
    from pfo_dagster.spec.source import Place


def check_words(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    """Names that are missing, and words that are not among those that ContractSpec knows."""
    yield from _check_meta(spec)
    for index, step in enumerate(spec.definition.steps):
        place: Place = ("definition", "steps", index)
        if step.type not in STEP_TYPES:
            yield _unknown(
                spec, rules.UNKNOWN_STEP_TYPE, "step type", step.type, STEP_TYPES, (*place, "type")
            )
        if step.guard and step.guard.type not in GUARD_TYPES:
            at = (*place, "guard", "type")
            yield _unknown(
                spec, rules.UNKNOWN_GUARD_TYPE, "guard type", step.guard.type, GUARD_TYPES, at
            )
        if not step.label:
            message = f'Step "{step.id}" has no label'
            yield finding(spec, meta_rules.UNDESCRIBED, message, place)
        devkit = step.runtime.workflow_devkit if step.runtime else None
        if devkit and devkit.behavior not in BEHAVIORS:
            at = (*place, "runtime", "workflowDevkit", "behavior")
            yield _unknown(
                spec,
                runtime_rules.UNKNOWN_BEHAVIOR,
                "devkit behavior",
                devkit.behavior or "",
                BEHAVIORS,
                at,
            )
    yield from _check_runtime_words(spec)


def _check_meta(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    meta = spec.meta
    for alias, value in (("key", meta.key), ("version", meta.version)):
        if not value:
            message = f"Workflow has no {alias} (meta.{alias})"
            yield finding(spec, meta_rules.NO_IDENTITY, message, ("meta", alias))
    for alias, value in (
        ("description", meta.description),
        ("stability", meta.stability),
        ("owners", meta.owners),
    ):
        if not value:
            message = f"Workflow has no {alias} (meta.{alias})"
            yield finding(spec, meta_rules.UNDESCRIBED, message, ("meta", alias))
    if meta.stability and meta.stability not in STABILITIES:
        yield _unknown(
            spec,
            meta_rules.UNKNOWN_STABILITY,
            "stability",
            meta.stability,
            STABILITIES,
            ("meta", "stability"),
        )


def _check_runtime_words(spec: WorkflowSpec) -> Iterator[Diagnostic]:
    runtime = spec.runtime
    if not runtime:
        return
    adapters = (runtime.capabilities and runtime.capabilities.adapters) or {}
    for name in adapters:
        if name not in ADAPTERS:
            place = ("runtime", "capabilities", "adapters", name)
            rule = runtime_rules.UNKNOWN_ADAPTER
            yield _unknown(spec, rule, "runtime adapter", name, ADAPTERS, place)
    for name in runtime.ports or {}:
        if name not in PORTS:
            place = ("runtime", "ports", name)
            rule = runtime_rules.UNKNOWN_PORT
            yield _unknown(spec, rule, "runtime port", name, PORTS, place)


def _unknown(
    spec: WorkflowSpec, rule: Rule, kind: str, word: str, known: Sequence[str], place: Place
) -> Diagnostic:
    return finding(
        spec,
        rule,
        f'Unknown {kind} "{word}"',
        place,
        at="key" if place[-1] == word else "value",
        expected=f"one of {', '.join(known)}",
        hint=did_you_mean(word, known),
    )
