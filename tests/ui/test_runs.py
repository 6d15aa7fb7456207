"""Runs started from the launchpad and from a terminal, seen in the same UI."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.ui.pages import job_page, wait_for_success
from tests.ui.server import DagsterServer

BALANCES = "pfo_workflow_refresh_openbanking_balances"
TRANSACTIONS = "pfo_workflow_sync_openbanking_transactions"


def test_a_job_is_launched_from_its_launchpad(page: Page) -> None:
    page.goto(job_page(BALANCES, "playground"))
    expect(page.get_by_text("No errors", exact=True)).to_be_visible()
    page.get_by_role("button", name="Launch Run").click()

    run_id = wait_for_success(page)

    page.goto(job_page(BALANCES, "runs"))
    expect(page.get_by_role("link", name=run_id[:8])).to_be_visible()


def test_a_run_of_the_terminal_is_listed_with_the_others_and_under_its_job(
    page: Page, server: DagsterServer
) -> None:
    others = server.runs_started_by("pfo run")
    done = server.pfo("run", "pfo.workflow.sync-openbanking-transactions")
    assert done.returncode == 0, done.stderr

    (run,) = (one for one in server.runs_started_by("pfo run") if one not in others)
    for listing in ("/runs", job_page(TRANSACTIONS, "runs")):
        page.goto(listing)
        page.get_by_role("link", name=f"run {run['runId'][:8]}").click()
        assert wait_for_success(page) == run["runId"]
