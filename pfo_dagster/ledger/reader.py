"""Reading the published file: read-only, locked down, exact."""

# pyright: standard
# pyarrow has no types, so strict checking has nothing to go by here.

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

import duckdb

from pfo_dagster.ledger.arrow import as_rows, distinct_names, in_utc
from pfo_dagster.ledger.database import OFFLINE, explaining
from pfo_dagster.ledger.errors import NotPublishedError, QueryError
from pfo_dagster.ledger.migrations import note_if_older, refuse_newer

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    Parameters = Sequence[object] | Mapping[str, object] | None

_READING: Final = frozenset({"SELECT", "EXPLAIN", "MULTI"})
"""Kinds of statement that cannot change anything; MULTI is what PIVOT is parsed to."""

_TOO_LARGE: Final = (
    "The query needs more than the 4 GB of memory that it may have. Ask for fewer rows or columns,"
    " or sum up in SQL; DuckDB's own command line opens the published file without that bound."
)
_PUBLISHED_ANEW: Final = "The next `pfo run` publishes the ledger anew in its place."
BOUNDS = {"memory_limit": "4GB", "temp_directory": ""}
"""What does not fit into memory is refused: on disk it would lie in the folder that one is in, open
to others and unbounded, on the disk that the ledger is written to."""


class Reader:
    """One look at the published file. Queries see its relations by their plain names.

    Nothing can be written, no other file or network reached and no extension loaded. That limits
    SQL from outside; it does not protect the file from code that runs in this process.
    """

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection

    @classmethod
    @contextlib.contextmanager
    def open(cls, published: Path) -> Generator[Reader]:
        """Open the publication that is in place now.

        Raises `NotPublishedError`, `StorageError`, and `SchemaError` if a newer program wrote it.
        """
        with contextlib.closing(_connect(published)) as connection:
            yield cls(connection)

    @classmethod
    def lasting(cls, published: Path) -> Reader:
        """The same, open for as long as the reader or a relation of it is in use."""
        return cls(_connect(published))

    def relation(self, name: str) -> DuckDBPyRelation:
        """A relation of the publication to go on from, read when asked. Raises `QueryError`."""
        try:
            return self._connection.table(name)
        except duckdb.Error as error:
            known = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
            names = sorted(str(row["table_name"]) for row in self.rows(known))
            message = f"There is no relation {name!r} in the published file. There are: "
            note = note_if_older(self._connection)
            raise QueryError(f"{message}{', '.join(names)}.{note}") from error

    def table(self, sql: str, params: Parameters = None) -> pa.Table:
        """The result of one query: amounts as decimal128, instants as timestamps in UTC.

        `params` fill `?` (a sequence) or `$name` (a mapping). Columns of the same name are told
        apart as `name`, `name_1`. Raises `QueryError`.
        """
        try:
            self._refuse_changes(sql)
            relation = self._connection.sql(sql, params=params)
            return in_utc(distinct_names(relation.to_arrow_table()))
        except duckdb.OutOfMemoryException as error:
            raise QueryError(_TOO_LARGE) from error
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            note = note_if_older(self._connection)
            raise QueryError(f"{str(error).strip()}{note}") from error
        except duckdb.Error as error:
            raise QueryError(str(error).strip()) from error

    def rows(self, sql: str, params: Parameters = None) -> list[dict[str, Any]]:
        """The same as dictionaries: amounts as `Decimal`, instants as aware datetimes in UTC."""
        return as_rows(self.table(sql, params))

    def answer(self, sql: str) -> tuple[list[str], list[dict[str, Any]]]:
        """The names of the columns, which an answer without rows has too, and the rows.

        For somebody at a terminal: Ctrl-C stops the query, which `table` would finish first.
        """
        # DuckDB looks for signals only between the pieces of a query, and one can take hours.
        with ThreadPoolExecutor(max_workers=1) as pool:
            asked = pool.submit(self.table, sql)
            try:
                table = asked.result()
            except KeyboardInterrupt:
                self._connection.interrupt()
                raise
        return table.column_names, as_rows(table)

    def provider(self) -> str:
        """Who delivered the newest data here. Raises `NotPublishedError` if nobody has yet."""
        found = self.rows(
            """
            SELECT provider FROM (
                SELECT provider, commit_number FROM refreshes
                UNION ALL SELECT provider, commit_number FROM syncs
            ) ORDER BY commit_number DESC LIMIT 1
            """
        )
        if not found:
            raise NotPublishedError("Nothing was refreshed or synced yet: run `make run` first.")
        return str(found[0]["provider"])

    def _refuse_changes(self, sql: str) -> None:
        """Refuse all but queries: DETACH and ATTACH would open the file again, for writing."""
        try:
            sql.encode()
        except UnicodeEncodeError as error:
            raise QueryError("The query has bytes in it that are no text in UTF-8.") from error
        kinds = [statement.type.name for statement in self._connection.extract_statements(sql)]
        if not kinds:
            raise QueryError("There is no query in it. Try `FROM latest_balances`.")
        if len(kinds) != 1:
            raise QueryError(f"Give one query; this is {len(kinds)}.")
        if kinds[0] not in _READING:
            raise QueryError(
                f"Only queries (SELECT, FROM, DESCRIBE, EXPLAIN) can be run here, not {kinds[0]}:"
                " the published file is for reading."
            )


def _connect(published: Path) -> DuckDBPyConnection:
    with explaining(published, "read"):
        is_there = published.exists()
    if not is_there:
        raise NotPublishedError(
            f"Nothing is published yet: there is no {published}. Run `make run` first, or check"
            " that the data directory is the right one."
        )
    # Attached to a fresh in-memory database: connecting to the file itself would give a process
    # that still has an older publication open that one again.
    connection = duckdb.connect(":memory:", config={**OFFLINE, **BOUNDS})
    try:
        with explaining(published, "read", if_damaged=_PUBLISHED_ANEW):
            name = str(published).replace("'", "''")
            connection.execute(f"ATTACH '{name}' AS ledger (READ_ONLY)")
            connection.execute("USE ledger")
            refuse_newer(connection)
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


_Answer = TypeVar("_Answer")


def ask(
    reader: Reader, answer: type[_Answer], sql: str, params: Mapping[str, object]
) -> list[_Answer]:
    """The rows of a query as a type whose fields are the query's columns."""
    return [answer(**row) for row in reader.rows(sql, params)]
