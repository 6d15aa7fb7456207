"""`pfo powens` on a real terminal, against the sandbox on a real socket, with a browser of ours."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner

from pfo_dagster.cli import app as pfo
from pfo_dagster.cli import env_file
from pfo_dagster.ledger import Ledger
from pfo_dagster.openbanking.loopback import listening
from pfo_dagster.openbanking.sandbox import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_TOKEN,
    SandboxState,
    household,
    sandbox_app,
)
from pfo_dagster.resources import utc_now
from tests.processes import PFO, run_pfo

ROOT = Path(__file__).parents[2]

# Opens the page that it is given, and clicks the link with the words in BROWSER_CLICKS.
BROWSER = """
import html, os, re, sys, urllib.request
page = urllib.request.urlopen(sys.argv[1]).read().decode()
[link] = re.findall('<a href="([^"]+)">' + os.environ["BROWSER_CLICKS"], page)
urllib.request.urlopen(html.unescape(link)).read()
"""


@dataclass
class Sandbox:
    """A sandbox on a socket, and a terminal in which to run `pfo` against it."""

    app: Starlette
    address: str
    folder: Path

    @property
    def users_created(self) -> int:
        return self.app.state.onboarding.users_created

    def environment(self, **more: str) -> dict[str, str]:
        browser = self.folder / "browser.py"
        browser.write_text(BROWSER)
        return {
            "PATH": os.environ["PATH"],
            "PFO_DATA_DIR": str(self.folder / "data"),
            "POWENS_BASE_URL": f"{self.address}/2.0",
            "BROWSER": f"{sys.executable} {browser} %s",
            "BROWSER_CLICKS": "Connect",
            "COLUMNS": "200",
            **more,
        }

    def in_terminal(self, *arguments: str, typed: list[str], **more: str) -> tuple[int, str]:
        """Run `pfo powens …` on a terminal of its own, answer each prompt; status and screen."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*PFO, "powens", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self.folder,
            env=self.environment(**more),
            start_new_session=True,
        )
        os.close(theirs)
        screen = b""
        answers = iter(typed)
        seen = 0
        try:
            while chunk := os.read(ours, 4096):
                screen += chunk
                # A prompt ends in a colon, a blank and no new line.
                if screen.endswith(b": ") and len(screen) > seen:
                    seen = len(screen)
                    os.write(ours, next(answers).encode() + b"\n")
        except OSError:
            pass  # How a terminal tells that the other side is gone.
        os.close(ours)
        return process.wait(), screen.decode()

    def plainly(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return run_pfo("powens", *arguments, environment=self.environment(**more), cwd=self.folder)


@pytest.fixture
def sandbox(tmp_path: Path) -> Generator[Sandbox]:
    app = sandbox_app(world=household(7), clock=utc_now, state=SandboxState())
    with listening(app) as address:
        yield Sandbox(app, address, tmp_path)


def free_redirect() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/callback"


def test_the_whole_walk_from_nothing_to_a_connected_bank(sandbox: Sandbox) -> None:
    stored = sandbox.folder / "my secrets" / "powens.env"
    redirect = free_redirect()
    status, screen = sandbox.in_terminal(
        "connect",
        "--redirect-uri",
        redirect,
        typed=[SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, str(stored)],
    )
    assert status == 0, screen
    assert "connected: 101" in screen
    assert sandbox.users_created == 1
    assert SANDBOX_CLIENT_SECRET not in screen
    assert SANDBOX_TOKEN not in screen
    assert (stored.stat().st_mode & 0o777) == 0o600
    assert f"POWENS_USER_TOKEN='{SANDBOX_TOKEN}'" in stored.read_text()
    for path in (sandbox.folder / "data").rglob("*"):
        assert SANDBOX_TOKEN.encode() not in path.read_bytes()

    bank = f"powens:{sandbox.address.removeprefix('http://')}"
    with Ledger(sandbox.folder / "data").writer(publishes=False) as writer:
        writer.record_sync_attempt("household", bank, "101", "a run that was killed", utc_now())

    # What is stored is what the next command needs, as a shell reads it.
    [sourced] = [line for line in screen.splitlines() if "set -a" in line]
    sourcing = sourced.partition(": ")[2]
    command = f"{sourcing}; exec {' '.join(map(repr, PFO))} powens status --link"
    shown = subprocess.run(  # noqa: S603 - our own command
        ["/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        cwd=sandbox.folder,
        env=sandbox.environment(),
    )
    assert shown.returncode == 0, shown.stderr
    assert "Koto Direct: needs_user (SCARequired)" in shown.stdout
    assert "confirm access with strong authentication" in shown.stdout
    assert "3 of 4 forced syncs left" in shown.stdout
    assert "4 of 4 forced syncs left" in shown.stdout
    [link] = [line for line in shown.stdout.splitlines() if "/webview/en/reconnect?" in line]
    assert "connection_id=103" in link
    assert httpx.get(link).status_code == 200
    assert httpx.get(link).status_code == 403, "the code is good once"


def test_a_second_walk_creates_no_second_user(sandbox: Sandbox) -> None:
    typed = [SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, "-"]
    for _ in range(2):
        redirect = free_redirect()
        status, screen = sandbox.in_terminal("connect", "--redirect-uri", redirect, typed=typed)
        assert status == 0, screen
        assert screen.count(SANDBOX_TOKEN) == 1, "printed once, since that was asked for"
    assert sandbox.users_created == 1


def test_with_a_token_a_bank_is_added_to_its_user(sandbox: Sandbox) -> None:
    redirect = free_redirect()
    done = sandbox.plainly(
        "connect",
        "--redirect-uri",
        redirect,
        POWENS_USER_TOKEN=SANDBOX_TOKEN,
        POWENS_CLIENT_ID=SANDBOX_CLIENT_ID,
        BROWSER_CLICKS="Cancel",
    )
    assert done.returncode == 1
    assert "cancelled: no bank was connected" in done.stderr
    assert sandbox.users_created == 0


def test_a_wrong_secret_creates_nobody_and_says_so(sandbox: Sandbox) -> None:
    redirect = free_redirect()
    status, screen = sandbox.in_terminal(
        "connect", "--redirect-uri", redirect, typed=[SANDBOX_CLIENT_ID, "guess-CANARY", "-"]
    )
    assert status == 1
    assert "the client id or the client secret was refused" in " ".join(screen.split())
    assert "guess-CANARY" not in screen
    assert "Traceback" not in screen
    assert not list((sandbox.folder / "data").glob("powens-user*"))


def test_where_the_token_could_not_be_kept_nobody_is_created(sandbox: Sandbox) -> None:
    typed = [SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, str(sandbox.folder)]
    status, screen = sandbox.in_terminal("connect", "--redirect-uri", free_redirect(), typed=typed)
    assert status == 2
    assert "Is a directory. No user was created." in " ".join(screen.split())
    assert sandbox.users_created == 0


def test_where_the_browser_could_not_come_back_nobody_is_created(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        redirect = f"http://127.0.0.1:{taken.getsockname()[1]}/callback"
        done = sandbox.plainly("connect", "--redirect-uri", redirect)
    assert done.returncode == 1
    assert f"Nothing can listen at {redirect}" in done.stderr
    assert sandbox.users_created == 0


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["status", "--link"], {"POWENS_BASE_URL": ""}, "built-in sandbox has no webview"),
        (["status", "--link"], {"POWENS_USER_TOKEN": "t"}, "POWENS_CLIENT_ID is not set"),
        (["status"], {}, "POWENS_USER_TOKEN is not set"),
        (["connect", "--redirect-uri", "https://a.example/x"], {}, "--redirect-uri: expected"),
        (["connect", "--user-id", "9" * 5_000], {}, "--user-id takes the number of a user"),
        (
            ["connect", "--redirect-uri", "http://[::1]:8912/callback"],
            {},
            "--redirect-uri: expected",
        ),
        (["connect"], {"POWENS_DOMAIN": "acme"}, "POWENS_DOMAIN and POWENS_BASE_URL are both set"),
    ],
)
def test_a_wrong_call_is_one_clear_message(
    sandbox: Sandbox, arguments: list[str], environment: dict[str, str], said: str
) -> None:
    done = sandbox.plainly(*arguments, **environment)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_connecting_waits_as_long_as_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/2.0"
        for name, value in {
            "PFO_DATA_DIR": str(tmp_path),
            "POWENS_BASE_URL": address,
            "POWENS_USER_TOKEN": SANDBOX_TOKEN,
            "POWENS_CLIENT_ID": SANDBOX_CLIENT_ID,
            "PFO_POWENS_READ_SECONDS": "0.1",
        }.items():
            monkeypatch.setenv(name, value)
        begun = time.monotonic()
        done = CliRunner().invoke(pfo, ["powens", "connect", "--redirect-uri", free_redirect()])
    assert done.exit_code == 1
    assert "127.0.0.1 took too long to answer" in " ".join(done.stderr.split())
    assert time.monotonic() - begun < 10, "the default is 30 seconds"


def test_a_file_of_variables_keeps_its_other_lines_and_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        "# mine\nOTHER=1\nPOWENS_DOMAIN=old\nexport POWENS_USER_TOKEN=old\nPOWENS_USER_TOKEN_2=b\n"
    )
    path.chmod(0o644)
    env_file.require_storable(path)
    env_file.store(path, {"POWENS_USER_TOKEN": "new"}, unset=["POWENS_DOMAIN"])
    assert path.read_text() == ("# mine\nOTHER=1\nPOWENS_USER_TOKEN_2=b\nPOWENS_USER_TOKEN='new'\n")
    assert (path.stat().st_mode & 0o777) == 0o600
