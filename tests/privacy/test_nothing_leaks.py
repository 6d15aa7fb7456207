"""A whole run, a failing one and a burst of webhooks in processes of their own, then a search."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import httpx
import pytest
from pydantic import SecretStr

from pfo_dagster.config import PROJECT_ROOT
from pfo_dagster.openbanking.powens.signature import DATE_HEADER, SIGNATURE_HEADER, sign
from tests.privacy.bank import (
    CANARIES,
    HOLDER,
    HOOK_SECRET,
    IBAN,
    LINK,
    TOKEN,
    bank_full_of_canaries,
    plant,
)
from tests.privacy.searching import findings, spellings

PFO = Path(sys.executable).parent / "pfo"
JOB = "pfo_workflow_refresh_openbanking_balances"
# As Dagster's daemon does it: in a process whose output is kept as compute logs.
EXECUTE = [sys.executable, "-m", "dagster", "job", "execute", "-m", "pfo_dagster.definitions"]
EXECUTE += ["-j", JOB]


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that was written, and all that was printed."""
    folder = tmp_path_factory.mktemp("privacy")
    with bank_full_of_canaries() as bank:
        environment = {
            **os.environ,
            "PFO_DATA_DIR": str(folder / "data"),
            "DAGSTER_HOME": str(folder / "data" / "dagster"),
            "POWENS_BASE_URL": bank.base_url,
            "POWENS_USER_TOKEN": TOKEN,
            "POWENS_WEBHOOK_SECRET": HOOK_SECRET,
        }
        home = folder / "data" / "dagster"
        home.mkdir(parents=True)
        shutil.copy(PROJECT_ROOT / "pfo_dagster" / "dagster.yaml", home)
        assert call(folder, environment, EXECUTE) == 0
        receive_a_burst(folder, environment)
        bank.refuses = True
        assert call(folder, environment, EXECUTE) == 1
    return folder


def call(folder: Path, environment: dict[str, str], command: list[str]) -> int:
    with (folder / "printed.txt").open("ab") as printed:
        return subprocess.run(  # noqa: S603 - our own commands
            command, cwd=PROJECT_ROOT, env=environment, stdout=printed, stderr=printed, check=False
        ).returncode


def receive_a_burst(folder: Path, environment: dict[str, str]) -> None:
    """Webhooks that are believed and kept, and some that are not."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = [str(PFO), "webhooks", "serve", "--port", str(port)]
    with (
        (folder / "printed.txt").open("ab") as printed,
        subprocess.Popen(  # noqa: S603 - ours
            serving, cwd=PROJECT_ROOT, env=environment, stdout=printed, stderr=printed
        ) as receiver,
    ):
        address = f"http://127.0.0.1:{port}"
        wait_until_it_listens(address, receiver)
        statuses = [send(address, number) for number in range(40)]
        receiver.send_signal(signal.SIGINT)
        receiver.wait(20)
    assert statuses.count(200) >= 30, statuses


def wait_until_it_listens(address: str, receiver: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 60
    while receiver.poll() is None and time.monotonic() < ends:
        try:
            httpx.get(address)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the receiver of webhooks does not listen")


def send(address: str, number: int) -> int:
    """Every fourth has a wrong signature, or a body that is none."""
    connection = plant({"id": 7, "id_user": 1, "state": None, "accounts": [plant({"iban": IBAN})]})
    connection |= {"last_update": f"2026-11-20 12:{number:02}:00"}
    body = json.dumps({"user": {"id": 1, "name": HOLDER}, "connection": connection}).encode()
    if number % 8 == 3:
        body = f"{{{LINK} {IBAN}".encode()
    path, date = "/webhooks/connection-synced", "2026-11-20T12:00:00Z"
    secret = HOOK_SECRET if number % 8 != 7 else "another"
    signature = sign(SecretStr(secret), path=path, date=date, body=body)
    headers = {SIGNATURE_HEADER: signature, DATE_HEADER: date}
    return httpx.post(address + path, content=body, headers=headers).status_code


def test_the_runs_did_what_they_are_searched_for(left_behind: Path) -> None:
    published = left_behind / "data" / "published" / "balances.duckdb"
    with duckdb.connect(str(published), read_only=True) as db:
        masked = db.execute(
            "SELECT DISTINCT iban_masked FROM accounts WHERE iban_masked IS NOT NULL"
        )
        assert len(masked.fetchall()) == 1
    logs = list((left_behind / "data" / "dagster").rglob("*.err"))
    assert any(path.stat().st_size for path in logs), "no compute log was kept"
    assert b"RUN_FAILURE" in (left_behind / "printed.txt").read_bytes()


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
