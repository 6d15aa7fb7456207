"""What keeps workflows from living in one code location: the same name, or the same asset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.spec.rules import translation as rules
from pfo_dagster.translate.errors import place_of, refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dagster as dg

    from pfo_dagster.spec import Diagnostic, Rule
    from pfo_dagster.translate.translated import TranslatedWorkflow


def collisions(translated: Sequence[TranslatedWorkflow]) -> list[Diagnostic]:
    """What two workflows would both claim: a name in Dagster, or an asset."""
    problems: list[Diagnostic] = []
    by_name: dict[str, TranslatedWorkflow] = {}
    by_asset: dict[dg.AssetKey, TranslatedWorkflow] = {}
    for workflow in translated:
        names = [workflow.name, *(job.name for job in workflow.continuations.values())]
        names += [workflow.steps_name] if workflow.assets else []
        names += [workflow.compensation.job.name] if workflow.compensation else []
        for name in names:
            other = by_name.setdefault(name, workflow)
            if other is not workflow:
                claim = f'would both become "{name}" in Dagster; rename one of them'
                problems.append(_both(workflow, other, rules.SAME_WORKFLOW_NAME, claim))
        produced = [key for definition in workflow.assets for key in definition.keys]
        for key in (*produced, *(asset.key for asset in workflow.later_assets)):
            other = by_asset.setdefault(key, workflow)
            if other is not workflow:
                claim = f"both produce the asset {key.to_user_string()}; an asset has one producer"
                problems.append(_both(workflow, other, rules.TWO_PRODUCERS, claim))
    return problems


def _both(one: TranslatedWorkflow, other: TranslatedWorkflow, rule: Rule, claim: str) -> Diagnostic:
    key = ("meta", "key")
    message = f"{one.spec.meta.key} and {other.spec.meta.key} ({place_of(other.spec, key)}) {claim}"
    return refusal(one.spec, rule, message, key)
