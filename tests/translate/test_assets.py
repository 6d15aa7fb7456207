"""The graph-backed assets of a workflow: keys, lineage, metadata, and the job that makes them."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from pfo_dagster.operations import Operation, OperationContext, OperationRegistry, ProducedAsset
from pfo_dagster.spec import AppConfig, WorkflowSpec
from pfo_dagster.translate import TranslatedWorkflow, TranslationError, translate, translate_all
from tests.conftest import events
from tests.translate.support import fatal, step, workflow

ORDERS = ProducedAsset(
    key=("shop", "orders"), description="All orders.", kinds=frozenset({"duckdb"}),
    derived_from=(("shop", "customers"),),
)  # fmt: skip
REPORT = ProducedAsset(
    key=("shop", "report"), description="A page.", derived_from=(("shop", "orders"),)
)


def registry(*, load_fails: bool = False) -> OperationRegistry:
    async def sync(context: OperationContext[Any]) -> dict[str, int]:
        context.describe(("shop", "orders"), rows=3, total="12.50")
        return {"orders": 3}

    def report(_context: OperationContext[Any]) -> dict[str, str]:
        if load_fails:
            raise fatal()
        return {"page": "done"}

    return OperationRegistry([
        Operation(key="op.sync", version="1.0.0", run=sync, description="", produces=(ORDERS,)),
        Operation(key="op.report", version="1.0.0", run=report, description="", produces=(REPORT,)),
        Operation(key="op.notify", version="1.0.0", run=lambda _context: None, description=""),
    ])  # fmt: skip


def spec(**meta: Any) -> WorkflowSpec:
    return workflow([step("sync"), step("report")], [("sync", "report")], **meta)


def materialize(translated: TranslatedWorkflow) -> dg.ExecuteInProcessResult:
    job = translated.definitions.resolve_job_def(translated.name)
    with dg.DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(
            instance=instance,
            run_config=translated.asset_run_config({"since": "today"}),
            raise_on_error=False,
        )


def test_asset_keys_and_lineage_are_what_the_operations_declare() -> None:
    (assets,) = translate(spec(), registry()).assets
    assert assets.keys == {dg.AssetKey(["shop", "orders"]), dg.AssetKey(["shop", "report"])}
    assert assets.asset_deps == {
        dg.AssetKey(["shop", "orders"]): {dg.AssetKey(["shop", "customers"])},
        dg.AssetKey(["shop", "report"]): {dg.AssetKey(["shop", "orders"])},
    }


def test_what_a_spec_says_of_itself_is_seen_on_its_assets() -> None:
    (assets,) = translate(spec(owners=["platform.finance", "a@b.example"]), registry()).assets
    orders = assets.specs_by_key[dg.AssetKey(["shop", "orders"])]
    assert orders.group_name == "workflows"
    assert list(orders.owners) == ["team:platform.finance", "a@b.example"]
    assert orders.kinds == {"duckdb"}
    assert orders.tags["pfo/workflow"] == "test.flow"
    assert orders.tags["pfo/version"] == "1.0.0"
    assert orders.code_version == spec(owners=["platform.finance", "a@b.example"]).digest[:12]


def test_the_job_materializes_the_assets_with_what_the_operations_report() -> None:
    result = materialize(translate(spec(), registry()))

    made = events(result, dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert [event.asset_key.path if event.asset_key else None for event in made] == [
        ["shop", "orders"], ["shop", "report"],
    ]  # fmt: skip
    metadata = made[0].step_materialization_data.materialization.metadata
    assert metadata["rows"].value == 3
    assert metadata["total"].value == "12.50"
    assert metadata["workflow"].value == "test.flow"


def test_a_check_reports_the_path_that_the_workflow_took() -> None:
    result = materialize(translate(spec(), registry()))
    (evaluation,) = result.get_asset_check_evaluations()
    assert evaluation.check_name == "workflow_completed"
    assert evaluation.passed
    assert evaluation.metadata["data"].value == {"since": "today", "orders": 3, "page": "done"}


def test_a_job_only_workflow_reports_what_another_one_owns() -> None:
    app = AppConfig.model_validate(
        {"integrations": [], "capabilities": {"enabled": []}, "jobsOnly": ["test.again"]}
    )
    again = workflow([step("sync"), step("report")], [("sync", "report")], key="test.again")
    owner, reporter = translate_all([spec(), again], registry(), app)
    assert owner.assets
    assert (reporter.assets, reporter.later_assets) == ((), ())
    with dg.DagsterInstance.ephemeral() as instance:
        result = (
            dg.Definitions.merge(owner.definitions, reporter.definitions)
            .resolve_job_def(reporter.name)
            .execute_in_process(instance=instance, run_config=reporter.run_config({}))
        )
    made = events(result, dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert [event.asset_key for event in made] == [
        dg.AssetKey(["shop", "orders"]),
        dg.AssetKey(["shop", "report"]),
    ]


def test_a_job_only_workflow_may_make_the_same_twice() -> None:
    twice = workflow(
        [step("sync"), step("again", action=step("sync")["action"])], [("sync", "again")]
    )
    with pytest.raises(TranslationError, match="jobsOnly"):
        translate(twice, registry())
    app = AppConfig.model_validate(
        {"integrations": [], "capabilities": {"enabled": []}, "jobsOnly": ["test.flow"]}
    )
    result = translate(twice, registry(), app).job.execute_in_process()
    assert len(events(result, dg.DagsterEventType.ASSET_MATERIALIZATION)) == 2


def test_an_asset_that_was_made_counts_as_made_although_a_later_step_failed() -> None:
    result = materialize(translate(spec(), registry(load_fails=True)))
    assert not result.success
    made = events(result, dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert [event.asset_key for event in made] == [dg.AssetKey(["shop", "orders"])]


def test_the_plain_job_reports_the_same_materializations() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = translate(spec(), registry()).job.execute_in_process(instance=instance)
    made = events(result, dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert [event.asset_key for event in made] == [
        dg.AssetKey(["shop", "orders"]), dg.AssetKey(["shop", "report"]),
    ]  # fmt: skip


def test_a_step_that_produces_nothing_may_end_a_workflow_that_does() -> None:
    steps = [step("sync"), step("notify")]
    result = materialize(translate(workflow(steps, [("sync", "notify")]), registry()))
    assert result.success
    assert len(events(result, dg.DagsterEventType.ASSET_MATERIALIZATION)) == 1


def test_assets_of_a_branch_that_was_not_taken_are_not_materialized() -> None:
    steps = [step("sync"), step("report"), step("notify")]
    edges = [("sync", "report", "output.orders > 3"), ("sync", "notify")]
    result = materialize(translate(workflow(steps, edges), registry()))
    assert result.success
    made = events(result, dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert [event.asset_key for event in made] == [dg.AssetKey(["shop", "orders"])]


def test_definitions_of_several_workflows_load_together() -> None:
    other = workflow([step("notify")], key="test.other")
    translated = translate_all([spec(), other], registry())
    merged = dg.Definitions.merge(*(one.definitions for one in translated))
    dg.Definitions.validate_loadable(merged)
    assert {one.name for one in translated} == {"test_flow", "test_other"}


@pytest.mark.parametrize(
    ("second", "named"),
    [
        (workflow([step("notify")], key="test-flow"), ["test.flow", "test-flow", "test_flow"]),
        (workflow([step("sync")], key="test.other"), ["test.flow", "test.other", "shop/orders"]),
    ],
)
def test_workflows_that_cannot_live_together_are_both_named(
    second: WorkflowSpec, named: list[str]
) -> None:
    with pytest.raises(TranslationError) as error:
        translate_all([spec(), second], registry())
    assert all(name in str(error.value) for name in named)
