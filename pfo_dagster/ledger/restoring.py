"""Making the warehouse anew from a published file, after it was lost or damaged."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

import duckdb

from pfo_dagster.durable import sync_directory
from pfo_dagster.ledger.commits import last_commit
from pfo_dagster.ledger.database import OFFLINE, connect, explaining, rows_of
from pfo_dagster.ledger.errors import StorageError
from pfo_dagster.ledger.migrations import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime
    from pathlib import Path


def restore(file: Path, warehouse: Path, published: Path, now: datetime) -> int:
    """Put a copy of `file` in the place of the warehouse; the commit up to which it goes.

    Only the holder of the writer's lock may call this. Raises `StorageError` and `SchemaError`,
    and then there is no warehouse as before: if one exists, if the file is no ledger or an empty
    one, if a newer program wrote it, or if `published` holds more than it.
    """
    if warehouse.exists():
        raise StorageError(
            f"There is a ledger already at {warehouse}: nothing was restored over it. If it is"
            " damaged, move it and its .wal away first."
        )
    copy = warehouse.with_name(f"{warehouse.name}.tmp.{os.getpid()}")
    try:
        with explaining(file, "restore from"):
            shutil.copyfile(file, copy)
            with _opened(copy, file) as connection:
                restored = _commits_of_ledger(connection, file)
                _refuse_older_than(published, restored, file)
                bring_up_to_date(connection, now)
                connection.execute("CHECKPOINT")
            with copy.open("rb") as written:
                os.fsync(written.fileno())
        with explaining(warehouse, "restore to"):
            copy.rename(warehouse)
            sync_directory(warehouse.parent)
    finally:
        copy.unlink(missing_ok=True)
        copy.with_name(f"{copy.name}.wal").unlink(missing_ok=True)
    return restored


@contextlib.contextmanager
def _opened(copy: Path, file: Path) -> Generator[duckdb.DuckDBPyConnection]:
    """The copy for writing; if it cannot be opened, the file that it was made of is to blame."""
    try:
        connection = connect(copy)
    except duckdb.Error as error:
        detail = str(error).partition("\n")[0].rstrip(".!").replace(str(copy), str(file))
        raise StorageError(
            f"{file} is no DuckDB database that can be opened here, or it is damaged, and nothing"
            " was restored. Give a published file (published/balances.duckdb) or a backup of one."
            f" DuckDB says: {detail}."
        ) from error
    with contextlib.closing(connection):
        yield connection


def _commits_of_ledger(connection: duckdb.DuckDBPyConnection, file: Path) -> int:
    try:
        commits = last_commit(connection)
    except duckdb.CatalogException:
        raise StorageError(f"{file} is a DuckDB file, but not of a ledger.") from None
    if commits == 0:
        raise StorageError(f"{file} is an empty ledger: there is nothing to restore.")
    return commits


def _refuse_older_than(published: Path, restored: int, file: Path) -> None:
    """Restoring an older state would publish it over a newer one, which nobody asked for."""
    if not published.exists():
        return
    name = str(published).replace("'", "''")
    with contextlib.closing(duckdb.connect(":memory:", config=dict(OFFLINE))) as connection:
        try:
            connection.execute(f"ATTACH '{name}' AS replica (READ_ONLY)")
            [(newest,)] = rows_of(connection, "SELECT commit_number FROM replica.meta")
        except duckdb.Error:
            return  # what cannot be read cannot be lost
    if newest is not None and newest > restored:
        raise StorageError(
            f"{published} goes up to commit {newest}, {file} only to {restored}. Restore the"
            " published file itself, or move it away to go back on purpose."
        )
