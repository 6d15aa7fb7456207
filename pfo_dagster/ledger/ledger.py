"""The ledger of balances: where its files are, and how to get to write or read them.

`data_dir/warehouse.duckdb` belongs to one writer at a time. Everybody else reads the copy
`data_dir/published/balances.duckdb`, which is replaced after each commit, or the Parquet files
beside it.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from pfo_dagster.ledger.database import connect, explaining
from pfo_dagster.ledger.errors import StorageError
from pfo_dagster.ledger.instants import utc_now
from pfo_dagster.ledger.lock import exclusive
from pfo_dagster.ledger.migrations import bring_up_to_date
from pfo_dagster.ledger.parquet import ParquetPublisher
from pfo_dagster.ledger.publisher import Publisher, remove_leftovers
from pfo_dagster.ledger.reader import Reader
from pfo_dagster.ledger.restoring import restore
from pfo_dagster.ledger.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from datetime import datetime
    from pathlib import Path

_OTHERS = 0o007


class Ledger:
    """The ledger in `data_dir`. Making one touches nothing; the directory need not exist.

    `clock` gives the instants at which things are recorded and published, `sleep` waits for the
    lock; both are for tests to replace.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.data_dir = data_dir
        self.warehouse_path = data_dir / "warehouse.duckdb"
        self.published_path = data_dir / "published" / "balances.duckdb"
        self.parquet_path = data_dir / "published" / "parquet"
        self._clock = clock
        self._sleep = sleep

    def now(self) -> datetime:
        """The instant by the clock by which the ledger records."""
        return self._clock()

    @contextlib.contextmanager
    def writer(self, timeout: float = 60.0, *, publishes: bool = True) -> Generator[Writer]:
        """Be the one who writes, waiting up to `timeout` seconds for another one to end.

        Creates the ledger if it is missing, brings its schema up to date, and repairs what a
        killed writer left. Without `publishes`, readers see what is recorded when the next writer
        publishes: for records that nobody waits for, in half the time. The process's umask is 077
        meanwhile, since DuckDB creates files of its own: threads that create files for others
        should not run beside it. Raises `LedgerError`, also where a ledger was published but is
        gone: a new one would be published over all that is left of it.
        """
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._locked(timeout))
            self._refuse_to_begin_anew()
            with explaining(self.warehouse_path, "open the ledger"):
                connection = connect(self.warehouse_path)
                source = os.open(self.warehouse_path, os.O_RDONLY)
                # Closed after the connection: see `Publisher.source`.
                stack.callback(os.close, source)
                stack.callback(connection.close)
                bring_up_to_date(connection, self._clock())
                parquet = ParquetPublisher(connection, self.parquet_path)
                publisher = Publisher(connection, source, self.published_path, parquet)
                lags = publishes and publisher.lags()
            if lags:
                publisher.publish(self._clock())
            publication = publisher if publishes else None
            yield Writer(connection, self.warehouse_path, publication, self._clock)

    def restore(self, file: Path, timeout: float = 60.0) -> int:
        """Make the ledger anew from a published file, and publish it; the last commit it holds.

        Refuses to replace a ledger, and to go back behind what is published. Raises `LedgerError`.
        """
        with self._locked(timeout):
            restored = restore(file, self.warehouse_path, self.published_path, self._clock())
        self.catch_up(timeout)
        return restored

    def catch_up(self, timeout: float = 60.0) -> None:
        """Publish what a killed writer committed but could not publish. Raises `LedgerError`."""
        if self.warehouse_path.exists():
            with self.writer(timeout):
                pass  # becoming the writer is what repairs

    @contextlib.contextmanager
    def reader(self) -> Generator[Reader]:
        """Read what was published when the block is entered; a newer publication needs a new one.

        Never waits for a writer and never makes one wait. Raises `NotPublishedError`,
        `StorageError`, and `SchemaError` if a newer program wrote the file.
        """
        with Reader.open(self.published_path) as reader:
            yield reader

    def _refuse_to_begin_anew(self) -> None:
        if self.published_path.exists() and not self.warehouse_path.exists():
            raise StorageError(
                f"There is no ledger at {self.warehouse_path}, but one was published:"
                f" `pfo restore {self.published_path}` makes it anew. To begin with an empty one,"
                " move the published file away first."
            )

    @contextlib.contextmanager
    def _locked(self, timeout: float) -> Generator[None]:
        """Hold the writer's lock in a directory that is fit to write, without leftovers."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(_private_files())
            with explaining(self.data_dir, "use the data directory"):
                _make_private(self.data_dir)
                _make_private(self.published_path.parent)
                lock = exclusive(self.data_dir / ".writer.lock", timeout=timeout, sleep=self._sleep)
                stack.enter_context(lock)
                remove_leftovers(self.published_path)
                remove_leftovers(self.warehouse_path)
            yield


def _make_private(directory: Path) -> None:
    """Create the directory for its owner only, or close one that is open to everybody.

    A directory open to a group stays so: somebody gave that right on purpose.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_mode & _OTHERS:
        directory.chmod(0o700)


@contextlib.contextmanager
def _private_files() -> Generator[None]:
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
