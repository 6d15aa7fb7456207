"""The fixture as another project's tests use it, in a pytest of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
THEIR_TEST = """
import httpx
import pytest

def test_theirs(powens_sandbox):
    headers = {"Authorization": f"Bearer {powens_sandbox.token}"}
    with httpx.Client(base_url=powens_sandbox.base_url, headers=headers) as client:
        before = client.get("/users/me/connections/101").json()["last_update"]
        powens_sandbox.clock("+3d")
        assert client.get("/users/me/connections/101").json()["last_update"] > before
        powens_sandbox.break_calls("html-page", path="/users/me")
        assert client.get("/users/me").status_code == 503
        powens_sandbox.scenario("sca-expiry")
        assert client.get("/users/me/connections/101").json()["state"] == "SCARequired"
        powens_sandbox.state(101, "bug")
        assert client.get("/users/me/connections/101").json()["state"] == "bug"
        powens_sandbox.delete_connection(102)
        assert client.get("/users/me/connections/102").status_code == 404
        powens_sandbox.limit(1)
        assert [client.get("/users/me").status_code for _ in range(2)] == [200, 429]
        with pytest.raises(ValueError):
            powens_sandbox.break_calls("gremlins")
"""
THEIR_RECEIVER = """
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

class Receiver(BaseHTTPRequestHandler):
    paths = []

    def do_POST(self):
        assert self.headers["BI-Signature"]
        self.rfile.read(int(self.headers["Content-Length"]))
        self.paths.append(self.path)
        self.send_response(200)
        self.end_headers()

def test_webhooks(powens_sandbox):
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        powens_sandbox.notify(f"http://127.0.0.1:{server.server_port}/hooks", copies=2)
        assert powens_sandbox.tell() == {}
        powens_sandbox.state(101, "wrongpass")
        assert powens_sandbox.tell() == {200: 2}
        server.shutdown()
    assert Receiver.paths == ["/hooks/connection-synced"] * 2
"""


def test_another_project_has_the_fixture_by_an_entry_point(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(THEIR_TEST)
    (tmp_path / "test_receiver.py").write_text(THEIR_RECEIVER)
    tests_of_the_page = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for number, test in enumerate(tests_of_the_page):
        (tmp_path / f"test_page_{number}.py").write_text(test)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_a_pytest_that_does_not_use_it_imports_nothing_for_it() -> None:
    code = "import sys, pfo_dagster.pytest_sandbox; print(*sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"httpx", "starlette", "pydantic", "dagster"} & set(done.stdout.split())
