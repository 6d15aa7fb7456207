"""`dagster-duckdb-pandas`: Dagster's own way to keep data frames in DuckDB.

Runs in an environment of its own: it needs pandas 2. Its documented way to ask is to load the asset
as a frame, with the columns that are needed.
"""

# No `from __future__ import annotations` here: Dagster reads annotations.
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
from dagster_duckdb_pandas import DuckDBPandasIOManager

from benchmarks.contenders import frames
from benchmarks.contenders.pandas_parquet import AS_CENTS

_KEY = dg.AssetKey(["public", "observations"])
_DAYS = dg.DailyPartitionsDefinition(start_date="2021-11-01")
_METADATA = {"partition_expr": "day"}


class IoManagerContender:
    """Appends a daily partition; loads all partitions for each question."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "io_manager.duckdb"
        self._config = {"database": str(self._file), "connection_config": {}}
        manager = DuckDBPandasIOManager(database=str(self._file))
        self._manager = manager.create_io_manager(dg.build_init_resource_context())

    def fill(self, source: Path) -> None:
        """Put the history in by SQL, into the table that the IO manager would have made."""
        with closing(duckdb.connect(str(self._file))) as db:
            db.execute("CREATE SCHEMA IF NOT EXISTS public")
            history = AS_CENTS.format(source / "history" / "*.parquet")
            db.execute(f"CREATE TABLE public.observations AS {history} ORDER BY day, account_id")

    def append(self, file: Path) -> None:
        """Hand a day's frame to the IO manager as the partition of its day."""
        rows = duckdb.execute(AS_CENTS.format(file)).df()
        context = dg.build_output_context(
            asset_key=_KEY,
            partition_key=f"{rows['day'][0]:%Y-%m-%d}",
            asset_partitions_def=_DAYS,
            definition_metadata=_METADATA,
            resource_config=self._config,
        )
        self._manager.handle_output(context, rows)

    def latest(self) -> pd.DataFrame:
        """The last balance of each account."""
        return frames.newest(self._load("account_id", "day", "cents", "currency"))

    def at_date(self, day: date) -> pd.DataFrame:
        """The balance of each account at the end of a day."""
        return frames.at_date(self._load("account_id", "day", "cents", "currency"), day)

    def as_known_at(self, instant: datetime) -> pd.DataFrame:
        """What was the last balance of each account when less was known."""
        return frames.as_known_at(self._load(), instant)

    def gap_filled_year(self, first: date, last: date) -> pd.DataFrame:
        """The sum per day and currency, the last balance of each account carried forward."""
        frame = self._load("account_id", "day", "cents", "currency")
        return frames.gap_filled_year(frame, first, last)

    def _load(self, *columns: str) -> pd.DataFrame:
        context = dg.build_input_context(
            upstream_output=dg.build_output_context(asset_key=_KEY, definition_metadata={}),
            asset_key=_KEY,
            dagster_type=dg.PythonObjectDagsterType(pd.DataFrame),
            definition_metadata={"columns": list(columns)} if columns else {},
            resource_config=self._config,
        )
        return self._manager.load_input(context)
