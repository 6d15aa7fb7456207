"""Everything that is wrong with specs, by their own rules and by what Dagster can hold.

`pfo check` and `pfo plan` both judge here, so that they never disagree, and neither with what a
code location does: a spec without an error here loads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from pfo_dagster.spec import check
from pfo_dagster.spec.rules.translation import NOT_ACCEPTED
from pfo_dagster.translate.collisions import collisions
from pfo_dagster.translate.errors import TranslationError, refusal
from pfo_dagster.translate.workflow import translate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pfo_dagster.operations import OperationRegistry
    from pfo_dagster.spec import AppConfig, Diagnostic, WorkflowSpec
    from pfo_dagster.translate.steps.guards import Guards
    from pfo_dagster.translate.translated import TranslatedWorkflow


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with one spec, and its translation where nothing keeps it from one."""

    spec: WorkflowSpec
    diagnostics: tuple[Diagnostic, ...]
    translated: TranslatedWorkflow | None

    @property
    def ok(self) -> bool:
        """Whether the spec has no error; warnings do not count."""
        return not any(one.level == "error" for one in self.diagnostics)


def judge(
    spec: WorkflowSpec,
    operations: OperationRegistry,
    app: AppConfig | None = None,
    guards: Guards | None = None,
) -> Judgement:
    """Check a spec and try to translate it; the arguments are those of `translate`."""
    found = check(spec, operations=operations.refs(), app=app)
    wrong = {one.place for one in found if one.level == "error"}
    try:
        translated = translate(spec, operations, app, guards)
        dg.Definitions.validate_loadable(_with_resources(translated, operations))
    except TranslationError as error:
        # The checks say the same of a wrong word or edge, and what to write instead.
        found += [one for one in error.diagnostics if one.place not in wrong]
        translated = None
    except dg.DagsterError as error:
        message = f"Dagster does not take it: {error}"
        found.append(refusal(spec, NOT_ACCEPTED, message, ("meta",)))
        translated = None
    ok = not any(one.level == "error" for one in found)
    return Judgement(spec, tuple(found), translated if ok else None)


def _with_resources(
    translated: TranslatedWorkflow, operations: OperationRegistry
) -> dg.Definitions:
    """The definitions as a code location has them: something stands for each resource."""
    names = {name for operation in operations for name in operation.requires}
    nothing = dg.ResourceDefinition.none_resource()
    resources = dg.Definitions(resources=dict.fromkeys(names, nothing))
    return dg.Definitions.merge(translated.definitions, resources)


def judge_together(judgements: Sequence[Judgement]) -> list[Diagnostic]:
    """What keeps the workflows that are sound by themselves from living in one code location."""
    return collisions([one.translated for one in judgements if one.translated])
