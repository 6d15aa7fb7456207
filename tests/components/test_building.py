"""What the component makes of its attributes, and how it refuses what it cannot use."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pfo_dagster import WorkflowComponent
from pfo_dagster.operations import OperationRegistry
from pfo_dagster.spec import SpecError
from pfo_dagster.translate import TranslationError
from tests.components.project import SPEC

registry = OperationRegistry()
registry.operation("shop.orders.sync")(lambda _: {"orders": 3})
guards = {"shop.open": lambda _: True}
HERE = __name__


def make_registry() -> OperationRegistry:
    return registry


def built(folder: Path, **attributes: str) -> dg.Definitions:
    """The definitions of a component whose file is in `folder`."""
    (folder / "sync.yaml").write_text(SPEC, encoding="utf-8")
    return build(folder, **attributes)


def build(folder: Path, **attributes: str) -> dg.Definitions:
    given = {"specs": "sync.yaml", "operations": f"{HERE}:registry"} | attributes
    component = WorkflowComponent(**given)
    return component.build_defs(dg.ComponentTree.for_test().load_context.for_path(folder))


def test_the_registry_may_come_from_a_function(tmp_path: Path) -> None:
    defs = built(tmp_path, operations=f"{HERE}:make_registry")
    assert defs.resolve_job_def("shop_sync").execute_in_process().success


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("nowhere.at:all", "No module named 'nowhere'"),
        (f"{HERE}:nothing", "nothing"),
        (HERE, "expected module:attribute"),
        ("", "expected module:attribute"),
        (f"{HERE}:HERE", "is a str, not an OperationRegistry"),
    ],
)
def test_operations_that_are_none(tmp_path: Path, reference: str, problem: str) -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="operations: ") as caught:
        built(tmp_path, operations=reference)
    assert problem in str(caught.value)


def test_specs_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such file"):
        built(tmp_path, specs="elsewhere")


def test_the_app_config_is_checked_before_a_run(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("integrations: []\ncapabilities: {enabled: []}\n")
    spec = SPEC.replace("label: Sync", "label: Sync\n      requiredIntegrations: [bank]")
    (tmp_path / "needy.yaml").write_text(spec, encoding="utf-8")
    for app, succeeds in (({}, True), ({"app": "app.yaml"}, False)):
        job = build(tmp_path, specs="needy.yaml", **app).resolve_job_def("shop_sync")
        assert job.execute_in_process(raise_on_error=False).success is succeeds


def test_guards_are_bound(tmp_path: Path) -> None:
    guard = "label: Sync\n      guard: { type: policy, value: shop.open }"
    (tmp_path / "guarded.yaml").write_text(SPEC.replace("label: Sync", guard), encoding="utf-8")
    with pytest.raises(TranslationError, match="no evaluator is bound"):
        build(tmp_path, specs="guarded.yaml")
    defs = build(tmp_path, specs="guarded.yaml", guards=f"{HERE}:guards")
    assert defs.resolve_job_def("shop_sync").execute_in_process().success
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="neither a mapping nor a function"):
        build(tmp_path, specs="guarded.yaml", guards=f"{HERE}:HERE")
