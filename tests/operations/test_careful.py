"""What operations send over days and crashes: nothing that the strict server would complain of."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from pfo_dagster.ledger import Ledger
from pfo_dagster.openbanking.sandbox import SCENARIOS
from pfo_dagster.operations.banking.decisions import RefreshPolicy
from tests.openbanking.support import NOON, Clock
from tests.operations.careful import ACCOUNTS, REFRESH, TRANSACTIONS, Careful, Killed

LARGE = "ten-thousand-accounts"
ALWAYS = RefreshPolicy(force_sync="always")


@pytest.fixture(scope="module")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a ledger that holds nothing, since making its schema takes longest."""
    data_dir = tmp_path_factory.mktemp("empty") / "data"
    with Ledger(data_dir).writer():
        return data_dir


@pytest.fixture
def data_dir(empty_ledger: Path, tmp_path: Path) -> Path:
    return shutil.copytree(empty_ledger, tmp_path / "data")


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != LARGE])
def test_nothing_careless_is_sent_over_two_days_of_any_scenario(name: str, data_dir: Path) -> None:
    home = Careful(data_dir, name)
    home.run(ACCOUNTS)
    home.run(REFRESH)
    home.clock.now = NOON + timedelta(hours=25)
    home.run(REFRESH)
    home.run(TRANSACTIONS)
    assert home.strict.violations == []
    assert home.strict.calls >= 7
    assert home.published("FROM latest_balances")
    assert home.published("FROM transactions")


def test_nothing_careless_is_sent_for_ten_thousand_accounts(data_dir: Path) -> None:
    """Once over: each listing of them takes its time, and a second day sends the same."""
    home = Careful(data_dir, LARGE, policy=ALWAYS)
    home.run(REFRESH)
    home.run(TRANSACTIONS, since="2026-03-13")
    assert home.strict.violations == []
    assert home.strict.syncs == 50
    assert len(home.published("FROM latest_balances WHERE balance_type = 'current'")) == 10_000
    assert len(home.published("FROM transactions")) > 1_000, "more than a page holds"


def test_nothing_careless_is_sent_at_fifty_banks_that_are_asked_at_once(data_dir: Path) -> None:
    home = Careful(data_dir, policy=ALWAYS, scenario="fifty-banks")
    home.run(REFRESH)
    assert home.strict.violations == []
    assert home.strict.syncs == 50
    assert home.clock.now - NOON >= timedelta(minutes=1), "more than thirty calls take their time"


def test_no_bank_is_asked_more_than_its_budget_over_refreshes_crashes_and_retries(
    data_dir: Path,
) -> None:
    chance = random.Random(1)  # noqa: S311 - the same crashes each time
    home = Careful(data_dir, policy=ALWAYS)
    ends: list[object] = []
    for _ in range(16):
        home.clock.now += timedelta(minutes=chance.choice([3, 20, 90, 400]))
        home.kill_at = chance.choice([None, chance.randrange(2, 12)])
        ends.append(home.run(REFRESH))
    killed = sum(isinstance(end, Killed) for end in ends)
    assert 3 < killed < 13
    assert home.strict.violations == []
    home.ledger.catch_up()
    on_record = home.published("FROM sync_attempts")
    assert home.strict.syncs <= len(on_record) <= home.strict.syncs + killed
    assert home.strict.syncs > 8


def test_refreshes_that_run_at_once_share_one_budget(data_dir: Path) -> None:
    """Another one asks a bank four times after this one has looked, and before its own turn."""
    ledger = Ledger(data_dir)

    class Meanwhile(Clock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(0.25)  # by when this refresh has let go of the ledger
            with ledger.writer(publishes=False) as writer:
                for minute in range(4):
                    at = NOON - timedelta(minutes=minute)
                    writer.record_sync_attempt("home", "powens:localhost", "102", "another", at)
            await super().sleep(seconds)

    home = Careful(data_dir, policy=ALWAYS, clock=Meanwhile())
    # Of thirty calls a minute, the listing and one bank are left.
    (data_dir / "calls.json").write_text(json.dumps([NOON.timestamp()] * 28), encoding="utf-8")
    report = home.run(REFRESH)
    assert home.strict.syncs == 1
    assert isinstance(report, dict)
    [asked, left_alone, _] = report["connections"]
    assert (asked["connection_id"], asked["action"]) == ("101", "forced")
    assert (left_alone["connection_id"], left_alone["action"]) == ("102", "read")
    assert "4 of 4 forced syncs of the last 24 hours are used up" in left_alone["reason"]
    assert len(home.published("FROM sync_attempts WHERE connection_id = '102'")) == 4


def test_a_budget_that_was_used_up_is_there_again_after_a_day(data_dir: Path) -> None:
    home = Careful(data_dir, policy=ALWAYS)
    asked = []
    for _ in range(9):
        home.clock.now += timedelta(hours=4, minutes=1)
        before = home.strict.syncs
        home.run(REFRESH)
        asked.append(home.strict.syncs > before)
    assert asked == [True] * 4 + [False] * 2 + [True] * 3
    assert home.strict.violations == []
