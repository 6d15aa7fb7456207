"""The dashboard open in a real browser, in a process of its own, noting all that it shows."""

from __future__ import annotations

import multiprocessing
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Final, Self

from playwright.sync_api import sync_playwright

from tests.dashboard.server import dashboard_server
from tests.ui.conftest import ARGUMENTS, CHROMIUM, PATIENCE_MS

_NOTE: Final = """
    window.shown = [];
    window.setInterval(() => {
        const text = document.body.innerText;
        const [, number] = text.match(/Publication (\\d+) of/) ?? [];
        if (number && number !== window.shown.at(-1)) window.shown.push(number);
        if (/internal error|Traceback|Do not rely/.test(text)) window.wrong = text;
    }, 100);
"""
_LAST_WITHIN_MS: Final = 15_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What a window came to show while it was open."""

    publications: list[int]
    """The numbers of the publications, in the order in which they appeared."""
    error: str | None


class Window:
    """A window that is open until the block ends; `result` says then what it showed."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.last_publication = 0
        """To be set before the block ends: the window has a while to show this one."""
        self.result = Shown([], "was not opened")

    def __enter__(self) -> Self:
        context: Any = multiprocessing.get_context("spawn")
        is_open: Event = context.Event()
        self._orders: Connection
        self._orders, there = context.Pipe()
        self._process = context.Process(target=_keep_open, args=(self._data_dir, is_open, there))
        self._process.start()
        assert is_open.wait(90), "the dashboard did not open"
        return self

    def __exit__(self, *_: object) -> None:
        self._orders.send(self.last_publication)
        self.result = self._orders.recv()
        self._process.join(30)


def _keep_open(data_dir: Path, is_open: Event, orders: Connection) -> None:
    with dashboard_server(data_dir) as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with closing(chromium) as browser:
            page = browser.new_page()
            problems: list[str] = []
            page.on("pageerror", lambda error: problems.append(error.message))
            page.add_init_script(_NOTE)
            page.goto(url)
            page.wait_for_selector("text=Can it be believed?", timeout=PATIENCE_MS)
            is_open.set()
            while not orders.poll():
                page.wait_for_timeout(200)  # Lets what the page reports come in.
            try:
                wanted = f"window.shown.at(-1) === '{orders.recv()}'"
                page.wait_for_function(wanted, timeout=_LAST_WITHIN_MS)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what we are looking for
                problems.append(f"{type(error).__name__}: {error}")
            problems += filter(None, [page.evaluate("window.wrong")])
            numbers = [int(number) for number in page.evaluate("window.shown")]
            orders.send(Shown(numbers, "; ".join(problems) or None))
