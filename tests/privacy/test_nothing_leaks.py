"""A burst of webhooks, the runs that it starts, a failing one: all that they leave is searched.

In processes of their own: `pfo webhooks serve` receives, and `pfo dev` (web server, daemon, code
server) runs, with compute logs, on a bank whose every answer is full of canaries.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import httpx
import pytest

from tests.dashboard.server import dashboard_server
from tests.privacy.bank import CANARIES, HOOK_SECRET, IBAN, LINK, TOKEN, bank_full_of_canaries
from tests.privacy.receiving import receive_a_burst
from tests.privacy.searching import findings, spellings
from tests.ui.server import DagsterServer, dagster_server

BALANCES = "pfo_workflow_refresh_openbanking_balances"
TRANSACTIONS = "pfo_workflow_sync_openbanking_transactions"
LAUNCH = """mutation ($job: String!) { launchRun(executionParams: {
    mode: "default",
    selector: {repositoryLocationName: "pfo_dagster", repositoryName: "__repository__",
               pipelineName: $job},
    runConfigData: {}, executionMetadata: {tags: [{key: "pfo/started_by", value: "test"}]}
}) { __typename } }"""


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that was written, and all that was printed."""
    folder = tmp_path_factory.mktemp("privacy")
    with bank_full_of_canaries() as bank:
        settings = {
            "POWENS_BASE_URL": bank.base_url,
            "POWENS_USER_TOKEN": TOKEN,
            "POWENS_WEBHOOK_SECRET": HOOK_SECRET,
            "PFO_SCHEDULES_ON": "true",
        }
        receive_a_burst(folder, settings)
        with dagster_server(folder, **settings) as server:
            started = ended_runs(server, "webhook", 2)
            bank.refuses = True
            assert server.ask(LAUNCH, job=BALANCES)["launchRun"]["__typename"] == "LaunchRunSuccess"
            failed = ended_runs(server, "test", 1)
            # An orderly end takes ten seconds and leaves nothing else behind.
            server.kill()
    assert started == {BALANCES: "SUCCESS", TRANSACTIONS: "SUCCESS"}, "two runs for the whole burst"
    assert failed == {BALANCES: "FAILURE"}
    show_the_dashboard(folder)
    return folder


def ended_runs(server: DagsterServer, starter: str, count: int) -> Mapping[str, str]:
    """The status of each job that `starter` started, once so many have ended."""
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        runs = server.runs_started_by(starter)
        if len(runs) >= count and {run["status"] for run in runs} <= {"SUCCESS", "FAILURE"}:
            assert len(runs) == count
            return {run["jobName"]: run["status"] for run in runs}
        time.sleep(0.2)
    raise AssertionError(f"the runs started by {starter} did not end")


def show_the_dashboard(folder: Path) -> None:
    """Keep beside the files all that `pfo dashboard` sends to a browser that opens it."""
    with dashboard_server(folder / "data") as address:
        page = httpx.get(address).raise_for_status().text
        cells = "".join(sent_by_the_notebook(address))
        files = set(re.findall(r"@file/[\w./-]+", cells))
        contents = [httpx.get(f"{address}/{file}").raise_for_status().content for file in files]
    assert "Household ledger</h1>" in page
    assert "vega" in cells, "the charts, and with them the last cell, were sent"
    sent = [page.encode(), cells.encode(), *contents]
    for number, content in enumerate(sent):
        (folder / f"dashboard.{number}").write_bytes(content)


def sent_by_the_notebook(address: str) -> Iterator[str]:
    """What the notebook's cells show, as the page gets it, until all of them have run."""
    session = {"session_id": "s_search"}
    with httpx.stream("GET", f"{address}/sse", params=session, timeout=60) as events:
        for line in events.iter_lines():
            yield line
            if '"completed-run"' in line:
                return


def test_the_runs_did_what_they_are_searched_for(left_behind: Path) -> None:
    published = left_behind / "data" / "published" / "balances.duckdb"
    with duckdb.connect(str(published), read_only=True) as db:
        masked = db.execute(
            "SELECT DISTINCT iban_masked FROM accounts WHERE iban_masked IS NOT NULL"
        )
        assert len(masked.fetchall()) == 1
        rejected = db.execute("SELECT DISTINCT relation FROM rejected ORDER BY ALL").fetchall()
        assert rejected == [("accounts",), ("transactions",)]
    logs = list((left_behind / "dagster").rglob("*.err"))
    assert any(path.stat().st_size for path in logs), "no compute log was kept"
    assert "RUN_FAILURE" in (left_behind / "server.log").read_text(encoding="utf-8")
    assert "refused" in (left_behind / "receiver.log").read_text(encoding="utf-8")


def test_nothing_planted_is_in_any_file(left_behind: Path) -> None:
    assert findings(left_behind, CANARIES) == []


@pytest.mark.parametrize("word", [IBAN, LINK])
def test_the_search_finds_what_is_there(tmp_path: Path, word: str) -> None:
    for number, spelt in enumerate(spellings(word)):
        (tmp_path / f"{number}.bin").write_bytes(b"before" + spelt + b"after")
    with duckdb.connect(str(tmp_path / "there.duckdb")) as db:
        db.execute("CREATE TABLE t AS SELECT ? || (i % 3) AS word FROM range(5000) AS r(i)", [word])
        db.execute(f"COPY t TO '{tmp_path}/there.parquet' (COMPRESSION zstd)")
    found = findings(tmp_path, [word])
    assert {line.partition(":")[0] for line in found} == {path.name for path in tmp_path.iterdir()}
