"""The commands that read, as people meet them: on a ledger whose figures the test knows."""

from __future__ import annotations

import csv
import json
import os
import re
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow.parquet as pq
import pytest

from pfo_dagster.cli.explain import print_explanation
from pfo_dagster.cli.restore import restore_ledger
from pfo_dagster.ledger import Ledger
from pfo_dagster.openbanking import ProviderError
from pfo_dagster.openbanking.sandbox import SandboxState
from tests.cli.test_pfo import assert_no_traceback, pfo
from tests.ledger.builders import account, balance, empty_ledger, record, refresh
from tests.processes import PFO

NOW = datetime.now(UTC).replace(microsecond=0)
THEN = NOW - timedelta(days=3)
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with two accounts: a loan, and one that was corrected three days later."""
    now = THEN
    path = tmp_path_factory.mktemp("readers") / "data"
    accounts = [account(), account(account_id="2", name="House", account_type="loan")]
    with Ledger(path, clock=lambda: now).writer() as writer:
        rows = [
            balance("1234.50", as_of=THEN, fetched_at=THEN),
            balance("-200000", account_id="2", as_of=THEN, fetched_at=THEN),
        ]
        record(writer, refresh("r1", at=THEN), rows, accounts=accounts)
        now = NOW
        rows[0] = balance("1234.56", as_of=THEN, fetched_at=NOW)
        record(writer, refresh("r2", at=NOW), rows, accounts=accounts)
    return path


def test_balances_line_up_with_their_sums_and_ages(data: Path) -> None:
    done = pfo("balances", data=data)
    assert done.returncode == 0, done.stderr
    assert "SANDBOX: all data is made up." in done.stdout
    assert "Banque du Lac" in done.stdout
    lines = [
        line for line in done.stdout.splitlines() if "Joint account" in line or "House" in line
    ]
    assert [line.index("EUR") for line in lines] == [lines[0].index("EUR")] * 2
    assert "-200 000.00" in done.stdout
    assert "-198 765.44" in done.stdout
    assert "3 d before" in done.stdout


def test_balances_as_known_then_are_those_of_then(data: Path) -> None:
    then = pfo("balances", "--as-known-at", THEN.isoformat(), "--format", "json", data=data)
    assert {row["amount"] for row in json.loads(then.stdout)} == {"1234.5", "-200000"}
    rows = pfo("balances", "--at", str(THEN.date()), "--format", "csv", data=data).stdout
    assert {row["amount"] for row in csv.DictReader(rows.splitlines())} == {"1234.56", "-200000"}
    before = pfo("balances", "--at", "2020-01-01", data=data)
    assert "No account had been observed by then." in before.stdout


def test_a_day_that_has_not_come_is_called_so(data: Path) -> None:
    assert "2999-12-31 has not come yet" in pfo("balances", "--at", "2999-12-31", data=data).stdout
    assert "has not come" not in pfo("balances", "--at", str(THEN.date()), data=data).stdout


def test_explain_goes_from_the_figure_to_the_spec(data: Path) -> None:
    done = pfo("explain", "joint account", data=data)
    assert done.returncode == 0, done.stderr
    for named in ("1 234.56 EUR", "run-r2", "refresh-balances, attempt 1", "not: it is the last",
                  "pfo.workflow.refresh-openbanking-balances 1.0.0", "made up"):  # fmt: skip
        assert named in done.stdout


def test_explain_tells_of_an_account_that_came_back_under_a_new_id(tmp_path: Path) -> None:
    for number, at in (("1", THEN), ("2", NOW)):
        with Ledger(tmp_path, clock=lambda at=at: at).writer() as writer:
            row = balance(account_id=number, as_of=at, fetched_at=at)
            record(
                writer, refresh(f"r{number}", at=at), [row], accounts=[account(account_id=number)]
            )
    succession = f"account 1 came back as 2, which counts from {NOW.astimezone(PARIS).date()} on"
    done = pfo("explain", "Joint account", data=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "run-r2" in done.stdout, "the name means the id that it has now"
    assert succession in " ".join(done.stdout.split())
    before = pfo("explain", "2", "--at", str(THEN.date()), data=tmp_path)
    assert before.returncode == 2
    assert succession in " ".join(before.stderr.split())


def test_explain_says_that_an_account_was_away_on_the_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PFO_DATA_DIR", str(tmp_path))
    empty_ledger(tmp_path)
    gone = THEN + timedelta(days=1)
    for number, at, ended in ((1, THEN, None), (2, gone, gone), (3, NOW, None)):
        with Ledger(tmp_path, clock=lambda at=at: at).writer() as writer:
            row = balance(as_of=at, fetched_at=at)
            rows = [] if ended else [row]
            record(
                writer, refresh(f"r{number}", at=at), rows, accounts=[account(disabled_at=ended)]
            )
    left, back = (at.astimezone(PARIS).date() for at in (gone, NOW))
    print_explanation("1", left, "current")
    absent = f"counts nowhere from {left} on, until it was back on {back}"
    assert absent in " ".join(capsys.readouterr().out.split())
    print_explanation("1", None, "current")
    assert "counts nowhere" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["explain", "Joint acount"], 'Did you mean "Joint account"?'),
        (["explain", "1", "--at", "2020-01-01"], "was observed by 2020-01-01"),
        (["explain", "1", "--type", "projected"], "No projected balance of account 1"),
        (["balances", "--at", "yesterday"], "is not a day such as"),
        (["balances", "--as-known-at", "noon"], "is not an instant such as"),
        (["export", "x.xlsx", "accounts"], "must end in .csv or .parquet"),
    ],
)
def test_a_wrong_call_is_one_clear_message(data: Path, arguments: list[str], named: str) -> None:
    done = pfo(*arguments, data=data)
    assert done.returncode == 2
    assert named in done.stderr
    assert_no_traceback(done)


@pytest.mark.parametrize("command", [["balances"], ["explain", "1"], ["verify"],
                                     ["export", "x.csv", "accounts"]])  # fmt: skip
def test_without_a_publication_each_says_what_to_do(tmp_path: Path, command: list[str]) -> None:
    done = pfo(*command, data=tmp_path)
    assert done.returncode == 1
    assert "make run" in done.stderr
    assert_no_traceback(done)


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_any_value_can_be_shown_whole(data: Path, form: str) -> None:
    sql = """
        SELECT 0.10 AS a, 2 AS a, {'b': [1.50::DECIMAL(5, 2)]} AS c, '[bold]x' AS d,
               'infinity'::DOUBLE AS e, INTERVAL 1 DAY AS f, 'ab'::BLOB AS g, TIME '10:00' AS h
    """
    done = pfo("query", sql, "--format", form, data=data)
    assert done.returncode == 0, done.stderr
    shown = ["0.1", "[bold]x", "inf", "P0M1DT0S", "6162", "10:00:00", "a_1", "1.5"]
    assert [text for text in shown if text not in done.stdout] == []


_ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"
_INTERRUPTED = f"""
import os, signal, sys, threading
from pfo_dagster.cli import main
sys.argv = ["pfo", "query", "{_ENDLESS}"]
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(3, os.kill, (os.getpid(), signal.SIGINT)).start()
main()
"""


def test_a_query_without_an_end_can_be_interrupted(data: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", _INTERRUPTED],
        env={"PATH": os.environ["PATH"], "PFO_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 130
    assert_no_traceback(done)


def test_no_amount_is_cut_where_the_terminal_is_narrow(data: Path) -> None:
    done = pfo("balances", data=data, COLUMNS="30")
    assert "-200 000.00" in done.stdout
    assert "…" not in done.stdout


def test_what_the_terminal_cannot_show_is_told_in_words(data: Path) -> None:
    environment = {"PFO_DATA_DIR": str(data), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(  # noqa: S603 - our own command
        [*PFO, "query", "--format", "csv", "SELECT '猫'"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ascii has no" in done.stderr
    assert "Set PYTHONIOENCODING=utf-8" in done.stderr
    assert_no_traceback(done)


def test_verify_fails_only_for_what_is_disproved(data: Path, tmp_path: Path) -> None:
    done = pfo("verify", data=data)
    assert done.returncode == 0, done.stdout
    assert "0 disprove a figure" in done.stdout
    assert "figures_are_fresh: 2 shown balances are stale: account 1, 2." in done.stdout

    copy = tmp_path / "published" / "balances.duckdb"
    copy.parent.mkdir()
    copy.write_bytes((data / "published" / "balances.duckdb").read_bytes())
    with duckdb.connect(str(copy)) as tampering:
        tampering.execute("DELETE FROM balances WHERE account_id = '2'")
    tampered: subprocess.CompletedProcess[str] = pfo("verify", data=tmp_path)
    assert tampered.returncode == 1
    assert "FAILED  the_record_is_whole" in tampered.stdout
    assert "2 balances were added, 1 are there" in tampered.stdout


def test_exports_are_exact_private_and_replaced_whole(data: Path, tmp_path: Path) -> None:
    parquet, text = tmp_path / "balances.parquet", tmp_path / "balances.csv"
    for _ in range(2):
        assert pfo("export", str(parquet), "latest_balances", data=data).returncode == 0
        query = "SELECT account_id, amount FROM latest_balances ORDER BY account_id"
        assert pfo("export", str(text), query, data=data).returncode == 0
    assert sorted(row["amount"] for row in pq.read_table(parquet).to_pylist()) == [
        Decimal(-200000),
        Decimal("1234.56"),
    ]
    assert text.read_text() == "account_id,amount\n1,1234.56\n2,-200000\n"
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 2

    assert pfo("export", str(text), "SELECT 1", data=data).stdout.startswith("1 row written")
    failed = pfo("export", str(tmp_path / "no" / "x.csv"), "accounts", data=data)
    assert failed.returncode == 1
    assert "no/x.csv" in failed.stderr
    assert_no_traceback(failed)


def test_restore_brings_a_lost_ledger_back_and_replaces_none(data: Path, tmp_path: Path) -> None:
    backup = str(data / "published" / "balances.duckdb")
    done = pfo("restore", backup, data=tmp_path / "new")
    assert done.returncode == 0, done.stderr
    assert "up to commit 2" in done.stdout
    assert "-200 000.00" in pfo("balances", data=tmp_path / "new").stdout

    again = pfo("restore", backup, data=tmp_path / "new")
    assert again.returncode == 1
    assert "There is a ledger already" in again.stderr
    missing = pfo("restore", str(tmp_path / "none.duckdb"), data=tmp_path / "other")
    assert missing.returncode == 2
    assert "does not exist" in missing.stderr


def test_a_restored_ledger_of_the_sandbox_takes_no_figures_of_an_earlier_time(
    tmp_path: Path,
) -> None:
    ahead = NOW + timedelta(days=3)
    with Ledger(tmp_path / "old").writer() as writer:
        record(writer, refresh("r1", at=ahead), [balance("1", as_of=ahead, fetched_at=ahead)])
    restored = pfo("restore", str(tmp_path / "old/published/balances.duckdb"), data=tmp_path / "x")
    assert restored.returncode == 0, restored.stderr
    told = f"pfo sandbox clock {ahead:%Y-%m-%dT%H:%M:%S}+00:00"
    assert told in restored.stdout
    state = SandboxState(tmp_path / "x" / "sandbox.json")
    with pytest.raises(ProviderError, match="clock was put back"):
        state.read_at(NOW)


def test_what_the_sandbox_knows_beyond_the_restored_ledger_stays_known(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose figures could not be recorded has moved it on."""
    monkeypatch.setenv("PFO_DATA_DIR", str(tmp_path))
    state = SandboxState(tmp_path / "sandbox.json")
    state.read_at(NOW + timedelta(hours=2))
    restore_ledger(data / "published" / "balances.duckdb")
    assert state.read_until() == NOW + timedelta(hours=2)


def test_a_total_in_one_currency_comes_with_its_rates_or_not_at_all(tmp_path: Path) -> None:
    dollars = account(account_id="2", currency="USD")
    with Ledger(tmp_path).writer() as writer:
        rows = [
            balance("1000", as_of=NOW, fetched_at=NOW),
            balance("10.50", account_id="2", currency="USD", as_of=NOW, fetched_at=NOW),
        ]
        record(writer, refresh("r1", at=NOW), rows, accounts=[account(), dollars])
    without = pfo("balances", "--in", "eur", data=tmp_path)
    assert "No total in EUR (sandbox): no reference rate of USD is known." in without.stdout
    assert "`pfo rates` fetches what is published" in without.stdout
    fetched = pfo("rates", data=tmp_path)
    assert "made up; nothing was fetched" in fetched.stdout
    done = pfo("balances", "--in", "EUR", data=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Total in EUR: 1 010" in done.stdout
    assert "(made up)" in done.stdout
    nowhere = pfo("balances", "--in", "BTC", data=tmp_path).stdout
    assert "No total in BTC (sandbox): no reference rate of BTC is known." in nowhere
    assert "The sandbox's made-up rates have none of BTC." in nowhere
    assert "pfo rates" not in nowhere, "which could not bring it"


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tenants of one provider whose accounts have the same id; one's amount is unknown."""
    path = tmp_path_factory.mktemp("families") / "data"
    with Ledger(path).writer() as writer:
        for tenant, amount in (("lake", None), ("hill", "7")):
            head = refresh(f"of-{tenant}", at=NOW, tenant_id=tenant)
            row = balance(amount, as_of=NOW, fetched_at=NOW)
            record(writer, head, [row], accounts=[account(name="Wallet")])
    return path


def test_two_tenants_of_one_provider_are_told_apart(families: Path) -> None:
    shown = pfo("balances", "--in", "EUR", data=families).stdout
    assert re.search(r"Of hill, sandbox.*Wallet +7.00.*Of lake, sandbox.*Wallet +unknown",
                     shown, re.DOTALL)  # fmt: skip
    assert re.search(r"hill, sandbox +EUR +7.00", shown)
    assert "Total in EUR: 7 (hill, sandbox)" in shown
    assert "No total in EUR (lake, sandbox): no amount is known." in shown
    explained = pfo("explain", "wallet", data=families).stdout
    assert "Wallet (hill, sandbox), current: 7.00 EUR" in explained
    assert "Wallet (lake, sandbox), current: unknown" in explained


def test_a_check_says_whose_figure_it_doubts(families: Path, tmp_path: Path, data: Path) -> None:
    copy = tmp_path / "published" / "balances.duckdb"
    copy.parent.mkdir()
    copy.write_bytes((families / "published" / "balances.duckdb").read_bytes())
    with duckdb.connect(str(copy)) as tampering:
        tampering.execute("INSERT INTO balances FROM balances WHERE tenant_id = 'hill'")
    shown = pfo("verify", data=tmp_path).stdout
    assert re.search(r"tenant_id +provider.*hill +sandbox", shown, re.DOTALL)
    assert "tenant_id" not in pfo("verify", data=data).stdout, "where there is one it is not named"
