"""The workflow's assets: the same steps, behind what their operations declare that they produce."""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
import re
from collections.abc import Sequence

import dagster as dg

from pfo_dagster.operations import AssetPath, ProducedAsset
from pfo_dagster.spec import WorkflowSpec
from pfo_dagster.spec.rules.translation import TWO_PRODUCERS
from pfo_dagster.translate.errors import TranslationError, refusal
from pfo_dagster.translate.graphs.graph import GraphParts, asset_graph
from pfo_dagster.translate.graphs.hooks import keep_permanent_failures_permanent
from pfo_dagster.translate.graphs.settle import CompletionCheck
from pfo_dagster.translate.metadata import spec_metadata
from pfo_dagster.translate.naming import asset_output_name, dagster_owner
from pfo_dagster.translate.steps.plan import StepPlan

GROUP = "workflows"
"""The asset group in which everything made from specs stands."""


def produced_by(workflow: WorkflowSpec, plans: Sequence[StepPlan]) -> list[ProducedAsset]:
    """What the steps of `plans` produce, in the order of the steps."""
    assets: dict[AssetPath, tuple[str, ProducedAsset]] = {}
    for plan in plans:
        for asset in plan.operation.produces if plan.operation else ():
            if asset.key in assets:
                other = assets[asset.key][0]
                message = (
                    f'The steps "{other}" and "{plan.step.id}" both produce the asset '
                    f"{'/'.join(asset.key)}; an asset has one producer"
                )
                place = (*plan.location, "action", "operation", "key")
                hint = "with the workflow under `jobsOnly` in app.yaml, each reports what it makes"
                raise TranslationError(
                    [refusal(workflow, TWO_PRODUCERS, message, place, hint=hint)]
                )
            assets[asset.key] = (plan.step.id, asset)
    return [asset for _, asset in assets.values()]


def described_assets(workflow: WorkflowSpec, plans: Sequence[StepPlan]) -> list[dg.AssetSpec]:
    """What the steps produce as assets that somebody else reports, with all that is said of them.

    Raises `TranslationError` where two steps produce the same.
    """
    return [
        _described(
            dg.AssetSpec(
                asset.key,
                deps=[dg.AssetKey(key) for key in asset.derived_from],
                group_name=GROUP,
                code_version=workflow.digest[:12],
            ),
            asset,
            workflow,
        )
        for asset in produced_by(workflow, plans)
    ]


def completion_check(parts: GraphParts) -> CompletionCheck | None:
    """The check that tells how runs end: on the last of the assets; None where there are none."""
    produced = produced_by(parts.spec, parts.plans)
    return CompletionCheck(asset=produced[-1].key) if produced else None


def workflow_assets(parts: GraphParts) -> dg.AssetsDefinition | None:
    """The graph-backed assets of a workflow, or None where its operations produce none."""
    produced = produced_by(parts.spec, parts.plans)
    check = completion_check(parts)
    if check is None:
        return None
    own = {asset.key for asset in produced}
    upstream = list(
        dict.fromkeys(key for asset in produced for key in asset.derived_from if key not in own)
    )
    definition = dg.AssetsDefinition.from_graph(
        asset_graph(parts, upstream, check),
        keys_by_input_name={asset_output_name(key): dg.AssetKey(key) for key in upstream},
        keys_by_output_name={asset_output_name(a.key): dg.AssetKey(a.key) for a in produced},
        internal_asset_deps={
            asset_output_name(asset.key): {dg.AssetKey(key) for key in asset.derived_from}
            for asset in produced
        },
        check_specs=[
            dg.AssetCheckSpec(
                check.name,
                asset=dg.AssetKey(check.asset),
                description="The workflow ran to its end. The metadata tell which way it took.",
            )
        ],
        group_name=GROUP,
        code_versions_by_output_name={
            asset_output_name(asset.key): parts.spec.digest[:12] for asset in produced
        },
        hook_defs={keep_permanent_failures_permanent},
    )
    by_key = {dg.AssetKey(asset.key): asset for asset in produced}
    return definition.map_asset_specs(lambda spec: _described(spec, by_key[spec.key], parts.spec))


def _described(
    asset_spec: dg.AssetSpec, produced: ProducedAsset, workflow: WorkflowSpec
) -> dg.AssetSpec:
    return asset_spec.replace_attributes(
        description=produced.description,
        owners=[dagster_owner(owner) for owner in workflow.meta.owners],
        kinds=set(produced.kinds),
        tags={**asset_spec.tags, **workflow_tags(workflow), **_own_tags(workflow)},
        metadata={**asset_spec.metadata, **spec_metadata(workflow)},
    )


def workflow_tags(workflow: WorkflowSpec) -> dict[str, str]:
    """The tags by which a workflow's job and assets are found: key, version, stability, domain."""
    tags = {
        "pfo/workflow": workflow.meta.key,
        "pfo/version": workflow.meta.version,
        "pfo/stability": str(workflow.meta.stability),
    }
    if workflow.meta.domain:
        tags["pfo/domain"] = workflow.meta.domain
    return tags


def job_tags(workflow: WorkflowSpec) -> dict[str, str]:
    """The tags of the workflow's job: the spec's own as one, because each run shows them all."""
    own = {"pfo/tags": ",".join(workflow.meta.tags)} if workflow.meta.tags else {}
    return workflow_tags(workflow) | own


def _own_tags(workflow: WorkflowSpec) -> dict[str, str]:
    """The spec's own tags as Dagster takes them: letters, digits, `_`, `.` and `-`, at most 63."""
    return {re.sub(r"[^A-Za-z0-9_.-]", "-", tag)[:63]: "" for tag in workflow.meta.tags}
