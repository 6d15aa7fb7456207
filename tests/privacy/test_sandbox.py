"""The sandbox stands in for Powens, so it may be sent real secrets by mistake: it keeps none."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.privacy.bank import CANARIES, HOLDER, HOOK_SECRET, IBAN, LINK, TOKEN
from tests.privacy.receiving import wait_until_it_listens
from tests.privacy.searching import findings
from tests.processes import PFO

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/2.0/users/me", {"headers": {"Authorization": f"Bearer {TOKEN}"}}),
    ("GET", "/2.0/users/me/accounts", {"params": {"access_token": TOKEN, "search": IBAN}}),
    ("PUT", "/2.0/users/me/connections/101", {"params": {"psu_requested": TOKEN}}),
    ("POST", "/2.0/auth/init", {"json": {"client_id": "1", "client_secret": TOKEN}}),
    ("POST", "/2.0/auth/token/access", {"json": {"code": TOKEN, "redirect_uri": LINK}}),
    ("GET", "/en/connect", {"params": {"code": TOKEN, "redirect_uri": LINK, "state": TOKEN}}),
    ("POST", "/", {"data": {"scenario": HOLDER, "secret": TOKEN}}),
    ("GET", "/", {"params": {"token": TOKEN}, "headers": {"Cookie": f"token={TOKEN}"}}),
]


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pfo sandbox serve` printed, wrote and answered."""
    folder = tmp_path_factory.mktemp("sandbox")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "PFO_DATA_DIR": str(folder / "data"),
        "POWENS_WEBHOOK_SECRET": HOOK_SECRET,
    }
    with (
        (folder / "printed.txt").open("wb") as printed,
        subprocess.Popen(  # noqa: S603 - our own command
            [*PFO, "sandbox", "serve", "--port", str(port)],
            env=environment,
            stdout=printed,
            stderr=printed,
        ) as process,
    ):
        address = f"http://127.0.0.1:{port}"
        wait_until_it_listens(address, process)
        for number, (method, path, content) in enumerate(CALLS):
            answer = httpx.request(method, address + path, **content)
            answered = f"{answer.status_code} {dict(answer.headers)}\n{answer.text}"
            (folder / f"answer-{number}.txt").write_text(answered, encoding="utf-8")
        (folder / "page.html").write_text(httpx.get(address).text, encoding="utf-8")
        process.send_signal(signal.SIGINT)
        process.wait(20)
    return folder


def test_the_page_tells_of_the_calls(left_behind: Path) -> None:
    page = (left_behind / "page.html").read_text(encoding="utf-8")
    assert "/2.0/auth/token/access" in page


def test_nothing_that_was_sent_is_kept_printed_or_answered(left_behind: Path) -> None:
    assert findings(left_behind, CANARIES) == []
