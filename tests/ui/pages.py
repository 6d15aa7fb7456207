"""What a person does in Dagster's UI, in the words of this project."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

GROUP_PAGE = "/locations/pfo_dagster/asset-groups/workflows/lineage"
RUN_ADDRESS = re.compile(r"/runs/(?P<run_id>[0-9a-f-]{36})")
RUN_ENDS_WITHIN_MS = 90_000
"""A run starts a process of Dagster's first, which on a busy machine may take half of that."""


def asset_page(key: str, view: str = "overview") -> str:
    """The page of the asset `key`, written with slashes."""
    return f"/assets/{key}?view={view}"


def job_page(job: str, tab: str = "") -> str:
    """The page of a job; `tab` may be `playground` (the launchpad) or `runs`."""
    return f"/locations/pfo_dagster/jobs/{job}/{tab}"


def materialize_all(page: Page) -> None:
    """Press the button of the group's page that makes everything, and go to the run."""
    page.goto(GROUP_PAGE)
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_text("View", exact=True).click()


def materialize(page: Page, asset: str) -> None:
    """Materialize one asset, agree that its neighbours are made too, and go to the run."""
    page.goto(asset_page(asset))
    page.get_by_role("button", name="Materialize").click()
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("View", exact=True).click()


def wait_for_success(page: Page) -> str:
    """On the page of a run: wait until it says that the run succeeded. Returns the run's id."""
    page.wait_for_url(RUN_ADDRESS)
    address = RUN_ADDRESS.search(page.url)
    assert address is not None
    ended = page.get_by_text(re.compile("^(Success|Failure|Canceled)$")).first
    expect(ended).to_be_visible(timeout=RUN_ENDS_WITHIN_MS)
    expect(ended).to_have_text("Success")
    return address["run_id"]


def turn_on(page: Page, automation: str) -> None:
    """Switch a schedule or sensor on, on its own page."""
    page.goto(automation)
    switch = the_switch(page)
    expect(switch).not_to_be_checked()
    # The input itself is hidden behind its drawing.
    switch.locator("..").click()
    expect(switch).to_be_checked()


def the_switch(page: Page) -> Locator:
    """The one switch on the page of a schedule or sensor."""
    return page.get_by_role("row", name="Running").get_by_role("checkbox")
