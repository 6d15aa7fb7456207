"""What keeps workflows from living in one code location: the same name, or the same asset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfo_dagster.spec.rules import translation as rules
from pfo_dagster.translate.errors import place_of, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import dagster as dg

    from pfo_dagster.spec import Diagnostic, Rule
    from pfo_dagster.translate.translated import TranslatedWorkflow


def collisions(translated: Sequence[TranslatedWorkflow]) -> list[Diagnostic]:
    """What two workflows would both claim: a name in Dagster, or an asset."""
    problems: list[Diagnostic] = []
    by_name: dict[str, TranslatedWorkflow] = {}
    by_asset: dict[dg.AssetKey, TranslatedWorkflow] = {}
    for workflow in translated:
        for name in (*workflow.job_names, *([workflow.steps_name] if workflow.assets else [])):
            other = by_name.setdefault(name, workflow)
            if other is not workflow:
                claim = f'would both become "{name}" in Dagster; rename one of them'
                problems.append(_both(workflow, other, rules.SAME_WORKFLOW_NAME, claim))
        problems += _second_producer(workflow, by_asset)
    return problems


def _second_producer(
    workflow: TranslatedWorkflow, by_asset: dict[dg.AssetKey, TranslatedWorkflow]
) -> Iterator[Diagnostic]:
    """What the workflow produces of what others before it do, who are in `by_asset`."""
    produced = [key for definition in workflow.assets for key in definition.keys]
    produced += [asset.key for asset in workflow.later_assets]
    shared: dict[str, list[dg.AssetKey]] = {}
    for key in produced:
        other = by_asset.setdefault(key, workflow)
        if other is not workflow:
            shared.setdefault(other.name, []).append(key)
    for keys in shared.values():
        names = ", ".join(sorted(key.to_user_string() for key in keys))
        assets = f"the assets {names}" if len(keys) > 1 else f"the asset {names}"
        claim = f"both produce {assets}; an asset has one producer"
        hint = "name one of them under `jobsOnly` in app.yaml: it then reports what it makes"
        yield _both(workflow, by_asset[keys[0]], rules.TWO_PRODUCERS, claim, hint)


def _both(
    one: TranslatedWorkflow,
    other: TranslatedWorkflow,
    rule: Rule,
    claim: str,
    hint: str | None = None,
) -> Diagnostic:
    key = ("meta", "key")
    message = f"{one.spec.meta.key} and {other.spec.meta.key} ({place_of(other.spec, key)}) {claim}"
    return refusal(one.spec, rule, message, key, hint=hint)
