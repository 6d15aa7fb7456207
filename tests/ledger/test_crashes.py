"""Killed anywhere in a refresh, the ledger holds all of it or nothing, and the next run repairs.

A child process kills itself with SIGKILL before the n-th line that it executes in the ledger's
modules, so every failure can be replayed: the test's id has the number.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from pfo_dagster.ledger import Ledger
from tests.ledger.builders import NOON, balance, record, refresh
from tests.ledger.lines import before_line
from tests.processes import forking

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

    from pfo_dagster.ledger import BalanceRow

KILLS = 20
ACCOUNTS = 30


def rows(number: int) -> list[BalanceRow]:
    return [balance(f"{number}.{n:02}", account_id=str(n)) for n in range(ACCOUNTS)]


def refresh_in_child(data_dir: Path, number: int, deadly: int, lines: SimpleQueue[int]) -> None:
    """Record refresh `number` and report its watched lines, or die before the one `deadly`."""
    with (
        before_line(deadly, lambda: os.kill(os.getpid(), signal.SIGKILL)) as executed,
        Ledger(data_dir, clock=lambda: NOON).writer() as writer,
    ):
        record(writer, refresh(f"r{number}"), rows(number))
    lines.put(executed.seen)


def in_child(data_dir: Path, number: int, deadly: int) -> tuple[int | None, int]:
    """Exit code and number of watched lines (0 if it was killed)."""
    context = forking()
    lines = context.SimpleQueue()
    child = context.Process(target=refresh_in_child, args=(data_dir, number, deadly, lines))
    child.start()
    child.join()
    return child.exitcode, 0 if lines.empty() else lines.get()


def refreshes_seen(ledger: Ledger) -> list[str]:
    """The published refreshes, after making sure that each one is there with all it brought."""
    with ledger.reader() as reader:
        whole = reader.rows(
            """
            SELECT refresh_id,
                (SELECT count(*) FROM balances AS b WHERE b.refresh_id = r.refresh_id) AS kept,
                (SELECT count(*) FROM refresh_accounts AS a WHERE a.refresh_id = r.refresh_id)
                    AS told
            FROM refreshes AS r ORDER BY commit_number
            """
        )
        [counted] = reader.rows("SELECT count(*) AS balances FROM balances")
    assert all(row["kept"] == row["told"] == ACCOUNTS for row in whole)
    assert counted["balances"] == ACCOUNTS * len(whole)
    return [row["refresh_id"] for row in whole]


def parquet_amounts(ledger: Ledger) -> list[Decimal]:
    """The amounts in the Parquet files of all months."""
    return sorted(pq.read_table(ledger.parquet_path / "balances")["amount"].to_pylist())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with one refresh, to copy."""
    data_dir = tmp_path_factory.mktemp("filled")
    with Ledger(data_dir, clock=lambda: NOON).writer() as writer:
        record(writer, refresh("r0"), rows(0))
    return data_dir


@pytest.fixture(scope="module")
def all_lines(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    data_dir = shutil.copytree(filled, tmp_path_factory.mktemp("whole") / "data", symlinks=True)
    exit_code, lines = in_child(data_dir, 1, deadly=0)
    assert exit_code == 0
    return lines


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_kill_loses_nothing_and_doubles_nothing(
    tmp_path: Path, filled: Path, all_lines: int, kill: int
) -> None:
    shutil.copytree(filled, tmp_path, symlinks=True, dirs_exist_ok=True)
    ledger = Ledger(tmp_path, clock=lambda: NOON)
    within = random.Random(kill).random()  # noqa: S311 spreads the kills, protects nothing
    deadly = 1 + int((kill + within) * all_lines / KILLS)
    exit_code, _ = in_child(tmp_path, 1, deadly)
    assert exit_code == -signal.SIGKILL
    assert refreshes_seen(ledger) in (["r0"], ["r0", "r1"])
    assert len(parquet_amounts(ledger)) in (ACCOUNTS, 2 * ACCOUNTS)
    with ledger.writer() as writer:
        again = record(writer, refresh("r1"), rows(1))
    assert again.new_balances == ACCOUNTS
    assert refreshes_seen(ledger) == ["r0", "r1"]
    assert not list(ledger.published_path.parent.glob("*.tmp*"))
    assert parquet_amounts(ledger) == sorted(
        Decimal(f"{number}.{n:02}") for number in (0, 1) for n in range(ACCOUNTS)
    )
