"""Brings a ledger file to the schema of this program: numbered SQL files, forward only.

Each file of `schema/` is applied once, in its own transaction, and its checksum is kept in the
ledger, so that a file edited after it was applied is noticed instead of silently meaning two
things. To change a table, add a file; never edit one that was released. To change a view or macro,
edit it in `views/` and add a file that says so.

Before 0028 the numbered files made the views as well, and some made nothing else; their checksums
are in `before_0028.sha256`, of some files two. All made the same of the tables as today's files.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import duckdb

from pfo_dagster.ledger.database import rows_of, transaction
from pfo_dagster.ledger.errors import SchemaError, StorageError
from pfo_dagster.ledger.instants import naive_utc
from pfo_dagster.ledger.view_definitions import remake_views

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from duckdb import DuckDBPyConnection

_BOOKKEEPING = """
CREATE SCHEMA history;
CREATE TABLE history.schema_migrations (
    version INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    checksum VARCHAR NOT NULL,
    applied_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE history.schema_migrations IS 'The schema files that were applied to this file.';
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered schema file."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, as hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def bring_up_to_date(connection: DuckDBPyConnection, now: datetime) -> None:
    """Give a file, new or of an earlier version, the tables and views of this program.

    Raises what `migrate` and `remake_views` raise.
    """
    migrate(connection, bundled_migrations(), now)
    remake_views(connection, _newest_version(), now)


def bundled_migrations() -> tuple[Migration, ...]:
    """The schema files that come with this program, in order."""
    files = resources.files("pfo_dagster.ledger").joinpath("schema").iterdir()
    named = sorted((file.name, file) for file in files if file.name.endswith(".sql"))
    return tuple(
        Migration(int(name.split("_", 1)[0]), name, file.read_text(encoding="utf-8"))
        for name, file in named
    )


def migrate(connection: DuckDBPyConnection, migrations: Sequence[Migration], now: datetime) -> None:
    """Apply what is missing.

    Raises `SchemaError` if the file has a newer schema than this program, or was made with other
    schema files or without one of them; `StorageError` if it is somebody else's database. Then
    nothing was changed.
    """
    # Asked for at once, since to look first which tables there are takes ten times as long.
    try:
        applied = _applied(connection)
    except duckdb.CatalogException:
        _refuse_others(connection)
        with transaction(connection):
            connection.execute(_BOOKKEEPING)
        applied = {}
    _refuse_mismatch(applied, migrations)
    for migration in migrations:
        if migration.version in applied:
            continue
        with transaction(connection):
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO history.schema_migrations VALUES (?, ?, ?, ?)",
                [migration.version, migration.name, migration.checksum, naive_utc(now)],
            )


def refuse_newer(connection: DuckDBPyConnection) -> None:
    """Raise `SchemaError` if a newer program wrote the file: its figures may mean something else.

    For who only reads. The file has to be the current database (`USE`).
    """
    try:
        [(version,)] = rows_of(connection, "SELECT max(version) FROM history.schema_migrations")
    except duckdb.CatalogException:
        raise SchemaError(
            "The published file is a DuckDB database of something else. Move it away; the next"
            " `pfo run` publishes the ledger again."
        ) from None
    known = _newest_version()
    if version is not None and version > known:
        raise _too_new(version, known)


def note_if_older(connection: DuckDBPyConnection) -> str:
    """What to add to a complaint about something that a file does not have; empty if it is of now.

    For who only reads, as for `refuse_newer`.
    """
    [(version,)] = rows_of(connection, "SELECT max(version) FROM history.schema_migrations")
    known = _newest_version()
    if version == known:
        return ""
    return (
        f" An earlier program published the file (schema version {version}, here it is {known}):"
        " the next `pfo run` brings it up to date."
    )


@cache
def _newest_version() -> int:
    return max(migration.version for migration in bundled_migrations())


@cache
def _files_before_0028() -> set[tuple[str, str]]:
    """Checksum and name of each."""
    listed = resources.files("pfo_dagster.ledger").joinpath("schema", "before_0028.sha256")
    lines = listed.read_text(encoding="utf-8").splitlines()
    return {(checksum, name) for checksum, name in map(str.split, lines)}


def _too_new(version: int, known: int) -> SchemaError:
    return SchemaError(
        f"The ledger has schema version {version}, but this program knows only up to {known}:"
        " a newer program wrote it. Update this program."
    )


def _refuse_others(connection: DuckDBPyConnection) -> None:
    """Raise `StorageError` if a file without our bookkeeping is not new, but somebody else's."""
    tables = rows_of(
        connection,
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal",
    )
    names = {str(name) for (name,) in tables}
    if names:
        raise StorageError(
            "The ledger's file is a DuckDB database of something else (it has the table"
            f" {min(names)}). Move it away, or set another data directory."
        )


def _applied(connection: DuckDBPyConnection) -> dict[int, tuple[str, str]]:
    found = rows_of(
        connection, "SELECT version, name, checksum FROM history.schema_migrations ORDER BY version"
    )
    return {int(version): (str(name), str(checksum)) for version, name, checksum in found}


def _refuse_mismatch(applied: dict[int, tuple[str, str]], migrations: Sequence[Migration]) -> None:
    known = {migration.version: migration for migration in migrations}
    newest = max(known, default=0)
    if applied and max(applied) > newest:
        raise _too_new(max(applied), newest)
    former = _files_before_0028()
    for version, (name, checksum) in applied.items():
        of_today = known[version].checksum if version in known else None
        if checksum != of_today and (checksum, name) not in former:
            raise SchemaError(
                f"Schema file {name} is not the one that this ledger was made with (its checksum"
                f" was {checksum[:12]}). Put the original back, and make the change in a new file"
                " with the next number."
            )
    for version, migration in known.items():
        if version not in applied and version < max(applied, default=0):
            raise SchemaError(
                f"Schema file {migration.name} came after version {max(applied)} was applied to"
                " this ledger, which it was not made for. Give it the next free number."
            )
