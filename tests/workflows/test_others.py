"""The other open-banking workflows on the whole project: accounts, transactions, overview."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pfo_dagster.openbanking.sandbox import Fault, Faults
from tests.conftest import events
from tests.workflows.household import ACCOUNTS, BALANCES, OVERVIEW, TRANSACTIONS, Household


@pytest.fixture
def home(tmp_path: Path) -> Household:
    return Household(tmp_path / "data")


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    made = events(result, dg.DagsterEventType.ASSET_MATERIALIZATION)
    return {event.asset_key.to_user_string() for event in made if event.asset_key}


def end_of(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (check,) = [
        check
        for check in result.get_asset_check_evaluations()
        if check.check_name == "workflow_completed"
    ]
    data = check.metadata["data"].value
    assert isinstance(data, dict)
    return data


def test_accounts_are_kept_the_deleted_and_the_disabled_ones_too(home: Household) -> None:
    result = home.run(ACCOUNTS)
    assert result.success
    assert materialized(result) == {"ledger/connections", "ledger/accounts", "published/accounts"}
    accounts = home.published("FROM accounts")
    assert len(accounts) >= 10
    assert sum(row["deleted_at"] is not None for row in accounts) == 1
    assert sum(row["disabled_at"] is not None for row in accounts) == 1
    assert all("*" in row["iban_masked"] or "…" in row["iban_masked"] or "•" in row["iban_masked"]
               for row in accounts if row["iban_masked"])  # fmt: skip
    assert end_of(result)["accounts"] == len(accounts) - 2


def test_accounts_that_did_not_change_are_not_written_again(home: Household) -> None:
    home.run(ACCOUNTS)
    before = home.published("FROM accounts ORDER BY ALL")
    home.clock.move(minutes=1)
    again = home.run(ACCOUNTS)
    assert end_of(again)["changed"] == []
    assert home.published("FROM accounts ORDER BY ALL") == before


def test_transactions_are_fetched_once_however_often_they_are_synced(home: Household) -> None:
    first = home.run(TRANSACTIONS)
    assert first.success
    assert materialized(first) == {"ledger/transactions", "published/transactions"}
    before = home.published("FROM transactions ORDER BY ALL")
    assert len(before) > 100
    home.clock.move(minutes=1)
    second = home.run(TRANSACTIONS)
    assert end_of(second)["changed"] == 0
    assert home.published("FROM transactions ORDER BY ALL") == before


def test_the_first_day_to_fetch_can_be_asked_for(home: Household) -> None:
    result = home.run(TRANSACTIONS, {"since": "2026-11-10"})
    (first,) = home.published("SELECT min(booked_on) AS day FROM transactions")
    assert end_of(result)["since"] == "2026-11-10"
    assert str(first["day"]) >= "2026-11-10"


def test_a_day_that_is_none_fails_before_the_provider_is_asked(tmp_path: Path) -> None:
    home = Household(tmp_path / "data", faults=Faults(Fault(times=None, status=500)))
    result = home.run(TRANSACTIONS, {"since": "yesterday"})
    (failure,) = events(result, dg.DagsterEventType.STEP_FAILURE)
    user_failure = failure.step_failure_data.user_failure_data
    assert user_failure is not None
    assert "since" in (user_failure.description or "")
    assert "yesterday" not in (user_failure.description or "")


def test_the_overview_is_rows_and_a_page_with_the_ledgers_own_figures(home: Household) -> None:
    home.run(BALANCES)
    home.run(TRANSACTIONS)
    result = home.run(OVERVIEW, {"period": "2026-11"})
    assert result.success
    assert materialized(result) == {"published/overview"}

    rows = home.published("FROM overview WHERE measure = 'balance'")
    positions = home.published(
        "SELECT currency, sum(amount) AS amount FROM latest_balances WHERE in_totals GROUP BY ALL"
    )
    assert {row["currency"]: row["amount"] for row in rows} == {
        row["currency"]: row["amount"] for row in positions
    }
    flows = home.published("FROM overview WHERE measure = 'outflow'")
    assert all(row["amount"] <= Decimal(0) for row in flows)
    page = Path(end_of(result)["page"]).read_text(encoding="utf-8")
    assert "# Overview of November 2026" in page
    assert "Made-up data" in page


def test_an_overview_of_the_same_figures_is_not_recorded_twice(home: Household) -> None:
    home.run(BALANCES)
    assert end_of(home.run(OVERVIEW))["changed"] is True
    assert end_of(home.run(OVERVIEW))["changed"] is False


def test_an_overview_needs_something_to_look_at(home: Household) -> None:
    result = home.run(OVERVIEW)
    assert not result.success
    (failure,) = events(result, dg.DagsterEventType.STEP_FAILURE)
    user_failure = failure.step_failure_data.user_failure_data
    assert user_failure is not None
    assert "make run" in (user_failure.description or "")
