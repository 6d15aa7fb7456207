"""What readers ask of the tables: views and macros, made from `views/*.sql` as a whole.

Each has one definition, the one of its file; the files are run in the order of their names. A file
of `schema/` says that figures changed their meaning, so no view changes without a new one there.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pfo_dagster.ledger.database import rows_of, transaction
from pfo_dagster.ledger.errors import SchemaError
from pfo_dagster.ledger.instants import naive_utc

if TYPE_CHECKING:
    from datetime import datetime

    from duckdb import DuckDBPyConnection


@cache
def definitions() -> str:
    """The SQL that makes all views and macros, on a file without any."""
    files = resources.files("pfo_dagster.ledger").joinpath("views").iterdir()
    named = sorted((file.name, file) for file in files if file.name.endswith(".sql"))
    return "\n".join(file.read_text(encoding="utf-8") for _, file in named)


def remake_views(
    connection: DuckDBPyConnection, schema_version: int, now: datetime, *, sql: str | None = None
) -> None:
    """Replace the views and macros of a file by those of `sql` (this program's), if they differ.

    `schema_version` is the one that the tables have. Raises `SchemaError` if other definitions came
    with the same version; then nothing was changed.
    """
    sql = definitions() if sql is None else sql
    checksum = hashlib.sha256(sql.encode()).hexdigest()
    made = rows_of(connection, "SELECT schema_version, checksum FROM history.view_definitions")
    if made == [(schema_version, checksum)]:
        return
    if any(version == schema_version for version, _ in made):
        raise SchemaError(
            f"The views of this program are not those that came with schema version"
            f" {schema_version}, which this ledger has. Whoever changed them has to add a file with"
            " the next number to schema/ (a comment that says what changes will do), so that"
            " nobody takes figures of one meaning for those of another."
        )
    with transaction(connection):
        for kind, name in _existing(connection):
            connection.execute(f"DROP {kind} IF EXISTS {name}")
        connection.execute(sql)
        connection.execute("DELETE FROM history.view_definitions")
        connection.execute(
            "INSERT INTO history.view_definitions VALUES (?, ?, ?)",
            [checksum, schema_version, naive_utc(now)],
        )


def _existing(connection: DuckDBPyConnection) -> list[tuple[str, str]]:
    """The kind and name of each view and macro in the file."""
    return rows_of(
        connection,
        """
        SELECT 'VIEW', schema_name || '.' || view_name FROM duckdb_views()
        WHERE NOT internal AND database_name = current_database()
        UNION
        SELECT
            CASE function_type WHEN 'table_macro' THEN 'MACRO TABLE' ELSE 'MACRO' END,
            schema_name || '.' || function_name
        FROM duckdb_functions()
        WHERE NOT internal AND database_name = current_database()
            AND function_type IN ('macro', 'table_macro')
        """,
    )
