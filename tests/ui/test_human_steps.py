"""A decision outlives Dagster: killed while a task waits, decided twice at once, continued once."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.processes import PFO
from tests.ui.server import DagsterServer, dagster_server

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KEY = "test.approval"
SPEC = """
meta: {key: test.approval, version: 1.0.0, title: Approval, description: Asks somebody.,
  domain: testing, owners: [platform.core], tags: [test], stability: experimental}
definition:
  entryStepId: review
  steps:
    - {id: review, type: human, label: Review, action: {form: {key: f, version: 1.0.0}}}
    - {id: archive, type: decision, label: Archive}
  transitions: [{from: review, to: archive}]
"""
RUNS = """{ runsOrError(filter: {pipelineName: "test_approval__after_review"}) {
    ... on Runs { results { status } } } }"""
TICKS = """query ($location: String!) { sensorOrError(sensorSelector: {
    repositoryLocationName: $location, repositoryName: "__repository__",
    sensorName: "test_approval__resume"}) {
    ... on Sensor { sensorState { ticks { status timestamp } } } } }"""
LOCATION = "{ workspaceOrError { ... on Workspace { locationEntries { name } } } }"
GO_ON_WITHIN = 60.0


def test_killed_while_it_waits_and_decided_twice_at_once(tmp_path: Path) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    specs.joinpath("approval.yaml").write_text(SPEC)
    shutil.copy(ROOT / "specs" / "app.yaml", specs)

    with dagster_server(tmp_path, PFO_SPECS_DIR=str(specs)) as server:
        asked = server.pfo("run", KEY)
        assert asked.returncode == 0, asked.stderr
        server.kill()
        deciders = [_decide(server, name) for name in ("ann", "bob")]
        told = [decider.communicate(timeout=60)[1] for decider in deciders]
        statuses = [decider.returncode for decider in deciders]
    assert sorted(statuses) == [0, 1], told
    winner = ("ann", "bob")[statuses.index(0)]
    assert f"by {winner}" in " ".join(told[statuses.index(1)].split())

    with dagster_server(tmp_path, PFO_SPECS_DIR=str(specs)) as server:
        deadline = time.monotonic() + GO_ON_WITHIN
        while _runs(server) != ["SUCCESS"] and time.monotonic() < deadline:
            time.sleep(0.5)
        seen = _ticks(server)
        while _ticks(server) < seen + 2 and time.monotonic() < deadline:
            time.sleep(0.5)
        assert _runs(server) == ["SUCCESS"], server.log.read_text(encoding="utf-8")


def _decide(server: DagsterServer, name: str) -> subprocess.Popen[str]:
    arguments = ["inbox", "decide", "review", "--data", f'{{"by": "{name}"}}', "--by", name]
    return subprocess.Popen(  # noqa: S603 - our own command
        [*PFO, *arguments], env=server.environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _runs(server: DagsterServer) -> list[str]:
    return [run["status"] for run in server.ask(RUNS)["runsOrError"]["results"]]


def _ticks(server: DagsterServer) -> int:
    (location,) = server.ask(LOCATION)["workspaceOrError"]["locationEntries"]
    sensor = server.ask(TICKS, location=location["name"])["sensorOrError"]
    return len(sensor["sensorState"]["ticks"])
