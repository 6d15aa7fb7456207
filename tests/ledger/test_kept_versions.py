"""Ledgers of every earlier schema version are brought up to date, with all that they hold."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import signal
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pfo_dagster.ledger import Ledger, QueryError, SchemaError
from pfo_dagster.ledger.migrations import bundled_migrations
from tests.ledger.builders import balance, in_another_process, published, record, refresh
from tests.ledger.kept import file_of, kept_versions

TABLES = """
    SELECT schema_name || '.' || table_name AS name, list(column_name ORDER BY column_index)
    FROM duckdb_columns() JOIN duckdb_tables() USING (schema_name, table_name)
    WHERE NOT duckdb_tables.internal
        AND table_name NOT IN ('publication', 'schema_migrations', 'view_definitions')
    GROUP BY ALL
"""
CATALOG = """
    SELECT 'view' AS kind, schema_name, view_name AS name, sql, comment FROM duckdb_views()
    WHERE NOT internal
    UNION ALL
    SELECT 'macro', schema_name, function_name, macro_definition, comment FROM duckdb_functions()
    WHERE NOT internal
    UNION ALL
    SELECT 'table', schema_name, table_name, sql, comment FROM duckdb_tables()
    WHERE NOT internal
    UNION ALL
    SELECT 'column', schema_name, table_name || '.' || column_name, data_type, comment
    FROM duckdb_columns() WHERE NOT internal
"""
BALANCES_SINCE, TRANSACTIONS_SINCE = 4, 6


def ledger_of(version: int, data_dir: Path) -> Ledger:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    ledger = Ledger(data_dir)
    with gzip.open(file_of(version)) as kept, ledger.warehouse_path.open("wb") as warehouse:
        shutil.copyfileobj(kept, warehouse)
    return ledger


def tables(warehouse: Path) -> dict[str, list[str]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return dict(connection.execute(TABLES).fetchall())


def rows(warehouse: Path, columns: dict[str, list[str]]) -> dict[str, Counter[Any]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {
            table: Counter(map(str, connection.table(table).select(*names).fetchall()))
            for table, names in columns.items()
        }


def catalog(warehouse: Path) -> set[Any]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return set(connection.execute(CATALOG).fetchall())


@pytest.fixture(scope="module")
def catalog_of_a_new_one(tmp_path_factory: pytest.TempPathFactory) -> set[Any]:
    new = Ledger(tmp_path_factory.mktemp("new"))
    with new.writer():
        pass
    return catalog(new.warehouse_path)


def versions(warehouse: Path) -> list[int]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = connection.execute("SELECT version FROM history.schema_migrations ORDER BY ALL")
        return [version for (version,) in found.fetchall()]


def test_a_file_is_kept_of_the_earlier_versions() -> None:
    assert kept_versions()[:14] == list(range(1, 15))


@pytest.mark.parametrize("version", kept_versions())
def test_all_that_it_held_is_kept_and_answered_for(
    version: int, tmp_path: Path, catalog_of_a_new_one: set[Any]
) -> None:
    ledger = ledger_of(version, tmp_path / "data")
    columns = tables(ledger.warehouse_path)
    before = rows(ledger.warehouse_path, columns)
    assert sum(map(len, before.values())) > 0
    ledger.catch_up()
    assert rows(ledger.warehouse_path, columns) == before
    assert {one.version for one in bundled_migrations()} <= set(versions(ledger.warehouse_path))
    assert catalog(ledger.warehouse_path) == catalog_of_a_new_one
    if version >= BALANCES_SINCE:
        [latest] = published(ledger, "latest_balances")
        assert latest["amount"] == Decimal("0.100000000001")
        assert latest["institution"] == "Banque du Lac"
    if version >= TRANSACTIONS_SINCE:
        assert [row["value"] for row in published(ledger, "transactions")] == [Decimal("-12.30")]
    with ledger.writer() as writer:
        record(writer, refresh("r9"), [balance("7", account_id="1")])
    assert {row["amount"] for row in published(ledger, "latest_balances")} == {7}


def test_what_an_earlier_publication_lacks_is_explained(tmp_path: Path) -> None:
    ledger = ledger_of(10, tmp_path / "data")
    ledger.published_path.parent.mkdir()
    shutil.copyfile(ledger.warehouse_path, ledger.published_path)
    newest = bundled_migrations()[-1].version
    told = f"version 10, here it is {newest}.*next `pfo run`"
    with ledger.reader() as reader:
        assert len(reader.rows("FROM latest_balances")) == 1
        for asking in (
            lambda: reader.rows("FROM account_lineage"),
            lambda: reader.rows("SELECT payload_hash FROM rejected"),
            lambda: reader.relation("account_lineage"),
        ):
            with pytest.raises(QueryError, match=told):
                asking()


@pytest.mark.parametrize(
    ("checksum", "known"),
    [("2a80a5a6f090c8f353732665aebe8c80734a8fedd695bd1cccdc5613cd3e36d5", True), ("2a80", False)],
)
def test_the_checksums_that_a_file_once_had_are_known(
    checksum: str, known: bool, tmp_path: Path
) -> None:
    ledger = ledger_of(27, tmp_path / "data")
    with duckdb.connect(str(ledger.warehouse_path)) as earlier:
        earlier.execute(
            "UPDATE history.schema_migrations SET checksum = ? WHERE version = 27", [checksum]
        )
    refused = pytest.raises(SchemaError, match=r"0027_absences\.sql is not the one")
    with contextlib.nullcontext() if known else refused:
        ledger.catch_up()


KILLED_WHILE_MIGRATING = """
import contextlib, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from pfo_dagster.ledger.database import connect
from pfo_dagster.ledger.migrations import bring_up_to_date

class Killer(datetime):
    '''Asked for after the statements of each file or of all views, before they are committed.'''
    left = int(sys.argv[2])
    def astimezone(self, tz=None):
        Killer.left -= 1
        if Killer.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().astimezone(tz)

with contextlib.closing(connect(Path(sys.argv[1]))) as connection:
    bring_up_to_date(connection, Killer(2026, 11, 20, tzinfo=UTC))
"""


AFTER_THE_FOURTH = [one.version for one in bundled_migrations() if one.version > 4]


@pytest.mark.parametrize("applied", [0, 1, 5, len(AFTER_THE_FOURTH)])
def test_a_kill_in_the_midst_leaves_whole_versions_and_the_next_try_ends_it(
    applied: int, tmp_path: Path
) -> None:
    ledger = ledger_of(4, tmp_path / "data")
    columns = tables(ledger.warehouse_path)
    before = rows(ledger.warehouse_path, columns)
    killed = in_another_process(KILLED_WHILE_MIGRATING, ledger.warehouse_path, applied)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert versions(ledger.warehouse_path) == [1, 2, 3, 4, *AFTER_THE_FOURTH[:applied]]
    ledger.catch_up()
    assert rows(ledger.warehouse_path, columns) == before
    assert len(published(ledger, "latest_balances")) == 1
