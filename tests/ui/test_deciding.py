"""A task decided by clicking: seen, answered in the launchpad, and continued by the daemon."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.ui.pages import asset_page, wait_for_success
from tests.ui.server import DagsterServer, dagster_server
from tests.ui.test_human_steps import GO_ON_WITHIN, KEY, ROOT, RUNS, SPEC

ASSET = "human/test_approval/review"
ANSWER = "ops: {human__test_approval__review: {config: {input: {paid: true}, decided_by: ann}}}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterServer]:
    """A server whose one workflow asks somebody."""
    folder = tmp_path_factory.mktemp("deciding")
    specs = folder / "specs"
    specs.mkdir()
    specs.joinpath("approval.yaml").write_text(SPEC)
    shutil.copy(ROOT / "specs" / "app.yaml", specs)
    with dagster_server(folder, PFO_SPECS_DIR=str(specs)) as running:
        yield running


def test_a_task_is_decided_by_clicking_and_its_workflow_goes_on(
    page: Page, server: DagsterServer
) -> None:
    asked = server.pfo("run", KEY)
    assert asked.returncode == 0, asked.stderr

    page.goto(asset_page(ASSET, "partitions"))
    page.get_by_role("button", name="Materialize").click()
    launchpad = page.get_by_role("dialog")
    expect(launchpad.get_by_text("Missing required config entries")).to_be_visible()
    launchpad.get_by_placeholder("Partition").click()
    page.get_by_text("test_approval/").last.click()
    launchpad.locator(".CodeMirror").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(ANSWER)
    launchpad.get_by_role("button", name="Materialize").click()
    wait_for_success(page)

    deadline = time.monotonic() + GO_ON_WITHIN
    while _continued(server) != ["SUCCESS"] and time.monotonic() < deadline:
        time.sleep(0.5)
    assert _continued(server) == ["SUCCESS"], server.log.read_text(encoding="utf-8")
    page.goto(asset_page(ASSET, "partitions"))
    page.get_by_text("test_approval/").first.click()
    expect(page.get_by_text("decided by", exact=True)).to_be_visible()
    expect(page.get_by_text("ann", exact=True)).to_be_visible()


def _continued(server: DagsterServer) -> list[str]:
    return [run["status"] for run in server.ask(RUNS)["runsOrError"]["results"]]
