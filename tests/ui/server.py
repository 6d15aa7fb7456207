"""Dagster's real server and daemon, started as a person starts them: `pfo dev`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.processes import PFO

START_WITHIN = 90.0
STOP_WITHIN = 60.0


@dataclass(frozen=True)
class DagsterServer:
    """A running `pfo dev` with a data directory of its own."""

    url: str
    environment: Mapping[str, str]
    """What a terminal needs to work on the same storage."""
    log: Path
    process_group: int

    def kill(self) -> None:
        """End web server, daemon and code server at once, as a power cut does."""
        os.killpg(self.process_group, signal.SIGKILL)

    def ask(self, query: str, **variables: object) -> Any:
        """The data that the server's GraphQL answers; what the UI shows comes from there too."""
        answer = httpx.post(
            f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=30
        )
        answer.raise_for_status()
        return answer.json()["data"]

    def runs_started_by(self, starter: str) -> list[dict[str, str]]:
        """Id, job and status of the runs whose tag says that `starter` started them."""
        tags = [{"key": "pfo/started_by", "value": starter}]
        return self.ask(RUNS, tags=tags)["runsOrError"]["results"]

    def pfo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `pfo` command to its end, as in another terminal."""
        return subprocess.run(  # noqa: S603 - our own command
            [*PFO, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@contextmanager
def dagster_server(folder: Path, **settings: str) -> Iterator[DagsterServer]:
    """Serve on a free port of this computer, with all data in `folder`; leaves no process.

    `settings` are further environment variables, e.g. `PFO_SPECS_DIR`.
    """
    port = _free_port()
    environment = {**_environment(folder), **settings}
    log = folder / "server.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*PFO, "dev", "--port", str(port)],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A group of its own, so that daemon, web server and code server end with it.
            start_new_session=True,
        )
    try:
        server = DagsterServer(f"http://127.0.0.1:{port}", environment, log, process.pid)
        _wait_until_loaded(server, process)
        yield server
    finally:
        _stop(process)


def _environment(folder: Path) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PFO_", "POWENS_", "DAGSTER_"))
    }
    data = {"PFO_DATA_DIR": str(folder / "data"), "DAGSTER_HOME": str(folder / "dagster")}
    return {**inherited, **data}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


RUNS = """query ($tags: [ExecutionTag!]!) {
    runsOrError(filter: {tags: $tags}) { ... on Runs { results { runId jobName status } } }
}"""
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
    loadStatus locationOrLoadError { ... on PythonError { message } }
} } } }"""


def _wait_until_loaded(server: DagsterServer, process: subprocess.Popen[bytes]) -> None:
    """Wait for the code location, which is there some seconds after the web server."""
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            (location,) = server.ask(LOCATIONS)["workspaceOrError"]["locationEntries"]
        except (httpx.TransportError, ValueError):
            time.sleep(0.2)
            continue
        problem = location["locationOrLoadError"].get("message")
        assert problem is None, problem
        return
    raise AssertionError(f"`pfo dev` did not start:\n{server.log.read_text(encoding='utf-8')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server as a service manager does, by a signal to its one process; that is enough."""
    try:
        if process.poll() is None:
            process.terminate()
            # Or a test has just killed it.
            assert process.wait(STOP_WITHIN) in {0, -signal.SIGKILL}
    finally:
        # What a server that was killed leaves, and what a test that failed does.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_WITHIN)
