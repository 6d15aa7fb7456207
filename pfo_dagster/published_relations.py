"""Analysts' own assets take the ledger's published relations as inputs, by type.

For any Dagster code location, beside this project's or apart from it; nothing of this project calls
it. The recipe is in `docs/queries.md`.
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of what it calls.
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pyarrow as pa

from pfo_dagster.config import load_settings
from pfo_dagster.ledger import Ledger, LedgerError, Reader
from pfo_dagster.operations.banking import open_banking_operations

_TYPES = "pandas.DataFrame, pyarrow.Table or duckdb.DuckDBPyRelation"


class PublishedRelations(dg.ConfigurableIOManager):
    """Loads the relation that an asset's input is named after, as the type that it is declared as.

    The relation is the last part of the input's asset key, `latest_balances` for
    `published/latest_balances`; `dg.AssetIn(metadata={"relation": "cash_flow"})` names another one.
    Amounts are exact in each type: `decimal128(38, 12)` in a `pyarrow.Table`, the same as an
    `ArrowDtype` in a `pandas.DataFrame`, and DECIMAL(38,12) in a `duckdb.DuckDBPyRelation`, which
    reads rows only when it is asked to. Instants are in UTC.

    Each input is read from the publication that is in place when the input is loaded, and the
    run's `LOADED_INPUT` event says which one that was. Nothing can be written.
    """

    data_dir: str | None = None
    """The ledger's data folder; by default `PFO_DATA_DIR`, as for every command."""

    def load_input(self, context: dg.InputContext) -> Any:  # noqa: ANN401 - what the asset asks for
        """The relation; raises `dagster.Failure` with what to do about it."""
        folder = Path(self.data_dir).expanduser() if self.data_dir else load_settings().data_dir
        metadata = context.definition_metadata or {}
        name = str(metadata.get("relation") or context.asset_key.path[-1])
        try:
            reader = Reader.lasting(Ledger(folder).published_path)
            relation = reader.relation(name)
            (publication,) = reader.rows("SELECT commit_number, published_at FROM meta")
            loaded = _loaded(reader, relation, context)
        except LedgerError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        context.add_input_metadata(
            {
                "relation": name,
                "ledger commit": publication["commit_number"],
                "published at": dg.TimestampMetadataValue(publication["published_at"].timestamp()),
            }
        )
        return loaded

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Refuse: what people make of the ledger belongs in files of their own."""
        del obj
        where = context.asset_key.to_user_string() if context.has_asset_key else context.name
        message = (
            f"{where}: the published ledger is for reading. Use this IO manager as an input's "
            "`input_manager_key`, and another one, or none, for what the asset returns."
        )
        raise dg.Failure(message, allow_retries=False)


def published_assets() -> list[dg.AssetSpec]:
    """The published relations that are assets here, as a code location elsewhere must list them."""
    made = {asset.key: asset for one in open_banking_operations() for asset in one.produces}
    return [
        dg.AssetSpec(key, description=asset.description, kinds=set(asset.kinds))
        for key, asset in made.items()
        if key[0] == "published"
    ]


def _loaded(
    reader: Reader, relation: duckdb.DuckDBPyRelation, context: dg.InputContext
) -> pd.DataFrame | pa.Table | duckdb.DuckDBPyRelation:
    wanted = context.dagster_type.typing_type
    if wanted is duckdb.DuckDBPyRelation:
        return relation
    if wanted not in (pd.DataFrame, pa.Table):
        message = f"Declare the input {context.name!r} as {_TYPES}, not {wanted!r}."
        raise dg.Failure(message, allow_retries=False)
    table = reader.table(f"FROM {relation.alias}")
    return table.to_pandas(types_mapper=pd.ArrowDtype) if wanted is pd.DataFrame else table
