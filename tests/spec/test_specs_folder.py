"""The specs of the project itself: they are the reference's, they are valid, editors know them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pfo_dagster.spec import (
    app_schema,
    check,
    read_app,
    read_workflows,
    workflow_schema,
)
from pfo_dagster.spec.schema import write_schemas
from tests.spec.conformance import FOLDER, needs_recordings

SPECS = Path(__file__).resolve().parents[2] / "specs"
WORKFLOWS = {spec.meta.key: spec for spec in read_workflows(SPECS)}
MAIN = "pfo.workflow.refresh-openbanking-balances"


REWORDED = {
    "pfo.workflow.sync-openbanking-accounts",
    "pfo.workflow.sync-openbanking-transactions",
    "pfo.workflow.generate-openbanking-overview",
}
"""They describe what they do here, in the ledger."""
NEEDY = {
    "pfo.workflow.generate-financial-summary",
    "pfo.workflow.ingest-email-threads",
    "pfo.workflow.process-uploaded-document",
    "pfo.workflow.upcoming-payments-reminder",
}
"""They need services that this project does not have."""


def test_all_eight_workflows_of_the_family_office_are_there() -> None:
    assert set(WORKFLOWS) == {MAIN, *REWORDED, *NEEDY}


@needs_recordings
@pytest.mark.parametrize("key", WORKFLOWS)
def test_they_are_the_references_but_for_descriptions(key: str) -> None:
    reference = json.loads((FOLDER / "workflows" / f"{key}.json").read_text(encoding="utf-8"))
    ours = WORKFLOWS[key].model_dump(by_alias=True, exclude_unset=True)
    if key in REWORDED:
        for written in (ours, reference):
            for part in (written["meta"], *written["definition"]["steps"]):
                assert part.pop("description")
    assert ours == reference


@pytest.mark.parametrize("key", sorted({MAIN, *REWORDED}))
def test_the_app_gives_the_open_banking_workflows_what_they_need(key: str) -> None:
    app = read_app(SPECS / "app.yaml")
    assert check(WORKFLOWS[key], app=app) == []


@pytest.mark.parametrize("key", sorted(NEEDY))
def test_the_others_lack_services_and_are_sound_all_the_same(key: str) -> None:
    found = check(WORKFLOWS[key], app=read_app(SPECS / "app.yaml"))
    assert {one.level for one in found} == {"warning"}
    assert "PFO100" in {one.code for one in found}


def test_the_app_is_of_one_tenant_and_bound_to_powens() -> None:
    app = read_app(SPECS / "app.yaml")
    assert app.tenant
    assert app.tenant.id
    binding = app.binding("primaryOpenBanking")
    assert binding
    assert (binding.provider, binding.status) == ("powens", "connected")


def test_every_file_names_its_schema_and_says_what_it_is() -> None:
    for path in SPECS.glob("*.yaml"):
        schema, purpose, *_ = path.read_text(encoding="utf-8").splitlines()
        kind = "app" if path.name == "app.yaml" else "workflow"
        assert schema == f"# yaml-language-server: $schema=schema/{kind}.schema.json"
        assert (SPECS / "schema" / f"{kind}.schema.json").is_file()
        assert purpose.startswith("# ")


def test_the_committed_schemas_are_up_to_date(tmp_path: Path) -> None:
    for written in write_schemas(tmp_path):
        committed = SPECS / "schema" / written.name
        assert committed.read_text(encoding="utf-8") == written.read_text(encoding="utf-8"), (
            "run `python -m pfo_dagster.spec.schema`"
        )


@pytest.mark.parametrize("schema", [workflow_schema(), app_schema()], ids=["workflow", "app"])
def test_schemas_are_closed_and_describe_every_field(schema: dict[str, Any]) -> None:
    parts = [schema, *schema["$defs"].values()]
    assert all(part["additionalProperties"] is False for part in parts)
    fields = [(name, field) for part in parts for name, field in part["properties"].items()]
    assert [name for name, field in fields if not field.get("description")] == []
    assert [name for name, _ in fields if "_" in name] == []


def test_the_schema_offers_the_words_that_contractspec_knows() -> None:
    step = workflow_schema()["$defs"]["Step"]
    assert step["properties"]["type"]["enum"] == ["human", "automation", "decision"]
    assert step["required"] == ["id", "type", "label"]
