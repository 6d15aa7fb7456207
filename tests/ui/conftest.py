"""One server and one browser for all tests of the UI; each test has a page of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.ui.server import DagsterServer, dagster_server

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
# On a busy machine a run takes seconds to start; a page that is wrong stays wrong for longer.
PATIENCE_MS = 30_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as slow, and skip them where there is no browser."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.slow)
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=f"{CHROMIUM} is not installed"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterServer]:
    with dagster_server(tmp_path_factory.mktemp("ui")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, server: DagsterServer) -> Iterator[Page]:
    """A window on the server's UI, which knows nothing of earlier tests."""
    expect.set_options(timeout=PATIENCE_MS)
    context = browser.new_context(
        base_url=server.url, viewport={"width": 1600, "height": 900}, locale="en-GB"
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


@pytest.fixture(autouse=True)
def server_log_on_failure(request: pytest.FixtureRequest, server: DagsterServer) -> Iterator[None]:
    """Show what the server said during a test that failed."""
    start = server.log.stat().st_size
    failed_before = request.session.testsfailed
    yield
    if request.session.testsfailed > failed_before:
        print(server.log.read_text(encoding="utf-8")[start:])  # noqa: T201 - pytest shows it
