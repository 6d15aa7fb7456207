"""Killed, interrupted, broken: what a run in a terminal leaves behind, and says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from pfo_dagster.ledger import Ledger
from pfo_dagster.openbanking.sandbox import (
    SANDBOX_TOKEN,
    Fault,
    Faults,
    SandboxState,
    household,
    sandbox_app,
)
from pfo_dagster.openbanking.sandbox.server import running
from pfo_dagster.resources import utc_now
from tests.cli.test_pfo import BALANCES, ROOT, assert_no_traceback, pfo
from tests.processes import PFO

SLOW = Fault(path="/users/me/accounts", status=None, delay=600)


@dataclass(frozen=True)
class SlowBank:
    """A bank that takes ten minutes over the first question about accounts, and no time later."""

    environment: dict[str, str]
    asked: threading.Event

    def start(self, data: Path, key: str = BALANCES, **more: str) -> subprocess.Popen[str]:
        """A run in a process group of its own, that has asked and gets no answer."""
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*PFO, "run", key],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "PFO_DATA_DIR": str(data),
                **self.environment,
                **more,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        if not self.asked.wait(60):
            process.kill()
            pytest.fail(f"the bank was not asked: {process.communicate()}")
        return process


@pytest.fixture
def slow_bank() -> Iterator[SlowBank]:
    app = sandbox_app(
        world=household(7), clock=utc_now, state=SandboxState(None), faults=Faults(SLOW)
    )
    asked = threading.Event()

    async def noticed(scope: Scope, receive: Receive, send: Send) -> None:
        if str(scope.get("path")).endswith(SLOW.path):
            asked.set()
        await app(scope, receive, send)

    with running(noticed) as address:
        yield SlowBank({"POWENS_BASE_URL": address, "POWENS_USER_TOKEN": SANDBOX_TOKEN}, asked)


def test_after_a_kill_the_next_run_goes_on_at_once(tmp_path: Path, slow_bank: SlowBank) -> None:
    data = tmp_path / "data"
    killed = slow_bank.start(data)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()

    again = pfo("run", BALANCES, data=data, **slow_bank.environment)

    assert again.returncode == 0, again.stderr
    assert "was killed; it is marked as failed now" in again.stderr
    with Ledger(data).reader() as reader:
        assert len(reader.rows("FROM refreshes")) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_at_once_and_says_so(
    tmp_path: Path, slow_bank: SlowBank, number: signal.Signals
) -> None:
    process = slow_bank.start(tmp_path / "data")
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Interrupted" in err
    assert_no_traceback(subprocess.CompletedProcess([], 130, out, err))


def test_a_broken_dagster_home_is_one_clear_message(tmp_path: Path) -> None:
    home = tmp_path / "data" / "dagster"
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text("foo: [\n")
    done = pfo("run", BALANCES, data=tmp_path / "data")
    assert done.returncode == 1
    assert str(home) in done.stderr
    assert_no_traceback(done)


def test_what_is_written_is_its_owners_alone(tmp_path: Path) -> None:
    data = tmp_path / "a" / "data"
    assert pfo("run", BALANCES, data=data).returncode == 0
    open_to_others = [path for path in [data, *data.rglob("*")] if path.stat().st_mode & 0o077]
    assert open_to_others == []


@pytest.mark.parametrize(
    "address", ["http://bank.example/2.0", "https://bank.example/", "nonsense"]
)
def test_an_address_that_cannot_be_right_starts_no_run(tmp_path: Path, address: str) -> None:
    data = tmp_path / "data"
    done = pfo("run", BALANCES, data=data, POWENS_BASE_URL=address, POWENS_USER_TOKEN="t")
    assert done.returncode == 2
    assert "POWENS_BASE_URL" in done.stderr
    assert not data.exists()
    assert_no_traceback(done)


def test_an_interrupt_while_the_command_is_imported_is_no_traceback() -> None:
    impatient = """
import sys


class Impatient:
    def find_spec(self, name, *_):
        if name == "pfo_dagster.cli.app":
            raise KeyboardInterrupt


sys.meta_path.insert(0, Impatient())
from pfo_dagster.cli import main
"""
    command = [sys.executable, "-c", impatient]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=False)  # noqa: S603 - ours
    assert (done.returncode, done.stderr) == (130, b"")
