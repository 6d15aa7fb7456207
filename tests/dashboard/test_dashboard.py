"""The dashboard in a real browser: the published figures, and nothing that leaves the computer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pfo_dagster.ledger import as_text, explain, holdings, positions
from tests.dashboard.server import dashboard_server
from tests.ui.conftest import ARGUMENTS, CHROMIUM, PATIENCE_MS
from tests.workflows.household import Household

REFRESH = "pfo.workflow.refresh-openbanking-balances"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Household:
    """A household after three days of refreshes."""
    home = Household(tmp_path_factory.mktemp("dashboard") / "data")
    for _ in range(3):
        assert home.run(REFRESH).success
        home.clock.move(days=1)
    return home


@pytest.fixture(scope="module")
def url(home: Household) -> Iterator[str]:
    with dashboard_server(home.data_dir) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    expect.set_options(timeout=PATIENCE_MS)
    context = browser.new_context(viewport={"width": 1300, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    shown = context.new_page()
    shown.goto(url)
    expect(shown.get_by_role("heading", name="Can it be believed?")).to_be_visible()
    yield shown
    context.close()


def cells(page: Page, caption: str) -> list[list[str]]:
    """The body of the table with a caption, as text."""
    table = page.get_by_role("table", name=caption)
    rows = table.locator("tbody tr:not(.group)").all()
    return [[cell.strip() for cell in row.locator("td").all_inner_texts()] for row in rows]


def test_the_positions_are_those_of_the_published_file(page: Page, home: Household) -> None:
    with home.ledger.reader() as reader:
        expected = [
            [one.currency, as_text(one.amount, places=one.precision, grouped=True)]
            for one in positions(reader)
        ]
    shown = [[row[0], row[3]] for row in cells(page, "Cash position at the end of")]
    assert shown == expected


def test_each_account_shows_its_balance_its_age_and_its_state(page: Page, home: Household) -> None:
    with home.ledger.reader() as reader:
        held = holdings(reader)
    shown = cells(page, "Accounts")
    assert [tuple(row[:3]) for row in shown] == [
        (
            one.account_name,
            "unknown"
            if one.amount is None
            else as_text(one.amount, places=one.precision, grouped=True),
            one.currency or "?",
        )
        for one in held
    ]
    assert all(row[3].endswith("old") for row in shown)
    assert "needs the account holder" in {row[4] for row in shown}


def test_in_a_narrow_window_a_table_scrolls_by_itself_also_by_keyboard(
    browser: Browser, url: str
) -> None:
    context = browser.new_context(viewport={"width": 380, "height": 900})
    page = context.new_page()
    page.goto(url)
    shown = page.locator(".wide").filter(has=page.get_by_role("table", name="Accounts"))
    shown.wait_for(timeout=PATIENCE_MS)
    balance = shown.get_by_role("cell", name="JPY").locator("xpath=preceding-sibling::td[1]")
    box = balance.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] < 380, "what is asked for first is seen without scrolling"
    assert not shown.evaluate(
        "one => one.parentElement.scrollWidth > one.parentElement.clientWidth"
    )
    shown.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("one => one.scrollLeft > 0", arg=shown.element_handle())
    context.close()


def test_the_figures_are_there_before_any_script(browser: Browser, url: str, page: Page) -> None:
    first = browser.new_page(java_script_enabled=False)
    first.goto(url)
    expect(first.get_by_role("heading", name="Household ledger")).to_be_visible()
    shown = cells(first, "Cash position at the end of")
    first.close()
    assert shown == cells(page, "Cash position at the end of"), "then the notebook shows the same"


def test_it_says_that_all_is_made_up_and_what_waits_for_whom(page: Page) -> None:
    expect(page.get_by_text("SANDBOX: all data is made up. No bank is asked.")).to_be_visible()
    waiting = [row for row in cells(page, "Connections") if "pfo powens status" in row[4]]
    assert [row[0] for row in waiting] == ["Koto Direct"]
    assert "expired" in waiting[0][3]


def test_marimos_menu_has_a_name(page: Page) -> None:
    expect(page.get_by_role("button", name="Menu of the page")).to_be_visible()


def test_an_account_is_chosen_and_explained(page: Page, home: Household) -> None:
    with home.ledger.reader() as reader:
        (wanted,) = [one for one in holdings(reader) if one.account_name == "Livret A"]
        observed = reader.rows(
            "SELECT count(*) AS n FROM balances"
            " WHERE account_id = ? AND balance_type = 'current'", [wanted.account_id]
        )[0]["n"]  # fmt: skip
    page.get_by_label("Account", exact=True).select_option(
        label=f"Livret A ({wanted.institution}, {wanted.account_id})"
    )
    expect(page.get_by_text(f"The last {observed} of {observed} observations")).to_be_visible()
    figure = as_text(wanted.amount, places=wanted.precision, grouped=True)
    expect(page.get_by_text(f"{figure} EUR, current")).to_be_visible()
    expect(page.get_by_text("pfo.workflow.refresh-openbanking-balances 1.0.0")).to_be_visible()


def test_with_the_keyboard_one_goes_back_to_what_was_known(page: Page, home: Household) -> None:
    with home.ledger.reader() as reader:
        instants = [
            row["recorded_at"]
            for row in reader.rows("SELECT DISTINCT recorded_at FROM balances ORDER BY ALL")
        ]
        first = holdings(reader)[0].account_id
        then = explain(reader, first, known_at=instants[-2])[0]
    last, before = (f"As it was known at {one:%Y-%m-%d %H:%M} UTC" for one in instants[:-3:-1])
    expect(page.get_by_text(last)).to_be_visible()
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("status").filter(has_text=before)).to_be_visible()
    expect(page.get_by_role("heading", name="Where the figure that was known then")).to_be_visible()
    recorded = f"{then.recorded_at:%Y-%m-%d %H:%M} UTC, commit {then.commit_number}"
    expect(page.get_by_text(recorded)).to_be_visible()


def test_nothing_is_asked_of_any_other_computer(browser: Browser, url: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    expect(page.get_by_role("heading", name="One account")).to_be_visible()
    page.wait_for_load_state("networkidle")
    # Vega's own menu offers to send a chart's figures to an editor on the internet.
    offered = page.locator(".vega-actions a").all_text_contents()
    page.close()
    assert set(offered) == {"Save as SVG", "Save as PNG"}
    assert asked
    assert not [one for one in asked if not one.startswith((url, "data:", "blob:"))]


@pytest.mark.parametrize(("scheme", "bright"), [("dark", False), ("light", True)])
def test_it_is_dark_where_the_reader_wants_it_dark(
    browser: Browser, url: str, scheme: str, bright: bool
) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(url)
    expect(page.get_by_role("heading", name="Household ledger")).to_be_visible()
    colour = page.get_by_role("heading", name="Household ledger").evaluate(
        "element => getComputedStyle(element).color.match(/[\\d.]+/g).slice(0, 3).map(Number)"
    )
    page.close()
    text_is_dark = sum(colour) < 3 * 128
    assert text_is_dark == bright


def test_a_new_publication_is_shown_without_a_reload(page: Page, home: Household) -> None:
    with home.ledger.reader() as reader:
        (before,) = reader.rows("SELECT commit_number FROM meta")
    expect(page.get_by_text(f"Publication {before['commit_number']} of sandbox")).to_be_visible()
    assert home.run(REFRESH).success
    with home.ledger.reader() as reader:
        (after,) = reader.rows("SELECT commit_number FROM meta")
        expected = [
            as_text(one.amount, places=one.precision, grouped=True) for one in positions(reader)
        ]
    assert after != before
    expect(page.get_by_text(f"Publication {after['commit_number']} of sandbox")).to_be_visible()
    assert [row[3] for row in cells(page, "Cash position at the end of")] == expected


def test_before_the_first_refresh_it_says_what_to_do(browser: Browser, tmp_path: Path) -> None:
    with dashboard_server(tmp_path / "data") as url:
        page = browser.new_page()
        page.goto(url)
        expect(page.get_by_text("Run `make run` first")).to_be_visible(timeout=PATIENCE_MS)
        page.close()
