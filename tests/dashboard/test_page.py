"""The page without a browser: a figure that a check disproves says so, whatever else is shown."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pfo_dagster.dashboard import sections
from pfo_dagster.dashboard.figures import observations
from pfo_dagster.dashboard.page import current_page, read_page
from pfo_dagster.dashboard.sparklines import sparkline
from pfo_dagster.installed_ledger import open_ledger, panel_of, utc_now
from pfo_dagster.ledger import TRUST_CHECKS, Ledger
from pfo_dagster.openbanking.sandbox.controls import clock_moved
from tests.ledger.builders import NOON, account, balance, connection, record, refresh, sync
from tests.ledger.conftest import ledger  # noqa: F401 - a fixture
from tests.ledger.test_trust import filled
from tests.workflows.household import Household

A_DAY = timedelta(days=1)


def filled_at(empty: Ledger) -> Ledger:
    """The ledger with one refresh of now, by its clock."""
    with empty.writer() as writer:
        row = balance(as_of=empty.now(), fetched_at=empty.now())
        record(writer, refresh(at=empty.now()), [row])
    return empty


def test_a_disproved_position_says_so_above_the_page_and_beside_the_figure(
    ledger: Ledger,  # noqa: F811 - the fixture
) -> None:
    page = read_page(filled(ledger, totals={"EUR": Decimal("99.00"), "JPY": Decimal(-5)}), A_DAY)
    assert "Do not rely on the figures" in sections.banner(page.publication, page.trust, NOON)
    euros, yen = (
        sections.positions(page.positions, page.trust, page.names)
        .split("<tbody>")[1]
        .split("</tr>")[:2]
    )
    assert "disproved by totals_are_the_providers" in euros
    assert "disproved" not in yen


def test_a_sound_position_says_nothing_of_the_kind(ledger: Ledger) -> None:  # noqa: F811 - the fixture
    page = read_page(filled(ledger), A_DAY)
    assert "Do not rely" not in sections.banner(page.publication, page.trust, NOON)
    assert "disproved" not in sections.positions(page.positions, page.trust, page.names)


def test_the_checks_are_those_of_verify_and_their_clock_is_the_banks(tmp_path: Path) -> None:
    settings = Household(tmp_path).settings
    panel_of(settings).change(lambda now: clock_moved(now, "+2d", utc_now()))
    page = read_page(filled_at(open_ledger(settings)), A_DAY)
    answers = {one.name: one.finding for one in page.trust.verdicts}
    assert answers["clocks_agree"].passed, "the ledger was written two days ahead of this computer"
    assert list(answers) == [*(check.name for check in TRUST_CHECKS), "figures_are_fresh"]


def test_a_figure_of_yesterday_is_called_stale(ledger: Ledger) -> None:  # noqa: F811 - the fixture
    page = read_page(filled(ledger), -timedelta(minutes=1))
    assert "shown balances are stale" in sections.reconciliation(page.trust)


def test_before_any_balance_it_says_what_to_do(ledger: Ledger) -> None:  # noqa: F811 - the fixture
    with ledger.writer() as writer:
        writer.record_accounts(sync(), [connection()], [account()])
    page = read_page(ledger, A_DAY)
    assert "no balances yet: `make run`" in sections.banner(page.publication, page.trust, NOON)


def test_a_check_is_named_once_beside_a_figure(ledger: Ledger) -> None:  # noqa: F811 - the fixture
    filled(ledger)
    with duckdb.connect(ledger.published_path) as published:
        for _ in range(2):
            published.execute("INSERT INTO balances FROM balances WHERE account_id = '1' LIMIT 1")
    page = read_page(ledger, A_DAY)
    [(key, names)] = page.trust.accounts.items()
    assert (key[2], names.count("observations_are_unique")) == ("1", 1)


def test_every_figure_that_is_disproved_says_so_however_many_they_are(
    ledger: Ledger,  # noqa: F811 - the fixture
) -> None:
    rows = [balance(account_id=str(number)) for number in range(70)]
    with ledger.writer() as writer:
        record(writer, refresh(), rows)
    with duckdb.connect(ledger.published_path) as published:
        published.execute("INSERT INTO balances FROM balances")
    page = read_page(ledger, A_DAY)
    shown = sections.accounts(page.accounts, page.sparklines, page.trust, NOON, page.names)
    assert shown.count("disproved by observations_are_unique") == 70
    [unique] = [one for one in page.trust.verdicts if one.name == "observations_are_unique"]
    assert unique.finding.summary.startswith("70 observations")


def test_what_banks_write_is_no_markup(ledger: Ledger) -> None:  # noqa: F811 - the fixture
    with ledger.writer() as writer:
        record(
            writer,
            refresh(),
            [balance("1.00")],
            accounts=[account(name="<script>alert(1)</script>")],
            connections=[connection(institution='"><img src=x>')],
        )
    page = read_page(ledger, A_DAY)
    shown = sections.accounts(page.accounts, page.sparklines, page.trust, NOON, page.names)
    shown += sections.attention(page.connections, NOON)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_a_publication_is_read_once_for_all_windows_and_a_newer_one_at_once(
    ledger: Ledger,  # noqa: F811 - the fixture
) -> None:
    filled(ledger)
    first = current_page(ledger, A_DAY)
    assert current_page(ledger, A_DAY) is first
    with ledger.writer() as writer:
        record(writer, refresh("r2"), [balance("200.00")])
    assert current_page(ledger, A_DAY).publication != first.publication


def test_accounts_of_one_id_at_two_sources_are_two_accounts(
    ledger: Ledger,  # noqa: F811 - the fixture
) -> None:
    sources = {("home", "powens:a"): "1.00", ("home", "powens:b"): "20.00", ("x", "powens:a"): "7"}
    with ledger.writer() as writer:
        for number, ((tenant, provider), amount) in enumerate(sources.items()):
            head = refresh(f"r{number}", tenant_id=tenant, provider=provider)
            record(writer, head, [balance(amount)])
    page = read_page(ledger, A_DAY)
    for source, amount in sources.items():
        key = (*source, "1")
        assert page.sparklines[key] == [float(amount)]
        assert page.cash[source, "EUR"]["amount"].to_pylist() == [float(amount)]
        with ledger.reader() as reader:
            assert observations(reader, key, None)["drawn"].to_pylist() == [float(amount)]
        name = f"EUR ({source[0]}, {source[1]})"
        assert name in sections.positions(page.positions, page.trust, page.names)
        assert name in sections.months(page.month_ends, page.names)
    shown = sections.accounts(page.accounts, page.sparklines, page.trust, NOON, page.names)
    assert "Banque du Lac (x, powens:a)" in shown


def test_a_single_source_need_not_be_named(ledger: Ledger) -> None:  # noqa: F811 - the fixture
    page = read_page(filled(ledger), A_DAY)
    assert set(page.names.values()) == {""}


@pytest.mark.parametrize("amounts", [[], [1.0]])
def test_a_line_has_two_ends(amounts: list[float]) -> None:
    assert sparkline(amounts, "a label") == ""


def test_a_line_goes_from_the_lowest_to_the_highest_and_says_what_it_is() -> None:
    drawn = sparkline([0.0, 5.0, 10.0], 'Livret "A"')
    assert 'points="0.0,20.0 48.0,11.0 96.0,2.0"' in drawn
    assert 'aria-label="Livret &quot;A&quot;"' in drawn
