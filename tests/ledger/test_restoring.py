"""A lost ledger comes back from a published file, and none is ever replaced by an older one."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq
import pytest

from pfo_dagster.ledger import Ledger, SchemaError, StorageError
from pfo_dagster.ledger.publisher import Publisher
from tests.ledger.builders import NOON, balance, published, record, refresh

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@pytest.fixture
def backup(ledger: Ledger, tmp_path: Path) -> Path:
    """A copy of what was published after the first of two refreshes."""
    with ledger.writer() as writer:
        record(writer, refresh("r1"), [balance("1")])
        copy = tmp_path / "backup.duckdb"
        shutil.copy(ledger.published_path, copy)
        record(writer, refresh("r2"), [balance("2")])
    return copy


def test_a_ledger_is_made_anew_and_goes_on(backup: Path, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "new", clock=lambda: NOON)
    assert ledger.restore(backup) == 1
    assert [row["amount"] for row in published(ledger, "latest_balances")] == [1]
    with ledger.writer() as writer:
        assert record(writer, refresh("r1"), [balance("1")]).new_balances == 1
        record(writer, refresh("r3"), [balance("3")])
    assert [row["amount"] for row in published(ledger, "balances", "commit_number")] == [1, 3]
    assert ledger.warehouse_path.stat().st_mode & 0o777 == 0o600


def test_a_ledger_that_is_there_is_never_replaced(ledger: Ledger, backup: Path) -> None:
    before = ledger.warehouse_path.read_bytes()
    with pytest.raises(StorageError, match="There is a ledger already"):
        ledger.restore(backup)
    assert ledger.warehouse_path.read_bytes() == before


def test_going_back_behind_what_is_published_is_refused(ledger: Ledger, backup: Path) -> None:
    ledger.warehouse_path.unlink()
    with pytest.raises(StorageError, match=r"goes up to commit 2, .* only to 1"):
        ledger.restore(backup)
    assert not ledger.warehouse_path.exists()
    assert ledger.restore(ledger.published_path) == 2
    assert len(published(ledger, "refreshes")) == 2


def test_no_new_ledger_takes_the_place_of_one_that_is_lost(ledger: Ledger, backup: Path) -> None:
    """A schedule would begin one at night, and publish it over all that was left."""
    ledger.warehouse_path.unlink()
    for publishes in (True, False):
        with (
            pytest.raises(StorageError, match=rf"`pfo restore {ledger.published_path}`"),
            ledger.writer(publishes=publishes),
        ):
            pass
    assert not ledger.warehouse_path.exists()
    assert [row["amount"] for row in published(ledger, "latest_balances")] == [2]
    ledger.published_path.rename(backup)
    with ledger.writer() as writer:
        record(writer, refresh("r3"), [balance("3")])
    assert [row["amount"] for row in published(ledger, "balances")] == [3]


def test_an_older_ledger_is_not_published_over_what_readers_see(
    ledger: Ledger, backup: Path
) -> None:
    """One that was copied back by hand, without `pfo restore`."""
    shutil.copy(backup, ledger.warehouse_path)
    with (
        pytest.raises(StorageError, match=r"goes up to commit 2, the ledger only to 1"),
        ledger.writer(),
    ):
        pass
    assert [row["amount"] for row in published(ledger, "latest_balances")] == [2]


def test_parquet_is_of_the_ledger_that_was_restored(ledger: Ledger, backup: Path) -> None:
    """Whose commits have numbers that those of the lost one had."""
    ledger.warehouse_path.unlink()
    ledger.published_path.unlink()
    ledger.restore(backup)
    seen = pq.read_table(ledger.parquet_path / "balances")
    assert [f"{amount:f}" for amount in seen["amount"].to_pylist()] == ["1.000000000000"]


def test_a_log_of_another_file_is_named(ledger: Ledger, backup: Path) -> None:
    """DuckDB notices it; who lost a ledger may have left its log."""
    log = ledger.warehouse_path.with_name("warehouse.duckdb.wal")
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_die_before_publishing, args=(ledger,))
    child.start()
    child.join()
    assert log.exists()
    ledger.warehouse_path.unlink()
    ledger.published_path.unlink()
    with pytest.raises(StorageError, match=r"The \.wal beside it is of another file"):
        ledger.restore(backup)
    log.unlink()
    ledger.catch_up()
    assert [row["amount"] for row in published(ledger, "latest_balances")] == [1]


def _die_before_publishing(ledger: Ledger) -> None:
    def die(self: Publisher, now: datetime) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    Publisher.publish = die
    with ledger.writer() as writer:
        record(writer, refresh("last"), [balance("3")])


@pytest.mark.parametrize("kind", ["missing", "text", "foreign", "empty", "newer"])
def test_what_is_no_ledger_is_refused_and_leaves_nothing(
    tmp_path: Path, backup: Path, kind: str
) -> None:
    file = tmp_path / f"{kind}.duckdb"
    if kind == "text":
        file.write_text("not a database" * 1000)
    elif kind == "foreign":
        with duckdb.connect(str(file)) as connection:
            connection.execute("CREATE TABLE recipes (name VARCHAR)")
    elif kind == "empty":
        with Ledger(tmp_path / "empty").writer():
            pass
        file = tmp_path / "empty" / "warehouse.duckdb"
    elif kind == "newer":
        shutil.copy(backup, file)
        with duckdb.connect(str(file)) as connection:
            connection.execute(
                "INSERT INTO history.schema_migrations VALUES (999, 'x', 'y', now())"
            )
    ledger = Ledger(tmp_path / "new")
    with pytest.raises(SchemaError if kind == "newer" else StorageError):
        ledger.restore(file)
    left = {path.name for path in ledger.data_dir.rglob("*")}
    assert left == {".writer.lock", "published"}


@pytest.mark.parametrize("cut_short", [False, True])
def test_a_file_that_cannot_be_opened_is_named_and_not_our_copy(
    tmp_path: Path, backup: Path, cut_short: bool
) -> None:
    file = tmp_path / "bad.duckdb"
    file.write_bytes(backup.read_bytes()[:20_000] if cut_short else b"not a database")
    ledger = Ledger(tmp_path / "new")
    with pytest.raises(StorageError, match=r"bad.duckdb is no DuckDB .* backup") as refused:
        ledger.restore(file)
    assert ".tmp" not in str(refused.value)
    assert "pfo restore" not in str(refused.value)


def _die_while_copying(data_dir: Path, file: Path) -> None:
    def copy_half(_source: Path, target: Path) -> None:
        target.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    shutil.copyfile = copy_half
    Ledger(data_dir).restore(file)


def test_a_kill_while_restoring_leaves_no_ledger_and_the_next_try_works(
    backup: Path, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "new")
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_die_while_copying, args=(ledger.data_dir, backup))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert not ledger.warehouse_path.exists()
    assert ledger.restore(backup) == 1
    assert not list(ledger.data_dir.glob("*.tmp*"))
