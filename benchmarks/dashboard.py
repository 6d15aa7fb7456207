"""How long the dashboard makes one wait, on the balances of 100 accounts over five years.

A real browser opens windows one after the other, and times from asking for the address to seeing
the first figures, the notebook's own, the first chart, and all that is on the page. The server's
own start stands apart.
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

from playwright.sync_api import BrowserContext, sync_playwright

from benchmarks import data
from benchmarks.contenders.ledger import LedgerContender
from tests.dashboard.server import dashboard_server
from tests.ui.conftest import ARGUMENTS, CHROMIUM, PATIENCE_MS

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNTS: Final = 100
_FIGURES: Final = "table:has(caption:text('Cash position at the end of'))"
_PAINTED: Final = """
    performance.getEntriesByName("first-contentful-paint")[0].startTime / 1000
"""
"""When anything was first on the screen, as the browser says: the figures, if they came."""
_AWAITED: Final = {
    "figures": f"{_FIGURES}:visible",
    "notebook": f"#root {_FIGURES}",
    "first chart": "[role='graphics-document'] >> nth=0",
    "whole page": "text=Where its latest figure comes from",
}


def measure(folder: Path) -> str:
    """Open windows on a server that was just started; a table in Markdown."""
    data.make(folder / "source", ACCOUNTS)
    LedgerContender(folder / "data").fill(folder / "source")
    began = time.perf_counter()
    with dashboard_server(folder / "data") as url, sync_playwright() as playwright:
        started = time.perf_counter() - began
        with closing(
            playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        ) as chrome:
            chrome.new_page().close()
            reader = chrome.new_context()
            windows = {
                "first ever": _seconds(reader, url),
                "of another browser": _seconds(chrome.new_context(), url),
                "of the first browser again": _seconds(reader, url),
            }
    lines = [
        f"The server answers {started:.2f} s after `pfo dashboard`.",
        "",
        f"| window | first painted | {' | '.join(_AWAITED)} |",
        f"|---|---|{'---|' * len(_AWAITED)}",
    ]
    for name, seconds in windows.items():
        lines.append(f"| {name} | {' | '.join(f'{one:.2f} s' for one in seconds)} |")
    return "\n".join(lines)


def _seconds(browser: BrowserContext, url: str) -> list[float]:
    """From asking for the address to the first paint, and to each of what is awaited."""
    page = browser.new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    seconds: list[float] = []
    for selector in _AWAITED.values():
        page.wait_for_selector(selector, timeout=PATIENCE_MS)
        seconds.append(time.perf_counter() - began)
    painted = float(page.evaluate(_PAINTED))
    page.close()
    return [painted, *seconds]
