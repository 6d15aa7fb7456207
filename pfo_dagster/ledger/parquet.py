"""The published relations as Parquet, for tools that do not speak DuckDB.

`published/parquet` is a link to a folder that is never changed once it can be seen: a publication
makes a new folder, in which unchanged files are hard links to the old ones, and turns the link by
one rename. What moves with time is cut by month (`balances/2026-11.parquet`), so that a refresh
writes one month and not all of them. Instants are UTC.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pfo_dagster.durable import sync_directory
from pfo_dagster.ledger.commits import last_commit
from pfo_dagster.ledger.database import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

# Rows are held until their group is full or, to keep their order, until all are there.
_FORMAT: Final = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 16384, PRESERVE_ORDER false"


@dataclass(frozen=True, slots=True)
class _Relation:
    """A relation that is published, and how to find the files of it that a commit changed.

    `changed` is a query for what was added after commit `$since`: the months, where the relation
    is cut by month and `of_month` is a query for the rows of `{month}`, else any row at all.
    """

    name: str
    changed: str
    of_month: str | None = None


_RELATIONS: Final = (
    _Relation(
        "balances",
        "SELECT DISTINCT strftime(day, '%Y-%m') FROM balances WHERE commit_number > $since",
        of_month="FROM balances WHERE strftime(day, '%Y-%m') = '{month}'",
    ),
    _Relation(
        "transactions",
        # All versions of what changed: a transaction may have left the month that it was in.
        """
        SELECT DISTINCT strftime(booked_on, '%Y-%m') FROM history.transactions
        SEMI JOIN (
            FROM history.transactions WHERE commit_number > $since
        ) AS added USING (tenant_id, provider, transaction_id)
        """,
        of_month="FROM transactions WHERE strftime(booked_on, '%Y-%m') = '{month}'",
    ),
    _Relation("accounts", "SELECT NULL FROM history.accounts WHERE commit_number > $since LIMIT 1"),
    _Relation(
        "connections", "SELECT NULL FROM history.connections WHERE commit_number > $since LIMIT 1"
    ),
    _Relation("refreshes", "SELECT NULL FROM refreshes WHERE commit_number > $since LIMIT 1"),
    _Relation(
        "reference_rates",
        "SELECT NULL FROM history.reference_rates WHERE commit_number > $since LIMIT 1",
    ),
    _Relation(
        "cash_flow",
        """
        SELECT NULL FROM (
            SELECT commit_number FROM history.transactions
            UNION ALL SELECT commit_number FROM history.accounts
        ) WHERE commit_number > $since LIMIT 1
        """,
    ),
    _Relation(
        "daily_cash_position",
        # An observation carries all accounts on to its day, from where they had come to; another
        # version of an account may change all days since its first observation.
        """
        WITH added AS (
            SELECT tenant_id, provider, min(day) AS first_day FROM balances
            WHERE balance_type = 'current' AND commit_number > $since
            GROUP BY ALL
            UNION ALL
            SELECT tenant_id, provider, min(day) FROM balances
            SEMI JOIN (
                FROM history.accounts WHERE commit_number > $since
            ) AS changed USING (tenant_id, provider, account_id)
            WHERE balance_type = 'current'
            GROUP BY ALL
        ),
        reached AS (
            SELECT tenant_id, provider, max(day) AS last_day,
                   max(day) FILTER (commit_number <= $since) AS last_before
            FROM balances
            WHERE balance_type = 'current'
            GROUP BY ALL
        )
        SELECT DISTINCT strftime(
            unnest(generate_series(
                date_trunc('month', least(first_day, last_before)), last_day, INTERVAL 1 MONTH
            )),
            '%Y-%m'
        )
        FROM added JOIN reached USING (tenant_id, provider)
        """,
        of_month="""
        FROM daily_cash_position_between(DATE '{month}-01', last_day(DATE '{month}-01'))
        """,
    ),
    _Relation(
        "latest_balances",
        """
        SELECT NULL FROM (
            SELECT commit_number FROM balances
            UNION ALL SELECT commit_number FROM history.accounts
            UNION ALL SELECT commit_number FROM history.connections
        ) WHERE commit_number > $since LIMIT 1
        """,
    ),
)


@dataclass(frozen=True, slots=True)
class ParquetPublisher:
    """Publishes the relations of one warehouse under the link `target`."""

    connection: DuckDBPyConnection
    target: Path

    def lags(self) -> bool:
        """Whether there is anything that the published folder lacks."""
        return any(self._stale_files(self._published_commit()))

    def publish(self) -> None:
        """Bring the folder up to date, if anything in it changed. Raises DuckDB's and OS errors."""
        stale = list(self._stale_files(self._published_commit()))
        if not stale:
            return
        before = self._current()
        folder = self._folder(last_commit(self.connection))
        making = folder.with_name(f"{folder.name}.tmp")
        self._remove_all_but(before)
        try:
            making.mkdir()
            if before is not None and self._published_commit() > 0:
                shutil.copytree(before, making, copy_function=os.link, dirs_exist_ok=True)
            for relation, month in stale:
                self._write(making, relation, month)
            _sync(making)
            making.rename(folder)
        except BaseException:
            # On a full disk what is half-made is in the way of making room.
            shutil.rmtree(making, ignore_errors=True)
            raise
        link = self.target.with_name(f"{self.target.name}.tmp")
        link.symlink_to(folder.name)
        link.replace(self.target)
        sync_directory(self.target.parent)

    def _stale_files(self, since: int) -> Iterator[tuple[_Relation, str | None]]:
        for relation in _RELATIONS:
            for (month,) in rows_of(self.connection, relation.changed, {"since": since}):
                yield relation, month

    def _write(self, folder: Path, relation: _Relation, month: str | None) -> None:
        rows = f"FROM {relation.name}"
        file = folder / f"{relation.name}.parquet"
        if relation.of_month is not None:
            rows = relation.of_month.format(month=month)
            file = folder / relation.name / f"{month}.parquet"
            file.parent.mkdir(exist_ok=True)
        # A file that is linked from the folder before must not be written through the link.
        file.unlink(missing_ok=True)
        name = str(file).replace("'", "''")
        self.connection.execute(f"COPY ({rows}) TO '{name}' ({_FORMAT})")

    def _schema_version(self) -> int:
        [(version,)] = rows_of(
            self.connection, "SELECT max(version) FROM history.schema_migrations"
        )
        return int(version)

    def _folder(self, commit_number: int) -> Path:
        return self.target.with_name(f".{self.target.name}-{self._mark(commit_number)}")

    def _mark(self, commit_number: int) -> str:
        """What tells a folder's content: the schema, the commit, and when that was recorded.

        Commits of that number may have been two: a ledger can be restored from a backup, and go on.
        """
        recorded = rows_of(
            self.connection,
            "SELECT strftime(committed_at, '%Y%m%dT%H%M%S%f') FROM history.commits"
            " WHERE commit_number = ?",
            [commit_number],
        )
        at = recorded[0][0] if recorded else "never"
        return f"{self._schema_version()}-{commit_number}-{at}"

    def _current(self) -> Path | None:
        if not self.target.is_symlink() or not self.target.is_dir():
            return None
        return self.target.with_name(self.target.readlink().name)

    def _published_commit(self) -> int:
        """The commit up to which the folder is; 0 if it is of other content or is not there."""
        current = self._current()
        if current is None:
            return 0
        _, _, mark = current.name.partition("-")
        _, _, numbers = mark.partition("-")
        commit_number = numbers.partition("-")[0]
        if not commit_number.isdecimal() or mark != self._mark(int(commit_number)):
            return 0
        return int(commit_number)

    def _remove_all_but(self, current: Path | None) -> None:
        """Delete older folders and what killed publishers left; readers had a publication's time.

        The folder in use stays until the publication after the next, so that a reader that listed
        its files before the link turned still finds them.
        """
        self.target.with_name(f"{self.target.name}.tmp").unlink(missing_ok=True)
        for folder in self.target.parent.glob(f".{self.target.name}-*"):
            if folder != current:
                shutil.rmtree(folder)


def _sync(folder: Path) -> None:
    """Have all that is in the folder written to disk before anything can point to it."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    for path in (folder, *(path for path in folder.iterdir() if path.is_dir())):
        sync_directory(path)
