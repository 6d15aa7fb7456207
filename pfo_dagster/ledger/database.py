"""How the ledger talks to DuckDB: connecting, transactions, and errors turned into plain words."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING, Any

import duckdb

from pfo_dagster.ledger.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

OFFLINE: Mapping[str, bool] = {
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""Settings of every connection: nothing is fetched and no code is loaded behind our back."""

_RESTORE = (
    "Move it and its .wal away; `pfo restore` puts the published file or a backup of it in its"
    " place, and the next run goes on from there."
)
_DAMAGED = ("not a valid duckdb", "corrupt")
_SHUT = "Give this user the right to do so, or set another directory."
_REMEDIES = (
    ("lock on file", "Another program has it open; close it. Readers use the published file."),
    ("wal was created for", "The .wal beside it is of another file: move it away, then run again."),
    ("version number", "Another version of DuckDB wrote it; use the version of this project."),
    ("no space left", "The disk is full: make room, then run again. Nothing was half-written."),
    ("file too large", "A size limit was met: raise it, then run again. Nothing was half-written."),
    ("permission denied", _SHUT),
    ("operation not permitted", _SHUT),
    ("read-only file system", "The disk is read-only: make it writable, or set another directory."),
)


def connect(path: Path) -> DuckDBPyConnection:
    """Open a database for writing, creating it if missing. The caller closes it."""
    return duckdb.connect(str(path), config=dict(OFFLINE))


def give_memory_back(connection: DuckDBPyConnection) -> None:
    """Have what DuckDB frees from now on go back at once, and not when the database is closed.

    Large queries take a fifth more of processor time by it, so this is for who writes many rows.
    """
    connection.execute("SET allocator_bulk_deallocation_flush_threshold = '0B'")


def rows_of(
    connection: DuckDBPyConnection,
    sql: str,
    parameters: Sequence[object] | Mapping[str, object] | None = None,
) -> list[tuple[Any, ...]]:
    """All rows of a query. Never `fetchone`: an unread rest blocks the connection's next query."""
    return connection.execute(sql, parameters).fetchall()


@contextlib.contextmanager
def transaction(connection: DuckDBPyConnection) -> Generator[None]:
    """Commit what the block does, or, if it raises, nothing of it."""
    connection.begin()
    try:
        yield
    except BaseException:
        # After a failed write DuckDB may have ended the transaction by itself.
        with contextlib.suppress(duckdb.Error):
            connection.rollback()
        raise
    connection.commit()


@contextlib.contextmanager
def explaining(path: Path, doing: str, *, if_damaged: str = _RESTORE) -> Generator[None]:
    """Turn what DuckDB or the system says about `path` into a `StorageError` with a remedy.

    `if_damaged` is the one for a file that DuckDB cannot make sense of.
    """
    try:
        yield
    except duckdb.Error as error:
        raise StorageError(_explanation(path, doing, str(error), if_damaged)) from error
    except OSError as error:
        detail = error.strerror or str(error)
        if error.errno == errno.ENOTDIR:
            detail += " (a part of the path is a file)"
        raise StorageError(_explanation(path, doing, detail, if_damaged)) from error


def _explanation(path: Path, doing: str, detail: str, if_damaged: str) -> str:
    lowered = detail.lower()
    remedies = (*_REMEDIES, *((mark, if_damaged) for mark in _DAMAGED))
    remedy = next((advice for mark, advice in remedies if mark in lowered), "")
    first_line = detail.strip().partition("\n")[0].rstrip(".!")
    return f"Could not {doing} {path}: {first_line}. {remedy}".rstrip()
