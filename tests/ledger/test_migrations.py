"""Schema files are applied once, in order, and never swapped under a ledger that has them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb
import pytest

from pfo_dagster.ledger import Ledger, SchemaError
from pfo_dagster.ledger.migrations import (
    Migration,
    bring_up_to_date,
    bundled_migrations,
    migrate,
)
from pfo_dagster.ledger.view_definitions import remake_views
from tests.ledger.builders import NOON, balance, record, refresh

if TYPE_CHECKING:
    from pathlib import Path


def versions(connection: duckdb.DuckDBPyConnection) -> list[int]:
    found = connection.execute("SELECT version FROM history.schema_migrations ORDER BY version")
    return [version for (version,) in found.fetchall()]


def test_no_two_of_the_bundled_files_have_the_same_number() -> None:
    numbers = [migration.version for migration in bundled_migrations()]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))


def test_a_file_that_is_put_below_an_applied_one_is_refused(tmp_path: Path) -> None:
    first = Migration(1, "0001_first.sql", "CREATE TABLE first (a INT);")
    late = Migration(2, "0002_late.sql", "CREATE TABLE late (a INT);")
    third = Migration(3, "0003_third.sql", "CREATE TABLE third (a INT);")
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        migrate(connection, [first, third], NOON)
        with pytest.raises(SchemaError, match=r"0002_late\.sql came after version 3"):
            migrate(connection, [first, late, third], NOON)
        assert versions(connection) == [1, 3]


def test_a_ledger_of_every_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    bundled = bundled_migrations()
    for known in range(len(bundled)):
        with duckdb.connect(str(tmp_path / f"{known}.duckdb")) as connection:
            migrate(connection, bundled[:known], NOON)
            bring_up_to_date(connection, NOON)
            bring_up_to_date(connection, NOON)
            assert versions(connection) == [migration.version for migration in bundled]


def test_views_that_are_gone_or_changed_are_replaced_with_a_new_version(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        bring_up_to_date(connection, NOON)
        remake_views(connection, 1000, NOON, sql="CREATE VIEW meta AS SELECT 7 AS answer;")
        assert connection.execute("FROM meta").fetchall() == [(7,)]
        for gone in ("FROM latest_balances", "FROM total_in('EUR', NULL)"):
            with pytest.raises(duckdb.CatalogException):
                connection.execute(gone)
        remake_views(connection, 1001, NOON)
        assert connection.execute("FROM latest_balances").fetchall() == []
        assert connection.execute("FROM total_in('EUR', NULL)").fetchall() == []


def test_views_that_changed_without_a_new_version_are_refused(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        bring_up_to_date(connection, NOON)
        newest = bundled_migrations()[-1].version
        with pytest.raises(SchemaError, match=f"version {newest}.*add a file with the next number"):
            remake_views(connection, newest, NOON, sql="CREATE VIEW meta AS SELECT 7 AS answer;")
        assert connection.execute("FROM latest_balances").fetchall() == []


def test_views_that_cannot_be_made_leave_those_that_were(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        bring_up_to_date(connection, NOON)
        with pytest.raises(duckdb.CatalogException):
            remake_views(connection, 1000, NOON, sql="CREATE VIEW meta AS FROM nowhere;")
        assert connection.execute("FROM latest_balances").fetchall() == []


def test_a_file_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    broken = Migration(2, "0002_broken.sql", "CREATE TABLE second (a INT); SELECT * FROM nowhere;")
    first = Migration(1, "0001_first.sql", "CREATE TABLE first (a INT);")
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        with pytest.raises(duckdb.CatalogException):
            migrate(connection, [first, broken], NOON)
        assert versions(connection) == [1]
        migrate(connection, [first, replace(broken, sql="CREATE TABLE second (a INT);")], NOON)
        assert versions(connection) == [1, 2]


def test_a_newer_ledger_is_refused_and_untouched(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance()])
    with duckdb.connect(str(ledger.warehouse_path)) as newer:
        newer.execute("INSERT INTO history.schema_migrations VALUES (999, 'x', 'y', now())")
    before = ledger.warehouse_path.read_bytes()
    with pytest.raises(SchemaError, match=r"version 999.*Update this program"), ledger.writer():
        pass
    assert ledger.warehouse_path.read_bytes() == before


def test_a_schema_file_that_was_edited_after_it_was_applied_is_refused(ledger: Ledger) -> None:
    with ledger.writer():
        pass
    with duckdb.connect(str(ledger.warehouse_path)) as tampered:
        tampered.execute("UPDATE history.schema_migrations SET checksum = '0' WHERE version = 2")
    with pytest.raises(SchemaError, match=r"0002_.*Put the original back"), ledger.writer():
        pass


def test_everything_that_readers_see_is_described(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        record(writer, refresh(), [balance()])
    with ledger.reader() as reader:
        relations = reader.rows(
            """
            SELECT table_name AS name, comment FROM duckdb_tables() WHERE NOT internal
            UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE NOT internal
            """
        )
        columns = reader.rows(
            """
            SELECT table_name || '.' || column_name AS name, comment FROM duckdb_columns()
            WHERE NOT internal AND schema_name = 'main' AND database_name = 'ledger'
            """
        )
    assert {row["name"] for row in relations} >= {
        "accounts", "balances", "cash_flow", "connections", "daily_cash_position",
        "latest_balances", "meta", "overview", "provider_totals", "refresh_accounts",
        "refresh_connections", "refreshes", "rejected", "sync_attempts", "transactions",
    }  # fmt: skip
    assert len(columns) > 150
    assert [row["name"] for row in relations + columns if not row["comment"]] == []
