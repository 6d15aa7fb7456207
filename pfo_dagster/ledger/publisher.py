"""The copy for readers: made after each commit, put in place by one rename, never half there.

Measured against the alternatives, this is the only way in which readers never wait, the writer
never waits for them, and a crash at any moment leaves a readable, consistent file. Nobody but the
holder of the writer's lock may copy the warehouse: a copy made meanwhile can be torn.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb

from pfo_dagster.durable import sync_directory
from pfo_dagster.ledger.commits import last_commit
from pfo_dagster.ledger.database import explaining, rows_of, transaction
from pfo_dagster.ledger.errors import PublishError, StorageError
from pfo_dagster.ledger.instants import naive_utc

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from pfo_dagster.ledger.parquet import ParquetPublisher

_CHUNK_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes one warehouse, on the connection of its writer.

    `source` is a descriptor of the warehouse that stays open as long as the connection. Opening
    the file anew for each copy would end DuckDB's own lock on it: POSIX drops all of a process's
    locks on a file when the process closes any descriptor of it.
    """

    connection: DuckDBPyConnection
    source: int
    target: Path
    parquet: ParquetPublisher

    def lags(self) -> bool:
        """Whether readers see less than was committed, an older schema, or nothing readable.

        Raises `StorageError` if they see more: then an older ledger was put in the place of one
        that is lost, and the next publication would be the end of the rest.
        """
        committed = last_commit(self.connection)
        name = str(self.target).replace("'", "''")
        try:
            self.connection.execute(f"ATTACH '{name}' AS replica (READ_ONLY)")
        except duckdb.Error:
            return committed > 0
        try:
            current = "SELECT coalesce(commit_number, 0), schema_version FROM {}meta"
            published = rows_of(self.connection, current.format("replica."))
            if published[0][0] > committed:
                raise StorageError(self._older_than(published[0][0], committed))
            if published != rows_of(self.connection, current.format("")):
                return True
            return self.parquet.lags()
        except duckdb.Error:
            return committed > 0
        finally:
            self.connection.execute("DETACH replica")

    def _older_than(self, published: int, committed: int) -> str:
        return (
            f"{self.target} goes up to commit {published}, the ledger only to {committed}: it is an"
            f" older one. Move it and its .wal away, and `pfo restore {self.target}`; or move the"
            " published file away to go back on purpose."
        )

    def publish(self, now: datetime) -> None:
        """Put a copy of all that is committed in place of the one before, then the Parquet files.

        Raises `PublishError`; the publication before is then untouched, or only the Parquet files
        are behind.
        """
        with _keeping("readers still see the publication before"):
            self._publish_file(now)
        with (
            _keeping("the published file has it too; its Parquet files are still those of before"),
            explaining(self.parquet.target, "publish the ledger to"),
        ):
            self.parquet.publish()

    def _publish_file(self, now: datetime) -> None:
        temporary = self.target.with_name(f"{self.target.name}.tmp.{os.getpid()}")
        try:
            with explaining(self.target, "publish the ledger to"):
                self._stamp(now)
                self.connection.execute("CHECKPOINT")
                self._copy_to(temporary)
                temporary.replace(self.target)
                sync_directory(self.target.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _stamp(self, now: datetime) -> None:
        with transaction(self.connection):
            self.connection.execute("DELETE FROM history.publication")
            self.connection.execute("INSERT INTO history.publication VALUES (?)", [naive_utc(now)])

    def _copy_to(self, temporary: Path) -> None:
        with open(self.source, "rb", closefd=False) as source, temporary.open("wb") as copy:
            source.seek(0)
            shutil.copyfileobj(source, copy, _CHUNK_BYTES)
            copy.flush()
            os.fsync(copy.fileno())


def remove_leftovers(target: Path) -> None:
    """Delete what publishers that were killed left behind. Only the lock's holder may call this."""
    for leftover in target.parent.glob(f"{target.name}.tmp.*"):
        leftover.unlink(missing_ok=True)


@contextlib.contextmanager
def _keeping(what_readers_see: str) -> Generator[None]:
    """Say of a failure that nothing is lost by it, and what readers see meanwhile."""
    try:
        yield
    except StorageError as error:
        raise PublishError(
            f"{error} What was recorded is safe in the ledger; {what_readers_see}, and the next"
            " run will catch up."
        ) from error
