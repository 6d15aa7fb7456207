"""The fixture as another project's test uses it, in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

THEIR_TEST = """
import httpx
import pytest

pytest_plugins = ["pfo_dagster.openbanking.sandbox.pytest_plugin"]

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
        powens_sandbox.limit(1)
        assert [client.get("/users/me").status_code for _ in range(2)] == [200, 429]
        with pytest.raises(ValueError):
            powens_sandbox.break_calls("gremlins")
"""


def test_another_project_can_use_the_fixture(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(THEIR_TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_theirs.py"]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
