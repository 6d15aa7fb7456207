"""`pfo dashboard` as a process of its own, on a free port of this computer."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.processes import PFO

START_WITHIN = 60.0


@contextmanager
def dashboard_server(data_dir: Path) -> Iterator[str]:
    """Serve the publication of a data folder; gives the address, leaves no process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PFO_DATA_DIR": str(data_dir)}
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*PFO, "dashboard", "--no-browser", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=20) == 0, "Ctrl-C ends it well, whatever windows are open"
        finally:
            process.kill()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_WITHIN
    while time.monotonic() < give_up:
        assert process.poll() is None, "the dashboard ended by itself"
        try:
            if httpx.get(f"{url}/health", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError("the dashboard did not answer in time")
