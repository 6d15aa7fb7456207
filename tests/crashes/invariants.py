"""What must hold of a ledger's files after any kill, as a program from outside sees them.

Nothing here opens the warehouse itself: that would repair it on behalf of the next run.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

Contents: TypeAlias = dict[int, dict[str, tuple[int, int]]]
"""By commit and table: the number of rows that the commit added, and the sum of their hashes."""

_UNFINISHED_RUNS = "SELECT run_id FROM runs WHERE status IN ('STARTING', 'STARTED', 'CANCELING')"
_DOUBLED = """
    SELECT account_id, balance_type, as_of FROM balances
    GROUP BY tenant_id, provider, account_id, balance_type, as_of, amount, currency, state
    HAVING count(*) > 1
    UNION ALL
    SELECT refresh_id, 'refresh', NULL FROM refreshes GROUP BY refresh_id HAVING count(*) > 1
"""
_PARTIAL = """
    SELECT refresh_id FROM refreshes AS refresh WHERE new_balances != (
        SELECT count(*) FROM balances WHERE balances.refresh_id = refresh.refresh_id
    ) OR new_balances + unchanged_balances < 1 OR NOT EXISTS (
        FROM refresh_accounts AS told WHERE told.refresh_id = refresh.refresh_id
    )
    UNION ALL
    SELECT refresh_id FROM balances ANTI JOIN refreshes USING (refresh_id)
"""
OBSERVATIONS = """
    SELECT account_id, balance_type, amount, currency, as_of, state FROM balances
    ORDER BY ALL
"""


@dataclass
class Watch:
    """Looks at one data folder again and again, and remembers what was ever committed."""

    data_dir: Path
    committed: Contents = field(default_factory=dict)

    def after_kill(self) -> None:
        """Nothing was lost, doubled, changed or shown by half; raises `AssertionError`."""
        ledger = self._ledger()
        for number, rows in self.committed.items():
            assert ledger.get(number) == rows, (
                f"commit {number} was {rows}, is {ledger.get(number)}"
            )
        self.committed = ledger
        assert list(ledger) == list(range(1, len(ledger) + 1)), "commits have gaps"
        published = self._published()
        assert published == {n: ledger.get(n) for n in published}, (
            f"published is {published}, the ledger {ledger}"
        )
        self._parquet_is_of_a_commit()

    def after_repair(self) -> None:
        """The next run made all good: readers see everything, and nothing lies about."""
        self.after_kill()
        assert list(self._published()) == list(self.committed), "readers see less than there is"
        left = [
            path.name
            for path in (*self.data_dir.glob("*"), *(self.data_dir / "published").rglob("*"))
            if ".tmp" in path.name
        ]
        assert not left, f"left over: {left}"
        folders = list((self.data_dir / "published").glob(".parquet-*"))
        assert len(folders) <= 2, f"old Parquet folders: {folders}"
        runs = self.data_dir / "dagster" / "history" / "runs.db"
        if runs.exists():
            with closing(sqlite3.connect(runs)) as history:
                unfinished = history.execute(_UNFINISHED_RUNS).fetchall()
            assert not unfinished, f"runs that nobody executes: {unfinished}"

    def is_behind(self) -> bool:
        """Whether readers see less than was committed."""
        return len(self._published()) < len(self.committed)

    def _ledger(self) -> Contents:
        """What the ledger holds, by a copy of its files: whoever opens it replays the log."""
        warehouse = self.data_dir / "warehouse.duckdb"
        if not warehouse.exists():
            return {}
        with tempfile.TemporaryDirectory() as elsewhere:
            for path in (warehouse, warehouse.with_name("warehouse.duckdb.wal")):
                if path.exists():
                    shutil.copy(path, elsewhere)
            return contents(Path(elsewhere) / warehouse.name)

    def _published(self) -> Contents:
        published = self.data_dir / "published" / "balances.duckdb"
        return contents(published) if published.exists() else {}

    def _parquet_is_of_a_commit(self) -> None:
        """The folder that the link shows has the balances up to the commit in its name."""
        link = self.data_dir / "published" / "parquet"
        if not link.is_symlink():
            return
        last = int(link.readlink().name.split("-")[2])
        [(rows, amount, newest)] = duckdb.execute(
            "SELECT count(*), sum(amount), max(commit_number) FROM read_parquet(?)",
            [f"{link}/balances/*.parquet"],
        ).fetchall()
        expected = sum(
            tables["main.balances"][0]
            for number, tables in self.committed.items()
            if number <= last and "main.balances" in tables
        )
        assert (rows, newest <= last) == (expected, True), (
            f"Parquet of commit {last} has {rows} balances up to commit {newest}, not {expected}"
        )
        assert amount is not None


def contents(file: Path) -> Contents:
    """What a DuckDB file of the ledger holds; raises `AssertionError` for one that is not whole."""
    with closing(duckdb.connect(str(file), read_only=not file.name.startswith("warehouse"))) as db:
        tables = db.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_columns()"
            " SEMI JOIN duckdb_tables() USING (schema_name, table_name)"
            " WHERE column_name = 'commit_number' ORDER BY ALL"
        ).fetchall()
        if not tables:
            return {}  # killed before the first migration
        found: Contents = {}
        for (table,) in tables:
            for number, rows, hashes in db.execute(
                f"SELECT commit_number, count(*), sum(hash(t)) FROM {table} AS t"  # noqa: S608
                " WHERE commit_number IS NOT NULL GROUP BY ALL ORDER BY ALL"
            ).fetchall():
                found.setdefault(number, {})[table] = (rows, int(hashes))
        numbers = {n for (n,) in db.execute("SELECT commit_number FROM history.commits").fetchall()}
        assert set(found) == numbers, "rows of a commit that is not there"
        doubled, partial = db.execute(_DOUBLED).fetchall(), db.execute(_PARTIAL).fetchall()
        assert not doubled, f"seen twice: {doubled[:3]}"
        assert not partial, f"a part of a refresh: {partial[:3]}"
    return dict(sorted(found.items()))


def observations(data_dir: Path) -> list[tuple[Any, ...]]:
    """Every published observation, without what is of a run alone: its ids and times."""
    published = data_dir / "published" / "balances.duckdb"
    with closing(duckdb.connect(str(published), read_only=True)) as db:
        return db.execute(OBSERVATIONS).fetchall()
