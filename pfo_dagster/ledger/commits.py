"""The numbered transactions of the ledger: everything that is recorded together."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfo_dagster.ledger.database import rows_of, transaction
from pfo_dagster.ledger.instants import naive_utc

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Commit:
    """A transaction under way, and the connection on which it runs."""

    connection: DuckDBPyConnection
    number: int
    at: datetime

    @property
    def stamp(self) -> dict[str, object]:
        """The parameters `$commit` and `$at` of every insertion."""
        return {"commit": self.number, "at": naive_utc(self.at)}


@contextlib.contextmanager
def commit(
    connection: DuckDBPyConnection, kind: str, subject_id: str, now: datetime
) -> Generator[Commit]:
    """Record what the block writes as one transaction with the next number, or nothing of it.

    Numbers have no gaps and no races, since only the holder of the writer's lock gets here.
    """
    with transaction(connection):
        number = last_commit(connection) + 1
        connection.execute(
            "INSERT INTO history.commits VALUES (?, ?, ?, ?)",
            [number, kind, subject_id, naive_utc(now)],
        )
        yield Commit(connection, number, now)


def last_commit(connection: DuckDBPyConnection) -> int:
    """The number of the newest transaction; 0 before the first."""
    [(number,)] = rows_of(connection, "SELECT coalesce(max(commit_number), 0) FROM history.commits")
    return int(number)
