"""The assets of the workflows, looked at and materialized by clicking."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.ui.pages import GROUP_PAGE, asset_page, materialize_all, wait_for_success

WORKFLOW = "pfo.workflow.refresh-openbanking-balances"
JOB = "pfo_workflow_refresh_openbanking_balances"


def test_one_group_shows_what_the_workflows_produce(page: Page) -> None:
    page.goto(GROUP_PAGE)

    graph = page.locator("svg")
    for name in ("connections", "balances", "latest_balances", "daily_cash_position", "overview"):
        expect(graph.get_by_text(name, exact=True)).to_be_visible()
    for twice in ("accounts", "transactions"):
        expect(graph.get_by_text(twice, exact=True)).to_have_count(2)


@pytest.mark.parametrize(
    ("job", "step"),
    [
        ("pfo_workflow_generate_financial_summary", "distribute"),
        ("pfo_workflow_ingest_email_threads", "triage"),
        ("pfo_workflow_process_uploaded_document", "review"),
        ("pfo_workflow_upcoming_payments_reminder", "collect"),
    ],
)
def test_workflows_that_cannot_run_here_are_shown_all_the_same(
    page: Page, job: str, step: str
) -> None:
    page.goto(f"/locations/pfo_dagster/jobs/{job}")
    expect(page.get_by_text(step, exact=True).first).to_be_visible()


def test_what_people_decide_is_not_among_what_materialize_all_makes(page: Page) -> None:
    page.goto(GROUP_PAGE)
    expect(page.locator("svg").get_by_text("overview", exact=True)).to_be_visible()
    expect(page.locator("svg").get_by_text("triage", exact=True)).to_have_count(0)

    page.goto(asset_page("human/pfo_workflow_ingest_email_threads/triage"))
    expect(page.get_by_role("link", name="decisions")).to_be_visible()


def test_an_asset_is_connected_to_what_it_is_made_from_and_what_is_made_of_it(page: Page) -> None:
    page.goto(asset_page("ledger/balances"))

    for neighbour in (
        "ledger / accounts",
        "published / latest_balances",
        "published / daily_cash_position",
    ):
        expect(page.get_by_role("link", name=neighbour).first).to_be_visible()


def test_an_asset_says_what_it_is_whose_it_is_and_where_it_is_specified(page: Page) -> None:
    page.goto(asset_page("ledger/balances"))

    expect(page.get_by_role("link", name="workflows")).to_be_visible()
    for text in (
        "Every balance ever observed. Rows are added, never changed.",
        "platform.finance",
        "DuckDB",
        f"pfo/workflow: {WORKFLOW}",
        "pfo/version: 1.0.0",
        "pfo/stability: experimental",
        "open-banking",
    ):
        expect(page.get_by_text(text, exact=True)).to_be_visible()
    # Both a kind of the asset and a tag of the spec.
    expect(page.get_by_text("powens", exact=True)).to_have_count(2)
    expect(page.get_by_role("link", name=WORKFLOW)).to_have_attribute(
        "href", re.compile(r"/specs/refresh-openbanking-balances\.yaml:\d+$")
    )


def test_an_op_spells_out_what_it_calls_and_how_it_is_retried(page: Page) -> None:
    page.goto(f"/locations/pfo_dagster/ops/{JOB}__refresh_balances")
    expect(
        page.get_by_text("Retried up to 3 times, after 1 s, 2 s, 4 s (exponential backoff).")
    ).to_be_visible()
    expect(page.get_by_text("openbanking.balances.refresh", exact=True)).to_be_visible()

    page.goto(f"/locations/pfo_dagster/ops/{JOB}__fetch_balances")
    expect(
        page.get_by_text("Retried up to 2 times, after 0.75 s, 0.75 s (constant backoff).")
    ).to_be_visible()


def test_materializing_the_group_shows_what_came_of_it_and_that_it_was_checked(page: Page) -> None:
    materialize_all(page)
    wait_for_success(page)

    page.goto(asset_page("ledger/balances"))
    metadata = page.get_by_role("table").first
    expect(metadata.get_by_role("row", name="provider")).to_contain_text("sandbox")
    expect(metadata.get_by_role("row", name="new_balances")).to_contain_text(re.compile(r"\d+"))

    page.goto(asset_page("published/latest_balances", view="checks"))
    for check in (
        "currencies_are_known",
        "every_account_is_accounted_for",
        "observations_are_unique",
        "totals_are_the_providers",
    ):
        page.goto(f"{asset_page('published/latest_balances', view='checks')}&checkDetail={check}")
        expect(page.get_by_text("Passed", exact=True)).to_be_visible()
    # One of the sandbox's banks waits for its user, so its figures age; that stops nothing.
    expect(page.get_by_text("Failed", exact=True)).to_have_count(1)

    page.goto(asset_page("published/daily_cash_position", view="checks"))
    expect(page.get_by_text("Passed", exact=True)).to_be_visible()
    expect(page.get_by_text("no transition leaves this step")).to_be_visible()
