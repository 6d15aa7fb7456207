"""The Parquet files hold what the relations hold, and only those of changed months are written."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from tests.ledger.builders import (
    NOON,
    balance,
    connection,
    published,
    record,
    refresh,
    sync,
    transaction,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pfo_dagster.ledger import Ledger

MONTH = timedelta(days=31)


def observed(ledger: Ledger, number: int, amount: str, months_ago: int = 0) -> None:
    moment = NOON - months_ago * MONTH
    with ledger.writer() as writer:
        record(writer, refresh(f"r{number}"), [balance(amount, as_of=moment, fetched_at=moment)])


def inodes(ledger: Ledger) -> dict[str, int]:
    folder = ledger.parquet_path.resolve()
    files = folder.rglob("*.parquet")
    return {str(path.relative_to(folder)): path.stat().st_ino for path in files}


def in_parquet(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


@pytest.mark.parametrize(
    "relation",
    [
        "balances",
        "transactions",
        "accounts",
        "connections",
        "latest_balances",
        "daily_cash_position",
        "cash_flow",
        "refreshes",
    ],
)
def test_each_relation_is_there_exactly(ledger: Ledger, relation: str) -> None:
    observed(ledger, 1, "0.10", months_ago=2)
    observed(ledger, 2, "999999999999999999999.000000000001")
    with ledger.writer() as writer:
        writer.record_transactions(sync(), [transaction()])
    path = ledger.parquet_path / relation
    rows = in_parquet(path if path.is_dir() else path.with_suffix(".parquet"))
    in_duckdb = [
        {name: (getattr(value, "tzinfo", None) and value.replace(tzinfo=None)) or value
         for name, value in row.items()}
        for row in published(ledger, relation)
    ]  # fmt: skip
    assert sorted(map(str, rows)) == sorted(map(str, in_duckdb))


def test_only_the_files_that_a_commit_changed_are_written(ledger: Ledger) -> None:
    observed(ledger, 1, "1", months_ago=2)
    first = inodes(ledger)
    observed(ledger, 2, "2")
    second = inodes(ledger)
    assert set(first) == {
        "accounts.parquet", "balances/2026-09.parquet", "cash_flow.parquet",
        "connections.parquet", "daily_cash_position/2026-09.parquet", "latest_balances.parquet",
        "refreshes.parquet",
    }  # fmt: skip
    assert set(second) - set(first) == {
        "balances/2026-11.parquet",
        "daily_cash_position/2026-10.parquet",
        "daily_cash_position/2026-11.parquet",
    }
    changed = {name for name, inode in first.items() if second[name] != inode}
    assert changed == {
        "daily_cash_position/2026-09.parquet", "latest_balances.parquet", "refreshes.parquet",
    }  # fmt: skip
    observed(ledger, 3, "3")
    third = inodes(ledger)
    assert {name for name, inode in second.items() if third[name] != inode} == {
        "balances/2026-11.parquet", "daily_cash_position/2026-11.parquet",
        "latest_balances.parquet", "refreshes.parquet",
    }  # fmt: skip

    with ledger.writer() as writer:
        writer.record_sync_attempt("home", "sandbox", "c1", "run-1", NOON)
    assert inodes(ledger) == third


def test_a_transaction_that_moves_to_another_month_leaves_the_old_one(ledger: Ledger) -> None:
    with ledger.writer() as writer:
        writer.record_transactions(sync("s1"), [transaction(booked_on=date(2026, 10, 31))])
        writer.record_transactions(sync("s2"), [transaction(booked_on=date(2026, 11, 1))])
    folder = ledger.parquet_path / "transactions"
    assert in_parquet(folder / "2026-10.parquet") == []
    assert len(in_parquet(folder / "2026-11.parquet")) == 1


def test_a_reader_that_listed_the_files_still_finds_them_after_a_publication(
    ledger: Ledger,
) -> None:
    observed(ledger, 1, "1")
    listed = list(ledger.parquet_path.resolve().rglob("*.parquet"))
    observed(ledger, 2, "2")
    assert all(path.exists() for path in listed)
    for number in range(3, 6):
        observed(ledger, number, str(number))
    assert len(list(ledger.published_path.parent.glob(".parquet-*"))) == 2


def test_what_is_missing_or_of_another_schema_is_made_again(ledger: Ledger) -> None:
    observed(ledger, 1, "1", months_ago=2)
    observed(ledger, 2, "2")
    folder = ledger.parquet_path.resolve()
    for name in (f".parquet-1-{folder.name.rpartition('-')[2]}", "elsewhere"):
        ledger.parquet_path.unlink()
        folder = folder.rename(folder.with_name(name))
        ledger.parquet_path.symlink_to(name)
        (folder.with_name(".parquet-99-99.tmp")).mkdir()
        ledger.catch_up()
        assert len(in_parquet(ledger.parquet_path / "balances")) == 2
        assert not list(folder.parent.glob("*.tmp"))
        folder = ledger.parquet_path.resolve()


def test_a_changed_connection_is_seen(ledger: Ledger) -> None:
    observed(ledger, 1, "1")
    with ledger.writer() as writer:
        record(writer, refresh("r2"), [], connections=[connection(state="failed")])
    [row] = in_parquet(ledger.parquet_path / "connections.parquet")
    assert row["state"] == "failed"
