"""An analyst's own code location takes published relations as inputs, and gets exact amounts."""

# No `from __future__ import annotations` here: Dagster reads the annotations of the assets.
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from pfo_dagster.config import Settings
from pfo_dagster.definitions import build
from pfo_dagster.ledger import Ledger
from pfo_dagster.published_relations import PublishedRelations, published_assets

EXTERNAL = dg.AssetSpec("missing")
KEY = "pfo.workflow.refresh-openbanking-balances"
LATEST = dg.AssetIn(key=["published", "latest_balances"], input_manager_key="published")
FLOWS = dg.AssetIn(
    key=["published", "latest_balances"],
    input_manager_key="published",
    metadata={"relation": "daily_cash_position"},
)
SUM = "SELECT sum(amount) AS s FROM latest_balances WHERE currency = 'EUR' AND in_totals"


@dg.asset(ins={"latest": LATEST})
def from_pandas(latest: pd.DataFrame) -> dg.MaterializeResult:
    euros = latest[(latest["currency"] == "EUR") & latest["in_totals"]]
    return told(str(latest["amount"].dtype), euros["amount"].sum())


@dg.asset(ins={"latest": LATEST})
def from_arrow(latest: pa.Table) -> dg.MaterializeResult:
    euros = [row for row in latest.to_pylist() if row["currency"] == "EUR" and row["in_totals"]]
    return told(str(latest.schema.field("amount").type), sum(row["amount"] or 0 for row in euros))


@dg.asset(ins={"latest": LATEST})
def from_duckdb(latest: duckdb.DuckDBPyRelation) -> dg.MaterializeResult:
    euros = latest.filter("currency = 'EUR' AND in_totals").aggregate("sum(amount)").fetchall()
    return told(str(latest.types[latest.columns.index("amount")]), euros[0][0])


@dg.asset(ins={"days": FLOWS})
def of_another_relation(days: pa.Table) -> dg.MaterializeResult:
    return told(",".join(sorted(set(days["currency"].to_pylist()))), 0)


@dg.asset(ins={"latest": LATEST})
def without_a_type(latest) -> None:  # noqa: ANN001 - what is tested
    del latest


@dg.asset(ins={"missing": dg.AssetIn(input_manager_key="published")})
def of_nothing(missing: pa.Table) -> None:
    del missing


@dg.asset(io_manager_key="published")
def written_back() -> int:
    return 1


def told(kind: str, total: Any) -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"type": kind, "sum": str(total)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the sandbox household's balances were refreshed."""
    folder = tmp_path_factory.mktemp("published")
    project = build(Settings(PFO_DATA_DIR=folder))  # pyright: ignore[reportCallIssue]
    job = project.definitions.resolve_job_def(project.workflows[KEY].name)
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance).success
    return folder


def materialize(asset: dg.AssetsDefinition, folder: Path | None) -> dg.ExecuteInProcessResult:
    relations = PublishedRelations(data_dir=str(folder) if folder else None)
    return dg.materialize(
        [*published_assets(), EXTERNAL, asset],
        selection=[asset],
        resources={"published": relations},
        raise_on_error=False,
    )


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    return str(failed.step_failure_data.error)


@pytest.mark.parametrize(
    ("asset", "kind"),
    [
        (from_pandas, "decimal128(38, 12)[pyarrow]"),
        (from_arrow, "decimal128(38, 12)"),
        (from_duckdb, "DECIMAL(38,12)"),
    ],
)
def test_the_declared_type_is_given_with_exact_amounts(
    folder: Path, asset: dg.AssetsDefinition, kind: str
) -> None:
    with Ledger(folder).reader() as reader:
        (expected,) = reader.rows(SUM)
    result = materialize(asset, folder)
    (made,) = result.asset_materializations_for_node(asset.op.name)
    assert made.metadata["type"].value == kind
    assert Decimal(str(made.metadata["sum"].value)) == expected["s"]


def test_another_relation_can_be_named(folder: Path) -> None:
    (made,) = materialize(of_another_relation, folder).asset_materializations_for_node(
        "of_another_relation"
    )
    assert made.metadata["type"].value == "BTC,CHF,EUR,JPY,USD"


def test_the_run_says_which_publication_it_read(folder: Path) -> None:
    result = materialize(from_arrow, folder)
    (loaded,) = [event for event in result.all_events if event.event_type_value == "LOADED_INPUT"]
    metadata = loaded.event_specific_data.metadata  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess]
    with Ledger(folder).reader() as reader:
        (meta,) = reader.rows("FROM meta")
    assert metadata["ledger commit"].value == meta["commit_number"]
    assert metadata["relation"].value == "latest_balances"


@pytest.mark.parametrize(
    ("asset", "message"),
    [
        (without_a_type, "Declare the input 'latest' as pandas.DataFrame, pyarrow.Table or"),
        (of_nothing, "There is no relation 'missing' in the published file. There are: account"),
        (written_back, "written_back: the published ledger is for reading."),
    ],
)
def test_what_cannot_be_is_said(folder: Path, asset: dg.AssetsDefinition, message: str) -> None:
    result = materialize(asset, folder)
    assert not result.success
    assert message in failure_of(result)


def test_without_a_publication_the_way_to_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PFO_DATA_DIR", str(tmp_path))
    assert "Run `make run` first" in failure_of(materialize(from_arrow, None))
